"""Figures of models of attribution: shares of channels with their intervals."""

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


FIGURES: Mapping[str, Draw] = {"credit_shares": _shares}
"""Functions by the names that models of the family use."""
