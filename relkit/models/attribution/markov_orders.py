"""Choice of the order of a chain: the one under which each journey is likeliest when the chain is learnt from all others.

    table = compared_orders(paths, most=4, collapse=False, nulls=True)
    chosen(table)

Leaving out one journey takes its own steps off the counts, so that cross-validation over all journeys needs one pass per order, no folds
and no random numbers: the same journeys give the same order, however they are sorted or grouped. Probabilities of steps are those of
`relkit.models.attribution.markov_likelihood`.

Next to it stand, for comparison only, the criterion of Schwarz (BIC, over steps) and the area under the ROC curve with which the state of
the last touch separates journeys that converted from others. Both are computed on the rows that were learnt from; the area can only rise
with the order, which is why ChannelAttribution penalises it.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from relkit.errors import NotEnoughEventsError
from relkit.models.attribution.markov_likelihood import log_likelihood
from relkit.models.attribution.touch_states import recent_touches
from relkit.models.attribution.transition_sums import TransitionSums

if TYPE_CHECKING:
    from collections.abc import Callable

    from relkit.models.attribution.coded_paths import CodedPaths, Floats
    from relkit.models.attribution.touch_states import Steps

ORDER_SCHEMA: dict[str, Any] = {
    "order": pl.Int64,
    "states": pl.Int64,
    "parameters": pl.Int64,
    "held_out_per_step": pl.Float64,
    "log_likelihood": pl.Float64,
    "bic": pl.Float64,
    "auc": pl.Float64,
}
"""Columns of compared orders: held_out_per_step is the mean logarithm of the probability of a step of a journey that was left out."""


def compared_orders(paths: CodedPaths, most: int, *, collapse: bool, nulls: bool) -> pl.DataFrame:
    """Return the orders from 1 to `most`, or to the last one whose states can be handled, as `ORDER_SCHEMA` lists them.

    Without a journey to learn from there are none.

    Args:
        paths: the journeys.
        most: highest order.
        collapse: take a channel that follows itself for one touch.
        nulls: count journeys without a conversion.
    """
    weights = paths.conversions, paths.nulls if nulls else np.zeros(paths.rows), paths.value
    chances: tuple[Floats, Floats, Floats] | None = None
    rows = []
    for order in range(1, most + 1):
        try:
            steps, states = recent_touches(paths, order, collapse=collapse)
        except NotEnoughEventsError:
            break
        sums = TransitionSums.of_steps(tuple(paths.names), (steps, states), weights)
        if not len(sums.count):
            break
        if chances is None:
            start = 1 / (len(paths.names) + 3)
            chances = np.full(len(steps[2]), start), np.full(paths.rows, start), np.full(paths.rows, start)
        last = _left_out(steps, sums, weights, chances)
        rows.append({"order": order, **_measures(steps, sums, weights, chances, last)})
    return pl.DataFrame(rows, schema=ORDER_SCHEMA)


def chosen(table: pl.DataFrame) -> int:
    """Return the order with the highest likelihood of what was left out; the lowest of equal ones.

    Examples:
        >>> chosen(pl.DataFrame({"order": [1, 2, 3], "held_out_per_step": [-1.5, -1.25, -1.25]}))
        2
    """
    return int(table.sort("held_out_per_step", "order", descending=[True, False])["order"][0])


def _measures(steps: Steps, sums: TransitionSums, weights: Any, chances: Any, last: Any) -> dict[str, float | int | None]:
    """Return the columns of one order but its number."""
    conversions, nulls, _ = weights
    offsets = steps[0]
    touched = np.diff(offsets) > 0
    weight = (conversions + nulls) * touched
    of_touches = np.repeat(weight, np.diff(offsets)) @ np.log(chances[0])
    ends = sum(float(number[touched] @ np.log(chance[touched])) for number, chance in zip((conversions, nulls), chances[1:], strict=True))
    number = float(sums.count.sum())
    own = log_likelihood(sums)
    parameters = len(sums.count) - len(np.unique(sums.state))
    return {
        "states": sums.counted_states,
        "parameters": parameters,
        "held_out_per_step": (float(of_touches) + ends) / number,
        "log_likelihood": own,
        "bic": parameters * float(np.log(number)) - 2 * own,
        "auc": _area(sums, last[touched], conversions[touched], nulls[touched]),
    }


def _area(sums: TransitionSums, last: Any, conversions: Floats, nulls: Floats) -> float | None:
    """Return the area under the ROC curve of the share of conversions at the last state; None if one outcome is missing."""
    if not conversions.sum() or not nulls.sum():
        return None
    won = np.bincount(last, conversions, len(sums.states))
    lost = np.bincount(last, nulls, len(sums.states))
    share = np.divide(won, won + lost, out=np.zeros(len(won)), where=won + lost > 0)
    _, rank = np.unique(share, return_inverse=True)
    by_rank = [np.bincount(rank.reshape(-1), each) for each in (won, lost)]
    below = np.cumsum(by_rank[1]) - by_rank[1] / 2
    return float(by_rank[0] @ below / (won.sum() * lost.sum()))


def _left_out(steps: Steps, sums: TransitionSums, weights: Any, chances: tuple[Floats, Floats, Floats]) -> Any:
    """Correct the probabilities of all steps by the counts of this order, each without its own journey; return the last states."""
    number = len(sums.states)
    total = np.bincount(sums.state, sums.count, number).astype(np.float64)
    starts = np.searchsorted(sums.state, np.arange(number + 1))
    longest = int(np.diff(steps[0]).max(initial=0))
    scratch = np.zeros(len(sums.count)), np.zeros(number), np.zeros(longest, np.int64)
    last = np.zeros(len(steps[0]) - 1, np.int64)
    _kernel()(steps, weights[:2], (starts, sums.outcome, sums.count, total), chances, scratch, last, len(sums.names))
    return last


def leave_one_out(steps: Any, weights: Any, counted: Any, chances: Any, scratch: Any, last: Any, channels: Any) -> None:
    """Correct the probabilities of the steps of each journey by the counts of all others. Compiled by numba."""
    offsets, states, touches, shift = steps
    conversions, nulls = weights
    starts, outcomes, counts, total = counted
    chance, at_conversion, at_null = chances
    own, visits, entries = scratch
    for row in range(len(offsets) - 1):
        start, end, weight = offsets[row], offsets[row + 1], conversions[row] + nulls[row]
        if start == end or weight == 0:
            continue
        one, before = min(1.0, weight), 0
        for at in range(start, end):
            low, high = starts[before], starts[before + 1]
            entry = low + np.searchsorted(outcomes[low:high], touches[at])
            entries[at - start] = entry
            own[entry] += one
            visits[before] += one
            before = states[at] + shift
        last[row] = before
        visits[before] += one
        before = 0
        for at in range(start, end):
            left = max(total[before] - visits[before], 0.0)
            chance[at] = (max(counts[entries[at - start]] - own[entries[at - start]], 0.0) + chance[at]) / (left + 1)
            before = states[at] + shift
        low, high = starts[before], starts[before + 1]
        left = max(total[before] - visits[before], 0.0)
        for entry in range(low, high):
            if outcomes[entry] == channels and conversions[row] > 0:
                at_conversion[row] = (max(counts[entry] - one, 0.0) + at_conversion[row]) / (left + 1)
            if outcomes[entry] == channels + 1 and nulls[row] > 0:
                at_null[row] = (max(counts[entry] - one, 0.0) + at_null[row]) / (left + 1)
        visits[before] = 0.0
        before = 0
        for at in range(start, end):
            own[entries[at - start]] = 0.0
            visits[before] = 0.0
            before = states[at] + shift


@cache
def _kernel() -> Callable[..., None]:
    import numba

    compiled: Callable[..., None] = numba.njit(cache=True, nogil=True)(leave_one_out)
    return compiled
