"""Product affinity: the inputs of its models and their figures."""

from __future__ import annotations

from relkit.families.affinity_takers import TAKERS_FIGURES, TAKERS_INPUTS
from relkit.families.binding import Binding

BINDING = Binding(inputs={**TAKERS_INPUTS}, figures={**TAKERS_FIGURES})
