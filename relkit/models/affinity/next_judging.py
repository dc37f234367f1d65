"""Judging of next-product lists on the first basket after a cutoff, next to the two baselines that no model may be shown without.

- personal: the products that a customer bought in most baskets, then the most popular ones;
- global: the most popular products, for everyone.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

import numpy as np
import polars as pl
from numpy.typing import NDArray

from relkit.errors import NotEnoughEventsError, TableError
from relkit.metrics.recommendation import Bought, ListMeasures, coverage, found_in, list_measures, novelty
from relkit.models.affinity.habits import Pairs
from relkit.models.affinity.histories import read_histories
from relkit.models.affinity.top_lists import best_of_each

if TYPE_CHECKING:
    from relkit.models.affinity.next_product import FittedNextProduct

Items = NDArray[np.int64]

K = 10
"""Length of the lists judged."""
SHOWN = 3
"""Length of the lists whose calibration is judged."""


@dataclass(frozen=True, eq=False)
class Judged:
    """Lists of the model and of the baselines with their measures.

    Attributes:
        lists: by name (model, personal, global), shape (n, K).
        measures: by name.
        probabilities: of the model's lists, shape (n, K); NaN where a list is shorter.
        bought: what the customers bought.
        products: number of products.
        popularity: shape (products,), share of customers who bought each.
    """

    lists: dict[str, Items]
    measures: dict[str, ListMeasures]
    probabilities: NDArray[np.float64]
    bought: Bought
    products: int
    popularity: NDArray[np.float64]

    def metrics(self) -> dict[str, float]:
        """Return the means by name: those of the model, then those of the baselines; measures that apply to nobody are left out."""
        found = {}
        for name, measures in self.measures.items():
            for what, value in measures.means().items():
                measure, _, part = what.partition("_")
                words = [measure, str(K), part, "" if name == "model" else name]
                found["_".join(filter(None, words))] = value
        found[f"coverage_{K}"] = coverage(self.lists["model"], self.products, k=K)
        found[f"novelty_{K}"] = novelty(self.lists["model"], self.popularity, k=K)
        found[f"calibration_error_{SHOWN}"] = self.calibration_error()
        return {name: value for name, value in found.items() if np.isfinite(value)}

    def calibration_error(self, groups: int = 10) -> float:
        """Return the mean distance of predicted and observed shares of the first products, by tenth of the probability."""
        p = self.probabilities[:, :SHOWN]
        there = np.isfinite(p)
        y, p = found_in(self.lists["model"][:, :SHOWN], self.bought)[there].astype(float), p[there]
        order = np.argsort(p, kind="stable")
        parts = [part for part in np.array_split(order, groups) if len(part)]
        gaps = [abs(p[part].mean() - y[part].mean()) * len(part) for part in parts]
        return float(np.sum(gaps) / max(len(p), 1))


def judged(fitted: FittedNextProduct, features: pl.DataFrame, outcomes: pl.DataFrame, *, most: int, seed: int) -> dict[str, float]:
    """Return the metrics of a model and of the baselines on at most `most` customers who bought after the cutoff."""
    return judge_lists(fitted, features, outcomes, most=most, seed=seed).metrics()


@dataclass(frozen=True, eq=False)
class _Made:
    """The lists last judged of a model, and what they were made from."""

    features: pl.DataFrame
    outcomes: pl.DataFrame
    asked: dict[str, Any]
    judged: Judged


_LAST: WeakKeyDictionary[FittedNextProduct, _Made] = WeakKeyDictionary()
"""A fit asks for the lists twice: for the metrics and for the figures."""


def judge_lists(
    fitted: FittedNextProduct, features: pl.DataFrame, outcomes: pl.DataFrame, *, most: int = 20_000, seed: int = 0, **asked: Any
) -> Judged:
    """Return the lists of a model and of the baselines with their measures.

    Args:
        fitted: the model.
        features: histories up to the cutoff.
        outcomes: customer_id and next_products (list); null or empty for a customer who did not buy again.
        most: customers judged, drawn at random if there are more.
        seed: of the draw.
        asked: further arguments of `FittedNextProduct.recommend`.

    Raises:
        TableError: a column of the outcomes is missing.
        NotEnoughEventsError: nobody bought again.
    """
    wanted = {"most": most, "seed": seed} | asked
    last = _LAST.get(fitted)
    if last is None or last.features is not features or last.outcomes is not outcomes or last.asked != wanted:
        last = _Made(features, outcomes, wanted, _judged(fitted, features, outcomes, most, seed, asked))
        _LAST[fitted] = last
    return last.judged


def _judged(
    fitted: FittedNextProduct, features: pl.DataFrame, outcomes: pl.DataFrame, most: int, seed: int, asked: dict[str, Any]
) -> Judged:
    rows = _met(features, outcomes, most, seed)
    names = fitted.products["product_id"]
    histories = read_histories(rows, catalogue=names).histories
    pairs = Pairs.of(histories, len(names))
    bought = _bought(rows, names, pairs)
    policy: dict[str, Any] = {"top": K, "owned": "allow"}
    own = fitted.recommend(rows, **(policy | asked))
    ids = rows["customer_id"]
    made, probabilities = _as_arrays(own, ids, names)
    popularity = fitted.knowledge.figures.popularity
    lists = {"model": made, "personal": personal_lists(pairs, popularity), "global": global_lists(len(ids), popularity)}
    measures = {name: list_measures(each, bought, k=K) for name, each in lists.items()}
    customers = fitted.knowledge.figures.customers
    return Judged(lists, measures, probabilities, bought, len(names), customers / max(fitted.info.rows, 1))


def personal_lists(pairs: Pairs, popularity: NDArray[np.float64], *, k: int = K) -> Items:
    """Return the baseline of personal frequency filled up with popular products, ties by popularity, shape (n, k)."""
    order = np.argsort(-popularity, kind="stable")
    value = pairs.counts + 0.5 * popularity[pairs.items]
    at = best_of_each(pairs.offsets, pairs.items, value, np.ones(len(value), np.bool_), top=k)
    lists = np.where(at >= 0, pairs.items[np.maximum(at, 0)] if len(pairs.items) else -1, -1).astype(np.int64)
    short = np.flatnonzero((at < 0).any(axis=1))
    lists[short] = _filled(lists[short], order[: 2 * k])
    return lists


def _filled(lists: Items, popular: Items) -> Items:
    """Return lists, shape (n, k), with popular products that they lack in the places after their last one."""
    k = lists.shape[1]
    is_free = ~(lists[:, None, :] == popular[None, :, None]).any(axis=2)
    place = (lists >= 0).sum(axis=1)[:, None] + np.cumsum(is_free, axis=1) - 1
    row, number = np.nonzero(is_free & (place < k))
    filled = lists.copy()
    filled[row, place[row, number]] = popular[number]
    return filled


def global_lists(customers: int, popularity: NDArray[np.float64], *, k: int = K) -> Items:
    """Return the baseline of the most popular products, shape (n, k)."""
    top = np.full(k, -1, np.int64)
    best = np.argsort(-popularity, kind="stable")[:k]
    top[: len(best)] = best
    return np.tile(top, (customers, 1))


def _met(features: pl.DataFrame, outcomes: pl.DataFrame, most: int, seed: int) -> pl.DataFrame:
    """Return the histories of customers who bought again, with next_products."""
    for name in ("customer_id", "next_products"):
        if name not in outcomes.columns:
            raise TableError.unknown("column", name, outcomes.columns, where="outcomes of the holdout")
    again = outcomes.select("customer_id", "next_products").filter(pl.col("next_products").list.len() > 0)
    found = features.select("customer_id").with_row_index("row").join(again, on="customer_id", how="inner", maintain_order="left")
    if found.is_empty():
        raise NotEnoughEventsError("nobody bought in the holdout.", where="next products", remedy="Choose a longer holdout_days.")
    if len(found) > most:
        found = found.sort("customer_id").sample(most, seed=seed)
    return features.drop("next_products", strict=False)[found["row"]].with_columns(found["next_products"])


def _bought(rows: pl.DataFrame, names: pl.Series, pairs: Pairs) -> Bought:
    """Return the products bought, in positions of `names`; several unknown ones of a customer count as often."""
    listed = rows.select(pl.col("next_products").cast(pl.List(pl.String)).list.unique().list.sort()).with_row_index("u")
    flat = listed.explode("next_products").rename({"next_products": "product_id"})
    places = flat.join(names.alias("product_id").to_frame().with_row_index("i"), on="product_id", how="left", maintain_order="left")
    items = places["i"].cast(pl.Int64).fill_null(-1).to_numpy()
    customer = places["u"].cast(pl.Int64).to_numpy()
    offsets = np.searchsorted(customer, np.arange(len(rows) + 1)).astype(np.int64)
    most = len(names) + 1
    is_repeat = np.isin(customer * most + items, pairs.customers * most + pairs.items)
    return Bought(offsets, items, is_repeat)


def _as_arrays(made: pl.DataFrame, ids: pl.Series, names: pl.Series) -> tuple[Items, NDArray[np.float64]]:
    """Return lists and probabilities of a frame of recommendations, each of shape (n, K)."""
    lists, values = np.full((len(ids), K), -1, np.int64), np.full((len(ids), K), np.nan)
    placed = made.join(ids.to_frame().with_row_index("u"), on="customer_id").join(names.to_frame().with_row_index("i"), on="product_id")
    u, at = placed["u"].to_numpy(), placed["rank"].to_numpy() - 1
    lists[u, at], values[u, at] = placed["i"].to_numpy(), placed["probability"].to_numpy()
    return lists, values
