"""The demo, step by step: CPU seconds (children included), wall seconds and peak memory, of this checkout or of two by turns.

    python -m tests.benchmarks.bench_run 20000
    python -m tests.benchmarks.bench_run 1000000 --beside ../relkit-e8d8fd5

Each checkout runs in processes of its own, in an empty folder that is removed; `make bench-run` runs both sizes.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

HERE = Path(__file__).resolve().parents[2]
Row = tuple[str, float, float, int]
"""A step, its CPU seconds, its wall seconds and the peak of the process in MB while it ran."""


def cpu_seconds() -> float:
    """Return user and system time of this process and of the children that have ended."""
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(each.ru_utime + each.ru_stime for each in used)


def peak_mb() -> int:
    """Return the peak of this process since the last call, if the system reports it (Linux), else since it began."""
    status = Path("/proc/self/status")
    if not status.is_file():
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    found = next(int(line.split()[1]) for line in status.read_text().splitlines() if line.startswith("VmHWM"))
    with suppress(OSError):
        Path("/proc/self/clear_refs").write_text("5")
    return found // 1024


def measured(rows: list[Row], label: str, call: Callable[[], Any]) -> Any:
    """Call, and add its cost to the rows."""
    peak_mb()
    cpu, wall = cpu_seconds(), time.perf_counter()
    try:
        return call()
    finally:
        rows.append((label, round(cpu_seconds() - cpu, 1), round(time.perf_counter() - wall, 1), peak_mb()))


def run_demo(customers: int, out: Path) -> list[Row]:
    """Run the demo in this process and return the cost of each step, and of the whole."""
    with suppress(ImportError):  # if the checkout has it: what a command sets in its process
        from relkit.cli import settle

        settle()
    from relkit import running
    from relkit.demo import RunDemo

    rows: list[Row] = []
    inner: Any = running._run
    running._run = lambda step, *more, **named: measured(rows, step.label, lambda: inner(step, *more, **named))
    job = RunDemo.parse(customers=customers, out=out)
    measured(rows, "simulate", lambda: job._simulated(lambda *_told: None))
    assert job.run().passed
    with suppress(ImportError):  # if the checkout has it: the cost of the kernels counts when they have ended
        from relkit.reports import kernels

        kernels.close()
    children = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss // 1024
    return [*rows, ("whole", round(cpu_seconds(), 1), round(time.process_time(), 1), max(children, *(row[3] for row in rows)))]


def in_checkout(checkout: Path, customers: int) -> list[Row]:
    """Run the demo with the relkit of a checkout, in an empty folder."""
    with TemporaryDirectory(prefix="relkit-bench-") as folder:
        environment = {**os.environ, "PYTHONPATH": str(checkout.resolve()), "MLFLOW_DISABLE_TELEMETRY": "true"}
        environment["MLFLOW_TRACKING_URI"] = f"sqlite:///{folder}/mlflow.db"
        command = [sys.executable, str(Path(__file__).resolve()), str(customers), "--inside", f"{folder}/out"]
        done = subprocess.run(command, cwd=folder, env=environment, check=True, stdout=subprocess.PIPE, text=True)
    return [(str(label), float(cpu), float(wall), int(peak)) for label, cpu, wall, peak in json.loads(done.stdout.splitlines()[-1])]


def table(before: list[Row], after: list[Row]) -> list[str]:
    """Return the lines of a table: each step before and after, and the ratio of CPU seconds."""
    old = {row[0]: row for row in before}
    lines = ["| step | CPU s before | CPU s | ratio | peak MB before | peak MB |", "|---|---:|---:|---:|---:|---:|"]
    for label, cpu, _, peak in after:
        then = old.get(label)
        ratio = f"{cpu / then[1]:.2f}" if then and then[1] else ""
        lines.append(f"| {label} | {then[1] if then else ''} | {cpu} | {ratio} | {then[3] if then else ''} | {peak} |")
    return lines


def main() -> None:
    """Print the table of one checkout, or of two."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("customers", type=int)
    parser.add_argument("--beside", type=Path, help="another checkout, which runs first")
    parser.add_argument("--inside", type=Path, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.inside:
        print(json.dumps(run_demo(given.customers, given.inside)))
        return
    before = in_checkout(given.beside, given.customers) if given.beside else []
    print("\n".join(table(before, in_checkout(HERE, given.customers))))


if __name__ == "__main__":
    main()
