"""Results ledger of a programme: one row per measured campaign, so that what was learnt is found again.

    out/default/results/ledger.parquet

A campaign measured again with the same windows replaces its row: the ledger states what is known now.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import polars as pl

from relkit.errors import StorageError
from relkit.file_column import FileColumn
from relkit.measurement.result_tables import ResultTable
from relkit.texts import Text

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path

    from relkit.measurement.measured_campaign import MeasuredCampaign

FOLDER, FILE = "results", "ledger.parquet"
KEY = ("action_id", "wave_id", "kind", "response_window_days", "post_window_days")
"""Columns that identify a row; an empty wave stands for all waves."""


def _column(name: str, dtype: Any, en: str, fr: str) -> FileColumn:
    return FileColumn(name=name, dtype=dtype, meaning=Text(en, fr))


LEDGER = ResultTable(
    "ledger",
    Text("a measured campaign", "une campagne mesurée"),
    (
        _column("action_id", pl.String, "action", "action"),
        _column("wave_id", pl.String, "wave; empty for all waves of the action", "vague ; vide pour toutes les vagues de l’action"),
        _column("kind", pl.String, "draw, or comparison if nobody was drawn", "draw, ou comparison si personne n’a été tiré"),
        _column("response_window_days", pl.Int32, "days in which a response is expected", "jours où une réponse est attendue"),
        _column("post_window_days", pl.Int32, "further days observed", "jours d’observation suivants"),
        _column("as_of", pl.Date, "last day known to the measurement", "dernier jour connu de la mesure"),
        _column("first_draw", pl.Date, "day of the first draw", "jour du premier tirage"),
        _column("last_draw", pl.Date, "day of the last draw", "jour du dernier tirage"),
        _column(
            "treated", pl.Int64, "units drawn treated; contacted, in a comparison", "unités tirées traitées ; contactées si comparaison"
        ),
        _column("control", pl.Int64, "units drawn control; empty in a comparison", "unités tirées témoins ; vide si comparaison"),
        _column("not_contacted", pl.Int64, "units compared with; empty after a draw", "unités de comparaison ; vide après un tirage"),
        _column("method", pl.String, "drawn, or adjusted for the weeks before", "drawn, ou adjusted : ajusté des semaines d’avant"),
        _column("currency", pl.String, "ISO code of all amounts", "code ISO de tous les montants"),
        _column("level", pl.Float64, "level of the intervals", "niveau des intervalles"),
        _column("incremental_margin", pl.Float64, "margin added at the end of the post window", "marge ajoutée en fin d’observation"),
        _column("cost", pl.Float64, "cost of contacts, offers and the action", "coût des contacts, des offres et de l’action"),
        _column("net_margin", pl.Float64, "incremental margin less cost", "marge ajoutée moins le coût"),
        _column("net_margin_low", pl.Float64, "lower end of its interval", "borne basse de son intervalle"),
        _column("net_margin_high", pl.Float64, "upper end of its interval", "borne haute de son intervalle"),
        _column(
            "net_margin_response", pl.Float64, "net margin at the end of the response window", "marge nette en fin de fenêtre de réponse"
        ),
        _column("incremental_orders", pl.Float64, "orders added at the end of the post window", "commandes ajoutées en fin d’observation"),
        _column("srm_p_value", pl.Float64, "p-value of the planned shares", "p-valeur des parts prévues"),
        _column("verdict", pl.String, "continue, stop, retest or not_measurable", "continue, stop, retest ou not_measurable"),
        _column("units_needed", pl.Int64, "units to draw to detect the effect that pays", "unités à tirer pour détecter l’effet rentable"),
        _column("measured_at", pl.Datetime("us", "UTC"), "when it was measured", "date et heure de la mesure"),
        _column("version", pl.String, "version of relkit", "version de relkit"),
    ),
)


def ledger_row(measured: MeasuredCampaign, *, measured_at: datetime) -> dict[str, Any]:
    """Return the row of a measured campaign."""
    facts = measured.facts
    net = measured.money("net_margin")
    named = {
        name: getattr(facts, name) for name in (*KEY, "as_of", "first_draw", "last_draw", "currency", "level", "method", "srm_p_value")
    }
    figures = {name: measured.money(name)["value"] for name in ("incremental_margin", "cost", "incremental_orders")}
    return {
        **named,
        **figures,
        **{name: facts.counts.get(name) for name in ("treated", "control", "not_contacted")},
        "net_margin": net["value"],
        "net_margin_low": net["low"],
        "net_margin_high": net["high"],
        "net_margin_response": measured.money("net_margin", "response")["value"],
        "verdict": facts.verdict,
        "units_needed": facts.units_needed,
        "version": facts.version,
        "measured_at": measured_at,
    }


def with_row(ledger: pl.DataFrame | None, row: dict[str, Any]) -> pl.DataFrame:
    """Return a ledger with a row added, or put in place of the one with its key, in order of action, wave and windows.

    Examples:
        >>> row = {"action_id": "voucher", "kind": "draw", "response_window_days": 28, "post_window_days": 56, "verdict": "retest"}
        >>> once = with_row(None, row)
        >>> with_row(once, row | {"verdict": "continue"})["verdict"].to_list()
        ['continue']
    """
    new = pl.DataFrame([{name: row.get(name) for name in LEDGER.schema}], schema=LEDGER.schema)
    if ledger is None:
        return new
    kept = ledger.join(new, on=KEY, how="anti", nulls_equal=True)
    return pl.concat([kept, new]).sort(KEY, nulls_last=True)


def read_ledger(out: Path) -> pl.DataFrame | None:
    """Return the ledger of an output root, or None if nothing was measured.

    Raises:
        StorageError: the file is damaged, or another version of relkit wrote it.
    """
    path = out / FOLDER / FILE
    if not path.is_file():
        return None
    remedy = "Move it away; each campaign that is measured again gets its row back."
    try:
        found = pl.read_parquet(path)
    except (OSError, pl.exceptions.PolarsError) as error:
        raise StorageError("the results ledger cannot be read.", where=str(path), remedy=remedy) from error
    if dict(found.schema) != LEDGER.schema:
        raise StorageError("the results ledger is of another version of relkit.", where=str(path), remedy=remedy)
    return found


def write_ledger(out: Path, ledger: pl.DataFrame) -> Path:
    """Write the ledger of an output root atomically, and return its path."""
    path = out / FOLDER / FILE
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.part")
    ledger.write_parquet(draft)
    draft.replace(path)
    return path
