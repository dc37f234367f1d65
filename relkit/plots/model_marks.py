"""Marks of models shown side by side: each has its own colour and its own shape, so that grey print tells them apart as well."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from relkit.plots.style import MODEL, PALETTE

if TYPE_CHECKING:
    from collections.abc import Sequence

SHAPES = ("D", "o", "s", "^", "v", "P", "X", "<", ">", "*", "p", "h")


class Mark(NamedTuple):
    """The mark of a model: a colour and a matplotlib marker."""

    colour: str
    shape: str


def model_marks(models: Sequence[str]) -> dict[str, Mark]:
    """Return the mark of each model, in the order given; the first one has the colour that stands out.

    Examples:
        >>> marks = model_marks(["incremental", "linear"])
        >>> marks["incremental"].shape, marks["linear"].shape
        ('D', 'o')
    """
    others = [colour for colour in PALETTE if colour != MODEL]
    names = list(dict.fromkeys(models))
    return {name: Mark(others[(at - 1) % len(others)] if at else MODEL, SHAPES[at % len(SHAPES)]) for at, name in enumerate(names)}
