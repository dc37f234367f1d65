"""Lift of pairs of products in two periods, on a logarithmic scale."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from relkit.plots.dots import Dots, plot_dots
from relkit.plots.style import number
from relkit.texts import Text, in_language

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matplotlib.axes import Axes

    from relkit.metrics.risk_sets import Floats

TICKS = (0.1, 0.2, 0.5, 1, 2, 3, 5, 10, 20, 50, 100, 200, 500, 1000)
_TEXTS = (
    Text("The change of the pairs followed", "L’évolution des paires suivies"),
    Text("Lift (log scale; 1 = chance)", "Lift (échelle log ; 1 = hasard)"),
    Text("period before", "période précédente"),
    Text("last period", "dernière période"),
)


def plot_lift_changes(
    pairs: Sequence[str], before: Floats, after: Floats, ax: Axes | None = None, *, changed: Sequence[bool], language: str = "en"
) -> Axes:
    """Draw two dots for each pair; pairs within chance are grey.

    Args:
        pairs: their names.
        before: lift in the earlier period, shape (k,); a pair that did not meet (0 or NaN) has no dot.
        after: lift in the last one, shape (k,).
        ax: where to draw; a new figure by default.
        changed: whether each changed more than chance explains.
        language: en or fr.
    """
    from matplotlib.ticker import FixedLocator, FuncFormatter, NullFormatter

    title, x_label, early, late = in_language(_TEXTS, language)
    series = [Dots(value=np.where(lift > 0, lift, np.nan), label=label) for lift, label in ((before, early), (after, late))]
    muted = [not each for each in changed]
    ax = plot_dots(pairs, series, ax, title=title, x_label=x_label, reference=1.0, muted=muted, language=language)
    ax.set_xscale("log")
    known = np.concatenate([each.value[np.isfinite(each.value)] for each in series] + [np.ones(1)])
    low, high = float(known.min()) / 1.15, float(known.max()) * 1.15
    ax.set_xlim(low, high)
    ax.xaxis.set_major_locator(FixedLocator([tick for tick in TICKS if low <= tick <= high]))
    ax.xaxis.set_minor_formatter(NullFormatter())
    ax.xaxis.set_major_formatter(FuncFormatter(lambda value, _: number(value, language, 1 if value < 1 else 0)))
    return ax
