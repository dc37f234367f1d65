"""Shares of credit of one model with their intervals, the largest channel first."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from relkit.plots.dots import Dots, plot_dots
from relkit.plots.style import house_style, nothing_to_draw, percent
from relkit.texts import Text, in_language

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_TEXTS = (
    Text("Credit of the channels: {model}", "Crédit des canaux : {model}"),
    Text("Share of the conversions credited to any channel", "Part des conversions attribuées à un canal"),
    Text(
        "Share of the conversions credited to any channel; {level} intervals",
        "Part des conversions attribuées à un canal ; intervalles à {level}",
    ),
)


@house_style()
def plot_credit_shares(credit: pl.DataFrame, ax: Axes | None = None, *, model: str, level: float, language: str = "en") -> Axes:
    """Draw the share of each channel with its interval.

    Args:
        credit: channel, conversions, lower, upper; the bounds are shown as shares of all credit. Without bounds, dots alone.
        ax: where to draw; a new figure by default.
        model: its name for people.
        level: of the intervals.
        language: en or fr.
    """
    title, plain, with_intervals = in_language(_TEXTS, language)
    title = title.format(model=model)
    total = float(credit["conversions"].sum())
    if credit.is_empty() or total == 0:
        return nothing_to_draw(ax, title, language)
    value, lower, upper = (credit[name].cast(pl.Float64).to_numpy() / total for name in ("conversions", "lower", "upper"))
    bounded = bool(np.isfinite(lower).any())
    dots = Dots(value=value, lower=np.where(np.isfinite(lower), lower, value), upper=np.where(np.isfinite(upper), upper, value))
    return plot_dots(
        credit["channel"].to_list(),
        [dots if bounded else Dots(value=value)],
        ax,
        title=title,
        x_label=with_intervals.format(level=percent(level, language)) if bounded else plain,
        kind="share",
        reference=0.0 if float(np.where(np.isfinite(lower), lower, value).min()) < 0 else None,
        language=language,
    )
