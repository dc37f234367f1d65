"""The columns of a delivered file that show propensities: one for each product and horizon."""

from __future__ import annotations

import polars as pl

from relkit.file_column import FileColumn
from relkit.texts import Text

PROPENSITY_COLUMNS: tuple[FileColumn, ...] = (
    FileColumn(
        name="propensity_{product}_{h}d",
        dtype=pl.Float64,
        label=Text("Probability of taking {product} within {h} days", "Probabilité de souscrire ou d'acheter {product} sous {h} jours"),
        meaning=Text(
            "Probability that the customer takes the product {product} (a contract started, a first purchase, or the outcome declared in "
            "the mapping) within {h} days of the as-of date.",
            "Probabilité que le client prenne le produit {product} (contrat ouvert, premier achat, ou résultat déclaré dans le fichier de "
            "correspondance) dans les {h} jours.",
        ),
        null_means=Text(
            "has the product already, or not scored: see the quality of the scores",
            "détient déjà le produit, ou sans score : voir la qualité des scores",
        ),
        kind="score",
        score="propensity_{product}_{h}d",
        unit="probability",
        low=0,
        high=1,
        decimals=4,
    ),
)
