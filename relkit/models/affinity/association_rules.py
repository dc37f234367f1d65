"""Association rules from frequent sets: X => Y with counts, measures, significance and redundancy.

    baskets = Baskets.of(pl.Series([["milk", "bread"], ["milk", "bread", "beer"], ["beer"]]))
    found = mine_rules(frequent_itemsets(baskets, 1), Wanted(min_confidence=0.8))
    rules_frame(found, baskets.names)

A rule is two disjoint sets of items. Its thresholds are compared in integers. A rule is redundant if a more general one, with fewer items
on the left (possibly none) and the same right, has a confidence at least as high: the additional items improve nothing
(Bayardo, Agrawal and Gunopulos 1999). `improvement_p_value` tests whether each item on the left improves the rule by more than chance:
it is the largest p-value of Fisher's test of that item and the right side among the baskets with the other items of the left
(Webb 2007, productive rules); for a single item it is the p-value of the rule.

Significance. The p-value is Fisher's. `p_bonferroni` multiplies it by the number of rules listed, as the R package arules does. The
q-value (Benjamini and Hochberg) counts all rules that were tried, including those that were too rare or too weak to be listed:
otherwise the selection by count would make chance look like a finding.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import combinations
from typing import TYPE_CHECKING

import numpy as np
import polars as pl
from numpy.typing import NDArray

from relkit.metrics.multiplicity import benjamini_hochberg, bonferroni
from relkit.models.affinity.fisher import fisher_p_values
from relkit.models.affinity.measures import Counts, measures_of
from relkit.models.affinity.thresholds import at_least, ratio_at_least
from relkit.units import LEVEL

if TYPE_CHECKING:
    from collections.abc import Iterator

    from relkit.models.affinity.itemsets import Itemsets

Codes = NDArray[np.int32]
Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]


@dataclass(frozen=True, kw_only=True, eq=False)
class Wanted:
    """The rules to keep.

    Attributes:
        min_confidence: smallest confidence.
        min_lift: smallest lift.
        most_right: most items on the right.
        left, right: codes allowed on either side; None for all.
    """

    min_confidence: float = 0.0
    min_lift: float = 0.0
    most_right: int = 1
    left: Codes | None = None
    right: Codes | None = None


@dataclass(frozen=True, eq=False)
class RuleGroup:
    """Rules with the same numbers of items on both sides.

    Attributes:
        left, right: codes of each side, ascending; (m, a) and (m, b) int32.
        counts: of the rules.
        improvement: confidence less that of the best more general rule; (m,).
        improvement_p: p-value of the least certain improvement by one item; (m,).
        redundant: whether that rule is at least as good, decided in integers; (m,).
    """

    left: Codes
    right: Codes
    counts: Counts
    improvement: Floats
    improvement_p: Floats
    redundant: Flags

    def __len__(self) -> int:
        return len(self.counts)


@dataclass(frozen=True, eq=False)
class Mined:
    """The rules found.

    Attributes:
        groups: by the numbers of items on both sides.
        tried: number of rules that could have been found, from frequent left sides: the tests among which these were selected.
    """

    groups: tuple[RuleGroup, ...]
    tried: int

    def __len__(self) -> int:
        return sum(len(group) for group in self.groups)


def mine_rules(sets: Itemsets, wanted: Wanted) -> Mined:
    """Return the rules of frequent sets.

    Args:
        sets: frequent sets of two items and more.
        wanted: the rules to keep.

    Examples:
        >>> from relkit.models.affinity.baskets import Baskets
        >>> from relkit.models.affinity.itemsets import frequent_itemsets
        >>> baskets = Baskets.of(pl.Series([["a", "b"], ["a", "b", "c"], ["c"]]))
        >>> found = mine_rules(frequent_itemsets(baskets, 2), Wanted(min_confidence=0.9))
        >>> [(group.left.tolist(), group.right.tolist()) for group in found.groups]
        [([[1], [0]], [[0], [1]])]
    """
    by_shape: dict[tuple[int, int], list[RuleGroup]] = {}
    for group in _candidates(sets, wanted):
        kept = _kept(group, wanted)
        if len(kept.counts):
            by_shape.setdefault((kept.left.shape[1], kept.right.shape[1]), []).append(_improved(kept, sets))
    groups = tuple(_joined(by_shape[shape]) for shape in sorted(by_shape))
    return Mined(groups, max(_tried(sets, wanted), sum(len(group) for group in groups)))


@dataclass(frozen=True, eq=False)
class _Sides:
    left: Codes
    right: Codes
    counts: Counts

    def where(self, kept: Flags) -> _Sides:
        counts = self.counts
        return _Sides(
            self.left[kept], self.right[kept], replace(counts, both=counts.both[kept], left=counts.left[kept], right=counts.right[kept])
        )


def _candidates(sets: Itemsets, wanted: Wanted) -> Iterator[_Sides]:
    """Yield all splits of the sets of two items and more into a left and a right side."""
    for size in range(2, len(sets.rows) + 1):
        rows, both = sets.rows[size - 1], sets.counts[size - 1]
        for width in range(1, min(wanted.most_right, size - 1) + 1):
            for right in combinations(range(size), width):
                left = [place for place in range(size) if place not in right]
                sides = rows[:, left], rows[:, list(right)]
                may = _allowed(sides[0], wanted.left) & _allowed(sides[1], wanted.right)
                if not may.all():
                    sides = sides[0][may], sides[1][may]
                yield _Sides(*sides, Counts(both[may], sets.counts_of(sides[0]), sets.counts_of(sides[1]), sets.n))


def _allowed(side: Codes, allowed: Codes | None) -> Flags:
    return np.ones(len(side), np.bool_) if allowed is None else np.asarray(np.isin(side, allowed).all(axis=1))


def _kept(sides: _Sides, wanted: Wanted) -> _Sides:
    """Return the rules that reach the thresholds; items that never occur make none."""
    counts = sides.counts
    kept = (counts.left > 0) & (counts.right > 0)
    if wanted.min_confidence > 0:
        kept &= at_least(counts.both, wanted.min_confidence, counts.left)
    found = sides if kept.all() else sides.where(kept)
    if wanted.min_lift > 0:
        found = found.where(ratio_at_least(found.counts.both * counts.n, found.counts.left * found.counts.right, wanted.min_lift))
    return found


def _improved(sides: _Sides, sets: Itemsets) -> RuleGroup:
    """Return the rules with their improvement on the best rule that has fewer items on the left."""
    counts = sides.counts
    best, of = counts.right.copy(), np.full(len(counts), counts.n)
    for parts in _proper_parts(sides.left):
        with_right = np.sort(np.column_stack((parts, sides.right)), axis=1)
        both, left = sets.counts_of(with_right), sets.counts_of(parts)
        better = both * of > best * left
        best, of = np.where(better, both, best), np.where(better, left, of)
    redundant = best * counts.left >= counts.both * of
    gain = counts.both / counts.left - best / of
    return RuleGroup(sides.left, sides.right, counts, gain, _gains_by_chance(sides, sets), redundant)


def _gains_by_chance(sides: _Sides, sets: Itemsets) -> Floats:
    """Return the largest p-value, over the items on the left, of a gain as large as that by the item."""
    largest = np.zeros(len(sides.left))
    for without in range(sides.left.shape[1]):
        others = np.delete(sides.left, without, axis=1)
        with_right = np.sort(np.column_stack((others, sides.right)), axis=1)
        among = Counts(sides.counts.both, sides.counts.left, sets.counts_of(with_right), sets.counts_of(others))
        largest = np.maximum(largest, fisher_p_values(among))
    return largest


def _proper_parts(left: Codes) -> Iterator[Codes]:
    """Yield the subsets of the left sides, without the empty and the whole one."""
    for size in range(1, left.shape[1]):
        for places in combinations(range(left.shape[1]), size):
            yield left[:, list(places)]


def _joined(groups: list[RuleGroup]) -> RuleGroup:
    both, left, right = (np.concatenate([getattr(group.counts, side) for group in groups]) for side in ("both", "left", "right"))
    return RuleGroup(
        np.concatenate([group.left for group in groups]),
        np.concatenate([group.right for group in groups]),
        Counts(both, left, right, groups[0].counts.n),
        np.concatenate([group.improvement for group in groups]),
        np.concatenate([group.improvement_p for group in groups]),
        np.concatenate([group.redundant for group in groups]),
    )


def _tried(sets: Itemsets, wanted: Wanted) -> int:
    """Return the number of rules that could be made from frequent sets on both sides, within the sizes and the items allowed."""
    total = 0
    for size, rows in enumerate(sets.rows, start=1):
        lefts = rows[_allowed(rows, wanted.left)]
        for width in range(1, min(wanted.most_right, sets.most_items - size, len(sets.rows)) + 1):
            rights = sets.rows[width - 1]
            total += len(lefts) * int(_allowed(rights, wanted.right).sum())
            if width == 1:  # an item is not on both sides
                total -= int(_allowed(lefts.reshape(-1, 1), wanted.right).sum())
    return total


def rules_frame(mined: Mined, names: pl.Series, *, level: float = LEVEL) -> pl.DataFrame:
    """Return rules with all their measures, the highest lift first.

    Args:
        mined: the rules.
        names: name of each item code.
        level: of the intervals.

    Returns:
        antecedent and consequent (List(String), ascending), count, antecedent_count, consequent_count, baskets, the measures of
        `relkit.models.affinity.measures`, p_value, q_value, p_bonferroni, improvement, improvement_p_value, is_redundant.
    """
    parts = [_of_group(group, names, level) for group in mined.groups]
    table = pl.concat(parts) if parts else _of_group(_NONE, names, level)
    p = table["p_value"].to_numpy()
    adjusted = table.with_columns(
        q_value=pl.Series(benjamini_hochberg(p, tests=mined.tried), dtype=pl.Float64),
        p_bonferroni=pl.Series(bonferroni(p), dtype=pl.Float64),
    )
    order = ["lift", "count", "antecedent", "consequent"]
    return adjusted.sort(order, descending=[True, True, False, False], nulls_last=True).select(COLUMNS)


_NONE = RuleGroup(
    np.empty((0, 1), np.int32),
    np.empty((0, 1), np.int32),
    Counts(np.empty(0, np.int64), np.empty(0, np.int64), np.empty(0, np.int64), 1),
    np.empty(0),
    np.empty(0),
    np.empty(0, np.bool_),
)

COLUMNS = (
    "antecedent",
    "consequent",
    "count",
    "antecedent_count",
    "consequent_count",
    "baskets",
    "support",
    "confidence",
    "lift",
    "lift_lower",
    "lift_upper",
    "leverage",
    "conviction",
    "zhang",
    "phi",
    "odds_ratio",
    "odds_ratio_lower",
    "odds_ratio_upper",
    "p_value",
    "q_value",
    "p_bonferroni",
    "improvement",
    "improvement_p_value",
    "is_redundant",
)
"""Columns of a frame of rules."""


def _of_group(group: RuleGroup, names: pl.Series, level: float) -> pl.DataFrame:
    counts = group.counts
    table = pl.DataFrame(
        {
            "antecedent": named_sets(group.left, names),
            "consequent": named_sets(group.right, names),
            "count": counts.both,
            "antecedent_count": counts.left,
            "consequent_count": counts.right,
            "baskets": np.full(len(counts), counts.n, np.int64),
        }
    )
    tested = {
        "p_value": fisher_p_values(counts),
        "improvement": group.improvement,
        "improvement_p_value": group.improvement_p,
        "is_redundant": group.redundant,
    }
    return table.hstack(measures_of(counts, level)).hstack(pl.DataFrame(tested))


def named_sets(codes: Codes, names: pl.Series) -> pl.Series:
    """Return rows of codes as lists of names; a Series of List(String).

    Examples:
        >>> named_sets(np.array([[0, 2]], np.int32), pl.Series(["a", "b", "c"])).to_list()
        [['a', 'c']]
    """
    if not len(codes):
        return pl.Series([], dtype=pl.List(pl.String))
    return names.gather(codes.ravel()).reshape(codes.shape).cast(pl.List(pl.String))
