"""Ranking quality of an uplift model: Qini, AUTOC and the effect among the top of the list, with their intervals.

Nobody is observed both treated and untreated. The score of a unit,

    G = mu1 - mu0 + (y - mu1) t / e - (y - mu0) (1 - t) / (1 - e),

has the effect on the unit as its mean (augmented inverse propensity weighting, Robins, Rotnitzky and Zhao 1994), whatever mu0 and mu1 are,
because the propensity e is known from the draw; good mu0 and mu1 only make it less noisy. With units ranked by a model, best first, n of
them,

    qini  = 1/n sum_i (i/n) (mean of the top i - mean of all)
    autoc = 1/n sum_i       (mean of the top i - mean of all)            Yadlowsky et al. 2025 (JASA 120), section 2, weights i/n and 1

are in units of the outcome per customer and 0 for a ranking at random. A tie group is spread evenly over its ranks, which is the mean over
all orders of the ties. Negative outcomes are ordinary, and the order of the rows never matters.

Both figures are linear in G, with weights that depend on the ranks alone. The influence of a row is what leaving it out changes, n - 1
times; it is exact for these sums, the shift of the ranks below included, and comes from prefix sums in the same pass. One sort (`Ranking`)
serves all figures of a model. Quantities under the names of other libraries are in `uplift_conventions`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

import numpy as np

from relkit.errors import ParameterError
from relkit.metrics.uplift_figures import UpliftFigure, as_floats, figure_of, mean_figure
from relkit.units import LEVEL

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from relkit.metrics.ranking import Floats

    Indexes = NDArray[np.intp]


def aipw_scores(
    outcome: ArrayLike, treated: ArrayLike, propensity: ArrayLike, mu0: ArrayLike | None = None, mu1: ArrayLike | None = None
) -> Floats:
    """Return the AIPW score G of each unit, whose mean is the average effect, shape (n,).

    Args:
        outcome: y, shape (n,); negative values (returns) are ordinary.
        treated: 1 or True if drawn to be treated, shape (n,).
        propensity: e, the probability of being drawn to be treated, a number or shape (n,), strictly between 0 and 1.
        mu0: expected outcome untreated, a number or shape (n,); predictions must not have learnt from the unit itself. By default the
            mean of the control arm, each unit weighing the inverse of its probability.
        mu1: the same if treated. With mu0 = mu1 = 0 the score is that of Horvitz and Thompson.

    Raises:
        ParameterError: lengths that differ, values that are not finite, a propensity outside (0, 1), or an empty arm.

    Examples:
        >>> aipw_scores([3.0, 1.0, 2.0, 2.0], [1, 0, 1, 0], 0.5, mu0=0.0, mu1=0.0).tolist()
        [6.0, -2.0, 4.0, -4.0]
        >>> float(aipw_scores([3.0, 1.0, 2.0, 2.0], [1, 0, 1, 0], 0.5).mean())
        1.0
    """
    size = np.shape(outcome)
    y, t, e = as_floats("aipw_scores", outcome=outcome, treated=treated, propensity=_filled(propensity, size))
    _check_draw(t, e)
    control, action = (1 - t) / (1 - e), t / e
    base = np.full(size, control @ y / control.sum()) if mu0 is None else _filled(mu0, size)
    lifted = np.full(size, action @ y / action.sum()) if mu1 is None else _filled(mu1, size)
    m0, m1, _ = as_floats("aipw_scores", mu0=base, mu1=lifted, outcome=y)
    return m1 - m0 + (y - m1) * action - (y - m0) * control


def _filled(values: ArrayLike, size: tuple[int, ...]) -> Floats:
    given = np.asarray(values, dtype=float)
    return np.full(size, float(given)) if given.ndim == 0 else given


def _check_draw(t: Floats, e: Floats) -> None:
    if not ((t == 0) | (t == 1)).all():
        raise ParameterError(
            "it has values other than 0 and 1.", where="aipw_scores: treated", remedy="Give 1 for treated and 0 for control."
        )
    if wrong := int(((e <= 0) | (e >= 1)).sum()):
        raise ParameterError(
            f"{wrong:,} of {len(e):,} values are not strictly between 0 and 1.",
            where="aipw_scores: propensity",
            remedy="Leave out units whose arm was certain: they have no counterpart.",
        )
    if t.min() == t.max():
        arm = "control" if t[0] else "treated"
        raise ParameterError(
            f"no unit is {arm}; an effect needs both arms.", where="aipw_scores: treated", remedy="Draw a control group for the action."
        )


@dataclass(frozen=True, eq=False)
class Ranking:
    """Rows in the order of a score, best first, with the groups of ties: the one sort that all figures of a model share.

    Attributes:
        order: row at each rank, shape (n,).
        starts: rank at which each tie group starts, from 0, shape (k,).
        weight: of the row at each rank, shape (n,), or None if all weigh the same.
    """

    order: Indexes
    starts: Indexes
    weight: Floats | None = None

    @classmethod
    def of(cls, score: ArrayLike, *, weight: ArrayLike | None = None, tolerance: float = 0.0) -> Self:
        """Rank rows by their score, higher being better.

        Args:
            score: shape (n,), finite.
            weight: of each row, shape (n,), positive; only ratios matter.
            tolerance: neighbours in the ranking that differ by no more are tied, for scores whose equality is lost to rounding. Chains
                of neighbours form one group.

        Raises:
            ParameterError: a score that is not finite, a weight that is not positive, a negative tolerance, lengths that differ.

        Examples:
            >>> ranking = Ranking.of([0.1, 0.9, 0.5, 0.5])
            >>> ranking.order.tolist(), ranking.starts.tolist()
            ([1, 2, 3, 0], [0, 1, 3])
        """
        (values,) = as_floats("Ranking", score=score)
        if not tolerance >= 0:
            raise ParameterError(f"tolerance is {tolerance}; it must not be negative.", where="Ranking")
        order = np.argsort(-values, kind="stable")
        falls = -np.diff(values[order]) > tolerance
        starts = np.flatnonzero(np.concatenate(([True], falls)))
        return cls(order, starts, None if weight is None else _weights(weight, values)[order])

    @property
    def n(self) -> int:
        """Number of rows."""
        return len(self.order)

    @property
    def sizes(self) -> Indexes:
        """Number of rows in each tie group, shape (k,)."""
        return np.diff(np.append(self.starts, self.n))

    @property
    def has_ties(self) -> bool:
        """True if two rows have the same score."""
        return len(self.starts) < self.n

    def ranked(self, values: Floats) -> Floats:
        """Return the values of rows, each times its weight, by rank, shape (n,)."""
        if len(values) != self.n:
            raise ParameterError(
                f"{len(values):,} values for a ranking of {self.n:,} rows.", where="Ranking", remedy="Rank and measure the same rows."
            )
        return values[self.order] if self.weight is None else values[self.order] * self.weight

    def by_group(self, by_rank: Floats) -> Floats:
        """Return sums by tie group, shape (k,), of values by rank, shape (n,)."""
        return np.add.reduceat(by_rank, self.starts) if self.has_ties else by_rank

    def by_rank(self, by_group: Floats) -> Floats:
        """Return by rank, shape (n,), what is known of each tie group, shape (k,)."""
        return np.repeat(by_group, self.sizes) if self.has_ties else by_group

    def by_row(self, by_rank: Floats) -> Floats:
        """Return in the order of the rows, shape (n,), what is known by rank."""
        rows = np.empty(self.n)
        rows[self.order] = by_rank
        return rows

    def masses(self) -> Floats:
        """Return the weight of each tie group, shape (k,); their number of rows by default."""
        return self.sizes.astype(float) if self.weight is None else self.by_group(self.weight)

    def row_weights(self) -> Floats | float:
        """Return the weight of the row at each rank, shape (n,), or 1."""
        return 1.0 if self.weight is None else self.weight


def _weights(weight: ArrayLike, score: Floats) -> Floats:
    given, _ = as_floats("Ranking", weight=weight, score=score)
    if (given <= 0).any():
        raise ParameterError(
            f"{int((given <= 0).sum()):,} weights are not positive.",
            where="Ranking: weight",
            remedy="Leave out such rows.",
        )
    return given


def qini(ranking: Ranking, gain: ArrayLike, *, cluster: ArrayLike | None = None, level: float = LEVEL) -> UpliftFigure:
    """Return the Qini of a ranking with its interval: 1/n sum over i of (i/n) (mean of the top i - mean of all).

    It is the area between the curve of the gain, cumulated from the top and per customer of all, and the straight line of a ranking at
    random. Never normalised: a ratio to the average effect is meaningless when that is near 0.

    Args:
        ranking: of n rows.
        gain: score G of each row (`aipw_scores`), shape (n,).
        cluster: household of each row, shape (n,).
        level: of the interval.

    Raises:
        ParameterError: lengths that differ, values that are not finite, fewer than two rows.

    Examples:
        >>> found = qini(Ranking.of([0.9, 0.5, 0.5, 0.1]), [4.0, 1.0, 3.0, 0.0])
        >>> found.estimate, found.low < found.estimate < found.high
        (0.375, True)
    """
    G, mass, w = _measured(ranking, gain)
    whole, ends = mass.sum(), np.cumsum(mass)
    sums = ranking.by_group(G)
    weights = whole / 2 - ends + mass / 2
    total = sums @ weights
    # Without a row those above lose half its weight in rank, those below and its ties gain half: what is left is linear in prefix sums.
    shift = sums.sum() / 2 - np.cumsum(sums) + sums / 2
    left = total - G * ranking.by_rank(weights) + w * ranking.by_rank(shift)
    return _figure(ranking, total / whole**2, left / (whole - w) ** 2, cluster, level)


def autoc(ranking: Ranking, gain: ArrayLike, *, cluster: ArrayLike | None = None, level: float = LEVEL) -> UpliftFigure:
    """Return the area under the targeting operator characteristic: 1/n sum over i of (mean of the top i - mean of all).

    It weighs the first of the list most, and suits models of which only the very top is to be treated.

    Args:
        ranking: of n rows.
        gain: score G of each row (`aipw_scores`), shape (n,).
        cluster: household of each row, shape (n,).
        level: of the interval.

    Raises:
        ParameterError: lengths that differ, values that are not finite, fewer than two rows.

    Examples:
        >>> round(autoc(Ranking.of([0.9, 0.5, 0.5, 0.1]), [4.0, 1.0, 3.0, 0.0]).estimate, 6)
        0.916667
    """
    G, mass, w = _measured(ranking, gain)
    whole, sums = mass.sum(), ranking.by_group(G)
    weights, fall, rise = _harmonic(ranking, mass)
    total = sums @ weights
    moved = sums * fall
    below = moved.sum() - np.cumsum(moved)
    shift = ranking.by_rank(below + sums * rise - sums.sum() / whole) + G * ranking.by_rank(1 / whole - rise)
    left = total - G * ranking.by_rank(weights) + w * shift
    return _figure(ranking, total / whole, left / (whole - w), cluster, level)


def _harmonic(ranking: Ranking, mass: Floats) -> tuple[Floats, Floats, Floats]:
    """Return by tie group the weight of its gain in AUTOC, and its change by a missing row above and by a missing row within it.

    A row at rank r is in the top i for every i from r on, so it weighs sum over i >= r of 1/i, less 1 for the mean of all. A missing
    row above moves it up by one rank, which adds 1 / (r - 1). Tied rows share the mean over their ranks. With weights, ranks are cumulated
    weights, those of tied rows taken as equal.
    """
    steps = ranking.by_rank(mass / ranking.sizes)
    until = np.cumsum(steps)
    tails = np.cumsum((steps / until)[::-1])[::-1]
    above = np.concatenate(([0.0], 1 / until[:-1]))
    if not ranking.has_ties:
        return tails - 1, above, np.zeros(ranking.n)
    sizes, last = ranking.sizes, np.append(ranking.starts[1:], ranking.n) - 1
    mean_tail, mean_above = ranking.by_group(tails) / sizes, ranking.by_group(above) / sizes
    others = np.maximum(mass - mass / sizes, 1e-300)
    return mean_tail - 1, mean_above, np.where(sizes > 1, (mean_tail - tails[last]) / others, 0.0)


def _measured(ranking: Ranking, gain: ArrayLike) -> tuple[Floats, Floats, Floats | float]:
    (values,) = as_floats("uplift", gain=gain)
    if ranking.n < 2:
        raise ParameterError("1 row; a ranking needs at least 2.", where="uplift", remedy="Measure more customers.")
    return ranking.ranked(values), ranking.masses(), ranking.row_weights()


def _figure(ranking: Ranking, estimate: float, without: Floats, cluster: ArrayLike | None, level: float) -> UpliftFigure:
    """Return the figure whose value without the row at each rank is given."""
    influence = ranking.by_row((ranking.n - 1) * (estimate - without))
    return figure_of(float(estimate), influence, cluster=cluster, level=level)


def gain_at(ranking: Ranking, gain: ArrayLike, share: float, *, cluster: ArrayLike | None = None, level: float = LEVEL) -> UpliftFigure:
    """Return the gain from treating the top `share` of the list, per customer of the whole list.

    The interval allows for the cut: among other customers the same share ends at another score. The effect at the cut, which this needs,
    is the mean over the ranks around it.

    Args:
        ranking: of n rows.
        gain: score G of each row (`aipw_scores`), shape (n,).
        share: treated from the top, above 0 and at most 1.
        cluster: household of each row, shape (n,).
        level: of the interval.

    Examples:
        >>> gain_at(Ranking.of([0.9, 0.5, 0.5, 0.1]), [4.0, 1.0, 3.0, 0.0], 0.5).estimate
        1.5
    """
    if not 0 < share <= 1:
        raise ParameterError(f"share is {share}; it must be above 0 and at most 1.", where="gain_at")
    G, mass, w = _measured(ranking, gain)
    whole, ends = mass.sum(), np.cumsum(mass)
    included = ranking.by_rank(np.clip((share * whole - (ends - mass)) / mass, 0.0, 1.0))
    estimate = float(G @ included / whole)
    at_cut = _effect_at(ranking, G, share)
    influence = (included * (G - w * at_cut) + w * (share * at_cut - estimate)) * (ranking.n / whole)
    return figure_of(estimate, ranking.by_row(influence), cluster=cluster, level=level)


def _effect_at(ranking: Ranking, G: Floats, share: float) -> float:
    """Return the mean effect at the ranks around a cut: its tie group and n^0.6 ranks, a window that grows slower than the list."""
    place = min(int(share * ranking.n), ranking.n - 1)
    half = int(np.ceil(ranking.n**0.6 / 2))
    group = int(np.searchsorted(ranking.starts, place, side="right")) - 1
    first = max(min(ranking.starts[group], place - half), 0)
    last = max(ranking.starts[group] + ranking.sizes[group], place + half)
    heights = G[first:last]
    return float(heights.mean() if ranking.weight is None else heights.sum() / ranking.weight[first:last].sum())


def uplift_at(ranking: Ranking, gain: ArrayLike, share: float, *, cluster: ArrayLike | None = None, level: float = LEVEL) -> UpliftFigure:
    """Return the mean effect among the top `share` of the list, with its interval.

    Examples:
        >>> uplift_at(Ranking.of([0.9, 0.5, 0.5, 0.1]), [4.0, 1.0, 3.0, 0.0], 0.5).estimate
        3.0
    """
    found = gain_at(ranking, gain, share, cluster=cluster, level=level)
    return figure_of(found.estimate / share, found.influence / share, cluster=found.cluster, level=level)


def toc_at(ranking: Ranking, gain: ArrayLike, share: float, *, cluster: ArrayLike | None = None, level: float = LEVEL) -> UpliftFigure:
    """Return the mean effect among the top `share` of the list less that of all, the targeting operator characteristic.

    Examples:
        >>> toc_at(Ranking.of([0.9, 0.5, 0.5, 0.1]), [4.0, 1.0, 3.0, 0.0], 0.5).estimate
        1.0
    """
    top = uplift_at(ranking, gain, share, cluster=cluster, level=level)
    return top.minus(average_gain(ranking, gain, cluster=top.cluster, level=level))


def average_gain(ranking: Ranking, gain: ArrayLike, *, cluster: ArrayLike | None = None, level: float = LEVEL) -> UpliftFigure:
    """Return the average effect on all rows of a ranking, with its interval.

    Examples:
        >>> average_gain(Ranking.of([0.9, 0.5, 0.5, 0.1]), [4.0, 1.0, 3.0, 0.0]).estimate
        2.0
    """
    (values,) = as_floats("average_gain", gain=gain)
    weight = None if ranking.weight is None else ranking.by_row(ranking.weight)
    return mean_figure(values, weight=weight, cluster=cluster, level=level)


@dataclass(frozen=True, eq=False)
class GainCurve:
    """Gain cumulated from the top of a list, per customer of the whole list, from (0, 0) to (1, average effect).

    Attributes:
        share: of customers treated, shape (k + 1,), from 0 to 1.
        gain: cumulated, shape (k + 1,), in units of the outcome.
    """

    share: Floats
    gain: Floats

    @property
    def at_random(self) -> Floats:
        """The gain of a list in random order, at the same shares."""
        return self.share * float(self.gain[-1])

    @property
    def toc(self) -> Floats:
        """Mean effect of the top less that of all, at each share above 0, shape (k,)."""
        return self.gain[1:] / self.share[1:] - float(self.gain[-1])


def gain_curve(ranking: Ranking, gain: ArrayLike, *, points: int | None = None) -> GainCurve:
    """Return the cumulated gain of a ranking; within a tie group it is a straight line.

    Args:
        ranking: of n rows.
        gain: score G of each row (`aipw_scores`), shape (n,).
        points: at most so many points, evenly spaced in the list, e.g. for a plot; all ends of tie groups by default.

    Examples:
        >>> curve = gain_curve(Ranking.of([0.9, 0.5, 0.5, 0.1]), [4.0, 1.0, 3.0, 0.0])
        >>> curve.share.tolist(), curve.gain.tolist()
        ([0.0, 0.25, 0.75, 1.0], [0.0, 1.0, 2.0, 2.0])
    """
    G, mass, _ = _measured(ranking, gain)
    whole = mass.sum()
    share = np.concatenate(([0.0], np.cumsum(mass) / whole))
    cumulated = np.concatenate(([0.0], np.cumsum(ranking.by_group(G)) / whole))
    share[-1] = 1.0
    if points is None or points >= len(share):
        return GainCurve(share, cumulated)
    even = np.linspace(0, 1, points)
    return GainCurve(even, np.interp(even, share, cumulated))
