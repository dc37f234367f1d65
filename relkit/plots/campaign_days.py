"""Margin added by a campaign as the days go by: cumulative effect per unit, its interval, and a band that holds on all days at once."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from relkit.plots.style import ACTUAL, GRID, INK, MUTED, axes_of, day_axis, house_style, money_axis, nothing_to_draw, number
from relkit.texts import Text, in_language

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matplotlib.axes import Axes

_TEXTS = {
    "title": Text("Margin added per unit drawn, day after day", "Marge ajoutée par unité tirée, jour après jour"),
    "x": Text("Days since the draw", "Jours depuis le tirage"),
    "y": Text("Cumulative margin, treated less control", "Marge cumulée, traités moins témoins"),
    "interval": Text("interval on that day", "intervalle du jour"),
    "always": Text("band that holds on all days at once", "bande valable tous les jours à la fois"),
    "day": Text("day {n}", "jour {n}"),
}


@house_style()
def plot_campaign_days(
    days: pl.DataFrame, ax: Axes | None = None, *, windows: Sequence[int] = (), currency: str = "EUR", language: str = "en"
) -> Axes:
    """Draw the cumulative effect of each day.

    Args:
        days: day, estimate, low, high, always_low, always_high, one row per day in order; null if not known.
        ax: where to draw; a new figure by default.
        windows: days at which a window ends; each is marked.
        currency: ISO code.
        language: en or fr.
    """
    texts = in_language(_TEXTS, language)
    if days.is_empty():
        return nothing_to_draw(ax, texts["title"], language)
    ax = axes_of(ax)
    day, values = days["day"].to_numpy(), days.select(pl.exclude("day").cast(pl.Float64).fill_null(np.nan))
    for low, high, colour, name in (("always_low", "always_high", GRID, "always"), ("low", "high", "#c7d6e6", "interval")):
        ax.fill_between(day, values[low].to_numpy(), values[high].to_numpy(), color=colour, linewidth=0, label=texts[name])
    ax.axhline(0.0, color=INK, linewidth=0.9)
    ax.plot(day, values["estimate"].to_numpy(), color=ACTUAL, linewidth=2)
    for end in windows:
        ax.axvline(end, color=MUTED, linewidth=1, linestyle="--")
        name = texts["day"].format(n=number(end, language))
        ax.annotate(
            name, (end, 1.0), (-4, -6), xycoords=("data", "axes fraction"), textcoords="offset points", ha="right", va="top", color=MUTED
        )
    ax.set(title=texts["title"], xlabel=texts["x"], ylabel=texts["y"], xlim=(0, float(day[-1])))
    _without_first_days(ax, values)
    day_axis(ax.xaxis, float(day[-1]), language)
    money_axis(ax.yaxis, currency, language)
    ax.legend(loc="lower left")
    return ax


def _without_first_days(ax: Axes, values: pl.DataFrame) -> None:
    """Keep the band of the first days, on which little is known, from flattening the rest."""
    inside = np.abs(values.select("estimate", "low", "high").to_numpy())
    last = np.abs(values.select("always_low", "always_high").tail(1).to_numpy())
    known = np.concatenate([inside[np.isfinite(inside)], last[np.isfinite(last)]])
    if known.size and known.max() > 0:
        ax.set_ylim(-1.15 * known.max(), 1.15 * known.max())
