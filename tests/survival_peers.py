"""Data sets shipped with lifelines: as arrays (duration, event, group, entry), and as tables with covariates."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import polars as pl
from lifelines import datasets


class Seen(NamedTuple):
    """Spells of a data set with a group to compare them by."""

    duration: np.ndarray
    event: np.ndarray
    group: np.ndarray
    entry: np.ndarray | None = None

    @property
    def counts(self) -> np.ndarray:
        """Case weights from 1 to 3, the same at each run."""
        return np.arange(len(self.duration)) % 3 + 1.0

    def repeated(self, values: np.ndarray) -> np.ndarray:
        """Return each row repeated by its weight."""
        return np.repeat(values, self.counts.astype(int))


def _of(frame, duration: str, event: str, group: str, entry: str | None = None) -> Seen:
    columns = (np.asarray(frame[duration], float), np.asarray(frame[event], bool), np.asarray(frame[group]).astype(str))
    return Seen(*columns, None if entry is None else np.asarray(frame[entry], float))


def load() -> dict[str, Seen]:
    """Return eight data sets; the last two have late entry."""
    return {
        "waltons": _of(datasets.load_waltons(), "T", "E", "group"),
        "rossi": _of(datasets.load_rossi(), "week", "arrest", "race"),
        "lung": _of(datasets.load_lung(), "time", "status", "sex"),
        "gbsg2": _of(datasets.load_gbsg2(), "time", "cens", "tgrade"),
        "larynx": _of(datasets.load_larynx(), "time", "death", "Stage_III"),
        "leukemia": _of(datasets.load_leukemia(), "t", "status", "Rx"),
        "aids": _of(datasets.load_multicenter_aids_cohort_study(), "T", "D", "AIDSY", "W"),
        "heart": _of(datasets.load_stanford_heart_transplants().query("start < stop"), "stop", "event", "surgery", "start"),
    }


PEERS = load()


def split(seen: Seen, at: float) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Return duration, event, entry and group of the spells cut in two at an age: the same facts in more rows."""
    entry = np.zeros(len(seen.duration)) if seen.entry is None else seen.entry
    cut = (entry < at) & (seen.duration > at)
    duration = np.concatenate([np.where(cut, at, seen.duration), seen.duration[cut]])
    event = np.concatenate([seen.event & ~cut, seen.event[cut]])
    return duration, event, np.concatenate([entry, np.full(int(cut.sum()), at)]), np.concatenate([seen.group, seen.group[cut]])


PENALTY, SHARES = 0.02, (0.5, 0.9)
"""Strength of the elastic net, and shares of it on absolute values, that are compared with scikit-survival."""


class Table(NamedTuple):
    """Spells of a data set with covariates, in the columns that models read.

    `frame` has duration_days and event; entry_days (a quarter observed from a third of their age on), weight (1, 2 and 3 in turn),
    plan (two categories in turn), and begun and ended, the bounds of its end in whole twelfths of the longest duration.
    """

    frame: pl.DataFrame
    covariates: tuple[str, ...]

    @property
    def late(self) -> pl.DataFrame:
        """The rows that lived after their entry."""
        return self.frame.filter(pl.col("duration_days") > pl.col("entry_days"))

    @property
    def whole(self) -> pl.DataFrame:
        """The rows as if all had been observed from the start."""
        return self.frame.drop("entry_days")


def _table(frame: Any, duration: str, event: str, *covariates: str) -> Table:
    read = pl.from_pandas(frame[[duration, event, *covariates]]).drop_nulls()
    named = {name: name.replace(".", "_") for name in covariates}
    row, days = pl.int_range(pl.len()), pl.col("duration_days")
    table = read.rename({duration: "duration_days", event: "event", **named}).with_columns(
        pl.col("duration_days").cast(pl.Float64), pl.col("event").cast(pl.Int64).cast(pl.Boolean)
    )
    table = table.filter(days > 0).with_columns(
        customer_id=row.cast(pl.String),
        entry_days=pl.when(row % 4 == 0).then((days / 3).floor()).otherwise(0.0),
        weight=1.0 + row % 3,
        plan=pl.when(row % 2 == 0).then(pl.lit("even")).otherwise(pl.lit("odd")),
    )
    width = float(table["duration_days"].max()) / 12  # type: ignore[arg-type]
    last = ((days / width).ceil() - 1).clip(lower_bound=0.0) * width
    begun = pl.when("event").then(last.clip(lower_bound=0.5)).otherwise(days)
    return Table(table.with_columns(begun=begun, ended=pl.when("event").then(last + width)), tuple(named.values()))


def load_tables() -> dict[str, Table]:
    """Return six data sets with tied ages."""
    stages = ("Stage_II", "Stage_III", "Stage_IV")
    return {
        "rossi": _table(datasets.load_rossi(), "week", "arrest", "fin", "age", "race", "wexp", "mar", "paro", "prio"),
        "gbsg2": _table(datasets.load_gbsg2(), "time", "cens", "age", "tsize", "pnodes", "progrec"),
        "lung": _table(datasets.load_lung(), "time", "status", "age", "sex", "ph.ecog"),
        "larynx": _table(datasets.load_larynx().assign(time=lambda d: d["time"] * 365.25), "time", "death", "age", *stages),
        "leukemia": _table(datasets.load_leukemia(), "t", "status", "sex", "logWBC", "Rx"),
        "kidney_transplant": _table(datasets.load_kidney_transplant(), "time", "death", "age", "black_male", "white_male", "black_female"),
    }


TABLES = load_tables()
