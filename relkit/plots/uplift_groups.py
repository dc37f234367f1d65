"""Measured and predicted effects by group of the list, side by side and one against the other."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from relkit.plots.style import ACTUAL, INK, MODEL, MUTED, axes_of, house_style, number, percent
from relkit.texts import Text, in_language

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from relkit.metrics.uplift_calibration import EffectByGroup, UpliftCalibration
    from relkit.plots.uplift_outcome import Outcome

_GROUPS = (
    Text("Effect by group of the list", "Effet par groupe de la liste"),
    Text("Group, by predicted effect (1 is the best)", "Groupe, selon l’effet prévu (1 est le meilleur)"),
    Text("Effect per customer: {outcome}", "Effet par client : {outcome}"),
    Text("measured, with its {level} interval", "mesuré, avec son intervalle à {level}"),
    Text("predicted", "prévu"),
)
_CALIBRATION = (
    Text("Predicted and measured effects", "Effets prévus et effets mesurés"),
    Text("Predicted effect per customer: {outcome}", "Effet prévu par client : {outcome}"),
    Text("Measured effect per customer: {outcome}", "Effet mesuré par client : {outcome}"),
    Text("measured = predicted", "mesuré = prévu"),
    Text("slope {slope} ({low} to {high})", "pente {slope} ({low} à {high})"),
)


@house_style()
def plot_effect_by_group(groups: EffectByGroup, ax: Axes | None = None, *, outcome: Outcome, language: str = "en") -> Axes:
    """Draw the measured effect of each group with its interval, and the predicted one.

    Args:
        groups: see `relkit.metrics.uplift_calibration`.
        ax: where to draw; a new figure by default.
        outcome: what the effect is on.
        language: en or fr.
    """
    title, x_label, y_label, measured, predicted = in_language(_GROUPS, language)
    ax = axes_of(ax)
    ax.axhline(0.0, color=INK, linewidth=0.8)
    reach = np.stack([groups.effect - groups.low, groups.high - groups.effect])
    label = measured.format(level=percent(groups.level, language))
    ax.errorbar(groups.group, groups.effect, reach, fmt="o", color=ACTUAL, markersize=6.5, elinewidth=1.8, label=label, zorder=3)
    ax.plot(groups.group, groups.predicted, color=MODEL, marker="D", markersize=5, linewidth=1.4, linestyle=":", label=predicted)
    ax.set(title=title, xlabel=x_label, ylabel=y_label.format(outcome=outcome.label[language]))
    ax.set_xticks(groups.group, [str(each) for each in groups.group])
    outcome.customer_axis(ax.yaxis, language)
    ax.legend(loc="upper center", bbox_to_anchor=(0.5, -0.16), ncols=2)
    return ax


@house_style()
def plot_uplift_calibration(judged: UpliftCalibration, ax: Axes | None = None, *, outcome: Outcome, language: str = "en") -> Axes:
    """Draw the measured effect of each group against its prediction, with the line of equality and the best linear one.

    Args:
        judged: see `relkit.metrics.uplift_calibration`.
        ax: where to draw; a new figure by default.
        outcome: what the effect is on.
        language: en or fr.
    """
    title, x_label, y_label, equal, fitted = in_language(_CALIBRATION, language)
    groups = judged.groups
    ax = axes_of(ax, width=6.4, height=5.4)
    ends = _ends(np.concatenate([groups.predicted, [0.0]]))
    ax.plot(ends, ends, color=MUTED, linewidth=1.2, linestyle="--", label=equal)
    if (slope := judged.slope) is not None:
        words = {name: number(value, language, 2) for name, value in (("slope", slope.estimate), ("low", slope.low), ("high", slope.high))}
        middle, height = _weighted_means(groups)
        ax.plot(ends, height + slope.estimate * (ends - middle), color=MODEL, linewidth=1.8, label=fitted.format(**words))
    label = _GROUPS[3][language].format(level=percent(groups.level, language))
    reach = np.stack([groups.effect - groups.low, groups.high - groups.effect])
    ax.errorbar(groups.predicted, groups.effect, reach, fmt="o", color=ACTUAL, markersize=6, elinewidth=1.5, label=label, zorder=3)
    ax.axhline(0.0, color=INK, linewidth=0.8)
    words = {"outcome": outcome.label[language]}
    ax.set(title=title, xlabel=x_label.format(**words), ylabel=y_label.format(**words), xlim=(ends[0], ends[1]))
    ax.grid(visible=True, axis="x")
    outcome.customer_axis(ax.xaxis, language)
    outcome.customer_axis(ax.yaxis, language)
    ax.legend(loc="upper center", bbox_to_anchor=(0.5, -0.14), ncols=2)
    return ax


def _weighted_means(groups: EffectByGroup) -> tuple[float, float]:
    return tuple(float(groups.customers @ each / groups.customers.sum()) for each in (groups.predicted, groups.effect))  # type: ignore[return-value]


def _ends(values: np.ndarray) -> np.ndarray:
    room = 0.08 * float(np.ptp(values)) or 1.0
    return np.array([values.min() - room, values.max() + room])
