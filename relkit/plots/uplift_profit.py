"""Profit by depth of a list with the best depth, and the gain that each budget buys."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from relkit.plots.style import ACTUAL, INK, MODEL, MUTED, PALETTE, axes_of, house_style, money, money_axis, percent, percent_axis
from relkit.plots.uplift_outcome import PER
from relkit.texts import Text, in_language
from relkit.units import LEVEL

if TYPE_CHECKING:
    from collections.abc import Mapping

    from matplotlib.axes import Axes

    from relkit.metrics.uplift_bands import Band
    from relkit.metrics.uplift_policy import BudgetPath
    from relkit.metrics.uplift_profit import BestDepth

_PROFIT = (
    Text("Profit of contacting the top of the list", "Profit selon la part de la liste sollicitée"),
    Text("Share of customers contacted, best first", "Part des clients sollicités, les meilleurs d’abord"),
    Text("Profit for 1,000 customers of the list", "Profit pour 1\u202f000 clients de la liste"),
    Text("customers in random order", "clients pris au hasard"),
    Text("contains the whole true curve, {level} of the time", "contient toute la vraie courbe dans {level} des cas"),
    Text("the best share varies over this range", "plage de variation de la meilleure part"),
    Text(
        "its value, chosen on one half and measured on the other; {level} interval",
        "sa valeur : part choisie sur une moitié des clients, mesurée sur l’autre ; intervalle à {level}",
    ),
    Text("{share} contacted", "{share} sollicités"),
)
_BUDGET = (
    Text("What each budget buys", "Ce que chaque budget rapporte"),
    Text("Budget for 1,000 customers of the list", "Budget pour 1\u202f000 clients de la liste"),
    Text("Gain for 1,000 customers of the list", "Gain pour 1\u202f000 clients de la liste"),
    Text("{name}, {level} interval", "{name}, intervalle à {level}"),
    Text("gain = budget", "gain = budget"),
)
_POINTS = 41


@house_style()
def plot_uplift_profit(band: Band, best: BestDepth, ax: Axes | None = None, *, currency: str = "EUR", language: str = "en") -> Axes:
    """Draw the profit against the share of customers contacted, with the best share, its range and its honest value.

    Args:
        band: of the profit per customer, `CurveDraws.gain_band` of the net gains.
        best: see `relkit.metrics.uplift_profit`.
        ax: where to draw; a new figure by default.
        currency: ISO code.
        language: en or fr.
    """
    title, x_label, y_label, chance, meaning, spread, honest, treated = in_language(_PROFIT, language)
    ax = axes_of(ax, height=5)
    ax.axhline(0.0, color=INK, linewidth=0.8)
    ax.axvspan(best.share_low, best.share_high, color=ACTUAL, alpha=0.08, linewidth=0, label=spread)
    label = meaning.format(level=percent(band.level, language))
    ax.fill_between(band.share, PER * band.low, PER * band.high, color=MODEL, alpha=0.16, linewidth=0, label=label)
    ax.plot([0, 1], [0, PER * band.value[-1]], color=MUTED, linewidth=1.4, linestyle="--", label=chance)
    ax.plot(band.share, PER * band.value, color=MODEL, linewidth=2.2)
    value = best.value
    reach = PER * (value.high - value.estimate)
    label = honest.format(level=percent(value.level, language))
    ax.errorbar([best.share], [PER * value.estimate], [reach], fmt="o", color=ACTUAL, markersize=7, elinewidth=2, label=label, zorder=4)
    amount = money(PER * value.estimate, currency, language)
    words = f"{amount}\n{treated.format(share=percent(best.share, language))}"
    side = "right" if best.share > 0.7 else "left"
    ax.annotate(
        words,
        (best.share, PER * value.estimate),
        (-10 if side == "right" else 10, -26),
        textcoords="offset points",
        ha=side,
        color=ACTUAL,
        fontsize=9.5,
    )
    ax.set(title=title, xlabel=x_label, ylabel=y_label, xlim=(0, 1))
    percent_axis(ax.xaxis, language)
    money_axis(ax.yaxis, currency, language)
    ax.legend(loc="upper center", bbox_to_anchor=(0.5, -0.14))
    return ax


@house_style()
def plot_budget_paths(
    paths: Mapping[str, BudgetPath], ax: Axes | None = None, *, currency: str = "EUR", language: str = "en", level: float = LEVEL
) -> Axes:
    """Draw the gain of the best use of each budget, for one rule or several, with intervals at each budget.

    Args:
        paths: by name of the rule.
        ax: where to draw; a new figure by default.
        currency: ISO code.
        language: en or fr.
        level: of the intervals.
    """
    title, x_label, y_label, named, equal = in_language(_BUDGET, language)
    ax = axes_of(ax)
    last = max(float(path.spend[-1]) for path in paths.values())
    for (name, path), colour in zip(paths.items(), (MODEL, ACTUAL, *PALETTE[2:]), strict=False):
        budgets = np.linspace(0, float(path.spend[-1]), _POINTS)
        found = [path.at(float(budget), level=level) for budget in budgets]
        low, middle, high = (PER * np.array([getattr(each, part) for each in found]) for part in ("low", "estimate", "high"))
        ax.fill_between(PER * budgets, low, high, color=colour, alpha=0.14, linewidth=0)
        ax.plot(PER * budgets, middle, color=colour, linewidth=2.2, label=named.format(name=name, level=percent(level, language)))
    bottom, top = ax.get_ylim()
    ax.plot([0, PER * last], [0, PER * last], color=MUTED, linewidth=1.2, linestyle="--", label=equal)
    ax.axhline(0.0, color=INK, linewidth=0.8)
    ax.set(title=title, xlabel=x_label, ylabel=y_label, xlim=(0, PER * last), ylim=(bottom, top))
    money_axis(ax.xaxis, currency, language)
    money_axis(ax.yaxis, currency, language)
    ax.legend(loc="upper center", bbox_to_anchor=(0.5, -0.14), ncols=2)
    return ax
