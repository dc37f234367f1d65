"""Spells as checked arrays: the input of the free functions of this family, with its errors defined once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from relkit.errors import NotEnoughEventsError, ParameterError
from relkit.metrics.near_ties import one_age

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from relkit.metrics.risk_sets import Flags, Floats, Indexes


@dataclass(frozen=True, eq=False)
class Observed:
    """Spells, each observed from its age `entry` to its age `duration`.

    Attributes:
        duration: shape (n,), days, finite and 0 or more.
        event: shape (n,), whether the spell ended then.
        entry: shape (n,), days, below `duration`, or 0.
        weight: shape (n,), above 0, how many spells each stands for; None for one each.
    """

    duration: Floats
    event: Flags
    entry: Floats
    weight: Floats | None

    @classmethod
    def of(
        cls, duration: ArrayLike, event: ArrayLike, entry: ArrayLike | None = None, weight: ArrayLike | None = None, *, where: str
    ) -> Observed:
        """Return the arrays, checked, with ages that differ by rounding made one (`relkit.metrics.near_ties`).

        Raises:
            ParameterError: lengths differ, or a value is missing, infinite or out of range.
            NotEnoughEventsError: there is no spell, or none that ended.

        Examples:
            >>> Observed.of([1, 2], [1, 0], where="doctest").event.tolist()
            [True, False]
        """
        days = _numbers(duration, "duration", where)
        if not len(days):
            raise NotEnoughEventsError("there is no spell.", where=where, remedy="Take a longer period, or more contracts.")
        flags = _numbers(event, "event", where, like=days)
        if not np.isin(flags, (0.0, 1.0)).all():
            raise ParameterError("event has values other than 0 and 1.", where=where, remedy="State for each spell whether it ended.")
        if not flags.any():
            raise NotEnoughEventsError(
                f"none of the {len(days):,} spells ended, so nothing can be learnt about when they end.",
                where=where,
                remedy="Take a longer period, or a wider set of contracts.",
            )
        first = np.zeros(len(days)) if entry is None else _numbers(entry, "entry", where, like=days)
        days, first = one_age(days, first)
        if late := int(((first >= days) & (first > 0)).sum()):
            raise ParameterError(
                f"entry is not below duration for {late:,} of {len(days):,} spells.",
                where=where,
                remedy="Leave out spells that were first seen on the day they were last seen.",
            )
        return cls(days, flags == 1, first, None if weight is None else _above_zero(weight, days, where))

    @property
    def weights(self) -> Floats:
        """Number of spells that each stands for."""
        return np.ones(len(self.duration)) if self.weight is None else self.weight

    def at_risk_by(self, ages: Floats, code: Indexes, groups: int) -> Floats:
        """Return the weight at risk at each of `ages` in each group, shape (groups, k).

        Args:
            ages: shape (k,), ascending.
            code: shape (n,), the group of each spell, from 0.
            groups: how many there are.
        """
        k = len(ages)
        came = np.where(self.entry > 0, np.searchsorted(ages, self.entry, side="right"), 0) + code * (k + 1)
        went = np.searchsorted(ages, self.duration, side="right") + code * (k + 1)
        cells = groups * (k + 1)
        change = np.bincount(came, self.weight, cells) - np.bincount(went, self.weight, cells)
        at_risk = np.cumsum(change.reshape(groups, k + 1), axis=1)[:, :k]
        if self.weight is None:
            return at_risk.astype(np.float64)
        # Sums of fractions leave a rounding error when nobody is at risk: the counts are exact.
        return np.where(Observed(self.duration, self.event, self.entry, None).at_risk_by(ages, code, groups) > 0, at_risk, 0.0)

    def ended_by(self, ages: Floats, code: Indexes, groups: int) -> Floats:
        """Return the weight that ends at each of `ages` in each group, shape (groups, k); `ages` contains all ages of ends."""
        k = len(ages)
        cell = np.searchsorted(ages, self.duration[self.event]) + code[self.event] * k
        return np.bincount(cell, self.weights[self.event], groups * k).reshape(groups, k).astype(np.float64)


def codes_of(labels: ArrayLike, count: int, what: str, where: str) -> tuple[list[Any], NDArray[np.intp]]:
    """Return the distinct labels in ascending order and the position of each row's label among them.

    Examples:
        >>> found, code = codes_of(["b", "a", "b"], 3, "group", "doctest")
        >>> [str(one) for one in found], code.tolist()
        (['a', 'b'], [1, 0, 1])
    """
    values = np.asarray(labels)
    if values.shape != (count,):
        raise ParameterError(f"{what} has the shape {values.shape}; {(count,)} is needed.", where=where)
    column = _column(values, what, where)
    missing = column.null_count() + (int(column.is_nan().sum()) if column.dtype.is_float() else 0)
    if missing:
        raise ParameterError(f"{what} is missing for {missing:,} of {count:,} spells.", where=where, remedy="Give it a name.")
    levels = column.unique().sort()
    code = column.cast(pl.Enum(levels)).to_physical() if column.dtype == pl.String else levels.search_sorted(column)
    return levels.to_list(), code.to_numpy().astype(np.intp)


def _column(values: NDArray[Any], what: str, where: str) -> pl.Series:
    try:
        return pl.Series(values.tolist() if values.dtype.kind == "O" else values, strict=True)
    except (TypeError, ValueError, pl.exceptions.PolarsError) as error:
        raise ParameterError(f"{what} has values of several kinds.", where=where, remedy="Write all of them as text.") from error


def _numbers(values: ArrayLike, what: str, where: str, like: Floats | None = None) -> Floats:
    try:
        found = np.asarray(values, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise ParameterError(f"{what} is not a column of numbers.", where=where) from error
    if found.ndim != 1 or (like is not None and len(found) != len(like)):
        needed = "one dimension" if like is None else f"the shape {like.shape}"
        raise ParameterError(f"{what} has the shape {found.shape}; {needed} is needed.", where=where)
    if odd := int((~np.isfinite(found)).sum()):
        raise ParameterError(f"{what} is missing or infinite for {odd:,} of {len(found):,} spells.", where=where, remedy="Leave them out.")
    if negative := int((found < 0).sum()):
        raise ParameterError(f"{what} is below 0 for {negative:,} of {len(found):,} spells.", where=where, remedy="Check its dates.")
    return found


def _above_zero(weight: ArrayLike, days: Floats, where: str) -> Floats:
    found = _numbers(weight, "weight", where, like=days)
    if none := int((found == 0).sum()):
        raise ParameterError(f"weight is 0 for {none:,} of {len(found):,} spells.", where=where, remedy="Leave them out.")
    return found
