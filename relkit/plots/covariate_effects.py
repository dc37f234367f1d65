"""Plot of what covariates do to purchases and to leaving."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from relkit.plots.style import house_style, words
from relkit.plots.survival import forest

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from relkit.models.covariates import Ratios

_RATES = {
    "en": (
        "What goes with buying more, and with leaving sooner",
        "Ratio of rates, {level} interval (log scale)",
        "yes against no",
        "per {step} more",
        "less, or later",
        "more, or sooner",
    ),
    "fr": (
        "Ce qui va avec plus d’achats, et avec un départ plus précoce",
        "Rapport des taux, intervalle à {level} (échelle log)",
        "oui contre non",
        "pour {step} de plus",
        "moins, ou plus tard",
        "plus, ou plus tôt",
    ),
}
_PROCESSES = {
    "en": {"purchase": "purchases", "lifetime": "leaving", "both": "purchases and leaving"},
    "fr": {"purchase": "achats", "lifetime": "départ", "both": "achats et départ"},
}


@house_style()
def plot_rate_ratios(ratios: Ratios, ax: Axes | None = None, *, language: str = "en") -> Axes:
    """Draw what a step of each covariate multiplies the rate of purchases, or of leaving, by."""
    named = words(_PROCESSES, language)
    parts = [term.partition(".") for term in ratios.terms]
    terms = tuple(f"{column} ({named[process]})" for process, _, column in parts)
    return forest(replace(ratios, terms=terms), words(_RATES, language), ax, language=language)
