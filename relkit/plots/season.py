"""The season as a model sees it: what the purchase rate is multiplied by on each day of the year, and in events."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from matplotlib.ticker import NullFormatter

from relkit.plots.style import ACTUAL, MUTED, axes_of, house_style, number, number_axis, percent, words

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from relkit.models.lifetime_value.season import SeasonCurve

_SEASON = {
    "en": (
        "The season of purchases",
        "Purchase rate, mean of the year = 1",
        "mean of the year",
        "interval at {level}",
        "{name}: \u00d7 {effect}",
    ),
    "fr": (
        "La saison des achats",
        "Rythme d’achat, moyenne de l’année = 1",
        "moyenne de l’année",
        "intervalle à {level}",
        "{name}\u00a0: \u00d7 {effect}",
    ),
}
_BETWEEN = {"en": "{said} ({low} to {high})", "fr": "{said} ({low} à {high})"}
_MONTHS = {
    "en": ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"),
    "fr": ("janv.", "févr.", "mars", "avril", "mai", "juin", "juil.", "août", "sept.", "oct.", "nov.", "déc."),
}


@house_style()
def plot_season(curve: SeasonCurve, ax: Axes | None = None, *, language: str = "en") -> Axes:
    """Draw the multiplier of the purchase rate over the year with its interval, and name the effects of events below."""
    title, y_label, mean, band, effect = words(_SEASON, language)
    ax = axes_of(ax)
    days = np.array(curve.days, dtype="datetime64[D]")
    sure = bool(np.isfinite(curve.high).all())
    if sure:
        said = band.format(level=percent(curve.level, language))
        ax.fill_between(days, curve.low, curve.high, color=ACTUAL, alpha=0.18, linewidth=0, label=said)
    ax.plot(days, curve.purchases, color=ACTUAL, linewidth=2)
    ax.axhline(1.0, color=MUTED, linestyle="--", linewidth=1.2, label=mean)
    firsts = np.array([day for day in curve.days if day.day == 1], dtype="datetime64[D]")
    ax.set_xticks(firsts, [], minor=False)
    ax.set_xticks(firsts + np.timedelta64(14, "D"), words(_MONTHS, language), minor=True)
    ax.xaxis.set_major_formatter(NullFormatter())
    ax.tick_params(axis="x", which="minor", length=0)
    ax.set(
        title=title,
        ylabel=y_label,
        xlim=(days[0], days[-1]),
        ylim=(0, 1.15 * max(float((curve.high if sure else curve.purchases).max()), 1.2)),
    )
    number_axis(ax.yaxis, language)
    ax.legend(loc="lower left")
    between = words(_BETWEEN, language)
    lines = []
    for event in curve.events:
        said = effect.format(name=event.name.replace("_", " "), effect=number(event.multiplier, language, 2))
        known = np.isfinite([event.low, event.high]).all()
        lines.append(between.format(said=said, low=number(event.low, language, 2), high=number(event.high, language, 2)) if known else said)
    if lines:
        ax.text(0.99, 0.04, "\n".join(lines), transform=ax.transAxes, ha="right", va="bottom", color=MUTED, fontsize=9.5)
    return ax
