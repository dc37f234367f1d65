"""Gradient boosting of the orders ahead, as one of the regressors of a pooled forecast.

Trees find what the other regressors cannot say: that a customer who buys every six weeks and bought seven weeks ago is late, or that the
last month matters more for those who came back than for newcomers. On their own they carry the level of the days they were grown on into
other days, and rank better than they forecast; within the regression only the order and the spread of their forecasts count.

Trees are grown on each half of the customers at the last origin, with Poisson loss. At past origins each customer is forecast by the
trees of the other half, so that the regression learns how far trees can be trusted on customers they have not seen; later ones by the
mean of both halves' logarithms. Half the customers are enough: 40 trees of 8 leaves are averages of hundreds of them.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from relkit.models.boosted_trees import Trees
from relkit.models.few_threads import few_threads
from relkit.models.joined_trees import averaged, joined, some
from relkit.models.lifetime_value.order_windows import order_windows

if TYPE_CHECKING:
    from collections.abc import Sequence

    from relkit.models.lifetime_value.own_past import OwnPast

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

LEAST_CUSTOMERS, LEAST_ORDERS = 1000, 60
"""Customers known at the last origin, and orders after it, from which trees are grown."""
TREES, LEAVES, LEARNING_RATE, LEAST_IN_LEAF, L2 = 40, 8, 0.2, 40, 1.0
_LOWEST, _HIGHEST = -14.0, 8.0
"""Of the logarithm of the orders forecast."""


@dataclass(frozen=True, eq=False)
class Halves:
    """Trees grown on the customers at even and at odd places.

    Attributes:
        window_days: days whose orders they forecast.
        trees: those grown on even places, then on odd ones.
    """

    window_days: int
    trees: tuple[Trees, Trees]

    @classmethod
    def grown(cls, windows: Floats, came: Floats, places: Ints, window_days: int) -> Halves | None:
        """Return the trees grown on the orders after an origin; None if there is too little to learn from.

        Args:
            windows: columns of the customers known then (`order_windows`), shape (k, 14).
            came: their orders in the window, shape (k,).
            places: place of each customer among all, in which they are halved, shape (k,).
            window_days: length of the window.
        """
        even = places % 2 == 0
        if len(came) < LEAST_CUSTOMERS or min(came[even].sum(), came[~even].sum()) < LEAST_ORDERS / 2:
            return None
        with few_threads(len(came)):
            grown = [Trees.scoring(_learner().fit(windows[part], came[part]), windows[part]) for part in (even, ~even)]
        return cls(window_days, (grown[0], grown[1]))

    def of_others(self, windows: Floats, places: Ints, days: float) -> Floats:
        """Return the orders forecast of customers at any origin by the trees that have not seen them, shape (k,).

        Args:
            windows: columns of the customers, for windows of `window_days`, shape (k, 14).
            places: of the customers, shape (k,).
            days: days to forecast; the rate is that of the window.
        """
        raw, even = np.empty(len(places)), places % 2 == 0
        for trees, part in zip(self.trees, (~even, even), strict=True):
            raw[part] = trees.raw(windows[part])
        return _orders(raw, days / self.window_days)


@dataclass(frozen=True, kw_only=True, eq=False)
class BoostedOrders:
    """Trees of k horizons, and their powers in the regressions.

    Attributes:
        powers: of their forecasts in the regression, shape (k,); 0 for a horizon without trees.
        window_days: days whose orders the trees of each horizon forecast, shape (k,).
        bases: raw score before the first tree, shape (k,).
        first_trees: first tree of each horizon, then the number of all trees, shape (k + 1,).
        trees: those of all horizons in sequence.
    """

    powers: Floats
    window_days: Ints
    bases: Floats
    first_trees: Ints
    trees: Trees = field(repr=False)

    @classmethod
    def of(cls, halves: Sequence[Halves | None], powers: Sequence[float]) -> BoostedOrders | None:
        """Return the trees of all horizons, None if none were grown.

        Args:
            halves: of each horizon, None for one without trees.
            powers: of their forecasts.
        """
        each = [None if half is None else averaged(half.trees) for half in halves]
        grown = [trees for trees in each if trees is not None]
        if not grown:
            return None
        sizes = [0 if trees is None else len(trees.roots) for trees in each]
        return cls(
            powers=np.array(powers, dtype=float),
            window_days=np.array([1 if half is None else half.window_days for half in halves], dtype=np.int64),
            bases=np.array([0.0 if trees is None else trees.base for trees in each]),
            first_trees=np.concatenate(([0], np.cumsum(sizes))).astype(np.int64),
            trees=joined(grown),
        )

    def damage(self) -> str:
        """Return the fault in how the trees are divided among the horizons, or ""."""
        first = self.first_trees
        if not len(first) or first[0] != 0 or first[-1] != len(self.trees.roots) or (np.diff(first) < 0).any():
            return "boosted: the trees are not divided among the horizons"
        return "boosted: a power without trees" if (self.powers[np.diff(first) == 0] != 0).any() else ""

    def orders(self, knot: int, past: OwnPast, days: float) -> Floats:
        """Return the orders forecast of n customers by the trees of a horizon, shape (n,).

        Args:
            knot: place of the horizon.
            past: orders of the customers.
            days: the horizon.
        """
        window = int(self.window_days[knot])
        trees = some(self.trees, int(self.first_trees[knot]), int(self.first_trees[knot + 1]), float(self.bases[knot]))
        return _orders(trees.raw(order_windows(past, window)), days / window)


def _orders(raw: Floats, share: float) -> Floats:
    return np.asarray(np.exp(np.clip(raw, _LOWEST, _HIGHEST)) * share)


def _learner() -> Any:
    from sklearn.ensemble import HistGradientBoostingRegressor

    return HistGradientBoostingRegressor(
        loss="poisson",
        max_iter=TREES,
        max_leaf_nodes=LEAVES,
        learning_rate=LEARNING_RATE,
        min_samples_leaf=LEAST_IN_LEAF,
        l2_regularization=L2,
        early_stopping=False,
        random_state=0,
    )
