"""Journeys cut from touches and conversions, both in order of person and time, in arrays.

A journey has the touches of one person after the previous conversion and within [conversion - lookback, conversion], both ends included.
The touches after the last conversion are a journey that led to nothing, a null path; a touch that is too old for its conversion is in
none. If touches are reused, each conversion has all the touches within its lookback, and the others are too old.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Ints = NDArray[np.int64]
    Places = NDArray[np.int32]


@dataclass(frozen=True, eq=False)
class Events:
    """Something that happens to people, in order of person and instant.

    Attributes:
        person: code of the person; (n,) of unsigned integers.
        at: microseconds since 1970; (n,) int64.
    """

    person: NDArray[np.uint32]
    at: Ints


@dataclass(frozen=True, eq=False)
class Cuts:
    """Journeys of touches, in order of person and time, a null path last of its person.

    Attributes:
        touch: position of each touch of each journey; (m,) int32, as all positions: two billion touches are enough.
        start: position of the first touch of each journey, and the number of touches; (j + 1,) int32.
        conversion: position of the conversion in which each journey ended; -1 for null paths; (j,) int32.
        too_old: touches before a conversion, but outside the lookback of all that they could serve.
        after_last: touches after the last conversion of their person.
    """

    touch: Places
    start: Places
    conversion: Places
    too_old: int
    after_last: int


def cut(touches: Events, conversions: Events, lookback: Ints, *, reuse: bool = False, once: bool = False) -> Cuts:
    """Return the journeys.

    Args:
        touches: m touches.
        conversions: n conversions, at most one of a person at an instant.
        lookback: of each touch, microseconds; (m,).
        reuse: let touches serve each conversion within their lookback.
        once: people convert at most once, so that what follows leads to nothing else and is no null path.

    Examples:
        >>> clicks = Events(np.array([0, 0, 0], np.uint32), np.array([0, 5, 10]))
        >>> sales = Events(np.array([0, 0], np.uint32), np.array([6, 8]))
        >>> cuts = cut(clicks, sales, np.array([6, 6, 6]))
        >>> cuts.touch.tolist(), cuts.start.tolist(), cuts.conversion.tolist()
        ([0, 1, 2], [0, 2, 3], [0, -1])
        >>> cut(clicks, sales, np.array([6, 6, 6]), reuse=True).touch.tolist()
        [0, 1, 1, 2]
    """
    people = 1 + max((int(codes[-1]) for codes in (touches.person, conversions.person) if len(codes)), default=-1)
    first = starts_of(conversions.person, people)
    last = first[1:][touches.person]
    following = lower_bounds(conversions.at, touches.at, first[touches.person], last)
    is_after = following == last
    in_time = _in_time(touches, conversions, following, is_after, lookback)
    is_null = is_after & (first[1:] == first[:-1])[touches.person] if once else is_after
    counts = int((~is_after & ~in_time).sum()), int(is_after.sum())
    if reuse:
        touch, key = _reused(touches, conversions, lookback, people)
        after = np.flatnonzero(is_null).astype(np.int32)
        touch, key = np.concatenate([touch, after]), np.concatenate([key, _null_keys(touches, after, first)])
        return _cuts(touches.person, touch, key, (len(touches.at) - int(is_after.sum()) - len(np.unique(touch)) + len(after), counts[1]))
    touch = np.flatnonzero(in_time | is_null).astype(np.int32)
    key = np.where(is_null[touch], _null_keys(touches, touch, first), 2 * following[touch])
    return _cuts(touches.person, touch, key, counts)


def starts_of(person: NDArray[np.uint32], people: int) -> Places:
    """Return the position of the first event of each person, and the number of events; (people + 1,)."""
    starts = np.zeros(people + 1, np.int32)
    np.cumsum(np.bincount(person, minlength=people), out=starts[1:], dtype=np.int32)
    return starts


def lower_bounds(values: Ints, sought: Ints, low: Places, high: Places) -> Places:
    """Return the first position in [low, high) at which ascending values reach the one sought; high if none does.

    All are sought at once: a step for each bit of the longest range.

    Examples:
        >>> lower_bounds(np.array([1, 4, 9, 2]), np.array([4, 5, 10]), np.array([0, 0, 0]), np.array([3, 3, 3])).tolist()
        [1, 2, 3]
    """
    low, high = low.copy(), high.copy()
    if not len(values):
        return low
    while (open_ := np.flatnonzero(low < high)).size:
        a, b = low[open_], high[open_]
        middle = (a + b) >> 1
        is_below = values[middle] < sought[open_]
        low[open_], high[open_] = np.where(is_below, middle + 1, a), np.where(is_below, b, middle)
    return low


def _in_time(touches: Events, conversions: Events, following: Places, is_after: NDArray[np.bool_], lookback: Ints) -> NDArray[np.bool_]:
    """Return whether each touch is within the lookback of the conversion that follows it."""
    if not len(conversions.at):
        return np.zeros(len(touches.at), np.bool_)
    reached = conversions.at[np.minimum(following, len(conversions.at) - 1)] - touches.at
    return ~is_after & (reached <= lookback)


def _null_keys(touches: Events, touch: Places, first: Places) -> Places:
    """Return the sort keys of null paths: odd, after the conversions of the person and before those of the next."""
    return 2 * first[1:][touches.person[touch]] - 1


def _reused(touches: Events, conversions: Events, lookback: Ints, people: int) -> tuple[Places, Places]:
    """Return the touches of each conversion, those of other conversions among them, and the sort key of each."""
    first = starts_of(touches.person, people)
    low, high = first[conversions.person], first[1:][conversions.person]
    longest = int(lookback.max()) if len(lookback) else 0
    begin = lower_bounds(touches.at, conversions.at - longest, low, high)
    end = lower_bounds(touches.at, conversions.at + 1, low, high)
    length = end - begin
    conversion = np.repeat(np.arange(len(begin), dtype=np.int32), length)
    before = np.cumsum(length, dtype=np.int64) - length
    touch = (np.arange(int(length.sum())) - np.repeat(before, length) + begin[conversion]).astype(np.int32)
    in_time = conversions.at[conversion] - touches.at[touch] <= lookback[touch]
    return touch[in_time], 2 * conversion[in_time]


def _cuts(person: NDArray[np.uint32], touch: Places, key: Places, counts: tuple[int, int]) -> Cuts:
    """Return the journeys of touches from the sort key of each: twice its conversion, or odd for a null path."""
    if (key[1:] < key[:-1]).any():
        order = np.argsort(key, kind="stable")
        touch, key = touch[order], key[order]
    who = person[touch]
    begins = np.ones(len(touch), np.bool_)
    begins[1:] = (key[1:] != key[:-1]) | (who[1:] != who[:-1])
    start = np.flatnonzero(begins).astype(np.int32)
    conversion = np.where(key[start] & 1, -1, key[start] >> 1)
    return Cuts(touch, np.append(start, np.int32(len(touch))), conversion, *counts)
