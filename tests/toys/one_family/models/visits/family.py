"""A toy family: its role with a score and a column of its own, and what its models read."""

from __future__ import annotations

import polars as pl

from relkit.file_column import FileColumn
from relkit.models.roles import Family, Reading, Role
from relkit.score_kinds import ScoreKind
from relkit.texts import Text

VISITORS = Reading("visitors", table="transactions", unit="visitors")
VISITS = Role(
    name="visits",
    label=Text("visits", "visites"),
    scores=(ScoreKind(stem="return_chance", high=1.0),),
    columns=(
        FileColumn(
            name="return_chance",
            dtype=pl.Float64,
            kind="score",
            score="return_chance",
            decimals=4,
            low=0.0,
            high=1.0,
            unit="probability",
            label=Text("Chance of another visit", "Chance d’une autre visite"),
            meaning=Text("Chance that the customer comes back at all.", "Chance que le client revienne."),
            null_means=Text("has never come", "n’est jamais venu"),
        ),
    ),
)
FAMILY = Family(name="visits", label=Text("Visits", "Visites"), roles=(VISITS,), reads=VISITORS)
