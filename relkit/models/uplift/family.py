"""Uplift family: the role of its models and the rows that they learn from."""

from __future__ import annotations

from relkit.models.roles import Family, Reading, Role
from relkit.models.uplift.columns import UPLIFT_COLUMNS
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
)
