"""Exposure of people to channels over time: stretches of constant exposure, and the exposure at each conversion.

    exposures = exposures_of(timelines, ExposureForm(edges=(1.0, 7.0, 30.0), most_repeats=3), calendar)

A person is exposed to a channel from a touch until its lookback has passed. The exposure is described by the time since the most recent
touch, in bins that include their upper edges, and by the number of earlier touches still within the lookback. Between two changes of any
of these, and within one stretch of the calendar, nothing changes: the time at risk of a person falls into few such stretches, and what
lies outside them is time without exposure. All sums that a fit needs are sums over people.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from relkit.models.affinity.compiling import compiled

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from relkit.models.attribution.baseline_calendar import Calendar
    from relkit.models.attribution.coded_timelines import CodedTimelines

Codes = NDArray[np.int32]
Ints = NDArray[np.int64]
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class ExposureForm:
    """Description of an exposure.

    Attributes:
        edges: upper edges of the bins of time since the most recent touch, in days; the last one is the longest lookback.
        most_repeats: earlier touches beyond this number make no difference.
    """

    edges: tuple[float, ...]
    most_repeats: int = 3

    @property
    def bins(self) -> int:
        """Number of bins of time."""
        return len(self.edges)

    @property
    def kinds(self) -> int:
        """Number of different exposures to one channel."""
        return self.bins * (self.most_repeats + 1)

    @property
    def bin_of(self) -> Ints:
        """Bin of each exposure to one channel; (kinds,)."""
        return np.arange(self.kinds) // (self.most_repeats + 1)

    @property
    def repeats_of(self) -> Ints:
        """Earlier touches of each exposure to one channel; (kinds,)."""
        return np.arange(self.kinds) % (self.most_repeats + 1)


@dataclass(frozen=True, eq=False)
class Exposures:
    """Stretches of exposure of p people, and the exposure at their n conversions.

    The exposure to several channels is a list of codes, channel x kinds + kind of exposure.

    Attributes:
        stretch_offsets: position of each person's first stretch; (p + 1,) int64.
        stretch_period: stretch of the calendar; (s,) int32.
        stretch_length: in days of the calendar, see `Calendar.clock`; (s,) float64.
        stretch_codes, stretch_code_offsets: exposure of each stretch.
        order_codes, order_code_offsets: exposure at each conversion; (n + 1,) offsets.
    """

    stretch_offsets: Ints
    stretch_period: Codes
    stretch_length: Floats
    stretch_codes: Codes
    stretch_code_offsets: Ints
    order_codes: Codes
    order_code_offsets: Ints


@dataclass(frozen=True, eq=False)
class TouchRuns:
    """Touches of each person by channel, in order of time: a run has those of one person in one channel.

    Attributes:
        days, alive_days: of each touch, and the days for which it counts; (m,) float64.
        channel, starts: of each run; (u,) int32, (u + 1,) int64.
        offsets: position of each person's first run; (p + 1,) int64.
    """

    days: Floats
    alive_days: Floats
    channel: Codes
    starts: Ints
    offsets: Ints


def touch_runs(timelines: CodedTimelines, alive_days: Floats, keep: NDArray[np.bool_] | None = None) -> TouchRuns:
    """Return the touches by person and channel.

    Args:
        timelines: m touches of p people.
        alive_days: days for which each touch counts; (m,).
        keep: touches to use; all by default.
    """
    people = np.repeat(np.arange(timelines.people), np.diff(timelines.touch_offsets))
    key = people * max(len(timelines.names), 1) + timelines.touch_channels
    order = np.argsort(key, kind="stable")
    order = order if keep is None else order[keep[order]]
    sorted_key = key[order]
    first = np.flatnonzero(np.diff(sorted_key, prepend=-1))
    owner = sorted_key[first] // max(len(timelines.names), 1)
    return TouchRuns(
        days=timelines.touch_days[order],
        alive_days=alive_days[order],
        channel=(sorted_key[first] % max(len(timelines.names), 1)).astype(np.int32),
        starts=np.append(first, len(order)).astype(np.int64),
        offsets=np.searchsorted(owner, np.arange(timelines.people + 1)).astype(np.int64),
    )


def alive_days(timelines: CodedTimelines, lookback_days: float, by_kind: Mapping[str, float]) -> Floats:
    """Return the days for which each touch counts; (m,)."""
    alive = np.full(len(timelines.touch_days), lookback_days)
    if timelines.touch_kinds is not None:
        for kind, days in by_kind.items():
            alive[(timelines.touch_kinds == kind).fill_null(value=False).to_numpy()] = days
    return alive


def exposures_of(timelines: CodedTimelines, runs: TouchRuns, form: ExposureForm, calendar: Calendar) -> Exposures:
    """Return the exposure of people to channels."""
    edges = np.array(form.edges)
    stretches = _kernels()[0](
        runs.days,
        runs.alive_days,
        runs.channel,
        runs.starts,
        runs.offsets,
        timelines.from_day,
        timelines.until_day,
        edges,
        form.most_repeats,
        calendar.edges,
        calendar.clock_days,
    )
    return Exposures(*stretches, *order_exposures(timelines, runs, form))


def order_exposures(timelines: CodedTimelines, runs: TouchRuns, form: ExposureForm) -> tuple[Codes, Ints]:
    """Return the codes of the exposure at each conversion, and their offsets (n + 1,)."""
    codes, offsets = _kernels()[1](
        runs.days,
        runs.alive_days,
        runs.channel,
        runs.starts,
        runs.offsets,
        timelines.order_days,
        timelines.order_offsets,
        np.array(form.edges),
        form.most_repeats,
    )
    return codes, offsets


@cache
def _kernels() -> tuple[Callable[..., Any], Callable[..., Any]]:
    return compiled(_stretches, _kind, _longer, _longer_ints, _clock), compiled(_at_orders, _kind, _longer_ints)


def _kind(day, days, alive, start, end, edges, most):  # type: ignore[no-untyped-def]
    """Return the kind of exposure at a day to the touches start to end, all on or before it; -1 without one that counts."""
    longest = edges[-1]
    found, repeats = -1, 0
    for j in range(end - 1, start - 1, -1):
        since = day - days[j]
        if since > longest or repeats >= most:
            break
        if since <= alive[j]:
            if found < 0:
                found = 0
                while since > edges[found]:
                    found += 1
            else:
                repeats += 1
    return -1 if found < 0 else found * (most + 1) + repeats


def _longer(values, needed):  # type: ignore[no-untyped-def]
    """Return an array with room for a number of values."""
    if needed <= len(values):
        return values
    longer = np.empty(max(needed, 2 * len(values)), np.float64)
    longer[: len(values)] = values
    return longer


def _longer_ints(values, needed):  # type: ignore[no-untyped-def]
    if needed <= len(values):
        return values
    longer = np.empty(max(needed, 2 * len(values)), np.int32)
    longer[: len(values)] = values
    return longer


def _clock(day, clock_days):  # type: ignore[no-untyped-def]
    """Return the time of the calendar at a day: `clock_days` has it at the beginning of each day."""
    whole = min(max(int(np.floor(day)), 0), len(clock_days) - 2)
    return clock_days[whole] + (day - whole) * (clock_days[whole + 1] - clock_days[whole])


def _stretches(days, alive, channel, starts, offsets, begins, ends, edges, most, periods, clock_days):  # type: ignore[no-untyped-def]
    people, bins = len(begins), len(edges)
    stretch_offsets = np.zeros(people + 1, np.int64)
    size, coded = 0, 0
    length, period = np.empty(1024), np.empty(1024, np.int32)
    codes, code_ends = np.empty(2048, np.int32), np.empty(1024, np.int32)
    changes, passed = np.empty(64), np.empty(16, np.int32)
    for i in range(people):
        first, last, begin, end = offsets[i], offsets[i + 1], begins[i], ends[i]
        n = starts[last] - starts[first]
        if n:
            changes = _longer(changes, n * (bins + 2) + len(periods) + 2)
            passed = _longer_ints(passed, last - first)
            m = 0
            for j in range(starts[first], starts[last]):
                for k in range(bins + 2):
                    after = 0.0 if k == 0 else edges[k - 1] if k <= bins else alive[j]
                    at = days[j] + after
                    if after <= alive[j] and begin < at < end:
                        changes[m] = at
                        m += 1
            low, high = begin, end
            for at in periods:
                if low < at < high:
                    changes[m] = at
                    m += 1
            changes[m], changes[m + 1] = begin, end
            m += 2
            ordered = np.sort(changes[:m])
            for r in range(first, last):
                passed[r - first] = starts[r]
            now = 0
            for s in range(m - 1):
                a, b = ordered[s], ordered[s + 1]
                if b <= a:
                    continue
                middle = (a + b) / 2
                codes = _longer_ints(codes, coded + last - first)
                before = coded
                for r in range(first, last):
                    at = passed[r - first]
                    while at < starts[r + 1] and days[at] <= middle:
                        at += 1
                    passed[r - first] = at
                    kind = _kind(middle, days, alive, starts[r], at, edges, most)
                    if kind >= 0:
                        codes[coded] = channel[r] * bins * (most + 1) + kind
                        coded += 1
                if coded > before:
                    while now + 2 < len(periods) and periods[now + 1] <= middle:
                        now += 1
                    length, period = _longer(length, size + 1), _longer_ints(period, size + 1)
                    code_ends = _longer_ints(code_ends, size + 1)
                    length[size] = _clock(b, clock_days) - _clock(a, clock_days)
                    period[size], code_ends[size] = now, coded
                    size += 1
        stretch_offsets[i + 1] = size
    code_offsets = np.zeros(size + 1, np.int64)
    code_offsets[1:] = code_ends[:size]
    return stretch_offsets, period[:size].copy(), length[:size].copy(), codes[:coded].copy(), code_offsets


def _at_orders(days, alive, channel, starts, offsets, order_days, order_offsets, edges, most):  # type: ignore[no-untyped-def]
    codes, coded = np.empty(2048, np.int32), 0
    code_offsets = np.zeros(len(order_days) + 1, np.int64)
    for i in range(len(order_offsets) - 1):
        for o in range(order_offsets[i], order_offsets[i + 1]):
            codes = _longer_ints(codes, coded + offsets[i + 1] - offsets[i])
            for r in range(offsets[i], offsets[i + 1]):
                at = starts[r] + np.searchsorted(days[starts[r] : starts[r + 1]], order_days[o], side="right")
                kind = _kind(order_days[o], days, alive, starts[r], at, edges, most)
                if kind >= 0:
                    codes[coded] = channel[r] * len(edges) * (most + 1) + kind
                    coded += 1
            code_offsets[o + 1] = coded
    return codes[:coded].copy(), code_offsets
