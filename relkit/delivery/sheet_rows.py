"""Rows of a sheet written as whole texts: cell by cell, a workbook would cost more than the rest of a delivery.

XlsxWriter converts and writes each cell. Here a column is converted to texts at once and a batch of rows is written as one,
with the same elements, into the file that XlsxWriter keeps for a sheet in constant memory.
"""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any

import polars as pl

if TYPE_CHECKING:
    from collections.abc import Sequence

_FIRST_DAY = date(1899, 12, 30)
"""Day 0 of a spreadsheet."""


def write_rows(sheet: Any, frame: pl.DataFrame, first: int, formats: Sequence[Any]) -> None:
    """Write a frame below the rows already in the sheet.

    Args:
        sheet: an xlsxwriter worksheet of a workbook in constant memory; rows above `first` are already written.
        frame: text, numbers, dates and booleans; nulls are empty cells.
        first: number of the first row, from 0.
        formats: of the cells, one per column.
    """
    from xlsxwriter.utility import xl_col_to_name

    if frame.is_empty():
        return
    last, width = first + len(frame) - 1, frame.width
    for row in (first, last):
        sheet._check_dimensions(row, width - 1)  # noqa: SLF001  the sheet's extent, which it writes itself
    sheet._write_single_row(last)  # noqa: SLF001  what the sheet still buffers of the row before comes first
    numbers = pl.int_range(first + 1, first + len(frame) + 1, eager=True, dtype=pl.Int64).cast(pl.String).alias("")
    cells = [
        _cells(sheet, frame[name], numbers, xl_col_to_name(at), form._get_xf_index())  # noqa: SLF001  the number under which the format is written
        for at, (name, form) in enumerate(zip(frame.columns, formats, strict=True))
    ]
    named = pl.DataFrame([series.alias(str(at)) for at, series in enumerate(cells)])
    rows = named.select(pl.concat_str(pl.all(), ignore_nulls=True)).to_series()
    written = pl.DataFrame({"number": numbers, "cells": rows}).select(pl.format('<row r="{}">{}</row>', "number", "cells").str.join(""))
    sheet.fh.write(written.item())


def _cells(sheet: Any, values: pl.Series, rows: pl.Series, letters: str, look: int) -> pl.Series:
    """Return the elements of a column's cells; null if a cell is empty."""
    kind, inner = _content(sheet, values)
    start = f'<c r="{letters}'
    return (
        pl.DataFrame([rows.alias("row"), inner.alias("inner")])
        .select(pl.concat_str(pl.lit(start), "row", pl.lit(f'" s="{look}"{kind}>'), "inner", pl.lit("</c>")))
        .to_series()
    )


def _content(sheet: Any, values: pl.Series) -> tuple[str, pl.Series]:
    """Return the type of a column's cells, as an attribute, and the content of each."""
    if values.dtype == pl.String:
        return ' t="inlineStr"', _texts(sheet, values)
    kind = ' t="b"' if values.dtype == pl.Boolean else ""
    plain = (values - pl.Series([_FIRST_DAY])).dt.total_days() if values.dtype == pl.Date else values
    plain = plain.cast(pl.Int8) if plain.dtype == pl.Boolean else plain
    return kind, plain.alias("v").to_frame().select(pl.format("<v>{}</v>", pl.col("v").cast(pl.String))).to_series()


def _texts(sheet: Any, values: pl.Series) -> pl.Series:
    """Return the element of each text; each distinct text is escaped once."""
    different = values.drop_nulls().unique()
    elements = pl.Series("element", [_element(sheet, text) for text in different], dtype=pl.String)
    return (
        values.alias("text")
        .to_frame()
        .join(pl.DataFrame([different.alias("text"), elements]), on="text", how="left", maintain_order="left")["element"]
    )


def _element(sheet: Any, text: str) -> str:
    escaped = sheet._escape_data(sheet._escape_control_characters(text))  # noqa: SLF001  as the library writes it
    kept = ' xml:space="preserve"' if text[:1].isspace() or text[-1:].isspace() else ""
    return f"<is><t{kept}>{escaped}</t></is>"
