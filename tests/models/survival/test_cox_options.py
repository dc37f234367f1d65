"""Strata, weights, penalties and robust errors of Cox: R's numbers, lifelines and scikit-survival, and sums written out."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

import numpy as np
import polars as pl
import pytest
from lifelines import CoxPHFitter, datasets

from relkit.errors import FitError, NotEnoughEventsError, ParameterError, TableError
from relkit.models import storage
from relkit.models.survival.cox import Cox, FittedCox
from relkit.models.survival.partial_likelihood import Order, derivatives, sums, total_of_ends
from relkit.models.survival.score_residuals import schoenfeld_sums, score_residuals

if TYPE_CHECKING:
    from pathlib import Path

DAY = date(2025, 6, 30)
ROSSI = ("fin", "age", "race", "wexp", "mar", "paro", "prio")
PRECISE = {"precision": 1e-12, "r_precision": 1e-14}


def rossi() -> pl.DataFrame:
    frame = pl.from_pandas(datasets.load_rossi()).rename({"week": "duration_days", "arrest": "event"})
    return frame.with_columns(customer_id=pl.int_range(pl.len()).cast(pl.String))


def active(frame: pl.DataFrame, age: float = 20.0) -> pl.DataFrame:
    return frame.with_columns(event=pl.lit(value=False), duration_days=pl.lit(age))


def small(**columns: list[float]) -> pl.DataFrame:
    """The five rows that R's values in lifelines' tests are of."""
    var1, var2 = [0.209325, 0.693919, 0.443804, 0.065636, 0.386294], [0.184677, 0.071893, 1.364646, 0.098375, 1.663092]
    duration = [7.335846, 5.269797, 11.684092, 12.678458, 6.601666]
    given: dict[str, list[float]] = {"var1": var1, "var2": var2, "duration_days": duration, "event": [1] * 5}
    return pl.DataFrame({**given, **columns})


def errors(fitted: FittedCox) -> list[float]:
    return fitted.summary()["std_error"].to_list()


# Strata


@pytest.fixture(scope="module")
def stratified() -> FittedCox:
    return Cox(covariates=("fin", "age", "prio"), strata=("race", "paro", "mar", "wexp")).fit(rossi(), as_of=DAY)


def test_strata_are_those_of_r(stratified: FittedCox) -> None:
    """R, coxph(Surv(week, arrest) ~ fin + age + strata(race, paro, mar, wexp) + prio, data = rossi), in lifelines' test_estimation.py."""
    assert stratified.coefficients.tolist() == pytest.approx([-0.3355, -0.0590, 0.1002], abs=5e-5)
    assert stratified.info.log_likelihood == pytest.approx(-436.9339, abs=5e-5)


def test_baselines_of_strata_are_those_of_r(stratified: FittedCox) -> None:
    """R, basehaz(r, centered = TRUE) of the same fit."""
    first = stratified.cumulative_baseline(np.array([14.0, 35, 37, 43, 52]), "0 | 0 | 0 | 0")
    assert first.tolist() == pytest.approx([0.076600555, 0.169748261, 0.272088807, 0.396562717, 0.396562717], abs=5e-10)
    second = stratified.cumulative_baseline(np.array([27.0, 43, 48, 52]), "0 | 0 | 0 | 1")
    assert second.tolist() == pytest.approx([0.095499001, 0.204196905, 0.338393113, 0.338393113], abs=5e-10)


def test_each_customer_follows_the_baseline_of_the_stratum(stratified: FittedCox) -> None:
    """Lifelines 0.30.3: predict_survival_function of the stratified fit."""
    columns = ["week", "arrest", "fin", "age", "prio", "race"]
    peer = CoxPHFitter(strata=["race"]).fit(datasets.load_rossi()[columns], "week", "arrest", fit_options=PRECISE)
    frame = active(rossi())
    ours = Cox(covariates=("fin", "age", "prio"), strata=("race",)).fit(rossi(), as_of=DAY)
    for race, rows in frame.with_row_index().group_by("race"):
        one = datasets.load_rossi()[columns].iloc[rows["index"].to_numpy()]
        curves = peer.predict_survival_function(one, times=[20.0, 40.0]).to_numpy()
        np.testing.assert_allclose(ours.survival_ahead(rows, [20.0])[:, 0], curves[1] / curves[0], rtol=1e-6, err_msg=str(race))
        np.testing.assert_allclose(ours.survival(rows, [40.0])["survival"], curves[1], rtol=1e-6)
    assert ours.concordance == pytest.approx(peer.concordance_index_, abs=1e-9)
    low, high = ours.survival_ahead_bounds(frame, [20.0])
    middle = ours.survival_ahead(frame, [20.0])
    assert ((low < middle) & (middle < high)).all()


def test_a_stratum_that_was_not_seen_has_the_baseline_of_all(stratified: FittedCox) -> None:
    frame = active(rossi())[:2].with_columns(race=pl.Series([7, None]))
    ratio = stratified.hazard_ratio(frame)
    pooled = stratified.cumulative_baseline(np.array([20.0, 50.0]))
    np.testing.assert_allclose(stratified.survival_ahead(frame, [30.0])[:, 0], np.exp(-(pooled[1] - pooled[0]) * ratio), rtol=1e-12)
    assert "Nobody's spell ended in 0 | 0 | 1 | 1, 0 | 1 | 1 | 1, 1 | 0 | 1 | 1" in stratified.info.notes[0]
    assert stratified.baseline_of("0 | 0 | 1 | 1").table.equals(stratified.baseline)


def test_a_stratified_model_is_saved_whole(stratified: FittedCox, tmp_path: Path) -> None:
    storage.save(stratified, tmp_path / "model")
    loaded = storage.load(tmp_path / "model")
    assert isinstance(loaded, FittedCox)
    np.testing.assert_array_equal(loaded.survival_ahead(active(rossi()), [9.0]), stratified.survival_ahead(active(rossi()), [9.0]))


# Weights


def test_weights_are_those_of_r() -> None:
    """R, coxph(Surv(T, E) ~ var1 + var2, weights = w), in lifelines' test_estimation.py: w .75; then 1.75 and four of .75."""
    model = Cox(covariates=("var1", "var2"), weight_column="w")
    even = model.fit(small(w=[0.75] * 5), as_of=DAY)
    assert even.coefficients.tolist() == pytest.approx([7.680, -0.915], abs=5e-4)
    assert errors(even) == pytest.approx([6.641, 1.650], abs=5e-4)
    assert even.info.log_likelihood == pytest.approx(-1.142397, abs=5e-7)
    uneven = model.fit(small(w=[1.75] + [0.75] * 4), as_of=DAY)
    assert uneven.coefficients.tolist() == pytest.approx([7.995, -1.154], abs=5e-4)
    assert errors(uneven) == pytest.approx([6.690, 1.614], abs=5e-4)


def test_weights_of_a_whole_data_set_are_those_of_r() -> None:
    """R, coxph(Surv(T, E) ~ var1 + var2, data = regression.csv, weights = var3), in lifelines' test_estimation.py."""
    frame = pl.from_pandas(datasets.load_regression_dataset()).rename({"T": "duration_days", "E": "event"})
    fitted = Cox(covariates=("var1", "var2"), weight_column="var3").fit(frame, as_of=DAY)
    assert fitted.coefficients.tolist() == pytest.approx([0.3268, 0.0775], abs=5e-5)
    assert errors(fitted) == pytest.approx([0.0697, 0.0861], abs=5e-5)


def test_the_baseline_with_weights_is_that_of_r() -> None:
    """R, basehaz(coxph(Surv(week, arrest) ~ fin, data = rossi, weight = age), centered = TRUE), at ages without ties.

    With ties R's hazard is Efron's, relkit's and lifelines' Breslow's, which is compared with lifelines instead. R centres at
    the weighted mean of fin, relkit at the plain one.
    """
    fitted = Cox(covariates=("fin",), weight_column="age").fit(rossi(), as_of=DAY)
    shift = np.exp(fitted.coefficients[0] * (np.average(rossi()["fin"], weights=rossi()["age"]) - rossi()["fin"].mean()))
    found = fitted.cumulative_baseline(np.array([1.0, 2.0])) * shift
    assert found.tolist() == pytest.approx([0.00183466, 0.005880265], abs=5e-9)
    peer = CoxPHFitter().fit(
        datasets.load_rossi()[["week", "arrest", "fin", "age"]], "week", "arrest", weights_col="age", fit_options=PRECISE
    )
    hazard = peer.baseline_cumulative_hazard_["baseline cumulative hazard"]
    shift = np.exp(fitted.coefficients[0] * (peer._norm_mean["fin"] - rossi()["fin"].mean()))
    np.testing.assert_allclose(fitted.cumulative_baseline(hazard.index.to_numpy()) * shift, hazard, rtol=1e-6)


def _others() -> dict[str, tuple[pl.DataFrame, tuple[str, ...], str]]:
    kidney = pl.from_pandas(datasets.load_kidney_transplant()).rename({"time": "duration_days", "death": "event"})
    gbsg2 = pl.from_pandas(datasets.load_gbsg2()).rename({"time": "duration_days", "cens": "event"})
    lung = pl.from_pandas(datasets.load_lung()).rename({"time": "duration_days", "status": "event", "ph.ecog": "ecog"})
    larynx = pl.from_pandas(datasets.load_larynx()).rename({"time": "duration_days", "death": "event"})
    senators = pl.from_pandas(datasets.load_canadian_senators()[["diff_days", "observed", "Political Affiliation at Appointment"]])
    party = (pl.col("Political Affiliation at Appointment") == "Liberal Party of Canada").cast(pl.Float64)
    senators = senators.with_columns(liberal=party).rename({"diff_days": "duration_days", "observed": "event"})
    return {
        "rossi": (rossi(), ROSSI, "race"),
        "kidney_transplant": (kidney, ("age", "black_male", "white_male"), "black_female"),
        "gbsg2": (gbsg2, ("age", "tsize", "pnodes", "progrec", "estrec"), "horTh"),
        "lung": (lung.drop_nulls(), ("age", "ecog"), "sex"),
        "larynx": (larynx, ("age", "Stage_II", "Stage_III", "Stage_IV"), "odd"),
        "canadian_senators": (senators, ("liberal",), "odd"),
    }


@pytest.mark.parametrize("how", ["weights", "strata", "penalty"])
@pytest.mark.parametrize("name", ["rossi", "kidney_transplant", "gbsg2", "lung", "larynx", "canadian_senators"])
def test_lifelines_agrees_with_ties(name: str, how: str) -> None:
    """Lifelines 0.30.3: CoxPHFitter with weights_col (1, 2, 3 in turn), with strata, with penalizer=0.1 and weights."""
    frame, covariates, stratum = _others()[name]
    covariates = tuple(c for c in covariates if c != stratum)
    frame = frame.with_columns(w=1.0 + pl.int_range(pl.len()) % 3, odd=pl.int_range(pl.len()) % 2).filter(pl.col("duration_days") > 0)
    beside = {"weights": ["w"], "strata": [stratum], "penalty": ["w"]}[how]
    settings = {"weights": {"weight_column": "w"}, "strata": {"strata": (stratum,)}, "penalty": {"weight_column": "w", "penalty": 0.1}}[how]
    ours = Cox(covariates=covariates, **settings).fit(frame, as_of=DAY)  # type: ignore[arg-type]
    data = frame.select("duration_days", pl.col("event").cast(pl.Int64), *covariates, *beside).to_pandas()
    n = len(frame)
    # lifelines' penalty is for each row, whatever it weighs, and of columns over their standard deviation with n - 1.
    peer = CoxPHFitter(penalizer=0.1 * frame["w"].sum() / n * (n - 1) / n if how == "penalty" else 0.0)
    peer.fit(
        data,
        "duration_days",
        "event",
        weights_col="w" if how != "strata" else None,
        strata=[stratum] if how == "strata" else None,
        fit_options=PRECISE,
    )
    np.testing.assert_allclose(ours.coefficients, peer.params_, rtol=1e-6, atol=1e-9)
    np.testing.assert_allclose(np.sqrt(np.diag(ours.covariance)), peer.standard_errors_, rtol=1e-6)
    beta = ours.coefficients * ours.scales
    taken = 0.1 * frame["w"].sum() * float(beta @ beta) / 2 if how == "penalty" else 0.0
    assert ours.info.log_likelihood - taken == pytest.approx(peer.log_likelihood_, abs=1e-6)


# Penalties


def test_ridge_is_that_of_r() -> None:
    """R, coxph(Surv(week, arrest) ~ ridge(..., theta = 1.0, scale = TRUE)), in lifelines' test_estimation.py: theta is N lambda.

    R cuts one of the seven off where it should round it: -0.42955 is given as -0.4295.
    """
    fitted = Cox(covariates=ROSSI, penalty=1 / 432).fit(rossi(), as_of=DAY)
    expected = [-0.3761, -0.0565, 0.3099, -0.1532, -0.4295, -0.0837, 0.0909]
    assert fitted.coefficients.tolist() == pytest.approx(expected, abs=5.5e-5)
    assert "The coefficients are shrunk by a penalty: their standard errors leave out the bias" in fitted.info.notes[0]


@pytest.mark.parametrize(
    ("l1_ratio", "penalty", "expected"),
    [
        (0.5, 0.02, [-0.280789899, -0.045487384, 0.167709689, -0.150229371, -0.299643977, -0.002876622, 0.081132378]),
        (1.0, 0.02, [-0.208400418, -0.041203044, 0.054314033, -0.124759967, -0.195869797, 0.0, 0.073935827]),
        (0.9, 0.005, [-0.338673155, -0.052952859, 0.250663252, -0.146946009, -0.374006324, -0.048321672, 0.087692545]),
    ],
)
def test_elastic_net_is_that_of_scikit_survival(l1_ratio: float, penalty: float, expected: list[float]) -> None:
    """scikit-survival 0.28.0, CoxnetSurvivalAnalysis(l1_ratio=..., alphas=[penalty], tol=1e-14) on standardised columns."""
    fitted = Cox(covariates=ROSSI, ties="breslow", penalty=penalty, l1_ratio=l1_ratio).fit(rossi(), as_of=DAY)
    assert fitted.coefficients.tolist() == pytest.approx(expected, abs=5e-8)
    assert (fitted.coefficients == 0).tolist() == [value == 0 for value in expected]
    assert fitted.summary().filter(estimate=0.0).select(
        "std_error", "lower", "upper"
    ).null_count().sum_horizontal().sum() == 3 * expected.count(0)


def test_elastic_net_with_ties_meets_the_conditions_of_a_maximum() -> None:
    """Karush, Kuhn and Tucker: the slope of log L is the penalty's if a coefficient is not 0, and within it if it is."""
    others = tuple(name for name in ROSSI if name not in ("age", "mar"))
    model = Cox(covariates=others, penalty=0.03, l1_ratio=0.7, weight_column="age", strata=("mar",))
    fitted = model.fit(rossi(), as_of=DAY)
    design, _, found = model.revisited(fitted, rossi())
    slope, _ = derivatives(design.order, design.X, total_of_ends(design.order, design.X), found)
    beta = fitted.coefficients * fitted.scales
    whole = 0.03 * rossi()["age"].sum()
    free = beta != 0
    assert 0 < free.sum() < len(beta)
    np.testing.assert_allclose(slope[free], whole * (0.7 * np.sign(beta[free]) + 0.3 * beta[free]), rtol=1e-6)
    assert (np.abs(slope[~free]) <= whole * 0.7).all()


def test_a_penalty_is_the_remedy_where_there_is_no_maximum() -> None:
    collinear = rossi().with_columns(fin=pl.col("age") * 2 + pl.col("mar") - 3)
    separated = rossi().with_columns(fin=pl.col("event").cast(pl.Float64))
    few = rossi().with_columns(event=pl.int_range(pl.len()) < 3)
    for frame, refused in ((collinear, FitError), (separated, FitError), (few, NotEnoughEventsError)):
        with pytest.raises(refused, match="give a penalty"):
            Cox(covariates=ROSSI).fit(frame, as_of=DAY)
        for l1_ratio in (0.0, 0.5, 1.0):
            fitted = Cox(covariates=ROSSI, penalty=0.01, l1_ratio=l1_ratio).fit(frame, as_of=DAY)
            assert np.isfinite(fitted.coefficients).all()
            assert fitted.score(active(frame, 5.0))["churn_probability_90d"].is_finite().all()


def test_a_penalty_so_large_that_nothing_is_left() -> None:
    fitted = Cox(covariates=ROSSI, penalty=10.0, l1_ratio=1.0).fit(rossi(), as_of=DAY)
    assert (fitted.coefficients == 0).all()
    assert fitted.info.log_likelihood == pytest.approx(fitted.null_log_likelihood)
    assert "7 of 7 coefficients are exactly 0" in fitted.info.notes[0]
    assert (fitted.hazard_ratio(rossi()) == 1).all()


# Robust errors


def test_robust_errors_are_those_of_r() -> None:
    """R, coxph(Surv(T, E) ~ var1 + var2, robust = TRUE), in lifelines' test_estimation.py."""
    fitted = Cox(covariates=("var1", "var2"), robust=True).fit(small(), as_of=DAY)
    assert fitted.coefficients.tolist() == pytest.approx([7.680, -0.915], abs=5e-4)
    assert errors(fitted) == pytest.approx([2.097, 0.827], abs=5e-4)


def test_robust_errors_with_weights_are_those_of_r() -> None:
    """The same with weights = var3, all ended, then the third censored; and five rows at ages 1 to 5 with r$var and r$naive.var."""
    weights = [0.184677, 0.071893, 1.364646, 0.098375, 1.663092]
    model = Cox(covariates=("var1", "var2"), weight_column="w", robust=True)
    fitted = model.fit(small(w=weights), as_of=DAY)
    assert fitted.coefficients.tolist() == pytest.approx([-5.16231, 1.71924], abs=5e-6)
    assert errors(fitted) == pytest.approx([9.97730, 2.45648], abs=5e-6)
    fitted = model.fit(small(w=weights, event=[1, 1, 0, 1, 1]), as_of=DAY)
    assert fitted.coefficients.tolist() == pytest.approx([-8.360533, 1.781126], abs=5e-7)
    assert errors(fitted) == pytest.approx([12.303338, 2.395670], abs=5e-7)
    fitted = model.fit(small(w=[2, 2, 2, 1, 2], duration_days=[1, 2, 3, 4, 5]), as_of=DAY)
    np.testing.assert_allclose(fitted.naive_covariance, [[3.5439245, -0.3549099], [-0.3549099, 0.4499553]], atol=5e-8)
    assert errors(fitted) == pytest.approx([2.094, 0.452], abs=5e-4)


def test_robust_errors_of_a_data_set_are_those_of_r() -> None:
    """R on lifelines' regression.csv, robust = TRUE, in lifelines' test_estimation.py."""
    frame = pl.from_pandas(datasets.load_regression_dataset()).rename({"T": "duration_days", "E": "event"})
    fitted = Cox(covariates=("var1", "var2", "var3"), robust=True).fit(frame, as_of=DAY)
    assert errors(fitted) == pytest.approx([0.0879, 0.0847, 0.0655], abs=5e-5)


def test_clustered_errors_are_those_of_r() -> None:
    """R, coxph(Surv(T, E) ~ var1 + var2 + cluster(id)), and with strata, in lifelines' test_estimation.py.

    R stops where log L moves by less than 1e-9 of itself, which in five rows is short of the maximum in the fifth digit.
    """
    fitted = Cox(covariates=("var1", "var2"), cluster="id").fit(small(var1=[1, 1, 2, 2, 2], id=[1, 1, 2, 3, 4]), as_of=DAY)
    assert errors(fitted) == pytest.approx([5.9752, 4.0683], abs=1e-4)
    ages = [5.269797, 6.601666, 7.335846, 11.684092, 12.678458]
    frame = small(id=[1, 1, 2, 3, 4], group=[1, 1, 2, 2, 2], duration_days=ages)
    fitted = Cox(covariates=("var2",), cluster="id", strata=("group",)).fit(frame, as_of=DAY)
    assert errors(fitted) == pytest.approx([0.643], abs=5e-4)


def test_robust_errors_with_strata_are_those_of_r() -> None:
    """R, coxph(Surv(T, E) ~ strata(var1) + var2, robust = TRUE): 2.78649, which lifelines marks as out of its reach."""
    fitted = Cox(covariates=("var2",), strata=("var1",), robust=True).fit(small(var1=[1, 1, 2, 2, 2]), as_of=DAY)
    assert errors(fitted) == pytest.approx([2.78649], abs=5e-6)


def test_each_row_alone_in_its_cluster_is_robust() -> None:
    robust = Cox(covariates=ROSSI, robust=True).fit(rossi(), as_of=DAY)
    alone = Cox(covariates=ROSSI, cluster="customer_id").fit(rossi(), as_of=DAY)
    np.testing.assert_allclose(alone.covariance, robust.covariance, rtol=1e-10)
    plain = Cox(covariates=ROSSI).fit(rossi(), as_of=DAY)
    np.testing.assert_allclose(robust.naive_covariance, plain.covariance, rtol=1e-12)
    # Everybody twice, in one cluster: the robust errors stay, where those of the model would shrink.
    twice = Cox(covariates=ROSSI, cluster="customer_id", ties="breslow").fit(pl.concat([rossi(), rossi()]), as_of=DAY)
    once = Cox(covariates=ROSSI, robust=True, ties="breslow").fit(rossi(), as_of=DAY)
    np.testing.assert_allclose(errors(twice), errors(once), rtol=1e-8)


def _drawn(seed: int) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(seed)
    n = 90
    duration = rng.integers(1, 12, n).astype(float)
    entry = np.minimum(rng.integers(0, 6, n) * (rng.random(n) < 0.4), duration - 1).astype(float)
    return {
        "X": rng.normal(size=(n, 3)),
        "duration": duration,
        "event": rng.random(n) < 0.6,
        "entry": entry,
        "weight": rng.uniform(0.5, 2.0, n),
        "stratum": rng.integers(0, 3, n),
    }


@pytest.mark.parametrize("seed", range(3))
def test_strata_weights_and_residuals_are_the_sums_written_out(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Value, gradient, information and residuals, one end at a time: Therneau and Grambsch (2000), sections 3.3 and 4.3."""
    monkeypatch.setattr("relkit.models.survival.score_residuals.BLOCK_ROWS", 13)
    data = _drawn(seed)
    X, beta, weight = data["X"], np.array([0.5, -0.3, 0.1]), data["weight"]
    theta, n = np.exp(X @ beta), len(X)
    value, gradient, information, residual = 0.0, np.zeros(3), np.zeros((3, 3)), np.zeros((n, 3))
    schoenfeld = []
    for stratum in range(3):
        mine = data["stratum"] == stratum
        for age in np.unique(data["duration"][data["event"] & mine]):
            risk = mine & (data["duration"] >= age) & ((data["entry"] < age) | (data["entry"] == 0))
            ends = mine & data["event"] & (data["duration"] == age)
            d = int(ends.sum())
            mean_weight = weight[ends].mean()
            means = np.zeros(3)
            for step in range(d):
                there = risk - step / d * ends
                mass = (weight * theta * there).sum()
                mean = (weight * theta * there) @ X / mass
                value -= mean_weight * np.log(mass)
                information += mean_weight * ((X.T * weight * theta * there) @ X / mass - np.outer(mean, mean))
                residual -= mean_weight * (theta * there / mass)[:, None] * (X - mean)
                means += mean / d
            residual[ends] += X[ends] - means
            value += float(weight[ends] @ (X[ends] @ beta))
            schoenfeld.append((X[ends] - means).sum(axis=0))
    gradient = weight @ residual
    order = Order.of(data["duration"], data["event"], data["entry"], stratum=data["stratum"], weight=weight)
    Z = np.ascontiguousarray(X[order.rows].T)
    found = sums(order, beta @ Z)
    ours, curvature = derivatives(order, Z, total_of_ends(order, Z), found)
    assert found.log_likelihood == pytest.approx(value, rel=1e-12)
    np.testing.assert_allclose(ours, gradient, rtol=1e-9, atol=1e-10)
    np.testing.assert_allclose(curvature, information, rtol=1e-9, atol=1e-10)
    np.testing.assert_allclose(schoenfeld_sums(order, Z, found).T, schoenfeld, rtol=1e-9, atol=1e-10)
    computed = np.zeros((n, 3))
    for block, part in score_residuals(order, Z, found):
        computed[order.rows[block]] = part.T
    np.testing.assert_allclose(computed, residual, rtol=1e-9, atol=1e-10)


# Covariates


def test_categories_bends_and_gaps_are_columns_of_the_regression() -> None:
    """The same columns made by hand; lifelines does not converge on them."""
    frame = rossi().with_columns(
        race=pl.when(pl.col("race") == 1).then(pl.lit("black")).otherwise(pl.lit("other")),
        prio=pl.when(pl.int_range(pl.len()) % 7 > 0).then(pl.col("prio")),
    )
    model = Cox(covariates=("fin", "age", "race", "prio"), splines={"age": 3}, missing="indicator")
    fitted = model.fit(frame, as_of=DAY)
    terms = ["fin", "age", "age (bend 1)", "age (bend 2)", "race=other", "prio", "prio is empty"]
    assert fitted.summary()["term"].to_list() == terms
    knots = np.quantile(frame["age"], [0.05, 0.35, 0.65, 0.95])
    age = frame["age"].to_numpy().astype(float)
    d = [(np.maximum(age - k, 0) ** 3 - np.maximum(age - knots[3], 0) ** 3) / (knots[3] - k) for k in knots[:3]]
    prio = frame["prio"].fill_null(frame["prio"].mean())
    by_hand = frame.select("duration_days", "event", "fin", "age").with_columns(
        b1=(d[0] - d[2]) / (knots[3] - knots[0]) ** 2,
        b2=(d[1] - d[2]) / (knots[3] - knots[0]) ** 2,
        other=(frame["race"] == "other").cast(pl.Float64),
        prio=prio,
        gap=frame["prio"].is_null().cast(pl.Float64),
    )
    plain = Cox(covariates=("fin", "age", "b1", "b2", "other", "prio", "gap")).fit(by_hand, as_of=DAY)
    np.testing.assert_allclose(fitted.coefficients, plain.coefficients, rtol=1e-9)
    assert fitted.info.notes[0] == "62 of 432 customers have no prio; the effect of its absence is among the terms, as 'prio is empty'."
    names, shares = fitted.contributions(frame)
    assert names == ("fin", "age", "race", "prio")
    np.testing.assert_allclose(shares.sum(axis=1), np.log(fitted.hazard_ratio(frame)), atol=1e-12)
    np.testing.assert_allclose(shares.mean(axis=0), 0, atol=1e-12)
    unseen = active(frame)[:2].with_columns(race=pl.Series(["martian", None]), fin=pl.Series([1.0, None]))
    assert fitted.contributions(unseen)[1][0, 2] == fitted.contributions(unseen)[1][1, 2]
    assert fitted.score(unseen)["churn_probability_90d"].null_count() == 0


# Refusals


@pytest.mark.parametrize(
    ("settings", "match"),
    [
        ({"penalty": -1.0}, "penalty is -1; it must be 0 or more"),
        ({"penalty": float("nan")}, "penalty is nan; it must be 0 or more"),
        ({"l1_ratio": 1.5}, "l1_ratio is 1.5; it must lie between 0 and 1"),
        ({"strata": ("age",)}, "'age' is given twice, or is no covariate"),
        ({"weight_column": "event"}, "weight_column is 'event', which the model reads already"),
        ({"missing": "mean"}, "unknown treatment of what is missing 'mean'"),
        ({"splines": {"agee": 3}}, "unknown covariate 'agee'; did you mean 'age'"),
        ({"splines": {"age": 1}}, "the spline of age has 1 columns; it takes at least 2. Leave it out for a line"),
    ],
)
def test_invalid_settings_are_refused(settings: dict[str, object], match: str) -> None:
    with pytest.raises(ParameterError, match=match):
        Cox(covariates=("age", "prio"), **settings)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("settings", "change", "match"),
    [
        ({"weight_column": "w"}, {"w": pl.lit(0.0)}, "w: 432 of 432 rows are not above 0"),
        ({"weight_column": "w"}, {}, "column 'w' is missing"),
        ({"strata": ("mar",)}, {"mar": pl.when(pl.col("mar") > 0).then(1)}, r"mar: \d+ of 432 rows are null"),
        ({"cluster": "mar"}, {"mar": pl.when(pl.col("mar") > 0).then(1)}, r"mar: \d+ of 432 rows are null"),
        ({"splines": {"age": 5}}, {"age": pl.col("mar")}, "age has 2 different values, too few for a spline of 5 columns"),
        ({"splines": {"age": 3}}, {"age": pl.col("mar").cast(pl.String)}, "age is text and cannot bend"),
        ({"missing": "indicator"}, {"age": pl.lit(None, pl.Float64)}, "age is never known. Drop age"),
    ],
)
def test_invalid_columns_are_refused(settings: dict[str, object], change: dict[str, pl.Expr], match: str) -> None:
    with pytest.raises(TableError, match=match):
        Cox(covariates=("age", "prio"), **settings).fit(rossi().with_columns(**change), as_of=DAY)  # type: ignore[arg-type]
