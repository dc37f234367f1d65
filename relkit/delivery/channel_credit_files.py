"""Files of the credit of channels in a delivery: Parquet and plain CSV with technical names, French CSV and a workbook in words."""

from __future__ import annotations

from typing import TYPE_CHECKING

from relkit.delivery.channel_credit import VIEW
from relkit.delivery.customer_files import in_words
from relkit.delivery.text_safety import escaped, escaped_text
from relkit.delivery.written_files import CREATED, CSV_STYLES, SHEETS, write_dictionary_sheet, write_sheet
from relkit.texts import Text, in_language

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    import polars as pl

    from relkit.delivery.channel_credit import ChannelCredit
    from relkit.file_column import FileColumn
    from relkit.texts import Language

PARQUET, PLAIN_CSV, FRENCH_CSV, WORKBOOK = f"{VIEW}.parquet", f"{VIEW}.csv", f"{VIEW}_fr.csv", f"{VIEW}.xlsx"
CREDIT_SHEETS = (Text("Credit of channels", "Crédit des canaux"), Text("Totals", "Totaux"))


def write_credit(credit: ChannelCredit, folder: Path) -> dict[str, dict[str, int]]:
    """Write all files but the workbook; return the cells that got an apostrophe, by file and column."""
    credit.frame.write_parquet(folder / PARQUET, compression="zstd", compression_level=3, statistics=True)
    safe, counts = escaped(credit.frame)
    safe.write_csv(folder / PLAIN_CSV, line_terminator="\r\n", **CSV_STYLES["plain"])
    words, french_counts = _worded(credit.frame, credit.columns, "fr")
    headers = {column.name: escaped_text(column.label["fr"]) for column in credit.columns}
    words.rename(headers).write_csv(folder / FRENCH_CSV, include_bom=True, line_terminator="\r\n", **CSV_STYLES["fr"])
    return {PLAIN_CSV: counts, FRENCH_CSV: french_counts}


def write_credit_workbook(credit: ChannelCredit, path: Path, language: Language) -> dict[str, int]:
    """Write the credit, what there was to credit, and the meaning of the columns; return the cells that got an apostrophe."""
    import xlsxwriter

    options = {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    book = xlsxwriter.Workbook(str(path), {**options, "tmpdir": str(path.parent)})
    credited, totals = in_language(CREDIT_SHEETS, language)
    book.set_properties({"created": CREATED, "author": "relkit", "title": credited})
    words, counts = _worded(credit.frame, credit.columns, language)
    write_sheet(book, credited, words, credit.columns, language)
    write_sheet(book, totals, _worded(credit.totals, credit.total_columns, language)[0], credit.total_columns, language)
    described = {column.name: (column, None) for column in (*credit.columns, *credit.total_columns)}
    write_dictionary_sheet(book, SHEETS[2][language], list(described.values()), language)
    book.close()
    return counts


def _worded(frame: pl.DataFrame, columns: Sequence[FileColumn], language: Language) -> tuple[pl.DataFrame, dict[str, int]]:
    """Return the rows in words and safe for a spreadsheet, and the cells changed by column."""
    return escaped(in_words(frame.select(column.name for column in columns), columns, language))
