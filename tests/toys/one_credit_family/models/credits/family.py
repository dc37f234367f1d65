"""A toy family whose role has no score: its models credit channels."""

from __future__ import annotations

from relkit.models.roles import Family, Reading, Role
from relkit.texts import Text

PATHS = Reading("paths", table="touchpoints", unit="paths")
CREDIT = Role(name="channel credit", label=Text("channel credit", "crédit des canaux"))
FAMILY = Family(name="credits", label=Text("Credit", "Crédit"), roles=(CREDIT,), reads=PATHS)
