"""Moments of customers written as rows, as the frames that features read."""

from __future__ import annotations

from typing import Any

import polars as pl
from walked_journeys import INSTANT, at

Moment = tuple[str, str]
CALL, MAIL, BOUGHT = ("call", "phone"), ("contact", "email"), ("purchase", "store")


def moments(rows: list[tuple[str, float, Moment]]) -> pl.DataFrame:
    """Return the moments of customers on days of June 2025, 0 being its first."""
    schema: dict[str, Any] = {"customer_id": pl.String, "at": INSTANT, "kind": pl.String, "channel": pl.String}
    return pl.DataFrame([(who, at(day), *moment) for who, day, moment in rows], schema=schema, orient="row").sort("customer_id", "at")
