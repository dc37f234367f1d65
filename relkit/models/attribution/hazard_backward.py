"""Credit by backward elimination: touches are taken away one by one, the latest first, and credited with what the intensity falls by.

The earliest touch is credited with what it adds to a person whom no other reaches, the latest with what it adds to all others: who came
last is responsible for what came on top (Shender et al. 2024, section 3). Own visits stay, as they are signs of interest.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np

from relkit.models.attribution.exposure_factors import factor
from relkit.models.compiling import compiled

if TYPE_CHECKING:
    from collections.abc import Callable

    from relkit.models.attribution.coded_timelines import CodedTimelines
    from relkit.models.attribution.exposure_factors import Bools, Signs
    from relkit.models.attribution.exposure_sweep import Bins, Codes, ExposureForm, Floats, Ints

    Touches = tuple[Floats, Codes, Floats]
    Model = tuple[Floats, Signs, Bools, Bins, int]
    Room = tuple[Codes, Ints, Floats]


def backward_credit(people: CodedTimelines, alive_days: Floats, form: ExposureForm, marks: Bools, effects: Floats, adds: Signs) -> Floats:
    """Return the conversions credited to each of c channels by backward elimination; (c,).

    Args:
        people: with conversions.
        alive_days: days for which each touch counts; (m,).
        form: of exposures.
        marks: whether each channel is a marker; (c,).
        effects: of each code.
        adds: how each code combines, see `relkit.models.attribution.exposure_factors.factor`.
    """
    touches = (people.touch_days, people.touch_channels.astype(np.int32), alive_days)
    model = (effects, adds, marks, form.arrays, form.most_earlier)
    return np.asarray(_kernel()(touches, people.touch_offsets, people.order_days, people.order_offsets, model))


@cache
def _kernel() -> Callable[..., Any]:
    return compiled(_credit, factor, _intensity, _conversion)


def _intensity(touches: Touches, start: int, end: int, kept: int, day: float, model: Model, room: Room) -> float:
    """Return the factor at a day of the touches start to end, those of channels only before `kept`."""
    days, channel, alive = touches
    effects, adds, marks, (edges, bins, first), most = model
    codes, found, parts = room
    n = 0
    for c in range(len(found)):
        found[c] = 0
    for j in range(end - 1, start - 1, -1):
        c, since = channel[j], day - days[j]
        if (marks[c] or j < kept) and since <= alive[j] and found[c] <= most and n < len(codes):
            at = 0
            while since > edges[c, at]:
                at += 1
            codes[n] = first[c] + at + (bins[c] if found[c] else 0)
            found[c] += 1
            n += 1
    return factor(codes, 0, n, effects, adds, parts)


def _conversion(credit: Floats, touches: Touches, start: int, end: int, day: float, model: Model, room: Room) -> None:
    """Add the credit of one conversion."""
    whole = _intensity(touches, start, end, end, day, model, room)
    before = whole
    for j in range(end - 1, start - 1, -1):
        if not model[2][touches[1][j]]:
            after = _intensity(touches, start, end, j, day, model, room)
            credit[touches[1][j]] += (before - after) / whole
            before = after


def _credit(touches: Touches, touch_offsets: Ints, order_days: Floats, order_offsets: Ints, model: Model) -> Floats:
    marks, edges, bins = model[2], model[3][0], model[3][1]
    credit, longest = np.zeros(len(marks)), 0.0
    for c in range(len(marks)):
        longest = max(longest, edges[c, bins[c] - 1])
    room = (np.empty(4096, np.int32), np.zeros(len(marks), np.int64), np.ones(3))
    for i in range(len(order_offsets) - 1):
        start, end = touch_offsets[i], touch_offsets[i]
        for o in range(order_offsets[i], order_offsets[i + 1]):
            while end < touch_offsets[i + 1] and touches[0][end] <= order_days[o]:
                end += 1
            while start < end and order_days[o] - touches[0][start] > longest:
                start += 1
            if end > start:
                _conversion(credit, touches, start, end, order_days[o], model, room)
    return credit
