"""Frames cached between steps and commands: made once for the same tables, as-of and version of relkit.

    out/default/kept/3f0c9a1b52d47e88/purchase_days-9b1d7c402ae6-5c41a0fe.arrow

The folder is named after the facts of the tables (they include every table's checksum and the mapping's declarations), the customers
read if they are not all, and the version of relkit, the file after its content, its as-of instants and a checksum of its own bytes. A
file is written whole or not at all, so any number of processes may make the same one; one whose bytes do not match its checksum is made
again. Files unused for an hour that belong to other tables are removed on a write, and of the present ones the least recently used
beyond `MOST_FILES`. A frame is kept in the form of memory (Arrow IPC), which costs a fifth of the time of Parquet in three times the
space.

Nothing depends on the cache: an unwritable folder keeps nothing, and `relkit clean` removes it.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import time
import zlib
from collections import OrderedDict
from contextlib import suppress
from dataclasses import asdict
from threading import Lock
from typing import TYPE_CHECKING
from uuid import uuid4

import polars as pl

from relkit import __version__

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from relkit.periods import AsOf
    from relkit.tables.table_set import TableSet

FOLDER = "kept"
MOST_FILES = 64
"""Most files kept of one company's tables."""
MOST_BYTES = 256 << 20
"""Largest total size of the frames held in memory; a larger one is read again, and displaces none."""
UNUSED_SECONDS = 3_600.0
_FORM = ".arrow"
_CHUNK = 1 << 22


def kept(tables: TableSet, name: str, make: Callable[[], pl.DataFrame], *edges: AsOf) -> pl.DataFrame:
    """Return the frame that `make` returns, made only if it is neither in memory nor in the folder.

    Args:
        tables: the company; tables without checksums are read each time.
        name: of the content, a word for file names; different content needs a different name.
        make: makes the frame from these tables and cutoffs alone.
        edges: the as-of cutoffs on which the frame depends.
    """
    place = place_of(tables)
    if place is None:
        return make()
    stem = _stem(name, edges)
    held = _MEMORY.get(place / stem)
    if held is not None:
        return held
    found = _read(place, stem)
    if found is None:
        found = make()
        _write(found, place, stem)
    _MEMORY.hold(place / stem, found)
    return found


def kept_scan(tables: TableSet, name: str, make: Callable[[], pl.DataFrame], *edges: AsOf) -> pl.LazyFrame:
    """Return the same lazily, for frames that are read a part at a time; arguments as for `kept`."""
    place = place_of(tables)
    if place is None:
        return make().lazy()
    stem = _stem(name, edges)
    if (path := _sound(place, stem)) is not None:
        return pl.scan_ipc(path)
    made = make()
    path = _write(made, place, stem)
    return made.lazy() if path is None else pl.scan_ipc(path)


def place_of(tables: TableSet) -> Path | None:
    """Return the cache folder of some tables; None if the facts lack the checksum of a table."""
    facts = tables.facts
    if not facts.fingerprints or any(not facts.fingerprints.get(name) for name in facts.rows):
        return None
    read = [] if tables.only is None else [tables.only]
    text = json.dumps([__version__, asdict(facts), *read], default=str, sort_keys=True)
    return tables.folder.resolve().parent / FOLDER / hashlib.sha256(text.encode()).hexdigest()[:16]


def forget(out: Path) -> int:
    """Remove everything kept under an output folder and return its size in bytes."""
    _MEMORY.clear()
    folder = out / FOLDER
    size = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
    shutil.rmtree(folder, ignore_errors=True)
    return size


def _stem(name: str, edges: Sequence[AsOf]) -> str:
    text = "|".join(f"{edge.day} {edge.cutoff.isoformat()} {edge.zone}" for edge in edges)
    return f"{name}-{hashlib.sha256(text.encode()).hexdigest()[:12]}"


def _read(place: Path, stem: str) -> pl.DataFrame | None:
    """Return a frame from its file; None if there is no intact one."""
    path = _sound(place, stem)
    if path is None:
        return None
    try:
        return pl.read_ipc(path)
    except (OSError, pl.exceptions.PolarsError):  # another process has removed it meanwhile
        return None


def _sound(place: Path, stem: str) -> Path | None:
    """Return the file of a stem whose bytes match the checksum in its name; damaged ones are removed."""
    for path in sorted(place.glob(f"{stem}-*{_FORM}")):
        with suppress(OSError):
            status = path.stat()
            seen = (path, status.st_size, status.st_mtime_ns)
            if seen not in _VERIFIED and f"{_checksum(path):08x}" != path.stem.rpartition("-")[2]:
                path.unlink()
                continue
            path.touch()  # the least recently used file goes first
            status = path.stat()
            _VERIFIED.discard(seen)
            _VERIFIED.add((path, status.st_size, status.st_mtime_ns))
            return path
    return None


def _checksum(path: Path) -> int:
    value = 0
    with path.open("rb") as stream:
        while chunk := stream.read(_CHUNK):
            value = zlib.crc32(chunk, value)
    return value


def _write(frame: pl.DataFrame, place: Path, stem: str) -> Path | None:
    """Write a frame to the folder and return the file; None if the folder is not writable."""
    draft = place / f".{uuid4().hex}.draft"
    try:
        place.mkdir(parents=True, exist_ok=True)
        frame.write_ipc(draft)
        path = place / f"{stem}-{_checksum(draft):08x}{_FORM}"
        draft.replace(path)
        status = path.stat()
        _VERIFIED.add((path, status.st_size, status.st_mtime_ns))
        _tidy(place)
    except OSError:
        with suppress(OSError):
            draft.unlink(missing_ok=True)
        return None
    return path


def _tidy(place: Path) -> None:
    """Remove files of other tables, drafts of processes that were stopped, and the least recently used files."""
    now = time.time()
    for other in place.parent.iterdir():
        if other != place and now - _last_used(other) > UNUSED_SECONDS:
            shutil.rmtree(other, ignore_errors=True)
    files = sorted((path for path in place.iterdir() if path.suffix != ".draft"), key=_modified, reverse=True)
    drafts = [path for path in place.glob(".*.draft") if now - _modified(path) > UNUSED_SECONDS]
    for path in [*files[MOST_FILES:], *drafts]:
        with suppress(OSError):
            path.unlink()


def _last_used(folder: Path) -> float:
    return max((_modified(path) for path in (folder, *folder.glob("*"))), default=0.0)


def _modified(path: Path) -> float:
    try:
        return path.stat().st_mtime
    except OSError:  # another process has removed it
        return 0.0


_VERIFIED: set[tuple[Path, int, int]] = set()
"""Files whose bytes this process has compared with their checksum: path, size, time."""


class _Memory:
    """The frames last used, up to `MOST_BYTES` in all."""

    def __init__(self) -> None:
        self._frames: OrderedDict[Path, pl.DataFrame] = OrderedDict()
        self._lock = Lock()

    def get(self, key: Path) -> pl.DataFrame | None:
        with self._lock:
            if key in self._frames:
                self._frames.move_to_end(key)
            return self._frames.get(key)

    def hold(self, key: Path, frame: pl.DataFrame) -> None:
        if frame.estimated_size() > MOST_BYTES:
            return
        with self._lock:
            self._frames[key] = frame
            while self._frames and sum(int(held.estimated_size()) for held in self._frames.values()) > MOST_BYTES:
                self._frames.popitem(last=False)

    def clear(self) -> None:
        with self._lock:
            self._frames.clear()


_MEMORY = _Memory()
