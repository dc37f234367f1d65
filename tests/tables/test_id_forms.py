"""One spelling of ids by definition, others by declaration."""

from __future__ import annotations

import polars as pl
import pytest

from relkit.tables.id_forms import count_changed, has_lost_digits, in_form, normal

WRITTEN = ["Zoe\u0301", "Zo\u200bé", "\ufeff17", "a\u00adb", "\u200f12\u202c", " x\u00a0", "Zoé", "plain", None, "\u200b"]


def test_ids_are_in_nfc_without_invisible_characters():
    ids = pl.DataFrame({"id": WRITTEN})
    assert ids.select(normal(pl.col("id")))["id"].to_list() == ["Zoé", "Zoé", "17", "ab", "12", "x", "Zoé", "plain", None, None]
    assert ids.select(count_changed(pl.col("id"))).item() == 6


@pytest.mark.parametrize(
    ("form", "written", "plain"),
    [
        ("whole_number", "17850.0", "17850"),
        ("whole_number", "1.7850E+4", "17850"),
        ("whole_number", "1.7850E4", "17850"),
        ("whole_number", "5E+1", None),  # 50, or 49 rounded
        ("whole_number", "3.361E+10", None),
        ("whole_number", "007.0", "007"),
        ("whole_number", "12.5", "12.5"),
        ("strip_leading_zeros", "0000123", "123"),
        ("strip_leading_zeros", "000", "0"),
        ("strip_leading_zeros", "A00", "A00"),
        ("lower_case", "AB1", "ab1"),
    ],
)
def test_declared_forms(form, written, plain):
    assert pl.DataFrame({"id": [written]}).select(in_form(pl.col("id"), form)).item() == plain


def test_an_exponent_that_lost_digits_is_told():
    ids = pl.DataFrame({"id": ["3.361E+10", "1.7850E+4", "E10"]})
    assert ids.select(has_lost_digits(pl.col("id")))["id"].to_list() == [True, False, False]
