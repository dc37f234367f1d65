"""Amounts with two readings: asked about, unless the mapping answers."""

from __future__ import annotations

import pytest
from checked_files import checked, codes, revenue

THREE = "1;A;2024-01-01;1.299\n2;B;2024-01-02;950\n3;B;2024-01-03;12.500\n"


def test_both_sums_and_both_declarations_are_stated_in_both_languages(tmp_path):
    report = checked(tmp_path, THREE)
    (remark,) = report.remarks
    assert remark.code == "amounts_with_two_readings"
    assert "adds up to 963.80 with decimals and to 14,749.00 with thousands; read here: decimals" in remark.en
    assert 'decimal: "." or thousands: "."' in remark.en
    assert "totalise 963,80 avec des décimales et 14\u202f749,00 avec des milliers" in remark.fr
    assert remark.en in report.warnings


@pytest.mark.parametrize(
    ("source", "amount", "total"),
    [
        (', thousands: "."', "amount", 14749.0),
        (', decimal: "."', "amount", 963.8),
        ("", '{column: amount, thousands: "."}', 14749.0),
        ("", '{column: amount, decimal: "."}', 963.8),
    ],
)
def test_a_declared_reading_silences_the_doubt(tmp_path, source, amount, total):
    report = checked(tmp_path, THREE, source=source, amount=amount)
    assert (codes(report), revenue(report)) == ([], total)


def test_a_column_within_an_expression_is_asked_about_too(tmp_path):
    assert codes(checked(tmp_path, THREE, amount='"round(amount * 2, 2)"')) == ["amounts_with_two_readings"]


def test_three_digits_after_commas_are_asked_about_and_quarantined_meanwhile(tmp_path):
    report = checked(tmp_path, THREE.replace(".", ","))
    assert codes(report) == ["amounts_with_two_readings"]
    (finding,) = report.tables["transactions"].rules
    assert (finding.rows, finding.column) == (2, "column amount")
    assert finding.remedy.startswith('Declare thousands: "," for the column if')


def test_another_column_shows_the_decimal_mark_and_this_one_is_asked_about(tmp_path):
    lines = "1,5;A;2024-01-01;1,299\n2,5;B;2024-01-02;950\n"
    report = checked(tmp_path, lines)
    assert (codes(report), revenue(report)) == (["amounts_with_two_readings"], 951.3)


def test_one_sure_number_of_the_column_is_an_answer(tmp_path):
    report = checked(tmp_path, THREE + "4;B;2024-01-03;0.125\n")
    assert codes(report) == []


@pytest.mark.parametrize(
    ("late", "total", "said"),
    [
        ("1,234\n701;A;2024-01-01;12,5", 244663.73, []),
        ("12.5\n701;A;2024-01-01;12,5", 244662.5, ["decimal_marks_contradict"]),
    ],
)
def test_the_mark_is_judged_on_all_rows(tmp_path, late, total, said):
    report = checked(tmp_path, "".join(f"{row};A;2024-01-01;{row}\n" for row in range(700)) + f"700;A;2024-01-01;{late}\n")
    assert (codes(report), revenue(report)) == (said, total)
    assert report.tables["transactions"].rows_quarantined == len(said)
