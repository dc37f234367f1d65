"""EMPC under the assumptions of an offer, on days held out: against the metric, a simulation of offers, and reasons of ends."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl
import pytest

from relkit.errors import ParameterError
from relkit.metrics.profit import expected_maximum_profit, maximum_profit
from relkit.models.survival.profit_of_risk import held_out_profit, profit_of_risk
from relkit.scores.retention_offer import RetentionOffer

N = 3000


@dataclass(frozen=True)
class TwoCauses:
    """Contracts that end by a wish or by a move, each at a constant hazard of their own."""

    def survival_ahead(self, features: pl.DataFrame, days: Any) -> Any:
        return np.exp(-np.outer((features["wish"] + features["move"]).to_numpy(), days))

    def incidence_ahead(self, features: pl.DataFrame, days: Any, *, cause: str) -> Any:
        share = (features[cause] / (features["wish"] + features["move"])).to_numpy()
        return share[:, None] * (1 - self.survival_ahead(features, days))

    def score(self, features: pl.DataFrame, *, horizon_days: int) -> pl.DataFrame:
        churn = 1 - self.survival_ahead(features, [horizon_days])[:, 0]
        return features.select("customer_id").with_columns(pl.Series(f"churn_probability_{horizon_days}d", churn))


def world(seed: int = 1) -> tuple[pl.DataFrame, pl.DataFrame, pl.DataFrame]:
    """Return contracts as of a day, their outcomes in the 180 days after it, and the reasons."""
    rng = np.random.default_rng(seed)
    ids = [f"c{i:04d}" for i in range(N)]
    wish, move = rng.gamma(1, 0.002, N), rng.gamma(1, 0.001, N)
    age, wishes, moves = rng.uniform(1, 900, N).round(), rng.exponential(1 / wish), rng.exponential(1 / move)
    life = np.minimum(wishes, moves)
    rows = pl.DataFrame({"customer_id": ids, "contract_id": ids, "duration_days": age, "event": [False] * N, "wish": wish, "move": move})
    ended, until = life <= 180, age + np.minimum(life, 180.0)
    why = np.where(ended, np.where(wishes < moves, "wish", "move"), None)
    outcomes = pl.DataFrame({"customer_id": ids, "contract_id": ids, "duration_days": until, "event": ended})
    return rows, outcomes, pl.DataFrame({"contract_id": ids, "end_reason": pl.Series(why.tolist(), dtype=pl.String)})


OFFER = RetentionOffer(averted_share=0.25, contact_cost=2.0, offer_cost=15.0, stayers_take_share=0.3, window_days=90)


def test_the_usual_assumptions_are_those_of_the_paper() -> None:
    """Beta(6, 14), clv 200, d 10, f 1: Verbraken, Verbeke and Baesens (2013), section 5."""
    rng = np.random.default_rng(2)
    risk = rng.random(500)
    ended = rng.random(500) < risk / 3
    assert profit_of_risk(ended, risk, offer=RetentionOffer(), clv=200.0) == expected_maximum_profit(ended, risk)


def test_a_share_that_is_sure_is_taken_as_known_and_a_dear_offer_contacts_nobody() -> None:
    rng = np.random.default_rng(3)
    risk = rng.random(500)
    ended = rng.random(500) < risk / 3
    sure = RetentionOffer(averted_share=1.0)
    assert profit_of_risk(ended, risk, offer=sure, clv=200.0) == maximum_profit(ended, risk, gamma=1.0)
    assert profit_of_risk(ended, risk, offer=RetentionOffer(averted_share=0.0), clv=200.0).profit == 0.0
    assert profit_of_risk(ended, risk, offer=RetentionOffer(), clv=10.0).profit == 0.0


def test_the_profit_is_what_offers_earn() -> None:
    """100,000 rounds of offers to the first customers of the list, the share averted drawn in each: mean of the best depth's profit."""
    rng = np.random.default_rng(4)
    risk = np.sort(rng.random(60))[::-1]
    ended = rng.random(60) < risk
    found = profit_of_risk(ended, risk, offer=OFFER, clv=120.0)
    gamma = rng.beta(5, 15, 100_000)[:, None]
    each = np.where(ended, gamma * (120 - 15) - 2, -(0.3 * 15 + 2))
    best = np.maximum(each.cumsum(axis=1).max(axis=1), 0.0) / 60
    assert found.profit == pytest.approx(best.mean(), abs=4 * best.std() / 316)


def test_ends_within_the_window_count_and_others_do_not() -> None:
    rows, outcomes, reasons = world()
    found = held_out_profit(TwoCauses(), rows, outcomes, reasons, offer=OFFER, clv=150.0)
    assert found is not None
    left = (outcomes["duration_days"] - rows["duration_days"]).to_numpy()
    ended = outcomes["event"].to_numpy() & (left <= 90)
    risk = (rows["wish"] + rows["move"]).to_numpy()
    assert (found.days, found.clv) == (90, 150.0)
    assert found.best == profit_of_risk(ended, risk, offer=OFFER, clv=150.0)
    assert found.perfect.fraction == pytest.approx(ended.mean(), rel=0.01)
    assert 0 < found.best.profit < found.perfect.profit


def test_only_ends_that_the_offer_can_avert_count() -> None:
    rows, outcomes, reasons = world()
    offer = RetentionOffer(averted_share=0.25, contact_cost=2.0, offer_cost=15.0, stayers_take_share=0.3, window_days=90, averts=("wish",))
    found = held_out_profit(TwoCauses(), rows, outcomes, reasons, offer=offer, clv=150.0)
    assert found is not None
    left = (outcomes["duration_days"] - rows["duration_days"]).to_numpy()
    ended = outcomes["event"].to_numpy() & (left <= 90) & (reasons["end_reason"] == "wish").fill_null(value=False).to_numpy()
    risk = TwoCauses().incidence_ahead(rows, np.array([90.0]), cause="wish")[:, 0]
    assert found.best == profit_of_risk(ended, risk, offer=offer, clv=150.0)


def test_a_window_longer_than_the_holdout_is_cut_to_it_and_who_was_lost_before_is_left_out() -> None:
    rows, outcomes, reasons = world()
    longer = held_out_profit(TwoCauses(), rows, outcomes, reasons, offer=RetentionOffer(window_days=365), clv=150.0)
    assert longer is not None
    assert longer.days == 180
    lost = outcomes.with_columns(duration_days=pl.when(pl.int_range(N) < 50).then(rows["duration_days"] + 10).otherwise("duration_days"))
    lost = lost.with_columns(event=pl.when(pl.int_range(N) < 50).then(pl.lit(value=False)).otherwise("event"))
    kept = held_out_profit(TwoCauses(), rows, lost, reasons, offer=OFFER, clv=150.0)
    alone = held_out_profit(TwoCauses(), rows[50:], outcomes[50:], reasons, offer=OFFER, clv=150.0)
    assert kept == alone


def test_no_profit_if_nobody_ended_or_was_observed() -> None:
    rows, outcomes, reasons = world()
    still = outcomes.with_columns(event=pl.lit(value=False))
    assert held_out_profit(TwoCauses(), rows, still, reasons, offer=OFFER, clv=150.0) is None
    assert held_out_profit(TwoCauses(), rows, still.clear(), reasons, offer=OFFER, clv=150.0) is None


def test_an_invalid_share_of_takers_is_refused() -> None:
    with pytest.raises(ParameterError, match=r"s is 1\.5; it must lie in \[0, 1\]"):
        maximum_profit(np.array([0, 1]), np.array([0.1, 0.2]), s=1.5)
