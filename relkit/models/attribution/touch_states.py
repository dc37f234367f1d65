"""States of journeys: the last touches after each touch, coded as integers.

    steps, states = recent_touches(paths, order=2)
    offsets, state, touches, shift = steps         state + shift is the state after each touch
    states                                          (S, 2): the touches of each state, -1 before the first

Touch by touch a state of order k is the state of order k - 1 after the touch before, and the touch itself. So the pairs observed are coded
order by order, and no number grows with the power of the channels.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np

from relkit.errors import NotEnoughEventsError

if TYPE_CHECKING:
    from collections.abc import Callable

    from relkit.models.attribution.coded_paths import CodedPaths, Codes, Ints

    Steps = tuple[Ints, Any, Codes, int]

MOST_STATES = 100_000
"""Largest number of states of a chain."""
_FLAGS = 1 << 26


def recent_touches(paths: CodedPaths, order: int, *, collapse: bool) -> tuple[Steps, Codes]:
    """Return the state after each touch, and the touches that each state remembers.

    Args:
        paths: the journeys.
        order: number of touches that a state remembers.
        collapse: take a channel that follows itself for one touch.

    Returns:
        Offsets of the rows (j + 1,), codes of the states (m,), those of the touches (m,), and a number to add to the codes of the states;
        then the states (S, order), ascending, the first one being that before any touch.

    Raises:
        NotEnoughEventsError: there are more than `MOST_STATES` states.
    """
    offsets, touches = (paths.offsets, paths.touches) if not collapse else collapsed(paths.offsets, paths.touches)
    k = len(paths.names)
    first = np.arange(-1, k, dtype=np.int16)[:, None]
    if order == 1:
        return (offsets, touches, touches, 1), first
    state, states = touches.astype(np.int32) + 1, np.column_stack([np.full((k + 1, order - 1), -1, np.int16), first])
    for _ in range(order - 1):
        state, states = _longer(offsets, state, touches, states)
    return (offsets, state, touches, 0), states


def collapsed(offsets: Ints, touches: Codes) -> tuple[Ints, Codes]:
    """Return offsets and touches without those that repeat the touch before them in the same journey.

    Examples:
        >>> offsets, touches = collapsed(np.array([0, 3, 4]), np.array([1, 1, 0, 0], np.int16))
        >>> offsets.tolist(), touches.tolist()
        ([0, 2, 3], [1, 0, 0])
    """
    kept, ends = np.empty_like(touches), np.empty_like(offsets)
    number = _kernel()(offsets, touches, kept, ends)
    return ends, kept[:number]


def drop_repeats(offsets: Any, touches: Any, kept: Any, ends: Any) -> Any:
    """Write the touches that differ from the one before, and where each row ends; return their number. Compiled by numba."""
    to = 0
    ends[0] = 0
    for row in range(len(offsets) - 1):
        for at in range(offsets[row], offsets[row + 1]):
            if at == offsets[row] or touches[at] != touches[at - 1]:
                kept[to] = touches[at]
                to += 1
        ends[row + 1] = to
    return to


@cache
def _kernel() -> Callable[..., Any]:
    import numba

    compiled: Callable[..., Any] = numba.njit(cache=True, nogil=True)(drop_repeats)
    return compiled


def _longer(offsets: Ints, state: Any, touches: Codes, states: Codes) -> tuple[Any, Codes]:
    """Return the states that remember one touch more."""
    k = int(states.max()) + 1
    before = np.empty_like(state)
    before[1:] = state[:-1]
    before[offsets[:-1][np.diff(offsets) > 0]] = 0
    keys = before.astype(np.int64) * k + touches
    pairs, which = _numbered(keys, len(states) * k)
    if len(pairs) >= MOST_STATES:
        problem = f"journeys have {len(pairs):,} different states of {states.shape[1]} touches; at most {MOST_STATES:,} can be handled."
        raise NotEnoughEventsError(problem, where="paths", remedy="Choose a lower order, or group channels.")
    earlier, touch = np.divmod(pairs, k)
    longer = np.column_stack([states[earlier][:, 1:], touch.astype(np.int16)])
    return which + np.int32(1), np.concatenate([np.full((1, states.shape[1]), -1, np.int16), longer])


def _numbered(keys: Ints, most: int) -> tuple[Ints, Any]:
    """Return the distinct keys in order, and the position of each key among them."""
    if most > _FLAGS:
        found, which = np.unique(keys, return_inverse=True)
        return found, which.astype(np.int32)
    there = np.zeros(most, np.bool_)
    there[keys] = True
    place = np.cumsum(there, dtype=np.int32) - np.int32(1)
    return np.flatnonzero(there), place[keys]
