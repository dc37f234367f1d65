"""The piecewise exponential model: a risk that is constant between given ages, times the effects of covariates.

The hazard of a customer with covariates x at an age in stretch j is exp(a_j + x'b). With D_ij ends and E_ij days lived of
row i in stretch j the likelihood is that of Poisson counts, sum of D_ij (a_j + x_i'b) - E_ij exp(a_j + x_i'b) (Holford, T. R.
(1980), The analysis of rates and of survivorship using log-linear models. Biometrics 36, 299-305), so that rows which share
their covariates are added up first: a million contracts on a few plans are a few hundred cells. It is concave; Newton's
method has its exact Hessian. Past the last observed age the rate of the last stretch continues.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, ClassVar, NamedTuple, Self

import numpy as np
import polars as pl
from numpy.typing import NDArray

from relkit.contracts import check
from relkit.errors import FitError, ParameterError
from relkit.models import covariates as covariate_columns
from relkit.models.base import FitInfo, fingerprint
from relkit.models.covariates import Covariate  # noqa: TC001 storage reads the types of the fields
from relkit.models.maximum import Evaluation, Maximum, maximise
from relkit.models.survival.aft_design import Design, enough_ends, refuse_runaways
from relkit.models.survival.family import CHECKED_COVARIATES, CONTRACTS, SPELLS
from relkit.models.survival.judging import JudgedByEnds
from relkit.models.survival.parametric import ParametricScores
from relkit.models.survival.settings import Parametric
from relkit.models.survival.spells import score_contract
from relkit.remarks import Remark, french
from relkit.texts import Text

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import date

    from relkit.contracts import Contract
    from relkit.models.survival.lifetimes import Lifetimes
    from relkit.models.survival.parametric import Slopes

Floats = NDArray[np.float64]

STRETCHES = 8
"""Default number of stretches of age, with about as many events in each; fewer if there are few events."""
_ENDS_EACH = 10
_WIDEST = 30.0


def days_lived(entry: Floats, until: Floats, breaks: Floats) -> Floats:
    """Return the days between two ages that lie in each stretch, shape (n, len(breaks) + 1).

    Args:
        entry: shape (n,), days.
        until: shape (n,), days.
        breaks: ascending ages at which the rate changes, in days.

    Examples:
        >>> days_lived(np.array([0.0, 20.0]), np.array([10.0, 100.0]), np.array([30.0, 90.0])).tolist()
        [[10.0, 0.0, 0.0], [10.0, 60.0, 10.0]]
    """
    starts, stops = np.append(0.0, breaks), np.append(breaks, np.inf)
    lived = np.minimum(until[..., None], stops) - np.maximum(entry[..., None], starts)
    return np.asarray(np.maximum(lived, 0.0))


class Cells(NamedTuple):
    """Rows that share their covariates, added up.

    Attributes:
        ends: shape (p, j), weight of the ends in each stretch.
        days: shape (p, j), days lived in each, times weight, in units of `unit`.
        X: shape (p, q), covariates.
        unit: days, so that the rates are about 1.
    """

    ends: Floats
    days: Floats
    X: Floats
    unit: float

    @classmethod
    def of(cls, lives: Lifetimes, breaks: Floats, X: Floats) -> Self:
        """Return the cells of lifetimes, with the columns of their design less its ones."""
        stretches, weight = len(breaks) + 1, lives.weight
        days = days_lived(lives.entry, lives.lower, breaks) * weight[:, None]
        unit = float(days.sum() / weight[lives.ended].sum())
        ended = lives.ended
        at = np.searchsorted(breaks, lives.lower[ended], side="left")
        shared, of_row = _shared(X)
        ends = np.zeros((len(shared), stretches))
        np.add.at(ends, (of_row[ended], at), weight[ended])
        added = np.column_stack([np.bincount(of_row, days[:, j], minlength=len(shared)) for j in range(stretches)])
        return cls(ends, added / unit, shared, unit)

    def log_likelihood(self, at: Floats) -> Evaluation:
        """Return the Poisson log-likelihood of rates exp(a + x'b) in these units, with gradient and Hessian in a, then b."""
        stretches = self.ends.shape[1]
        a, b = at[:stretches], at[stretches:]
        expected = self.days * np.exp(self.X @ b)[:, None] * np.exp(a)
        left, each = self.ends.sum(axis=0) - expected.sum(axis=0), expected.sum(axis=1)
        by_row = self.ends.sum(axis=1)
        value = float(self.ends.sum(axis=0) @ a + by_row @ (self.X @ b) - expected.sum())
        cross = expected.T @ self.X
        hessian = -np.block([[np.diag(expected.sum(axis=0)), cross], [cross.T, self.X.T @ (each[:, None] * self.X)]])
        return value, np.concatenate((left, self.X.T @ (by_row - each))), hessian


def _shared(X: Floats) -> tuple[Floats, NDArray[np.intp]]:
    """Return the distinct rows, and which of them each row is."""
    if not X.shape[1]:
        return np.zeros((1, 0)), np.zeros(len(X), dtype=np.intp)
    frame = pl.DataFrame(X)
    numbered = frame.with_columns(pattern=pl.struct(frame.columns).rank("dense") - 1)
    of_row = numbered["pattern"].to_numpy().astype(np.intp)
    first = np.unique(of_row, return_index=True)[1]
    return X[first], of_row


@dataclass(frozen=True, kw_only=True)
class PiecewiseExponential(Parametric, JudgedByEnds):
    """Settings of a piecewise exponential model; those it shares are in `relkit.models.survival.settings`.

    Attributes:
        covariates: columns that raise or lower the risk: numbers, truth values, or categories as text; may be empty.
        breaks_days: ascending ages at which the risk may change, in days; by default so that about as many events lie in each stretch.

    Examples:
        >>> from datetime import date
        >>> spells = pl.DataFrame({"duration_days": [10.0, 20.0, 40.0, 60.0, 80.0, 90.0], "event": [True, True, False, True, True, False]})
        >>> fitted = PiecewiseExponential(covariates=(), breaks_days=(30.0,)).fit(spells, as_of=date(2025, 6, 30))
        >>> fitted.rates.round(5).tolist()  # 2 ends in 150 days lived, then 2 in 150
        [0.01333, 0.01333]
    """

    name: ClassVar[str] = "survival.piecewise_exponential"
    label = Text("piecewise exponential", "exponentielle par morceaux")
    purpose = Text(
        "Piecewise exponential model: how long contracts last, with a risk for each stretch of age.",
        "Modèle exponentiel par morceaux : la durée des contrats, avec un risque pour chaque tranche d’ancienneté.",
    )
    role, reads = CONTRACTS, SPELLS
    competes = True
    figures = ("fitted_survival", "rate_ratios", "calibration")
    check_settings = CHECKED_COVARIATES

    breaks_days: tuple[float, ...] = ()

    def __post_init__(self) -> None:
        """Check the breaks."""
        super().__post_init__()
        if not all(0 < a < np.inf for a in self.breaks_days) or not all(np.diff(self.breaks_days) > 0):
            raise ParameterError("the breaks are not ascending ages above 0.", where="breaks_days", remedy="Write them as 30,90,365.")

    def fit(self, features: pl.DataFrame, *, as_of: date) -> FittedPiecewiseExponential:
        """Return the model of maximum likelihood.

        Raises:
            TableError: a column is missing, null or invalid.
            NotEnoughEventsError: fewer events than parameters.
            FitError: a stretch without an event, a covariate that is constant, collinear with the others, or has no finite coefficient.
        """
        lives = self.lifetimes(features)
        breaks = np.array(self.breaks_days) if self.breaks_days else _breaks_of(lives, len(self.covariates))
        ends = float(lives.weight[lives.ended].sum())
        enough_ends(ends, len(breaks) + len(self.covariates) + 1, self.name)
        design = Design.of(lives.frame, self.declaration, self.name)
        enough_ends(ends, len(breaks) + design.X.shape[1], self.name)
        cells = Cells.of(lives, breaks, design.X[:, :-1])
        _refuse_empty(cells, breaks, self.name)
        best = _maximum(cells, self.name)
        refuse_runaways(_effects_first(best, len(breaks) + 1), design.names, self.name)
        at, covariance = _as_given(best, cells, design)
        together = Cells(cells.ends.sum(axis=0)[None, :], cells.days.sum(axis=0)[None, :], np.zeros((1, 0)), cells.unit)
        null = _maximum(together, self.name)
        days = -float(cells.ends.sum()) * float(np.log(cells.unit))
        last, listed = lives.last_age, ", ".join(f"{age:g}" for age in breaks) or "none"
        tail = Remark(
            "past_last_age_stretch",
            f"Past the last observed age, {last:,.0f} days, the risk of the last stretch goes on. Breaks, in days: {listed}.",
            f"Au-delà de l’âge le plus grand observé, {french(last)} jours, le risque de la dernière tranche continue. Bornes des "
            f"tranches, en jours : {'aucune' if listed == 'none' else listed}.",
        )
        info = FitInfo(
            as_of=as_of,
            rows=len(lives.lower),
            log_likelihood=best.value + days,
            converged=True,
            fingerprint=fingerprint(lives.frame),
            remarks=(*lives.remarks, *covariate_columns.remarks_on(lives.frame, design.known), tail),
        )
        return FittedPiecewiseExponential(
            settings=self,
            info=info,
            breaks=breaks,
            log_rates=at[: len(breaks) + 1],
            coefficients=at[len(breaks) + 1 :],
            covariance=covariance,
            effects=design.known,
            means=design.averages,
            null_log_likelihood=null.value + days,
            last_age=last,
        )


def _breaks_of(lives: Lifetimes, covariates: int) -> Floats:
    """Return ages between which about as many spells end, fewer if there are few ends; those at one age fall in one stretch."""
    ages = lives.lower[lives.ended]
    stretches = int(np.clip((len(ages) - covariates) // _ENDS_EACH, 1, STRETCHES))
    edges = np.unique(np.quantile(ages, np.arange(1, stretches) / stretches, method="inverted_cdf"))
    return np.asarray(edges[edges < ages.max()])


def _refuse_empty(cells: Cells, breaks: Floats, where: str) -> None:
    """Raise for a stretch in which nobody ended: the logarithm of its rate is not finite."""
    empty = np.flatnonzero(cells.ends.sum(axis=0) == 0)
    if len(empty):
        low, high = np.append(0.0, breaks)[empty[0]], np.append(breaks, np.inf)[empty[0]]
        between = f"between {low:g} and {high:g} days" if np.isfinite(high) else f"past {low:g} days"
        raise FitError(f"no spell ended {between}.", where=where, remedy="Take wider stretches in breaks_days, or leave it out.")


def _maximum(cells: Cells, where: str) -> Maximum:
    ends, days = cells.ends.sum(axis=0), cells.days.sum(axis=0)
    start = np.concatenate((np.log(ends / days), np.zeros(cells.X.shape[1])))
    edge = np.full(len(start), _WIDEST)
    return maximise(_guarded(cells), np.clip(start, -edge, edge), low=-edge, high=edge, tolerance=1e-10, where=where)


def _guarded(cells: Cells) -> Callable[[Floats], Evaluation]:
    def value(at: Floats) -> Evaluation:
        with np.errstate(over="ignore", invalid="ignore"):
            return cells.log_likelihood(at)

    return value


def _effects_first(best: Maximum, stretches: int) -> Maximum:
    order = np.roll(np.arange(len(best.at)), -stretches)
    return replace(best, at=best.at[order], hessian=best.hessian[np.ix_(order, order)], bounded=best.bounded[order])


def _as_given(best: Maximum, cells: Cells, design: Design) -> tuple[Floats, Floats]:
    """Return log rates of a day and coefficients of the columns as given, and their covariance."""
    stretches = cells.ends.shape[1]
    turn = np.eye(len(best.at))
    turn[stretches:, stretches:] = design.turn
    turn[:stretches, stretches:] = -design.means @ design.turn
    at = turn @ best.at
    at[:stretches] -= np.log(cells.unit)
    return at, turn @ best.covariance @ turn.T


@dataclass(frozen=True, kw_only=True, eq=False)
class FittedPiecewiseExponential(ParametricScores):
    """A fitted piecewise exponential model.

    Attributes:
        settings: as fitted.
        info: facts of the fit.
        breaks: shape (j - 1,), ages at which the rate changes, in days.
        log_rates: shape (j,), logarithm of the ends per day in each stretch, if all columns are 0.
        coefficients: shape (q,), log hazard ratio of one unit of each column.
        covariance: of log rates and coefficients together.
        effects: the covariates as fitted.
        means: shape (q,), of the columns among the spells of the fit.
        null_log_likelihood: without covariates.
        last_age: the last observed age, in days.
    """

    name: ClassVar[str] = PiecewiseExponential.name
    format: ClassVar[int] = 1

    settings: PiecewiseExponential
    info: FitInfo
    breaks: Floats
    log_rates: Floats
    coefficients: Floats
    covariance: Floats
    effects: tuple[Covariate, ...]
    means: Floats
    null_log_likelihood: float
    last_age: float

    @property
    def needs(self) -> Contract:
        """Columns that `score` reads."""
        return score_contract(self.name, tuple(known.declared for known in self.effects))

    @property
    def terms(self) -> tuple[str, ...]:
        """Names of the coordinates."""
        starts = np.append(0.0, self.breaks)
        return (*(f"log_rate_from_{age:g}d" for age in starts), *covariate_columns.column_names(self.effects))

    @property
    def coordinates(self) -> Floats:
        """Log rates, then coefficients: in the order of `covariance`."""
        return np.concatenate((self.log_rates, self.coefficients))

    def moved(self, coordinates: Floats) -> Self:
        """Return the same model at other coordinates, for `uncertainty`."""
        j = len(self.log_rates)
        return replace(self, log_rates=coordinates[:j], coefficients=coordinates[j:])

    @property
    def rates(self) -> Floats:
        """Ends per day in each stretch, of a customer at the mean of each column, shape (j,)."""
        return np.exp(self.log_rates + self.means @ self.coefficients)

    def median_remaining_days(self, features: pl.DataFrame) -> Floats:
        """Return the median remaining days of each running spell, shape (n,)."""
        frame = check(features, self.needs)
        risk, age = self._risk(frame), frame["duration_days"].to_numpy()
        starts, rates = np.append(0.0, self.breaks), np.exp(self.log_rates)
        at_start = np.append(0.0, np.cumsum(np.diff(starts) * rates[:-1]))
        wanted = (days_lived(np.zeros_like(age), age, self.breaks) @ rates) + np.log(2.0) / risk
        j = np.searchsorted(at_start, wanted, side="right") - 1
        return np.asarray(starts[j] + (wanted - at_start[j]) / rates[j] - age)

    def expected_remaining_days(self, features: pl.DataFrame) -> Floats:
        """Return the expected remaining days of each running spell, shape (n,): the sum over stretches."""
        frame = check(features, self.needs)
        risk, age = self._risk(frame), frame["duration_days"].to_numpy()
        hazards = risk[:, None] * np.exp(self.log_rates)
        ahead = days_lived(age, np.full_like(age, np.inf), self.breaks)
        step = hazards * ahead
        before = np.exp(-np.concatenate((np.zeros((len(age), 1)), np.cumsum(step[:, :-1], axis=1)), axis=1))
        return np.asarray((before * -np.expm1(-step) / hazards).sum(axis=1))

    def contributions(self, features: pl.DataFrame) -> tuple[tuple[str, ...], Floats]:
        """Return the covariates, and each one's log hazard ratio relative to the mean of the fit, shape (n, covariates)."""
        frame = check(features, self.needs)
        return covariate_columns.added_up(self.effects, (covariate_columns.matrix(frame, self.effects) - self.means) * self.coefficients)

    def _risk(self, frame: pl.DataFrame) -> Floats:
        return np.exp(np.clip(covariate_columns.matrix(frame, self.effects) @ self.coefficients, -600.0, 600.0))

    def _hazard(self, frame: pl.DataFrame, ages: Floats) -> Floats:
        return self._risk(frame)[:, None] * (days_lived(np.zeros_like(ages), ages, self.breaks) @ np.exp(self.log_rates))

    def _slopes(self, frame: pl.DataFrame, ages: Floats) -> Slopes:
        risk, ones = self._risk(frame)[:, None], np.ones((len(frame), 1))
        lived = days_lived(np.zeros_like(ages), ages, self.breaks)
        by_stretch = [(ones, risk * lived[..., j] * np.exp(log_rate)) for j, log_rate in enumerate(self.log_rates)]
        return [*by_stretch, (covariate_columns.matrix(frame, self.effects), self._hazard(frame, ages))]
