"""Attribution: relkit next to ChannelAttribution and marketing-attribution-models, same journeys, CPU seconds.

Journeys are walks over 12 channels, drawn once: a Zipf law of exponent 0.9 for the first touch, a mixture of it and of one neighbour for
the next ones; after a touch, 66 to 80 % go on and 12 to 22 % of the others convert, by channel; values are gamma. Best of three for relkit,
after one call that compiles; one run of the peers. Every side starts from what it reads best: relkit from integer codes, from lists of
categories, and from validated tables of touchpoints and sales; ChannelAttribution from a pandas table of "a > b" by rows and grouped by
path; marketing-attribution-models from its own table of lists. Grouping is not timed. relkit's runs give intervals, the others points.

The error of ChannelAttribution is the largest over the channels of its credit against the exact one, which is not what a simulation
gives. The peers are measured in a process of their own if they have an environment (`make bench-attribution` makes one;
RELKIT_BENCH_ATTRIBUTION names its interpreter). Another number of journeys is the first argument.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from contextlib import chdir
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl
from measuring import best_of_three, measured, report

from relkit.families.bindings import inputs_of
from relkit.jobs.check_tables import CheckTables
from relkit.models import catalogue
from relkit.models.attribution.coded_paths import CodedPaths
from relkit.models.attribution.removal_effects import SolvedChain, solved_chain
from relkit.models.attribution.transition_sums import TransitionSums
from relkit.tables.table_set import TableSet

if TYPE_CHECKING:
    from numpy.typing import NDArray

N_JOURNEYS = int(sys.argv[1]) if len(sys.argv) > 1 else int(os.environ.get("RELKIT_BENCH_JOURNEYS", "1000000"))
ROOT = Path(__file__).resolve().parents[2]
PEER = Path(os.environ.get("RELKIT_BENCH_ATTRIBUTION", ROOT / ".venv-attribution" / "bin" / "python"))
CHANNELS = 12
NAMES = [f"channel_{k:02d}" for k in range(CHANNELS)]
MAPPING = """
sources:
  touches: {files: touches.parquet}
  orders: {files: orders.parquet}
tables:
  touchpoints:
    from: touches
    columns: {touchpoint_id: touchpoint_id, customer_id: customer_id, channel_id: channel_id, occurred_at: occurred_at}
  transactions:
    from: orders
    columns:
      transaction_line_id: transaction_id
      transaction_id: transaction_id
      customer_id: customer_id
      occurred_at: occurred_at
      net_amount: net_amount
"""


def simulated_paths(n: int, seed: int = 1) -> CodedPaths:
    """Return n journeys, one row each."""
    rng = np.random.default_rng(seed)
    first = np.arange(1, CHANNELS + 1) ** -0.9
    first /= first.sum()
    steps = 0.7 * first + 0.3 * np.roll(np.eye(CHANNELS), 1, axis=1)
    stay = np.linspace(0.66, 0.8, CHANNELS)
    wins = np.linspace(0.12, 0.22, CHANNELS) * (1 - stay)
    rows = np.cumsum(np.column_stack([steps * stay[:, None], wins]), axis=1)
    journey, touch, won = np.arange(n), rng.choice(CHANNELS, n, p=first), np.zeros(n)
    journeys, touches = [], []
    while len(journey):
        journeys.append(journey)
        touches.append(touch)
        reached = (rows[touch] < rng.random(len(touch))[:, None]).sum(axis=1)
        won[journey[reached == CHANNELS]] = 1
        journey, touch = journey[reached < CHANNELS], reached[reached < CHANNELS]
    of, all_touches = np.concatenate(journeys), np.concatenate(touches).astype(np.int16)
    offsets = np.concatenate([[0], np.cumsum(np.bincount(of, minlength=n))])
    value = np.round(won * rng.gamma(2.0, 20.0, n), 2)
    return CodedPaths(
        pl.Series("channel", NAMES), all_touches[np.argsort(of, kind="stable")], offsets, won, 1 - won, value, None, pl.DataFrame()
    )


def as_lists(paths: CodedPaths) -> pl.DataFrame:
    """Return the same as a frame of lists of enumerated channels."""
    journey = np.repeat(np.arange(paths.rows, dtype=np.uint32), paths.lengths)
    touches = pl.DataFrame({"journey": journey, "channels": paths.touches.astype(np.uint32)})
    lists = touches.with_columns(pl.col("journey").set_sorted(), pl.col("channels").cat.to(pl.Enum(NAMES)))
    lists = lists.group_by("journey", maintain_order=True).agg("channels")
    return lists.select("channels", conversions=paths.conversions, nulls=paths.nulls, value=paths.value)


def chain_of(paths: CodedPaths) -> SolvedChain:
    """Return effects and credit of conversions and value with their covariances, from codes."""
    return solved_chain(TransitionSums.of(paths).chain())


def write_events(paths: CodedPaths, folder: Path) -> None:
    """Write touchpoints and sales, a customer for each journey, with an hour between touches and to the sale, in no order."""
    rng = np.random.default_rng(2)
    journey = np.repeat(np.arange(paths.rows), paths.lengths)
    place = np.arange(len(journey)) - np.repeat(paths.offsets[:-1], paths.lengths)
    start = pl.Series(rng.integers(0, 100 * 86_400, paths.rows)).gather(journey)
    began = datetime(2026, 1, 1, tzinfo=UTC)
    touches = pl.DataFrame({"journey": journey, "place": place, "start": start, "channel_id": pl.Series(NAMES).gather(paths.touches)})
    touches.select(
        touchpoint_id=pl.format("t{}", pl.int_range(pl.len())),
        customer_id=pl.format("c{}", "journey"),
        channel_id="channel_id",
        occurred_at=pl.lit(began) + pl.duration(seconds=pl.col("start") + 3600 * pl.col("place")),
    ).sample(fraction=1.0, shuffle=True, seed=3).write_parquet(folder / "touches.parquet")
    won = np.flatnonzero(paths.conversions)
    ended = start.gather(paths.offsets[won]) + 3600 * pl.Series(paths.lengths[won])
    pl.DataFrame({"journey": won, "ended": ended, "net_amount": paths.value[won]}).select(
        transaction_id=pl.format("o{}", "journey"),
        customer_id=pl.format("c{}", "journey"),
        occurred_at=pl.lit(began) + pl.duration(seconds="ended"),
        net_amount="net_amount",
    ).write_parquet(folder / "orders.parquet")


def from_events(paths: CodedPaths) -> tuple[Any, float, float]:
    """Return the run from validated tables to credit with intervals."""
    with tempfile.TemporaryDirectory() as folder, chdir(folder):
        raw = Path(folder) / "raw"
        raw.mkdir()
        write_events(paths, raw)
        (raw / "mapping.yaml").write_text(MAPPING, encoding="utf-8")
        CheckTables.parse(data=str(raw)).run()
        tables = TableSet.open(Path("out/default/tables"))
        inputs, edge = inputs_of("attribution.markov_removal", tables, {}), tables.as_of()
        return measured(lambda: fit("markov_removal", inputs.features(tables, edge)))


def fit(model: str, frame: pl.DataFrame) -> Any:
    """Return a fitted model of attribution."""
    return catalogue.make(f"attribution.{model}").fit(frame, as_of=datetime(2026, 12, 31, tzinfo=UTC).date())


def peers(task: str, paths: CodedPaths) -> dict[str, tuple[Any, float, float]]:
    """Return the measured runs of a process with the peers; empty without their environment."""
    if not PEER.exists():
        return {}
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "paths.npz"
        np.savez(file, offsets=paths.offsets, touches=paths.touches, conversions=paths.conversions, value=paths.value)
        command = [str(PEER), str(Path(__file__).with_name("peer_attribution.py")), task, str(file)]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
    return {name: tuple(run) for name, run in json.loads(done.stdout.splitlines()[-1]).items()}


def worst(found: dict[str, float], right: NDArray[np.float64]) -> float:
    """Return the largest relative error of credit."""
    return max(abs(found.get(name, 0.0) / credit - 1) for name, credit in zip(NAMES, right.tolist(), strict=True))


def removals(paths: CodedPaths, frame: pl.DataFrame) -> None:
    """Print the cost of Markov credit from codes, from lists and from events."""
    ours = best_of_three(lambda: chain_of(paths))
    runs = {
        "relkit, from codes": ours,
        "relkit, fit from lists": best_of_three(lambda: fit("markov_removal", frame)),
        "relkit, from the table of events": from_events(paths),
    }
    conversions = float(paths.conversions.sum())
    right = conversions * ours[0].shares
    found = peers("markov", paths)
    report(f"removal effects of {paths.rows:,} journeys, {len(paths.touches):,} touches, {conversions:,.0f} conversions", runs | found)
    for name, run in found.items():
        if isinstance(run[0], dict):
            print(f"    {name:<50} largest error of a channel {worst(run[0], right):8.2%}")
    error = conversions * np.sqrt(np.diag(ours[0].shares_variance)) / right
    print(f"    standard errors of the credit, of its own size: {error.min():.2%} to {error.max():.2%}")
    from_tables = runs["relkit, from the table of events"][0].credit().sort("channel")["conversions"].to_numpy()
    assert np.allclose(from_tables, right, rtol=1e-9)


def higher_orders(paths: CodedPaths) -> None:
    """Print the cost of chains of a higher order, and of the choice among orders."""
    runs = {f"order {order}": measured(lambda order=order: chain_of_order(paths, order)) for order in (1, 2, 3)}  # type: ignore[misc]
    report("chains of a higher order, from codes", runs)


def chain_of_order(paths: CodedPaths, order: int) -> SolvedChain:
    """Return the solved chain of an order."""
    return solved_chain(TransitionSums.of(paths, order).chain())


def shapley(paths: CodedPaths, frame: pl.DataFrame) -> None:
    """Print the cost of Shapley credit."""
    model: Any = catalogue.make("attribution.shapley")
    fit("shapley", frame.head(1000))
    runs = {
        "relkit, from codes": best_of_three(lambda: model.credit_of(paths)),
        "relkit, fit from lists": best_of_three(lambda: fit("shapley", frame)),
    }
    report("Shapley credit of the same journeys", runs | peers("shapley", paths))


def warm() -> None:
    """Compile and import everything on a few journeys."""
    few = simulated_paths(2000)
    fit("markov_removal", as_lists(few))
    from_events(few)
    for order in (2, 3):
        chain_of_order(few, order)


if __name__ == "__main__":
    warm()
    for n in sorted({min(N_JOURNEYS, 100_000), N_JOURNEYS}):
        drawn = simulated_paths(n)
        lists = as_lists(drawn)
        removals(drawn, lists)
        shapley(drawn, lists)
        higher_orders(drawn)
