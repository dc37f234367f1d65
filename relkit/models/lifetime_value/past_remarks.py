"""Remarks on the totals that a model forecast at past origins: how few they are, and how far off."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from relkit.remarks import Remark, french

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from relkit.models.lifetime_value.past_forecasts import PastForecasts

FEW = 2
"""Past origins up to which the bounds of totals rest mostly on the errors usual in other shops."""
LARGE = 0.30
"""Mean error of a total, as a share, from which it is reported."""


def remarks_on(past: PastForecasts, *, days: float) -> tuple[Remark, ...]:
    """Return the remarks on past forecasts at the horizon nearest to `days`.

    Examples:
        >>> from datetime import date
        >>> none = np.full(2, np.nan)
        >>> orders = {"forecast": np.array([150.0, 160.0]), "came": np.array([100.0, 100.0])}
        >>> from relkit.models.lifetime_value.past_forecasts import PastForecasts
        >>> origins = (date(2025, 3, 31), date(2024, 12, 31))
        >>> past = PastForecasts(horizons=np.array([90.0, 90.0]), origins=origins, **orders, forecast_money=none, came_money=none)
        >>> [remark.code for remark in remarks_on(past, days=90)]
        ['few_past_forecasts', 'past_totals_off']
    """
    errors, judged = past.errors(days), past.nearest(days)
    if not len(errors):
        return ()
    found = [_few(len(errors))] if len(errors) <= FEW else []
    if np.expm1(np.abs(errors).mean()) > LARGE:
        found.append(_off(errors, judged))
    return tuple(found)


def _few(origins: int) -> Remark:
    en = "one past day" if origins == 1 else f"{origins} past days"
    fr = "une seule date passée" if origins == 1 else f"{origins} dates passées"
    return Remark(
        "few_past_forecasts",
        f"Forecast totals were compared with what came at {en} only: their bounds rest mostly on the errors usual in other shops.",
        f"Les totaux prévus n’ont été comparés à la réalité qu’à {fr} : leurs bornes reposent surtout sur les erreurs habituelles "
        "d’autres enseignes.",
    )


def _off(errors: NDArray[np.float64], days: float) -> Remark:
    """Return the remark on totals that were far off, mostly on one side."""
    was_high = errors.mean() < 0
    side = errors[errors < 0] if was_high else errors[errors > 0]
    share = 100 * abs(np.expm1(-side.mean()))
    n, of, span = len(side), len(errors), f"{days:g}"
    where = "at the one past day that was tried" if of == 1 else f"at {n} of {of} past days"
    ou = "à la seule date passée mise à l’épreuve" if of == 1 else f"à {n} dates passées sur {of}"
    return Remark(
        "past_totals_off",
        f"{where[:1].upper()}{where[1:]} the forecast of all orders of {span} days was too {'high' if was_high else 'low'}, "
        f"by {share:.0f}%{' on average' if n > 1 else ''}.",
        f"{ou[:1].upper()}{ou[1:]}, la prévision du total des commandes à {french(days)} jours était trop "
        f"{'haute' if was_high else 'basse'}, de {french(share)} %{' en moyenne' if n > 1 else ''}.",
    )
