"""Qini, AUUC and their relatives as other libraries define them, to compare published numbers; relkit's own are in `uplift`.

Let rows be sorted best first, N of them, x = i / N. With the cumulated counts and outcomes of both arms,

    g(i) = Yt - Yc nt / nc          Radcliffe's Qini curve            A  = area(g) - N g(N) / 2
    u(i) = i (Yt / nt - Yc / nc)    cumulated uplift                  Au = area(u) - N u(N) / 2

| Function | Value | Differs by |
|---|---|---|
| `radcliffe_area` | A / N^2 | tends to (share treated) x `uplift.qini` |
| `scikit_uplift_qini` | A / A*, A* of the best order in hindsight | A* depends on the base rate: 0.02 to 0.07 is usual; ties grouped |
| the same, `negative_effect=False` | A / (r (N - r) / 2), r = g(N) | grows without limit as the average effect tends to 0 |
| `scikit_uplift_auc` | Au / Au*, another best order in hindsight | |
| `scikit_uplift_at_k` | mean treated - mean control among the top | cuts ties by row order, the last row first |
| `causalml_qini` | A / ((N + 1) abs(g(N))), or A / (N + 1) raw | ties cut by row order; the sign follows A, the scale the average effect |
| `causalml_auuc` | Au / ((N + 1) abs(u(N))) + 1/2, or its raw sum | the same |
| `pylift_scores` | areas with counts weighted by 1 / (2 p) | three curves, each over one of two maxima |

Identity on scores without ties: `scikit_uplift_qini(negative_effect=False)` = 2 (N + 1) / N x `causalml_qini` / (1 - r / N). None of these
has an interval, and ratios to the average effect are refused if that effect is not clearly different from 0. Values agree with
scikit-uplift 0.5.1, causalml 0.18.0 and the tests of pylift; continuous and negative outcomes, which scikit-uplift refuses, follow the
same formulas.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, Self

import numpy as np

from relkit.errors import ParameterError
from relkit.metrics.uplift_figures import as_floats

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from relkit.metrics.ranking import Floats

Strategy = Literal["overall", "by_group"]

_CLEAR = 2.0
"""Standard errors that an average effect must be from 0 to divide by it."""


@dataclass(frozen=True, eq=False)
class RankedArms:
    """Outcomes and arms by rank, best first; ties in the reverse order of the rows, as scikit-uplift has them.

    Attributes:
        outcome: shape (n,).
        treated: 1 or 0, shape (n,).
        ends: number of rows up to the end of each tie group, shape (k,).
    """

    outcome: Floats
    treated: Floats
    ends: NDArray[np.intp]

    @classmethod
    def of(cls, outcome: ArrayLike, treated: ArrayLike, score: ArrayLike) -> Self:
        """Rank rows by their score, higher being better.

        Raises:
            ParameterError: lengths that differ, values that are not finite, or an empty arm.

        Examples:
            >>> arms = RankedArms.of([0, 1, 1], [1, 0, 1], [0.2, 0.9, 0.2])
            >>> arms.outcome.tolist(), arms.ends.tolist()
            ([1.0, 1.0, 0.0], [1, 3])
        """
        y, t, s = as_floats("uplift_conventions", outcome=outcome, treated=treated, score=score)
        if set(np.unique(t)) != {0.0, 1.0}:
            raise ParameterError(
                f"treated has the values {np.unique(t)[:4].tolist()}; both 0 and 1 must occur, and nothing else.",
                where="uplift_conventions",
                remedy="Give 1 for treated and 0 for control.",
            )
        order = np.argsort(s, kind="stable")[::-1]
        ranked = s[order]
        return cls(y[order], t[order], np.flatnonzero(np.append(ranked[1:] != ranked[:-1], True)) + 1)

    def again(self, score: Floats) -> RankedArms:
        """Return the same rows in the order of another score, given by rank."""
        return RankedArms.of(self.outcome, self.treated, score)

    @property
    def n(self) -> int:
        """Number of rows."""
        return len(self.outcome)

    def cumulated(self, at: NDArray[np.intp]) -> tuple[Floats, Floats, Floats, Floats]:
        """Return rows treated, rows not treated, and the sums of their outcomes, among the top `at`, each of its shape."""
        nt, yt, y = (np.cumsum(values)[at - 1] for values in (self.treated, self.outcome * self.treated, self.outcome))
        return nt, at - nt, yt, y - yt


@dataclass(frozen=True, eq=False)
class CountCurve:
    """A curve over the number of rows from the top, from (0, 0).

    Attributes:
        rows: shape (k + 1,).
        height: in units of the outcome, summed over rows, shape (k + 1,).
    """

    rows: Floats
    height: Floats

    @property
    def area_above_chance(self) -> float:
        """Area between the curve and the straight line to its end."""
        return float(np.trapezoid(self.height, self.rows) - self.rows[-1] * self.height[-1] / 2)


def qini_curve(arms: RankedArms) -> CountCurve:
    """Return Radcliffe's curve g, ties grouped (Radcliffe 2007, Using control groups to target on predicted lift).

    Examples:
        >>> curve = qini_curve(RankedArms.of([0, 1, 0], [0, 1, 1], [1, 1, 1]))
        >>> curve.rows.tolist(), curve.height.tolist()
        ([0.0, 3.0], [0.0, 1.0])
    """
    nt, nc, yt, yc = arms.cumulated(arms.ends)
    return _from_origin(arms.ends, yt - yc * _over(nt, nc))


def uplift_curve(arms: RankedArms) -> CountCurve:
    """Return the cumulated uplift u, ties grouped.

    Examples:
        >>> uplift_curve(RankedArms.of([0, 1, 0], [0, 1, 1], [1, 1, 1])).height.tolist()
        [0.0, 1.5]
    """
    nt, nc, yt, yc = arms.cumulated(arms.ends)
    return _from_origin(arms.ends, (_over(yt, nt) - _over(yc, nc)) * arms.ends)


def perfect_qini_curve(arms: RankedArms, *, negative_effect: bool = True) -> CountCurve:
    """Return the Qini curve of the best order in hindsight: treated who responded first, untreated who responded last.

    Args:
        arms: ranked by anything.
        negative_effect: if False, the curve that rises by 1 a row to the incremental outcome r = g(N), and stays there.

    Examples:
        >>> perfect_qini_curve(RankedArms.of([0, 1, 0], [0, 1, 1], [1, 1, 1])).height.tolist()
        [0.0, 1.0, 1.0]
    """
    if negative_effect:
        return qini_curve(arms.again(arms.outcome * (2 * arms.treated - 1)))
    whole = float(qini_curve(arms).height[-1])
    return CountCurve(np.array([0.0, whole, arms.n]), np.array([0.0, whole, whole]))


def perfect_uplift_curve(arms: RankedArms) -> CountCurve:
    """Return the uplift curve of scikit-uplift's best order in hindsight, which differs from that of its Qini.

    Rows whose outcome equals their arm (treated and 1, not treated and 0) come first; the others are ordered by the outcome or by the arm,
    whichever has fewer in the first place.

    Examples:
        >>> curve = perfect_uplift_curve(RankedArms.of([0, 1, 0], [0, 1, 1], [1, 1, 1]))
        >>> curve.rows.tolist(), curve.height.tolist()
        ([0.0, 1.0, 2.0, 3.0], [0.0, 1.0, 2.0, 1.5])
    """
    y, t = arms.outcome, arms.treated
    responding_controls, silent_treated = np.sum((y == 1) & (t == 0)), np.sum((y == 0) & (t == 1))
    return uplift_curve(arms.again(2.0 * (y == t) + (y if responding_controls > silent_treated else t)))


def radcliffe_area(arms: RankedArms) -> float:
    """Return A / N^2, the area between Radcliffe's curve and chance, per pair of rows, ties grouped.

    Examples:
        >>> radcliffe_area(RankedArms.of([1, 0, 0, 1], [1, 0, 1, 0], [0.9, 0.8, 0.2, 0.1]))
        0.1875
    """
    return qini_curve(arms).area_above_chance / arms.n**2


def scikit_uplift_qini(arms: RankedArms, *, negative_effect: bool = True) -> float:
    """Return `qini_auc_score` of scikit-uplift.

    Args:
        arms: ranked rows.
        negative_effect: the denominator is the best order in hindsight; otherwise a curve that rises to the incremental outcome.

    Raises:
        ParameterError: no order is better than another, so that the ratio has no meaning.

    Examples:
        >>> scikit_uplift_qini(RankedArms.of([1, 0], [0, 1], [0.1, 0.3]))
        1.0
    """
    return _share_of_best(qini_curve(arms), perfect_qini_curve(arms, negative_effect=negative_effect))


def scikit_uplift_auc(arms: RankedArms) -> float:
    """Return `uplift_auc_score` of scikit-uplift.

    Raises:
        ParameterError: no order is better than another, so that the ratio has no meaning.

    Examples:
        >>> scikit_uplift_auc(RankedArms.of([1, 0], [0, 1], [0.1, 0.3]))
        1.0
    """
    return _share_of_best(uplift_curve(arms), perfect_uplift_curve(arms))


def scikit_uplift_at_k(arms: RankedArms, share: float = 0.3, *, strategy: Strategy = "overall") -> float:
    """Return `uplift_at_k` of scikit-uplift: mean outcome treated less not treated among the top.

    Args:
        arms: ranked rows.
        share: of the rows, rounded down, strictly between 0 and 1.
        strategy: "overall" takes the top of the list, "by_group" the top of each arm.

    Raises:
        ParameterError: a share outside (0, 1), or an arm that is absent from the top.

    Examples:
        >>> scikit_uplift_at_k(RankedArms.of([1, 0, 1, 1], [1, 0, 0, 1], [0.9, 0.8, 0.2, 0.1]), 0.5)
        1.0
    """
    if not 0 < share < 1:
        raise ParameterError(f"share is {share}; it must lie strictly between 0 and 1.", where="scikit_uplift_at_k")
    treated, control = _outcomes_by_arm(arms, strategy, slice(int(arms.n * share)), share)
    if not len(treated) or not len(control):
        raise ParameterError(f"an arm is absent from the top {share:.0%}.", where="scikit_uplift_at_k", remedy="Take a larger share.")
    return float(treated.mean() - control.mean())


def _outcomes_by_arm(arms: RankedArms, strategy: Strategy, top: slice, share: float) -> tuple[Floats, Floats]:
    by_arm = [arms.outcome[arms.treated == arm] for arm in (1, 0)]
    if strategy == "by_group":
        return by_arm[0][: int(len(by_arm[0]) * share)], by_arm[1][: int(len(by_arm[1]) * share)]
    outcome, treated = arms.outcome[top], arms.treated[top]
    return outcome[treated == 1], outcome[treated == 0]


@dataclass(frozen=True, eq=False)
class PercentileTable:
    """Uplift by bin of the list, best first, as `uplift_by_percentile` of scikit-uplift; NaN if an arm is absent from a bin.

    Attributes:
        n_treatment: rows treated, shape (bins,).
        n_control: rows not treated, shape (bins,).
        mean_treatment: their mean outcome, shape (bins,).
        mean_control: the same without treatment, shape (bins,).
        std_treatment: standard error of the mean, with the variance over n, shape (bins,).
        std_control: the same without treatment, shape (bins,).
    """

    n_treatment: Floats
    n_control: Floats
    mean_treatment: Floats
    mean_control: Floats
    std_treatment: Floats
    std_control: Floats

    @property
    def uplift(self) -> Floats:
        """Difference of the means, shape (bins,)."""
        return self.mean_treatment - self.mean_control

    @property
    def std_uplift(self) -> Floats:
        """Standard error of the difference, shape (bins,)."""
        return np.hypot(self.std_treatment, self.std_control)


def percentile_table(arms: RankedArms, *, bins: int = 10, strategy: Strategy = "overall") -> PercentileTable:
    """Return uplift by bin of the list, best first; the first bins have one row more if the number does not divide.

    Args:
        arms: ranked rows.
        bins: number of bins, below the number of rows.
        strategy: "overall" cuts the list, "by_group" each arm.

    Raises:
        ParameterError: more bins than rows.

    Examples:
        >>> table = percentile_table(RankedArms.of([0, 1, 0], [0, 1, 1], [1, 1, 1]), bins=1)
        >>> table.uplift.tolist(), table.std_uplift.round(6).tolist()
        ([0.5], [0.353553])
    """
    if not 1 <= bins < arms.n:
        raise ParameterError(f"bins is {bins}; it must be at least 1 and below the number of rows, {arms.n}.", where="percentile_table")
    columns = []
    for arm in (1, 0):
        mine = arms.treated == arm
        cell = _bins(int(mine.sum()), bins) if strategy == "by_group" else _bins(arms.n, bins)[mine]
        n, total, square = (np.bincount(cell, weights=power, minlength=bins).astype(float) for power in _powers(arms.outcome[mine]))
        mean = _over(total, n, empty=np.nan)
        columns.append((n, mean, np.sqrt(np.maximum(_over(square, n, empty=np.nan) - mean**2, 0) / np.where(n > 0, n, np.nan))))
    (nt, mt, st), (nc, mc, sc) = columns
    return PercentileTable(nt, nc, mt, mc, st, sc)


def _powers(outcome: Floats) -> tuple[Floats, Floats, Floats]:
    return np.ones(len(outcome)), outcome, outcome**2


def _bins(n: int, bins: int) -> NDArray[np.intp]:
    return np.repeat(np.arange(bins), [n // bins + (place < n % bins) for place in range(bins)])


def weighted_average_uplift(arms: RankedArms, *, bins: int = 10, strategy: Strategy = "overall") -> float:
    """Return `weighted_average_uplift` of scikit-uplift: uplift by bin, weighted by the rows treated.

    Examples:
        >>> weighted_average_uplift(RankedArms.of([0, 1, 0], [0, 1, 1], [1, 1, 1]), bins=1)
        0.5
    """
    table = percentile_table(arms, bins=bins, strategy=strategy)
    return float(table.n_treatment @ table.uplift / table.n_treatment.sum())


def causalml_qini(arms: RankedArms, *, normalise: bool = True) -> float:
    """Return `qini_score` of causalml 0.18.0, which has no interval here: causalml takes 200 half-samples.

    Args:
        arms: ranked rows; causalml cuts ties by the order in which its sort leaves them.
        normalise: divide by the incremental outcome at the end.

    Raises:
        ParameterError: normalised by an average effect that is not clearly different from 0.

    Examples:
        >>> causalml_qini(RankedArms.of([1, 0, 0, 1], [1, 0, 1, 0], [0.9, 0.8, 0.2, 0.1]), normalise=False)
        0.5
    """
    at = np.arange(1, arms.n + 1)
    nt, nc, yt, yc = arms.cumulated(at)
    return _mean_above_chance(arms, yt - yc * _over(nt, nc, empty=np.nan), normalise=normalise, chance=True)


def causalml_auuc(arms: RankedArms, *, normalise: bool = True) -> float:
    """Return `auuc_score` of causalml 0.18.0: the mean of the cumulated uplift, chance not subtracted.

    Args:
        arms: ranked rows; causalml cuts ties by the order in which its sort leaves them.
        normalise: divide by the incremental outcome at the end; chance is then 1/2.

    Raises:
        ParameterError: normalised by an average effect that is not clearly different from 0.

    Examples:
        >>> round(causalml_auuc(RankedArms.of([1, 0, 0, 1], [1, 0, 1, 0], [0.9, 0.8, 0.2, 0.1]), normalise=False), 6)
        0.8
    """
    at = np.arange(1, arms.n + 1)
    nt, nc, yt, yc = arms.cumulated(at)
    lift = _filled(_over(yt, nt, empty=np.nan) - _over(yc, nc, empty=np.nan))
    return _mean_above_chance(arms, lift[1:] * at, normalise=normalise, chance=False)


def _mean_above_chance(arms: RankedArms, height: Floats, *, normalise: bool, chance: bool) -> float:
    """Return the mean height of a curve over 0 to N rows, less that of the straight line if `chance`."""
    curve = _filled(height)
    if normalise:
        _refuse_unclear(arms)
    scale = abs(float(curve[-1])) if normalise else 1.0
    return float((curve.sum() - (len(curve) * curve[-1] / 2 if chance else 0.0)) / len(curve) / scale)


def _filled(height: Floats) -> Floats:
    """Return a curve from 0 with straight lines over the ranks above which an arm is absent."""
    whole = np.append(0.0, height)
    known = np.isfinite(whole)
    filled: Floats = np.interp(np.arange(len(whole)), np.flatnonzero(known), whole[known])
    return filled


def _refuse_unclear(arms: RankedArms) -> None:
    table = percentile_table(arms, bins=1)
    effect, error = float(table.uplift[0]), float(table.std_uplift[0])
    if abs(effect) < _CLEAR * error or effect == 0:
        raise ParameterError(
            f"the average effect is {effect:.4g} with a standard error of {error:.4g}; a ratio to it has no meaning.",
            where="uplift_conventions",
            remedy="Compare the figures in units of the outcome instead: uplift.qini, or normalise=False.",
        )


@dataclass(frozen=True)
class PyliftScores:
    """Areas between three curves and chance, of counts weighted by the inverse of the probability of the arm, as in pylift.

    Attributes:
        qini: of Yt / Nt - Yc / Nc, Nt and Nc of the whole list.
        adjusted_qini: of Yt / Nt - Yc nt / (nc Nt).
        cumulative_gain: of (Yt / nt - Yc / nc) (nt + nc) / N.
        maximum: the area if all responders treated were persuaded, and nobody else: beyond reach.
        practical_maximum: the area if no responder would have responded anyway.
    """

    qini: float
    adjusted_qini: float
    cumulative_gain: float
    maximum: float
    practical_maximum: float


def pylift_scores(outcome: ArrayLike, treated: ArrayLike, score: ArrayLike, propensity: ArrayLike) -> PyliftScores:
    """Return the Q scores of pylift; its q1 and q2 are a score over `maximum` and over `practical_maximum`.

    Args:
        outcome: 0 or 1, shape (n,).
        treated: 1 or 0, shape (n,).
        score: shape (n,), higher being better; ties in the order of the rows.
        propensity: probability of treatment, shape (n,), strictly between 0 and 1.

    Examples:
        >>> found = pylift_scores([1, 0, 0, 1], [1, 0, 1, 0], [1, 0.5, 0.25, 0], [0.5] * 4)
        >>> found.qini, found.adjusted_qini, found.cumulative_gain
        (0.375, 0.375, 0.28125)
    """
    y, t, s, p = as_floats("pylift_scores", outcome=outcome, treated=treated, score=score, propensity=propensity)
    order = np.argsort(-s, kind="stable")
    weights = [(t / (2 * p))[order], ((1 - t) / (2 * (1 - p)))[order]]
    (nt, nc), (yt, yc) = ([np.cumsum(weight * each) for weight in weights] for each in (np.ones(len(y)), y[order]))
    Nt, Nc, Yt, Yc = (float(sums[-1]) for sums in (nt, nc, yt, yc))
    N, overall = Nt + Nc, Yt / Nt - Yc / Nc
    curves = (yt / Nt - yc / Nc, yt / Nt - _over(yc * nt, nc) / Nt, (_over(yt, nt) - _over(yc, nc)) * (nt + nc) / N)
    qini, adjusted, gain = (float(np.sum(height - np.diff(height, prepend=0.0) / 2) / N - overall / 2) for height in curves)
    # All who responded treated persuaded, all who responded untreated lost: as counted, then as expected in both arms.
    best = _kinked(Yt / N, 1 - Yc / N, 2.0, overall)
    practical = _kinked(Yt / Nt, 1 - Yc / Nc, 1.0, overall)
    return PyliftScores(qini, adjusted, gain, maximum=best - overall / 2, practical_maximum=practical - overall / 2)


def _kinked(rise: float, fall: float, slope: float, end: float) -> float:
    """Return the area under a line from (0, 0) up to x = rise with a slope, level to x = fall, and on to (1, end).

    If more are persuaded than are not lost, pylift takes the middle of the two.
    """
    if rise > fall:
        rise = fall = (rise + fall) / 2
    return float(np.trapezoid([0.0, rise * slope, rise * slope, end], [0.0, rise, fall, 1.0]))


def _from_origin(ends: NDArray[np.intp], height: Floats) -> CountCurve:
    return CountCurve(np.append(0.0, ends), np.append(0.0, height))


def _over(numerator: Floats, denominator: Floats, *, empty: float = 0.0) -> Floats:
    ratio: Floats = np.divide(numerator, denominator, out=np.full(len(numerator), empty), where=denominator != 0)
    return ratio


def _share_of_best(curve: CountCurve, best: CountCurve) -> float:
    area = best.area_above_chance
    if area == 0:
        raise ParameterError(
            "no order of these rows is better than another, so a share of the best has no meaning.",
            where="uplift_conventions",
            remedy="Use the figures in units of the outcome: uplift.qini.",
        )
    return curve.area_above_chance / area
