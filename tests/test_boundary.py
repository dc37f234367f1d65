"""The boundary: what is lacking is named whichever library met it, and a fault of ours keeps its trace."""

from __future__ import annotations

import os
import signal
import sqlite3
from typing import TYPE_CHECKING

import numpy as np
import polars as pl
import pytest

from relkit.boundary import Terminated, end_cleanly_on_termination, refusal
from relkit.errors import MissingPackageError, RelkitError, ResourceError, StorageError, TableError, UnforeseenError

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize(
    ("error", "kind", "message"),
    [
        (OSError(28, "No space left on device", "out/x.parquet"), ResourceError, "^out/x.parquet: the disk is full. Make room"),
        (pl.exceptions.ComputeError("No space left on device (os error 28): out/x.parquet"), ResourceError, "^check: the disk is full"),
        (sqlite3.OperationalError("database or disk is full"), ResourceError, "the disk is full"),
        (sqlite3.DatabaseError("database disk image is malformed"), StorageError, "the database is damaged"),
        (sqlite3.DatabaseError("file is not a database"), StorageError, "the database is damaged. Put a copy"),
        (sqlite3.OperationalError("database is locked"), ResourceError, "locked by another program. Close what has it open"),
        (sqlite3.OperationalError("attempt to write a readonly database"), ResourceError, "cannot be written or opened"),
        (MemoryError(), ResourceError, "^check: memory ran out"),
        (np._core._exceptions._ArrayMemoryError((10**12,), np.dtype("f8")), ResourceError, "memory ran out"),
        (PermissionError(13, "Permission denied", "out"), ResourceError, "^out: Permission denied. Check the path, the rights"),
        (OSError("cannot read"), ResourceError, "^check: cannot read. Check the path"),
        (ModuleNotFoundError("No module named 'psycopg2'", name="psycopg2"), MissingPackageError, "psycopg2 is not installed.*pip install"),
    ],
)
def test_what_is_lacking_is_named(error: Exception, kind: type[RelkitError], message: str) -> None:
    """By its class, or by the words of the library that met it first."""
    found = refusal(error, where="check")
    assert type(found) is kind
    with pytest.raises(kind, match=message):
        raise found


def test_what_lies_behind_an_error_counts() -> None:
    """MLflow and SQLAlchemy wrap the errors of the store."""
    outer = RuntimeError("could not log the run")
    outer.__cause__ = ValueError("wrapped")
    outer.__cause__.__context__ = sqlite3.DatabaseError("file is not a database")
    assert isinstance(refusal(outer, where="fit"), StorageError)
    outer.__cause__.__context__ = outer
    assert isinstance(refusal(outer, where="fit"), UnforeseenError)


def test_an_error_of_ours_passes_as_it_is() -> None:
    """It has its place and remedy already."""
    ours = TableError("there is no row.", where="x.csv")
    assert refusal(ours, where="check") is ours


def test_a_full_disk_that_was_taken_for_a_fault_of_a_file_is_named() -> None:
    """Polars reports both as a fault of the Parquet file that it writes."""
    cause = pl.exceptions.ComputeError("parquet: File out of specification: underlying IO error: No space left on device (os error 28)")
    for met in (TableError(f"the rows cannot be read: {cause}."), TableError("the rows cannot be read.")):
        met.__cause__ = cause
        assert str(refusal(met, where="check")).startswith("check: the disk is full.")


class Panic(BaseException):
    """Stands in for the panic of a compiled library, which is no Exception."""


@pytest.mark.parametrize(
    "error", [Panic("out-of-range date"), RecursionError("maximum recursion depth exceeded"), OverflowError("too large")]
)
def test_a_fault_keeps_its_trace(error: BaseException, tmp_path: Path) -> None:
    """In the named file, without the secrets of addresses."""
    error.add_note("while reading postgresql://shop:s3cret@db/sales")
    found = refusal(error, where="check", log=tmp_path / "runs" / "check.log")
    assert str(found) == f"check: it broke down, {type(error).__name__}: {error}. The trace is in {tmp_path / 'runs' / 'check.log'}."
    kept = (tmp_path / "runs" / "check.log").read_text()
    assert type(error).__name__ in kept
    assert "s3cret" not in kept


def test_a_trace_that_cannot_be_kept_is_no_second_fault(tmp_path: Path) -> None:
    """A file stands where its folder should be."""
    (tmp_path / "runs").touch()
    found = refusal(KeyError("x"), where="check", log=tmp_path / "runs" / "check.log")
    with pytest.raises(UnforeseenError, match=r"broke down, KeyError.*The trace could not be kept"):
        raise found


def test_termination_unwinds_the_program() -> None:
    """As an interrupt from the keyboard does."""
    before = signal.getsignal(signal.SIGTERM)
    try:
        end_cleanly_on_termination()
        with pytest.raises(Terminated):
            os.kill(os.getpid(), signal.SIGTERM)
    finally:
        signal.signal(signal.SIGTERM, before)
