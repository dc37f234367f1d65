"""Products that nobody has bought yet: the mean figures of their category stand in for their own."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from relkit.models.affinity.product_figures import ProductFigures
from relkit.models.affinity.similarity import Neighbours

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from relkit.models.affinity.histories import Integers
    from relkit.models.affinity.next_learning import Knowledge


@dataclass(frozen=True, eq=False)
class Wider:
    """A catalogue with products that nobody has bought yet.

    Attributes:
        names: all products in alphabetical order.
        knowledge: with figures and neighbours of all of them.
        is_new: shape (p,), true for those nobody has bought.
    """

    names: pl.Series
    knowledge: Knowledge
    is_new: NDArray[np.bool_]


def widened(names: pl.Series, knowledge: Knowledge, wanted: Sequence[str], categories: Mapping[str, str]) -> Wider:
    """Return a catalogue with the wanted products of known category added; those without one cannot be judged and stay out.

    Args:
        names: products known, in alphabetical order.
        knowledge: of these.
        wanted: products that may be offered.
        categories: category by product.
    """
    known = set(names.to_list())
    own = {category for name, category in categories.items() if name in known}
    added = sorted({name for name in wanted if name not in known and categories.get(name) in own})
    if not added:
        return Wider(names, knowledge, np.zeros(len(names), np.bool_))
    peers = [_peers(names, categories, categories[name]) for name in added]
    whole = pl.concat([names, pl.Series(names.name, added, dtype=pl.String)])
    order = whole.arg_sort().to_numpy()
    place = np.empty(len(order), np.int32)
    place[order] = np.arange(len(order), dtype=np.int32)
    figures = ProductFigures(**{name: _with_means(getattr(knowledge.figures, name), peers)[order] for name in _FIGURES})
    near = _with_neighbours(knowledge.near, peers)
    moved = np.where(near.items >= 0, place[near.items], -1).astype(np.int32)
    is_new = (np.arange(len(order)) >= len(names))[order]
    return Wider(whole.gather(order), replace(knowledge, figures=figures, near=Neighbours(moved[order], near.values[order])), is_new)


_FIGURES = tuple(ProductFigures.__dataclass_fields__)


def _peers(names: pl.Series, categories: Mapping[str, str], category: str) -> NDArray[np.int64]:
    """Return the positions of the known products of a category."""
    return np.array([i for i, name in enumerate(names.to_list()) if categories.get(name) == category], np.int64)


def _with_means(values: NDArray[np.float64], peers: list[NDArray[np.int64]]) -> NDArray[np.float64]:
    return np.asarray(np.r_[values, [values[each].mean() for each in peers]])


def _with_neighbours(near: Neighbours, peers: list[NDArray[np.int64]]) -> Neighbours:
    """Return neighbours in which a new product is as near to a product as those of its category are on average; -1 come last."""
    p, k = near.items.shape
    items, values = np.full((p + len(peers), k + len(peers)), -1, np.int32), np.zeros((p + len(peers), k + len(peers)), np.float32)
    items[:p, :k], values[:p, :k] = near.items, near.values
    for number, each in enumerate(peers):
        of_category = np.zeros(p + 1, np.bool_)
        of_category[each] = True
        mean = np.where(of_category[near.items] & (near.items >= 0), near.values, 0).sum(axis=1) / len(each)
        values[:p, k + number] = mean
        items[:p, k + number] = np.where(mean > 0, p + number, -1)
    return _packed(items, values)


def _packed(items: Integers, values: NDArray[np.float32]) -> Neighbours:
    """Return rows with the absent neighbours moved to their end."""
    order = np.argsort(items < 0, axis=1, kind="stable")
    return Neighbours(np.take_along_axis(items, order, axis=1), np.take_along_axis(values, order, axis=1))
