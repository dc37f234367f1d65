"""docs/simulation.md states the parameters of every channel of the advertised company, and its variants."""

from __future__ import annotations

from pathlib import Path

import pytest

from relkit.tables.simulation.advertised_settings import CHANNELS, WORLDS, AdvertisedWorld, LiftTestPlan

ROOT = Path(__file__).parents[3]


@pytest.fixture(scope="module")
def page() -> str:
    text = (ROOT / "docs" / "simulation.md").read_text(encoding="utf-8")
    return text[text.index("## A company whose channels cause sales") :]


def test_every_channel_stands_there_with_its_parameters(page: str) -> None:
    for channel in CHANNELS:
        cells = [
            cell.strip() for cell in next(line for line in page.splitlines() if line.startswith(f"| {channel.name} |")).split("|")[1:-1]
        ]
        assert cells[1] == channel.kind
        assert [float(cells[2]), float(cells[3])] == [channel.cost, channel.strength]
        if channel.strength:
            decay = f"{channel.decay}, {channel.scale_days:g}"
            assert cells[4:7] == [f"{channel.half:g}, {channel.steepness:g}", decay, f"{channel.horizon_days:g}"]


def test_parameters_of_the_world_stand_there(page: str) -> None:
    world, plan = AdvertisedWorld(), LiftTestPlan()
    shown = {
        f"shape {world.order_shape:g}",
        f"mean {world.order_rate:g} a day",
        f"1 + {world.season_amplitude:g} cos",
        f"highest on day {world.season_peak_day:g}",
        f"exp(-u / {world.interest_days:g} days) up to {world.interest_horizon_days:g} days",
        f"theta = {world.interest:g}",
        f"{world.search_per_visit:g} after each visit",
        f"{world.retargeting_per_visit:g} after each visit",
        f"{world.affiliate_per_visit:g} after each visit",
        f"{world.visit_rate:g} visits a day",
        f"{100 * world.subscribed_buyers:g} % of those who bought",
        f"{100 * world.newsletter_rate:g} % click",
        f"gamma variable of shape {world.value_shape:g}",
        f"spread {world.value_log_spread:g}, mean {world.value_mean:g}",
        f"{world.history_days} days before the first touch",
        f"{100 * plan.control_share:g} % of the customers",
        f"days {plan.from_day} to {plan.until_day - 1}",
    }
    assert [text for text in shown if text not in " ".join(page.split())] == []


def test_every_variant_stands_there(page: str) -> None:
    assert [world for world in WORLDS if f"| `{world}` |" not in page] == []
