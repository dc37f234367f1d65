"""What offers bring as more customers are called: by expected profit, and by risk."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from relkit.plots.style import ACTUAL, INK, MODEL, axes_of, house_style, money, money_axis, number_axis, words

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

_SAID = {
    "en": ("What the calls should bring", "Customers called", "Expected profit, cumulated", "by expected profit", "by risk of ending"),
    "fr": ("Ce que devraient rapporter les appels", "Clients appelés", "Profit attendu, cumulé", "par profit attendu", "par risque de fin"),
}


@house_style()
def plot_cumulated_profit(
    by_profit: Floats, by_risk: Floats, ax: Axes | None = None, *, currency: str = "EUR", language: str = "en"
) -> Axes:
    """Draw the expected profit of calling the first n customers, in two orders, with the best depth of each.

    Args:
        by_profit: shape (n,), expected profit of each customer, in the order of profit.
        by_risk: shape (n,), the same customers in the order of risk.
        ax: where to draw; a new figure by default.
        currency: ISO code.
        language: en or fr.
    """
    title, x_label, y_label, *names = words(_SAID, language)
    ax = axes_of(ax)
    ax.axhline(0.0, color=INK, linewidth=0.8)
    curves = [np.append(0.0, np.cumsum(values)) for values in (by_profit, by_risk)]
    for along, name, colour, above in zip(curves, names, (MODEL, ACTUAL), (5, -14), strict=True):
        best = int(along.argmax())
        ax.plot(np.arange(len(along)), along, color=colour, linewidth=2, label=name)
        ax.plot([best], [along[best]], "o", color=colour, markersize=6)
        said = money(float(along[best]), currency, language)
        ax.annotate(said, (best, along[best]), (6, above), textcoords="offset points", color=colour, fontsize=9.5)
    ax.set(title=title, xlabel=x_label, ylabel=y_label)
    _close_up(ax, curves[0])
    money_axis(ax.yaxis, currency, language)
    number_axis(ax.xaxis, language, whole=True)
    ax.legend(loc="lower left")
    return ax


def _close_up(ax: Axes, along: Floats) -> None:
    """Show the best depth and its surroundings: past a loss as large as the profit the curves say nothing more."""
    peak = float(along.max())
    lost = np.flatnonzero(along < -peak)
    last = int(lost[0]) if peak > 0 and len(lost) else len(along) - 1
    ax.set_xlim(0, max(last, 1))
    if peak > 0:
        ax.set_ylim(min(-1.1 * peak, 0.0) if len(lost) else min(float(along[-1]), 0.0) - 0.1 * peak, 1.2 * peak)
