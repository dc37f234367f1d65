"""Customers by first purchase: value brought by each cohort, by month of age.

A cohort is a month, quarter or year of first purchases, the shortest that leaves at most `MOST` cohorts. Ages are counted
in months of 30.4375 days from each customer's own first purchase. A figure is given only if the whole cohort has reached
that age, so that no curve bends because its youngest members are missing. Customers who may have bought before the history
starts (see `relkit.features.purchases`) are left out: their first purchase is not known.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import polars as pl

from relkit.features.coded_lines import known_lines
from relkit.features.margins import with_margins
from relkit.features.purchase_days import coded_days
from relkit.features.purchases import purchase_summary, summary_codes
from relkit.units import DAYS_PER_MONTH

if TYPE_CHECKING:
    from datetime import date

    from relkit.periods import AsOf
    from relkit.tables.table_set import TableSet

MOST = 12
"""Largest number of cohorts."""
LENGTHS = {"month": "1mo", "quarter": "1q", "year": "1y"}
"""Lengths of a cohort, as polars truncates days to them."""


@dataclass(frozen=True, eq=False, kw_only=True)
class Cohorts:
    """Value brought by cohorts of customers.

    Attributes:
        frame: one row per cohort and an age: starts_on (first day of the cohort), customers, age_months (0 is the day of the
            first purchase, 1 the month that follows it), value (cumulated per customer by the end of it), came_back (share
            who bought again in it, 0 at age 0).
        length: of a cohort: month, quarter or year.
        measure: margin, or revenue if the margin of some line is unknown.
        left_out: customers whose first purchase may lie before the data.
    """

    frame: pl.DataFrame
    length: Literal["month", "quarter", "year"]
    measure: Literal["margin", "revenue"]
    left_out: int

    def payback_months(self, cost: float) -> pl.DataFrame:
        """Return starts_on, customers, value (per customer, at the last age), age_months (that age) and payback_months.

        Payback is the age at which the cumulated value reaches the cost of acquiring a customer, interpolated linearly between
        two months; 0 if the first purchase reaches it, null if it has not been reached yet.

        Args:
            cost: of acquiring one customer.
        """
        before = pl.col("value").shift(1).over("starts_on")
        at = pl.col("age_months") - 1 + (cost - before) / (pl.col("value") - before)
        crossed = self.frame.with_columns(at=pl.when(pl.col("age_months") == 0).then(0.0).otherwise(at)).filter(pl.col("value") >= cost)
        reached = crossed.group_by("starts_on").agg(pl.col("at").sort_by("age_months").first().alias("payback_months"))
        last = self.frame.group_by("starts_on", maintain_order=True).agg(
            pl.col("customers").first(), pl.col("value", "age_months").sort_by("age_months").last()
        )
        return last.join(reached, on="starts_on", how="left", maintain_order="left")


def acquisition_cohorts(tables: TableSet, as_of: AsOf) -> Cohorts:
    """Return the cohorts of identified customers known at `as_of`.

    Raises:
        TableError: there is no transactions table.
    """
    seen = purchase_summary(tables, as_of).with_columns(summary_codes(tables, as_of))
    kept = seen.filter(~pl.col("is_left_censored")).select("customer", "first_order_on")
    length = cohort_length(kept["first_order_on"])
    starts = pl.col("first_order_on").dt.truncate(LENGTHS[length])
    people = kept.with_columns(starts_on=starts)
    moved, measure = _by_age(tables, as_of, people)
    bought = coded_days(tables, as_of).join(people, on="customer")
    again = bought.filter(pl.col("day") > pl.col("first_order_on"))
    back = again.group_by("starts_on", _age("day")).agg(back=pl.col("customer").n_unique())
    cells = _cells(people, as_of.day, length).join(moved, on=["starts_on", "age_months"], how="left")
    cells = cells.join(back, on=["starts_on", "age_months"], how="left").sort("starts_on", "age_months")
    value = (pl.col("amount").fill_null(0.0).cum_sum().over("starts_on") / pl.col("customers")).round(6)
    came_back = pl.col("back").fill_null(0) / pl.col("customers")
    frame = cells.select("starts_on", "customers", "age_months", value=value, came_back=came_back)
    return Cohorts(frame=frame, length=length, measure=measure, left_out=len(seen) - len(kept))


def cohort_length(first: pl.Series) -> Literal["month", "quarter", "year"]:
    """Return the shortest length of cohorts, by first purchases, of which there are at most `MOST`."""
    for length in ("month", "quarter"):
        if first.dt.truncate(LENGTHS[length]).n_unique() <= MOST:
            return length
    return "year"


def _age(day: str) -> pl.Expr:
    """Return the month of age in which a day falls: 0 for the day of the first purchase, 1 for the month that follows."""
    return ((pl.col(day) - pl.col("first_order_on")).dt.total_days() / DAYS_PER_MONTH).ceil().cast(pl.Int32).alias("age_months")


def _by_age(tables: TableSet, as_of: AsOf, people: pl.DataFrame) -> tuple[pl.DataFrame, Literal["margin", "revenue"]]:
    """Return starts_on, age_months, amount: value brought by the cohort in that month of age, net of returns."""
    lines = known_lines(tables, as_of).filter(pl.col("line_kind").is_in(["sale", "return", "cancel"]))
    own = with_margins(lines, tables, as_of).select("customer", "day", "net_amount", "margin").collect(engine="streaming")
    own = own.join(people, on="customer").filter(pl.col("day") >= pl.col("first_order_on"))
    measure: Literal["margin", "revenue"] = "revenue" if own["margin"].null_count() else "margin"
    amount = pl.col("margin" if measure == "margin" else "net_amount").sum().round(6)
    return own.group_by("starts_on", _age("day")).agg(amount=amount), measure


def _cells(people: pl.DataFrame, day: date, length: str) -> pl.DataFrame:
    """Return every cohort with each month of age that all its members have completed."""
    last = pl.col("starts_on").dt.offset_by(LENGTHS[length]).dt.offset_by("-1d")
    ages = ((pl.lit(day) - last).dt.total_days() / DAYS_PER_MONTH).floor().cast(pl.Int32)
    cohorts = people.group_by("starts_on").agg(customers=pl.len().cast(pl.Int64)).with_columns(ages=ages).filter(pl.col("ages") >= 1)
    whole = cohorts.with_columns(pl.int_ranges(0, pl.col("ages") + 1, dtype=pl.Int32).alias("age_months"))
    return whole.explode("age_months").select("starts_on", "customers", "age_months")
