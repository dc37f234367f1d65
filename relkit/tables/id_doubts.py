"""Doubts about ids that may be one customer in two spellings: 17850.0 next to 17850, 0017850, 1.7850E+4, AB1 next to ab1.

None of them is changed unless a column declares its `id_form`; what would match is counted.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from relkit.remarks import Remark, french
from relkit.tables.findings import counted
from relkit.tables.id_forms import FORMS, IdForm, has_lost_digits, in_form

if TYPE_CHECKING:
    from collections.abc import Mapping

LEAST_SHARE = 0.001
"""Share of the ids below which a match may be chance: short codes that differ by the case of a letter."""

_WORDS: dict[IdForm, tuple[str, str]] = {
    "whole_number": ("as whole numbers, without .0 and exponents", "comme nombres entiers, sans .0 ni exposant"),
    "strip_leading_zeros": ("without leading zeros", "sans zéros en tête"),
    "lower_case": ("in lower case", "en minuscules"),
}


def spellings(ids: Mapping[str, pl.Series]) -> list[Remark]:
    """Return the remarks on customer ids that would be one in another form, within each table.

    Args:
        ids: distinct ids, by table.
    """
    remarks = []
    for table, own in ids.items():
        found = {form: len(own) - _kept(own, form) for form in FORMS if _may_change(own, form)}
        form = max(found, key=lambda each: found[each], default=None)
        if form is not None and found[form] > LEAST_SHARE * len(own):
            remarks.append(_within(table, found[form], len(own), form))
        lost = int(own.to_frame("id").select(has_lost_digits(pl.col("id")).sum()).item() or 0) if _may_change(own, "whole_number") else 0
        if lost:
            remarks.append(_lost(table, lost))
    return remarks


def _kept(ids: pl.Series, form: IdForm) -> int:
    """Return the number of different ids in a form; those that have none stay as they are."""
    return int(ids.to_frame("id").select(in_form(pl.col("id"), form).fill_null(pl.col("id")).n_unique()).item())


def _may_change(ids: pl.Series, form: IdForm) -> bool:
    """Return whether a form changes any id so that it could meet another, at little cost."""
    if not len(ids):
        return False
    if form == "whole_number":
        return bool(ids.str.contains_any([".0", ",0", "E+", "e+", "E1", "e1"]).any())
    lengths = ids.str.len_bytes()
    if form == "strip_leading_zeros":
        return bool(ids.str.starts_with("0").any()) and lengths.min() != lengths.max()
    return True


def near_matches(table: str, column: str, other: str, unknown: pl.Series, known: pl.Series) -> list[Remark]:
    """Return a remark if values that another table lacks would be there in another form.

    Args:
        table: that refers.
        column: with the reference.
        other: table that is referred to.
        unknown: distinct values that it lacks.
        known: its distinct keys.

    Examples:
        >>> near_matches("transactions", "customer_id", "customers", pl.Series(["1.0", "2.0"]), pl.Series(["1", "2", "3"]))[0].code
        'ids_in_another_spelling'
    """
    found = {form: _matches(unknown, known, form) for form in FORMS}
    form = max(found, key=lambda each: found[each])
    if found[form] <= LEAST_SHARE * len(unknown):
        return []
    english, word = _WORDS[form]
    return [
        Remark(
            "ids_in_another_spelling",
            f"{table}: {found[form]:,} of {counted(len(unknown), 'value')} of {column} unknown to {other} would be there {english}. If "
            f"they are the same, declare id_form: {form} for this column in the mapping of both tables.",
            f"{table} : {french(found[form])} des {french(len(unknown))} valeurs de {column} absentes de {other} s’y trouveraient {word}. "
            f"Si ce sont les mêmes, déclarez id_form: {form} pour cette colonne dans la correspondance des deux tables.",
        )
    ]


def _matches(unknown: pl.Series, known: pl.Series, form: IdForm) -> int:
    if not (_may_change(unknown, form) or _may_change(known, form) or form == "strip_leading_zeros"):
        return 0
    left, right = (ids.to_frame("id").select(in_form(pl.col("id"), form)).drop_nulls() for ids in (unknown, known))
    return len(left.join(right, on="id", how="semi"))


def _within(table: str, fewer: int, ids: int, form: IdForm) -> Remark:
    english, word = _WORDS[form]
    return Remark(
        "ids_in_several_spellings",
        f"{table}: {fewer:,} of {ids:,} different customer_id equal another one {english}. They count as different customers; if they are "
        f"the same, declare id_form: {form} for the column in the mapping.",
        f"{table} : {french(fewer)} des {french(ids)} customer_id différents sont égaux à un autre {word}. Ils comptent comme des clients "
        f"différents ; si ce sont les mêmes, déclarez id_form: {form} pour la colonne dans le fichier de correspondance.",
    )


def _lost(table: str, lost: int) -> Remark:
    return Remark(
        "ids_without_their_last_digits",
        f"{table}: {counted(lost, 'customer_id')} written with an exponent that has lost digits, as a spreadsheet does with long numbers. "
        "Export the column as text.",
        f"{table} : {french(lost)} customer_id écrits avec un exposant qui a perdu des chiffres, comme le fait un tableur avec les nombres "
        "longs. Exportez la colonne comme texte.",
    )
