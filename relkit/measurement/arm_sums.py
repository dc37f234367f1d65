"""Sufficient statistics of an experiment: number, sums and cross products by arm and segment, made by one scan.

    sums = ArmSums.of(units, ("margin", "orders"), covariates=("pre_margin",), by=("segment",))
    difference(sums, "margin")

Every estimator reads these and not the rows, so that a hundred million rows cost one aggregation, and months of rows add up.
Sums are taken about a value near the middle of each column, so that neither large nor constant values lose their digits.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from relkit.errors import ParameterError, TableError
from relkit.measurement.moments import CONSTANT, Moments, together

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from relkit.metrics.risk_sets import Flags, Floats

TREATED, CONTROL = "treated", "control"
"""Names of the two arms of an assignment."""
MISSING = ":missing"
"""End of the name of the column that is 1 if a covariate is missing: the covariate itself then counts as its middle value."""
_PILOT_ROWS = 1_000


@dataclass(frozen=True, eq=False)
class ArmSums:
    """Sums of k columns in c cells, a cell being an arm within a segment.

    Attributes:
        names: of the columns: measures, then covariates.
        covariates: those of the columns that were known before the draw.
        centre: value subtracted from each column before it was summed, shape (k,).
        cells: one row per cell: `arm` (String), then the columns given as `by`.
        n: rows of each cell, shape (c,).
        total: sums, shape (c, k).
        cross: sums of products, shape (c, k, k).

    Examples:
        >>> units = pl.DataFrame({"arm": ["treated", "treated", "control", "control"], "margin": [3.0, 5.0, 1.0, 2.0]})
        >>> sums = ArmSums.of(units, ("margin",))
        >>> sums.moments(arm="treated").mean.tolist(), (sums + sums).moments(arm="treated").n
        ([4.0], 4.0)
    """

    names: tuple[str, ...]
    covariates: tuple[str, ...]
    centre: Floats
    cells: pl.DataFrame
    n: Floats
    total: Floats
    cross: Floats

    @classmethod
    def of(
        cls,
        rows: pl.DataFrame | pl.LazyFrame,
        measures: Sequence[str],
        *,
        covariates: Sequence[str] = (),
        arm: str = "arm",
        by: Sequence[str] = (),
    ) -> ArmSums:
        """Return the sums of a frame.

        Args:
            rows: one row per unit drawn; a lazy frame is scanned once, after its first rows, and its sums vary in their last digits.
            measures: numeric or Boolean columns without nulls.
            covariates: numeric or Boolean columns known before the draw; missing values are allowed.
            arm: column with the arm of each row.
            by: columns that separate segments or strata.

        Raises:
            TableError: a column is missing, a measure has nulls or values that are not finite, there are no rows.
            ParameterError: a column is named twice.
        """
        lazy = rows.lazy()
        _refuse_columns(lazy, (*measures, *covariates), (arm, *by))
        columns = {name: pl.col(name).cast(pl.Float64) for name in measures}
        flags = _flagged(rows, covariates)
        columns |= {name: pl.col(name).cast(pl.Float64) for name in covariates}
        columns |= {f"{name}{MISSING}": pl.col(name).is_null().cast(pl.Float64) for name in flags}
        centre = _centre(lazy, columns)
        keys, in_memory = {"arm": arm, **{name: name for name in by}}, isinstance(rows, pl.DataFrame)
        sums = _summed(lazy, columns, centre, frozenset(covariates), keys, in_memory=in_memory)
        known = (*covariates, *(f"{name}{MISSING}" for name in flags))
        return _read(sums, tuple(columns), known, centre, ("arm", *by), len(measures))

    @property
    def by(self) -> tuple[str, ...]:
        """Return the columns that separate segments or strata."""
        return tuple(self.cells.columns[1:])

    @property
    def arms(self) -> tuple[str, ...]:
        """Return the arms, in alphabetical order."""
        return tuple(self.cells["arm"].unique().sort().to_list())

    def moments(self, **cell: object) -> Moments:
        """Return the moments of all cells with these values, such as `arm="treated", segment="A"`; of no rows if there is none."""
        return self.moments_of(self._where(cell))

    def moments_of(self, chosen: Flags) -> Moments:
        """Return the moments of chosen cells, a flag for each."""
        places = np.flatnonzero(chosen)
        if not len(places):
            k = len(self.names)
            return Moments(self.names, 0.0, np.zeros(k), np.zeros((k, k)))
        return together(self._cell(int(place)) for place in places)

    def only(self, **cell: object) -> ArmSums:
        """Return the sums of the cells with these values."""
        kept = self._where(cell)
        return replace(self, cells=self.cells.filter(pl.Series(kept)), n=self.n[kept], total=self.total[kept], cross=self.cross[kept])

    def each(self, *by: str) -> list[tuple[dict[str, object], ArmSums]]:
        """Return each combination of these columns with the sums of its cells, in their order."""
        keys = self.cells.select(by).unique(maintain_order=False).sort(by)
        return [(key, self.only(**key)) for key in keys.iter_rows(named=True)]

    def __add__(self, other: ArmSums) -> ArmSums:
        """Return the sums over the rows of both: other waves, other days, another shard."""
        if (self.names, self.cells.columns) != (other.names, other.cells.columns):
            raise ParameterError("sums of other columns or segments do not add up.", where="measurement")
        moved = other._about(self.centre)
        cells = pl.concat([self.cells, moved.cells], how="vertical_relaxed")
        keys = cells.unique(maintain_order=True).sort(cells.columns, nulls_last=False)
        numbered = keys.with_row_index("_at")
        place = cells.join(numbered, on=cells.columns, how="left", nulls_equal=True, maintain_order="left")["_at"].to_numpy()
        shapes = ((len(keys),), (len(keys), len(self.names)), (len(keys), len(self.names), len(self.names)))
        pairs = ((self.n, moved.n), (self.total, moved.total), (self.cross, moved.cross))
        summed = [np.zeros(shape) for shape in shapes]
        for into, pair in zip(summed, pairs, strict=True):
            np.add.at(into, place, np.concatenate(pair))
        return replace(self, cells=keys, n=summed[0], total=summed[1], cross=summed[2])

    def _about(self, centre: Floats) -> ArmSums:
        """Return the same sums, about another centre."""
        shift = self.centre - centre
        moved = self.total[:, :, None] * shift[None, None, :]
        cross = self.cross + moved + moved.transpose(0, 2, 1) + self.n[:, None, None] * np.outer(shift, shift)
        return replace(self, centre=centre, total=self.total + self.n[:, None] * shift, cross=cross)

    def _cell(self, place: int) -> Moments:
        n, total = self.n[place], self.total[place]
        deviations = self.cross[place] - np.outer(total, total) / n
        # A column that is constant in the cell leaves only rounding behind, which must not pass for a variance.
        constant = np.diag(deviations) <= CONSTANT * np.diag(self.cross[place])
        deviations[constant, :] = 0.0
        deviations[:, constant] = 0.0
        mean = self.centre + total / n
        # An arm in which nothing happened has a mean of 0, whatever value the sums were taken about.
        return Moments(self.names, float(n), np.where(np.abs(mean) <= CONSTANT * np.abs(self.centre), 0.0, mean), deviations)

    def _where(self, cell: Mapping[str, object]) -> Flags:
        kept = np.ones(len(self.cells), dtype=np.bool_)
        for name, value in cell.items():
            if name not in self.cells.columns:
                raise ParameterError.unknown("segment column", name, self.cells.columns, where="measurement")
            kept &= self.cells[name].eq_missing(pl.lit(value) if value is None else value).to_numpy()
        return kept


def _refuse_columns(rows: pl.LazyFrame, values: tuple[str, ...], keys: tuple[str, ...]) -> None:
    """Refuse columns that are missing, named twice or no numbers."""
    schema = rows.collect_schema()
    missing = sorted({name for name in (*values, *keys) if name not in schema})
    if missing:
        raise TableError(f"no column {', '.join(missing)}.", where="units", remedy=f"There are: {', '.join(schema)}.")
    twice = sorted({name for name in values if values.count(name) > 1})
    if twice:
        raise ParameterError(f"{', '.join(twice)} is named twice.", where="measures", remedy="Name each column once.")
    words = [name for name in values if not (schema[name].is_numeric() or schema[name] == pl.Boolean)]
    if words:
        raise TableError(f"{', '.join(words)} has no numbers.", where="units", remedy="Measures and covariates are numbers or yes and no.")


def _flagged(rows: pl.DataFrame | pl.LazyFrame, covariates: Sequence[str]) -> list[str]:
    """Return the covariates that need a flag for missing values; in a lazy frame all may."""
    if isinstance(rows, pl.DataFrame):
        return [name for name in covariates if rows[name].null_count()]
    return list(covariates)


def _centre(rows: pl.LazyFrame, columns: Mapping[str, pl.Expr]) -> Floats:
    """Return a value near the middle of each column, from its first rows, shape (k,)."""
    first = rows.head(_PILOT_ROWS).select(**columns).collect()
    means = np.array([first[name].mean() for name in columns], dtype=np.float64)
    return np.where(np.isfinite(means), means, 0.0)


def _summed(
    rows: pl.LazyFrame, columns: Mapping[str, pl.Expr], centre: Floats, filled: frozenset[str], keys: Mapping[str, str], *, in_memory: bool
) -> pl.DataFrame:
    """Return number, sums and sums of products by cell."""
    names = [f"_{place}" for place in range(len(columns))]
    shifted = {at: expr - float(c) for at, expr, c in zip(names, columns.values(), centre, strict=True)}
    shifted = {at: expr.fill_null(0.0) if name in filled else expr for (at, expr), name in zip(shifted.items(), columns, strict=True)}
    products = [(pl.col(a) * pl.col(b)).sum().alias(f"{a}{b}") for i, a in enumerate(names) for b in names[i:]]
    nulls = [pl.col(at).null_count().alias(f"{at}_null") for at in names]
    groups = [pl.col(column).cast(pl.String).alias(key) if key == "arm" else pl.col(column) for key, column in keys.items()]
    summed = (
        rows.select(*groups, **shifted)
        .group_by(list(keys))
        .agg(pl.len().alias("_n"), *(pl.col(at).sum() for at in names), *products, *nulls)
        .sort(list(keys))
    )
    # The streaming engine takes half the time and adds in no fixed order, so that last digits vary: it is for rows that fill no memory.
    return summed.collect(engine="in-memory" if in_memory else "streaming")


def _read(
    sums: pl.DataFrame, names: tuple[str, ...], known: tuple[str, ...], centre: Floats, keys: tuple[str, ...], measures: int
) -> ArmSums:
    """Return the sums as arrays, or refuse values that cannot be summed."""
    if not len(sums):
        raise TableError("there are no units.", where="units", remedy="Measure after units were drawn and their window has ended.")
    if sums["arm"].null_count():
        raise TableError("some units have no arm.", where="units.arm", remedy="Take the arms from the assignments.")
    k = len(names)
    total = sums.select(f"_{i}" for i in range(k)).to_numpy()
    upper = sums.select(f"_{i}_{j}" for i in range(k) for j in range(i, k)).to_numpy()
    _refuse_values(sums, names, total, measures)
    cross = np.zeros((len(sums), k, k))
    rows, columns = np.triu_indices(k)
    cross[:, rows, columns] = upper
    cross[:, columns, rows] = upper
    return ArmSums(names, known, centre, sums.select(keys), sums["_n"].cast(pl.Float64).to_numpy(), total, cross)


def _refuse_values(sums: pl.DataFrame, names: tuple[str, ...], total: Floats, measures: int) -> None:
    """Refuse measures with nulls and columns with values that are not finite."""
    for place, name in enumerate(names):
        nulls = int(sums[f"_{place}_null"].sum())
        if nulls and place < measures:
            remedy = "Give each unit drawn a value: 0 if it did nothing."
            raise TableError(f"{nulls:,} units have no value.", where=f"units.{name}", remedy=remedy)
        if not np.isfinite(total[:, place]).all():
            raise TableError("some values are not finite numbers.", where=f"units.{name}", remedy="Remove NaN and infinite values.")
