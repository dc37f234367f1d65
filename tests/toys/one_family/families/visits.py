"""The binding of the toy family: what its models read, and their figure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from relkit.models.visits.family import VISITORS

from relkit.families.binding import Binding, Given
from relkit.families.inputs import ModelInputs
from relkit.features.purchases import holdout_purchases, purchase_features

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def _chance_by_visits(fitted: Any, given: Given) -> dict[str, Axes]:
    from matplotlib.figure import Figure

    ax = Figure().subplots()
    chance = fitted.score(given.features)["return_chance"]
    ax.scatter(given.features["repeat_purchases"], chance)
    return {"chance_by_visits": ax}


BINDING = Binding(
    inputs={VISITORS: ModelInputs(reading=VISITORS, learnt=purchase_features, outcomes=holdout_purchases)},
    figures={"chance_by_visits": _chance_by_visits},
)
