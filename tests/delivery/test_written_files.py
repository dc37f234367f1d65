from __future__ import annotations

import zipfile
from datetime import date, datetime, time
from typing import TYPE_CHECKING

import delivered_company as company
import polars as pl
import pytest
from openpyxl import load_workbook

from relkit.delivery import written_files
from relkit.delivery.customer_files import CustomerFile, customer_file, data_dictionary, in_words, marketer_view, narrowed
from relkit.delivery.difference import no_difference
from relkit.delivery.manifest import Occasion
from relkit.delivery.summary import summary_of
from relkit.progress import quiet
from relkit.tables.table_set import TableFacts
from relkit.texts import in_language

if TYPE_CHECKING:
    from pathlib import Path

KNOWN = {"programme": "default", "facts": TableFacts(rows={}, fingerprints={})}


def sheet(file: CustomerFile, path: Path, language="en") -> Path:
    summary = summary_of(file, Occasion(language=language, **KNOWN), no_difference(len(file.frame)))
    written_files.write_xlsx(narrowed(file), path, language=language, summary=summary, progress=quiet)
    return path


def nasty(text: str = '=HYPERLINK("http://x")') -> CustomerFile:
    people = pl.DataFrame({"customer_id": ["a", "b", "c"], "note": [text, 'a;b,"c"\nd', None], "orders_12m": [1, None, 3]})
    return customer_file(people, None, as_of=company.JUNE, currency="EUR", fields={"note": "a test"})


def test_parquet_csv_and_french_csv_have_the_same_values(file: CustomerFile, tmp_path: Path) -> None:
    written_files.write_parquet(file, tmp_path / "a.parquet")
    written_files.write_csv(file, tmp_path / "a.csv")
    written_files.write_csv(file, tmp_path / "b.csv", style="fr")
    assert pl.read_parquet(tmp_path / "a.parquet").equals(file.frame)
    plain = pl.read_csv(tmp_path / "a.csv", schema=file.frame.schema)
    assert plain.equals(file.frame)
    text = {c.label["fr"]: pl.String if c.dtype == pl.Boolean else c.dtype for c in file.columns}
    french = pl.read_csv(tmp_path / "b.csv", separator=";", decimal_comma=True, schema=text)
    assert french.columns == [c.label["fr"] for c in file.columns]
    back = french.rename({c.label["fr"]: c.name for c in file.columns})
    flags = [c.name for c in file.columns if c.dtype == pl.Boolean]
    codes = [pl.col(c.name).replace({word: code for code, word in c.words("fr").items()}) for c in file.columns if c.codes]
    flags_back = pl.col(flags).replace_strict({"Oui": True, "Non": False}, return_dtype=pl.Boolean)
    assert back.with_columns(flags_back, *codes).equals(file.frame)


@pytest.mark.parametrize("language", ["en", "fr"])
def test_the_sheet_has_the_values_of_the_marketer_view(file: CustomerFile, tmp_path: Path, language) -> None:
    book = load_workbook(sheet(file, tmp_path / "a.xlsx", language))
    assert book.sheetnames == list(in_language(written_files.SHEETS, language))
    rows = list(book.worksheets[1].iter_rows(values_only=True))
    columns = marketer_view(file)
    assert rows[0] == tuple(c.label[language] for c in columns)
    expected = [tuple(_as_cell(v) for v in row) for row in in_words(narrowed(file).frame, columns, language).iter_rows()]
    assert rows[1:] == expected
    flags = {cell for row in rows[1:] for cell, c in zip(row, columns, strict=True) if c.name == "has_open_case"}
    assert flags == ({True, False} if language == "en" else {"Oui", "Non"})


def _as_cell(value):
    return datetime.combine(value, time()) if isinstance(value, date) else value


def test_the_sheet_is_ready_to_work_with(file: CustomerFile, tmp_path: Path) -> None:
    book = load_workbook(sheet(file, tmp_path / "a.xlsx", "fr"))
    summary, first, dictionary = book.worksheets
    assert first.freeze_panes == "B2"
    assert first.auto_filter.ref == "A1:Y201"
    assert min(first.column_dimensions[letter].width for letter in "ABCY") >= 11
    columns = [c.name for c in marketer_view(file)]
    formats = dict(zip(columns, (cell.number_format for cell in first[2]), strict=True))
    assert (formats["p_alive"], formats["revenue_12m_eur"], formats["orders_12m"]) == ("0.0%", "#,##0.00", "#,##0")
    assert dictionary["A2"].value == "Client"
    assert dictionary["J2"].value == "pseudonyme"
    assert dictionary.max_row == 26
    assert summary["A1"].value == "Clients de default, situation au 30/06/2025"
    assert len(summary._charts) == 3


def test_formulas_links_and_numbers_stay_text_in_every_format(tmp_path: Path) -> None:
    file = nasty()
    counts = [
        written_files.write_parquet(file, tmp_path / "a.parquet"),
        written_files.write_csv(file, tmp_path / "a.csv"),
        written_files.write_csv(file, tmp_path / "b.csv", style="fr"),
    ]
    assert counts == [{}, {"note": 1}, {"note": 1}]
    expected = ['\'=HYPERLINK("http://x")', 'a;b,"c"\nd', None]
    assert pl.read_parquet(tmp_path / "a.parquet")["note"].to_list() == ['=HYPERLINK("http://x")', *expected[1:]]
    assert pl.read_csv(tmp_path / "a.csv")["note"].to_list() == expected
    assert pl.read_csv(tmp_path / "b.csv", separator=";")["note"].to_list() == expected


@pytest.mark.parametrize("text", ["=1+1", "http://example.com", "0123", "@x"])
def test_the_sheet_never_has_a_formula_a_link_or_a_guessed_number(tmp_path: Path, text: str) -> None:
    file = nasty(text)
    path, summary = tmp_path / "a.xlsx", summary_of(file, Occasion(language="en", **KNOWN), no_difference(3))
    counts = written_files.write_xlsx(file, path, language="en", summary=summary, progress=quiet)
    cell = load_workbook(path).worksheets[1].cell(2, file.frame.columns.index("note") + 1)
    assert (cell.data_type, cell.hyperlink) == ("s", None)
    assert cell.value == (f"'{text}" if counts else text)
    assert counts == ({"note": 1} if text[0] in "=@" else {})


def test_a_label_that_looks_like_a_formula_is_escaped_in_the_dictionaries(tmp_path: Path) -> None:
    people = pl.DataFrame({"customer_id": ["a"], "note": ["x"]})
    labels = pl.DataFrame({"column": ["note"], "label_en": ["=cmd()"], "label_fr": ["=cmd()"]})
    file = customer_file(people, None, as_of=company.JUNE, currency="EUR", fields={"note": "a test"}, dictionary=labels)
    assert written_files.write_dictionary(file, tmp_path / "d.csv") == {"label_en": 1, "label_fr": 1}
    assert written_files.write_csv(file, tmp_path / "fr.csv", style="fr") == {}
    header = (tmp_path / "fr.csv").read_text(encoding="utf-8-sig").splitlines()[0]
    assert header.split(";")[-1] == "'=cmd()"


def test_the_dictionary_file_is_the_dictionary(file: CustomerFile, tmp_path: Path) -> None:
    written_files.write_dictionary(file, tmp_path / "d.csv")
    assert pl.read_csv(tmp_path / "d.csv", infer_schema=False).fill_null("").equals(data_dictionary(file))


def test_french_csv_begins_with_a_byte_order_mark_and_plain_does_not(file: CustomerFile, tmp_path: Path) -> None:
    written_files.write_csv(file, tmp_path / "a.csv")
    written_files.write_csv(file, tmp_path / "b.csv", style="fr")
    assert (tmp_path / "b.csv").read_bytes().startswith(b"\xef\xbb\xbfClient;")
    assert (tmp_path / "a.csv").read_bytes().startswith(b"customer_id,")


def test_the_same_content_gives_the_same_bytes(file: CustomerFile, tmp_path: Path) -> None:
    for folder in (tmp_path / "a", tmp_path / "b"):
        folder.mkdir()
        sheet(file, folder / "x.xlsx")
        written_files.write_parquet(file, folder / "x.parquet")
    for name in ("x.xlsx", "x.parquet"):
        assert (tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes()
    stamps = {entry.date_time for entry in zipfile.ZipFile(tmp_path / "a" / "x.xlsx").infolist()}
    assert len(stamps) == 1


def test_progress_is_reported_while_the_sheet_is_written(file: CustomerFile, tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setattr(written_files, "ROWS_A_BATCH", 50)
    shares: list[float | None] = []
    summary = summary_of(file, Occasion(language="en", **KNOWN), no_difference(200))
    path = tmp_path / "a.xlsx"
    written_files.write_xlsx(file, path, language="en", summary=summary, progress=lambda _what, done=None: shares.append(done))
    assert shares == sorted(shares)
    assert len(shares) == 4
    assert len(list(load_workbook(path).worksheets[1].rows)) == 201


def test_a_sheet_takes_one_row_less_than_its_limit(file: CustomerFile, monkeypatch) -> None:
    monkeypatch.setattr(written_files, "SHEET_ROWS", 201)
    assert len(written_files.most_valuable(file, 500).frame) == 200
    monkeypatch.setattr(written_files, "SHEET_ROWS", 200)
    assert len(written_files.most_valuable(file, 500).frame) == 199
    assert written_files.most_valuable(file, 3).frame.equals(file.frame.head(3))
