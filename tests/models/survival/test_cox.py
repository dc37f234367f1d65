"""Cox: R's numbers, lifelines on its own data sets, known parameters recovered, and every refusal."""

from __future__ import annotations

from datetime import date

import numpy as np
import polars as pl
import pytest
from lifelines import CoxPHFitter, datasets

from relkit.errors import FitError, NotConvergedError, NotEnoughEventsError, ParameterError, TableError
from relkit.models.survival import cox_newton
from relkit.models.survival.cox import Cox, FittedCox

DAY = date(2025, 6, 30)
ROSSI = ("fin", "age", "race", "wexp", "mar", "paro", "prio")


def rossi() -> pl.DataFrame:
    frame = pl.from_pandas(datasets.load_rossi()).rename({"week": "duration_days", "arrest": "event"})
    return frame.with_columns(customer_id=pl.int_range(pl.len()).cast(pl.String))


def active(frame: pl.DataFrame) -> pl.DataFrame:
    return frame.with_columns(event=pl.lit(value=False))


@pytest.fixture(scope="module")
def fitted() -> FittedCox:
    return Cox(covariates=ROSSI).fit(rossi(), as_of=DAY)


def simulated(seed: int, n: int, beta: tuple[float, ...], *, days: int = 730) -> pl.DataFrame:
    """Constant hazard 1/400 a day times exp(x'beta); whole days, so many ties; watched for `days`."""
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n, len(beta)))
    lifetime = np.ceil(rng.exponential(400 / np.exp(X @ np.array(beta))))
    watched = rng.integers(1, days, n)
    columns = {f"x{j}": X[:, j] for j in range(len(beta))}
    return pl.DataFrame({"duration_days": np.minimum(lifetime, watched).astype(float), "event": lifetime <= watched, **columns})


def test_rossi_is_that_of_r(fitted: FittedCox) -> None:
    """R 4, survival::coxph(Surv(week, arrest) ~ fin + age + race + wexp + mar + paro + prio, data = Rossi), ties = "efron"."""
    summary = fitted.summary()
    assert summary["term"].to_list() == list(ROSSI)
    estimates = [-0.3794222, -0.0574377, 0.3138998, -0.1497957, -0.4337039, -0.0848711, 0.0914971]
    assert summary["estimate"].to_list() == pytest.approx(estimates, abs=5e-8)
    errors = [0.19138, 0.02200, 0.30799, 0.21222, 0.38187, 0.19576, 0.02865]
    assert summary["std_error"].to_list() == pytest.approx(errors, abs=5e-6)
    assert fitted.info.log_likelihood == pytest.approx(-658.747659, abs=5e-7)
    assert fitted.concordance == pytest.approx(0.640329, abs=5e-7)
    assert -2 * (fitted.null_log_likelihood - fitted.info.log_likelihood) == pytest.approx(33.27, abs=5e-3)


def _cases() -> dict[str, tuple[pl.DataFrame, tuple[str, ...], str | None]]:
    kidney = pl.from_pandas(datasets.load_kidney_transplant()).rename({"time": "duration_days", "death": "event"})
    gbsg2 = pl.from_pandas(datasets.load_gbsg2()).rename({"time": "duration_days", "cens": "event"})
    lung = pl.from_pandas(datasets.load_lung()).select(duration_days="time", event=pl.col("status"), age="age", sex="sex", ecog="ph.ecog")
    aids = pl.from_pandas(datasets.load_multicenter_aids_cohort_study())
    aids = aids.select(duration_days="T", event=pl.col("D").cast(pl.Float64), entry_days="W", age=pl.col("AIDSY"))
    late = rossi().with_columns(entry_days=pl.when(pl.col("duration_days") > 10).then(2.0).otherwise(0.0))
    spread = rossi().with_columns(
        entry_days=(pl.col("duration_days") - 1 - pl.int_range(pl.len()) % 40).clip(lower_bound=0).cast(pl.Float64)
    )
    return {
        "kidney_transplant": (kidney, ("age", "black_male", "white_male", "black_female"), None),
        "gbsg2": (gbsg2, ("age", "tsize", "pnodes", "progrec", "estrec"), None),
        "lung": (lung.drop_nulls(), ("age", "sex", "ecog"), None),
        "aids, entry": (aids, ("age",), "entry_days"),
        "rossi, entry 2": (late, ROSSI, "entry_days"),
        "rossi, entries of all ages": (spread, ROSSI, "entry_days"),
    }


@pytest.mark.parametrize("name", ["kidney_transplant", "gbsg2", "lung", "aids, entry", "rossi, entry 2", "rossi, entries of all ages"])
def test_lifelines_agrees_on_its_data_sets(name: str) -> None:
    """Lifelines 0.30.3, CoxPHFitter().fit(frame, "duration_days", "event", entry_col=...): coefficients, errors, log L, baseline."""
    frame, covariates, entry = _cases()[name]
    columns = ["duration_days", "event", *covariates, *([entry] if entry else [])]
    peer = CoxPHFitter().fit(
        frame.select(columns).to_pandas(), "duration_days", "event", entry_col=entry, fit_options={"precision": 1e-12, "r_precision": 1e-14}
    )
    ours = Cox(covariates=covariates).fit(frame, as_of=DAY)
    np.testing.assert_allclose(ours.coefficients, peer.params_, rtol=1e-6, atol=1e-9)
    np.testing.assert_allclose(np.sqrt(np.diag(ours.covariance)), peer.standard_errors_, rtol=1e-6)
    assert ours.info.log_likelihood == pytest.approx(peer.log_likelihood_, abs=1e-6)
    if entry is None:  # lifelines leaves entry out of its baseline and of its concordance
        hazard = peer.baseline_cumulative_hazard_["baseline cumulative hazard"]
        np.testing.assert_allclose(ours.cumulative_baseline(hazard.index.to_numpy()), hazard, rtol=1e-6)
        assert ours.concordance == pytest.approx(peer.concordance_index_, abs=1e-9)


@pytest.mark.parametrize("name", ["aids, entry", "rossi, entries of all ages"])
def test_the_baseline_is_ends_over_the_risk_of_those_who_were_there(name: str) -> None:
    """Breslow (1974), written out age by age, without those who had not entered."""
    frame, covariates, _ = _cases()[name]
    ours = Cox(covariates=covariates).fit(frame, as_of=DAY)
    theta = ours.hazard_ratio(frame)
    duration, event, entry = (frame[c].cast(pl.Float64).to_numpy() for c in ("duration_days", "event", "entry_days"))
    ages = np.unique(duration[event == 1])
    there = [(duration >= age) & ((entry < age) | (entry == 0)) for age in ages]
    steps = [event[duration == age].sum() / theta[risk].sum() for age, risk in zip(ages, there, strict=True)]
    np.testing.assert_allclose(ours.cumulative_baseline(ages), np.cumsum(steps), rtol=1e-10)


def test_ages_without_ties_make_no_difference_between_treatments() -> None:
    frame = rossi().with_columns(duration_days=pl.col("duration_days") + pl.int_range(pl.len()) / 1000)
    efron, breslow = (Cox(covariates=ROSSI, ties=ties).fit(frame, as_of=DAY) for ties in ("efron", "breslow"))
    np.testing.assert_allclose(efron.coefficients, breslow.coefficients, rtol=1e-12)
    tied = Cox(covariates=ROSSI, ties="breslow").fit(rossi(), as_of=DAY)
    assert abs(tied.coefficients[0] - -0.3794222) > 1e-4


def test_scale_of_the_columns_needs_no_care(fitted: FittedCox) -> None:
    """Adding a million to a column and multiplying it by a billion changes its coefficient by that factor and nothing else."""
    frame = rossi().with_columns(age=(pl.col("age") + 1e6) * 1e9, prio=pl.col("prio") * 1e-9)
    moved = Cox(covariates=ROSSI).fit(frame, as_of=DAY)
    factor = np.array([1, 1e9, 1, 1, 1, 1, 1e-9])
    np.testing.assert_allclose(moved.coefficients * factor, fitted.coefficients, rtol=1e-6)
    np.testing.assert_allclose(moved.score(active(frame))["hazard_ratio"], fitted.score(active(rossi()))["hazard_ratio"], rtol=1e-6)


def test_known_effects_are_recovered_and_covered() -> None:
    """95 % intervals of 60 worlds with 3 effects each contain the truth in about 95 % of cases (binomial 99.9 % bounds of 180)."""
    truth = (0.5, -0.3, 0.0)
    inside = 0
    for seed in range(60):
        summary = Cox(covariates=("x0", "x1", "x2")).fit(simulated(seed, 800, truth), as_of=DAY).summary()
        inside += int(((summary["lower"] < pl.Series(truth)) & (pl.Series(truth) < summary["upper"])).sum())
    assert 160 <= inside <= 179


def test_a_start_from_a_sample_ends_where_a_cold_one_does(monkeypatch: pytest.MonkeyPatch) -> None:
    frame = simulated(1, 8000, (0.5, -0.3))
    cold = Cox(covariates=("x0", "x1")).fit(frame, as_of=DAY)
    monkeypatch.setattr(cox_newton, "WARM_ROWS", 1000)
    warm = Cox(covariates=("x0", "x1")).fit(frame, as_of=DAY)
    np.testing.assert_allclose(warm.coefficients, cold.coefficients, rtol=1e-9)
    np.testing.assert_allclose(warm.covariance, cold.covariance, rtol=1e-6)
    # A value so rare that the sample lacks it: all rows decide.
    oldest = pl.col("duration_days").rank("ordinal", descending=True)
    rare = frame.with_columns(rare=oldest.is_in([3, 4]).cast(pl.Float64), event=pl.col("event") | (oldest == 4))
    again = Cox(covariates=("x0", "rare")).fit(rare, as_of=DAY)
    monkeypatch.setattr(cox_newton, "WARM_ROWS", 10**9)
    np.testing.assert_allclose(again.coefficients, Cox(covariates=("x0", "rare")).fit(rare, as_of=DAY).coefficients, rtol=1e-9)


def test_score_is_conditional_on_the_duration_so_far(fitted: FittedCox) -> None:
    """1 - S(t + h | x) / S(t | x), from lifelines' predict_survival_function."""
    frame = active(rossi()).with_columns(duration_days=pl.lit(20.0))
    peer = CoxPHFitter().fit(datasets.load_rossi(), "week", "arrest")
    curves = peer.predict_survival_function(datasets.load_rossi(), times=[20.0, 40.0]).to_numpy()
    score = fitted.score(frame, horizon_days=20)
    assert score.columns == ["customer_id", "churn_probability_20d", "hazard_ratio"]
    np.testing.assert_allclose(score["churn_probability_20d"], 1 - curves[1] / curves[0], rtol=1e-5)
    np.testing.assert_allclose(score["hazard_ratio"], peer.predict_partial_hazard(datasets.load_rossi()), rtol=1e-5)
    survival = fitted.survival(frame, [20, 40])
    np.testing.assert_allclose(survival["survival"].to_numpy().reshape(-1, 2), curves.T, rtol=1e-5)
    assert survival["customer_id"].to_list()[:3] == ["0", "0", "1"]


def test_past_the_last_age_the_last_hazard_goes_on(fitted: FittedCox) -> None:
    frame = active(rossi())[:3].with_columns(duration_days=pl.Series([52.0, 60.0, 5000.0]))
    score = fitted.score(frame, horizon_days=90)
    expected = 1 - np.exp(-fitted.tail_hazard * 90 * score["hazard_ratio"].to_numpy())
    np.testing.assert_allclose(score["churn_probability_90d"], expected, rtol=1e-12)
    assert "Past the last observed age, 52 days, the risk of leaving stays that of the last observed stretch" in fitted.info.notes[-1]
    assert fitted.domain == (0.0, 52.0)


def test_absurd_covariates_still_give_probabilities(fitted: FittedCox) -> None:
    frame = active(rossi())[:2].with_columns(age=pl.Series([-1e9, 1e9]), duration_days=pl.lit(10.0))
    assert fitted.score(frame)["churn_probability_90d"].to_list() == pytest.approx([1.0, 0.0], abs=1e-12)


def test_ended_spells_get_no_score(fitted: FittedCox) -> None:
    score = fitted.score(rossi(), horizon_days=5)
    assert score["churn_probability_5d"].is_null().to_list() == rossi()["event"].cast(pl.Boolean).to_list()
    without = fitted.score(rossi().drop("event"), horizon_days=5)
    assert without["churn_probability_5d"].null_count() == 0
    np.testing.assert_array_equal(fitted.hazard_ratio(rossi().drop("customer_id")), without["hazard_ratio"])


def test_probabilities_are_calibrated_in_later_time() -> None:
    frame = simulated(5, 12_000, (0.6, -0.4)).with_columns(customer_id=pl.int_range(pl.len()).cast(pl.String))
    model = Cox(covariates=("x0", "x1"))
    fitted = model.fit(frame, as_of=DAY)
    rng = np.random.default_rng(6)
    now = active(frame).with_columns(duration_days=pl.Series(rng.integers(1, 300, len(frame)).astype(float)))
    rate = np.exp(0.6 * now["x0"].to_numpy() - 0.4 * now["x1"].to_numpy()) / 400
    lifetime = np.ceil(rng.exponential(1 / rate))
    until = pl.col("duration_days") + pl.Series(np.minimum(lifetime, 120.0))
    outcomes = now.select("customer_id", duration_days=until, event=pl.Series(lifetime <= 120))
    judged = model.judge(fitted, now, outcomes)
    assert judged["calibration_error"] < 0.02
    assert judged["observed_ends"] == pytest.approx(judged["expected_ends"], rel=0.03)
    assert judged["concordance"] > 0.65
    assert judged["brier_skill"] > 0.08
    assert (judged["rows"], judged["holdout_days"]) == (12_000, 120.0)


@pytest.mark.parametrize(
    ("change", "error", "match"),
    [
        ({"event": pl.lit(value=False)}, NotEnoughEventsError, r"survival\.cox: none of the 432 spells ended.*Take a longer period"),
        (
            {"event": pl.int_range(pl.len()) < 3},
            NotEnoughEventsError,
            r"3 spells ended, fewer than the 7 covariates\. Use fewer covariates or a longer period, or give a penalty",
        ),
        ({"fin": pl.lit(1.0)}, FitError, r"fin is constant \(1\) among the spells at risk .* Drop it from covariates"),
        (
            {"fin": pl.col("age") * 2 + pl.col("mar") - 3},
            FitError,
            "mar follows from fin, age, so their effects cannot be told apart. Drop mar",
        ),
        (
            {"fin": pl.col("event").cast(pl.Float64)},
            FitError,
            "the coefficient of fin runs to infinity: .* Drop fin from covariates, or merge",
        ),
        ({"duration_days": pl.col("duration_days") - 10.0}, TableError, r"duration_days: \d+ of 432 rows are below 0 \(first: row \d+"),
        ({"fin": pl.when(pl.col("fin") > 0).then(1.0)}, TableError, "fin: 216 of 432 rows are null"),
        ({"fin": pl.col("fin") / 0}, TableError, "fin: 216 of 432 rows are not a number"),
        ({"fin": 1 / pl.col("fin")}, TableError, "fin: 216 of 432 rows are infinite"),
        ({"fin": pl.lit("yes")}, TableError, "fin is 'yes' wherever it is known, so it explains nothing. Drop fin from the covariates"),
        (
            {"entry_days": pl.lit(30.0)},
            TableError,
            r"entry_days: over duration_days \(entry_days, duration_days\): \d+ of 432 rows \(first: row",
        ),
        ({"entry_days": pl.lit(-1.0)}, TableError, "entry_days: 432 of 432 rows are below 0"),
    ],
)
def test_bad_input_is_refused_with_its_reason(change: dict[str, pl.Expr], error: type[Exception], match: str) -> None:
    with pytest.raises(error, match=match):
        Cox(covariates=ROSSI).fit(rossi().with_columns(**change), as_of=DAY)


def test_an_absent_covariate_names_the_nearest_column() -> None:
    with pytest.raises(TableError, match=r"column 'prior' is missing \(did you mean 'prio'\)"):
        Cox(covariates=("prior",)).fit(rossi(), as_of=DAY)


def test_separation_by_several_columns_together_is_seen() -> None:
    """Neither column separates alone; x - y has the order of the ends."""
    rng = np.random.default_rng(1)
    x, n = rng.normal(size=80), 80
    frame = pl.DataFrame({"x": x, "y": x + np.arange(n) * 0.1, "duration_days": np.arange(1.0, n + 1), "event": np.ones(n, bool)})
    with pytest.raises(FitError, match=r"the coefficient of . runs to infinity"):
        Cox(covariates=("x", "y")).fit(frame, as_of=DAY)


def test_newton_that_gets_nowhere_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cox_newton, "MAX_STEPS", 2)
    with pytest.raises(NotConvergedError, match=r"no maximum after 2 steps of Newton's method\. Look for covariates with extreme values"):
        Cox(covariates=ROSSI).fit(rossi(), as_of=DAY)


def test_spells_first_seen_on_their_last_day_are_left_out_and_counted() -> None:
    frame = rossi().with_columns(entry_days=pl.when(pl.col("duration_days") < 5).then("duration_days").otherwise(0.0))
    found = Cox(covariates=ROSSI).fit(frame, as_of=DAY)
    assert found.info.rows == 428
    assert found.info.notes[0] == "4 spells were left out: they were first seen on the day they were last seen."
    first = rossi()["duration_days"].to_list().index(1.0)
    one = rossi().with_columns(entry_days=pl.when(pl.int_range(pl.len()) == first).then("duration_days").otherwise(0.0))
    note = Cox(covariates=ROSSI).fit(one, as_of=DAY).info.notes[0]
    assert note == "1 spell was left out: it was first seen on the day it was last seen."


@pytest.mark.parametrize(
    ("settings", "match"),
    [
        ({"covariates": ()}, "no covariate is given. Name columns, or use survival.kaplan_meier"),
        ({"covariates": ("a", "a")}, "'a' is given twice, or is no covariate. Name each column once"),
        ({"covariates": ("duration_days",)}, "'duration_days' is given twice, or is no covariate"),
        ({"covariates": ("a",), "level": 1.0}, "level is 1; it must lie between 0 and 1"),
        ({"covariates": ("a",), "ties": "efon"}, "unknown treatment of ties 'efon'; did you mean 'efron'"),
    ],
)
def test_invalid_settings_are_refused(settings: dict[str, object], match: str) -> None:
    with pytest.raises(ParameterError, match=match):
        Cox(**settings)  # type: ignore[arg-type]


def test_a_horizon_is_at_least_a_day(fitted: FittedCox) -> None:
    with pytest.raises(ParameterError, match="horizon_days is 0; it must be at least 1"):
        fitted.score(active(rossi()), horizon_days=0)


def test_order_of_rows_and_extra_columns_do_not_matter(fitted: FittedCox) -> None:
    shuffled = rossi().sample(fraction=1.0, shuffle=True, seed=3).with_columns(extra=pl.lit("x"))
    again = Cox(covariates=ROSSI).fit(shuffled, as_of=DAY)
    np.testing.assert_allclose(again.coefficients, fitted.coefficients, rtol=1e-12)
    assert again.concordance == fitted.concordance
