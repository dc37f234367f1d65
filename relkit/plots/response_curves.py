"""Response of each channel to its spend: the curve of the scenario, the present point and the one that the scenario proposes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import polars as pl
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine

from relkit.plots.style import ACTUAL, MODEL, MUTED, PALE, house_style, money_axis
from relkit.texts import Text, in_language

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_TEXTS = (
    Text("Spend per week", "Dépense par semaine"),
    Text("Value credited per week", "Valeur attribuée par semaine"),
    Text("today", "aujourd’hui"),
    Text("scenario", "scénario"),
    Text("interval of the curve", "intervalle de la courbe"),
)
ACROSS = 3


@house_style()
def plot_response_curves(curves: pl.DataFrame, points: pl.DataFrame, *, currency: str = "EUR", language: str = "en") -> Figure:
    """Draw a panel for each channel with its curve and both points.

    Args:
        curves: channel, spend, value, and lower and upper if the curve has an interval; several rows for each channel, by spend.
        points: channel, spend, value (today), spend_then, value_then (in the scenario); one row per panel, in order.
        currency: ISO code.
        language: en or fr.
    """
    x_label, y_label, today, scenario, interval = in_language(_TEXTS, language)
    lines = -(-len(points) // ACROSS)
    figure = Figure(figsize=(9.0, 0.9 + 2.3 * max(lines, 1)), layout=ConstrainedLayoutEngine(w_pad=0.1, h_pad=0.1))
    axes = figure.subplots(max(lines, 1), min(ACROSS, max(len(points), 1)), squeeze=False).ravel()
    for ax, point in zip(axes, points.iter_rows(named=True), strict=False):
        _panel(ax, curves.filter(pl.col("channel") == point["channel"]), point, (today, scenario, interval))
        money_axis(ax.xaxis, currency, language)
        money_axis(ax.yaxis, currency, language)
    for ax in axes[len(points) :]:
        ax.axis("off")
    figure.supxlabel(x_label, fontsize=9.5)
    figure.supylabel(y_label, fontsize=9.5)
    handles, labels = axes[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside upper center", ncols=3)
    return figure


def _panel(ax: Axes, curve: pl.DataFrame, point: dict[str, float | str], words: tuple[str, str, str]) -> None:
    from matplotlib.ticker import MaxNLocator

    today, scenario, interval = words
    spend = curve["spend"].to_numpy()
    if {"lower", "upper"} <= set(curve.columns):
        lower, upper = (curve[name].cast(pl.Float64).to_numpy() for name in ("lower", "upper"))
        if np.isfinite(lower).any():
            ax.fill_between(spend, lower, upper, color=PALE, alpha=0.5, linewidth=0, label=interval)
    ax.plot(spend, curve["value"].to_numpy(), color=MUTED, linewidth=1.6)
    ax.scatter([point["spend"]], [point["value"]], color=ACTUAL, marker="o", s=40, zorder=3, label=today)
    ax.scatter([point["spend_then"]], [point["value_then"]], color=MODEL, marker="D", s=36, zorder=4, label=scenario)
    ax.set_title(str(point["channel"]), fontsize=10)
    ax.set_xlim(left=0.0)
    ax.set_ylim(bottom=0.0)
    ax.xaxis.set_major_locator(MaxNLocator(nbins=3))
    ax.yaxis.set_major_locator(MaxNLocator(nbins=4))
