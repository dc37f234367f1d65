"""Sales of customers drawn, around the day of their draw, net of what came back.

A return or a cancel belongs to the sale that it takes back (`relkit.features.returned_sales`), not to the day on which it came in:
returns of earlier purchases are not charged to a campaign, and returns of its own are, however late. A sale that came back in part
counts for the part that was kept, in revenue and in margin; one that came back whole is no order.

Sales before the draw count as they were at the till: what came back of them later may be due to the campaign, and must not adjust it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from relkit.features.coded_lines import buyers, known_lines
from relkit.features.margin_rate import margin_rate
from relkit.features.margins import with_margins
from relkit.features.returned_sales import returned_sales

if TYPE_CHECKING:
    from relkit.periods import AsOf
    from relkit.tables.table_set import TableSet

_CELL = ["customer", "day", "product_id"]
_DAY = ["customer", "day"]
_BY_PRODUCT = ("line", "product")
"""Ways in which a return was linked to its sale that tell the product."""
_AMOUNT = pl.col("net_amount").fill_null(0.0)


def sales_around(tables: TableSet, as_of: AsOf, draws: pl.DataFrame, *, length_days: int) -> pl.DataFrame:
    """Return the sale lines of customers drawn, from `length_days` before their draw to `length_days` after it.

    Args:
        tables: the company.
        as_of: cutoff of what is known.
        draws: unit (u32, number of the row), customer_id, drawn_at, drawn_on.
        length_days: of both windows.

    Returns:
        unit, day, since (days since the draw), is_before, product_id (categorical), revenue and margin (of what was kept; of all before
        the draw), returns (amount that came back), is_kept (whether anything was kept), is_guessed (margin at the company's mean rate).
    """
    drawn = _coded(tables, draws)
    if drawn.is_empty():
        return _none()
    first, last = (f"{sign}{length_days}d" for sign in ("-", ""))
    day = pl.col("day")
    near = known_lines(tables, as_of).filter(
        pl.col("line_kind") == "sale",
        day.is_between(pl.lit(drawn["drawn_on"].min()).dt.offset_by(first), pl.lit(drawn["drawn_on"].max()).dt.offset_by(last)),
    )
    since = (day - pl.col("drawn_on")).dt.total_days().cast(pl.Int32)
    mine = near.join(drawn.lazy(), on="customer").with_columns(since=since, is_before=pl.col("occurred_at") < pl.col("drawn_at"))
    within = mine.filter(pl.col("since").is_between(-length_days, length_days))
    lines = with_margins(within, tables, as_of).collect(engine="streaming")
    return _netted(_with_mean_rate(lines, tables, as_of), tables, as_of)


def _coded(tables: TableSet, draws: pl.DataFrame) -> pl.DataFrame:
    """Return unit, customer (code), drawn_at and drawn_on of the customers drawn who ever bought."""
    codes = buyers(tables).select("customer_id").with_row_index("customer")
    return draws.select("unit", "customer_id", "drawn_at", "drawn_on").join(codes, on="customer_id").drop("customer_id")


def _none() -> pl.DataFrame:
    days = {"unit": pl.UInt32, "day": pl.Date, "since": pl.Int32, "is_before": pl.Boolean, "product_id": pl.Categorical}
    amounts = {"revenue": pl.Float64, "margin": pl.Float64, "returns": pl.Float64, "is_kept": pl.Boolean, "is_guessed": pl.Boolean}
    return pl.DataFrame(schema={**days, **amounts})


def _with_mean_rate(lines: pl.DataFrame, tables: TableSet, as_of: AsOf) -> pl.DataFrame:
    """Return the lines with the company's mean margin rate where the margin is unknown, if any margin is known."""
    unknown = lines["margin"].is_null()
    rate = margin_rate(tables, as_of) if unknown.any() and not unknown.all() else None
    guess = _AMOUNT * pl.lit(None if rate is None else rate.rate, pl.Float64)
    return lines.with_columns(pl.coalesce("margin", guess).alias("margin"), is_guessed=unknown)


def _netted(lines: pl.DataFrame, tables: TableSet, as_of: AsOf) -> pl.DataFrame:
    """Return the lines with what came back taken off those after the draw."""
    kept = kept_shares(tables, as_of, lines.select("unit", *_CELL, "net_amount"))
    found = lines.join(kept, on=_CELL, how="left", nulls_equal=True)
    share = pl.when("is_before").then(1.0).otherwise(pl.col("kept").fill_null(1.0))
    return found.select(
        "unit",
        "day",
        "since",
        "is_before",
        "product_id",
        revenue=_AMOUNT * share,
        margin=pl.col("margin") * share,
        returns=_AMOUNT * (1 - share),
        is_kept=share > 0,
        is_guessed="is_guessed",
    )


def kept_shares(tables: TableSet, as_of: AsOf, lines: pl.DataFrame) -> pl.DataFrame:
    """Return customer, day, product_id and `kept`, the share that was kept, of the sales of each day on which something came back.

    Args:
        tables: the company.
        as_of: cutoff of what is known.
        lines: unit, customer, day, product_id and net_amount of sale lines; of each unit all of a customer's day, or none.
    """
    later, cancels = _returned(tables, as_of, lines), _cancelled(tables, as_of, lines)
    days = pl.concat([later.select(_DAY), cancels.select(_DAY)]).unique()
    cells = lines.join(days, on=_DAY, how="semi").group_by("unit", *_CELL).agg(sold=_AMOUNT.sum())
    cells = cells.group_by(_CELL).agg(pl.col("sold").max())  # those of a customer drawn twice are there twice
    # What was cancelled beyond the sales of the day belongs to an earlier one, and is among the returns.
    same_day = cells.join(cancels, on=_CELL, nulls_equal=True).with_columns(back=pl.min_horizontal("back", "sold"))
    by_product = pl.concat([frame.select(*_CELL, "back") for frame in (later.filter("tells_product"), same_day)])
    sums = by_product.group_by(_CELL).agg(pl.col("back").sum())
    named = cells.join(sums, on=_CELL, how="left", nulls_equal=True).with_columns(pl.col("back").fill_null(0.0))
    return _spread(named.with_columns(left=_above_zero(pl.col("sold") - pl.col("back"))), later.filter(~pl.col("tells_product")))


def _above_zero(amount: pl.Expr) -> pl.Expr:
    return amount.clip(lower_bound=0.0)


def _spread(cells: pl.DataFrame, nameless: pl.DataFrame) -> pl.DataFrame:
    """Return the cells with the share kept; returns that tell no product are spread over what was left of their day."""
    by_day = nameless.group_by(_DAY).agg(spread=pl.col("back").sum())
    days = cells.group_by(_DAY).agg(whole=pl.col("left").sum()).join(by_day, on=_DAY)
    found = cells.join(days, on=_DAY, how="left")
    of_day = pl.when(pl.col("whole") > 0).then(_above_zero(1 - pl.col("spread") / pl.col("whole"))).fill_null(1.0)
    own = pl.when(pl.col("sold") > 0).then(pl.col("left") / pl.col("sold")).otherwise(pl.when(pl.col("back") > 0).then(0.0).otherwise(1.0))
    return found.select(*_CELL, kept=(own * of_day).round(12))


def _returned(tables: TableSet, as_of: AsOf, lines: pl.DataFrame) -> pl.DataFrame:
    """Return customer, day (of the sale), product_id, back (amount) and tells_product of the returns of these sales."""
    returned = returned_sales(tables, as_of).drop_nulls("sale_day")
    codes = buyers(tables).select("customer_id").with_row_index("customer")
    wanted = codes.join(lines.select("customer").unique(), on="customer", how="semi")
    found = returned.join(wanted, on="customer_id").select(
        "customer",
        pl.col("sale_day").alias("day"),
        pl.col("product_id").cast(lines.schema["product_id"]),
        pl.col("amount").alias("back"),
        tells_product=pl.col("link").is_in(_BY_PRODUCT),
    )
    return found.join(lines.select(_DAY).unique(), on=_DAY, how="semi")


def _cancelled(tables: TableSet, as_of: AsOf, lines: pl.DataFrame) -> pl.DataFrame:
    """Return customer, day, product_id and back (amount) of the cancels that came in on a day of these sales."""
    days = lines.select(_DAY).unique()
    cancels = known_lines(tables, as_of).filter(pl.col("line_kind") == "cancel").join(days.lazy(), on=_DAY, how="semi")
    return cancels.group_by(_CELL).agg(back=-_AMOUNT.sum()).filter(pl.col("back") > 0).collect(engine="streaming")
