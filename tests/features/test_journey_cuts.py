"""Journeys cut in arrays, against a plain loop over people."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from relkit.features.journey_cuts import Cuts, Events, cut

if TYPE_CHECKING:
    from numpy.typing import NDArray


def events(person: list[int], at: list[int]) -> Events:
    return Events(np.array(person, np.uint32), np.array(at, np.int64))


def drawn(seed: int) -> tuple[Events, Events, NDArray[np.int64]]:
    """Return touches and conversions of 40 people, many at the same instants, and lookbacks."""
    rng = np.random.default_rng(seed)
    touches = sorted(zip(rng.integers(0, 40, 300).tolist(), rng.integers(0, 50, 300).tolist(), strict=True))
    sales = sorted(set(zip(rng.integers(0, 45, 80).tolist(), rng.integers(0, 50, 80).tolist(), strict=True)))
    return events(*map(list, zip(*touches, strict=True))), events(*map(list, zip(*sales, strict=True))), rng.integers(0, 30, 300)


def looped(touches: Events, sales: Events, lookback: NDArray[np.int64], *, reuse: bool, once: bool) -> list[tuple[int, list[int]]]:
    """Return conversion (-1 for none) and touches of each journey, person by person."""
    found = []
    for person in range(45):
        mine = [i for i in range(len(touches.at)) if touches.person[i] == person]
        theirs = [k for k in range(len(sales.at)) if sales.person[k] == person]
        for k in theirs:
            before = [sales.at[j] for j in theirs if j < k and not reuse]
            begin = max(before, default=-1)
            journey = [i for i in mine if begin < touches.at[i] <= sales.at[k] and sales.at[k] - touches.at[i] <= lookback[i]]
            found += [(k, journey)] if journey else []
        last = max((sales.at[k] for k in theirs), default=-1)
        left = [i for i in mine if touches.at[i] > last and not (once and theirs)]
        found += [(-1, left)] if left else []
    return found


def as_list(cuts: Cuts) -> list[tuple[int, list[int]]]:
    ends = zip(cuts.conversion.tolist(), cuts.start[:-1], cuts.start[1:], strict=True)
    return [(k, cuts.touch[a:b].tolist()) for k, a, b in ends]


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("reuse", [False, True])
@pytest.mark.parametrize("once", [False, True])
def test_journeys_are_those_of_a_loop(seed: int, reuse: bool, once: bool) -> None:
    touches, sales, lookback = drawn(seed)
    cuts = cut(touches, sales, lookback, reuse=reuse, once=once)
    assert as_list(cuts) == looped(touches, sales, lookback, reuse=reuse, once=once)
    left_out = len(touches.at) - len(set(cuts.touch.tolist()))
    dropped = cuts.after_last - sum(len(journey) for k, journey in as_list(cuts) if k < 0)
    assert cuts.too_old + dropped == left_out


def test_without_conversions_all_is_one_null_path_a_person() -> None:
    cuts = cut(events([0, 0, 3], [1, 2, 3]), events([], []), np.zeros(3, np.int64))
    assert as_list(cuts) == [(-1, [0, 1]), (-1, [2])]
    assert (cuts.too_old, cuts.after_last) == (0, 3)


def test_without_touches_there_is_no_journey() -> None:
    cuts = cut(events([], []), events([1], [5]), np.zeros(0, np.int64), reuse=True)
    assert (as_list(cuts), cuts.start.tolist()) == ([], [0])


def test_a_touch_at_the_instant_of_a_conversion_serves_it_alone() -> None:
    cuts = cut(events([0, 0], [5, 6]), events([0, 0], [5, 9]), np.full(2, 100))
    assert as_list(cuts) == [(0, [0]), (1, [1])]
