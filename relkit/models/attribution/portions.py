"""Portions: the part of each journey's conversions that a rule gives to each channel, and the credit that they add up to.

    portions = Portions.of_touches(paths, weights)        from a weight for each touch
    credits = portions.credit(paths, level=0.95)          by channel and group, with intervals

A journey is one draw: the credit of a channel is the sum of its portions over the conversions there were, and its sampling variance is
the sum of their squares. The intervals are those of `relkit.metrics.weighted_counts`. They take journeys as independent; the conversions
of one row of grouped paths are taken to be of equal value, as only their total is known.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from relkit.metrics.weighted_counts import signed_sum_bounds, weighted_count_bounds
from relkit.models.attribution.credit import credit_table
from relkit.models.attribution.journey_groups import credited_value, groupings_of, sums_by
from relkit.units import LEVEL

if TYPE_CHECKING:
    from typing import Self

    from numpy.typing import NDArray

    from relkit.models.attribution.coded_paths import CodedPaths, Floats, Ints
    from relkit.models.attribution.journey_groups import Grouping


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
        return cls(
            rows=np.repeat(np.arange(paths.rows), np.diff(matrix.indptr)), channels=matrix.indices.astype(np.int64), sizes=matrix.data
        )

    @classmethod
    def of_channels(cls, paths: CodedPaths) -> Self:
        """Return equal portions of the different channels of each row."""
        found = cls.of_touches(paths, np.ones(len(paths.touches)))
        different = np.bincount(found.rows, minlength=paths.rows)
        return cls(rows=found.rows, channels=found.channels, sizes=1.0 / different[found.rows])

    def credit(self, paths: CodedPaths, level: float = LEVEL) -> pl.DataFrame:
        """Return the credit of all channels, as `credit_table` does.

        Args:
            paths: the paths that the portions are of.
            level: of the intervals.

        Examples:
            >>> from relkit.models.attribution.coded_paths import CodedPaths
            >>> paths = CodedPaths.of(pl.DataFrame({"channels": [["b", "a"], ["a"]], "conversions": [8.0, 2.0]}))
            >>> Portions.of_channels(paths).credit(paths).select("channel", "conversions").rows()
            [('a', 6.0), ('b', 4.0)]
        """
        parts, largest = [], self._largest(len(paths.names))
        for grouping in groupings_of(paths):
            columns = self._columns(paths, grouping, largest, level)
            for code, group in enumerate(grouping.groups):
                own = {name: column[code] for name, column in columns.items()}
                parts.append((group, pl.DataFrame({"channel": paths.names, **own})))
        return credit_table(parts)

    def journeys(self, paths: CodedPaths) -> Floats:
        """Return the conversions that each channel preceded, whatever its portion of them; (channels,)."""
        return sums_by(self.channels, paths.conversions[self.rows], len(paths.names))

    def _columns(self, paths: CodedPaths, grouping: Grouping, largest: Floats, level: float) -> dict[str, Floats]:
        """Return each column of credit of one grouping; (groups, channels)."""
        total = _Adder(self, grouping, len(paths.names))
        number, value = paths.conversions[self.rows], credited_value(paths)[self.rows]
        each = np.divide(value, number, out=np.zeros_like(value), where=number > 0)
        conversions, worth = total(number), total(value)
        one_more = np.broadcast_to(largest, conversions.shape)
        bounds = weighted_count_bounds(conversions, total(number, power=2), one_more, level)
        mean = np.divide(worth, conversions, out=np.full_like(worth, _mean(paths)), where=conversions > 0)
        is_signed = total((value < 0).astype(np.float64), power=0) > 0
        squares = total(value * each, power=2)
        value_bounds = _value_bounds(worth, squares, one_more * mean, is_signed, level)
        names = ("conversions", "lower", "upper", "value", "value_lower", "value_upper")
        return dict(zip(names, (conversions, *bounds, worth, *value_bounds), strict=True))

    def _largest(self, channels: int) -> Floats:
        """Return the largest portion of each channel in any journey, converted or not; (channels,)."""
        order = np.argsort(self.channels, kind="stable")
        found = np.zeros(channels)
        if len(order):
            starts = np.flatnonzero(np.diff(self.channels[order], prepend=-1))
            found[self.channels[order][starts]] = np.maximum.reduceat(self.sizes[order], starts)
        return found


@dataclass(frozen=True, eq=False)
class _Adder:
    """Sums of amounts of pairs, times a power of their portions, by group and channel."""

    portions: Portions
    grouping: Grouping
    channels: int

    def __call__(self, amounts: Floats, power: int = 1) -> Floats:
        codes, groups = self.grouping.codes[self.portions.rows], len(self.grouping.groups)
        cells = np.where(codes < 0, -1, codes * self.channels + self.portions.channels)
        return sums_by(cells, amounts * self.portions.sizes**power, groups * self.channels).reshape(groups, self.channels)


def _mean(paths: CodedPaths) -> float:
    """Return the mean value of a conversion, 0 without any; it stands for that of channels that have none."""
    conversions = paths.conversions.sum()
    return float(credited_value(paths).sum() / conversions) if conversions else 0.0


def _value_bounds(value: Floats, squares: Floats, one_more: Floats, is_signed: NDArray[np.bool_], level: float) -> tuple[Floats, Floats]:
    """Return bounds of values: symmetric ones if some are negative, otherwise above zero."""
    signed = signed_sum_bounds(value, squares, level)
    positive = weighted_count_bounds(np.maximum(value, 0.0), squares, np.maximum(one_more, 0.0), level)
    low, high = (np.where(is_signed, *pair) for pair in zip(signed, positive, strict=True))
    return low, high
