"""Base of the accelerated failure time models: a model adds only its distribution of errors.

    class WeibullAft(AftModel):                 settings: name, distribution, and `fit`
    class FittedWeibullAft(FittedAftModel):     nothing more

Log T = mu + e / k, with mu = intercept + x'b: a unit of a covariate multiplies every customer's lifetime by exp(b), its
time ratio. The shape k is one number, or log k = shape + w'g if covariates of the shape are named. The likelihood and
its exact derivatives are in `location_scale`; Newton's method runs on standardised columns and on ages in units of their
spread. Out of scope: covariates that change with time.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

from relkit.contracts import check
from relkit.errors import NotConvergedError, ParameterError
from relkit.models import covariates as covariate_columns
from relkit.models.base import FitInfo, fingerprint
from relkit.models.covariates import Covariate  # noqa: TC001 storage reads the types of the fields
from relkit.models.maximum import Evaluation, Maximum, maximise
from relkit.models.survival.aft_design import Design, enough_ends, no_width, refuse_runaways
from relkit.models.survival.family import CHECKED_COVARIATES, CONTRACTS, SPELLS
from relkit.models.survival.judging import JudgedByEnds
from relkit.models.survival.location_scale import Errors, Pulls, Watched, log_age, log_likelihood
from relkit.models.survival.parametric import ParametricScores
from relkit.models.survival.settings import Parametric
from relkit.models.survival.spells import score_contract
from relkit.remarks import Remark, french

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date

    import polars as pl

    from relkit.contracts import Contract
    from relkit.models.survival.lifetimes import Lifetimes
    from relkit.models.survival.parametric import Slopes

Floats = NDArray[np.float64]

# Bounds of coefficients and of log k, in units of the spread of log age; no maximum is sought beyond them.
_WIDEST, _SHARPEST = 30.0, 12.0
# A fit of more rows than this starts from a fit of every tenth of them. With so many, a step that promises less than the loose
# tolerance is the last: the one after it would promise its square.
_WARM_ROWS, _STEP, _LOOSE = 20_000, 10, 1e-4
# Steps with the Hessian of the sample, each a third of the work of one with its own, if there are more than a few coefficients.
_CHEAP_STEPS, _FEW = 4, 4


class Distribution(NamedTuple):
    """Model-specific part: the distribution of the error and the reported shape.

    Attributes:
        errors: the distribution of the error.
        shape: name of the reported shape, in logarithms: log_rho, log_sigma.
        sign: of the reported shape over log k: -1 if it is the scale of the error.
    """

    errors: Errors
    shape: str
    sign: float = 1.0


@dataclass(frozen=True, kw_only=True)
class AftModel(Parametric, JudgedByEnds):
    """Settings of an accelerated failure time model; those it shares are in `relkit.models.survival.settings`.

    Attributes:
        covariates: columns that stretch or shorten lifetimes: numbers, truth values, or categories as text; may be empty.
        shape_covariates: columns on which the shape depends as well.
        lower_column: age when last observed running (0: never), in days. If lower_column and upper_column are named, they are read
            instead of duration_days and event: the spell ended between them, or exactly then if they are equal.
        upper_column: age when first observed ended, in days; null for a spell that still runs.
    """

    name: ClassVar[str]
    distribution: ClassVar[Distribution]
    role, reads = CONTRACTS, SPELLS
    competes = True
    figures = ("fitted_survival", "time_ratios", "calibration")
    check_settings = CHECKED_COVARIATES

    shape_covariates: tuple[str, ...] = ()
    lower_column: str | None = None
    upper_column: str | None = None

    def __post_init__(self) -> None:
        """Check that an interval has both bounds."""
        super().__post_init__()
        if (self.lower_column is None) != (self.upper_column is None):
            raise ParameterError(
                "only one bound of the interval is named.", where="lower_column", remedy="Name lower_column and upper_column."
            )

    @property
    def covariate_lists(self) -> Mapping[str, tuple[str, ...]]:
        """The covariates by the setting that names them."""
        return {"covariates": self.covariates, "shape_covariates": self.shape_covariates}

    @property
    def interval(self) -> tuple[str, str] | None:
        """Columns that bound each lifetime, if they are read instead of duration and event."""
        return None if self.lower_column is None or self.upper_column is None else (self.lower_column, self.upper_column)

    def learn(self, features: pl.DataFrame, as_of: date) -> dict[str, Any]:
        """Return the fields of the fitted model other than its settings, by maximum likelihood.

        Raises:
            TableError: a column is missing, null or invalid.
            NotEnoughEventsError: fewer events than parameters.
            FitError: a covariate is constant, collinear with the others, or has no finite coefficient.
        """
        lives = self.lifetimes(features)
        ends = float(lives.weight[lives.ended].sum())
        enough_ends(ends, len(self.covariates) + len(self.shape_covariates) + 2, self.name)
        location = Design.of(lives.frame, self.declaration.only(self.covariates), self.name)
        shape = Design.of(lives.frame, self.declaration.only(self.shape_covariates), self.name)
        enough_ends(ends, location.X.shape[1] + shape.X.shape[1], self.name)
        found = _Fit.of(self.distribution.errors, lives, location, shape, self.name)
        at, covariance = found.as_given(location, shape, self.distribution.sign)
        q = location.X.shape[1]
        empty = dict.fromkeys(covariate_columns.remarks_on(lives.frame, (*location.known, *shape.known)))
        remarks = (*lives.remarks, *empty, past_last_age(lives.last_age))
        info = FitInfo(
            as_of=as_of,
            rows=len(lives.lower),
            log_likelihood=found.best.value,
            converged=True,
            fingerprint=fingerprint(lives.frame),
            remarks=remarks,
        )
        return {
            "info": info,
            "location": at[:q],
            "shape": at[q:],
            "covariance": covariance,
            "effects": location.known,
            "shape_effects": shape.known,
            "means": location.averages,
            "null_log_likelihood": found.null,
            "last_age": lives.last_age,
        }


class _Problem(NamedTuple):
    """Likelihood to maximise: lifetimes with the columns of mu and of log k."""

    errors: Errors
    lives: Watched
    X: Floats
    W: Floats
    where: str = ""

    def pulls(self, at: Floats) -> Pulls:
        """Return the likelihood at the coefficients of mu, then of log k, with the derivatives of each row."""
        q = self.X.shape[1]
        # A long step may overflow: it then has no value, and is not taken.
        with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
            return log_likelihood(self.errors, self.lives, self.X @ at[:q], self.W @ at[q:])

    def evaluate(self, at: Floats) -> Evaluation:
        """Return value, gradient and Hessian."""
        with np.errstate(over="ignore", invalid="ignore"):
            return self.pulls(at).sums(self.X, self.W)

    def maximum(self, start: Floats, tolerance: float = 1e-9) -> Maximum:
        """Return the maximum within the bounds."""
        edge = np.repeat([_WIDEST, _SHARPEST], [self.X.shape[1], self.W.shape[1]])
        return maximise(self.evaluate, np.clip(start, -edge, edge), low=-edge, high=edge, tolerance=tolerance, where=self.where)

    def maximum_by_sample(self, start: Floats, few: Watched) -> Maximum:
        """Return the maximum, searched first on the sample of lifetimes `few`, then with the sample's Hessian."""
        sample = _Problem(self.errors, few, np.ascontiguousarray(self.X[::_STEP]), np.ascontiguousarray(self.W[::_STEP]))
        try:
            found = sample.maximum(start, _LOOSE)
        except NotConvergedError:
            return self.maximum(start)
        return self.maximum(self._nearer(found) if len(start) > _FEW else found.at, _LOOSE)

    def _nearer(self, found: Maximum) -> Floats:
        """Return a better point than the sample's maximum, by steps that need no Hessian of all rows."""
        at, last, value = found.at, found.at, -np.inf
        for _ in range(_CHEAP_STEPS):
            pulls = self.pulls(at)
            if not pulls.value > value:
                return last
            last, value = at, pulls.value
            at = at + np.linalg.lstsq(-_STEP * found.hessian, pulls.gradient(self.X, self.W), rcond=None)[0]
        return at


class _Fit(NamedTuple):
    """Maximum of the likelihood, in standard units."""

    best: Maximum
    null: float
    lives: Watched

    @classmethod
    def of(cls, errors: Errors, lives: Lifetimes, location: Design, shape: Design, where: str) -> Self:
        """Return the maximum, and the likelihood with no covariates.

        Raises:
            FitError: a coefficient runs to infinity, or all events fall on one age.
        """
        watched, ones = Watched.of(lives), np.ones((len(lives.lower), 1))
        many = len(ones) >= _WARM_ROWS
        few = Watched.of(lives.every(_STEP), (watched.middle, watched.spread)) if many else watched

        def highest(X: Floats, W: Floats, start: Floats) -> Maximum:
            problem = _Problem(errors, watched, X, W, where)
            return problem.maximum_by_sample(start, few) if many else problem.maximum(start)

        null = highest(ones, ones, np.zeros(2))
        if null.bounded.any() or np.isnan(null.covariance).any():
            raise no_width(where)
        X, W = location.X, shape.X
        q = X.shape[1]
        start = np.zeros(q + W.shape[1])
        start[[q - 1, -1]] = null.at
        if len(start) == 2:
            return cls(null, null.value, watched)
        best = highest(X, W, start)
        refuse_runaways(best, (*location.names, "intercept", *shape.names), where)
        return cls(best, null.value, watched)

    def as_given(self, location: Design, shape: Design, sign: float) -> tuple[Floats, Floats]:
        """Return the coefficients for columns and days as given, and their covariance."""
        q = location.X.shape[1]
        turn = np.zeros((len(self.best.at), len(self.best.at)))
        turn[:q, :q], turn[q:, q:] = location.back(self.lives.spread), sign * shape.back()
        at = turn @ self.best.at
        at[q - 1] += self.lives.middle
        at[-1] -= sign * np.log(self.lives.spread)
        return at, turn @ self.best.covariance @ turn.T


# --- fitted -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True, eq=False)
class FittedAftModel(ParametricScores):
    """A fitted accelerated failure time model.

    Attributes:
        settings: as fitted.
        info: facts of the fit.
        location: shape (q + 1,), the effect of one unit of each column on log lifetime, then the intercept, in log days.
        shape: shape (r + 1,), the effects of the columns of the shape on its logarithm, then that logarithm if they are 0.
        covariance: of location and shape together.
        effects: the covariates as fitted.
        shape_effects: those of the shape.
        means: shape (q,), of the columns among the spells of the fit.
        null_log_likelihood: without covariates.
        last_age: the last observed age, in days.
    """

    name: ClassVar[str]
    format: ClassVar[int] = 1

    settings: AftModel
    info: FitInfo
    location: Floats
    shape: Floats
    covariance: Floats
    effects: tuple[Covariate, ...]
    shape_effects: tuple[Covariate, ...]
    means: Floats
    null_log_likelihood: float
    last_age: float

    @property
    def needs(self) -> Contract:
        """Columns that `score` reads."""
        declared = {known.name: known.declared for known in (*self.effects, *self.shape_effects)}
        return score_contract(self.name, tuple(declared.values()))

    @property
    def terms(self) -> tuple[str, ...]:
        """Names of the coordinates."""
        shape = self.settings.distribution.shape
        of_shape = (f"{shape}:{name}" for name in covariate_columns.column_names(self.shape_effects))
        return (*covariate_columns.column_names(self.effects), "intercept", *of_shape, shape)

    @property
    def coordinates(self) -> Floats:
        """Location, then shape, in the order of `covariance`, shape (k,)."""
        return np.concatenate((self.location, self.shape))

    def moved(self, coordinates: Floats) -> Self:
        """Return the same model at other coordinates, for `uncertainty`."""
        q = len(self.location)
        return replace(self, location=coordinates[:q], shape=coordinates[q:])

    def median_lifetime(self, features: pl.DataFrame) -> Floats:
        """Return the median lifetime of spells like each, from the start, in days, shape (n,)."""
        mu, k = self._mu_and_k(check(features, self.needs))
        return np.exp(mu + self._errors.inverse(np.array(np.log(2.0))) / k)

    def median_remaining_days(self, features: pl.DataFrame) -> Floats:
        """Return the median remaining days of each running spell, shape (n,)."""
        frame = check(features, self.needs)
        mu, k = self._mu_and_k(frame)
        age = frame["duration_days"].to_numpy()
        behind = self._errors.hazard(k * (log_age(age) - mu))[0]
        return np.asarray(np.maximum(np.exp(mu + self._errors.inverse(behind + np.log(2.0)) / k) - age, 0.0))

    def expected_remaining_days(self, features: pl.DataFrame) -> Floats:
        """Return the expected remaining days of each running spell, shape (n,): infinite if the tail is that heavy."""
        frame = check(features, self.needs)
        return self._errors.mean_ahead(*self._mu_and_k(frame), frame["duration_days"].to_numpy())

    def contributions(self, features: pl.DataFrame) -> tuple[tuple[str, ...], Floats]:
        """Return the covariates, and what each adds to the customer's risk relative to the mean of the fit, shape (n, covariates).

        It is minus the effect on log lifetime, times the shape k: of a Weibull the logarithm of a hazard ratio. Positive means sooner.
        """
        frame = check(features, self.needs)
        k = self._mu_and_k(frame)[1][:, None]
        moved = (covariate_columns.matrix(frame, self.effects) - self.means) * -self.location[:-1] * k
        return covariate_columns.added_up(self.effects, moved)

    @property
    def _errors(self) -> Errors:
        return self.settings.distribution.errors

    def _mu_and_k(self, frame: pl.DataFrame) -> tuple[Floats, Floats]:
        """Return the location and the shape k of each row."""
        mu = covariate_columns.matrix(frame, self.effects) @ self.location[:-1] + self.location[-1]
        shape = covariate_columns.matrix(frame, self.shape_effects) @ self.shape[:-1] + self.shape[-1]
        return np.clip(mu, -600.0, 600.0), np.exp(np.clip(self.settings.distribution.sign * shape, -30.0, 30.0))

    def _hazard(self, frame: pl.DataFrame, ages: Floats) -> Floats:
        mu, k = self._mu_and_k(frame)
        with np.errstate(over="ignore"):
            hazard: Floats = self._errors.hazard(k[:, None] * (log_age(ages) - mu[:, None]))[0]
        return hazard

    def _slopes(self, frame: pl.DataFrame, ages: Floats) -> Slopes:
        mu, k = self._mu_and_k(frame)
        z = k[:, None] * (log_age(ages) - mu[:, None])
        with np.errstate(over="ignore"):
            slope = self._errors.hazard(z)[1]
            of_shape = self.settings.distribution.sign * np.where(slope > 0, z * slope, 0.0)
        return [(_with_ones(frame, self.effects), -k[:, None] * slope), (_with_ones(frame, self.shape_effects), of_shape)]


def _with_ones(frame: pl.DataFrame, known: tuple[Covariate, ...]) -> Floats:
    return np.column_stack((covariate_columns.matrix(frame, known), np.ones(len(frame))))


def past_last_age(last: float) -> Remark:
    """Return the remark on a fitted distribution that is read beyond the largest age observed, in days."""
    return Remark(
        "past_last_age_distribution",
        f"Past the last observed age, {last:,.0f} days, the fitted distribution goes on: nothing observed confirms it.",
        f"Au-delà de l’âge le plus grand observé, {french(last)} jours, la courbe prolonge la forme ajustée : aucune observation ne le "
        "confirme.",
    )
