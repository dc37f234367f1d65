"""Discrete-time hazard: scikit-learn on the expanded rows, Kaplan-Meier, Cox on tied data, known parameters, every refusal."""

from __future__ import annotations

from datetime import date
from typing import Any

import numpy as np
import polars as pl
import pytest
from lifelines import CoxPHFitter, KaplanMeierFitter, datasets
from scipy import optimize

from relkit.errors import FitError, NotEnoughEventsError, ParameterError, TableError
from relkit.models.lifetime_value.uncertainty import standard_errors
from relkit.models.survival import person_periods
from relkit.models.survival.discrete_hazard import DiscreteHazard, FittedDiscreteHazard

DAY = date(2025, 6, 30)
ROSSI = ("fin", "age", "race", "wexp", "mar", "paro", "prio")


def rossi() -> pl.DataFrame:
    frame = pl.from_pandas(datasets.load_rossi()).rename({"week": "duration_days", "arrest": "event"})
    return frame.with_columns(customer_id=pl.int_range(pl.len()).cast(pl.String), event=pl.col("event") == 1)


def data_sets() -> dict[str, tuple[pl.DataFrame, tuple[str, ...], float]]:
    """Return data sets of lifelines 0.30.3 with covariates and a length of period."""
    gbsg2 = pl.from_pandas(datasets.load_gbsg2()).rename({"time": "duration_days", "cens": "event"})
    lung = pl.from_pandas(datasets.load_lung()).select(duration_days="time", event="status", age="age", sex="sex", ecog="ph.ecog")
    kidney = pl.from_pandas(datasets.load_kidney_transplant()).rename({"time": "duration_days", "death": "event"})
    aids = pl.from_pandas(datasets.load_multicenter_aids_cohort_study())
    aids = aids.select(duration_days="T", event="D", entry_days="W", age="AIDSY").filter(pl.col("entry_days") < pl.col("duration_days"))
    found = {
        "rossi": (rossi(), ROSSI, 1.0),
        "rossi, by four weeks": (rossi(), ROSSI, 4.0),
        "gbsg2": (gbsg2, ("age", "tsize", "pnodes", "progrec", "horTh", "tgrade"), 91.3),
        "lung": (lung.drop_nulls(), ("age", "sex", "ecog"), 30.4375),
        "kidney_transplant": (kidney, ("age", "black_male", "white_male"), 120.0),
        "aids, entry": (aids, ("age",), 0.5),
    }
    return {name: (frame.with_columns(pl.col("event") == 1), names, days) for name, (frame, names, days) in found.items()}


def expanded(frame: pl.DataFrame, fitted: FittedDiscreteHazard) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Return level, row, outcome and weight of every spell and period, one by one in plain Python."""
    P, rows = fitted.settings.period_days, []
    entry = frame["entry_days"].to_list() if "entry_days" in frame.columns else [0.0] * len(frame)
    for i, (duration, event, enter) in enumerate(zip(frame["duration_days"], frame["event"], entry, strict=True)):
        last = max(int(np.ceil(duration / P - 1e-9)), 1)
        for j in range(int(enter // P), last):
            level = int(np.searchsorted(fitted.firsts, j, side="right")) - 1
            if event and j == last - 1:
                rows.append((level, i, 1, 1.0))
            else:
                rows.append((level, i, 0, min(duration / P, j + 1) - max(enter / P, j)))
    level, row, y, w = (np.array(column) for column in zip(*rows, strict=True))
    return level, row, y, w


@pytest.mark.parametrize("name", list(data_sets()))
def test_scikit_learn_agrees_on_the_expanded_rows(name: str) -> None:
    """scikit-learn 1.9.1, LogisticRegression(C=inf), one column per level and the shares of periods as weights: log-likelihood to 1e-6."""
    from sklearn.linear_model import LogisticRegression

    frame, names, days = data_sets()[name]
    fitted = DiscreteHazard(covariates=names, period_days=days).fit(frame, as_of=DAY)
    level, row, y, w = expanded(frame, fitted)
    from relkit.models import covariates

    X = covariates.matrix(frame, fitted.effects) - fitted.means
    spread = X.std(axis=0)
    design = np.column_stack([np.eye(len(fitted.firsts))[level], (X / spread)[row]])
    kept = np.isfinite(fitted.intercepts)[level]  # a level without ends has a hazard of 0, and a likelihood of 1
    peer = LogisticRegression(C=np.inf, fit_intercept=False, tol=1e-10, max_iter=5000, solver="newton-cholesky")
    peer.fit(design[kept], y[kept], sample_weight=w[kept])
    p = peer.predict_proba(design[kept])[:, 1]
    log_likelihood = float(w[kept] @ np.where(y[kept] == 1, np.log(p), np.log1p(-p)))
    assert fitted.info.log_likelihood == pytest.approx(log_likelihood, abs=1e-6)
    np.testing.assert_allclose(fitted.coefficients, peer.coef_[0, len(fitted.firsts) :] / spread, rtol=1e-3, atol=1e-6)


@pytest.mark.parametrize("name", ["lung", "aids, entry", "gbsg2"])
def test_cloghlog_is_where_scipy_finds_it(name: str) -> None:
    """SciPy's BFGS without derivatives of ours on sum of w log(1 - h) and log h, with h = 1 - exp(-exp(eta)) of the expanded rows."""
    from relkit.models import covariates

    frame, names, days = data_sets()[name]
    names = tuple(n for n in names if n in ("age", "sex", "tsize"))
    fitted = DiscreteHazard(covariates=names, period_days=days, link="cloghlog").fit(frame, as_of=DAY)
    level, row, y, w = expanded(frame, fitted)
    X = covariates.matrix(frame, fitted.effects) - fitted.means
    scale = X.std(axis=0)
    free = np.flatnonzero(np.isfinite(fitted.intercepts))
    place = np.searchsorted(free, level)
    kept = np.isfinite(fitted.intercepts)[level]

    def minus(theta: np.ndarray) -> float:
        eta = (theta[: len(free)][place[kept]] + (X / scale)[row[kept]] @ theta[len(free) :]).clip(-50, 3)
        u = np.exp(eta)
        return -float(np.where(y[kept] == 1, np.log(-np.expm1(-u)), -w[kept] * u).sum())

    start = np.concatenate((fitted.intercepts[free] + 0.1, np.zeros(len(names))))
    found = optimize.minimize(minus, start, method="L-BFGS-B", options={"maxiter": 2000, "maxfun": 10**6, "ftol": 1e-15, "gtol": 1e-9})
    assert fitted.info.log_likelihood == pytest.approx(-found.fun, abs=1e-6)
    np.testing.assert_allclose(fitted.coefficients, found.x[len(free) :] / scale, atol=2e-4)


def tied(seed: int, n: int, *, period: float = 30.0) -> pl.DataFrame:
    """Proportional hazards with a decreasing baseline, observed for up to 720 days, ends and censorings known by period."""
    rng = np.random.default_rng(seed)
    debit, amount = rng.integers(0, 2, n).astype(float), rng.normal(size=n)
    plan = rng.choice(["basic", "plus", "full"], n, p=[0.5, 0.3, 0.2])
    risk = np.exp(-0.6 * debit + 0.4 * amount + 0.5 * (plan == "plus"))
    lifetime = 400 * (rng.exponential(1 / risk)) ** (1 / 0.8)
    until = period * rng.integers(1, int(720 / period) + 1, n)
    days = np.where(lifetime <= until, period * np.ceil(lifetime / period), until)
    columns = {"debit": debit, "amount": amount, "plan": plan}
    return pl.DataFrame({"customer_id": np.arange(n).astype(str), "duration_days": days, "event": lifetime <= until, **columns})


def test_cloghlog_is_proportional_hazards_of_grouped_data() -> None:
    """Its coefficients are the truth, and those of Cox on the same heavily tied ages (lifelines 0.30.3, Efron), within chance."""
    frame = tied(1, 20_000)
    fitted = DiscreteHazard(covariates=("debit", "amount", "plan"), period_days=30.0, link="cloghlog").fit(frame, as_of=DAY)
    found = dict(fitted.summary().select("term", "estimate").rows())
    truth = {"debit": -0.6, "amount": 0.4, "plan=plus": 0.5, "plan=full": 0.0}
    errors = dict(fitted.summary().select("term", "std_error").rows())
    assert all(abs(found[term] - value) < 3 * errors[term] for term, value in truth.items())
    dummies = frame.select("duration_days", "event", "debit", "amount", **{f"plan={p}": pl.col("plan") == p for p in ("plus", "full")})
    cox = CoxPHFitter().fit(dummies.cast(pl.Float64).to_pandas(), "duration_days", "event")
    for term in truth:
        assert found[term] == pytest.approx(cox.params_[term], abs=0.1 * errors[term] + 0.01)
        assert errors[term] == pytest.approx(cox.standard_errors_[term], rel=0.03)


def test_a_coefficient_of_cloghlog_does_not_change_with_the_period() -> None:
    frame = tied(2, 20_000, period=15.0)
    by_month, by_two = (
        DiscreteHazard(covariates=("debit", "amount"), period_days=days, link="cloghlog").fit(frame, as_of=DAY) for days in (15.0, 60.0)
    )
    np.testing.assert_allclose(by_month.coefficients, by_two.coefficients, atol=0.02)
    logit = DiscreteHazard(covariates=("debit", "amount"), period_days=240.0).fit(frame, as_of=DAY)
    assert abs(logit.coefficients[0]) > abs(by_month.coefficients[0]) + 0.05


@pytest.mark.parametrize("link", ["logit", "cloghlog"])
def test_without_covariates_it_is_kaplan_meier(link: str) -> None:
    """Lifelines 0.30.3, KaplanMeierFitter, at the ends of periods in which somebody ended; entries included."""
    frame = tied(3, 5_000).with_columns(entry_days=pl.when(pl.int_range(pl.len()) % 3 == 0).then(60.0).otherwise(0.0))
    frame = frame.filter(pl.col("entry_days") < pl.col("duration_days"))
    fitted = DiscreteHazard(covariates=(), period_days=30.0, link=link).fit(frame, as_of=DAY)  # type: ignore[arg-type]
    peer = KaplanMeierFitter().fit(*(frame[c].to_numpy() for c in ("duration_days", "event")), entry=frame["entry_days"].to_numpy())
    days = np.arange(30.0, 720.0, 30.0)[: len(fitted.firsts) - 1]
    assert len(days) > 8
    found = fitted.survival(frame.head(1), days)["survival"].to_numpy()
    np.testing.assert_allclose(found, peer.predict(days), rtol=1e-6)


def test_an_entry_inside_a_period_counts_the_rest_of_it() -> None:
    """10 spells in, 2 ends; one censored half-way and one that entered half-way live half a trial each: 2 / (2 + 6 + 0.5 + 0.5)."""
    frame = pl.DataFrame(
        {
            "duration_days": [30.0] * 2 + [30.0] * 6 + [15.0, 30.0],
            "event": [True] * 2 + [False] * 8,
            "entry_days": [0.0] * 9 + [15.0],
        }
    )
    fitted = DiscreteHazard(covariates=(), period_days=30.0).fit(frame, as_of=DAY)
    assert fitted.hazard(frame, 1)[0] == pytest.approx(2 / 9, abs=1e-8)
    assert (fitted.stayed.tolist(), fitted.ended.tolist()) == ([7.0], [2.0])


@pytest.mark.parametrize("link", ["logit", "cloghlog"])
def test_adding_up_patterns_changes_nothing(link: str, monkeypatch: pytest.MonkeyPatch) -> None:
    frame = tied(4, 3_000).with_columns(entry_days=pl.when(pl.int_range(pl.len()) % 4 == 0).then(45.0).otherwise(0.0))
    frame = frame.filter(pl.col("entry_days") < pl.col("duration_days"))
    model = DiscreteHazard(covariates=("debit", "plan"), link=link)  # type: ignore[arg-type]
    added = model.fit(frame, as_of=DAY)
    monkeypatch.setattr(person_periods, "MOST_PATTERNS", 0)
    each = model.fit(frame, as_of=DAY)
    assert each.info.log_likelihood == pytest.approx(added.info.log_likelihood, rel=1e-12)
    np.testing.assert_allclose(each.coefficients, added.coefficients, rtol=1e-6)
    np.testing.assert_allclose(each.covariance, added.covariance, rtol=1e-6, atol=1e-12)


def test_weights_are_repeated_rows() -> None:
    frame = tied(5, 800).with_columns(count=(1 + pl.int_range(pl.len()) % 3).cast(pl.Float64))
    names = ("debit", "amount")
    weighted = DiscreteHazard(covariates=names, weight_column="count").fit(frame, as_of=DAY)
    repeated = DiscreteHazard(covariates=names).fit(frame.select(pl.exclude("count").repeat_by("count").explode()), as_of=DAY)
    assert weighted.info.log_likelihood == pytest.approx(repeated.info.log_likelihood, abs=1e-8)
    np.testing.assert_allclose(weighted.coefficients, repeated.coefficients, rtol=1e-7)
    np.testing.assert_allclose(weighted.covariance, repeated.covariance, rtol=1e-6, atol=1e-12)


def test_standard_errors_are_those_of_the_curvature() -> None:
    """Of one period and one flag: the variance of a log-odds ratio is the sum of one over the four counts."""
    counts = {(0.0, True): 20, (0.0, False): 80, (1.0, True): 45, (1.0, False): 55}
    rows = [(x, event) for (x, event), times in counts.items() for _ in range(times)]
    frame = pl.DataFrame(rows, schema=["x", "event"], orient="row").with_columns(duration_days=pl.lit(30.0))
    fitted = DiscreteHazard(covariates=("x",), period_days=30.0).fit(frame, as_of=DAY)
    row = fitted.summary().row(0, named=True)
    assert row["estimate"] == pytest.approx(np.log(45 / 55 / (20 / 80)), abs=1e-7)
    assert row["std_error"] == pytest.approx(np.sqrt(1 / 20 + 1 / 80 + 1 / 45 + 1 / 55), rel=1e-6)


def test_survival_ahead_is_given_the_age_so_far() -> None:
    frame = tied(6, 4_000)
    fitted = DiscreteHazard(covariates=("debit", "amount", "plan")).fit(frame, as_of=DAY)
    one = frame.head(3).with_columns(event=pl.lit(value=False), duration_days=pl.Series([100.0, 0.0, 2_000.0]))
    ages = [100.0, 130.0, 250.0]
    curve = fitted.survival(one, ages)["survival"].to_numpy().reshape(3, 3)
    np.testing.assert_allclose(fitted.survival_ahead(one, [0.0, 30.0, 150.0])[0], curve[0] / curve[0, 0], rtol=1e-12)
    whole = fitted.settings.period_days
    first = fitted.survival_ahead(one, [whole, 2 * whole])[1]
    np.testing.assert_allclose(1 - first[0], fitted.hazard(one, 1)[1], rtol=1e-12)
    np.testing.assert_allclose(1 - first[1] / first[0], fitted.hazard(one, 2)[1], rtol=1e-12)
    beyond = fitted.survival_ahead(one, [whole])[2, 0]
    assert 1 - beyond == pytest.approx(fitted.hazard(one, 500)[2], rel=1e-12)
    score = fitted.score(one, horizon_days=150)
    np.testing.assert_allclose(score["churn_probability_150d"], 1 - fitted.survival_ahead(one, [150.0])[:, 0], rtol=1e-12)


@pytest.mark.parametrize("link", ["logit", "cloghlog"])
def test_bounds_are_those_of_moved_parameters(link: str) -> None:
    """The delta method with slopes written out, and with the model's parameters moved one by one."""
    frame = tied(7, 2_000)
    fitted = DiscreteHazard(covariates=("debit", "plan"), link=link).fit(frame, as_of=DAY)  # type: ignore[arg-type]
    some = frame.head(20).with_columns(event=pl.lit(value=False))
    low, high = fitted.survival_ahead_bounds(some, [90.0, 400.0], level=0.9)
    errors = standard_errors(fitted, lambda m: np.log(-np.log(m.survival_ahead(some, [90.0, 400.0]))))
    middle = np.log(-np.log(fitted.survival_ahead(some, [90.0, 400.0])))
    np.testing.assert_allclose(low, np.exp(-np.exp(middle + 1.6448536 * errors)), rtol=1e-5)
    np.testing.assert_allclose(high, np.exp(-np.exp(middle - 1.6448536 * errors)), rtol=1e-5)


def test_contributions_add_up_to_the_index() -> None:
    frame = tied(8, 2_000)
    fitted = DiscreteHazard(covariates=("debit", "amount", "plan")).fit(frame, as_of=DAY)
    names, parts = fitted.contributions(frame)
    assert names == ("debit", "amount", "plan")
    np.testing.assert_allclose(parts.sum(axis=1), np.log(fitted.score(frame.with_columns(event=False))["odds_ratio"]), rtol=1e-9)
    np.testing.assert_allclose(parts.mean(axis=0), 0.0, atol=1e-9)


def test_months_of_commitment_have_a_hazard_of_zero() -> None:
    """Nobody can end in the first year: the likelihood is largest at 0 there, and the note reports it."""
    frame = tied(9, 6_000).with_columns(duration_days=pl.col("duration_days") + 360.0)
    fitted = DiscreteHazard(covariates=("debit",), period_days=30.0).fit(frame, as_of=DAY)
    assert fitted.info.notes[0].startswith("Nobody ended in period 1, period 2")
    one = frame.head(1).with_columns(event=pl.lit(value=False), duration_days=pl.lit(0.0))
    assert fitted.score(one, horizon_days=300)["churn_probability_300d"][0] == 0
    assert fitted.survival_ahead_bounds(one, [300.0])[0][0, 0] == 1
    assert fitted.summary()["estimate"].null_count() == 12
    assert fitted.hazard(one, 13)[0] > 0.03


def test_where_data_thin_out_periods_are_pooled() -> None:
    frame = tied(10, 300)
    fitted = DiscreteHazard(covariates=("debit",), period_days=30.0).fit(frame, as_of=DAY)
    assert 3 < len(fitted.firsts) < 15
    assert fitted.firsts[0] == 0
    assert fitted.ended.sum() == frame["event"].sum()
    assert fitted.summary()["term"][-1].endswith("on")


def test_forecasts_hold_in_later_time() -> None:
    rng = np.random.default_rng(11)
    n = 20_000
    x, age = rng.integers(0, 3, n).astype(float), rng.integers(1, 300, n).astype(float)
    rate = np.exp(0.5 * x) / 500
    frame = pl.DataFrame({"customer_id": np.arange(n).astype(str), "x": x})
    lifetime = rng.exponential(1 / rate)
    seen = frame.with_columns(duration_days=pl.Series(np.minimum(np.ceil(lifetime), age)), event=pl.Series(np.ceil(lifetime) <= age))
    model = DiscreteHazard(covariates=("x",))
    fitted = model.fit(seen, as_of=DAY)
    later = np.ceil(rng.exponential(1 / rate))
    now = frame.with_columns(duration_days=pl.Series(age), event=pl.lit(value=False))
    after = frame.select("customer_id", duration_days=pl.Series(age + np.minimum(later, 100.0)), event=pl.Series(later <= 100))
    judged = model.judge(fitted, now, after)
    assert judged["calibration_error"] < 0.012
    assert judged["expected_ends"] == pytest.approx(judged["observed_ends"], rel=0.03)
    assert judged["brier_skill"] > 0.02


@pytest.mark.parametrize(
    ("change", "error", "match"),
    [
        ({"event": pl.lit(value=False)}, NotEnoughEventsError, "none of the 432 spells ended"),
        (
            {"event": pl.int_range(pl.len()) < 3},
            NotEnoughEventsError,
            "3 spells ended, fewer than the 7 columns of the covariates. Use fewer",
        ),
        ({"fin": pl.lit(1.0)}, FitError, r"fin is constant \(1\), so it explains nothing. Drop fin"),
        ({"fin": pl.lit("yes")}, TableError, "fin is 'yes' wherever it is known, so it explains nothing"),
        (
            {"mar": pl.col("age") * 2 + pl.col("fin")},
            FitError,
            "mar follows from fin, age, so their effects cannot be told apart. Drop mar",
        ),
        ({"fin": pl.col("event").cast(pl.Float64)}, FitError, "the coefficient of fin runs to infinity: given .* Drop fin from the cov"),
        (
            {
                "fin": pl.when(pl.int_range(pl.len()) < 20).then(pl.lit("rare")).otherwise(pl.lit("usual")),
                "event": pl.int_range(pl.len()) >= 90,
            },
            FitError,
            "the coefficient of fin=rare runs to infinity: .* Drop fin from the covariates, or merge its rare values",
        ),
        ({"duration_days": pl.col("duration_days") - 10.0}, TableError, r"duration_days: \d+ of 432 rows are below 0"),
        (
            {"duration_days": pl.lit(0.5), "event": pl.lit(value=True)},
            NotEnoughEventsError,
            "every spell ends in the first period in which it was",
        ),
        (
            {"duration_days": pl.col("duration_days") * 1e6},
            TableError,
            r"duration_days: 432 of 432 rows are over 100000 \(first: row 0",
        ),
        ({"fin": pl.col("fin") / 0}, TableError, "fin: 216 of 432 rows are not a number"),
        ({"fin": pl.when(pl.col("fin") > 0).then(1.0)}, TableError, "fin: 216 of 432 rows are null"),
        ({"entry_days": pl.lit(30.0)}, TableError, "entry_days: over duration_days"),
    ],
)
def test_bad_input_is_refused_with_its_reason(change: dict[str, pl.Expr], error: type[Exception], match: str) -> None:
    with pytest.raises(error, match=match):
        DiscreteHazard(covariates=ROSSI, period_days=1.0).fit(rossi().with_columns(**change), as_of=DAY)


def test_a_period_far_too_short_is_refused() -> None:
    with pytest.raises(ParameterError, match=r"the longest spell has 5,200,000 periods, over 100,000\. Check"):
        DiscreteHazard(covariates=ROSSI, period_days=1e-5).fit(rossi(), as_of=DAY)


def test_a_weight_below_zero_is_refused() -> None:
    frame = rossi().with_columns(prio=pl.when(pl.int_range(pl.len()) == 4).then(-1).otherwise("prio"))
    with pytest.raises(TableError, match="prio: 1 of 432 rows are below 0"):
        DiscreteHazard(covariates=("fin",), weight_column="prio").fit(frame, as_of=DAY)


def test_categories_unseen_or_unknown_count_as_the_reference() -> None:
    frame = tied(12, 1_000)
    fitted = DiscreteHazard(covariates=("plan",)).fit(frame, as_of=DAY)
    some = frame.head(3).with_columns(event=pl.lit(value=False), duration_days=pl.lit(50.0), plan=pl.Series(["basic", "gold", None]))
    assert fitted.score(some)["churn_probability_90d"].n_unique() == 1


def test_spells_all_alike() -> None:
    frame = tied(13, 200).with_columns(duration_days=pl.lit(30.0), event=pl.int_range(pl.len()) > 0)
    fitted = DiscreteHazard(covariates=(), period_days=30.0).fit(frame, as_of=DAY)
    assert fitted.hazard(frame, 1)[0] == pytest.approx(199 / 200)


def test_scale_of_the_columns_needs_no_care() -> None:
    fitted = DiscreteHazard(covariates=("age", "prio"), period_days=4.0).fit(rossi(), as_of=DAY)
    scaled = rossi().with_columns(age=(pl.col("age") + 1e6) * 1e9, prio=pl.col("prio") * 1e-9)
    moved = DiscreteHazard(covariates=("age", "prio"), period_days=4.0).fit(scaled, as_of=DAY)
    np.testing.assert_allclose(moved.coefficients * [1e9, 1e-9], fitted.coefficients, rtol=1e-5)


@pytest.mark.parametrize(
    ("settings", "match"),
    [
        ({"covariates": ("a", "a")}, "'a' is given twice, or is no covariate"),
        ({"covariates": ("event",)}, "'event' is given twice, or is no covariate"),
        ({"covariates": ("a",), "weight_column": "a"}, "weight_column is 'a', which the model reads already"),
        ({"covariates": (), "period_days": 0.0}, "period_days is 0; it must be above 0"),
        ({"covariates": (), "link": "probit"}, "unknown link 'probit'"),
        ({"covariates": (), "level": 1.0}, "level is 1; it must lie between"),
    ],
)
def test_invalid_settings_are_refused(settings: dict[str, Any], match: str) -> None:
    with pytest.raises(ParameterError, match=match):
        DiscreteHazard(**settings)


def test_a_period_before_the_first_is_refused() -> None:
    fitted = DiscreteHazard(covariates=()).fit(rossi(), as_of=DAY)
    with pytest.raises(ParameterError, match="period is 0; the first is 1"):
        fitted.hazard(rossi(), 0)
