"""Lifetimes as observed: the ages between which each ended, the age from which it was observed, and its weight.

One form serves all: an end observed on its day has `lower` = `upper`, a contract that still runs an infinite `upper`, one that
ended between two billing dates both of them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from relkit.contracts import Column, Contract, Rule, check
from relkit.errors import NotEnoughEventsError
from relkit.models.survival.aligned_ages import with_one_age
from relkit.models.survival.spells import ENTRY, LONGEST_DAYS, fit_contract, named_once, read_spells
from relkit.models.weights import columns_of
from relkit.remarks import Remark, french

if TYPE_CHECKING:
    from relkit.metrics.risk_sets import Flags, Floats

_AGE: dict[str, Any] = {"dtype": pl.Float64, "low": 0.0, "high": LONGEST_DAYS, "unit": "days"}
_ROUNDING = 1e-9
HALF_A_DAY = 0.5
"""Age of a spell that ended on the day it started: the logarithm of 0 is not finite."""


@dataclass(frozen=True, eq=False)
class Lifetimes:
    """Lifetimes with the bounds between which they ended.

    Attributes:
        frame: the rows kept, with the columns of the contract.
        lower: shape (n,), days: it lasted longer than this, or exactly this.
        upper: shape (n,), days: it did not last longer; infinite if it still ran when last observed.
        entry: shape (n,), days: age when first observed.
        weight: shape (n,), how many such lifetimes the row stands for.
        remarks: on what was left out or changed.
    """

    frame: pl.DataFrame
    lower: Floats
    upper: Floats
    entry: Floats
    weight: Floats
    remarks: tuple[Remark, ...] = ()

    @property
    def ended(self) -> Flags:
        """Flags of those that ended, shape (n,)."""
        return np.isfinite(self.upper)

    @property
    def last_age(self) -> float:
        """The last age at which one was observed to run or to end, in days."""
        return float(np.where(self.ended, self.upper, self.lower).max())

    def every(self, step: int) -> Lifetimes:
        """Return one lifetime in `step`, without the frame."""
        lower, upper, entry, weight = (values[::step] for values in (self.lower, self.upper, self.entry, self.weight))
        return Lifetimes(self.frame.clear(), lower, upper, entry, weight, self.remarks)


def lifetime_contract(name: str, covariates: tuple[Column, ...], *, weight_column: str, bounds: tuple[str, str] | None) -> Contract:
    """Return the contract of `fit`: duration_days and event, or the two columns that bound each lifetime."""
    more = (*covariates, *columns_of(weight_column, zero=False))
    if bounds is None:
        return fit_contract(name, more)
    lower, upper = bounds
    edges = (
        Column(name=lower, required=True, nullable=False, meaning="Age when last observed running.", **_AGE),
        Column(name=upper, required=True, meaning="Age when first observed ended.", null_means="still running", **_AGE),
    )
    rules = (
        Rule(
            name=f"{upper}: below {lower}",
            columns=(lower, upper),
            broken=pl.col(upper) < pl.col(lower),
            remedy="Count both in days from the start of the spell.",
        ),
        Rule(
            name=f"entry_days: over {lower}",
            columns=("entry_days", lower),
            broken=pl.col("entry_days") > pl.col(lower),
            remedy="A spell is observed from its entry on, so it is known to run then.",
        ),
    )
    return Contract(name=name, key=(), columns=named_once(name, (*edges, ENTRY, *more)), rules=rules)


def read_lifetimes(features: pl.DataFrame, needs: Contract, *, weight_column: str, bounds: tuple[str, str] | None) -> Lifetimes:
    """Return the lifetimes of a frame, checked against `lifetime_contract` with the covariates as the frame gives them.

    Raises:
        TableError: a column is missing, null or invalid.
        NotEnoughEventsError: no row, or no event, is left.
    """
    if bounds is None:
        spells = read_spells(features, needs)
        upper = np.where(spells.event, spells.duration, np.inf)
        found = spells.frame, spells.duration, upper, spells.entry, spells.remarks
    else:
        # An upper age may be written as infinite, which no contract allows: null means the same.
        given = _null_where_infinite(features, bounds[1])
        frame = check(with_one_age(given, "entry_days", *bounds), needs)
        lower, upper = (frame[name].fill_null(np.inf).to_numpy() for name in bounds)
        found = frame, lower, upper, frame["entry_days"].to_numpy(), ()
    frame, lower, upper, entry, remarks = found
    weight = frame[weight_column].to_numpy() if weight_column else np.ones(len(frame))
    return _informative(Lifetimes(frame, lower, upper, entry, weight, remarks), needs.name)


def _null_where_infinite(features: pl.DataFrame, name: str) -> pl.DataFrame:
    if name not in features.columns or not features[name].dtype.is_float():
        return features
    return features.with_columns(pl.when(pl.col(name) != np.inf).then(pl.col(name)).alias(name))


def _informative(given: Lifetimes, where: str) -> Lifetimes:
    """Return the lifetimes without uninformative ones, and ends at age 0 moved to half a day."""
    remarks = list(given.remarks)
    kept = given.ended | (given.lower > given.entry)
    lower, upper, entry, weight = (values[kept] for values in (given.lower, given.upper, given.entry, given.weight))
    # Bounds that differ by rounding are one age: the probability between them would be lost in rounding.
    lower = np.where(upper - lower <= _ROUNDING * np.abs(lower), upper, lower)
    if empty := int((~kept).sum()):
        remarks.append(_not_watched(empty))
    at_once = upper <= 0
    if at_once.any():
        lower, upper = np.where(at_once, HALF_A_DAY, lower), np.where(at_once, HALF_A_DAY, upper)
        remarks.append(_ended_at_once(int(at_once.sum())))
    if not np.isfinite(upper).any():
        raise NotEnoughEventsError(
            f"none of the {len(upper):,} spells ended, so nothing can be learnt about when they end.",
            where=where,
            remedy="Take a longer period, or a wider set of contracts.",
        )
    return Lifetimes(given.frame.filter(pl.Series(kept)), lower, upper, entry, weight, tuple(remarks))


def _not_watched(spells: int) -> Remark:
    """Return the remark on spells that were followed for no time."""
    return Remark(
        "not_watched",
        "1 spell was left out: it was not watched for any time."
        if spells == 1
        else f"{spells:,} spells were left out: they were not watched for any time.",
        "1 durée a été écartée : elle n’a été suivie pendant aucun jour."
        if spells == 1
        else f"{french(spells)} durées ont été écartées : elles n’ont été suivies pendant aucun jour.",
    )


def _ended_at_once(spells: int) -> Remark:
    """Return the remark on spells that ended on their first day."""
    return Remark(
        "ended_at_once",
        "1 spell ended on the day it started; it counts as half a day."
        if spells == 1
        else f"{spells:,} spells ended on the day they started; they count as half a day.",
        "1 client est parti le jour même de son arrivée ; sa durée compte pour une demi-journée."
        if spells == 1
        else f"{french(spells)} clients sont partis le jour même de leur arrivée ; leur durée compte pour une demi-journée.",
    )
