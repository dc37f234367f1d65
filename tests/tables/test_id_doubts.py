"""Ids in several spellings: counted, and how to declare them."""

from __future__ import annotations

import polars as pl
import pytest
import xlsxwriter
from checked_files import checked, codes

from relkit.tables.id_doubts import near_matches, spellings

BUYERS = ", b: {files: b.csv}}\n"
CUSTOMERS = "  customers: {from: b, columns: {customer_id: card}}\n"


def held(folder, cards, lines, who="who"):
    (folder / "b.csv").write_text("card;town\n" + "".join(f"{card};Lyon\n" for card in cards), encoding="utf-8")
    rows = "".join(f"{place};{card};2024-01-01;1.5\n" for place, card in enumerate(lines))
    return checked(folder, rows, sources=", b: {files: b.csv}", tables=CUSTOMERS, who=who)


@pytest.mark.parametrize(
    ("cards", "lines", "form"),
    [
        (["17850", "17851"], ["17850.0", "17851.0"], "whole_number"),
        (["17850", "17851"], ["1.7850E+4", "17851"], "whole_number"),
        (["123", "456"], ["0000123", "0000456"], "strip_leading_zeros"),
        (["c1", "c2"], ["C1", "C2"], "lower_case"),
    ],
)
def test_ids_that_would_match_in_another_form_are_counted_and_the_form_is_declared(tmp_path, cards, lines, form):
    before = held(tmp_path, cards, lines)
    assert codes(before) == ["ids_in_another_spelling", "unknown_references"]
    assert f"declare id_form: {form}" in before.remarks[0].en
    assert codes(held(tmp_path, cards, lines, who=f"{{column: who, id_form: {form}}}")) == []


def test_normal_forms_and_invisible_characters_meet_on_load_and_are_counted(tmp_path):
    report = held(tmp_path, ["Zoé", "B"], ["Zoe\u0301", "Zo\u200bé", "Zoé", "\ufeffB"])
    assert (codes(report), report.headline["customers"]) == ([], 2)
    assert [note for note in report.notes if "NFC" in note] == [
        "t.csv, column who: invisible characters or letters in several parts removed from ids (Unicode NFC) in rows: 3."
    ]


def test_an_exponent_without_its_digits_goes_to_quarantine_if_the_form_is_declared(tmp_path):
    report = held(tmp_path, ["33612345678"], ["3.361E+10"], who="{column: who, id_form: whole_number}")
    (finding,) = report.tables["transactions"].rules
    assert (finding.rule, finding.value) == ("customer_id: not a whole id", "a 9-character text")
    assert "33612" not in str(report.warnings) + str(finding)


def test_one_column_with_one_id_in_several_spellings():
    (remark,) = spellings({"transactions": pl.Series(["17850", "17850.0", "17851"])})
    assert remark.en.startswith("transactions: 1 of 3 different customer_id equal another one as whole numbers")
    (lost,) = spellings({"contracts": pl.Series(["3.36E+10", "x"])})
    assert lost.code == "ids_without_their_last_digits"
    assert spellings({"transactions": pl.Series(["00001", "10000", "C01"])}) == []


def test_a_few_codes_that_differ_by_case_among_many_are_chance():
    unknown = pl.Series([f"x{place}" for place in range(2000)] + ["aB3"])
    assert near_matches("transactions", "product_id", "products", unknown, pl.Series(["AB3"])) == []


def test_zeros_that_a_workbook_only_shows_are_told(tmp_path):
    book = xlsxwriter.Workbook(tmp_path / "t.xlsx")
    sheet, zeros = book.add_worksheet("lines"), book.add_format({"num_format": "0000000"})
    sheet.write_row(0, 0, ["id", "who", "day", "amount"])
    for row in (1, 2):
        sheet.write_row(row, 0, [f"L{row}", 0, 45300 + row / 2, 12.5])
        sheet.write_number(row, 1, 122 + row, zeros)
    book.close()
    report = checked(tmp_path, files="t.xlsx", day="{column: day, format: excel}")
    assert codes(report) == ["zeros_only_shown"]
    assert "column who" in report.remarks[0].en
    assert report.headline["last_day"] == "2024-01-10"
