"""Mixture cure: lifelines on data sets, exact derivatives, a world with known stayers, and refusals."""

from __future__ import annotations

import warnings
from datetime import date

import numpy as np
import polars as pl
import pytest
from lifelines import MixtureCureFitter, WeibullFitter, datasets
from simulated_spells import leavers

from relkit.errors import FitError, NotEnoughEventsError
from relkit.models.lifetime_value.uncertainty import standard_errors
from relkit.models.survival.lifetimes import read_lifetimes
from relkit.models.survival.location_scale import Watched
from relkit.models.survival.mixture_cure import FittedMixtureCure, MixtureCure, Problem

DAY = date(2025, 6, 30)
TRUTH = {"x": 0.5, "z": -0.8, "intercept": 0.4, "latency": 5.0, "log_rho": 0.3}


@pytest.fixture(scope="module")
def world() -> pl.DataFrame:
    return leavers(4000, np.random.default_rng(1), **TRUTH)


@pytest.fixture(scope="module")
def fitted(world: pl.DataFrame) -> FittedMixtureCure:
    return MixtureCure(covariates=("x", "z")).fit(world, as_of=DAY)


def _cases() -> dict[str, pl.DataFrame]:
    kidney = pl.from_pandas(datasets.load_kidney_transplant()).select(duration_days="time", event="death")
    gbsg2 = pl.from_pandas(datasets.load_gbsg2()).select(duration_days="time", event="cens")
    aids = pl.from_pandas(datasets.load_multicenter_aids_cohort_study())
    aids = aids.select(duration_days="T", event=pl.col("D").cast(pl.Int64), entry_days="W").filter(
        pl.col("duration_days") > pl.col("entry_days")
    )
    g3 = pl.from_pandas(datasets.load_g3()).select(duration_days="time", event=pl.col("event").cast(pl.Int64))
    simulated = leavers(500, np.random.default_rng(9), **TRUTH)
    cases = {"kidney": kidney, "gbsg2": gbsg2, "aids, entry": aids, "g3": g3, "simulated": simulated}
    cases["gbsg2, weights"] = gbsg2.with_columns(weight=1 + pl.int_range(pl.len()) % 3)
    return cases


@pytest.mark.parametrize("name", _cases())
def test_lifelines_agrees_on_its_data_sets(name: str) -> None:
    """Lifelines 0.30.3, MixtureCureFitter(base_fitter=WeibullFitter()): the same likelihood if it converges, never a higher one."""
    frame = _cases()[name]
    weights = "weight" if "weight" in frame.columns else None
    given = {key: frame[column].to_numpy() for key, column in (("weights", "weight"), ("entry", "entry_days")) if column in frame.columns}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        peer = MixtureCureFitter(base_fitter=WeibullFitter()).fit(
            frame["duration_days"].to_numpy(), frame["event"].cast(pl.Int64).to_numpy(), **given
        )
    ours = MixtureCure(covariates=(), weight_column=weights or "").fit(frame, as_of=DAY)
    assert ours.info.log_likelihood == pytest.approx(peer.log_likelihood_, abs=1e-6)


def test_derivatives_are_exact(world: pl.DataFrame) -> None:
    """Central differences, with late entries and weights, all three parts on covariates."""
    frame = world.head(300).with_columns(weight=1.0 + pl.int_range(pl.len()) % 2)
    model = MixtureCure(covariates=("x", "z"), weight_column="weight")
    lives = read_lifetimes(frame, model.needs, weight_column="weight", bounds=None)
    X = np.column_stack((lives.frame.select("x", "z").to_numpy(), np.ones(len(lives.lower))))
    problem, at = Problem(Watched.of(lives), (X, X, X)), np.array([0.5, -0.4, 0.3, 0.1, 0.2, -0.3, 0.1, -0.1, 0.2])
    _, gradient, hessian = problem.evaluate(at)
    step = 1e-5 * np.eye(9)
    np.testing.assert_allclose(
        gradient, [(problem.evaluate(at + e)[0] - problem.evaluate(at - e)[0]) / 2e-5 for e in step], rtol=1e-6, atol=1e-5
    )
    np.testing.assert_allclose(
        hessian, [(problem.evaluate(at + e)[1] - problem.evaluate(at - e)[1]) / 2e-5 for e in step], rtol=1e-6, atol=1e-5
    )


def test_a_known_world_is_recovered_and_covered() -> None:
    """95 % intervals of 5 parameters in 30 worlds: 99.9 % binomial bounds of 150."""
    truth, inside = np.array(list(TRUTH.values())), 0
    for seed in range(30):
        summary = MixtureCure(covariates=("x", "z")).fit(leavers(1500, np.random.default_rng(seed), **TRUTH), as_of=DAY).summary()
        inside += int(((summary["lower"].to_numpy() < truth) & (truth < summary["upper"].to_numpy())).sum())
    assert 131 <= inside <= 150


def test_who_never_leaves(world: pl.DataFrame, fitted: FittedMixtureCure) -> None:
    """Bayes' rule, written out; the longer one runs, the likelier one stays; half of those who mostly stay never go."""
    frame = world.head(3).with_columns(duration_days=pl.Series([0.0, 100.0, 2000.0]), x=0.5, z=0.0, event=pl.lit(value=False))
    p = 1 / (1 + np.exp(-(fitted.leaving[0] * 0.5 + fitted.leaving[-1])))
    S0 = np.exp(-((frame["duration_days"].to_numpy() / np.exp(fitted.latency[-1])) ** np.exp(fitted.log_rho)))
    never = fitted.probability_never_leaving(frame)
    np.testing.assert_allclose(never, (1 - p) / (1 - p + p * S0), rtol=1e-9)
    np.testing.assert_allclose(1 - fitted.survival_ahead(frame, [1e5])[:, 0], 1 - never, rtol=1e-6, atol=1e-12)
    median = fitted.median_remaining_days(frame)
    assert np.isinf(median[2])
    assert fitted.survival_ahead(frame[:1], [median[0]])[0, 0] == pytest.approx(0.5, rel=1e-9)
    assert np.isinf(fitted.expected_remaining_days(frame)).all()


def test_bounds_are_those_of_moved_parameters(world: pl.DataFrame) -> None:
    ours = MixtureCure(covariates=("x",), latency_covariates=("x", "z")).fit(world, as_of=DAY)
    assert ours.terms == ("x", "intercept", "latency:x", "latency:z", "latency:intercept", "log_rho")
    frame = world.head(5).with_columns(duration_days=pl.Series([0.0, 5.0, 20.0, 50.0, 400.0]))
    error = standard_errors(ours, lambda model: np.log(-np.log(model.survival_ahead(frame, [10.0, 60.0]))))
    hazard = -np.log(ours.survival_ahead(frame, [10.0, 60.0]))
    low, _ = ours.survival_ahead_bounds(frame, [10.0, 60.0], level=0.9)
    np.testing.assert_allclose(low, np.exp(-hazard * np.exp(1.6448536 * error)), rtol=1e-4)
    names, parts = ours.contributions(world)
    assert names == ("x", "z")
    np.testing.assert_allclose(parts.mean(axis=0), 0, atol=1e-12)
    slope = ours.leaving[0] - ours.latency[0] * np.exp(ours.log_rho)
    np.testing.assert_allclose(parts[:, 0], slope * (world["x"] - world["x"].mean()).to_numpy(), rtol=1e-9)


def test_scale_of_the_columns_needs_no_care(world: pl.DataFrame, fitted: FittedMixtureCure) -> None:
    moved = MixtureCure(covariates=("x", "z")).fit(world.with_columns(x=(pl.col("x") + 1e6) * 1e6), as_of=DAY)
    assert moved.leaving[0] * 1e6 == pytest.approx(fitted.leaving[0], rel=1e-5)
    assert moved.info.log_likelihood == pytest.approx(fitted.info.log_likelihood, abs=1e-6)


def test_a_curve_that_does_not_level_off_is_refused() -> None:
    """Rossi: three quarters still run when last observed, and ends come ever faster until then."""
    frame = pl.from_pandas(datasets.load_rossi()).select(duration_days="week", event="arrest")
    with pytest.raises(FitError, match=r"the curve does not level off .* Use survival\.weibull_aft, or a longer history"):
        MixtureCure(covariates=()).fit(frame, as_of=DAY)


@pytest.mark.parametrize(
    ("change", "error", "match"),
    [
        ({"event": pl.lit(value=False)}, NotEnoughEventsError, "none of the .* spells ended"),
        ({"event": pl.int_range(pl.len()) < 3}, NotEnoughEventsError, "5 parameters need more"),
        ({"x": pl.lit(1.0)}, FitError, "x is 1 for everybody"),
        ({"x": pl.col("z") * 2 + 1}, FitError, "z follows from x"),
        ({"z": pl.when("event").then(0.0).otherwise("z")}, FitError, "the coefficient of z runs to infinity"),
    ],
)
def test_bad_input_is_refused(world: pl.DataFrame, change: dict[str, pl.Expr], error: type[Exception], match: str) -> None:
    with pytest.raises(error, match=match):
        MixtureCure(covariates=("x", "z")).fit(world.with_columns(**change), as_of=DAY)
