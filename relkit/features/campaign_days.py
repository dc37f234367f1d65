"""Effect of a campaign day by day: sums over the customers of each arm of what each had brought by each day since the draw.

The curve of means is cumulative, so its errors must come from each customer's running total, not from the days one by one. Running totals
are laid out as a table of customers by days, a block of customers at a time, and only their sums and sums of squares are kept.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import numpy as np
import polars as pl
from numpy.typing import NDArray

from relkit.features.campaign_draws import ARM, campaign_draws
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
BLOCK = 32_768
"""Customers whose running totals are held at a time."""
Floats = NDArray[np.float64]


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
    bought = _bought(tables, as_of, draws, windows, measure)
    held = contract_days(tables, as_of, draws) if measure == "margin" and has_contracts(tables) else None
    stratum = [*(["wave_id"] if by_wave else []), "propensity", "arm"]
    groups = draws.select("unit", *stratum).sort(stratum).partition_by(stratum, maintain_order=True)
    curves = [_curve(group, bought, held, windows.length_days) for group in groups]
    return pl.concat([_nothing(stratum), *curves])


def _nothing(stratum: list[str]) -> pl.DataFrame:
    schema = {"wave_id": pl.String(), "propensity": pl.Float64(), "arm": ARM, "day": pl.Int32()}
    sums = {"units": pl.UInt32(), "total": pl.Float64(), "squares": pl.Float64()}
    return pl.DataFrame(schema={**{name: schema[name] for name in (*stratum, "day")}, **sums})


def _curve(group: pl.DataFrame, bought: pl.DataFrame, held: pl.DataFrame | None, length_days: int) -> pl.DataFrame:
    """Return the sums of one arm of a stratum by day."""
    total, squares = np.zeros(length_days + 1), np.zeros(length_days + 1)
    for block in group.iter_slices(BLOCK):
        numbered = block.select("unit").with_row_index("place")
        amounts = bought.join(numbered, on="unit").select("place", "day", "amount")
        daily = daily_amounts(*(amounts[name].to_numpy() for name in amounts.columns), shape=(len(block), length_days + 1))
        if held is not None:
            spans = held.drop_nulls("daily_margin").join(numbered, on="unit").select("place", "begins", "stops", "daily_margin")
            daily += daily_contracts(*(spans[name].to_numpy() for name in spans.columns), shape=daily.shape)
        running = np.cumsum(daily, axis=1)
        total += running.sum(axis=0)
        squares += np.einsum("ij,ij->j", running, running)
    days = pl.Series("day", range(length_days + 1), dtype=pl.Int32)
    units = pl.Series("units", [len(group)], dtype=pl.UInt32).new_from_index(0, len(days))
    curve = pl.DataFrame([days, units, pl.Series("total", total.round(6)), pl.Series("squares", squares.round(6))])
    return group.drop("unit").head(1).join(curve, how="cross")


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


def daily_amounts(place: NDArray[np.integer], day: NDArray[np.integer], amount: Floats, *, shape: tuple[int, int]) -> Floats:
    """Return the sum of the amounts of each customer on each day.

    Args:
        place: row of the customer; (m,).
        day: column; (m,).
        amount: what counts; (m,).
        shape: customers by days.

    Examples:
        >>> daily_amounts(np.array([0, 0, 1]), np.array([1, 1, 2]), np.array([2.0, 1.0, 5.0]), shape=(2, 3))
        array([[0., 3., 0.],
               [0., 0., 5.]])
    """
    cells = place.astype(np.int64) * shape[1] + day
    return np.asarray(np.bincount(cells, weights=amount, minlength=shape[0] * shape[1]).reshape(shape), np.float64)


def daily_contracts(
    place: NDArray[np.integer], begins: NDArray[np.integer], stops: NDArray[np.integer], margin: Floats, *, shape: tuple[int, int]
) -> Floats:
    """Return the margin that contracts bring each customer on each day since the draw: the first is the day after it.

    Args:
        place: row of the customer; (m,).
        begins: days since the draw, maybe below 0, after which the contract brings its margin; (m,).
        stops: last day on which it does; (m,).
        margin: of a day; (m,).
        shape: customers by days.

    Examples:
        >>> daily_contracts(np.array([0, 0]), np.array([-9, 1]), np.array([1, 9]), np.array([2.0, 5.0]), shape=(1, 4))
        array([[0., 2., 5., 5.]])
    """
    last = shape[1] - 1
    runs = (stops > 0) & (begins < last)
    steps = np.zeros((shape[0], shape[1] + 1))
    np.add.at(steps, (place[runs], np.maximum(begins[runs], 0) + 1), margin[runs])
    np.add.at(steps, (place[runs], np.minimum(stops[runs], last) + 1), -margin[runs])
    return np.asarray(np.cumsum(steps, axis=1)[:, :-1])


def _bought(tables: TableSet, as_of: AsOf, draws: pl.DataFrame, windows: Windows, measure: Measured) -> pl.DataFrame:
    """Return unit, day (since the draw) and amount of what was bought and kept."""
    if not tables.has("transactions"):
        return pl.DataFrame(schema={"unit": pl.UInt32, "day": pl.Int32, "amount": pl.Float64})
    sales = campaign_sales(tables, as_of, draws, windows).filter(~pl.col("is_before")).rename({"day": "sold_on", "since": "day"})
    if measure == "orders":
        return sales.filter("is_kept").select("unit", "day").unique().with_columns(amount=pl.lit(1.0))
    return sales.select("unit", "day", pl.col(measure).fill_null(0.0).alias("amount"))
