"""Credit of models of attribution on companies whose channels cause sales, through the product, and its errors against the truth."""

from __future__ import annotations

import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from relkit.families.bindings import inputs_of
from relkit.models import catalogue
from relkit.models.attribution.credit import GROUP
from relkit.tables.reading import read_tables
from relkit.tables.table_set import TableSet

if TYPE_CHECKING:
    from collections.abc import Iterable

    from relkit.tables.simulation.advertised import AdvertisedCompany

Figures = dict[str, Any]
TESTS = "lift_tests"
OWN_VISITS = "direct"
"""Visits are credited with nothing by the judged model, by its settings: their interval says nothing about coverage."""
MEASURES = ("share", "paid_share", "conversions")


def credits_of(company: AdvertisedCompany, names: Iterable[str], settings: Figures | None = None) -> dict[str, Figures]:
    """Return the credit that models give on a company, read and checked as any company's files are, with the CPU seconds of the fit.

    A model that is calibrated to lift tests also has its credit before that, as `uncalibrated`.
    """
    found: dict[str, Figures] = {}
    with tempfile.TemporaryDirectory() as folder:
        read_tables(company.write(Path(folder) / "data"), Path(folder))
        tables = TableSet.open(Path(folder) / "tables")
        as_of = tables.as_of(company.as_of)
        for name in names:
            given = dict(settings or {})
            inputs = inputs_of(name, tables, given)
            rows = inputs.to_learn(inputs.features(tables, as_of))
            model = catalogue.make(name, inputs.declared_settings(name, tables, as_of) | given)
            start = time.process_time()
            fitted = model.fit(rows, as_of=company.as_of)
            found[name] = {"cpu_seconds": time.process_time() - start, "credit": by_channel(fitted.credit())}
            if hasattr(fitted, "uncalibrated"):
                found[name]["uncalibrated"] = by_channel(fitted.uncalibrated.filter(pl.all_horizontal(pl.col(*GROUP).is_null())))
    return found


def by_channel(credit: pl.DataFrame) -> dict[str, Figures]:
    return {row["channel"]: {key: row[key] for key in ("conversions", "lower", "upper", "share")} for row in credit.rows(named=True)}


def truth_of(company: AdvertisedCompany) -> Figures:
    """Return the truth of each channel, and of the lift tests."""
    tests = [
        {"channel": row["channel_id"], "estimate": row["incremental_conversions"], "low": row["low"], "high": row["high"], "truth": truth}
        for row, truth in zip(company.tables[TESTS].rows(named=True), company.lift_truth["conversions"], strict=True)
    ]
    rows = company.truth.rows(named=True)
    channels = {row["channel"]: {key: row[key] for key in ("conversions", "removal", "share", "touches")} for row in rows}
    return {"channels": channels, "baseline": company.baseline, "caused": company.caused, "lift_tests": tests}


def errors(credit: dict[str, Figures], truth: dict[str, Figures]) -> dict[str, float]:
    """Return the mean absolute errors over channels: of shares, of shares without direct visits, and of conversions.

    Credit that is absent is zero.
    """
    paid = {name: true for name, true in truth.items() if name != OWN_VISITS}
    credited, caused = ({name: each.get(name, {}).get("conversions", 0.0) for name in paid} for each in (credit, truth))
    gaps = {key: [abs(credit.get(name, {}).get(key, 0.0) - true[key]) for name, true in truth.items()] for key in ("share", "conversions")}
    gaps["paid_share"] = [abs(part_of(credited, name) - part_of(caused, name)) for name in paid]
    return {key: float(np.mean(values)) for key, values in gaps.items()}


def part_of(values: dict[str, float], name: str) -> float:
    """Return the share of a channel among the channels given; 0 if they have nothing."""
    whole = sum(values.values())
    return values[name] / whole if whole else 0.0
