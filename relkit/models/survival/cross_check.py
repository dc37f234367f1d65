"""Comparison of a regression with the same one by lifelines: log-likelihoods and coefficients, on the rows that were fitted.

    found = cross_check(model, fitted, features)
    found.sentence

It supports survival.cox (CoxPHFitter) and the accelerated failure time models, with covariates as declared, weights, late entry and,
for Cox, strata. lifelines has Efron's treatment of ties only, and another scale of penalties.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from relkit.errors import FitError, ParameterError
from relkit.models.covariates import matrix
from relkit.models.survival.aft_model import AftModel, FittedAftModel
from relkit.models.survival.cox import Cox, FittedCox
from relkit.models.survival.groups import coded, label_of
from relkit.models.survival.lifelines_table import DURATION_COL, ENTRY_COL, EVENT_COL, WEIGHTS_COL, column_names, table_of
from relkit.traces import words_of

if TYPE_CHECKING:
    import polars as pl

    from relkit.metrics.risk_sets import Floats

MOST_ROWS = 50_000
"""Maximum number of spells that are fitted a second time."""

FITTERS = {
    "survival.cox": "CoxPHFitter",
    "survival.weibull_aft": "WeibullAFTFitter",
    "survival.log_normal_aft": "LogNormalAFTFitter",
    "survival.log_logistic_aft": "LogLogisticAFTFitter",
}
"""The models that can be checked, and lifelines' fitters of the same regression."""


@dataclass(frozen=True)
class CrossCheck:
    """A regression by relkit and by lifelines.

    Attributes:
        fitter: of lifelines.
        version: of lifelines.
        rows: spells fitted.
        log_likelihood: of relkit; the partial one of Cox.
        their_log_likelihood: of lifelines.
        largest_difference: between coefficients of the same term.
        term: of that difference.
    """

    fitter: str
    version: str
    rows: int
    log_likelihood: float
    their_log_likelihood: float
    largest_difference: float
    term: str

    @property
    def sentence(self) -> str:
        """The comparison in words."""
        return (
            f"lifelines {self.version} ({self.fitter}) finds the log-likelihood {self.their_log_likelihood:.6f} where relkit finds "
            f"{self.log_likelihood:.6f}; the largest difference between coefficients is {self.largest_difference:.2g}, of {self.term}."
        )


def refuse_cross_check(name: str, model: Any = None) -> None:
    """Raise a ParameterError for a model or settings that lifelines cannot fit as relkit does."""
    if name not in FITTERS:
        raise ParameterError(f"{name} cannot be checked against lifelines.", where="cross_check", remedy=f"Fit {' or '.join(FITTERS)}.")
    why = ""
    if isinstance(model, Cox):
        why = (
            "it has no treatment of ties but Efron's" if model.ties != "efron" else "it scales penalties otherwise" if model.penalty else ""
        )
    elif isinstance(model, AftModel):
        why = "of ends known by intervals only the likelihood of relkit is compared with R" if model.interval else ""
    if why:
        raise ParameterError(f"{name} with these settings cannot be checked: {why}.", where="cross_check", remedy="Leave cross_check out.")


def cross_check(model: Any, fitted: Any, features: pl.DataFrame) -> CrossCheck:
    """Return the comparison of a fitted regression with that of lifelines.

    Args:
        model: settings of one of `FITTERS`.
        fitted: their fit.
        features: the frame it was fitted to.

    Raises:
        ParameterError: a model or settings that lifelines cannot fit as relkit does.
        FitError: too many rows, or lifelines did not converge.
    """
    import lifelines

    refuse_cross_check(model.name, model)
    if fitted.info.rows > MOST_ROWS:
        much = f"{fitted.info.rows:,} spells are too many to fit a second time with lifelines; at most {MOST_ROWS:,} are."
        raise FitError(much, where="cross_check", remedy="Leave cross_check out, or take a sample of the customers.")
    ours, theirs, value = _cox(model, fitted, features) if isinstance(fitted, FittedCox) else _aft(model, fitted, features)
    gaps = np.abs(ours - theirs)
    worst = int(gaps.argmax())
    return CrossCheck(
        fitter=FITTERS[model.name],
        version=lifelines.__version__,
        rows=fitted.info.rows,
        log_likelihood=fitted.info.log_likelihood,
        their_log_likelihood=value,
        largest_difference=float(gaps[worst]),
        term=fitted.terms[worst],
    )


def _cox(model: Cox, fitted: FittedCox, features: pl.DataFrame) -> tuple[Floats, Floats, float]:
    """Return the coefficients of relkit and of lifelines, and lifelines' partial log-likelihood."""
    spells = model.spells(features)
    X, weights = matrix(spells.frame, fitted.covariates), model.weights(spells.frame)
    table = table_of(spells.duration, spells.event, spells.entry, np.ones(len(X)) if weights is None else weights, X)
    table, options = table.drop(columns="intercept"), {}
    if model.strata:
        table["stratum"], _ = coded(spells.frame.select(label_of(model.strata)).to_series())
        options["strata"] = ["stratum"]
    theirs = _run(model.name, table, **options)
    return fitted.coefficients, theirs.params_[column_names(X)].to_numpy(), float(theirs.log_likelihood_)


def _aft(model: AftModel, fitted: FittedAftModel, features: pl.DataFrame) -> tuple[Floats, Floats, float]:
    """Return the coefficients of relkit and of lifelines, and lifelines' log-likelihood."""
    lives = model.lifetimes(features)
    X, W = matrix(lives.frame, fitted.effects), matrix(lives.frame, fitted.shape_effects)
    table = table_of(lives.lower, lives.ended, lives.entry, lives.weight, X).drop(columns="intercept")
    named = [f"shape{j}" for j in range(W.shape[1])]
    formula, shape = " + ".join(column_names(X)) or "1", " + ".join(named) or None
    for name, values in zip(named, W.T, strict=True):
        table[name] = values
    theirs = _run(model.name, table, formula=formula, **({"ancillary": shape} if shape else {}))
    location, of_shape = (theirs.params_[name] for name in (theirs._primary_parameter_name, theirs._ancillary_parameter_name))  # noqa: SLF001 their only name
    found = [*location[column_names(X)], location["Intercept"], *of_shape[named], of_shape["Intercept"]]
    return fitted.coordinates, np.array(found, dtype=np.float64), float(theirs.log_likelihood_)


def _run(name: str, table: Any, **options: Any) -> Any:
    """Return the fitter of lifelines, fitted."""
    import lifelines

    fitter = getattr(lifelines, FITTERS[name])()
    late = {"entry_col": ENTRY_COL} if (table[ENTRY_COL] > 0).any() else {}
    table = table if late else table.drop(columns=ENTRY_COL)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            fitter.fit(table, DURATION_COL, EVENT_COL, weights_col=WEIGHTS_COL, **late, **options)
        except (ValueError, ArithmeticError) as error:
            why = words_of(error, table.columns).rstrip(".")
            raise FitError(f"lifelines found no maximum ({why}).", where="cross_check", remedy="Leave cross_check out.") from error
    return fitter
