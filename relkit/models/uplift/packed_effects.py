"""Effects as stored: the trees of all their responses in one sequence, so that a model is a few files whatever the number of its fits."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from itertools import groupby
from typing import TYPE_CHECKING

import numpy as np

from relkit.models.boosted_trees import Trees  # noqa: TC001 storage reads the types of the fields
from relkit.models.joined_trees import joined, some
from relkit.models.uplift.effects import RESPONSES, Effect, Form
from relkit.models.uplift.responses import Response, Scale

if TYPE_CHECKING:
    from collections.abc import Sequence


@dataclass(frozen=True, kw_only=True)
class Part:
    """One response within the sequence.

    Attributes:
        effect: place of the effect that it belongs to.
        form: of that effect.
        scale: of the response.
        factor: of the response.
        base: raw score before its first tree.
        trees: their number.
    """

    effect: int
    form: Form
    scale: Scale
    factor: float
    base: float
    trees: int


@dataclass(frozen=True, eq=False, kw_only=True)
class PackedEffects:
    """Effects with their trees in one sequence.

    Attributes:
        parts: the responses of all effects, in order.
        trees: of all responses, in the same order; their common base is 0.
    """

    parts: tuple[Part, ...]
    trees: Trees

    def damage(self) -> str:
        """Return the reason for which the parts do not make up the trees, or ""."""
        counts = [part.trees for part in self.parts]
        if min(counts, default=1) < 1 or sum(counts) != len(self.trees.roots):
            return "parts: their trees are not all there"
        for place, parts in enumerate(list(own) for _, own in groupby(self.parts, key=lambda part: part.effect)):
            if parts[0].effect != place or {part.form for part in parts} != {parts[0].form} or len(parts) != RESPONSES[parts[0].form]:
                return f"parts: the effect at place {place} has not the responses of its form"
        return ""

    @classmethod
    def of(cls, effects: Sequence[Effect]) -> PackedEffects:
        """Return effects packed."""
        placed = [(place, effect.form, response) for place, effect in enumerate(effects) for response in effect.responses]
        parts = tuple(
            Part(effect=place, form=form, scale=each.scale, factor=each.factor, base=each.trees.base, trees=len(each.trees.roots))
            for place, form, each in placed
        )
        return cls(parts=parts, trees=joined([each.trees for _, _, each in placed]))

    @cached_property
    def effects(self) -> tuple[Effect, ...]:
        """The effects, unpacked."""
        ends = np.cumsum([part.trees for part in self.parts]).tolist()
        responses = [
            Response(trees=some(self.trees, end - part.trees, end, part.base), scale=part.scale, factor=part.factor)
            for part, end in zip(self.parts, ends, strict=True)
        ]
        forms = {part.effect: part.form for part in self.parts}
        of_effect = {
            place: tuple(response for part, response in zip(self.parts, responses, strict=True) if part.effect == place) for place in forms
        }
        return tuple(Effect(form=forms[place], responses=of_effect[place]) for place in forms)
