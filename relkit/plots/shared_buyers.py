"""Matrix of cross-shopping: the share of the buyers of one category who also buy another, with its index."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from relkit.plots.short_names import short_names
from relkit.plots.style import GRID, INK, MUTED, axes_of, house_style, nothing_to_draw, number, percent
from relkit.texts import Text, in_language

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matplotlib.axes import Axes

    from relkit.metrics.risk_sets import Floats

MOST_LETTERS = 20
MOST = 2.5
"""Index over 100 from which on the colour is the darkest; its inverse on the other side."""
_TEXTS = (
    Text("Who buys both", "Qui achète les deux"),
    Text("also buy", "achètent aussi"),
    Text("Of the buyers of …", "Parmi les acheteurs de …"),
    Text("buyers", "acheteurs"),
    Text(
        "above: share who also buy; below: index, 100 = as all buyers do",
        "en haut : part qui achète aussi ; en bas : indice, 100 = comme l’ensemble des acheteurs",
    ),
)


@house_style()
def plot_shared_buyers(
    share: Floats, index: Floats, buyers: Floats, ax: Axes | None = None, *, categories: Sequence[str], language: str = "en"
) -> Axes:
    """Draw, for the buyers of each row, the share who also buy each column, and below it the index, which the colour shows.

    Args:
        share: shape (k, k); NaN for a cell that is not shown.
        index: share over the share of all buyers, times 100, shape (k, k).
        buyers: of each category, shape (k,).
        ax: where to draw; a new figure by default.
        categories: their names.
        language: en or fr.
    """
    title, columns, rows, people, key = in_language(_TEXTS, language)
    k = len(categories)
    if not k:
        return nothing_to_draw(ax, title, language)
    ax = axes_of(ax, width=2.4 + 0.78 * max(k, 4), height=2.0 + 0.58 * max(k, 3))
    shown = np.where(np.eye(k, dtype=bool) | np.isnan(share), np.nan, np.log(np.maximum(index, 1e-9) / 100) / np.log(MOST))
    ax.imshow(shown, cmap=_colours(), aspect="auto", vmin=-1, vmax=1)
    for (row, column), value in np.ndenumerate(share):
        if row == column:
            text, colour = f"{number(float(buyers[row]), language)}\n{people}", INK
        elif not np.isfinite(value):
            text, colour = "–", INK
        else:
            text = f"{percent(float(value), language)}\n{number(float(index[row, column]), language)}"
            colour = "white" if abs(shown[row, column]) > 0.65 else INK
        ax.text(column, row, text, ha="center", va="center", fontsize=8, color=colour, linespacing=1.15)
    _frame(ax, short_names(categories, MOST_LETTERS))
    ax.set(xlabel=columns, ylabel=rows)
    ax.xaxis.set_label_position("top")
    ax.set_title(title, pad=14)
    ax.text(0.0, -0.02, key, transform=ax.transAxes, va="top", fontsize=8, color=MUTED)
    return ax


def _colours() -> Any:
    """Return purple to orange, as in the matrix of lifts; grey for the diagonal and what is not shown."""
    import matplotlib as mpl

    return mpl.colormaps["PuOr_r"].with_extremes(bad=GRID)


def _frame(ax: Axes, names: Sequence[str]) -> None:
    k = len(names)
    ax.set_xticks(range(k), names, rotation=30 if k > 6 else 0, ha="left" if k > 6 else "center")
    ax.set_yticks(range(k), names)
    ax.xaxis.tick_top()
    ax.tick_params(length=0, labelsize=9, colors=INK)
    ax.grid(visible=False)
    for side in ax.spines.values():
        side.set_visible(False)
    for edge in range(1, k):
        ax.axhline(edge - 0.5, color="white", linewidth=2)
        ax.axvline(edge - 0.5, color="white", linewidth=2)
