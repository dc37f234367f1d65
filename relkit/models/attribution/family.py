"""Attribution family: the role of its models and what they read.

Paths are read from touchpoints and sales, or from a file of grouped paths, as other tools export them.
"""

from __future__ import annotations

from relkit.models.roles import Family, Reading, Role
from relkit.texts import Text

GROUPED_PATHS = Reading("grouped_paths", table="paths", unit="journeys")
PATHS = Reading("paths", table="touchpoints", unit="journeys", instead=GROUPED_PATHS)
TIMELINES = Reading("timelines", table="touchpoints", unit="people")

CHANNEL_CREDIT = Role(
    name="channel credit",
    label=Text("credit of channels", "crédit des canaux"),
    preferred=(
        "incremental",
        "markov_removal",
        "shapley",
        "linear",
        "position",
        "time_decay",
        "first_touch",
        "last_touch",
        "last_non_direct",
    ),
    credits_channels=True,
)

FAMILY = Family(name="attribution", label=Text("Attribution", "Attribution"), roles=(CHANNEL_CREDIT,), reads=PATHS, side_by_side=True)
