"""Step matrix of journeys as a heat map: the channels at each step from the start, or back from the conversion."""

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

MOST_LETTERS = 24
_TEXTS = (
    Text("Where journeys are at each step", "Où en sont les parcours à chaque étape"),
    Text("Where journeys are before the conversion", "Où en sont les parcours avant la conversion"),
    Text("Step from the start", "Étape depuis le début"),
    Text("Steps before the conversion (1 = last touch)", "Étapes avant la conversion (1 = dernier contact)"),
    Text("–: too few journeys to show", "– : trop peu de parcours pour les montrer"),
)


@house_style()
def plot_step_matrix(
    shares: Floats, ax: Axes | None = None, *, rows: Sequence[str], first_end: int, backward: bool = False, language: str = "en"
) -> Axes:
    """Draw the share of journeys in each state (row) at each step (column), the states after the end of journeys apart.

    Args:
        shares: shape (states, steps), each column adding up to 1 but for what is hidden; NaN for a cell that is not shown. Backward, the
            first column is the last touch.
        ax: where to draw; a new figure by default.
        rows: names of the states, channels first.
        first_end: row of the first state that is no channel.
        backward: read back from the conversion, the last touch at the right.
        language: en or fr.
    """
    forward_title, back_title, from_start, from_end, key = in_language(_TEXTS, language)
    title = back_title if backward else forward_title
    if not shares.size:
        return nothing_to_draw(ax, title, language)
    drawn = shares[:, ::-1] if backward else shares
    steps = drawn.shape[1]
    ax = axes_of(ax, width=3.2 + 0.78 * steps, height=1.9 + 0.42 * len(rows))
    darkest = max(float(np.nanmax(drawn[:first_end], initial=0.0)), 1e-9)
    ends = np.arange(len(rows))[:, None] >= first_end
    ax.imshow(np.where(ends, np.nan, drawn), cmap=_colours(), aspect="auto", vmin=0, vmax=darkest)
    for (row, column), share in np.ndenumerate(drawn):
        text = "–" if np.isnan(share) else percent(float(share), language)
        colour = "white" if row < first_end and share > 0.6 * darkest else INK
        ax.text(column, row, text, ha="center", va="center", fontsize=8.5, color=colour)
    labels = [number(step, language) for step in range(1, steps + 1)]
    ax.set_xticks(range(steps), labels[::-1] if backward else labels)
    ax.set_yticks(range(len(rows)), short_names(list(rows), MOST_LETTERS))
    ax.tick_params(length=0, colors=INK)
    ax.grid(visible=False)
    _lines(ax, len(rows), steps, first_end)
    ax.set(title=title, xlabel=from_end if backward else from_start)
    if np.isnan(drawn).any():
        ax.text(1.0, 1.015, key, transform=ax.transAxes, ha="right", va="bottom", fontsize=8, color=MUTED)
    return ax


def _colours() -> Any:
    """Return white to dark blue; grey for what is not shown, and for the states that are no channel."""
    import matplotlib as mpl

    return mpl.colormaps["Blues"].with_extremes(bad=GRID)


def _lines(ax: Axes, rows: int, steps: int, first_end: int) -> None:
    """Separate the cells, and the channels from the states after the end by a wider line."""
    for side in ax.spines.values():
        side.set_visible(False)
    for edge in range(1, rows):
        ax.axhline(edge - 0.5, color="white", linewidth=6 if edge == first_end else 1.5)
    for edge in range(1, steps):
        ax.axvline(edge - 0.5, color="white", linewidth=1.5)
