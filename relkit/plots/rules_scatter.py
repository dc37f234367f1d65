"""Rules by support and confidence, coloured by lift on a logarithmic scale; rules within chance are hollow."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from relkit.plots.style import MUTED, axes_of, figure_of, house_style, number, percent, percent_axis
from relkit.texts import Text, in_language

if TYPE_CHECKING:
    import polars as pl
    from matplotlib.axes import Axes

LIFT_TICKS = (0.1, 0.2, 0.5, 1, 1.5, 2, 3, 5, 10, 20, 50, 100, 200, 500, 1000)
"""Lifts marked on the scale of colours, which is logarithmic."""
_TEXTS = (
    Text("Rules: how common, and how sure", "Règles : fréquence et fiabilité"),
    Text("Support: share of baskets with the whole rule (log scale)", "Support : part des paniers contenant toute la règle (échelle log)"),
    Text("Confidence", "Confiance"),
    Text("Lift", "Lift"),
    Text("hollow: within chance", "creux : dans les limites du hasard"),
)


@house_style()
def plot_rules(rules: pl.DataFrame, ax: Axes | None = None, *, language: str = "en") -> Axes:
    """Draw a point for each rule.

    Args:
        rules: support, confidence (shares), lift, is_significant.
        ax: where to draw; a new figure by default.
        language: en or fr.
    """
    title, x_label, y_label, lift_label, hollow = in_language(_TEXTS, language)
    ax = axes_of(ax)
    shown = rules.sort("lift")
    sure = shown["is_significant"].to_numpy().astype(bool)
    x, y, lift = (shown[name].to_numpy() for name in ("support", "confidence", "lift"))
    ax.scatter(x[~sure], y[~sure], s=16, facecolors="none", edgecolors=MUTED, linewidths=0.7, label=hollow if (~sure).any() else None)
    points = ax.scatter(x[sure], y[sure], c=np.log(lift[sure]), s=26, cmap="viridis_r", linewidths=0, zorder=3)
    ax.set_xscale("log")
    ax.set(title=title, xlabel=x_label, ylabel=y_label, ylim=(0, 1.2 * float(y.max(initial=0.01))))
    ax.grid(visible=True, axis="x")
    percent_axis(ax.yaxis, language)
    _support_axis(ax, x, language)
    if sure.any():
        _scale(ax, points, lift_label, language)
    if (~sure).any():
        ax.legend(loc="upper right")
    return ax


def _support_axis(ax: Axes, support: Any, language: str) -> None:
    """Write supports as percentages with as many digits as each needs."""
    from matplotlib.ticker import FixedLocator, FuncFormatter, NullFormatter

    low, high = float(support.min(initial=0.001)), float(support.max(initial=0.01))
    steps = [step * 10.0**power for power in range(-6, 1) for step in (1, 2, 5)]
    ax.set_xlim(0.8 * low, 1.25 * high)
    ax.xaxis.set_major_locator(FixedLocator([step for step in steps if 0.8 * low <= step <= 1.25 * high]))
    ax.xaxis.set_minor_formatter(NullFormatter())
    ax.xaxis.set_major_formatter(
        FuncFormatter(lambda value, _: percent(value, language, int(np.clip(-np.floor(np.log10(100 * value)), 0, 4))))
    )


def _scale(ax: Axes, points: Any, label: str, language: str) -> None:
    from matplotlib.ticker import FixedLocator, FuncFormatter

    bar = figure_of(ax).colorbar(points, ax=ax, pad=0.02)
    bar.outline.set_visible(False)
    bar.ax.yaxis.set_major_locator(FixedLocator(np.log(LIFT_TICKS).tolist()))
    bar.ax.yaxis.set_major_formatter(FuncFormatter(lambda value, _: number(np.exp(value), language, 1 if np.exp(value) < 1.9 else 0)))
    bar.set_label(label, fontsize=9.5)
