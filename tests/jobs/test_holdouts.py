from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import modelled_company as company
import polars as pl
import pytest
from polars.testing import assert_frame_equal

from relkit.errors import FitError
from relkit.families.bindings import inputs_of, reading_of
from relkit.features.drawn_customers import drawn_customers
from relkit.jobs.holdouts import LONGEST_HOLDOUT_DAYS, HeldOut, Known, origins_of, split_of
from relkit.jobs.trials import Ready, judged, tried
from relkit.models.catalogue import candidates

if TYPE_CHECKING:
    from datetime import date
    from pathlib import Path

    from relkit.tables.table_set import TableSet

BG_NBD = "lifetime_value.bg_nbd"
READERS = {reading_of(model): model for model in (*candidates("lifetime_value.auto"), *candidates("survival.auto"))}
"""A model of each reading: the rows that models learn from and are judged by depend on nothing else of them."""


@pytest.fixture
def tables(tmp_path: Path) -> TableSet:
    return company.write_company(tmp_path, history_starts_on=company.FIRST)


@pytest.mark.parametrize(("wanted", "days"), [(None, LONGEST_HOLDOUT_DAYS), (30, 30)])
def test_the_last_days_judge(tables: TableSet, wanted: int | None, days: int) -> None:
    split, why = split_of(inputs_of(BG_NBD), tables, tables.as_of(), wanted)
    assert split is not None
    assert (split.days, str(split.end), why) == (days, str(company.LAST), "")


@pytest.mark.parametrize(
    ("as_of", "wanted", "message"), [(None, 0, ""), ("2023-01-02", None, "too short"), ("2026-06-30", 90, "reaches past")]
)
def test_where_none_can_judge_the_reason_is_given(tables: TableSet, as_of: str | None, wanted: int | None, message: str) -> None:
    split, why = split_of(inputs_of(BG_NBD), tables, tables.as_of(as_of), wanted)
    assert split is None
    assert message in why


@pytest.mark.parametrize(
    ("as_of", "most", "days_before"),
    [(None, 4, [90, 180, 270, 360]), ("2023-09-30", 4, [90, 135, 180]), ("2023-04-30", 4, [59]), (None, 1, [90])],
)
def test_origins_follow_without_overlap_and_then_between(tables: TableSet, as_of: str | None, most: int, days_before: list[int]) -> None:
    """The history starts on 2023-01-01: 272 days leave room for two origins of 90 days, and for one between them that overlaps."""
    day = tables.as_of(as_of)
    found, why = origins_of(inputs_of(BG_NBD), tables, day, days=90, most=most)
    assert why == ""
    assert [(day.day - split.calibration.day).days for split in found] == days_before
    assert {split.days for split in found} == {min(90, days_before[0])}
    assert origins_of(inputs_of(BG_NBD), tables, tables.as_of("2026-06-30"), days=90, most=4)[0] == ()


def test_features_are_read_once_for_each_edge(tables: TableSet) -> None:
    usual, read = inputs_of(BG_NBD), []
    inputs = replace(usual, learnt=lambda tables, edge: read.append(edge) or usual.learnt(tables, edge))
    known, as_of = Known(tables), tables.as_of()
    split, _ = split_of(inputs, tables, as_of, 90)
    assert split is not None
    held = HeldOut.of(inputs, known, split)
    ready = Ready.of(BG_NBD, {}, inputs, known, as_of, split)
    assert read == [split.calibration, as_of]
    assert ready.held is not None
    assert ready.held.before is held.before
    trial = tried(ready)
    assert trial.metrics == {}
    assert trial.fitted.info.cutoff == split.calibration.cutoff
    assert trial.measured().metrics["mae_repeat_purchases"] > 0


def test_without_a_holdout_there_is_no_trial(tables: TableSet) -> None:
    ready = Ready.of(BG_NBD, {}, inputs_of(BG_NBD), Known(tables), tables.as_of(), None)
    assert judged(ready, "None was wanted.").problem == "None was wanted."
    with pytest.raises(FitError, match="there is no holdout to be tried on"):
        tried(ready)


def people(n: int = 250) -> dict[str, pl.DataFrame]:
    """Return customers and snapshots of the buyers, of whom some were there before the data and some are test accounts."""
    ids, day = [f"B{i:04d}" for i in range(n)], pl.Series(range(n)) % 7
    created = [company.FIRST.replace(year=2022 + i % 3) if i % 4 else None for i in range(n)]
    customers = {"customer_id": ids, "created_on": created, "country": ["FR", "BE"] * (n // 2), "is_test": (day == 6).to_list()}
    snapshots = {
        "customer_id": ids * 2,
        "as_of": [company.FIRST.replace(year=year) for year in (2024, 2025) for _ in ids],
        "points": pl.Series(range(2 * n)),
    }
    return {"customers": pl.DataFrame(customers), "customer_snapshots": pl.DataFrame(snapshots)}


def test_inputs_are_those_of_the_reading(tables: TableSet) -> None:
    assert len(READERS) >= 4
    for model in (*candidates("lifetime_value.auto"), *candidates("survival.auto")):
        assert inputs_of(model, tables, {}) == inputs_of(READERS[reading_of(model)], tables, {}), model


@pytest.mark.parametrize("starts_on", [company.FIRST, None], ids=["declared", "the first purchase"])
@pytest.mark.parametrize("model", READERS.values())
def test_rows_of_drawn_customers_are_the_same_without_those_of_the_others(model: str, starts_on: date | None, tmp_path: Path) -> None:
    """One contract passes to another customer, one sale was cancelled the same day, and the first of all to buy is not drawn."""
    lines, contracts = company.transactions(), company.contracts()
    cancel = lines.head(1).with_columns(transaction_line_id=pl.lit("C0"), line_kind=pl.lit("cancel"), net_amount=-pl.col("net_amount"))
    moved = contracts.head(1).with_columns(customer_id=pl.lit("B0007"), valid_from=pl.col("valid_from").dt.offset_by("1d"))
    early = lines.head(1).with_columns(
        transaction_line_id=pl.lit("E0"), customer_id=pl.lit("Y0000"), occurred_at=pl.col("occurred_at").dt.offset_by("-1y")
    )
    frames = {"transactions": pl.concat([lines, cancel, early]), "contracts": pl.concat([contracts, moved])} | people()
    tables = company.write_company(tmp_path, frames, history_starts_on=starts_on)
    inputs, as_of = inputs_of(model, tables, {}), tables.as_of()
    if not inputs.can_read(tables):
        pytest.skip(f"a company without {inputs.table}")
    known = Known(tables).sampled(inputs, as_of, 60)
    assert known.drawn is not None
    assert "Y0000" not in known.drawn
    everybody = replace(inputs, of_each=False)
    origins, _ = origins_of(inputs, tables, as_of, days=90, most=4)
    assert len(origins) == 4
    for edge in (as_of, *(split.calibration for split in origins)):
        found = Known(tables, known.drawn).features(inputs, edge)
        assert 0 < found["customer_id"].n_unique() <= 60
        assert_frame_equal(found, Known(tables, known.drawn).features(everybody, edge), check_exact=True)
        assert_frame_equal(known.rows_to_score(inputs, edge), known.rows_to_score(everybody, edge), check_exact=True)
        assert_frame_equal(as_text(known.past(inputs, edge)), as_text(known.past(everybody, edge)), check_exact=True)
    for split in origins:
        assert_frame_equal(known.what_happened(inputs, split), Known(tables, known.drawn).what_happened(everybody, split), check_exact=True)


def as_text(days: pl.DataFrame | None) -> pl.DataFrame:
    """Return purchase days with ids as text: their codes are those of the customers read."""
    return pl.DataFrame() if days is None else days.with_columns(pl.col("customer_id").cast(pl.String))


@pytest.mark.parametrize("model", [BG_NBD, "lifetime_value.pooled"])
def test_the_customers_drawn_are_those_of_the_features(model: str, tables: TableSet) -> None:
    inputs, as_of = inputs_of(model), tables.as_of()
    drawn = Known(tables).sampled(inputs, as_of, 60).drawn
    assert drawn is not None
    assert drawn.equals(drawn_customers(inputs.features(tables, as_of)["customer_id"], 60))
    assert Known(tables).sampled(inputs, as_of, 1000).drawn is None


def test_only_the_customers_drawn_are_read(tables: TableSet) -> None:
    inputs, read = inputs_of(BG_NBD), []
    usual = inputs.learnt
    seen = replace(inputs, learnt=lambda tables, edge: read.append(len(found := usual(tables, edge))) or found)
    Known(tables).sampled(seen, tables.as_of(), 60).features(seen, tables.as_of())
    assert read == [60]
