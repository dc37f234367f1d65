"""A series of numbers as a line the size of a word, drawn as SVG inside the page."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

WIDTH, HEIGHT, MARGIN = 120, 24, 3
MOST_POINTS = 60
"""Most points of a line; of a longer series, the latest ones are drawn."""


def sparkline(values: Sequence[float], label: str) -> str:
    """Return the line as an SVG element; nothing for fewer than two values.

    Args:
        values: the oldest first; zero is always on the scale.
        label: read aloud instead of the line, and shown when the pointer rests on it.

    Examples:
        >>> sparkline([3.0], "rows"), sparkline([0.0, 1.0], "rows").count("<circle")
        ('', 1)
    """
    shown = list(values)[-MOST_POINTS:]
    if len(shown) < 2:
        return ""
    low, high = min(0.0, *shown), max(0.0, *shown)
    step = (WIDTH - 2 * MARGIN) / (len(shown) - 1)
    points = [(MARGIN + step * place, _height(value, low, high)) for place, value in enumerate(shown)]
    line = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
    x, y = points[-1]
    return (
        f'<svg class="sparkline" role="img" width="{WIDTH}" height="{HEIGHT}" viewBox="0 0 {WIDTH} {HEIGHT}"><title>{escape(label)}</title>'
        f'<polyline points="{line}"/><circle cx="{x:.1f}" cy="{y:.1f}" r="2.2"/></svg>'
    )


def _height(value: float, low: float, high: float) -> float:
    share = (value - low) / (high - low) if high > low else 0.0
    return HEIGHT - MARGIN - share * (HEIGHT - 2 * MARGIN)
