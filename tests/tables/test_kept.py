"""Frames kept between steps and commands: made once, never stale, whatever happens to their files."""

from __future__ import annotations

import json
import multiprocessing
import os
import time
from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING

import polars as pl
import pytest

import relkit.tables.kept as keeping
from relkit.periods import AsOf
from relkit.tables.kept import FOLDER, forget, kept, kept_scan, place_of
from relkit.tables.table_set import TableFacts, TableSet

if TYPE_CHECKING:
    from pathlib import Path

DAY = AsOf.parse("2025-06-30", zone="Europe/Paris")
FACTS = TableFacts(rows={"stores": 1}, fingerprints={"stores": "aa"})


@pytest.fixture
def tables(tmp_path: Path) -> TableSet:
    return TableSet(tmp_path / "tables", FACTS)


@pytest.fixture(autouse=True)
def forgotten() -> None:
    keeping._MEMORY.clear()


class Maker:
    """Makes another frame on each call."""

    def __init__(self) -> None:
        self.times = 0

    def __call__(self) -> pl.DataFrame:
        self.times += 1
        return pl.DataFrame({"time": [self.times]})


def time_of(tables: TableSet, make: Maker, *edges: AsOf, name: str = "days", anew: bool = True) -> int:
    """Return the number of the frame that another process would read."""
    if anew:
        keeping._MEMORY.clear()
    return int(kept(tables, name, make, *edges).item())


def test_a_frame_is_made_once_for_all_processes_and_within_one(tables: TableSet) -> None:
    make = Maker()
    assert [time_of(tables, make, DAY, anew=anew) for anew in (True, False, True)] == [1, 1, 1]
    assert [kept_scan(tables, "lines", make).collect().item() for _ in range(2)] == [2, 2]
    assert make.times == 2


@pytest.mark.parametrize(
    "other",
    [
        replace(FACTS, fingerprints={"stores": "bb"}),
        replace(FACTS, business_zone="Europe/Paris"),
        replace(FACTS, history_starts_on=date(2024, 1, 1)),
        replace(FACTS, attributes={"tenure": {"role": "tenure"}}),
    ],
    ids=["tables", "zone", "history", "mapping"],
)
def test_other_tables_and_another_mapping_make_it_again(tables: TableSet, other: TableFacts) -> None:
    make = Maker()
    assert time_of(tables, make, DAY) == 1
    assert time_of(TableSet(tables.folder, other), make, DAY) == 2
    assert time_of(tables, make, DAY) == 1


def test_another_instant_of_the_same_day_makes_it_again(tables: TableSet) -> None:
    make = Maker()
    edges = [AsOf.parse(text, zone="Europe/Paris") for text in ("2025-06-30", "2025-06-30T12:00", "2025-06-29")]
    assert [time_of(tables, make, edge) for edge in edges] == [1, 2, 3]
    assert time_of(tables, make, edges[0], edges[2]) == 4
    assert [time_of(tables, make, edge) for edge in edges] == [1, 2, 3]


def test_another_version_of_relkit_makes_it_again(tables: TableSet, monkeypatch: pytest.MonkeyPatch) -> None:
    make = Maker()
    assert time_of(tables, make, DAY) == 1
    monkeypatch.setattr(keeping, "__version__", "0.0.0")
    assert time_of(tables, make, DAY) == 2


@pytest.mark.parametrize("damage", [b"", b"PAR1 half", None], ids=["empty", "half", "one bit"])
def test_a_damaged_file_is_made_again(tables: TableSet, damage: bytes | None) -> None:
    make = Maker()
    time_of(tables, make, DAY)
    place = place_of(tables)
    assert place is not None
    (path,) = place.iterdir()
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(bytes(content) if damage is None else damage)
    assert time_of(tables, make, DAY) == 2
    assert time_of(tables, make, DAY) == 2


def test_tables_without_checksums_are_read_each_time(tables: TableSet) -> None:
    make, unknown = Maker(), TableSet(tables.folder, replace(FACTS, fingerprints={}))
    assert [time_of(unknown, make, DAY) for _ in range(2)] == [1, 2]
    assert not (tables.folder.parent / FOLDER).exists()


def test_a_folder_that_cannot_be_written_keeps_nothing(tables: TableSet) -> None:
    (tables.folder.parent / FOLDER).write_text("a file where the folder would be")
    make = Maker()
    assert [time_of(tables, make, DAY) for _ in range(2)] == [1, 2]
    assert kept_scan(tables, "lines", make).collect().item() == 3


def test_what_other_tables_left_goes_when_nobody_used_it_for_an_hour(tables: TableSet) -> None:
    old = TableSet(tables.folder, replace(FACTS, fingerprints={"stores": "old"}))
    time_of(old, Maker(), DAY)
    place = place_of(old)
    assert place is not None
    time_of(tables, Maker(), DAY)
    assert place.is_dir()
    for path in (*place.iterdir(), place):
        os.utime(path, (time.time() - 7200, time.time() - 7200))
    time_of(tables, Maker(), DAY, name="other")
    assert not place.exists()


def test_of_many_the_least_recently_used_goes(tables: TableSet, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keeping, "MOST_FILES", 2)
    make, place = Maker(), place_of(tables)
    assert place is not None
    for number, name in enumerate(("a", "b", "c")):
        time_of(tables, make, DAY, name=name)
        for path in place.glob(f"{name}-*"):
            os.utime(path, (1000 + number, 1000 + number))
    assert sorted(path.name[0] for path in place.iterdir()) == ["b", "c"]


def test_memory_holds_frames_up_to_a_size(tables: TableSet, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keeping, "MOST_BYTES", 12)
    make = Maker()
    for name in ("a", "b"):
        time_of(tables, make, DAY, name=name, anew=False)
    assert len(keeping._MEMORY._frames) == 1


def test_a_frame_too_large_for_the_memory_displaces_no_other(tables: TableSet, monkeypatch: pytest.MonkeyPatch) -> None:
    make = Maker()
    time_of(tables, make, DAY, name="small", anew=False)
    (held,) = keeping._MEMORY._frames
    monkeypatch.setattr(keeping, "MOST_BYTES", keeping._MEMORY._frames[held].estimated_size())
    kept(tables, "large", lambda: pl.DataFrame({"time": range(100)}), DAY)
    assert list(keeping._MEMORY._frames) == [held]


def test_clean_forgets_all_and_counts_it(tables: TableSet) -> None:
    make = Maker()
    time_of(tables, make, DAY)
    assert forget(tables.folder.parent) > 0
    assert forget(tables.folder.parent) == 0
    assert time_of(tables, make, DAY, anew=False) == 2


def _write_many(folder: Path, facts: str, results: Path) -> None:
    tables = TableSet(folder, TableFacts(**json.loads(facts)))
    for _ in range(20):
        keeping._MEMORY.clear()
        found = kept(tables, "days", lambda: pl.DataFrame({"n": range(20_000)}), DAY)["n"].sum()
        results.write_text(str(found))


def test_processes_may_make_the_same_frame_at_once(tables: TableSet, tmp_path: Path) -> None:
    facts = json.dumps({"rows": FACTS.rows, "fingerprints": FACTS.fingerprints})
    spawned = multiprocessing.get_context("spawn")
    running = [spawned.Process(target=_write_many, args=(tables.folder, facts, tmp_path / f"{n}.txt")) for n in range(2)]
    for process in running:
        process.start()
    for process in running:
        process.join(60)
    assert [process.exitcode for process in running] == [0, 0]
    assert [(tmp_path / f"{n}.txt").read_text() for n in range(2)] == [str(sum(range(20_000)))] * 2
    place = place_of(tables)
    assert place is not None
    assert [path.suffix for path in place.iterdir()] == [".arrow"]
