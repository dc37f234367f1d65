"""Likelihood of conversions in continuous time, each person compared with their own other times.

The intensity of conversions of person i at time t is

    lambda_i(t) = a_i b(t) theta(x_i(t)),

a_i being the person's own rate, b the calendar and theta the effect of the exposure x. People whom channels reach often buy often anyway:
a_i is left free. Given the number of conversions of a person, their times do not depend on a_i, and each conversion at exposure x has
the probability b theta(x) / integral of b theta over the person's time at risk. The log-likelihood is the sum of its logarithms. It is a
sum over people, and so are its derivatives.

    Chamberlain, G. (1980), Analysis of covariance with qualitative data, Review of Economic Studies 47.
    Farrington, C. P. (1995), Relative incidence estimation from case series for vaccine safety evaluation, Biometrics 51.

Visits that people make by themselves are signs of interest, not causes of it: they are markers, and multiply the intensity by
exp(sum of effects). Channels multiply it in the same way (form "multiply"), or by 1 + sum of effects (form "add").
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cache
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from relkit.models.attribution.exposure_factors import factor, listed
from relkit.models.compiling import compiled

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from relkit.models.attribution.baseline_calendar import Calendar
    from relkit.models.attribution.coded_timelines import CodedTimelines
    from relkit.models.attribution.exposure_factors import Bools, Orders, Signs, Stretches
    from relkit.models.attribution.exposure_sweep import Codes, Exposures, Floats, Ints

    Room = tuple[Floats, Ints, Bools, Ints, Floats, Floats]

Form = Literal["multiply", "add"]


@dataclass(frozen=True)
class Combination:
    """Combination of the effects of touches.

    Attributes:
        channels: channels multiply the intensity by exp(sum of effects), or by 1 + sum of effects.
        markers: the same of visits that people make by themselves.
    """

    channels: Form = "add"
    markers: Form = "multiply"

    def codes(self, is_marker: NDArray[np.bool_]) -> NDArray[np.int8]:
        """Return of each code whether it multiplies (0), adds to what channels add (1), or to what markers add (2)."""
        own = np.where(is_marker, 2 * (self.markers == "add"), 1 * (self.channels == "add"))
        return own.astype(np.int8)


@dataclass(frozen=True, eq=False)
class HazardData:
    """Data of a fit: exposures of people with conversions.

    Attributes:
        exposures: stretches and conversions.
        length: of each stretch, by the clock of the calendar; (s,).
        order_offsets: position of each person's first conversion; (p + 1,).
        order_period: stretch of the calendar of each conversion, -1 outside the time at risk; (n,).
        at_risk: time of the clock at risk of each person in each stretch of the calendar; (p, k).
        is_marker: whether each code belongs to a marker; each code has a parameter; (f,).
    """

    exposures: Exposures
    length: Floats
    order_offsets: Ints
    order_period: Ints
    at_risk: Floats
    is_marker: NDArray[np.bool_]

    @property
    def parameters(self) -> int:
        """Number of parameters: effects, then log factors of the calendar but for its first stretch."""
        return len(self.is_marker) + int(self.at_risk.shape[1]) - 1

    @property
    def kept(self) -> Ints:
        """Positions of the parameters among the effects and the log factors of all stretches of the calendar."""
        return np.delete(np.arange(self.parameters + 1), len(self.is_marker))

    def split(self, parameters: Floats) -> tuple[Floats, Floats]:
        """Return the effects of the codes, and the log factors of all stretches of the calendar."""
        effects = len(self.is_marker)
        return parameters[:effects], np.concatenate([np.zeros(1), parameters[effects:]])

    def with_clock(self, calendar: Calendar, timelines: CodedTimelines) -> HazardData:
        """Return the same with lengths by the clock of another calendar with the same stretches."""
        return replace(self, length=calendar.lengths(self.exposures.stretch_days), at_risk=_clocked(timelines, calendar))

    def arguments(self, parameters: Floats, combination: Combination) -> tuple[Any, ...]:
        """Return the first arguments of the kernels."""
        each, (effects, calendar) = self.exposures, self.split(parameters)
        return (
            (each.stretch_offsets, each.stretch_period, self.length, each.stretch_codes, each.stretch_code_offsets),
            (self.order_offsets, self.order_period, each.order_codes, each.order_code_offsets),
            self.at_risk,
            effects,
            calendar,
            combination.codes(self.is_marker),
        )


@dataclass(frozen=True, eq=False)
class Sums:
    """Log-likelihood with its first and expected second derivatives.

    Attributes:
        log_likelihood: up to a constant.
        gradient: (q,).
        information: (q, q).
    """

    log_likelihood: float
    gradient: Floats
    information: Floats


def hazard_data(timelines: CodedTimelines, exposures: Exposures, is_marker: NDArray[np.bool_], calendar: Calendar) -> HazardData:
    """Return the data of a fit."""
    return HazardData(
        exposures=exposures,
        length=calendar.lengths(exposures.stretch_days),
        order_offsets=timelines.order_offsets,
        order_period=np.where(_at_risk(timelines), calendar.period_of(timelines.order_days), -1),
        at_risk=_clocked(timelines, calendar),
        is_marker=is_marker,
    )


def _clocked(timelines: CodedTimelines, calendar: Calendar) -> Floats:
    """Return the time of the clock at risk of each person in each stretch of the calendar; (p, k)."""
    begins, first = np.unique(timelines.from_day, return_inverse=True)  # most people share one of few days
    ends, last = np.unique(timelines.until_day, return_inverse=True)
    low = calendar.clock(np.maximum(begins[:, None], calendar.edges[None, :-1]))
    high = calendar.clock(np.minimum(ends[:, None], calendar.edges[None, 1:]))
    return np.maximum(high[last] - low[first], 0.0)


def _at_risk(timelines: CodedTimelines) -> NDArray[np.bool_]:
    """Return whether each conversion lies in the person's time at risk; (n,)."""
    people, days = timelines.order_people, timelines.order_days
    return np.asarray((days > timelines.from_day[people]) & (days <= timelines.until_day[people]))


def hazard_sums(data: HazardData, parameters: Floats, combination: Combination) -> Sums:
    """Return the log-likelihood and its derivatives at parameters: effects of exposure, then log factors of the calendar but the first."""
    log_likelihood, gradient, information = _kernels()[0](*data.arguments(parameters, combination))
    whole = information + np.tril(information, -1).T
    return Sums(float(log_likelihood), gradient[data.kept], whole[np.ix_(data.kept, data.kept)])


def shares_anyway(data: HazardData, parameters: Floats, combination: Combination) -> Floats:
    """Return 1 / theta of each conversion: the share that would have come without any touch, own visits included; (n,)."""
    each, effects = data.exposures, data.split(parameters)[0]
    return np.asarray(_kernels()[1](each.order_codes, each.order_code_offsets, effects, combination.codes(data.is_marker)))


@cache
def _kernels() -> tuple[Callable[..., Any], Callable[..., Any]]:
    helpers = (factor, listed, _counted, _begun, _extra, _noted, _add_stretches, _add_orders, _add_person, _clear)
    return compiled(_sums, *helpers), compiled(_anyway, factor)


def _anyway(codes: Codes, offsets: Ints, effects: Floats, adds: Signs) -> Floats:
    parts, shares = np.ones(3), np.empty(len(offsets) - 1)
    for o in range(len(shares)):
        shares[o] = 1.0 / factor(codes, offsets[o], offsets[o + 1], effects, adds, parts)
    return shares


def _counted(orders: Orders, i: int) -> int:
    """Return the number of conversions of a person in the time at risk."""
    n = 0
    for o in range(orders[0][i], orders[0][i + 1]):
        if orders[1][o] >= 0:
            n += 1
    return n


def _begun(at_risk: Floats, base: Floats, q: int, room: Room) -> tuple[float, int]:
    """Begin the expected slopes of a person with the calendar; return the expected conversions per own rate, and the slopes listed."""
    mean, touched = room[0], room[1]
    total, m = 0.0, 0
    for k in range(len(base)):
        if at_risk[k] > 0.0:
            mean[q + k] = base[k] * at_risk[k]
            total += mean[q + k]
            touched[m] = q + k
            m += 1
    return total, m


def _extra(stretches: Stretches, i: int, base: Floats, effects: Floats, adds: Signs, room: Room) -> float:
    """Return by how much exposure raises the expected conversions of a person per own rate."""
    offsets, period, length, codes, ends = stretches
    total = 0.0
    for s in range(offsets[i], offsets[i + 1]):
        total += base[period[s]] * length[s] * (factor(codes, ends[s], ends[s + 1], effects, adds, room[5]) - 1.0)
    return total


def _noted(p: int, m: int, room: Room) -> int:
    """List a parameter if it is not listed yet, and return the number listed."""
    if room[2][p]:
        return m
    room[2][p] = True
    room[1][m] = p
    return m + 1


def _add_stretches(
    stretches: Stretches, i: int, rate: float, base: Floats, effects: Floats, adds: Signs, room: Room, m: int, information: Floats
) -> int:
    """Add the stretches of a person to the expected slopes and to the information, and return the number of slopes listed."""
    offsets, period, length, codes, ends = stretches
    mean, _, _, active, slopes, parts = room
    for s in range(offsets[i], offsets[i + 1]):
        plain, at = base[period[s]] * length[s], len(effects) + period[s]
        expected = plain * factor(codes, ends[s], ends[s + 1], effects, adds, parts)
        n = listed(active, slopes, codes, ends[s], ends[s + 1], adds, parts)
        mean[at] += expected - plain
        for a in range(n):
            p, part = active[a], expected * slopes[a]
            m = _noted(p, m, room)
            mean[p] += part
            information[at, p] += rate * part
            for b in range(a + 1):
                twice = 2.0 if b < a and active[b] == p else 1.0
                information[max(p, active[b]), min(p, active[b])] += twice * rate * part * slopes[b]
    return m


def _add_orders(
    orders: Orders, i: int, log_total: float, effects: Floats, calendar: Floats, adds: Signs, room: Room, gradient: Floats
) -> float:
    """Add the conversions of a person to the gradient, and return their log-likelihood."""
    offsets, period, codes, ends = orders
    _, _, _, active, slopes, parts = room
    found = 0.0
    for o in range(offsets[i], offsets[i + 1]):
        if period[o] >= 0:
            found += np.log(factor(codes, ends[o], ends[o + 1], effects, adds, parts)) + calendar[period[o]] - log_total
            gradient[len(effects) + period[o]] += 1.0
            for a in range(listed(active, slopes, codes, ends[o], ends[o + 1], adds, parts)):
                gradient[active[a]] += slopes[a]
    return found


def _add_person(information: Floats, gradient: Floats, rate: float, total: float, room: Room, m: int, q: int) -> None:
    """Take the expected slopes of a person from the gradient, and their products from the information."""
    mean, touched = room[0], room[1]
    for a in range(m):
        p = touched[a]
        gradient[p] -= rate * mean[p]
        if p >= q:
            information[p, p] += rate * mean[p]
        share = rate * mean[p] / total
        for b in range(a + 1):
            information[max(p, touched[b]), min(p, touched[b])] -= share * mean[touched[b]]


def _clear(room: Room, m: int) -> None:
    for a in range(m):
        room[0][room[1][a]] = 0.0
        room[2][room[1][a]] = False


def _sums(
    stretches: Stretches, orders: Orders, at_risk: Floats, effects: Floats, calendar: Floats, adds: Signs
) -> tuple[float, Floats, Floats]:
    q, base = len(effects), np.exp(calendar)
    size = q + len(base)
    gradient, information = np.zeros(size), np.zeros((size, size))
    room = (np.zeros(size), np.empty(size, np.int64), np.zeros(size, np.bool_), np.empty(4096, np.int64), np.empty(4096), np.ones(3))
    log_likelihood = 0.0
    for i in range(len(at_risk)):
        n = _counted(orders, i)
        if n == 0:
            continue
        total, m = _begun(at_risk[i], base, q, room)
        total += _extra(stretches, i, base, effects, adds, room)
        if total > 0.0:
            m = _add_stretches(stretches, i, n / total, base, effects, adds, room, m, information)
            log_likelihood += _add_orders(orders, i, np.log(total), effects, calendar, adds, room, gradient)
            _add_person(information, gradient, n / total, total, room, m, q)
        _clear(room, m)
    return log_likelihood, gradient, information
