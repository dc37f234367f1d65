"""Estimates with their intervals, one per row: differences between segments, forecasts and outcomes, comparisons of models."""

from __future__ import annotations

from dataclasses import dataclass
from textwrap import fill
from typing import TYPE_CHECKING

import numpy as np

from relkit.plots.style import ACTUAL, INK, MODEL, MUTED, axes_of, figure_of, house_style, money_axis, number_axis, percent_axis

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matplotlib.axes import Axes
    from matplotlib.axis import Axis

    from relkit.metrics.risk_sets import Floats

WIDEST = 26
"""Characters per line of a row's name."""
MARKS = ((ACTUAL, "o"), (MODEL, "D"))
"""Colours and markers of the first and the second series."""


@dataclass(frozen=True, eq=False, kw_only=True)
class Dots:
    """A series of estimates, one per row; a missing one (NaN) is not drawn.

    Attributes:
        value: shape (k,).
        lower: shape (k,); None for estimates without intervals.
        upper: shape (k,).
        label: in the legend; no entry if empty.
    """

    value: Floats
    lower: Floats | None = None
    upper: Floats | None = None
    label: str = ""


@house_style()
def plot_dots(
    rows: Sequence[str],
    series: Sequence[Dots],
    ax: Axes | None = None,
    *,
    title: str,
    x_label: str,
    kind: str = "number",
    reference: float | None = None,
    sides: tuple[str, str] | None = None,
    muted: Sequence[bool] = (),
    currency: str = "EUR",
    language: str = "en",
) -> Axes:
    """Draw one row for each name, from the top, with a dot and its interval for each series.

    Args:
        rows: names of the rows.
        series: one or two, with as many estimates as rows.
        ax: where to draw; a new figure by default.
        title: of the plot.
        x_label: what is estimated, with its unit.
        kind: number, share or money.
        reference: position of a line, e.g. no difference.
        sides: meaning of the left and the right of the reference.
        muted: whether each row is grey; none by default.
        currency: ISO code, for money.
        language: en or fr.
    """
    given = ax is not None
    names = [fill(name, WIDEST) for name in rows]
    ax = axes_of(ax, height=1.9 + _row_inches(names) * len(rows) + 0.3 * (len(series) > 1))
    at = np.arange(len(rows), dtype=float)
    if reference is not None:
        ax.axvline(reference, color=INK, linewidth=1)
    for place, (one, (colour, mark)) in enumerate(zip(series, MARKS, strict=False)):
        _draw(ax, one, at + (0.14 * (2 * place - 1) if len(series) > 1 else 0.0), colour, mark, muted)
    ax.set_yticks(at, names)
    ax.set(title=title, xlabel=x_label, ylim=(len(rows) - 0.4, -0.6 - 0.35 * (sides is not None)))
    ax.grid(visible=False, axis="y")
    ax.grid(visible=True, axis="x")
    if kind == "share" and reference is None:
        ax.set_xlim(max(ax.get_xlim()[0], 0.0))
    _ticks(ax.xaxis, kind, currency, language)
    if sides is not None and reference is not None:
        _say_sides(ax, reference, sides)
    if any(one.label for one in series):
        ax.legend() if given else figure_of(ax).legend(loc="outside lower center", ncols=len(series))
    return ax


def _row_inches(names: Sequence[str]) -> float:
    """Return the height of a row in which the name of the most lines does not touch the next one."""
    lines = max((name.count("\n") + 1 for name in names), default=1)
    return max(0.42, 0.08 + 0.16 * lines)


def _draw(ax: Axes, one: Dots, at: Floats, colour: str, mark: str, muted: Sequence[bool]) -> None:
    there = np.isfinite(one.value)
    colours = [MUTED if grey else colour for grey in (muted or [False] * len(at))]
    shown = [colour for colour, seen in zip(colours, there, strict=True) if seen]
    if one.lower is not None and one.upper is not None:
        ax.hlines(at[there], one.lower[there], one.upper[there], color=shown, linewidth=2)
    ax.scatter(one.value[there], at[there], color=shown, marker=mark, s=42, zorder=3, clip_on=False, label=one.label or None)


def _ticks(axis: Axis, kind: str, currency: str, language: str) -> None:
    from matplotlib.ticker import MaxNLocator

    axis.set_major_locator(MaxNLocator(nbins=7, steps=[1, 2, 2.5, 5, 10]))
    if kind == "money":
        money_axis(axis, currency, language)
    else:
        (percent_axis if kind == "share" else number_axis)(axis, language)


def _say_sides(ax: Axes, reference: float, sides: tuple[str, str]) -> None:
    """Label both sides of the reference, which is brought into view with room for the labels."""
    low, high = ax.get_xlim()
    low, high = min(low, reference), max(high, reference)
    room = 0.28 * (high - low)
    ax.set_xlim(min(low, reference - room), max(high, reference + room))
    for text, x, side in ((f"← {sides[0]}", 0.0, "left"), (f"{sides[1]} →", 1.0, "right")):
        ax.text(x, 0.99, text, transform=ax.transAxes, ha=side, va="top", color=MUTED, fontsize=9)
