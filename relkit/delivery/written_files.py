"""The scored customer file as Parquet, CSV and XLSX, and its data dictionary: one function a format.

All carry the same values. Parquet and the plain CSV have technical names; the French CSV (UTF-8 with BOM,
semicolon, decimal comma) and the sheet have headers for people. Codes and dates (ISO in CSV) are never translated; a
French CSV writes true and false as VRAI and FAUX, which a French spreadsheet reads as such. Cells of CSV and
XLSX that a spreadsheet would run as a formula get an apostrophe; each function returns how many, by column.
The bytes depend on nothing but the content.
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any, Literal

import polars as pl

from relkit.delivery.customer_files import CustomerFile, data_dictionary, marketer_view
from relkit.delivery.text_safety import escaped, escaped_text

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from relkit.delivery.columns import FileColumn, Language
    from relkit.progress import Progress

SHEET_ROWS = 1_048_576
"""Rows of a sheet, the header included: a limit of the format."""
ROWS_A_BATCH = 50_000
SHEET_STARTS = 0.2
"""Share of a delivery's work that is done when the sheet begins."""
CREATED = datetime(2000, 1, 1)  # noqa: DTZ001  (a fixed date, so that the same content gives the same bytes)
SHEETS = {"en": ("Customers", "Data dictionary", "About"), "fr": ("Clients", "Dictionnaire", "À propos")}
DICTIONARY_HEADERS = {
    "en": (
        "Header",
        "Column",
        "Meaning",
        "Unit",
        "Allowed values",
        "Empty cell means",
        "Model",
        "Version",
        "Trained as of",
        "Personal data",
    ),
    "fr": (
        "En-tête",
        "Colonne",
        "Signification",
        "Unité",
        "Valeurs possibles",
        "Cellule vide",
        "Modèle",
        "Version",
        "Entraîné au",
        "Donnée personnelle",
    ),
}
DICTIONARY_WIDTHS = (34, 28, 70, 12, 44, 32, 26, 9, 14, 14)
PERSONAL_FR = {"none": "non", "pseudonym": "pseudonyme", "personal": "personnelle", "sensitive": "sensible"}


def write_parquet(file: CustomerFile, path: Path) -> dict[str, int]:
    """Write the full view with its types and technical names; no cell is changed."""
    file.frame.write_parquet(path, compression="zstd", compression_level=3, statistics=True)
    return {}


def write_csv(file: CustomerFile, path: Path, *, style: Literal["plain", "fr"] = "plain") -> dict[str, int]:
    """Write the file as CSV: plain (UTF-8, comma) or French (UTF-8 with BOM, semicolon, decimal comma, French headers)."""
    safe, counts = escaped(file.frame, except_for=("customer_id",))
    if style == "plain":
        safe.write_csv(path, separator=",", line_terminator="\r\n")
        return counts
    booleans = [name for name, dtype in safe.schema.items() if dtype == pl.Boolean]
    words = [pl.when(name).then(pl.lit("VRAI")).when(~pl.col(name)).then(pl.lit("FAUX")).alias(name) for name in booleans]
    french = safe.with_columns(words).rename({c.name: escaped_text(c.label_fr) for c in file.columns})
    french.write_csv(path, include_bom=True, separator=";", decimal_comma=True, line_terminator="\r\n")
    return counts


def write_dictionary(file: CustomerFile, path: Path) -> dict[str, int]:
    """Write the data dictionary, both languages, as plain CSV."""
    safe, counts = escaped(data_dictionary(file))
    safe.write_csv(path, separator=",", line_terminator="\r\n")
    return counts


def fits_a_sheet(file: CustomerFile) -> bool:
    """Return whether the file's rows and its header fit in one sheet."""
    return len(file.frame) < SHEET_ROWS


def write_xlsx(
    file: CustomerFile, path: Path, *, language: Language, about: Sequence[tuple[str, str]], progress: Progress
) -> dict[str, int]:
    """Write the marketer view, the data dictionary and a page about the delivery as one workbook.

    Args:
        file: with no more rows than `fits_a_sheet` allows.
        path: where to write.
        language: of the headers, the dictionary and the sheets' names.
        about: lines of the last sheet: what, value.
        progress: told the share of rows written.
    """
    import xlsxwriter

    # the library's temporary file holds customers: it stands beside the workbook, where a killed run is cleaned up
    options = {
        "constant_memory": True,
        "strings_to_formulas": False,
        "strings_to_urls": False,
        "strings_to_numbers": False,
        "tmpdir": str(path.parent),
    }
    columns = marketer_view(file)
    safe, counts = escaped(file.frame.select(c.name for c in columns), except_for=("customer_id",))
    book = xlsxwriter.Workbook(str(path), {**options, "default_date_format": _date_format(language)})
    book.set_properties({"created": CREATED, "author": "relkit", "title": f"{SHEETS[language][0]} {file.as_of}"})
    names = SHEETS[language]
    _customers_sheet(book, names[0], safe, columns, language, progress)
    _dictionary_sheet(book, names[1], file, columns, language)
    _about_sheet(book, names[2], about)
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
    return "#,##0.00" if column.dtype.is_float() else "@"


def _customers_sheet(
    book: Any, name: str, frame: pl.DataFrame, columns: Sequence[FileColumn], language: Language, progress: Progress
) -> None:
    """Write the header and the rows, in batches, so that memory stays flat."""
    sheet = book.add_worksheet(name)
    header = _header_format(book)
    sheet.freeze_panes(1, 1)
    sheet.set_row(0, 48)
    sheet.set_landscape()
    sheet.fit_to_pages(1, 0)
    sheet.repeat_rows(0)
    formats = [book.add_format({"num_format": _number_format(c, language), "indent": int(c.dtype == pl.String)}) for c in columns]
    for at, column in enumerate(columns):
        sheet.set_column(at, at, _width(column, frame[column.name], language), formats[at])
        sheet.write_string(0, at, escaped_text(column.label(language)), header)
    writers = [_writer(sheet, column) for column in columns]
    for start in range(0, len(frame), ROWS_A_BATCH):
        _rows(frame[start : start + ROWS_A_BATCH], start + 1, writers, formats)
        progress("writing the sheet", SHEET_STARTS + (1 - SHEET_STARTS) * 0.9 * start / len(frame))
    sheet.autofilter(0, 0, len(frame), len(columns) - 1)


def _rows(batch: pl.DataFrame, first: int, writers: Sequence[Any], formats: Sequence[Any]) -> None:
    cells = list(zip(range(len(writers)), writers, formats, strict=True))
    for row, values in enumerate(batch.iter_rows(), first):
        for (at, write, form), value in zip(cells, values, strict=True):
            if value is not None:
                write(row, at, value, form)


def _writer(sheet: Any, column: FileColumn) -> Any:
    if column.dtype == pl.Boolean:
        return sheet.write_boolean
    if column.dtype == pl.Date:
        return sheet.write_datetime
    return sheet.write_number if column.dtype.is_numeric() else sheet.write_string


def _width(column: FileColumn, values: pl.Series, language: Language) -> float:
    """Return a width that shows the values, and the header on three lines at most."""
    longest = max((len(word) for word in column.label(language).split()), default=8)
    if column.dtype == pl.String and len(values):
        longest = max(longest, int(values.head(10_000).str.len_chars().max() or 0))  # type: ignore[arg-type]
    return float(min(max(longest + 3, len(column.label(language)) // 3 + 4, 11), 44))


def _dictionary_sheet(book: Any, name: str, file: CustomerFile, columns: Sequence[FileColumn], language: Language) -> None:
    sheet = book.add_worksheet(name)
    sheet.freeze_panes(1, 1)
    header, wrapped = _header_format(book), book.add_format({"text_wrap": True, "valign": "top"})
    for at, (title, width) in enumerate(zip(DICTIONARY_HEADERS[language], DICTIONARY_WIDTHS, strict=True)):
        sheet.set_column(at, at, width, wrapped)
        sheet.write_string(0, at, title, header)
    entries, _ = escaped(
        pl.DataFrame([_said(file, column, language) for column in columns], schema=list(DICTIONARY_HEADERS["en"]), orient="row")
    )
    for row, cells in enumerate(entries.iter_rows(), 1):
        for at, text in enumerate(cells):
            sheet.write_string(row, at, text, wrapped)


def _said(file: CustomerFile, column: FileColumn, language: Language) -> tuple[str, ...]:
    source = file.source_of(column)
    model = (source.model, source.version, source.trained_as_of) if source else ("", "", "")
    french = language == "fr"
    return (
        column.label(language),
        column.name,
        column.meaning_fr if french else column.meaning,
        column.unit_in(language),
        column.allowed_in(language),
        column.null_means_fr if french else column.null_means,
        *model,
        PERSONAL_FR.get(column.personal_data, column.personal_data) if french else column.personal_data,
    )


def _about_sheet(book: Any, name: str, about: Sequence[tuple[str, str]]) -> None:
    sheet = book.add_worksheet(name)
    bold, wrapped = book.add_format({"bold": True, "valign": "top"}), book.add_format({"text_wrap": True, "valign": "top"})
    sheet.set_column(0, 0, 30)
    sheet.set_column(1, 1, 100)
    for row, (what, value) in enumerate(about):
        sheet.write_string(row, 0, what, bold)
        sheet.write_string(row, 1, value, wrapped)


def _header_format(book: Any) -> Any:
    return book.add_format(
        {
            "bold": True,
            "text_wrap": True,
            "valign": "vcenter",
            "bg_color": "#1F3A5F",
            "font_color": "#FFFFFF",
            "border": 1,
            "border_color": "#FFFFFF",
        }
    )
