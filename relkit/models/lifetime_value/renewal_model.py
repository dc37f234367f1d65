"""Base classes of the models of contracts that renew: a model is its formulas, and everything else is here.

    FORMULAS = RenewalFormulas(terms=("alpha", "beta"), residual_lifetime=..., discounted_lifetime=..., starts=...)

    class ShiftedBetaGeometric(RenewalModel):                settings: name, formulas, and `fit`
    class FittedShiftedBetaGeometric(FittedRenewalModel):    a field for each term

Covariates z shift the mean probability of leaving: the first parameter of a contract is alpha exp(g'z). The logit of the mean
probability at the first renewal is then log(alpha / beta) + g'z, so that g is a log-odds ratio. It is the beta-logistic
of Heckman, J. J. and Willis, R. J. (1977), A beta-logistic model for the analysis of sequential labor force
participation by married women. Journal of Political Economy 85 (1), 27-58, in which both parameters are exponentials of
z, with the effects on the second one left out: one coefficient per covariate, whose sign gives the direction. (pymc-marketing's sBG
multiplies both by exp(-d'z); this is its model with g = -d_alpha, d_beta = 0.) A cohort (year of start, plan, channel)
is a category, so it has a level of its own.

S(t) is known at renewals; between them it follows its own formula at a real t, as if each customer's probability
were spread evenly over his period. Out of scope: covariates that change with time.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, ClassVar, Self

import numpy as np
import polars as pl
from numpy.typing import NDArray

from relkit.cards import FittedCard
from relkit.contracts import check
from relkit.errors import NotConvergedError, NotEnoughEventsError, ParameterError, TableError
from relkit.models import covariates as covariate_columns
from relkit.models.base import FitInfo, HoldoutMetric, ModelFacts, fingerprint
from relkit.models.covariate_declaration import Declaration, check_names
from relkit.models.covariates import Covariate  # noqa: TC001 storage reads the types of the fields
from relkit.models.lifetime_value.renewal_likelihood import Lives, log_likelihood, log_survival_ratio
from relkit.models.lifetime_value.renewals import TOLERANCE_DAYS, Watched, check_period, in_periods, renewal_contract, watch
from relkit.models.maximum import Evaluation, Maximum, maximise, near_maximum
from relkit.models.summaries import summary_of
from relkit.models.survival.judging import judge_ends
from relkit.models.survival.spells import RESERVED, check_horizon, read_spells, score_contract, scores_of
from relkit.models.useless_columns import refuse_useless
from relkit.models.weights import check_weight_column, columns_of
from relkit.remarks import Remark
from relkit.scalars import check_level
from relkit.units import DAYS_PER_MONTH, DAYS_PER_YEAR, LEVEL

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import date

    from relkit.contracts import Column, Contract
    from relkit.models.survival.spells import Spells

Floats = NDArray[np.float64]

# Bounds of the logarithms of the first and second parameter and of c: a first one of e^8 is a population without differences.
_LOW, _HIGH = np.array([-8.0, -8.0, -3.0]), np.array([8.0, 16.0, 3.0])
# Bound of a coefficient, of a 0/1 column or of a number of variance 1: that of a level that nobody, or everybody, leaves.
_WIDEST = 10.0
# A fit of more rows than this starts from a fit of a sample of about this size.
_SAMPLE = 20_000


@dataclass(frozen=True, kw_only=True, eq=False)
class RenewalFormulas:
    """Formulas specific to a model; each function takes the terms first, of which the first may be an array, in periods.

    Attributes:
        terms: names of the parameters a, b and, if a customer's own probability changes with tenure, c.
        residual_lifetime: renewals expected of a customer before his n-th, of n.
        discounted_lifetime: the same, discounted, of n and the discount rate of a period.
    """

    terms: tuple[str, ...]
    residual_lifetime: Callable[..., Floats]
    discounted_lifetime: Callable[..., Floats]

    @property
    def with_c(self) -> bool:
        """True if a customer's own probability of leaving changes with tenure."""
        return len(self.terms) == 3

    def maximum(self, lives: Lives, Z: Floats | None = None) -> Maximum:
        """Return the maximum of the likelihood in the logarithms of the terms, then the coefficients.

        Args:
            lives: the observations.
            Z: covariates of each pattern, shape (p, q), in standard units; None for none.

        Raises:
            NotConvergedError: no optimum was found.
        """
        best = _maximum(lives, Z, [_start(lives, Z)], with_c=False)
        if not self.with_c:
            return best
        # Duration dependence and heterogeneity can substitute for each other: more than one local maximum.
        near, rest = np.clip(best.at[:2], [-2.0, -3.0], [2.0, 6.0]), best.at[2:]
        starts = [np.concatenate((shapes, rest)) for shapes in ([*near, 0.0], [-1.0, near[1] - near[0] - 0.5, 0.4], [*near, -0.4])]
        return _maximum(lives, Z, starts, with_c=True)


def _start(lives: Lives, Z: Floats | None) -> Floats:
    """Return log a and log b with the observed share of leaving, and no effects."""
    _, renewal, weight = lives.stayed
    ends = float(lives.left[2].sum())
    rate = min(ends / max(float(weight @ renewal) + ends, 1.0), 0.99)
    return np.concatenate(([0.0, np.log1p(-rate) - np.log(rate)], np.zeros(0 if Z is None else Z.shape[1])))


def _maximum(lives: Lives, Z: Floats | None, starts: Sequence[Floats], *, with_c: bool) -> Maximum:
    """Return the highest of the maxima reached from the starts."""
    shapes = 3 if with_c else 2
    reach = np.full(len(starts[0]) - shapes, _WIDEST)
    low, high = np.concatenate((_LOW[:shapes], -reach)), np.concatenate((_HIGH[:shapes], reach))

    def of(some: Lives) -> Callable[[Floats], Evaluation]:
        return lambda logs: log_likelihood(logs, some, with_c=with_c, Z=Z)

    tolerance, rows = 1e-8, len(lives.stayed[0]) + len(lives.left[0])
    begun = [np.clip(start, low, high) for start in starts]
    if (step := rows // _SAMPLE) > 1:
        few = of(lives.every(step))
        reached = [near_maximum(few, start, low=low, high=high) for start in begun]
        begun, tolerance = [max(reached, key=lambda logs: few(logs)[0])], 1e-4
    found: list[Maximum] = []
    for start in begun:
        try:
            found.append(maximise(of(lives), start, low=low, high=high, tolerance=tolerance))
        except NotConvergedError:
            if not found and start is begun[-1]:
                raise
    return max(found, key=lambda best: best.value)


# --- settings ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class RenewalModel(ModelFacts):
    """Settings of a model of contracts that renew.

    Attributes:
        period_days: from one renewal to the next, in days; the default is a month, 365.25 / 12. Yearly: 365.25.
        tolerance_days: an age this close to a renewal is taken to be at it, as months and years differ in length; 0 if contracts
            end on any day rather than on renewal days.
        level: of the intervals in the summary.
        covariates: columns that shift the mean probability of leaving: numbers, truth values, or categories as text (a cohort).
        weight_column: column with the number of contracts a row stands for; empty if each row is one.
    """

    name: ClassVar[str]
    formulas: ClassVar[RenewalFormulas]
    family: ClassVar[str] = "lifetime_value"
    holdout_metric: ClassVar[HoldoutMetric] = HoldoutMetric(name="brier_score", direction="lower")

    period_days: float = DAYS_PER_MONTH
    tolerance_days: float = TOLERANCE_DAYS
    level: float = LEVEL
    covariates: tuple[str, ...] = ()
    weight_column: str = ""

    def __post_init__(self) -> None:
        """Check the period, the level, and the names of columns."""
        check_period(self.period_days, self.tolerance_days)
        check_level(self.level, where=self.name)
        check_names(self.covariates, (*RESERVED, "started_on"))
        check_weight_column(self.weight_column, (*RESERVED, "started_on", *self.covariates), where=self.name)

    @property
    def declaration(self) -> Declaration:
        """Declaration of the covariates."""
        return Declaration(names=self.covariates)

    @property
    def needs(self) -> Contract:
        """Columns that `fit` reads."""
        return renewal_contract(self.name, (*self.declaration.asked, *columns_of(self.weight_column)))

    def watched(self, features: pl.DataFrame, as_of: date) -> tuple[Spells, Watched]:
        """Return the spells of a frame, and their observed renewals."""
        needs = self.declaration.given(self.needs, features)
        spells = read_spells(features, needs)
        weights = spells.frame[self.weight_column].to_numpy() if self.weight_column else None
        return spells, watch(spells, period_days=self.period_days, tolerance_days=self.tolerance_days, as_of=as_of, weights=weights)

    def learn(self, features: pl.DataFrame, as_of: date) -> dict[str, Any]:
        """Return the fields of the fitted model except its settings, by maximum likelihood.

        Args:
            features: one row per contract with the columns of `needs`.
            as_of: last day whose facts are in the features.

        Raises:
            TableError: a column is missing or impossible, or a category has one level only.
            FitError: a covariate is constant, or follows from the others.
            NotEnoughEventsError: fewer renewals were observed than there are terms, or fewer events than parameters.
            NotConvergedError: no optimum was found.
        """
        spells, seen = self.watched(features, as_of)
        _check_started(features, as_of, self.name)
        terms = self.formulas.terms
        seen.counts.enough(self.name, len(terms))
        frame = spells.frame.filter(pl.Series(seen.used))
        known = self.declaration.learnt(frame, where=self.name, weights=seen.weights)
        names = covariate_columns.column_names(known)
        self._enough_ends(seen, len(terms) + len(names))
        patterns = _Patterns.of(frame, known, self.name)
        lives = Lives.of_spells(patterns.of_row, seen.before, seen.last, seen.ended, patterns.count, seen.weights)
        best = self.formulas.maximum(lives, patterns.Z)
        at, covariance = patterns.as_given(best, len(terms))
        info = FitInfo(
            as_of=as_of,
            rows=seen.spells,
            log_likelihood=best.value,
            converged=True,
            fingerprint=fingerprint(spells.frame),
            remarks=(*seen.remarks, *covariate_columns.remarks_on(frame, known), *_remarks(best, terms, names)),
        )
        values = dict(zip(terms, np.exp(at[: len(terms)]).tolist(), strict=True))
        digest = fingerprint(spells.frame.drop(self.covariates))
        return {"info": info, "covariance": covariance, "coefficients": at[len(terms) :], "effects": known, "contracts": digest, **values}

    def _enough_ends(self, seen: Watched, parameters: int) -> None:
        if (ends := int(seen.weights @ seen.ended)) < parameters - 1:
            raise NotEnoughEventsError(
                f"{ends} contracts ended; {parameters} parameters need more.",
                where=self.name,
                remedy="Use fewer covariates, or a longer history.",
            )

    def judge(self, fitted: FittedRenewalModel, features: pl.DataFrame, outcomes: pl.DataFrame) -> dict[str, float]:
        """Return the metrics of the days after calibration (see `relkit.models.survival.judging`)."""
        return judge_ends(fitted, features, outcomes)


@dataclass(frozen=True, eq=False)
class _Patterns:
    """The distinct rows of covariates.

    Attributes:
        of_row: pattern of each row, shape (n,).
        count: number of patterns.
        Z: covariates of each pattern, shape (count, q), numbers with mean 0 and variance 1 over the rows; None without covariates.
        means: subtracted from the columns, shape (q,).
        scales: by which they were then divided, shape (q,).
    """

    of_row: NDArray[np.intp]
    count: int
    Z: Floats | None
    means: Floats
    scales: Floats

    @classmethod
    def of(cls, frame: pl.DataFrame, known: Sequence[Covariate], where: str) -> Self:
        """Return the patterns of a frame, or raise a FitError for a useless column."""
        if not known:
            return cls(np.zeros(len(frame), dtype=np.intp), 1, None, np.zeros(0), np.zeros(0))
        names = [covariate.name for covariate in known]
        distinct = frame.select(names).unique(maintain_order=True)
        numbered = frame.select(names).join(
            distinct.with_row_index("pattern"), on=names, how="left", nulls_equal=True, maintain_order="left"
        )
        of_row = numbered["pattern"].to_numpy().astype(np.intp)
        columns = covariate_columns.matrix(distinct, known)
        rows = columns[of_row]
        refuse_useless(rows, covariate_columns.column_names(known), where=where)
        # Columns of 0 and 1 stay: a level that nobody leaves then runs to the bound alone, without affecting other terms.
        flag = ((rows == 0) | (rows == 1)).all(axis=0)
        means, scales = np.where(flag, 0.0, rows.mean(axis=0)), np.where(flag, 1.0, rows.std(axis=0))
        return cls(of_row, len(distinct), (columns - means) / scales, means, scales)

    def as_given(self, best: Maximum, shapes: int) -> tuple[Floats, Floats]:
        """Return the maximum and its covariance for the columns as they were given."""
        turn = np.eye(len(best.at))
        turn[shapes:, shapes:] = np.diag(1 / self.scales)
        turn[0, shapes:] = -self.means / self.scales
        held = np.where(np.isnan(best.covariance), 0.0, best.covariance)
        covariance = turn @ held @ turn.T
        untold = np.isnan(np.diag(best.covariance))
        covariance[untold, :] = covariance[:, untold] = np.nan
        return turn @ best.at, covariance


def _remarks(best: Maximum, terms: tuple[str, ...], names: Sequence[str]) -> tuple[Remark, ...]:
    """Return a remark for each parameter that the data do not bound."""
    remarks = best.remarks((*terms, *names))
    if not best.bounded[0] or best.at[0] < _HIGH[0]:
        return remarks
    if len(terms) == 3:
        alike = Remark(
            "tenure_alone",
            f"Tenure alone tells who leaves: customers do not differ, and {terms[0]} has no standard error.",
            "Seule l’ancienneté distingue ceux qui partent : à ancienneté égale, tous les clients ont le même risque.",
        )
    else:
        alike = Remark(
            "one_rate_for_all",
            f"Retention does not rise with tenure: the model came down to one rate for all, and {terms[0]} has no standard error.",
            "La fidélité n’augmente pas avec l’ancienneté : le modèle se réduit à un même taux de départ pour tous.",
        )
    return (alike, *remarks[1:])


# --- fitted -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True, eq=False)
class FittedRenewalModel(FittedCard):
    """A fitted model of contracts that renew; its own class adds a field for each term.

    Attributes:
        settings: what was fitted.
        info: facts about the fit.
        covariance: of the logarithms of the terms and the coefficients, shape (k, k); NaN for one without a standard error.
        coefficients: effect of each column of the covariates on the log-odds of leaving at the first renewal, shape (q,).
        effects: the covariates as learnt from the contracts of the fit.
        contracts: fingerprint of the columns read except the covariates; empty in models of an earlier version.
    """

    name: ClassVar[str]
    format: ClassVar[int] = 1

    settings: RenewalModel
    info: FitInfo
    covariance: Floats
    coefficients: Floats = field(default_factory=lambda: np.zeros(0))
    effects: tuple[Covariate, ...] = ()
    contracts: str = ""

    @property
    def formulas(self) -> RenewalFormulas:
        """Formulas specific to the model."""
        return self.settings.formulas

    def is_case_of(self, full: FittedRenewalModel) -> bool:
        """Return whether this model is nested in `full`, which adds covariates, or a probability that changes with tenure.

        The shifted beta-geometric is the beta-discrete-Weibull with c = 1, which is inside the range of c.
        """
        mine, theirs = (set(covariate_columns.column_names(model.effects)) for model in (self, full))
        return mine <= theirs and len(self.coordinates) < len(full.coordinates) and len(self.parameters) <= len(full.parameters)

    @property
    def needs(self) -> Contract:
        """Columns that `score` reads."""
        return score_contract(self.name, self._columns)

    @property
    def parameters(self) -> tuple[float, ...]:
        """Values of the terms, for a contract whose covariates are 0 or the reference."""
        return tuple(getattr(self, term) for term in self.formulas.terms)

    @property
    def coordinates(self) -> Floats:
        """Logarithms of the terms, then the coefficients, shape (k,), the coordinates of `covariance`."""
        return np.concatenate((np.log(self.parameters), self.coefficients))

    def moved(self, coordinates: Floats) -> Self:
        """Return the same model at other coordinates, for `uncertainty`."""
        terms = self.formulas.terms
        values = dict(zip(terms, np.exp(coordinates[: len(terms)]).tolist(), strict=True))
        return replace(self, coefficients=coordinates[len(terms) :], **values)

    def summary(self) -> pl.DataFrame:
        """Return term, estimate, std_error, lower, upper; for a covariate, the log-odds ratio of leaving for one more unit.

        Standard errors come from the observed information. The interval of a term is computed on the logarithm, so that
        it stays above zero.
        """
        names = (*self.formulas.terms, *covariate_columns.column_names(self.effects))
        estimates, errors = np.append(self.parameters, self.coefficients), np.sqrt(np.diag(self.covariance))
        return summary_of(names, estimates, errors, self.settings.level, positive=len(self.formulas.terms))

    def retention_rate(self, renewals: Floats, features: pl.DataFrame | None = None) -> Floats:
        """Return the share renewed at each renewal, 1 for the first, of those who reach it; shaped as `survival`."""
        k = np.asarray(renewals, dtype=np.float64)
        return self._ratio(features, k - 1, k)

    def survival(self, days: Floats, features: pl.DataFrame | None = None) -> Floats:
        """Return the probability that a new contract outlives each age, in days.

        Args:
            days: shape (m,).
            features: contracts, whose covariates are read.

        Returns:
            Shape (n, m); without features, that of a typical contract, shape (m,): numbers at their mean, categories
            at their most frequent level.
        """
        return self._ratio(features, 0.0, np.asarray(days, dtype=np.float64) / self.settings.period_days)

    def conditional_survival(self, ages: Floats, horizon_days: float) -> Floats:
        """Return the probability that typical contracts alive at `ages` (days) live `horizon_days` longer: S(t + h) / S(t)."""
        age = np.asarray(ages, dtype=np.float64)
        return self._ratio(None, age / self.settings.period_days, (age + horizon_days) / self.settings.period_days)

    def survival_ahead(self, features: pl.DataFrame, days: Floats) -> Floats:
        """Return the probability that each contract, running now at its duration, still runs at each of `days` ahead.

        Args:
            features: the columns of `needs`.
            days: from now, shape (m,).

        Returns:
            Shape (n, m).
        """
        frame = check(features, self.needs)
        age = frame["duration_days"].to_numpy()[:, None]
        until = age + np.asarray(days, dtype=np.float64)
        return self._ratio(frame, age / self.settings.period_days, until / self.settings.period_days)

    def expected_renewals(self, features: pl.DataFrame) -> Floats:
        """Return the renewals expected of each contract, shape (n,): infinite if some hardly ever leave (a c <= 1)."""
        return self._over_pairs(features, self.formulas.residual_lifetime)

    def discounted_renewals(self, features: pl.DataFrame, *, annual_discount_rate: float) -> Floats:
        """Return the discounted renewals expected of each contract (DERL), shape (n,).

        The next renewal counts in full; each later one is discounted by the time after it, at `annual_discount_rate`
        (0.10 for 10 % a year of 365.25 days). Times the margin of a period it is the value of the contract on its next renewal day.

        Raises:
            ParameterError: the rate is below 0.
        """
        if not 0 <= annual_discount_rate < np.inf:
            raise ParameterError(
                f"annual_discount_rate is {annual_discount_rate:g}; it must be 0 or more.",
                where="annual_discount_rate",
                remedy="Write 0.10 for 10 % a year.",
            )
        d = float(np.expm1(np.log1p(annual_discount_rate) * self.settings.period_days / DAYS_PER_YEAR))
        return self._over_pairs(features, self.formulas.discounted_lifetime, d)

    def score(self, features: pl.DataFrame, *, horizon_days: int | None = None) -> pl.DataFrame:
        """Return customer_id and churn_probability_{h}d = 1 - S(t + h) / S(t), with t the duration so far.

        Spells that have ended get null.
        """
        horizon = check_horizon(horizon_days)
        frame = check(features, self.needs)
        stays = self.survival_ahead(frame, np.array([float(horizon)]))[:, 0]
        return scores_of(frame, {f"churn_probability_{horizon}d": 1 - stays})

    @property
    def _columns(self) -> tuple[Column, ...]:
        return tuple(covariate.declared for covariate in self.effects)

    def _first(self, frame: pl.DataFrame | None) -> Floats:
        """Return the first parameter of each contract, shape (n,), or that of a typical one, shape ()."""
        Z = covariate_columns.typical(self.effects) if frame is None else covariate_columns.matrix(frame, self.effects)
        return np.asarray(self.parameters[0] * np.exp(np.clip(Z @ self.coefficients, -300.0, 300.0)))

    def _ratio(self, features: pl.DataFrame | None, start: Floats | float, end: Floats | float) -> Floats:
        """Return S(end) / S(start), in periods."""
        a = self._first(features)
        _, b, c = (*self.parameters, 1.0)[:3]
        return np.exp(log_survival_ratio(a[:, None] if a.ndim else a, b, c, np.asarray(start), np.asarray(end)))

    def _over_pairs(self, features: pl.DataFrame, value: Callable[..., Floats], *more: float) -> Floats:
        """Return a value of each contract, computed once for each pair of first parameter and next renewal that occurs."""
        frame = check(features, self.needs)
        days = frame["duration_days"].to_numpy()
        n = np.floor(in_periods(days, self.settings.period_days, self.settings.tolerance_days)) + 1
        pairs, position = np.unique(self._first(frame) + 1j * n, return_inverse=True)
        return np.asarray(value(pairs.real, *self.parameters[1:], pairs.imag, *more)[position])


def _check_started(frame: pl.DataFrame, as_of: date, where: str) -> None:
    """Refuse contracts that have not started yet."""
    if "started_on" not in frame.columns:
        return
    if (late := frame["started_on"].cast(pl.Date) > as_of).any():
        first = int(late.arg_true()[0])
        raise TableError(
            f"started_on: {int(late.sum()):,} of {len(frame):,} rows are after {as_of} (first: row {first}, {frame['started_on'][first]}).",
            where=where,
            remedy="Give the as-of day up to which the features were made.",
        )
