"""Events that a moment preceded within some days, alongside the share of people who had such a moment then anyway.

The share alone says little: if half of all customers visit the web site in any month, half of all store purchases are preceded by a visit.
The base rate is the share of the people with such a moment in the same days before the same instants, averaged over the events. The excess
is the difference; its standard error takes the events of one person as one observation (linearised ratio, sums over people). An excess is
no effect: whoever is about to buy visits more.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from relkit.units import US_A_DAY

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    Ints = NDArray[np.int64]


def preceding_moments(events: pl.DataFrame, moments: pl.DataFrame, people: pl.DataFrame, *, windows_days: Sequence[int]) -> pl.DataFrame:
    """Return one row per window.

    Args:
        events: customer_id and at; those of others than the people are left out.
        moments: customer_id and at, in any order; a moment at the instant of the event precedes it.
        people: customer_id of each once, and since, the instant from which they are known; those are the ones who could have had a moment.
        windows_days: in days of 24 hours, both ends included.

    Returns:
        window_days, events, customers (who had them), preceded (events), share, base_share, excess, excess_error.

    Examples:
        >>> from datetime import datetime
        >>> day = lambda n: datetime(2025, 6, n)
        >>> people = pl.DataFrame({"customer_id": ["a", "b", "c", "d"], "since": [day(1)] * 4})
        >>> visits = pl.DataFrame({"customer_id": ["a", "b"], "at": [day(9), day(3)]})
        >>> bought = pl.DataFrame({"customer_id": ["a", "c"], "at": [day(10), day(10)]})
        >>> found = preceding_moments(bought, visits, people, windows_days=(1, 7))
        >>> found.select("window_days", "preceded", "share", "base_share", "excess").rows()
        [(1, 1, 0.5, 0.25, 0.25), (7, 1, 0.5, 0.5, 0.0)]
    """
    known = people.select("customer_id", since=_us("since"))
    own = events.join(known, on="customer_id").select("customer_id", at=_us("at")).sort("customer_id", "at")
    seen = moments.join(known, on="customer_id").select("customer_id", at=_us("at")).sort("customer_id", "at")
    last = _last_before(own, seen)
    person = own["customer_id"].rle_id().to_numpy().astype(np.int64)
    present = np.searchsorted(np.sort(known["since"].to_numpy()), own["at"].to_numpy(), side="right")
    rows = [_row(days, own["at"].to_numpy(), person, last, _intervals(seen, days), present) for days in windows_days]
    return pl.DataFrame(rows, schema=_SCHEMA)


_SCHEMA = {
    "window_days": pl.Int64,
    "events": pl.Int64,
    "customers": pl.Int64,
    "preceded": pl.Int64,
    "share": pl.Float64,
    "base_share": pl.Float64,
    "excess": pl.Float64,
    "excess_error": pl.Float64,
}


def _us(name: str) -> pl.Expr:
    return pl.col(name).dt.timestamp("us")


def _last_before(events: pl.DataFrame, moments: pl.DataFrame) -> NDArray[np.float64]:
    """Return the microseconds since the last moment of the same person at or before each event; infinite if there is none."""
    seen = moments.with_columns(seen="at")
    found = events.join_asof(seen, on="at", by="customer_id", check_sortedness=False)
    return (found["at"] - found["seen"]).cast(pl.Float64).fill_null(np.inf).to_numpy()


def _intervals(moments: pl.DataFrame, days: int) -> tuple[Ints, Ints]:
    """Return the starts and the ends of the times during which a person had a moment within the window, each set ascending.

    The times of one person do not overlap: one ends, at the latest, at the next moment. The end is exclusive.
    """
    at, same = moments["at"].to_numpy(), (moments["customer_id"] == moments["customer_id"].shift(-1)).fill_null(value=False).to_numpy()
    end = at + days * US_A_DAY + 1
    following = np.append(at[1:], 0)
    return np.sort(at), np.sort(np.where(same, np.minimum(end, following), end))


def _row(days: int, at: Ints, person: Ints, last: NDArray[np.float64], times: tuple[Ints, Ints], present: Ints) -> dict[str, Any]:
    starts, ends = times
    had = (np.searchsorted(starts, at, side="right") - np.searchsorted(ends, at, side="right")) / np.maximum(present, 1)
    preceded = last <= days * US_A_DAY
    n = len(at)
    difference = preceded - had
    excess = float(difference.mean()) if n else None
    return {
        "window_days": days,
        "events": n,
        "customers": int(person[-1]) + 1 if n else 0,
        "preceded": int(preceded.sum()),
        "share": float(preceded.mean()) if n else None,
        "base_share": float(had.mean()) if n else None,
        "excess": excess,
        "excess_error": None if excess is None else float(np.sqrt((np.bincount(person, difference - excess) ** 2).sum()) / n),
    }
