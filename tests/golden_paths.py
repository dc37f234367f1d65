"""Journeys whose credit is known: the golden cases of attribution, and the public data set of grouped paths."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

import polars as pl

CASES = Path(__file__).resolve().parent / "golden" / "attribution"
SEPARATOR = " > "


def folder(number: str) -> Path:
    """Return the folder of a case, by the number that its name begins with."""
    return next(path for path in CASES.iterdir() if path.name.startswith(number))


def expected(number: str) -> Any:
    """Return the right values of a case."""
    return json.loads((folder(number) / "expected.json").read_text(encoding="utf-8"))["values"]


def split(frame: pl.DataFrame) -> pl.DataFrame:
    """Return the lists of channels of paths written as text."""
    return frame.with_columns(channels=pl.col("path").str.split(SEPARATOR))


def case(number: str) -> pl.DataFrame:
    """Return the paths of a case that has them in one file."""
    return split(pl.read_csv(folder(number) / "input.csv"))


@cache
def path_data(data: Path) -> pl.DataFrame:
    """Return the 10,000 grouped paths that ChannelAttribution is published with."""
    raw = pl.read_csv(data / "channelattribution_paths.csv.gz")
    names = {"total_conversions": "conversions", "total_null": "nulls", "total_conversion_value": "value"}
    return split(raw.rename(names)).drop("path")


def credited(fitted: Any, column: str = "conversions") -> dict[str, float]:
    """Return a column of credit by channel."""
    return dict(fitted.credit().select("channel", column).iter_rows())
