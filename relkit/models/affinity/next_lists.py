"""Lists of next products: candidates of each customer with their probability, excluded, ranked, cut, and with the reason for each."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import polars as pl
from numpy.typing import NDArray

from relkit.models.affinity.habits import Pairs
from relkit.models.affinity.next_terms import new_candidates, next_days, own_intervals
from relkit.models.affinity.top_lists import best_of_each

if TYPE_CHECKING:
    from collections.abc import Iterator

    from relkit.models.affinity.exploration import Explored
    from relkit.models.affinity.histories import Histories, Integers, Offsets
    from relkit.models.affinity.next_learning import Head, Knowledge

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]
Owned = Literal["allow", "allow_after_gap", "exclude", "repeats_only"]

OWNED: tuple[str, ...] = ("allow", "allow_after_gap", "exclude", "repeats_only")
REASONS = ("habit", "due_again", "bought_together", "popular", "category")
_HABIT, _DUE, _TOGETHER, _POPULAR, _CATEGORY = range(5)

BATCH_LINES, BATCH_CUSTOMERS = 250_000, 8_192
"""Purchases and customers that are scored at a time: memory does not grow with the number of customers."""


@dataclass(frozen=True, eq=False)
class Asked:
    """The lists that are wanted.

    Attributes:
        top: longest list.
        owned: policy for products that the customer has.
        allowed: shape (items,), false for products offered to nobody.
        popular: products that are candidates of everyone.
        groups: shape (items,), category of each product; -1 for none.
        per_category: most products of a category in a list; 0 for no limit.
        now: day from which next baskets are counted; None for each customer's last basket.
        gap_share: share of the usual interval after which a product may be offered again.
        positive: similarity above which two products go together.
        is_new: shape (items,), true for products that nobody has bought yet.
    """

    top: int
    owned: Owned
    allowed: Flags
    popular: Integers
    groups: Integers
    per_category: int
    now: int | None
    gap_share: float
    positive: float
    is_new: Flags


@dataclass(frozen=True, eq=False)
class Lists:
    """Entries of lists, customer by customer, the best first.

    Attributes:
        customers: shape (r,).
        ranks: shape (r,), from 1.
        items: shape (r,).
        probabilities: shape (r,).
        is_repeat: shape (r,).
        because: shape (r,), product of the customer's past; -1 for none.
        reasons: shape (r,), positions in `REASONS`.
    """

    customers: NDArray[np.int64]
    ranks: Integers
    items: Integers
    probabilities: Floats
    is_repeat: Flags
    because: Integers
    reasons: NDArray[np.int8]

    @classmethod
    def joined(cls, parts: list[Lists]) -> Lists:
        """Return several lists as one."""
        return cls(*(np.concatenate([_NONE[name], *(getattr(part, name) for part in parts)]) for name in _NONE))

    def picked(self, rows: NDArray[np.int64]) -> Lists:
        """Return some of the entries."""
        return Lists(*(getattr(self, name)[rows] for name in _NONE))

    def by_customer(self, start: int) -> Lists:
        """Return the entries in order of customers, numbered from `start`."""
        sorted_rows = self.picked(np.argsort(self.customers, kind="stable"))
        return replace(sorted_rows, customers=sorted_rows.customers + start)


_NONE: dict[str, NDArray[Any]] = {
    "customers": np.zeros(0, np.int64),
    "ranks": np.zeros(0, np.int32),
    "items": np.zeros(0, np.int32),
    "probabilities": np.zeros(0),
    "is_repeat": np.zeros(0, np.bool_),
    "because": np.zeros(0, np.int32),
    "reasons": np.zeros(0, np.int8),
}
"""The fields of lists without entries."""


def lists(histories: Histories, knowledge: Knowledge, repeat: Head, new: Head, asked: Asked) -> Lists:
    """Return the lists of all customers, made in batches."""
    parts = []
    for start, stop in batches(histories):
        part = _of_batch(histories.rows(start, stop), knowledge, repeat, new, asked)
        parts.append(replace(part, customers=part.customers + start))
    return Lists.joined(parts)


def batches(histories: Histories) -> Iterator[tuple[int, int]]:
    """Return the first customer of each batch and the one after its last."""
    start = 0
    while start < histories.customers:
        by_lines = int(np.searchsorted(histories.offsets, histories.offsets[start] + BATCH_LINES, side="right")) - 1
        stop = min(max(by_lines, start + 1), start + BATCH_CUSTOMERS, histories.customers)
        yield start, stop
        start = stop


@dataclass(frozen=True, eq=False)
class Valued:
    """Candidates of one kind with their probability.

    Attributes:
        offsets: shape (n + 1,), the candidates of each customer.
        customers: shape (c,).
        items: shape (c,).
        probabilities: shape (c,).
        allowed: shape (c,), false for candidates that are excluded.
        because: shape (c,), product of the customer's past; -1 for none.
        reasons: shape (c,), positions in `REASONS`.
        is_repeat: whether the customers have them.
    """

    offsets: Offsets
    customers: NDArray[np.int64]
    items: Integers
    probabilities: Floats
    allowed: Flags
    because: Integers
    reasons: NDArray[np.int8]
    is_repeat: bool

    def entries(self, rows: Any) -> Lists:
        """Return candidates as lists of one product."""
        n = len(self.items[rows])
        return Lists(
            self.customers[rows],
            np.ones(n, np.int32),
            self.items[rows],
            self.probabilities[rows],
            np.full(n, self.is_repeat),
            self.because[rows],
            self.reasons[rows],
        )

    def best(self, asked: Asked) -> NDArray[np.int64]:
        """Return the positions of each customer's best candidates, shape (n, top); -1 where there are fewer."""
        limits: dict[str, Any] = {"groups": asked.groups, "most_of_group": asked.per_category}
        return best_of_each(self.offsets, self.items, self.probabilities, self.allowed, top=asked.top, **limits)


def of_repeats(histories: Histories, pairs: Pairs, knowledge: Knowledge, head: Head, asked: Asked) -> Valued:
    """Return the products that customers have."""
    expected = next_days(histories, asked.now, knowledge.gap_days)
    candidates = knowledge.repeats(histories, pairs, expected)
    intervals = own_intervals(pairs, knowledge.figures)
    waited = expected[candidates.customers] - pairs.last_days
    allowed = asked.allowed[pairs.items]
    if asked.owned == "allow_after_gap":
        allowed = allowed & (waited >= asked.gap_share * intervals)
    reasons = np.where((pairs.counts > 1) & (waited >= intervals), _DUE, _HABIT).astype(np.int8)
    because = np.full(len(reasons), -1, np.int32)
    values = head.probabilities(candidates)
    return Valued(pairs.offsets, candidates.customers, pairs.items, values, allowed, because, reasons, is_repeat=True)


def of_new(found: Explored, histories: Histories, pairs: Pairs, knowledge: Knowledge, head: Head, asked: Asked) -> Valued:
    """Return candidates that customers do not have; those of a customer without a basket have the share of first baskets."""
    candidates = new_candidates(histories, pairs, found, knowledge.figures)
    values = head.probabilities(candidates)
    first_time = histories.baskets[candidates.customers] == 0
    values[first_time] = knowledge.figures.first[found.items[first_time]]
    together = found.nearest > asked.positive
    reasons = np.where(together, _TOGETHER, _POPULAR).astype(np.int8)
    reasons[asked.is_new[found.items]] = _CATEGORY
    because = np.where(together, found.because, -1).astype(np.int32)
    allowed = asked.allowed[found.items]
    return Valued(found.offsets, candidates.customers, found.items, values, allowed, because, reasons, is_repeat=False)


def _of_batch(histories: Histories, knowledge: Knowledge, repeat: Head, new: Head, asked: Asked) -> Lists:
    pairs = Pairs.of(histories, len(asked.allowed))
    kinds = []
    if asked.owned != "exclude":
        kinds.append(_best_entries(of_repeats(histories, pairs, knowledge, repeat, asked), asked))
    if asked.owned != "repeats_only":
        kinds.append(_best_new(histories, pairs, knowledge, new, asked))
    return _merged(kinds, asked, histories.customers)


def _best_new(histories: Histories, pairs: Pairs, knowledge: Knowledge, head: Head, asked: Asked) -> Lists:
    """Return the best of the products that customers do not have."""
    if asked.per_category:  # the best of a category need not be among the best of all
        found = knowledge.explored(histories, pairs, asked.allowed, asked.popular)
        return _best_entries(of_new(found, histories, pairs, knowledge, head, asked), asked)
    best = knowledge.discoveries(histories, pairs, head, asked.allowed, asked.popular, asked.top)
    customers, at = np.nonzero(best.items >= 0)
    items, values = best.items[customers, at], best.values[customers, at]
    first_time = histories.baskets[customers] == 0
    probabilities = np.where(first_time, values, head.calibrated(values))
    together = best.nearest[customers, at] > asked.positive
    reasons = np.where(asked.is_new[items], _CATEGORY, np.where(together, _TOGETHER, _POPULAR)).astype(np.int8)
    because = np.where(together, best.because[customers, at], -1).astype(np.int32)
    n = len(items)
    return Lists(customers, np.ones(n, np.int32), items, probabilities, np.zeros(n, np.bool_), because, reasons)


def _merged(kinds: list[Lists], asked: Asked, customers: int) -> Lists:
    """Return the lists made of the best of each kind; a product that is not among these could not be in them."""
    entries = Lists.joined(kinds).by_customer(0)
    offsets = np.searchsorted(entries.customers, np.arange(customers + 1)).astype(np.int64)
    allowed = np.ones(len(entries.items), np.bool_)
    limits: dict[str, Any] = {"groups": asked.groups, "most_of_group": asked.per_category}
    at = best_of_each(offsets, entries.items, entries.probabilities, allowed, top=asked.top, **limits)
    there = at >= 0
    ranks = np.broadcast_to(np.arange(1, asked.top + 1, dtype=np.int32), at.shape)[there]
    return replace(entries.picked(at[there]), ranks=ranks)


def _best_entries(kind: Valued, asked: Asked) -> Lists:
    at = kind.best(asked)
    return kind.entries(at[at >= 0])


def named(found: Lists, ids: pl.Series, names: pl.Series, baskets: Integers, is_new: Flags) -> pl.DataFrame:
    """Return lists as a frame.

    Args:
        found: the lists.
        ids: customer_id by position.
        names: product_id by position.
        baskets: shape (n,), baskets of each customer.
        is_new: shape (items,), products that nobody has bought yet.
    """
    return pl.DataFrame(
        {
            "customer_id": ids.gather(found.customers),
            "rank": pl.Series(found.ranks, dtype=pl.Int8),
            "product_id": names.gather(found.items),
            "probability": found.probabilities,
            "is_repeat": found.is_repeat,
            "because": names.gather(pl.Series(found.because).replace(-1, None).cast(pl.UInt32)),
            "reason": pl.Series(found.reasons.astype(np.uint8)).cat.to(pl.Enum(REASONS)),
            "is_new_customer": baskets[found.customers] == 0,
            "is_new_product": is_new[found.items],
        }
    )
