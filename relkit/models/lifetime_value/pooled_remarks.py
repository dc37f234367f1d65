"""Remarks of a pooled forecast: its parts, the sample and the length of history it was learnt from, and an as-of day in a peak."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from relkit.models.lifetime_value.exposure import day_number
from relkit.remarks import Remark, french
from relkit.units import HORIZON_DAYS

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date

    from numpy.typing import NDArray

    from relkit.models.lifetime_value.exposure import CalendarEvent
    from relkit.models.lifetime_value.knots import Knots

_RECENT_DAYS, _BEFORE_DAYS, _YEAR_DAYS, _LONGEST_EVENT_DAYS = 28, 91, 364, 91
_PEAK = 1.3
_DEVIATIONS = 4.0


def parts(knots: Knots, base_total: float, total: float, *, with_year: bool) -> Remark:
    """Return the remark on what each part contributes to the total at the knot nearest to the usual horizon.

    Args:
        knots: at least one.
        base_total: orders that the base model alone expects at that knot.
        total: orders that the pooled forecast expects.
        with_year: whether the same season a year before was among the past origins.
    """
    at = nearest(knots)
    days, change, weight = knots.horizons_days[at], 100 * (total / max(base_total, 1e-9) - 1), 100 * knots.pool_weights[at]
    calendar = 100 * (knots.calendar[at] - 1)
    en = f"In {days:.0f} days the base model alone expects {base_total:,.0f} orders; "
    fr = f"Sur {days:.0f} jours, le modèle de base seul attend {french(round(base_total))} commandes ; "
    since = ("the last one and the same season a year before", "la dernière et la même saison un an plus tôt") if with_year else ("", "")
    en += f"its errors at past origins ({since[0]}) " if with_year else "its error at the last origin "
    fr += f"ses erreurs aux dates passées ({since[1]}) " if with_year else "son erreur à la dernière date passée "
    if abs(calendar) >= 0.5:
        en += f"and the calendar ({calendar:+.0f} %) "
        fr += f"et le calendrier ({calendar:+.0f} %) "
    en += f"change that by {change:+.0f} % to {total:,.0f}. "
    fr += f"{'modifient' if with_year or abs(calendar) >= 0.5 else 'modifie'} ce total de {change:+.0f} %, à {french(round(total))}. "
    en += f"{weight:.0f} % of the weight is given to a regression on the base model, the orders of the last {days:.0f} days and the long run."
    fr += (
        f"{weight:.0f} % du poids vont à une régression sur le modèle de base, les commandes des {days:.0f} derniers jours et la moyenne"
        " de longue période."
    )
    return Remark("pooled_parts", en, fr)


def nearest(knots: Knots) -> int:
    """Return the position of the knot nearest to the usual horizon."""
    return int(np.abs(np.log(knots.horizons_days / HORIZON_DAYS)).argmin())


def short_history(known_days: int) -> Remark:
    """Return the remark that there is no past origin to learn from."""
    return Remark(
        "pooled_short_history",
        f"The history of {known_days + 1} days is too short to correct and pool forecasts at past dates: these are of the base model alone.",
        f"L’historique de {known_days + 1} jours est trop court pour corriger et combiner les prévisions d’après des dates passées : "
        "ce sont celles du modèle de base seul.",
    )


def sampled(sample: int, customers: int) -> Remark:
    """Return the remark that past origins were computed on a sample."""
    return Remark(
        "pooled_sample",
        f"The corrections and the weights were learnt from {sample:,} of {customers:,} customers, every so many of them in order of their ids.",
        f"Les corrections et les poids ont été appris sur {french(sample)} clients sur {french(customers)}, pris à intervalle régulier "
        "dans l’ordre des identifiants.",
    )


def unseen_event(name: str) -> Remark:
    """Return the remark that an event has no day in the history from which its effect could be estimated."""
    return Remark(
        "event_not_observed",
        f"No day of the event {name} lies in the history: it is given no effect on the days ahead.",
        f"Aucun jour de l’événement {name} ne se trouve dans l’historique : aucun effet ne lui est prêté sur les jours à venir.",
    )


def peak(daily: NDArray[np.int64], as_of: date, events: Sequence[CalendarEvent]) -> tuple[Remark, ...]:
    """Return a remark if the as-of day lies in a declared event, or after weeks with clearly more orders than before; else nothing.

    Args:
        daily: orders of all customers on each day up to the as-of day.
        as_of: last day known.
        events: periods of the calendar; those of more than a quarter are no peaks.
    """
    today = day_number(as_of)
    for event in events:
        first, last = day_number(event.starts_on), day_number(event.ends_on)
        if first <= today <= last and last - first < _LONGEST_EVENT_DAYS:
            return (_in_event(event.name, as_of),)
    recent, earlier = daily[-_RECENT_DAYS:], daily[:-_RECENT_DAYS]
    if len(earlier) < _BEFORE_DAYS:
        return ()
    usual = max(float(earlier[-span:].mean()) for span in (_BEFORE_DAYS, _YEAR_DAYS)) * _RECENT_DAYS
    came = float(recent.sum())
    return (_after_peak(came / max(usual, 1.0), as_of),) if came > max(_PEAK * usual, usual + _DEVIATIONS * np.sqrt(usual)) else ()


def _in_event(name: str, as_of: date) -> Remark:
    return Remark(
        "as_of_in_a_peak",
        f"{as_of} lies within the event {name} of the calendar: orders of these days need not continue after it, and forecasts "
        "from a day within an event are less certain.",
        f"Le {as_of} se trouve pendant l’événement {name} du calendrier : les commandes de ces jours peuvent ne pas se poursuivre "
        "ensuite, et les prévisions faites pendant un événement sont moins sûres.",
    )


def _after_peak(times: float, as_of: date) -> Remark:
    return Remark(
        "as_of_in_a_peak",
        f"The {_RECENT_DAYS} days up to {as_of} brought {times:.1f} times the usual orders: if this is a peak, forecasts from within it are "
        "less certain, and may be too high.",
        f"Les {_RECENT_DAYS} jours jusqu’au {as_of} ont apporté {times:.1f} fois les commandes habituelles : s’il s’agit d’un pic, les "
        "prévisions faites à cette date sont moins sûres, et peut-être trop hautes.".replace(f"{times:.1f}", f"{times:.1f}".replace(".", ",")),
    )
