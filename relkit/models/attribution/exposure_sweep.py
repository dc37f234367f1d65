"""Exposure of people to channels over time: stretches of constant exposure, and the exposure at each conversion.

    exposures = exposures_of(timelines, runs, ExposureForm.of([(1.0, 7.0, 30.0)] * 5), calendar)

A touch counts from its instant until its lookback has passed, both ends included. The exposure to a channel is the list of its touches
that count: the most recent one and earlier ones, each by the bin of its age (bins include their upper edges). Between two changes of any
of these, and within one stretch of the calendar, nothing changes: the time at risk of a person falls into few such stretches, and what
lies outside them is time without exposure. All sums that a fit needs are sums over people.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from relkit.models.compiling import compiled

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from relkit.models.attribution.baseline_calendar import Calendar
    from relkit.models.attribution.coded_timelines import CodedTimelines

Codes = NDArray[np.int32]
Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Runs = tuple[Floats, Floats, Codes, Ints, Ints]
Bins = tuple[Floats, Ints, Ints]


@dataclass(frozen=True, eq=False)
class ExposureForm:
    """Description of exposures to c channels.

    A touch that counts has a code: the first one of its channel and the bin of its age, and as many more as the channel has bins if it is
    not the most recent of the channel.

    Attributes:
        edges: upper edges of the bins of age of each channel, in days, infinite beyond its last bin; (c, most bins).
        bins: number of bins of each channel; (c,).
        most_earlier: touches of a channel before its most recent one that count; still earlier ones make no difference.
    """

    edges: Floats
    bins: Ints
    most_earlier: int = 3

    @classmethod
    def of(cls, edges: Sequence[Sequence[float]], most_earlier: int = 3) -> ExposureForm:
        """Return the form with these edges of each channel.

        Examples:
            >>> form = ExposureForm.of([(1.0, 7.0), (30.0,)])
            >>> form.first.tolist(), form.channel_of.tolist()
            ([0, 4, 6], [0, 0, 0, 0, 1, 1])
        """
        bins = np.array([len(own) for own in edges], np.int64)
        table = np.full((len(edges), int(bins.max(initial=1))), np.inf)
        for row, own in zip(table, edges, strict=True):
            row[: len(own)] = own
        return cls(table, bins, most_earlier)

    @property
    def first(self) -> Ints:
        """First code of each channel, and the number of codes; (c + 1,)."""
        return np.concatenate([np.zeros(1, np.int64), np.cumsum(2 * self.bins)])

    @property
    def arrays(self) -> Bins:
        """Edges, bins and first code of each channel, for the kernels."""
        return self.edges, self.bins, self.first

    @property
    def channel_of(self) -> Ints:
        """Channel of each code."""
        return np.repeat(np.arange(len(self.bins)), 2 * self.bins)


@dataclass(frozen=True, eq=False)
class Exposures:
    """Stretches of exposure of p people, and the exposure at their n conversions.

    Attributes:
        stretch_offsets: position of each person's first stretch; (p + 1,) int64.
        stretch_period: stretch of the calendar; (s,) int32.
        stretch_days: first and last day; (s, 2) float64.
        stretch_codes, stretch_code_offsets: touches that count in each stretch; (s + 1,) offsets.
        order_codes, order_code_offsets: touches that count at each conversion; (n + 1,) offsets.
    """

    stretch_offsets: Ints
    stretch_period: Codes
    stretch_days: Floats
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

    @property
    def arrays(self) -> Runs:
        """All of them, for the kernels."""
        return self.days, self.alive_days, self.channel, self.starts, self.offsets


def touch_runs(timelines: CodedTimelines, alive_days: Floats, keep: NDArray[np.bool_] | None = None) -> TouchRuns:
    """Return the touches by person and channel.

    Args:
        timelines: m touches of p people.
        alive_days: days for which each touch counts; (m,).
        keep: touches to use, (m,); all by default.
    """
    channels = max(len(timelines.names), 1)
    key = np.repeat(np.arange(timelines.people), np.diff(timelines.touch_offsets)) * channels + timelines.touch_channels
    order = np.argsort(key, kind="stable")
    order = order if keep is None else order[keep[order]]
    ordered = key[order]
    first = np.flatnonzero(np.diff(ordered, prepend=-1))
    return TouchRuns(
        days=timelines.touch_days[order],
        alive_days=alive_days[order],
        channel=(ordered[first] % channels).astype(np.int32),
        starts=np.append(first, len(order)).astype(np.int64),
        offsets=np.searchsorted(ordered[first] // channels, np.arange(timelines.people + 1)).astype(np.int64),
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
    stretches = _kernels()[0](runs.arrays, timelines.from_day, timelines.until_day, form.arrays, form.most_earlier, calendar.edges)
    offsets, period, days, codes, code_offsets = stretches
    return Exposures(offsets, period, days, codes, code_offsets, *order_exposures(timelines, runs, form))


def order_exposures(timelines: CodedTimelines, runs: TouchRuns, form: ExposureForm) -> tuple[Codes, Ints]:
    """Return the codes of the touches that count at each conversion, and their offsets (n + 1,)."""
    codes, offsets = _kernels()[1](runs.arrays, timelines.order_days, timelines.order_offsets, form.arrays, form.most_earlier)
    return codes, offsets


@cache
def _kernels() -> tuple[Callable[..., Any], Callable[..., Any]]:
    return compiled(_stretches, _alive, _longer, _sort, _changes, _codes_at, _zero_to), compiled(_at_orders, _alive, _longer, _passed)


def _longer(values: Any, needed: int) -> Any:
    """Return an array with room for a number of values."""
    if needed <= len(values):
        return values
    longer = np.empty(max(needed, 2 * len(values)), values.dtype)
    for j in range(len(values)):
        longer[j] = values[j]
    return longer


def _sort(values: Floats, n: int) -> None:
    """Sort the first n values in place (Shell 1959)."""
    gap = n // 2
    while gap > 0:
        for j in range(gap, n):
            value, at = values[j], j
            while at >= gap and values[at - gap] > value:
                values[at] = values[at - gap]
                at -= gap
            values[at] = value
        gap = 1 if gap == 2 else gap * 5 // 11


def _alive(codes: Codes, n: int, day: float, runs: Runs, r: int, end: int, bins_of: Bins, most: int) -> int:
    """Append the codes of the touches of run r before `end`, all on or before a day, that count on it; return the new number."""
    days, alive, channel, starts, _ = runs
    c, found = channel[r], 0
    edges, bins, first = bins_of[0], bins_of[1][c], bins_of[2][c]
    for j in range(end - 1, starts[r] - 1, -1):
        since = day - days[j]
        if since > edges[c, bins - 1] or found > most:
            break
        if since <= alive[j]:
            at = 0
            while since > edges[c, at]:
                at += 1
            codes[n] = first + at + (bins if found else 0)
            found += 1
            n += 1
    return n


def _changes(changes: Floats, runs: Runs, i: int, bins_of: Bins, begin: float, finish: float, periods: Floats) -> int:
    """Write the days between begin and finish on which the exposure of a person may change, with both ends; return their number."""
    days, alive, channel, starts, offsets = runs
    n, low, high = 2, finish, begin
    changes[0], changes[1] = begin, finish
    for r in range(offsets[i], offsets[i + 1]):
        c, own, edges = channel[r], bins_of[1][channel[r]], bins_of[0]
        for j in range(starts[r], starts[r + 1]):
            for k in range(own + 2):
                after = 0.0 if k == 0 else edges[c, k - 1] if k <= own else alive[j]
                if after <= alive[j] and begin < days[j] + after < finish:
                    changes[n] = days[j] + after
                    n += 1
            low, high = min(low, days[j]), max(high, days[j] + alive[j])
    for at in periods:
        if max(begin, low) < at < min(finish, high):
            changes[n] = at
            n += 1
    _sort(changes, n)
    return n


def _codes_at(codes: Codes, n: int, day: float, runs: Runs, i: int, passed: Ints, bins_of: Bins, most: int) -> int:
    """Append the codes of a person at a day; `passed` has the touches of each run up to the day before, and is moved on."""
    days, starts, first = runs[0], runs[3], runs[4][i]
    for r in range(first, runs[4][i + 1]):
        while passed[r - first] < starts[r + 1] and days[passed[r - first]] <= day:
            passed[r - first] += 1
        n = _alive(codes, n, day, runs, r, passed[r - first], bins_of, most)
    return n


def _zero_to(passed: Ints, runs: Runs, i: int) -> None:
    """Begin each run of a person with no touch."""
    first = runs[4][i]
    for r in range(first, runs[4][i + 1]):
        passed[r - first] = runs[3][r]


def _stretches(
    runs: Runs, begins: Floats, ends: Floats, bins_of: Bins, most: int, periods: Floats
) -> tuple[Ints, Codes, Floats, Codes, Ints]:
    starts, offsets, size, coded = runs[3], runs[4], 0, 0
    stretch_offsets = np.zeros(len(begins) + 1, np.int64)
    span, period, code_ends = np.empty(2048), np.empty(1024, np.int32), np.zeros(1025, np.int64)
    codes, changes, passed = np.empty(4096, np.int32), np.empty(64), np.empty(16, np.int64)
    for i in range(len(begins)):
        stretch_offsets[i + 1] = size
        touches = starts[offsets[i + 1]] - starts[offsets[i]]
        if touches == 0 or ends[i] <= begins[i]:
            continue
        changes = _longer(changes, touches * (bins_of[0].shape[1] + 2) + len(periods) + 2)
        passed = _longer(passed, offsets[i + 1] - offsets[i])
        n, now = _changes(changes, runs, i, bins_of, begins[i], ends[i], periods), 0
        _zero_to(passed, runs, i)
        codes = _longer(codes, coded + n * (offsets[i + 1] - offsets[i]) * (most + 1))
        span, period, code_ends = _longer(span, 2 * (size + n)), _longer(period, size + n), _longer(code_ends, size + n + 1)
        for s in range(n - 1):
            middle, before = (changes[s] + changes[s + 1]) / 2, coded
            if changes[s + 1] > changes[s]:
                coded = _codes_at(codes, coded, middle, runs, i, passed, bins_of, most)
            if coded > before:
                while now + 2 < len(periods) and periods[now + 1] <= middle:
                    now += 1
                span[2 * size], span[2 * size + 1] = changes[s], changes[s + 1]
                period[size], code_ends[size + 1] = now, coded
                size += 1
        stretch_offsets[i + 1] = size
    spans = span[: 2 * size].copy().reshape(size, 2)
    return stretch_offsets, period[:size].copy(), spans, codes[:coded].copy(), code_ends[: size + 1].copy()


def _passed(days: Floats, start: int, end: int, day: float) -> int:
    """Return the position after the touches on or before a day."""
    while start < end:
        middle = (start + end) // 2
        if days[middle] <= day:
            start = middle + 1
        else:
            end = middle
    return start


def _at_orders(runs: Runs, order_days: Floats, order_offsets: Ints, bins_of: Bins, most: int) -> tuple[Codes, Ints]:
    days, starts, offsets = runs[0], runs[3], runs[4]
    codes, coded = np.empty(4096, np.int32), 0
    code_offsets = np.zeros(len(order_days) + 1, np.int64)
    for i in range(len(order_offsets) - 1):
        for o in range(order_offsets[i], order_offsets[i + 1]):
            codes = _longer(codes, coded + (offsets[i + 1] - offsets[i]) * (most + 1))
            for r in range(offsets[i], offsets[i + 1]):
                end = _passed(days, starts[r], starts[r + 1], order_days[o])
                coded = _alive(codes, coded, order_days[o], runs, r, end, bins_of, most)
            code_offsets[o + 1] = coded
    return codes[:coded].copy(), code_offsets
