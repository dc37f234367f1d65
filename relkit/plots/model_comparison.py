"""Comparison of the models of a family in one picture: forecasts by group of customers and over time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine

from relkit.plots.style import INK, MUTED, house_style, number, number_axis, percent_axis
from relkit.texts import Text, in_language

if TYPE_CHECKING:
    from collections.abc import Mapping

    import polars as pl
    from matplotlib.axes import Axes

    from relkit.models.roles import ComparisonTexts

# Colour-blind safe (Okabe and Ito), with a dash of its own for each, to distinguish them in grey print as well.
_COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#8B6914")
_DASHES: tuple[Any, ...] = ("--", "-.", ":", (0, (6, 2)), (0, (3, 1, 1, 1, 1, 1)), (0, (1, 1)), (0, (8, 3, 2, 3)))
_EVERYWHERE = (
    Text("seen", "constatés"),
    Text("customers", "clients"),
    Text("the models had seen\nup to here", "les modèles ont vu\njusqu’ici"),
)


@house_style()
def plot_model_comparison(groups: pl.DataFrame, course: pl.DataFrame, *, texts: ComparisonTexts, language: str = "en") -> Figure:
    """Draw models against what happened: by group of customers on the left, cumulative over time on the right.

    Args:
        groups: model, group, customers, expected, seen; the same groups for all models (`ModelComparison.groups`).
        course: model, day, expected, seen, calibration; models may be left out. Without rows there is no right side.
        texts: of the comparison (`Family.texts`).
        language: en or fr.

    Returns:
        A figure with one pair of axes or two, unknown to pyplot.
    """
    looks = {name: _look(i) for i, name in enumerate(groups["model"].unique(maintain_order=True))}
    sides = 1 if course.is_empty() else 2
    figure = Figure(figsize=(7 * sides, 5.2), layout=ConstrainedLayoutEngine(w_pad=0.15, h_pad=0.12))
    axes = figure.subplots(1, sides, squeeze=False)[0]
    _draw_groups(axes[0], groups, looks, texts, language)
    if not course.is_empty():
        _draw_course(axes[1], course, looks, texts, language)
    handles, labels = axes[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=min(len(labels), 4 * sides))
    return figure


def _look(at: int) -> dict[str, Any]:
    """Return colour and dash of the line of a model; past seven models colours repeat with another dash."""
    n = len(_COLOURS)
    return {"color": _COLOURS[at % n], "linestyle": _DASHES[(at + at // n) % n], "linewidth": 1.8}


def _draw_groups(ax: Axes, groups: pl.DataFrame, looks: Mapping[str, Any], texts: ComparisonTexts, language: str) -> None:
    title, x_label, y_label = (text[language] for text in texts.groups)
    seen, customers, _ = in_language(_EVERYWHERE, language)
    parts = {str(name): part for (name,), part in groups.group_by("model", maintain_order=True)}
    first = next(iter(parts.values()))
    at = np.arange(len(first))
    ax.plot(at, first["seen"], color=INK, linewidth=2.5, marker="o", label=seen)
    for name, part in parts.items():
        ax.plot(at, part["expected"], **looks[name], label=_short(name))
    ax.set_xticks(at, [f"{name}\n{number(n, language)}" for name, n in first.select("group", "customers").iter_rows()])
    ax.annotate(customers, (0, 0), (-14, -20), "axes fraction", textcoords="offset points", ha="right", va="top", fontsize=9, color=MUTED)
    ax.set(title=title, xlabel=x_label, ylabel=y_label)
    if not (groups["expected"].min() < 0 or groups["seen"].min() < 0):  # type: ignore[operator]
        ax.set_ylim(0, None)
    (percent_axis if texts.is_share else number_axis)(ax.yaxis, language)


def _draw_course(ax: Axes, course: pl.DataFrame, looks: Mapping[str, Any], texts: ComparisonTexts, language: str) -> None:
    from matplotlib import dates

    title, y_label = (text[language] for text in texts.course)
    edge = _EVERYWHERE[-1][language]
    parts = {str(name): part for (name,), part in course.group_by("model", maintain_order=True)}
    first = next(iter(parts.values()))
    calibration: Any = np.datetime64(first["calibration"][0])
    ends = first["day"].to_numpy().astype("datetime64[D]")
    before = [calibration] if ends[0] > calibration else []  # nothing was counted until then
    days, zeros = np.append(np.array(before, "datetime64[D]"), ends), np.zeros(len(before))
    ax.plot(days, np.append(zeros, first["seen"].cum_sum()), color=INK, linewidth=2.5)
    for name, part in parts.items():
        ax.plot(days, np.append(zeros, part["expected"].cum_sum()), **looks[name])
    if not before:
        ax.axvline(calibration, color=MUTED, linewidth=1)
        low = ax.get_xaxis_transform()
        ax.annotate(edge, (calibration, 1), (-5, -4), low, textcoords="offset points", ha="right", va="top", color=MUTED, fontsize=9)
    # Months are marked six apart at most and years from four on: up to 47 months need nine marks.
    ax.xaxis.set_major_locator(dates.AutoDateLocator(minticks=4, maxticks=9))  # type: ignore[no-untyped-call]
    ax.xaxis.set_major_formatter(dates.DateFormatter(Text("%Y-%m", "%m/%Y")[language]))  # type: ignore[no-untyped-call]
    ax.set(title=title, ylabel=y_label, ylim=(0, None))
    number_axis(ax.yaxis, language)


def _short(name: str) -> str:
    """Return a model's name without its family.

    Examples:
        >>> _short("lifetime_value.bg_nbd")
        'bg_nbd'
    """
    return name.rpartition(".")[2]
