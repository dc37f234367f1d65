"""The CDNOW sample as of 1997-09-30, and what its customers did in the 39 weeks that follow."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

GOLDEN = Path(__file__).resolve().parents[2] / "golden"


@pytest.fixture(scope="session")
def cdnow() -> pl.DataFrame:
    """Return one row a customer: 2,357 of them; times in days; mean_repeat_value null without repeat purchases."""
    table = pl.read_csv(GOLDEN / "cdnow_sample_customers.csv", schema_overrides={"customer_id": pl.String})
    mean = pl.when(pl.col("repeat_purchases") > 0).then(pl.col("repeat_value") / pl.col("repeat_purchases"))
    return table.with_columns(mean.alias("mean_repeat_value")).drop("holdout_purchases", "holdout_value")


@pytest.fixture(scope="session")
def cdnow_outcomes() -> pl.DataFrame:
    """Return what happened from 1997-10-01 to 1998-06-30."""
    table = pl.read_csv(GOLDEN / "cdnow_sample_customers.csv", schema_overrides={"customer_id": pl.String})
    mean = pl.when(pl.col("holdout_purchases") > 0).then(pl.col("holdout_value") / pl.col("holdout_purchases"))
    return table.select("customer_id", "holdout_purchases", mean.alias("holdout_mean_value"), pl.lit(273).alias("holdout_days"))
