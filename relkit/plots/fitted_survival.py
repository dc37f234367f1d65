"""Plots of survival models with parameters: what stretches a lifetime, and the fitted curve beside the observed one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from relkit.plots.style import MODEL, house_style, words
from relkit.plots.survival import forest, plot_survival

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from relkit.models.covariates import Ratios
    from relkit.models.survival.fitted_curves import FittedCurve

_TIMES = {
    "en": (
        "What goes with a longer or shorter life of the contract",
        "Time ratio, {level} interval (log scale)",
        "yes against no",
        "per {step} more",
        "ends sooner",
        "lasts longer",
    ),
    "fr": (
        "Ce qui va avec une durée de contrat plus longue ou plus courte",
        "Rapport de durée, intervalle à {level} (échelle log)",
        "oui contre non",
        "pour {step} de plus",
        "finit plus tôt",
        "dure plus",
    ),
}
_ODDS = {
    "en": (
        "What goes with ever leaving",
        "Odds ratio, {level} interval (log scale)",
        "yes against no",
        "per {step} more",
        "stays for good",
        "leaves some day",
    ),
    "fr": (
        "Ce qui va avec un départ, tôt ou tard",
        "Rapport de cotes, intervalle à {level} (échelle log)",
        "oui contre non",
        "pour {step} de plus",
        "reste pour de bon",
        "part un jour",
    ),
}
_FITTED = {
    "en": ("Observed and fitted survival of contracts", "observed", "fitted, mean of all contracts"),
    "fr": ("Survie des contrats, constatée et ajustée", "constatée", "ajustée, moyenne des contrats"),
}


@house_style()
def plot_time_ratios(ratios: Ratios, ax: Axes | None = None, *, language: str = "en") -> Axes:
    """Draw what a step of each covariate multiplies lifetimes by, the strongest on top, on a logarithmic scale."""
    return forest(ratios, words(_TIMES, language), ax, language=language)


@house_style()
def plot_odds_of_leaving(ratios: Ratios, ax: Axes | None = None, *, language: str = "en") -> Axes:
    """Draw what a step of each covariate multiplies the odds of ever leaving by, on a logarithmic scale."""
    return forest(ratios, words(_ODDS, language), ax, language=language)


@house_style()
def plot_fitted_survival(curve: FittedCurve, ax: Axes | None = None, *, language: str = "en") -> Axes:
    """Draw the fitted survival of all contracts beside Kaplan-Meier's, with how many are at risk below."""
    title, observed, fitted = words(_FITTED, language)
    ax = plot_survival(curve.observed, ax, language=language)
    ax.lines[0].set_label(observed)
    ax.plot(curve.days, curve.survival, color=MODEL, linewidth=2, linestyle="--", label=fitted)
    ax.set_title(title)
    ax.legend(loc="upper right")
    return ax
