"""The columns of a delivered file that show the scores of this family's models, by the role of the model."""

from __future__ import annotations

import polars as pl

from relkit.file_column import FileColumn
from relkit.texts import Text

NO_CONTRACT = Text(
    "no running contract, or not scored: see the quality of the scores",
    "aucun contrat en cours, ou sans score : voir la qualité des scores",
)

CONTRACTS_COLUMNS: tuple[FileColumn, ...] = (
    FileColumn(
        name="churn_probability_{h}d",
        dtype=pl.Float64,
        label=Text("Probability of ending the contract within {h} days", "Probabilité de résiliation sous {h} jours"),
        meaning=Text(
            "Probability that the active contract ends within {h} days of the as-of date.",
            "Probabilité que le contrat en cours prenne fin dans les {h} jours.",
        ),
        null_means=NO_CONTRACT,
        kind="score",
        score="churn_probability_{h}d",
        unit="probability",
        low=0,
        high=1,
        decimals=4,
    ),
    FileColumn(
        name="churn_probability_{h}d_{reason}",
        dtype=pl.Float64,
        label=Text("Probability of ending the contract within {h} days: {reason}", "Probabilité de résiliation sous {h} jours : {reason}"),
        meaning=Text(
            "Probability that the active contract ends for this reason within {h} days; the reasons add up to the probability of ending.",
            "Probabilité que le contrat prenne fin pour ce motif dans les {h} jours ; la somme des motifs est celle de résiliation.",
        ),
        null_means=NO_CONTRACT,
        kind="score",
        score="churn_probability_{h}d_{reason}",
        unit="probability",
        low=0,
        high=1,
        decimals=4,
    ),
)
"""Columns that models of contracts give."""
