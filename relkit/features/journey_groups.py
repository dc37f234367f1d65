"""Groups of journeys: an attribute of the customer as of the end of the journey, and the period in which it ended.

The attribute is a column of customers (country, region, language, type), or one of customer_snapshots that may be used for profiling, from
the last snapshot of the customer up to that day, as known then. Visitors, and customers of whom it is not known, are "unknown".
"""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from relkit.errors import ParameterError
from relkit.features.business_days import business_days
from relkit.features.journey_people import code_of, customer_names
from relkit.features.snapshot_covariates import covariates_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from relkit.periods import AsOf
    from relkit.tables.table_set import TableSet

    Codes = NDArray[np.uint32]

UNKNOWN = "unknown"
"""Segment of visitors and of customers of whom the attribute is not known."""
OF_CUSTOMERS = ("type", "country", "region", "language")
"""Columns of customers that may group journeys."""
MOST_SEGMENTS = 50
"""Most segments: each has credit of its own."""
_EVERY = {"week": "1w", "month": "1mo", "quarter": "1q", "year": "1y"}
_TEXTS = (pl.String, pl.Boolean, pl.Int64, pl.Int32)


def periods_of(days: pl.Series, period: str) -> pl.Series:
    """Return the first day of the week, month, quarter or year of each day; weeks begin on Monday.

    Examples:
        >>> periods_of(pl.Series([date(2025, 5, 14)]), "quarter").to_list()
        [datetime.date(2025, 4, 1)]
    """
    return days.dt.truncate(_EVERY[period])


def segments_of(tables: TableSet, as_of: AsOf, by: str, customer: Codes, at: pl.Series) -> pl.Series:
    """Return the segment (Enum) of each journey.

    Args:
        tables: the company.
        as_of: cutoff of what is known.
        by: the attribute.
        customer: code of the customer of each; those from the number of customers on are visitors.
        at: instant at which each ended.

    Raises:
        ParameterError: the attribute does not exist, may not be used, is no category, or has too many values.
    """
    found = _values(tables, by)
    values = found.select(pl.col("value").drop_nulls().unique()).collect()["value"].cast(pl.String).sort()
    if len(values) > MOST_SEGMENTS:
        problem = f"{by} has {len(values):,} different values; at most {MOST_SEGMENTS} can be told apart."
        raise ParameterError(problem, where="by", remedy="Choose an attribute with fewer values, or group them in the mapping.")
    names = pl.Enum(sorted({*values, UNKNOWN}))
    rows = found.with_columns(pl.col("value").cast(pl.String).cast(names)).collect()
    if "known_on" in rows.columns:
        return _at_the_time(rows, as_of, customer, at).fill_null(UNKNOWN)
    by_code = np.full(len(customer_names(tables)) + 1, names.categories.to_list().index(UNKNOWN), np.uint32)
    known = rows.drop_nulls()
    by_code[known["customer"].to_numpy()] = known["value"].to_physical().to_numpy()
    return pl.Series("segment", by_code[np.minimum(customer, len(by_code) - 1)]).cat.to(names)


def _values(tables: TableSet, by: str) -> pl.LazyFrame:
    """Return customer (code) and value of the attribute, with known_on if it changes over time."""
    names = customer_names(tables)
    of_customers = [name for name in OF_CUSTOMERS if tables.has("customers") and name in tables.columns("customers")]
    of_snapshots = covariates_of(tables) if tables.has("customer_snapshots") else ()
    if by in of_customers:
        return tables.scan("customers").select(code_of(names).alias("customer"), value=pl.col(by))
    if by not in of_snapshots:
        raise ParameterError.unknown("attribute", by, [*of_customers, *of_snapshots], where="by")
    rows = tables.scan("customer_snapshots")
    schema = rows.collect_schema()
    if schema[by] not in _TEXTS:
        remedy = "Choose a text, a whole number or a yes/no."
        raise ParameterError(f"{by} is {schema[by]}, so its values are no groups.", where="by", remedy=remedy)
    recorded = pl.col("recorded_at").dt.date() if "recorded_at" in schema else pl.lit(None, pl.Date)
    known_at = tables.facts.attributes.get(by, {}).get("known_at", "as_of")
    from_day = pl.lit(None, pl.Date) if known_at == "as_of" else pl.lit(date.fromisoformat(known_at))
    known = rows.filter(pl.col("customer_id").cast(pl.Enum(names), strict=False).is_not_null())
    return known.select(
        code_of(names).alias("customer"), "as_of", value=pl.col(by), known_on=pl.max_horizontal(recorded, "as_of", from_day)
    )


def _at_the_time(rows: pl.DataFrame, as_of: AsOf, customer: Codes, at: pl.Series) -> pl.Series:
    """Return the value of the last snapshot up to each instant, of those known on its day."""
    sought = pl.DataFrame({"customer": customer, "day": business_days(at, as_of.zone)}).with_row_index("row").sort("day")
    known = rows.drop_nulls("value").filter(pl.col("known_on") <= as_of.day)
    # A snapshot that was recorded late must not displace a newer one that was recorded before it.
    latest = known.sort("customer", "known_on", "as_of").with_columns(newest=pl.col("as_of").cum_max().over("customer"))
    kept = latest.filter(pl.col("as_of") == pl.col("newest")).sort("known_on")
    found = sought.join_asof(kept, left_on="day", right_on="known_on", by="customer", strategy="backward", check_sortedness=False)
    return found.sort("row")["value"].alias("segment")
