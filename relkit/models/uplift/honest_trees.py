"""Honest trees of effects, grown on histograms (Athey and Imbens 2016; Wager and Athey 2018).

Each tree draws half of the rows and divides them again: one part decides where to split, the other what the leaves say. A leaf's effect
is thus not the luck that made it a leaf. A node is split where the effects of its two sides differ most, by the sum over actions of
n tau^2, n being the rows of a side and tau its difference of mean outcomes between an action and the control. For a single tree the
variance of these differences is subtracted, and a node without a gain is not split; for a forest, whose trees are averaged, it is not.

Columns are reduced to at most 255 bins once, so that a split costs a pass over the rows of a node, and each node keeps sums of weights,
outcomes and squared outcomes by arm, whatever the kind of outcome and the number of arms.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from relkit.models.boosted_trees import Trees
from relkit.models.compiling import compiled

Floats = NDArray[np.float64]
Codes = NDArray[np.int64]
Bins = NDArray[np.uint8]
Part = NDArray[np.int8]

MOST_BINS = 255
CONTROL = 0
"""Arm that the others are compared with."""


@dataclass(frozen=True, eq=False)
class Binned:
    """Columns as bins.

    Attributes:
        bins: of each row, shape (n, d).
        edges: of each column, the largest value of each bin but the last, in sequence over the columns.
        first: place of the first edge of each column among these, shape (d + 1,).
    """

    bins: Bins
    edges: Floats
    first: Codes

    @classmethod
    def of(cls, X: Floats, bins: int = 64) -> Binned:
        """Return the columns of a matrix as bins of about equal size; few different values have a bin each.

        Args:
            X: shape (n, d).
            bins: most bins of a column, at most 255.

        Examples:
            >>> found = Binned.of(np.array([[1.0], [5.0], [5.0], [9.0]]))
            >>> found.bins.ravel().tolist(), found.edges.tolist()
            ([0, 1, 1, 2], [1.0, 5.0])
        """
        edges = [_edges(column, min(bins, MOST_BINS)) for column in X.T]
        places = [np.searchsorted(edge, column, side="left") for edge, column in zip(edges, X.T, strict=True)]
        coded = np.column_stack(places).astype(np.uint8) if places else np.zeros(X.shape, np.uint8)
        return cls(np.ascontiguousarray(coded), np.concatenate([*edges, np.zeros(0)]), np.cumsum([0, *map(len, edges)]))


def _edges(column: Floats, bins: int) -> Floats:
    """Return the upper ends of the bins of a column, without that of the last."""
    values = np.unique(column)
    if len(values) > bins:
        values = np.unique(np.quantile(column, np.arange(1, bins + 1) / bins, method="inverted_cdf"))
    return values[:-1]


@dataclass(frozen=True, eq=False, kw_only=True)
class Grown:
    """Trees with the effects of several actions.

    Attributes:
        trees: with the effect of the first action, divided by their number, so that their sum is the forecast of the forest.
        effects: of each node, by action, divided by the number of trees, shape (nodes, actions).
        out_of_bag: forecast of each row by the trees that did not draw it, by action, shape (n, actions); NaN if all drew it.
    """

    trees: Trees
    effects: Floats
    out_of_bag: Floats

    def of_action(self, place: int) -> Trees:
        """Return the trees with the effects of an action, counted from 0."""
        return replace(self.trees, value=np.ascontiguousarray(self.effects[:, place]))


def grow(
    X: Floats,
    outcome: Floats,
    arm: Codes,
    weight: Floats,
    cluster: Codes,
    *,
    trees: int,
    leaves: int,
    fewest_in_arm: int,
    columns_tried: int,
    bins: int = 64,
    penalty: float = 0.0,
    seed: int = 0,
) -> Grown:
    """Return honest trees.

    Args:
        X: columns, shape (n, d).
        outcome: shape (n,).
        arm: 0 for controls, then one number for each action, shape (n,).
        weight: inverse of the probability of the row's arm, shape (n,).
        cluster: group of each row, drawn as a whole, shape (n,).
        trees: their number.
        leaves: most leaves of a tree.
        fewest_in_arm: fewest rows of each arm, on both sides of a split, of the part that decides on it.
        columns_tried: drawn for each node.
        bins: most bins of a column.
        penalty: factor of the variance of effects that is subtracted from the gain of a split.
        seed: of all draws.
    """
    binned, arms = Binned.of(X, bins), int(arm.max()) + 1
    grow_one, add_to_bag = compiled(grow_tree, worth, divide, set_effect, set_right, best_split), compiled(add_out_of_bag)
    rng = np.random.default_rng(seed)
    most = 2 * leaves - 1
    found = _Nodes.empty(trees * most, arms - 1)
    total, count = np.zeros((len(X), arms - 1)), np.zeros(len(X))
    roots, at = np.zeros(trees, np.int64), 0
    deviation = outcome - outcome.mean()  # sums of squares lose no digits
    for tree in range(trees):
        part = _halves(cluster, rng)
        one = _Nodes.empty(most, arms - 1)
        limits = np.array([arms, leaves, fewest_in_arm, columns_tried, rng.integers(2**31)])
        size = grow_one(binned.bins, deviation, arm, weight, part, limits, penalty, one.places, one.effect, one.gain)
        add_to_bag(binned.bins, part, one.places, one.effect, total, count)
        roots[tree] = at
        found.take(one, size, at)
        at += size
    with np.errstate(invalid="ignore", divide="ignore"):
        out_of_bag = total / count[:, None]
    return found.grown(binned, roots, at, trees, out_of_bag)


def _halves(cluster: Codes, rng: np.random.Generator) -> Part:
    """Return 1 for rows that decide on splits, 2 for rows that give leaves their effects, 0 for the others; clusters stay whole."""
    groups = int(cluster.max()) + 1
    place = rng.permutation(groups)
    part = np.where(place < groups // 4, 1, np.where(place < groups // 2, 2, 0)).astype(np.int8)
    found: Part = part[cluster]
    return found


@dataclass(frozen=True, eq=False)
class _Nodes:
    """Nodes of trees as arrays.

    Attributes:
        places: column, bin and left child of each node, shape (3, nodes); the right child follows the left one, a leaf has none (0).
        effect: by action, shape (nodes, actions).
        gain: of the split, shape (nodes,).
    """

    places: Codes
    effect: Floats
    gain: Floats

    @classmethod
    def empty(cls, nodes: int, actions: int) -> _Nodes:
        return cls(np.zeros((3, nodes), np.int64), np.zeros((nodes, actions)), np.zeros(nodes))

    def take(self, other: _Nodes, size: int, at: int) -> None:
        """Take over the nodes of a tree, from a place on."""
        here = slice(at, at + size)
        self.places[:, here], self.effect[here], self.gain[here] = other.places[:, :size], other.effect[:size], other.gain[:size]
        self.places[2, here] += np.where(other.places[2, :size] > 0, at, 0)

    def grown(self, binned: Binned, roots: Codes, size: int, trees: int, out_of_bag: Floats) -> Grown:
        """Return the nodes as trees."""
        (feature, cut, left), own = self.places[:, :size], np.arange(size)
        is_leaf = left == 0
        edge = np.where(is_leaf, 0, binned.first[feature] + cut)
        threshold = np.where(is_leaf, 0.0, binned.edges[edge]) if len(binned.edges) else np.zeros(size)
        kept = Trees(
            base=0.0,
            roots=roots,
            depths=_depths(left, roots, size),
            feature=np.where(is_leaf, 0, feature),
            threshold=threshold,
            left=np.where(is_leaf, own, left),
            right=np.where(is_leaf, own, left + 1),
            value=self.effect[:size, 0] / trees,
            gain=np.where(is_leaf, 0.0, self.gain[:size]),
        )
        return Grown(trees=kept, effects=self.effect[:size] / trees, out_of_bag=out_of_bag)


def _depths(left: Codes, roots: Codes, size: int) -> Codes:
    """Return the levels below the root of each tree, shape (T,)."""
    depth = np.zeros(size, np.int64)
    for node in range(size):  # children come after their parents
        if left[node]:
            depth[left[node] : left[node] + 2] = depth[node] + 1
    return np.maximum.reduceat(depth, roots)


def grow_tree(
    bins: Bins,
    y: Floats,
    arm: Codes,
    weight: Floats,
    part: Part,
    limits: Codes,
    penalty: float,
    places: Codes,
    effect: Floats,
    gain: Floats,
) -> int:
    """Grow one tree into the given arrays and return its number of nodes; the node with the largest gain is split first."""
    arms, leaves, fewest, tried, seed = limits
    feature, cut, left = places
    np.random.seed(seed)  # noqa: NPY002 the generator of compiled code
    decides, tells = np.flatnonzero(part == 1), np.flatnonzero(part == 2)
    most = 2 * leaves - 1
    start, end = np.zeros((2, most), np.int64), np.zeros((2, most), np.int64)
    end[0, 0], end[1, 0] = len(decides), len(tells)
    nothing = np.zeros(arms - 1)
    set_effect(y, arm, weight, tells, arms, nothing, effect[0])
    best = np.full(most, -1.0)
    best[0], feature[0], cut[0] = best_split(bins, y, arm, weight, decides, arms, fewest, tried, penalty)
    size = 1
    for _ in range(leaves - 1):
        node = int(np.argmax(best[:size]))
        if best[node] <= 0.0:
            break
        gain[node], best[node], left[node] = best[node], -1.0, size
        for half in range(2):
            rows = decides if half == 0 else tells
            middle = divide(bins, rows, start[half, node], end[half, node], feature[node], cut[node])
            start[half, size], end[half, size] = start[half, node], middle
            start[half, size + 1], end[half, size + 1] = middle, end[half, node]
        for child in range(size, size + 2):
            set_effect(y, arm, weight, tells[start[1, child] : end[1, child]], arms, effect[node], effect[child])
            own = decides[start[0, child] : end[0, child]]
            best[child], feature[child], cut[child] = best_split(bins, y, arm, weight, own, arms, fewest, tried, penalty)
        size += 2
    return size


def divide(bins: Bins, rows: Codes, start: int, end: int, feature: int, cut: int) -> int:
    """Put the rows of a node that go left before the others, and return where these start."""
    kept = rows[start:end].copy()
    goes_left = bins[kept, feature] <= cut
    middle = start + int(goes_left.sum())
    rows[start:middle] = kept[goes_left]
    rows[middle:end] = kept[~goes_left]
    return middle


def set_effect(y: Floats, arm: Codes, weight: Floats, rows: Codes, arms: int, above: Floats, effect: Floats) -> None:
    """Set the effects of the actions on rows, shape (actions,); without rows of both arms that of the node above stays."""
    mass, total = np.zeros(arms), np.zeros(arms)
    for i in rows:
        mass[arm[i]] += weight[i]
        total[arm[i]] += weight[i] * y[i]
    for a in range(1, arms):
        known = mass[a] > 0.0 and mass[CONTROL] > 0.0
        effect[a - 1] = total[a] / mass[a] - total[CONTROL] / mass[CONTROL] if known else above[a - 1]


def best_split(
    bins: Bins, y: Floats, arm: Codes, weight: Floats, rows: Codes, arms: int, fewest: int, tried: int, penalty: float
) -> tuple[float, int, int]:
    """Return gain, column and bin of the best split of rows; a gain of -1 if there is none.

    Element by element: numba needs ten seconds to compile the same with whole arrays.
    """
    found, feature, cut = -1.0, 0, 0
    sums, right = np.zeros((256, arms, 4)), np.zeros((arms, 4))  # of rows, weights, outcomes, squared outcomes
    for column in np.random.permutation(bins.shape[1])[:tried]:  # noqa: NPY002
        sums[:] = 0.0
        last = 0
        for i in rows:
            b, a, w = bins[i, column], arm[i], weight[i]
            last = max(last, b)
            sums[b, a, 0] += 1.0
            sums[b, a, 1] += w
            sums[b, a, 2] += w * y[i]
            sums[b, a, 3] += w * y[i] * y[i]
        for b in range(1, last + 1):
            for a in range(arms):
                for k in range(4):
                    sums[b, a, k] += sums[b - 1, a, k]
        whole = worth(sums[last], arms, penalty)
        for b in range(last):
            if set_right(sums[last], sums[b], arms, right) < fewest:
                continue
            better = worth(sums[b], arms, penalty) + worth(right, arms, penalty) - whole
            if better > found:
                found, feature, cut = better, column, b
    return found, feature, cut


def set_right(whole: Floats, left: Floats, arms: int, right: Floats) -> float:
    """Set the sums of the rows that go right, and return the number of rows of the rarest arm of either side."""
    rarest = np.inf
    for a in range(arms):
        for k in range(4):
            right[a, k] = whole[a, k] - left[a, k]
        rarest = min(rarest, left[a, 0], right[a, 0])
    return rarest


def worth(sums: Floats, arms: int, penalty: float) -> float:
    """Return the sum over actions of n tau^2, less the penalty times n times the variance of tau."""
    rows, mean, variance, weightless = 0.0, np.empty(arms), np.empty(arms), False
    for a in range(arms):
        if sums[a, 0] < 1.0:
            return 0.0
        if sums[a, 1] <= 0.0:  # compiled, a division by it would be an error
            weightless = True
            continue
        rows += sums[a, 0]
        mean[a] = sums[a, 2] / sums[a, 1]
        variance[a] = max(sums[a, 3] / sums[a, 1] - mean[a] * mean[a], 0.0) / sums[a, 0]
    if weightless:
        return np.nan
    found = 0.0
    for a in range(1, arms):
        found += rows * (mean[a] - mean[CONTROL]) ** 2
        found -= penalty * rows * (variance[a] + variance[CONTROL])
    return found


def add_out_of_bag(bins: Bins, part: Part, places: Codes, effect: Floats, total: Floats, count: Floats) -> None:
    """Add the effects of a tree to the totals of rows that it did not draw."""
    feature, cut, left = places
    for i in range(len(part)):
        if part[i] != 0:
            continue
        node = 0
        while left[node] > 0:
            node = left[node] if bins[i, feature[node]] <= cut[node] else left[node] + 1
        total[i] += effect[node]
        count[i] += 1.0
