"""Propensities: probabilities of the population, holders left out, leaks refused, rare products, rows without ids."""

from __future__ import annotations

from datetime import date
from typing import Any

import numpy as np
import polars as pl
import pytest
from polars.testing import assert_frame_equal
from scipy import special

from relkit.errors import FitError, NotEnoughEventsError, ParameterError, TableError
from relkit.metrics.binary_forecasts import calibration_line
from relkit.models.affinity.log_odds_calibration import LogOddsCalibration
from relkit.models.affinity.propensity import FittedPropensity, Propensity

AS_OF = date(2025, 6, 30)


def customers(n: int = 6_000, *, seed: int = 1, base: float = -2.5) -> tuple[pl.DataFrame, np.ndarray]:
    """Return customers with what they held and took, and the true probability of a loan for those without one."""
    rng = np.random.default_rng(seed)
    age, income = rng.uniform(20, 80, n).round(1), rng.lognormal(3.0, 0.5, n).round(2)
    plan = rng.choice(["S", "M", "L"], n, p=[0.5, 0.3, 0.2])
    truth = special.expit(base + 1.2 * np.sin(age / 12) + 0.9 * (plan == "L") + 0.4 * np.log(income / 20))
    loan, card, holds = rng.random(n) < truth, rng.random(n) < 0.03, rng.random(n) < 0.15
    taken = [[*(["loan"] if a and not h else []), *(["card"] if b else [])] for a, b, h in zip(loan, card, holds, strict=True)]
    known = {"customer_id": [f"k{i:06d}" for i in range(n)], "age": age, "income": income, "plan": plan.tolist()}
    lists = {"held": [["loan"] if h else [] for h in holds], "taken": taken}
    typed = {name: pl.Series(rows, dtype=pl.List(pl.String)) for name, rows in lists.items()}
    return pl.DataFrame({**known, **typed}), truth


@pytest.fixture(scope="module")
def fitted() -> FittedPropensity:
    return Propensity().fit(customers()[0], as_of=AS_OF)


def loan_of(fitted: Any, rows: pl.DataFrame) -> np.ndarray:
    found: np.ndarray = fitted.probabilities(rows)["loan"]
    return found


def test_the_truth_is_recovered_for_new_customers(fitted):
    rows, truth = customers(8_000, seed=2)
    found = loan_of(fitted, rows)
    assert np.corrcoef(special.logit(found), special.logit(truth))[0, 1] > 0.95
    assert abs(found.mean() - truth.mean()) < 0.012
    assert fitted.models[0].method != "share"


def test_holders_have_no_score_and_the_name_has_the_horizon(fitted):
    rows, _ = customers(500, seed=3)
    scores = fitted.score(rows, horizon_days=30)
    assert scores.columns == ["customer_id", "propensity_loan_90d", "propensity_card_90d"]
    holds = rows["held"].list.contains("loan")
    assert_frame_equal(scores.select(pl.col("propensity_loan_90d").is_null().alias("x")), holds.alias("x").to_frame())
    assert scores["propensity_card_90d"].null_count() == 0


def test_a_product_that_nothing_moves_has_the_share_of_its_takers(fitted):
    card = next(model for model in fitted.models if model.product == "card")
    rows, _ = customers(2_000, seed=4)
    found = fitted.probabilities(rows)["card"]
    assert card.method == "share"
    assert np.ptp(found) < 1e-12
    assert found[0] == pytest.approx(card.base_rate, rel=0.02)


@pytest.mark.parametrize("method", ["logistic", "boosting"])
def test_thinned_rows_give_the_probabilities_of_the_population(method):
    """Of those who did not take, a fifth is kept, at random: the correction is exact in the mean, and in the slope."""
    rows, _ = customers(20_000, seed=5)
    took = rows["taken"].list.contains("loan").to_numpy()
    kept = took | (np.random.default_rng(6).random(len(rows)) < 0.2)
    thinned = Propensity(method=method, sampling_share_of_non_takers=0.2, products=("loan",)).fit(rows.filter(kept), as_of=AS_OF)
    naive = Propensity(method=method, products=("loan",)).fit(rows.filter(kept), as_of=AS_OF)
    new, truth = customers(20_000, seed=7)
    y = np.random.default_rng(8).random(len(truth)) < truth
    intercept, slope = calibration_line(y, loan_of(thinned, new))
    assert abs(intercept) < 0.12
    assert abs(slope - 1) < 0.15
    assert loan_of(naive, new).mean() > 2 * truth.mean()


def test_its_own_draw_is_corrected_for_too():
    rows, _ = customers(12_000, seed=9, base=-4.0)
    drawn = Propensity(most_rows=2_000, method="logistic", products=("loan",)).fit(rows, as_of=AS_OF)
    new, truth = customers(20_000, seed=10, base=-4.0)
    assert loan_of(drawn, new).mean() == pytest.approx(truth.mean(), rel=0.12)
    assert any("were drawn to learn from, all takers among them" in note for note in drawn.info.notes)
    assert drawn.models[0].takers == rows.filter(~pl.col("held").list.contains("loan"))["taken"].list.contains("loan").sum()


def test_weights_of_the_rows_do_the_same_as_a_thinning_declared():
    rows, _ = customers(12_000, seed=11)
    took = rows["taken"].list.contains("loan").to_numpy()
    kept = took | (np.random.default_rng(12).random(len(rows)) < 0.25)
    weighted = rows.with_columns(w=pl.Series(np.where(took, 1.0, 4.0))).filter(kept)
    found = Propensity(method="logistic", weight_column="w", products=("loan",)).fit(weighted, as_of=AS_OF)
    new, truth = customers(20_000, seed=13)
    assert loan_of(found, new).mean() == pytest.approx(truth.mean(), rel=0.08)


def test_the_order_of_scores_does_not_depend_on_the_calibration(fitted):
    z = np.linspace(-6, 6, 50)
    assert (np.diff(fitted.models[0].calibration.probability(z)) > 0).all()
    turned = LogOddsCalibration.learnt(z, z < 0, np.ones(50), share=1.0)
    assert turned.slope == 0
    rare = LogOddsCalibration.learnt(np.zeros(1000), np.arange(1000) < 0, np.ones(1000), share=1.0)
    assert 0 < rare.probability(np.zeros(1))[0] < 0.002


def test_a_level_can_follow(fitted):
    """In a world where all odds have doubled, the outcomes of a thousand customers bring the level back, and no order changes."""
    rows, _ = customers(4_000, seed=14, base=-1.8)
    followed = fitted.at_level_of(rows[:1000])
    new = rows[1000:].filter(~pl.col("held").list.contains("loan"))
    took = new["taken"].list.contains("loan").to_numpy()
    before, after = loan_of(fitted, new), loan_of(followed, new)
    assert abs(after.mean() - took.mean()) < abs(before.mean() - took.mean()) / 3
    assert (np.argsort(before, kind="stable") == np.argsort(after, kind="stable")).all()


def test_a_leak_is_refused_until_it_is_accepted():
    rows, _ = customers(3_000, seed=15)
    took = rows["taken"].list.contains("loan").to_numpy()
    leaking = rows.with_columns(call_seconds=pl.Series(np.random.default_rng(16).gamma(2.0, np.where(took, 400.0, 90.0)).round(0)))
    with pytest.raises(FitError, match=r"call_seconds looks as if it were known only after the outcome\. For loan, call_seconds alone"):
        Propensity(products=("loan",)).fit(leaking, as_of=AS_OF)
    accepted = Propensity(products=("loan",), accept=("call_seconds",), method="logistic").fit(leaking, as_of=AS_OF)
    assert "call_seconds" in {each.name for each in accepted.effects}
    late = Propensity(products=("loan",), known_later=("call_seconds",), method="logistic").fit(leaking, as_of=AS_OF)
    assert "call_seconds" not in {each.name for each in late.effects}


def test_a_feature_known_only_later_is_refused_by_name():
    with pytest.raises(ParameterError, match="call_seconds is known only after the outcome, so no score could rest on it"):
        Propensity(features=("age", "call_seconds"), known_later=("call_seconds",))


def test_rows_without_ids_are_in_order_of_time():
    """A level that drifts, and features of the moment: the latest rows give the level, and the moment is set aside."""
    rng = np.random.default_rng(17)
    n = 9_000
    age = rng.uniform(20, 80, n).round(0)
    took = rng.random(n) < special.expit(np.linspace(-4, -1.5, n) + 0.05 * (age - 50))
    rows = pl.DataFrame({"age": age, "rate": np.linspace(5, 1, n).round(1)})
    rows = rows.with_columns(taken=pl.Series([["loan"] if each else [] for each in took], dtype=pl.List(pl.String)))
    fitted = Propensity(method="logistic").fit(rows, as_of=AS_OF)
    assert [each.name for each in fitted.effects] == ["age"]
    scores = fitted.score(rows.drop("taken"))
    assert scores.columns == ["propensity_loan_90d"]
    assert scores["propensity_loan_90d"][-1500:].mean() == pytest.approx(took[-1500:].mean(), rel=0.15)
    named = Propensity(method="logistic", features=("age", "rate")).fit(rows, as_of=AS_OF)
    assert [each.name for each in named.effects] == ["age", "rate"]
    assert Propensity().judge(fitted, rows[:2000], rows[:2000].select("taken"))["auc"] > 0.6


def test_rare_products_are_not_fitted():
    rows, _ = customers(3_000, seed=18)
    with pytest.raises(
        NotEnoughEventsError, match="no product was taken by 500 customers who did not have it: the most often taken, loan, was by"
    ):
        Propensity(fewest_takers=500).fit(rows, as_of=AS_OF)
    some = Propensity(fewest_takers=120, method="logistic").fit(rows, as_of=AS_OF)
    assert some.products == ("loan",)
    assert any(note.startswith("Not fitted, for fewer than 120 takers: card (") for note in some.info.notes)


def test_faulty_rows_are_refused():
    rows, _ = customers(200, seed=19)
    with pytest.raises(NotEnoughEventsError, match="no row says what was taken"):
        Propensity().fit(rows.with_columns(taken=pl.lit(None, pl.List(pl.String))), as_of=AS_OF)
    with pytest.raises(TableError, match="there is no feature to learn from"):
        Propensity().fit(rows.select("customer_id", "held", "taken"), as_of=AS_OF)
    with pytest.raises(TableError, match="column 'taken' is missing"):
        Propensity().fit(rows.drop("taken"), as_of=AS_OF)
    with pytest.raises(TableError, match="2 rows share a key"):
        Propensity().fit(pl.concat([rows, rows[:1]]), as_of=AS_OF)
    with pytest.raises(TableError, match="column 'age' is missing"):
        Propensity(features=("age",)).fit(rows.drop("age"), as_of=AS_OF)


def test_settings_are_checked():
    for wrong in ({"horizon_days": 0}, {"fewest_takers": 2}, {"sampling_share_of_non_takers": 0.0}, {"method": "forest"}):
        with pytest.raises(ParameterError):
            Propensity(**wrong)


def test_empty_odd_and_useless_features():
    """Empty numbers and texts, levels not learnt from, values beyond the range, ids, constants and dates: no crash, and reported."""
    rows, _ = customers(3_000, seed=20)
    third = pl.int_range(pl.len()) % 3 == 0
    odd = rows.with_columns(
        income=pl.when(third).then(None).otherwise("income"),
        plan=pl.when(third).then(None).otherwise("plan"),
        code=pl.col("customer_id") + "x",
        country=pl.lit("FR"),
        born=pl.lit(date(1990, 1, 1)),
    )
    fitted = Propensity(method="logistic", products=("loan",)).fit(odd, as_of=AS_OF)
    assert {each.name for each in fitted.effects} == {"age", "income", "plan"}
    note = next(note for note in fitted.info.notes if note.startswith("Features set aside"))
    assert all(
        part in note for part in ("different texts, over 50 (code)", "the same for all (country)", "neither a number nor text (born)")
    )
    new = odd[:3].with_columns(
        age=pl.Series([1e6, -1e6, 50.0]), plan=pl.Series(["XXL", None, "S"]), income=pl.Series([float("nan"), 1.0, None])
    )
    ends = odd[:3].with_columns(
        age=pl.Series([float(odd["age"].max()), float(odd["age"].min()), 50.0]),
        plan=pl.Series(["S", None, "S"]),
        income=pl.Series([None, 1.0, None]),
    )  # type: ignore[arg-type]
    assert np.isfinite(loan_of(fitted, new)).all()
    np.testing.assert_allclose(loan_of(fitted, new)[1:], loan_of(fitted, ends)[1:])


def test_products_have_columns_of_their_own():
    rows, _ = customers(3_000, seed=21)
    named = rows.with_columns(
        taken=pl.col("taken").list.eval(pl.element().replace({"loan": "Prêt auto", "card": "pret-auto"})),
        held=pl.lit([], dtype=pl.List(pl.String)),
    )
    fitted = Propensity(method="share").fit(named, as_of=AS_OF)
    assert [str(score) for score in fitted.scores] == ["propensity_pret_auto_90d", "propensity_pret_auto_2_90d"]
    assert [score.subject_id for score in fitted.scores] == ["Prêt auto", "pret-auto"]


def test_it_is_judged_product_by_product(fitted):
    rows, _ = customers(6_000, seed=22)
    judged = fitted.settings.judge(fitted, rows.drop("taken"), rows.select("customer_id", "taken"))
    assert judged["auc_lower_loan"] < judged["auc_loan"] < judged["auc_upper_loan"]
    assert judged["auc_loan"] > 0.65
    assert abs(judged["calibration_intercept_loan"]) < 0.25
    assert judged["lift_at_10_loan"] > 1.5
    assert judged["log_loss"] == pytest.approx((judged["log_loss_loan"] + judged["log_loss_card"]) / 2)
    nobody = rows.select("customer_id", taken=pl.lit([], dtype=pl.List(pl.String)))
    assert "auc_loan" not in fitted.settings.judge(fitted, rows, nobody)
    with pytest.raises(TableError, match="5 outcomes for 6,000 rows without customer_id: which belongs to which"):
        fitted.settings.judge(fitted, rows.drop("customer_id"), rows[:5].select("taken"))


def test_a_category_that_was_not_learnt_from_is_no_column(fitted):
    assert fitted.needs["plan"].dtype == pl.String
    with pytest.raises(TableError, match="column 'income' is missing"):
        fitted.score(customers(5)[0].drop("income"))
