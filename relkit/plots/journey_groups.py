"""Groups of journeys: the channels of their touches as stacked bars, with the size of each group."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from relkit.plots.short_names import short_names
from relkit.plots.style import INK, MUTED, PALETTE, axes_of, figure_of, house_style, nothing_to_draw, percent, percent_axis
from relkit.texts import Text, in_language

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matplotlib.axes import Axes

    from relkit.metrics.risk_sets import Floats

MOST_LETTERS = 30
OTHERS = "#c8ced6"
LEAST_WRITTEN = 0.08
_TEXTS = (
    Text("Groups of journeys and their channels", "Les groupes de parcours et leurs canaux"),
    Text("Share of the touches", "Part des contacts"),
    Text("other channels", "autres canaux"),
)


@house_style()
def plot_journey_groups(
    shares: Floats, ax: Axes | None = None, *, groups: Sequence[str], channels: Sequence[str], language: str = "en"
) -> Axes:
    """Draw a bar of 100 % per group, divided by channel.

    Args:
        shares: of the touches of each group on each channel, shape (groups, channels), the most used channel first.
        ax: where to draw; a new figure by default.
        groups: their names, from the top.
        channels: their names; those beyond the eight colours are drawn as one.
        language: en or fr.
    """
    title, x_label, others = in_language(_TEXTS, language)
    if not shares.size:
        return nothing_to_draw(ax, title, language)
    given, shown = ax is not None, min(len(channels), len(PALETTE))
    parts = np.column_stack([shares[:, :shown], shares[:, shown:].sum(axis=1)])
    names = [*short_names(list(channels[:shown]), MOST_LETTERS), others]
    ax = axes_of(ax, height=2.0 + 0.62 * len(groups))
    left = np.zeros(len(groups))
    for column, name, colour in zip(parts.T, names, (*PALETTE[:shown], OTHERS), strict=True):
        if not column.any():
            continue
        ax.barh(range(len(groups)), column, left=left, height=0.62, color=colour, label=name)
        for row in np.flatnonzero(column >= LEAST_WRITTEN).tolist():
            text = percent(float(column[row]), language)
            colour_of_text = INK if colour == OTHERS else "white"
            ax.text(left[row] + column[row] / 2, row, text, ha="center", va="center", fontsize=8.5, color=colour_of_text)
        left = left + column
    ax.set_yticks(range(len(groups)), list(groups))
    ax.tick_params(axis="y", length=0, colors=INK)
    ax.tick_params(axis="x", colors=MUTED)
    ax.set(title=title, xlabel=x_label, ylim=(len(groups) - 0.5, -0.5), xlim=(0, 1))
    ax.grid(visible=False)
    percent_axis(ax.xaxis, language)
    ax.legend() if given else figure_of(ax).legend(loc="outside lower center", ncols=4)
    return ax
