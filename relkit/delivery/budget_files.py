"""Files of a budget scenario: one row per channel, in the formats of `relkit.delivery.list_files`.

write_budget(budget_rows(responses.table, scenario.channels), folder, currency="EUR", language="fr", facts={...})
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import polars as pl

from relkit.delivery.list_files import write_list
from relkit.file_column import FileColumn
from relkit.scores.channel_credit import COLUMNS as CREDIT
from relkit.scores.channel_credit import in_currency
from relkit.texts import Text

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from relkit.texts import Language

SHEET = Text("Budget scenario", "Scénario de budget")
STEM = "budget"
BASES = {
    "variation": Text("its spend varied", "sa dépense a varié"),
    "experiment": Text("an experiment measured it", "une expérience l’a mesuré"),
    "refused": Text("no curve can be told", "aucune courbe ne peut être établie"),
}
REASONS = {
    "no_spend": Text("nothing is spent on it", "aucune dépense"),
    "few_periods": Text("spend in fewer than eight weeks, and no experiment", "dépense sur moins de huit semaines, et aucune expérience"),
    "no_variation": Text("the spend hardly varied, and no experiment", "la dépense n’a guère varié, et aucune expérience"),
    "no_value": Text("no value is credited to it", "aucune valeur ne lui est attribuée"),
}
BENDS = {
    "own": Text("from its own weeks", "de ses propres semaines"),
    "shared": Text("from the other channels", "des autres canaux"),
    "assumed": Text("assumed", "supposée"),
}


def _money(name: str, label: Text, *, decimals: int = 2) -> FileColumn:
    return FileColumn(name=name, dtype=pl.Float64, label=label, unit="{CUR}", decimals=decimals)


COLUMNS: tuple[FileColumn, ...] = (
    next(column for column in CREDIT if column.name == "channel"),
    _money("spend", Text("Spend per week ({CUR})", "Dépense par semaine ({CUR})")),
    _money("best_spend", Text("Spend in the scenario ({CUR})", "Dépense dans le scénario ({CUR})")),
    _money("change", Text("Change ({CUR})", "Variation ({CUR})")),
    FileColumn(name="is_at_limit", dtype=pl.Boolean, label=Text("At its limit", "À sa limite")),
    _money("credited_value", Text("Value per week ({CUR})", "Valeur par semaine ({CUR})")),
    _money("best_value", Text("Value in the scenario ({CUR})", "Valeur dans le scénario ({CUR})")),
    FileColumn(name="marginal", dtype=pl.Float64, label=Text("Value of one more unit", "Valeur d’une unité de plus"), decimals=4),
    FileColumn(name="marginal_lower", dtype=pl.Float64, label=Text("At least", "Au moins"), decimals=4),
    FileColumn(name="marginal_upper", dtype=pl.Float64, label=Text("At most", "Au plus"), decimals=4),
    FileColumn(name="elasticity", dtype=pl.Float64, label=Text("Elasticity", "Élasticité"), decimals=4),
    FileColumn(name="elasticity_error", dtype=pl.Float64, label=Text("Its standard error", "Son erreur type"), decimals=4),
    FileColumn(name="bend", dtype=pl.String, label=Text("Elasticity comes", "L’élasticité vient"), codes=BENDS),
    FileColumn(name="is_at_bound", dtype=pl.Boolean, label=Text("Shows no saturation", "Ne montre pas de saturation")),
    FileColumn(name="basis", dtype=pl.String, label=Text("Basis", "Fondement"), codes=BASES),
    FileColumn(name="refused_because", dtype=pl.String, label=Text("Why refused", "Motif du refus"), codes=REASONS),
)
"""Columns of a budget scenario, in order."""


def budget_rows(responses: pl.DataFrame, channels: pl.DataFrame) -> pl.DataFrame:
    """Return the channels of a scenario, the largest increase first, then those without a response.

    Args:
        responses: one row per channel (`relkit.models.attribution.channel_responses.TABLE_SCHEMA`).
        channels: those with a response (`relkit.models.attribution.budget.CHANNELS_SCHEMA`).
    """
    of_scenario = channels.rename({"value": "credited_value"})
    told = ("elasticity", "elasticity_error", "bend", "is_at_bound", "basis")
    kept = of_scenario.join(responses.select("channel", *told, refused_because="reason"), on="channel", how="left", maintain_order="left")
    others = responses.join(channels, on="channel", how="anti").sort("channel")
    refused = others.select("channel", "spend", *told, credited_value="value", refused_because="reason")
    return pl.concat([kept, refused], how="diagonal").with_columns(pl.col("refused_because").replace({"": None}))


def write_budget(rows: pl.DataFrame, folder: Path, *, currency: str, language: Language, facts: Mapping[str, Any]) -> dict[str, Path]:
    """Write a scenario in all formats and return the files by kind.

    Args:
        rows: from `budget_rows`.
        folder: created if missing.
        currency: ISO code.
        language: of headers and words.
        facts: on the scenario, written as JSON.
    """
    columns = [in_currency(column, currency) for column in COLUMNS]
    return write_list(rows, columns, folder, STEM, title=SHEET, language=language, facts=facts)
