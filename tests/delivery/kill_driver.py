"""Deliveries killed at every step, each in a forked child, and checks of what they leave.

    python kill_driver.py OUT steps|sample|delays

`steps` kills the child just before its n-th call of anything that changes the disk, for every n there is; `sample` for every fifth;
`delays` kills it after increasing times, wherever it is. After each kill every delivery must be whole,
the previous one unchanged, and LATEST must name a whole one; the next delivery must succeed and leave no draft. The
parent never computes with polars, so that its threads are not started before the fork.
"""

from __future__ import annotations

import builtins
import hashlib
import io
import os
import shutil
import signal
import sys
import time
from pathlib import Path

import polars as pl  # noqa: F401  (imported before the forks, used after them)
import xlsxwriter.workbook  # noqa: F401

from relkit.delivery import customer_delivery, written_files
from relkit.delivery.publishing import deliveries, latest, verify
from relkit.jobs.deliver_files import DeliverFiles

OUT, HOW = (Path(sys.argv[1]), sys.argv[2]) if __name__ == "__main__" else (Path(), "steps")
ROOT = OUT / "deliveries" / "default"
START = OUT / "start"
DAY = "2025-06-30"
CALLS = [
    *[(os, name) for name in ("fsync", "rename", "replace", "mkdir", "rmdir", "unlink", "open")],
    *[(written_files, name) for name in ("write_parquet", "write_csv", "write_dictionary", "write_xlsx")],
    *[(customer_delivery, name) for name in ("compare", "manifest")],
    (builtins, "open"),
    (io, "open"),
]


def die_before(nth: int) -> None:
    """Kill this process just before the nth watched call."""
    left = [nth]

    def watched(real):
        def call(*args, **more):
            left[0] -= 1
            if left[0] <= 0:
                os.kill(os.getpid(), signal.SIGKILL)
            return real(*args, **more)

        return call

    for owner, name in CALLS:
        setattr(owner, name, watched(getattr(owner, name)))


def run(nth: int = 0, seconds: float = 0.0) -> bool:
    """Deliver in a child that is killed at its nth call or after some seconds; return whether it was killed."""
    child = os.fork()
    if child == 0:
        try:
            if nth:
                die_before(nth)
            DeliverFiles.parse(out=OUT, as_of=DAY).run()
        except BaseException as error:  # noqa: BLE001  (the child must end here, whatever happened)
            os.write(2, f"{type(error).__name__}: {error}\n".encode())
            os._exit(1)
        os._exit(0)
    if seconds:
        time.sleep(seconds)
        os.kill(child, signal.SIGKILL)
    _, status = os.waitpid(child, 0)
    killed = os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL
    assert killed or status == 0, f"the child failed with status {status}"
    return killed


def digest(folder: Path) -> str:
    return hashlib.sha256(b"".join(p.name.encode() + p.read_bytes() for p in sorted(folder.iterdir()))).hexdigest()


def look(previous: str | None) -> None:
    """Assert that everything published is whole."""
    for delivery in deliveries(ROOT):
        verify(delivery)
    named = [p.name for p in ROOT.iterdir() if p.name[0].isdigit()] if ROOT.is_dir() else []
    assert sorted(named) == sorted(d.name for d in deliveries(ROOT)), f"a folder without checksums: {named}"
    if previous:
        assert digest(ROOT / "2025-05-31") == previous, "the previous delivery changed"
        assert latest(ROOT) is not None, "LATEST is gone"
    latest(ROOT)


def chain(kills: list[dict], *, previous: bool) -> int:
    """Kill one delivery after another, each on what the one before left, until one survives; return the number killed.

    Now and then, and at the end, one runs undisturbed and must succeed.
    """
    shutil.rmtree(ROOT, ignore_errors=True)
    if previous:
        shutil.copytree(START, ROOT)
    before = digest(ROOT / "2025-05-31") if previous else None
    killed = 0
    for kill in kills:
        alive = not run(**kill)
        look(before)
        if alive:
            break
        killed += 1
        if killed % 25 == 0:
            succeed(before)
    succeed(before)
    return killed


def succeed(before: str | None) -> None:
    """Deliver without a kill; it must be published and named by LATEST, with no draft left."""
    known = len(deliveries(ROOT))
    assert not run()
    look(before)
    assert len(deliveries(ROOT)) == known + 1
    newest = latest(ROOT)
    assert newest is not None
    assert newest == deliveries(ROOT)[-1]
    assert newest.name.startswith(DAY)
    assert not list(ROOT.glob(".draft-*"))


def main() -> None:
    shutil.copytree(ROOT, START, dirs_exist_ok=True)
    steps = [{"nth": n} for n in range(1, 1000)]
    delays = [{"seconds": 0.01 * 1.35**n} for n in range(15)]
    kills = {"steps": steps, "sample": steps[::5], "delays": delays}[HOW]
    print(chain(kills, previous=True), chain(kills[::3], previous=False))  # noqa: T201  (read by the test)


if __name__ == "__main__":
    main()
