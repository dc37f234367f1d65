"""Seasonality of a model: the multiplier of the purchase rate on each day of the year, and in events."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from matplotlib.ticker import NullFormatter

from relkit.plots.style import ACTUAL, MUTED, axes_of, house_style, number, number_axis, percent
from relkit.texts import Text, in_language

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from relkit.models.lifetime_value.season import SeasonCurve

_SEASON = (
    Text("The season of purchases", "La saison des achats"),
    Text("Purchase rate, mean of the year = 1", "Rythme d’achat, moyenne de l’année = 1"),
    Text("mean of the year", "moyenne de l’année"),
    Text("interval at {level}", "intervalle à {level}"),
    Text("{name}: \u00d7 {effect}", "{name}\u00a0: \u00d7 {effect}"),
)
_BETWEEN = Text("{text} ({low} to {high})", "{text} ({low} à {high})")
_MONTHS = (
    Text("Jan", "janv."),
    Text("Feb", "févr."),
    Text("Mar", "mars"),
    Text("Apr", "avril"),
    Text("May", "mai"),
    Text("Jun", "juin"),
    Text("Jul", "juil."),
    Text("Aug", "août"),
    Text("Sep", "sept."),
    Text("Oct", "oct."),
    Text("Nov", "nov."),
    Text("Dec", "déc."),
)


@house_style()
def plot_season(curve: SeasonCurve, ax: Axes | None = None, *, language: str = "en") -> Axes:
    """Draw the multiplier of the purchase rate over the year with its interval, and name the effects of events below."""
    title, y_label, mean, band, effect = in_language(_SEASON, language)
    ax = axes_of(ax)
    days = np.array(curve.days, dtype="datetime64[D]")
    sure = bool(np.isfinite(curve.high).all())
    if sure:
        label = band.format(level=percent(curve.level, language))
        ax.fill_between(days, curve.low, curve.high, color=ACTUAL, alpha=0.18, linewidth=0, label=label)
    ax.plot(days, curve.purchases, color=ACTUAL, linewidth=2)
    ax.axhline(1.0, color=MUTED, linestyle="--", linewidth=1.2, label=mean)
    firsts = np.array([day for day in curve.days if day.day == 1], dtype="datetime64[D]")
    ax.set_xticks(firsts, [], minor=False)
    ax.set_xticks(firsts + np.timedelta64(14, "D"), in_language(_MONTHS, language), minor=True)
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
    between = _BETWEEN[language]
    lines = []
    for event in curve.events:
        line = effect.format(name=event.name.replace("_", " "), effect=number(event.multiplier, language, 2))
        known = np.isfinite([event.low, event.high]).all()
        lines.append(between.format(text=line, low=number(event.low, language, 2), high=number(event.high, language, 2)) if known else line)
    if lines:
        ax.text(0.99, 0.04, "\n".join(lines), transform=ax.transAxes, ha="right", va="bottom", color=MUTED, fontsize=9.5)
    return ax
