"""Value of an offer, against a future written out month by month, and ranking of the calls."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from itertools import combinations

import numpy as np
import polars as pl
import pytest

from relkit.errors import ParameterError
from relkit.scores.expected_margin import Ahead
from relkit.scores.retention_offer import RetentionOffer, by_profit_and_by_risk, call_scores, offer_values, under_budget
from relkit.scores.score_table import Source, wide
from relkit.units import DAYS_PER_MONTH


@dataclass(frozen=True)
class Hazards:
    """Contracts that end at a constant hazard, one for each."""

    def survival_ahead(self, features: pl.DataFrame, days: np.ndarray) -> np.ndarray:
        return np.exp(-np.outer(features["hazard"].to_numpy(), days))


@dataclass(frozen=True)
class TwoCauses:
    """Contracts that end by a wish or by a move, each at its own constant hazard."""

    def survival_ahead(self, features: pl.DataFrame, days: np.ndarray) -> np.ndarray:
        return np.exp(-np.outer(self.whole(features), days))

    def incidence_ahead(self, features: pl.DataFrame, days: np.ndarray, *, cause: str) -> np.ndarray:
        share = features[cause].to_numpy() / self.whole(features)
        return share[:, None] * (1 - self.survival_ahead(features, days))

    def whole(self, features: pl.DataFrame) -> np.ndarray:
        return features["wish"].to_numpy() + features["move"].to_numpy()


def contracts(n: int = 200, seed: int = 1) -> pl.DataFrame:
    rng = np.random.default_rng(seed)
    ids = [f"c{i:03d}" for i in range(n)]
    return pl.DataFrame({"customer_id": ids, "hazard": rng.gamma(2, 0.0008, n), "margin_a_month": rng.gamma(2, 12, n)})


OFFER = RetentionOffer(averted_share=0.35, window_days=90, contact_cost=3.0, offer_cost=12.0, stayers_take_share=0.25)


def test_the_value_is_that_of_futures_that_were_drawn() -> None:
    """200,000 lives each: an end within 90 days is averted for 35 %, who then live on from day 90; months by their middle."""
    rng, ahead = np.random.default_rng(5), Ahead(24, 0.10)
    rows = pl.DataFrame({"customer_id": ["a", "b"], "hazard": [0.001, 0.006], "margin_a_month": [20.0, 35.0]})
    found = offer_values(Hazards(), rows, offer=OFFER, ahead=ahead)
    middles = (np.arange(24) + 0.5) * DAYS_PER_MONTH
    weights = 1.10 ** (-middles / 365.25)
    for at, (_, hazard, margin) in enumerate(rows.iter_rows()):
        life = rng.exponential(1 / hazard, 200_000)
        due = life <= 90
        averted = due & (rng.random(len(life)) < 0.35)
        kept = np.where(averted, 90 + rng.exponential(1 / hazard, len(life)), life)
        takes = averted | (~due & (rng.random(len(life)) < 0.25))
        gained = margin * ((kept[:, None] > middles) @ weights - (life[:, None] > middles) @ weights)
        assert found["value"][at] == pytest.approx(gained.mean(), abs=4 * gained.std() / 447)
        assert found["cost"][at] == pytest.approx(3 + 12 * takes.mean(), abs=0.05)
        assert found["uplift"][at] == pytest.approx(averted.mean(), abs=0.004)
    assert found["expected_profit"].to_list() == pytest.approx((found["value"] - found["cost"]).to_list())


def test_an_offer_that_averts_ends_of_one_cause_is_worth_what_was_drawn() -> None:
    """200,000 lives each, the first of two clocks: only a wish within 90 days is averted, and customers who move take nothing."""
    rng, ahead = np.random.default_rng(6), Ahead(24, 0.10)
    rows = pl.DataFrame({"customer_id": ["a", "b"], "wish": [0.001, 0.004], "move": [0.002, 0.0005], "margin_a_month": [20.0, 35.0]})
    found = offer_values(TwoCauses(), rows, offer=replace(OFFER, averts=("wish",)), ahead=ahead)
    middles = (np.arange(24) + 0.5) * DAYS_PER_MONTH
    weights = 1.10 ** (-middles / 365.25)
    for at, (_, wish, move, margin) in enumerate(rows.iter_rows()):
        wishes, moves = (rng.exponential(1 / hazard, 200_000) for hazard in (wish, move))
        life = np.minimum(wishes, moves)
        averted = (life <= 90) & (wishes < moves) & (rng.random(len(life)) < 0.35)
        kept = np.where(averted, 90 + rng.exponential(1 / (wish + move), len(life)), life)
        takes = averted | ((life > 90) & (rng.random(len(life)) < 0.25))
        gained = margin * ((kept[:, None] > middles) @ weights - (life[:, None] > middles) @ weights)
        assert found["value"][at] == pytest.approx(gained.mean(), abs=4 * gained.std() / 447)
        assert found["cost"][at] == pytest.approx(3 + 12 * takes.mean(), abs=0.05)
        assert found["uplift"][at] == pytest.approx(averted.mean(), abs=0.004)
        assert found["churn_probability"][at] == pytest.approx((life <= 90).mean(), abs=0.005)


def test_an_offer_that_averts_all_causes_averts_all_ends() -> None:
    rows = contracts().with_columns(wish=0.7 * pl.col("hazard"), move=0.3 * pl.col("hazard"))
    offers = [OFFER, replace(OFFER, averts=("wish", "move", "wish"))]
    plain, named = (offer_values(TwoCauses(), rows, offer=offer, ahead=Ahead(24, 0.1)) for offer in offers)
    for name in plain.columns[1:]:
        assert named[name].to_list() == pytest.approx(plain[name].to_list())
    one = offer_values(TwoCauses(), rows, offer=replace(OFFER, averts=("move",)), ahead=Ahead(24, 0.1))
    assert one["value"].to_list() == pytest.approx((0.3 * plain["value"]).to_list())


def test_a_model_that_does_not_tell_causes_is_refused_for_an_offer_that_asks_for_them() -> None:
    with pytest.raises(
        ParameterError, match=r"averts is wish, and the model does not tell why contracts end\. Score with a model that does"
    ):
        offer_values(Hazards(), contracts(), offer=replace(OFFER, averts=("wish",)), ahead=Ahead(24, 0.1))


def test_the_scores_are_those_of_the_offer_and_only_who_is_called_has_a_rank() -> None:
    offers = offer_values(Hazards(), contracts(), offer=OFFER, ahead=Ahead(24, 0.1))
    day = date(2025, 6, 30)
    source = Source(model="survival.cox", version="1", trained_as_of=day)
    scores = wide(call_scores(offers, budget=100.0, as_of=day, source=source).frame)
    names = {"retention_offer_value": "value", "retention_offer_cost": "cost", "retention_offer_profit": "expected_profit"}
    assert scores.select("customer_id", *names).rename(names).equals(offers.select("customer_id", *names.values()))
    called = under_budget(offers, budget=100.0)
    first_come = scores.drop_nulls("retention_call_rank").sort("retention_call_rank")
    assert first_come["customer_id"].to_list() == called["customer_id"].to_list()
    assert first_come["retention_call_rank"].to_list() == list(range(1, len(called) + 1))
    none = call_scores(offers, budget=0.0, as_of=day, source=source)
    assert set(none.frame["score"]) == set(names)


def test_a_share_of_the_customers_own_takes_the_place_of_the_assumed_one() -> None:
    rows = contracts()
    own = offer_values(Hazards(), rows.with_columns(averted_share=pl.lit(0.7)), offer=OFFER, ahead=Ahead(24, 0.1))
    assumed = offer_values(Hazards(), rows, offer=OFFER, ahead=Ahead(24, 0.1))
    assert own["value"].to_list() == pytest.approx((2 * assumed["value"]).to_list())
    assert (own["cost"] > assumed["cost"]).all()


def test_an_offer_that_averts_nothing_costs_what_it_costs() -> None:
    offer = RetentionOffer(averted_share=0.0, contact_cost=2.0, offer_cost=10.0, stayers_take_share=0.0)
    found = offer_values(Hazards(), contracts(), offer=offer, ahead=Ahead(24, 0.1))
    assert set(found["expected_profit"]) == {-2.0}
    assert under_budget(found).is_empty()
    nothing = by_profit_and_by_risk(found)
    assert (nothing.called, nothing.profit, nothing.missed_share) == (0, 0.0, 0.0)


def test_without_a_budget_all_who_gain_are_called_the_best_first() -> None:
    offers = offer_values(Hazards(), contracts(), offer=OFFER, ahead=Ahead(24, 0.1))
    called = under_budget(offers)
    assert set(called["customer_id"]) == set(offers.filter(pl.col("expected_profit") > 0)["customer_id"])
    assert called["expected_profit"].is_sorted(descending=True)
    assert called["cumulated_profit"][-1] == pytest.approx(called["expected_profit"].sum())


def test_a_budget_is_kept_and_spent_as_well_as_it_can_be() -> None:
    """All 4,096 choices among 12 customers: none within the same cost brings more, as the greedy order is exact at its own cost."""
    offers = offer_values(Hazards(), contracts(60, seed=3), offer=OFFER, ahead=Ahead(24, 0.1)).top_k(12, by="expected_profit")
    called = under_budget(offers, budget=30.0)
    assert 0 < len(called) < 12
    spent = float(called["cost"].sum())
    assert spent <= 30.0
    cost, profit = offers["cost"].to_numpy(), offers["expected_profit"].to_numpy()
    chosen = [list(c) for k in range(13) for c in combinations(range(12), k)]
    best = max(profit[c].sum() for c in chosen if cost[c].sum() <= spent + 1e-9)
    assert float(called["expected_profit"].sum()) == pytest.approx(best)


def test_risk_alone_misses_what_the_other_order_finds() -> None:
    offers = offer_values(Hazards(), contracts(), offer=OFFER, ahead=Ahead(24, 0.1))
    found = by_profit_and_by_risk(offers)
    order = offers.sort("churn_probability", descending=True)["expected_profit"].cum_sum()
    assert found.best_by_risk == pytest.approx(max(0.0, float(order.max())))  # type: ignore[arg-type]
    assert found.profit > found.best_by_risk >= found.profit_by_risk
    assert 0 < found.missed_share <= 1
    assert 0 < found.shared < found.called
    equal = offers.with_columns(expected_profit=pl.col("churn_probability") + 1.0)
    assert by_profit_and_by_risk(equal).missed_share == pytest.approx(0.0)


def test_row_order_does_not_matter() -> None:
    rows = contracts()
    one, other = (offer_values(Hazards(), each, offer=OFFER, ahead=Ahead(24, 0.1)) for each in (rows, rows.reverse()))
    assert under_budget(one, budget=100.0).equals(under_budget(other, budget=100.0))


def test_nobody_is_called_where_nobody_holds_a_contract() -> None:
    offers = offer_values(Hazards(), contracts().clear(), offer=OFFER, ahead=Ahead(24, 0.1))
    assert by_profit_and_by_risk(offers, budget=10.0).called == 0


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"averted_share": 1.5}, "averted_share is 1.5; it must lie in"),
        ({"stayers_take_share": -0.1}, "stayers_take_share is -0.1"),
        ({"contact_cost": -1.0}, "contact_cost is -1; it must be 0 or more"),
        ({"offer_cost": float("nan")}, "offer_cost is nan"),
        ({"window_days": 0}, "window_days is 0"),
        ({"budget": -1.0}, "budget is -1; it must be 0 or more. Leave it out for no limit"),
        ({"budget": float("nan")}, "budget is nan"),
    ],
)
def test_invalid_values_are_refused(wrong: dict[str, float], message: str) -> None:
    with pytest.raises(ParameterError, match=message):
        RetentionOffer(**wrong)  # type: ignore[arg-type]


def test_a_budget_below_nothing_is_refused() -> None:
    with pytest.raises(ParameterError, match="budget is -1"):
        under_budget(offer_values(Hazards(), contracts(), offer=OFFER, ahead=Ahead(24, 0.1)), budget=-1)
