"""Cases run in processes that are watched: one that hangs or dies is named with its seed, and the others go on."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from selectors import EVENT_READ, DefaultSelector
from typing import IO, TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

HANG_SECONDS = 10.0
"""CPU seconds of one case; a busy machine may take longer by the clock."""
FROZEN_SECONDS = 90.0
"""Seconds by the clock of one case, for those that wait without working."""


@dataclass
class _Worker:
    """A process that runs a span of seeds one after the other."""

    kind: str
    seeds: list[int]
    process: subprocess.Popen[bytes] = field(init=False)
    started: float = field(init=False)
    spent: float = field(init=False, default=0.0)
    buffer: bytes = b""

    def __post_init__(self) -> None:
        words = [sys.executable, "-m", "tests.fuzz", "--work", self.kind, str(self.seeds[0]), str(self.seeds[-1] + 1)]
        self.process = subprocess.Popen(words, stdout=subprocess.PIPE, cwd=Path(__file__).parents[2], stdin=subprocess.DEVNULL)
        self.started = time.monotonic()

    @property
    def output(self) -> IO[bytes]:
        assert self.process.stdout is not None
        return self.process.stdout

    def cpu_seconds(self) -> float:
        """Return the CPU seconds of the process so far."""
        try:
            parts = Path(f"/proc/{self.process.pid}/stat").read_text("utf-8").rpartition(")")[2].split()
        except OSError:
            return 0.0
        return (int(parts[11]) + int(parts[12])) / os.sysconf("SC_CLK_TCK")

    def lines(self) -> Iterator[dict[str, object]]:
        """Yield what the process reported since it was asked last."""
        chunk = os.read(self.output.fileno(), 1 << 16)
        *whole, self.buffer = (self.buffer + chunk).split(b"\n")
        for line in whole:
            if line.startswith(b'{"seed"'):
                yield json.loads(line)

    def restarted(self) -> None:
        """Note that the next case begins."""
        self.started, self.spent = time.monotonic(), self.cpu_seconds()

    def stuck(self) -> bool:
        """Return whether the present case has taken too long."""
        # The first case imports everything, which is not its fault.
        return self.cpu_seconds() - self.spent > HANG_SECONDS + 10 * (self.spent == 0) or time.monotonic() - self.started > FROZEN_SECONDS


def run_sure(kind: str, seeds: list[int], workers: int) -> Iterator[tuple[int, list[str], float]]:
    """Yield what `run_all` does; a case that seemed to hang is run once more, alone.

    Threads that wait for a core burn CPU seconds on a busy machine: only a case that takes too long alone has the fault.
    """
    slow = []
    for seed, faults, seconds in run_all(kind, seeds, workers):
        if any(fault.startswith("hang") for fault in faults):
            slow.append(seed)
        else:
            yield seed, faults, seconds
    for seed in slow:
        yield from run_all(kind, [seed], 1)


def run_all(kind: str, seeds: list[int], workers: int) -> Iterator[tuple[int, list[str], float]]:
    """Yield seed, faults and seconds of each case, in the order in which they end."""
    size = max(1, min(250, -(-len(seeds) // workers)))
    spans = [seeds[i : i + size] for i in range(0, len(seeds), size)]
    with DefaultSelector() as selector:
        running: set[int] = set()
        while spans or running:
            while spans and len(running) < workers:
                worker = _Worker(kind, spans.pop(0))
                running.add(worker.output.fileno())
                selector.register(worker.output, EVENT_READ, worker)
            for key, _ in selector.select(timeout=1.0):
                worker = key.data
                for line in worker.lines():
                    worker.seeds.remove(int(str(line["seed"])))
                    worker.restarted()
                    yield int(str(line["seed"])), list(line["faults"]), float(str(line["seconds"]))  # type: ignore[call-overload]  # JSON
            for key in list(selector.get_map().values()):
                yield from _ended(key.data, selector, running, spans)


def _ended(worker: _Worker, selector: DefaultSelector, running: set[int], spans: list[list[int]]) -> Iterator[tuple[int, list[str], float]]:
    """Let a worker go that has ended, or must; yield the fault of the case that killed it."""
    code = worker.process.poll()
    stuck = code is None and worker.stuck()
    if code is None and not stuck:
        return
    if stuck:
        worker.process.kill()
    elif worker.seeds and (left := list(worker.lines())):  # the last words of a process that has ended
        for line in left:
            worker.seeds.remove(int(str(line["seed"])))
            yield int(str(line["seed"])), list(line["faults"]), float(str(line["seconds"]))  # type: ignore[call-overload]  # JSON
    selector.unregister(worker.output)
    running.discard(worker.output.fileno())
    worker.output.close()
    worker.process.wait()
    if worker.seeds:
        seed, *rest = worker.seeds
        yield seed, [f"hang: over {HANG_SECONDS:.0f} s" if stuck else f"death: the process ended with {code}"], HANG_SECONDS
        if rest:
            spans.insert(0, rest)
