"""Removal effects of a chain: the share of conversions that is lost when a channel leads to nothing, exact and with their variances.

    chain = solved_chain(sums.chain())
    chain.effects, chain.shares, chain.value_shares      (K,) each
    chain.shares_variance                                (K, K), of the shares by the delta method

In the letters of absorbing chains, with n_ij transitions from state i to j, Q = (n_ij / n_i) among states and r_i = n_i,conv / n_i:

    N = (I - Q)^-1,   b = N r,   P(conversion) = b_s       expected visits, and conversions from each state; s is the start
    E_c = N_sc b_c / (N_cc b_s)                            order 1: pass through c and convert, given a conversion
    E_c = sum over removed transitions of M_si q_ij b_j / b_s,   M = (I - Q without them)^-1       any order

(Anderl, Becker, von Wangenheim and Schumann 2016 define E_c; that all channels follow from one inverse is elementary.) Every term is
positive, so that no effect is negative and a rare channel keeps its digits. Steps from a state to itself change no effect.

With x the conversions from each state when something is removed, and y the visits over n_i, dE = y_i x_j dq_ij; rows are multinomial, so

    Cov(x_s, x'_s) = sum over ij of n_ij y_i y'_i x_j x'_j - sum over i of n_i y_i y'_i x_i x'_i

The value of conversions replaces r_i by the value of conversions from i over n_i, and adds the variance of the value of one.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from relkit.models.attribution.markov_walks import walked

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from relkit.models.attribution.coded_paths import Floats, Ints
    from relkit.models.attribution.transition_sums import TransitionSums

    Flags = NDArray[np.bool_]

_DENSE_STATES, _DENSE_CHANNELS = 150, 4_000
"""Numbers of states up to which chains are solved by dense matrices: of a higher order, and of order 1."""
_BLOCK = 1 << 22


@dataclass(frozen=True, eq=False)
class SolvedChain:
    """Removal effects of K channels and D sequences of a chain.

    Attributes:
        conversion_probability: of a journey.
        value_per_journey: value of conversions over journeys.
        effects, value_effects: share of conversions, and of value, lost without each channel, then each sequence; (K + D,). NaN if there
            is no conversion, or no value.
        variance, value_variance: covariances of the effects; (K + D, K + D).
        channels: K.
    """

    conversion_probability: float
    value_per_journey: float
    effects: Floats
    value_effects: Floats
    variance: Floats
    value_variance: Floats
    channels: int

    @property
    def shares(self) -> Floats:
        """Effect of each channel over the sum of all; 0 if nobody converts; (K,)."""
        return _shares(self.effects[: self.channels])

    @property
    def value_shares(self) -> Floats:
        """The same of value; (K,)."""
        return _shares(self.value_effects[: self.channels])

    @property
    def shares_variance(self) -> Floats:
        """Covariances of the shares; (K, K)."""
        k = self.channels
        return _of_shares(self.effects[:k], self.variance[:k, :k])

    @property
    def value_shares_variance(self) -> Floats:
        """Covariances of the shares of value; (K, K)."""
        k = self.channels
        return _of_shares(self.value_effects[:k], self.value_variance[:k, :k])


def solved_chain(sums: TransitionSums, sequences: Sequence[Sequence[int]] = (), *, variances: bool = True) -> SolvedChain:
    """Return the removal effects of all channels and of some sequences.

    Args:
        sums: of one group.
        sequences: codes of channels that follow each other, at most one more than the order.
        variances: compute covariances as well.

    Examples:
        >>> import polars as pl
        >>> from relkit.models.attribution.coded_paths import CodedPaths
        >>> from relkit.models.attribution.transition_sums import TransitionSums
        >>> frame = pl.DataFrame({"channels": [["G"], ["M"], ["G", "M"]], "conversions": [2, 1, 1], "nulls": [1, 0, 0]})
        >>> chain = solved_chain(TransitionSums.of(CodedPaths.of(frame)))
        >>> chain.effects.round(4).tolist(), (4 * chain.shares).round(4).tolist()
        ([0.75, 0.5], [2.4, 1.6])
    """
    steps = _steps_of(sums)
    blocked = [*_into_channels(sums, steps), *_along(sums, steps, sequences)]
    found = _solutions(steps, blocked, len(sums.names))
    parts = [_removal(steps, each, blocked, spread, variances=variances) for each, spread in zip(found, (0.0, steps.spread), strict=True)]
    journeys = float(sums.count[sums.state == 0].sum())
    (whole, effects, variance), (worth, value_effects, value_variance) = parts
    return SolvedChain(whole, worth if journeys else 0.0, effects, value_effects, variance, value_variance, len(sums.names))


@dataclass(frozen=True, eq=False)
class _Steps:
    """Transitions between states, and what becomes of journeys in each state.

    Attributes:
        at: position of each transition among those of the sums; (n,).
        start, to: states; (n,).
        count: (n,).
        total: journeys that left each state, also for itself; (S,).
        exits: those that left it for another state or for an end; (S,).
        ends: conversions from each state; (S,).
        value: their value; (S,).
        spread: variance of the value of one conversion from each state, times their number; (S,).
        latest: code of the last touch of each state, -1 before any; (S,).
        order: touches that a state remembers.
    """

    at: Ints
    start: Ints
    to: Ints
    count: Floats
    total: Floats
    exits: Floats
    ends: Floats
    value: Floats
    spread: Floats
    latest: Ints
    order: int

    @property
    def number(self) -> int:
        """Number of states."""
        return len(self.total)


def _steps_of(sums: TransitionSums) -> _Steps:
    """Return the transitions of sums, and what the states add up to."""
    to, number = sums.targets(), len(sums.states)

    def by_state(those: Flags) -> Floats:
        return np.bincount(sums.state[those], sums.count[those], number).astype(np.float64)

    at = np.flatnonzero(to >= 0)
    ends = by_state(sums.outcome == len(sums.names))
    return _Steps(
        at=at,
        start=sums.state[at],
        to=to[at],
        count=sums.count[at],
        total=by_state(np.ones(len(to), np.bool_)),
        exits=by_state(to != sums.state),
        ends=ends,
        value=sums.value[0],
        spread=_spread(sums, ends),
        latest=sums.states[:, -1].astype(np.int64),
        order=sums.order,
    )


def _spread(sums: TransitionSums, ends: Floats) -> Floats:
    """Return the variance of the value of one conversion from each state, times their number.

    A row of n conversions has their sum only. Its mean deviates by the variance of one over n, so that the squared deviations of the
    means, each times its n, average to the variance of one over the rows less one.
    """
    rows, value, squares = sums.rows[0], sums.value[0], sums.squares[0]
    deviations = np.maximum(squares - value**2 / np.where(ends > 0, ends, 1.0), 0.0)
    spare = np.maximum(rows - 1, 0.0)
    pooled = deviations.sum() / spare.sum() if spare.sum() else 0.0
    own = np.where(spare > 0, deviations / np.where(spare > 0, spare, 1.0), pooled)
    return np.asarray(ends * own)


def _into_channels(sums: TransitionSums, steps: _Steps) -> list[Ints]:
    """Return the transitions to each channel."""
    outcome = sums.outcome[steps.at]
    order = np.argsort(outcome, kind="stable")
    return np.split(order, np.searchsorted(outcome[order], np.arange(1, len(sums.names))))


def _along(sums: TransitionSums, steps: _Steps, sequences: Sequence[Sequence[int]]) -> list[Ints]:
    """Return the transitions that complete each sequence."""
    states, outcome = sums.states[steps.start], sums.outcome[steps.at]
    found = []
    for *before, last in sequences:
        mine = outcome == last
        for back, code in enumerate(reversed(before), start=1):
            mine &= states[:, -back] == code
        found.append(np.flatnonzero(mine))
    return found


def _removal(steps: _Steps, found: _Solutions, blocked: list[Ints], spread: Any, *, variances: bool) -> tuple[float, Floats, Floats]:
    """Return the expected end of a journey, the share of it lost without each set of transitions, and the covariances of these shares."""
    x, y = found.x, found.y
    whole, number = float(x[0, 0]), len(blocked)
    if not abs(whole) > 0:
        return 0.0, np.full(number, np.nan), np.full((number, number), np.nan)
    lost = [float(y[d, steps.start[mine]] @ (steps.count[mine] * x[0, steps.to[mine]])) for d, mine in enumerate(blocked, start=1)]
    effects = np.array(lost) / whole
    if not variances:
        return whole, effects, np.zeros((number, number))
    covariance = _covariance(steps, found, blocked, spread)
    slope = np.column_stack([(1 - effects) / whole, np.diag(np.full(number, -1 / whole))])
    return whole, effects, slope @ covariance @ slope.T


def _covariance(steps: _Steps, found: _Solutions, blocked: list[Ints], spread: Any) -> Floats:
    """Return the covariances of the ends from the start: of the whole chain, then without each set of transitions; (D + 1, D + 1)."""
    x, y = found.x, found.y
    mean_square = found.ends**2 / np.where(steps.ends > 0, steps.ends, 1.0) + spread
    at_end, left = y * np.sqrt(mean_square), y * x * np.sqrt(steps.total)
    covariance = at_end @ at_end.T - left @ left.T
    block = max(_BLOCK // len(x), 1)
    for first in range(0, len(steps.start), block):
        part = slice(first, first + block)
        along = y[:, steps.start[part]] * x[:, steps.to[part]] * np.sqrt(steps.count[part])
        for d, mine in enumerate(blocked, start=1):
            along[d, mine[(mine >= first) & (mine < first + block)] - first] = 0.0
        covariance += along @ along.T
    return np.asarray(covariance)


@dataclass(frozen=True, eq=False)
class _Solutions:
    """Solutions of the whole chain, then of the chain without each of D sets of transitions.

    Attributes:
        ends: what journeys bring when they end in each state; (S,).
        x: expected end from each state; (D + 1, S).
        y: visits to each state over the journeys that left it; (D + 1, S).
    """

    ends: Floats
    x: Floats
    y: Floats


def _solutions(steps: _Steps, blocked: list[Ints], channels: int) -> tuple[_Solutions, _Solutions]:
    """Return the solutions for conversions and for their value.

    A removal of transitions leaves the states behind them in the chain, unreached, so that all chains are solved alike.
    """
    ends = np.column_stack([steps.ends, steps.value])
    x, y = np.empty((len(blocked) + 1, steps.number, 2)), np.empty((len(blocked) + 1, steps.number))
    dense = steps.number <= (_DENSE_CHANNELS if steps.order == 1 else _DENSE_STATES)
    together = _from_one_inverse(steps, ends, channels) if dense and steps.order == 1 else None if dense else _walked(steps, ends, channels)
    first = 0 if together is None else 1 + channels
    if together is not None:
        x[:first], y[:first] = together
    for d, mine in list(enumerate([np.zeros(0, np.int64), *blocked]))[first:]:
        x[d], y[d] = (_dense if dense else _sparse)(steps, mine, ends)
    np.maximum(y, 0.0, out=y)
    return _Solutions(steps.ends, x[:, :, 0], y), _Solutions(steps.value, x[:, :, 1], y)


def _from_one_inverse(steps: _Steps, ends: Floats, channels: int) -> tuple[Floats, Floats]:
    """Return x and y of the whole chain of order 1, and without each of its channels, whose states are 1 to K.

    What passes through c is N_ic b_c / N_cc from state i, and by the same reasoning the visits lost to state j are N_sc N_cj / N_cc.
    """
    inverse = np.linalg.inv(_matrix(steps, np.zeros(0, np.int64)))
    x, y = inverse @ ends, inverse[0]
    own = np.diag(inverse)[1 : channels + 1, None]
    through, lost = inverse[:, 1 : channels + 1].T / own, inverse[1 : channels + 1] / own
    without = x[None] - through[:, :, None] * x[1 : channels + 1, None, :]
    visits = y[None] - y[1 : channels + 1, None] * lost
    c = np.arange(channels)
    without[c, c + 1], visits[c, c + 1] = 0.0, 0.0
    return np.concatenate([x[None], without]), np.concatenate([y[None], visits])


def _matrix(steps: _Steps, mine: Ints) -> Floats:
    """Return the journeys that left each state less those between states, without a set of transitions; (S, S)."""
    diagonal, kept = _kept(steps, mine)
    matrix = np.diag(diagonal)
    np.subtract.at(matrix, (steps.start[kept], steps.to[kept]), steps.count[kept])
    return matrix


def _kept(steps: _Steps, mine: Ints) -> tuple[Floats, Ints]:
    """Return the diagonal of a chain without a set of transitions, and its transitions between different states.

    The diagonal is the sum of all other counts, so that no digits cancel in states that nearly always follow themselves; a removed step
    from a state to itself is an exit like others.
    """
    is_there, loops = np.ones(len(steps.start), np.bool_), mine[steps.start[mine] == steps.to[mine]]
    is_there[mine] = False
    diagonal = steps.exits + np.bincount(steps.start[loops], steps.count[loops], steps.number)
    return np.where(diagonal > 0, diagonal, 1.0), np.flatnonzero(is_there & (steps.start != steps.to))


def _dense(steps: _Steps, mine: Ints, ends: Floats) -> tuple[Floats, Floats]:
    """Solve one chain by dense matrices."""
    matrix = _matrix(steps, mine)
    return np.asarray(np.linalg.solve(matrix, ends)), np.asarray(np.linalg.solve(matrix.T, _at_start(steps)))


def _walked(steps: _Steps, ends: Floats, channels: int) -> tuple[Floats, Floats] | None:
    """Return x and y of a large chain, whole and without each channel; None if its journeys hardly ever end."""
    from scipy.sparse import csr_array

    diagonal, kept = _kept(steps, np.zeros(0, np.int64))
    between = csr_array((steps.count[kept], (steps.start[kept], steps.to[kept])), shape=(steps.number, steps.number))
    return walked(between, diagonal, ends, steps.latest, channels)


def _sparse(steps: _Steps, mine: Ints, ends: Floats) -> tuple[Floats, Floats]:
    """Solve one chain by a sparse factorisation."""
    from scipy.sparse import csc_array, diags_array
    from scipy.sparse.linalg import splu

    diagonal, kept = _kept(steps, mine)
    between = csc_array((steps.count[kept], (steps.start[kept], steps.to[kept])), shape=(steps.number, steps.number))
    factors: Any = splu((diags_array(diagonal) - between).tocsc())
    return factors.solve(ends), factors.solve(_at_start(steps), trans="T")


def _at_start(steps: _Steps) -> Floats:
    first = np.zeros(steps.number)
    first[0] = 1.0
    return first


def _shares(effects: Floats) -> Floats:
    """Return effects over their sum; 0 if there are none."""
    total = effects.sum()
    return effects / total if total > 0 else np.zeros(len(effects))


def _of_shares(effects: Floats, variance: NDArray[np.float64]) -> Floats:
    """Return the covariances of effects over their sum, by the delta method."""
    total = effects.sum()
    if not total > 0:
        return np.zeros_like(variance)
    slope = (np.eye(len(effects)) - _shares(effects)[:, None]) / total
    return np.asarray(slope @ variance @ slope.T)
