"""CPU seconds and peak memory of a piece of work, measured alike for relkit and for its peers."""

from __future__ import annotations

import resource
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable


def measured(work: Callable[[], Any]) -> tuple[Any, float, float]:
    """Return the result, the CPU seconds and the peak memory (MB) over the memory held before."""
    before = _forget_peak()
    start = time.process_time()
    result = work()
    return result, time.process_time() - start, _peak() - before


def best_of_three(work: Callable[[], Any]) -> tuple[Any, float, float]:
    """Return the first result, the fewest CPU seconds and the highest peak of three runs."""
    runs = [measured(work) for _ in range(3)]
    return runs[0][0], min(run[1] for run in runs), max(run[2] for run in runs)


def _forget_peak() -> float:
    control = Path("/proc/self/clear_refs")
    if control.exists():
        control.write_text("5", encoding="ascii")
    return _peak()


def _peak() -> float:
    status = Path("/proc/self/status")
    if not status.exists():
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    line = next(line for line in status.read_text(encoding="ascii").splitlines() if line.startswith("VmHWM"))
    return int(line.split()[1]) / 1024


def report(task: str, runs: dict[str, tuple[Any, float, float]]) -> None:
    """Print the cost of each run, the first being ours, and the ratio of time and memory of the others."""
    print(f"  {task}")
    _, seconds, memory = next(iter(runs.values()))
    for place, (name, run) in enumerate(runs.items()):
        ratios = f"   {run[1] / seconds:6.1f}x the time, {run[2] / max(memory, 1.0):5.1f}x the memory" if place else ""
        print(f"    {name:<34} {run[1]:8.3f} s {run[2]:8.0f} MB{ratios}")
