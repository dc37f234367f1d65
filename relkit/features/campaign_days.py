"""Effect of a campaign day by day: sums over the customers of each arm of what each had brought by each day since the draw.

The curve of means is cumulative, so its errors must come from each customer's running total S(d), not from the days one by one. Let a
customer's total change from S to S' on a day: the sum of squares of its arm then changes by S'^2 - S^2. Summed over the customers and
accumulated over the days, this gives the sum of squares at every day in one pass over what was sold.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import numpy as np
import polars as pl

from relkit.features.campaign_draws import campaign_draws
from relkit.features.campaign_outcomes import campaign_sales, has_contracts
from relkit.features.campaign_sums import contract_days
from relkit.features.campaign_units import mature_draws
from relkit.features.campaign_windows import POST_WINDOW_DAYS, RESPONSE_WINDOW_DAYS, Windows

if TYPE_CHECKING:
    from relkit.periods import AsOf
    from relkit.tables.table_set import TableSet

Measured = Literal["margin", "revenue", "orders"]
MOST_STRATA = 20
"""Most propensities that are strata of their own; more are put into `GROUPS` groups."""
GROUPS = 10
_STRATUM = ("propensity", "arm")


def campaign_days(
    tables: TableSet,
    as_of: AsOf,
    *,
    action_id: str,
    wave_id: str | None = None,
    response_window_days: int = RESPONSE_WINDOW_DAYS,
    post_window_days: int = POST_WINDOW_DAYS,
    measure: Measured = "margin",
    by_wave: bool = False,
) -> pl.DataFrame:
    """Return sums over the mature units of an action by the end of each day since the draw.

    Args:
        tables: the company.
        as_of: cutoff of what is known.
        action_id: the action.
        wave_id: one of its waves; None for all.
        response_window_days: days from the draw in which the action works.
        post_window_days: days after them.
        measure: of which each customer's running total is taken; orders are days with an order.
        by_wave: whether each wave is a stratum of its own; the rows then have wave_id first.

    Returns:
        In order of propensity, arm and day, a row for each day from 0 to the end of the post window: propensity (stratum: its mean),
        arm (Enum control, treated), day, units, total and squares (sum, and sum of squares, of the customers' running totals).
    """
    windows = Windows(response_days=response_window_days, post_days=post_window_days)
    drawn = campaign_draws(tables, as_of, action_id=action_id, wave_id=wave_id)
    draws = with_strata(mature_draws(tables, as_of, drawn, windows).rows)
    changes = _daily(tables, as_of, draws, windows, measure)
    stratum = [*(["wave_id"] if by_wave else []), *_STRATUM]
    cell = [*stratum, "day"]
    steps = running_sums(changes).join(draws.select("unit", *stratum), on="unit")
    sums = steps.group_by(cell).agg(pl.col("total").sum(), pl.col("squares").sum())
    grid = (
        _every_day(draws, stratum, windows.length_days)
        .join(sums, on=cell, how="left")
        .with_columns(pl.col("total", "squares").fill_null(0.0))
    )
    return grid.sort(cell).with_columns(pl.col("total", "squares").cum_sum().over(stratum).round(6))


def with_strata(draws: pl.DataFrame) -> pl.DataFrame:
    """Return the units with the mean propensity of their stratum in place of their own, if there are many different ones.

    Examples:
        >>> with_strata(pl.DataFrame({"propensity": [0.5, 0.7]}))["propensity"].to_list()
        [0.5, 0.7]
    """
    own = draws["propensity"]
    if own.n_unique() <= MOST_STRATA:
        return draws
    edges = np.quantile(own.to_numpy(), np.linspace(0, 1, GROUPS + 1)[1:-1])
    group = pl.Series("group", np.searchsorted(edges, own.to_numpy(), side="right"))
    return draws.with_columns(group).with_columns(pl.col("propensity").mean().over("group")).drop("group")


def running_sums(changes: pl.DataFrame) -> pl.DataFrame:
    """Return unit, day, total (what was added that day) and squares (by how much the square of the running total grew).

    Args:
        changes: unit, day and amount, in any order; several of a day are added.

    Examples:
        >>> seen = running_sums(pl.DataFrame({"unit": [0, 0, 0], "day": [1, 4, 1], "amount": [2.0, 3.0, 1.0]}))
        >>> seen.select("day", "total", "squares").rows()
        [(1, 3.0, 9.0), (4, 3.0, 27.0)]
    """
    days = changes.group_by("unit", "day").agg(total=pl.col("amount").sum()).sort("unit", "day")
    now = pl.col("total").cum_sum().over("unit")
    return days.with_columns(squares=now**2 - (now - pl.col("total")) ** 2)


def _daily(tables: TableSet, as_of: AsOf, draws: pl.DataFrame, windows: Windows, measure: Measured) -> pl.DataFrame:
    """Return unit, day (since the draw) and amount of all that counts."""
    parts = [pl.DataFrame(schema={"unit": pl.UInt32, "day": pl.Int32, "amount": pl.Float64})]
    if tables.has("transactions"):
        sales = campaign_sales(tables, as_of, draws, windows).filter(~pl.col("is_before")).rename({"day": "sold_on", "since": "day"})
        kept = sales.filter("is_kept").select("unit", "day").unique().with_columns(amount=pl.lit(1.0))
        parts.append(kept if measure == "orders" else sales.select("unit", "day", pl.col(measure).fill_null(0.0).alias("amount")))
    if measure == "margin" and has_contracts(tables):
        parts.append(_contract_margin(contract_days(tables, as_of, draws), windows.length_days))
    return pl.concat(parts)


def _contract_margin(held: pl.DataFrame, length_days: int) -> pl.DataFrame:
    """Return the margin that each contract brings on each day since the draw: the first is the day after it."""
    days = pl.int_ranges(pl.col("begins").clip(lower_bound=0) + 1, pl.col("stops").clip(upper_bound=length_days) + 1, dtype=pl.Int32)
    runs = held.filter(pl.col("stops") > 0, pl.col("begins") < length_days, pl.col("daily_margin").is_not_null())
    return runs.select("unit", day=days, amount="daily_margin").explode("day", empty_as_null=False)


def _every_day(draws: pl.DataFrame, stratum: list[str], length_days: int) -> pl.DataFrame:
    """Return each stratum of an arm, its units and every day from the draw to the end of the windows."""
    arms = draws.group_by(stratum).agg(units=pl.len())
    return arms.join(pl.DataFrame({"day": range(length_days + 1)}, schema={"day": pl.Int32}), how="cross")
