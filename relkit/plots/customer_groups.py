"""Plots of groups of customers: value by tenth, expected ends by tenth, and a grid of value and activity."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from relkit.plots.style import ACTUAL, INK, MODEL, MUTED, PALE, axes_of, house_style, money, money_axis, number, number_axis, percent
from relkit.texts import Text, in_language

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matplotlib.axes import Axes
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

_DECILES = (
    Text("What each tenth of the customers is worth", "Ce que vaut chaque dixième des clients"),
    Text("Tenth of the customers, 1 = best", "Dixième des clients, 1 = meilleur"),
    Text("Mean per customer", "Moyenne par client"),
)
_RISKS = (
    Text("Where the expected ends are", "Où se trouvent les fins attendues"),
    Text("Tenth of the contracts, 1 = most at risk", "Dixième des contrats, 1 = plus exposé"),
    Text("Expected ends within {days} days", "Fins attendues sous {days} jours"),
)
TOO_FEW = "–"


@house_style()
def plot_value_by_decile(
    past: Floats, future: Floats, ax: Axes | None = None, *, names: tuple[str, str], currency: str = "EUR", language: str = "en"
) -> Axes:
    """Draw past and expected value of each tenth, stacked.

    Args:
        past: shape (k,), mean per customer so far, the best tenth first.
        future: shape (k,), mean per customer expected.
        ax: where to draw; a new figure by default.
        names: of the two parts, in the reader's language.
        currency: ISO code.
        language: en or fr.
    """
    title, x_label, y_label = in_language(_DECILES, language)
    ax = axes_of(ax)
    at = np.arange(len(past))
    ax.bar(at, past, 0.72, color=ACTUAL, label=names[0], linewidth=0)
    ax.bar(at, future, 0.72, bottom=past, color=MODEL, label=names[1], linewidth=0)
    for x, total in zip(at, past + future, strict=True):
        ax.annotate(money(float(total), currency, language), (x, total), (0, 3), textcoords="offset points", ha="center", fontsize=9)
    ax.set_xticks(at, [str(i + 1) for i in at])
    ax.set(title=title, xlabel=x_label, ylabel=y_label, ylim=(0, 1.12 * float(max((past + future).max(initial=0.0), 1e-9))))
    money_axis(ax.yaxis, currency, language)
    ax.legend(loc="upper right")
    return ax


@house_style()
def plot_value_with_bounds(
    value: Floats, low: Floats, high: Floats, ax: Axes | None = None, *, title: str, currency: str = "EUR", language: str = "en"
) -> Axes:
    """Draw the expected value of each tenth, with a line from low to high.

    Args:
        value: shape (k,), mean per customer expected, the best tenth first.
        low: shape (k,), mean lower bound.
        high: shape (k,), mean upper bound.
        ax: where to draw; a new figure by default.
        title: of the plot.
        currency: ISO code.
        language: en or fr.
    """
    _, x_label, y_label = in_language(_DECILES, language)
    ax = axes_of(ax)
    at = np.arange(len(value))
    ax.bar(at, value, 0.72, color=PALE, linewidth=0)
    ax.vlines(at, low, high, color=INK, linewidth=2.2)
    for x, mean, top in zip(at, value, high, strict=True):
        ax.annotate(money(float(mean), currency, language), (x, top), (0, 4), textcoords="offset points", ha="center", fontsize=9)
    ax.set_xticks(at, [str(i + 1) for i in at])
    ax.set(title=title, xlabel=x_label, ylabel=y_label, ylim=(0, 1.12 * float(max(high.max(initial=0.0), 1e-9))))
    money_axis(ax.yaxis, currency, language)
    return ax


@house_style()
def plot_expected_ends(ends: Floats, ax: Axes | None = None, *, days: int, language: str = "en") -> Axes:
    """Draw the expected ends in each tenth of the contracts, the most at risk first, with their share of all.

    Args:
        ends: shape (k,), expected number.
        ax: where to draw; a new figure by default.
        days: horizon.
        language: en or fr.
    """
    title, x_label, y_label = in_language(_RISKS, language)
    ax = axes_of(ax)
    at = np.arange(len(ends))
    ax.bar(at, ends, 0.72, color=[MODEL if i == 0 else ACTUAL for i in at], linewidth=0)
    whole = float(ends.sum())
    for x, value in zip(at, ends, strict=True):
        share = percent(float(value) / whole, language) if whole else TOO_FEW
        ax.annotate(share, (x, value), (0, 3), textcoords="offset points", ha="center", fontsize=9, color=MUTED)
    ax.set_xticks(at, [str(i + 1) for i in at])
    ax.set(title=title, xlabel=x_label, ylabel=y_label.format(days=number(days, language)))
    ax.set_ylim(0, 1.15 * float(max(ends.max(initial=0.0), 1e-9)))
    number_axis(ax.yaxis, language)
    return ax


@house_style()
def plot_group_grid(
    counts: Floats,
    ax: Axes | None = None,
    *,
    rows: Sequence[str],
    columns: Sequence[str],
    title: str,
    smallest: int,
    names: Sequence[Sequence[str]] = (),
    language: str = "en",
) -> Axes:
    """Draw a grid of groups, darker for more customers; groups below `smallest` are not shown.

    Args:
        counts: shape (r, c), customers.
        ax: where to draw; a new figure by default.
        rows: names of the rows, in the reader's language.
        columns: names of the columns.
        title: of the plot.
        smallest: minimum size of a group that is shown.
        names: of the cells, shown below their counts.
        language: en or fr.
    """
    ax = axes_of(ax, height=1.4 + 0.75 * len(rows))
    shown = np.where((counts > 0) & (counts < smallest), 0.0, counts)
    ax.imshow(shown, cmap="Blues", aspect="auto", vmin=0, vmax=1.15 * float(max(shown.max(initial=0.0), 1.0)))
    dark = 0.6 * float(shown.max(initial=1.0))
    for (row, column), count in np.ndenumerate(counts):
        text = number(float(count), language) if count == 0 or count >= smallest else f"< {smallest}"
        colour = "white" if shown[row, column] > dark else INK
        ax.text(column, row - (0.12 if names else 0), text, ha="center", va="center", color=colour, fontsize=13, fontweight="bold")
        if names:
            ax.text(column, row + 0.22, names[row][column], ha="center", va="center", color=colour, fontsize=8)
    ax.set_xticks(range(len(columns)), columns)
    ax.set_yticks(range(len(rows)), rows)
    ax.tick_params(length=0, labelsize=10.5, colors=INK)
    ax.xaxis.tick_top()
    ax.set_title(title, pad=14)
    ax.grid(visible=False)
    for side in ax.spines.values():
        side.set_visible(False)
    for edge in range(1, max(len(rows), len(columns))):
        ax.axhline(edge - 0.5, color="white", linewidth=3)
        ax.axvline(edge - 0.5, color="white", linewidth=3)
    return ax
