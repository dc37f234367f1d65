"""Touches of a journey that a reading keeps: all, one of each run of a channel, each channel once, the last few.

"runs" takes touches of one channel in a row as one, at the last of them; "first" and "last" keep each channel once, at its first or last
touch. `last_touches` then keeps so many touches before the end. Each is a convention, none is evidence of a cause.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from relkit.features.journey_cuts import Cuts

ALL, RUNS, FIRST, LAST = "all", "runs", "first", "last"
KEPT = (ALL, RUNS, FIRST, LAST)
"""Names of the touches that may be kept."""


def kept_touches(cuts: Cuts, channel: NDArray[Any], kept: str, last_touches: int = 0) -> Cuts:
    """Return journeys with the touches kept; none loses all of them.

    Args:
        cuts: the journeys.
        channel: code of the channel of each touch, as `cuts.touch` counts them.
        kept: one of `KEPT`.
        last_touches: most touches of a journey, the last ones; 0 for all.

    Examples:
        >>> from relkit.features.journey_cuts import Cuts
        >>> cuts = Cuts(np.arange(5), np.array([0, 4, 5]), np.array([0, -1]), 0, 1)
        >>> [kept_touches(cuts, np.array([7, 7, 3, 7, 3]), kept).touch.tolist() for kept in ("runs", "first", "last")]
        [[1, 2, 3, 4], [0, 2, 4], [2, 3, 4]]
        >>> kept_touches(cuts, np.array([7, 7, 3, 7, 3]), "all", 2).touch.tolist()
        [2, 3, 4]
    """
    if kept != ALL:
        cuts = _only(cuts, _marked(channel[cuts.touch], _journeys(cuts), kept))
    if last_touches:
        places = np.arange(len(cuts.touch))
        cuts = _only(cuts, places >= np.repeat(cuts.start[1:] - last_touches, np.diff(cuts.start)))
    return cuts


def kept_steps(path: str, kept: str, last_touches: int = 0) -> pl.Expr:
    """Return the same for a column of lists of channels.

    Examples:
        >>> frame = pl.DataFrame({"path": [["a", "a", "b", "a"]]})
        >>> [frame.select(kept_steps("path", kept)).to_series().to_list()[0] for kept in KEPT]
        [['a', 'a', 'b', 'a'], ['a', 'b', 'a'], ['a', 'b'], ['b', 'a']]
    """
    steps = pl.col(path)
    if kept == RUNS:
        steps = steps.list.eval(pl.element().filter(pl.element().ne_missing(pl.element().shift(1))))
    elif kept == FIRST:
        steps = steps.list.unique(maintain_order=True)
    elif kept == LAST:
        steps = steps.list.reverse().list.unique(maintain_order=True).list.reverse()
    return steps.list.tail(last_touches) if last_touches else steps


def _journeys(cuts: Cuts) -> NDArray[np.int64]:
    """Return the number of the journey of each touch."""
    return np.repeat(np.arange(len(cuts.conversion)), np.diff(cuts.start))


def _marked(channel: NDArray[Any], journey: NDArray[np.int64], kept: str) -> NDArray[np.bool_]:
    """Return whether each touch is kept, given its channel and journey."""
    marks = np.ones(len(channel), np.bool_)
    if kept == RUNS:
        marks[:-1] = (channel[1:] != channel[:-1]) | (journey[1:] != journey[:-1])
        return marks
    key = journey * (int(channel.max(initial=0)) + 1) + channel
    which = np.unique(key, return_index=True)[1] if kept == FIRST else len(key) - 1 - np.unique(key[::-1], return_index=True)[1]
    marks[:] = False
    marks[which] = True
    return marks


def _only(cuts: Cuts, marks: NDArray[np.bool_]) -> Cuts:
    lengths = np.add.reduceat(marks, cuts.start[:-1], dtype=np.int32) if len(marks) else np.zeros(0, np.int32)
    start = np.zeros(len(cuts.start), np.int32)
    np.cumsum(lengths, out=start[1:])
    return replace(cuts, touch=cuts.touch[marks], start=start)
