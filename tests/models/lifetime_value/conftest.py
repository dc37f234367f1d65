"""The CDNOW sample as of 1997-09-30, and its customers' purchases in the 39 weeks that follow.

Read from the file and summed by day here, apart from relkit's own features, so that the golden values of the
models depend only on the published data.
"""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

import polars as pl
import pytest

if TYPE_CHECKING:
    from pathlib import Path

CALIBRATION_ENDS = date(1997, 9, 30)
HOLDOUT_DAYS = 273


@pytest.fixture(scope="session")
def purchase_days(real_data: Path) -> pl.DataFrame:
    """Return one row per customer and day: customer_id, day, value, and whether it is the customer's first."""
    lines = [line.split() for line in (real_data / "cdnow_sample.txt").read_text(encoding="ascii").splitlines() if line.strip()]
    rows = pl.DataFrame(
        [(sample, day, float(value)) for _, sample, day, _, value in lines], schema=["customer_id", "day", "value"], orient="row"
    )
    days = rows.with_columns(pl.col("day").str.to_date("%Y%m%d")).group_by("customer_id", "day").agg(pl.col("value").sum())
    return days.sort("customer_id", "day").with_columns(is_first=pl.col("day") == pl.col("day").min().over("customer_id"))


@pytest.fixture(scope="session")
def cdnow(purchase_days: pl.DataFrame) -> pl.DataFrame:
    """Return one row per customer: 2,357 of them; times in days; mean_repeat_value null without repeat purchases."""
    known = purchase_days.filter(pl.col("day") <= CALIBRATION_ENDS)
    repeat = ~pl.col("is_first")
    return (
        known.group_by("customer_id")
        .agg(
            repeat.sum().cast(pl.Int64).alias("repeat_purchases"),
            (pl.col("day").max() - pl.col("day").min()).dt.total_days().alias("last_purchase_age_days"),
            (pl.lit(CALIBRATION_ENDS) - pl.col("day").min()).dt.total_days().alias("observed_days"),
            pl.col("value").filter(repeat).mean().alias("mean_repeat_value"),
        )
        .sort("customer_id")
    )


@pytest.fixture(scope="session")
def cdnow_outcomes(purchase_days: pl.DataFrame, cdnow: pl.DataFrame) -> pl.DataFrame:
    """Return the outcomes from 1997-10-01 to 1998-06-30."""
    later = purchase_days.filter(pl.col("day") > CALIBRATION_ENDS).group_by("customer_id")
    seen = later.agg(pl.len().cast(pl.Int64).alias("holdout_purchases"), pl.col("value").mean().alias("holdout_mean_value"))
    both = cdnow.select("customer_id").join(seen, on="customer_id", how="left", maintain_order="left")
    return both.with_columns(pl.col("holdout_purchases").fill_null(0), pl.lit(HOLDOUT_DAYS).alias("holdout_days")).select(
        "customer_id", "holdout_purchases", "holdout_mean_value", "holdout_days"
    )
