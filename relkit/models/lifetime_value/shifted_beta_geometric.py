"""Shifted beta-geometric (sBG): how long contracts last that come up for renewal every period.

At each renewal a customer leaves with a probability theta of his own; theta differs between customers as a
beta(alpha, beta). Those prone to leave go first, so the retention rate of those who stay rises by itself.

    Fader, P. S. and Hardie, B. G. S. (2007), How to project customer retention. Journal of Interactive Marketing
    21 (1), 76-90: equation numbers below. Discounted residual lifetime (DERL): Fader and Hardie (2010),
    Customer-base valuation in a contractual setting: the perils of ignoring heterogeneity. Marketing Science 29 (1).

Free functions speak the papers' letters, in periods; the classes speak days. S(t) is known at renewals; between
them S goes on by its own formula at a real t, as if each customer's probability were spread evenly over his period.
The likelihood needs only the counts of `renewals`, so that a fit costs as much as there are periods.

Out of scope here: covariates, a probability that changes with tenure.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from statistics import NormalDist
from typing import TYPE_CHECKING, ClassVar, Self

import numpy as np
import polars as pl
from numpy.typing import NDArray
from scipy import special

from relkit.contracts import check
from relkit.errors import ParameterError
from relkit.models.base import FitInfo, HoldoutMetric, fingerprint
from relkit.models.lifetime_value.renewals import (
    DAYS_PER_MONTH,
    DAYS_PER_YEAR,
    TOLERANCE_DAYS,
    RenewalCounts,
    check_period,
    in_periods,
    renewal_contract,
    watch,
)
from relkit.models.maximum import Evaluation, Maximum, maximise
from relkit.models.survival.judging import judge_ends
from relkit.models.survival.spells import check_horizon, check_level, read_spells, score_contract, scores_of

if TYPE_CHECKING:
    from datetime import date

    from relkit.contracts import Contract

Floats = NDArray[np.float64]

TERMS = ("alpha", "beta")
# Edges of log(alpha) and log(beta): alpha = e^8 is a population without differences.
_LOW, _HIGH = np.array([-8.0, -8.0]), np.array([8.0, 16.0])


# --- the papers, on arrays, in periods --------------------------------------------------------------------------


def retention_rate(alpha: float, beta: float, t: Floats) -> Floats:
    """Return the share renewed of those who come to the t-th renewal, t = 1, 2, ... (2007, eq. 8).

    Examples:
        >>> retention_rate(0.6681, 3.8061, np.array([1, 2, 7])).round(3).tolist()
        [0.851, 0.878, 0.936]
    """
    return np.asarray((beta + t - 1) / (alpha + beta + t - 1))


def log_survival(alpha: float, beta: float, t: Floats) -> Floats:
    """Return log S(t) = log B(alpha, beta + t) - log B(alpha, beta), t >= 0 (2007, eq. 6).

    Examples:
        >>> (100 * np.exp(log_survival(0.6681, 3.8061, np.array([0.0, 1.0, 12.0])))).round(1).tolist()
        [100.0, 85.1, 37.8]
    """
    return np.asarray(special.betaln(alpha, beta + t) - special.betaln(alpha, beta))


def log_likelihood(alpha: float, beta: float, counts: RenewalCounts) -> Evaluation:
    """Return the log-likelihood, its gradient and its Hessian in log(alpha), log(beta).

    It is the product over renewals of r_t for those who stayed and 1 - r_t for those who left, which for a cohort
    seen from its start is that of 2007, appendix B; it holds for late entry as well.
    """
    k = np.arange(len(counts.at_risk))
    n, stayed, ends = counts.at_risk, counts.at_risk - counts.left, float(counts.left.sum())
    own, both = 1 / (beta + k), 1 / (alpha + beta + k)
    value = ends * np.log(alpha) - stayed @ np.log(own) + n @ np.log(both)
    first = np.array([ends - alpha * (n @ both), beta * (stayed @ own - n @ both)])
    bend = n @ both**2
    hessian = np.array([[bend - ends / alpha**2, bend], [bend, bend - stayed @ own**2]])
    natural = np.array([alpha, beta])
    return float(value), first, hessian * np.outer(natural, natural) + np.diag(first)


def expected_residual_lifetime(alpha: float, beta: float, n: Floats) -> Floats:
    """Return the renewals expected of a customer before his n-th: (beta + n - 1) / (alpha - 1); infinite for alpha <= 1.

    Examples:
        >>> expected_residual_lifetime(3.0, 5.0, np.array([1, 2])).tolist()
        [2.5, 3.0]
    """
    n = np.asarray(n, dtype=np.float64)
    return (beta + n - 1) / (alpha - 1) if alpha > 1 else np.full(n.shape, np.inf)


def discounted_residual_lifetime(alpha: float, beta: float, n: Floats, d: float) -> Floats:
    """Return DERL: the renewals expected of a customer before his n-th, the t-th of them worth 1 / (1 + d)^(t - n) (2010, eq. 5).

    Args:
        alpha: first parameter.
        beta: second parameter.
        n: which renewal comes next, from 1, shape (m,).
        d: discount rate of one period, 0 or more.

    Returns:
        Shape (m,).

    Examples:
        >>> discounted_residual_lifetime(0.6681, 3.8061, np.array([8]), 0.10).round(2).tolist()
        [7.53]
    """
    if d == 0:
        return expected_residual_lifetime(alpha, beta, n)
    each, position = np.unique(np.asarray(n, dtype=np.float64), return_inverse=True)
    found = retention_rate(alpha, beta, each) * _gauss_fraction(beta + each, alpha + beta + each, d)
    return np.asarray(found[position])


def _gauss_fraction(b: Floats, c: Floats, d: float) -> Floats:
    """Return 2F1(1, b; c; 1 / (1 + d)) by Gauss's continued fraction (DLMF 15.7.1): scipy's has no answer where c - b is large.

    Each step leaves (1 - s) / (1 + s) of the error, s = sqrt(d / (1 + d)).
    """
    z, c = 1 / (1 + d), c - 1
    depth = int(np.ceil(20 * np.sqrt((1 + d) / d))) + 20
    tail = c + depth
    for step in range(depth, 0, -1):
        half = step // 2
        u = (b + half) * (c + half) if step % 2 else half * (c - b + half)
        tail = c + step - 1 - u * z / tail
    return np.asarray(c / tail)


def fit_counts(counts: RenewalCounts) -> Maximum:
    """Return the maximum of the likelihood in log(alpha), log(beta).

    Raises:
        NotEnoughEventsError: fewer than two renewals were watched, or no end.
        NotConvergedError: no optimum was found.
    """
    counts.enough(ShiftedBetaGeometric.name, len(TERMS))
    rate = float(counts.left.sum() / counts.at_risk.sum())
    start = np.clip([0.0, np.log1p(-min(rate, 0.99)) - np.log(rate)], _LOW, _HIGH)

    def at(logs: Floats) -> Evaluation:
        return log_likelihood(float(np.exp(logs[0])), float(np.exp(logs[1])), counts)

    return maximise(at, start, low=_LOW, high=_HIGH)


# --- settings and fitted model ----------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class ShiftedBetaGeometric:
    """Settings of the sBG model.

    Attributes:
        period_days: from one renewal to the next, in days; the default is a month, 365.25 / 12. Yearly: 365.25.
        tolerance_days: an age this near to a renewal is taken to be at it, as months and years differ in length; 0 where contracts
            end on any day and not on renewal days.
        level: of the intervals in the summary.

    Examples:
        >>> from datetime import date
        >>> ages, ends = [365.0, 365.0, 365.0, 730.0, 730.0, 1096.0, 1096.0], [True, True, False, True, False, False, False]
        >>> spells = pl.DataFrame({"customer_id": list("abcdefg"), "duration_days": ages, "event": ends})
        >>> fitted = ShiftedBetaGeometric(period_days=365.25).fit(spells, as_of=date(2025, 6, 30))
        >>> fitted.score(spells, horizon_days=90).columns
        ['customer_id', 'churn_probability_90d']
    """

    name: ClassVar[str] = "lifetime_value.shifted_beta_geometric"
    family: ClassVar[str] = "lifetime_value"
    holdout_metric: ClassVar[HoldoutMetric] = HoldoutMetric(name="brier_score", direction="lower")

    period_days: float = DAYS_PER_MONTH
    tolerance_days: float = TOLERANCE_DAYS
    level: float = 0.95

    def __post_init__(self) -> None:
        """Refuse settings out of range."""
        check_period(self.period_days, self.tolerance_days)
        check_level(self.level)

    @property
    def needs(self) -> Contract:
        """Columns that `fit` reads."""
        return renewal_contract(self.name)

    def fit(self, features: pl.DataFrame, *, as_of: date) -> FittedShiftedBetaGeometric:
        """Return the model fitted by maximum likelihood to the renewals that were watched.

        Args:
            features: one row a contract with the columns of `needs`.
            as_of: last day whose facts are in the features.

        Raises:
            TableError: a column is missing or impossible.
            NotEnoughEventsError: fewer than two renewals were watched, or no end.
            NotConvergedError: no optimum was found.
        """
        spells = read_spells(features, self.needs)
        seen = watch(spells, period_days=self.period_days, tolerance_days=self.tolerance_days, as_of=as_of)
        best = fit_counts(seen.counts)
        alpha, beta = (float(value) for value in np.exp(best.at))
        info = FitInfo(
            as_of=as_of,
            rows=seen.spells,
            log_likelihood=best.value,
            converged=True,
            fingerprint=fingerprint(spells.frame),
            notes=(*seen.notes, *_edge_notes(best)),
        )
        return FittedShiftedBetaGeometric(settings=self, info=info, alpha=alpha, beta=beta, covariance=best.covariance)

    def judge(self, fitted: FittedShiftedBetaGeometric, features: pl.DataFrame, outcomes: pl.DataFrame) -> dict[str, float]:
        """Return the metrics of the days after calibration (see `relkit.models.survival.judging`)."""
        return judge_ends(fitted, features, outcomes)


@dataclass(frozen=True, kw_only=True, eq=False)
class FittedShiftedBetaGeometric:
    """A fitted sBG model.

    Attributes:
        settings: what was fitted.
        info: facts of the fit.
        alpha: first parameter of the probabilities of leaving.
        beta: second parameter of the probabilities of leaving.
        covariance: of the logarithms of alpha, beta, shape (2, 2); NaN for one that has no standard error.
    """

    name: ClassVar[str] = ShiftedBetaGeometric.name
    format: ClassVar[int] = 1

    settings: ShiftedBetaGeometric
    info: FitInfo
    alpha: float
    beta: float
    covariance: Floats

    @property
    def needs(self) -> Contract:
        """Columns that `score` reads."""
        return score_contract(self.name, ())

    @property
    def coordinates(self) -> Floats:
        """Logarithms of alpha, beta, shape (2,): what `covariance` is the covariance of."""
        return np.log([self.alpha, self.beta])

    def moved(self, coordinates: Floats) -> Self:
        """Return the same model at other coordinates, for `uncertainty`."""
        alpha, beta = np.exp(coordinates).tolist()
        return replace(self, alpha=alpha, beta=beta)

    def summary(self) -> pl.DataFrame:
        """Return term, estimate, std_error, lower, upper.

        Standard errors come from the observed information, by the delta method; the interval is made on the
        logarithm, so that it stays above zero.
        """
        estimates = np.array([self.alpha, self.beta])
        errors = np.sqrt(np.diag(self.covariance))
        reach = np.exp(NormalDist().inv_cdf((1 + self.settings.level) / 2) * errors)
        columns = {"std_error": estimates * errors, "lower": estimates / reach, "upper": estimates * reach}
        return pl.DataFrame({"term": TERMS, "estimate": estimates, **columns}).fill_nan(None)

    def retention_rate(self, renewals: Floats) -> Floats:
        """Return the share renewed at each renewal, 1 for the first, of those who come to it."""
        return retention_rate(self.alpha, self.beta, np.asarray(renewals, dtype=np.float64))

    def survival(self, days: Floats) -> Floats:
        """Return the probability that a new contract outlives each age, in days."""
        return np.exp(log_survival(self.alpha, self.beta, np.asarray(days, dtype=np.float64) / self.settings.period_days))

    def conditional_survival(self, ages: Floats, horizon_days: float) -> Floats:
        """Return the probability that contracts alive at `ages` (days) live `horizon_days` longer: S(t + h) / S(t)."""
        age, ahead = np.asarray(ages, dtype=np.float64) / self.settings.period_days, horizon_days / self.settings.period_days
        return np.exp(log_survival(self.alpha, self.beta, age + ahead) - log_survival(self.alpha, self.beta, age))

    def expected_renewals(self, features: pl.DataFrame) -> Floats:
        """Return the renewals expected of each contract, shape (n,): infinite where alpha <= 1, as some then hardly ever leave."""
        return expected_residual_lifetime(self.alpha, self.beta, self._next_renewal(features))

    def discounted_renewals(self, features: pl.DataFrame, *, annual_discount_rate: float) -> Floats:
        """Return the discounted renewals expected of each contract (DERL), shape (n,).

        The next renewal counts whole; each later one is discounted by the time after it, at `annual_discount_rate`
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
        return discounted_residual_lifetime(self.alpha, self.beta, self._next_renewal(features), d)

    def score(self, features: pl.DataFrame, *, horizon_days: int | None = None) -> pl.DataFrame:
        """Return customer_id and churn_probability_{h}d = 1 - S(t + h) / S(t), with t the duration so far.

        Spells that have ended get null.
        """
        horizon = check_horizon(horizon_days)
        frame = check(features, self.needs)
        stays = self.conditional_survival(frame["duration_days"].to_numpy(), horizon)
        return scores_of(frame, {f"churn_probability_{horizon}d": 1 - stays})

    def _next_renewal(self, features: pl.DataFrame) -> Floats:
        days = check(features, self.needs)["duration_days"].to_numpy()
        return np.floor(in_periods(days, self.settings.period_days, self.settings.tolerance_days)) + 1


def _edge_notes(best: Maximum) -> tuple[str, ...]:
    """Return a sentence for each parameter that the data do not hold back."""
    if best.at[0] >= _HIGH[0]:
        return ("Retention does not rise with tenure: the model came down to one rate for all, and alpha has no standard error.",)
    return best.notes(TERMS)
