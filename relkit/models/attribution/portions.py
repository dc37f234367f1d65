"""Portions: the part of each journey's conversions that a rule gives to each channel, and the credit that they add up to.

    ended = converting(paths)                             journeys without a conversion have nothing to give
    portions = Portions.of_touches(ended, weights)        from a weight for each touch
    credits = portions.credit(ended, groupings, level)    by channel and group, with intervals

A journey is one draw: the credit of a channel is the sum of its portions over the conversions there were, and its sampling variance is
the sum of their squares. The intervals are those of `relkit.metrics.weighted_counts`; one more conversion could bring a channel its
largest portion, and the largest value that it had of any. They take journeys as independent; the conversions of one row of grouped paths
are taken to be of equal value, as only their total is known.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from relkit.metrics.weighted_counts import signed_sum_bounds, weighted_count_bounds
from relkit.models.attribution.credit import credit_table
from relkit.models.attribution.journey_groups import groupings_of, sums_by
from relkit.units import LEVEL

if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Self

    from numpy.typing import NDArray

    from relkit.models.attribution.coded_paths import CodedPaths, Floats, Ints
    from relkit.models.attribution.journey_groups import Grouping


def converting(paths: CodedPaths) -> CodedPaths:
    """Return the rows of paths that have a conversion, with the names of all channels; groups come from `converting_groups`.

    Examples:
        >>> from relkit.models.attribution.coded_paths import CodedPaths
        >>> paths = CodedPaths.of(pl.DataFrame({"channels": [["b"], ["a", "b"]], "conversions": [0.0, 1.0], "nulls": [1.0, 0.0]}))
        >>> ended = converting(paths)
        >>> ended.touches.tolist(), ended.offsets.tolist(), ended.names.to_list()
        ([0, 1], [0, 2], ['a', 'b'])
    """
    is_kept = paths.conversions > 0
    rows = np.flatnonzero(is_kept)
    lengths = paths.lengths[rows]
    offsets = np.concatenate([np.zeros(1, np.int64), np.cumsum(lengths)])
    touches = np.arange(offsets[-1]) + np.repeat(paths.offsets[rows] - offsets[:-1], lengths)
    return replace(
        paths,
        touches=paths.touches[touches],
        offsets=offsets,
        conversions=paths.conversions[rows],
        nulls=paths.nulls[rows],
        value=paths.value[rows],
        seconds_before=None if paths.seconds_before is None else paths.seconds_before[touches],
        groups=paths.groups.filter(pl.Series(is_kept)) if paths.groups.width else paths.groups,
    )


def converting_groups(paths: CodedPaths) -> tuple[Grouping, ...]:
    """Return the groupings of the rows that have a conversion, with the groups of all rows."""
    return tuple(grouping.where(paths.conversions > 0) for grouping in groupings_of(paths))


@dataclass(frozen=True, eq=False)
class Amounts:
    """Amounts that rows have to give out.

    Attributes:
        conversions, value: of each row; (rows,) float64.
        squares: sum of the squared values of its conversions; (rows,) float64.
        highest, lowest: largest and smallest value of one of its conversions; (rows,) float64.
    """

    conversions: Floats
    value: Floats
    squares: Floats
    highest: Floats
    lowest: Floats

    @classmethod
    def of(cls, ended: CodedPaths) -> Self:
        """Return the amounts of paths that all have a conversion, whose values are equal within a row."""
        each = ended.value / ended.conversions
        return cls(ended.conversions, ended.value, ended.value * each, each, each)

    @property
    def mean(self) -> float:
        """Mean value of a conversion, at least 0; it stands for that of channels that have none."""
        conversions = self.conversions.sum()
        return max(float(self.value.sum() / conversions), 0.0) if conversions else 0.0


@dataclass(frozen=True, eq=False)
class Portions:
    """Portions of p pairs of a row and a channel that occurs in it, each pair once.

    Attributes:
        rows: of the pairs; (p,) int64.
        channels: codes of the channels; (p,) int64.
        sizes: from 0 to 1, adding up to 1 in each row with a touch; (p,) float64.
    """

    rows: Ints
    channels: Ints
    sizes: Floats

    @classmethod
    def of_touches(cls, paths: CodedPaths, weights: Floats) -> Self:
        """Return the portions that weights of touches add up to.

        Args:
            paths: the paths.
            weights: of each touch; (m,), adding up to 1 in each row with a touch.

        Examples:
            >>> from relkit.models.attribution.coded_paths import CodedPaths
            >>> paths = CodedPaths.of(pl.DataFrame({"channels": [["b", "a", "b"], ["a"]], "conversions": [1.0, 1.0]}))
            >>> portions = Portions.of_touches(paths, np.array([0.5, 0.25, 0.25, 1.0]))
            >>> list(zip(portions.rows.tolist(), portions.channels.tolist(), portions.sizes.tolist()))
            [(0, 0, 0.25), (0, 1, 0.75), (1, 0, 1.0)]
        """
        from scipy.sparse import csr_array

        shape = (paths.rows, max(len(paths.names), 1))
        # Duplicates are summed in place, so that the matrix needs arrays of its own, the offsets included.
        matrix = csr_array((weights.astype(np.float64), paths.touches.astype(np.int32), paths.offsets.copy()), shape=shape)
        matrix.sum_duplicates()
        rows = np.repeat(np.arange(paths.rows), np.diff(matrix.indptr))
        return cls(rows=rows, channels=matrix.indices.astype(np.int64), sizes=matrix.data)

    def credit(self, ended: CodedPaths, groupings: Iterable[Grouping], level: float = LEVEL) -> pl.DataFrame:
        """Return the credit of all channels, as `credit_table` does.

        Args:
            ended: the paths that the portions are of, all with a conversion.
            groupings: of these rows; a group may have none of them.
            level: of the intervals.

        Examples:
            >>> from relkit.models.attribution.coded_paths import CodedPaths
            >>> from relkit.models.attribution.journey_groups import groupings_of
            >>> paths = CodedPaths.of(pl.DataFrame({"channels": [["b", "a"], ["a"]], "conversions": [8.0, 2.0]}))
            >>> portions = Portions.of_touches(paths, np.array([0.25, 0.75, 1.0]))
            >>> portions.credit(paths, groupings_of(paths)).select("channel", "conversions").rows()
            [('a', 8.0), ('b', 2.0)]
        """
        parts: list[tuple[dict[str, Any], pl.DataFrame]] = []
        amounts = Amounts.of(ended)
        for grouping in groupings:
            columns = self.columns(amounts, grouping.codes, (len(grouping.groups), len(ended.names)), level)
            for code, group in enumerate(grouping.groups):
                own = {name: column[code] for name, column in columns.items()}
                parts.append((group, pl.DataFrame({"channel": ended.names, **own})))
        return credit_table(parts)

    def columns(self, amounts: Amounts, groups: Ints, shape: tuple[int, int], level: float) -> dict[str, Floats]:
        """Return each column of credit of several groups.

        Args:
            amounts: of the rows.
            groups: group of each row; (rows,), -1 for none.
            shape: numbers of groups and channels.
            level: of the intervals.
        """
        cells = _Cells(self, groups, shape)
        number, value = amounts.conversions[self.rows], amounts.value[self.rows]
        conversions, worth = cells.sums(number), cells.sums(value)
        part = np.where(conversions > 0, cells.largest(np.ones_like(number)), 1.0)
        bounds = weighted_count_bounds(conversions, cells.sums(number, power=2), part, level)
        most = np.where(conversions > 0, cells.largest(amounts.highest[self.rows]), amounts.mean)
        is_signed = cells.largest(-amounts.lowest[self.rows]) > 0
        value_bounds = _value_bounds(worth, cells.sums(amounts.squares[self.rows], power=2), most, is_signed, level)
        names = ("conversions", "lower", "upper", "value", "value_lower", "value_upper")
        return dict(zip(names, (conversions, *bounds, worth, *value_bounds), strict=True))


class _Cells:
    """Amounts of pairs by group and channel, times a power of their portions; each method returns (groups, channels)."""

    def __init__(self, portions: Portions, groups: Ints, shape: tuple[int, int]) -> None:
        self.sizes, self.shape = portions.sizes, shape
        codes = groups[portions.rows]
        self.codes = np.where(codes < 0, -1, codes * shape[1] + portions.channels)

    def sums(self, amounts: Floats, power: int = 1) -> Floats:
        """Return sums, those of pairs in no group left out."""
        return sums_by(self.codes, amounts * self.sizes**power, self.shape[0] * self.shape[1]).reshape(self.shape)

    def largest(self, amounts: Floats) -> Floats:
        """Return the largest amount, 0 if none is positive."""
        found, kept = np.zeros(self.shape[0] * self.shape[1]), (self.codes >= 0) & (amounts > 0)
        np.maximum.at(found, self.codes[kept], (amounts * self.sizes)[kept])
        return found.reshape(self.shape)


def _value_bounds(value: Floats, squares: Floats, one_more: Floats, is_signed: NDArray[np.bool_], level: float) -> tuple[Floats, Floats]:
    """Return bounds of values: symmetric ones if some are negative, otherwise above zero."""
    signed = signed_sum_bounds(value, squares, level)
    positive = weighted_count_bounds(np.maximum(value, 0.0), squares, one_more, level)
    low, high = (np.where(is_signed, *pair) for pair in zip(signed, positive, strict=True))
    return low, high
