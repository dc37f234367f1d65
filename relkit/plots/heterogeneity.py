"""Plots of the heterogeneity of customers in a purchase model."""

from __future__ import annotations

from typing import TYPE_CHECKING

from relkit.plots.style import ACTUAL, MODEL, PALE, axes_of, house_style, number, number_axis, percent, percent_axis
from relkit.texts import Text, in_language

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from relkit.models.lifetime_value.heterogeneity import Spread

_WORDS: dict[str, Text] = {
    "purchase_rate": Text("How often customers buy while they do", "À quel rythme les clients achètent tant qu’ils achètent"),
    "purchase_rate_axis": Text("Purchases a year, at least", "Achats par an, au moins"),
    "leaving_probability": Text("How likely customers are to leave after a purchase", "Le risque de départ après un achat"),
    "leaving_probability_axis": Text("Chance of leaving, at least", "Risque de départ, au moins"),
    "leaving_rate": Text("How soon customers leave", "La vitesse à laquelle les clients partent"),
    "leaving_rate_axis": Text("Rate of leaving a year, at least", "Taux de départ par an, au moins"),
    "share": Text("Share of customers", "Part des clients"),
    "mean": Text("mean {mean}", "moyenne {mean}"),
    "half": Text("half of them: {level} or more", "la moitié : {level} ou plus"),
}


@house_style()
def plot_spread(spread: Spread, ax: Axes | None = None, *, language: str = "en") -> Axes:
    """Draw the share of customers above each level of a trait, with the mean and the median.

    Args:
        spread: see `relkit.models.lifetime_value.heterogeneity`.
        ax: where to draw; a new figure by default.
        language: en or fr.
    """
    texts = in_language(_WORDS, language)
    ax = axes_of(ax)
    is_share = spread.of == "leaving_probability"
    top = 1.0 if is_share else max(spread.level_of(0.02), spread.mean)
    ax.fill_between(spread.level, spread.share_above, color=PALE, alpha=0.45, linewidth=0)
    ax.plot(spread.level, spread.share_above, color=ACTUAL, linewidth=2)
    middle = spread.level_of(0.5)
    ax.plot(
        [0, middle, middle], [0.5, 0.5, 0], color=MODEL, linewidth=1.4, label=texts["half"].format(level=_level(middle, spread, language))
    )
    ax.axvline(
        spread.mean, color=MODEL, linewidth=1.4, linestyle="--", label=texts["mean"].format(mean=_level(spread.mean, spread, language))
    )
    ax.set(title=texts[spread.of], xlabel=texts[f"{spread.of}_axis"], ylabel=texts["share"], xlim=(0, top), ylim=(0, 1))
    percent_axis(ax.yaxis, language)
    (percent_axis if is_share else number_axis)(ax.xaxis, language)
    ax.legend(loc="upper right")
    return ax


def _level(value: float, spread: Spread, language: str) -> str:
    return percent(value, language, 1) if spread.of == "leaving_probability" else number(value, language, 2)
