"""Roles of channels in conversions: those that each channel closed, and those that another one closed after it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from relkit.plots.short_names import short_names
from relkit.plots.style import ACTUAL, INK, MODEL, MUTED, axes_of, figure_of, house_style, nothing_to_draw, number, number_axis
from relkit.texts import Text, in_language

if TYPE_CHECKING:
    import polars as pl
    from matplotlib.axes import Axes

MOST_CHANNELS = 15
MOST_LETTERS = 24
_TEXTS = (
    Text("Conversions that each channel closes and assists", "Conversions que chaque canal conclut et assiste"),
    Text("closed (last touch)", "conclues (dernier contact)"),
    Text("assisted (another channel closed)", "assistées (conclues par un autre canal)"),
    Text("Conversions", "Conversions"),
    Text("ratio {ratio}", "ratio {ratio}"),
    Text("too few", "trop peu"),
)


@house_style()
def plot_journey_roles(roles: pl.DataFrame, ax: Axes | None = None, *, language: str = "en") -> Axes:
    """Draw a bar per channel, closed conversions first and assisted ones after them, with their ratio.

    Args:
        roles: channel, closed, assisted, ratio (null if none was closed), is_small; drawn from the top.
        ax: where to draw; a new figure by default.
        language: en or fr.
    """
    title, closed_label, assisted_label, x_label, ratio_text, few = in_language(_TEXTS, language)
    rows = roles.head(MOST_CHANNELS)
    if rows.is_empty():
        return nothing_to_draw(ax, title, language)
    given = ax is not None
    ax = axes_of(ax, height=1.9 + 0.42 * len(rows))
    at, closed, assisted = np.arange(len(rows)), rows["closed"].to_numpy(), rows["assisted"].to_numpy()
    ax.barh(at, closed, color=ACTUAL, height=0.62, label=closed_label)
    ax.barh(at, assisted, left=closed, color=MODEL, height=0.62, label=assisted_label)
    for place, (ratio, is_small) in enumerate(rows.select("ratio", "is_small").iter_rows()):
        text = few if is_small else "" if ratio is None else ratio_text.format(ratio=number(ratio, language, 2))
        ax.annotate(
            text,
            (float(closed[place] + assisted[place]), place),
            va="center",
            fontsize=9,
            color=MUTED,
            xytext=(6, 0),
            textcoords="offset points",
        )
    ax.set_yticks(at, short_names(rows["channel"].to_list(), MOST_LETTERS))
    ax.tick_params(axis="y", length=0, colors=INK)
    ax.set(title=title, xlabel=x_label, ylim=(len(rows) - 0.4, -0.6), xlim=(0, 1.16 * float((closed + assisted).max() or 1)))
    ax.grid(visible=False, axis="y")
    ax.grid(visible=True, axis="x")
    number_axis(ax.xaxis, language)
    ax.legend() if given else figure_of(ax).legend(loc="outside lower center", ncols=2)
    return ax
