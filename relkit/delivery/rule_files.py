"""Files of association rules for merchandisers: one row per rule, in names and in ids, in the formats of `relkit.delivery.list_files`.

write_rules(rule_rows(fitted.rules, names, by=""), folder, "rules", language="fr", facts={...})
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import polars as pl

from relkit.delivery.list_files import write_list
from relkit.file_column import FileColumn
from relkit.texts import Text

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from relkit.texts import Language

SHEET = Text("Rules", "Règles")
AND = " + "
"""Text between the products of one side."""


def _count(name: str, label: Text) -> FileColumn:
    return FileColumn(name=name, dtype=pl.Int64, label=label, low=0)


def _share(name: str, label: Text) -> FileColumn:
    return FileColumn(name=name, dtype=pl.Float64, label=label, unit="share", low=0, high=1, decimals=4)


def _number(name: str, label: Text) -> FileColumn:
    return FileColumn(name=name, dtype=pl.Float64, label=label, decimals=3)


COLUMNS: tuple[FileColumn, ...] = (
    FileColumn(name="group", dtype=pl.String, label=Text("Group of baskets", "Groupe de paniers")),
    FileColumn(name="if_bought", dtype=pl.String, label=Text("Who buys", "Qui achète")),
    FileColumn(name="also_bought", dtype=pl.String, label=Text("Also buys", "Achète aussi")),
    _count("count", Text("Baskets with both", "Paniers avec les deux")),
    _count("antecedent_count", Text("Baskets with the first", "Paniers avec le premier")),
    _count("consequent_count", Text("Baskets with the second", "Paniers avec le second")),
    _count("baskets", Text("All baskets", "Tous les paniers")),
    FileColumn(
        name="baskets_beyond_chance", label=Text("Baskets beyond chance", "Paniers au-delà du hasard"), dtype=pl.Float64, decimals=1
    ),
    _share("support", Text("Share of all baskets", "Part de tous les paniers")),
    _share("confidence", Text("Share of the baskets with the first", "Part des paniers avec le premier")),
    _number("lift", Text("Times as often as by chance", "Fois plus souvent que par hasard")),
    _number("lift_lower", Text("At least", "Au moins")),
    _number("lift_upper", Text("At most", "Au plus")),
    _share("q_value", Text("False discovery rate", "Taux de fausses découvertes")),
    FileColumn(name="improvement", label=Text("Gain on a simpler rule", "Gain sur une règle plus simple"), dtype=pl.Float64, decimals=4),
    FileColumn(name="is_redundant", dtype=pl.Boolean, label=Text("Superfluous", "Superflue")),
    FileColumn(name="antecedent", dtype=pl.String, label=Text("Ids of the first", "Identifiants du premier")),
    FileColumn(name="consequent", dtype=pl.String, label=Text("Ids of the second", "Identifiants du second")),
)
"""Columns of a file of rules, in order; the group only if rules were found by group."""


def rule_rows(rules: pl.DataFrame, names: Mapping[str, str], *, by: str = "") -> pl.DataFrame:
    """Return rules as rows of a file.

    Args:
        rules: as a fitted model gives them.
        names: names of products by id; one without a name keeps its id.
        by: column with the group of baskets; empty if there is none.

    Examples:
        >>> from datetime import date
        >>> from relkit.models.affinity.rules import Rules
        >>> found = Rules().fit(pl.DataFrame({"products": [["P1", "P2"], ["P1", "P2"], ["P3"]]}), as_of=date(2025, 6, 30))
        >>> rule_rows(found.rules, {"P1": "Milk"}).select("if_bought", "also_bought", "antecedent", "baskets_beyond_chance").row(0)
        ('Milk', 'P2', 'P1', 0.6666666666666666)
    """
    named = {side: _named(rules[side], names) for side in ("antecedent", "consequent")}
    group = [pl.col(by).cast(pl.String).alias("group")] if by else []
    return rules.with_columns(
        *group,
        if_bought=named["antecedent"],
        also_bought=named["consequent"],
        baskets_beyond_chance=pl.col("leverage") * pl.col("baskets"),
        antecedent=pl.col("antecedent").list.join(AND),
        consequent=pl.col("consequent").list.join(AND),
    )


def _named(side: pl.Series, names: Mapping[str, str]) -> pl.Series:
    """Return the products of one side in words."""
    return pl.Series([AND.join(names.get(item) or item for item in items) for items in side.to_list()], dtype=pl.String)


def write_rules(rows: pl.DataFrame, folder: Path, stem: str, *, language: Language, facts: Mapping[str, Any]) -> dict[str, Path]:
    """Write rules in all formats and return the files by kind.

    Args:
        rows: from `rule_rows`.
        folder: created if missing.
        stem: of the files' names.
        language: of headers and words.
        facts: on the rules, written as JSON.
    """
    columns = [column for column in COLUMNS if column.name in rows.columns]
    return write_list(rows, columns, folder, stem, title=SHEET, language=language, facts=facts)
