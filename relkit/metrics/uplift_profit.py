"""Profit of treating the top of a list by uplift, and the best depth with an honest value.

A treated customer brings her effect and costs the contact, and the incentive if she redeems it. Cumulated from the top,

    profit(q) = 1/n sum over the top q of (margin G - contact cost - incentive x redemption)

The depth with the greatest profit on a sample is a winner: its profit there is too high on average. Here the threshold chosen on one half
of the customers is valued on the other, and the reverse, so that each customer is valued under a choice that she had no part in.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from relkit.errors import ParameterError
from relkit.metrics.uplift import gain_curve
from relkit.metrics.uplift_bands import resampled_curve
from relkit.metrics.uplift_figures import UpliftFigure, as_floats, cluster_codes, mean_figure
from relkit.units import LEVEL

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from relkit.metrics.ranking import Floats
    from relkit.metrics.uplift import Ranking


def net_gain(
    gain: ArrayLike,
    *,
    margin: ArrayLike = 1.0,
    contact_cost: ArrayLike = 0.0,
    incentive: ArrayLike = 0.0,
    redemption: ArrayLike = 0.0,
) -> Floats:
    """Return the gain from treating each customer, net of its cost, shape (n,).

    Args:
        gain: score G of each row, shape (n,).
        margin: money per unit of the outcome; 1 if the outcome is a margin. Here and below a number or shape (n,).
        contact_cost: of a contact, whatever happens.
        incentive: cost of a redeemed incentive.
        redemption: probability that a treated customer redeems it; or, observed, redeemed x treated / propensity, whose mean it is.

    Raises:
        ParameterError: lengths that differ, or values that are not finite.

    Examples:
        >>> net_gain([10.0, 0.0], contact_cost=0.5, incentive=5.0, redemption=[0.2, 0.1]).tolist()
        [8.5, -1.0]
    """
    size = np.shape(gain)
    terms = {"margin": margin, "contact_cost": contact_cost, "incentive": incentive, "redemption": redemption}
    filled = {name: np.full(size, float(np.asarray(value))) if np.ndim(value) == 0 else value for name, value in terms.items()}
    G, money, contact, offer, redeemed = as_floats("net_gain", gain=gain, **filled)
    return money * G - contact - offer * redeemed


@dataclass(frozen=True, eq=False)
class BestDepth:
    """The depth of a list at which its profit is greatest.

    Attributes:
        share: of customers to treat, from the top, by all of them.
        share_low: lower bound of it over resamples, which tells how flat the curve is and has no exact coverage.
        share_high: upper bound of it.
        value: profit per customer of the whole list, each half valued at the threshold chosen on the other.
        over_all: the same less the profit of treating everybody.
        apparent: profit at `share` on the customers who chose it; too high on average.
    """

    share: float
    share_low: float
    share_high: float
    value: UpliftFigure
    over_all: UpliftFigure
    apparent: float


def best_depth(
    ranking: Ranking,
    net: ArrayLike,
    *,
    fold: ArrayLike | None = None,
    cluster: ArrayLike | None = None,
    level: float = LEVEL,
    replicates: int = 500,
    seed: int = 0,
) -> BestDepth:
    """Return the best depth of a list and its profit.

    Args:
        ranking: of n rows.
        net: what treating each row brings (`net_gain`), shape (n,).
        fold: half of each row, 0 or 1, shape (n,); drawn with the seed by default, households together.
        cluster: household of each row, shape (n,).
        level: of the intervals.
        replicates: resamples for the interval of the share.
        seed: of the draw of halves and of the resamples.

    Raises:
        ParameterError: a half without rows, lengths that differ, values that are not finite.

    Examples:
        >>> from relkit.metrics.uplift import Ranking
        >>> effect = np.linspace(1, -1, 1000)
        >>> found = best_depth(Ranking.of(effect), effect)
        >>> round(found.share, 2), round(found.value.estimate, 2), round(found.over_all.estimate, 2)
        (0.5, 0.25, 0.25)
    """
    (values,) = as_floats("best_depth", net=net)
    codes = None if cluster is None else cluster_codes(cluster, ranking.n)
    half = _halves(ranking.n, fold, codes, seed)
    curve = gain_curve(ranking, values)
    best = int(np.argmax(curve.gain))
    treated = _chosen_by_the_other(ranking, values, half)
    weight = None if ranking.weight is None else ranking.by_row(ranking.weight)
    value = mean_figure(values * treated, weight=weight, cluster=codes, level=level)
    everybody = mean_figure(values, weight=weight, cluster=codes, level=level)
    bounds = resampled_curve(ranking, values, points=1001, replicates=replicates, cluster=codes, seed=seed).best_shares(level)
    return BestDepth(float(curve.share[best]), *bounds, value, value.minus(everybody), float(curve.gain[best]))


def _halves(n: int, fold: ArrayLike | None, codes: NDArray[np.intp] | None, seed: int) -> Floats:
    """Return 0 or 1 for each row, shape (n,)."""
    if fold is None:
        drawn = np.random.default_rng(seed).random(n if codes is None else int(codes.max()) + 1) < 0.5
        fold = drawn if codes is None else drawn[codes]
    half, _ = as_floats("best_depth", fold=np.asarray(fold, dtype=float), rows=np.zeros(n))
    if set(np.unique(half)) != {0.0, 1.0}:
        raise ParameterError(
            "fold must have both halves, 0 and 1, and nothing else.", where="best_depth", remedy="Leave it out to draw one."
        )
    return half


def _chosen_by_the_other(ranking: Ranking, net: Floats, half: Floats) -> Floats:
    """Return 1 for the rows above the threshold at which the profit of the other half is greatest, shape (n,)."""
    by_rank = ranking.ranked(net)
    group = np.repeat(np.arange(len(ranking.starts)), ranking.sizes)
    treated = np.zeros(ranking.n)
    for mine in (0.0, 1.0):
        others = half[ranking.order] != mine
        profit = np.cumsum(np.add.reduceat(by_rank * others, ranking.starts))
        depth = int(np.argmax(np.concatenate(([0.0], profit))))
        treated[(group < depth) & ~others] = 1.0
    return ranking.by_row(treated)
