"""Campaign uplift: the inputs of its models, from assignments, and their figures."""

from __future__ import annotations

from functools import cache, partial
from typing import TYPE_CHECKING, Any

from relkit.families.binding import Binding
from relkit.families.inputs import Drawn, ModelInputs
from relkit.families.uplift_figures import FIGURES
from relkit.features import drawn_units
from relkit.features.drawn_unit_remarks import drawn_unit_remarks
from relkit.features.drawn_units import Wanted
from relkit.models.uplift.family import DRAWN_UNITS

if TYPE_CHECKING:
    from collections.abc import Mapping


def _of_units(settings: Mapping[str, Any]) -> ModelInputs:
    """Return the inputs for settings of a model."""
    return _wanting(Wanted.of(settings))


@cache
def _wanting(wanted: Wanted) -> ModelInputs:
    """Return the inputs of models that want the same outcome of the same actions: the same object, so that rows are read once for all."""
    return ModelInputs(
        reading=DRAWN_UNITS,
        learnt=partial(drawn_units.drawn_units, wanted=wanted),
        scored=drawn_units.rows_to_score,
        outcomes=partial(drawn_units.outcomes, wanted=wanted),
        remarks=partial(drawn_unit_remarks, wanted=wanted),
        drawn=Drawn(
            to_learn=drawn_units.to_learn,
            to_judge=drawn_units.to_judge,
            holdout=partial(drawn_units.held_out, wanted=wanted),
        ),
        suited=_of_units,
        is_there=drawn_units.has_draws,
        undeclared="nobody was drawn for an action",
    )


BINDING = Binding(inputs={DRAWN_UNITS: _wanting(Wanted())}, figures=FIGURES)
