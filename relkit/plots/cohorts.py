"""Plots of cohorts of customers: payback of their acquisition cost, and the share that keeps coming back."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from matplotlib.colors import LinearSegmentedColormap

from relkit.plots.style import ACTUAL, INK, MODEL, axes_of, house_style, money, money_axis, number, number_axis
from relkit.texts import Text, in_language

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from relkit.features.cohorts import Cohorts

MONTHS_SHOWN = 24
_PALE, _DARK = "#c6d4e3", ACTUAL
_VALUE = (
    Text("What customers have brought, by when they came", "Ce que les clients ont apporté, selon leur arrivée"),
    Text("Months since the first purchase", "Mois depuis le premier achat"),
    Text("cost of winning a customer: {cost}", "coût d’acquisition d’un client : {cost}"),
)
_MEASURE = {
    "margin": Text("Margin per customer, cumulated", "Marge par client, cumulée"),
    "revenue": Text("Revenue per customer, cumulated", "Chiffre d’affaires par client, cumulé"),
}
_BACK = (
    Text("Share of customers who bought again, month by month (%)", "Part des clients qui ont racheté, mois par mois (%)"),
    Text("Month since the first purchase", "Mois depuis le premier achat"),
    Text("Customers won in", "Clients arrivés en"),
)


def cohort_label(starts_on: object, length: str, language: str) -> str:
    """Return the name of a cohort.

    Examples:
        >>> from datetime import date
        >>> cohort_label(date(2024, 4, 1), "quarter", "en"), cohort_label(date(2024, 4, 1), "quarter", "fr")
        ('2024 Q2', '2024 T2')
    """
    year, month = starts_on.year, starts_on.month  # type: ignore[attr-defined]
    if length == "year":
        return str(year)
    if length == "month":
        return f"{year}-{month:02d}"
    return f"{year} {Text('Q', 'T')[language]}{(month + 2) // 3}"


@house_style()
def plot_cohort_value(
    cohorts: Cohorts, ax: Axes | None = None, *, cost: float | None = None, currency: str = "EUR", language: str = "en"
) -> Axes:
    """Draw the value that each cohort has brought per customer by age, the latest cohort darkest, and the cost of acquiring one.

    Args:
        cohorts: see `relkit.features.cohorts`.
        ax: where to draw; a new figure by default.
        cost: of acquiring a customer; None leaves the line out.
        currency: ISO code.
        language: en or fr.
    """
    title, x_label, cost_label = in_language(_VALUE, language)
    ax = axes_of(ax)
    shades = LinearSegmentedColormap.from_list("cohorts", [_PALE, _DARK])
    groups = cohorts.frame.partition_by("starts_on", maintain_order=True)
    for at, group in enumerate(groups):
        shade = shades(at / max(len(groups) - 1, 1))
        label = cohort_label(group["starts_on"][0], cohorts.length, language) if at in {0, len(groups) - 1} else None
        ax.plot(group["age_months"], group["value"], color=shade, linewidth=1.8, label=label)
    if cost is not None:
        ax.axhline(cost, color=MODEL, linewidth=1.6, linestyle="--", label=cost_label.format(cost=money(cost, currency, language)))
    ax.set(title=title, xlabel=x_label, ylabel=_MEASURE[cohorts.measure][language], xlim=(0, None), ylim=(0, None))
    money_axis(ax.yaxis, currency, language)
    number_axis(ax.xaxis, language, whole=True)
    ax.legend(loc="upper left")
    return ax


@house_style()
def plot_cohort_returns(cohorts: Cohorts, ax: Axes | None = None, *, language: str = "en") -> Axes:
    """Draw the share of each cohort that bought again in each month of age, as a heat map.

    Args:
        cohorts: see `relkit.features.cohorts`.
        ax: where to draw; a new figure by default.
        language: en or fr.
    """
    title, x_label, y_label = in_language(_BACK, language)
    shown = cohorts.frame.filter(cohorts.frame["age_months"].is_between(1, MONTHS_SHOWN))
    starts = shown["starts_on"].unique(maintain_order=True).to_list()
    ages = shown["age_months"].to_numpy()
    wide = np.full((len(starts), int(ages.max(initial=1))), np.nan)
    wide[[starts.index(day) for day in shown["starts_on"]], ages - 1] = shown["came_back"].to_numpy()
    ax = axes_of(ax, width=9.0, height=1.6 + 0.34 * len(starts))
    top = max(float(np.nanmax(wide, initial=0.0)), 1e-9)
    shades = LinearSegmentedColormap.from_list("returns", ["#f4f7fa", _DARK])
    ax.imshow(wide, cmap=shades, vmin=0, vmax=top, aspect="auto")
    for (row, column), share in np.ndenumerate(wide):
        if np.isfinite(share):
            ink = "white" if share > 0.55 * top else INK
            ax.annotate(number(100 * share, language), (column, row), ha="center", va="center", fontsize=8, color=ink)
    ax.set_xticks(range(wide.shape[1]), [str(age + 1) for age in range(wide.shape[1])])
    ax.set_yticks(range(len(starts)), [cohort_label(day, cohorts.length, language) for day in starts])
    ax.set(title=title, xlabel=x_label, ylabel=y_label)
    ax.grid(visible=False)
    return ax
