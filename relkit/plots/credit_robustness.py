"""Movement of each channel's share: across models, across lookbacks, with and without reuse of touches, next to the noise of the data."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from relkit.plots.credit_models import channel_rows
from relkit.plots.style import ACTUAL, INK, MODEL, PALE, PALETTE, axes_of, figure_of, house_style, nothing_to_draw, percent_axis
from relkit.texts import Text, in_language

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_TEXTS = (
    Text("How far each share moves", "De combien bouge chaque part"),
    Text(
        "Share of the credited conversions, from the least to the greatest",
        "Part des conversions attribuées, de la plus petite à la plus grande",
    ),
)
SOURCES = {
    "data": Text("noise of the data (interval of one model)", "hasard des données (intervalle d’un modèle)"),
    "models": Text("choice of the model", "choix du modèle"),
    "lookback": Text("length of the lookback", "durée de la fenêtre"),
    "reuse": Text("touches used again or not", "contacts réutilisés ou non"),
}
"""Sources of movement, in the order of the bars."""
_COLOURS = {"data": PALE, "models": MODEL, "lookback": ACTUAL, "reuse": PALETTE[2]}
HEIGHT = 0.19


@house_style()
def plot_credit_robustness(spans: pl.DataFrame, ax: Axes | None = None, *, language: str = "en") -> Axes:
    """Draw, for each channel, a bar for each source of movement.

    Args:
        spans: channel, source (a key of `SOURCES`), low, high (shares); channels are drawn in the order in which they first occur.
        ax: where to draw; a new figure by default.
        language: en or fr.
    """
    title, x_label = in_language(_TEXTS, language)
    if spans.is_empty():
        return nothing_to_draw(ax, title, language)
    given = ax is not None
    channels = spans["channel"].unique(maintain_order=True).to_list()
    sources = [name for name in SOURCES if name in set(spans["source"])]
    ax = axes_of(ax, height=2.2 + (0.16 + HEIGHT * len(sources)) * len(channels))
    for place, source in enumerate(sources):
        part = spans.filter(pl.col("source") == source)
        at = np.array([channels.index(name) for name in part["channel"]], dtype=float)
        y = at + HEIGHT * (place - (len(sources) - 1) / 2)
        low, high = part["low"].to_numpy(), part["high"].to_numpy()
        ax.barh(y, high - low, 0.82 * HEIGHT, left=low, color=_COLOURS[source], linewidth=0, label=SOURCES[source][language])
        ax.vlines(low, y - 0.41 * HEIGHT, y + 0.41 * HEIGHT, color=INK, linewidth=0.8)
        ax.vlines(high, y - 0.41 * HEIGHT, y + 0.41 * HEIGHT, color=INK, linewidth=0.8)
    channel_rows(ax, channels)
    ax.set(title=title, xlabel=x_label)
    percent_axis(ax.xaxis, language)
    ax.legend(ncols=2) if given else figure_of(ax).legend(loc="outside lower center", ncols=2)
    return ax
