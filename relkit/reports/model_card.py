"""The models behind a report, for the method note: version, last day of training, forecast quality."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import polars as pl

from relkit.periods import DrawnHoldout, UnitHoldout, read_holdout
from relkit.plots.style import number, percent
from relkit.reports.summary_tables import Shown, SummaryTable, day_in_words
from relkit.texts import Text, in_language

if TYPE_CHECKING:
    from collections.abc import Mapping

TEXTS = {
    "caption": Text("Models behind this page", "Modèles derrière cette page"),
    "model": Text("Model", "Modèle"),
    "version": Text("Version", "Version"),
    "trained": Text("Trained on facts up to", "Entraîné sur les faits connus au"),
    "metric": Text("Judged by", "Jugé par"),
    "value": Text("Result", "Résultat"),
    "holdout": Text("On", "Sur"),
    "span": Text("{start} to {end}", "{start} au {end}"),
    "drawn": Text(
        "{share} of the customers, drawn at random: their first {days} days",
        "{share} des clients, tirés au hasard : leurs {days} premiers jours",
    ),
    "later_units": Text("{share} of the units, drawn from {start} on", "{share} des unités, tirées à partir du {start}"),
    "some_units": Text("{share} of the units, drawn at random", "{share} des unités, tirées au hasard"),
    "note": Text(
        "Judged on what the model had not seen, then trained again on all there is.",
        "Jugés sur ce que le modèle n’avait pas vu, puis entraînés de nouveau sur l’ensemble.",
    ),
    "mae_repeat_purchases": Text("mean error of repeat purchases", "erreur moyenne sur les réachats"),
    "crps_repeat_purchases": Text(
        "error of the distribution of repeat purchases (CRPS, 0 = perfect)", "erreur de la distribution des réachats (CRPS, 0 = parfait)"
    ),
    "mae_order_value": Text("mean error of the order value", "erreur moyenne sur la valeur de commande"),
    "brier_score": Text("Brier score on the last day (0 = perfect)", "score de Brier au dernier jour (0 = parfait)"),
    "ndcg_10": Text("NDCG of the first ten products (1 = perfect)", "NDCG des dix premiers produits (1 = parfait)"),
    "share_of_rules_that_hold": Text("share of rules that hold in later baskets", "part des règles confirmées par les paniers suivants"),
    "share_moved": Text(
        "part of the credit that a later period moves (0 = none)", "part du crédit qu’une période ultérieure déplace (0 = aucune)"
    ),
    "log_likelihood_per_step": Text("log likelihood per step (0 = perfect)", "log-vraisemblance par étape (0 = parfait)"),
    "log_loss": Text("log loss (0 = perfect)", "perte logarithmique (0 = parfait)"),
    "concordance": Text("concordance (1 = perfect order)", "concordance (1 = ordre parfait)"),
}


def model_card(models: Mapping[str, Mapping[str, Any]], *families: str, language: str) -> SummaryTable:
    """Return the models of some families.

    Args:
        models: by score, the entry of models.json.
        families: e.g. "survival"; models of other families are left out.
        language: en or fr.
    """
    texts = in_language(TEXTS, language)
    named = [row for entry in models.values() for row in _rows(entry, language) if row["model"].partition(".")[0] in families]
    rows = {row["model"]: row for row in sorted(named, key=lambda row: row["value"] is not None)}
    schema = {
        "model": pl.String,
        "version": pl.String,
        "trained": pl.String,
        "metric": pl.String,
        "value": pl.Float64,
        "holdout": pl.String,
    }
    columns = (
        Shown("model", texts["model"]),
        Shown("version", texts["version"]),
        Shown("trained", texts["trained"], "date"),
        Shown("metric", texts["metric"]),
        Shown("value", texts["value"], "number", 3),
        Shown("holdout", texts["holdout"]),
    )
    frame = pl.DataFrame([rows[name] for name in sorted(rows)], schema=schema).with_columns(pl.col("trained").str.to_date())
    return SummaryTable(frame=frame, columns=columns, caption=texts["caption"], language=language, notes=(texts["note"],))


def _rows(entry: Mapping[str, Any], language: str) -> list[dict[str, Any]]:
    """Return a row for each model of a score; a score may rest on two, written a+b."""
    texts = in_language(TEXTS, language)
    metrics = entry.get("metrics", {})
    rows = []
    for model, version in zip(entry["model"].split("+"), str(entry["version"]).split("+"), strict=True):
        metric = metrics.get(model, {})
        name = metric.get("name", "")
        judged = {"metric": texts.get(name, name), "value": metric.get("value"), "holdout": _span(metric.get("holdout") or "", language)}
        rows.append({"model": model, "version": version, "trained": str(entry["trained_as_of"]), **judged})
    return rows


def _span(holdout: str, language: str) -> str | None:
    """Return the days of a holdout such as "2025-01-01 to 2025-06-30", or the customers or units drawn, as people write them."""
    split, texts = read_holdout(holdout), in_language(TEXTS, language)
    if isinstance(split, UnitHoldout):
        start = day_in_words(split.drawn_from, language) if split.drawn_from else ""
        return texts["later_units" if start else "some_units"].format(share=percent(split.share, language), start=start)
    if isinstance(split, DrawnHoldout):
        return texts["drawn"].format(share=percent(split.share, language), days=number(split.days, language))
    days = [day_in_words(edge.day, language) for edge in (split.calibration.minus(days=-1), split.end)] if split else []
    return texts["span"].format(start=days[0], end=days[-1]) if days else None
