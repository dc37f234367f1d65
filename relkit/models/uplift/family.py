"""Uplift family: the role of its models and the rows that they learn from."""

from __future__ import annotations

from relkit.models.roles import ComparisonTexts, Family, Reading, Role
from relkit.models.uplift.columns import UPLIFT_COLUMNS
from relkit.models.uplift.comparison import YARDSTICK, compare_models
from relkit.score_kinds import ScoreKind
from relkit.texts import Text

DRAWN_UNITS = Reading("drawn_units", table="assignments", unit="units drawn")

UPLIFT = ScoreKind(stem="uplift", horizon="days", low=None, by_subject=True)

UPLIFTS = Role(
    name="uplifts",
    label=Text("effects of actions", "effets des actions"),
    scores=(UPLIFT,),
    columns=UPLIFT_COLUMNS,
    preferred=("stacked",),
)

FAMILY = Family(
    name="uplift",
    label=Text("Campaign uplift", "Effet incrémental des campagnes"),
    roles=(UPLIFTS,),
    reads=DRAWN_UNITS,
    compared=UPLIFTS,
    yardstick=YARDSTICK,
    compare=compare_models,
    texts=ComparisonTexts(
        groups=(
            Text("Whom the action moved", "Qui l’action a fait réagir"),
            Text("Tenth by effect (mean of the models), 1 = most moved", "Dixième par effet (moyenne des modèles), 1 = le plus réceptif"),
            Text("Effect per customer in the holdout", "Effet par client en période de test"),
        ),
        course=(Text("Effects in the holdout", "Effets en période de test"), Text("Effect per customer", "Effet par client")),
        measures={
            "dr_loss": Text("Doubly robust loss (lower is better)", "Perte doublement robuste (plus bas = meilleur)"),
            "qini": Text("Qini, per customer (0 = chance)", "Qini, par client (0 = hasard)"),
            "autoc": Text("AUTOC, per customer (0 = chance)", "AUTOC, par client (0 = hasard)"),
        },
    ),
)
