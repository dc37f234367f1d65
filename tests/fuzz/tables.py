"""Cases of tables: a company's files with an accident or two, checked, and each row accounted for."""

from __future__ import annotations

import gzip
import json
import re
import zlib
from contextlib import suppress
from decimal import Decimal, InvalidOperation
from random import Random
from typing import TYPE_CHECKING

from tables import accounted_lines

from fuzz import files, mutations
from fuzz.company import tables
from fuzz.oracle import accounts, faults
from fuzz.run import run

if TYPE_CHECKING:
    from pathlib import Path

    from fuzz.company import Rows


def case(seed: int, folder: Path) -> list[str]:
    """Write, check and judge one company; return the faults."""
    rng = Random(f"tables {seed}")
    data = folder / "data"
    data.mkdir()
    counted, sums = {}, {}
    for number, (name, rows) in enumerate(tables(rng).items()):
        known, meant = write(data / name, rows, rng, mutated=number == 0 or rng.random() < 0.5)
        counted[name], sums[name] = known, meant
    share = rng.choice(["1", "1", "1", "0.05"])
    out = folder / "out"
    words = ["check", str(data), "--out", str(out), "--max-quarantine-share", share]
    ran = run(words, out, parameters={"data": data, "out": out, "max_quarantine_share": share} if seed % 10 else None)
    return [*faults(ran), *accounts(ran, counted, sums), *(_lines(data, out) if ran.code != 2 else ())]


def _lines(data: Path, out: Path) -> list[str]:
    """Return the differences between the lines of the text files and the account of the check."""
    if not (out / "tables" / "check.json").is_file():
        return []
    known = json.loads((out / "tables" / "check.json").read_text("utf-8"))["counts"]["sources"]
    texts = {path.name.partition(".")[0]: [path] for path in data.iterdir() if ".csv" in path.name and not _is_utf_32(path)}
    found = accounted_lines.unaccounted(out, {name: paths for name, paths in texts.items() if name in known})
    return [f"silent loss: {problem}" for problem in found if not _is_beyond_money(problem)]


def _is_utf_32(path: Path) -> bool:
    """Return whether a file begins like UTF-32, which the account of lines would take for UTF-16."""
    head = path.read_bytes()
    with suppress(OSError, EOFError, zlib.error):
        head = gzip.decompress(head) if path.suffix == ".gz" else head
    return head[2:4] == b"\0\0"


def _is_beyond_money(problem: str) -> bool:
    """Return whether a sum differs by what no money can be: it is quarantined, and left out of the sums reported."""
    beyond = re.search(r" read, (\S+) in the files", problem)
    return beyond is not None and not abs(float(beyond[1])) < 1e12


def write(path: Path, rows: Rows, rng: Random, *, mutated: bool) -> tuple[int | None, float | None]:
    """Write a table after its accidents; return its rows and its sum of net_amount, None if bytes were changed."""
    form = rng.choices(["csv", "parquet", "xlsx"], [70, 18, 12])[0]
    by_bytes = mutated and form == "csv" and rng.random() < 0.4
    for _ in range(rng.choice([1, 1, 2, 3]) if mutated and not by_bytes else 0):
        rng.choice([mutations.cells, mutations.cells, mutations.forms, *mutations.STRUCTURE])(rows, rng)
        if not rows[0]:  # the last column was dropped
            rows[0]["transaction_id"] = "1"
    if form == "parquet":
        files.write_parquet(path, rows, rng, strange=mutated)
        return len(rows), None
    if form == "xlsx":
        files.write_workbook(path, rows, rng)
        return None, None
    data = files.csv_bytes(rows)
    if by_bytes:
        data = mutations.mutated_bytes(data, rng)
    files.write_csv(path, data, rng)
    return (None, None) if by_bytes else (_countable(rows), _sum(rows))


def _countable(rows: Rows) -> int | None:
    """Return the number of rows, unless a blank one or a line break makes it a matter of opinion."""
    odd = any(mark in cell for row in rows for cell in (*row, *row.values()) for mark in '\n\r"\0\u2028')
    return None if odd or any(not any(cell.strip() for cell in row.values()) for row in rows) else len(rows)


def _sum(rows: Rows) -> float | None:
    """Return the sum of net_amount if every cell of it is a plain number with two decimals."""
    try:
        cells = [Decimal(row["net_amount"]) for row in rows]
    except (KeyError, InvalidOperation):
        return None
    plain = all(cell.is_finite() and cell.as_tuple().exponent == -2 for cell in cells)
    return float(sum(cells)) if plain else None
