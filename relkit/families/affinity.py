"""Product affinity: the inputs of its models and their figures."""

from __future__ import annotations

from relkit.families.binding import Binding

BINDING = Binding(inputs={}, figures={})
