"""Likelihood of conversions in continuous time, each person compared with himself at other times.

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
from numpy.typing import NDArray

from relkit.models.affinity.compiling import compiled

if TYPE_CHECKING:
    from collections.abc import Callable

    from relkit.models.attribution.baseline_calendar import Calendar
    from relkit.models.attribution.coded_timelines import CodedTimelines
    from relkit.models.attribution.exposure_sweep import Exposures, Floats, Ints

Form = Literal["multiply", "add"]
SMALLEST = 0.02
"""Smallest factor on the intensity that an exposure can have if effects add: a rate cannot fall to nothing."""


@dataclass(frozen=True)
class Combination:
    """How the effects of touches combine.

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
        return len(self.is_marker) + self.at_risk.shape[1] - 1

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
            each.stretch_offsets,
            each.stretch_period,
            self.length,
            each.stretch_codes,
            each.stretch_code_offsets,
            self.order_offsets,
            self.order_period,
            each.order_codes,
            each.order_code_offsets,
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
    low = np.maximum(timelines.from_day[:, None], calendar.edges[None, :-1])
    high = np.maximum(np.minimum(timelines.until_day[:, None], calendar.edges[None, 1:]), low)
    return calendar.clock(high) - calendar.clock(low)


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
    return compiled(_sums, *HELPERS, _add_information), compiled(_anyway, _factor)


def _factor(codes, start, end, effects, adds, parts):  # type: ignore[no-untyped-def]
    """Return the factor on the intensity of an exposure; `parts` becomes what channels and markers add, with the one they add to."""
    log = 0.0
    parts[1], parts[2] = 1.0, 1.0
    for c in range(start, end):
        if adds[codes[c]] == 0:
            log += effects[codes[c]]
        else:
            parts[adds[codes[c]]] += effects[codes[c]]
    return np.exp(log) * max(parts[1], SMALLEST) * max(parts[2], SMALLEST)


def _anyway(codes, offsets, effects, adds):  # type: ignore[no-untyped-def]
    parts, shares = np.ones(3), np.empty(len(offsets) - 1)
    for o in range(len(shares)):
        shares[o] = 1.0 / _factor(codes, offsets[o], offsets[o + 1], effects, adds, parts)
    return shares


def _listed(active, slopes, codes, start, end, adds, parts):  # type: ignore[no-untyped-def]
    """List the parameters of an exposure with the slopes of the log intensity, and return their number."""
    for c in range(start, end):
        code = codes[c]
        active[c - start] = code
        part = parts[adds[code]]
        slopes[c - start] = 1.0 if adds[code] == 0 else 0.0 if part <= SMALLEST else 1.0 / part
    return end - start


def _base_of(mean, touched, at_risk, base, q):  # type: ignore[no-untyped-def]
    """Begin the expected slopes of a person with the calendar; return the expected conversions per own rate, and the slopes listed."""
    total, m = 0.0, 0
    for k in range(len(base)):
        if at_risk[k] > 0.0:
            mean[q + k] = base[k] * at_risk[k]
            total += mean[q + k]
            touched[m] = q + k
            m += 1
    return total, m


def _counted(order_period, start, end):  # type: ignore[no-untyped-def]
    """Return the number of conversions of a person in the time at risk."""
    n = 0
    for o in range(start, end):
        if order_period[o] >= 0:
            n += 1
    return n


HELPERS = (_factor, _listed, _base_of, _counted)
"""Functions of the kernels of hazards."""


def _add_information(information, rate, total, mean, touched, m, q):  # type: ignore[no-untyped-def]
    """Add the second derivatives of one person that concern the calendar and the expected slopes."""
    for a in range(m):
        p = touched[a]
        if p >= q:
            information[p, p] += rate * mean[p]
        share = rate * mean[p] / total
        for b in range(a + 1):
            information[max(p, touched[b]), min(p, touched[b])] -= share * mean[touched[b]]


def _sums(  # type: ignore[no-untyped-def]
    offsets, period, length, codes, code_offsets, order_offsets, order_period, order_codes, order_code_offsets, at_risk, effects, calendar,
    adds,
):  # fmt: skip
    q, base = len(effects), np.exp(calendar)
    size = q + len(base)
    gradient, information, mean = np.zeros(size), np.zeros((size, size)), np.zeros(size)
    touched, is_touched, parts = np.empty(size, np.int64), np.zeros(size, np.bool_), np.ones(3)
    active, slopes = np.empty(4096, np.int64), np.empty(4096)
    log_likelihood = 0.0
    for i in range(len(at_risk)):
        orders = _counted(order_period, order_offsets[i], order_offsets[i + 1])
        total, m = _base_of(mean, touched, at_risk[i], base, q)
        for s in range(offsets[i], offsets[i + 1]):
            total += base[period[s]] * length[s] * (_factor(codes, code_offsets[s], code_offsets[s + 1], effects, adds, parts) - 1.0)
        if orders and total > 0.0:
            rate = orders / total
            for s in range(offsets[i], offsets[i + 1]):
                expected = base[period[s]] * length[s] * _factor(codes, code_offsets[s], code_offsets[s + 1], effects, adds, parts)
                at, n = q + period[s], _listed(active, slopes, codes, code_offsets[s], code_offsets[s + 1], adds, parts)
                mean[at] += expected - base[period[s]] * length[s]
                for a in range(n):
                    p, part = active[a], expected * slopes[a]
                    if not is_touched[p]:
                        is_touched[p] = True
                        touched[m] = p
                        m += 1
                    mean[p] += part
                    information[at, p] += rate * part
                    for b in range(a + 1):
                        twice = 2.0 if b < a and active[b] == p else 1.0
                        information[max(p, active[b]), min(p, active[b])] += twice * rate * part * slopes[b]
            for o in range(order_offsets[i], order_offsets[i + 1]):
                if order_period[o] >= 0:
                    theta = _factor(order_codes, order_code_offsets[o], order_code_offsets[o + 1], effects, adds, parts)
                    log_likelihood += np.log(theta) + calendar[order_period[o]] - np.log(total)
                    gradient[q + order_period[o]] += 1.0
                    for a in range(_listed(active, slopes, order_codes, order_code_offsets[o], order_code_offsets[o + 1], adds, parts)):
                        gradient[active[a]] += slopes[a]
            for a in range(m):
                gradient[touched[a]] -= rate * mean[touched[a]]
            _add_information(information, rate, total, mean, touched, m, q)
        for a in range(m):
            mean[touched[a]] = 0.0
            is_touched[touched[a]] = False
    return log_likelihood, gradient, information
