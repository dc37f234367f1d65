"""Habits: what each customer has bought before, how often, how lately and at which intervals.

A pair is a customer and a product that he has bought. Its figures are those of personal frequency with decay (Hu et al. 2020, the
temporal item frequency of TIFU-KNN, decays by baskets likewise), and of the repurchase cycle of the product.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from relkit.models.compiling import compiled

if TYPE_CHECKING:
    from relkit.models.affinity.histories import Histories, Integers, Offsets

Floats = NDArray[np.float64]
Singles = NDArray[np.float32]

SLOW, FAST = 0.9, 0.6
"""Shares of a purchase's weight left after each further basket."""


@dataclass(frozen=True, eq=False)
class Pairs:
    """The products of n customers; those of customer u are at `offsets[u]:offsets[u + 1]`, in the order of their first purchase.

    Attributes:
        offsets: shape (n + 1,).
        items: shape (p,).
        counts: shape (p,), baskets with the product.
        first_orders: shape (p,), number of the first basket with it.
        last_orders: shape (p,), number of the last.
        first_days: shape (p,).
        last_days: shape (p,).
        slow: shape (p,), baskets with it, each weighted by `SLOW` to the power of its age in baskets.
        fast: shape (p,), the same with `FAST`.
    """

    offsets: Offsets
    items: Integers
    counts: Integers
    first_orders: Integers
    last_orders: Integers
    first_days: Integers
    last_days: Integers
    slow: Singles
    fast: Singles

    @classmethod
    def of(cls, histories: Histories, items: int) -> Pairs:
        """Return the pairs of histories over a catalogue of `items` products."""
        m = len(histories.items)
        whole = np.empty((6, m), np.int32)
        decayed = np.empty((2, m), np.float32)
        offsets = np.zeros(histories.customers + 1, np.int64)
        count_pairs = compiled(_count_pairs)
        count_pairs(
            histories.offsets,
            histories.items,
            histories.days,
            histories.orders,
            histories.baskets,
            items,
            SLOW,
            FAST,
            offsets,
            whole,
            decayed,
        )
        p = int(offsets[-1])
        return cls(offsets, *whole[:, :p], *decayed[:, :p])

    @property
    def customers(self) -> NDArray[np.int64]:
        """The customer of each pair, shape (p,)."""
        return np.repeat(np.arange(len(self.offsets) - 1), np.diff(self.offsets))


def _count_pairs(  # noqa: PLR0917 arrays of a kernel
    offsets: Offsets,
    items: Integers,
    days: Integers,
    orders: Integers,
    baskets: Integers,
    n_items: int,
    slow: float,
    fast: float,
    starts: Offsets,
    whole: Integers,
    decayed: Singles,
) -> None:
    """Fill pairs: items, counts, first_orders, last_orders, first_days, last_days, and the two decayed counts."""
    slot = np.full(n_items, -1, np.int64)
    used = 0
    for u in range(len(offsets) - 1):
        start = used
        for k in range(offsets[u], offsets[u + 1]):
            item = items[k]
            if item < 0:
                continue
            at = slot[item]
            if at < start:
                at = used
                used += 1
                slot[item] = at
                whole[0, at], whole[1, at], whole[2, at], whole[4, at] = item, 0, orders[k], days[k]
                decayed[0, at], decayed[1, at] = 0.0, 0.0
            elif whole[3, at] == orders[k]:
                continue  # twice in one basket
            else:
                gap = orders[k] - whole[3, at]
                decayed[0, at] *= slow**gap
                decayed[1, at] *= fast**gap
            whole[1, at] += 1
            whole[3, at], whole[5, at] = orders[k], days[k]
            decayed[0, at] += 1.0
            decayed[1, at] += 1.0
        for at in range(start, used):
            gap = baskets[u] - 1 - whole[3, at]
            decayed[0, at] *= slow**gap
            decayed[1, at] *= fast**gap
        starts[u + 1] = used
