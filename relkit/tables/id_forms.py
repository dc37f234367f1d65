r"""Spellings of ids: which are one by definition, and which only if the mapping declares it.

`Zoé` may be written with one character or with two for its last letter, and a copied id may have characters that nobody sees.
Both are removed on load, as no reader could tell the spellings apart. `17850.0`, `1.7850E+4`, `0017850` and `ab1` next to `AB1` may
well be other customers: they stay as they are until a column declares its `id_form`.

Examples:
    >>> ids = pl.DataFrame({"id": ["Zoe\u0301", "Zo\u200bé", "\ufeff17", "ab"]})
    >>> ids.select(normal(pl.col("id")))["id"].to_list()
    ['Zoé', 'Zoé', '17', 'ab']
"""

from __future__ import annotations

from typing import Literal

import polars as pl

IdForm = Literal["whole_number", "strip_leading_zeros", "lower_case"]
FORMS: tuple[IdForm, ...] = ("whole_number", "strip_leading_zeros", "lower_case")
"""Forms that a column can declare."""

_INVISIBLE = r"[\u{ad}\u{34f}\u{180e}\u{200b}-\u{200f}\u{202a}-\u{202e}\u{2060}-\u{2064}\u{2066}-\u{2069}\u{feff}]"
"""Soft hyphen, joiners and non-joiners of no width, marks of direction, byte order marks."""
_POINT_ZERO = r"^(\d+)[.,]0+$"
_EXPONENT = r"^(\d)(?:[.,](\d*))?[eE]\+?(\d{1,2})$"


def normal(value: pl.Expr) -> pl.Expr:
    """Return ids in NFC and without invisible characters; plain ASCII is not touched, which costs next to nothing."""
    return value.map_batches(_normal, return_dtype=pl.String, is_elementwise=True)


def _normal(ids: pl.Series) -> pl.Series:
    if ids.str.len_bytes().sum() == ids.str.len_chars().sum():
        return ids
    beyond_ascii = ids.str.len_bytes() != ids.str.len_chars()
    places = beyond_ascii.arg_true()
    return ids.scatter(places, ids.filter(beyond_ascii.fill_null(value=False)).to_frame("id").select(_stripped(pl.col("id")))["id"])


def _stripped(value: pl.Expr) -> pl.Expr:
    """Return texts in NFC, without invisible characters and blanks at their ends; null if nothing is left."""
    plain = value.str.normalize("NFC").str.replace_all(_INVISIBLE, "").str.strip_chars()
    return pl.when(plain != "").then(plain)


def count_changed(value: pl.Expr) -> pl.Expr:
    """Return the number of texts that `normal` changes, as an aggregate; blanks at the ends alone do not count."""
    beyond_ascii = value.filter(value.str.len_bytes() != value.str.len_chars())
    return (_stripped(beyond_ascii).fill_null("") != beyond_ascii.str.strip_chars()).sum()


def in_form(value: pl.Expr, form: IdForm) -> pl.Expr:
    """Return ids in a declared form, null if it is lost.

    whole_number turns `17850.0` and `1.7850E+4` into 17850, and leaves other texts as they are; an exponent that has lost digits
    (`3.361E+10`) is null. strip_leading_zeros turns `0017850` into 17850, lower_case `AB1` into ab1.

    Examples:
        >>> ids = pl.DataFrame({"id": ["17850.0", "1.7850E+4", "3.361E+10", "A.0", "007"]})
        >>> ids.select(in_form(pl.col("id"), "whole_number"))["id"].to_list()
        ['17850', '17850', None, 'A.0', '007']
        >>> ids.select(in_form(pl.col("id"), "strip_leading_zeros"))["id"].to_list()[-1]
        '7'
    """
    if form == "lower_case":
        return value.str.to_lowercase()
    if form == "strip_leading_zeros":
        return value.str.replace(r"^0+([0-9A-Za-z])", "$1")
    return pl.when(value.str.contains(_EXPONENT)).then(_of_exponent(value)).otherwise(value.str.replace(_POINT_ZERO, "$1"))


def has_lost_digits(value: pl.Expr) -> pl.Expr:
    """Return whether ids are numbers with an exponent of which not all digits are written."""
    return value.str.contains(_EXPONENT) & _of_exponent(value).is_null()


def _of_exponent(value: pl.Expr) -> pl.Expr:
    """Return the digits of a number with an exponent, if all of them are written."""
    first, rest = value.str.extract(_EXPONENT, 1), value.str.extract(_EXPONENT, 2).fill_null("")
    places = value.str.extract(_EXPONENT, 3).cast(pl.Int64, strict=False)
    kept = rest.str.strip_chars_end("0")
    whole = (kept.str.len_chars() <= places) & (rest.str.len_chars() >= places)
    return pl.when(whole).then(first + rest.str.slice(0, places))
