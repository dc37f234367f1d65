"""The scored customer file as Parquet, CSV and XLSX, and its data dictionary: one function per format.

All have the same values. Parquet and the plain CSV have technical names and codes; the French CSV (UTF-8 with BOM,
semicolon, decimal comma) and the workbook have readable headers, and words instead of codes. True and false are real
booleans in Parquet and in the English workbook, which each spreadsheet shows in its own language, and Oui and Non, as text, in
the French files. Dates in CSV are ISO. Cells of CSV and XLSX that a spreadsheet would run as a formula get an apostrophe;
each function returns how many, by column. The bytes depend only on the content.
"""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING, Any, Literal

import polars as pl

from relkit.delivery.customer_files import CustomerFile, ScoreSource, data_dictionary, in_words
from relkit.delivery.sheet_rows import write_rows
from relkit.delivery.summary_sheet import header_format, write_summary
from relkit.delivery.text_safety import escaped, escaped_text
from relkit.progress import quiet
from relkit.texts import Text, in_language

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from relkit.delivery.summary import Summary
    from relkit.file_column import FileColumn
    from relkit.progress import Progress
    from relkit.texts import Language

SHEET_ROWS = 1_048_576
"""Rows of a sheet, the header included: a limit of the format."""
ROWS_A_BATCH = 20_000
ROWS_A_SLICE = 200_000
"""Rows of a CSV file whose cells are put into words at a time, so that memory stays flat."""
CSV_STYLES: dict[str, dict[str, Any]] = {"plain": {"separator": ","}, "fr": {"separator": ";", "decimal_comma": True}}
SHEET_STARTS = 0.2
"""Share of a delivery's work done when the sheet begins."""
CREATED = datetime(2000, 1, 1)  # noqa: DTZ001  (a fixed date, so that the same content gives the same bytes)
SHEETS = (
    Text("Summary", "Synthèse"),
    Text("Customers", "Clients"),
    Text("Data dictionary", "Dictionnaire"),
)
DICTIONARY_HEADERS = (
    Text("Header", "En-tête"),
    Text("Column", "Colonne"),
    Text("Meaning", "Signification"),
    Text("Unit", "Unité"),
    Text("Allowed values", "Valeurs possibles"),
    Text("Empty cell means", "Cellule vide"),
    Text("Model", "Modèle"),
    Text("Version", "Version"),
    Text("Trained as of", "Entraîné au"),
    Text("Personal data", "Donnée personnelle"),
)
DICTIONARY_WIDTHS = (26, 27, 62, 12, 46, 34, 26, 9, 13, 13)
CELL = {"text_wrap": True, "valign": "top", "bottom": 1, "bottom_color": "#D9E1EA"}
"""Format of a cell of the dictionary."""
PERSONAL = {
    "none": Text("none", "non"),
    "pseudonym": Text("pseudonym", "pseudonyme"),
    "personal": Text("personal", "personnelle"),
    "sensitive": Text("sensitive", "sensible"),
}


def write_parquet(file: CustomerFile, path: Path) -> dict[str, int]:
    """Write the full view with its types and technical names; no cell is changed."""
    file.frame.write_parquet(path, compression="zstd", compression_level=3, statistics=True)
    return {}


def write_csv(file: CustomerFile, path: Path, *, style: Literal["plain", "fr"] = "plain") -> dict[str, int]:
    """Write the file as CSV: plain (UTF-8, comma) or French (UTF-8 with BOM, semicolon, decimal comma, French headers and cells)."""
    form = CSV_STYLES[style]
    counts: Counter[str] = Counter()
    with path.open("wb") as stream:
        for start in range(0, max(len(file.frame), 1), ROWS_A_SLICE):
            rows = file.frame[start : start + ROWS_A_SLICE]
            shown = rows if style == "plain" else in_words(rows, file.columns, "fr")
            safe, found = escaped(shown, except_for=("customer_id",))
            counts.update(found)
            named = safe if style == "plain" else safe.rename({c.name: escaped_text(c.label["fr"]) for c in file.columns})
            named.write_csv(stream, include_header=start == 0, include_bom=start == 0 and style == "fr", line_terminator="\r\n", **form)
    return {name: counts[name] for name in file.frame.columns if name in counts}


def write_dictionary(file: CustomerFile, path: Path) -> dict[str, int]:
    """Write the data dictionary, both languages, as plain CSV."""
    safe, counts = escaped(data_dictionary(file))
    safe.write_csv(path, separator=",", line_terminator="\r\n")
    return counts


def most_valuable(file: CustomerFile, rows: int) -> CustomerFile:
    """Return a file, the most valuable customers first, with the rows meant for a sheet, at most one less than its limit."""
    return replace(file, frame=file.frame.head(min(rows, SHEET_ROWS - 1)))


def write_xlsx(file: CustomerFile, path: Path, *, language: Language, summary: Summary, progress: Progress) -> dict[str, int]:
    """Write a summary, the customers and the data dictionary as one workbook.

    Args:
        file: the marketer's view (`relkit.delivery.customer_files.narrowed`), with the rows of `most_valuable`.
        path: where to write.
        language: of the headers, the cells, the dictionary and the sheets' names.
        summary: what the first sheet shows.
        progress: called with the share of rows written.
    """
    import xlsxwriter

    # the library's temporary file contains customers: it is next to the workbook, where a killed run is cleaned up
    options = {
        "constant_memory": True,
        "strings_to_formulas": False,
        "strings_to_urls": False,
        "strings_to_numbers": False,
        "tmpdir": str(path.parent),
    }
    safe, counts = escaped(in_words(file.frame, file.columns, language), except_for=("customer_id",))
    book = xlsxwriter.Workbook(str(path), {**options, "default_date_format": _date_format(language)})
    names = in_language(SHEETS, language)
    book.set_properties({"created": CREATED, "author": "relkit", "title": f"{names[1]} {file.as_of}"})
    write_summary(book, names[0], summary)
    write_sheet(book, names[1], safe, file.columns, language, progress)
    write_dictionary_sheet(book, names[2], [(column, file.source_of(column)) for column in file.columns], language)
    book.close()
    return counts


def _date_format(language: Language) -> str:
    return "dd/mm/yyyy" if language == "fr" else "yyyy-mm-dd"


def _number_format(column: FileColumn, language: Language) -> str:
    if column.dtype == pl.Date:
        return _date_format(language)
    if column.unit in {"probability", "share"}:
        return "0.0%"
    if column.dtype.is_integer():
        return "#,##0"
    if column.dtype == pl.Boolean:
        return '"TRUE";"TRUE";"FALSE"'  # Excel shows booleans in its own language whatever the format, LibreOffice 1 and 0 without one
    return "#,##0.00" if column.dtype.is_float() else "@"


def write_sheet(
    book: Any, name: str, frame: pl.DataFrame, columns: Sequence[FileColumn], language: Language, progress: Progress = quiet
) -> None:
    """Write a header and the rows, in batches, so that memory stays flat; the cells are already escaped and in words.

    Args:
        book: an xlsxwriter workbook in constant memory.
        name: of the sheet.
        frame: the rows.
        columns: declarations of its columns, in their order.
        language: of the header.
        progress: called with the share of rows written.
    """
    sheet = book.add_worksheet(name)
    header = header_format(book)
    sheet.freeze_panes(1, 1)
    sheet.set_row(0, 64)
    _printed(sheet, name, pages_wide=2)
    sheet.repeat_columns(0)
    formats = [book.add_format(_look(c, language)) for c in columns]
    for at, column in enumerate(columns):
        sheet.set_column(at, at, _width(column, frame[column.name], language), formats[at])
        sheet.write_string(0, at, escaped_text(column.label[language]), header)
    for start in range(0, len(frame), ROWS_A_BATCH):
        write_rows(sheet, frame[start : start + ROWS_A_BATCH], start + 1, formats)
        progress("writing the sheet", SHEET_STARTS + (1 - SHEET_STARTS) * 0.9 * start / len(frame))
    sheet.autofilter(0, 0, len(frame), len(columns) - 1)


def _look(column: FileColumn, language: Language) -> dict[str, Any]:
    """Return the format of a column's cells: text to the left, flags centred, numbers by default."""
    look: dict[str, Any] = {"num_format": _number_format(column, language)}
    if column.dtype == pl.Boolean:
        return {**look, "align": "center"}
    return {**look, "indent": 1} if column.dtype == pl.String else look


def _printed(sheet: Any, name: str, *, pages_wide: int = 1) -> None:
    """Set up printing: A4, landscape, the header on each page, pages numbered."""
    sheet.set_landscape()
    sheet.set_paper(9)
    sheet.fit_to_pages(pages_wide, 0)
    sheet.repeat_rows(0)
    sheet.set_margins(left=0.4, right=0.4, top=0.5, bottom=0.6)
    sheet.set_footer(f"&L{name}&R&P / &N")


def _width(column: FileColumn, values: pl.Series, language: Language) -> float:
    """Return a width that shows the values, and the header on at most four lines next to the arrow of the filter."""
    label = column.label[language]
    longest = max((len(word) for word in label.split()), default=8) + 3
    if values.dtype == pl.String and len(values):
        words = column.words(language).values()
        shown = int(values.head(10_000).str.len_chars().max() or 0)  # type: ignore[arg-type]
        longest = max(longest, max(shown, *map(len, words), 0) + 3 if words else shown + 3)
    elif values.dtype.is_float() and column.unit not in {"probability", "share"}:
        longest = max(longest, 13)
    return float(min(max(longest, len(label) // 3 + 4, 11), 48))


def write_dictionary_sheet(book: Any, name: str, described: Sequence[tuple[FileColumn, ScoreSource | None]], language: Language) -> None:
    """Write the meaning of columns as a sheet, each with the model behind it, if there is one."""
    sheet = book.add_worksheet(name)
    sheet.freeze_panes(1, 1)
    _printed(sheet, name)
    sheet.set_row(0, 32)
    header = header_format(book)
    wrapped, bold = book.add_format(CELL), book.add_format({**CELL, "bold": True})
    for at, (title, width) in enumerate(zip(in_language(DICTIONARY_HEADERS, language), DICTIONARY_WIDTHS, strict=True)):
        sheet.set_column(at, at, width, wrapped)
        sheet.write_string(0, at, title, header)
    rows = [_entry(column, source, language) for column, source in described]
    entries, _ = escaped(pl.DataFrame(rows, schema=list(in_language(DICTIONARY_HEADERS, "en")), orient="row"))
    for row, cells in enumerate(entries.iter_rows(), 1):
        lines = max(_lines(text, width) for text, width in zip(cells, DICTIONARY_WIDTHS, strict=True))
        sheet.set_row(row, 15 * lines + 4)
        for at, text in enumerate(cells):
            sheet.write_string(row, at, text, wrapped if at else bold)


def _lines(text: str, width: int) -> int:
    """Return the number of lines of a text in a cell, a generous estimate: not every program fits rows to wrapped text."""
    return sum(max(1, math.ceil(1.08 * len(line) / (width - 1))) for line in text.split("\n"))


def _entry(column: FileColumn, source: ScoreSource | None, language: Language) -> tuple[str, ...]:
    model = (source.model.replace("+", " + "), source.version.replace("+", " + "), source.trained_as_of) if source else ("", "", "")
    return (
        column.label[language],
        column.name,
        column.meaning[language],
        column.unit_in(language),
        column.allowed_in(language).replace("; ", "\n"),
        column.null_means[language],
        *model,
        PERSONAL[column.personal_data][language] if column.personal_data in PERSONAL else column.personal_data,
    )
