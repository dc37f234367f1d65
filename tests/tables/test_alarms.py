"""Alarms in words, and from one check to the next: what is compared, what a gate does, what stays the same."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import polars as pl
import pytest

from relkit.tables.alarms import damaged_history
from relkit.tables.check_history import read_history
from relkit.tables.reading import read_tables

MAPPING = """
company: {history_starts_on: 2025-01-01, assumed_margin_rate: 0.3}
sources:
  till: {files: till.parquet, freshness_days: 3}
  web: {files: web.parquet}
controls: {max_fall_share: 0.4}
tables:
  transactions:
    - {from: till, key: file and row, columns: {transaction_id: id, customer_id: id, occurred_at: day, net_amount: amount}}
    - {from: web, key: file and row, columns: {transaction_id: id, customer_id: id, occurred_at: day, net_amount: amount}}
"""
MAY = [f"2025-05-{day:02}" for day in range(1, 32)]
FIRST, SECOND = datetime(2025, 6, 2, 9, tzinfo=UTC), datetime(2025, 6, 9, 9, tzinfo=UTC)


def sold(path, days, *, amount=10.0, **more):
    columns = {"id": [str(place) for place in range(len(days))], "day": days, "amount": [amount] * len(days)}
    pl.DataFrame(columns | more).write_parquet(path)


@pytest.fixture
def shop(tmp_path):
    data = tmp_path / "data"
    data.mkdir()
    (data / "mapping.yaml").write_text(MAPPING)
    sold(data / "till.parquet", MAY)
    sold(data / "web.parquet", MAY[-10:])
    return tmp_path


def check(shop, at, **more):
    return read_tables(shop / "data", shop / "out", now=at, **more)


def codes(report):
    return [alarm.code for alarm in report.alarms]


def test_a_first_check_compares_with_nothing_and_writes_its_totals(shop):
    report = check(shop, FIRST, is_gate=True)
    assert (report.passed, codes(report)) == (True, [])
    stored = json.loads(report.paths["check"].read_text())
    assert [(t["source"], t["month"], t["rows"], t["money"]) for t in stored["controls"]["transactions"]] == [
        ("till", "2025-05", 31, {"net_amount": 310.0}),
        ("web", "2025-05", 10, {"net_amount": 100.0}),
    ]
    assert stored["columns"]["till"] == {"id": "text", "day": "text", "amount": "Float64"}
    (entry,) = read_history(shop / "out").entries
    assert (entry.at, entry.passed) == (FIRST, True)


def test_falls_drift_and_a_vanished_source_are_remarks_and_close_a_gate(shop):
    check(shop, FIRST)
    sold(shop / "data" / "till.parquet", [*MAY[:10], "2025-06-08"], amount=2, vat=[1.0] * 11)
    mapping = shop / "data" / "mapping.yaml"
    mapping.write_text(MAPPING.rpartition("    - {from: web")[0])
    report = check(shop, SECOND, is_gate=True)
    assert codes(report) == ["source_vanished", "control_totals_fell", "columns_changed"]
    gone, fell, drifted = report.alarms
    assert gone.en == ("transactions: web had 10 rows at the check of 2025-06-02 and has none now. Check that its files were delivered.")
    assert fell.en.startswith(
        "transactions: till has less than at the check of 2025-06-02: rows in all 31 before, 11 now (-65%); "
        "net_amount in all 310.00 before, 22.00 now (-93%); rows of 2025-05 31 before, 10 now (-68%); "
    )
    assert fell.fr.replace("\u00a0", " ").startswith(
        "transactions : till contient moins que lors du contrôle du 02/06/2025 : lignes en tout 31 avant, 11 maintenant (-65 %) ; "
    )
    assert "new vat; amount was Float64 and is Int64" in drifted.en
    assert "en plus vat ; amount était Float64 et est Int64" in drifted.fr.replace("\u00a0", " ")
    assert (report.passed, report.refusals) == (False, tuple(alarm.en for alarm in report.alarms))
    assert set(report.alarms) <= set(report.remarks)


def test_a_check_of_the_same_data_says_the_same_and_adds_no_entry(shop):
    check(shop, FIRST)
    sold(shop / "data" / "till.parquet", MAY[-1:])
    first, second = check(shop, SECOND), check(shop, SECOND.replace(hour=20))
    assert codes(first) == ["control_totals_fell", "source_is_stale"]
    assert (first.alarms, first.paths["check"].read_bytes()) == (second.alarms, second.paths["check"].read_bytes())
    assert [entry.at for entry in read_history(shop / "out").entries] == [FIRST, SECOND]


def test_a_check_that_did_not_pass_is_no_standard(shop):
    check(shop, FIRST)
    sold(shop / "data" / "till.parquet", MAY[-1:])
    assert not check(shop, SECOND, is_gate=True).passed
    sold(shop / "data" / "till.parquet", MAY[-2:])
    assert codes(check(shop, SECOND)) == ["control_totals_fell", "source_is_stale"]
    sold(shop / "data" / "till.parquet", MAY[-3:])
    assert codes(check(shop, SECOND)) == ["source_is_stale"]


def test_a_stale_source_is_measured_on_the_day_of_the_check_in_the_business_zone(shop):
    assert codes(check(shop, datetime(2025, 6, 3, 23, tzinfo=UTC))) == []
    report = check(shop, datetime(2025, 6, 4, 0, tzinfo=UTC))
    assert codes(report) == ["source_is_stale"]
    assert report.alarms[0].en == (
        "till: its newest row is of 2025-05-31; it may be 3 days old at most. Check that the latest files were delivered."
    )
    mapping = shop / "data" / "mapping.yaml"
    mapping.write_text(MAPPING.replace("history_starts_on", "business_zone: Europe/Paris, history_starts_on"))
    assert codes(check(shop, datetime(2025, 6, 3, 23, tzinfo=UTC))) == ["source_is_stale"]


def test_damaged_lines_of_the_history_are_counted_in_both_languages():
    assert damaged_history(0) == []
    assert damaged_history(2)[0].en.startswith("The history of checks has 2 lines that cannot be read")
    assert "2 lignes illisibles" in damaged_history(2)[0].fr


def test_a_check_that_ends_before_its_history_is_written_leaves_the_old_state(shop, monkeypatch):
    before = check(shop, FIRST).paths["check"].read_bytes()
    sold(shop / "data" / "till.parquet", MAY[-3:])
    with monkeypatch.context() as patched:
        patched.setattr("relkit.tables.reading.write_history", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            check(shop, SECOND)
    assert (shop / "out" / "tables" / "check.json").read_bytes() == before
    assert [entry.at for entry in read_history(shop / "out").entries] == [FIRST]


def test_a_table_that_is_no_longer_there_has_vanished(shop):
    (shop / "data" / "stores.csv").write_text("store_id\na\nb\n")
    mapping = shop / "data" / "mapping.yaml"
    more = MAPPING.replace("controls:", "  stores: {files: stores.csv}\ncontrols:")
    mapping.write_text(more + "  stores: {from: stores, columns: {store_id: store_id}}\n")
    check(shop, FIRST)
    mapping.write_text(MAPPING)
    report = check(shop, FIRST)
    assert report.alarms[0].fr.replace("\u00a0", " ").startswith("stores : stores avait 2 lignes lors du contrôle du 02/06/2025")


def test_two_sources_of_one_file_are_one_in_the_totals_and_fresh_together(shop):
    mapping = shop / "data" / "mapping.yaml"
    mapping.write_text(MAPPING.replace("web.parquet", "till.parquet"))
    report = check(shop, datetime(2025, 6, 2, 9, tzinfo=UTC))
    assert (codes(report), {total.source for total in report.tables["transactions"].totals}) == ([], {"till + web"})
