"""Journeys written as letters, and drawn ones, as the frames of touches and journeys that features read."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from relkit.features.journey_steps import journey_steps

if TYPE_CHECKING:
    from collections.abc import Sequence

START = datetime(2025, 6, 1, tzinfo=UTC)
INSTANT = pl.Datetime("us", "UTC")
NAMES = {"d": "display", "s": "search", "e": "email", "v": "direct"}
KINDS = {"d": "impression", "s": "click", "e": "click", "v": "visit"}
Walk = tuple[str, float, float]
"""Letters of the touches, conversions (0 for a null path), value."""


def at(days: float) -> datetime:
    return START + timedelta(days=days)


def walked(walks: Sequence[Walk], *, gap_days: float = 1.0, last_gap_days: float = 0.5) -> pl.DataFrame:
    """Return the steps of journeys: touches a day apart from day 0 on, the conversion half a day after the last touch."""
    touches = [
        {"journey": number, "channel": NAMES[letter], "kind": KINDS[letter], "occurred_at": at(gap_days * place)}
        for number, (letters, _, _) in enumerate(walks)
        for place, letter in enumerate(letters)
    ]
    schema: dict[str, Any] = {"journey": pl.UInt32, "channel": pl.Enum(sorted(NAMES.values())), "kind": pl.String, "occurred_at": INSTANT}
    return journey_steps(pl.DataFrame(touches, schema=schema), ended(walks, gap_days, last_gap_days))


def ended(walks: Sequence[Walk], gap_days: float, last_gap_days: float) -> pl.DataFrame:
    rows = [
        {
            "journey": number,
            "ended_at": at(gap_days * (len(letters) - 1) + (last_gap_days if conversions else 0.0)),
            "conversions": conversions,
            "nulls": float(conversions == 0),
            "value": value,
        }
        for number, (letters, conversions, value) in enumerate(walks)
    ]
    schema: dict[str, Any] = {"journey": pl.UInt32, "ended_at": INSTANT} | dict.fromkeys(("conversions", "nulls", "value"), pl.Float64)
    return pl.DataFrame(rows, schema=schema)


def drawn(number: int, *, seed: int = 1) -> list[Walk]:
    """Return journeys of one to seven touches, of which a third convert, some of them twice."""
    rng = np.random.default_rng(seed)
    found = []
    for _ in range(number):
        letters = "".join(rng.choice(list(NAMES), size=rng.integers(1, 8)))
        conversions = float(rng.choice([0, 0, 0, 0, 1, 1, 2]))
        found.append((letters, conversions, round(float(conversions * rng.gamma(2.0, 20.0)), 2)))
    return found
