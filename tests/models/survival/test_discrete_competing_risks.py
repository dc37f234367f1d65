"""Competing risks by period: scikit-learn on the expanded rows, Aalen-Johansen, known parameters, every refusal."""

from __future__ import annotations

from datetime import date
from typing import Any

import numpy as np
import polars as pl
import pytest

from relkit.errors import FitError, NotEnoughEventsError, ParameterError, TableError
from relkit.models import covariates
from relkit.models.lifetime_value.uncertainty import standard_errors
from relkit.models.survival.causes import incidence_bounds
from relkit.models.survival.discrete_competing_risks import DiscreteCompetingRisks
from relkit.models.survival.discrete_hazard import DiscreteHazard

DAY = date(2025, 6, 30)
TRUTH = {"wish": {"debit": -0.8, "amount": 0.5}, "default": {"debit": 0.6, "amount": 0.0}}


def world(seed: int, n: int, *, periods: int = 24) -> pl.DataFrame:
    """Return contracts whose ends in each period of 30 days follow a multinomial logit; censored at the end of a period."""
    rng = np.random.default_rng(seed)
    debit, amount = rng.integers(0, 2, n).astype(float), rng.normal(size=n)
    wish, default = np.exp(-3.0 - 0.8 * debit + 0.5 * amount), np.exp(-4.0 + 0.6 * debit)
    seen = rng.integers(1, periods + 1, n)
    last, reason = seen.astype(float), np.full(n, None, dtype=object)
    running = np.ones(n, dtype=bool)
    for j in range(1, periods + 1):
        drawn, whole = rng.random(n), 1 + wish + default
        ends = running & (j <= seen) & (drawn < (wish + default) / whole)
        reason[ends] = np.where(drawn < wish / whole, "wish", "default")[ends]
        last[ends], running = j, running & ~ends
    columns = {"debit": debit, "amount": amount, "end_reason": pl.Series(reason.tolist(), dtype=pl.String)}
    return pl.DataFrame({"customer_id": np.arange(n).astype(str), "duration_days": 30.0 * last, "event": ~running, **columns})


def running(frame: pl.DataFrame) -> pl.DataFrame:
    return frame.with_columns(event=pl.lit(value=False))


def test_parameters_come_back() -> None:
    fitted = DiscreteCompetingRisks(covariates=("debit", "amount"), period_days=30.0).fit(world(1, 20_000), as_of=DAY)
    rows = {row["term"]: row for row in fitted.summary().iter_rows(named=True)}
    assert fitted.causes == ("wish", "default")
    for cause, effects in TRUTH.items():
        for name, value in effects.items():
            row = rows[f"{cause}: {name}"]
            assert abs(row["estimate"] - value) < 3 * row["std_error"]
            assert row["std_error"] < 0.06
    assert rows["wish: period 1"]["estimate"] == pytest.approx(-3.0 - 0.8 * fitted.means[0] + 0.5 * fitted.means[1], abs=0.15)


@pytest.mark.parametrize("seed", [2, 3])
def test_scikit_learn_agrees_on_the_expanded_rows(seed: int) -> None:
    """scikit-learn 1.9.1, LogisticRegression(C=inf), multinomial, one column per level: log-likelihood to 1e-6."""
    from sklearn.linear_model import LogisticRegression

    frame = world(seed, 600, periods=8)
    fitted = DiscreteCompetingRisks(covariates=("debit", "amount"), period_days=30.0).fit(frame, as_of=DAY)
    assert np.isfinite(fitted.intercepts).all()
    rows = []
    for i, (days, reason) in enumerate(zip(frame["duration_days"], frame["end_reason"], strict=True)):
        for j in range(round(days / 30)):
            level = int(np.searchsorted(fitted.firsts, j, side="right")) - 1
            ended = reason is not None and j == round(days / 30) - 1
            rows.append((level, i, 1 + fitted.causes.index(reason) if ended else 0))
    level, row, y = (np.array(column) for column in zip(*rows, strict=True))
    X = covariates.matrix(frame, fitted.effects)
    design = np.column_stack([np.eye(len(fitted.firsts))[level], X[row]])
    peer = LogisticRegression(C=np.inf, fit_intercept=False, tol=1e-9, max_iter=5000).fit(design, y)
    p = peer.predict_proba(design)[np.arange(len(y)), y]
    assert fitted.info.log_likelihood == pytest.approx(float(np.log(p).sum()), abs=1e-6)
    effects = (peer.coef_[1:] - peer.coef_[0])[:, len(fitted.firsts) :]
    np.testing.assert_allclose(fitted.coefficients, effects, atol=1e-3)


def test_without_covariates_it_is_aalen_johansen() -> None:
    """The product of Kaplan-Meier just before each age by the share that ends there by the cause, written out, late entries included."""
    frame = world(4, 5_000).with_columns(entry_days=pl.when(pl.int_range(pl.len()) % 3 == 0).then(60.0).otherwise(0.0))
    frame = frame.filter(pl.col("entry_days") < pl.col("duration_days"))
    fitted = DiscreteCompetingRisks(covariates=(), period_days=30.0).fit(frame, as_of=DAY)
    start = running(frame.head(1)).with_columns(duration_days=pl.lit(0.0))
    last, entry = frame["duration_days"].to_numpy(), frame["entry_days"].to_numpy()
    days = 30.0 * np.arange(1, fitted.firsts[-1] + 1)
    assert len(days) > 8
    for cause in fitted.causes:
        mine = (frame["end_reason"] == cause).fill_null(value=False).to_numpy()
        stays, ended, expected = 1.0, 0.0, []
        for day in days:
            there = ((last >= day) & (entry < day)).sum()
            ended += stays * (mine & (last == day)).sum() / there
            stays *= 1 - (frame["event"].to_numpy() & (last == day)).sum() / there
            expected.append(ended)
        np.testing.assert_allclose(fitted.incidence_ahead(start, days, cause=cause)[0], expected, rtol=1e-6)


def test_causes_and_those_who_stay_add_up_to_one() -> None:
    frame = world(5, 3_000)
    fitted = DiscreteCompetingRisks(covariates=("debit", "amount")).fit(frame, as_of=DAY)
    some, days = running(frame.head(50)), np.array([0.0, 12.0, 90.0, 400.0, 5_000.0])
    parts = [fitted.incidence_ahead(some, days, cause=cause) for cause in fitted.causes]
    np.testing.assert_allclose(sum(parts) + fitted.survival_ahead(some, days), 1.0, rtol=1e-12)
    assert all((np.diff(part, axis=1) >= 0).all() for part in parts)
    score = fitted.score(some, horizon_days=90)
    assert score.columns == ["customer_id", "churn_probability_90d", "churn_probability_90d_wish", "churn_probability_90d_default"]
    np.testing.assert_allclose(score["churn_probability_90d_wish"], parts[0][:, 2], rtol=1e-12)
    np.testing.assert_allclose(score["churn_probability_90d"], 1 - fitted.survival_ahead(some, [90.0])[:, 0], rtol=1e-12)


def test_what_lies_ahead_is_given_the_age_so_far() -> None:
    """From the middle of a period: half of its hazard, then a whole one, written out."""
    frame = world(6, 3_000)
    fitted = DiscreteCompetingRisks(covariates=("debit",), period_days=30.0).fit(frame, as_of=DAY)
    one = running(frame.head(1)).with_columns(duration_days=pl.lit(45.0))

    def of_period(begins: float, cause: str) -> float:
        return float(fitted.incidence_ahead(one.with_columns(duration_days=pl.lit(begins)), [30.0], cause=cause)[0, 0])

    whole = sum(of_period(30.0, cause) for cause in fitted.causes)
    half = 1 - np.sqrt(1 - whole)
    expected = half * of_period(30.0, "wish") / whole + (1 - half) * of_period(60.0, "wish")
    assert fitted.incidence_ahead(one, [45.0], cause="wish")[0, 0] == pytest.approx(expected, rel=1e-12)


def test_all_causes_together_are_nearly_the_plain_hazard() -> None:
    frame = world(7, 6_000)
    both = DiscreteCompetingRisks(covariates=("debit", "amount"), period_days=30.0).fit(frame, as_of=DAY)
    plain = DiscreteHazard(covariates=("debit", "amount"), period_days=30.0).fit(frame, as_of=DAY)
    some = running(frame)
    expected = plain.score(some)["churn_probability_90d"].mean()
    assert both.score(some)["churn_probability_90d"].mean() == pytest.approx(expected, rel=0.01)


def test_bounds_are_those_of_moved_parameters() -> None:
    frame = world(8, 1_500, periods=8)
    fitted = DiscreteCompetingRisks(covariates=("debit", "amount"), period_days=30.0).fit(frame, as_of=DAY)
    some = running(frame.head(10))
    low, high = fitted.survival_ahead_bounds(some, [100.0], level=0.9)
    errors = standard_errors(fitted, lambda m: np.log(-np.log(m.survival_ahead(some, [100.0]))))
    middle = np.log(-np.log(fitted.survival_ahead(some, [100.0])))
    np.testing.assert_allclose(low, np.exp(-np.exp(middle + 1.6448536 * errors)), rtol=1e-5)
    np.testing.assert_allclose(high, np.exp(-np.exp(middle - 1.6448536 * errors)), rtol=1e-5)


def test_bounds_of_a_cause_are_those_of_its_hazard() -> None:
    """Within one level the hazard of a cause is its share of that of all: its logarithm moved along each parameter."""
    frame = world(8, 1_500, periods=8)
    fitted = DiscreteCompetingRisks(covariates=("debit", "amount"), period_days=30.0).fit(frame, as_of=DAY)
    some = running(frame.head(10)).with_columns(duration_days=pl.lit(30.0))

    def log_hazard(model: Any) -> Any:
        wish, default = (model.incidence_ahead(some, [30.0], cause=cause) for cause in model.causes)
        return np.log(default / (wish + default) * -np.log1p(-wish - default))

    found, error = fitted.incidence_ahead(some, [30.0], cause="default"), standard_errors(fitted, log_hazard)
    low, high = fitted.incidence_ahead_bounds(some, [30.0], cause="default", level=0.9)
    for bound, expected in zip((low, high), incidence_bounds(found, error, 0.9), strict=True):
        np.testing.assert_allclose(bound, expected, rtol=1e-5)
    assert ((low < found) & (found < high)).all()


def test_contributions_by_cause() -> None:
    frame = world(9, 3_000)
    fitted = DiscreteCompetingRisks(covariates=("debit", "amount")).fit(frame, as_of=DAY)
    names, parts = fitted.contributions(frame, cause="wish")
    assert names == ("debit", "amount")
    np.testing.assert_allclose(parts[:, 1], (frame["amount"].to_numpy() - fitted.means[1]) * fitted.coefficients[0, 1])
    wish = float((frame["end_reason"] == "wish").sum() / frame["event"].sum())
    expected = wish * parts + (1 - wish) * fitted.contributions(frame, cause="default")[1]
    np.testing.assert_allclose(fitted.contributions(frame)[1], expected, rtol=1e-9)


def test_rare_causes_are_pooled_and_reported() -> None:
    frame = world(10, 3_000)
    early = [pl.col("event") & (pl.int_range(pl.len()) < rows) for rows in (20, 70, 140)]
    other = pl.when(early[1]).then(pl.lit("move")).when(early[2]).then(None).otherwise("end_reason")
    fitted = DiscreteCompetingRisks(covariates=()).fit(frame.with_columns(end_reason=other), as_of=DAY)
    assert set(fitted.causes) == {"wish", "default", "unknown", "move"}
    few = frame.with_columns(end_reason=pl.when(early[0]).then(pl.lit("theft")).otherwise("end_reason"))
    fitted = DiscreteCompetingRisks(covariates=()).fit(few, as_of=DAY)
    assert "theft" not in fitted.causes
    assert any("have too rare a cause, and count as wish, the most frequent one." in note for note in fitted.info.notes)


@pytest.mark.parametrize(
    ("change", "error", "match"),
    [
        (
            {"end_reason": pl.lit(None, pl.String)},
            NotEnoughEventsError,
            "all ends count as one cause, 'unknown' .* Use survival.discrete_haz",
        ),
        ({"event": pl.lit(value=False)}, NotEnoughEventsError, "none of the 600 spells ended"),
        ({"debit": pl.lit(1.0)}, FitError, r"debit is constant \(1\)"),
        ({"amount": 2 * pl.col("debit")}, FitError, "amount follows from debit"),
        ({"debit": (pl.col("end_reason") == "wish").fill_null(value=False)}, FitError, "the coefficient of wish: debit runs to infinity"),
        ({"debit": pl.when(pl.col("debit") > 0).then(1.0)}, TableError, r"debit: \d+ of 600 rows are null"),
    ],
)
def test_bad_input_is_refused_with_its_reason(change: dict[str, pl.Expr], error: type[Exception], match: str) -> None:
    with pytest.raises(error, match=match):
        DiscreteCompetingRisks(covariates=("debit", "amount")).fit(world(11, 600).with_columns(**change), as_of=DAY)


def test_more_columns_than_ends_of_a_cause() -> None:
    rng = np.random.default_rng(12)
    more = {f"x{i}": rng.normal(size=300) for i in range(30)}
    frame = world(12, 300).with_columns(**{name: pl.Series(values) for name, values in more.items()})
    first = pl.col("event") & (pl.col("event").cum_sum() <= 25)
    frame = frame.with_columns(end_reason=pl.when(first).then(pl.lit("move")).otherwise(pl.lit("wish")))
    with pytest.raises(NotEnoughEventsError, match=r"25 spells ended by move, fewer than the 30 columns"):
        DiscreteCompetingRisks(covariates=tuple(more)).fit(frame, as_of=DAY)


@pytest.mark.parametrize(
    ("settings", "match"),
    [
        ({"covariates": ("end_reason",)}, "'end_reason' is given twice, or is no covariate"),
        ({"covariates": (), "period_days": -1.0}, "period_days is -1; it must be above 0"),
    ],
)
def test_invalid_settings_are_refused(settings: dict[str, Any], match: str) -> None:
    with pytest.raises(ParameterError, match=match):
        DiscreteCompetingRisks(**settings)


def test_a_cause_that_was_not_seen_is_refused() -> None:
    fitted = DiscreteCompetingRisks(covariates=()).fit(world(13, 600), as_of=DAY)
    for use in (
        lambda: fitted.incidence_ahead(world(13, 5), [90.0], cause="whish"),
        lambda: fitted.contributions(world(13, 5), cause="whish"),
    ):
        with pytest.raises(ParameterError, match="unknown cause 'whish'; did you mean 'wish'"):
            use()
