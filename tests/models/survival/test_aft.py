"""Accelerated failure time models: flexsurv's, eha's and Reliasoft's numbers, lifelines on its data sets, worlds, and every refusal."""

from __future__ import annotations

from datetime import date
from typing import Any

import lifelines
import numpy as np
import polars as pl
import pytest
from lifelines import datasets
from scipy import integrate

from relkit.errors import FitError, NotEnoughEventsError, ParameterError, TableError
from relkit.models.covariate_declaration import Declaration
from relkit.models.lifetime_value.uncertainty import standard_errors
from relkit.models.survival import aft_model
from relkit.models.survival.log_logistic_aft import LogLogisticAft
from relkit.models.survival.log_normal_aft import LogNormalAft
from relkit.models.survival.weibull_aft import FittedWeibullAft, WeibullAft

DAY = date(2025, 6, 30)
ROSSI = ("fin", "age", "race", "wexp", "mar", "paro", "prio")
MODELS: dict[str, Any] = {"Weibull": WeibullAft, "LogNormal": LogNormalAft, "LogLogistic": LogLogisticAft}


def rossi() -> pl.DataFrame:
    frame = pl.from_pandas(datasets.load_rossi()).rename({"week": "duration_days", "arrest": "event"})
    return frame.with_columns(customer_id=pl.int_range(pl.len()).cast(pl.String))


def late_rossi() -> pl.DataFrame:
    return rossi().with_columns(entry_days=pl.when(pl.col("duration_days") > 10).then(2.0).otherwise(0.0))


@pytest.fixture(scope="module")
def fitted() -> FittedWeibullAft:
    return WeibullAft(covariates=ROSSI).fit(rossi(), as_of=DAY)


FLEXSURV = (0.27230591, 0.04072758, -0.22480808, 0.10664712, 0.31095531, 0.05883352, -0.06580211, 3.98968559, 0.33911900)
"""R's flexsurvreg(Surv(week, arrest) ~ ., dist = "weibull"), in lifelines' tests: coefficients, intercept, log shape."""


def test_rossi_is_that_of_flexsurv(fitted: FittedWeibullAft) -> None:
    """Log-likelihood -679.9166 and LR 33.42 as printed; flexsurv's optim stops 1e-5 short, a thousandth of a standard error away."""
    assert fitted.terms == (*ROSSI, "intercept", "log_rho")
    assert fitted.info.log_likelihood == pytest.approx(-679.9166, abs=5e-5)
    assert 2 * (fitted.info.log_likelihood - fitted.null_log_likelihood) == pytest.approx(33.42, abs=5e-3)
    errors = np.array([0.13796834, 0.01599442, 0.22015347, 0.15154541, 0.27326405, 0.13963680, 0.02093981, 0.41904636, 0.08900064])
    summary = fitted.summary()
    np.testing.assert_allclose(summary["std_error"], errors, rtol=1e-3)
    assert np.max(np.abs(fitted.coordinates - FLEXSURV) / errors) < 2e-3
    there = _weibull_log_likelihood(rossi(), np.array(FLEXSURV))
    assert 0 < fitted.info.log_likelihood - there < 1e-5
    assert _weibull_log_likelihood(rossi(), fitted.coordinates) == pytest.approx(fitted.info.log_likelihood, abs=1e-9)


def _weibull_log_likelihood(frame: pl.DataFrame, at: np.ndarray) -> float:
    """Return the sum of log h(t) - H(t), written out."""
    t, event = frame["duration_days"].to_numpy().astype(float), frame["event"].to_numpy().astype(bool)
    rho, log_lambda = np.exp(at[-1]), frame.select(ROSSI).to_numpy() @ at[:7] + at[7]
    log_hazard = np.log(rho) - np.log(t) + rho * (np.log(t) - log_lambda)
    return float(log_hazard[event].sum() - np.exp(rho * (np.log(t) - log_lambda)).sum())


def test_left_truncation_is_that_of_eha() -> None:
    """R's eha::aftreg, entry 2 where week > 10, in lifelines' tests, given to four digits there."""
    ours = WeibullAft(covariates=ROSSI).fit(late_rossi(), as_of=DAY)
    eha = [0.28865175, 0.04323855, -0.23883560, 0.11339258, 0.33081212, 0.06303764, -0.06954257, 3.98650094, 0.27564733]
    errors = ours.summary()["std_error"].to_numpy()
    assert np.max(np.abs(ours.coordinates - eha) / errors) < 2e-3


def test_other_distributions_on_rossi() -> None:
    """Log-normal: lifelines 0.30.3, -683.234625. Log-logistic: lifelines 0.30.3 by SLSQP with ftol 1e-14, -679.9384110527.

    By default lifelines stops the log-logistic at -679.938506, short of its maximum.
    """
    normal, logistic = (MODELS[name](covariates=ROSSI).fit(rossi(), as_of=DAY) for name in ("LogNormal", "LogLogistic"))
    assert normal.info.log_likelihood == pytest.approx(-683.234625, abs=5e-7)
    assert logistic.info.log_likelihood == pytest.approx(-679.9384110527, abs=1e-9)


def test_ends_known_by_intervals() -> None:
    """ReliaSoft, Weibull of grouped inspections, in lifelines' tests: rho 1.215, lambda 8270.88."""
    lower, counts = [0.1, *range(30, 241, 30)], [2, 5, 1, 9, 6, 6, 5, 2, 2645]
    frame = pl.DataFrame({"seen_running": lower, "seen_ended": [*lower[1:], None], "count": counts})
    model = WeibullAft(covariates=(), weight_column="count", lower_column="seen_running", upper_column="seen_ended")
    ours = model.fit(frame, as_of=DAY)
    lambda_, rho = np.exp(ours.coordinates)
    assert rho == pytest.approx(1.215, abs=1e-3)
    assert lambda_ == pytest.approx(8270.88, abs=0.02)
    written = frame.with_columns(pl.col("seen_ended").fill_null(np.inf))
    np.testing.assert_array_equal(model.fit(written, as_of=DAY).coordinates, ours.coordinates)
    one_by_one = frame[np.repeat(np.arange(9), counts)]
    alone = WeibullAft(covariates=(), lower_column="seen_running", upper_column="seen_ended").fit(one_by_one, as_of=DAY)
    np.testing.assert_allclose(alone.coordinates, ours.coordinates, rtol=1e-7)
    np.testing.assert_allclose(alone.covariance, ours.covariance, rtol=1e-5)


def _cases() -> dict[str, tuple[pl.DataFrame, tuple[str, ...]]]:
    kidney = pl.from_pandas(datasets.load_kidney_transplant()).rename({"time": "duration_days", "death": "event"})
    gbsg2 = pl.from_pandas(datasets.load_gbsg2()).rename({"time": "duration_days", "cens": "event"})
    lung = pl.from_pandas(datasets.load_lung()).select(duration_days="time", event=pl.col("status"), age="age", sex="sex", ecog="ph.ecog")
    larynx = pl.from_pandas(datasets.load_larynx()).rename({"time": "duration_days", "death": "event"})
    numbered = pl.int_range(pl.len())
    weighted = pl.from_pandas(datasets.load_regression_dataset()).rename({"T": "duration_days", "E": "event"})
    return {
        "rossi": (rossi(), ROSSI),
        "rossi, late": (late_rossi(), ROSSI),
        "rossi, weights": (rossi().with_columns(weight=1 + numbered % 3), ROSSI),
        "kidney_transplant": (kidney, ("age", "black_male", "white_male", "black_female")),
        "gbsg2": (gbsg2, ("age", "tsize", "pnodes", "progrec", "estrec")),
        "lung": (lung.drop_nulls(), ("age", "sex", "ecog")),
        "larynx": (larynx, ("age", "Stage_II", "Stage_III", "Stage_IV")),
        "regression, weights": (weighted.with_columns(weight=1 + numbered % 4), ("var1", "var2", "var3")),
    }


@pytest.mark.parametrize("kind", ["Weibull", *(pytest.param(kind, marks=pytest.mark.slow) for kind in ("LogNormal", "LogLogistic"))])
@pytest.mark.parametrize("name", _cases())
def test_lifelines_agrees_on_its_data_sets(name: str, kind: str) -> None:
    """Lifelines 0.30.3, polished: its likelihood at our coefficients is ours, and its own maximum is not above it."""
    frame, covariates = _cases()[name]
    weights = "weight" if "weight" in frame.columns else None
    entry = "entry_days" if "entry_days" in frame.columns else None
    ours = MODELS[kind](covariates=covariates, weight_column=weights or "").fit(frame, as_of=DAY)
    read = ["duration_days", "event", *covariates, *filter(None, (weights, entry))]
    peer = getattr(lifelines, f"{kind}AFTFitter")()
    peer._scipy_fit_method, peer._scipy_fit_options = "SLSQP", {"ftol": 1e-14, "maxiter": 2000}
    table = frame.with_columns(pl.col("event").cast(pl.Boolean)).select(read).to_pandas()
    peer.fit(table, "duration_days", "event", weights_col=weights, entry_col=entry)
    assert ours.info.log_likelihood == pytest.approx(peer.log_likelihood_, abs=1e-6)
    errors = ours.summary()["std_error"].to_numpy()[: len(covariates)]
    theirs = peer.params_.iloc[: len(covariates) + 1].droplevel(0)[list(covariates)].to_numpy()
    assert np.max(np.abs(ours.location[:-1] - theirs) / errors) < 1e-2


def simulated(n: int, rng: np.random.Generator, kind: str) -> pl.DataFrame:
    """The log of T is 5 + 0.5 x - 0.3 z + e / 1.4, watched from a random age and for up to 400 days more."""
    x, z = rng.normal(size=n), rng.integers(0, 2, n).astype(float)
    error = {"Weibull": np.log(rng.exponential(size=n)), "LogNormal": rng.normal(size=n), "LogLogistic": rng.logistic(size=n)}[kind]
    lifetime = np.exp(5 + 0.5 * x - 0.3 * z + error / 1.4)
    entry = np.where(rng.random(n) < 0.5, rng.uniform(0, 100, n), 0.0)
    watched = entry + rng.uniform(1, 400, n)
    columns = {"duration_days": np.minimum(lifetime, watched), "event": lifetime <= watched, "entry_days": entry, "x": x, "z": z}
    return pl.DataFrame(columns).filter(pl.Series(lifetime > entry))


@pytest.mark.parametrize("kind", MODELS)
def test_known_effects_are_recovered_and_covered(kind: str) -> None:
    """95 % intervals of 4 parameters in 40 worlds: 99.9 % binomial bounds of 160."""
    truth = np.array([0.5, -0.3, 5.0, -np.log(1.4) if kind == "LogNormal" else np.log(1.4)])
    inside, found = 0, []
    for seed in range(40):
        ours = MODELS[kind](covariates=("x", "z")).fit(simulated(800, np.random.default_rng(seed), kind), as_of=DAY)
        summary = ours.summary()
        inside += int(((summary["lower"].to_numpy() < truth) & (truth < summary["upper"].to_numpy())).sum())
        found.append(ours.coordinates)
    assert 142 <= inside <= 160
    np.testing.assert_allclose(np.mean(found, axis=0), truth, atol=0.04)


@pytest.mark.parametrize("kind", MODELS)
def test_derivatives_are_exact(kind: str) -> None:
    """Central differences of the likelihood, with late entries, weights, intervals and a covariate of the shape at once."""
    frame = simulated(200, np.random.default_rng(3), kind).with_columns(weight=1.0 + pl.int_range(pl.len()) % 2)
    low, high = pl.col("duration_days").floor().clip(lower_bound=pl.col("entry_days")), pl.col("duration_days").ceil()
    frame = frame.with_columns(low=pl.when("event").then(low).otherwise("duration_days"), high=pl.when("event").then(high))
    model = MODELS[kind](covariates=("x", "z"), shape_covariates=("z",), weight_column="weight", lower_column="low", upper_column="high")
    lives = model.lifetimes(frame)
    X, W = (aft_model.Design.of(lives.frame, Declaration(names=names), "a test").X for names in (("x", "z"), ("z",)))
    value = aft_model._Problem(model.distribution.errors, aft_model.Watched.of(lives), X, W).evaluate
    at = np.array([0.3, -0.2, 0.1, 0.2, 0.3])
    step = 1e-5 * np.eye(5)
    _, gradient, hessian = value(at)
    np.testing.assert_allclose(gradient, [(value(at + e)[0] - value(at - e)[0]) / 2e-5 for e in step], rtol=1e-6, atol=1e-5)
    np.testing.assert_allclose(hessian, [(value(at + e)[1] - value(at - e)[1]) / 2e-5 for e in step], rtol=1e-6, atol=1e-5)


def test_ends_seen_at_billing_dates_only() -> None:
    """30-day intervals cost little; taking the billing date for the end, as if observed then, distorts the shape."""
    frame = simulated(6000, np.random.default_rng(5), "Weibull").filter(pl.col("entry_days") == 0)
    bill = (pl.col("duration_days") / 30).ceil() * 30
    seen = frame.with_columns(low=pl.when("event").then(bill - 30).otherwise("duration_days"), high=pl.when("event").then(bill))
    exact = WeibullAft(covariates=("x", "z")).fit(frame, as_of=DAY)
    between = WeibullAft(covariates=("x", "z"), lower_column="low", upper_column="high").fit(seen, as_of=DAY)
    rounded = WeibullAft(covariates=("x", "z")).fit(
        frame.with_columns(duration_days=pl.when("event").then(bill).otherwise("duration_days")), as_of=DAY
    )
    error = exact.summary()["std_error"].to_numpy()
    assert np.max(np.abs(between.coordinates - exact.coordinates) / error) < 1.0
    assert abs(rounded.coordinates[-1] - exact.coordinates[-1]) / error[-1] > 3.0
    assert between.needs.names == exact.needs.names


def test_a_covariate_of_the_shape() -> None:
    """Two groups with shapes of their own, fitted at once or one by one: the same Weibulls."""
    frame = rossi()
    both = WeibullAft(covariates=("fin",), shape_covariates=("fin",)).fit(frame, as_of=DAY)
    apart = [WeibullAft(covariates=()).fit(frame.filter(fin=value), as_of=DAY) for value in (0, 1)]
    assert both.info.log_likelihood == pytest.approx(sum(one.info.log_likelihood for one in apart), abs=1e-8)
    assert both.terms == ("fin", "intercept", "log_rho:fin", "log_rho")
    assert both.coordinates[3] == pytest.approx(apart[0].coordinates[1], abs=1e-6)
    assert both.coordinates[2] == pytest.approx(apart[1].coordinates[1] - apart[0].coordinates[1], abs=1e-6)


@pytest.mark.parametrize("kind", MODELS)
def test_scale_of_the_columns_needs_no_care(kind: str) -> None:
    """Adding a million to a column and multiplying it by a billion changes its coefficient by that factor; days may be hours."""
    plain = MODELS[kind](covariates=ROSSI).fit(rossi(), as_of=DAY)
    frame = rossi().with_columns(age=(pl.col("age") + 1e6) * 1e9, prio=pl.col("prio") * 1e-9, duration_days=pl.col("duration_days") * 168)
    moved = MODELS[kind](covariates=ROSSI).fit(frame, as_of=DAY)
    factor = np.array([1, 1e9, 1, 1, 1, 1, 1e-9])
    np.testing.assert_allclose(moved.location[:-1] * factor, plain.location[:-1], rtol=1e-5)
    running = [f.with_columns(event=pl.lit(value=False)) for f in (frame, rossi())]
    churn = [model.score(f, horizon_days=h).to_series(1) for model, f, h in ((moved, running[0], 1680), (plain, running[1], 10))]
    np.testing.assert_allclose(churn[0], churn[1], rtol=1e-6)


def test_a_start_from_a_sample_ends_where_a_cold_one_does(monkeypatch: pytest.MonkeyPatch) -> None:
    frame = simulated(4000, np.random.default_rng(1), "Weibull")
    cold = WeibullAft(covariates=("x", "z")).fit(frame, as_of=DAY)
    monkeypatch.setattr(aft_model, "_WARM_ROWS", 1000)
    warm = WeibullAft(covariates=("x", "z")).fit(frame, as_of=DAY)
    np.testing.assert_allclose(warm.coordinates, cold.coordinates, rtol=1e-6)
    np.testing.assert_allclose(warm.covariance, cold.covariance, rtol=1e-4, atol=1e-12)
    assert warm.info.log_likelihood == pytest.approx(cold.info.log_likelihood, abs=1e-8)
    assert warm.null_log_likelihood == pytest.approx(cold.null_log_likelihood, abs=1e-8)
    # A value so rare that the sample lacks it: all rows decide.
    rare = frame.with_columns(rare=pl.int_range(pl.len()).is_in([3, 14, 27]).cast(pl.Float64))
    again = WeibullAft(covariates=("x", "rare")).fit(rare, as_of=DAY)
    monkeypatch.setattr(aft_model, "_WARM_ROWS", 10**9)
    np.testing.assert_allclose(again.coordinates, WeibullAft(covariates=("x", "rare")).fit(rare, as_of=DAY).coordinates, rtol=1e-6)


@pytest.mark.parametrize("kind", MODELS)
def test_what_is_ahead_is_the_integral_of_survival(kind: str) -> None:
    """Score, median and mean of the days ahead against quadrature of S(t + u) / S(t)."""
    frame = rossi().head(3).with_columns(duration_days=pl.Series([0.0, 20.0, 300.0]), event=pl.lit(value=False))
    ours = MODELS[kind](covariates=ROSSI).fit(rossi(), as_of=DAY)
    peer = getattr(lifelines, f"{kind}AFTFitter")().fit(datasets.load_rossi(), "week", "arrest")
    curves = peer.predict_survival_function(datasets.load_rossi()[:3], times=[20.0, 40.0]).to_numpy()
    seen = ours.survival(frame, [20, 40])["survival"].to_numpy().reshape(3, 2)
    np.testing.assert_allclose(seen, curves.T, rtol=2e-3)
    churn = ours.score(frame, horizon_days=20)["churn_probability_20d"]
    assert churn[1] == pytest.approx(1 - seen[1, 1] / seen[1, 0], rel=1e-12)
    median = ours.median_remaining_days(frame)
    np.testing.assert_allclose([ours.survival_ahead(frame[i : i + 1], [median[i]])[0, 0] for i in range(3)], 0.5, rtol=1e-9)
    assert ours.median_lifetime(frame)[0] == pytest.approx(median[0], rel=1e-9)
    logs = np.linspace(-15, 60, 6001)
    area = integrate.simpson(np.exp(logs) * ours.survival_ahead(frame, np.exp(logs)), x=logs)
    np.testing.assert_allclose(ours.expected_remaining_days(frame), area, rtol=1e-5)


def test_a_heavy_tail_has_no_mean(fitted: FittedWeibullAft) -> None:
    frame = rossi().head(2)
    heavy = LogLogisticAft(covariates=ROSSI).fit(rossi(), as_of=DAY)
    heavy = heavy.moved(np.append(heavy.coordinates[:-1], -0.1))
    assert np.isinf(heavy.expected_remaining_days(frame)).all()
    assert np.isfinite(heavy.median_remaining_days(frame)).all()
    old = frame.with_columns(duration_days=pl.Series([5e4, 1e5]))
    assert (fitted.expected_remaining_days(old) > 0).all()
    # Far out a Weibull's hazard is rho / t (t / lambda)^rho, and what is left one over it.
    rho, lambda_ = np.exp(fitted.shape[-1]), np.exp(frame.select(ROSSI).to_numpy() @ fitted.location[:-1] + fitted.location[-1])
    age = old["duration_days"].to_numpy()
    np.testing.assert_allclose(fitted.expected_remaining_days(old), age / rho / (age / lambda_) ** rho, rtol=1e-3)


@pytest.mark.parametrize("kind", MODELS)
def test_bounds_are_those_of_moved_parameters(kind: str) -> None:
    """The closed slopes of the hazard ahead against the delta method by moving each coordinate."""
    frame = rossi().head(5).with_columns(duration_days=pl.Series([0.0, 5.0, 20.0, 50.0, 400.0]))
    ours = MODELS[kind](covariates=ROSSI, shape_covariates=("age",)).fit(rossi(), as_of=DAY)
    error = standard_errors(ours, lambda model: np.log(-np.log(model.survival_ahead(frame, [10.0, 60.0]))))
    hazard = -np.log(ours.survival_ahead(frame, [10.0, 60.0]))
    low, high = ours.survival_ahead_bounds(frame, [10.0, 60.0], level=0.9)
    np.testing.assert_allclose(low, np.exp(-hazard * np.exp(1.6448536 * error)), rtol=1e-4)
    np.testing.assert_allclose(high, np.exp(-hazard / np.exp(1.6448536 * error)), rtol=1e-4)


def test_contributions_are_log_hazard_ratios(fitted: FittedWeibullAft) -> None:
    """Relative to the mean customer: of a Weibull, the sum is the log of the ratio of hazards at any age."""
    names, parts = fitted.contributions(rossi())
    assert names == ROSSI
    np.testing.assert_allclose(parts.mean(axis=0), 0, atol=1e-12)
    hazard = -np.log(fitted.survival_ahead(rossi().with_columns(duration_days=0.0), [30.0])[:, 0])
    np.testing.assert_allclose(parts.sum(axis=1) - parts[0].sum(), np.log(hazard / hazard[0]), atol=1e-9)
    grouped = rossi().with_columns(town=pl.Series(["a", "b", "c", "a"] * 108))
    names, parts = WeibullAft(covariates=("town", "age")).fit(grouped, as_of=DAY).contributions(grouped)
    assert (names, parts.shape) == (("town", "age"), (432, 2))


def test_ended_spells_get_no_score(fitted: FittedWeibullAft) -> None:
    score = fitted.score(rossi(), horizon_days=5)
    assert score["churn_probability_5d"].is_null().to_list() == rossi()["event"].cast(pl.Boolean).to_list()
    absurd = rossi().head(2).with_columns(age=pl.Series([-1e9, 1e9]), event=pl.lit(value=False))
    assert fitted.score(absurd)["churn_probability_90d"].to_list() == pytest.approx([1.0, 0.0], abs=1e-12)


def test_probabilities_are_calibrated_in_later_time() -> None:
    rng = np.random.default_rng(6)
    model = WeibullAft(covariates=("x", "z"))
    fitted = model.fit(simulated(20_000, rng, "Weibull"), as_of=DAY)
    now = simulated(60_000, rng, "Weibull").filter(~pl.col("event")).with_columns(customer_id=pl.int_range(pl.len()).cast(pl.String))
    scale, age = np.exp(5 + 0.5 * now["x"] - 0.3 * now["z"]).to_numpy(), now["duration_days"].to_numpy()
    lifetime = scale * ((age / scale) ** 1.4 + rng.exponential(size=len(now))) ** (1 / 1.4)
    outcomes = now.select("customer_id", duration_days=pl.Series(np.minimum(lifetime, age + 90)), event=pl.Series(lifetime <= age + 90))
    judged = model.judge(fitted, now, outcomes)
    assert judged["calibration_error"] < 0.02
    assert judged["observed_ends"] == pytest.approx(judged["expected_ends"], rel=0.04)


@pytest.mark.parametrize("kind", MODELS)
@pytest.mark.parametrize(
    ("change", "error", "match"),
    [
        ({"event": pl.lit(value=False)}, NotEnoughEventsError, r"none of the 432 spells ended.*Take a longer period"),
        ({"event": pl.int_range(pl.len()) < 3}, NotEnoughEventsError, r"3 spells ended; 9 parameters need more\. Use fewer covariates"),
        ({"fin": pl.lit(1.0)}, FitError, r"fin is 1 for everybody, so it explains nothing\. Drop fin"),
        ({"fin": pl.col("age") * 2 + pl.col("mar") - 3}, FitError, r"mar follows from fin, age, so their effects cannot be told apart"),
        (
            {"fin": pl.when(pl.col("event") == 1).then(0).otherwise(pl.col("fin"))},
            FitError,
            "the coefficient of fin runs to infinity: .* Drop fin",
        ),
        ({"duration_days": pl.col("duration_days") - 10.0}, TableError, r"duration_days: \d+ of 432 rows are below 0 \(first: row \d+"),
        ({"duration_days": pl.lit(7.0), "event": pl.lit(value=True)}, FitError, "the ages at which spells end hardly differ"),
        ({"fin": pl.when(pl.col("fin") > 0).then(1.0)}, TableError, "fin: 216 of 432 rows are null"),
    ],
)
def test_bad_input_is_refused_with_its_reason(kind: str, change: dict[str, pl.Expr], error: type[Exception], match: str) -> None:
    with pytest.raises(error, match=match):
        MODELS[kind](covariates=ROSSI).fit(rossi().with_columns(**change), as_of=DAY)


def test_ends_at_age_0_count_as_half_a_day() -> None:
    frame = rossi().with_columns(duration_days=pl.when(pl.int_range(pl.len()) < 12).then(0.0).otherwise("duration_days"))
    half = frame.with_columns(
        duration_days=pl.when((pl.col("duration_days") == 0) & (pl.col("event") == 1)).then(0.5).otherwise("duration_days")
    )
    ours, other = (WeibullAft(covariates=ROSSI).fit(f, as_of=DAY) for f in (frame, half.filter(pl.col("duration_days") > 0)))
    assert ours.info.log_likelihood == pytest.approx(other.info.log_likelihood, abs=1e-9)
    at_once = frame.filter((pl.col("duration_days") == 0) & (pl.col("event") == 1)).height
    assert f"{at_once} spells ended on the day they started; they count as half a day." in ours.info.notes
    assert f"{12 - at_once} spells were left out: they were not watched for any time." in ours.info.notes


@pytest.mark.parametrize(
    ("settings", "match"),
    [
        ({"covariates": ("age", "age")}, "'age' is given twice, or is no covariate"),
        ({"covariates": ("event",)}, "'event' is given twice, or is no covariate"),
        ({"covariates": ("age",), "shape_covariates": ("event",)}, "shape_covariates: 'event' is given twice"),
        ({"covariates": ("age",), "lower_column": "low"}, "only one bound of the interval is named"),
        ({"covariates": ("age",), "level": 1.0}, "level is 1"),
        ({"covariates": ("age",), "weight_column": "age"}, "weight_column is 'age', which the model reads already"),
    ],
)
def test_invalid_settings_are_refused(settings: dict[str, Any], match: str) -> None:
    with pytest.raises(ParameterError, match=match):
        WeibullAft(**settings)


def test_an_interval_that_runs_backwards() -> None:
    frame = pl.DataFrame({"low": [5.0, 9.0], "high": [3.0, 12.0]})
    with pytest.raises(TableError, match=r"high: below low \(low, high\): 1 of 2 rows"):
        WeibullAft(covariates=(), lower_column="low", upper_column="high").fit(frame, as_of=DAY)
