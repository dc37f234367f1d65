"""Plot of the effects of covariates on purchases and on leaving."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from relkit.plots.style import house_style
from relkit.plots.survival import forest
from relkit.texts import Text, in_language

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from relkit.models.covariates import Ratios

_RATES = (
    Text("What goes with buying more, and with leaving sooner", "Ce qui va avec plus d’achats, et avec un départ plus précoce"),
    Text("Ratio of rates, {level} interval (log scale)", "Rapport des taux, intervalle à {level} (échelle log)"),
    Text("yes against no", "oui contre non"),
    Text("per {step} more", "pour {step} de plus"),
    Text("less, or later", "moins, ou plus tard"),
    Text("more, or sooner", "plus, ou plus tôt"),
)
_PROCESSES = {
    "purchase": Text("purchases", "achats"),
    "lifetime": Text("leaving", "départ"),
    "both": Text("purchases and leaving", "achats et départ"),
}


@house_style()
def plot_rate_ratios(ratios: Ratios, ax: Axes | None = None, *, language: str = "en") -> Axes:
    """Draw the factor by which a step of each covariate multiplies the rate of purchases, or of leaving."""
    named = in_language(_PROCESSES, language)
    parts = [term.partition(".") for term in ratios.terms]
    terms = tuple(f"{column} ({named[process]})" for process, _, column in parts)
    return forest(replace(ratios, terms=terms), in_language(_RATES, language), ax, language=language)
