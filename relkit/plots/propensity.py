"""Propensities on a holdout: reliability and gain of each product, and what moves it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from relkit.metrics.ranking import lorenz_curve
from relkit.metrics.reliability import reliability
from relkit.plots.style import ACTUAL, MODEL, MUTED, PALETTE, axes_of, house_style, number, percent, percent_axis
from relkit.texts import Text, in_language
from relkit.units import LEVEL

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from matplotlib.axes import Axes

    from relkit.models.affinity.propensity_judging import Forecast

MOST_EFFECTS, MOST_CURVES = 15, 8

RELIABILITY = (
    Text("{product}: forecast and come true", "{product} : prévu et constaté"),
    Text("Forecast probability within {days} days", "Probabilité prévue sous {days} jours"),
    Text("Share who took it", "Part des preneurs"),
    Text("forecast = share who took it", "prévision = part des preneurs"),
    Text("tenths of the customers, with their {level} intervals", "dixièmes des clients, et leur intervalle à {level}"),
)
GAIN = (
    Text("Takers found among the best-scored", "Preneurs trouvés parmi les mieux notés"),
    Text("Share of the customers, best scores first", "Part des clients, meilleurs scores d’abord"),
    Text("Share of the takers", "Part des preneurs"),
    Text("drawn at random", "tirage au hasard"),
)
STRENGTHS = (
    Text("{product}: what moves it", "{product} : ce qui joue"),
    Text("Standard deviation of what it adds to the log-odds", "Écart-type de ce qu’elle ajoute au log-odds"),
    Text("more of it, or its level, favours", "favorable"),
    Text("more of it hinders", "défavorable"),
)


@house_style()
def plot_reliability(forecast: Forecast, ax: Axes | None = None, *, days: int, language: str = "en") -> Axes:
    """Draw the share of takers against the forecast, by tenth of the forecast, with intervals of the share.

    Args:
        forecast: of a product on a holdout.
        ax: where to draw; a new figure by default.
        days: horizon.
        language: en or fr.
    """
    title, x_label, y_label, perfect, tenths = in_language(RELIABILITY, language)
    found = reliability(forecast.probability, forecast.took)
    low, high = found.bounds(LEVEL)
    ax = axes_of(ax, width=6, height=5.2)
    top = min(1.08 * float(max(high.max(), found.predicted.max(), 0.01)), 1.04)
    ax.plot([0, top], [0, top], color=MUTED, linewidth=1.2, linestyle="--", label=perfect)
    gaps = np.maximum(np.stack([found.observed - low, high - found.observed]), 0)
    label = tenths.format(level=percent(LEVEL, language))
    ax.errorbar(found.predicted, found.observed, gaps, label=label, color=ACTUAL, fmt="o", markersize=6, elinewidth=1.5, zorder=3)
    words = {"title": title.format(product=forecast.product), "xlabel": x_label.format(days=number(days, language)), "ylabel": y_label}
    ax.set(**words, xlim=(0, top), ylim=(0, top))
    ax.grid(visible=True, axis="x")
    percent_axis(ax.xaxis, language)
    percent_axis(ax.yaxis, language)
    ax.legend(loc="upper center", bbox_to_anchor=(0.5, -0.14))
    return ax


@house_style()
def plot_gain(forecasts: Sequence[Forecast], ax: Axes | None = None, *, language: str = "en") -> Axes:
    """Draw the share of all takers among the best-scored customers, a curve for each product, the most often taken first.

    Args:
        forecasts: of each product on a holdout; the first eight are drawn.
        ax: where to draw; a new figure by default.
        language: en or fr.
    """
    title, x_label, y_label, chance = in_language(GAIN, language)
    ax = axes_of(ax, width=6, height=5.2)
    ax.plot([0, 1], [0, 1], color=MUTED, linewidth=1.2, linestyle="--", label=chance)
    for each, colour in zip(forecasts[:MOST_CURVES], PALETTE, strict=False):
        curve = lorenz_curve(each.took.astype(np.float64), each.probability)
        ax.plot(curve.customer_share, curve.value_share, color=colour, linewidth=1.8, label=each.product)
    ax.set(title=title, xlabel=x_label, ylabel=y_label, xlim=(0, 1), ylim=(0, 1.02))
    ax.grid(visible=True, axis="x")
    percent_axis(ax.xaxis, language)
    percent_axis(ax.yaxis, language)
    ax.legend(loc="lower right")
    return ax


@house_style()
def plot_strengths(strengths: Mapping[str, float], ax: Axes | None = None, *, product: str, language: str = "en") -> Axes:
    """Draw the strongest features of a product's model as bars.

    Args:
        strengths: by feature, negative if more of it goes with less of the product.
        ax: where to draw; a new figure by default.
        product: id of the product.
        language: en or fr.
    """
    title, x_label, more, less = in_language(STRENGTHS, language)
    largest = sorted(strengths, key=lambda name: -abs(strengths[name]))[:MOST_EFFECTS][::-1]
    ax = axes_of(ax, width=7, height=1.2 + 0.32 * max(len(largest), 4))
    for label, colour, is_shown in ((more, ACTUAL, 1), (less, MODEL, -1)):
        rows = [i for i, name in enumerate(largest) if strengths[name] * is_shown > 0]
        ax.barh(rows, [abs(strengths[largest[i]]) for i in rows], color=colour, height=0.7, label=label)
    ax.set_yticks(range(len(largest)), labels=largest)
    ax.set(title=title.format(product=product), xlabel=x_label)
    ax.grid(visible=True, axis="x")
    ax.grid(visible=False, axis="y")
    ax.legend(loc="lower right")
    return ax
