"""Touches of people in order of time, as integers: the person, instant, channel and kind of each touchpoint known at a cutoff.

Text ids are coded once, whatever the as-of. A person is the customer of the touch; else the customer to whom its anonymous id is linked
(`relkit.features.visitor_links`); else the anonymous visitor. Touches of one person at one instant are in order of touchpoint_id.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from relkit.features.id_codes import codes_among
from relkit.features.journey_people import customer_names, test_accounts
from relkit.features.visitor_links import NOBODY, VisitorLinks
from relkit.tables.kept import kept

if TYPE_CHECKING:
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
        channel: position among `channels`; (m,) uint32.
        kind: position among `kinds`; (m,) uint8.
        row: of the touchpoints table; (m,) uint32.
        channels, kinds: names by code.
        customers: number of customers, whose codes come first.
        people: number of people, visitors included.
        counts: touches known, of test accounts, stitched, and more.
    """

    person: Codes
    at: Ints
    channel: Codes
    kind: NDArray[np.uint8]
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
    coded = coded_touches(tables).with_row_index("row").filter(_known(as_of))
    test = test_accounts(tables)
    customer, visitor = (coded[name].fill_null(int(NOBODY)).to_numpy() for name in ("customer", "visitor"))
    visitors = int(visitor[visitor != NOBODY].max()) + 1 if (visitor != NOBODY).any() else 0
    links = VisitorLinks.of(customer, visitor, visitors)
    person, counts = _people(customer, visitor, links, len(test))
    real = np.flatnonzero(~flags(test, person))
    place = real[
        _in_order(tables, person[real], coded["occurred_at"].to_physical().to_numpy()[real], coded["row"].to_numpy()[real], counts)
    ]
    channel = coded["channel"]
    return Touches(
        person=person[place],
        at=coded["occurred_at"].to_physical().to_numpy()[place],
        channel=channel.to_physical().cast(pl.UInt32).to_numpy()[place],
        kind=coded["kind"].to_physical().cast(pl.UInt8).to_numpy()[place],
        row=coded["row"].to_numpy()[place],
        channels=_names(channel),
        kinds=_names(coded["kind"]),
        customers=len(test),
        people=len(test) + visitors,
        counts=counts | {"touches": len(real), "test_touches": len(coded) - len(real)},
    )


def coded_touches(tables: TableSet) -> pl.DataFrame:
    """Return customer, visitor (codes or null), occurred_at, known_at, channel and kind (Enum) of every touch, in file order."""
    return kept(tables, "coded_touches", lambda: _coded(tables))


def _coded(tables: TableSet) -> pl.DataFrame:
    rows = tables.scan("touchpoints")
    given = rows.collect_schema()
    seen = [name for name in ("occurred_at", "recorded_at") if name in given]
    anonymous = pl.col("anonymous_id").hash() if "anonymous_id" in given else pl.lit(None, pl.UInt64)
    nameless = pl.col("anonymous_id").is_null() if "anonymous_id" in given else pl.lit(value=True)
    read = rows.select(
        pl.col("customer_id") if "customer_id" in given else pl.lit(None, pl.String).alias("customer_id"),
        pl.when(~nameless).then(anonymous).alias("visitor"),
        "occurred_at",
        pl.max_horizontal(seen).alias("known_at"),
        pl.col("channel_id").cast(pl.Categorical).alias("channel"),
        (pl.col("kind").fill_null(UNKNOWN_KIND) if "kind" in given else pl.lit(UNKNOWN_KIND)).cast(pl.Categorical).alias("kind"),
    ).collect(engine="streaming")
    return read.select(
        codes_among(customer_names(tables), read["customer_id"]).alias("customer"),
        _numbered(read["visitor"]),
        "occurred_at",
        "known_at",
        *(_as_enum(read[name]) for name in ("channel", "kind")),
    )


def enumerated(codes: NDArray[np.uint32], names: pl.Series) -> pl.Series:
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


def _numbered(hashes: pl.Series) -> pl.Series:
    """Return the rank of each hash among the different ones: the same visitors have the same order in any file."""
    known = hashes.is_not_null().to_numpy()
    codes = np.full(len(hashes), NOBODY, np.uint32)
    codes[known] = np.unique(hashes.drop_nulls().to_numpy(), return_inverse=True)[1]
    return pl.Series("visitor", codes).replace(int(NOBODY), None)


def _as_enum(texts: pl.Series) -> pl.Series:
    """Return categories as an enumeration in alphabetical order."""
    return texts.cast(pl.Enum(texts.unique().cast(pl.String).sort()))


def _names(codes: pl.Series) -> pl.Series:
    dtype = codes.dtype
    return dtype.categories if isinstance(dtype, pl.Enum) else pl.Series([], dtype=pl.String)


def _known(as_of: AsOf) -> pl.Expr:
    return (pl.col("occurred_at") < as_of.cutoff) & (pl.col("known_at") < as_of.cutoff)


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
    order = np.argsort(person, kind="stable")
    who, when = person[order], at[order]
    if _backwards(who, when):
        order = np.lexsort((at, person))
        who, when = person[order], at[order]
    tied = (who[1:] == who[:-1]) & (when[1:] == when[:-1])
    counts["ties"] = int(tied.sum())
    return order if not counts["ties"] else _by_id(tables, order, tied, row)


def _backwards(person: Codes, at: Ints) -> bool:
    return bool(((person[1:] == person[:-1]) & (at[1:] < at[:-1])).any())


def _by_id(tables: TableSet, order: Ints, tied: NDArray[np.bool_], row: Codes) -> Ints:
    """Return the order with touches of one person at one instant in order of touchpoint_id."""
    ids = tables.scan("touchpoints").select("touchpoint_id").collect()["touchpoint_id"]
    group = np.concatenate([[0], np.cumsum(~tied)])
    member = np.zeros(len(order), np.bool_)
    member[1:] |= tied
    member[:-1] |= tied
    place = np.flatnonzero(member)
    frame = pl.DataFrame({"group": group[place], "id": ids.gather(row[order[place]]), "order": order[place]})
    found = order.copy()
    found[place] = frame.sort("group", "id")["order"].to_numpy()
    return found
