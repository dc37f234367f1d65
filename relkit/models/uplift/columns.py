"""The columns of a delivered file that show effects of actions: three for each action."""

from __future__ import annotations

from dataclasses import replace

import polars as pl

from relkit.file_column import FileColumn
from relkit.texts import Text

_NULL = Text(
    "not like those drawn for the action, or not scored: see the quality of the scores",
    "différent des clients tirés pour l'action, ou sans score : voir la qualité des scores",
)

_EFFECT = FileColumn(
    name="uplift_{product}_{h}d",
    dtype=pl.Float64,
    label=Text("Effect of {product} within {h} days", "Effet de {product} en {h} jours"),
    meaning=Text(
        "Expected effect of drawing the customer for the action {product} over {h} days from the draw, in units of the outcome that the "
        "model learnt (a margin by default): the difference to what would happen without it. Below zero, the action does harm.",
        "Effet attendu d'un tirage du client pour l'action {product} sur les {h} jours qui suivent, dans l'unité du résultat appris par le "
        "modèle (une marge par défaut) : l'écart avec ce qui se passerait sans elle. Négatif, l'action est nuisible.",
    ),
    null_means=_NULL,
    kind="score",
    score="uplift_{product}_{h}d",
    decimals=4,
)

UPLIFT_COLUMNS: tuple[FileColumn, ...] = (
    _EFFECT,
    replace(
        _EFFECT,
        name="uplift_{product}_{h}d_low",
        label=Text("Effect of {product} within {h} days, low", "Effet de {product} en {h} jours, bas"),
        meaning=Text("Lower end of the 95 % interval of the effect.", "Borne basse de l'intervalle à 95 % de l'effet."),
        bound="lower",
    ),
    replace(
        _EFFECT,
        name="uplift_{product}_{h}d_high",
        label=Text("Effect of {product} within {h} days, high", "Effet de {product} en {h} jours, haut"),
        meaning=Text("Upper end of the 95 % interval of the effect.", "Borne haute de l'intervalle à 95 % de l'effet."),
        bound="upper",
    ),
)
