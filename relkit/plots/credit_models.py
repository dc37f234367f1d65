"""Shares of credit by channel, one row a channel and one mark a model: the longer a row, the more the model decides."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from relkit.plots.model_marks import model_marks
from relkit.plots.short_names import short_names
from relkit.plots.style import GRID, INK, MUTED, axes_of, figure_of, house_style, nothing_to_draw, percent_axis
from relkit.texts import Text, in_language

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from matplotlib.axes import Axes

MOST_LETTERS = 24
ACROSS = 3
"""Entries of the legend next to one another."""
EDGE = 0.015
"""Room left of the least share, so that its mark is whole, as a part of the greatest."""
_TEXTS = (
    Text("Share of the credited conversions, by model", "Part des conversions attribuées, selon le modèle"),
    Text("Share of the conversions credited to any channel", "Part des conversions attribuées à un canal"),
    Text("the model decides more than the data", "le modèle décide plus que les données"),
)


@house_style()
def plot_credit_models(credit: pl.DataFrame, ax: Axes | None = None, *, marked: Collection[str] = (), language: str = "en") -> Axes:
    """Draw the share of each channel in each model.

    Args:
        credit: channel, model (names for people), share; channels and models are drawn in the order in which they first occur.
        ax: where to draw; a new figure by default.
        marked: channels whose rows are shaded.
        language: en or fr.
    """
    title, x_label, shaded = in_language(_TEXTS, language)
    if credit.is_empty():
        return nothing_to_draw(ax, title, language)
    given = ax is not None
    channels = credit["channel"].unique(maintain_order=True).to_list()
    ax = axes_of(ax, height=2.3 + 0.42 * len(channels))
    _spans(ax, credit, channels)
    _marks(ax, credit, channels)
    for place, at in enumerate(at for at, name in enumerate(channels) if name in marked):
        ax.axhspan(at - 0.5, at + 0.5, color=GRID, zorder=0, linewidth=0, label="" if place else shaded)
    channel_rows(ax, channels)
    ax.set(title=title, xlabel=x_label)
    low, high = float(credit["share"].to_numpy().min()), float(credit["share"].to_numpy().max())
    ax.set_xlim(min(low, 0.0) - EDGE * high, (1 + 3 * EDGE) * high)
    percent_axis(ax.xaxis, language)
    ax.legend(ncols=ACROSS) if given else figure_of(ax).legend(loc="outside lower center", ncols=ACROSS)
    return ax


def channel_rows(ax: Axes, channels: Sequence[str]) -> None:
    """Name the rows of an axis after channels, from the top."""
    ax.set_yticks(range(len(channels)), short_names(channels, MOST_LETTERS), color=INK)
    ax.set_ylim(len(channels) - 0.5, -0.5)
    ax.grid(visible=False, axis="y")
    ax.grid(visible=True, axis="x")


def _spans(ax: Axes, credit: pl.DataFrame, channels: list[str]) -> None:
    """Draw a line from the least to the greatest share of each channel."""
    ends = credit.group_by("channel", maintain_order=True).agg(low=pl.col("share").min(), high=pl.col("share").max())
    at = np.array([channels.index(name) for name in ends["channel"]], dtype=float)
    ax.hlines(at, ends["low"].to_numpy(), ends["high"].to_numpy(), color=MUTED, linewidth=1.2, zorder=1)


def _marks(ax: Axes, credit: pl.DataFrame, channels: list[str]) -> None:
    marks = model_marks(credit["model"].to_list())
    parts: dict[Any, pl.DataFrame] = {key[0]: part for key, part in credit.group_by("model", maintain_order=True)}
    for place, (model, mark) in enumerate(marks.items()):
        rows = parts[model]
        y = np.array([channels.index(name) for name in rows["channel"]], dtype=float)
        size = 58 if place == 0 else 36
        ax.scatter(
            rows["share"].to_numpy(), y, color=mark.colour, marker=mark.shape, s=size, zorder=4 if place == 0 else 3, label=model, alpha=0.9
        )
