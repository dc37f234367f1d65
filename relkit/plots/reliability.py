"""Forecast probabilities against the share of cases in which they came true, by group of forecast."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from relkit.plots.style import ACTUAL, MUTED, axes_of, house_style, percent, percent_axis
from relkit.texts import Text, in_language
from relkit.units import LEVEL

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from relkit.metrics.reliability import Reliability

_TEXTS = (
    Text("forecast = observed share", "prévision = part constatée"),
    Text(
        "groups of equal size by forecast, with their {level} intervals",
        "groupes de même effectif selon la prévision, et leur intervalle à {level}",
    ),
)


@house_style()
def plot_reliability(judged: Reliability, ax: Axes | None = None, *, title: str, x_label: str, y_label: str, language: str = "en") -> Axes:
    """Draw the observed share of each group against its mean forecast, with the interval of the share.

    Args:
        judged: forecasts and outcomes.
        ax: where to draw; a new figure by default.
        title: of the plot.
        x_label: name of the forecast.
        y_label: name of the share.
        language: en or fr.
    """
    perfect, groups = in_language(_TEXTS, language)
    ax = axes_of(ax, width=6, height=5.2)
    low, high = judged.bounds(LEVEL)
    top = min(1.08 * float(max(high.max(), judged.predicted.max(), 0.01)), 1.04)
    ax.plot([0, top], [0, top], color=MUTED, linewidth=1.2, linestyle="--", label=perfect)
    gaps = np.stack([judged.observed - low, high - judged.observed])
    label = groups.format(level=percent(LEVEL, language))
    ax.errorbar(judged.predicted, judged.observed, gaps, label=label, color=ACTUAL, fmt="o", markersize=6, elinewidth=1.5, zorder=3)
    ax.set(title=title, xlabel=x_label, ylabel=y_label, xlim=(0, top), ylim=(0, top))
    ax.grid(visible=True, axis="x")
    percent_axis(ax.xaxis, language)
    percent_axis(ax.yaxis, language)
    ax.legend(loc="upper center", bbox_to_anchor=(0.5, -0.14))
    return ax
