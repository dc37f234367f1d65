"""Plots of survival models: survival curves, hazards and their ratios, calibration of forecasts."""

from __future__ import annotations

from textwrap import fill, shorten
from typing import TYPE_CHECKING, Any

import numpy as np

from relkit.models.survival.curve import SurvivalCurve
from relkit.plots.style import (
    ACTUAL,
    INK,
    MODEL,
    MUTED,
    PALETTE,
    axes_of,
    day_axis,
    house_style,
    month_axis,
    number,
    percent,
    percent_axis,
)
from relkit.texts import Text, in_language

if TYPE_CHECKING:
    from collections.abc import Mapping

    from matplotlib.axes import Axes

    from relkit.metrics.calibration import Calibration
    from relkit.models.covariates import Ratios
    from relkit.models.survival.cumulative_incidence import CumulativeIncidence
    from relkit.models.survival.diagnostics import BaselineRates

LONGEST = 16
"""Characters per line of a curve's name."""
MANY = 30
"""Rates at ages with fewer at risk are drawn as uncertain."""

_CURVE = (
    Text("How long contracts last", "Combien de temps durent les contrats"),
    Text("Age of the contract, months", "Âge du contrat, en mois"),
    Text("Still running", "Encore en cours"),
    Text("at risk", "à risque"),
    Text("all", "tous"),
)
_BASELINE = (
    Text("Risk of ending, by age of the contract", "Risque de fin, selon l’âge du contrat"),
    Text("Age of the contract, days", "Âge du contrat, en jours"),
    Text("Ends within {days} days", "Fin dans les {days} jours"),
    Text("customer at the mean of each covariate", "client à la moyenne de chaque variable"),
    Text("fewer than {few} contracts at risk", "moins de {few} contrats à risque"),
)
_RATIOS = (
    Text("What goes with an earlier end", "Ce qui va avec une fin plus précoce"),
    Text("Hazard ratio, {level} interval (log scale)", "Rapport de risque, intervalle à {level} (échelle log)"),
    Text("yes against no", "oui contre non"),
    Text("per {step} more", "pour {step} de plus"),
    Text("lasts longer", "dure plus"),
    Text("ends sooner", "finit plus tôt"),
)
_SUBDISTRIBUTION = (
    Text("What goes with a larger share of ends", "Ce qui va avec une plus grande part de fins"),
    Text(
        "Ratio of the subdistribution’s hazards, {level} interval (log scale)",
        "Rapport des risques de sous-distribution, intervalle à {level} (échelle log)",
    ),
    Text("yes against no", "oui contre non"),
    Text("per {step} more", "pour {step} de plus"),
    Text("ends less often", "finit moins souvent"),
    Text("ends more often", "finit plus souvent"),
)
_CALIBRATION = (
    Text("Forecast against what happened", "La prévision face au constat"),
    Text("Forecast probability of ending within {days} days", "Probabilité prévue de fin dans les {days} jours"),
    Text("Share that ended", "Part de fins constatée"),
    Text("perfect forecast", "prévision parfaite"),
    Text("groups of customers by forecast, {level} interval", "groupes de clients selon la prévision, intervalle à {level}"),
)


@house_style()
def plot_survival(
    curves: SurvivalCurve | Mapping[str, SurvivalCurve],
    ax: Axes | None = None,
    *,
    title: str = "",
    at_least: int = 0,
    rest: str = "",
    language: str = "en",
) -> Axes:
    """Draw survival curves with their bands, and below them the number of spells at risk.

    Args:
        curves: one curve, or several by name.
        ax: where to draw; a new figure by default.
        title: of the plot; the one for all contracts by default.
        at_least: a curve ends where fewer are at risk, and smaller numbers are not shown.
        rest: name of the curve of all others, drawn in grey.
        language: en or fr.
    """
    usual, x_label, y_label, at_risk, everyone = in_language(_CURVE, language)
    named = {everyone: curves} if isinstance(curves, SurvivalCurve) else dict(curves)
    ax = axes_of(ax, width=7.5 if len(named) == 1 else 8.6, height=4.2 + 0.25 * len(named))
    colours = {name: MUTED if name == rest else colour for name, colour in zip(named, colours_of(len(named)), strict=True)}
    drawn = {name: max(int((curve.at_risk >= at_least).sum()), 1) for name, curve in named.items()}
    for name, curve in named.items():
        many, colour = slice(drawn[name]), colours[name]
        days, middle = np.append(0.0, curve.days[many]), np.append(1.0, curve.survival[many])
        low, high = np.append(1.0, curve.lower[many]), np.append(1.0, curve.upper[many])
        ax.fill_between(days, low, high, step="post", color=colour, alpha=0.15, linewidth=0)
        ax.step(days, middle, where="post", color=colour, linewidth=2, label=name)
    last = max(float(curve.days[drawn[name] - 1]) for name, curve in named.items())
    ax.set(title=title or usual, xlabel=x_label, ylabel=y_label, xlim=(0, last), ylim=(0, 1.02))
    percent_axis(ax.yaxis, language)
    month_axis(ax.xaxis, ax.get_xlim()[1], language)
    if len(named) > 1:
        names_at_the_end(ax, {name: float(curve.survival[drawn[name] - 1]) for name, curve in named.items()}, colours)
    table_of_risk(ax, named, at_risk, language, colours=colours, at_least=at_least)
    return ax


def names_at_the_end(ax: Axes, ends: Mapping[str, float], colours: Mapping[str, str] | None = None) -> None:
    """Write the name of each curve to the right of the axes, at the height where it ends, moved apart if curves end together."""
    colours = colours or dict(zip(ends, colours_of(len(ends)), strict=True))
    line, height, before = 0.06 * ax.get_ylim()[1], -1.0, 1
    for name in sorted(ends, key=lambda name: ends[name]):
        written = fill(shorten(name, 2 * LONGEST - 2, placeholder="…"), LONGEST)
        lines = 1 + written.count("\n")
        height = max(ends[name], height + line * (before + lines) / 2)
        before = lines
        place = (1, height), (6, 0), ax.get_yaxis_transform()
        ax.annotate(written, *place, textcoords="offset points", va="center", color=colours[name], linespacing=0.95)


def table_of_risk(
    ax: Axes,
    named: Mapping[str, SurvivalCurve | CumulativeIncidence],
    heading: str,
    language: str,
    *,
    colours: Mapping[str, str] | None = None,
    at_least: int = 0,
) -> None:
    """Write the number at risk below each tick of the x axis, a row for each name, under a heading if there are several.

    Args:
        ax: with its ticks.
        named: curves by name.
        heading: the unit that is counted.
        language: en or fr.
        colours: by name; those of the curves by default.
        at_least: smaller numbers are not shown.
    """
    ticks = [float(t) for t in ax.get_xticks() if ax.get_xlim()[0] <= t <= ax.get_xlim()[1]]
    several = len(named) > 1
    colours = colours or dict(zip(named, colours_of(len(named)) if several else [INK], strict=True))
    place: dict[str, Any] = {"textcoords": "offset points", "va": "top", "fontsize": 8.5}
    if several:
        ax.annotate(heading, (0, 0), (-26, -44), "axes fraction", ha="right", color=MUTED, **place)
    for row, (name, curve) in enumerate(named.items()):
        below, colour = -46 - 13 * (row + several), colours[name] if several else INK
        label = shorten(name, 2 * LONGEST, placeholder="…") if several else heading
        ax.annotate(label, (0, 0), (-26, below), "axes fraction", ha="right", color=colour, **place)
        for tick, count in zip(ticks, curve.at_risk_at(ticks), strict=True):
            written = f"< {at_least}" if 0 < count < at_least else number(int(count), language)
            ax.annotate(written, (tick, 0), (0, below), ax.get_xaxis_transform(), ha="center", color=colour, **place)


def colours_of(count: int) -> list[str]:
    """Return a colour for each of `count` curves."""
    return [PALETTE[i % len(PALETTE)] for i in range(count)]


@house_style()
def plot_baseline(rates: BaselineRates, ax: Axes | None = None, *, cause: str = "", language: str = "en") -> Axes:
    """Draw the probability of ending by age of the contract, for a customer at the mean of each covariate; `cause` is in the title."""
    title, x_label, y_label, who, few = in_language(_BASELINE, language)
    title = f"{title}: {cause}" if cause else title
    ax = axes_of(ax)
    many = rates.at_risk >= MANY
    ax.stairs(np.where(many, rates.probability, np.nan), rates.edges, color=ACTUAL, linewidth=2, baseline=None, label=who)
    ax.stairs(rates.probability, rates.edges, color=ACTUAL, alpha=0.12, fill=True)
    if not many.all():
        ax.stairs(
            np.where(many, np.nan, rates.probability), rates.edges, color=MUTED, baseline=None, linestyle=":", label=few.format(few=MANY)
        )
    step = float(rates.edges[1] - rates.edges[0])
    days = number(step, language, 0 if step % 1 == 0 else 1)
    ax.set(title=title, xlabel=x_label, ylabel=y_label.format(days=days), xlim=(0, rates.edges[-1]))
    ax.set_ylim(0, 1.15 * float(rates.probability.max(initial=1e-9)))
    percent_axis(ax.yaxis, language)
    day_axis(ax.xaxis, float(rates.edges[-1]), language)
    ax.legend(loc="upper center")
    return ax


@house_style()
def plot_hazard_ratios(ratios: Ratios, ax: Axes | None = None, *, cause: str = "", language: str = "en") -> Axes:
    """Draw a forest of hazard ratios, the strongest on top, on a logarithmic scale; `cause` is written into the title."""
    title, *others = in_language(_RATIOS, language)
    return forest(ratios, (f"{title}: {cause}" if cause else title, *others), ax, language=language)


@house_style()
def plot_subdistribution_ratios(ratios: Ratios, ax: Axes | None = None, *, cause: str, language: str = "en") -> Axes:
    """Draw a forest of the ratios of Fine and Gray's regression of a cause, the strongest on top, on a logarithmic scale."""
    title, *others = in_language(_SUBDISTRIBUTION, language)
    return forest(ratios, (f"{title}: {cause}", *others), ax, language=language)


def forest(ratios: Ratios, texts: tuple[str, ...], ax: Axes | None, *, language: str) -> Axes:
    """Draw ratios with their intervals, a row each, on a logarithmic scale.

    Args:
        ratios: in the order of the rows.
        texts: title, axis (with {level}), a step of a flag, a step of a number (with {step}), the meaning of left and of right of 1.
        ax: where to draw; a new figure by default.
        language: en or fr.
    """
    title, x_label, yes_no, per, longer, sooner = texts
    ax = axes_of(ax, height=1.6 + 0.5 * len(ratios.terms))
    rows = np.arange(len(ratios.terms))
    colours = [
        MUTED if low <= 1 <= high else MODEL if mid > 1 else ACTUAL
        for low, mid, high in zip(ratios.lower, ratios.ratio, ratios.upper, strict=True)
    ]
    ax.axvline(1, color=INK, linewidth=1)
    ax.hlines(rows, ratios.lower, ratios.upper, color=colours, linewidth=2)
    ax.scatter(ratios.ratio, rows, color=colours, s=45, zorder=3)
    of_level = Text("against “{level}”", "contre «\u00a0{level}\u00a0»")[language]
    steps = [
        of_level.format(level=reference) if reference else yes_no if flag else per.format(step=_short(float(step), language))
        for reference, flag, step in zip(ratios.references, ratios.is_flag, ratios.step, strict=True)
    ]
    ax.set_yticks(rows, [f"{term}\n{step}" for term, step in zip(ratios.terms, steps, strict=True)])
    ax.set_xscale("log")
    ax.set(title=title, xlabel=x_label.format(level=percent(ratios.level, language)), ylim=(len(rows) - 0.4, -0.9))
    reach = 1.1 * float(max(np.max(np.abs(np.log(ratios.lower))), np.max(np.abs(np.log(ratios.upper))), 0.05))
    ax.set_xlim(np.exp(-reach), np.exp(reach))
    _ratio_ticks(ax, language)
    ax.grid(visible=False, axis="y")
    ax.grid(visible=True, axis="x")
    between = Text(", ", " ; ")[language]
    for row, values in enumerate(zip(ratios.ratio, ratios.lower, ratios.upper, strict=True)):
        mid, low, high = (number(float(value), language, 2 if value < 10 else 1) for value in values)
        place = (1, row), (8, 0), ax.get_yaxis_transform()
        ax.annotate(f"{mid}  [{low}{between}{high}]", *place, textcoords="offset points", va="center", fontsize=9)
    for text, x, side in ((f"← {longer}", 0.0, "left"), (f"{sooner} →", 1.0, "right")):
        ax.text(x, 1.0, text, transform=ax.transAxes, ha=side, va="top", color=MUTED, fontsize=9)
    return ax


def _short(value: float, language: str) -> str:
    """Return a step with three significant digits."""
    digits = max(0, 2 - int(np.floor(np.log10(abs(value)))))
    return number(value, language, min(digits, 6))


def _ratio_ticks(ax: Axes, language: str) -> None:
    from matplotlib.ticker import FixedLocator, FuncFormatter, NullLocator

    low, high = ax.get_xlim()
    wide = (0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50, 100)
    close = (0.5, 0.7, 0.8, 0.9, 1, 1.1, 1.25, 1.5) if high > 1.15 else (0.9, 0.95, 1, 1.05, 1.1)
    widest = (0.01, 0.03, 0.1, 0.3, 1, 3, 10, 30, 100)
    ticks = [tick for tick in (widest if high > 40 else wide if high > 1.6 else close) if low <= tick <= high]
    ax.xaxis.set_major_locator(FixedLocator(ticks))
    ax.xaxis.set_minor_locator(NullLocator())
    ax.xaxis.set_major_formatter(
        FuncFormatter(lambda value, _: number(value, language, 0 if value == int(value) else len(f"{value:g}") - 2))
    )


@house_style()
def plot_calibration(calibration: Calibration, ax: Axes | None = None, *, language: str = "en") -> Axes:
    """Draw forecast against observed probabilities of ending, by group of forecast, with intervals of the observed ones."""
    title, x_label, y_label, perfect, groups = in_language(_CALIBRATION, language)
    ax = axes_of(ax, width=6, height=5.2)
    top = 1.08 * float(max(calibration.upper.max(), calibration.predicted.max(), 0.01))
    ax.plot([0, top], [0, top], color=MUTED, linewidth=1.2, linestyle="--", label=perfect)
    gaps = np.stack([calibration.observed - calibration.lower, calibration.upper - calibration.observed])
    label = groups.format(level=percent(calibration.level, language))
    ax.errorbar(
        calibration.predicted, calibration.observed, np.maximum(gaps, 0), label=label, color=ACTUAL, fmt="o", markersize=6, elinewidth=1.5
    )
    days = number(calibration.horizon, language)
    ax.set(title=title, xlabel=x_label.format(days=days), ylabel=y_label, xlim=(0, top), ylim=(0, top))
    ax.grid(visible=True, axis="x")
    percent_axis(ax.xaxis, language)
    percent_axis(ax.yaxis, language)
    ax.legend(loc="upper center", bbox_to_anchor=(0.5, -0.14))
    return ax
