"""Curves of a ranking on resamples of its customers: uniform bands, and the spread of the best depth.

Customers are resampled by Poisson weights, as many per customer as in the bootstrap on average. The list is cut into at most 1,000 bins of
ranks, and what a bin contributes to a resample (its number of customers and the sum of their scores) is drawn at once from its normal
limit, with the mean and covariance of the Poisson sums. So 1,000 resamples of a million customers cost less than the sort. Customers of
one household are resampled together, which takes a pass over the rows for each resample.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from relkit.metrics.uplift import GainCurve, gain_curve
from relkit.metrics.uplift_figures import as_floats, cluster_codes
from relkit.units import LEVEL

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import ArrayLike, NDArray

    from relkit.metrics.ranking import Floats
    from relkit.metrics.uplift import Ranking

MOST_BINS = 1000


@dataclass(frozen=True, eq=False)
class Band:
    """A curve with a band that contains the whole true curve with a probability.

    Attributes:
        share: of customers, from the top, shape (k,).
        value: shape (k,).
        low: shape (k,).
        high: shape (k,).
        level: probability that the true curve leaves the band nowhere.
    """

    share: Floats
    value: Floats
    low: Floats
    high: Floats
    level: float


@dataclass(frozen=True, eq=False)
class CurveDraws:
    """The cumulated gain of a ranking, and the same on resamples of the customers.

    Attributes:
        curve: at k even shares of the list.
        draws: gain on each resample at the same shares, shape (replicates, k).
    """

    curve: GainCurve
    draws: Floats

    def gain_band(self, level: float = LEVEL) -> Band:
        """Return the uniform band of the cumulated gain."""
        return _uniform(self.curve.share, self.curve.gain, self.draws, level)

    def chance_band(self, level: float = LEVEL) -> Band:
        """Return the uniform band of the cumulated gain less that of a list in random order."""
        above = self.draws - self.draws[:, -1:] * self.curve.share
        return _uniform(self.curve.share, self.curve.gain - self.curve.at_random, above, level)

    def toc_band(self, level: float = LEVEL, *, least_share: float = 0.02) -> Band:
        """Return the uniform band of the mean effect of the top less that of all, from a least share on."""
        kept = self.curve.share >= least_share
        share = self.curve.share[kept]
        above = self.draws[:, kept] / share - self.draws[:, -1:]
        return _uniform(share, self.curve.gain[kept] / share - float(self.curve.gain[-1]), above, level)

    def best_shares(self, level: float = LEVEL) -> tuple[float, float]:
        """Return the bounds of the share at which the gain is greatest, over the resamples.

        They tell how flat the top of the curve is; the bootstrap of a maximum has no exact coverage (Abrevaya and Huang 2005).
        """
        best = self.curve.share[np.argmax(self.draws, axis=1)]
        low, high = np.quantile(best, [(1 - level) / 2, (1 + level) / 2])
        return float(low), float(high)


def resampled_curve(
    ranking: Ranking,
    gain: ArrayLike,
    *,
    points: int = 201,
    replicates: int = 500,
    cluster: ArrayLike | None = None,
    seed: int = 0,
) -> CurveDraws:
    """Return the cumulated gain of a ranking on resamples of its customers.

    Args:
        ranking: of n rows.
        gain: score G of each row, or what it brings net of costs, shape (n,).
        points: shares at which the curves are kept.
        replicates: number of resamples.
        cluster: household of each row, shape (n,).
        seed: of the resamples.

    Examples:
        >>> from relkit.metrics.uplift import Ranking
        >>> rng = np.random.default_rng(1)
        >>> effect = rng.standard_normal(2000)
        >>> band = resampled_curve(Ranking.of(effect), effect).gain_band()
        >>> bool(np.all(band.low <= band.value)), bool(np.all(band.value <= band.high)), band.value.shape
        (True, True, (201,))
    """
    (values,) = as_floats("resampled_curve", gain=gain)
    curve = gain_curve(ranking, values, points=points)
    even = np.linspace(0, 1, points)
    curve = GainCurve(even, np.interp(even, curve.share, curve.gain))
    drawn = _independent(ranking, values) if cluster is None else _by_household(ranking, values, cluster)
    rng = np.random.default_rng(seed)
    draws = np.empty((replicates, points))
    for place in range(replicates):
        mass, sums = drawn(rng)
        ends = np.concatenate(([0.0], np.cumsum(mass)))
        draws[place] = np.interp(even, ends / ends[-1], np.concatenate(([0.0], np.cumsum(sums))) / ends[-1])
    return CurveDraws(curve, draws)


def _edges(ranking: Ranking) -> NDArray[np.intp]:
    """Return the rank at which each bin starts: ends of tie groups nearest after even steps."""
    groups = len(ranking.starts)
    bins = min(MOST_BINS, groups)
    nearest = np.minimum(np.searchsorted(ranking.starts, np.arange(bins) * ranking.n // bins), groups - 1)
    edges: NDArray[np.intp] = ranking.starts[np.unique(nearest)]
    return edges


def _independent(ranking: Ranking, gain: Floats) -> Callable[[np.random.Generator], tuple[Floats, Floats]]:
    """Return a drawer of mass and gain by bin, from the normal limit of their Poisson sums."""
    edges, G = _edges(ranking), ranking.ranked(gain)
    w = np.ones(ranking.n) if ranking.weight is None else ranking.weight
    mass, sums, mm, mg, gg = (np.add.reduceat(each, edges) for each in (w, G, w * w, w * G, G * G))
    slope = mg / mm
    rest = np.sqrt(np.maximum(gg - mg * slope, 0.0))

    def draw(rng: np.random.Generator) -> tuple[Floats, Floats]:
        one, other = rng.standard_normal((2, len(edges)))
        more = np.sqrt(mm) * one
        drawn = np.maximum(mass + more, 1e-9 * mass)
        return drawn, sums + slope * more + rest * other

    return draw


def _by_household(ranking: Ranking, gain: Floats, cluster: ArrayLike) -> Callable[[np.random.Generator], tuple[Floats, Floats]]:
    """Return a drawer of mass and gain by bin, one Poisson number to a household."""
    edges, G = _edges(ranking), ranking.ranked(gain)
    w = np.ones(ranking.n) if ranking.weight is None else ranking.weight
    codes = cluster_codes(cluster, ranking.n)[ranking.order]
    households = int(codes.max()) + 1

    def draw(rng: np.random.Generator) -> tuple[Floats, Floats]:
        times = rng.poisson(1.0, households)[codes]
        return np.add.reduceat(w * times, edges) + 1e-12, np.add.reduceat(G * times, edges)

    return draw


def _uniform(share: Floats, value: Floats, draws: Floats, level: float) -> Band:
    """Return the band whose half-width is a multiple of the standard error, the same at all shares."""
    errors = draws.std(axis=0, ddof=1)
    # At share 0, and at 1 of a curve above chance, nothing varies.
    varies = errors > 1e-9 * (errors.max() or 1.0)
    farthest = np.max(np.abs(draws - draws.mean(axis=0))[:, varies] / errors[varies], axis=1, initial=0.0)
    reach = float(np.quantile(farthest, level)) * np.where(varies, errors, 0.0)
    return Band(share, value, value - reach, value + reach, level)
