"""Plots of parametric survival models: time ratios, and the fitted curve next to the observed one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from relkit.plots.style import MODEL, house_style
from relkit.plots.survival import forest, plot_survival
from relkit.texts import Text, in_language

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from relkit.models.covariates import Ratios
    from relkit.models.survival.fitted_curves import FittedCurve

_TIMES = (
    Text("What goes with a longer or shorter life of the contract", "Ce qui va avec une durée de contrat plus longue ou plus courte"),
    Text("Time ratio, {level} interval (log scale)", "Rapport de durée, intervalle à {level} (échelle log)"),
    Text("yes against no", "oui contre non"),
    Text("per {step} more", "pour {step} de plus"),
    Text("ends sooner", "finit plus tôt"),
    Text("lasts longer", "dure plus"),
)
_ODDS = (
    Text("What goes with ever leaving", "Ce qui va avec un départ, tôt ou tard"),
    Text("Odds ratio, {level} interval (log scale)", "Rapport de cotes, intervalle à {level} (échelle log)"),
    Text("yes against no", "oui contre non"),
    Text("per {step} more", "pour {step} de plus"),
    Text("stays for good", "reste pour de bon"),
    Text("leaves some day", "part un jour"),
)
_FITTED = (
    Text("Observed and fitted survival of contracts", "Survie des contrats, constatée et ajustée"),
    Text("observed", "constatée"),
    Text("fitted, mean of all contracts", "ajustée, moyenne des contrats"),
)


@house_style()
def plot_time_ratios(ratios: Ratios, ax: Axes | None = None, *, language: str = "en") -> Axes:
    """Draw the factor by which a step of each covariate multiplies lifetimes, the strongest on top, on a logarithmic scale."""
    return forest(ratios, in_language(_TIMES, language), ax, language=language)


@house_style()
def plot_odds_of_leaving(ratios: Ratios, ax: Axes | None = None, *, language: str = "en") -> Axes:
    """Draw the factor by which a step of each covariate multiplies the odds of ever leaving, on a logarithmic scale."""
    return forest(ratios, in_language(_ODDS, language), ax, language=language)


@house_style()
def plot_fitted_survival(curve: FittedCurve, ax: Axes | None = None, *, language: str = "en") -> Axes:
    """Draw the fitted survival of all contracts next to Kaplan-Meier's, with the number at risk below."""
    title, observed, fitted = in_language(_FITTED, language)
    ax = plot_survival(curve.observed, ax, language=language)
    ax.lines[0].set_label(observed)
    ax.plot(curve.days, curve.survival, color=MODEL, linewidth=2, linestyle="--", label=fitted)
    ax.set_title(title)
    ax.legend(loc="upper right")
    return ax
