"""Likelihood of journeys under a chain learnt from others, finite whatever they do.

The probability of a step x after the touches h is that of a chain one touch shorter, corrected by what was counted (MacKay and Peto 1995, A
hierarchical Dirichlet language model, Natural Language Engineering 1(3), with a weight of one step on the shorter chain):

    P_j(x | h) = (n_hx + P_j-1(x | h less its oldest touch)) / (n_h + 1),    P_0 = 1 / (K + 3)

P_0 is the same for each of K channels, for a conversion, for none, and for a channel never seen. So a chain of a high order falls back on
shorter ones exactly as far as it has not seen enough.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from relkit.models.attribution.transition_sums import TransitionSums, state_places

if TYPE_CHECKING:
    from relkit.models.attribution.coded_paths import Floats, Ints


def log_likelihood(sums: TransitionSums) -> float:
    """Return the log-likelihood of the journeys that sums were made from, at the shares observed.

    Args:
        sums: of one group.
    """
    total = np.bincount(sums.state, sums.count, len(sums.states))
    return float(sums.count @ np.log(sums.count / total[sums.state]))


def held_out_log_likelihood(learnt: TransitionSums, later: TransitionSums) -> tuple[float, float]:
    """Return the log-likelihood of later journeys, and the number of their steps.

    Args:
        learnt: sums of one group.
        later: those of the later journeys, of the same order.

    Examples:
        >>> import polars as pl
        >>> from relkit.models.attribution.coded_paths import CodedPaths
        >>> frame = pl.DataFrame({"channels": [["a"]], "conversions": [1]})
        >>> sums = TransitionSums.of(CodedPaths.of(frame))
        >>> total, steps = held_out_log_likelihood(sums, sums)
        >>> round(float(np.exp(total / steps)), 3)  # (1 + 1/4) / 2 at both steps
        0.625
    """
    new = len(learnt.names) + 2
    code = {name: place for place, name in enumerate(learnt.names)}
    to_code = np.array([*(code.get(name, new) for name in later.names), new - 2, new - 1])
    history = np.where(later.states < 0, -1, to_code[later.states]).astype(np.int16)[later.state]
    outcome = to_code[later.outcome]
    chance = np.full(len(outcome), 1 / (new + 1))
    for order in range(1, learnt.order + 1):
        chance = _corrected(learnt.of_lower(order), history[:, learnt.order - order :], outcome, chance)
    return float(later.count @ np.log(chance)), float(later.count.sum())


def _corrected(sums: TransitionSums, history: np.ndarray[tuple[int, int], np.dtype[np.int16]], outcome: Ints, chance: Floats) -> Floats:
    """Return the probabilities of a chain one touch shorter, corrected by the counts of this one."""
    k = len(sums.names)
    place = np.minimum(state_places(sums.states, history), len(sums.states) - 1)
    there = (sums.states[place] == history).all(axis=1)
    keys = sums.state * (k + 2) + sums.outcome
    sought = np.where(there & (outcome < k + 2), place * (k + 2) + outcome, -1)
    at = np.minimum(np.searchsorted(keys, sought), len(keys) - 1)
    seen = np.where(keys[at] == sought, sums.count[at], 0.0)
    total = np.bincount(sums.state, sums.count, len(sums.states))[place] * there
    return np.asarray((seen + chance) / (total + 1))
