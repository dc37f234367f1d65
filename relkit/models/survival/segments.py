"""Comparison of segments of spells: a test of each way to segment them, their curves, and the days they last.

    studies = told_apart({"product_id": code, ...}, duration, event, entry)    the most telling first, p-values adjusted (Holm)
    curves = curves_by_segment(spells, segment)                                those that can be drawn from the first day on
    lasting = days_lived(curves, days, reference)                              restricted means and their differences

A curve from the first day on needs spells that were observed from their first day. A segment without enough of them, such as
contracts that began before observation, is compared with the others at the ages observed (log-rank), and has no curve.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations
from typing import TYPE_CHECKING

import numpy as np

from relkit.errors import NotEnoughEventsError
from relkit.metrics.multiplicity import holm
from relkit.metrics.risk_sets import risk_sets
from relkit.models.survival.curve import FEW, SurvivalCurve
from relkit.models.survival.log_rank import LogRank, log_rank
from relkit.models.survival.restricted_mean import Interval, RestrictedMean, compare_restricted_means, restricted_mean
from relkit.units import LEVEL

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from relkit.metrics.risk_sets import Flags, Floats, Indexes

CLEARLY = 3.0
"""Standard errors between two curves past which one lies clearly above the other: about the 95 % bound over all ages (Nair 1984)."""


@dataclass(frozen=True, eq=False)
class Comparison:
    """Log-rank test of one way to segment the spells, among others.

    Attributes:
        test: of the same pace of ending in all segments.
        p_adjusted: its p-value, adjusted for the number of ways that were tried (Holm).
    """

    test: LogRank
    p_adjusted: float


@dataclass(frozen=True)
class Lasting:
    """Mean days that a segment lasts within a stretch, and the difference from the reference.

    Attributes:
        mean: restricted mean; None if the segment was not observed for so long.
        difference: from the reference; None for the reference, and if neither had an event.
        p_adjusted: of no difference, adjusted for the number of segments (Holm).
    """

    mean: RestrictedMean | None
    difference: Interval | None = None
    p_adjusted: float | None = None


def told_apart(ways: Mapping[str, Indexes], duration: Floats, event: Flags, entry: Floats) -> dict[str, Comparison]:
    """Return a test of each way to segment the spells, the smallest p-value first; ways that cannot be tested are left out.

    Of p-values too small to distinguish, the larger statistic per degree of freedom comes first.

    Args:
        ways: by name, shape (n,), the place of each spell's segment from 0, below 0 for none.
        duration: shape (n,), days.
        event: shape (n,).
        entry: shape (n,), days.
    """
    tests: dict[str, LogRank] = {}
    for name, code in ways.items():
        rows = code >= 0
        if len(np.unique(code[rows])) < 2:
            continue
        try:
            tests[name] = log_rank(duration[rows], event[rows], code[rows], entry[rows])
        except NotEnoughEventsError:
            continue
    adjusted = holm([test.p_value for test in tests.values()])
    found = {name: Comparison(test, float(p)) for (name, test), p in zip(tests.items(), adjusted, strict=True)}
    return dict(sorted(found.items(), key=lambda one: (one[1].test.p_value, -one[1].test.chi2 / one[1].test.degrees_of_freedom)))


def curves_by_segment(code: Indexes, duration: Floats, event: Flags, entry: Floats, *, smallest: int = FEW) -> dict[int, SurvivalCurve]:
    """Return the Kaplan-Meier curve of each segment of which `smallest` spells were observed from their first day.

    Args:
        code: shape (n,), the place of each spell's segment from 0, below 0 for none.
        duration: shape (n,), days.
        event: shape (n,).
        entry: shape (n,), days.
        smallest: spells observed from the first day, at least.
    """
    found = {}
    for place in np.unique(code[code >= 0]).tolist():
        rows = code == place
        if int((entry[rows] == 0).sum()) >= smallest:
            found[place] = SurvivalCurve.from_counts(risk_sets(duration[rows], event[rows], entry[rows]), tail_hazard=0.0, level=LEVEL)
    return found


def seen_until(curve: SurvivalCurve, *, smallest: int = FEW) -> float:
    """Return the last age at which `smallest` spells were still at risk, in days; 0 if they never were."""
    enough = np.flatnonzero(curve.at_risk >= smallest)
    return float(curve.days[enough[-1]]) if len(enough) else 0.0


def stretch(curves: Sequence[SurvivalCurve], ages: Sequence[float], *, least: float, smallest: int = FEW) -> float | None:
    """Return the longest of `ages` that all curves were observed for; if that is below `least`, the longest up to it of two of them.

    Args:
        curves: at least two, else there is none.
        ages: days, ascending.
        least: days.
        smallest: spells at risk at that age, at least.
    """
    reached = sorted((seen_until(curve, smallest=smallest) for curve in curves), reverse=True)
    if len(reached) < 2:
        return None
    shared = [age for age in ages if age <= reached[-1]]
    if shared and shared[-1] >= least:
        return shared[-1]
    return next((age for age in reversed(ages) if age <= min(least, reached[1])), None)


def cross(curves: Sequence[SurvivalCurve], *, smallest: int = FEW) -> bool:
    """Return whether of any two curves one lies clearly above at some age and clearly below at another.

    Clearly: by `CLEARLY` standard errors of the difference, at ages at which `smallest` spells of both were at risk.
    """
    return any(_cross(one, other, smallest) for one, other in combinations(curves, 2))


def _cross(one: SurvivalCurve, other: SurvivalCurve, smallest: int) -> bool:
    last = min(seen_until(one, smallest=smallest), seen_until(other, smallest=smallest))
    ages = np.unique(np.concatenate([one.days, other.days]))
    ages = ages[ages <= last]
    gap = one.at(ages) - other.at(ages)
    reach = CLEARLY * np.hypot(one.std_error_at(ages), other.std_error_at(ages))
    return bool((gap > reach).any() and (gap < -reach).any())


def days_lived(curves: Mapping[int, SurvivalCurve], days: float, reference: int, *, smallest: int = FEW) -> dict[int, Lasting]:
    """Return the restricted mean of each segment and its difference from that of the reference.

    Args:
        curves: by segment.
        days: the stretch.
        reference: a segment that was observed for so long.
        smallest: spells at risk at the end of the stretch, at least.
    """
    means = {
        place: restricted_mean(curve, days, level=LEVEL) if seen_until(curve, smallest=smallest) >= days else None
        for place, curve in curves.items()
    }
    base = means[reference]
    apart = {place: _difference(mean, base) for place, mean in means.items() if place != reference}
    known = {place: gap for place, gap in apart.items() if gap is not None}
    adjusted = dict(zip(known, holm([gap.p_value for gap in known.values()]).tolist(), strict=True))
    return {place: Lasting(mean, apart.get(place), adjusted.get(place)) for place, mean in means.items()}


def _difference(one: RestrictedMean | None, other: RestrictedMean | None) -> Interval | None:
    if one is None or other is None:
        return None
    try:
        return compare_restricted_means(one, other).difference
    except NotEnoughEventsError:
        return None
