"""Association rules: relkit next to mlxtend, efficient-apriori and a self-join in polars, same baskets.

CPU time; best of three for relkit and polars, after one call that compiles, one run of the peers, which have run once on a few baskets
before. Every side starts from what it reads best: relkit and polars from lists of categories and from lines, mlxtend from a sparse table of
baskets by items, efficient-apriori from tuples. All count pairs and give rules with their measures; numbers of pairs are compared.

mlxtend and efficient-apriori are measured in a process of their own if they have an environment (`make bench-affinity` makes one;
RELKIT_BENCH_AFFINITY names its interpreter). The groceries and the receipts of the Complete Journey are read from ../shared/data if it is
there. Baskets have 5.07 items on average of 2,000, by a Zipf law of exponent 0.9, with 40 planted bundles; another number of baskets is
the first argument.
"""

from __future__ import annotations

import gzip
import json
import os
import subprocess
import sys
import tempfile
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from measuring import best_of_three, measured, report

from relkit.models.affinity.association_rules import Wanted, mine_rules, rules_frame
from relkit.models.affinity.baskets import Baskets
from relkit.models.affinity.itemsets import frequent_itemsets
from relkit.models.affinity.pair_counts import count_pairs
from relkit.models.affinity.rules import Rules

N_BASKETS = int(sys.argv[1]) if len(sys.argv) > 1 else int(os.environ.get("RELKIT_BENCH_BASKETS", "1000000"))
ROOT = Path(__file__).resolve().parents[2]
DATA = ROOT.parent / "shared" / "data"
PEER = Path(os.environ.get("RELKIT_BENCH_AFFINITY", ROOT / ".venv-affinity" / "bin" / "python"))
SUPPORT = 0.0001


def simulated_lines(n: int, items: int, seed: int = 1) -> pl.DataFrame:
    """Return basket and item, distinct and in order."""
    rng = np.random.default_rng(seed)
    share = np.arange(1, items + 1) ** -0.9
    sizes = rng.poisson(3.9, n) + 1
    basket = np.repeat(np.arange(n, dtype=np.uint32), sizes)
    item = rng.choice(items, len(basket), p=share / share.sum()).astype(np.uint32)
    leads = rng.choice(items, (40, 2), replace=False)
    follows = [np.flatnonzero(item == lead) for lead, _ in leads]
    brought = [at[rng.random(len(at)) < 0.3] for at in follows]
    more = pl.DataFrame(
        {
            "basket": np.concatenate([basket[at] for at in brought]),
            "item": np.repeat(leads[:, 1].astype(np.uint32), [len(at) for at in brought]),
        }
    )
    return pl.concat([pl.DataFrame({"basket": basket, "item": item}), more]).unique().sort("basket", "item")


def as_lists(lines: pl.DataFrame, items: int) -> pl.DataFrame:
    """Return the same as receipts, with lists of enumerated values."""
    kind = pl.Enum([f"p{i:05d}" for i in range(items)])
    named = lines.select(pl.col("basket").set_sorted(), products=pl.col("item").cat.to(kind))
    return named.group_by("basket", maintain_order=True).agg("products")


def pair_rules(lists: pl.DataFrame, least: int) -> pl.DataFrame:
    """Return all rules of two items, from lists to measures and tests."""
    baskets = Baskets.of(lists["products"])
    return rules_frame(mine_rules(frequent_itemsets(baskets, least, most_items=2), Wanted()), baskets.names)


def joined(lines: pl.DataFrame, least: int) -> pl.DataFrame:
    """Return the same pairs with confidence and lift, by a join of the lines with themselves."""
    n = lines["basket"].n_unique()
    counts = lines.lazy().group_by("item").agg(pl.len().alias("count")).filter(pl.col("count") >= least)
    kept = lines.lazy().join(counts.select("item"), on="item", how="semi")
    pairs = kept.join(kept, on="basket").filter(pl.col("item") < pl.col("item_right")).group_by("item", "item_right").agg(both=pl.len())
    met = pairs.filter(pl.col("both") >= least)
    sides = met.join(counts.rename({"count": "left"}), on="item").join(
        counts.rename({"count": "right", "item": "item_right"}), on="item_right"
    )
    return sides.with_columns(
        confidence=pl.col("both") / pl.col("left"), lift=n * pl.col("both") / (pl.col("left") * pl.col("right"))
    ).collect()


def peers(task: str, lines: pl.DataFrame, least: int, most_items: int) -> dict[str, tuple[Any, float, float]]:
    """Return the measured runs of a process with the peers; empty without their environment."""
    if not PEER.exists():
        return {}
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "lines.npz"
        np.savez(file, basket=lines["basket"].to_numpy(), item=lines["item"].to_numpy())
        command = [str(PEER), str(Path(__file__).with_name("peer_affinity.py")), task, str(file), str(least), str(most_items)]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
    return {name: tuple(run) for name, run in json.loads(done.stdout.splitlines()[-1]).items()}


def pairs_at(n: int) -> None:
    """Print the cost of pair rules of n baskets."""
    lines, least = simulated_lines(n, 2000), max(round(SUPPORT * n), 2)
    lists = as_lists(lines, 2000)
    pair_rules(lists, least)
    ours = best_of_three(lambda: pair_rules(lists, least))
    runs = {"relkit": ours, "polars, self-join": best_of_three(lambda: joined(lines, least))}
    # efficient-apriori does not finish a million baskets in two minutes.
    task = "mlxtend" if n > 200_000 else "mlxtend efficient-apriori"
    runs |= peers(task, lines, least, 2)
    assert len(ours[0]) == 2 * len(runs["polars, self-join"][0])
    report(f"pairs of {n:,} baskets, 2,000 items, at least {least} times: {len(ours[0]) // 2:,} pairs", runs)


def groceries() -> None:
    """Print the cost of all rules of the groceries at 0.001."""
    with gzip.open(DATA / "groceries.csv.gz", "rt", encoding="utf-8") as file:
        frame = pl.DataFrame({"products": [line.split(",") for line in file.read().splitlines()]})
    settings = Rules(min_support=0.001, min_confidence=0.8, max_size=0)
    settings.fit(frame, as_of=date(2026, 1, 1))
    ours = best_of_three(lambda: settings.fit(frame, as_of=date(2026, 1, 1)))
    lines = frame.with_row_index("basket").explode("products")
    coded = lines.select("basket", item=pl.col("products").rank("dense").cast(pl.UInt32) - 1)
    report("groceries at 0.001, all sizes, confidence 0.8: 410 rules", {"relkit": ours, **peers("mlxtend efficient-apriori", coded, 10, 0)})
    assert len(ours[0].rules) == 410


def many_items() -> None:
    """Print the cost of pairs of many items, with the work blocked by item."""
    lines = simulated_lines(N_BASKETS, 5000)
    lists = as_lists(lines, 5000)
    pair_rules(lists, 100)
    report(f"pairs of {N_BASKETS:,} baskets of 5,000 items, at least 100 times", {"relkit": best_of_three(lambda: pair_rules(lists, 100))})
    wide = simulated_lines(N_BASKETS // 2, 40_000)
    baskets = Baskets.of(as_lists(wide, 40_000)["products"])
    _, seconds, memory = measured(lambda: count_pairs(baskets, 5))
    print(f"  pairs of 40,000 items in {baskets.n:,} baskets, item by item: {seconds:.3f} s, {memory:.0f} MB")


def complete_journey() -> None:
    """Print the cost of pairs of every product of the Complete Journey."""
    files = sorted(DATA.glob("completejourney_transactions_part*.parquet"))
    lines = pl.concat([pl.read_parquet(file, columns=["basket_id", "product_id"]) for file in files])
    lists = lines.group_by("basket_id").agg(pl.col("product_id").cast(pl.String).cast(pl.Categorical).alias("products"))
    baskets, seconds, memory = measured(lambda: Baskets.of(lists["products"]))
    print(f"  the Complete Journey: {baskets.n:,} baskets of {len(baskets.names):,} products read in {seconds:.3f} s, {memory:.0f} MB")
    for least in (20, 3, 2):
        count_pairs(baskets, 1000, triangle_bytes=0)
        pairs, seconds, memory = measured(lambda least=least: count_pairs(baskets, least))  # type: ignore[misc]
        items = int((baskets.counts >= least).sum())
        print(f"  {items:>6,} products, at least {least:>2} times: {len(pairs):>10,} pairs in {seconds:6.3f} s, {memory:6.0f} MB")


if __name__ == "__main__":
    for n in sorted({min(N_BASKETS, 100_000), N_BASKETS}):
        pairs_at(n)
    if DATA.is_dir():
        groceries()
        complete_journey()
    many_items()
