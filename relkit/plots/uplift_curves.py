"""Gain from treating the top of a list by uplift, and the effect among the top, with their uniform bands."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from relkit.plots.style import ACTUAL, INK, MODEL, MUTED, PALETTE, axes_of, house_style, percent, percent_axis
from relkit.plots.uplift_outcome import PER
from relkit.texts import Text, in_language

if TYPE_CHECKING:
    from collections.abc import Mapping

    from matplotlib.axes import Axes

    from relkit.metrics.uplift_bands import Band
    from relkit.plots.uplift_outcome import Outcome

_GAIN = (
    Text("Gain from contacting the top of the list", "Gain apporté par le haut de la liste"),
    Text("Share of customers contacted, best first", "Part des clients sollicités, les meilleurs d’abord"),
    Text("For 1,000 customers of the list: {outcome}", "Pour 1\u202f000 clients de la liste : {outcome}"),
    Text("customers in random order", "clients pris au hasard"),
    Text("contains the whole true curve, {level} of the time", "contient toute la vraie courbe dans {level} des cas"),
)
_TOC = (
    Text("Effect among the top of the list, above the average", "Effet dans le haut de la liste, au-delà de la moyenne"),
    Text("Per customer contacted: {outcome}", "Par client sollicité : {outcome}"),
    Text("no better than at random", "pas mieux que le hasard"),
)


@house_style()
def plot_uplift_gain(bands: Mapping[str, Band], ax: Axes | None = None, *, outcome: Outcome, language: str = "en", title: str = "") -> Axes:
    """Draw the cumulated gain of one or several models against the share of customers contacted (the Qini curve).

    The straight line is a list in random order: it needs no knowledge of the true effects. The band is that of the first model.

    Args:
        bands: of the gain per customer (`CurveDraws.gain_band`), by name of the model.
        ax: where to draw; a new figure by default.
        outcome: what is gained.
        language: en or fr.
        title: another one.
    """
    own_title, x_label, y_label, chance, meaning = in_language(_GAIN, language)
    ax = axes_of(ax)
    first = next(iter(bands.values()))
    ends = np.array([0.0, 1.0])
    ax.fill_between(
        first.share,
        PER * first.low,
        PER * first.high,
        color=MODEL,
        alpha=0.16,
        linewidth=0,
        label=meaning.format(level=percent(first.level, language)),
    )
    ax.plot(ends, ends * PER * first.value[-1], color=MUTED, linewidth=1.4, linestyle="--", label=chance)
    for (name, band), colour in zip(bands.items(), (MODEL, ACTUAL, *PALETTE[2:]), strict=False):
        ax.plot(band.share, PER * band.value, color=colour, linewidth=2.2, label=name)
    ax.axhline(0.0, color=INK, linewidth=0.8)
    ax.set(title=title or own_title, xlabel=x_label, ylabel=y_label.format(outcome=outcome.label[language]), xlim=(0, 1))
    percent_axis(ax.xaxis, language)
    outcome.thousand_axis(ax.yaxis, language)
    ax.legend(loc="upper center", bbox_to_anchor=(0.5, -0.16), ncols=2)
    return ax


@house_style()
def plot_toc(band: Band, ax: Axes | None = None, *, outcome: Outcome, language: str = "en") -> Axes:
    """Draw the mean effect among the top of the list less that of all (the targeting operator characteristic).

    Args:
        band: `CurveDraws.toc_band`.
        ax: where to draw; a new figure by default.
        outcome: what is gained.
        language: en or fr.
    """
    title, y_label, chance = in_language(_TOC, language)
    _, x_label, _, _, meaning = in_language(_GAIN, language)
    ax = axes_of(ax)
    label = meaning.format(level=percent(band.level, language))
    ax.fill_between(band.share, band.low, band.high, color=MODEL, alpha=0.16, linewidth=0, label=label)
    ax.axhline(0.0, color=MUTED, linewidth=1.4, linestyle="--", label=chance)
    ax.plot(band.share, band.value, color=MODEL, linewidth=2.2)
    ax.set(title=title, xlabel=x_label, ylabel=y_label.format(outcome=outcome.label[language]), xlim=(0, 1))
    percent_axis(ax.xaxis, language)
    outcome.customer_axis(ax.yaxis, language)
    ax.legend(loc="upper center", bbox_to_anchor=(0.5, -0.16), ncols=2)
    return ax
