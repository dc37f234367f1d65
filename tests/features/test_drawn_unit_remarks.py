"""Remarks on the units that models learn from."""

from __future__ import annotations

import drawn_company
import modelled_company as company
import polars as pl
import pytest

from relkit.features.drawn_unit_remarks import drawn_unit_remarks
from relkit.features.drawn_units import Wanted

FRAMES = drawn_company.drawn_company(120)


def remarks(folder, assignments: pl.DataFrame, *, as_of: str | None = None, wanted: Wanted = Wanted()) -> dict[str, tuple[str, str]]:  # noqa: B008
    tables = company.write_company(folder / "default", FRAMES | {"assignments": assignments})
    return {each.code: (each.en, each.fr) for each in drawn_unit_remarks(tables, tables.as_of(as_of), wanted=wanted)}


def test_few_units_one_wave_and_open_windows(tmp_path):
    found = remarks(tmp_path, FRAMES["assignments"])
    assert set(found) == {"windows_not_passed", "few_units", "one_wave"}
    assert found["windows_not_passed"][0].startswith("120 units drawn lately were not learnt from: their 84 days have not passed")
    assert found["few_units"][0].startswith("Fewer than 1,000 units in the smaller arm of call (")
    assert found["one_wave"][1].startswith("call\u00a0: une seule vague")


def test_controls_are_lacking(tmp_path):
    rows = FRAMES["assignments"].filter((pl.col("action_id") == "mail") | (pl.col("arm") == "treated"))
    found = remarks(tmp_path, rows)
    assert found["no_controls"][0] == "call: no effect can be learnt without both treated units and controls."
    assert "témoins" in found["no_controls"][1]


def test_an_action_that_has_just_begun(tmp_path):
    new = FRAMES["assignments"].filter(pl.col("wave_id") == "mail-3").with_columns(action_id=pl.lit("new"), wave_id=pl.lit("new-0"))
    found = remarks(tmp_path, pl.concat([FRAMES["assignments"], new]))
    assert found["no_outcome_yet"][0].startswith("new: the 84 days after the first draw have not passed")


def test_units_in_both_arms(tmp_path):
    twice = (
        FRAMES["assignments"]
        .head(4)
        .with_columns(arm=pl.when(pl.col("arm") == "treated").then(pl.lit("control")).otherwise(pl.lit("treated")))
    )
    found = remarks(tmp_path, pl.concat([FRAMES["assignments"], twice]))
    assert found["in_both_arms"][0] == "4 units were drawn into several arms of one wave: they were left out."


@pytest.mark.parametrize("days", [0, 1])
def test_nothing_to_remark_on_windows_that_have_passed(tmp_path, days):
    found = remarks(tmp_path, FRAMES["assignments"], wanted=Wanted(response_window_days=3, post_window_days=days, actions=("mail",)))
    assert set(found) == {"few_units"}
