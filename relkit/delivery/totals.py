"""Totals of a delivered file with their bounds, for the manifest: expected orders, and the margin ahead."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import polars as pl

from relkit.models.lifetime_value.family import EXPECTED_ORDERS
from relkit.scores.expected_margin import CONTRACT_RESIDUAL_VALUE, FUTURE_MARGIN
from relkit.scores.total_bounds import TotalBounds
from relkit.scores.value_parts import total_of, value_parts
from relkit.units import LEVEL

if TYPE_CHECKING:
    from collections.abc import Mapping

    from relkit.delivery.customer_files import CustomerFile
    from relkit.models.lifetime_value.total_spread import TotalSpread
    from relkit.score_kinds import Score
    from relkit.scores.total_bounds import Total


def totals_of(file: CustomerFile, models: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """Return, by score, the total of the customers in a file, its bounds, and what they rest on; empty without a forecast of orders.

    Args:
        file: full view.
        models: by score, its entry of models.json.
    """
    records = [source.record for source in file.sources.values() if str(source.record) in models]
    orders = sorted(record for record in records if EXPECTED_ORDERS.includes(record) and str(record) in file.frame.columns)
    if not orders:
        return {}
    first, cur = str(orders[0]), file.currency.lower()
    margins = [record for record in records if FUTURE_MARGIN.includes(record) and f"{record}_{cur}" in file.frame.columns]
    found = {}
    for record in orders:
        bounds = TotalBounds.read(models, orders=str(record), money=first, days=record.days or 0)
        values = file.frame[str(record)].drop_nulls()
        found[str(record)] = _written(bounds.of_orders(float(values.sum())), bounds.orders, len(values))
    for record in sorted(margins, key=str):
        bounds = TotalBounds.read(models, orders=first, money=str(record))
        rows = _rows(file.frame, record, first, cur, models[str(record)].get("margin_rate"))
        found[str(record)] = _written(total_of(rows, bounds), bounds.money, len(rows))
    return found


def _rows(frame: pl.DataFrame, record: Score, orders: str, cur: str, rate: float | None) -> pl.DataFrame:
    name, residual = f"{record}_{cur}", f"{CONTRACT_RESIDUAL_VALUE.at(record.horizon)}_{cur}"
    known, future = frame.drop_nulls(name), pl.col(name)
    ends = {end: pl.col(f"{name}_{end}") if f"{name}_{end}" in frame.columns else pl.lit(None, pl.Float64) for end in ("low", "high")}
    return known.select(future=future, **value_parts(known, future=future, bounds=ends, residual=residual, orders=orders, margin_rate=rate))


def _written(total: Total, spread: TotalSpread, customers: int) -> dict[str, Any]:
    amounts = {"total": round(total.value, 2), "low": round(total.low, 2), "high": round(total.high, 2)}
    return {
        "customers": customers,
        **amounts,
        "level": LEVEL,
        "past_days_compared": spread.origins,
        "compared_horizon_days": spread.judged_days,
    }
