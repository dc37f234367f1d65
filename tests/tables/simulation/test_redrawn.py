"""Redrawn campaigns: the closed form of their truth against the mean of many, and everything but the population new each time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import numpy as np
import pytest

from relkit.errors import ParameterError
from relkit.tables.simulation import SimulationSettings
from relkit.tables.simulation.redrawn import RedrawnCampaigns

if TYPE_CHECKING:
    import polars as pl

CAMPAIGNS = 40
NAMES = ("orders", "orders_after", "margin", "margin_after", "margin_promoted", "margin_category")


def campaigns_of(action: str, world: Literal["clean", "hard"] = "hard") -> RedrawnCampaigns:
    return RedrawnCampaigns.of(SimulationSettings(customers=2_000, world=world, buyer_effects=True, days=700, seed=8), action)


def effects_of(units: pl.DataFrame) -> list[float]:
    """Return the difference of each measure, weighted by inverse propensity."""
    weight = np.where(units["arm"] == "treated", 1 / units["propensity"], -1 / (1 - units["propensity"]))
    return [float(np.mean(weight * (units[name].to_numpy() - units[name].mean()))) for name in NAMES]


@pytest.mark.parametrize("world", ["clean", "hard"])
@pytest.mark.parametrize("action", ["voucher", "early_bird", "wine_offer"])
def test_the_truth_is_the_mean_of_many_campaigns(action: str, world: Literal["clean", "hard"]) -> None:
    campaigns = campaigns_of(action, world)
    rng = np.random.default_rng(17)
    seen = np.array([effects_of(campaigns.draw(rng)) for _ in range(CAMPAIGNS)])
    truth = np.array([campaigns.truth[name] for name in NAMES])
    error = seen.std(axis=0, ddof=1) / np.sqrt(CAMPAIGNS)
    assert (np.abs(seen.mean(axis=0) - truth) <= 4 * error).all()


def test_a_campaign_is_repeatable_and_the_next_one_is_another() -> None:
    campaigns = campaigns_of("early_bird")
    first, again, other = (campaigns.draw(np.random.default_rng(seed)) for seed in (1, 1, 2))
    assert first.equals(again)
    assert not first["arm"].equals(other["arm"])
    assert not first["margin"].equals(other["margin"])
    assert first["pre_margin"].equals(other["pre_margin"])
    assert len(first) == campaigns.customers == first["customer_id"].n_unique()


def test_parts_of_the_margin_belong_to_it() -> None:
    units = campaigns_of("wine_offer").draw(np.random.default_rng(4))
    assert (units["margin_after"] >= units["margin"] - 1e-9).mean() > 0.99
    assert (units["margin_promoted"] + units["margin_category"] <= units["margin"] + 1e-9).mean() > 0.99


def test_actions_that_do_not_move_buyers_are_refused() -> None:
    with pytest.raises(
        ParameterError, match=r"unknown action 'welcome_offer'.*Known: catalogue, early_bird, newsletter, voucher, wine_offer"
    ):
        campaigns_of("welcome_offer")
