"""Money and orders of customers around the day of their draw: purchases and contracts together, split by the scope of an offer."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import polars as pl

from relkit.features.campaign_lines import sales_around
from relkit.features.campaign_scope import scope_of
from relkit.features.campaign_sums import AFTER, PARTS, PRE, contract_days, sums_of_contracts, sums_of_sales
from relkit.features.contract_margins import has_contract_margins
from relkit.tables.kept import kept

if TYPE_CHECKING:
    from relkit.features.campaign_windows import Windows
    from relkit.periods import AsOf
    from relkit.tables.table_set import TableSet


def has_sums(tables: TableSet) -> bool:
    """Return whether the company has money of each day: transactions, or contracts with a margin."""
    return tables.has("transactions") or has_contracts(tables)


def has_contracts(tables: TableSet) -> bool:
    """Return whether contracts have a margin that is not among the transactions."""
    return tables.has("contracts") and has_contract_margins(tables)


def campaign_sales(tables: TableSet, as_of: AsOf, draws: pl.DataFrame, windows: Windows) -> pl.DataFrame:
    """Return the rows of `relkit.features.campaign_lines.sales_around`, kept between the steps that read them."""
    drawn = draws.select("unit", "customer_id", "drawn_at", "drawn_on")
    digest = hashlib.sha256(f"{windows.length_days} {len(drawn)} {drawn.hash_rows(seed=0).sum()}".encode()).hexdigest()[:12]
    return kept(tables, f"campaign_sales_{digest}", lambda: sales_around(tables, as_of, drawn, length_days=windows.length_days), as_of)


def sums_of(tables: TableSet, as_of: AsOf, draws: pl.DataFrame, offers: pl.DataFrame, windows: Windows) -> tuple[pl.DataFrame, float]:
    """Return the sums of each unit, 0 without sales and contracts, and the share of revenue whose margin is guessed."""
    units, guessed = draws.select("unit"), 0.0
    scope = scope_of(tables, offers)
    if tables.has("transactions"):
        sales = campaign_sales(tables, as_of, draws, windows)
        sums = sums_of_sales(parted(sales, scope), response_days=windows.response_days, parts=scope is not None)
        units, guessed = units.join(sums, on="unit", how="left", maintain_order="left"), _guessed(sales)
        units = units.with_columns(pl.exclude("unit").fill_null(0.0))
        if len(sales) and sales["margin"].is_null().all():
            return units.drop([name for name in units.columns if "margin" in name]), 0.0
    if has_contracts(tables):
        held = sums_of_contracts(contract_days(tables, as_of, draws), response_days=windows.response_days, length_days=windows.length_days)
        units = _with_contracts(units, held)
    return units, guessed


def parted(sales: pl.DataFrame, scope: pl.DataFrame | None) -> pl.DataFrame:
    """Return the sales with `part`, by the scope of the offer; unchanged without one."""
    if scope is None:
        return sales
    parts = scope.with_columns(pl.col("product_id").cast(sales.schema["product_id"]))
    return sales.join(parts, on="product_id", how="left").with_columns(pl.col("part").fill_null(PARTS[-1]))


def _guessed(sales: pl.DataFrame) -> float:
    """Return the share of revenue whose margin is the company's mean rate."""
    revenue = sales["revenue"].to_numpy()
    total = float(revenue.sum())
    return float(revenue[sales["is_guessed"].to_numpy()].sum()) / total if total else 0.0


def _with_contracts(units: pl.DataFrame, contracts: pl.DataFrame) -> pl.DataFrame:
    """Return the units with the margin of contracts added to their margin, and to that of all else if it is split."""
    found = units.join(contracts, on="unit", how="left", maintain_order="left")
    targets = {"margin": "contracts", "margin" + AFTER: "contracts" + AFTER, PRE + "margin": PRE + "contracts"}
    rest = f"margin_{PARTS[-1]}"
    targets |= {name: source for name, source in {rest: "contracts", rest + AFTER: "contracts" + AFTER}.items() if name in units.columns}
    own = {name: pl.col(name) if name in units.columns else pl.lit(0.0) for name in targets}
    sums = [(own[name] + pl.col(source).fill_null(0.0)).round(6).alias(name) for name, source in targets.items()]
    return found.with_columns(sums).drop(set(targets.values()))
