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

from dataclasses import dataclass
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


@dataclass(frozen=True, eq=False)
class Terms:
    """Parameters that each code of an exposure adds.

    Attributes:
        first, second: positions of two parameters of each code; (f,) int64.
        weight: of the second, the first having weight 1; (f,) float64.
        parameters: number of parameters of exposure.
        is_marker: whether each code belongs to a marker; (f,) bool.
    """

    first: Ints
    second: Ints
    weight: Floats
    parameters: int
    is_marker: NDArray[np.bool_]

    def adds(self, form: Form) -> NDArray[np.bool_]:
        """Return whether each code adds to the intensity, in place of multiplying it; (f,)."""
        return ~self.is_marker if form == "add" else np.zeros(len(self.first), np.bool_)

    def effects(self, coefficients: Floats) -> Floats:
        """Return the effect of each code; (f,)."""
        return coefficients[self.first] + self.weight * coefficients[self.second]


@dataclass(frozen=True, eq=False)
class HazardData:
    """Data of a fit: exposures of people with conversions.

    Attributes:
        exposures: stretches and conversions.
        order_offsets: position of each person's first conversion; (p + 1,).
        order_period: stretch of the calendar of each conversion, -1 outside the time at risk; (n,).
        at_risk: time of the clock at risk of each person in each stretch of the calendar; (p, k).
        terms: parameters of the codes.
        periods: number of stretches of the calendar.
    """

    exposures: Exposures
    order_offsets: Ints
    order_period: Ints
    at_risk: Floats
    terms: Terms
    periods: int

    @property
    def parameters(self) -> int:
        """Number of parameters: of exposure, then of the calendar but for its first stretch."""
        return self.terms.parameters + self.periods - 1


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


def hazard_data(timelines: CodedTimelines, exposures: Exposures, terms: Terms, calendar: Calendar) -> HazardData:
    """Return the data of a fit."""
    low = np.maximum(timelines.from_day[:, None], calendar.edges[None, :-1])
    high = np.maximum(np.minimum(timelines.until_day[:, None], calendar.edges[None, 1:]), low)
    return HazardData(
        exposures=exposures,
        order_offsets=timelines.order_offsets,
        order_period=np.where(_at_risk(timelines), calendar.period_of(timelines.order_days), -1),
        at_risk=calendar.clock(high) - calendar.clock(low),
        terms=terms,
        periods=calendar.periods,
    )


def _at_risk(timelines: CodedTimelines) -> NDArray[np.bool_]:
    """Return whether each conversion lies in the person's time at risk; (n,)."""
    people, days = timelines.order_people, timelines.order_days
    return np.asarray((days > timelines.from_day[people]) & (days <= timelines.until_day[people]))


def hazard_sums(data: HazardData, parameters: Floats, form: Form) -> Sums:
    """Return the log-likelihood and its derivatives at parameters: effects of exposure, then log factors of the calendar but the first."""
    each, terms = data.exposures, data.terms
    effects = terms.effects(parameters[: terms.parameters])
    calendar = np.concatenate([np.zeros(1), parameters[terms.parameters :]])
    found = _kernel()(
        each.stretch_offsets,
        each.stretch_period,
        each.stretch_length,
        each.stretch_codes,
        each.stretch_code_offsets,
        data.order_offsets,
        data.order_period,
        each.order_codes,
        each.order_code_offsets,
        data.at_risk,
        effects,
        terms.first,
        terms.second,
        terms.weight,
        terms.parameters,
        calendar,
        terms.adds(form),
        SMALLEST,
    )
    keep = np.delete(np.arange(terms.parameters + data.periods), terms.parameters)
    log_likelihood, gradient, information = found
    whole = information + np.tril(information, -1).T
    return Sums(float(log_likelihood), gradient[keep], whole[np.ix_(keep, keep)])


@cache
def _kernel() -> Callable[..., Any]:
    return compiled(_sums, *HELPERS, _add_information)


def _factor(codes, start, end, effects, adds, smallest):  # type: ignore[no-untyped-def]
    """Return the factor on the intensity of an exposure, and the part of it that adds."""
    log, added = 0.0, 1.0
    for c in range(start, end):
        if adds[codes[c]]:
            added += effects[codes[c]]
        else:
            log += effects[codes[c]]
    added = max(added, smallest)
    return np.exp(log) * added, added


def _listed(active, slopes, codes, start, end, first, second, weight, added, adds, smallest):  # type: ignore[no-untyped-def]
    """List the parameters of an exposure with the slopes of the log intensity, and return their number."""
    n = 0
    for c in range(start, end):
        code = codes[c]
        slope = 1.0 if not adds[code] else 0.0 if added <= smallest else 1.0 / added
        active[n], slopes[n] = first[code], slope
        n += 1
        if weight[code] != 0.0:
            active[n], slopes[n] = second[code], slope * weight[code]
            n += 1
    return n


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


def _note(p, touched, is_touched, m):  # type: ignore[no-untyped-def]
    """List a parameter if it is not listed yet, and return the number listed."""
    if is_touched[p]:
        return m
    is_touched[p] = True
    touched[m] = p
    return m + 1


HELPERS = (_factor, _listed, _base_of, _counted, _note)
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
    offsets, period, length, codes, code_offsets, order_offsets, order_period, order_codes, order_code_offsets, at_risk, effects, first,
    second, weight, q, calendar, adds, smallest,
):  # fmt: skip
    size = q + at_risk.shape[1]
    gradient, information, base = np.zeros(size), np.zeros((size, size)), np.exp(calendar)
    mean, touched, is_touched = np.zeros(size), np.empty(size, np.int64), np.zeros(size, np.bool_)
    active, slopes = np.empty(2 * len(effects) + 2, np.int64), np.empty(2 * len(effects) + 2)
    log_likelihood = 0.0
    for i in range(len(at_risk)):
        orders = _counted(order_period, order_offsets[i], order_offsets[i + 1])
        total, m = _base_of(mean, touched, at_risk[i], base, q)
        for s in range(offsets[i], offsets[i + 1]):
            theta = _factor(codes, code_offsets[s], code_offsets[s + 1], effects, adds, smallest)[0]
            total += base[period[s]] * length[s] * (theta - 1.0)
        if orders and total > 0.0:
            rate = orders / total
            for s in range(offsets[i], offsets[i + 1]):
                theta, added = _factor(codes, code_offsets[s], code_offsets[s + 1], effects, adds, smallest)
                at, expected = q + period[s], base[period[s]] * length[s] * theta
                mean[at] += expected - base[period[s]] * length[s]
                n = _listed(active, slopes, codes, code_offsets[s], code_offsets[s + 1], first, second, weight, added, adds, smallest)
                for a in range(n):
                    p, part = active[a], expected * slopes[a]
                    m = _note(p, touched, is_touched, m)
                    mean[p] += part
                    information[at, p] += rate * part
                    for b in range(a + 1):
                        information[max(p, active[b]), min(p, active[b])] += rate * part * slopes[b]
            for o in range(order_offsets[i], order_offsets[i + 1]):
                if order_period[o] < 0:
                    continue
                start, end = order_code_offsets[o], order_code_offsets[o + 1]
                theta, added = _factor(order_codes, start, end, effects, adds, smallest)
                log_likelihood += np.log(theta) + calendar[order_period[o]] - np.log(total)
                gradient[q + order_period[o]] += 1.0
                for a in range(_listed(active, slopes, order_codes, start, end, first, second, weight, added, adds, smallest)):
                    gradient[active[a]] += slopes[a]
            gradient[touched[:m]] -= rate * mean[touched[:m]]
            _add_information(information, rate, total, mean, touched, m, q)
        for a in range(m):
            mean[touched[a]] = 0.0
            is_touched[touched[a]] = False
    return log_likelihood, gradient, information
