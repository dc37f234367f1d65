"""Models of uplift compared on the same customers: each with its interval, and its paired difference from one of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from relkit.plots.dots import Dots, plot_dots
from relkit.plots.style import house_style, percent
from relkit.plots.uplift_outcome import PER
from relkit.texts import Text, in_language

if TYPE_CHECKING:
    from collections.abc import Mapping

    from matplotlib.axes import Axes

    from relkit.metrics.uplift_figures import UpliftFigure
    from relkit.plots.uplift_outcome import Outcome

_VALUES = (
    Text("Gain over a list in random order", "Gain par rapport à une liste au hasard"),
    Text("Qini for 1,000 customers: {outcome}; {level} intervals", "Qini pour 1\u202f000 clients : {outcome} ; intervalles à {level}"),
    Text("worse", "moins bien"),
    Text("better", "mieux"),
)
_DIFFERENCES = (
    Text("Difference from {reference}, on the same customers", "Écart avec {reference}, sur les mêmes clients"),
    Text(
        "Difference of the Qini for 1,000 customers: {outcome}; {level} intervals",
        "Écart de Qini pour 1\u202f000 clients : {outcome} ; intervalles à {level}",
    ),
    Text("worse", "moins bien"),
    Text("better", "mieux"),
)


@house_style()
def plot_uplift_models(figures: Mapping[str, UpliftFigure], ax: Axes | None = None, *, outcome: Outcome, language: str = "en") -> Axes:
    """Draw the Qini of each model with its interval, against a list in random order.

    Args:
        figures: by name of the model, on the same customers.
        ax: where to draw; a new figure by default.
        outcome: what is gained.
        language: en or fr.
    """
    title, x_label, *sides = in_language(_VALUES, language)
    return _drawn(figures, ax, title, x_label, sides, outcome, language)


@house_style()
def plot_uplift_differences(
    figures: Mapping[str, UpliftFigure], reference: str, ax: Axes | None = None, *, outcome: Outcome, language: str = "en"
) -> Axes:
    """Draw the paired difference of each model's Qini from that of one of them.

    Args:
        figures: by name of the model, on the same customers.
        reference: name of one of them.
        ax: where to draw; a new figure by default.
        outcome: what is gained.
        language: en or fr.
    """
    title, x_label, *sides = in_language(_DIFFERENCES, language)
    others = {name: figure.minus(figures[reference]) for name, figure in figures.items() if name != reference}
    return _drawn(others, ax, title.format(reference=reference), x_label, sides, outcome, language)


def _drawn(
    figures: Mapping[str, UpliftFigure], ax: Axes | None, title: str, x_label: str, sides: list[str], outcome: Outcome, language: str
) -> Axes:
    found = list(figures.values())
    value, low, high = (PER * np.array([getattr(each, part) for each in found]) for part in ("estimate", "low", "high"))
    words = {"outcome": outcome.label[language], "level": percent(found[0].level, language)}
    drawn = plot_dots(
        list(figures),
        [Dots(value=value, lower=low, upper=high)],
        ax,
        title=title,
        x_label=x_label.format(**words),
        reference=0.0,
        sides=(sides[0], sides[1]),
        muted=[bool(one < 0 < other) for one, other in zip(low, high, strict=True)],
        language=language,
    )
    outcome.thousand_axis(drawn.xaxis, language)
    return drawn
