"""Declaration of covariates: it means the same in every regression of survival."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl
import pytest

from relkit.errors import FitError, ParameterError, TableError
from relkit.models import catalogue, storage
from relkit.models.covariate_declaration import Declaration
from relkit.models.covariates import column_names, matrix
from relkit.models.survival.lifelines import ADDITIVE, INSTEAD

if TYPE_CHECKING:
    from pathlib import Path

DAY = date(2025, 6, 30)
NAMES = ("amount", "visits", "plan")
BENT = {"amount": 3}
LINEAR = {
    "survival.cause_specific_cox": {},
    "survival.cox": {},
    "survival.discrete_competing_risks": {},
    "survival.discrete_hazard": {"link": "cloghlog"},
    "survival.fine_gray": {},
    "survival.log_logistic_aft": {},
    "survival.log_normal_aft": {},
    "survival.mixture_cure": {},
    "survival.piecewise_exponential": {},
    "survival.weibull_aft": {},
}
TREES = {"survival.boosted_hazard": {"trees": 5}}
FITTERS = {f"survival.lifelines {fitter}": {"fitter": fitter} for fitter in INSTEAD}
"""The fitters of one model, which has no contributions: its parameters have a linear predictor each."""
USUAL: dict[str, dict[str, Any]] = LINEAR | TREES | FITTERS
BOUNDLESS = [name for name in LINEAR | FITTERS if not name.endswith(ADDITIVE)]
"""Regressions whose coefficients may run to infinity; the additive model solves linear equations."""


def made(name: str, **settings: Any) -> Any:
    """Return a model with its usual settings and others; the name of a fitter may follow its own."""
    return catalogue.make(name.partition(" ")[0], USUAL[name] | settings)


def people(n: int, *, seed: int = 4) -> pl.DataFrame:
    """Contracts of which a fifth never ends; the others end sooner far from an amount of 50, and if nobody counted visits."""
    rng = np.random.default_rng(seed)
    amount, visits, unknown = rng.gamma(5.0, 10.0, n), rng.normal(3.0, 1.0, n), rng.random(n) < 0.2
    plan = rng.choice(["S", "M", "L"], n, p=[0.5, 0.3, 0.2])
    risk = ((amount - 50) / 40) ** 2 + 0.4 * unknown - 0.3 * np.where(unknown, 0.0, visits - 3) + 0.3 * (plan == "L")
    ends = np.where(rng.random(n) < 0.2, np.inf, 300 * (rng.exponential(size=n) * np.exp(-risk)) ** 0.7 + 1)
    stop = rng.uniform(200, 1500, n)
    return pl.DataFrame(
        {
            "customer_id": [str(i) for i in range(n)],
            "duration_days": np.minimum(ends, stop),
            "event": ends <= stop,
            "end_reason": np.where(ends <= stop, rng.choice(["voluntary", "move"], n), None),
            "amount": amount,
            "visits": pl.Series(np.where(unknown, np.nan, visits)).fill_nan(None),
            "plan": pl.Series(plan).set(pl.Series(rng.random(n) < 0.1), None),
        }
    )


PEOPLE = people(2_000)
FEW = PEOPLE.head(500)
"""For fits that are dear, where what is found in the people is not the point."""


def explicit(frame: pl.DataFrame, splines: dict[str, int]) -> tuple[pl.DataFrame, tuple[str, ...]]:
    """Return the frame with every column of the design written out, and their names."""
    known = Declaration(names=NAMES, splines=splines, missing="indicator").learnt(frame, where="a test")
    names = tuple(name.replace("=", " is ") for name in column_names(known))
    return frame.drop(NAMES).hstack(pl.DataFrame(matrix(frame, known), schema=names)), names


@pytest.mark.parametrize("name", LINEAR | TREES)
def test_a_declaration_is_its_columns_written_out(name: str, tmp_path: Path) -> None:
    """The same model of columns that were made beforehand: the same likelihood, effects, errors, forecasts and parts."""
    splines, given = ({}, {}) if name in TREES else (BENT, {"splines": BENT})
    model = made(name, covariates=NAMES, missing="indicator", **given)
    fitted = model.fit(PEOPLE, as_of=DAY)
    frame, names = explicit(PEOPLE, splines)
    plain = made(name, covariates=names).fit(frame, as_of=DAY)
    assert fitted.info.log_likelihood == pytest.approx(plain.info.log_likelihood, abs=1e-7)
    ours, theirs = fitted.summary(), plain.summary()
    if name in LINEAR:
        assert [term.replace("=", " is ") for term in ours["term"]] == theirs["term"].to_list()
        for column in ("estimate", "std_error"):
            np.testing.assert_allclose(ours[column].to_numpy(), theirs[column].to_numpy(), rtol=2e-4, atol=1e-7)
    else:
        assert ours["term"].to_list() == [*NAMES, "period"]
    days = np.array([30.0, 365.0, 2000.0])
    np.testing.assert_allclose(fitted.survival_ahead(PEOPLE, days), plain.survival_ahead(frame, days), atol=1e-7)
    names, parts = fitted.contributions(PEOPLE)
    _, apart = plain.contributions(frame)
    columns = [len(known.columns) for known in Declaration(names=NAMES, splines=splines, missing="indicator").learnt(PEOPLE, where="")]
    added = np.add.reduceat(apart, np.cumsum([0, *columns[:-1]]), axis=1)
    assert names == NAMES
    np.testing.assert_allclose(parts, added, atol=1e-6)
    storage.save(fitted, tmp_path / "model")
    loaded: Any = storage.load(tmp_path / "model")
    assert loaded.settings == model
    assert np.array_equal(loaded.survival_ahead(PEOPLE, days), fitted.survival_ahead(PEOPLE, days))


# The search of the generalised gamma is long; its declaration is read by the code of the others, and it is fitted in the tests below.
@pytest.mark.parametrize("name", [pytest.param(each, marks=[pytest.mark.slow] if "GeneralizedGamma" in each else []) for each in FITTERS])
def test_a_fitter_of_lifelines_reads_a_declaration_as_its_columns(name: str, tmp_path: Path) -> None:
    """The same forecasts at the same coefficients; and the same fit, unless it is reported that a search stopped short of it."""
    model = made(name, covariates=NAMES, missing="indicator", splines=BENT)
    fitted = model.fit(FEW, as_of=DAY)
    frame, names = explicit(FEW, BENT)
    plain = made(name, covariates=names).fit(frame, as_of=DAY)
    assert [term.replace("=", " is ") for term in fitted.terms] == list(plain.terms)
    if not name.endswith(ADDITIVE):
        lower, higher = sorted((fitted, plain), key=lambda fit: fit.info.log_likelihood)
        short = any("lifelines stopped before the maximum" in note for note in lower.info.notes)
        assert higher.info.log_likelihood - lower.info.log_likelihood < (0.5 if short else 0.02)
        plain = replace(plain, coordinates=fitted.coordinates)
    days = np.array([30.0, 365.0, 2000.0])
    ahead = fitted.survival_ahead(FEW, days)
    np.testing.assert_allclose(ahead, plain.survival_ahead(frame, days), atol=1e-7)
    storage.save(fitted, tmp_path / "model")
    loaded: Any = storage.load(tmp_path / "model")
    assert loaded.settings == model
    assert np.array_equal(loaded.survival_ahead(FEW, days), ahead)


@pytest.mark.parametrize("name", LINEAR | FITTERS)
def test_bends_find_who_is_at_risk_on_both_sides(name: str) -> None:
    """Both low and high amounts end sooner, which a line cannot express."""
    fitted = made(name, covariates=("amount",), splines={"amount": 3}).fit(PEOPLE, as_of=DAY)
    three = PEOPLE.head(3).with_columns(amount=pl.Series([10.0, 50.0, 90.0]), duration_days=0.0)
    risk = np.log(-np.log(fitted.survival_ahead(three, [90.0]))) if name in FITTERS else fitted.contributions(three)[1]
    low, middle, high = risk[:, 0]
    assert low > middle + 0.15
    assert high > middle + 0.15


@pytest.mark.parametrize("name", USUAL)
def test_an_empty_number_is_refused_unless_it_is_declared(name: str) -> None:
    model = made(name, covariates=NAMES)
    with pytest.raises(TableError, match=r"visits: .* of 500 rows are null"):
        model.fit(FEW, as_of=DAY)
    known = FEW.drop_nulls("visits")
    fitted = made(name, covariates=NAMES, missing="indicator").fit(known, as_of=DAY)
    unknown = known.with_columns(visits=pl.lit(None, pl.Float64))
    mean = known.with_columns(visits=pl.lit(known["visits"].mean()))
    # What the fit always knew has no column of its own: the mean stands for it.
    np.testing.assert_allclose(fitted.survival_ahead(unknown, [90.0]), fitted.survival_ahead(mean, [90.0]), rtol=1e-12)


@pytest.mark.parametrize("name", LINEAR | FITTERS)
@pytest.mark.parametrize(
    ("given", "error", "message"),
    [
        ({"splines": {"visit": 3}}, ParameterError, "splines: unknown covariate 'visit'"),
        ({"splines": {"amount": 1}}, ParameterError, "splines: the spline of amount has 1 columns; it takes at least 2"),
        ({"missing": "mean"}, ParameterError, "missing is 'mean'"),
        ({"splines": {"plan": 3}, "missing": "indicator"}, TableError, "plan is text and cannot bend. Leave plan out of splines"),
        ({"splines": {"few": 4}, "covariates": ("few",)}, TableError, "few has 3 different values, too few for a spline of 4 columns"),
    ],
)
def test_invalid_declarations_are_refused(name: str, given: dict[str, Any], error: type[Exception], message: str) -> None:
    frame = PEOPLE.with_columns(few=pl.int_range(pl.len()) % 3)
    with pytest.raises(error, match=message):
        made(name, **{"covariates": NAMES} | given).fit(frame, as_of=DAY)


@pytest.mark.parametrize("name", LINEAR | FITTERS)
def test_the_copy_of_a_column_that_bends_is_named(name: str) -> None:
    frame = PEOPLE.with_columns(twice=2 * pl.col("amount"))
    model = made(name, covariates=("amount", "twice"), splines=BENT)
    with pytest.raises(FitError, match="twice follows from"):
        model.fit(frame, as_of=DAY)


@pytest.mark.parametrize("name", LINEAR | FITTERS)
def test_what_is_empty_together_has_one_effect(name: str) -> None:
    """Two columns of one form are empty for the same customers: one term speaks for both, and the likelihood is the same."""
    frame = PEOPLE.with_columns(calls=pl.col("visits") ** 2 + pl.col("amount") / 50)
    fitted = made(name, covariates=("visits", "calls"), missing="indicator").fit(frame, as_of=DAY)
    terms = fitted.summary()["term"].to_list()
    assert any(term.endswith("visits is empty") for term in terms)
    assert not any("calls is empty" in term for term in terms)
    sentence = "customers have no calls; they are those who have no visits: the effect of both is the term 'visits is empty'."
    assert any(sentence in note for note in fitted.info.notes)
    # Apart at scoring, each counts as its mean.
    alone = frame.head(5).with_columns(calls=pl.lit(None, pl.Float64), visits=pl.lit(3.0))
    assert np.isfinite(fitted.survival_ahead(alone, [90.0])).all()


@pytest.mark.parametrize("name", LINEAR | FITTERS)
def test_an_absence_that_another_covariate_tells_is_named_with_what_to_drop(name: str) -> None:
    """Those without visits are those on the plan "none": the covariate is named that can be left out, not its column."""
    frame = PEOPLE.with_columns(plan=pl.when(pl.col("visits").is_null()).then(pl.lit("none")).otherwise(pl.col("plan").fill_null("S")))
    model = made(name, covariates=("plan", "visits"), missing="indicator")
    with pytest.raises(FitError, match=r"visits is empty follows from .*plan=none.* Drop visits from (the )?covariates"):
        model.fit(frame, as_of=DAY)


@pytest.mark.parametrize("name", BOUNDLESS)
def test_an_absence_of_which_nobody_ends_is_named_with_what_to_drop(name: str) -> None:
    ends = pl.col("event") & pl.col("visits").is_not_null()
    frame = PEOPLE.with_columns(event=ends, end_reason=pl.when(ends).then("end_reason"))
    model = made(name, covariates=("visits",), missing="indicator")
    with pytest.raises(FitError, match=r"visits is empty .*Drop visits from (the )?covariates, or merge"):
        model.fit(frame, as_of=DAY)


def test_what_bends_in_one_part_bends_in_the_other() -> None:
    """Each of two parts takes the declaration of the columns it has."""
    model: Any = catalogue.make(
        "survival.weibull_aft",
        {"covariates": ("amount",), "shape_covariates": ("amount", "visits"), "splines": BENT, "missing": "indicator"},
    )
    fitted = model.fit(PEOPLE, as_of=DAY)
    assert [known.columns for known in fitted.effects] == [("amount", "amount (bend 1)", "amount (bend 2)")]
    assert [len(known.columns) for known in fitted.shape_effects] == [3, 2]
    assert fitted.survival_ahead(PEOPLE, [90.0]).shape == (2_000, 1)


def test_every_regression_takes_a_declaration() -> None:
    """A new regression of the catalogue joins `LINEAR`, `TREES` or `FITTERS`, or gives the reason here."""
    others = {"survival.cox_time_varying"}  # as survival.cox, whose settings it inherits
    asked = {name for name in catalogue.names() if name.startswith("survival.") and "covariates" in catalogue.required_settings(name)}
    assert asked - others == {name.partition(" ")[0] for name in USUAL}
