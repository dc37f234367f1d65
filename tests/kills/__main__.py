"""Commands killed at every point at which they publish something, and at random; checks of what they leave, and of the next command.

    python -m tests.kills [--random 30] [--seed 1] [--customers 300] [--every 1] [--last STEP]

Each command runs in a forked child that ends without any clean-up: before its n-th call that publishes something (a rename, a
write to the registry), for every n there is, or by SIGKILL after a random time. After each kill whatever can be seen must be whole and
the champion valid; the next command must end well and leave nothing behind. The parent only imports: no thread is alive when it forks.
"""

from __future__ import annotations

import argparse
import os
import random
import shutil
import signal
import sys
import tempfile
import time
import traceback
from collections import Counter
from contextlib import suppress
from pathlib import Path

PIPELINE = """
name: killed
steps:
  - check
  - features
  - fit: {model: lifetime_value.bg_nbd}
  - fit: {model: lifetime_value.gamma_gamma}
  - fit: {model: survival.kaplan_meier}
  - fit: {model: survival.cox}
  - score
  - deliver
  - report: {notebook: segment_customer_value}
"""
WRITES = (
    *("create_run", "create_logged_model", "log_batch", "log_artifacts", "log_model_artifacts", "finalize_logged_model", "set_terminated"),
    *("create_registered_model", "create_model_version", "set_registered_model_alias", "delete_registered_model_alias"),
    *("set_model_version_tag", "delete_model_version_tag", "set_registered_model_tag", "delete_registered_model_tag"),
)
"""Methods of MLflow's client that change the store."""
MODEL = "survival.kaplan_meier"
STEPS: list[tuple[str, str, dict[str, object]]] = [
    ("check", "check", {"data": Path("company/data")}),
    ("check again", "check", {"data": Path("company/data")}),
    ("features", "features", {}),
    ("features again", "features", {}),
    ("first fit", "fit", {"model": MODEL, "figures": False}),
    ("fit as good", "fit", {"model": MODEL, "figures": False}),
    ("fit of fewer days", "fit", {"model": MODEL, "figures": False, "as_of": "2025-03-31"}),
    ("promotion", "models promote", {"model": MODEL, "version": "1", "reason": "the shop wants it"}),
    ("choice", "fit", {"model": "survival.auto", "figures": False, "settings": {"candidates": f"{MODEL},survival.weibull_aft"}}),
    ("score", "score", {}),
    ("score again", "score", {}),
    ("delivery", "deliver", {"workbook": False}),
    ("delivery again", "deliver", {"workbook": False}),
]


def prepare(folder: Path, customers: int) -> None:
    """Simulate the company, in a child: the parent computes nothing."""
    from relkit.tables.simulation import SimulationSettings, simulate_company

    simulate_company(SimulationSettings(customers=customers, contract_share=0.4), folder / "company")
    (folder / "killed.yaml").write_text(PIPELINE)


def child(work, *, seconds: float | None = None) -> int | None:
    """Run something in a forked child, and return its exit code; None if it was killed after some seconds."""
    sys.stdout.flush()
    number = os.fork()
    if number == 0:
        code = 1
        try:
            work()
            code = 0
        except BaseException:  # noqa: BLE001  (the child ends here, whatever happened)
            traceback.print_exc()
        os._exit(code)
    if seconds is not None:
        time.sleep(seconds)
        os.kill(number, signal.SIGKILL)
    _, status = os.waitpid(number, 0)
    return None if os.WIFSIGNALED(status) else os.WEXITSTATUS(status)


ENDED = 77
"""Exit code of a child that ended at a point."""


def end_before(nth: int) -> None:
    """End this process just before its n-th call that publishes something."""
    from mlflow.tracking import MlflowClient

    left = [nth]

    def watched(real):
        def call(*given, **more):
            left[0] -= 1
            if left[0] == 0:
                os._exit(ENDED)
            return real(*given, **more)

        return call

    for owner, names in ((MlflowClient, WRITES), (Path, ("rename", "replace")), (os, ("link",))):
        for name in names:
            setattr(owner, name, watched(getattr(owner, name)))


def run(command: str, given: dict[str, object], nth: int = 0) -> None:
    """Run a command, which must pass."""
    from relkit.families import bindings
    from relkit.running import job_class

    for name in ("diagnostic_figures", "lesson_figures"):
        setattr(bindings, name, lambda *_, **__: {})
    if nth:
        end_before(nth)
    job = job_class(command).parse(**given)
    job.verify()
    result = job.run()
    assert result.passed, result.sentences
    assert not result.skipped, result.skipped


def whole_pipeline() -> None:
    from relkit.running import RunPipeline

    result = RunPipeline.parse(pipeline=Path("killed.yaml"), data=Path("company/data")).run()
    assert result.passed, result.sentences


def see(champions: dict[str, str]) -> dict[str, str]:
    """Assert that what can be seen is whole, and return the champions: none of them is lost."""
    from relkit.delivery.publishing import deliveries, latest, verify
    from relkit.models import storage
    from relkit.tables.table_set import TableSet
    from relkit.tracking import embedded, registry

    out = Path("out/default")
    if (out / "tables").is_dir():
        TableSet.open(out / "tables")
        assert (out / "quarantine").is_dir() or list(out.glob(".draft-*/ready.json"))
    for day in (out / "features").glob("[0-9]*"):
        assert {"customers.parquet", "dictionary.parquet", "remarks.json"} <= {path.name for path in day.iterdir()}, day
    for day in (out / "scores").glob("[0-9]*"):
        assert {"scores.parquet", "models.json", "remarks.json"} <= {path.name for path in day.iterdir()}, day
    root = out / "deliveries" / "default"
    for delivery in deliveries(root):
        verify(delivery)
    latest(root)
    found = embedded.champions(embedded.current())
    assert champions.keys() <= found.keys(), f"a champion is lost: {champions} {found}"
    for version in registry.versions() if found else ():
        if version.is_champion:
            storage.load(registry.saved_folder(version))
    return found


def nothing_left(temporary: Path) -> None:
    """Assert that the next command has left nothing of a stopped one."""
    import sqlite3

    from relkit.tracking import embedded, registry, tickets

    hidden = [path for path in Path("out").rglob(".*") if path.name.startswith((".draft-", ".check-", ".lock")) or path.suffix == ".part"]
    assert not hidden, hidden
    until = time.monotonic() + 10  # the processes of a killed command end by themselves
    while (left := [*temporary.iterdir(), *still_running(temporary)]) and time.monotonic() < until:
        time.sleep(0.2)
    assert not left, left
    store = embedded.current()
    if not store.database.is_file():
        return
    assert not list(store.database.parent.glob(".*.db*"))
    with sqlite3.connect(store.database) as connection:
        running = connection.execute("SELECT COUNT(*) FROM runs WHERE status = 'RUNNING'").fetchone()[0]
        pending = connection.execute("SELECT COUNT(*) FROM logged_models WHERE status = 1").fetchone()[0]
    assert (running, pending) == (0, 0), (running, pending)
    stored = embedded.stored_versions(store)
    assert not [v for v in stored if {tickets.TICKET, tickets.INTENDED} & set(v.tags)]
    assert all(version.reason for version in registry.versions())


def still_running(temporary: Path) -> list[str]:
    """Return the command lines of programs that commands started: their environment names the folder of temporary files (Linux)."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):  # it has ended meanwhile, or is another user's
            if f"TMPDIR={temporary}".encode() in (process / "environ").read_bytes().split(b"\0"):
                found.append((process / "cmdline").read_bytes().replace(b"\0", b" ").decode())
    return found


def at_every_point(temporary: Path, every: int, last: str) -> Counter[str]:
    """End every command at every point, in the state that the one before left, and return the number of points of each.

    Args:
        temporary: the folder of temporary files.
        every: 1 for all points, 2 for every second one, and so on.
        last: the step after which to stop; empty for all.
    """
    points: Counter[str] = Counter()
    champions: dict[str, str] = {}
    for name, command, given in STEPS:
        shutil.rmtree("before", ignore_errors=True)
        for kept in ("out", "mlruns"):
            if Path(kept).is_dir():
                shutil.copytree(kept, f"before/{kept}")
        nth = 1 - every
        while True:
            nth += every
            for kept in ("out", "mlruns"):  # each point is met in the same state
                shutil.rmtree(kept, ignore_errors=True)
                if Path(f"before/{kept}").is_dir():
                    shutil.copytree(f"before/{kept}", kept)
            code = child(lambda: run(command, given, nth))  # noqa: B023  (called at once)
            assert code in {0, ENDED}, f"{name}, point {nth}: {code}"
            if code == 0:
                break
            points[name] += 1
            assert child(lambda: see(champions)) == 0, f"{name}, point {nth}: what can be seen is not whole"
            assert child(lambda: run(command, given)) == 0, f"{name}, point {nth}: the next command failed"  # noqa: B023
            assert child(lambda: (see(champions), nothing_left(temporary))) == 0, f"{name}, point {nth}: something is left"
        print(f"{name}: {points[name]} points", flush=True)
        if name == last:
            break
    return points


def at_random(temporary: Path, kills: int, seed: int) -> None:
    """Kill the whole pipeline at random times, in turn from nothing and on what the one before left, and run it to its end after each."""
    for kept in ("out", "mlruns"):
        shutil.rmtree(kept, ignore_errors=True)
    began = time.monotonic()
    assert child(whole_pipeline) == 0
    lasts = time.monotonic() - began
    draws = random.Random(seed)
    for number in range(kills):
        for kept in ("out", "mlruns") if number % 3 else ("out",):
            shutil.rmtree(kept, ignore_errors=True)
        after = lasts * (number + draws.random()) / kills  # one in each part of the time, so that every step has some
        code = child(whole_pipeline, seconds=after)
        assert code in {None, 0}, code
        assert child(lambda: see({})) == 0, f"kill {number} after {after:.1f} s: what can be seen is not whole"
        assert child(whole_pipeline) == 0, f"kill {number} after {after:.1f} s: the next run failed"
        assert child(lambda: (see({}), nothing_left(temporary))) == 0, f"kill {number} after {after:.1f} s: something is left"
        print(f"kill {number + 1} of {kills}, after {after:.1f} of {lasts:.1f} s: well", flush=True)


def main() -> None:
    """Run what was asked for."""
    import mlflow.pyfunc  # noqa: F401  (imported before the forks, used after them)

    import relkit.reports.engine
    import relkit.running
    import relkit.tracking.registry  # noqa: F401

    asked = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    asked.add_argument("--every", type=int, default=1, help="1 for every point of publication, 2 for every second one, 0 for none")
    asked.add_argument("--last", default="", help="the step after which to stop")
    asked.add_argument("--random", type=int, default=30, help="number of random kills")
    asked.add_argument("--seed", type=int, default=1)
    asked.add_argument("--customers", type=int, default=300)
    given = asked.parse_args()
    began = time.monotonic()
    with tempfile.TemporaryDirectory() as place:
        folder, temporary = Path(place, "work"), Path(place, "tmp")
        folder.mkdir()
        temporary.mkdir()
        os.environ.pop("MLFLOW_TRACKING_URI", None)
        os.environ["TMPDIR"] = tempfile.tempdir = str(temporary)
        os.chdir(folder)
        assert child(lambda: prepare(folder, given.customers)) == 0
        points = at_every_point(temporary, given.every, given.last) if given.every else Counter()
        if given.random:
            at_random(temporary, given.random, given.seed)
        os.chdir("/")
    print(f"{sum(points.values())} points and {given.random} random kills, all well, in {(time.monotonic() - began) / 60:.1f} minutes")


if __name__ == "__main__":
    main()
