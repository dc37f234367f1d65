"""Spells cut into periods: the exposure and the events in each.

Period j = 1, 2, ... contains the ages above (j - 1) P up to j P, with P the length of a period in days; an end at age 0 falls
into the first. A spell that ends counts one whole trial in the period of its end. A period of which a spell was observed for a
share only (it was first or last observed inside) counts that share of a trial, as if the hazard were constant inside:
to count it whole, or not at all, would move the rate by the whole of that share, this by the share times the rate.

A level is a run of periods that have one baseline hazard: each period its own, as long as 10 events, or 10 expected at
the mean rate, fall into it; when data get sparse, periods are pooled until they do. The last level, which has no end, contains
the last tenth of the events, and at least 20: the stretch whose rate extends the other survival models as well
(`relkit.metrics.risk_sets.tail_rate`). Covariates do not change with the period, so a spell needs one number a level: its
trials without an event.

Nothing of the size of spells times periods is ever made. Spells with equal covariates (a pattern) are added up if there
are few patterns; else rows are kept in descending order of their last level, so that those who reach a level are the first
of them, and their exposure in it is computed when it is needed.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple, Self

import numpy as np
import polars as pl
from numpy.typing import NDArray

from relkit.errors import NotEnoughEventsError, ParameterError
from relkit.metrics.risk_sets import ends_behind_tail

if TYPE_CHECKING:
    from collections.abc import Iterator

Floats = NDArray[np.float64]
Counts = NDArray[np.int64]
Indexes = NDArray[np.intp]

LEAST_ENDS = 10.0
"""Number of events, observed or expected at the mean rate, from which on periods have a level of their own."""
MOST_PATTERNS = 20_000
"""Up to this many distinct rows of covariates, spells are added up by pattern."""
MOST_PERIODS = 100_000
"""More periods than this in one life indicate a wrong unit."""
_ROUNDING = 1e-9


@dataclass(frozen=True, eq=False)
class Lives:
    """Spells in periods.

    Attributes:
        start: when first observed, in periods, shape (n,).
        stop: end of the observation without an event, in periods, shape (n,); of a spell that ended, the start of its last period.
        cause: shape (n,), 0 to K - 1 of a spell that ended, -1 of one that runs.
        weight: shape (n,), how many spells each stands for.
        causes: K.
    """

    start: Floats
    stop: Floats
    cause: NDArray[np.int64]
    weight: Floats
    causes: int = 1

    @classmethod
    def of(
        cls, duration: Floats, cause: NDArray[np.int64], entry: Floats, *, period_days: float, causes: int = 1, weight: Floats | None = None
    ) -> Self:
        """Return spells in periods.

        Args:
            duration: shape (n,), days.
            cause: shape (n,), -1 for a spell that has not ended.
            entry: shape (n,), days.
            period_days: length of a period.
            causes: how many there are.
            weight: shape (n,); None means 1 each.

        Examples:
            >>> lives = Lives.of(np.array([45.0, 60.0]), np.array([-1, 0]), np.zeros(2), period_days=30.0)
            >>> lives.stop.tolist(), lives.period.tolist()
            ([1.5, 1.0], [0, 2])
        """
        until = duration / period_days
        if len(until) and until.max() > MOST_PERIODS:
            raise ParameterError(
                f"the longest spell has {until.max():,.0f} periods, over {MOST_PERIODS:,}.",
                where="period_days",
                remedy="Check the unit of duration_days, or take a longer period.",
            )
        last = np.maximum(np.ceil(until - _ROUNDING), 1.0)
        stop = np.where(cause >= 0, last - 1, until)
        one = np.ones(len(until)) if weight is None else weight
        return cls(np.minimum(entry / period_days, stop), stop, cause, one, causes)

    @property
    def period(self) -> Counts:
        """Period of the end, 1 for the first; 0 of a spell that runs."""
        return np.where(self.cause >= 0, np.rint(self.stop) + 1, 0).astype(np.int64)

    def seen(self) -> tuple[Floats, Floats]:
        """Return by period the trials without an event, shape (J,), and the events by cause, shape (K, J)."""
        ended, period = self.cause >= 0, self.period
        count = int(max(period.max(initial=1), np.ceil(self.stop.max(initial=0.0) - _ROUNDING), 1))
        lived = _lived(self.stop, self.weight, count) - _lived(self.start, self.weight, count)
        mine = [ended & (self.cause == k) for k in range(self.causes)]
        ends: Floats = np.stack([np.bincount(period[m] - 1, self.weight[m], count).astype(np.float64) for m in mine])
        return np.maximum(lived, 0.0), ends


def _lived(until: Floats, weight: Floats, count: int) -> Floats:
    """Return the total exposure by period of spells observed from the start until `until`."""
    whole = np.minimum(np.floor(until), count - 1).astype(np.intp)
    inside = np.bincount(whole, weight * (until - whole), count)
    beyond = np.cumsum(np.bincount(whole, weight, count)[::-1])[::-1]
    lived: Floats = inside + np.append(beyond[1:], 0.0)
    return lived


def first_periods(stayed: Floats, ends: Floats, *, least: float = LEAST_ENDS) -> Counts:
    """Return the first period of each level, from 0, shape (L,).

    Args:
        stayed: trials without an event by period, shape (J,).
        ends: by cause and period, shape (K, J).
        least: events of each cause, observed or expected, that a level needs.

    Examples:
        >>> first_periods(np.array([900.0, 800.0, 700.0, 40.0, 10.0]), np.array([[50.0, 0.0, 30.0, 4.0, 0.0]])).tolist()
        [0, 1, 2]
    """
    at_risk = stayed + ends.sum(axis=0)
    expected = ends.sum(axis=1)[:, None] / max(float(at_risk.sum()), 1.0) * at_risk
    firsts, open_from = [0], 0
    total, hoped = np.zeros(len(ends)), np.zeros(len(ends))
    for j in range(len(stayed)):
        total, hoped = total + ends[:, j], hoped + expected[:, j]
        if (np.maximum(total, hoped) >= least).all():
            firsts.append(j + 1)
            open_from, total, hoped = j + 1, np.zeros(len(ends)), np.zeros(len(ends))
    if open_from > 0:
        firsts.pop()  # what is left, perhaps nothing, goes to the last level that was closed
    return _with_a_tail(np.array(firsts, dtype=np.int64), stayed, ends)


def _with_a_tail(firsts: Counts, stayed: Floats, ends: Floats) -> Counts:
    """Merge the last levels until they have enough for a level without end: a tenth of the ends, one of each cause, and some who stay."""
    wanted = ends_behind_tail(float(ends.sum()))
    while len(firsts) > 1:
        last = ends[:, firsts[-1] :].sum(axis=1)
        if last.sum() >= wanted and (last > 0).all() and stayed[firsts[-1] :].sum() > 0:
            break
        firsts = firsts[:-1]
    return firsts


class Level(NamedTuple):
    """Trials and events in a level of the first `m` rows, those that reached it.

    Attributes:
        number: of the level.
        stayed: trials without an event, shape (m,).
        ends: by cause, shape (K, m).
    """

    number: int
    stayed: Floats
    ends: Floats


@dataclass(frozen=True, eq=False)
class Cells:
    """Trials and events by row of covariates and level.

    Attributes:
        firsts: first period of each level, from 0, shape (L,).
        row: which row of the design each row of the cells has, shape (r,).
        weight: spells behind each row, shape (r,).
        causes: K.
        reach: rows that reach each level, shape (L,): the first ones.
        lives: the spells in the order of the rows, if they were not added up.
        added: trials without an event, shape (L, r), and ends, shape (K, L, r), if they were.
    """

    firsts: Counts
    row: Indexes
    weight: Floats
    causes: int
    reach: Counts
    lives: Lives | None
    added: tuple[Floats, Floats] | None

    @classmethod
    def of(cls, lives: Lives, pattern: Indexes | None, firsts: Counts) -> Self:
        """Return the cells of spells, added up by `pattern`, shape (n,), unless it is None."""
        last = np.searchsorted(firsts, np.maximum(lives.period - 1, np.ceil(lives.stop - _ROUNDING) - 1), side="right") - 1
        order = np.argsort(-last, kind="stable")
        reach = len(last) - np.searchsorted(last[order][::-1], np.arange(len(firsts)), side="left")
        ordered = Lives(lives.start[order], lives.stop[order], lives.cause[order], lives.weight[order], lives.causes)
        rows = cls(firsts, order, ordered.weight, lives.causes, reach.astype(np.int64), ordered, None)
        return rows if pattern is None else rows._added_up(pattern[order])

    def _added_up(self, pattern: Indexes) -> Self:
        count = int(pattern.max(initial=-1)) + 1
        stayed: Floats = np.zeros((len(self.firsts), count))
        ends: Floats = np.zeros((self.causes, len(self.firsts), count))
        for level in self.levels():
            m = len(level.stayed)
            stayed[level.number] = np.bincount(pattern[:m], level.stayed, count)
            for k in range(self.causes):
                some = np.flatnonzero(level.ends[k])
                ends[k, level.number] = np.bincount(pattern[some], level.ends[k][some], count)
        weight = np.bincount(pattern, self.weight, count).astype(np.float64)
        everyone = np.full(len(self.firsts), count, dtype=np.int64)
        return type(self)(self.firsts, np.arange(count), weight, self.causes, everyone, None, (stayed, ends))

    def levels(self) -> Iterator[Level]:
        """Yield the trials and events, level by level."""
        if self.added is not None:
            for j in range(len(self.firsts)):
                yield Level(j, self.added[0][j], self.added[1][:, j])
            return
        lives = self.lives
        assert lives is not None
        ends_at = np.searchsorted(self.firsts, lives.period - 1, side="right") - 1
        edges = np.append(self.firsts, np.inf)
        for j, m in enumerate(self.reach.tolist()):
            inside = np.minimum(lives.stop[:m], edges[j + 1]) - np.maximum(lives.start[:m], edges[j])
            stayed = np.maximum(inside, 0.0) * lives.weight[:m]
            here = np.where(ends_at[:m] == j, lives.cause[:m], -1)
            yield Level(j, stayed, np.stack([np.where(here == k, lives.weight[:m], 0.0) for k in range(self.causes)]))

    def thinned(self, step: int) -> Self:
        """Return the cells of every `step`-th spell; rows that were added up are few, and stay."""
        if self.lives is None:
            return self
        lives = self.lives
        few = Lives(lives.start[::step], lives.stop[::step], lives.cause[::step], lives.weight[::step], lives.causes)
        reach = -(-self.reach // step)
        return type(self)(self.firsts, self.row[::step], self.weight[::step], self.causes, reach, few, None)

    def totals(self) -> tuple[Floats, Floats]:
        """Return by level the trials without an event, shape (L,), and the ends, shape (K, L)."""
        found = [(level.stayed.sum(), level.ends.sum(axis=1)) for level in self.levels()]
        return np.array([stayed for stayed, _ in found]), np.stack([ends for _, ends in found], axis=1)


def numbered(frame: pl.DataFrame, names: list[str]) -> tuple[pl.DataFrame, Indexes | None]:
    """Return the distinct rows of covariates and the index of each row's; the frame and None if hardly any are equal.

    Distinct rows are sorted, so that the order of the frame does not matter.

    Examples:
        >>> distinct, pattern = numbered(pl.DataFrame({"x": [1.0, 0.0, 1.0, 1.0]}), ["x"])
        >>> distinct["x"].to_list(), pattern.tolist()
        ([0.0, 1.0], [1, 0, 1, 1])
    """
    if not names:
        return frame.select(pl.lit(0).alias("")).head(1), np.zeros(len(frame), dtype=np.intp)
    only = frame.select(names)
    distinct = only.unique()
    if len(distinct) > min(MOST_PATTERNS, max(len(frame) // 2, 1)):
        return only, None
    distinct = distinct.sort(names)
    found = only.join(distinct.with_row_index("__pattern"), on=names, how="left", nulls_equal=True, maintain_order="left")
    return distinct, found["__pattern"].to_numpy().astype(np.intp)


def enough_periods(cells_totals: tuple[Floats, Floats], where: str) -> None:
    """Raise if every spell ends within its first period: neither ages nor stayers can be distinguished."""
    stayed, ended = cells_totals
    if stayed.sum() <= 1e-6 * ended.sum():
        raise NotEnoughEventsError(
            "every spell ends in the first period in which it was observed.",
            where=where,
            remedy="Take a shorter period_days, or check how durations are counted.",
        )
