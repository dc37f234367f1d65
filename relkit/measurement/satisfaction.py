"""Net promoter score and share satisfied, with intervals and differences.

The net promoter score is the share of promoters (9 and 10 of 0 to 10) minus that of detractors (0 to 6), from -1 to 1. Its intervals are
those of Rocks (2016, The American Statistician 70, p. 365-372): "wald"; "adjusted_wald", which adds 3 answers, 0.75 detractors, 1.5
passives and 0.75 promoters, and is the default; and "score", by the likelihood of the other shares at each bound (Tango 1998).

The share satisfied is that of the upper answers of its scale; "adjusted_wald" is Agresti and Coull (1998), "score" is Wilson (1927).

Weighted answers, such as those of segments that answered too rarely, count as (sum w)^2 / sum w^2 answers (Kish 1965).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, get_args

import numpy as np

from relkit.errors import ParameterError, TableError
from relkit.measurement.t_intervals import p_value, reach
from relkit.units import LEVEL

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import ArrayLike

    from relkit.metrics.risk_sets import Floats

IntervalMethod = Literal["wald", "adjusted_wald", "score"]
DETRACTORS_TO, PROMOTERS_FROM = 6, 9
_ADDED = 3.0
"""Answers that the adjusted interval of a net promoter score adds: a quarter of them promoters, a quarter detractors."""


@dataclass(frozen=True)
class Answers:
    """Answers in three classes.

    Attributes:
        low: share of detractors, or of the dissatisfied.
        high: share of promoters, or of the satisfied.
        n: number of answers.
        effective_n: number of equally weighted answers that are as precise.
        is_net: whether the figure is high minus low, or high alone.
    """

    low: float
    high: float
    n: int
    effective_n: float
    is_net: bool

    @property
    def estimate(self) -> float:
        """Return the figure: the net promoter score, or the share satisfied."""
        return self.high - self.low if self.is_net else self.high

    @property
    def variance(self) -> float:
        """Return the variance of an answer, divided by n."""
        return (self.high + self.low if self.is_net else self.high) - self.estimate**2


@dataclass(frozen=True)
class Satisfaction:
    """A figure of satisfaction.

    Attributes:
        estimate: net promoter score from -1 to 1, or share satisfied from 0 to 1.
        se: standard error, not adjusted.
        low: lower bound.
        high: upper bound.
        n: number of answers.
        effective_n: after weighting.
        method: of the interval.
        level: of the interval.
    """

    estimate: float
    se: float
    low: float
    high: float
    n: int
    effective_n: float
    method: IntervalMethod
    level: float


@dataclass(frozen=True)
class SatisfactionChange:
    """The difference of two figures of independent answers.

    Attributes:
        estimate: first minus second.
        se: standard error of the adjusted difference.
        low: lower bound.
        high: upper bound.
        p_value: of no difference, two-sided.
    """

    estimate: float
    se: float
    low: float
    high: float
    p_value: float


def net_promoter_answers(
    scores: ArrayLike,
    *,
    weights: ArrayLike | None = None,
    scale: tuple[float, float] = (0, 10),
    detractors_to: float = DETRACTORS_TO,
    promoters_from: float = PROMOTERS_FROM,
) -> Answers:
    """Return the classes of answers to "would you recommend us?".

    Args:
        scores: answers, shape (n,).
        weights: of the answers, shape (n,), above zero; None counts each once.
        scale: lowest and highest possible answer.
        detractors_to: highest answer of a detractor.
        promoters_from: lowest answer of a promoter.

    Raises:
        TableError: no answers, or answers that are missing or outside the scale.

    Examples:
        >>> round(net_promoter_answers([0, 7, 7, 9, 9, 9]).estimate, 4)
        0.3333
    """
    values, counted = _valid(scores, weights, scale)
    shares = [float(counted @ chosen / counted.sum()) for chosen in (values <= detractors_to, values >= promoters_from)]
    return Answers(shares[0], shares[1], len(values), _effective(counted), is_net=True)


def satisfied_answers(
    scores: ArrayLike, *, satisfied_from: float = 4, scale: tuple[float, float] = (1, 5), weights: ArrayLike | None = None
) -> Answers:
    """Return the classes of answers to "how satisfied are you?": the upper ones, from 4 of 1 to 5 by default, and the others.

    Examples:
        >>> satisfied_answers([5, 4, 3, 1]).estimate
        0.5
    """
    values, counted = _valid(scores, weights, scale)
    high = float(counted @ (values >= satisfied_from) / counted.sum())
    return Answers(1 - high, high, len(values), _effective(counted), is_net=False)


def satisfaction(answers: Answers, *, method: IntervalMethod = "adjusted_wald", level: float = LEVEL) -> Satisfaction:
    """Return the figure of some answers with its interval.

    Args:
        answers: from `net_promoter_answers` or `satisfied_answers`.
        method: of the interval.
        level: of the interval.

    Raises:
        ParameterError: an unknown method, or an invalid level.

    Examples:
        >>> found = satisfaction(net_promoter_answers([0, 7, 7, 9, 9, 9]))
        >>> round(found.se, 3), round(found.low, 3), round(found.high, 3)
        (0.304, -0.267, 0.712)
    """
    if method not in get_args(IntervalMethod):
        raise ParameterError.unknown("method", method, get_args(IntervalMethod), where="satisfaction")
    z, n, estimate = reach(level), answers.effective_n, answers.estimate
    if method == "score":
        low, high = _score_bounds(answers, z)
    else:
        middle, variance = (estimate, answers.variance / n) if method == "wald" else _adjusted(answers, z)
        low, high = middle - z * math.sqrt(variance), middle + z * math.sqrt(variance)
    least = -1.0 if answers.is_net else 0.0
    se = math.sqrt(answers.variance / n)
    return Satisfaction(estimate, se, max(low, least), min(high, 1.0), answers.n, n, method, level)


def satisfaction_change(
    first: Answers, second: Answers, *, method: IntervalMethod = "adjusted_wald", level: float = LEVEL
) -> SatisfactionChange:
    """Return the difference of two figures; "adjusted_wald" adds half of the answers to each (as Agresti and Caffo 2000 do for shares).

    Raises:
        ParameterError: the method is "score" or unknown, or figures of different kinds.

    Examples:
        >>> treated, control = net_promoter_answers([9, 10, 8, 9, 7, 3]), net_promoter_answers([9, 5, 8, 6, 7, 3])
        >>> round(satisfaction_change(treated, control).estimate, 3)
        0.667
    """
    if method not in {"wald", "adjusted_wald"}:
        raise ParameterError.unknown("method", method, ("wald", "adjusted_wald"), where="satisfaction_change")
    if first.is_net != second.is_net:
        raise ParameterError("a net promoter score and a share satisfied are not compared.", where="satisfaction_change")
    z = reach(level)
    parts = [
        _adjusted(each, z, 0.5) if method == "adjusted_wald" else (each.estimate, each.variance / each.effective_n)
        for each in (first, second)
    ]
    gap, se = parts[0][0] - parts[1][0], math.sqrt(parts[0][1] + parts[1][1])
    p = p_value(gap / se) if se else math.nan
    return SatisfactionChange(first.estimate - second.estimate, se, gap - z * se, gap + z * se, p)


def _adjusted(answers: Answers, z: float, part: float = 1.0) -> tuple[float, float]:
    """Return the figure and its variance after adding answers."""
    # A share gets z^2 answers, half of them satisfied (Agresti and Coull 1998); a net score 3 (Rocks 2016).
    added = part * (_ADDED if answers.is_net else z**2)
    n, share = answers.effective_n + added, added * (0.25 if answers.is_net else 0.5)
    high = (answers.high * answers.effective_n + share) / n
    low = (answers.low * answers.effective_n + share) / n
    figure = high - low if answers.is_net else high
    return figure, ((high + low if answers.is_net else high) - figure**2) / n


def _score_bounds(answers: Answers, z: float) -> tuple[float, float]:
    """Return the figures that a score test does not reject."""
    from scipy.optimize import brentq

    n, estimate = answers.effective_n, answers.estimate
    least = -1.0 if answers.is_net else 0.0
    variance = _net_variance(answers) if answers.is_net else lambda share: share * (1 - share)

    def rejected(figure: float) -> float:
        return (estimate - figure) ** 2 - z**2 * max(variance(figure), 0.0) / n

    def bound(far: float) -> float:
        if abs(far - estimate) < 1e-12 or rejected(far) <= 0:
            return far
        # At the estimate itself nothing is rejected; at an end of the scale it is a root of its own, and the bound lies behind it.
        return float(brentq(rejected, estimate + 1e-9 * (far - estimate), far, xtol=1e-12))

    return bound(least), bound(1.0)


def _net_variance(answers: Answers) -> Callable[[float], float]:
    """Return the variance of an answer at a net score, the other shares being the likeliest ones (Tango 1998)."""
    low, high = answers.low, answers.high

    def variance(net: float) -> float:
        # The likeliest share of detractors p, with p + net promoters: -2 p^2 + b p + c = 0.
        b = (low + high) * (1 - net) - 2 * net * (1 - high)
        c = low * net * (1 - net)
        p = (b + math.sqrt(max(b**2 + 8 * c, 0.0))) / 4
        p = min(max(p, -net, 0.0), (1 - net) / 2)
        return 2 * p + net - net**2

    return variance


def _valid(scores: ArrayLike, weights: ArrayLike | None, scale: tuple[float, float]) -> tuple[Floats, Floats]:
    values = np.asarray(scores, dtype=np.float64)
    counted = np.ones(len(values)) if weights is None else np.asarray(weights, dtype=np.float64)
    if not len(values):
        raise TableError("there are no answers.", where="surveys", remedy="Measure after answers came in.")
    outside = int((~((values >= scale[0]) & (values <= scale[1]))).sum())
    if outside:
        remedy = f"Answers are from {scale[0]} to {scale[1]}; leave out those that were not given."
        raise TableError(f"{outside:,} answers are missing or outside the scale.", where="surveys", remedy=remedy)
    if counted.shape != values.shape or not (np.isfinite(counted) & (counted > 0)).all():
        raise TableError("the weights are not one number above 0 for each answer.", where="surveys", remedy="Give a weight for each.")
    return values, counted


def _effective(weights: Floats) -> float:
    return float(weights.sum() ** 2 / (weights**2).sum())
