"""Plots of discrete-time hazard models: the hazard by age next to the observed rates, and odds ratios."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from relkit.plots.style import ACTUAL, MODEL, axes_of, day_axis, house_style, number, percent, percent_axis
from relkit.plots.survival import forest
from relkit.texts import Text, in_language

if TYPE_CHECKING:
    import polars as pl
    from matplotlib.axes import Axes

    from relkit.models.covariates import Ratios
    from relkit.models.survival.period_diagnostics import PeriodRates

_HAZARD = (
    Text("Risk of ending, by age of the contract", "Risque de fin, selon l’âge du contrat"),
    Text("Age of the contract, days", "Âge du contrat, en jours"),
    Text("Ends within a period of {days} days", "Fin dans une période de {days} jours"),
    Text("model, customer at the mean of each variable", "modèle, client à la moyenne de chaque variable"),
    Text("model, all contracts", "modèle, tous les contrats"),
    Text("seen, {level} interval", "constaté, intervalle à {level}"),
)
_ODDS = (
    Text("What goes with an earlier end", "Ce qui va avec une fin plus précoce"),
    Text(
        "Odds ratio of ending in a period, {level} interval (log scale)",
        "Rapport de cotes d’une fin dans la période, intervalle à {level} (échelle log)",
    ),
    Text("yes against no", "oui contre non"),
    Text("per {step} more", "pour {step} de plus"),
    Text("lasts longer", "dure plus"),
    Text("ends sooner", "finit plus tôt"),
)
_IMPORTANCE = (
    Text("What the trees look at", "Ce que regardent les arbres"),
    Text("Share of the loss that they save", "Part de la perte qu’ils évitent"),
    Text("period (age of the contract)", "période (âge du contrat)"),
)


@house_style()
def plot_period_hazard(rates: PeriodRates, ax: Axes | None = None, *, cause: str = "", language: str = "en") -> Axes:
    """Draw the hazard by period of a model next to the observed rates.

    Args:
        rates: of one cause, or of all.
        ax: where to draw; a new figure by default.
        cause: written into the title if it is one of several.
        language: en or fr.
    """
    title, x_label, y_label, of_mean, of_all, seen = in_language(_HAZARD, language)
    ax = axes_of(ax)
    middle = (rates.edges[:-1] + rates.edges[1:]) / 2
    gaps = np.stack([rates.seen - rates.lower, rates.upper - rates.seen])
    label = seen.format(level=percent(rates.level, language))
    ax.errorbar(middle, rates.seen, gaps, label=label, color=ACTUAL, fmt="o", markersize=4, elinewidth=1.2)
    ax.stairs(rates.fitted, rates.edges, color=MODEL, linewidth=2, baseline=None, label=of_mean if rates.of_mean else of_all)
    days = number(rates.period_days, language, 0 if float(rates.period_days).is_integer() else 1)
    ax.set(title=f"{title}: {cause}" if cause else title, xlabel=x_label, ylabel=y_label.format(days=days), xlim=(0, rates.edges[-1]))
    ax.set_ylim(0, 1.1 * float(max(rates.upper.max(), rates.fitted.max(), 1e-9)))
    percent_axis(ax.yaxis, language)
    day_axis(ax.xaxis, float(rates.edges[-1]), language)
    ax.legend(loc="best")
    return ax


@house_style()
def plot_odds_ratios(ratios: Ratios, ax: Axes | None = None, *, cause: str = "", language: str = "en") -> Axes:
    """Draw a forest of odds ratios, the strongest on top, on a logarithmic scale; `cause` is written into the title."""
    title, *others = in_language(_ODDS, language)
    return forest(ratios, (f"{title}: {cause}" if cause else title, *others), ax, language=language)


@house_style()
def plot_importance(shares: pl.DataFrame, ax: Axes | None = None, *, language: str = "en") -> Axes:
    """Draw the importance of each covariate in boosted trees, the largest on top.

    Args:
        shares: term and estimate, as the summary of a boosted hazard; the last row is the period.
        ax: where to draw; a new figure by default.
        language: en or fr.
    """
    title, x_label, period = in_language(_IMPORTANCE, language)
    terms, estimate = [*shares["term"].to_list()[:-1], period], shares["estimate"].to_numpy()
    order = np.argsort(estimate, kind="stable")
    ax = axes_of(ax, height=1.6 + 0.4 * len(terms))
    ax.barh([terms[i] for i in order], estimate[order], color=MODEL)
    ax.set(title=title, xlabel=x_label)
    percent_axis(ax.xaxis, language)
    ax.grid(visible=False, axis="y")
    return ax
