"""Cox by cause: lifelines cause by cause, the cumulative incidence written out, a known world, and every refusal."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl
import pytest
from lifelines import CoxPHFitter, datasets

from relkit.errors import FitError, NotEnoughEventsError, ParameterError, TableError
from relkit.models.survival import cause_hazards
from relkit.models.survival.cause_specific_cox import CauseSpecificCox, FittedCauseSpecificCox
from relkit.models.survival.cox import Cox
from relkit.models.survival.cumulative_incidence import cumulative_incidence

if TYPE_CHECKING:
    import pandas as pd

DAY = date(2025, 6, 30)
RATE = {"voluntary": 1 / 300, "move": 1 / 600}
BETA = {"voluntary": {"debit": -0.8, "amount": 0.5}, "move": {"debit": 0.4, "amount": 0.0}}


def world(seed: int, n: int, *, late: bool = False) -> pl.DataFrame:
    """Return contracts with a constant hazard of each cause, times exp(x'beta), observed for up to two years."""
    rng = np.random.default_rng(seed)
    debit, amount = rng.integers(0, 2, n).astype(float), rng.normal(size=n)
    pace = {cause: RATE[cause] * np.exp(b["debit"] * debit + b["amount"] * amount) for cause, b in BETA.items()}
    whole = sum(pace.values())
    life, seen = rng.exponential(1 / whole), rng.uniform(30, 730, n)
    entry = np.where(rng.random(n) < 0.3, rng.uniform(0, 200, n), 0.0) if late else np.zeros(n)
    reason = np.where(rng.random(n) < pace["voluntary"] / whole, "voluntary", "move")
    until = entry + seen
    ended = life <= until
    columns = {"debit": debit, "amount": amount, "end_reason": pl.Series(np.where(ended, reason, "").tolist()).replace("", None)}
    frame = pl.DataFrame({"customer_id": np.arange(n).astype(str), "duration_days": np.minimum(life, until), "event": ended, **columns})
    return frame.with_columns(entry_days=pl.Series(entry)).filter(pl.Series(life > entry))


def fit(frame: pl.DataFrame, **settings: Any) -> FittedCauseSpecificCox:
    return CauseSpecificCox(**{"covariates": ("debit", "amount"), **settings}).fit(frame, as_of=DAY)


def running(frame: pl.DataFrame, *, age: float | None = None) -> pl.DataFrame:
    found = frame.with_columns(event=pl.lit(value=False))
    return found if age is None else found.with_columns(duration_days=pl.lit(age))


def peers() -> dict[str, tuple[pd.DataFrame, tuple[str, ...]]]:
    """Return data sets that lifelines ships, as duration, event, entry and covariates."""
    rossi, lung = datasets.load_rossi(), datasets.load_lung().dropna(subset=["ph.ecog"])
    gbsg2, heart = datasets.load_gbsg2(), datasets.load_stanford_heart_transplants().query("start < stop").reset_index()
    return {
        "rossi": (rossi.rename(columns={"week": "T", "arrest": "E"}), ("fin", "age", "prio")),
        "lung": (lung.rename(columns={"time": "T", "status": "E"}), ("age", "sex", "ph.ecog")),
        "gbsg2": (gbsg2.rename(columns={"time": "T", "cens": "E"}), ("age", "tsize", "pnodes")),
        "heart": (heart.rename(columns={"stop": "T", "event": "E", "start": "entry"}), ("age", "surgery")),
    }


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("name", ["rossi", "lung", "gbsg2", "heart"])
def test_lifelines_agrees_cause_by_cause(name: str, weighted: bool) -> None:
    """Lifelines 0.30.3, CoxPHFitter with ends by the other cause censored: coefficients, errors and log-likelihood to 1e-6."""
    frame, covariates = peers()[name]
    n = len(frame)
    cause = np.where(frame["E"].astype(bool), np.where(np.arange(n) % 3 == 0, "b", "a"), None)
    frame = frame.assign(w=np.arange(n) % 3 + 1.0)
    columns = {c: frame[c].to_numpy(float) for c in (*covariates, "w")}
    columns |= {"duration_days": frame["T"].to_numpy(float), "event": frame["E"].to_numpy(bool), "end_reason": cause.tolist()}
    if "entry" in frame:
        columns["entry_days"] = frame["entry"].to_numpy(float)
    found = fit(pl.DataFrame(columns, strict=False), covariates=covariates, weight_column="w" if weighted else "")
    assert set(found.causes) == {"a", "b"}
    kept = ["T", "E", *covariates, *(["w"] if weighted else []), *(["entry"] if "entry" in frame else [])]
    options = {"entry_col": "entry" if "entry" in frame else None, "weights_col": "w" if weighted else None}
    for one in found.causes:
        peer = CoxPHFitter().fit(frame[kept].assign(E=cause == one), "T", "E", fit_options={"precision": 1e-12}, **options)
        ours = found.of(one)
        np.testing.assert_allclose(ours.coefficients, peer.params_.to_numpy(), atol=1e-6)
        np.testing.assert_allclose(np.sqrt(np.diag(ours.covariance)), peer.standard_errors_.to_numpy(), atol=1e-6)
        assert ours.info.log_likelihood == pytest.approx(peer.log_likelihood_, abs=1e-6)


def balanced(seed: int) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Return contracts in whole weeks, and the same twice with a covariate that is 0 once and 1 once: its effect is exactly 0."""
    once = world(seed, 400, late=True).with_columns(pl.col("duration_days", "entry_days") / 7)
    once = once.with_columns(pl.col("duration_days").ceil(), pl.col("entry_days").floor())
    return once, pl.concat([once.with_columns(copy=pl.lit(0.0)), once.with_columns(copy=pl.lit(1.0))])


def test_without_an_effect_it_is_the_exponential_form_of_aalen_and_johansen() -> None:
    """The sum over ages of exp(-H(u-)) (1 - exp(-d/n)) d_k/d, written out; Aalen-Johansen differs by less than the sum of (d/n)^2."""
    once, twice = balanced(1)
    fitted = fit(twice, covariates=("copy",))
    np.testing.assert_allclose(fitted.coordinates, 0.0, atol=1e-9)
    last, entry = once["duration_days"].to_numpy(), once["entry_days"].to_numpy()
    reason = once["end_reason"].to_numpy()
    ages = np.unique(last[once["event"].to_numpy()])
    new = running(twice.head(1), age=0.0)
    nelson = fit(twice, covariates=("copy",), ties="breslow")
    parts = {cause: nelson.incidence_ahead(new, ages, cause=cause)[0] for cause in fitted.causes}
    hazard, squares, expected = 0.0, 0.0, {cause: [0.0] for cause in fitted.causes}
    for age in ages:
        n = ((last >= age) & ((entry < age) | (entry == 0))).sum()
        d = {cause: ((reason == cause) & (last == age)).sum() for cause in fitted.causes}
        step = sum(d.values()) / n
        for cause in fitted.causes:
            expected[cause].append(expected[cause][-1] + np.exp(-hazard) * -np.expm1(-step) * d[cause] / (step * n))
        hazard, squares = hazard + step, squares + step**2
    aalen = cumulative_incidence(last, reason, entry)
    for cause in fitted.causes:
        np.testing.assert_allclose(parts[cause], expected[cause][1:], rtol=1e-9)
        assert np.abs(parts[cause] - aalen.at(cause, ages)).max() < squares
    assert squares < 0.2


def test_causes_and_those_who_stay_add_up_to_one() -> None:
    frame = world(2, 3_000, late=True).with_columns(pl.col("duration_days").ceil())
    fitted = fit(frame)
    some, days = running(frame.head(60)), np.array([90.0, 0.0, 12.5, 5_000.0, 400.0])
    parts = [fitted.incidence_ahead(some, days, cause=cause) for cause in fitted.causes]
    np.testing.assert_allclose(sum(parts) + fitted.survival_ahead(some, days), 1.0, rtol=1e-12)
    rising = np.argsort(days)
    assert all((np.diff(part[:, rising], axis=1) >= 0).all() for part in parts)
    score = fitted.score(some, horizon_days=90)
    assert score.columns == ["customer_id", "churn_probability_90d", "churn_probability_90d_voluntary", "churn_probability_90d_move"]
    np.testing.assert_allclose(score["churn_probability_90d_voluntary"], parts[0][:, 0], rtol=1e-12)
    np.testing.assert_allclose(score["churn_probability_90d"], 1 - fitted.survival_ahead(some, [90.0])[:, 0], rtol=1e-12)


def test_what_lies_ahead_is_given_the_age_so_far() -> None:
    """P(ends by k in (a, a + t] | runs at a) is the difference of the incidences from the start, over S(a)."""
    frame = world(3, 2_000)
    fitted = fit(frame)
    some, start = running(frame.head(20), age=200.0), running(frame.head(20), age=0.0)
    for cause in fitted.causes:
        from_start = fitted.incidence_ahead(start, [200.0, 320.0], cause=cause)
        expected = (from_start[:, 1] - from_start[:, 0]) / fitted.survival_ahead(start, [200.0])[:, 0]
        np.testing.assert_allclose(fitted.incidence_ahead(some, [120.0], cause=cause)[:, 0], expected, rtol=1e-3)


def test_ages_taken_together_change_nothing_that_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    """4,000 ages of ends in 1,000 stretches, against every age by itself."""
    frame = world(4, 6_000)
    fitted, some = fit(frame), running(frame.head(100))
    found = fitted.incidence_ahead(some, [30.0, 365.0], cause="move")
    monkeypatch.setattr(cause_hazards, "MOST_EDGES", 100_000)
    exact = fitted.incidence_ahead(some, [30.0, 365.0], cause="move")
    assert np.abs(found - exact).max() < 1e-4
    assert (found != exact).any()


def test_customers_in_blocks_of_age_come_back_in_order(monkeypatch: pytest.MonkeyPatch) -> None:
    frame = world(5, 2_000)
    fitted, some = fit(frame), running(frame)
    found = fitted.incidence_ahead(some, [90.0], cause="voluntary")
    monkeypatch.setattr(cause_hazards, "ROWS", 7)
    np.testing.assert_allclose(fitted.incidence_ahead(some, [90.0], cause="voluntary"), found, rtol=1e-12)


def test_past_the_last_age_the_last_hazards_go_on() -> None:
    """From there on F_k = (1 - exp(-h t)) h_k / h, with h_k the last hazard of the cause times the customer's ratio."""
    frame = world(6, 3_000)
    fitted = fit(frame)
    old = running(frame.head(5), age=fitted.domain[1] + 10)
    pace = np.stack([part.tail_hazard * part.hazard_ratio(old) for part in fitted.by_cause])
    whole = pace.sum(axis=0)
    np.testing.assert_allclose(
        fitted.incidence_ahead(old, [500.0], cause="move")[:, 0], -np.expm1(-500 * whole) * pace[1] / whole, rtol=1e-9
    )


def test_a_known_world_comes_back() -> None:
    """Constant hazards: F_k(t) = h_k / h (1 - exp(-h t)), whatever the age; coefficients within three standard errors."""
    frame = world(7, 20_000, late=True)
    fitted = fit(frame)
    for row in fitted.summary().iter_rows(named=True):
        cause, name = row["term"].split(": ")
        assert abs(row["estimate"] - BETA[cause][name]) < 3 * row["std_error"]
        assert row["std_error"] < 0.05
    some = running(frame.head(200), age=100.0)
    debit, amount = some["debit"].to_numpy(), some["amount"].to_numpy()
    pace = {cause: RATE[cause] * np.exp(b["debit"] * debit + b["amount"] * amount) for cause, b in BETA.items()}
    whole = sum(pace.values())
    for cause in fitted.causes:
        truth = pace[cause] / whole * -np.expm1(-90 * whole)
        assert np.abs(fitted.incidence_ahead(some, [90.0], cause=cause)[:, 0] - truth).mean() < 0.01


def test_survival_is_that_of_all_causes() -> None:
    frame = world(8, 2_000)
    fitted, some = fit(frame), running(frame.head(30))
    expected = np.prod([part.survival_ahead(some, [90.0]) for part in fitted.by_cause], axis=0)
    np.testing.assert_allclose(fitted.survival_ahead(some, [90.0]), expected)
    low, high = fitted.survival_ahead_bounds(some, [90.0], level=0.9)
    parts = [part.hazard_ahead(some, [90.0]) for part in fitted.by_cause]
    hazard = parts[0][0] + parts[1][0]
    error = np.sqrt((parts[0][0] * parts[0][1]) ** 2 + (parts[1][0] * parts[1][1]) ** 2) / hazard
    np.testing.assert_allclose(low, np.exp(-hazard * np.exp(1.6448536 * error)), rtol=1e-6)
    np.testing.assert_allclose(high, np.exp(-hazard * np.exp(-1.6448536 * error)), rtol=1e-6)


def test_bounds_of_a_cause_move_with_the_hazards() -> None:
    """The delta method on exp-scaled hazards, by differences, with a constant share of the hazard for each cause."""
    frame = world(8, 2_000)
    fitted, some = fit(frame), running(frame.head(30))
    parts = [part.hazard_ahead(some, [90.0]) for part in fitted.by_cause]
    hazards, errors = (np.stack(each)[:, :, 0] for each in zip(*parts, strict=True))

    def log_incidence(hazards: np.ndarray) -> np.ndarray:
        whole = hazards.sum(axis=0)
        return np.log(hazards[1] / whole * -np.expm1(-whole))

    slopes = [(log_incidence(hazards * up) - log_incidence(hazards / up)) / 2e-4 for up in (np.exp([[1e-4], [0]]), np.exp([[0], [1e-4]]))]
    error = np.sqrt(sum((slope * e) ** 2 for slope, e in zip(slopes, errors, strict=True)))
    found = fitted.incidence_ahead(some, [90.0], cause="move")[:, 0]
    hazard = -np.log1p(-found)
    reach = np.exp(1.6448536 * error * found / (1 - found) / hazard)
    low, high = fitted.incidence_ahead_bounds(some, [90.0], cause="move", level=0.9)
    np.testing.assert_allclose(low[:, 0], -np.expm1(-hazard / reach), rtol=1e-5)
    np.testing.assert_allclose(high[:, 0], -np.expm1(-hazard * reach), rtol=1e-5)


def test_strata_have_baselines_of_their_own() -> None:
    frame = world(9, 2_000).with_columns(plan=pl.when(pl.int_range(pl.len()) % 2 == 0).then(pl.lit("S")).otherwise(pl.lit("L")))
    fitted = fit(frame, covariates=("amount",), strata=("plan",))
    some, days = running(frame.head(40)), [90.0]
    parts = [fitted.incidence_ahead(some, days, cause=cause) for cause in fitted.causes]
    np.testing.assert_allclose(sum(parts) + fitted.survival_ahead(some, days), 1.0, rtol=1e-12)
    assert "plan" in {column.name for column in fitted.needs.columns}


def test_splines_categories_and_empty_values() -> None:
    frame = world(10, 3_000).with_columns(
        plan=pl.when(pl.int_range(pl.len()) % 3 == 0).then(pl.lit("S")).otherwise(pl.lit("L")),
        amount=pl.when(pl.int_range(pl.len()) % 10 > 0).then("amount"),
    )
    fitted = fit(frame, covariates=("plan", "amount"), splines={"amount": 2}, missing="indicator")
    assert len(fitted.summary()) == 2 * len(fitted.by_cause[0].terms) == 8
    assert fitted.score(running(frame.head(20)))["churn_probability_90d_move"].null_count() == 0
    names, parts = fitted.contributions(frame.head(20))
    assert names == ("plan", "amount")
    shares = fitted.ends / fitted.ends.sum()
    expected = sum(share * fitted.contributions(frame.head(20), cause=cause)[1] for share, cause in zip(shares, fitted.causes, strict=True))
    np.testing.assert_allclose(parts, expected)


def test_moved_parameters_move_the_forecast() -> None:
    frame = world(11, 2_000)
    fitted, some = fit(frame), running(frame.head(5))
    same = fitted.moved(fitted.coordinates)
    np.testing.assert_array_equal(same.survival_ahead(some, [90.0]), fitted.survival_ahead(some, [90.0]))
    assert np.diag(fitted.covariance) == pytest.approx(fitted.summary()["std_error"].to_numpy() ** 2)
    further = fitted.moved(fitted.coordinates + np.array([0, 0, 0.3, 0]))
    ratio = further.of("move").hazard_ratio(some) / fitted.of("move").hazard_ratio(some)
    np.testing.assert_allclose(ratio, np.exp(0.3 * (some["debit"].to_numpy() - fitted.of("move").means[0])))


def test_each_cause_is_a_cox_regression() -> None:
    frame = world(12, 1_000)
    fitted = fit(frame, robust=True, ties="breslow")
    alone = Cox(covariates=("debit", "amount"), robust=True, ties="breslow").fit(
        frame.with_columns(event=(pl.col("end_reason") == "move").fill_null(value=False)), as_of=DAY
    )
    np.testing.assert_array_equal(fitted.of("move").covariance, alone.covariance)
    assert fitted.info.log_likelihood == pytest.approx(sum(part.info.log_likelihood for part in fitted.by_cause))
    assert fitted.info.notes[-1].startswith("move: Past the last observed age")


@pytest.mark.parametrize(
    ("change", "error", "match"),
    [
        ({"end_reason": pl.lit(None, pl.String)}, NotEnoughEventsError, "all ends count as one cause, 'unknown' .* Use survival.cox,"),
        ({"event": pl.lit(value=False)}, NotEnoughEventsError, r"none of the \d+ spells ended"),
        ({"debit": pl.lit(1.0)}, FitError, r"survival.cause_specific_cox: of ends by voluntary: debit is constant \(1\)"),
        (
            {"debit": (pl.col("end_reason") == "move").fill_null(value=False)},
            FitError,
            "of ends by voluntary: the coefficient of debit runs",
        ),
        ({"debit": pl.when(pl.col("debit") > 0).then(1.0)}, TableError, r"debit: \d+ of 600 rows are null"),
    ],
)
def test_bad_input_is_refused_with_its_reason(change: dict[str, pl.Expr], error: type[Exception], match: str) -> None:
    with pytest.raises(error, match=match):
        fit(world(13, 600).with_columns(**change))


def test_invalid_settings_are_refused() -> None:
    for settings in (
        {"covariates": ("end_reason",)},
        {"covariates": ("debit",), "reason": "debit"},
        {"covariates": ("x",), "reason": "event"},
    ):
        with pytest.raises(ParameterError, match="is given twice, or is no covariate"):
            CauseSpecificCox(**settings)
    with pytest.raises(ParameterError, match="no covariate is given"):
        CauseSpecificCox(covariates=())


def test_a_cause_that_was_not_seen_is_refused() -> None:
    fitted = fit(world(14, 600))
    for use in (
        lambda: fitted.incidence_ahead(world(14, 5), [90.0], cause="voluntry"),
        lambda: fitted.contributions(world(14, 5), cause="voluntry"),
    ):
        with pytest.raises(ParameterError, match="unknown cause 'voluntry'; did you mean 'voluntary'"):
            use()


def test_it_is_judged_by_each_cause() -> None:
    """Nobody is censored in the 60 days that follow: the Brier score of a cause is a plain mean, and ends by others are known not to be."""
    frame = world(15, 1_500).filter(pl.col("duration_days") > 40)
    seen = frame.with_columns(duration_days=pl.lit(40.0), event=pl.lit(value=False))
    later = frame.with_columns(duration_days=pl.min_horizontal("duration_days", pl.lit(100.0)))
    later = later.with_columns(event=pl.col("event") & (frame["duration_days"] <= 100.0)).filter(
        pl.col("event") | (pl.col("duration_days") == 100)
    )
    model = CauseSpecificCox(covariates=("debit", "amount"))
    fitted = model.fit(world(16, 3_000), as_of=DAY)
    judged = model.judge(fitted, seen, later)
    kept = seen.join(later.select("customer_id"), on="customer_id", how="semi", maintain_order="left")
    for cause in fitted.causes:
        share = fitted.incidence_ahead(kept, [60.0], cause=cause)[:, 0]
        mine = (later["event"] & (later["end_reason"] == cause).fill_null(value=False)).to_numpy()
        assert judged[f"brier_score_{cause}"] == pytest.approx(np.mean((mine - share) ** 2))
        assert judged[f"brier_skill_{cause}"] == pytest.approx(1 - np.mean((mine - share) ** 2) / mine.var())
        assert (judged[f"observed_ends_{cause}"], judged[f"expected_ends_{cause}"]) == pytest.approx((mine.sum(), share.sum()))
    assert set(model.judge(fitted, seen, later.drop("end_reason"))) == {name for name in judged if not name.endswith(fitted.causes)}
