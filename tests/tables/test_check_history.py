"""The history of checks: appended once, healed, ordered, and compared with the right one."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest

from relkit.tables import check_history
from relkit.tables.check_history import CheckHistory, parts_of, read_history, write_history

MONDAY = datetime(2025, 6, 2, 8, tzinfo=UTC)


def check(rows=10, *, passed=True, faulty=0, own_share=0.0):
    total = {"source": "till", "month": "2025-05", "rows": rows, "first": "2025-05-01", "last": "2025-05-31", "money": {"net_amount": 1.5}}
    own = {"severity": "warn", "allowed_share": 0.1, "judged": rows, "broken": 0, "unjudged": 0, "share": own_share, "first": None}
    table = {
        "rows_read": rows,
        "rows_kept": rows - faulty,
        "rows_quarantined": faulty,
        "rules": {"net_amount: empty": {"rows": faulty, "first": None, "remedy": ""}} if faulty else {},
        "own_rules": {"paid": own},
    }
    return {
        "passed": passed,
        "tables": {"transactions": table},
        "controls": {"transactions": [total]},
        "columns": {"till": {"id": "text"}},
        "fingerprints": {"transactions": f"sha of {rows}"},
    }


def history(*checks):
    made = CheckHistory()
    for days, one in enumerate(checks):
        made = made.with_check(parts_of(one), MONDAY + timedelta(days=days))
    return made


def test_the_file_gives_back_what_was_written(tmp_path):
    write_history(tmp_path, history(check(10, faulty=2), check(12)))
    found = read_history(tmp_path)
    assert [entry.at for entry in found.entries] == [MONDAY, MONDAY + timedelta(days=1)]
    assert found.entries[1].totals("transactions")[0].rows == 12
    assert found.entries[0].parts["rules"] == {"transactions": {"net_amount: empty": 2}}
    assert found.entries[0].parts["own_rules"]["transactions"]["paid"]["judged"] == 10
    assert found.entries[0].totals("contracts") == ()
    assert found.damaged == ()


def test_the_same_check_again_adds_nothing():
    twice = history(check(10), check(10))
    assert len(twice.entries) == 1
    assert twice.entries[0].at == MONDAY
    assert len(history(check(10), check(10, own_share=0.2)).entries) == 2
    assert len(history(check(10), check(12), check(10)).entries) == 3


def test_a_check_is_compared_with_the_last_one_that_passed_and_had_other_data():
    past = history(check(10), check(5, passed=False))
    assert past.before(parts_of(check(7))).totals("transactions")[0].rows == 10
    assert past.before(parts_of(check(10, own_share=0.2))) is None
    assert CheckHistory().before(parts_of(check(7))) is None


def test_a_repeated_check_is_compared_with_the_same_one_as_at_first():
    past = history(check(10), check(4), check(4, own_share=0.3))
    assert past.before(parts_of(check(4))).totals("transactions")[0].rows == 10


def test_entries_are_in_order_of_time(tmp_path):
    path = write_history(tmp_path, history(check(10), check(12)))
    first, second = path.read_text().splitlines()
    path.write_text(f"{second}\n{first}\n")
    assert [entry.at for entry in read_history(tmp_path).entries] == [MONDAY, MONDAY + timedelta(days=1)]


def test_a_check_whose_process_was_killed_before_it_wrote_its_entry_is_added(tmp_path):
    write_history(tmp_path, history(check(10)))
    (tmp_path / "tables").mkdir()
    (tmp_path / "tables" / "check.json").write_text(json.dumps(check(12)))
    assert [entry.totals("transactions")[0].rows for entry in read_history(tmp_path).entries] == [10, 12]


@pytest.mark.parametrize("content", ["{}", "[1]", "{", json.dumps({"passed": True, "tables": {}})])
def test_tables_of_an_earlier_version_have_no_entry(tmp_path, content):
    (tmp_path / "tables").mkdir()
    (tmp_path / "tables" / "check.json").write_text(content)
    assert read_history(tmp_path).entries == ()


@pytest.mark.parametrize("line", ["{", "[]", "3", '{"at": "x"}', '{"at": "2025-06-02T08:00:00+00:00"}', "\udcff"])
def test_damaged_lines_are_set_aside_and_the_others_stay(tmp_path, line):
    path = write_history(tmp_path, history(check(10)))
    path.write_bytes(path.read_bytes() + line.encode("utf-8", "surrogateescape") + b"\n")
    found = read_history(tmp_path)
    assert (len(found.entries), len(found.damaged)) == (1, 1)
    write_history(tmp_path, found)
    assert len(path.read_text().splitlines()) == 1
    again = read_history(tmp_path)
    assert (again.damaged, len(again.set_aside)) == ((), 1)
    write_history(tmp_path / "draft", again)
    assert read_history(tmp_path / "draft").set_aside == again.set_aside


@pytest.mark.parametrize(
    ("part", "value"),
    [
        ("controls", [1]),
        ("controls", {"transactions": [{"rows": 1}]}),
        ("controls", {"transactions": [{"source": "a", "month": "2025-05", "rows": "9"}]}),
        ("controls", {"transactions": [{"source": "a", "month": "2025-05", "rows": 9, "first": "yesterday"}]}),
        ("columns", {"till": ["id"]}),
        ("columns", {"till": {"id": 3}}),
        ("rows", {"transactions": {"read": 3}}),
        ("rules", {"transactions": {"empty": None}}),
        ("own_rules", {"transactions": {"paid": {}}}),
    ],
)
def test_entries_of_another_form_are_set_aside_and_not_taken_from_the_tables(tmp_path, part, value):
    entry = {"at": MONDAY.isoformat(), **parts_of(check(10)), part: value}
    (tmp_path / "history").mkdir()
    (tmp_path / "history" / "checks.jsonl").write_text(json.dumps(entry) + "\n")
    (tmp_path / "tables").mkdir()
    (tmp_path / "tables" / "check.json").write_text(json.dumps(check(10) | ({part: value} if part in {"controls", "columns"} else {})))
    found = read_history(tmp_path)
    assert len(found.damaged) == 1
    assert len(found.entries) == (part not in {"controls", "columns"})


def test_the_oldest_checks_go_first(monkeypatch):
    monkeypatch.setattr(check_history, "MOST_CHECKS", 2)
    assert [entry.totals("transactions")[0].rows for entry in history(check(1), check(2), check(3)).entries] == [2, 3]


def test_a_clock_that_was_set_back_changes_no_order():
    first = CheckHistory().with_check(parts_of(check(10)), MONDAY)
    second = first.with_check(parts_of(check(12)), MONDAY - timedelta(days=3))
    assert [entry.at for entry in second.entries] == [MONDAY, MONDAY]
    assert second.with_check(parts_of(check(12)), MONDAY) is second
