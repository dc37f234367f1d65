"""The different sets of channels that journeys touched, with the journeys of each: all that a game without order needs to know."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from relkit.models.attribution.journey_groups import credited_value, sums_by
from relkit.models.attribution.portions import Amounts, Portions

if TYPE_CHECKING:
    from typing import Self

    from relkit.models.attribution.coded_paths import CodedPaths, Codes, Floats, Ints

WORD = 63
"""Channels per word of a set's code."""
TABLED = 22
"""Largest number of channels for which a table of all sets serves to find those that occur."""


@dataclass(frozen=True, eq=False)
class ChannelSets:
    """Journeys with at least one touch, by their set of channels; u sets.

    Attributes:
        channels: number of channels, k.
        members: codes of the channels of each set, set by set.
        offsets: position of the first member of each set, and the number of members; (u + 1,) int64.
        nulls: journeys without a conversion of each set; (u,) float64.
        amounts: of their conversions; each (u,).
    """

    channels: int
    members: Ints
    offsets: Ints
    nulls: Floats
    amounts: Amounts

    @property
    def conversions(self) -> Floats:
        """Conversions of each set; (u,)."""
        return self.amounts.conversions

    @property
    def journeys(self) -> Floats:
        """Conversions and failures of each set; (u,)."""
        return self.amounts.conversions + self.nulls

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
        """Return the sets of each group of rows, the same in all groups; rows of group -1 are left out."""
        touched = np.flatnonzero(paths.lengths)
        members, offsets, set_of = _different_sets(paths.touches, paths.offsets[touched], len(paths.names))
        sets = len(offsets) - 1
        cells = np.where(groups[touched] < 0, -1, groups[touched] * sets + set_of)
        value, number = credited_value(paths)[touched], paths.conversions[touched]
        each = np.divide(value, number, out=np.zeros_like(value), where=number > 0)
        shape = count, sets
        tables = [sums_by(cells, amount, count * sets).reshape(shape) for amount in (number, value, value * each, paths.nulls[touched])]
        ends = [_extremes(cells, sign * each, count * sets).reshape(shape) * sign for sign in (1, -1)]
        plain = cls(len(paths.names), members, offsets, np.zeros(sets), Amounts(*[np.zeros(sets)] * 5))
        return [
            replace(plain, nulls=tables[3][group], amounts=Amounts(*(table[group] for table in (*tables[:3], *ends))))
            for group in range(count)
        ]

    def equal_portions(self) -> Portions:
        """Return equal portions of the channels of each set, with the sets as rows."""
        sizes = np.diff(self.offsets)
        rows = np.repeat(np.arange(len(sizes)), sizes)
        return Portions(rows=rows, channels=self.members, sizes=1.0 / sizes[rows])


def _extremes(cells: Ints, amounts: Floats, count: int) -> Floats:
    """Return the largest amount of each cell, 0 if none is positive."""
    found, kept = np.zeros(count), (cells >= 0) & (amounts > 0)
    np.maximum.at(found, cells[kept], amounts[kept])
    return found


def _different_sets(touches: Codes, starts: Ints, channels: int) -> tuple[Ints, Ints, Ints]:
    """Return the members and offsets of the different sets, and the set of each row with a touch."""
    if not len(starts):
        return np.zeros(0, np.int64), np.zeros(1, np.int64), np.zeros(0, np.int64)
    if channels <= TABLED:
        bits = np.bitwise_or.reduceat(np.left_shift(1, np.arange(channels), dtype=np.int32)[touches], starts)
        seen = np.zeros(1 << channels, np.bool_)
        seen[bits] = True
        found, set_of = np.flatnonzero(seen)[:, None], (np.cumsum(seen) - 1)[bits]
    else:
        words = [_word(touches, starts, word) for word in range(-(-channels // WORD))]
        found, set_of = np.unique(np.column_stack(words) if len(words) > 1 else words[0], axis=0, return_inverse=True)
        found = found.reshape(-1, len(words))
    belongs = np.concatenate([(found[:, [at // WORD]] >> (at % WORD)) & 1 for at in range(channels)], axis=1).astype(np.bool_)
    offsets = np.concatenate([np.zeros(1, np.int64), np.cumsum(belongs.sum(axis=1))])
    return np.nonzero(belongs)[1], offsets, set_of.reshape(-1)


def _word(touches: Codes, starts: Ints, word: int) -> Ints:
    """Return the bits of the channels of one word in each row with a touch."""
    at = touches.astype(np.int64) - word * WORD
    bits = np.where((at >= 0) & (at < WORD), np.left_shift(np.int64(1), at % WORD), 0)
    found: Ints = np.bitwise_or.reduceat(bits, starts)
    return found
