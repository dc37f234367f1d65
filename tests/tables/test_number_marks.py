"""Decimal and thousands marks, judged on all texts of a column."""

from __future__ import annotations

import polars as pl
import pytest

from relkit.tables.number_marks import marks_of, ungrouped


@pytest.mark.parametrize(
    ("texts", "decimal", "readings"),
    [
        (["12.50", "3"], ".", (".",)),
        (["12,5", "1,234"], ",", (",",)),
        (["1.299", "950", "12.500"], None, (".", ",")),
        (["1,299", "950"], None, (",", ".")),
        (["1.299.000", "12"], None, (".", ",")),
        (["0.125", "1.299"], ".", (".",)),  # a number that begins with 0 has no thousands
        (["1234.567"], ".", (".",)),
        (["1.234,50"], ",", (",",)),
        (["1,234.50"], ".", (".",)),
        (["1\u202f234,500"], ",", (",",)),
        (["12.5", "12,5"], None, ()),
        (["1.299", "1,299"], None, ()),
        (["1 234", "12", None, "a,b", "1,2,3"], None, (".", ",")),
    ],
)
def test_marks_are_sure_or_have_two_readings(texts, decimal, readings):
    marks = marks_of(pl.Series(texts, dtype=pl.String))
    assert (marks.decimal, marks.readings) == (decimal, readings)


@pytest.mark.parametrize(
    ("thousands", "decimal", "text", "plain"),
    [
        (".", ",", "1.299,50", "1299,50"),
        (".", ",", "12.5", None),
        (",", ".", "12,5", None),
        (",", ".", "1,23,456.5", "123456.5"),  # lakhs
        ("'", ".", "1'299.5", "1299.5"),
        (" ", ",", "1\u202f299,5", "1299,5"),
        (".", ",", "0.500", None),
    ],
)
def test_thousands_are_taken_out_only_before_groups_of_digits(thousands, decimal, text, plain):
    frame = pl.DataFrame({"x": [text]})
    assert frame.select(ungrouped(pl.col("x"), thousands=thousands, decimal=decimal)).item() == plain
