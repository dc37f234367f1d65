"""The command line of the fuzz: which cases run, and what is printed of them."""

from __future__ import annotations

import argparse
import importlib
import json
import os
import re
import shutil
import sys
import tempfile
import time
import warnings
from collections import defaultdict
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

KINDS = {"tables": 10_000, "mappings": 3_000, "pipelines": 1_000, "settings": 1_000, "models": 2_000, "fits": 100}
"""Cases of each kind; a module of the kind's name has `case(seed, folder)`, which returns the faults."""


def main(argv: list[str]) -> int:
    """Run cases; return 1 if one shows a fault."""
    if argv[:1] == ["--work"]:
        return _work(argv[1], int(argv[2]), int(argv[3]))
    if len(argv) == 2 and argv[0] in KINDS and argv[1].isdigit():
        return _again(argv[0], int(argv[1]))
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description="Hostile input at random, seeded.")
    parser.add_argument("kinds", nargs="*", metavar="KIND", help=", ".join(KINDS))
    parser.add_argument("--count", type=int, help="cases of each kind")
    parser.add_argument("--first", type=int, default=0, help="first seed")
    parser.add_argument("--workers", type=int, default=2)
    given = parser.parse_args(argv)
    if unknown := set(given.kinds) - set(KINDS):
        parser.error(f"unknown kind {min(unknown)!r}; known: {', '.join(KINDS)}")
    failed = sum(_all_of(kind, given.first, given.count or KINDS[kind], given.workers) for kind in given.kinds or KINDS)
    print("No fault." if not failed else f"{failed} cases show a fault.")  # noqa: T201
    return int(failed > 0)


def case_of(kind: str) -> Callable[[int, Path], list[str]]:
    """Return the function that runs one case of a kind."""
    found: Callable[[int, Path], list[str]] = importlib.import_module(f"fuzz.{kind}").case
    return found


def _all_of(kind: str, first: int, count: int, workers: int) -> int:
    """Run all cases of a kind and print its faults by sort, the first of each with the command that shows it again."""
    from fuzz.watched import run_sure

    started, seconds = time.monotonic(), []
    sorts: dict[str, list[tuple[int, str]]] = defaultdict(list)
    for seed, faults, took in run_sure(kind, list(range(first, first + count)), workers):
        seconds.append(took)
        for sort, fault in {_sort(fault): fault for fault in faults}.items():
            sorts[sort].append((seed, fault))
    failed = {seed for cases in sorts.values() for seed, _ in cases}
    took = time.monotonic() - started
    print(f"{kind}: {len(seconds):,} cases in {took:.0f} s, slowest {max(seconds):.1f} s, {len(failed)} with a fault.")  # noqa: T201
    for cases in sorted(sorts.values(), key=len, reverse=True):
        seed, fault = min(cases)
        print(f"  {len(cases)} x {fault}\n    python -m tests.fuzz {kind} {seed}", flush=True)  # noqa: T201
    return len(failed)


def _sort(fault: str) -> str:
    """Return a fault without what differs from case to case."""
    if fault.startswith("personal value"):
        before = fault.lower().partition("...")[2].rpartition("qzk")[0]
        return fault.partition(":")[0] + " ".join(re.findall(r"[a-z]{2,}", before.rpartition("(first")[0] or before)[-3:])
    return re.sub(r"'[^']*'|\"[^\"]*\"|[\w./-]*/[\w./-]*|\d[\d.,]*", "_", fault)[:110]


def _work(kind: str, first: int, end: int) -> int:
    """Run a span of cases, and print the outcome of each as one line of JSON."""
    case = case_of(kind)
    # A library that prints must not disturb the lines that the other process reads.
    lines, sys.stdout = sys.stdout, sys.stderr
    for seed in range(first, end):
        started = time.perf_counter()
        folder = Path(tempfile.gettempdir()) / f"fuzz-{os.getpid()}-{seed}"  # random letters may spell the canary
        folder.mkdir()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            faults = case(seed, folder)
        shutil.rmtree(folder, ignore_errors=True)
        lines.write(json.dumps({"seed": seed, "faults": faults, "seconds": round(time.perf_counter() - started, 3)}) + "\n")
        lines.flush()
    return 0


def _again(kind: str, seed: int) -> int:
    """Run one case again, keep its folder, and print what it shows."""
    folder = Path(tempfile.mkdtemp(prefix=f"fuzz-{kind}-{seed}-"))
    faults = case_of(kind)(seed, folder)
    print(*(faults or ["No fault."]), f"Kept in {folder}.", sep="\n")  # noqa: T201
    return int(bool(faults))
