"""Cox's proportional hazards: what makes contracts end sooner, and each customer's probability of ending.

The hazard of a customer with covariates x at age t is h0(t) exp((x - mean)' beta), with h0 left free (Cox 1972). Beta
maximises Efron's partial likelihood (`relkit.models.survival.partial_likelihood`) by Newton's method on standardised
columns; everything shown is on the scale of the columns given. The cumulative baseline hazard is Breslow's (1974), for
a customer at the mean of each covariate. Out of scope here: strata, weights, penalties, robust errors.
"""

from __future__ import annotations

from dataclasses import dataclass
from statistics import NormalDist
from typing import TYPE_CHECKING, ClassVar, Literal, NamedTuple

import numpy as np
import polars as pl

from relkit.contracts import Column, Contract, check
from relkit.errors import FitError, NotConvergedError, NotEnoughEventsError, ParameterError
from relkit.metrics.concordance import concordance
from relkit.metrics.risk_sets import RiskSets, distinct, ends_behind_tail, risk_sets, step_at, tail_rate
from relkit.models.base import FitInfo, HoldoutMetric, fingerprint
from relkit.models.survival.judging import judge_ends
from relkit.models.survival.partial_likelihood import Order, Sums, derivatives, linear_predictor, sums, total_of_ends
from relkit.models.survival.spells import (
    RESERVED,
    Spells,
    as_floats,
    check_horizon,
    check_level,
    fit_contract,
    long_survival,
    read_spells,
    score_contract,
    scores_of,
)

if TYPE_CHECKING:
    from datetime import date

    from numpy.typing import NDArray

    from relkit.metrics.risk_sets import Floats

WARM_ROWS = 50_000
"""From this many rows on, Newton starts from the optimum of a tenth of them."""
MAX_STEPS = 60
DECREMENT = 1e-10
"""Newton stops when a step would gain less than this in log-likelihood: 1e-5 standard errors away."""
CONSTANT = 1e-12
"""A standard deviation below this share of the mean is rounding."""
COLLINEAR = 1e-9
"""A covariate with less of its own information than this, beside the others', follows from them."""
WIDEST = 200.0
"""Log of the hazard ratio between two customers beyond which no maximum was in reach."""
SEPARATED = 1e-6
"""Information on a coefficient that shrank below this share of what it was has vanished."""


@dataclass(frozen=True, kw_only=True)
class Cox:
    """Settings of a Cox regression.

    Attributes:
        covariates: numeric columns, in any scale.
        ties: how ends at one age are treated.
        level: of the intervals.

    Examples:
        >>> from datetime import date
        >>> spells = pl.DataFrame(
        ...     {
        ...         "duration_days": [30.0, 60.0, 90.0, 120.0, 150.0, 180.0],
        ...         "event": [True, True, True, False, True, False],
        ...         "pays_by_direct_debit": [0.0, 0.0, 1.0, 0.0, 1.0, 1.0],
        ...     }
        ... )
        >>> fitted = Cox(covariates=("pays_by_direct_debit",)).fit(spells, as_of=date(2025, 6, 30))
        >>> fitted.summary()["estimate"].round(4).to_list()
        [-1.2271]
    """

    name: ClassVar[str] = "survival.cox"
    family: ClassVar[str] = "survival"
    holdout_metric: ClassVar[HoldoutMetric] = HoldoutMetric(name="brier_score", direction="lower")

    covariates: tuple[str, ...]
    ties: Literal["efron", "breslow"] = "efron"
    level: float = 0.95

    def __post_init__(self) -> None:
        """Refuse settings that cannot be."""
        check_level(self.level)
        if not self.covariates:
            raise ParameterError("no covariate is given.", where="covariates", remedy="Name columns, or use survival.kaplan_meier.")
        if self.ties not in ("efron", "breslow"):
            raise ParameterError.unknown("treatment of ties", str(self.ties), ("efron", "breslow"), where="ties")
        wrong = [c for i, c in enumerate(self.covariates) if c in RESERVED or c in self.covariates[:i]]
        if wrong:
            raise ParameterError(f"{wrong[0]!r} is given twice, or is no covariate.", where="covariates", remedy="Name each column once.")

    @property
    def needs(self) -> Contract:
        """Columns that `fit` reads."""
        return fit_contract(self.name, _columns(self))

    def fit(self, features: pl.DataFrame, *, as_of: date) -> FittedCox:
        """Return the regression.

        Raises:
            TableError: a column is missing, null or impossible.
            NotEnoughEventsError: fewer ends than covariates.
            FitError: a covariate is constant, follows from the others, or has no finite coefficient.
        """
        spells = read_spells(features, self.needs)
        design = Design.of(spells, self)
        best, null = _maximised(design, spells)
        covariance = np.linalg.inv(best.information) / np.outer(design.scales, design.scales)
        coefficients = best.beta / design.scales
        eta = _linear_predictor(spells.frame, self.covariates, coefficients, design.means)
        tail = tail_rate(spells.duration, spells.event, spells.entry, np.exp(eta))
        baseline = _baseline(design.order, best.found, risk_sets(spells.duration, spells.event, spells.late_entry))
        last = float(baseline["days"][-1])
        note = f"Past the last observed age, {last:g} days, the baseline hazard of the last observed stretch goes on, {tail:.3g} a day."
        return FittedCox(
            settings=self,
            info=FitInfo(
                as_of=as_of,
                rows=len(spells.duration),
                log_likelihood=best.found.log_likelihood,
                converged=True,
                fingerprint=fingerprint(spells.frame),
                notes=(*spells.notes, note),
            ),
            coefficients=coefficients,
            covariance=covariance,
            means=design.means,
            scales=design.scales,
            baseline=baseline,
            tail_hazard=tail,
            null_log_likelihood=null,
            concordance=concordance(spells.duration, spells.event, eta, spells.late_entry).index,
        )

    def judge(self, fitted: FittedCox, features: pl.DataFrame, outcomes: pl.DataFrame) -> dict[str, float]:
        """Return the metrics of the days after calibration (see `relkit.models.survival.judging`)."""
        return judge_ends(fitted, features, outcomes)


@dataclass(frozen=True, eq=False, kw_only=True)
class FittedCox:
    """A Cox regression.

    Attributes:
        settings: as fitted.
        info: facts of the fit.
        coefficients: shape (d,), log hazard ratio of one unit of each covariate.
        covariance: shape (d, d), of the coefficients.
        means: shape (d,), of the covariates among the spells used.
        scales: shape (d,), their standard deviations.
        baseline: days, at_risk, ended, cumulative_hazard (of a customer at the means), at ages of entry, end or censoring.
        tail_hazard: baseline ends per day past the last age.
        null_log_likelihood: with all coefficients 0.
        concordance: Harrell's C on the rows that were fitted.
    """

    name: ClassVar[str] = "survival.cox"
    format: ClassVar[int] = 1

    settings: Cox
    info: FitInfo
    coefficients: NDArray[np.float64]
    covariance: NDArray[np.float64]
    means: NDArray[np.float64]
    scales: NDArray[np.float64]
    baseline: pl.DataFrame
    tail_hazard: float
    null_log_likelihood: float
    concordance: float

    @property
    def needs(self) -> Contract:
        """Columns that `score` reads."""
        return score_contract(self.name, _columns(self.settings))

    def summary(self) -> pl.DataFrame:
        """Return term, estimate (log hazard ratio of one unit), std_error, lower, upper."""
        std_error = np.sqrt(np.diag(self.covariance))
        z = NormalDist().inv_cdf(0.5 + self.settings.level / 2)
        return pl.DataFrame(
            {
                "term": list(self.settings.covariates),
                "estimate": self.coefficients,
                "std_error": std_error,
                "lower": self.coefficients - z * std_error,
                "upper": self.coefficients + z * std_error,
            }
        )

    @property
    def domain(self) -> tuple[float, float]:
        """First and last age of which the data speak, in days."""
        return 0.0, float(self.baseline["days"][-1])

    def hazard_ratio(self, features: pl.DataFrame) -> Floats:
        """Return each row's hazard over that of a customer at the means, shape (n,)."""
        frame = check(features, Contract(name=self.name, key=(), columns=_columns(self.settings)))
        return np.exp(_linear_predictor(frame, self.settings.covariates, self.coefficients, self.means))

    def contributions(self, features: pl.DataFrame) -> tuple[tuple[str, ...], Floats]:
        """Return the covariates, and what each adds to a row's log hazard ratio beside the mean customer, shape (n, covariates)."""
        frame = check(features, Contract(name=self.name, key=(), columns=_columns(self.settings)))
        return self.settings.covariates, (frame.select(self.settings.covariates).to_numpy() - self.means) * self.coefficients

    def cumulative_baseline(self, ages: Floats) -> Floats:
        """Return the cumulative hazard of a customer at the means, carried on past the last age at `tail_hazard`.

        Args:
            ages: shape (m,), days.
        """
        days, hazard = self.baseline["days"].to_numpy(), self.baseline["cumulative_hazard"].to_numpy()
        beyond = np.maximum(ages - days[-1], 0.0)
        cumulated: Floats = step_at(days, hazard, ages, 0.0) + self.tail_hazard * beyond
        return cumulated

    def survival(self, features: pl.DataFrame, days: list[float] | Floats) -> pl.DataFrame:
        """Return customer_id, days, survival: each customer's probability of outliving ages, seen from the start.

        Past the last observed age the baseline hazard of the last observed stretch goes on.
        """
        frame = check(features, self.needs)
        asked = np.asarray(days, dtype=np.float64)
        hazard = np.outer(self.hazard_ratio(frame), self.cumulative_baseline(asked))
        return long_survival(frame, asked, np.exp(-hazard))

    def survival_ahead(self, features: pl.DataFrame, days: list[float] | Floats) -> Floats:
        """Return the probability that each spell, running now, still runs after each number of days, shape (n, m).

        Past the last observed age the baseline hazard of the last observed stretch goes on.
        """
        hazard, _ = self._hazard_ahead(check(features, self.needs), as_floats(days))
        return np.exp(-hazard)

    def survival_ahead_bounds(self, features: pl.DataFrame, days: list[float] | Floats, *, level: float = 0.95) -> tuple[Floats, Floats]:
        """Return the lower and upper bound of `survival_ahead`, each of shape (n, m).

        They are symmetric in the logarithm of the hazard ahead. Its variance is that of Breslow's baseline over the ages
        in between and that of the coefficients, at the covariates less their mean (Andersen et al. 1993, VII.2.2, with the
        mean among those at risk taken to be that of all).
        """
        hazard, error = self._hazard_ahead(check(features, self.needs), as_floats(days))
        reach = np.exp(np.clip(NormalDist().inv_cdf((1 + level) / 2) * error, 0.0, 30.0))
        return np.exp(-hazard * reach), np.exp(-hazard / reach)

    def _hazard_ahead(self, frame: pl.DataFrame, days: Floats) -> tuple[Floats, Floats]:
        """Return the hazard cumulated over each number of days ahead, and the standard error of its logarithm, shape (n, m)."""
        levels, code = distinct(frame["duration_days"].to_numpy())
        ages = levels[:, None]
        baseline = self.cumulative_baseline(ages + days) - self.cumulative_baseline(ages)
        variance = self._baseline_variance(ages + days) - self._baseline_variance(ages)
        beyond = self.tail_hazard * np.maximum(ages + days - np.maximum(ages, self.domain[1]), 0.0)
        variance += beyond**2 / max(ends_behind_tail(float(self.baseline["ended"].sum())), 1.0)
        relative = np.divide(variance, baseline**2, out=np.zeros_like(variance), where=baseline > 0)
        centred = frame.select(self.settings.covariates).to_numpy() - self.means
        along = np.einsum("ij,jk,ik->i", centred, self.covariance, centred)
        return baseline[code] * self.hazard_ratio(frame)[:, None], np.sqrt(relative[code] + np.maximum(along, 0.0)[:, None])

    def _baseline_variance(self, ages: Floats) -> Floats:
        """Return the variance of Breslow's cumulative hazard up to each age: the sum of its squared steps over their ends."""
        ended, hazard = self.baseline["ended"].to_numpy(), self.baseline["cumulative_hazard"].to_numpy()
        steps = np.diff(hazard, prepend=0.0)
        squares = np.divide(steps**2, ended, out=np.zeros_like(steps), where=ended > 0)
        return step_at(self.baseline["days"].to_numpy(), np.cumsum(squares), ages, 0.0)

    def score(self, features: pl.DataFrame, *, horizon_days: int | None = None) -> pl.DataFrame:
        """Return customer_id, churn_probability_{h}d given the duration so far, and hazard_ratio.

        The ratio is to a customer at the mean of each covariate. Past the last observed age the baseline hazard of the
        last observed stretch goes on. Spells that have ended get null.
        """
        horizon = check_horizon(horizon_days)
        frame = check(features, self.needs)
        age, ratio = frame["duration_days"].to_numpy(), self.hazard_ratio(frame)
        ahead = self.cumulative_baseline(age + horizon) - self.cumulative_baseline(age)
        return scores_of(frame, {f"churn_probability_{horizon}d": -np.expm1(-ahead * ratio), "hazard_ratio": ratio})


@dataclass(frozen=True, eq=False)
class Design:
    """What the likelihood reads.

    Attributes:
        order: of the rows.
        X: shape (d, m), standardised covariates in order.
        means: shape (d,).
        scales: shape (d,), standard deviations.
        names: of the covariates.
    """

    order: Order
    X: Floats
    means: Floats
    scales: Floats
    names: tuple[str, ...]

    @classmethod
    def of(cls, spells: Spells, settings: Cox) -> Design:
        """Return the design, or raise for covariates that cannot be used."""
        ends, d = int(spells.event.sum()), len(settings.covariates)
        if ends < d:
            raise NotEnoughEventsError(
                f"{ends} spells ended, fewer than the {d} covariates.", where=Cox.name, remedy="Use fewer covariates or a longer period."
            )
        order = Order.of(spells.duration, spells.event, spells.late_entry, efron=settings.ties == "efron")
        X, means, scales = np.empty((d, len(order.rows))), np.empty(d), np.empty(d)
        for j, name in enumerate(settings.covariates):
            column = spells.frame[name].to_numpy()
            means[j] = column.mean()
            centred = column - means[j]
            scales[j] = np.sqrt(np.einsum("i,i->", centred, centred) / len(centred))
            np.take(centred, order.rows, out=X[j])
            if not np.ptp(X[j]) > CONSTANT * abs(means[j]):
                raise FitError(
                    f"{name} is constant ({means[j] + X[j][0]:g}) among the spells at risk when others end, so it explains nothing.",
                    where=Cox.name,
                    remedy="Drop it from covariates.",
                )
            X[j] /= scales[j]
        return cls(order, X, means, scales, settings.covariates)

    def thinned(self, spells: Spells, step: int) -> Design:
        """Return the design of every `step`-th row in order of age: a sample with the ages in the right proportion."""
        rows = self.order.rows[::step]
        entry = None if spells.late_entry is None else spells.entry[rows]
        order = Order.of(spells.duration[rows], spells.event[rows], entry)
        return Design(order, self.X[:, ::step][:, order.rows], self.means, self.scales, self.names)


class Optimum(NamedTuple):
    """Where Newton's method ended.

    Attributes:
        beta: shape (d,), on the standardised scale.
        information: shape (d, d), there.
        found: sums there.
    """

    beta: Floats
    information: Floats
    found: Sums


def maximise(design: Design, start: Floats) -> Optimum:
    """Return the maximum of the partial likelihood by Newton's method with halved steps.

    Raises:
        FitError: the covariates are collinear, or a coefficient runs to infinity.
        NotConvergedError: no maximum after 60 steps.
    """
    beta, found = start, sums(design.order, linear_predictor(design.X, start))
    ends_total = total_of_ends(design.order, design.X)
    gradient, first = derivatives(design.order, design.X, ends_total, found)
    _refuse_collinear(first, design.names)
    information = first
    for _ in range(MAX_STEPS):
        step = np.linalg.lstsq(information, gradient, rcond=None)[0].astype(np.float64)
        if abs(float(gradient @ step)) / 2 < DECREMENT:
            _refuse_separated(information, first, design.names)
            beta = beta + step
            return Optimum(beta, information, sums(design.order, linear_predictor(design.X, beta)))
        beta, found = _climbed(design, beta, found, step)
        gradient, information = derivatives(design.order, design.X, ends_total, found)
    if np.ptp(linear_predictor(design.X, beta)) > WIDEST:
        information = np.zeros_like(first)
    _refuse_separated(information, first, design.names)
    raise NotConvergedError(
        f"no maximum after {MAX_STEPS} steps of Newton's method.",
        where=Cox.name,
        remedy="Look for covariates with extreme values, and cap them.",
    )


def _climbed(design: Design, beta: Floats, found: Sums, step: Floats) -> tuple[Floats, Sums]:
    """Return the next point, with the step halved until the likelihood does not fall."""
    for halving in range(30):
        there = beta + step * 0.5**halving
        sums_there = sums(design.order, linear_predictor(design.X, there))
        if sums_there.log_likelihood >= found.log_likelihood - 1e-12 * abs(found.log_likelihood):
            return there, sums_there
    return beta, found


def _maximised(design: Design, spells: Spells) -> tuple[Optimum, float]:
    """Return the maximum, and the likelihood with no effect at all."""
    d, m = design.X.shape
    null = sums(design.order, np.zeros(m)).log_likelihood
    start = np.zeros(d)
    if m >= WARM_ROWS and design.order.ends.sum() >= 500 * d:
        try:
            start = maximise(design.thinned(spells, 10), start).beta
        except FitError:  # a rare value may be missing from the sample; all rows decide
            start = np.zeros(d)
    return maximise(design, start), null


def _following(scaled: Floats) -> list[tuple[int, list[int]]]:
    """Return the columns that follow from those before them, each with those; `scaled` has ones on its diagonal."""
    found: list[tuple[int, list[int]]] = []
    kept: list[int] = []
    for j in range(len(scaled)):
        weights = np.linalg.lstsq(scaled[np.ix_(kept, kept)], scaled[kept, j], rcond=None)[0] if kept else np.zeros(0)
        if scaled[j, j] - weights @ scaled[kept, j] < COLLINEAR:
            found.append((j, [k for k, w in zip(kept, weights, strict=True) if abs(w) > 1e-6]))
        else:
            kept.append(j)
    return found


def _refuse_collinear(information: Floats, names: tuple[str, ...]) -> None:
    """Raise for a covariate that follows from those before it: nothing of its information is left beside theirs."""
    root = np.sqrt(np.maximum(np.diag(information), np.finfo(float).tiny))
    for j, others in _following(information / np.outer(root, root)):
        raise FitError(
            f"{names[j]} follows from {', '.join(names[k] for k in others) or 'the others'}, so their effects cannot be told apart.",
            where=Cox.name,
            remedy=f"Drop {names[j]} from covariates, or one of the others.",
        )


def _refuse_separated(information: Floats, first: Floats, names: tuple[str, ...]) -> None:
    """Raise when the information on a coefficient has vanished on the way: its maximum lies at infinity."""
    left = _own_information(information) / np.maximum(_own_information(first), np.finfo(float).tiny)
    if left.min() < SEPARATED:
        name = names[int(np.argmin(left))]
        raise FitError(
            f"the coefficient of {name} runs to infinity: given the other covariates, all ends fall on one side of it.",
            where=Cox.name,
            remedy=f"Drop {name} from covariates, or merge its rare values with others.",
        )


def _own_information(information: Floats) -> Floats:
    """Return the information on each coefficient that is left when the others are not known."""
    try:
        unknown = np.diag(np.linalg.inv(information))
    except np.linalg.LinAlgError:
        return np.zeros(len(information))
    return np.where(unknown > 0, 1 / np.where(unknown > 0, unknown, 1.0), 0.0)


def _baseline(order: Order, found: Sums, sets: RiskSets) -> pl.DataFrame:
    """Return Breslow's cumulative hazard at the means, with the counts of the risk sets."""
    rate = order.ends / found.at_risk * np.exp(-found.shift)
    hazard = step_at(order.ages, np.cumsum(rate), sets.days, 0.0)
    return pl.DataFrame({"days": sets.days, "at_risk": sets.at_risk, "ended": sets.ended, "cumulative_hazard": hazard})


def _linear_predictor(frame: pl.DataFrame, names: tuple[str, ...], coefficients: Floats, means: Floats) -> Floats:
    """Return (x - mean)' beta, kept where exp neither overflows nor vanishes."""
    eta = np.zeros(len(frame))
    for name, coefficient, mean in zip(names, coefficients, means, strict=True):
        eta += (frame[name].to_numpy() - mean) * coefficient
    return np.clip(eta, -700.0, 700.0)


def _columns(settings: Cox) -> tuple[Column, ...]:
    return tuple(Column(name=name, dtype=pl.Float64, required=True, nullable=False) for name in settings.covariates)
