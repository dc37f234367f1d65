"""Plots of contracts that renew: retention at each renewal, survival, and the residual value of those left."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from relkit.plots.style import ACTUAL, MODEL, MUTED, PALETTE, axes_of, house_style, number, number_axis, percent, percent_axis
from relkit.texts import Text, in_language

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any, Literal

    from matplotlib.axes import Axes

    from relkit.metrics.risk_sets import Floats
    from relkit.models.lifetime_value.retention import RetentionCurve

MANY = 30
"""Shares of fewer contracts are drawn as hollow points."""

_RENEWAL = Text("Renewal (one every {days} days)", "Renouvellement (un tous les {days} jours)")
_KEY = (
    Text("seen", "constaté"),
    Text("seen, fewer than {few} contracts", "constaté, moins de {few} contrats"),
    Text("expected, with its {level} interval", "attendu, avec son intervalle à {level}"),
    Text("seen\nup to here", "constaté\njusqu’ici"),
)
_RETENTION = (
    Text("Who renews, of those who come to a renewal", "Qui renouvelle, parmi ceux qui arrivent à l’échéance"),
    Text("Share renewed", "Part renouvelée"),
)
_SURVIVAL = (
    Text("How many contracts are left after each renewal", "Combien de contrats restent après chaque renouvellement"),
    Text("Share still there", "Part encore là"),
)
_VALUE = (
    Text("What a contract is still worth, by tenure", "Ce que vaut encore un contrat, selon l’ancienneté"),
    Text("Renewals to come (discounted, {rate} a year)", "À venir, actualisés à {rate} par an"),
    Text("Renewals behind", "Renouvellements passés"),
)


@house_style()
def plot_retention(curves: Mapping[str, RetentionCurve], ax: Axes | None = None, *, language: str = "en") -> Axes:
    """Draw the share renewed at each renewal, observed as points and expected as a line with its band.

    Args:
        curves: by name of the group; a single one needs no name.
        ax: where to draw; a new figure by default.
        language: en or fr.
    """
    ax = axes_of(ax)
    for curve, colours in _coloured(curves):
        _draw(ax, np.arange(1.0, curve.retention.shape[1] + 1), curve.retention, curve.seen_retention, curve, colours)
    title, y_label = in_language(_RETENTION, language)
    lowest = min(float(np.nanmin(np.append(c.seen_retention[c.at_risk >= MANY], c.retention[1]))) for c in curves.values())
    ax.set(title=title, ylabel=y_label, ylim=(max(0.0, lowest - 0.15 * (1 - lowest)), 1 + 0.04 * (1 - lowest)))
    _finish(ax, curves, language, "lower right")
    _name(ax, {name: float(curve.retention[0, -1]) for name, curve in curves.items()})
    return ax


@house_style()
def plot_contracts_left(curves: Mapping[str, RetentionCurve], ax: Axes | None = None, *, language: str = "en") -> Axes:
    """Draw the share of contracts left after each renewal, observed and expected, and the projection beyond."""
    ax = axes_of(ax)
    for curve, colours in _coloured(curves):
        whole = np.concatenate((np.ones((3, 1)), curve.survival), axis=1)
        _draw(ax, np.arange(0.0, whole.shape[1]), whole, curve.seen_survival, curve, colours)
    title, y_label = in_language(_SURVIVAL, language)
    ax.set(title=title, ylabel=y_label, ylim=(0, 1.02))
    _finish(ax, curves, language, "upper right")
    _name(ax, {name: float(curve.survival[0, -1]) for name, curve in curves.items()})
    return ax


@house_style()
def plot_renewals_to_come(curves: Mapping[str, RetentionCurve], ax: Axes | None = None, *, language: str = "en") -> Axes:
    """Draw the discounted number of renewals to come of a contract, by the number it has had."""
    ax = axes_of(ax)
    for curve, (_, colour) in _coloured(curves):
        behind = np.arange(0.0, curve.discounted.shape[1])
        ax.fill_between(behind, curve.discounted[1], curve.discounted[2], color=colour, alpha=0.15, linewidth=0)
        ax.plot(behind, curve.discounted[0], color=colour, linewidth=2)
    title, y_label, x_label = in_language(_VALUE, language)
    one = next(iter(curves.values()))
    ax.set(title=title, xlabel=x_label, ylabel=y_label.format(rate=percent(one.annual_discount_rate, language)), ylim=(0, None))
    ax.set_xlim(0, max(curve.discounted.shape[1] for curve in curves.values()) - 1)
    number_axis(ax.xaxis, language, whole=True)
    number_axis(ax.yaxis, language)
    _name(ax, {name: float(curve.discounted[0, -1]) for name, curve in curves.items()})
    return ax


def _coloured(curves: Mapping[str, RetentionCurve]) -> list[tuple[RetentionCurve, tuple[str, str]]]:
    """Return each curve with the colours of observed and of expected shares."""
    if len(curves) == 1:
        return [(curve, (ACTUAL, MODEL)) for curve in curves.values()]
    return [(curve, (PALETTE[i % len(PALETTE)],) * 2) for i, curve in enumerate(curves.values())]


def _draw(ax: Axes, x: Floats, expected: Floats, seen: Floats, curve: RetentionCurve, colours: tuple[str, str]) -> None:
    known = x <= len(seen)
    ax.fill_between(x, expected[1], expected[2], color=colours[1], alpha=0.18, linewidth=0)
    ax.plot(x[known], expected[0][known], color=colours[1], linewidth=2)
    beyond = x >= len(seen)
    ax.plot(x[beyond], expected[0][beyond], color=colours[1], linewidth=2, linestyle=(0, (4, 2)))
    k = np.arange(1.0, len(seen) + 1)
    many = curve.at_risk >= MANY
    there = np.isfinite(seen)
    ax.plot(k[there & many], seen[there & many], "o", color=colours[0], markersize=5, zorder=3)
    ax.plot(k[there & ~many], seen[there & ~many], "o", color=colours[0], markersize=4, markerfacecolor="white", zorder=3)


def _finish(ax: Axes, curves: Mapping[str, RetentionCurve], language: str, key_at: Literal["upper right", "lower right"]) -> None:
    """Add the elements of both plots of shares: axes, the end of the observed range, and a key."""
    from matplotlib.lines import Line2D

    seen, thin, expected, until = in_language(_KEY, language)
    one = next(iter(curves.values()))
    last = max(len(curve.at_risk) for curve in curves.values())
    ax.set_xlabel(_RENEWAL[language].format(days=number(one.period_days, language, 0 if one.period_days % 1 == 0 else 2)))
    ax.set_xlim(0, max(curve.survival.shape[1] for curve in curves.values()))
    number_axis(ax.xaxis, language, whole=True)
    percent_axis(ax.yaxis, language)
    ax.axvline(last, color=MUTED, linewidth=1, linestyle=":")
    place = {"textcoords": "offset points", "ha": "right", "va": "bottom"}
    ax.annotate(until, (last, 0), (-5, 4), ax.get_xaxis_transform(), color=MUTED, fontsize=9, **place)  # type: ignore[arg-type]
    colours = _coloured(curves)[0][1] if len(curves) == 1 else (MUTED, MUTED)
    few = any((curve.at_risk < MANY).any() for curve in curves.values())
    points: dict[str, Any] = {"marker": "o", "linestyle": "", "color": colours[0]}
    key = [Line2D([], [], markersize=5, label=seen, **points)]
    key += [Line2D([], [], markersize=4, markerfacecolor="white", label=thin.format(few=MANY), **points)] * few
    key += [Line2D([], [], color=colours[1], linewidth=2, label=expected.format(level=percent(one.level, language)))]
    ax.legend(handles=key, loc=key_at)


def _name(ax: Axes, ends: Mapping[str, float]) -> None:
    """Write each group's name at the right, at the height of its line's end, moved apart if lines end together."""
    if len(ends) == 1:
        return
    low, high = ax.get_ylim()
    apart, height = 0.06 * (high - low), low - 1.0
    heights = {}
    for name in sorted(ends, key=ends.__getitem__):
        heights[name] = height = max(ends[name], height + apart)
    too_high = max(height - high, 0.0)
    for i, name in enumerate(ends):
        at = (1, heights[name] - too_high), (6, 0), ax.get_yaxis_transform()
        ax.annotate(name, *at, textcoords="offset points", va="center", color=PALETTE[i % len(PALETTE)])
