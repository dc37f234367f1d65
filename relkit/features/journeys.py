"""Journeys: the touches of people on their way to a conversion, or to none.

    found = journeys(tables, as_of, Wanted(lookback_days=30))
    found.touches, found.journeys         one row per touch of a journey; one row per journey with a touch
    found.untouched                       conversions without a touch, by segment and day
    paths(tables, as_of, wanted)          the frame that models of attribution read

What counts. A journey has one person's touches after the previous conversion and within [conversion - lookback, conversion], both ends
included. A touch at the instant of the conversion counts, a later one never. What is left after the last conversion is a null path, which
ends with its last touch. Touches too old for their conversion are in no journey; conversions without touches stay in every total. Nothing
that happened, or was recorded, after the cutoff is read. A journey to a first order ends there: later touches are no null path.

Conversions are those of `relkit.features.conversions`, touches and people those of `relkit.features.journey_touches`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from relkit.contracts import INSTANT
from relkit.features.business_days import business_days
from relkit.features.conversions import Conversions, conversions, there_before
from relkit.features.journey_counts import counts_of
from relkit.features.journey_cuts import Cuts, Events, cut
from relkit.features.journey_groups import periods_of, segments_of
from relkit.features.journey_people import customer_names
from relkit.features.journey_remarks import remarks_of
from relkit.features.journey_touches import Touches, enumerated, known_touches, without_customers
from relkit.features.path_transforms import kept_touches
from relkit.features.wanted_journeys import Wanted
from relkit.tables.kept import kept
from relkit.units import US_A_SECOND

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from relkit.periods import AsOf, Holdout
    from relkit.remarks import Remark
    from relkit.tables.table_set import TableSet

__all__ = ["Journeys", "Wanted", "has_touches", "journey_remarks", "journeys", "later_paths", "paths"]


@dataclass(frozen=True, eq=False)
class Journeys:
    """Journeys known at a cutoff.

    Attributes:
        touches: one row per touch of a journey, in its order: journey (u32, row of `journeys`), person (u32), channel (Enum), kind (Enum,
            null if not known), occurred_at, seconds_before (to the end of the journey, i64), and cost, step, item (null if not given).
        journeys: one row per journey with a touch, in order of person and time: journey, person (u32, row of `people`), is_customer,
            ended_at, ended_on (business day), conversions, nulls (1 for a null path), value, touches, segment, period (null if not asked).
        untouched: conversions without a touch: segment, period, ended_on, conversions, value.
        people: person, customer_id (null for visitors) of those with a journey.
        counts: what was read and what was left out, by name.
        remarks: on how to read the journeys.
    """

    touches: pl.DataFrame
    journeys: pl.DataFrame
    untouched: pl.DataFrame
    people: pl.DataFrame
    counts: dict[str, int]
    remarks: tuple[Remark, ...]


@dataclass(frozen=True, eq=False)
class _Read:
    """Touches, conversions and the journeys cut from them."""

    touches: Touches
    conversions: Conversions
    cuts: Cuts
    wanted: Wanted

    @classmethod
    def of(cls, tables: TableSet, as_of: AsOf, wanted: Wanted) -> _Read:
        """Read the tables as of a cutoff."""
        touches, sales = known_touches(tables, as_of), conversions(tables, as_of, wanted)
        if wanted.first_only:  # their journeys may have ended in an order before the history starts: they are no failures
            touches = without_customers(touches, there_before(tables))
        lookbacks = wanted.lookbacks_us
        by_kind = np.array([lookbacks.get(kind, wanted.lookback_us) for kind in touches.kinds], np.int64)
        cuts = cut(
            Events(touches.person, touches.at),
            Events(sales.customer, sales.at),
            by_kind[touches.kind],
            reuse=wanted.reuse_touches,
            once=wanted.first_only,
        )
        return cls(touches, sales, kept_touches(cuts, touches.channel, wanted.touches_kept, wanted.last_touches), wanted)

    def counts(self) -> pl.DataFrame:
        """Return the counts of journeys, one row."""
        return pl.DataFrame([counts_of(self.touches, self.conversions, self.cuts)])

    @property
    def person(self) -> NDArray[np.uint32]:
        """Code of the person of each journey."""
        return self.touches.person[self.cuts.touch[self.cuts.start[:-1]]]

    @property
    def ended(self) -> NDArray[np.int64]:
        """Instant at which each journey ended, in microseconds."""
        last = self.touches.at[self.cuts.touch[self.cuts.start[1:] - 1]]
        return np.where(self.cuts.conversion < 0, last, _taken(self.conversions.at, self.cuts.conversion))

    @property
    def without(self) -> NDArray[np.int64]:
        """Positions of the conversions without a touch."""
        touched = np.zeros(len(self.conversions.at), np.bool_)
        touched[self.cuts.conversion[self.cuts.conversion >= 0]] = True
        return np.flatnonzero(~touched)


def journeys(tables: TableSet, as_of: AsOf, wanted: Wanted | None = None) -> Journeys:
    """Return the journeys known at `as_of`.

    Args:
        tables: the company.
        as_of: cutoff of what is known.
        wanted: the lookback, the conversions, the groups; by default all conversions, and touches of 30 days.

    Raises:
        TableError: there is no touchpoints table.
        ParameterError: an unknown attribute, or an invalid expression.
    """
    read = _Read.of(tables, as_of, wanted or Wanted())
    rows = _rows(read, tables, as_of)
    counts = read.counts().row(0, named=True)
    codes, person = np.unique(rows["person"].to_numpy(), return_inverse=True)
    rows = rows.with_columns(pl.Series("person", person.astype(np.uint32)))
    return Journeys(
        touches=_touch_rows(read, rows, tables),
        journeys=rows,
        untouched=_untouched(read, tables, as_of),
        people=_people(codes, tables),
        counts=counts,
        remarks=remarks_of(counts),
    )


def has_touches(tables: TableSet) -> bool:
    """Return whether there is a touchpoint."""
    return bool(tables.facts.rows.get("touchpoints"))


def paths(tables: TableSet, as_of: AsOf, wanted: Wanted | None = None) -> pl.DataFrame:
    """Return the paths that models of attribution read.

    Returns:
        channels (list of Enum), conversions, nulls, value, seconds_before (list of i64), segment and period (if asked for), ended_on (day
        on which the journeys ended): one row per journey with a touch, then one per segment and day of the conversions without any.

    Arguments and errors are those of `journeys`.
    """
    asked = wanted or Wanted()
    return kept(tables, f"paths_{asked.digest}", lambda: _paths(tables, as_of, asked), as_of)


def later_paths(tables: TableSet, split: Holdout, wanted: Wanted | None = None) -> pl.DataFrame:
    """Return the paths that ended in the days of a holdout, as known at its end; columns as in `paths`."""
    return paths(tables, split.end, wanted).filter(pl.col("ended_on") > split.calibration.day)


def journey_remarks(tables: TableSet, as_of: AsOf, wanted: Wanted | None = None) -> tuple[Remark, ...]:
    """Return the remarks on the journeys."""
    asked = wanted or Wanted()
    return remarks_of(journey_counts(tables, as_of, asked))


def journey_counts(tables: TableSet, as_of: AsOf, wanted: Wanted) -> dict[str, int]:
    """Return the counts of all that was read or left out, by name."""
    return kept(tables, _counts_name(wanted), lambda: _Read.of(tables, as_of, wanted).counts(), as_of).row(0, named=True)


def _counts_name(wanted: Wanted) -> str:
    return f"journey_counts_{wanted.digest}"


def _paths(tables: TableSet, as_of: AsOf, wanted: Wanted) -> pl.DataFrame:
    read = _Read.of(tables, as_of, wanted)
    kept(tables, _counts_name(wanted), read.counts, as_of)  # they cost little once the journeys are there
    rows = _rows(read, tables, as_of)
    lists = _lists(read, rows)
    groups = [name for name, asked in (("segment", wanted.by), ("period", wanted.period)) if asked]
    facts = ["conversions", "nulls", "value", *groups, "ended_on"]
    touched = lists.hstack(rows.select(facts))
    without = _untouched(read, tables, as_of).with_columns(nulls=pl.lit(0.0)).select(facts)
    empty = [pl.lit([], dtype).alias(name) for name, dtype in lists.schema.items()]
    return pl.concat([touched, without.select(*empty, *facts)]).select(
        "channels", "conversions", "nulls", "value", "seconds_before", *groups, "ended_on"
    )


def _lists(read: _Read, rows: pl.DataFrame) -> pl.DataFrame:
    """Return channels and seconds_before of each journey."""
    flat = pl.DataFrame({"journey": _journey(read), "channels": _channels(read), "seconds_before": _seconds_before(read, rows)})
    return (
        flat.with_columns(pl.col("journey").set_sorted())
        .group_by("journey", maintain_order=True)
        .agg("channels", "seconds_before")
        .drop("journey")
    )


def _journey(read: _Read) -> pl.Series:
    """Return the number of the journey of each touch."""
    return pl.Series("journey", np.repeat(np.arange(len(read.cuts.conversion), dtype=np.uint32), np.diff(read.cuts.start)))


def _channels(read: _Read) -> pl.Series:
    """Return the channel of each touch, among those of the touches known."""
    return enumerated(read.touches.channel, read.touches.channels)[read.cuts.touch].alias("channels")


def _seconds_before(read: _Read, rows: pl.DataFrame) -> pl.Series:
    """Return the whole seconds from each touch to the end of its journey."""
    end = np.repeat(rows["ended_at"].to_physical().to_numpy(), np.diff(read.cuts.start))
    return pl.Series("seconds_before", (end - read.touches.at[read.cuts.touch]) // US_A_SECOND)


def _rows(read: _Read, tables: TableSet, as_of: AsOf) -> pl.DataFrame:
    """Return one row per journey; person is its code."""
    ended = pl.Series("ended_at", read.ended).cast(INSTANT)
    is_null, person = read.cuts.conversion < 0, read.person
    days = business_days(ended, as_of.zone)
    return pl.DataFrame(
        {
            "journey": np.arange(len(person), dtype=np.uint32),
            "person": person,
            "is_customer": person < read.touches.customers,
            "ended_at": ended,
            "ended_on": days,
            "conversions": np.where(is_null, 0.0, _taken(read.conversions.number, read.cuts.conversion)),
            "nulls": is_null.astype(np.float64),
            "value": np.where(is_null, 0.0, _taken(read.conversions.value, read.cuts.conversion)),
            "touches": np.diff(read.cuts.start),
        }
    ).with_columns(*_groups(read.wanted, tables, as_of, person, ended, days))


def _groups(
    wanted: Wanted, tables: TableSet, as_of: AsOf, person: NDArray[np.uint32], ended: pl.Series, days: pl.Series
) -> list[pl.Series | pl.Expr]:
    """Return segment and period; null if they are not asked for."""
    segment = segments_of(tables, as_of, wanted.by, person, ended) if wanted.by else pl.lit(None, pl.String)
    period = periods_of(days, wanted.period) if wanted.period else pl.lit(None, pl.Date)
    return [segment.alias("segment"), period.alias("period")]


def _untouched(read: _Read, tables: TableSet, as_of: AsOf) -> pl.DataFrame:
    """Return the conversions without a touch, by segment, period and day."""
    which, sales = read.without, read.conversions
    ended = pl.Series("ended_at", sales.at[which]).cast(INSTANT)
    days = business_days(ended, as_of.zone)
    facts = {"ended_on": days, "conversions": sales.number[which].astype(np.float64), "value": sales.value[which]}
    rows = pl.DataFrame(facts).with_columns(*_groups(read.wanted, tables, as_of, sales.customer[which], ended, days))
    by = ["segment", "period", "ended_on"]
    return rows.group_by(by).agg(pl.col("conversions", "value").sum()).sort(by)


def _taken(values: NDArray[Any], place: NDArray[np.signedinteger[Any]]) -> NDArray[Any]:
    """Return the values at some places; anything at -1, also if there are none."""
    return values[place] if len(values) else np.zeros(len(place), values.dtype)


def _touch_rows(read: _Read, rows: pl.DataFrame, tables: TableSet) -> pl.DataFrame:
    """Return one row per touch of a journey."""
    place, counts = read.cuts.touch, np.diff(read.cuts.start)
    kinds = enumerated(read.touches.kind, read.touches.kinds)[place]
    facts = pl.DataFrame(
        {
            "journey": _journey(read),
            "person": np.repeat(rows["person"].to_numpy(), counts),
            "channel": _channels(read),
            "kind": kinds,
            "occurred_at": pl.Series(read.touches.at[place]).cast(INSTANT),
            "seconds_before": _seconds_before(read, rows),
        }
    )
    unknown = pl.when(pl.col("kind").cast(pl.String) != "").then("kind").alias("kind")
    return facts.with_columns(unknown).hstack(_as_given(tables)[read.touches.row[place]])


def _as_given(tables: TableSet) -> pl.DataFrame:
    """Return cost, step and item of every touchpoint, in file order; null if they are not given."""
    given = tables.columns("touchpoints")
    dtypes = {"cost": pl.Float64, "step": pl.String, "item": pl.String}
    read = [pl.col(name) if name in given else pl.lit(None, dtype).alias(name) for name, dtype in dtypes.items()]
    return tables.scan("touchpoints").select("occurred_at", *read).collect().drop("occurred_at")


def _people(codes: NDArray[np.uint32], tables: TableSet) -> pl.DataFrame:
    """Return person and customer_id of the people with a journey."""
    names = customer_names(tables)
    known = np.where(codes < len(names), codes, 0)
    ids = names.gather(known) if len(names) else pl.Series([None] * len(codes), dtype=pl.String)
    is_customer = pl.Series(codes < len(names))
    return pl.DataFrame({"person": np.arange(len(codes), dtype=np.uint32), "customer_id": ids}).with_columns(
        pl.when(is_customer).then("customer_id").alias("customer_id")
    )
