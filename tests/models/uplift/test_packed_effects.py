"""Effects packed in one sequence of trees: damage in a saved file is reported before anything is scored."""

from __future__ import annotations

from dataclasses import replace

import pytest

from relkit.models.uplift.effects import Effect
from relkit.models.uplift.packed_effects import PackedEffects
from relkit.models.uplift.responses import Response, constant


def packed() -> PackedEffects:
    """Return two effects, one of two responses and one of one."""
    each = Response(trees=constant(1.0), scale="own", factor=1.0)
    return PackedEffects.of([Effect(form="difference", responses=(each, each)), Effect(form="direct", responses=(each,))])


def test_sound_effects_have_no_damage() -> None:
    """As they are packed."""
    assert packed().damage() == ""


@pytest.mark.parametrize(
    ("place", "change", "message"),
    [
        (0, {"trees": 2}, "trees are not all there"),
        (0, {"trees": 0}, "trees are not all there"),
        (2, {"effect": 100}, "the effect at place 1 has not the responses of its form"),
        (1, {"effect": 1}, "the effect at place 0"),
        (2, {"effect": 0}, "the effect at place 0"),
        (0, {"effect": -1}, "the effect at place 0"),
        (1, {"form": "mixed"}, "the effect at place 0"),
        (2, {"form": "product"}, "the effect at place 1"),
    ],
)
def test_parts_that_make_no_effect_are_damage(place: int, change: dict[str, object], message: str) -> None:
    """A place, a form or a number of trees that cannot be meant."""
    whole = packed()
    parts = list(whole.parts)
    parts[place] = replace(parts[place], **change)  # type: ignore[arg-type]  # any field
    assert message in replace(whole, parts=tuple(parts)).damage()
