"""Recall of recommended products by method: all purchases, products bought before and new ones, with intervals."""

from __future__ import annotations

from textwrap import fill
from typing import TYPE_CHECKING

import numpy as np
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine

from relkit.plots.reliability import plot_reliability
from relkit.plots.style import ACTUAL, MODEL, MUTED, house_style, number, percent, percent_axis
from relkit.texts import Text, in_language
from relkit.units import LEVEL

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from matplotlib.axes import Axes

    from relkit.metrics.reliability import Reliability
    from relkit.metrics.risk_sets import Floats

_PANELS = {
    "all": Text("All products", "Tous les produits"),
    "repeat": Text("Bought before", "Déjà achetés"),
    "explore": Text("New to the customer", "Nouveaux pour le client"),
}
_LABEL = Text(
    "Share of the products of the next basket that were among the first {top}, {level} interval",
    "Part des produits du panier suivant qui figuraient parmi les {top} premiers, intervalle à {level}",
)
METHOD_NAMES = {
    "model": Text("Next-product model", "Modèle de prochain produit"),
    "personal": Text("Own favourites, then best-sellers", "Favoris du client, puis meilleures ventes"),
    "global": Text("Best-sellers", "Meilleures ventes"),
}
_CALIBRATION = {
    "title": Text("Probability of the first three products", "Probabilité des trois premiers produits"),
    "x_label": Text("Forecast probability", "Probabilité prévue"),
    "y_label": Text("Share bought in the next basket", "Part achetée au panier suivant"),
}
WIDEST = 26


@house_style()
def plot_recall(methods: Sequence[str], recall: Mapping[str, tuple[Floats, Floats, Floats]], *, top: int, language: str = "en") -> Figure:
    """Draw a panel for each kind of purchase and a row for each method; the first method is the model.

    Args:
        methods: names of the rows, in the reader's language.
        recall: by panel (all, repeat, explore): value, lower and upper, each of shape (methods,); a panel that is absent is not drawn.
        top: number of products recommended.
        language: en or fr.
    """
    panels = [name for name in _PANELS if name in recall]
    figure = Figure(figsize=(9.0, 1.7 + 0.4 * len(methods)), layout=ConstrainedLayoutEngine(w_pad=0.12, h_pad=0.1))
    axes = figure.subplots(1, len(panels), sharey=True, squeeze=False)[0]
    for ax, name in zip(axes, panels, strict=True):
        _panel(ax, recall[name], language)
        ax.set_title(_PANELS[name][language], fontsize=9.5)
    axes[0].set_yticks(range(len(methods)), [fill(each, WIDEST) for each in methods])
    axes[0].set_ylim(len(methods) - 0.5, -0.5)
    figure.supxlabel(_LABEL[language].format(top=number(top, language), level=percent(LEVEL, language)), fontsize=9.5)
    return figure


def plot_list_reliability(judged: Reliability, ax: Axes | None = None, *, language: str = "en") -> Axes:
    """Draw the probabilities of the first products of the lists against the share that was bought.

    Args:
        judged: probabilities and outcomes.
        ax: where to draw; a new figure by default.
        language: en or fr.
    """
    return plot_reliability(judged, ax, language=language, **in_language(_CALIBRATION, language))


def _panel(ax: Axes, values: tuple[Floats, Floats, Floats], language: str) -> None:
    from matplotlib.ticker import MaxNLocator

    value, low, high = values
    at = np.arange(len(value))
    colours = [MODEL, *[ACTUAL] * (len(value) - 1)]
    ax.axvline(float(value[0]), color=MUTED, linewidth=0.9, linestyle="--")
    ax.hlines(at, low, high, color=colours, linewidth=2)
    ax.scatter(value, at, color=colours, s=38, zorder=3)
    ax.set_xlim(0, max(1.12 * float(np.nanmax(high, initial=0.01)), 0.01))
    ax.grid(visible=False, axis="y")
    ax.grid(visible=True, axis="x")
    ax.xaxis.set_major_locator(MaxNLocator(nbins=4))
    percent_axis(ax.xaxis, language)
