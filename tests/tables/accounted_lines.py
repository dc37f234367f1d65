"""An account of lines from outside: what a check says it read, kept and put aside, against the bytes of the files.

    unaccounted(out, {"transactions": [folder / "transactions.csv"]})      # [] if no line and no cent is missing

Lines are counted by Python's csv module, tables and quarantine by their files: nothing of relkit is asked but its results.
"""

from __future__ import annotations

import csv
import gzip
import json
from typing import TYPE_CHECKING, Any

import polars as pl

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

_ENDINGS = (".csv", ".tsv", ".txt", ".dat", ".gz")


def lines_of(path: Path, *, delimiter: str = ",", quote: str | None = '"') -> int | None:
    """Return the number of records of a text, blank ones and the header included; None if its quotes leave that open.

    Args:
        path: plain or gzipped, in any encoding of which a line end is the byte 10 or 13.
        delimiter: between fields.
        quote: the quote character, None if quotes have no meaning.
    """
    raw = path.read_bytes()
    data = gzip.decompress(raw) if raw.startswith(b"\x1f\x8b") else raw
    text = data.decode(_encoding(data), errors="replace").replace("\r\n", "\n").lstrip("\ufeff").removeprefix("\u00ef\u00bb\u00bf")
    if text.count("\r") > text.count("\n"):
        text = text.replace("\r", "\n")
    if quote is None or quote not in text:
        return text.count("\n") + bool(text and not text.endswith("\n"))
    try:
        csv.field_size_limit(1 << 30)
        return sum(1 for _ in csv.reader(text.splitlines(keepends=True), delimiter=delimiter, quotechar=quote, strict=True))
    except csv.Error:
        return None


def _encoding(data: bytes) -> str:
    marks = {b"\xff\xfe\0\0": "utf-32", b"\0\0\xfe\xff": "utf-32", b"\xff\xfe": "utf-16", b"\xfe\xff": "utf-16"}
    marked = next((name for mark, name in marks.items() if data.startswith(mark)), None)
    odd, even = (3 * data[first::2].count(0) > len(data) // 2 for first in (1, 0))
    return marked or ("latin-1" if odd == even else "utf-16-le" if odd else "utf-16-be")


def unaccounted(out: Path, files: Mapping[str, Sequence[Path]], *, delimiter: str = ",", quote: str | None = '"') -> list[str]:
    """Return a sentence for each source, table and sum of money that does not add up.

    Args:
        out: output folder of the check.
        files: by source; those that are no text are left out of the count of lines.
        delimiter: of the texts.
        quote: of the texts.
    """
    check = json.loads((out / "tables" / "check.json").read_text(encoding="utf-8"))
    found = [problem for name, paths in files.items() if (problem := _lines_lost(check, name, paths, delimiter, quote))]
    for table, report in check["tables"].items():
        found += _rows_lost(out, table, report, check["counts"]["tables"].get(table))
        found += _cents_lost(out, table, report)
    return found


def _lines_lost(check: dict[str, Any], name: str, paths: Sequence[Path], delimiter: str, quote: str | None) -> str:
    counts = check["counts"]["sources"].get(name)
    if counts is None:
        return f"{name}: not among the sources"
    lines = [lines_of(path, delimiter=delimiter, quote=quote) for path in paths if path.suffix.lower() in _ENDINGS]
    if not lines or None in lines:
        return ""
    told = counts["lines_before"] + counts["rows"] + counts["blank_lines"]
    read = sum(line or 0 for line in lines)
    return f"{name}: {read} lines in, {told} accounted for: {counts}" if read != told else ""


def _rows_lost(out: Path, table: str, report: dict[str, Any], counts: dict[str, int] | None) -> list[str]:
    kept, faulty = _height(out / "tables" / f"{table}.parquet"), _height(out / "quarantine" / f"{table}.parquet")
    found = []
    if (kept, faulty) != (report["rows_kept"], report["rows_quarantined"]):
        found.append(f"{table}: {kept} and {faulty} rows in the files, {report['rows_kept']} and {report['rows_quarantined']} reported")
    if kept + faulty != report["rows_read"]:
        found.append(f"{table}: {report['rows_read']} rows read, {kept} kept and {faulty} in quarantine")
    if counts is not None and counts["rows"] != report["rows_read"]:
        found.append(f"{table}: {counts['rows']} rows left the sources, {report['rows_read']} were read")
    return found


def _cents_lost(out: Path, table: str, report: dict[str, Any]) -> list[str]:
    found = []
    for column, sums in report["sums"].items():
        total = sum(_sum(out / place / f"{table}.parquet", column) for place in ("tables", "quarantine"))
        if abs(total - sums["read"]) >= 0.005 or not sums["balanced"]:
            found.append(f"{table}.{column}: {sums['read']} read, {total} in the files")
    return found


def _height(path: Path) -> int:
    return int(pl.scan_parquet(path).select(pl.len()).collect().item()) if path.is_file() else 0


def _sum(path: Path, column: str) -> float:
    if not path.is_file():
        return 0.0
    values = pl.read_parquet(path, columns=[column])[column]
    return float(values.filter(values.is_finite()).sum())
