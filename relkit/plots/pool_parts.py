"""Parts of a pooled forecast by horizon: the weight of the base model, and of each regressor in the regression."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from relkit.plots.style import ACTUAL, INK, MODEL, MUTED, PALE, PALETTE, axes_of, house_style, number, percent_axis
from relkit.texts import Text, in_language

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from relkit.models.lifetime_value.knots import Knots

TEXTS = (
    Text("Parts of the forecast", "Les parts de la prévision"),
    Text("Horizon, with the correction of the total", "Horizon, avec la correction du total"),
    Text("Weight", "Poids"),
    Text("{days} days", "{days} jours"),
)
PARTS = (
    Text("base model (MBG/NBD)", "modèle de base (MBG/NBD)"),
    Text("regression: base model", "régression : modèle de base"),
    Text("regression: last days", "régression : derniers jours"),
    Text("regression: long run", "régression : long terme"),
    Text("regression: same season a year before", "régression : même saison un an plus tôt"),
    Text("regression: trees on recent orders", "régression : arbres sur les commandes récentes"),
)
_COLOURS = (MODEL, PALE, ACTUAL, MUTED, *[colour for colour in PALETTE if colour not in {MODEL, PALE, ACTUAL, MUTED}][:2])


def shares(knots: Knots) -> np.ndarray[tuple[int, int], np.dtype[np.float64]]:
    """Return the share of each part at each horizon, shape (k, 6), each row summing to 1: the base model, then the five regressors.

    The weight of the regression is divided among its regressors in proportion to their powers; a negative one counts as 0.

    Args:
        knots: what a fit learnt at k horizons.
    """
    powers = np.maximum(knots.powers, 0.0)
    of_all = powers / np.maximum(powers.sum(axis=1, keepdims=True), 1e-12)
    return np.column_stack([1 - knots.pool_weights, knots.pool_weights[:, None] * of_all])


@house_style()
def plot_pool_parts(knots: Knots, ax: Axes | None = None, *, language: str = "en") -> Axes:
    """Draw a bar for each horizon, divided into the parts of the forecast; parts without weight are left out of the legend.

    Args:
        knots: what a fit learnt, at one horizon at least.
        ax: where to draw; a new figure by default.
        language: en or fr.
    """
    title, x_label, y_label, days = in_language(TEXTS, language)
    ax, parts, at = axes_of(ax, width=7, height=4.4), shares(knots), np.arange(len(knots))
    below = np.zeros(len(at))
    for name, colour, part in zip(PARTS, _COLOURS, parts.T, strict=True):
        if part.any():
            ax.bar(at, part, 0.6, below, color=colour, linewidth=0, label=name[language])
            below = below + part
    factors = np.exp(knots.log_corrections) * knots.calendar
    labels = [
        f"{days.format(days=number(float(horizon), language))}\n{round(100 * (factor - 1)):+d} %"
        for horizon, factor in zip(knots.horizons_days, factors, strict=True)
    ]
    ax.set_xticks(at, labels)
    ax.tick_params(axis="x", colors=INK)
    ax.set(title=title, xlabel=x_label, ylabel=y_label, ylim=(0, 1))
    percent_axis(ax.yaxis, language)
    ax.legend(loc="upper center", bbox_to_anchor=(0.5, -0.24), ncols=2)
    return ax
