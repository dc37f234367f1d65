"""Paths as integers: the channel of each touch in a row, with the offsets of the journeys and what came of each.

    paths = CodedPaths.of(frame)
    paths.names[paths.touches[paths.offsets[0]:paths.offsets[1]]]      channels of the first journey, in order of time

A row is one journey, or as many with the same channels as it has conversions and nulls. A row without a touch has the conversions
that no touch preceded: they stay in every total and are credited to no channel.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import polars as pl
from numpy.typing import NDArray

from relkit.contracts import Column, Contract, check
from relkit.errors import TableError

if TYPE_CHECKING:
    from typing import Self

Codes = NDArray[np.int16]
Ints = NDArray[np.int64]
Floats = NDArray[np.float64]

CHANNELS = "channels"
SECONDS = "seconds_before"
MOST_CHANNELS = 32_000
"""Largest number of channels that the codes can tell apart."""

PATHS_CONTRACT = Contract(
    name="paths",
    key=(),
    meaning="Journeys, one row each or grouped, with the channels of their touches in order of time.",
    columns=(
        Column(
            name=CHANNELS,
            dtype=pl.List(pl.String),
            required=True,
            nullable=False,
            meaning="Channel of each touch, the first one first; empty for conversions without a touch.",
        ),
        Column(
            name="conversions", dtype=pl.Float64, required=True, nullable=False, low=0.0, meaning="Conversions in which the journeys ended."
        ),
        Column(name="nulls", dtype=pl.Float64, default=0.0, nullable=False, low=0.0, meaning="Journeys that ended without a conversion."),
        Column(name="value", dtype=pl.Float64, default=0.0, nullable=False, meaning="Value of all conversions of the row."),
        Column(
            name=SECONDS,
            dtype=pl.List(pl.Int64),
            unit="seconds",
            meaning="Time from each touch to the end of the journey; without it no model of elapsed time can be fitted.",
        ),
        Column(name="segment", dtype=pl.String, meaning="Group of customers that has credit of its own."),
        Column(name="period", dtype=pl.Date, meaning="First day of the period in which the journeys ended."),
    ),
)
"""Columns of paths as models read them. The lists may be of text, categories or enumerated values."""


@dataclass(frozen=True, eq=False)
class CodedPaths:
    """Paths of m touches in j rows.

    Attributes:
        names: name of each code, ascending; a Series of text.
        touches: code of the channel of each touch, row by row; (m,) int16.
        offsets: position of the first touch of each row, and the number of touches; (j + 1,) int64.
        conversions, nulls, value: of each row; (j,) float64.
        seconds_before: time from each touch to the end of the journey; (m,) int64, or None if it is not known.
        groups: segment and period of each row, as far as there are any; (j rows).
    """

    names: pl.Series
    touches: Codes
    offsets: Ints
    conversions: Floats
    nulls: Floats
    value: Floats
    seconds_before: Ints | None
    groups: pl.DataFrame

    @property
    def rows(self) -> int:
        """Number of rows, those without a touch included."""
        return len(self.offsets) - 1

    @property
    def lengths(self) -> Ints:
        """Touches of each row; (j,)."""
        return np.diff(self.offsets)

    @classmethod
    def of(cls, frame: pl.DataFrame) -> Self:
        """Read a frame of paths.

        Raises:
            TableError: a column is missing or of another type, a list or a channel is null, or the lists differ in length.

        Examples:
            >>> frame = pl.DataFrame({"channels": [["b", "a"], []], "conversions": [2, 1], "value": [30.0, 9.0]})
            >>> paths = CodedPaths.of(frame)
            >>> paths.names.to_list(), paths.touches.tolist(), paths.offsets.tolist(), paths.nulls.tolist()
            (['a', 'b'], [1, 0], [0, 2, 2], [0.0, 0.0])
        """
        rows = _checked(frame)
        flat = frame[CHANNELS].explode(empty_as_null=False, keep_nulls=False)
        if flat.null_count():
            problem = f"{CHANNELS} has {flat.null_count():,} touches without a channel."
            raise TableError(problem, where="paths", remedy="Leave them out, or name them, e.g. unknown.")
        codes, names = _coded(flat)
        lengths = frame[CHANNELS].list.len().to_numpy().astype(np.int64)
        seconds = frame[SECONDS].explode(empty_as_null=False, keep_nulls=False) if SECONDS in frame.columns else None
        return cls(
            names=names,
            touches=codes,
            offsets=np.concatenate([np.zeros(1, np.int64), np.cumsum(lengths)]),
            conversions=rows["conversions"].to_numpy(),
            nulls=rows["nulls"].to_numpy(),
            value=rows["value"].to_numpy(),
            seconds_before=None if seconds is None else seconds.cast(pl.Int64).to_numpy(),
            groups=rows.select(name for name in ("segment", "period") if name in rows.columns),
        )


def columns_read(frame: pl.DataFrame) -> pl.DataFrame:
    """Return the columns of paths that a frame has, for its fingerprint."""
    return frame.select(name for name in PATHS_CONTRACT.names if name in frame.columns)


def _checked(frame: pl.DataFrame) -> pl.DataFrame:
    """Return the plain columns as other frames are checked, and the lists by their lengths."""
    lists = [name for name in (CHANNELS, SECONDS) if name in frame.columns]
    for name in lists:
        if not isinstance(frame[name].dtype, pl.List):
            problem = f"{name} is {frame[name].dtype}, expected a list: the touches of each journey."
            raise TableError(problem, where="paths", remedy="Give one row per journey; split a text such as a > b first.")
    plain = [
        Column(name=column.name, dtype=pl.UInt32, required=True, nullable=False) if column.name in lists else column
        for column in PATHS_CONTRACT.columns
    ]
    shape = frame.with_columns(pl.col(name).list.len().cast(pl.UInt32) for name in lists)
    rows = check(shape, Contract(name="paths", key=(), columns=tuple(plain)))
    if SECONDS in lists and (rows[SECONDS] != rows[CHANNELS]).any():
        raise TableError(f"{SECONDS} and {CHANNELS} differ in length.", where="paths", remedy="Give one time for each touch.")
    return rows


def _coded(flat: pl.Series) -> tuple[Codes, pl.Series]:
    """Return codes in the alphabetical order of the names, and the names that occur."""
    names = flat.unique().cast(pl.String).sort()
    if len(names) > MOST_CHANNELS:
        problem = f"{CHANNELS} has {len(names):,} different channels; at most {MOST_CHANNELS:,} can be told apart."
        raise TableError(problem, where="paths", remedy="Group them, e.g. by campaign or medium.")
    return flat.cast(pl.Enum(names)).to_physical().to_numpy().astype(np.int16), names.alias("channel")
