"""Figures of models of attribution: shares of channels with their intervals, transitions between channels."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from matplotlib.axes import Axes

    from relkit.families.binding import Draw, Given


def _shares(fitted: Any, given: Given) -> dict[str, Axes]:
    from relkit.plots.credit_shares import plot_credit_shares

    settings = fitted.settings
    credit = fitted.credit()
    if credit.is_empty():
        return {}
    drawn = plot_credit_shares(credit, model=settings.label[given.language], level=settings.level, language=given.language)
    return {"credit_shares": drawn}


def _transitions(fitted: Any, given: Given) -> dict[str, Axes]:
    """Draw the steps of a chain of one touch; those of longer memory have too many states for a picture."""
    from relkit.plots.transition_map import plot_transition_map

    if fitted.order != 1:
        return {}
    return {"transition_map": plot_transition_map(fitted.transitions, language=given.language)}


FIGURES: Mapping[str, Draw] = {"credit_shares": _shares, "transition_map": _transitions}
"""Functions by the names that models of the family use."""
