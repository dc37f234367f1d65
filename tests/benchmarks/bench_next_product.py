"""Item-item recommendations next to implicit's cosine recommender: fit, and ten products for every customer, on one thread each.

100,000 customers and 5,000 products, about 30 products each, from 25 planted tastes; one product of each customer is held out, and hit@10
is the share of customers whose list has it. Another number of customers is the first argument. Both begin with the same pairs of customer
and product in memory. implicit, which wants libraries of its own, is run by the interpreter of an environment that `make bench-implicit`
creates, or that RELKIT_BENCH_IMPLICIT names. The next-product model, which does more (habits, calibrated probabilities, reasons), is timed
as well, from a frame of histories to a frame of lists.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "POLARS_MAX_THREADS"):
    os.environ[name] = "1"

import numpy as np  # noqa: E402
import polars as pl  # noqa: E402
from measuring import best_of_three, measured, report  # noqa: E402

from relkit.models.affinity.exploration import nearest_lists  # noqa: E402
from relkit.models.affinity.habits import Pairs  # noqa: E402
from relkit.models.affinity.histories import Histories  # noqa: E402
from relkit.models.affinity.next_product import NextProduct  # noqa: E402
from relkit.models.affinity.similarity import neighbours  # noqa: E402

CUSTOMERS, PRODUCTS, TASTES, TOP, NEAREST = 100_000, 5_000, 25, 10, 100
DAY = date(2025, 6, 30)


@dataclass(frozen=True, eq=False)
class Bought:
    """Products of customers, and one more of each that is held out.

    Attributes:
        offsets: shape (n + 1,).
        items: shape (m,).
        held_out: shape (n,).
    """

    offsets: np.ndarray
    items: np.ndarray
    held_out: np.ndarray

    @classmethod
    def drawn(cls, customers: int, seed: int = 20250630) -> Bought:
        """Draw customers of one taste each: two thirds of their products are of it, the rest by popularity, which falls with rank."""
        rng = np.random.default_rng(seed)
        weight = 1 / np.arange(1, PRODUCTS + 1) ** 0.8
        taste_of = rng.integers(0, TASTES, PRODUCTS)
        whole = np.cumsum(weight) / weight.sum()
        own = [np.cumsum(weight * (taste_of == t)) / weight[taste_of == t].sum() for t in range(TASTES)]
        rows, held = [], np.empty(customers, np.int32)
        for u in range(customers):
            n, t = 2 + rng.poisson(31), int(rng.integers(TASTES))
            n_own = int(rng.binomial(n, 2 / 3))
            drawn = np.concatenate([np.searchsorted(own[t], rng.random(n_own)), np.searchsorted(whole, rng.random(n - n_own))])
            distinct = rng.permutation(np.unique(np.minimum(drawn, PRODUCTS - 1)))
            held[u] = distinct[0]
            rows.append(np.sort(distinct[1:]).astype(np.int32))
        offsets = np.concatenate([[0], np.cumsum([len(row) for row in rows])]).astype(np.int64)
        return cls(offsets, np.concatenate(rows), held)

    def hits(self, lists: np.ndarray) -> float:
        """Return hit@10."""
        return float((lists == self.held_out[:, None]).any(axis=1).mean())

    def histories(self) -> pl.DataFrame:
        """Return the same as a frame of histories: every product in a basket of its own day, in random order."""
        n = len(self.offsets) - 1
        order = np.lexsort((np.random.default_rng(0).random(len(self.items)), np.repeat(np.arange(n), np.diff(self.offsets))))
        ages = np.arange(len(self.items)) - np.repeat(self.offsets[1:], np.diff(self.offsets))
        days = pl.Series("days", ages.astype(np.int32) + (DAY - date(1970, 1, 1)).days).cast(pl.Date)
        names = pl.Series([f"{i:04d}" for i in range(PRODUCTS)])
        flat = pl.DataFrame(
            {
                "customer_id": np.repeat(np.arange(n), np.diff(self.offsets)),
                "products": pl.Series(self.items[order].astype(np.uint16)).cat.to(pl.Enum(names)),
                "days": days,
                "baskets": np.arange(len(self.items), dtype=np.uint32),
            }
        )
        return flat.group_by("customer_id", maintain_order=True).agg("products", "days", "baskets")


def item_item(bought: Bought) -> np.ndarray:
    """Return ten products for every customer, by the cosine of products."""
    days = np.zeros(len(bought.items), np.int32)
    pairs = Pairs.of(Histories.of(bought.offsets, bought.items, days, days), PRODUCTS)
    return nearest_lists(pairs, neighbours(pairs, PRODUCTS, scale="cosine", most=NEAREST, shrink=0.0, least=1), top=TOP)


def whole_model(histories: pl.DataFrame) -> np.ndarray:
    """Return the same by the next-product model, products not bought before only."""
    found = NextProduct().fit(histories, as_of=DAY).recommend(histories, top=TOP, owned="exclude")
    lists = np.full((len(histories), TOP), -1)
    lists[found["customer_id"].to_numpy(), found["rank"].to_numpy() - 1] = found["product_id"].cast(pl.Int64).to_numpy()
    return lists


def implicit_lists(bought: Bought) -> tuple[str, tuple[np.ndarray, float, float]] | None:
    """Return version, lists and cost of implicit; None if its environment is not there."""
    python = Path(os.environ.get("RELKIT_BENCH_IMPLICIT", ".venv-implicit/bin/python"))
    if not python.exists():
        return None
    with tempfile.TemporaryDirectory() as folder:
        given, made = Path(folder) / "bought.npz", Path(folder) / "lists.npy"
        np.savez(given, offsets=bought.offsets, items=bought.items, products=PRODUCTS, top=TOP, nearest=NEAREST)
        command = [str(python), str(Path(__file__).with_name("peer_implicit.py")), str(given), str(made)]
        told: dict[str, Any] = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout.splitlines()[-1])
        return told["version"], (np.load(made), told["seconds"], told["memory"])


def main() -> None:
    customers = int(sys.argv[1]) if len(sys.argv) > 1 else CUSTOMERS
    small = Bought.drawn(500, seed=1)
    item_item(small)
    whole_model(small.histories())  # compiled before it is timed
    bought = Bought.drawn(customers)
    runs: dict[str, tuple[Any, float, float]] = {"relkit, item-item cosine": best_of_three(lambda: item_item(bought))}
    peer = implicit_lists(bought)
    if peer is None:
        print("  implicit is not there: `make bench-implicit` makes an environment for it and runs this again")
    else:
        runs[f"implicit {peer[0]}, cosine, one thread"] = peer[1]
    histories = bought.histories()
    runs["relkit, next-product model"] = measured(lambda: whole_model(histories))
    report(f"{customers:,} customers, {PRODUCTS:,} products, {len(bought.items):,} pairs: fit and top {TOP}", runs)
    for name, run in runs.items():
        print(f"    {name:<34} hit@{TOP} {bought.hits(run[0]):.4f}")


if __name__ == "__main__":
    main()
