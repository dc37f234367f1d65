"""Cumulative incidence: the share of contracts that ended for each cause, by age, with the number at risk below."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from relkit.errors import ParameterError
from relkit.models.survival.cumulative_incidence import CumulativeIncidence
from relkit.plots.style import axes_of, house_style, month_axis, percent_axis
from relkit.plots.survival import colours_of, names_at_the_end, table_of_risk
from relkit.scores.end_reasons import reason_in_words
from relkit.texts import Text, in_language

if TYPE_CHECKING:
    from collections.abc import Mapping

    from matplotlib.axes import Axes

    from relkit.metrics.risk_sets import Floats

_TEXTS = (
    Text("Why contracts end", "Pourquoi les contrats prennent fin"),
    Text("Age of the contract, months", "Âge du contrat, en mois"),
    Text("Share that ended", "Part de contrats terminés"),
    Text("at risk", "à risque"),
)


@house_style()
def plot_incidence(
    incidence: CumulativeIncidence | Mapping[str, CumulativeIncidence],
    ax: Axes | None = None,
    *,
    cause: str | None = None,
    language: str = "en",
) -> Axes:
    """Draw the shares that ended for each cause with their bands, or those of several groups for one cause.

    Args:
        incidence: of all spells, or several by name of the group.
        ax: where to draw; a new figure by default.
        cause: the one to draw; needed with groups, which would be too many curves otherwise.
        language: en or fr.

    Raises:
        ParameterError: several groups and no cause, or a cause that is unknown.
    """
    title, x_label, y_label, at_risk = in_language(_TEXTS, language)
    named, table = _curves(incidence, cause, at_risk, language)
    ax = axes_of(ax, height=4.2 + 0.25 * len(table))
    for (name, (found, row)), colour in zip(named.items(), colours_of(len(named)), strict=True):
        days = np.append(0.0, found.days)
        lower, middle, upper = (_from_zero(values[row]) for values in (found.lower, found.incidence, found.upper))
        ax.fill_between(days, lower, upper, step="post", color=colour, alpha=0.15, linewidth=0)
        ax.step(days, middle, where="post", color=colour, linewidth=2, label=name)
    top = max(float(found.upper[row].max(initial=0.0)) for found, row in named.values())
    text = title if cause is None else f"{title}: {_name(cause, language)}" if language == "en" else f"{title} : {_name(cause, language)}"
    last = max(found.domain[1] for found, _ in named.values())
    ax.set(title=text, xlabel=x_label, ylabel=y_label, xlim=(0, last), ylim=(0, min(max(1.05 * top, 0.01), 1.02)))
    percent_axis(ax.yaxis, language)
    month_axis(ax.xaxis, last, language)
    names_at_the_end(ax, {name: float(found.incidence[row, -1]) for name, (found, row) in named.items()})
    table_of_risk(ax, table, at_risk, language)
    return ax


def _curves(
    incidence: CumulativeIncidence | Mapping[str, CumulativeIncidence], cause: str | None, at_risk: str, language: str
) -> tuple[dict[str, tuple[CumulativeIncidence, int]], dict[str, CumulativeIncidence]]:
    """Return each curve by its name, as a record and a row, and the records whose numbers at risk are shown below."""
    if isinstance(incidence, CumulativeIncidence):
        causes = incidence.causes if cause is None else (cause,)
        return {_name(one, language): (incidence, incidence.row(one)) for one in causes}, {at_risk: incidence}
    if cause is None:
        raise ParameterError("several groups are drawn for one cause, but none was given.", where="cause", remedy="Give cause='voluntary'.")
    return {name: (found, found.row(cause)) for name, found in incidence.items()}, dict(incidence)


def _name(cause: str, language: str) -> str:
    return reason_in_words(cause)[language]


def _from_zero(values: Floats) -> Floats:
    return np.append(0.0, values)
