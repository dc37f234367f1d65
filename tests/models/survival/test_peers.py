"""Every estimator that lifelines or scikit-survival has too, on data sets they ship, ties and weights included: to 1e-6 in log-likelihood.

Here, on six data sets: Cox with late entry, weights and strata, and on pieces of spells; scikit-survival's Cox with Efron's ties,
with Breslow's, and with the elastic net, its Kaplan-Meier, Nelson-Aalen and log-rank (stored values); Weibull, log-normal and
log-logistic, without covariates and with, with late entry and weights, and of ends known by intervals; piecewise exponential;
mixture cure; Kaplan-Meier; restricted mean. Elsewhere, with numbers of R and papers: `test_kaplan_meier`, `test_nelson_aalen`,
`test_log_rank`, `test_cumulative_incidence` (Aalen-Johansen), `test_restricted_mean`, `test_cox`, `test_cox_options` (strata,
weights, ridge), `test_cox_time_varying`, `test_cause_specific_cox`, `test_aft` (lifelines' own search), `test_piecewise_exponential`,
`test_mixture_cure`, `test_proportional_hazards`. Neither has a model in discrete time.

Where lifelines' search stops short (it does so on flat likelihoods), ours must be the higher: so its likelihood is asked
for at our coefficients, and for its gain from one more step of Newton's method there.
"""

from __future__ import annotations

import json
import warnings
from datetime import date
from pathlib import Path
from typing import Any

import lifelines
import numpy as np
import pandas as pd
import polars as pl
import pytest
from autograd import grad
from lifelines import CoxPHFitter, CoxTimeVaryingFitter, datasets
from lifelines.utils import DataframeSlicer, restricted_mean_survival_time
from survival_peers import PENALTY, SHARES, TABLES

from relkit.models.survival.cox import Cox, FittedCox
from relkit.models.survival.cox_time_varying import CoxTimeVarying
from relkit.models.survival.kaplan_meier import KaplanMeier
from relkit.models.survival.log_logistic_aft import LogLogisticAft
from relkit.models.survival.log_normal_aft import LogNormalAft
from relkit.models.survival.log_rank import log_rank
from relkit.models.survival.mixture_cure import MixtureCure
from relkit.models.survival.nelson_aalen import nelson_aalen
from relkit.models.survival.piecewise_exponential import PiecewiseExponential
from relkit.models.survival.restricted_mean import restricted_mean
from relkit.models.survival.weibull_aft import WeibullAft

DAY = date(2025, 6, 30)
PRECISE = {"precision": 1e-12, "r_precision": 1e-14}
AFT: dict[str, tuple[Any, tuple[str, str]]] = {
    "Weibull": (WeibullAft, ("lambda_", "rho_")),
    "LogNormal": (LogNormalAft, ("mu_", "sigma_")),
    "LogLogistic": (LogLogisticAft, ("alpha_", "beta_")),
}
each_table = pytest.mark.parametrize("name", TABLES)


def fall(ours: FittedCox, coefficients: np.ndarray) -> float:
    """Return by how much our log-likelihood falls from our coefficients to others, by its curvature."""
    gap = ours.coefficients - coefficients
    return float(gap @ np.linalg.solve(ours.covariance, gap) / 2)


# --- Cox ----------------------------------------------------------------------------------------------------------


@each_table
def test_cox_is_that_of_lifelines(name: str) -> None:
    """CoxPHFitter 0.30.3, Efron, with late entry, weights and strata at once."""
    table = TABLES[name]
    ours = Cox(covariates=table.covariates, weight_column="weight", strata=("plan",)).fit(table.late, as_of=DAY)
    peer = CoxPHFitter().fit(
        table.late.select("duration_days", "event", *table.covariates, "weight", "entry_days", "plan").to_pandas(),
        "duration_days",
        "event",
        weights_col="weight",
        entry_col="entry_days",
        strata=["plan"],
        fit_options=PRECISE,
    )
    assert ours.info.log_likelihood == pytest.approx(peer.log_likelihood_, abs=1e-6)
    assert fall(ours, peer.params_.to_numpy()) < 1e-9
    np.testing.assert_allclose(np.sqrt(np.diag(ours.covariance)), peer.standard_errors_, rtol=1e-6)


@each_table
def test_cox_on_pieces_of_spells_is_that_of_lifelines(name: str) -> None:
    """CoxTimeVaryingFitter 0.30.3, with weights, on spells cut at their median age, a covariate one more from there on."""
    table = TABLES[name]
    cut = float(table.whole["duration_days"].median())  # type: ignore[arg-type]
    early, late = pl.col("duration_days") <= cut, pl.col("duration_days") > cut
    moved = table.covariates[0]
    before = table.whole.with_columns(
        entry_days=pl.lit(0.0), event=pl.col("event") & early, duration_days=pl.col("duration_days").clip(upper_bound=cut)
    )
    after = table.whole.filter(late).with_columns(entry_days=pl.lit(cut), **{moved: pl.col(moved) + pl.col("weight") / 2})
    pieces = pl.concat([before.with_columns(pl.col(moved).cast(pl.Float64)), after])
    ours = CoxTimeVarying(covariates=table.covariates, weight_column="weight").fit(pieces, as_of=DAY)
    data = pieces.select("customer_id", "entry_days", "duration_days", "event", "weight", *table.covariates).to_pandas()
    peer = CoxTimeVaryingFitter().fit(
        data, "event", id_col="customer_id", start_col="entry_days", stop_col="duration_days", weights_col="weight", fit_options=PRECISE
    )
    assert ours.info.log_likelihood == pytest.approx(peer.log_likelihood_, abs=1e-6)
    assert fall(ours, peer.params_.to_numpy()) < 1e-9


STORED = json.loads((Path(__file__).parents[2] / "golden" / "survival" / "scikit_survival.json").read_text())
"""scikit-survival 0.28.0 on the same tables, made by tests/golden/survival/scikit_survival.py."""


def test_the_stored_values_are_of_the_version_named() -> None:
    assert STORED["made_by"]["scikit-survival"] == "0.28.0"
    assert set(STORED) == {"made_by", *TABLES}


@each_table
@pytest.mark.parametrize("ties", ["efron", "breslow"])
def test_cox_is_that_of_scikit_survival(name: str, ties: Any) -> None:
    """CoxPHSurvivalAnalysis(ties=...), which gives no log-likelihood: at its coefficients ours falls by less than 1e-9."""
    table = TABLES[name]
    ours = Cox(covariates=table.covariates, ties=ties).fit(table.whole, as_of=DAY)
    assert fall(ours, np.array(STORED[name][f"cox_{ties}"])) < 1e-9


@each_table
@pytest.mark.parametrize("share", SHARES)
def test_the_elastic_net_is_that_of_scikit_survival(name: str, share: float) -> None:
    """CoxnetSurvivalAnalysis(l1_ratio=share, alphas=[0.02]) on standardised columns, Breslow's ties: zeros where it has zeros."""
    table = TABLES[name]
    ours = Cox(covariates=table.covariates, ties="breslow", penalty=PENALTY, l1_ratio=share).fit(table.whole, as_of=DAY)
    stored = np.array(STORED[name][f"net_{share}"])
    np.testing.assert_allclose(ours.coefficients * ours.scales, stored * ours.scales, atol=1e-7)
    assert ((ours.coefficients == 0) == (stored == 0)).all()


@each_table
def test_curves_and_tests_are_those_of_scikit_survival(name: str) -> None:
    """kaplan_meier_estimator with late entry, nelson_aalen_estimator, compare_survival."""
    late, whole, stored = TABLES[name].late, TABLES[name].whole, STORED[name]
    curve = KaplanMeier().fit(late, as_of=DAY).curve()
    np.testing.assert_allclose(curve.at(stored["kaplan_meier_late"]["days"]), stored["kaplan_meier_late"]["survival"], rtol=1e-9)
    duration, event, plan = (whole[column].to_numpy() for column in ("duration_days", "event", "plan"))
    hazard = nelson_aalen(duration, event)
    np.testing.assert_allclose(hazard.at(stored["nelson_aalen"]["days"]), stored["nelson_aalen"]["hazard"], rtol=1e-9)
    assert log_rank(duration, event, plan).chi2 == pytest.approx(stored["log_rank"], rel=1e-9)


# --- accelerated failure time -------------------------------------------------------------------------------------


def theirs_at_ours(kind: str, frame: pl.DataFrame, names: tuple[str, ...], ours: Any, *, intervals: bool) -> tuple[float, float]:
    """Return lifelines' log-likelihood at our coefficients, and its gain from one step of Newton's method, by our curvature."""
    peer = getattr(lifelines, f"{kind}AFTFitter")()
    primary, other = AFT[kind][1]
    columns = pd.MultiIndex.from_tuples([*((primary, name) for name in (*names, "Intercept")), (other, "Intercept")])
    ones = np.ones(len(frame))
    values = np.column_stack((frame.select(names).to_numpy().astype(float), ones, ones))
    Xs = DataframeSlicer(pd.DataFrame(values, columns=columns))
    weight = frame["weight"].to_numpy()
    entry = frame["entry_days"].to_numpy() if "entry_days" in frame.columns else 0 * ones
    if intervals:
        # Its slope is no number at an infinite age: one at which nobody lives stands for it.
        lower, upper = frame["begun"].to_numpy(), frame["ended"].fill_null(1e30).to_numpy()
        Ts, E, of = (lower, upper), lower == upper, peer._log_likelihood_interval_censoring
    else:
        Ts, E, of = (frame["duration_days"].to_numpy(), None), frame["event"].to_numpy(), peer._log_likelihood_right_censoring

    def mean(at: Any) -> Any:
        return of({primary: at[:-1], other: at[-1:]}, Ts, E, weight, entry, Xs)

    at = ours.coordinates
    slope = grad(mean)(at) * weight.sum()
    return float(mean(at) * weight.sum()), float(slope @ ours.covariance @ slope / 2)


@each_table
@pytest.mark.parametrize("kind", AFT)
@pytest.mark.parametrize("how", ["entry and weights", "intervals"])
def test_lifetimes_with_covariates_are_those_of_lifelines(name: str, kind: str, how: str) -> None:
    """The likelihoods of WeibullAFTFitter, LogNormalAFTFitter and LogLogisticAFTFitter 0.30.3, with weights."""
    table = TABLES[name]
    intervals = how == "intervals"
    frame = table.whole if intervals else table.late
    edges = {"lower_column": "begun", "upper_column": "ended"} if intervals else {}
    ours = AFT[kind][0](covariates=table.covariates, weight_column="weight", **edges).fit(frame, as_of=DAY)
    value, promised = theirs_at_ours(kind, frame, table.covariates, ours, intervals=intervals)
    assert ours.info.log_likelihood == pytest.approx(value, abs=1e-6)
    assert promised < 1e-6


@each_table
@pytest.mark.parametrize("kind", AFT)
def test_lifetimes_without_covariates_are_those_of_lifelines(name: str, kind: str) -> None:
    """WeibullFitter, LogNormalFitter and LogLogisticFitter 0.30.3, by their own search, with late entry and weights."""
    frame = TABLES[name].late
    ours = AFT[kind][0](covariates=(), weight_column="weight").fit(frame, as_of=DAY)
    duration, event, entry, weight = (frame[column].to_numpy() for column in ("duration_days", "event", "entry_days", "weight"))
    peer = getattr(lifelines, f"{kind}Fitter")().fit(duration, event, entry=entry, weights=weight)
    assert ours.info.log_likelihood == pytest.approx(peer.log_likelihood_, abs=1e-6)


@pytest.mark.parametrize("kind", AFT)
def test_a_data_set_of_intervals_is_that_of_lifelines(kind: str) -> None:
    """Its diabetes data: ends between two visits, or on a visit; fit_interval_censoring, 0.30.3, which takes no logarithm of 0."""
    diabetes = pl.from_pandas(datasets.load_diabetes()).select(
        begun=pl.col("left").cast(pl.Float64).clip(lower_bound=0.01),
        ended=pl.col("right").cast(pl.Float64),
        male=(pl.col("gender") == "male").cast(pl.Float64),
    )
    frame = diabetes.with_columns(weight=1.0 + pl.int_range(pl.len()) % 3)
    ours = AFT[kind][0](covariates=("male",), weight_column="weight", lower_column="begun", upper_column="ended").fit(frame, as_of=DAY)
    value, promised = theirs_at_ours(kind, frame, ("male",), ours, intervals=True)
    assert ours.info.log_likelihood == pytest.approx(value, abs=1e-6)
    assert promised < 1e-6


# --- other shapes of the hazard -----------------------------------------------------------------------------------


@each_table
def test_piecewise_exponential_is_that_of_lifelines(name: str) -> None:
    """PiecewiseExponentialFitter 0.30.3 with late entry and weights; breaks lie between ages, where it has ties its own way."""
    frame = TABLES[name].late
    ends = frame.filter("event")["duration_days"]
    breaks = [float(np.floor(ends.quantile(share)) + 0.5) for share in (0.3, 0.6)]  # type: ignore[arg-type]
    ours = PiecewiseExponential(covariates=(), breaks_days=tuple(breaks), weight_column="weight").fit(frame, as_of=DAY)
    duration, event, entry, weight = (frame[column].to_numpy() for column in ("duration_days", "event", "entry_days", "weight"))
    peer = lifelines.PiecewiseExponentialFitter(breaks).fit(duration, event, entry=entry, weights=weight)
    assert ours.info.log_likelihood == pytest.approx(peer.log_likelihood_, abs=1e-6)


@pytest.mark.parametrize("name", ["gbsg2", "kidney_transplant", "leukemia"])
def test_mixture_cure_is_that_of_lifelines(name: str) -> None:
    """MixtureCureFitter 0.30.3 with late entry and weights, where the curve levels off; `test_mixture_cure` has three more."""
    frame = TABLES[name].late
    ours = MixtureCure(covariates=(), weight_column="weight").fit(frame, as_of=DAY)
    duration, event, entry, weight = (frame[column].to_numpy() for column in ("duration_days", "event", "entry_days", "weight"))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        peer = lifelines.MixtureCureFitter(base_fitter=lifelines.WeibullFitter()).fit(duration, event, entry=entry, weights=weight)
    assert ours.info.log_likelihood == pytest.approx(peer.log_likelihood_, abs=1e-6)


# --- curves -------------------------------------------------------------------------------------------------------


@each_table
def test_curves_are_those_of_lifelines(name: str) -> None:
    """KaplanMeierFitter with late entry and weights, and restricted_mean_survival_time with its variance, 0.30.3."""
    frame = TABLES[name].late
    ours = KaplanMeier(weight_column="weight").fit(frame, as_of=DAY).curve()
    duration, event, entry, weight = (frame[column].to_numpy() for column in ("duration_days", "event", "entry_days", "weight"))
    peer = lifelines.KaplanMeierFitter().fit(duration, event, entry=entry, weights=weight)
    ages = peer.survival_function_.index.to_numpy()
    np.testing.assert_allclose(ours.at(ages), peer.survival_function_["KM_estimate"], rtol=1e-9, atol=1e-12)
    days = float(np.quantile(duration, 0.6))
    plain = KaplanMeier().fit(TABLES[name].whole, as_of=DAY).curve()
    theirs = lifelines.KaplanMeierFitter().fit(*(TABLES[name].whole[c].to_numpy() for c in ("duration_days", "event")))
    mean = restricted_mean_survival_time(theirs, t=days)
    assert restricted_mean(plain, days).estimate == pytest.approx(mean, rel=1e-9)
