"""Drivers: what may move customers to take a product, one row per customer as of a cutoff.

Habits (orders, spend), contracts and what is about to happen to them (renewal, end of the commitment), visits and contacts of the last
weeks, satisfaction, and what is known of the person. Dates are counted in days from the cutoff, so that the same number means the same
at every cutoff. Snapshot attributes follow the rules of `relkit.features.snapshot_covariates`: none that is known only later, and no
personal data whose purpose does not include profiling.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from relkit.features.coded_lines import buyers
from relkit.features.known_rows import YEAR_DAYS, known_rows, marked_as_test
from relkit.features.purchase_days import coded_days
from relkit.features.satisfaction import last_scores, open_cases
from relkit.features.snapshot_covariates import covariates_of
from relkit.features.snapshots import last_snapshots
from relkit.tables.kept import kept
from relkit.tables.schemas import TABLES

if TYPE_CHECKING:
    from collections.abc import Callable

    from relkit.periods import AsOf
    from relkit.tables.table_set import TableSet

VISIT_DAYS, CONTACT_DAYS = 30, 90
"""Length of the windows of visits and of contacts."""
PERSON = ("country", "language", "type")
"""Columns of the customers table that are drivers as they are."""
DRIVER = "attribute_"
"""Prefix of a snapshot attribute whose own name is taken."""
_CONTRACT = ("contract_id", "valid_from", "recorded_at", "customer_id", "product_id", "started_on", "ended_on")
_DUE = ("renewal_on", "commitment_ends_on")


def customer_drivers(tables: TableSet, as_of: AsOf) -> pl.DataFrame:
    """Return one row per customer known at `as_of`, in order of customer_id, test accounts left out.

    Returns:
        customer_id, then the drivers that the tables allow: numbers, truth values and categories; null if one does not apply.
    """
    return kept(tables, "customer_drivers", lambda: _drivers(tables, as_of), as_of)


def contracts_known(tables: TableSet, as_of: AsOf) -> pl.DataFrame:
    """Return the last version known at `as_of` of each contract, in order of contract_id, test accounts left out.

    Returns:
        contract_id, customer_id, product_id, started_on, ended_on (null unless it has ended by then), renewal_on, commitment_ends_on,
        monthly_amount (null if no source gives them).
    """
    rows = known_rows(tables, "contracts", as_of, *_CONTRACT, *_DUE, "monthly_amount").collect(engine="streaming")
    last = rows.sort("contract_id", "valid_from", "recorded_at").unique("contract_id", keep="last", maintain_order=True)
    mine = last.filter(~pl.col("customer_id").is_in(marked_as_test(tables).implode()))
    return mine.with_columns(ended_on=pl.when(pl.col("ended_on") <= as_of.day).then("ended_on")).drop("valid_from", "recorded_at")


def _drivers(tables: TableSet, as_of: AsOf) -> pl.DataFrame:
    parts = [part(tables, as_of) for table, part in _PARTS if tables.has(table)]
    ids = pl.concat([part.select("customer_id") for part in parts]).unique()
    found = ids.filter(~pl.col("customer_id").is_in(marked_as_test(tables).implode())).sort("customer_id")
    for part in parts:
        found = found.join(part, on="customer_id", how="left", maintain_order="left")
    counts = [name for name in COUNTS if name in found.columns]
    return found.with_columns(pl.col(counts).fill_null(0))


def _purchases(tables: TableSet, as_of: AsOf) -> pl.DataFrame:
    day, value = pl.col("day"), pl.col("value")
    is_recent = day > as_of.minus(days=YEAR_DAYS).day
    found = (
        coded_days(tables, as_of)
        .group_by("customer", maintain_order=True)
        .agg(
            orders=pl.len(),
            orders_12m=is_recent.sum(),
            spent_12m=value.filter(is_recent).sum().round(6),
            mean_order_value=value.mean().round(6),
            days_since_last_order=_since(day.max(), as_of),
            days_since_first_order=_since(day.min(), as_of),
        )
    )
    ids = buyers(tables)["customer_id"].gather(found["customer"])
    return found.drop("customer").insert_column(0, ids)


def _contracts(tables: TableSet, as_of: AsOf) -> pl.DataFrame:
    runs = pl.col("ended_on").is_null() & (pl.col("started_on") <= as_of.day)
    ahead = {
        f"days_to_{name.removesuffix('_on').removesuffix('_ends')}": (pl.col(name) - pl.lit(as_of.day)).dt.total_days() for name in _DUE
    }
    return (
        contracts_known(tables, as_of)
        .group_by("customer_id", maintain_order=True)
        .agg(
            runs.sum().alias("active_contracts"),
            pl.col("ended_on").is_not_null().sum().alias("ended_contracts"),
            _since(pl.col("started_on").filter(runs).min(), as_of).alias("contract_age_days"),
            _since(pl.col("ended_on").max(), as_of).alias("days_since_contract_ended"),
            pl.when(runs.any()).then(pl.col("monthly_amount").filter(runs).sum().round(6)).alias("monthly_amount"),
            *(days.filter(runs & (days >= 0)).min().alias(name) for name, days in ahead.items()),
        )
    )


def _visits(tables: TableSet, as_of: AsOf) -> pl.DataFrame:
    rows = tables.scan("touchpoints")
    recorded = "recorded_at" if "recorded_at" in rows.collect_schema() else None
    known = rows.filter(pl.col("customer_id").is_not_null(), as_of.known("occurred_at", recorded))
    if "kind" in rows.collect_schema():
        known = known.filter(pl.col("kind").fill_null("visit") != "impression")
    return _counted(known, "occurred_at", as_of, count=f"visits_{VISIT_DAYS}d", last="days_since_last_visit", days=VISIT_DAYS)


def _contacts(tables: TableSet, as_of: AsOf) -> pl.DataFrame:
    rows = known_rows(tables, "contacts", as_of, "customer_id", "sent_at", "direction")
    outbound = rows.filter(pl.col("direction").fill_null("outbound") == "outbound")
    return _counted(outbound, "sent_at", as_of, count=f"contacts_{CONTACT_DAYS}d", last="days_since_last_contact", days=CONTACT_DAYS)


def _counted(rows: pl.LazyFrame, instant: str, as_of: AsOf, *, count: str, last: str, days: int) -> pl.DataFrame:
    """Return customer_id, the number of facts of the last days, and the days since the last of all."""
    is_recent = pl.col(instant) >= as_of.minus(days=days).cutoff
    found = rows.group_by("customer_id").agg(is_recent.sum().alias(count), pl.col(instant).max().alias("_last")).collect(engine="streaming")
    return found.with_columns(_since(as_of.business_day("_last"), as_of).alias(last)).drop("_last").sort("customer_id")


def _scores(tables: TableSet, as_of: AsOf) -> pl.DataFrame:
    return last_scores(tables, as_of).drop("nps_age_days")


def _person(tables: TableSet, as_of: AsOf) -> pl.DataFrame:
    rows = known_rows(tables, "customers", as_of, "customer_id", "created_on", "birth_year", *PERSON)
    age = (pl.lit(as_of.day.year) - pl.col("birth_year")).cast(pl.Int32)
    found = rows.with_columns(age_years=age, days_since_created=_since(pl.col("created_on"), as_of))
    return found.drop("created_on", "birth_year").collect(engine="streaming").sort("customer_id")


def _snapshots(tables: TableSet, as_of: AsOf) -> pl.DataFrame:
    named = covariates_of(tables)
    rows = last_snapshots(tables, as_of)
    return rows.select("customer_id", *(attribute_driver(rows[name], as_of) for name in named if name in rows.columns))


def attribute_driver(series: pl.Series, as_of: AsOf) -> pl.Series:
    """Return an attribute as a driver: a date as days from the cutoff (negative if past), under a name that no other driver has.

    Examples:
        >>> from datetime import date
        >>> from relkit.periods import AsOf
        >>> attribute_driver(pl.Series("matures_on", [date(2025, 7, 10)]), AsOf.parse("2025-06-30")).to_list()
        [10]
    """
    name = f"{DRIVER}{series.name}" if series.name in _TAKEN else series.name
    if series.dtype == pl.Date:
        return (series - pl.Series([as_of.day])).dt.total_days().cast(pl.Int32).alias(f"days_to_{name}")
    return series.alias(name)


def _since(day: pl.Expr, as_of: AsOf) -> pl.Expr:
    return (pl.lit(as_of.day) - day).dt.total_days().cast(pl.Int32)


_PARTS: tuple[tuple[str, Callable[[TableSet, AsOf], pl.DataFrame]], ...] = (
    ("customers", _person),
    ("transactions", _purchases),
    ("contracts", _contracts),
    ("touchpoints", _visits),
    ("contacts", _contacts),
    ("surveys", _scores),
    ("cases", open_cases),
    ("customer_snapshots", _snapshots),
)
"""The table required, and the function that makes a frame with a customer_id."""
SOURCES = tuple(name for name, _ in _PARTS)
"""Tables that drivers are read from."""
COUNTS = (
    *("orders", "orders_12m", "spent_12m", "active_contracts", "ended_contracts", "open_cases"),
    *(f"visits_{VISIT_DAYS}d", f"contacts_{CONTACT_DAYS}d"),
)
"""Counts and sums, 0 for customers without any such fact."""
_TAKEN = frozenset(
    (
        *COUNTS,
        *PERSON,
        *TABLES["customers"].names,
        *("customer_id", "held", "taken", "sequence", "unit_id", "cluster_id", "wave_id", "action_id", "treated", "propensity", "outcome"),
        *("known_on", "drawn_on", "age_years", "days_since_created", "mean_order_value", "monthly_amount", "last_nps"),
        *("days_since_last_order", "days_since_first_order", "contract_age_days", "days_since_contract_ended"),
        *("days_to_renewal", "days_to_commitment", "days_since_last_visit", "days_since_last_contact"),
    )
)
