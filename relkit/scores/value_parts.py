"""Parts of each customer's expected value, from purchases and from contracts, and the bounded total of some customers."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from relkit.scores.total_bounds import Total, effective_orders

if TYPE_CHECKING:
    from collections.abc import Mapping

    from relkit.scores.total_bounds import TotalBounds

PARTS = ("contracts", "contracts_low", "contracts_high", "order_worth")


def value_parts(
    people: pl.DataFrame, *, future: pl.Expr, bounds: Mapping[str, pl.Expr], residual: str, orders: str, margin_rate: float | None
) -> dict[str, pl.Expr]:
    """Return the part of the value that comes from contracts, with its bounds, and the worth of one order, by the names of `PARTS`.

    The bounds of the part are those of the customer's whole value, in proportion. Without the value of an order or the margin rate, an
    order is worth its part of the forecast over the orders of a shorter time.

    Args:
        people: the scored customer file.
        future: the expected value of a customer.
        bounds: low and high of it.
        residual: column of the value of running contracts; it may be missing.
        orders: column of the expected orders.
        margin_rate: margin over net amount of purchases; 1 for revenue, None if unknown.
    """
    held = pl.col(residual).fill_null(0.0) if residual in people.columns else pl.lit(0.0)
    share = pl.when(future > 0).then(held / future).otherwise(0.0)
    ends = {f"contracts_{end}": pl.coalesce(share * bounds[end], held) for end in ("low", "high")}
    value = next((name for name in people.columns if name.startswith("expected_order_value_")), "")
    each = pl.when(pl.col(orders) > 0).then((future - held) / pl.col(orders))
    return {"contracts": held, **ends, "order_worth": margin_rate * pl.col(value) if value and margin_rate is not None else each}


def total_of(rows: pl.DataFrame, bounds: TotalBounds, *, of_segment: float = 0.0) -> Total:
    """Return the expected value of some customers in all, with the bounds of a total.

    Args:
        rows: one row per customer: future (known), and the columns of `PARTS`.
        bounds: of totals.
        of_segment: spread of a segment's own error, such as `HISTORY_SPREAD`.
    """
    bought = rows["future"] - rows["contracts"]
    contracts = Total(*(float(rows[name].sum()) for name in PARTS[:3]))
    orders = effective_orders(bought.to_numpy(), rows["order_worth"].fill_null(0.0).to_numpy())
    return bounds.of_purchases(float(bought.sum()), orders=orders, of_segment=of_segment) + contracts
