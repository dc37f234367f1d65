"""Tables of a measured campaign: each column declared once, for the files, the ledger and their documentation.

    made(MONEY, rows)                   # rows as dicts -> a frame with exactly these columns
    documented(MONEY, "en")             # the rows of its table in docs/campaigns.md

A figure that could not be computed is null, and the reason is beside it in both languages.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import polars as pl

from relkit.errors import TableError
from relkit.file_column import FileColumn
from relkit.measurement.guardrails import STATES
from relkit.texts import Text

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

WINDOWS = {
    "response": Text("at the end of the response window", "à la fin de la fenêtre de réponse"),
    "post": Text("at the end of the post window", "à la fin de la fenêtre d’observation"),
    "later": Text("between the two: what was pulled forward, or lasted", "entre les deux : ce qui a été anticipé, ou a duré"),
}
METHODS = {
    "unadjusted": Text("difference as it is, nobody having been drawn", "écart brut, sans tirage"),
    "drawn": Text("as drawn", "tel que tiré"),
    "adjusted": Text("adjusted for the time before", "ajusté de la période précédente"),
    "winsorised": Text("largest amounts capped", "plus gros montants plafonnés"),
    "reached": Text("on those reached (CACE)", "sur les personnes touchées (CACE)"),
}
KINDS = {
    "money": Text("amount", "montant"),
    "share": Text("share", "part"),
    "count": Text("number", "nombre"),
    "ratio": Text("ratio", "ratio"),
}


@dataclass(frozen=True)
class ResultTable:
    """A table of a measurement.

    Attributes:
        name: of the file, without extension.
        meaning: of one row.
        columns: in order.
    """

    name: str
    meaning: Text
    columns: tuple[FileColumn, ...]

    @property
    def schema(self) -> dict[str, Any]:
        """Types by column."""
        return {column.name: column.dtype for column in self.columns}


def made(table: ResultTable, rows: Iterable[dict[str, Any]]) -> pl.DataFrame:
    """Return rows as a frame with the columns of a table; a column that a row lacks is null.

    Raises:
        TableError: a row has a column that the table does not know.

    Examples:
        >>> made(DAYS, [{"day": 1, "estimate": 0.5}]).select("day", "estimate", "low").row(0)
        (1, 0.5, None)
    """
    listed = list(rows)
    known = set(table.schema)
    for row in listed:
        if unknown := sorted(set(row) - known):
            raise TableError.unknown("column", unknown[0], known, where=table.name)
    return pl.DataFrame([{name: row.get(name) for name in table.schema} for row in listed], schema=table.schema)


def documented(table: ResultTable, language: str) -> str:
    """Return the columns of a table as the rows of a Markdown table.

    Examples:
        >>> print(documented(DAYS, "en").splitlines()[0])
        | `day` | i32 | days since the draw |
    """
    return "\n".join(f"| `{column.name}` | {_type_name(column)} | {column.meaning[language]} |" for column in table.columns)


def _type_name(column: FileColumn) -> str:
    names = {
        pl.String: "text",
        pl.Float64: "f64",
        pl.Int32: "i32",
        pl.Int64: "i64",
        pl.Boolean: "bool",
        pl.Date: "date",
        pl.Datetime: "instant",
    }
    return next(name for dtype, name in names.items() if column.dtype == dtype)


def _column(name: str, dtype: Any, en: str, fr: str) -> FileColumn:
    return FileColumn(name=name, dtype=dtype, meaning=Text(en, fr))


def _text(name: str, en: str, fr: str) -> FileColumn:
    return _column(name, pl.String, en, fr)


def _number(name: str, en: str, fr: str) -> FileColumn:
    return _column(name, pl.Float64, en, fr)


def _count(name: str, en: str, fr: str) -> FileColumn:
    return _column(name, pl.Int64, en, fr)


def _coded(name: str, en: str, fr: str, codes: dict[str, Text]) -> FileColumn:
    return FileColumn(name=name, dtype=pl.String, meaning=Text(en, fr), codes=codes)


LABELS = (_text("label_en", "name in English", "nom en anglais"), _text("label_fr", "name in French", "nom en français"))
REASONS = (
    _text("reason_en", "reason for a null figure, in English", "raison d’une valeur vide, en anglais"),
    _text("reason_fr", "reason for a null figure, in French", "raison d’une valeur vide, en français"),
)
ARMS = (
    _count("n_treated", "units drawn treated", "unités tirées traitées"),
    _count(
        "n_other", "units drawn control; not contacted, in a comparison", "unités tirées témoins ; non contactées, dans une comparaison"
    ),
)
INTERVAL = (
    _number("estimate", "effect per unit: difference of the arms", "effet par unité : écart entre les groupes"),
    _number("low", "lower end of the interval", "borne basse de l’intervalle"),
    _number("high", "upper end of the interval", "borne haute de l’intervalle"),
)
WINDOW = _coded(
    "window",
    "response (first window), post (both windows), or later (the second alone)",
    "response (première fenêtre), post (les deux) ou later (la seconde seule)",
    WINDOWS,
)
MEANS = (
    _number("mean_treated", "mean of the treated", "moyenne des traités"),
    _number("mean_other", "mean of the control, or of those not contacted", "moyenne des témoins, ou des non contactés"),
)

ESTIMATES = ResultTable(
    "estimates",
    Text("a measure, a window and a method", "un indicateur, une fenêtre et une méthode"),
    (
        _text("measure", "measure: net, margin, revenue, orders, ...", "indicateur : net, margin, revenue, orders, ..."),
        *LABELS,
        _coded("kind", "money, share or count", "money, share ou count", KINDS),
        WINDOW,
        _column("window_days", pl.Int32, "days from the draw to the end of the window", "jours du tirage à la fin de la fenêtre"),
        _coded(
            "method",
            "drawn, adjusted, winsorised or reached; in a comparison unadjusted or adjusted",
            "drawn, adjusted, winsorised ou reached ; unadjusted ou adjusted si comparaison",
            METHODS,
        ),
        *MEANS,
        *INTERVAL,
        _number("std_error", "standard error", "erreur type"),
        _number("p_value", "two-sided p-value of no effect", "p-valeur bilatérale d’un effet nul"),
        _number("lift", "effect relative to `mean_other`", "effet rapporté à `mean_other`"),
        _number("lift_low", "lower end of its interval", "borne basse de son intervalle"),
        _number("lift_high", "upper end of its interval", "borne haute de son intervalle"),
        *ARMS,
        *REASONS,
    ),
)
MONEY = ResultTable(
    "money",
    Text("a figure of money and a window, over all treated units", "un chiffre en argent et une fenêtre, pour toutes les unités traitées"),
    (
        _text("figure", "figure: see docs/campaigns.md", "chiffre : voir docs/campaigns.md"),
        *LABELS,
        _coded("kind", "money, count or ratio", "money, count ou ratio", KINDS),
        WINDOW,
        _number("value", "its value", "sa valeur"),
        _number("low", "lower end of the interval", "borne basse de l’intervalle"),
        _number("high", "upper end of the interval", "borne haute de l’intervalle"),
        *REASONS,
    ),
)
DAYS = ResultTable(
    "days",
    Text("a day since the draw: margin per unit, cumulative", "un jour depuis le tirage : marge par unité, cumulée"),
    (
        _column("day", pl.Int32, "days since the draw", "jours depuis le tirage"),
        *INTERVAL,
        _number("always_low", "lower end of the band that holds on all days at once", "borne basse de la bande valable tous les jours"),
        _number("always_high", "its upper end", "sa borne haute"),
    ),
)
SEGMENTS = ResultTable(
    "segments",
    Text("a group of customers as of the draw", "un groupe de clients au jour du tirage"),
    (
        _text("segment", "column that makes the groups", "colonne qui forme les groupes"),
        _text("segment_en", "its name in English", "son nom en anglais"),
        _text("segment_fr", "its name in French", "son nom en français"),
        _text("group", "value of the group", "valeur du groupe"),
        _text("group_en", "its name in English", "son nom en anglais"),
        _text("group_fr", "its name in French", "son nom en français"),
        *MEANS,
        *INTERVAL,
        _number("p_value", "two-sided p-value of no effect in the group", "p-valeur bilatérale d’un effet nul dans le groupe"),
        _number(
            "q_value", "the same, corrected for all groups (Benjamini-Hochberg)", "corrigée pour tous les groupes (Benjamini-Hochberg)"
        ),
        _number("differ_p_value", "p-value of equal effects in all groups of the segment", "p-valeur d’effets égaux dans le segment"),
        _number("differ_q_value", "the same, corrected for the number of segments", "corrigée pour le nombre de segments"),
        *ARMS,
        *REASONS,
    ),
)
WAVES = ResultTable(
    "waves",
    Text("a wave, or its part with one probability of treatment", "une vague, ou sa part de même probabilité de traitement"),
    (
        _text("wave_id", "wave", "vague"),
        _column("drawn_on", pl.Date, "day of the draw", "jour du tirage"),
        _number("propensity", "planned probability of treatment", "probabilité de traitement prévue"),
        *ARMS,
        _number("expected_treated", "treated units to be expected", "unités traitées attendues"),
        _number("p_value", "p-value of the planned shares", "p-valeur des parts prévues"),
    ),
)
BALANCE = ResultTable(
    "balance",
    Text("a measure of the weeks before the draw", "un indicateur des semaines précédant le tirage"),
    (
        _text("covariate", "measure before the draw", "indicateur avant tirage"),
        *LABELS,
        *MEANS,
        _number("difference", "standardised difference of the means", "différence standardisée des moyennes"),
        _number("difference_after", "the same after weighting, in a comparison", "la même après pondération, si comparaison"),
        _number("p_value", "p-value of equal means", "p-valeur de moyennes égales"),
    ),
)
GUARDRAILS = ResultTable(
    "guardrails",
    Text("a measure that must not get worse", "un indicateur qui ne doit pas se dégrader"),
    (
        _text("measure", "measure", "indicateur"),
        *LABELS,
        _coded("kind", "share, count or money", "share, count ou money", KINDS),
        *MEANS,
        *INTERVAL,
        _number("allowed", "largest harm that is accepted", "dégradation acceptée"),
        _number("p_value", "p-value of a harm beyond it", "p-valeur d’une dégradation plus forte"),
        _coded("state", "held, breached or unclear", "held, breached ou unclear", STATES),
        *ARMS,
        *REASONS,
    ),
)
TABLES = (ESTIMATES, MONEY, DAYS, SEGMENTS, WAVES, BALANCE, GUARDRAILS)


def reason_of(text: Text | None) -> dict[str, str | None]:
    """Return the columns of a reason; null if there is none.

    Examples:
        >>> reason_of(None)
        {'reason_en': None, 'reason_fr': None}
    """
    return {"reason_en": text.en or None, "reason_fr": text.fr or None} if text else {"reason_en": None, "reason_fr": None}


def label_of(text: Text) -> dict[str, str]:
    """Return the columns of a label.

    Examples:
        >>> label_of(Text("Margin", "Marge"))
        {'label_en': 'Margin', 'label_fr': 'Marge'}
    """
    return {"label_en": text.en, "label_fr": text.fr}


def names(tables: Sequence[ResultTable] = TABLES) -> tuple[str, ...]:
    """Return the names of the tables.

    Examples:
        >>> names()[:2]
        ('estimates', 'money')
    """
    return tuple(table.name for table in tables)
