"""Profit of offers as more customers are called, or as more is spent on calls: in order of expected profit, and of risk."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from relkit.plots.style import ACTUAL, INK, MODEL, axes_of, house_style, money, money_axis, number_axis
from relkit.texts import Text, in_language

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

_TEXTS = (
    Text("What the calls should bring", "Ce que devraient rapporter les appels"),
    Text("Customers called", "Clients appelés"),
    Text("Expected profit, cumulated", "Profit attendu, cumulé"),
    Text("by expected profit", "par profit attendu"),
    Text("by risk of ending", "par risque de fin"),
)


_SPENT = (
    Text("What the calls should bring", "Ce que devraient rapporter les appels"),
    Text("Spent on calls, expected", "Dépense d’appels attendue"),
    Text("Expected profit, cumulated", "Profit attendu, cumulé"),
    Text("by profit for each {cur} spent", "par profit rapporté au coût"),
    Text("budget", "budget"),
)


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
    title, x_label, y_label, *names = in_language(_TEXTS, language)
    ax = axes_of(ax)
    ax.axhline(0.0, color=INK, linewidth=0.8)
    curves = [_from_zero(values) for values in (by_profit, by_risk)]
    for along, name, colour, above in zip(curves, names, (MODEL, ACTUAL), (5, -14), strict=True):
        best = int(along.argmax())
        ax.plot(np.arange(len(along)), along, color=colour, linewidth=2, label=name)
        _mark(ax, float(best), float(along[best]), above, colour, money(float(along[best]), currency, language))
    ax.set(title=title, xlabel=x_label, ylabel=y_label)
    _close_up(ax, np.arange(len(curves[0]), dtype=np.float64), curves[0])
    money_axis(ax.yaxis, currency, language)
    number_axis(ax.xaxis, language, whole=True)
    ax.legend(loc="lower left")
    return ax


@house_style()
def plot_profit_of_spending(
    by_profit: tuple[Floats, Floats],
    by_risk: tuple[Floats, Floats],
    ax: Axes | None = None,
    *,
    budget: float,
    currency: str = "EUR",
    language: str = "en",
) -> Axes:
    """Draw the expected profit against the money spent on calls, in two orders, with the best of each within the budget.

    Args:
        by_profit: expected cost and expected profit of each customer, shape (n,) each, in the order of profit for the money spent.
        by_risk: the same customers in the order of risk.
        ax: where to draw; a new figure by default.
        budget: maximum cost of the calls; its line is drawn if it lies within the picture.
        currency: ISO code.
        language: en or fr.
    """
    title, x_label, y_label, name, line = in_language(_SPENT, language)
    names = (name.format(cur=currency), _TEXTS[-1][language])
    ax = axes_of(ax)
    ax.axhline(0.0, color=INK, linewidth=0.8)
    curves = [(_from_zero(cost), _from_zero(profit)) for cost, profit in (by_profit, by_risk)]
    for (spent, along), label, colour, above in zip(curves, names, (MODEL, ACTUAL), (-6, -16), strict=True):
        ax.plot(spent, along, color=colour, linewidth=2, label=label)
        best = int(np.where(spent <= budget * (1 + 1e-12), along, -np.inf).argmax())
        _mark(ax, float(spent[best]), float(along[best]), above, colour, money(float(along[best]), currency, language))
    _close_up(ax, *curves[0])
    if budget <= ax.get_xlim()[1]:
        colon = Text(": ", " : ")[language]
        ax.axvline(budget, color=INK, linewidth=1.2, linestyle="--", label=f"{line}{colon}{money(budget, currency, language)}")
    ax.set(title=title, xlabel=x_label, ylabel=y_label)
    money_axis(ax.yaxis, currency, language)
    money_axis(ax.xaxis, currency, language)
    falls = curves[0][1][-1] < curves[0][1].max() / 2
    ax.legend(loc="upper right" if falls else "lower right")
    return ax


def _from_zero(values: Floats) -> Floats:
    return np.append(0.0, np.cumsum(values))


def _mark(ax: Axes, x: float, y: float, above: int, colour: str, text: str) -> None:
    ax.plot([x], [y], "o", color=colour, markersize=6)
    ax.annotate(text, (x, y), (6, above), textcoords="offset points", color=colour, fontsize=9.5)


def _close_up(ax: Axes, x: Floats, along: Floats) -> None:
    """Show the best depth and its surroundings: past a loss as large as the profit the curves add nothing."""
    peak = float(along.max())
    lost = np.flatnonzero(along < -peak)
    last = float(x[lost[0]] if peak > 0 and len(lost) else x[-1])
    ax.set_xlim(0, max(last, 1.0))
    if peak > 0:
        ax.set_ylim(min(-1.1 * peak, 0.0) if len(lost) else min(float(along[-1]), 0.0) - 0.1 * peak, 1.2 * peak)
