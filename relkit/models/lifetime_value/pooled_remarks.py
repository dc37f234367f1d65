"""Remarks of a pooled forecast: its parts, the sample and the length of history it was learnt from, and an as-of day in a peak."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from relkit.models.lifetime_value.exposure import day_number
from relkit.remarks import Remark, french
from relkit.texts import EMPTY, Text
from relkit.units import HORIZON_DAYS

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date

    from numpy.typing import NDArray

    from relkit.models.lifetime_value.exposure import CalendarEvent
    from relkit.models.lifetime_value.knots import Knots, PooledForecast

_RECENT_DAYS, _BEFORE_DAYS, _YEAR_DAYS, _LONGEST_EVENT_DAYS = 28, 91, 364, 91
_PEAK = 1.3
_DEVIATIONS = 4.0


def of_parts(forecast: PooledForecast, origins: pl.DataFrame, *, known_days: int) -> tuple[Remark, ...]:
    """Return the remark on what each part contributes to the total, or on a history too short for more than the base model.

    Args:
        forecast: of the customers of the fit.
        origins: the past origins, with the columns horizon_days and is_year.
        known_days: from the start of the history to the as-of day.
    """
    knots = forecast.knots
    if not len(knots):
        return (_short_history(known_days),)
    at = int(np.abs(np.log(knots.horizons_days / HORIZON_DAYS)).argmin())
    days = float(knots.horizons_days[at])
    base, total = float(forecast.base.expected_of_all(days).sum()), float(forecast.expected(days).sum())
    with_year = bool(origins.filter(pl.col("horizon_days") == int(days))["is_year"].any())
    return (_parts(knots, at, base, total, with_year=with_year),)


def _parts(knots: Knots, at: int, base: float, total: float, *, with_year: bool) -> Remark:
    days, change, weight = knots.horizons_days[at], 100 * (total / max(base, 1e-9) - 1), 100 * knots.pool_weights[at]
    past, calendar = _from_past(with_year=with_year), _from_calendar(100 * (float(knots.calendar[at]) - 1))
    last = _last_regressors(with_trees=bool(knots.powers[at, -1]))
    return Remark(
        "pooled_parts",
        f"In {days:.0f} days the base model alone expects {base:,.0f} orders; with {past.en}{calendar.en} the forecast is {total:,.0f} "
        f"({change:+.0f} %). {weight:.0f} % of the weight is given to a regression on the base model, the orders of the last "
        f"{days:.0f} days{last.en}.",
        f"Sur {days:.0f} jours, le modèle de base seul attend {french(round(base))} commandes ; avec {past.fr}{calendar.fr}, la prévision "
        f"est de {french(round(total))} ({change:+.0f} %). {weight:.0f} % du poids reviennent à une régression sur le modèle de base, les "
        f"commandes des {days:.0f} derniers jours{last.fr}.",
    )


def _last_regressors(*, with_trees: bool) -> Text:
    if with_trees:
        return Text(", the long run and gradient boosting", ", la moyenne de long terme et un boosting d’arbres")
    return Text(" and the long run", " et la moyenne de long terme")


def _from_past(*, with_year: bool) -> Text:
    if with_year:
        return Text(
            "part of its errors in the same season of earlier years",
            "une part de ses erreurs à la même saison des années précédentes",
        )
    return Text("part of its error at the last origin", "une part de son erreur à la dernière date passée")


def _from_calendar(percent: float) -> Text:
    if abs(percent) < 0.5:
        return EMPTY
    return Text(f" and the calendar ahead ({percent:+.0f} %)", f" et le calendrier à venir ({percent:+.0f} %)")


def _short_history(known_days: int) -> Remark:
    return Remark(
        "pooled_short_history",
        f"The history of {known_days + 1} days is too short to correct and pool forecasts at past dates: these are of the base model "
        "alone.",
        f"L’historique de {known_days + 1} jours est trop court pour corriger et combiner les prévisions d’après des dates passées : "
        "ce sont celles du modèle de base seul.",
    )


def sampled(sample: int, customers: int) -> tuple[Remark, ...]:
    """Return the remark that past origins were computed on a sample."""
    return (
        Remark(
            "pooled_sample",
            f"The corrections and the weights were learnt from {sample:,} of {customers:,} customers, drawn at regular steps in the order "
            "of their ids.",
            f"Les corrections et les poids ont été appris sur {french(sample)} clients sur {french(customers)}, pris à intervalle régulier "
            "dans l’ordre des identifiants.",
        ),
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
        "as_of_in_an_event",
        f"{as_of} lies within the event {name} of the calendar: orders of these days need not continue after it, and forecasts "
        "from a day within an event are less certain.",
        f"Le {as_of} se trouve pendant l’événement {name} du calendrier : les commandes de ces jours peuvent ne pas se poursuivre "
        "ensuite, et les prévisions faites pendant un événement sont moins sûres.",
    )


def _after_peak(times: float, as_of: date) -> Remark:
    spoken = f"{times:.1f}"
    return Remark(
        "as_of_in_a_peak",
        f"The {_RECENT_DAYS} days up to {as_of} brought {spoken} times the usual orders: if this is a peak, forecasts from within it are "
        "less certain, and may be too high.",
        f"Les {_RECENT_DAYS} jours jusqu’au {as_of} ont apporté {spoken.replace('.', ',')} fois les commandes habituelles : s’il s’agit "
        "d’un pic, les prévisions faites à cette date sont moins sûres, et peut-être trop hautes.",
    )
