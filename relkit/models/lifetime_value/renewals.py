"""Renewal counts of contracts that come up for renewal every period: at risk and left, at each renewal.

Only whole periods count: a renewal is observed if the period before it was observed from its start to its end. Of a
spell that began before observation, the period under way then is left out; an event in a period that is not over yet is
left out as well, since those who stay in it cannot be counted either. A fit needs only the counts, so
they can be computed shard by shard and added up.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import polars as pl
from numpy.typing import NDArray

from relkit.contracts import Column, Contract
from relkit.errors import NotEnoughEventsError, ParameterError
from relkit.models.survival.spells import BACKWARDS, DURATION, ENTRY, EVENT
from relkit.remarks import Remark, french
from relkit.scalars import check_scalar

if TYPE_CHECKING:
    from datetime import date

    from relkit.models.survival.spells import Spells

Floats = NDArray[np.float64]

TOLERANCE_DAYS = 3.0
"""Largest excess of a number of calendar months, or years, over that many of their mean length: 2.7 days."""

STARTED = Column(name="started_on", dtype=pl.Date, nullable=False, meaning="First day: says which periods are over by the as-of day.")


def renewal_contract(name: str, more: tuple[Column, ...] = ()) -> Contract:
    """Return the input of `fit`, with covariates and weights in `more`: one row per spell; a customer may have several."""
    return Contract(name=name, key=(), columns=(DURATION, EVENT, ENTRY, STARTED, *more), rules=(BACKWARDS,))


def check_period(period_days: float, tolerance_days: float) -> None:
    """Refuse a period that is not a length of time, and a tolerance that would merge two renewals."""
    check_scalar(period_days, "period_days", gt=0, remedy="Write 365.25 for yearly contracts.")
    if not 0 <= tolerance_days < period_days / 2:
        raise ParameterError(
            f"tolerance_days is {tolerance_days:g}; it must be 0 or more, and less than half of period_days, {period_days:g}.",
            where="tolerance_days",
        )


def in_periods(days: Floats, period_days: float, tolerance_days: float) -> Floats:
    """Return ages in periods; one within `tolerance_days` of a renewal is taken to be at it.

    Examples:
        >>> in_periods(np.array([28.0, 31.0, 45.0, 365.0]), 30.4375, 2.0).round(2).tolist()
        [0.92, 1.0, 1.48, 12.0]
    """
    periods = np.asarray(days, dtype=np.float64) / period_days
    nearest = np.rint(periods)
    return np.where(np.abs(periods - nearest) * period_days <= tolerance_days, nearest, periods)


@dataclass(frozen=True, eq=False)
class RenewalCounts:
    """Outcomes of the observed renewals; position 0 is the first renewal.

    Attributes:
        at_risk: contracts that reached each renewal, shape (k,).
        left: those of them that were not renewed, shape (k,).

    Examples:
        >>> first = RenewalCounts(at_risk=np.array([5.0, 3.0]), left=np.array([2.0, 0.0]))
        >>> first.merged(RenewalCounts(at_risk=np.array([4.0]), left=np.array([1.0]))).at_risk.tolist()
        [9.0, 3.0]
    """

    at_risk: Floats
    left: Floats

    def merged(self, other: RenewalCounts) -> RenewalCounts:
        """Return the counts of two groups of contracts together."""
        k = max(len(self.at_risk), len(other.at_risk))
        pairs = ((self.at_risk, other.at_risk), (self.left, other.left))
        at_risk, left = (np.pad(a, (0, k - len(a))) + np.pad(b, (0, k - len(b))) for a, b in pairs)
        return RenewalCounts(at_risk=at_risk, left=left)

    def enough(self, where: str, parameters: int) -> None:
        """Refuse counts from which `parameters` parameters cannot be estimated."""
        renewals, ends = len(self.at_risk), float(self.left.sum())
        if renewals < parameters or not ends:
            raise NotEnoughEventsError(
                f"{ends:,.0f} ends at {renewals} renewals were observed; {parameters} renewals and an end are needed.",
                where=where,
                remedy="Take a longer history, or a shorter period_days.",
            )


@dataclass(frozen=True, eq=False)
class Watched:
    """The observed renewals of spells.

    Attributes:
        used: mask of the spells with an observed renewal, shape (n,).
        before: renewals that had passed when each of those was first observed, shape (m,).
        last: the last renewal at which it was observed, shape (m,).
        ended: whether it left at that one, shape (m,).
        remarks: on what was left out.
        weights: number of contracts that each of those stands for, shape (m,).
    """

    used: NDArray[np.bool_]
    before: NDArray[np.intp]
    last: NDArray[np.intp]
    ended: NDArray[np.bool_]
    remarks: tuple[Remark, ...]
    weights: Floats

    @property
    def spells(self) -> int:
        """Number of spells, rows of a frame, with an observed renewal."""
        return len(self.last)

    @property
    def counts(self) -> RenewalCounts:
        """Outcomes of the renewals."""
        return self.counts_of(slice(None))

    def counts_of(self, some: NDArray[np.bool_] | slice) -> RenewalCounts:
        """Return the outcomes of the renewals of some of the spells used."""
        return _counts(self.before[some], self.last[some], self.ended[some], self.weights[some])


def watch(spells: Spells, *, period_days: float, tolerance_days: float, as_of: date, weights: Floats | None = None) -> Watched:
    """Return the renewals of spells.

    Args:
        spells: with started_on, if known: without it every event is taken to fall on a renewal day.
        period_days: from one renewal to the next.
        tolerance_days: an age this close to a renewal is taken to be at it.
        as_of: last day whose facts are known.
        weights: number of contracts that each spell stands for, shape (n,); one by default.
    """
    length = period_days, tolerance_days
    before = np.ceil(in_periods(spells.entry, *length)).astype(np.intp)
    age = in_periods(spells.duration, *length)
    last = np.where(spells.event, np.maximum(np.ceil(age), 1), np.floor(age)).astype(np.intp)
    ended = spells.event
    if "started_on" in spells.frame.columns:
        followed = (pl.lit(as_of, pl.Date) - pl.col("started_on")).dt.total_days().cast(pl.Float64)
        days = np.maximum(spells.frame.select(followed).to_series().to_numpy(), spells.duration)
        over = np.floor(in_periods(days, *length)).astype(np.intp)
        ended, last = ended & (last <= over), np.minimum(last, over)
    used = last > before
    remarks, each = (*spells.remarks, *_remarks(spells, used, ended)), np.ones(len(used)) if weights is None else weights
    used = used & (each > 0)
    return Watched(used, before[used], last[used], ended[used], remarks, each[used])


def _counts(before: NDArray[np.intp], last: NDArray[np.intp], ended: NDArray[np.bool_], weights: Floats) -> RenewalCounts:
    k = int(last.max(initial=0))
    came = np.cumsum(np.bincount(before, weights, minlength=k)[:k]) - np.cumsum(np.bincount(last, weights, minlength=k)[:k])
    left = np.bincount(last[ended], weights[ended], minlength=k + 1)[1:]
    return RenewalCounts(at_risk=came.astype(np.float64), left=left.astype(np.float64))


def _remarks(spells: Spells, used: NDArray[np.bool_], ended: NDArray[np.bool_]) -> list[Remark]:
    remarks = []
    if unseen := int((~used).sum()):
        remarks.append(
            Remark(
                "no_renewal_watched",
                f"{unseen:,} of {len(used):,} spells were left out: they came to no renewal that was watched.",
                f"{french(unseen)} contrats sur {french(len(used))} ont été écartés : aucune de leurs échéances n’a été observée.",
            )
        )
    if open_ := int((used & spells.event & ~ended).sum()):
        remarks.append(
            Remark(
                "ends_in_open_period",
                f"{open_:,} ends were not counted, nor the period they fell in: it was not over on the as-of day.",
                f"{french(open_)} départs n’ont pas été comptés, ni la période où ils tombent : elle n’était pas finie à la date d’arrêté.",
            )
        )
    if "started_on" not in spells.frame.columns:
        remarks.append(ON_RENEWAL_DAYS)
    return remarks


ON_RENEWAL_DAYS = Remark(
    "ends_on_renewal_days",
    "Without started_on every end is taken to fall on a renewal day: a period that is not over counts only by its ends.",
    "Sans started_on, chaque départ est supposé tomber un jour d’échéance : une période en cours ne compte que par ses départs.",
)
