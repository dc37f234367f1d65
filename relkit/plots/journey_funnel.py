"""Funnel of journeys: a bar per stage, with the share that goes on and the time it takes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from relkit.plots.short_names import short_names
from relkit.plots.style import ACTUAL, INK, MODEL, MUTED, axes_of, house_style, nothing_to_draw, number, percent
from relkit.texts import Text, in_language

if TYPE_CHECKING:
    from collections.abc import Sequence

    import polars as pl
    from matplotlib.axes import Axes

MOST_LETTERS = 26
ONE_PERCENT = 0.01
AN_HOUR, A_MINUTE = 1 / 24, 1 / 1440
"""In days."""
_TEXTS = {
    "title": Text("How far journeys go", "Jusqu’où vont les parcours"),
    "goes_on": Text("↓ {share} go on", "↓ {share} poursuivent"),
    "after": Text(", half of them within {days} days", ", la moitié en {days} jours au plus"),
    "minutes": Text(", half of them within {minutes} minutes", ", la moitié en {minutes} minutes au plus"),
    "hours": Text(", half of them within {hours} hours", ", la moitié en {hours} heures au plus"),
}


@house_style()
def plot_journey_funnel(funnel: pl.DataFrame, ax: Axes | None = None, *, stages: Sequence[str], language: str = "en") -> Axes:
    """Draw the journeys that reach each stage as centred bars, from the top.

    Args:
        funnel: journeys, share_of_first, share_of_previous, median_days of each stage, the conversion last.
        ax: where to draw; a new figure by default.
        stages: names of the stages, in order.
        language: en or fr.
    """
    texts = in_language(_TEXTS, language)
    if funnel.is_empty() or not funnel["journeys"].sum():
        return nothing_to_draw(ax, texts["title"], language)
    ax = axes_of(ax, height=1.2 + 0.95 * len(funnel))
    rows = funnel.select("journeys", "share_of_first", "share_of_previous", "median_days").rows()
    widest = max(row[0] for row in rows)
    for place, (journeys, first, previous, days) in enumerate(rows):
        ax.barh(place, journeys, left=(widest - journeys) / 2, height=0.56, color=MODEL if place == len(rows) - 1 else ACTUAL)
        inside = journeys > 0.35 * widest
        text = number(journeys, language) + (
            "" if place == 0 or first is None else f"  ({percent(first, language, 0 if first >= ONE_PERCENT else 2)})"
        )
        across = widest / 2 if inside else widest / 2 + journeys / 2 + 0.015 * widest
        ax.text(across, place, text, ha="center" if inside else "left", va="center", color="white" if inside else INK, fontsize=10)
        if place and previous is not None:
            note = texts["goes_on"].format(share=percent(previous, language)) + _time(days, texts, language)
            ax.text(widest / 2, place - 0.5, note, ha="center", va="center", fontsize=8.8, color=MUTED)
    ax.set_yticks(range(len(rows)), short_names(list(stages), MOST_LETTERS))
    ax.tick_params(axis="y", length=0, colors=INK)
    ax.set(title=texts["title"], ylim=(len(rows) - 0.5, -0.5), xlim=(0, widest))
    ax.set_xticks([])
    ax.grid(visible=False)
    ax.spines["bottom"].set_visible(False)
    return ax


def _time(days: float | None, texts: dict[str, str], language: str) -> str:
    """Return the median time in words; nothing if it is unknown or none."""
    if days is None or days < A_MINUTE:
        return ""
    if days < AN_HOUR:
        return texts["minutes"].format(minutes=number(24 * 60 * days, language))
    if days < 1:
        return texts["hours"].format(hours=number(24 * days, language, 1))
    return texts["after"].format(days=number(days, language, 1))
