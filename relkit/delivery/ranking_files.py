"""Files of a ranking of customers for a product: Parquet, CSV and XLSX with the same rows, and the counts of those left out.

    write_ranking(rows, folder, "P0-03", currency="EUR", language="fr", facts={...})

`relkit.delivery.list_files` states how they are written.
"""

from __future__ import annotations

import hashlib
from dataclasses import replace
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import polars as pl

from relkit.delivery.list_files import write_list
from relkit.features.columns import CUSTOMER
from relkit.file_column import FileColumn
from relkit.texts import Text

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from relkit.texts import Language

LONGEST_NAME = 80
"""Most characters of a file's name before its ending."""
SHEET = Text("Ranking", "Classement")

COLUMNS: tuple[FileColumn, ...] = (
    FileColumn(name="rank", dtype=pl.Int32, label=Text("Rank (1 = best)", "Rang (1 = meilleur)"), low=1),
    CUSTOMER,
    FileColumn(name="product_id", dtype=pl.String, label=Text("Product", "Produit")),
    FileColumn(name="product", dtype=pl.String, label=Text("Name of the product", "Nom du produit")),
    FileColumn(
        name="probability",
        dtype=pl.Float64,
        label=Text("Probability in the next basket", "Probabilité dans le prochain panier"),
        unit="probability",
        low=0,
        high=1,
        decimals=4,
    ),
    FileColumn(
        name="expected_margin_{cur}",
        dtype=pl.Float64,
        label=Text("Expected margin ({CUR})", "Marge attendue ({CUR})"),
        unit="{CUR}",
        decimals=2,
    ),
    FileColumn(name="is_repeat", dtype=pl.Boolean, label=Text("Bought before", "Déjà acheté")),
    FileColumn(name="reason", dtype=pl.String, label=Text("Reason", "Motif")),
)
"""Columns of a ranking, in order."""


def ranking_columns(currency: str) -> tuple[FileColumn, ...]:
    """Return the columns of a ranking in a currency.

    Examples:
        >>> ranking_columns("CHF")[5].name
        'expected_margin_chf'
    """
    codes = {"cur": currency.lower(), "CUR": currency.upper()}
    return tuple(
        replace(c, name=c.name.format(**codes), unit=c.unit.format(**codes), label=c.label.filled(**codes)) if "{" in c.name else c
        for c in COLUMNS
    )


def file_stem(*product_ids: str) -> str:
    """Return the name of the files on one or several products: safe on every system and different for different products.

    Examples:
        >>> file_stem("P0-03"), file_stem("a/b"), file_stem("..")
        ('P0-03', 'a%2Fb', '%2E%2E')
    """
    stem = "+".join(quote(each, safe="-_ ").replace(".", "%2E") for each in product_ids)
    if len(stem) <= LONGEST_NAME:
        return stem
    return f"{stem[: LONGEST_NAME - 9]}-{hashlib.sha256(stem.encode()).hexdigest()[:8]}"


def write_ranking(
    rows: pl.DataFrame, folder: Path, stem: str, *, currency: str, language: Language, facts: Mapping[str, Any]
) -> dict[str, Path]:
    """Write a ranking in all formats and the facts about it, and return the files by kind.

    Args:
        rows: the columns of `ranking_columns`, in the order of rank.
        folder: rankings/<day>; created if missing.
        stem: of the files' names.
        currency: ISO code of money.
        language: of headers and words.
        facts: what the ranking rests on and who was left out, written as JSON.
    """
    return write_list(rows, ranking_columns(currency), folder, stem, title=SHEET, language=language, facts=facts)
