"""Sums of transitions: the counts from which chains of touches are learnt, for any order, by group and mergeable.

    sums = TransitionSums.of(paths, order=2)
    sums + later                                the sums of both, whatever channels and states each of them has
    sums.chain()                                the counts of all groups, for `relkit.models.attribution.removal_effects`
    sums.of_lower(1)                            those of order 1, from the same sums

A state is the last k touches of a journey, of those that were observed; journeys shorter than k are in the state of all their touches, and
each begins in the state of none. So there are at most as many states as touches, and never K^k. From a state a journey goes on to a
channel, to a conversion or to nothing (null): a row that stands for n journeys counts n times.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from relkit.models.attribution.coded_paths import Codes, Floats, Ints  # noqa: TC001 storage reads the types of the fields
from relkit.models.attribution.credit import GROUP, GROUP_SCHEMA
from relkit.models.attribution.journey_groups import UNKNOWN
from relkit.models.attribution.touch_states import recent_touches

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from relkit.models.attribution.coded_paths import CodedPaths
    from relkit.models.attribution.touch_states import Steps

_OF_TRANSITIONS, _OF_STATES = ("group", "state", "outcome", "count"), ("value", "squares", "rows")
_EVERYTHING = pl.DataFrame({name: [None] for name in GROUP}, schema=GROUP_SCHEMA)
_DENSE = 1 << 24
"""Largest number of cells that are counted in a table; above it the steps are sorted."""


@dataclass(frozen=True, eq=False)
class TransitionSums:
    """Sums over journeys: of transitions, and of the value of conversions by the state they came from.

    Attributes:
        names: the channels, ascending; K.
        states: codes of the last touches of each state, the latest one last, -1 before the first touch; (S, k) int16, ascending, the
            state of no touch first.
        groups: segment and period of each group; both are null if there is one group of all; (G rows).
        group, state: of each transition observed; (n,) int64.
        outcome: code of the channel that followed, K for a conversion, K + 1 for none; (n,) int64.
        count: journeys that made it; (n,) float64.
        value, squares: sums of the value of conversions from each state, and of its square over the conversions of a row; (G, S).
        rows: number of rows with a conversion from each state; (G, S).
    """

    names: tuple[str, ...]
    states: Codes
    groups: pl.DataFrame
    group: Ints
    state: Ints
    outcome: Ints
    count: Floats
    value: Floats
    squares: Floats
    rows: Floats

    def damage(self) -> str:
        """Return which code names no group, state or channel, or ""."""
        most = {"group": len(self.groups), "state": len(self.states), "outcome": len(self.names) + 2}
        return next((f"{name}: a code names none" for name, n in most.items() if (getattr(self, name) >= n).any()), "")

    @property
    def order(self) -> int:
        """Number of touches that a state remembers."""
        return int(self.states.shape[1])

    @property
    def counted_states(self) -> int:
        """Number of states, that before any touch included; those of fewer touches than the order only if a journey ended there."""
        ended = np.zeros(len(self.states), np.bool_)
        ended[self.state[self.outcome >= len(self.names)]] = True
        return 1 + int((ended | (self.states[:, 0] >= 0))[1:].sum())

    @classmethod
    def of(
        cls, paths: CodedPaths, order: int = 1, *, collapse: bool = False, nulls: bool = True, by: tuple[str, ...] = ()
    ) -> TransitionSums:
        """Count the transitions of paths in one pass.

        Args:
            paths: the journeys; rows without a touch are none.
            order: number of touches that a state remembers.
            collapse: take a channel that follows itself for one touch.
            nulls: count journeys without a conversion.
            by: columns of `paths.groups` whose values have sums of their own.

        Raises:
            NotEnoughEventsError: there are more states than can be handled.

        Examples:
            >>> frame = pl.DataFrame({"channels": [["a", "b"], ["a"]], "conversions": [1, 0], "nulls": [0, 3]})
            >>> from relkit.models.attribution.coded_paths import CodedPaths
            >>> sums = TransitionSums.of(CodedPaths.of(frame))
            >>> list(zip(sums.state.tolist(), sums.outcome.tolist(), sums.count.tolist()))
            [(0, 0, 4.0), (1, 1, 1.0), (1, 3, 3.0), (2, 2, 1.0)]
        """
        groups, group = _grouped(paths, by)
        weights = paths.conversions, paths.nulls if nulls else np.zeros(paths.rows), paths.value
        return cls.of_steps(tuple(paths.names), recent_touches(paths, order, collapse=collapse), weights, groups, group)

    @classmethod
    def of_steps(
        cls,
        names: tuple[str, ...],
        steps: tuple[Steps, Codes],
        weights: tuple[Floats, Floats, Floats],
        groups: pl.DataFrame | None = None,
        group: Ints | None = None,
    ) -> TransitionSums:
        """Count the transitions of journeys whose states are known.

        Args:
            names: the channels.
            steps: as `recent_touches` returns them.
            weights: conversions, journeys without one, and value of each row; (j,) each.
            groups: their segments and periods; one group of all by default.
            group: of each row; (j,).
        """
        coded, states = steps
        known = _EVERYTHING if groups is None else groups
        of_row = np.zeros(len(weights[0]), np.int64) if group is None else group
        shape = len(known), len(states), len(names) + 2
        counted = _in_a_table if np.prod(shape) <= _DENSE else _sorted
        key, count, values = counted(coded, of_row, weights, shape)
        place, outcome = np.divmod(key, shape[2])
        cell, state = np.divmod(place, shape[1])
        return cls(names, states, known, cell, state, outcome, count, *values)

    def __add__(self, other: TransitionSums) -> TransitionSums:
        """Return the sums over the journeys of both.

        Raises:
            ValueError: they are of different orders.
        """
        if self.order != other.order:
            raise ValueError(f"sums of order {self.order} and {other.order} cannot be added")
        names = tuple(sorted({*self.names, *other.names}))
        codes = [_coded(part.states, part.names, names) for part in (self, other)]
        states = np.unique(np.concatenate(codes), axis=0)
        groups = pl.concat([self.groups, other.groups]).unique().sort(*GROUP, nulls_last=True)
        parts = [_moved(part, names, states, mine, groups) for part, mine in zip((self, other), codes, strict=True)]
        joined: dict[str, Any] = {name: np.concatenate([getattr(part, name) for part in parts]) for name in _OF_TRANSITIONS}
        added: dict[str, Any] = {name: getattr(parts[0], name) + getattr(parts[1], name) for name in _OF_STATES}
        whole = replace(parts[0], **joined, **added)
        return _summed(whole)

    def chain(self, among: NDArray[np.bool_] | None = None) -> TransitionSums:
        """Return the sums of all groups, or of some, as those of one group.

        Args:
            among: which groups; (G,).
        """
        kept = np.ones(len(self.groups), np.bool_) if among is None else among
        those = kept[self.group]
        of_transitions: dict[str, Any] = {name: getattr(self, name)[those] for name in _OF_TRANSITIONS[1:]}
        of_states: dict[str, Any] = {name: getattr(self, name)[kept].sum(axis=0, keepdims=True) for name in _OF_STATES}
        one = replace(self, groups=_EVERYTHING, group=np.zeros(int(those.sum()), np.int64), **of_transitions, **of_states)
        return _summed(one)

    def of_lower(self, order: int) -> TransitionSums:
        """Return the sums of a lower order: states with the same last touches are one."""
        states, state = np.unique(self.states[:, self.order - order :], axis=0, return_inverse=True)
        state = state.reshape(-1)
        of_states: dict[str, Any] = {name: _added(getattr(self, name), state, len(states)) for name in _OF_STATES}
        lower = replace(self, states=states, state=state[self.state], **of_states)
        return _summed(lower)

    def targets(self) -> Ints:
        """Return the state to which each transition leads, and -1 for a conversion and for none; (n,)."""
        k = len(self.names)
        reached = np.column_stack([self.states[self.state][:, 1:], self.outcome.astype(np.int16)])
        found = np.full(len(self.state), -1, np.int64)
        goes_on = self.outcome < k
        found[goes_on] = state_places(self.states, reached[goes_on])
        return found


def _moved(sums: TransitionSums, names: tuple[str, ...], states: Codes, mine: Codes, groups: pl.DataFrame) -> TransitionSums:
    """Return the sums over other channels, states and groups, among which all of its own are."""
    to_state = state_places(states, mine)
    place = _group_places(sums.groups, groups)
    code = np.append(_codes(sums.names, names), [len(names), len(names) + 1])
    wide = {name: np.zeros((len(groups), len(states))) for name in ("value", "squares", "rows")}
    for name, placed in wide.items():
        placed[np.ix_(place, to_state)] = getattr(sums, name)
    return replace(
        sums,
        names=names,
        states=states,
        groups=groups,
        group=place[sums.group],
        state=to_state[sums.state],
        outcome=code[sums.outcome].astype(np.int64),
        **wide,
    )


def _summed(sums: TransitionSums) -> TransitionSums:
    """Return the sums with each transition once, in order."""
    outcomes = len(sums.names) + 2
    keys = (sums.group * len(sums.states) + sums.state) * outcomes + sums.outcome
    key, which = np.unique(keys, return_inverse=True)
    place, outcome = np.divmod(key, outcomes)
    group, state = np.divmod(place, len(sums.states))
    count = np.bincount(which.reshape(-1), sums.count, len(key)).astype(np.float64)
    return replace(sums, group=group, state=state, outcome=outcome, count=count)


def _grouped(paths: CodedPaths, by: tuple[str, ...]) -> tuple[pl.DataFrame, Ints]:
    """Return the groups in order, and that of each row."""
    if not by:
        return _EVERYTHING, np.zeros(paths.rows, np.int64)
    named = paths.groups.select(
        (pl.col(name).cast(dtype) if name in by else pl.lit(None, dtype)).alias(name) for name, dtype in GROUP_SCHEMA.items()
    )
    if "segment" in by:
        named = named.with_columns(pl.col("segment").fill_null(UNKNOWN))
    groups = named.unique().sort(*GROUP, nulls_last=True)
    return groups, _group_places(named, groups)


def _group_places(own: pl.DataFrame, groups: pl.DataFrame) -> Ints:
    """Return the position of each row among the groups."""
    numbered = groups.with_row_index("place")
    place = own.join(numbered, on=groups.columns, how="left", nulls_equal=True, maintain_order="left")["place"]
    return np.asarray(place.to_numpy(), np.int64)


def _in_a_table(steps: Steps, group: Ints, weights: tuple[Floats, Floats, Floats], shape: tuple[int, int, int]) -> Any:
    """Return keys and counts of the transitions observed, and the sums of values, by a table of all."""
    counts = np.zeros(shape)
    values = np.zeros((3, *shape[:2]))
    _kernel()(*steps, group, *weights, counts, values)
    key = np.flatnonzero(counts)
    return key, counts.reshape(-1)[key], values


def _sorted(steps: Steps, group: Ints, weights: tuple[Floats, Floats, Floats], shape: tuple[int, int, int]) -> Any:
    """Return the same for tables too large to be held, by sorting the steps."""
    offsets, states, touches, shift = steps
    lengths = np.diff(offsets)
    full = np.flatnonzero(lengths > 0)
    row = np.repeat(np.arange(len(lengths)), lengths)
    after = states.astype(np.int64) + shift
    before = np.concatenate([np.zeros(1, np.int64), after[:-1]])
    before[offsets[:-1][full]] = 0
    last = after[offsets[1:][full] - 1]
    conversions, nulls, value = (weight[full] for weight in weights)
    place = [group[row] * shape[1] + before, *[group[full] * shape[1] + last] * 2]
    outcome = [touches.astype(np.int64), np.full(len(full), shape[2] - 2), np.full(len(full), shape[2] - 1)]
    keys = np.concatenate([where * shape[2] + to for where, to in zip(place, outcome, strict=True)])
    weight = np.concatenate([(weights[0] + weights[1])[row], conversions, nulls])
    key, which = np.unique(keys[weight > 0], return_inverse=True)
    there = conversions > 0
    cells = shape[0] * shape[1]
    sums = [value[there], value[there] ** 2 / conversions[there], np.ones(int(there.sum()))]
    values = np.array([np.bincount(place[1][there], each, cells).reshape(shape[:2]) for each in sums])
    return key, np.bincount(which, weight[weight > 0], len(key)), values


def count_steps(
    offsets: Any, states: Any, touches: Any, shift: Any, group: Any, conversions: Any, nulls: Any, value: Any, counts: Any, values: Any
) -> None:
    """Add up the transitions of all rows, and the values of their conversions. Compiled by numba."""
    ends = counts.shape[2]
    for row in range(len(offsets) - 1):
        start, end = offsets[row], offsets[row + 1]
        weight = conversions[row] + nulls[row]
        if start == end or weight == 0:
            continue
        mine, before = counts[group[row]], 0
        for at in range(start, end):
            mine[before, touches[at]] += weight
            before = states[at] + shift
        mine[before, ends - 2] += conversions[row]
        mine[before, ends - 1] += nulls[row]
        if conversions[row] > 0:
            values[0, group[row], before] += value[row]
            values[1, group[row], before] += value[row] ** 2 / conversions[row]
            values[2, group[row], before] += 1


@cache
def _kernel() -> Callable[..., None]:
    import numba

    compiled: Callable[..., None] = numba.njit(cache=True, nogil=True)(count_steps)
    return compiled


def _added(sums: Floats, state: Ints, number: int) -> Floats:
    """Return sums by state (G, S) as sums by the state that replaces it."""
    whole = np.zeros((number, len(sums)))
    np.add.at(whole, state, sums.T)
    return whole.T


def _codes(own: tuple[str, ...], names: tuple[str, ...]) -> Ints:
    """Return the position of each of one's own names among all."""
    place = {name: code for code, name in enumerate(names)}
    return np.array([place[name] for name in own], np.int64)


def _coded(states: Codes, own: tuple[str, ...], names: tuple[str, ...]) -> Codes:
    """Return states in the codes of other names."""
    return np.append(_codes(own, names), -1).astype(np.int16)[states]


def state_places(states: Codes, sought: Codes) -> Ints:
    """Return the position of each of the sought states among states in ascending order."""
    if not len(sought):
        return np.zeros(0, np.int64)
    return np.asarray(np.searchsorted(_as_bytes(states), _as_bytes(sought)), np.int64)


def _as_bytes(states: Codes) -> NDArray[np.bytes_]:
    """Return each state as bytes that are in the order of the states."""
    return np.ascontiguousarray((states + np.int16(1)).astype(">i2")).view(f"S{2 * states.shape[1]}").reshape(-1)
