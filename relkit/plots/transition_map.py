"""Heat map of the transitions between channels: from the start and each channel, to each channel, to a conversion or to nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from relkit.models.attribution.markov_tables import CONVERSION, NOTHING, START
from relkit.plots.short_names import short_names
from relkit.plots.style import INK, axes_of, figure_of, house_style, nothing_to_draw, percent, percent_axis
from relkit.texts import Text, in_language

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matplotlib.axes import Axes

    from relkit.metrics.risk_sets import Floats

MOST_LETTERS = 18
WRITTEN = 14
"""Columns up to which the probabilities are written into the cells."""
STATES = {START: Text("start", "début"), CONVERSION: Text("conversion", "conversion"), NOTHING: Text("nothing", "rien")}
LEAST = 0.005
"""Smaller probabilities are not written."""
_TEXTS = (
    Text("The next step of a journey", "L’étape suivante d’un parcours"),
    Text("then", "ensuite"),
    Text("after", "après"),
    Text("share of the journeys that were there", "part des parcours qui y étaient"),
)


@house_style()
def plot_transition_map(
    transitions: pl.DataFrame,
    ax: Axes | None = None,
    *,
    language: str = "en",
) -> Axes:
    """Draw the probability of each next step, from the rows to the columns.

    Args:
        transitions: state, next, journeys, probability, as fitted chains keep them: the channels with most journeys are drawn first, a pair
            that is missing has probability 0. States of several touches are not drawn.
        ax: where to draw; a new figure by default.
        language: en or fr.
    """
    title, x_label, y_label, scale = in_language(_TEXTS, language)
    if transitions.is_empty():
        return nothing_to_draw(ax, title, language)
    channels = _channels(transitions)
    rows, columns = [START, *channels], [*channels, CONVERSION, NOTHING]
    cells = _square(transitions, rows, columns)
    ax = axes_of(ax, width=3.4 + 0.46 * len(columns), height=2.4 + 0.36 * len(rows))
    image = ax.imshow(cells, cmap="Blues", vmin=0.0, vmax=float(cells.max()) or 1.0, aspect="auto")
    _label(ax, *(_named(part, language) for part in (rows, columns)))
    ax.set_ylabel(y_label)
    ax.set_xlabel(x_label)
    ax.xaxis.set_label_position("top")
    if len(columns) <= WRITTEN:
        _write(ax, cells, language)
    ax.set_title(title)
    bar = figure_of(ax).colorbar(image, ax=ax, shrink=0.7, pad=0.02)
    bar.outline.set_visible(False)
    bar.set_label(scale, fontsize=9)
    percent_axis(bar.ax.yaxis, language)
    return ax


def _square(transitions: pl.DataFrame, rows: Sequence[str], columns: Sequence[str]) -> Floats:
    cells = np.zeros((len(rows), len(columns)))
    at = ({name: i for i, name in enumerate(part)} for part in (rows, columns))
    row_of, column_of = at
    for state, then, probability in transitions.select("state", "next", "probability").iter_rows():
        if state in row_of:
            cells[row_of[state], column_of[then]] = probability or 0.0
    return cells


def _channels(transitions: pl.DataFrame) -> list[str]:
    """Return the channels to which journeys go, those with most journeys first."""
    gone = transitions.filter(~pl.col("next").is_in([CONVERSION, NOTHING])).group_by("next").agg(pl.col("journeys").sum())
    return gone.sort("journeys", "next", descending=[True, False])["next"].to_list()


def _named(states: Sequence[str], language: str) -> list[str]:
    return short_names([STATES[state][language] if state in STATES else state for state in states], MOST_LETTERS)


def _label(ax: Axes, rows: Sequence[str], columns: Sequence[str]) -> None:
    ax.set_xticks(range(len(columns)), columns, rotation=45, ha="left", rotation_mode="anchor")
    ax.set_yticks(range(len(rows)), rows)
    ax.xaxis.tick_top()
    ax.tick_params(length=0, labelsize=9, colors=INK)
    ax.grid(visible=False)
    for side in ax.spines.values():
        side.set_visible(False)
    for edge in range(1, len(rows)):
        ax.axhline(edge - 0.5, color="white", linewidth=1.2)
    for edge in range(1, len(columns)):
        ax.axvline(edge - 0.5, color="white", linewidth=1.2)


def _write(ax: Axes, cells: Floats, language: str) -> None:
    darkest = float(cells.max()) or 1.0
    for (row, column), value in np.ndenumerate(cells):
        if value >= LEAST:
            colour = "white" if value > 0.6 * darkest else INK
            ax.text(column, row, percent(float(value), language), ha="center", va="center", fontsize=8, color=colour)
