"""Cases of tables: a company's files with an accident or two, checked, and each row accounted for."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from random import Random
from typing import TYPE_CHECKING

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
    ran = run(["check", str(data), "--out", str(folder / "out"), "--max-quarantine-share", share], folder / "out")
    return [*faults(ran), *accounts(ran, counted, sums)]


def write(path: Path, rows: Rows, rng: Random, *, mutated: bool) -> tuple[int | None, float | None]:
    """Write a table after its accidents; return its rows and its sum of net_amount, None where bytes were changed."""
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
    plain = all(cell.is_finite() and cell.as_tuple().exponent == -2 for cell in cells)  # noqa: PLR2004
    return float(sum(cells)) if plain else None
