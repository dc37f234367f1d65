"""Touches of people in order of time, as integers: the person, instant, channel and kind of each touchpoint known at a cutoff.

Text ids are coded once, whatever the as-of. A person is the customer of the touch; else the customer to whom its anonymous id is linked
(`relkit.features.visitor_links`); else the anonymous visitor. Touches of one person at one instant are in order of touchpoint_id.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from relkit.features.journey_people import CustomerCodes, are_tests, customer_names
from relkit.features.visitor_links import NOBODY, VisitorLinks
from relkit.tables.kept import kept

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from relkit.periods import AsOf
    from relkit.tables.table_set import TableSet

    Codes = NDArray[np.uint32]
    Ints = NDArray[np.int64]

UNKNOWN_KIND = ""
"""Name of the kind of a touch whose kind is not known."""


@dataclass(frozen=True, eq=False)
class Touches:
    """Touches of people, in order of person, instant and touchpoint_id.

    Attributes:
        person: code of a customer, or of a visitor from `customers` on; (m,) uint32.
        at: microseconds since 1970; (m,) int64.
        channel: position among `channels`; (m,) of unsigned integers.
        kind: position among `kinds`; (m,) of unsigned integers.
        row: of the touchpoints table; (m,) uint32.
        channels, kinds: names by code.
        customers: number of customers, whose codes come first.
        people: number of people, visitors included.
        counts: touches known, of test accounts, stitched, and more.
    """

    person: Codes
    at: Ints
    channel: NDArray[Any]
    kind: NDArray[Any]
    row: Codes
    channels: pl.Series
    kinds: pl.Series
    customers: int
    people: int
    counts: dict[str, int]


def known_touches(tables: TableSet, as_of: AsOf) -> Touches:
    """Return the touches known at `as_of`, those of test accounts left out.

    Raises:
        TableError: there is no touchpoints table.
    """
    coded, row = _known_rows(coded_touches(tables), as_of)
    customer, visitor, at = (coded[name].to_physical().to_numpy() for name in ("customer", "visitor", "occurred_at"))
    visitors = int((visitor + np.uint32(1)).max(initial=0))  # that of nobody is 0
    test = are_tests(tables)
    person, counts = _people(customer, visitor, VisitorLinks.of(customer, visitor, visitors), len(test))
    real = np.flatnonzero(~flags(test, person))
    place = real[_in_order(tables, person[real], at[real], row[real], counts)]
    return Touches(
        person=person[place],
        at=at[place],
        channel=_codes(coded["channel"])[place],
        kind=_codes(coded["kind"])[place],
        row=row[place],
        channels=_names(coded["channel"]),
        kinds=_names(coded["kind"]),
        customers=len(test),
        people=len(test) + visitors,
        counts=counts | {"touches": len(real), "test_touches": len(coded) - len(real), "there_before": 0},
    )


def without_customers(touches: Touches, left_out: NDArray[np.bool_]) -> Touches:
    """Return the touches without those of some customers, which are counted as `there_before`.

    Args:
        touches: of all people.
        left_out: whether each customer is left out, by code.
    """
    kept = np.flatnonzero(~flags(left_out, touches.person))
    if len(kept) == len(touches.person):
        return touches
    each = {name: getattr(touches, name)[kept] for name in ("person", "at", "channel", "kind", "row")}
    return replace(touches, **each, counts=touches.counts | {"there_before": len(touches.person) - len(kept)})


def _known_rows(coded: pl.DataFrame, as_of: AsOf) -> tuple[pl.DataFrame, Codes]:
    """Return the touches known, and the row of each in the file."""
    seen = pl.col("known_at") if "known_at" in coded.columns else pl.col("occurred_at")
    known = coded.select((pl.col("occurred_at") < as_of.cutoff) & (seen < as_of.cutoff)).to_series()
    row = known.arg_true().to_numpy().astype(np.uint32, copy=False)
    return (coded if len(row) == len(coded) else coded.filter(known)), row


def _codes(names: pl.Series) -> NDArray[Any]:
    return names.to_physical().to_numpy()


def coded_touches(tables: TableSet) -> pl.DataFrame:
    """Return the touches in file order, whatever the as-of.

    Returns:
        customer and visitor (codes, `NOBODY` if not known), occurred_at, known_at (if the source says when it learnt of them), channel and
        kind (Enum).
    """
    return kept(tables, "coded_touches", lambda: _coded(tables))


def _coded(tables: TableSet) -> pl.DataFrame:
    rows = tables.scan("touchpoints")
    given = rows.collect_schema()
    read = rows.select(
        *(_hashed(name, given).alias(alias) for name, alias in (("customer_id", "customer"), ("anonymous_id", "visitor"))),
        "occurred_at",
        *([pl.max_horizontal("occurred_at", "recorded_at").alias("known_at")] if "recorded_at" in given else []),
        pl.col("channel_id").cast(pl.Categorical).alias("channel"),
        (pl.col("kind").fill_null(UNKNOWN_KIND) if "kind" in given else pl.lit(UNKNOWN_KIND)).cast(pl.Categorical).alias("kind"),
    ).collect(engine="streaming")
    codes = CustomerCodes.of(customer_names(tables))
    return read.with_columns(
        _coded_ids(read["customer"], codes.among),
        _coded_ids(read["visitor"], _ranks),
        *(_as_enum(read[name]) for name in ("channel", "kind")),
    )


def _hashed(name: str, given: pl.Schema) -> pl.Expr:
    """Return the hash of an id; null if there is none."""
    return pl.when(pl.col(name).is_not_null()).then(pl.col(name).hash()) if name in given else pl.lit(None, pl.UInt64)


def _coded_ids(hashes: pl.Series, code: Callable[[NDArray[np.uint64]], Codes]) -> pl.Series:
    """Return the code of each hash, `NOBODY` if it is null."""
    known = hashes.is_not_null().to_numpy()
    codes = np.full(len(hashes), NOBODY, np.uint32)
    codes[known] = code(hashes.drop_nulls().to_numpy())
    return pl.Series(hashes.name, codes)


def _ranks(hashes: NDArray[np.uint64]) -> Codes:
    """Return the rank of each hash among the different ones: the same visitors have the same order in any file."""
    return np.unique(hashes, return_inverse=True)[1].astype(np.uint32)


def enumerated(codes: NDArray[Any], names: pl.Series) -> pl.Series:
    """Return codes as an enumeration of the names that occur.

    Examples:
        >>> enumerated(np.array([2, 0], np.uint32), pl.Series(["a", "b", "c"])).dtype.categories.to_list()
        ['a', 'c']
    """
    there = np.zeros(len(names), np.bool_)
    there[codes] = True
    renumbered = (np.cumsum(there) - 1).astype(np.uint32)
    known = names.filter(pl.Series(there))
    return pl.Series(renumbered[codes]).cat.to(pl.Enum(known)) if len(known) else pl.Series([], dtype=pl.Enum([]))


def _as_enum(texts: pl.Series) -> pl.Series:
    """Return categories as an enumeration in alphabetical order."""
    return texts.cast(pl.Enum(texts.unique().cast(pl.String).sort()))


def _names(codes: pl.Series) -> pl.Series:
    dtype = codes.dtype
    return dtype.categories if isinstance(dtype, pl.Enum) else pl.Series([], dtype=pl.String)


def _people(customer: Codes, visitor: Codes, links: VisitorLinks, customers: int) -> tuple[Codes, dict[str, int]]:
    """Return the person of each touch, and how many were stitched or could not be."""
    person = customer.copy()
    anonymous = np.flatnonzero(customer == NOBODY)
    who = visitor[anonymous]
    known = links.customer[who] if len(links.customer) else np.full(len(who), NOBODY, np.uint32)
    stitched = known != NOBODY
    person[anonymous] = np.where(stitched, known, who + np.uint32(customers))
    ambiguous = links.ambiguous[who] if len(links.ambiguous) else np.zeros(len(who), np.bool_)
    return person, {
        "ties": 0,
        "stitched_touches": int(stitched.sum()),
        "stitched_visitors": len(np.unique(who[stitched])),
        "ambiguous_touches": int(ambiguous.sum()),
        "ambiguous_visitors": len(np.unique(who[ambiguous])),
    }


def flags(of_customers: NDArray[np.bool_], person: Codes) -> NDArray[np.bool_]:
    """Return the flag of each person; visitors have none."""
    if not of_customers.any():
        return np.zeros(len(person), np.bool_)
    found = np.zeros(len(person), np.bool_)
    there = person < len(of_customers)
    found[there] = of_customers[person[there]]
    return found


def _in_order(tables: TableSet, person: Codes, at: Ints, row: Codes, counts: dict[str, int]) -> Ints:
    """Return the order by person, instant and touchpoint_id, and add the number of ties to the counts."""
    key = packed(person, at)
    order = np.argsort(key)
    key = key[order]
    alike = np.flatnonzero(key[1:] == key[:-1])
    if not len(alike):
        return order
    place = np.union1d(alike, alike + 1)
    frame = pl.DataFrame({"key": key[place], "at": at[order[place]], "order": order[place]})
    counts["ties"] = len(frame) - int(frame.select(pl.struct("key", "at").n_unique()).item())
    ids = _ids(tables, row[order[place]]) if counts["ties"] else pl.lit("")
    order[place] = frame.with_columns(id=ids).sort("key", "at", "id")["order"].to_numpy()
    return order


def packed(person: Codes, at: Ints) -> NDArray[np.uint64]:
    """Return keys that sort people and their instants, as finely as 64 bits allow: sorting them takes a seventh of sorting by both.

    Examples:
        >>> packed(np.array([1, 0, 1], np.uint32), np.array([7, 9, 5])).argsort().tolist()
        [1, 2, 0]
    """
    if not len(person):
        return np.zeros(0, np.uint64)
    free = 63 - int(person.max()).bit_length()
    since = (at - at.min()).astype(np.uint64)
    coarse = max(0, int(since.max()).bit_length() - free)
    keys: NDArray[np.uint64] = (person.astype(np.uint64) << np.uint64(free)) | (since >> np.uint64(coarse))
    return keys


def _ids(tables: TableSet, row: Codes) -> pl.Series:
    """Return the touchpoint_id of some rows."""
    return tables.scan("touchpoints").select("touchpoint_id").collect()["touchpoint_id"].gather(row)
