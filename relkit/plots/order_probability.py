"""Forecast probability of an order against the share of customers who bought, by tenth of the forecast."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from relkit.plots.style import ACTUAL, MODEL, MUTED, axes_of, house_style, number, percent, percent_axis
from relkit.texts import Text, in_language
from relkit.units import LEVEL

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from relkit.models.lifetime_value.order_calibration import OrderCalibration

TEXTS = (
    Text("Chance of an order, forecast and come true", "Chance d’une commande : prévue et constatée"),
    Text("Forecast chance of an order within {days} days", "Probabilité prévue d’une commande sous {days} jours"),
    Text("Share who bought", "Part ayant acheté"),
    Text("forecast = share who bought", "prévision = part ayant acheté"),
    Text("tenths of the customers, with their {level} intervals", "dixièmes des clients, et leur intervalle à {level}"),
    Text("before the calibration", "avant le calage"),
)


@house_style()
def plot_order_probability(calibration: OrderCalibration, ax: Axes | None = None, *, language: str = "en") -> Axes:
    """Draw the share of buyers against the forecast, by tenth, with intervals of the share; the model's own forecast too if it differs.

    Args:
        calibration: learnt from a holdout; the forecasts shown are of customers it was not learnt from.
        ax: where to draw; a new figure by default.
        language: en or fr.
    """
    title, x_label, y_label, perfect, tenths, before = in_language(TEXTS, language)
    ax, judged = axes_of(ax, width=6, height=5.2), calibration.judged
    low, high = judged.bounds(LEVEL)
    top = min(1.08 * float(max(high.max(), judged.predicted.max(), calibration.own.predicted.max(), 0.01)), 1.04)
    ax.plot([0, top], [0, top], color=MUTED, linewidth=1.2, linestyle="--", label=perfect)
    if calibration.changes:
        ax.scatter(calibration.own.predicted, calibration.own.observed, color=MODEL, s=28, facecolors="none", label=before, zorder=2)
    gaps = np.stack([judged.observed - low, high - judged.observed])
    label = tenths.format(level=percent(LEVEL, language))
    ax.errorbar(judged.predicted, judged.observed, gaps, label=label, color=ACTUAL, fmt="o", markersize=6, elinewidth=1.5, zorder=3)
    ax.set(title=title, xlabel=x_label.format(days=number(calibration.days, language)), ylabel=y_label, xlim=(0, top), ylim=(0, top))
    ax.grid(visible=True, axis="x")
    percent_axis(ax.xaxis, language)
    percent_axis(ax.yaxis, language)
    ax.legend(loc="upper center", bbox_to_anchor=(0.5, -0.14))
    return ax
