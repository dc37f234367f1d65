"""Curve of a non-linear effect: the multiplier at each value of a covariate, with its band."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from relkit.plots.style import ACTUAL, INK, MUTED, axes_of, house_style, number, number_axis, percent
from relkit.texts import Text, in_language

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.axis import Axis

    from relkit.models.survival.effects import EffectCurve

_TITLES = {
    "hazard": Text("How {name} goes with an earlier end", "Comment {name} va avec une fin plus précoce"),
    "time": Text("How {name} goes with the life of the contract", "Comment {name} va avec la durée du contrat"),
    "odds": Text("How {name} goes with ending in a period", "Comment {name} va avec une fin dans la période"),
    "leaving": Text("How {name} goes with ever leaving", "Comment {name} va avec un départ, tôt ou tard"),
}
_RATIOS = {
    "hazard": Text("Hazard ratio", "Rapport de risque"),
    "time": Text("Time ratio", "Rapport de durée"),
    "odds": Text("Odds ratio", "Rapport de cotes"),
    "leaving": Text("Odds ratio", "Rapport de cotes"),
}
_ENDS = {
    "hazard": (
        Text("ends sooner", "finit plus tôt"),
        Text("lasts longer", "dure plus"),
    ),
    "time": (
        Text("lasts longer", "dure plus"),
        Text("ends sooner", "finit plus tôt"),
    ),
    "odds": (
        Text("ends more often", "finit plus souvent"),
        Text("ends less often", "finit moins souvent"),
    ),
    "leaving": (
        Text("leaves some day", "part un jour"),
        Text("stays for good", "reste pour de bon"),
    ),
}
_TEXTS = (
    Text("{ratio} (log scale)", "{ratio} (échelle log)"),
    Text("at each value, {level} interval", "à chaque valeur, intervalle à {level}"),
    Text("mean customer, {mean}", "client moyen, {mean}"),
    Text("{name} (ticks: knots; 90 % of customers are shown)", "{name} (traits : nœuds ; 90 % des clients sont montrés)"),
)
_TICKS = (0.01, 0.02, 0.05, 0.1, 0.2, 0.3, 0.5, 0.7, 1, 1.5, 2, 3, 5, 10, 20, 50, 100)
_NEAR = (0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1, 1.1, 1.25, 1.5, 1.75, 2, 2.5)
_NEAREST = (0.8, 0.85, 0.9, 0.95, 1, 1.05, 1.1, 1.15, 1.2, 1.25)


@house_style()
def plot_effect(curve: EffectCurve, ax: Axes | None = None, *, cause: str = "", language: str = "en") -> Axes:
    """Draw the multiplier at each value of a covariate, relative to its mean, on a logarithmic scale.

    Args:
        curve: of one covariate.
        ax: where to draw; a new figure by default.
        cause: written into the title if it is one of several.
        language: en or fr.
    """
    y_label, band, mean, x_label = in_language(_TEXTS, language)
    title = _TITLES[curve.kind][language].format(name=curve.covariate)
    ax = axes_of(ax)
    ax.axhline(1.0, color=INK, linewidth=1)
    ax.fill_between(
        curve.values,
        curve.lower,
        curve.upper,
        color=ACTUAL,
        alpha=0.18,
        linewidth=0,
        label=band.format(level=percent(curve.level, language)),
    )
    ax.plot(curve.values, curve.ratio, color=ACTUAL, linewidth=2)
    written = number(curve.mean, language, _digits(curve.mean))
    ax.plot([curve.mean], [1.0], "o", color=INK, markersize=5, linestyle="none", label=mean.format(mean=written))
    ax.plot(curve.knots, np.zeros(len(curve.knots)), "|", color=MUTED, markersize=14, linestyle="none", transform=ax.get_xaxis_transform())
    ax.set_yscale("log")
    reach = 1.3 * max(float(np.abs(np.log([curve.lower.min(), curve.upper.max()])).max()), np.log(1.1))
    ax.set(
        title=f"{title}: {cause}" if cause else title,
        xlabel=x_label.format(name=curve.covariate),
        ylabel=y_label.format(ratio=_RATIOS[curve.kind][language]),
        xlim=(curve.values[0], curve.values[-1]),
        ylim=(float(np.exp(-reach)), float(np.exp(reach))),
    )
    number_axis(ax.xaxis, language)
    _ratio_axis(ax.yaxis, language)
    above, below = in_language(_ENDS[curve.kind], language)
    for text, y, side in ((f"↑ {above}", 0.985, "top"), (f"↓ {below}", 0.06, "bottom")):
        ax.text(0.01, y, text, transform=ax.transAxes, ha="left", va=side, color=MUTED, fontsize=9)
    ax.legend(loc="upper right")
    return ax


def _digits(value: float) -> int:
    """Return the number of decimals that shows three significant digits."""
    return int(np.clip(2 - np.floor(np.log10(max(abs(value), 1e-6))), 0, 6))


def _ratio_axis(axis: Axis, language: str) -> None:
    from matplotlib.ticker import FixedLocator, FuncFormatter, NullLocator

    low, high = axis.get_view_interval()
    tried = _TICKS if high > 2.5 else _NEAR if high > 1.25 else _NEAREST
    ticks = [tick for tick in tried if low <= tick <= high]
    axis.set_major_locator(FixedLocator(ticks))
    axis.set_minor_locator(NullLocator())
    axis.set_major_formatter(FuncFormatter(lambda value, _: number(value, language, len(f"{value:g}".partition(".")[2]))))
