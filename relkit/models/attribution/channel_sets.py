"""The different sets of channels that journeys touched, with the journeys of each: all that a game without order needs to know."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from relkit.models.attribution.journey_groups import credited_value, sums_by
from relkit.models.attribution.portions import Portions

if TYPE_CHECKING:
    from typing import Self

    from numpy.typing import NDArray

    from relkit.models.attribution.coded_paths import CodedPaths, Floats, Ints

WORD = 63
"""Channels per word of a set's code."""


@dataclass(frozen=True, eq=False)
class ChannelSets:
    """Journeys with at least one touch, by their set of channels; u sets.

    Attributes:
        channels: number of channels, k.
        members: codes of the channels of each set, set by set.
        offsets: position of the first member of each set, and the number of members; (u + 1,) int64.
        conversions, nulls, value: of the journeys of each set; (u,) float64.
        squares: sum of the squared values of their conversions; (u,) float64.
    """

    channels: int
    members: Ints
    offsets: Ints
    conversions: Floats
    nulls: Floats
    value: Floats
    squares: Floats

    @property
    def codes(self) -> Ints:
        """Number of each set whose bits are its channels, of which there may be `WORD` at most; (u,)."""
        if not len(self.members):
            return np.zeros(0, np.int64)
        bits: Ints = np.bitwise_or.reduceat(np.left_shift(np.int64(1), self.members), self.offsets[:-1])
        return bits

    @classmethod
    def of(cls, paths: CodedPaths) -> Self:
        """Return the sets of paths.

        Examples:
            >>> import polars as pl
            >>> from relkit.models.attribution.coded_paths import CodedPaths
            >>> frame = pl.DataFrame(
            ...     {"channels": [["b", "a", "b"], ["a", "b"], ["b"], []], "conversions": [1, 2, 0, 5], "nulls": [0, 0, 7, 0]}
            ... )
            >>> sets = ChannelSets.of(CodedPaths.of(frame))
            >>> sets.codes.tolist(), sets.conversions.tolist(), sets.nulls.tolist()
            ([2, 3], [0.0, 3.0], [7.0, 0.0])
        """
        return cls.by_group(paths, np.zeros(paths.rows, np.int64), 1)[0]

    @classmethod
    def by_group(cls, paths: CodedPaths, groups: Ints, count: int) -> list[Self]:
        """Return the sets of each group of rows; rows of group -1 are left out."""
        found, set_of = cls._different(paths)
        sets = len(found.conversions)
        touched = np.flatnonzero(paths.lengths)
        cells = np.where(groups[touched] < 0, -1, groups[touched] * sets + set_of)
        value = credited_value(paths)
        each = np.divide(value, paths.conversions, out=np.zeros_like(value), where=paths.conversions > 0)
        amounts = (paths.conversions, paths.nulls, value, value * each)
        tables = [sums_by(cells, amount[touched], count * sets).reshape(count, sets) for amount in amounts]
        names = ("conversions", "nulls", "value", "squares")
        return [replace(found, **{name: table[group] for name, table in zip(names, tables, strict=True)}) for group in range(count)]

    @classmethod
    def _different(cls, paths: CodedPaths) -> tuple[Self, Ints]:
        """Return the different sets without their journeys, and the set of each row with a touch."""
        pairs = Portions.of_channels(paths)
        starts = np.flatnonzero(np.diff(pairs.rows, prepend=-1))
        sizes = np.diff(np.append(starts, len(pairs.rows)))
        codes = _codes(pairs.channels, starts, len(paths.names))
        _, first, set_of = np.unique(codes, axis=0, return_index=True, return_inverse=True)
        offsets = np.concatenate([np.zeros(1, np.int64), np.cumsum(sizes[first])])
        within = np.arange(offsets[-1]) - np.repeat(offsets[:-1], sizes[first])
        members = pairs.channels[np.repeat(starts[first], sizes[first]) + within]
        nothing = np.zeros(len(first))
        return cls(len(paths.names), members, offsets, nothing, nothing, nothing, nothing), set_of.reshape(-1)


def _codes(channels: Ints, starts: Ints, count: int) -> NDArray[np.int64]:
    """Return the code of the set of each row, in as many words as it takes; (rows,) or (rows, words)."""
    if not len(starts):
        return np.zeros(0, np.int64)
    words = [np.where(channels // WORD == word, np.left_shift(np.int64(1), channels % WORD), 0) for word in range(-(-count // WORD))]
    codes = [np.bitwise_or.reduceat(word, starts) for word in words]
    return codes[0] if len(codes) == 1 else np.column_stack(codes)
