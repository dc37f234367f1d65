from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from relkit.errors import ParameterError
from relkit.tables.simulation import SimulationSettings


def test_three_years_that_end_at_the_end_of_june_by_default():
    settings = SimulationSettings()
    assert (settings.customers, settings.starts_on, settings.ends_on) == (20_000, date(2022, 7, 1), date(2025, 6, 30))


@pytest.mark.parametrize(
    ("wrong", "expected"),
    [
        ({"world": "cleen"}, "world: unknown world 'cleen'; did you mean 'clean'\\? Known: clean, hard."),
        ({"customers": 0}, "customers: 0 is below 1. Simulate at least one customer."),
        ({"seed": -1}, "seed: -1 is negative."),
        ({"days": 0}, "days: 0 is below 1. Simulate at least one day."),
        ({"prospect_share": 1.2}, "prospect_share: 1.2 is not a share. Choose a number between 0 and 1."),
        ({"contract_share": -0.1}, "contract_share: -0.1 is not a share."),
        ({"both_share": float("nan")}, "both_share: nan is not a share."),
        ({"prospect_share": 0.6, "contract_share": 0.6}, "prospect_share: prospect_share and contract_share add up to 1.2."),
    ],
)
def test_what_cannot_be_simulated_is_refused(wrong: dict[str, Any], expected: str):
    with pytest.raises(ParameterError, match=expected):
        SimulationSettings(**wrong)


def test_actions_move_buyers_in_the_hard_world_by_default():
    assert not SimulationSettings().actions_move_buyers
    assert SimulationSettings(world="hard").actions_move_buyers
    assert SimulationSettings(buyer_effects=True).actions_move_buyers
    assert not SimulationSettings(world="hard", buyer_effects=False).actions_move_buyers
