"""Profiles of columns."""

from __future__ import annotations

from datetime import UTC, datetime

import polars as pl
import pytest

from relkit.tables.drafting.profile import profile


def of(*values):
    return profile(pl.Series("x", values), is_unique=len(set(values)) == len(values))


@pytest.mark.parametrize(
    ("values", "marks"),
    [
        (("1 234,50", "2,5"), (",", "")),
        (("1.234,50", "2,5"), (",", ".")),
        (("1,234.50", "2.5"), (".", ",")),
        (("12.50", "3"), (".", "")),
        (("12,50 €", "3,00 €"), (",", "")),
    ],
)
def test_marks_of_numbers(values, marks):
    numbers = of(*values).numbers
    assert (numbers.decimal, numbers.thousands, numbers.is_sure) == (*marks, True)


def test_a_mark_with_three_digits_after_it_is_not_sure():
    assert not of("1,234", "5,678").numbers.is_sure
    assert of("0,234", "5,678").numbers.is_sure


def test_ids_amounts_and_words():
    assert of("007", "019").is_code
    assert of("17850.0", "13047.0").numbers.has_point
    assert not of("20.00", "5.50").is_code
    assert not of("-3", "4").is_code
    assert of("Oui", "Non").is_yes_no
    assert not of("Oui", "Peut-être").is_yes_no
    assert not of("1", "2").is_yes_no
    assert of("NA", "", "12").present == 1


@pytest.mark.parametrize(
    ("values", "looks"),
    [
        (("a@example.org", "b@example.org"), "email"),
        (("0612345678", "+33 6 12 34 56 78"), "phone"),
        (("FR", "BE"), "country"),
        (("eur", "usd"), "currency"),
        (("a > b", "c > a > b", "b"), "path"),
        (("Lyon", "Nîmes"), ""),
    ],
)
def test_looks(values, looks):
    assert of(*values).looks == looks


def test_typed_columns():
    assert of(datetime(2024, 1, 2, tzinfo=UTC), datetime(2024, 1, 3, tzinfo=UTC)).days[0].has_clock is False
    assert of(datetime(2024, 1, 2, 10, tzinfo=UTC)).days[0].has_clock is True
    assert of(1.5, -2.0).numbers.negative == 1
    assert of(1, 0).is_yes_no
    assert of(*range(50)).levels == ()


def test_lists_and_empty_columns_are_read_by_nothing():
    assert profile(pl.Series("x", [[1], [2]]), is_unique=False).kind == "other"
    assert profile(pl.Series("x", [None, None]), is_unique=False).present == 0
