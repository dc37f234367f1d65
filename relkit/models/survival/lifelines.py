"""Regressions of lifelines that relkit has no model of its own for, fitted by lifelines and stored as numbers.

    Lifelines(fitter="GeneralizedGammaRegressionFitter", covariates=("monthly_amount",))

lifelines (Davidson-Pilon 2019, Journal of Open Source Software 4, 1317) finds the coefficients, on standardised columns and on
spells in one order, whatever the order of the rows. What is kept are coefficients, knots and curves, on the scale of the columns
given; forecasts come from `relkit.models.survival.lifelines_forms` and need no lifelines. Standard errors are those of the
observed information of these formulas: those of lifelines 0.30 are mixed up among parameters in some fits (its Hessian follows
another order than its labels). Of Aalen's additive model the covariance between the cumulative effects is computed here,
since lifelines gives their variances only.

It is for data scientists who want the breadth of lifelines. It is left out of the choice among models, and of large tables.
"""

from __future__ import annotations

import warnings
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import date
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple

import numpy as np
from numpy.typing import NDArray

from relkit.errors import FitError, NotConvergedError, ParameterError
from relkit.models import covariates as covariate_columns
from relkit.models.base import FitInfo, fingerprint
from relkit.models.covariates import Covariate  # noqa: TC001 storage reads the types of the fields
from relkit.models.maximum import Evaluation, Maximum, maximise
from relkit.models.survival import lifelines_forms as forms
from relkit.models.survival.aft_design import Design, enough_ends, refuse_runaways
from relkit.models.survival.aft_model import past_last_age
from relkit.models.survival.family import CHECKED_COVARIATES, CONTRACTS, SPELLS
from relkit.models.survival.judging import JudgedByEnds
from relkit.models.survival.lifelines_additive import cumulative_covariance
from relkit.models.survival.lifelines_table import DURATION_COL, ENTRY_COL, EVENT_COL, WEIGHTS_COL, column_names, table_of
from relkit.models.survival.parametric import ParametricScores
from relkit.models.survival.settings import Parametric
from relkit.models.survival.spells import score_contract
from relkit.models.survival.weibull_aft import WeibullAft
from relkit.remarks import Remark
from relkit.scalars import check_scalar
from relkit.texts import Text
from relkit.traces import words_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    import polars as pl

    from relkit.contracts import Contract
    from relkit.models.survival.lifetimes import Lifetimes
    from relkit.models.survival.parametric import Slopes

Floats = NDArray[np.float64]

MOST_ROWS = 200_000
"""Maximum number of spells that are passed to lifelines: beyond, it takes many minutes and gigabytes."""
MOST_ROWS_ADDITIVE = 20_000
"""The same for the additive model, for which lifelines keeps a number for each spell and age."""

GAMMA = "GeneralizedGammaRegressionFitter"
ACCELERATED_SPLINE = "CRCSplineFitter"
HAZARDS_SPLINE = "ParametricSplinePHFitter"
PIECEWISE = "PiecewiseExponentialRegressionFitter"
ADDITIVE = "AalenAdditiveFitter"
INSTEAD = {
    GAMMA: "survival.weibull_aft or survival.log_normal_aft",
    ACCELERATED_SPLINE: "survival.log_logistic_aft or survival.cox",
    HAZARDS_SPLINE: "survival.cox",
    PIECEWISE: "survival.piecewise_exponential",
    ADDITIVE: "survival.boosted_hazard",
}
"""The fitters, and which models to fit to tables that are too large for them."""
OURS = {
    "CoxPHFitter": "survival.cox",
    "CoxTimeVaryingFitter": "survival.cox_time_varying",
    "WeibullAFTFitter": "survival.weibull_aft",
    "LogNormalAFTFitter": "survival.log_normal_aft",
    "LogLogisticAFTFitter": "survival.log_logistic_aft",
    "WeibullFitter": "survival.weibull_aft without covariates",
    "LogNormalFitter": "survival.log_normal_aft without covariates",
    "LogLogisticFitter": "survival.log_logistic_aft without covariates",
    "ExponentialFitter": "survival.piecewise_exponential without covariates",
    "PiecewiseExponentialFitter": "survival.piecewise_exponential without covariates",
    "MixtureCureFitter": "survival.mixture_cure",
    "KaplanMeierFitter": "survival.kaplan_meier",
    "NelsonAalenFitter": "relkit.models.survival.nelson_aalen",
    "BreslowFlemingHarringtonFitter": "relkit.models.survival.nelson_aalen",
    "AalenJohansenFitter": "relkit.models.survival.cumulative_incidence",
    "GeneralizedGammaFitter": f"survival.lifelines with fitter {GAMMA} and no covariates",
    "SplineFitter": f"survival.lifelines with fitter {HAZARDS_SPLINE} and no covariates",
}
"""Fitters of lifelines with a counterpart in relkit, and that counterpart."""

_STRETCHES = 4
# Step of a linear predictor for differences, relative to its size.
_STEP = 1e-4
# Gain in log-likelihood that a stopped search may have missed.
_SHORT_OF = 0.01
# Standard error of a coefficient of a standardised column beyond which its maximum may lie at infinity, and how far it is followed.
_SUSPECT, _FARTHER = 3.0, 30.0


@dataclass(frozen=True, kw_only=True)
class Lifelines(Parametric, JudgedByEnds):
    """Settings of a regression of lifelines; those of covariates, weights and level are in `relkit.models.survival.settings`.

    Attributes:
        fitter: its name in lifelines: GeneralizedGammaRegressionFitter, CRCSplineFitter, ParametricSplinePHFitter (CoxPHFitter with a
            spline baseline), PiecewiseExponentialRegressionFitter or AalenAdditiveFitter.
        knots: how many the splines have.
        breaks_days: ascending ages at which the piecewise exponential changes, in days; by default so that as many events lie in each of
            four stretches.
        all_parameters: whether covariates move all parameters of the generalised gamma, and not its location alone.
        penalty: `penalizer` of lifelines (`coef_penalizer` of the additive model), on coefficients of standardised columns.

    Examples:
        >>> Lifelines(fitter="CoxPHFitter", covariates=("age",))
        Traceback (most recent call last):
        ...
        relkit.errors.ParameterError: fitter: relkit has a model of its own for CoxPHFitter. Use survival.cox.
    """

    name: ClassVar[str] = "survival.lifelines"
    role, reads = CONTRACTS, SPELLS
    label = Text("lifelines, by name", "lifelines, au choix")
    purpose = Text(
        "Regressions of lifelines, by name: how long contracts last, under shapes that relkit has no model for.",
        "Régressions de lifelines, au choix : la durée des contrats, sous des formes dont relkit n’a pas de modèle.",
    )
    figures = ("fitted_survival", "calibration")
    check_settings = CHECKED_COVARIATES | {"fitter": HAZARDS_SPLINE}

    fitter: str = GAMMA
    knots: int = 3
    breaks_days: tuple[float, ...] = ()
    all_parameters: bool = False
    penalty: float = 0.0

    def __post_init__(self) -> None:
        """Check the fitter and its options."""
        super().__post_init__()
        _check_fitter(self.fitter)
        if self.fitter == ACCELERATED_SPLINE and not self.covariates:
            none = f"{self.fitter} needs a covariate."
            raise ParameterError(none, where="covariates", remedy=f"Name columns, or use {HAZARDS_SPLINE}.")
        check_scalar(self.knots, "knots", ge=2, le=10, where=self.name)
        check_scalar(self.penalty, "penalty", ge=0, where=self.name)
        if not all(0 < a < np.inf for a in self.breaks_days) or not all(np.diff(self.breaks_days) > 0):
            raise ParameterError("the breaks are not ascending ages above 0.", where="breaks_days", remedy="Write them as 30,90,365.")

    def form(self, knots: Floats) -> forms.Form:
        """Return the formulas of a parametric fitter.

        Args:
            knots: ages of the piecewise exponential, in days.
        """
        if self.fitter == GAMMA:
            return forms.generalised_gamma(all_parameters=self.all_parameters)
        if self.fitter == PIECEWISE:
            return forms.piecewise(len(knots) + 1)
        return forms.accelerated_spline(self.knots) if self.fitter == ACCELERATED_SPLINE else forms.hazards_spline(self.knots)

    def fit(self, features: pl.DataFrame, *, as_of: date) -> FittedLifelines:
        """Return the regression.

        Raises:
            TableError: a column is missing, null or invalid.
            NotEnoughEventsError: fewer events than parameters.
            FitError: more spells than lifelines is given, late entries that the fitter does not take, a covariate that is constant,
                collinear with the others or, without a penalty, has no finite coefficient.
            NotConvergedError: lifelines found no maximum.
        """
        lives = _in_order(self.lifetimes(features))
        self._check_rows(lives)
        enough_ends(float(lives.weight[lives.ended].sum()), len(self.covariates) + 1, self.name)
        design = Design.of(lives.frame, self.declaration, self.name)
        learn = _additive if self.fitter == ADDITIVE else _parametric
        learnt, value, remarks = learn(self, lives, design)
        last = lives.last_age
        info = FitInfo(
            as_of=as_of,
            rows=len(lives.lower),
            log_likelihood=value,
            converged=True,
            fingerprint=fingerprint(lives.frame),
            remarks=(*lives.remarks, *covariate_columns.remarks_on(lives.frame, design.known), *remarks, past_last_age(last)),
        )
        return FittedLifelines(settings=self, info=info, effects=design.known, last_age=last, **learnt)

    def _check_rows(self, lives: Lifetimes) -> None:
        instead, rows, most = INSTEAD[self.fitter], len(lives.lower), MOST_ROWS_ADDITIVE if self.fitter == ADDITIVE else MOST_ROWS
        if rows > most:
            much = f"{rows:,} spells are too many for lifelines' {self.fitter}; at most {most:,} are handed to it."
            raise FitError(much, where=self.name, remedy=f"Fit {instead}, or a sample of the spells.")
        late = int((lives.entry > 0).sum())
        if late and self.fitter == ADDITIVE:
            much = f"lifelines' {ADDITIVE} takes no late entry, and {late:,} of {rows:,} spells were first observed later than their start."
            raise FitError(much, where=self.name, remedy=f"Fit survival.cox or {instead}, or leave those spells out.")


def _check_fitter(fitter: str) -> None:
    if fitter in OURS:
        ours = f"relkit has a model of its own for {fitter}."
        raise ParameterError(ours, where="fitter", remedy=f"Use {OURS[fitter]}.")
    if fitter not in INSTEAD:
        raise ParameterError.unknown("fitter of lifelines that can be saved as numbers", fitter, INSTEAD, where="fitter")


@dataclass(frozen=True, kw_only=True, eq=False)
class FittedLifelines(ParametricScores):
    """A regression fitted by lifelines.

    Attributes:
        settings: as fitted.
        info: facts of the fit.
        coordinates: shape (k,): the coefficients, parameter by parameter, each with its intercept last; of the additive model the ends
            per day that one unit of each column adds, on average over the ages observed.
        covariance: shape (k, k), of the coordinates; NaN where not identified by the data.
        effects: the covariates as fitted.
        knots: logarithms of ages (splines), or ages in days (piecewise exponential); empty otherwise.
        last_age: the last observed age, in days.
        ages: shape (m,), of the steps of the additive model, in days; empty otherwise.
        cumulative: shape (m, k), its cumulative effects.
        cumulative_covariance: shape (m, k, k), of these.
    """

    name: ClassVar[str] = Lifelines.name
    format: ClassVar[int] = 1

    settings: Lifelines
    info: FitInfo
    coordinates: Floats
    covariance: Floats
    effects: tuple[Covariate, ...]
    knots: Floats
    last_age: float
    ages: Floats
    cumulative: Floats
    cumulative_covariance: Floats

    @property
    def needs(self) -> Contract:
        """Columns that `score` reads."""
        return score_contract(self.name, tuple(known.declared for known in self.effects))

    @property
    def terms(self) -> tuple[str, ...]:
        """Names of the coordinates."""
        columns = covariate_columns.column_names(self.effects)
        if self.settings.fitter == ADDITIVE:
            return (*columns, "intercept")
        return _terms(self._form, columns, (True,) * len(self._form.parameters))

    @property
    def _form(self) -> forms.Form:
        return self.settings.form(self.knots)

    def _predictors(self, frame: pl.DataFrame) -> tuple[list[Floats], list[Floats]]:
        """Return the columns of each parameter, and its linear predictor, shape (n, 1)."""
        explained = self._form.explained
        parts = _parts(explained, (True,) * len(explained), covariate_columns.matrix(frame, self.effects))
        return [columns for columns, _ in parts], [columns @ self.coordinates[place][:, None] for columns, place in parts]

    def _hazard(self, frame: pl.DataFrame, ages: Floats) -> Floats:
        if self.settings.fitter == ADDITIVE:
            x = _with_ones(covariate_columns.matrix(frame, self.effects))
            hazard: Floats = np.einsum("nk,nmk->nm", x, self.cumulative_at(ages))
            return hazard
        _, predictors = self._predictors(frame)
        return self._form.hazards(predictors, np.asarray(ages, dtype=np.float64), self.knots)[0]

    def cumulative_at(self, ages: Floats) -> Floats:
        """Return the cumulative effects of the additive model at ages of any shape, with an additional axis of k effects.

        Past the last step the mean effects continue.
        """
        return _stepped(self.ages, self.cumulative, ages, self.coordinates)

    def _slopes(self, frame: pl.DataFrame, ages: Floats) -> Slopes:
        """Return central differences in each linear predictor."""
        form, ages = self._form, np.asarray(ages, dtype=np.float64)
        columns, eta = self._predictors(frame)
        slopes = []
        for j, of_one in enumerate(columns):
            step = _STEP * np.maximum(np.abs(eta[j]), 1.0)
            up, down = (form.hazards([*eta[:j], eta[j] + by, *eta[j + 1 :]], ages, self.knots)[0] for by in (step, -step))
            slopes.append((of_one, (up - down) / (2 * step)))
        return slopes

    def _error(self, frame: pl.DataFrame, days: Floats) -> Floats:
        if self.settings.fitter != ADDITIVE:
            return super()._error(frame, days)
        x, age = _with_ones(covariate_columns.matrix(frame, self.effects)), frame["duration_days"].to_numpy()
        rate = self.cumulative_covariance[-1] / self.ages[-1]
        errors = np.empty((len(frame), len(days)))
        for j, ahead in enumerate(days):
            until, now = (_stepped(self.ages, self.cumulative_covariance, at, rate) for at in (age + ahead, age))
            errors[:, j] = np.einsum("nk,nkl,nl->n", x, until - now, x)
        return np.sqrt(np.maximum(errors, 0.0))


def _stepped(steps: Floats, values: Floats, ages: Floats, rate: Floats) -> Floats:
    """Return the sum of steps at ages of any shape, from 0 on, and past the last step by a rate per day."""
    from_start = np.concatenate((np.zeros((1, *values.shape[1:])), values))
    past = np.maximum(ages - steps[-1], 0.0).reshape(*np.shape(ages), *(1,) * rate.ndim)
    found: Floats = from_start[np.searchsorted(steps, ages, side="right")] + past * rate
    return found


def _with_ones(X: Floats) -> Floats:
    return np.column_stack((X, np.ones(len(X))))


def _parts(explained: tuple[bool, ...], constants: tuple[bool, ...], X: Floats) -> list[tuple[Floats, slice]]:
    """Return the columns of each parameter, and their place among the coordinates."""
    parts: list[tuple[Floats, slice]] = []
    start = 0
    for moved, constant in zip(explained, constants, strict=True):
        columns = _with_ones(X) if constant else X
        columns = columns if moved else columns[:, -1:]
        parts.append((columns, slice(start, start + columns.shape[1])))
        start += columns.shape[1]
    return parts


# --- fits -------------------------------------------------------------------------------------------------------


class _Problem(NamedTuple):
    """Likelihood that lifelines maximised: lifetimes, formulas and the columns of each parameter."""

    lives: Lifetimes
    form: forms.Form
    knots: Floats
    parts: list[tuple[Floats, slice]]

    def each(self, predictors: Sequence[Floats]) -> Floats:
        """Return the log-likelihood of each row, shape (n, 1)."""
        lives = self.lives
        until, entry = lives.lower[:, None], lives.entry[:, None]
        with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
            cumulated, log_hazard = self.form.hazards(predictors, until, self.knots)
            before = np.where(entry > 0, self.form.hazards(predictors, entry, self.knots)[0], 0.0)
        return lives.weight[:, None] * (np.where(lives.ended[:, None], log_hazard, 0.0) - cumulated + before)

    def evaluate(self, at: Floats) -> Evaluation:
        """Return value, gradient and Hessian, by central differences in the linear predictors."""
        eta = [columns @ at[place][:, None] for columns, place in self.parts]
        steps = [_STEP * max(float(np.abs(index).max()), 1.0) for index in eta]
        gradient, hessian = np.zeros(len(at)), np.zeros((len(at), len(at)))
        for p, (columns, place) in enumerate(self.parts):
            gradient[place] = columns.T @ self._first(eta, steps, p)[:, 0]
            for q, (others, there) in enumerate(self.parts[: p + 1]):
                hessian[place, there] = columns.T @ (self._second(eta, steps, p, q) * others)
                hessian[there, place] = hessian[place, there].T
        return float(self.each(eta).sum()), gradient, hessian

    def _first(self, eta: Sequence[Floats], steps: Sequence[float], p: int) -> Floats:
        up, down = (self.each([index + by * (k == p) for k, index in enumerate(eta)]) for by in (steps[p], -steps[p]))
        return (up - down) / (2 * steps[p])

    def _second(self, eta: Sequence[Floats], steps: Sequence[float], p: int, q: int) -> Floats:
        total = np.zeros_like(eta[p])
        for one in (1, -1):
            for other in (1, -1):
                moved = [index + one * steps[p] * (k == p) + other * steps[q] * (k == q) for k, index in enumerate(eta)]
                total = total + one * other * self.each(moved)
        return total / (4 * steps[p] * steps[q])


def _parametric(settings: Lifelines, lives: Lifetimes, design: Design) -> tuple[dict[str, Any], float | None, tuple[Remark, ...]]:
    """Return the fields of a parametric regression, its log-likelihood, and remarks."""
    breaks = _breaks(settings, lives) if settings.fitter == PIECEWISE else np.zeros(0)
    form, X = settings.form(breaks), design.X[:, :-1]
    parts = _parts(form.explained, form.constants, X)
    size = parts[-1][1].stop
    enough_ends(float(lives.weight[lives.ended].sum()), size, settings.name)
    fitter = _made(settings, breaks)
    columns = {
        name: [*(column_names(X) if moved else []), *(["intercept"] if constant else [])]
        for name, moved, constant in zip(form.parameters, form.explained, form.constants, strict=True)
    }
    start = _starts(settings, lives, design, form)
    late = ENTRY_COL if (lives.entry > 0).any() else None
    warned = _run(fitter, _frame(lives, X), settings, regressors=columns, entry_col=late, initial_point=start)
    at = np.concatenate([fitter.params_[name].loc[columns[name]].to_numpy() for name in form.parameters])
    knots = _knots(settings, fitter, breaks)
    problem = _Problem(lives, form, knots, parts)
    value, gradient, hessian = problem.evaluate(at)
    found = Maximum(at, value, hessian, np.zeros(size, dtype=bool), 0)
    _refuse_runaways(settings, problem, found, _terms(form, design.names, form.constants))
    back = _back(form, design)
    none = {"ages": np.zeros(0), "cumulative": np.zeros((0, 0)), "cumulative_covariance": np.zeros((0, 0, 0))}
    fields = {"coordinates": back @ at, "covariance": _turned(back, found.covariance), "knots": knots, **none}
    remarks = (*warned, *found.remarks(_terms(form, design.names, form.constants)), *_short(settings, found, gradient))
    return fields, value, remarks


def _additive(settings: Lifelines, lives: Lifetimes, design: Design) -> tuple[dict[str, Any], float | None, tuple[Remark, ...]]:
    """Return the fields of Aalen's additive regression, which has no likelihood."""
    X = design.X[:, :-1]
    enough_ends(float(lives.weight[lives.ended].sum()), X.shape[1] + 1, settings.name)
    fitter = _made(settings, np.zeros(0))
    warned = _run(fitter, _frame(lives, X).drop(columns=ENTRY_COL), settings)
    back = design.back()
    steps = fitter.cumulative_hazards_[[*column_names(X), "intercept"]]
    ages, cumulative = steps.index.to_numpy(dtype=np.float64), steps.to_numpy() @ back.T
    covariance = back @ cumulative_covariance(design.X, lives, ages, settings.penalty) @ back.T
    fields = {
        "coordinates": cumulative[-1] / ages[-1],
        "covariance": covariance[-1] / ages[-1] ** 2,
        "knots": np.zeros(0),
        "ages": ages,
        "cumulative": cumulative,
        "cumulative_covariance": covariance,
    }
    return fields, None, warned


def _starts(settings: Lifelines, lives: Lifetimes, design: Design, form: forms.Form) -> dict[str, Floats] | None:
    """Return the start of the search; None if lifelines' own start, which suits ages of a few units, suffices for ages in days."""
    q = len(design.means)
    if settings.fitter == GAMMA:
        return _weibull(settings, lives, design)
    if settings.fitter == ACCELERATED_SPLINE:
        rate = lives.weight[lives.ended].sum() / (lives.weight @ (lives.lower - lives.entry))
        first = {"beta_": np.zeros(q), "gamma0_": np.log([rate]), "gamma1_": np.ones(1)}
        return {name: first.get(name, np.zeros(1)) for name in form.parameters}
    return None


def _weibull(settings: Lifelines, lives: Lifetimes, design: Design) -> dict[str, Floats]:
    """Return the generalised gamma that is the Weibull distribution of largest likelihood, in standardised columns.

    It is that of the regression; with a penalty, under which the regression may have no maximum, that without covariates.
    """
    same = {name: getattr(settings, name) for name in ("covariates", "splines", "missing", "weight_column")}
    alone = {"covariates": (), "weight_column": settings.weight_column}
    try:
        learnt = WeibullAft(**(alone if settings.penalty else same)).learn(lives.frame, date.min)
    except FitError as error:
        raise type(error)(error.what, where=settings.name, remedy=error.remedy) from error
    q = len(design.means)
    location = np.append(np.zeros(q), learnt["location"]) if settings.penalty else np.linalg.solve(design.back(), learnt["location"])
    width = q if settings.all_parameters else 0
    sigma, shape = (np.append(np.zeros(width), value) for value in (-learnt["shape"][-1], 1.0))
    return {"mu_": location, "sigma_": sigma, "lambda_": shape}


def _made(settings: Lifelines, breaks: Floats) -> Any:
    """Return the fitter of lifelines; constants are columns like any other, and no median is computed."""
    import lifelines
    from lifelines.fitters.coxph_fitter import ParametricSplinePHFitter
    from lifelines.fitters.crc_spline_fitter import CRCSplineFitter

    made = {
        GAMMA: lambda: lifelines.GeneralizedGammaRegressionFitter(penalizer=settings.penalty),
        ACCELERATED_SPLINE: lambda: CRCSplineFitter(n_baseline_knots=settings.knots, penalizer=settings.penalty),
        HAZARDS_SPLINE: lambda: ParametricSplinePHFitter(None, None, n_baseline_knots=settings.knots, penalizer=settings.penalty),
        PIECEWISE: lambda: lifelines.PiecewiseExponentialRegressionFitter(breaks, penalizer=settings.penalty),
        ADDITIVE: lambda: lifelines.AalenAdditiveFitter(fit_intercept=False, coef_penalizer=settings.penalty),
    }[settings.fitter]()
    made.fit_intercept, made._FAST_MEDIAN_PREDICT = False, False  # noqa: SLF001 a median of each row costs more than the fit
    return made


def _frame(lives: Lifetimes, X: Floats) -> Any:
    return table_of(lives.lower, lives.ended, lives.entry, lives.weight, X)


def _in_order(lives: Lifetimes) -> Lifetimes:
    """Return the lifetimes in a fixed order, whatever that of the rows: the end of a search depends on it."""
    order = lives.frame.with_row_index("_row").sort(lives.frame.columns)["_row"].to_numpy()
    arrays = {name: getattr(lives, name)[order] for name in ("lower", "upper", "entry", "weight")}
    return replace(lives, frame=lives.frame[order], **arrays)


def _run(fitter: Any, table: Any, settings: Lifelines, **options: Any) -> tuple[Remark, ...]:
    """Fit, and return a remark on the warnings of lifelines."""
    if "entry" in table.columns and options.get("entry_col") is None:
        table = table.drop(columns=ENTRY_COL)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            fitter.fit(table, DURATION_COL, EVENT_COL, weights_col=WEIGHTS_COL, **options)
        except (ValueError, ArithmeticError, AssertionError, np.linalg.LinAlgError) as error:
            why = words_of(error, table.columns).rstrip(".")
            raise NotConvergedError(
                f"lifelines' {settings.fitter} found no maximum ({why}).",
                where=settings.name,
                remedy=f"Use fewer covariates or a penalty, or fit {INSTEAD[settings.fitter]}.",
            ) from error
    own = (str(each.message).strip() for each in caught if each.category.__module__.startswith("lifelines"))
    return tuple(_warned(text.splitlines()[0].rstrip(".")) for text in dict.fromkeys(own) if text)


def _breaks(settings: Lifelines, lives: Lifetimes) -> Floats:
    if settings.breaks_days:
        return np.array(settings.breaks_days)
    found: Floats = np.unique(np.quantile(lives.lower[lives.ended], np.arange(1, _STRETCHES) / _STRETCHES))
    return found


def _knots(settings: Lifelines, fitter: Any, breaks: Floats) -> Floats:
    if settings.fitter == ACCELERATED_SPLINE:
        return np.asarray(fitter.knots, dtype=np.float64)
    knots: Floats = np.log(np.array(fitter.knots, dtype=np.float64)) if settings.fitter == HAZARDS_SPLINE else breaks
    return knots


def _back(form: forms.Form, design: Design) -> Floats:
    """Return the matrix that turns coefficients of standardised columns into those of the columns given, each with an intercept."""
    whole = design.back()
    blocks = [
        (whole if constant else whole[:, :-1]) if moved else np.ones((1, 1))
        for moved, constant in zip(form.explained, form.constants, strict=True)
    ]
    back = np.zeros((sum(len(block) for block in blocks), sum(block.shape[1] for block in blocks)))
    row, column = 0, 0
    for block in blocks:
        back[row : row + len(block), column : column + block.shape[1]] = block
        row, column = row + len(block), column + block.shape[1]
    return back


def _turned(back: Floats, covariance: Floats) -> Floats:
    """Return the covariance of turned coefficients; NaN for those that involve one without a standard error."""
    untold = np.isnan(np.diag(covariance))
    turned = np.asarray(back @ np.nan_to_num(covariance) @ back.T)
    lost = (back[:, untold] != 0).any(axis=1)
    turned[lost] = np.nan
    turned[:, lost] = np.nan
    return turned


def _terms(form: forms.Form, columns: Sequence[str], constants: Sequence[bool]) -> tuple[str, ...]:
    """Return the names of the coordinates."""
    named = zip(form.parameters, form.explained, constants, strict=True)
    return tuple(
        f"{parameter}: {name}"
        for parameter, moved, constant in named
        for name in (*(columns if moved else ()), *(("intercept",) if constant else ()))
    )


def _refuse_runaways(settings: Lifelines, problem: _Problem, found: Maximum, terms: Sequence[str]) -> None:
    """Raise for a covariate without a finite coefficient; with a penalty it has one.

    A quasi-Newton search stops wherever the likelihood is flat enough: Newton's method follows a doubtful coefficient from there.
    """
    asked = np.array([not term.endswith(": intercept") for term in terms])
    if settings.penalty or not (asked & ~(np.diag(found.covariance) < _SUSPECT**2)).any():
        return
    low, high = found.at - _FARTHER, found.at + _FARTHER
    with suppress(NotConvergedError):  # the end of lifelines' search then decides
        found = maximise(problem.evaluate, found.at, low=low, high=high, where=settings.name)
    if (asked & np.isnan(np.diag(found.covariance))).any():
        refuse_runaways(found, terms, settings.name, ", or give a penalty")


def _short(settings: Lifelines, found: Maximum, gradient: Floats) -> tuple[Remark, ...]:
    """Return the remark on a search that stopped before the maximum; with a penalty the maximum of the likelihood is not sought."""
    promise = float(gradient @ np.nan_to_num(found.covariance) @ gradient) / 2
    if settings.penalty or promise < _SHORT_OF:
        return ()
    return (
        Remark(
            "stopped_short",
            f"lifelines stopped before the maximum: the log-likelihood would still rise by about {promise:.2g}.",
            f"lifelines s’est arrêté avant le maximum : la vraisemblance (en logarithme) monterait encore d’environ {promise:.2g}.",
        ),
    )


def _warned(text: str) -> Remark:
    return Remark("lifelines_warned", f"lifelines warned: {text}.", f"lifelines a émis un avertissement, en anglais : {text}.")
