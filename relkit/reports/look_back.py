"""Backtest of a forecast: the plots of a model that was fitted without the last months."""

from __future__ import annotations

from typing import TYPE_CHECKING

from relkit.reports.pictures import Gallery, Picture
from relkit.texts import Text, in_language

if TYPE_CHECKING:
    from collections.abc import Mapping

    from relkit.reports.pictures import Drawn

TEXTS = {
    "decile_calibration": Text(
        "Customers in ten groups by forecast, and what then happened. The closer the two bars, the better the forecast.",
        "Clients en dix groupes selon la prévision, et ce qui s’est passé ensuite. "
        "Plus les deux barres sont proches, meilleure est la prévision.",
    ),
    "purchases_over_time": Text(
        "Repeat purchases of each week, seen and expected. Right of the line the model knew nothing of what was bought.",
        "Réachats de chaque semaine, constatés et attendus. À droite du trait, le modèle ne savait rien des achats.",
    ),
    "calibration": Text(
        "Contracts grouped by forecast. Points on the dashed line: the forecast came true.",
        "Contrats regroupés selon la prévision. Un point sur la ligne pointillée : la prévision s’est vérifiée.",
    ),
    "none": Text(
        "There was too little history to put the model to the test.", "L’historique était trop court pour mettre le modèle à l’épreuve."
    ),
}


def look_back(figures: Mapping[str, Drawn], *, language: str) -> Gallery:
    """Return the plots of a model's test for marketers, with a sentence each.

    Args:
        figures: by the names of `relkit.families.bindings`.
        language: en or fr.
    """
    texts = in_language(TEXTS, language)
    shown = [name for name in texts if name in figures]
    return Gallery(tuple(Picture(figures[name], texts[name]) for name in shown), texts["none"])
