"""Counts of journeys: touches and conversions read or left out, and all that makes journeys hard to read."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from relkit.features.journey_cuts import lower_bounds, starts_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from relkit.features.conversions import Conversions
    from relkit.features.journey_cuts import Cuts
    from relkit.features.journey_touches import Touches


def counts_of(touches: Touches, conversions: Conversions, cuts: Cuts) -> dict[str, int]:
    """Return the counts by name.

    Returns:
        Those of `known_touches` and `conversions`; touches: in_journeys, in_null_paths, too_old, after_first_order (of a reading of first
        orders); conversions, untouched (without a touch); journeys, null_paths, loops (touches that repeat the channel before them);
        converters, early_converters (people whose first touch, those at the instant of a conversion aside, comes after their first
        conversion); channels, channels_never_before (those that no conversion follows).
    """
    is_null = cuts.conversion < 0
    number = int(conversions.number.sum())
    touched = _there(cuts.conversion[~is_null], len(conversions.at))
    channel = touches.channel[cuts.touch]
    lengths = np.diff(cuts.start)
    journey = np.repeat(np.arange(len(lengths), dtype=np.int32), lengths)
    same = (channel[1:] == channel[:-1]) & (journey[1:] == journey[:-1])
    in_null_paths = int(lengths[is_null].sum())
    names = len(touches.channels)
    known, before = _there(touches.channel, names).sum(), _there(channel[~is_null[journey]], names).sum()
    return {
        **touches.counts,
        **conversions.counts,
        "in_journeys": int(_there(cuts.touch, len(touches.at)).sum()),
        "too_old": cuts.too_old,
        "after_first_order": cuts.after_last - in_null_paths,
        "in_null_paths": in_null_paths,
        "conversions": number,
        "untouched": number - int(conversions.number[touched].sum()),
        "journeys": len(lengths),
        "null_paths": int(is_null.sum()),
        "loops": int(same.sum()),
        "converters": int(_firsts(conversions.customer).sum()),
        "early_converters": _early_converters(touches, conversions),
        "channels": int(known),
        "channels_never_before": int(known - before),
    }


def _there(codes: NDArray[Any], size: int) -> NDArray[np.bool_]:
    """Return whether each code below a size occurs; marking them costs less than sorting or hashing."""
    found = np.zeros(size, np.bool_)
    found[codes] = True
    return found


def _firsts(codes: NDArray[Any]) -> NDArray[np.bool_]:
    """Return whether each code, of codes in order, is the first of its kind."""
    first = np.ones(len(codes), np.bool_)
    first[1:] = codes[1:] != codes[:-1]
    return first


def _early_converters(touches: Touches, conversions: Conversions) -> int:
    """Return the number of people who convert before their first touch, touches at the instant of a conversion aside."""
    if not len(conversions.at) or not len(touches.at):
        return 0
    apart = ~_at_a_conversion(touches, conversions)
    person, at = touches.person[apart], touches.at[apart]
    first, is_first = _firsts(person), _firsts(conversions.customer)
    _, mine, theirs = np.intersect1d(person[first], conversions.customer[is_first], assume_unique=True, return_indices=True)
    return int((at[first][mine] > conversions.at[is_first][theirs]).sum())


def _at_a_conversion(touches: Touches, conversions: Conversions) -> NDArray[np.bool_]:
    """Return whether each touch took place at the instant of a conversion of its person."""
    people = 1 + int(max(touches.person[-1], conversions.customer[-1]))
    edges = starts_of(conversions.customer, people)
    high = edges[1:][touches.person]
    place = lower_bounds(conversions.at, touches.at, edges[touches.person], high)
    found: NDArray[np.bool_] = (place < high) & (conversions.at[np.minimum(place, len(conversions.at) - 1)] == touches.at)
    return found
