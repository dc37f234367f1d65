"""One picture that tells models of repeat purchases apart: what they expected of whom, and when."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine

from relkit.plots.style import INK, MUTED, house_style, number, number_axis, words

if TYPE_CHECKING:
    from collections.abc import Mapping

    from matplotlib.axes import Axes

    from relkit.metrics.purchases import FrequencyCalibration
    from relkit.models.lifetime_value.diagnostics import PurchaseTracking

# Colour-blind safe (Okabe and Ito), with a dash of its own for each, so that grey prints tell them apart as well.
_LOOKS: tuple[tuple[str, Any], ...] = (
    ("#0072B2", "--"),
    ("#D55E00", "-."),
    ("#009E73", ":"),
    ("#CC79A7", (0, (6, 2))),
    ("#E69F00", (0, (3, 1, 1, 1, 1, 1))),
    ("#56B4E9", (0, (1, 1))),
    ("#8B6914", (0, (8, 3, 2, 3))),
)
_CALIBRATION = {
    "en": ("What customers went on to buy", "Repeat purchases before the holdout", "Purchases in the holdout, mean", "seen", "customers"),
    "fr": (
        "Ce que les clients ont acheté ensuite",
        "Réachats avant la période de test",
        "Achats en période de test, moyenne",
        "constatés",
        "clients",
    ),
}
_TRACKING = {
    "en": ("Repeat purchases since the start", "Repeat purchases, cumulated", "the models had seen\nup to here"),
    "fr": ("Réachats depuis le début", "Réachats cumulés", "les modèles ont vu\njusqu’ici"),
}


@house_style()
def plot_model_comparison(
    calibrations: Mapping[str, FrequencyCalibration], trackings: Mapping[str, PurchaseTracking], *, language: str = "en"
) -> Figure:
    """Draw models beside what happened: by purchases before the holdout on the left, cumulated over time on the right.

    Args:
        calibrations: by model; all of the same customers.
        trackings: by model; a model may be left out. Without any there is no right side.
        language: en or fr.

    Returns:
        A figure with one pair of axes or two; no figure is known to pyplot.
    """
    looks = {name: _LOOKS[i % len(_LOOKS)] for i, name in enumerate(calibrations)}
    sides = 2 if trackings else 1
    figure = Figure(figsize=(7 * sides, 5.2), layout=ConstrainedLayoutEngine(w_pad=0.15, h_pad=0.12))
    axes = figure.subplots(1, sides, squeeze=False)[0]
    _calibration(axes[0], calibrations, looks, language)
    if trackings:
        _tracking(axes[1], trackings, looks, language)
    handles, labels = axes[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=min(len(labels), 4 * sides))
    return figure


def _calibration(ax: Axes, calibrations: Mapping[str, FrequencyCalibration], looks: Mapping[str, Any], language: str) -> None:
    title, x_label, y_label, seen, customers = words(_CALIBRATION, language)
    first = next(iter(calibrations.values()))
    at = np.arange(len(first.frequency))
    ax.plot(at, first.actual, color=INK, linewidth=2.5, marker="o", label=seen)
    for name, found in calibrations.items():
        colour, dash = looks[name]
        ax.plot(at, found.predicted, color=colour, linestyle=dash, linewidth=1.8, label=_short(name))
    ax.set_xticks(at, [f"{name}\n{number(n, language)}" for name, n in zip(first.labels, first.customers, strict=True)])
    ax.annotate(customers, (0, 0), (-14, -20), "axes fraction", textcoords="offset points", ha="right", va="top", fontsize=9, color=MUTED)
    ax.set(title=title, xlabel=x_label, ylabel=y_label, ylim=(0, None))
    number_axis(ax.yaxis, language)


def _tracking(ax: Axes, trackings: Mapping[str, PurchaseTracking], looks: Mapping[str, Any], language: str) -> None:
    from matplotlib import dates

    title, y_label, edge = words(_TRACKING, language)
    first = next(iter(trackings.values()))
    ends = np.array(first.ends, dtype="datetime64[D]")
    ax.plot(ends, np.cumsum(first.actual), color=INK, linewidth=2.5)
    for name, found in trackings.items():
        colour, dash = looks[name]
        ax.plot(ends, np.cumsum(found.expected), color=colour, linestyle=dash, linewidth=1.8)
    day: Any = np.datetime64(first.calibration)
    ax.axvline(day, color=MUTED, linewidth=1)
    low = ax.get_xaxis_transform()
    ax.annotate(edge, (day, 1), (-5, -4), low, textcoords="offset points", ha="right", va="top", color=MUTED, fontsize=9)
    ax.xaxis.set_major_locator(dates.AutoDateLocator(minticks=4, maxticks=7))  # type: ignore[no-untyped-call]
    ax.xaxis.set_major_formatter(dates.DateFormatter(words({"en": "%Y-%m", "fr": "%m/%Y"}, language)))  # type: ignore[no-untyped-call]
    ax.set(title=title, ylabel=y_label, ylim=(0, None))
    number_axis(ax.yaxis, language)


def _short(name: str) -> str:
    """Return a model's name without its family.

    Examples:
        >>> _short("lifetime_value.bg_nbd")
        'bg_nbd'
    """
    return name.rpartition(".")[2]
