from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import modelled_company as company
import pytest

from relkit.errors import FitError
from relkit.families.bindings import inputs_of
from relkit.jobs.holdouts import LONGEST_HOLDOUT_DAYS, HeldOut, Known, origins_of, split_of
from relkit.jobs.trials import Ready, judged, tried

if TYPE_CHECKING:
    from pathlib import Path

    from relkit.tables.table_set import TableSet

BG_NBD = "lifetime_value.bg_nbd"


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
