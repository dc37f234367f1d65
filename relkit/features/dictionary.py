"""The dictionary of the customer table: each column described in English and in French.

Columns that relkit makes and those of the customers table are declared in `relkit.features.columns`; attributes of snapshots are
worded by the mapping that declared them.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import polars as pl

from relkit.errors import TableError
from relkit.features.columns import ATTRIBUTES, DECLARED
from relkit.file_column import FileColumn, channel_in_words
from relkit.texts import Text

if TYPE_CHECKING:
    from collections.abc import Iterable

    from relkit.tables.table_set import TableSet

SNAPSHOT = "snapshot_"
"""Prefix of an attribute whose own name is taken."""

_DECLARED = {column.name: column for column in DECLARED}
_ATTRIBUTES = {column.name: column for column in ATTRIBUTES}
_PER_CHANNEL = {"contacts_30d_": "contacts", "consent_": "consents", "may_contact_": ""}
"""Prefixes of the columns for each channel, and the table without which they are not made."""


def dictionary(columns: Iterable[str], tables: TableSet) -> pl.DataFrame:
    """Return one row per column of the customer table, in the order given.

    Args:
        columns: names of the table's columns.
        tables: the company whose customer table it is, for its currency and its declared attributes.

    Returns:
        column, label_en, label_fr, unit, meaning, meaning_fr, null_means, null_means_fr, personal_data, family. A column of codes lists
        them at the end of its meaning.

    Raises:
        TableError: a column has no description.
    """
    return pl.DataFrame([_row(name, _described(name, tables)) for name in columns])


def _row(name: str, column: FileColumn) -> dict[str, str]:
    """Return the dictionary's row of the column `name`, which `column` describes."""
    return {
        "column": name,
        "label_en": column.label["en"],
        "label_fr": column.label["fr"],
        "unit": column.unit,
        "meaning": _with_codes(column, "en"),
        "meaning_fr": _with_codes(column, "fr"),
        "null_means": column.null_means["en"],
        "null_means_fr": column.null_means["fr"],
        "personal_data": column.personal_data,
        "family": column.group,
    }


def _with_codes(column: FileColumn, language: str) -> str:
    if not column.codes:
        return column.meaning[language]
    listed = Text("; ", " ; ")[language].join(f"{code} = {words}" for code, words in column.words(language).items())
    return f"{column.meaning[language]} {listed}."


def _described(name: str, tables: TableSet) -> FileColumn:
    """Return the declaration of a column: one that relkit makes, one of the customers table, or an attribute of snapshots."""
    currency = tables.facts.currency
    if found := _DECLARED.get(name) or _DECLARED.get(name.removesuffix(currency.lower()) + "{cur}"):
        return replace(found, label=found.label.filled(CUR=currency), unit=found.unit.format(CUR=currency))
    for start, table in _PER_CHANNEL.items():
        if name.startswith(start) and (not table or tables.has(table)):
            found = _DECLARED[f"{start}{{channel}}"]
            return replace(found, label=found.label.filled(channel=channel_in_words(name.removeprefix(start))))
    if tables.has("customers") and name in _ATTRIBUTES:
        return _ATTRIBUTES[name]
    attribute = name.removeprefix(SNAPSHOT)
    if tables.has("customer_snapshots") and attribute in tables.columns("customer_snapshots"):
        return _attribute(attribute, tables)
    raise TableError.unknown("column", name, list(_DECLARED), where="customer table")


def _attribute(name: str, tables: TableSet) -> FileColumn:
    """Return the declaration of an attribute of snapshots, as far as the mapping gives one."""
    declared = tables.facts.attributes.get(name, {})
    meaning = declared.get("meaning")
    return FileColumn(
        name=name,
        dtype=pl.Unknown,
        label=Text(declared.get("label_en") or name, declared.get("label_fr") or name),
        meaning=Text(meaning, meaning) if meaning else Text("Attribute of the last snapshot.", "Attribut de la dernière photo."),
        null_means=Text("not given, or in no snapshot", "non renseigné, ou dans aucune photo"),
        unit=declared.get("unit", ""),
        group="attribute",
        personal_data=declared.get("personal_data") or "personal",
    )
