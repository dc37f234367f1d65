"""Piecewise exponential: rates by hand, lifelines, scikit-learn's Poisson regression on written-out cells, a world, refusals."""

from __future__ import annotations

from datetime import date
from typing import Any

import numpy as np
import polars as pl
import pytest
from lifelines import PiecewiseExponentialFitter, datasets
from scipy import integrate
from simulated_spells import in_stretches
from sklearn.linear_model import PoissonRegressor

from relkit.errors import FitError, NotEnoughEventsError, ParameterError
from relkit.models.lifetime_value.uncertainty import standard_errors
from relkit.models.survival.piecewise_exponential import PiecewiseExponential, days_lived

DAY = date(2025, 6, 30)
ROSSI = ("fin", "age", "race", "wexp", "mar", "paro", "prio")


def rossi() -> pl.DataFrame:
    frame = pl.from_pandas(datasets.load_rossi()).rename({"week": "duration_days", "arrest": "event"})
    return frame.with_columns(customer_id=pl.int_range(pl.len()).cast(pl.String), entry_days=(pl.int_range(pl.len()) % 3).cast(pl.Float64))


def test_without_covariates_a_rate_is_ends_over_days_lived() -> None:
    """Late entry included: 1, 2 and 0 ends in hand-counted days, and standard errors of 1 over the root of the ends."""
    frame = pl.DataFrame({"duration_days": [5.0, 10.0, 12.0, 30.0], "event": [True, True, True, False], "entry_days": [0.0, 2.0, 0.0, 8.0]})
    ours = PiecewiseExponential(covariates=(), breaks_days=(6.0,)).fit(frame, as_of=DAY)
    np.testing.assert_allclose(ours.rates, [1 / (5 + 4 + 6), 2 / (4 + 6 + 22)], rtol=1e-12)
    np.testing.assert_allclose(ours.summary()["std_error"], [1, 0.5**0.5], rtol=1e-9)
    assert ours.info.log_likelihood == pytest.approx(np.log(1 / 15) + 2 * np.log(2 / 32) - 3, abs=1e-12)


def _cases() -> dict[str, tuple[pl.DataFrame, tuple[float, ...]]]:
    kidney = pl.from_pandas(datasets.load_kidney_transplant()).select(duration_days="time", event="death")
    gbsg2 = pl.from_pandas(datasets.load_gbsg2()).select(duration_days="time", event="cens")
    lung = pl.from_pandas(datasets.load_lung()).select(duration_days="time", event="status")
    waltons = pl.from_pandas(datasets.load_waltons()).select(duration_days="T", event="E")
    return {
        "rossi": (rossi().drop("entry_days"), (15.5, 30.5)),
        "kidney": (kidney, (100.5, 700.5)),
        "gbsg2": (gbsg2, (500.5, 1000.5)),
        "lung": (lung, (200.5, 400.5)),
        "waltons": (waltons, (30.5, 55.5)),
    }


@pytest.mark.parametrize("name", _cases())
def test_lifelines_agrees_on_its_data_sets(name: str) -> None:
    """Lifelines 0.30.3, at its own convergence: our likelihood written as its own, to 1e-6, breaks between ages to avoid its ties."""
    frame, breaks = _cases()[name]
    ours = PiecewiseExponential(covariates=(), breaks_days=breaks).fit(frame, as_of=DAY)
    peer = PiecewiseExponentialFitter(list(breaks)).fit(frame["duration_days"].to_numpy(), frame["event"].cast(pl.Int64).to_numpy())
    assert ours.info.log_likelihood == pytest.approx(peer.log_likelihood_, abs=1e-6)
    np.testing.assert_allclose(1 / ours.rates, peer.params_, rtol=1e-3)


def test_covariates_are_those_of_a_poisson_regression() -> None:
    """scikit-learn's PoissonRegressor without penalty on a row for each spell and stretch, weighted by the days lived."""
    breaks = np.array([15.5, 30.5])
    frame = rossi().filter(pl.col("duration_days") > pl.col("entry_days")).with_columns(weight=1 + pl.int_range(pl.len()) % 2)
    ours = PiecewiseExponential(covariates=ROSSI, breaks_days=tuple(breaks), weight_column="weight").fit(frame, as_of=DAY)
    duration, entry = frame["duration_days"].to_numpy().astype(float), frame["entry_days"].to_numpy()
    lived = days_lived(entry, duration, breaks)
    ends = np.eye(3)[np.searchsorted(breaks, duration)] * frame["event"].to_numpy()[:, None]
    X = np.concatenate([np.column_stack((np.tile(np.eye(3)[j], (len(frame), 1)), frame.select(ROSSI).to_numpy())) for j in range(3)])
    days, y = lived.T.ravel(), ends.T.ravel()
    seen = days > 0
    weight = np.tile(frame["weight"].to_numpy(), 3)[seen] * days[seen]
    peer = PoissonRegressor(alpha=0, fit_intercept=False, solver="newton-cholesky", tol=1e-10, max_iter=500)
    peer.fit(X[seen], y[seen] / days[seen], sample_weight=weight)
    np.testing.assert_allclose(ours.coordinates, peer.coef_, rtol=1e-5)


def test_a_large_number_of_stretches_comes_near_cox() -> None:
    """With a rate for each week of an end the piecewise exponential is Breslow's partial likelihood (Holford 1980)."""
    from relkit.models.survival.cox import Cox

    frame = rossi().drop("entry_days")
    weeks = frame.filter(pl.col("event") == 1)["duration_days"].unique().sort().to_list()
    ours = PiecewiseExponential(covariates=ROSSI, breaks_days=tuple(float(w) for w in weeks[:-1])).fit(frame, as_of=DAY)
    cox = Cox(covariates=ROSSI, ties="breslow").fit(frame, as_of=DAY)
    np.testing.assert_allclose(ours.coefficients, cox.summary()["estimate"], atol=2e-3)


def test_a_known_world_is_recovered_and_covered() -> None:
    truth = np.array([-6.5, -5.5, -6.0, 0.5, -0.4])
    inside = 0
    for seed in range(30):
        frame = in_stretches(800, np.random.default_rng(seed), breaks=(90.0, 365.0), log_rates=truth[:3], x=0.5, z=-0.4)
        summary = PiecewiseExponential(covariates=("x", "z"), breaks_days=(90.0, 365.0)).fit(frame, as_of=DAY).summary()
        inside += int(((summary["lower"].to_numpy() < truth) & (truth < summary["upper"].to_numpy())).sum())
    assert 131 <= inside <= 150


def test_scale_of_the_columns_needs_no_care() -> None:
    frame = rossi()
    plain = PiecewiseExponential(covariates=ROSSI).fit(frame, as_of=DAY)
    moved = PiecewiseExponential(covariates=ROSSI).fit(frame.with_columns(age=(pl.col("age") + 1e6) * 1e9), as_of=DAY)
    np.testing.assert_allclose(moved.coefficients * [1, 1e9, 1, 1, 1, 1, 1], plain.coefficients, rtol=1e-5)


def test_what_is_ahead_is_the_integral_of_survival() -> None:
    ours = PiecewiseExponential(covariates=ROSSI, breaks_days=(10.0, 30.0)).fit(rossi(), as_of=DAY)
    frame = rossi().head(4).with_columns(duration_days=pl.Series([0.0, 10.0, 20.0, 300.0]), event=pl.lit(value=False))
    median = ours.median_remaining_days(frame)
    np.testing.assert_allclose([ours.survival_ahead(frame[i : i + 1], [median[i]])[0, 0] for i in range(4)], 0.5, rtol=1e-9)
    logs = np.linspace(-15, 12, 20_001)
    area = integrate.simpson(np.exp(logs) * ours.survival_ahead(frame, np.exp(logs)), x=logs)
    np.testing.assert_allclose(ours.expected_remaining_days(frame), area, rtol=1e-5)
    error = standard_errors(ours, lambda model: np.log(-np.log(model.survival_ahead(frame, [10.0, 60.0]))))
    hazard = -np.log(ours.survival_ahead(frame, [10.0, 60.0]))
    np.testing.assert_allclose(
        ours.survival_ahead_bounds(frame, [10.0, 60.0], level=0.9)[0], np.exp(-hazard * np.exp(1.6448536 * error)), rtol=1e-4
    )
    names, parts = ours.contributions(frame)
    assert names == ROSSI
    alike = -np.log(ours.survival_ahead(frame.with_columns(duration_days=0.0), [5.0])[:, 0])
    np.testing.assert_allclose(parts.sum(axis=1) - parts[0].sum(), np.log(alike / alike[0]), atol=1e-9)


@pytest.mark.parametrize(
    ("settings", "change", "error", "match"),
    [
        ({"breaks_days": (0.5, 20.0)}, {}, FitError, "no spell ended between 0 and 0.5 days. Take wider stretches"),
        ({"breaks_days": (90.0,)}, {}, FitError, "no spell ended past 90 days"),
        ({}, {"event": pl.lit(value=False)}, NotEnoughEventsError, "none of the 43. spells ended"),
        (
            {},
            {"event": pl.int_range(pl.len()) < 6},
            NotEnoughEventsError,
            r"5 spells ended; 8 parameters need more|6 spells ended; 8 parameters need more",
        ),
        ({}, {"fin": pl.lit(1.0)}, FitError, "fin is 1 for everybody"),
        ({}, {"fin": pl.col("age") * 2 + pl.col("mar")}, FitError, "mar follows from fin, age"),
        ({}, {"fin": pl.when(pl.col("event") == 1).then(0).otherwise("fin")}, FitError, "the coefficient of fin runs to infinity"),
    ],
)
def test_bad_input_is_refused(settings: dict[str, Any], change: dict[str, pl.Expr], error: type[Exception], match: str) -> None:
    with pytest.raises(error, match=match):
        PiecewiseExponential(covariates=ROSSI, **settings).fit(rossi().with_columns(**change), as_of=DAY)


@pytest.mark.parametrize("breaks", [(0.0, 5.0), (5.0, 5.0), (9.0, 5.0), (np.inf,)])
def test_invalid_breaks_are_refused(breaks: tuple[float, ...]) -> None:
    with pytest.raises(ParameterError, match="the breaks are not ascending ages above 0"):
        PiecewiseExponential(covariates=(), breaks_days=breaks)
