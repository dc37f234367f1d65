"""The study of campaigns behind `make coverage`: with few repetitions it runs and can fail, with a thousand (slow) its claims hold."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
import pytest
from recovery import campaigns

if TYPE_CHECKING:
    from recovery.campaigns import World


@pytest.fixture
def sound() -> campaigns.Covered:
    return campaigns.Covered(world="hard", action="early_bird", measure="margin_after", truth=0.0, coverage=0.95, above=0.02, below=0.03)


def test_faults(sound: campaigns.Covered) -> None:
    assert not sound.fault
    assert replace(sound, coverage=0.915).fault == "its interval covers 91.5%"
    assert replace(sound, coverage=0.985).fault == "its interval covers 98.5%"
    assert replace(sound, above=0.07).fault == "a gain is reported in 7.0%"
    assert not replace(sound, measure="margin", above=0.9).fault
    lost = replace(sound, action="wine_offer", measure="margin_category", below=0.1)
    assert lost.fault == "the loss is found in 10.0% only"
    assert campaigns.line(lost).endswith("<- the loss is found in 10.0% only")


def test_intervals_contain_the_truth_of_a_pull_forward() -> None:
    """Twenty campaigns: of intervals at 95 %, fewer than 15 contain the truth once in 300,000 times."""
    drawn = campaigns.campaigns_of("hard", "early_bird", customers=1_500)
    bounds = np.array([campaigns.intervals(drawn, seed) for seed in range(20)])
    truth = np.array([drawn.truth["margin"], drawn.truth["margin_after"]])
    assert (((bounds[:, :, 0] <= truth) & (truth <= bounds[:, :, 1])).sum(axis=0) >= 15).all()
    wrong = truth + 10.0
    assert (((bounds[:, :, 0] <= wrong) & (wrong <= bounds[:, :, 1])).sum(axis=0) <= 5).all()


@pytest.mark.slow
@pytest.mark.parametrize("world", campaigns.WORLDS)
@pytest.mark.parametrize("action", campaigns.ACTIONS)
def test_a_thousand_campaigns(world: World, action: str) -> None:
    found = campaigns.covered(world, action, campaigns.REPETITIONS)
    assert [each.fault for each in found] == [""] * len(found), found


def test_too_few_repetitions_prove_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(campaigns, "campaigns_of", partial(campaigns.campaigns_of, customers=800))
    assert any(found.fault for found in campaigns.covered("hard", "voucher", 2))
