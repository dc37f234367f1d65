"""Files of a list that people read: Parquet, CSV and XLSX with the same rows, and a JSON file with the facts about it.

All four are written next to their places first and then put there, so that a run that is stopped while it writes leaves the files of the
last one. A French list has a French CSV (semicolon, decimal comma, headers and cells in French). Cells that a spreadsheet would take for a
formula are escaped, ids included: Parquet has them as they are.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import polars as pl

from relkit.delivery.customer_files import in_words
from relkit.delivery.text_safety import escaped, escaped_text
from relkit.delivery.written_files import CREATED, write_sheet
from relkit.json_text import json_text
from relkit.replaced_folders import drafted, put_in_place

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from relkit.file_column import FileColumn
    from relkit.texts import Language, Text


def write_list(
    rows: pl.DataFrame,
    columns: Sequence[FileColumn],
    folder: Path,
    stem: str,
    *,
    title: Text,
    language: Language,
    facts: Mapping[str, Any],
) -> dict[str, Path]:
    """Write a list in all formats and return the files by kind.

    Args:
        rows: the columns to write, in the order of the list.
        columns: their declarations.
        folder: created if missing.
        stem: of the files' names.
        title: of the sheet.
        language: of headers and words.
        facts: what the list rests on, written as JSON.
    """
    frame = rows.select(_delivered(column) for column in columns)
    safe, _ = escaped(in_words(frame, columns, language))
    paths = {kind: folder / f"{stem}.{kind}" for kind in ("parquet", "csv", "xlsx", "json")}
    with drafted(folder) as draft:
        drafts = {kind: draft / path.name for kind, path in paths.items()}
        frame.write_parquet(drafts["parquet"], compression="zstd")
        _write_csv(frame, safe, columns, drafts["csv"], language)
        _write_xlsx(safe, columns, drafts["xlsx"], language, title)
        drafts["json"].write_text(json_text(dict(facts), indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
        put_in_place(draft, *(path.name for path in paths.values()))
    return paths


def _delivered(column: FileColumn) -> pl.Expr:
    value = pl.col(column.name).cast(column.dtype)
    return value if column.decimals is None else value.round(column.decimals) + 0.0


def _write_csv(frame: pl.DataFrame, worded: pl.DataFrame, columns: Sequence[FileColumn], path: Path, language: Language) -> None:
    if language == "fr":
        headers = {c.name: escaped_text(c.label["fr"]) for c in columns}
        worded.rename(headers).write_csv(path, include_bom=True, separator=";", decimal_comma=True, line_terminator="\r\n")
    else:
        escaped(frame)[0].write_csv(path, line_terminator="\r\n")


def _write_xlsx(frame: pl.DataFrame, columns: Sequence[FileColumn], path: Path, language: Language, title: Text) -> None:
    import xlsxwriter

    options = {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    book = xlsxwriter.Workbook(str(path), {**options, "tmpdir": str(path.parent)})
    book.set_properties({"created": CREATED, "author": "relkit", "title": title[language]})
    write_sheet(book, title[language], frame, columns, language)
    book.close()
