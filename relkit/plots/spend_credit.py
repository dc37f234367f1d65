"""Share of the spend and share of the credit of each channel: whoever stands right of the spend brings more than it costs the others."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from relkit.plots.credit_models import channel_rows
from relkit.plots.style import ACTUAL, INK, MODEL, MUTED, axes_of, figure_of, house_style, nothing_to_draw, percent_axis
from relkit.texts import Text, in_language

if TYPE_CHECKING:
    import polars as pl
    from matplotlib.axes import Axes

_TEXTS = (
    Text("Spend and credit", "Dépenses et crédit"),
    Text("Share of the channels with a known spend", "Part des canaux dont la dépense est connue"),
    Text("spend", "dépense"),
    Text("value credited, with its interval", "valeur attribuée, avec son intervalle"),
)


@house_style()
def plot_spend_credit(money: pl.DataFrame, ax: Axes | None = None, *, language: str = "en") -> Axes:
    """Draw the share of the spend of each channel and its share of the value credited, joined by a line.

    Args:
        money: channel, cost, value, value_lower, value_upper (null without an interval); rows without a cost are left out.
        ax: where to draw; a new figure by default.
        language: en or fr.
    """
    title, x_label, spend, credit = in_language(_TEXTS, language)
    known = money.drop_nulls(["cost", "value"])
    spent, worth = float(known["cost"].sum()), float(known["value"].sum())
    if known.is_empty() or spent <= 0 or worth <= 0:
        return nothing_to_draw(ax, title, language)
    given = ax is not None
    ax = axes_of(ax, height=2.2 + 0.42 * len(known))
    at = np.arange(len(known), dtype=float)
    paid = known["cost"].to_numpy() / spent
    value, low, high = (known[name].to_numpy().astype(float) / worth for name in ("value", "value_lower", "value_upper"))
    ax.hlines(at, np.minimum(paid, value), np.maximum(paid, value), color=MUTED, linewidth=1, linestyle=":")
    ax.hlines(at, np.where(np.isfinite(low), low, value), np.where(np.isfinite(high), high, value), color=MODEL, linewidth=2)
    ax.scatter(paid, at, color=ACTUAL, marker="s", s=44, zorder=3, label=spend)
    ax.scatter(value, at, color=MODEL, marker="o", s=44, zorder=4, label=credit)
    channel_rows(ax, known["channel"].to_list())
    ax.axvline(0.0, color=INK, linewidth=0.8)
    ax.set(title=title, xlabel=x_label)
    percent_axis(ax.xaxis, language)
    ax.legend(ncols=2) if given else figure_of(ax).legend(loc="outside lower center", ncols=2)
    return ax
