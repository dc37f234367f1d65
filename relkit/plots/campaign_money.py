"""Money of a campaign at the end of its two windows: amount added, cost, and what is left, with intervals."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from relkit.plots.style import ACTUAL, INK, MODEL, MUTED, PALE, axes_of, house_style, money, money_axis, nothing_to_draw
from relkit.texts import Text, in_language

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matplotlib.axes import Axes

_TITLE = Text("What the campaign added, and what it cost", "Ce que la campagne a ajouté, et ce qu’elle a coûté")
_NAMES = {
    "added": Text("Added", "Ajouté"),
    "cost": Text("Cost", "Coût"),
    "net": Text("Left after cost", "Reste après coût"),
}
_COLOURS = {"added": ACTUAL, "cost": PALE, "net": MODEL}
_PER = Text("{total}  ({each} per 1,000 treated)", "{total}  ({each} pour 1 000 traités)")
_GAP = 0.7
"""Distance between the rows of two windows, in rows."""


@dataclass(frozen=True, kw_only=True)
class WindowMoney:
    """Money of a campaign at the end of a window; an unknown amount is NaN.

    Attributes:
        name: of the window, in the reader's language.
        added, net: value, lower and upper end of the interval.
        cost: amount spent.
        treated: units treated.
    """

    name: str
    added: tuple[float, float, float]
    cost: float
    net: tuple[float, float, float]
    treated: int


@house_style()
def plot_campaign_money(windows: Sequence[WindowMoney], ax: Axes | None = None, *, currency: str = "EUR", language: str = "en") -> Axes:
    """Draw three rows for each window: amount added, cost, amount left; a bar for each amount and a line for its interval.

    Args:
        windows: in order of time.
        ax: where to draw; a new figure by default.
        currency: ISO code.
        language: en or fr.
    """
    title, names = _TITLE[language], in_language(_NAMES, language)
    rows = [(window, key) for window in windows for key in _NAMES]
    if not rows or not np.isfinite([window.net[0] for window in windows]).any():
        return nothing_to_draw(ax, title, language)
    ax = axes_of(ax, width=8.6, height=1.5 + 0.62 * len(rows))
    at = [place + _GAP * (place // len(_NAMES)) for place in range(len(rows))]
    for y, (window, key) in zip(at, rows, strict=True):
        _row(ax, y, window, key, currency, language)
    for place, window in enumerate(windows):
        first = at[place * len(_NAMES)]
        ax.text(0.0, first - 0.62, window.name, transform=ax.get_yaxis_transform(), color=MUTED, fontsize=9.5, va="center")
    ax.axvline(0.0, color=INK, linewidth=1)
    ax.set_yticks(at, [names[key] for _, key in rows])
    ax.set(title=title, ylim=(at[-1] + 0.6, -1.0))
    ax.grid(visible=False, axis="y")
    ax.grid(visible=True, axis="x")
    money_axis(ax.xaxis, currency, language)
    ax.margins(x=0.12)
    return ax


def _row(ax: Axes, y: float, window: WindowMoney, key: str, currency: str, language: str) -> None:
    """Draw a bar, its interval, and the amount in total and per 1,000 treated above it."""
    value, low, high = (-window.cost, np.nan, np.nan) if key == "cost" else getattr(window, key)
    if not np.isfinite(value):
        return
    ax.barh(y, value, height=0.34, color=_COLOURS[key])
    if np.isfinite(low) and np.isfinite(high):
        ax.hlines(y, low, high, color=INK, linewidth=1.6)
        ax.plot([low, high], [y, y], "|", color=INK, markersize=8)
    each = 1000 * value / window.treated if window.treated else np.nan
    text = _PER[language].format(total=money(value, currency, language), each=money(each, currency, language))
    ax.annotate(text, (0.0, y), (4, 11), textcoords="offset points", fontsize=9, ha="left", va="center", color=INK)
