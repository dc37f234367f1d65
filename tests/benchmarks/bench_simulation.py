"""A simulated company of 1 million customers (about 10 million lines): seconds and memory, in both worlds.

Each world runs in a process of its own, so that the peak memory is its own. Writing is part of it: all
tables and the truth, as Parquet files in a temporary folder (about 0.5 GB).
"""

from __future__ import annotations

import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Literal

import polars as pl

from relkit.tables.simulation import SimulationSettings, simulate_company

N_CUSTOMERS = 1_000_000


def measure(world: Literal["clean", "hard"], customers: int) -> None:
    """Simulate once and print its cost."""
    with tempfile.TemporaryDirectory() as folder:
        wall, cpu = time.perf_counter(), time.process_time()
        made = simulate_company(SimulationSettings(customers=customers, world=world), Path(folder))
        wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
        lines = pl.scan_parquet(made.data / "transactions.parquet").select(pl.len()).collect().item()
        size = sum(path.stat().st_size for path in Path(folder).rglob("*.parquet")) / 1e6
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3
    print(f"{world:<6}{customers:>12,} customers {lines:>12,} lines {wall:8.1f} s wall {cpu:8.1f} s CPU", end="")
    print(f" {peak:7.0f} MB peak {size:7.0f} MB written", flush=True)


def main() -> None:
    """Run both worlds, or the one that is named: [world] [customers]."""
    customers = int(sys.argv[2]) if len(sys.argv) > 2 else N_CUSTOMERS
    if len(sys.argv) > 1:
        measure("hard" if sys.argv[1] == "hard" else "clean", customers)
        return
    for world in ("clean", "hard"):
        subprocess.run([sys.executable, __file__, world], check=True)


if __name__ == "__main__":
    main()
