"""Rules of all baskets, or of each group of baskets: the steps from receipts to frames."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from relkit.errors import FitError, NotEnoughEventsError, nearest
from relkit.models.affinity.association_rules import Wanted, mine_rules, named_sets, rules_frame
from relkit.models.affinity.itemsets import Itemsets, frequent_itemsets
from relkit.models.affinity.pair_counts import Pairs, count_pairs
from relkit.models.affinity.thresholds import least_count

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from relkit.models.affinity.baskets import Baskets
    from relkit.models.affinity.receipt_frames import ReadReceipts
    from relkit.models.affinity.rules import Rules

USUAL_SUPPORT = 0.001
"""Smallest support by default: one basket in a thousand."""
MOST_PAIRS = 20_000
"""Most pairs by default; the smallest count is doubled until there are no more."""
MOST_USUAL_SETS = 100_000
"""Most sets of all sizes by default; likewise."""
MOST_NEVER_MET = 2_000
"""Most products whose pairs are all listed, those that never met included."""


@dataclass(frozen=True, eq=False)
class MinedRules:
    """The frames of one group of baskets, or of several, one below the other.

    Attributes:
        rules, pairs, itemsets: as in `FittedRules`.
        least: smallest count used, by group.
        tried: rules tried, over all groups.
    """

    rules: pl.DataFrame
    pairs: pl.DataFrame
    itemsets: pl.DataFrame
    least: dict[str, int]
    tried: int


def mined(settings: Rules, read: ReadReceipts, baskets: Baskets) -> MinedRules:
    """Return the rules of all baskets, or of each group."""
    if not settings.by:
        return _of_group(settings, baskets, read.parents, "")
    groups = [(group, _of_group(settings, own, read.parents, group)) for group, own in _groups(baskets, read.groups)]
    frames = {
        name: pl.concat([_with_group(getattr(each, name), settings.by, group) for group, each in groups])
        for name in ("rules", "pairs", "itemsets")
    }
    least = {name: number for _, each in groups for name, number in each.least.items()}
    return MinedRules(**frames, least=least, tried=sum(each.tried for _, each in groups))


def _groups(baskets: Baskets, groups: pl.Series | None) -> Iterator[tuple[str, Baskets]]:
    if groups is None:
        raise FitError("the receipts have no groups.", where="by")
    for group in sorted(groups.drop_nulls().unique().to_list()):
        yield group, baskets.where((groups == group).fill_null(value=False).to_numpy())
    if groups.null_count():
        yield "", baskets.where(groups.is_null().to_numpy())


def _with_group(frame: pl.DataFrame, by: str, group: str) -> pl.DataFrame:
    """Return a frame with its group first; the group without a value is null."""
    return frame.select(pl.lit(group or None, pl.String).alias(by), pl.all())


def _of_group(settings: Rules, baskets: Baskets, parents: NDArray[np.int64], group: str) -> MinedRules:
    usable = _without(settings, baskets)
    least, sets = _frequent(settings, usable)
    pairs = Pairs(sets.rows[1][:, 0], sets.rows[1][:, 1], sets.counts[1]) if len(sets.rows) > 1 else _NO_PAIRS
    if len(parents):
        apart = _are_parents(pairs, parents, len(baskets.names))
        sets = sets.without(apart)
        pairs = Pairs(pairs.first[~apart], pairs.second[~apart], pairs.counts[~apart])
    found = mine_rules(sets, _wanted(settings, baskets))
    table = rules_frame(found, baskets.names, level=settings.level)
    return MinedRules(_kept(settings, table), _pair_frame(pairs, baskets), _set_frame(sets, baskets), {group: least}, found.tried)


_NO_PAIRS = Pairs(np.empty(0, np.int32), np.empty(0, np.int32), np.empty(0, np.int64))


def _frequent(settings: Rules, baskets: Baskets) -> tuple[int, Itemsets]:
    """Return the smallest count and the frequent sets; by default the count is doubled until they can be read."""
    least, is_given = smallest_count(settings, baskets.n)
    most_items = None if settings.most_items == 0 else settings.most_items
    if least == 0:
        _refuse_never_met(settings, baskets)
    while True:
        pairs = count_pairs(baskets, least)
        if is_given or len(pairs) <= MOST_PAIRS:
            try:
                sets = frequent_itemsets(baskets, least, most_items=most_items, pairs=pairs)
            except NotEnoughEventsError:
                if is_given:
                    raise
            else:
                if is_given or sum(sets.sizes[1:]) <= MOST_USUAL_SETS:
                    return least, sets
        least *= 2


def smallest_count(settings: Rules, n: int) -> tuple[int, bool]:
    """Return the smallest count among n baskets, and whether the settings give it."""
    if settings.min_support is None and settings.min_count is None:
        return max(least_count(USUAL_SUPPORT, n), 1), False
    counts = [1] if settings.min_count is None else [settings.min_count]
    if settings.min_support is not None:
        counts.append(least_count(settings.min_support, n))
    return max(counts), True


def _refuse_never_met(settings: Rules, baskets: Baskets) -> None:
    """Refuse to list all pairs, even those that never met, of too many products or in larger sets."""
    if settings.most_items != 2 or len(baskets.names) > MOST_NEVER_MET:
        raise FitError(
            f"min_count 0 lists every pair of {len(baskets.names):,} products, even of those that never met.",
            where=settings.name,
            remedy=f"Set max_size to 2, and keep it for at most {MOST_NEVER_MET:,} products.",
        )


def _without(settings: Rules, baskets: Baskets) -> Baskets:
    """Return the baskets without the products to leave out; they stay in the number of baskets."""
    left_out = codes_of(settings.without, baskets, "without")
    if not len(left_out):
        return baskets
    new = np.arange(len(baskets.names), dtype=np.int32)
    new[left_out] = -1
    return baskets.with_codes(new, baskets.names)


def _wanted(settings: Rules, baskets: Baskets) -> Wanted:
    most_right = 1 if settings.single_to_single else settings.max_consequent
    wanted = Wanted(min_confidence=settings.min_confidence, min_lift=settings.min_lift, most_right=most_right)
    left = codes_of(settings.antecedents, baskets, "antecedents") if settings.antecedents else None
    right = codes_of(settings.consequents, baskets, "consequents") if settings.consequents else None
    return replace(wanted, left=left, right=right)


def codes_of(names: Sequence[str], baskets: Baskets, setting: str) -> NDArray[np.int32]:
    """Return the codes of products, without those that are in no basket.

    Raises:
        FitError: none of them is in any basket.
    """
    place = baskets.names.is_in(list(names)).arg_true().to_numpy().astype(np.int32) if names else np.empty(0, np.int32)
    if names and not len(place):
        near = nearest(names[0], baskets.names.to_list()) if len(baskets.names) <= MOST_PAIRS else None
        hint = f" Did you mean {near!r}?" if near else ""
        raise FitError(f"none of {', '.join(names)} is in any basket.{hint}", where=setting, remedy="Write ids as in the products column.")
    return place


def _are_parents(pairs: Pairs, parents: NDArray[np.int64], items: int) -> NDArray[np.bool_]:
    """Return whether each pair is an item and what it belongs to."""
    own = pairs.first.astype(np.int64) * items + pairs.second
    return np.isin(own, parents[:, 0] * items + parents[:, 1])


def _kept(settings: Rules, table: pl.DataFrame) -> pl.DataFrame:
    """Return the rules without redundant and insignificant ones, if the settings ask for it."""
    if settings.drop_redundant:
        table = table.filter(~pl.col("is_redundant"))
    return table.filter(pl.col("q_value") <= settings.significance) if settings.only_significant else table


def _pair_frame(pairs: Pairs, baskets: Baskets) -> pl.DataFrame:
    names, counts = baskets.names, baskets.counts
    return pl.DataFrame(
        {
            "product_a": names.gather(pairs.first).alias("product_a"),
            "product_b": names.gather(pairs.second).alias("product_b"),
            "count": pairs.counts,
            "count_a": counts[pairs.first].astype(np.int64),
            "count_b": counts[pairs.second].astype(np.int64),
            "baskets": np.full(len(pairs), baskets.n, np.int64),
        }
    )


def _set_frame(sets: Itemsets, baskets: Baskets) -> pl.DataFrame:
    parts = []
    for rows, counts, flags in zip(sets.rows, sets.counts, sets.closed_and_maximal(), strict=True):
        columns: dict[str, Any] = {
            "items": named_sets(rows, baskets.names),
            "size": np.full(len(rows), rows.shape[1], np.int64),
            "count": counts,
            "baskets": np.full(len(rows), baskets.n, np.int64),
            "support": counts / baskets.n,
            **dict(zip(("is_closed", "is_maximal"), flags, strict=True)),
        }
        parts.append(pl.DataFrame(columns))
    return pl.concat(parts)
