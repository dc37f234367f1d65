"""Contracts as spells: duration of each, whether it has ended, and since when it was observed.

Of the versions of a contract the one valid at the cutoff counts: the last by `valid_from`, then by
`recorded_at`. An end announced for a later day has not happened: the spell is running, and has no
end in these features. Every end is an event, whatever its reason; `end_reason` is kept for callers that
want to set some aside (a move, say).

Entry. A contract that began before `history_starts_on` is observed only because it was still there on that
day, so it enters the study at the age it had then (left truncation). One that had ended by then was
never under observation and is left out, as are contracts that have not begun and those of test accounts.

Covariates are those of the version valid at the cutoff; `other_contracts_at_start` and
`age_at_start_years` are as of the first day of the contract. A missing value stays null.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from relkit.features.known_rows import known_rows, marked_as_test
from relkit.tables.kept import kept

if TYPE_CHECKING:
    from relkit.periods import AsOf, Holdout
    from relkit.tables.table_set import TableSet

COVARIATES = ("monthly_amount", "monthly_margin", "term_months", "pays_by_direct_debit", "other_contracts_at_start", "age_at_start_years")
"""Numeric covariates that can be made; one whose source column is absent is absent."""

SAME_ABOVE = 0.99
"""Share of a covariate's variance that others may explain before it counts as one of them."""

_READ = (
    *("contract_id", "customer_id", "product_id", "status", "started_on", "ended_on", "end_reason"),
    *("monthly_amount", "monthly_margin", "term_months", "payment_method"),
)


def contract_spells(tables: TableSet, as_of: AsOf) -> pl.DataFrame:
    """Return one row per contract that had begun by `as_of` and was observed for some time.

    Returns:
        In order of contract_id: customer_id, contract_id, product_id (where given), status, started_on,
        ended_on (null while running), end_reason, is_active, duration_days (from started_on to the end
        or to `as_of`; f64), event (ended on or before `as_of`), entry_days (age when first observed),
        start_year (as text: a cohort),
        then those of `COVARIATES` that the tables allow (f64).

    Raises:
        TableError: there is no contracts table.
    """
    return kept(tables, "contract_spells", lambda: _spells(tables, as_of), as_of)


def _spells(tables: TableSet, as_of: AsOf) -> pl.DataFrame:
    versions = _versions(tables, as_of).filter(pl.col("started_on") <= as_of.day)
    ended = pl.when(pl.col("ended_on") <= as_of.day).then(pl.col("ended_on"))
    spells = versions.with_columns(ended_on=ended).with_columns(
        event=pl.col("ended_on").is_not_null(),
        is_active=pl.col("ended_on").is_null(),
        end_reason=pl.when(pl.col("ended_on").is_not_null()).then("end_reason"),
        duration_days=_days(pl.col("ended_on").fill_null(as_of.day) - pl.col("started_on")),
        entry_days=_entry(tables),
        start_year=pl.col("started_on").dt.year().cast(pl.String),
    )
    watched = (pl.col("entry_days") < pl.col("duration_days")) | (pl.col("entry_days") == 0)
    spells = _with_covariates(spells.filter(watched), tables)
    first = ["customer_id", "contract_id", "product_id", "status", "started_on", "ended_on", "end_reason", "is_active"]
    kept = [name for name in (*first, "duration_days", "event", "entry_days", "start_year", *COVARIATES) if name in spells.columns]
    return spells.select(kept)


def _versions(tables: TableSet, as_of: AsOf) -> pl.DataFrame:
    """Return the version of each contract that was valid at the cutoff, in order of contract_id, test accounts left out."""
    rows = known_rows(tables, "contracts", as_of, *_READ, "valid_from", "recorded_at").collect(engine="streaming")
    last = rows.sort("contract_id", "valid_from", "recorded_at").unique("contract_id", keep="last", maintain_order=True)
    given = {*tables.columns("contracts"), "ended_on", "end_reason"}
    return last.select(name for name in _READ if name in given).filter(~pl.col("customer_id").is_in(marked_as_test(tables).implode()))


def _days(span: pl.Expr) -> pl.Expr:
    return span.dt.total_days().cast(pl.Float64)


def _entry(tables: TableSet) -> pl.Expr:
    starts_on = tables.facts.history_starts_on
    if starts_on is None:
        return pl.lit(0.0)
    return _days(pl.lit(starts_on, pl.Date) - pl.col("started_on")).clip(lower_bound=0.0)


def _with_covariates(spells: pl.DataFrame, tables: TableSet) -> pl.DataFrame:
    plain = [pl.col(name).cast(pl.Float64) for name in ("monthly_amount", "monthly_margin", "term_months") if name in spells.columns]
    spells = _with_other_contracts(spells.with_columns(plain))
    if "payment_method" in spells.columns:
        spells = spells.with_columns(pays_by_direct_debit=(pl.col("payment_method") == "direct_debit").cast(pl.Float64))
    if not tables.has("customers") or "birth_year" not in tables.columns("customers"):
        return spells
    born = tables.scan("customers").select("customer_id", "birth_year").collect()
    return spells.join(born, on="customer_id", how="left", maintain_order="left").with_columns(
        age_at_start_years=(pl.col("started_on").dt.year() - pl.col("birth_year")).cast(pl.Float64)
    )


def _with_other_contracts(spells: pl.DataFrame) -> pl.DataFrame:
    """Add the number of contracts that the customer held already, and still held, when this one began."""
    several = spells.filter(pl.col("customer_id").is_duplicated())
    pairs = several.select("customer_id", "contract_id", "started_on").join(
        several.select("customer_id", pl.col("started_on").alias("other_start"), pl.col("ended_on").alias("other_end")), on="customer_id"
    )
    start = pl.col("started_on")
    held = pairs.filter((pl.col("other_start") < start) & (pl.col("other_end").is_null() | (pl.col("other_end") > start)))
    counted = held.group_by("contract_id").agg(other_contracts_at_start=pl.len().cast(pl.Float64))
    joined = spells.join(counted, on="contract_id", how="left", maintain_order="left")
    return joined.with_columns(pl.col("other_contracts_at_start").fill_null(0.0))


def main_contracts(spells: pl.DataFrame) -> pl.DataFrame:
    """Return one running contract a customer: the largest monthly amount, then the earliest start, then the first id.

    Examples:
        >>> from datetime import date
        >>> frame = pl.DataFrame(
        ...     {
        ...         "customer_id": ["a", "a", "b"],
        ...         "contract_id": ["1", "2", "3"],
        ...         "is_active": [True, True, False],
        ...         "started_on": [date(2024, 1, 1)] * 3,
        ...         "monthly_amount": [10.0, 25.0, 5.0],
        ...     }
        ... )
        >>> main_contracts(frame)["contract_id"].to_list()
        ['2']
    """
    order = {"monthly_amount": True, "started_on": False, "contract_id": False}
    by = [name for name in order if name in spells.columns]
    ranked = spells.filter("is_active").sort(by, descending=[order[name] for name in by], nulls_last=True)
    return ranked.unique("customer_id", keep="first", maintain_order=True).sort("customer_id")


def usable_covariates(spells: pl.DataFrame) -> tuple[str, ...]:
    """Return the covariates that a model can use: present, never null, not all equal, and not redundant.

    One that follows almost wholly (R² above `SAME_ABOVE`) from those before it in `COVARIATES` is left out: a margin
    that is a share of the amount, next to the amount, gives two large coefficients that cancel each other.

    Examples:
        >>> amount = [10.0, 25.0, 40.0, 15.0]
        >>> frame = pl.DataFrame(
        ...     {"monthly_amount": amount, "monthly_margin": [4.0, 10.0, 16.0, 6.0], "term_months": [12.0, 24.0, 12.0, 12.0]}
        ... )
        >>> usable_covariates(frame)
        ('monthly_amount', 'term_months')
    """
    kept: list[str] = []
    for name in COVARIATES:
        if name in spells.columns and not spells[name].null_count() and spells[name].n_unique() > 1 and _is_new(spells, kept, name):
            kept.append(name)
    return tuple(kept)


def _is_new(spells: pl.DataFrame, others: list[str], name: str) -> bool:
    """Return whether a column is more than a linear combination of others."""
    columns = spells.select(pl.col(*others, name).cast(pl.Float64)).to_numpy()
    centred = columns - columns.mean(axis=0)
    known, mine = centred[:, :-1], centred[:, -1]
    rest = mine - known @ np.linalg.lstsq(known, mine)[0]
    return bool(rest @ rest > (1 - SAME_ABOVE) * (mine @ mine))


def spell_outcomes(tables: TableSet, split: Holdout) -> pl.DataFrame:
    """Return the outcome of each customer's main contract after the calibration.

    Returns:
        One row for each row of `main_contracts(contract_spells(tables, split.calibration))`, in its
        order: customer_id, contract_id, duration_days, event and end_reason as known at the end of the holdout. An
        end before the calibration that was recorded after it counts as an immediate end.
    """
    before = main_contracts(contract_spells(tables, split.calibration))
    before = before.select("customer_id", "contract_id", pl.col("duration_days").alias("age"))
    after = contract_spells(tables, split.end).select("contract_id", "duration_days", "event", "end_reason")
    joined = before.join(after, on="contract_id", how="inner", maintain_order="left")
    return joined.select(
        "customer_id", "contract_id", pl.max_horizontal("duration_days", "age").alias("duration_days"), "event", "end_reason"
    )
