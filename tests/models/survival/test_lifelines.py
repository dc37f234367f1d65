"""Regressions of lifelines 0.30.3 as relkit stores them: forecasts equal to the fitter's own, saved as numbers, refused with a remedy."""

from __future__ import annotations

import subprocess
import sys
from datetime import date
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl
import pytest
from lifelines import datasets
from model_checks import spells
from polars.testing import assert_frame_equal

from relkit.errors import FitError, NotConvergedError, ParameterError
from relkit.models import storage
from relkit.models.covariates import matrix
from relkit.models.survival import lifelines as module
from relkit.models.survival.aft_design import Design
from relkit.models.survival.lifelines import ADDITIVE, INSTEAD, OURS, FittedLifelines, Lifelines
from relkit.models.survival.lifelines_table import column_names, to_lifelines

if TYPE_CHECKING:
    from pathlib import Path

DAY = date(2025, 6, 30)
DAYS = [10.0, 40.0, 90.0, 200.0]
NAMES = ("pays_by_direct_debit", "monthly_amount")


def frame(fitter: str) -> pl.DataFrame:
    """Return 300 contracts, observed from their start if the fitter supports nothing else."""
    found = spells()[0]
    return found.with_columns(entry_days=pl.lit(0.0)) if fitter == ADDITIVE else found


@cache
def recorded(fitter: str) -> tuple[FittedLifelines, Any]:
    """Return the model of `frame` and the fitter of lifelines behind it, fitted once: both are only read."""
    made = []

    def of(*args: Any) -> Any:
        made.append(original(*args))
        return made[-1]

    original = module._made
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(module, "_made", of)
        return Lifelines(fitter=fitter, covariates=NAMES).fit(frame(fitter), as_of=DAY), made[-1]


def standardised(fitted: FittedLifelines, rows: pl.DataFrame) -> Any:
    """Return the columns of rows as lifelines was given those of the fit."""
    import pandas as pd

    design = Design.of(fitted.settings.lifetimes(rows).frame, fitted.settings.declaration, "a test")
    columns = (matrix(rows, fitted.effects) - design.means) @ design.turn
    return pd.DataFrame(columns, columns=column_names(columns)).assign(intercept=1.0)


@pytest.mark.parametrize("fitter", list(INSTEAD))
def test_forecasts_are_those_of_lifelines(fitter: str, tmp_path: Path) -> None:
    """To 1e-8, at ages where some of the spells were, after saving and loading."""
    rows = frame(fitter)
    fitted, theirs = recorded(fitter)
    storage.save(fitted, tmp_path / "model")
    loaded = storage.load(tmp_path / "model")
    assert isinstance(loaded, FittedLifelines)
    some = rows.head(20)
    ours = loaded.survival(some, DAYS)["survival"].to_numpy().reshape(20, -1)
    columns = standardised(fitted, rows).head(20)
    if fitter == ADDITIVE:
        cumulated = theirs.predict_cumulative_hazard(columns)
        expected = np.exp(-np.maximum(cumulated.loc[[cumulated.index[cumulated.index <= day][-1] for day in DAYS]].to_numpy().T, 0.0))
    else:
        expected = np.exp(-theirs.predict_cumulative_hazard(columns, times=DAYS).to_numpy().T)
    np.testing.assert_allclose(ours, expected, rtol=0, atol=1e-8)
    assert_frame_equal(loaded.summary(), fitted.summary(), check_exact=True)


@pytest.mark.parametrize("fitter", list(INSTEAD))
def test_scores_are_given_the_age_so_far(fitter: str) -> None:
    """S(t + h) / S(t), within its bounds."""
    rows, fitted = frame(fitter), recorded(fitter)[0]
    some = rows.filter(~pl.col("event")).head(10)
    age = some["duration_days"].to_numpy()
    ahead = fitted.survival_ahead(some, [60.0])[:, 0]
    both = np.array([fitted.survival(some[i], [age[i], age[i] + 60.0])["survival"].to_list() for i in range(10)])
    np.testing.assert_allclose(ahead, np.minimum(both[:, 1] / both[:, 0], 1.0), rtol=1e-9)
    np.testing.assert_allclose(fitted.score(some, horizon_days=60)["churn_probability_60d"].to_numpy(), 1 - ahead, atol=1e-12)
    low, high = fitted.survival_ahead_bounds(some, [60.0])
    assert (low[:, 0] <= ahead).all()
    assert (ahead <= high[:, 0]).all()
    assert (low[:, 0] < high[:, 0]).any()


def test_a_generalised_gamma_is_that_of_lifelines_without_covariates() -> None:
    """`GeneralizedGammaFitter`, a search of its own, on 26 patients (Edmunson 1979, `ovarian` of R's survival)."""
    from lifelines import GeneralizedGammaFitter

    days = [59, 115, 156, 421, 431, 448, 464, 475, 477, 563, 638, 744, 769, 770, 803, 855, 1040, 1106, 1129, 1206, 1227]
    days += [268, 329, 353, 365, 377]
    ended = [1, 1, 1, 0, 1, 0, 1, 1, 0, 1, 1, *[0] * 10, 1, 1, 1, 1, 0]
    theirs = GeneralizedGammaFitter().fit(days, ended)
    ovarian = pl.DataFrame({"duration_days": np.array(days, float), "event": np.array(ended, bool)})
    fitted = Lifelines(covariates=()).fit(ovarian, as_of=DAY)
    assert fitted.info.log_likelihood == pytest.approx(theirs.log_likelihood_, abs=1e-5)
    found = fitted.summary()
    assert found["estimate"].to_numpy() == pytest.approx(theirs.summary["coef"].to_numpy(), abs=3e-3)
    assert found["std_error"][0] == pytest.approx(theirs.summary["se(coef)"].iloc[0], abs=1e-3)


def test_a_spline_of_hazards_is_that_of_cox_ph_fitter() -> None:
    """`CoxPHFitter(baseline_estimation_method="spline", n_baseline_knots=3)` on rossi: coefficients, errors and likelihood."""
    from lifelines import CoxPHFitter

    table = datasets.load_rossi()[["week", "arrest", "fin", "age", "prio"]]
    theirs = CoxPHFitter(baseline_estimation_method="spline", n_baseline_knots=3).fit(table, "week", "arrest")
    rossi = pl.DataFrame({name: table[name].to_numpy(dtype=float) for name in ("fin", "age", "prio")})
    rossi = rossi.with_columns(
        duration_days=pl.Series(table["week"].to_numpy(dtype=float)), event=pl.Series(table["arrest"].to_numpy(dtype=bool))
    )
    fitted = Lifelines(fitter="ParametricSplinePHFitter", covariates=("fin", "age", "prio")).fit(rossi, as_of=DAY)
    assert fitted.info.log_likelihood == pytest.approx(theirs.log_likelihood_, abs=2e-3)
    found = fitted.summary().head(3)
    assert found["estimate"].to_numpy() == pytest.approx(theirs.params_["beta_"][["fin", "age", "prio"]].to_numpy(), abs=2e-3)
    assert found["std_error"].to_numpy() == pytest.approx(theirs.standard_errors_["beta_"][["fin", "age", "prio"]].to_numpy(), rel=0.02)


def test_a_simulated_generalised_gamma_is_found() -> None:
    """2,000 spells of mu = 5 + 0.5 x, sigma = 0.8, lambda = 0.5, a third observed late: within 3 standard errors."""
    rng, n = np.random.default_rng(5), 2000
    x, shape, sigma = rng.integers(0, 2, n).astype(float), 0.5, 0.8
    w = np.log(shape**2 * rng.gamma(shape**-2, 1.0, n)) / shape
    life, seen = np.exp(5 + 0.5 * x + sigma * w), rng.uniform(100, 700, n)
    entry = np.where(rng.random(n) < 1 / 3, rng.uniform(0, 100, n), 0.0)
    rows = pl.DataFrame({"duration_days": np.minimum(life, seen), "event": life <= seen, "entry_days": entry, "x": x})
    fitted = Lifelines(covariates=("x",)).fit(rows.filter(pl.col("duration_days") > pl.col("entry_days")), as_of=DAY)
    found = fitted.summary()
    z = (found["estimate"].to_numpy() - [0.5, 5.0, np.log(sigma), shape]) / found["std_error"].to_numpy()
    assert np.abs(z).max() < 3
    assert found["std_error"].to_numpy().max() < 0.2


def test_weights_stand_for_rows() -> None:
    rows = frame("").with_columns(n=1.0 + pl.int_range(pl.len()) % 2)
    settings: dict[str, Any] = {"fitter": "ParametricSplinePHFitter", "covariates": NAMES}
    weighted = Lifelines(**settings, weight_column="n").fit(rows, as_of=DAY)
    repeated = Lifelines(**settings).fit(pl.concat([rows, rows.filter(n=2.0)]), as_of=DAY)
    assert weighted.info.log_likelihood == pytest.approx(repeated.info.log_likelihood, rel=1e-3)


def test_aalens_errors_are_those_of_lifelines_on_one_column() -> None:
    """With an intercept alone the covariance is the variance that lifelines gives: the sum of d / n^2."""
    rows = frame(ADDITIVE)
    fitted = Lifelines(fitter=ADDITIVE, covariates=()).fit(rows, as_of=DAY)
    until, ended = rows["duration_days"].to_numpy(), rows["event"].to_numpy()
    expected = np.cumsum([((until == age) & ended).sum() / (until >= age).sum() ** 2 for age in fitted.ages])
    np.testing.assert_allclose(fitted.cumulative_covariance[:, 0, 0], expected, rtol=1e-9)


def test_a_loaded_model_needs_no_lifelines(tmp_path: Path) -> None:
    rows = frame("").head(5)
    storage.save(recorded("ParametricSplinePHFitter")[0], tmp_path / "model")
    rows.write_parquet(tmp_path / "rows.parquet")
    code = (
        "import sys, polars as pl; from pathlib import Path; from relkit.models import storage; "
        f"f = Path({str(tmp_path)!r}); storage.load(f / 'model').score(pl.read_parquet(f / 'rows.parquet')); "
        "assert not {'lifelines', 'pandas', 'autograd'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


@pytest.mark.parametrize("fitter", list(OURS))
def test_what_relkit_has_is_named(fitter: str) -> None:
    with pytest.raises(ParameterError, match=f"a model of its own for {fitter}. Use {OURS[fitter]}"):
        Lifelines(fitter=fitter, covariates=NAMES)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"fitter": "MyFitter"}, "unknown fitter of lifelines that can be saved as numbers 'MyFitter'"),
        (
            {"fitter": "CRCSplineFitter", "covariates": ()},
            "CRCSplineFitter needs a covariate. Name columns, or use ParametricSplinePHFitter",
        ),
        ({"knots": 1}, "knots is 1; it must lie between 2 and 10"),
        ({"penalty": -1.0}, "penalty is -1; it must be 0 or more"),
        ({"breaks_days": (30.0, 20.0)}, "the breaks are not ascending ages above 0"),
    ],
)
def test_settings_that_are_refused(settings: dict[str, Any], message: str) -> None:
    with pytest.raises(ParameterError, match=message):
        Lifelines(**{"covariates": NAMES} | settings)


NOBODY = ~pl.col("event") & (pl.int_range(pl.len()) % 2 == 0)


@pytest.mark.parametrize("fitter", [fitter for fitter in INSTEAD if fitter != ADDITIVE])
@pytest.mark.parametrize(
    ("value", "others"),
    [(pl.when(NOBODY).then(pl.lit("old")).otherwise(pl.lit("new")), ("monthly_amount",)), (pl.col("event").cast(pl.Float64), ())],
)
def test_a_value_of_whom_nobody_ends_is_named_by_every_fitter(fitter: str, value: pl.Expr, others: tuple[str, ...]) -> None:
    """Wherever the search of lifelines stopped on the way to infinity; under the name of this model, not that of a start."""
    settings = Lifelines(fitter=fitter, covariates=("special", *others))
    with pytest.raises(FitError, match=r"^survival.lifelines: the coefficient of (\w+: )?special\S* runs to infinity.*Drop special from"):
        settings.fit(frame(fitter).with_columns(special=value), as_of=DAY)


@pytest.mark.parametrize("fitter", list(INSTEAD))
def test_a_penalty_keeps_it_finite(fitter: str) -> None:
    """Those of whom nobody ended are forecast to stay; the additive model needs no penalty for that."""
    rows = frame(fitter).with_columns(special=NOBODY.cast(pl.Float64))
    fitted = Lifelines(fitter=fitter, covariates=("special",), penalty=0.0 if fitter == ADDITIVE else 0.01).fit(rows, as_of=DAY)
    assert fitted.summary()["estimate"].is_finite().all()
    old, new = fitted.survival_ahead(rows.head(2).with_columns(special=pl.Series([1.0, 0.0]), duration_days=0.0), [200.0])[:, 0]
    assert new < 0.75 < old <= 1


def test_a_rare_value_with_an_end_is_fitted() -> None:
    """One of three ends: its effect is loose, yet finite."""
    rows = frame("").sort("event")
    rare = rows.with_columns(special=pl.int_range(pl.len()).is_in([0, 1, len(rows) - 1]))
    for fitter in ("ParametricSplinePHFitter", "CRCSplineFitter", "GeneralizedGammaRegressionFitter"):
        found = Lifelines(fitter=fitter, covariates=("special",)).fit(rare, as_of=DAY).summary()
        assert 0.3 < found["std_error"][0] < 3


def test_too_many_rows_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST_ROWS", 100)
    with pytest.raises(FitError, match=r"spells are too many for lifelines' Gen.*; at most 100 are .*Fit survival.weibull_aft or"):
        Lifelines(covariates=NAMES).fit(frame(""), as_of=DAY)


def test_late_entries_are_refused_where_they_are_not_taken() -> None:
    with pytest.raises(FitError, match=r"AalenAdditiveFitter takes no late entry, and \d+ of .*Fit survival.cox or"):
        Lifelines(fitter=ADDITIVE, covariates=NAMES).fit(frame(""), as_of=DAY)


def test_a_search_without_a_maximum_is_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    class Lost:
        def fit(self, *_args: Any, **_options: Any) -> None:
            raise ValueError("Fitting did not converge.\nTry this.")

    monkeypatch.setattr(module, "_made", lambda *_args: Lost())
    with pytest.raises(NotConvergedError, match=r"found no maximum \(Fitting did not converge\)\. Use fewer covariates or a penalty"):
        Lifelines(covariates=NAMES).fit(frame(""), as_of=DAY)


def test_what_lifelines_warns_of_is_a_remark() -> None:
    """Weights that are no whole numbers."""
    rows = frame("").with_columns(n=pl.lit(0.5))
    fitted = Lifelines(fitter="ParametricSplinePHFitter", covariates=NAMES, weight_column="n").fit(rows, as_of=DAY)
    assert any(note.startswith("lifelines warned: It appears your weights are not integers") for note in fitted.info.notes)


def test_spells_in_lifelines_columns() -> None:
    from lifelines import CoxPHFitter

    from relkit.models.survival.cox import Cox

    rows = frame("").with_columns(plan=pl.Series(["S", "M", "L"] * 100))
    table = to_lifelines(rows, ["monthly_amount", "plan"])
    assert table.columns.tolist() == ["T", "E", "entry", "monthly_amount", "plan"]
    theirs = CoxPHFitter().fit(table, "T", "E", entry_col="entry", formula="monthly_amount + C(plan)")
    ours = Cox(covariates=("monthly_amount", "plan")).fit(rows, as_of=DAY)
    assert theirs.log_likelihood_ == pytest.approx(ours.info.log_likelihood, abs=1e-6)
    at_once = pl.DataFrame({"duration_days": [0.0, 0.0, 9.0], "event": [True, False, True], "entry_days": [0.0, 0.0, 9.0]})
    assert to_lifelines(at_once)["T"].tolist() == [0.5]
