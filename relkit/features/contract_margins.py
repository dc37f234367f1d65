"""Margins of contracts: what they have brought so far, and what a month of them brings now.

In order of trust: the contract's own monthly_margin (measured); the assumed rate that the company declared times its
monthly_amount (assumed); else unknown. The rate of purchases is never used instead: the margin of a subscription has little to
do with that of a shop.

Each version of a contract counts from its valid_from (the first from the start) to the next one, to the end or to the cutoff,
by the day: days / (365.25 / 12) months. Days before the history starts do not count, just as the purchases of that time do not.
If the company declares `contract_bills_in_transactions`, contract bills are counted there and have no margin here.

Without contracts, customer snapshots may give what each customer pays a month (`role: monthly_amount`): at the assumed rate that
is the margin of a month to come. Past margin is then unknown, since customers may have paid less before.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from relkit.features.known_rows import known_rows
from relkit.features.snapshot_covariates import with_role
from relkit.features.snapshot_spells import has_snapshot_spells, snapshot_spells
from relkit.units import DAYS_PER_MONTH

if TYPE_CHECKING:
    from relkit.periods import AsOf
    from relkit.tables.table_set import TableSet


_READ = ("contract_id", "customer_id", "started_on", "ended_on", "monthly_amount", "monthly_margin", "valid_from", "recorded_at")


def has_contract_margins(tables: TableSet, *, rate: float | None = None) -> bool:
    """Return whether contracts have a margin of their own, separate from the transactions; `rate` is as in `contract_margins`."""
    if tables.facts.contract_bills_in_transactions and tables.has("transactions"):
        return False
    is_billed = has_snapshot_spells(tables) and with_role(tables, "monthly_amount") is not None
    return tables.has("contracts") or (is_billed and (rate is not None or tables.facts.assumed_margin_rate is not None))


def contract_margins(tables: TableSet, as_of: AsOf, *, rate: float | None = None) -> pl.DataFrame:
    """Return one row per contract that had begun by `as_of`.

    Args:
        tables: the company.
        as_of: cutoff of what is known.
        rate: margin over amount if no monthly_margin is given; None for the rate that the company declared.

    Returns:
        In order of contract_id: customer_id, contract_id, monthly_margin (of the version valid at the cutoff; null if
        unknown), past_margin (null if the margin of any part of its time is unknown), margin_is_measured (whether all of it is).

    Raises:
        TableError: there is no contracts table, and no snapshots that stand in for one.
    """
    rate = rate if rate is not None else tables.facts.assumed_margin_rate
    if not tables.has("contracts") and has_snapshot_spells(tables):
        return _of_snapshots(tables, as_of, rate)
    spans = _versions(tables, as_of, rate)
    earned, counts = pl.col("margin") * pl.col("months"), pl.col("months") > 0
    unknown = (pl.col("margin").is_null() & counts).any()
    return (
        spans.group_by("run", maintain_order=True)
        .agg(
            pl.col("customer_id", "contract_id").last(),
            monthly_margin=pl.col("margin").last(),
            past_margin=pl.when(~unknown).then(earned.filter(counts).sum().round(6)),
            margin_is_measured=pl.col("is_measured").filter(counts | (pl.int_range(pl.len()) == pl.len() - 1)).all(),
        )
        .select("customer_id", "contract_id", "monthly_margin", "past_margin", "margin_is_measured")
    )


def contract_spans(tables: TableSet, as_of: AsOf) -> pl.DataFrame:
    """Return one row per version of a contract that was in force by `as_of`: the days it brought margin, and how much.

    Returns:
        customer_id, begins and stops (from one day to the other the version brought its margin), daily_margin (null if unknown),
        is_measured; none without contracts, or if their bills are among the transactions.
    """
    if not tables.has("contracts") or not has_contract_margins(tables):
        names = {"customer_id": pl.String, "begins": pl.Date, "stops": pl.Date, "daily_margin": pl.Float64, "is_measured": pl.Boolean}
        return pl.DataFrame(schema=names)
    rows = _versions(tables, as_of, tables.facts.assumed_margin_rate).filter(pl.col("months") > 0)
    return rows.select("customer_id", "begins", "stops", daily_margin=pl.col("margin") / DAYS_PER_MONTH, is_measured="is_measured")


def _of_snapshots(tables: TableSet, as_of: AsOf, rate: float | None) -> pl.DataFrame:
    """Return the same for the stays derived from snapshots, each a contract."""
    spells = snapshot_spells(tables, as_of).sort("contract_id")
    amount = pl.col("monthly_amount") if "monthly_amount" in spells.columns else pl.lit(None, pl.Float64)
    return spells.select(
        "customer_id",
        "contract_id",
        monthly_margin=amount * pl.lit(rate, pl.Float64),
        past_margin=pl.lit(None, pl.Float64),
        margin_is_measured=pl.lit(value=False),
    )


def past_contract_margins(tables: TableSet, as_of: AsOf) -> pl.DataFrame:
    """Return one row per customer who holds or held a contract: customer_id, contract_margin (null if unknown), is_measured."""
    each = contract_margins(tables, as_of)
    known = pl.col("past_margin").is_not_null().all()
    return (
        each.group_by("customer_id")
        .agg(
            contract_margin=pl.when(known).then(pl.col("past_margin").sum().round(6)),
            contract_margin_is_measured=pl.col("margin_is_measured").all(),
        )
        .sort("customer_id")
    )


def _versions(tables: TableSet, as_of: AsOf, rate: float | None) -> pl.DataFrame:
    """Return the versions of each contract in order of time, with the months each was in force and its monthly margin.

    A contract is a run of rows; its number, `run`, costs a fraction of its identifier to group by.
    """
    rows = known_rows(tables, "contracts", as_of, *_READ).filter(pl.col("started_on") <= as_of.day).collect(engine="streaming")
    rows = rows.sort("contract_id", "valid_from", "recorded_at").with_columns(run=pl.col("contract_id").rle_id())
    is_last = pl.any_horizontal(pl.col(name).ne_missing(pl.col(name).shift(-1)) for name in ("run", "valid_from"))
    rows = rows.filter(is_last)
    start, end = (pl.col(name).last().over("run") for name in ("started_on", "ended_on"))
    stop = pl.when(end <= as_of.day).then(end).otherwise(pl.lit(as_of.day))
    first = pl.col("run").ne_missing(pl.col("run").shift())
    begins = pl.when(first).then(start).otherwise(pl.max_horizontal(start, "valid_from"))
    begins = pl.max_horizontal(begins, pl.lit(tables.facts.history_starts_on, pl.Date))
    following = pl.when(pl.col("run") == pl.col("run").shift(-1)).then(pl.col("valid_from").shift(-1))
    days = (pl.min_horizontal(stop, following) - begins).dt.total_days().clip(lower_bound=0)
    own, by_rate = pl.col("monthly_margin"), pl.col("monthly_amount") * pl.lit(rate, pl.Float64)
    return rows.with_columns(
        begins=begins,
        stops=pl.min_horizontal(stop, following),
        months=days / DAYS_PER_MONTH,
        margin=pl.coalesce(own, by_rate),
        is_measured=own.is_not_null(),
    )
