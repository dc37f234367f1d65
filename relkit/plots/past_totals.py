"""Totals forecast at past days against what came: one group of marks for each day, bounds on those of one model."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from relkit.plots.style import ACTUAL, INK, MODEL, PALE, PALETTE, axes_of, house_style, money_axis, number_axis
from relkit.texts import Text

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from matplotlib.axes import Axes
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

CAME = Text("Came", "Constaté")
_MARKS = ("s", "^", "v", "P", "X", "*", "<", ">")
_COLOURS = tuple(colour for colour in PALETTE if colour not in {ACTUAL, MODEL})


@house_style()
def plot_past_totals(
    days: Sequence[str],
    came: Floats,
    forecast: Mapping[str, Floats],
    bounds: tuple[Floats, Floats],
    ax: Axes | None = None,
    *,
    title: str,
    y_label: str,
    currency: str = "",
    language: str = "en",
) -> Axes:
    """Draw what came as bars, and the forecasts of each model as marks beside their centre.

    Args:
        days: names of the past days, the earliest first.
        came: totals, shape (k,).
        forecast: by the name of a model, its totals, shape (k,), NaN without one; the first is that of the model behind the scores.
        bounds: lower and upper, of the first model's totals, shape (k,) each.
        ax: where to draw; a new figure by default.
        title: of the plot.
        y_label: what is summed.
        currency: ISO code; empty for orders.
        language: en or fr.
    """
    ax = axes_of(ax, width=8.5, height=4.6)
    at = np.arange(len(days), dtype=float)
    ax.bar(at, came, 0.62, color=PALE, linewidth=0, label=CAME[language])
    (first, chosen), *others = forecast.items()
    low, high = bounds
    ax.vlines(at, low, high, color=MODEL, linewidth=2.2, zorder=3)
    ax.scatter(at, chosen, color=MODEL, marker="D", s=52, zorder=4, label=first)
    steps = np.linspace(-0.26, 0.26, len(others) + 2) if len(others) > 1 else np.array([-0.2, 0.2, 0.2])
    places = [step for step in steps if abs(step) > 0.04][: len(others)]
    for i, (name, totals) in enumerate(others):
        look: dict[str, Any] = {"color": _COLOURS[i % len(_COLOURS)], "marker": _MARKS[i % len(_MARKS)]}
        ax.scatter(at + (places[i] if i < len(places) else 0.0), totals, s=30, zorder=3, label=name, **look)
    room = max(0.0, (4 - len(days)) / 2)  # one or two days do not fill the picture
    ax.set_xticks(at, list(days))
    ax.set(title=title, ylabel=y_label, ylim=(0, None), xlim=(-0.6 - room, len(days) - 0.4 + room))
    ax.tick_params(axis="x", colors=INK)
    money_axis(ax.yaxis, currency, language) if currency else number_axis(ax.yaxis, language)
    ax.legend(loc="upper center", bbox_to_anchor=(0.5, -0.13), ncols=4)
    return ax
