"""The chance of one product for every customer, from which the best customers for it are listed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from relkit.models.affinity.exploration import Explored
from relkit.models.affinity.habits import Pairs
from relkit.models.affinity.next_lists import Lists, batches, of_new, of_repeats

if TYPE_CHECKING:
    from relkit.models.affinity.histories import Histories
    from relkit.models.affinity.next_learning import Head, Knowledge
    from relkit.models.affinity.next_lists import Asked
    from relkit.models.affinity.similarity import Neighbours

Singles = NDArray[np.float32]


def chances_of(item: int, histories: Histories, knowledge: Knowledge, repeat: Head, new: Head, asked: Asked) -> Lists:
    """Return one entry for each customer to whom a product may be offered, in order of customers."""
    parts = [_of_batch(item, histories.rows(start, stop), knowledge, repeat, new, asked, start) for start, stop in batches(histories)]
    return Lists.joined(parts)


def _of_batch(item: int, histories: Histories, knowledge: Knowledge, repeat: Head, new: Head, asked: Asked, start: int) -> Lists:
    """Return the entries of a batch of customers that starts at `start`."""
    pairs = Pairs.of(histories, len(asked.allowed))
    entries = []
    owners = pairs.customers[pairs.items == item]
    if asked.owned != "exclude":
        found = of_repeats(histories, pairs, knowledge, repeat, asked)
        rows = (pairs.items == item) & found.allowed
        entries.append(found.entries(rows))
    if asked.owned != "repeats_only":
        has_not = np.ones(histories.customers, np.bool_)
        has_not[owners] = False
        entries.append(
            of_new(_near(item, pairs, histories, knowledge.near, has_not), histories, pairs, knowledge, new, asked).entries(slice(None))
        )
    return Lists.joined(entries).by_customer(start)


def _near(item: int, pairs: Pairs, histories: Histories, near: Neighbours, has_not: NDArray[np.bool_]) -> Explored:
    """Return a product as a candidate of the customers who do not have it, as `explored` would."""
    rows, columns = np.nonzero(near.items == item)
    to_item = np.zeros(len(near.items), np.float32)
    to_item[rows] = near.values[rows, columns]
    values = to_item[pairs.items]
    in_last = pairs.last_orders == histories.baskets[pairs.customers] - 1
    n = histories.customers
    total, last = (np.bincount(pairs.customers, weights=each, minlength=n).astype(np.float32) for each in (values, values * in_last))
    best, because = _largest(values, pairs, n)
    offsets = np.concatenate([[0], np.cumsum(has_not)]).astype(np.int64)
    items = np.full(int(offsets[-1]), item, np.int32)
    return Explored(offsets, items, total[has_not], last[has_not], best[has_not], because[has_not])


def _largest(values: Singles, pairs: Pairs, n: int) -> tuple[Singles, NDArray[np.int32]]:
    """Return each customer's largest value and the product that it belongs to; 0 and -1 without one."""
    best, because = np.zeros(n, np.float32), np.full(n, -1, np.int32)
    some = np.flatnonzero(values > 0)
    order = some[
        np.lexsort((-some, values[some], pairs.customers[some]))
    ]  # the last of each customer is the largest, the first among equals
    best[pairs.customers[order]] = values[order]
    because[pairs.customers[order]] = pairs.items[order]
    return best, because
