"""Lags of conversions: shares by class of days, or of touches, from the first touch to the conversion."""

from __future__ import annotations

from typing import TYPE_CHECKING

from relkit.plots.style import ACTUAL, INK, MUTED, axes_of, house_style, nothing_to_draw, number, percent, percent_axis
from relkit.texts import Text, in_language

if TYPE_CHECKING:
    import polars as pl
    from matplotlib.axes import Axes

DAYS, TOUCHES = "days", "touches"
_TITLES = {
    DAYS: Text("Days from the first touch to the conversion", "Jours du premier contact à la conversion"),
    TOUCHES: Text("Touches up to the conversion", "Contacts jusqu’à la conversion"),
}
_TEXTS = {
    "shares": Text("Share of conversions", "Part des conversions"),
    "under": Text("under {high}", "moins de {high}"),
    "over": Text("{low} or more", "{low} et plus"),
}


@house_style()
def plot_journey_lags(classes: pl.DataFrame, ax: Axes | None = None, *, measure: str = DAYS, language: str = "en") -> Axes:
    """Draw a bar per class, with its share.

    Args:
        classes: measure, low, high, share; classes that cannot be reached may be left out.
        ax: where to draw; a new figure by default.
        measure: days or touches.
        language: en or fr.
    """
    title = _TITLES[measure][language]
    rows = classes.filter(classes["measure"] == measure)
    if rows.is_empty() or not rows["share"].sum():
        return nothing_to_draw(ax, title, language)
    ax = axes_of(ax, height=3.4)
    labels = [_label(measure, low, high, language) for low, high in rows.select("low", "high").iter_rows()]
    places = range(len(rows))
    ax.bar(places, rows["share"].to_numpy(), color=ACTUAL, width=0.7)
    for place, share in enumerate(rows["share"]):
        ax.annotate(
            percent(share, language), (place, share), xytext=(0, 3), textcoords="offset points", ha="center", fontsize=9, color=MUTED
        )
    ax.set_xticks(places, labels)
    ax.tick_params(axis="x", colors=INK)
    ax.set(title=title, ylabel=_TEXTS["shares"][language], ylim=(0, 1.14 * float(rows["share"].max() or 1)))  # type: ignore[arg-type]
    percent_axis(ax.yaxis, language)
    return ax


def _label(measure: str, low: float, high: float | None, language: str) -> str:
    texts = in_language(_TEXTS, language)
    if high is None:
        return texts["over"].format(low=number(low, language))
    if measure == TOUCHES:
        return number(low, language)
    return texts["under"].format(high=number(high, language)) if low == 0 else f"{number(low, language)}–{number(high, language)}"
