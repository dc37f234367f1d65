"""Plots of the regularity of purchases: two intervals of a customer compared with chance."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from relkit.plots.style import ACTUAL, MODEL, MUTED, PALE, PALETTE, axes_of, house_style, number, percent_axis
from relkit.texts import Text, in_language

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from relkit.models.lifetime_value.regularity import IntervalShares

_TEXTS = (
    Text("Do customers buy at a rhythm?", "Les clients achètent-ils à un rythme régulier ?"),
    Text("Share of one of two intervals in their sum (1/2: both alike)", "Part d’un des deux intervalles dans leur somme (1/2 : égaux)"),
    Text("Customers", "Clients"),
    Text("{n} customers", "{n} clients"),
    Text("at random (k = 1)", "au hasard (k = 1)"),
    Text("k = {k}", "k = {k}"),
    Text("estimated: k = {k} ({low} to {high})", "estimé : k = {k} (de {low} à {high})"),
)


@house_style()
def plot_interval_shares(shares: IntervalShares, ax: Axes | None = None, *, language: str = "en") -> Axes:
    """Draw the share of one of two intervals of a customer in their sum, against the shapes of random and regular buying."""
    title, x_label, y_label, seen, random, regular, estimated = in_language(_TEXTS, language)
    ax = axes_of(ax)
    middle = (shares.edges[1:] + shares.edges[:-1]) / 2
    found = shares.found
    customers = seen.format(n=number(found.customers, language))
    ax.bar(middle, shares.actual, np.diff(shares.edges) * 0.92, color=PALE, label=customers, linewidth=0)
    colours = (MUTED, MODEL, ACTUAL, *PALETTE[2:])
    for (k, expected), colour in zip(shares.expected.items(), colours, strict=False):
        named = random if k == 1 else regular.format(k=k)
        ax.plot(middle, expected, color=colour, linewidth=2, linestyle="--" if k == 1 else "-", label=named)
    values = {"k": found.k, "low": found.lower, "high": found.upper}
    text = estimated.format(**{name: number(value, language, 2) if np.isfinite(value) else "∞" for name, value in values.items()})
    ax.text(0.02, 0.97, text, transform=ax.transAxes, ha="left", va="top", fontsize=9.5)
    top = max(shares.actual.max(), *(each.max() for each in shares.expected.values()))
    ax.set(title=title, xlabel=x_label, ylabel=y_label, xlim=(0, 1), ylim=(0, 1.25 * top))
    ax.set_xticks([0, 0.25, 0.5, 0.75, 1], ["0", "1/4", "1/2", "3/4", "1"])
    percent_axis(ax.yaxis, language)
    ax.legend(loc="upper right")
    return ax
