"""Weeks with spend on channels and the value credited to them."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import polars as pl

MONDAY = date(2025, 1, 6)


def weeks(channel: str, spend: list[float], value: list[float]) -> pl.DataFrame:
    days = [MONDAY + timedelta(weeks=i) for i in range(len(spend))]
    return pl.DataFrame({"channel": [channel] * len(spend), "period": days, "spend": spend, "value": value})


def on_curve(channel: str, scale: float, elasticity: float, spend: list[float]) -> pl.DataFrame:
    return weeks(channel, spend, [scale * each**elasticity for each in spend])


def drawn(seed: int, *, periods: int = 60, elasticity: float = 0.4) -> pl.DataFrame:
    """Return weeks whose value is 20 times a Poisson number of conversions."""
    rng = np.random.default_rng(seed)
    spend = rng.gamma(9.0, 40.0, periods)
    value = 20.0 * rng.poisson(2.0 * spend**elasticity)
    return weeks("ad", spend.tolist(), value.tolist())


def lift(**factors: tuple[float, float]) -> pl.DataFrame:
    schema = {"channel": pl.String, "factor": pl.Float64, "log_error": pl.Float64}
    return pl.DataFrame([(name, *each) for name, each in factors.items()], schema=schema, orient="row")
