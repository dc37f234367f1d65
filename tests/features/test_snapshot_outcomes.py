"""Outcomes declared in snapshots: known after the horizon, held afterwards, in the order of the file if rows have no ids."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any

import modelled_company as company
import polars as pl
import pytest
from polars.testing import assert_frame_equal

from relkit.errors import ParameterError
from relkit.families.bindings import inputs_of
from relkit.features.snapshot_outcomes import held_out, known_later, outcome_rows, outcomes_after, rows_to_score, to_judge, to_learn
from relkit.jobs.holdouts import split_of
from relkit.periods import AsOf, Holdout, RowHoldout, read_holdout
from relkit.tables.mapping import read_source_tables

if TYPE_CHECKING:
    from pathlib import Path

    from relkit.tables.table_set import TableSet

NONE = {"personal_data": "none", "known_at": "as_of"}
DECLARED: dict[str, dict[str, str]] = {
    "took_loan": {"role": "outcome", "personal_data": "none", "known_at": "later"},
    "plan": {"role": "covariate", **NONE},
    "matures_on": {"role": "covariate", **NONE},
    "call_seconds": {"role": "covariate", "personal_data": "none", "known_at": "later"},
    "salary": {"role": "covariate", "personal_data": "personal", "known_at": "as_of"},
}
DAYS = (date(2025, 1, 31), date(2025, 4, 30), date(2025, 6, 30))


def snapshots(ids: tuple[str, ...] = ("ann", "bob"), days: tuple[date, ...] = DAYS, **columns: list[Any]) -> pl.DataFrame:
    n = len(ids) * len(days)
    given: dict[str, list[Any]] = {"took_loan": [False] * n, "plan": ["S"] * n, "call_seconds": [1] * n, "salary": [1.0] * n} | columns
    rows = {"customer_id": [each for each in ids for _ in days], "as_of": list(days) * len(ids), "matures_on": [date(2025, 7, 10)] * n}
    return pl.DataFrame(rows | given)


def tables_of(place: Path, frame: pl.DataFrame, **facts: Any) -> TableSet:
    edges = {"first_day": frame["as_of"].min(), "last_day": frame["as_of"].max()}
    return company.write_company(place, {"customer_snapshots": frame}, attributes=DECLARED, **edges, **facts)


def test_an_outcome_is_known_once_the_horizon_has_passed(tmp_path):
    tables = tables_of(tmp_path, snapshots(took_loan=[True, False, False, False, True, None]))
    learnt = outcome_rows(tables, AsOf.parse("2025-06-30"), horizon_days=60)
    assert learnt.select("customer_id", "taken", "held", "sequence").rows() == [
        ("ann", ["took_loan"], [], 1),
        ("bob", [], [], 1),
        ("ann", [], ["took_loan"], 2),
        ("bob", ["took_loan"], [], 2),
    ]
    assert learnt["days_to_matures_on"].to_list() == [160, 160, 71, 71]
    scored = rows_to_score(tables, AsOf.parse("2025-06-30"), horizon_days=60)
    assert dict(scored.select("customer_id", "held").iter_rows()) == {"ann": ["took_loan"], "bob": ["took_loan"]}
    assert scored["days_to_matures_on"].to_list() == [10, 10]


def test_only_declared_attributes_are_drivers(tmp_path):
    """None known only later, and no personal data without the purpose."""
    tables = tables_of(tmp_path, snapshots())
    learnt = outcome_rows(tables, AsOf.parse("2025-06-30"), horizon_days=60)
    assert set(learnt.columns) == {"customer_id", "days_to_matures_on", "plan", "taken", "held", "sequence"}
    assert known_later(tables, AsOf.parse("2025-06-30")) == ("call_seconds", "took_loan")


def test_what_comes_later_changes_nothing(tmp_path):
    early = snapshots(days=DAYS[:2], took_loan=[True, False, False, True])
    later = snapshots(days=(date(2025, 8, 31),), took_loan=[True, True])
    edge = AsOf.parse("2025-06-30")
    known, planted = tables_of(tmp_path / "a", early), tables_of(tmp_path / "b", pl.concat([early, later]))
    assert_frame_equal(outcome_rows(known, edge, horizon_days=60), outcome_rows(planted, edge, horizon_days=60))
    assert_frame_equal(rows_to_score(known, edge, horizon_days=60), rows_to_score(planted, edge, horizon_days=60))


def test_a_holdout_in_time(tmp_path):
    tables = tables_of(tmp_path, snapshots(took_loan=[True, False, False, False, True, None]))
    split = Holdout.before(AsOf.parse("2025-06-30"), days=61)
    assert held_out(tables, split.end, horizon_days=60) is None
    after = outcomes_after(tables, split, horizon_days=60)
    assert dict(after.iter_rows()) == {"ann": [], "bob": ["took_loan"]}
    unknown = outcomes_after(tables, Holdout.before(AsOf.parse("2025-06-30"), days=61), horizon_days=90)
    assert unknown["taken"].null_count() == 2


def test_one_day_with_ids_is_split_at_random(tmp_path):
    ids = tuple(f"c{i:03d}" for i in range(200))
    tables = tables_of(tmp_path, snapshots(ids, DAYS[:1]))
    split, _ = split_of(inputs_of("affinity.propensity", tables), tables, tables.as_of(), None)
    assert isinstance(split, RowHoldout)
    assert not split.in_order
    assert read_holdout(str(split)) == split
    rows = outcome_rows(tables, split.calibration, horizon_days=90)
    assert "sequence" not in rows.columns
    assert 40 < len(to_judge(rows, split)) < 80
    assert len(to_learn(rows, split)) + len(to_judge(rows, split)) == 200
    assert split.was_seen(date(2020, 1, 1))


MAPPING = """
company: {currency: EUR, business_zone: Europe/Paris}
sources:
  calls: {files: calls.csv}
tables:
  customer_snapshots:
    from: calls
    key: file and row
    columns: {as_of: {constant: 2025-01-31}}
    attributes:
      age: {column: age, type: integer, personal_data: none}
      took: {column: y, type: yes_no, role: outcome, known_at: later, personal_data: none}
"""


def test_rows_without_ids_keep_the_order_of_the_file(tmp_path):
    (tmp_path / "calls.csv").write_text("age,y\n" + "".join(f"{i},{'yes' if i % 4 == 0 else 'no'}\n" for i in range(1, 121)))
    (tmp_path / "mapping.yaml").write_text(MAPPING)
    read = read_source_tables(tmp_path)
    assert read.numbered == ("customer_snapshots",)
    frame = read.frames["customer_snapshots"].collect().select("customer_id", "as_of", "age", "took")
    declared = {each.name: {"role": each.role, "known_at": each.known_at, "personal_data": "none"} for each in read.attributes}
    tables = company.write_company(
        tmp_path / "out",
        {"customer_snapshots": frame.sample(fraction=1.0, shuffle=True, seed=1)},
        attributes=declared,
        numbered=["customer_snapshots"],
    )
    split = held_out(tables, AsOf.parse("2025-01-31"), horizon_days=90)
    assert split is not None
    assert str(split) == "the last 30% of the rows of 2025-01-31, in the order of the file (seed 20250630), over 90 days"
    assert read_holdout(str(split)) == split
    rows = outcome_rows(tables, split.calibration, horizon_days=90)
    assert rows["age"].to_list() == list(range(1, 121))
    assert to_judge(rows, split)["age"].to_list() == list(range(85, 121))
    assert to_learn(rows, split)["age"].max() == 84
    scored = rows_to_score(tables, split.calibration, horizon_days=90)
    assert scored["held"].list.len().sum() == 30


def test_an_outcome_is_a_yes_or_a_no(tmp_path):
    (tmp_path / "calls.csv").write_text("age,y\n1,yes\n")
    (tmp_path / "mapping.yaml").write_text(MAPPING.replace("type: yes_no, role", "type: text, role"))
    with pytest.raises(ParameterError, match="the role outcome needs the type yes_no, number or integer; took is of type text"):
        read_source_tables(tmp_path)
