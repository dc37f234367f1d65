"""From sources to validated tables, quarantine and the account of every row."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from datetime import date
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from relkit.errors import TableError
from relkit.features.channels import consent_states
from relkit.tables import reading
from relkit.tables.mapping import SourceAttribute, SourceTables
from relkit.tables.reading import read_tables, validate_tables
from relkit.tables.schemas import ROW, SOURCE
from relkit.tables.table_set import TableSet
from relkit.texts import Text

MAPPINGS = Path(__file__).resolve().parents[2] / "pipelines" / "mappings"


def lines(rows=4, **columns):
    base = {
        "transaction_line_id": [str(place) for place in range(rows)],
        "transaction_id": [f"t{place}" for place in range(rows)],
        "customer_id": ["p"] * rows,
        "occurred_at": [f"2025-06-{10 + place % 20}" for place in range(rows)],
        "net_amount": [f"{place}.25" for place in range(rows)],
        SOURCE: ["sales.csv"] * rows,
        ROW: list(range(1, rows + 1)),
    }
    return pl.LazyFrame(base | columns)


def sources(**more):
    return SourceTables(**({"frames": {"transactions": lines()}, "history_starts_on": date(2025, 1, 1), "assumed_margin_rate": 0.3} | more))


def test_tables_facts_and_account_are_left_under_out(tmp_path):
    attribute = SourceAttribute(name="band", dtype=pl.String, label=Text("Band", "Tranche"), personal_data="personal")
    snapshots = pl.LazyFrame({"customer_id": ["p"], "as_of": ["2025-06-30"], "band": ["A"]})
    given = sources(
        frames={"customer_snapshots": snapshots, "transactions": lines()},
        currency="USD",
        business_zone="Europe/Paris",
        attributes=(attribute,),
        precisions={"customers.created_on": "year"},
        notes=("sales.csv: detected commas.",),
    )
    report = validate_tables(given, tmp_path / "out")
    assert report.passed
    assert (report.warnings, report.notes, report.refusals) == ((), ("sales.csv: detected commas.",), ())
    tables = TableSet.open(tmp_path / "out" / "tables")
    assert tables.facts == report.facts
    assert tables.facts.rows == {"customer_snapshots": 1, "transactions": 4}
    assert (tables.facts.currency, tables.facts.business_zone) == ("USD", "Europe/Paris")
    assert (tables.facts.first_day, tables.facts.last_day) == (date(2025, 6, 10), date(2025, 6, 13))
    assert tables.facts.attributes["band"]["label_fr"] == "Tranche"
    assert tables.facts.precisions == {"customers.created_on": "year"}
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["history", "quarantine", "tables"]


def test_fingerprints_are_of_the_files_and_the_same_for_the_same_rows(tmp_path):
    first, second = (validate_tables(sources(), tmp_path / name) for name in ("a", "b"))
    assert first.facts.fingerprints == second.facts.fingerprints
    content = (first.paths["tables"] / "transactions.parquet").read_bytes()
    assert first.facts.fingerprints["transactions"] == hashlib.sha256(content).hexdigest()
    assert first.paths["check"].read_text() == second.paths["check"].read_text()


def test_faulty_rows_are_quarantined_counted_and_reconciled(tmp_path):
    raw = lines(4, net_amount=["1.10", "x", "-2.05", "3.30"])
    report = validate_tables(sources(frames={"transactions": raw}), tmp_path, max_quarantine_share=0.5)
    assert report.passed
    assert pl.read_parquet(report.paths["quarantine_transactions"])["row"].to_list() == [2, 3]
    stored = json.loads(report.paths["check"].read_text())
    assert stored["tables"]["transactions"]["rules"]["net_amount: not a number"] == {
        "rows": 1,
        "first": {"source": "sales.csv", "row": 2, "column": "", "value": "a text like a", "why": ""},
        "remedy": "Correct them where the file is made, or declare in the mapping how they are written.",
    }
    assert stored["tables"]["transactions"]["sums"]["net_amount"] == {
        "read": 2.35,
        "kept": 4.4,
        "quarantined": -2.05,
        "unread_rows": 1,
        "balanced": True,
    }


def test_too_many_faulty_rows_do_not_pass_and_the_files_are_there_to_be_looked_at(tmp_path):
    report = validate_tables(
        sources(frames={"transactions": lines(4, net_amount=["1", "x", "2", "3"])}), tmp_path, max_quarantine_share=0.2
    )
    assert not report.passed
    (sentence,) = report.refusals
    assert sentence.startswith("transactions: 1 of 4 rows are faulty (25.00%), more than the 20.00% that max_quarantine_share permits;")
    assert sentence.endswith("look at quarantine/transactions.parquet.")
    assert report.paths["quarantine_transactions"].is_file()
    assert TableSet.open(tmp_path / "tables").facts.rows == {"transactions": 3}


def test_the_share_itself_is_permitted(tmp_path):
    raw = lines(4, net_amount=["1", "x", "2", "3"])
    assert validate_tables(sources(frames={"transactions": raw}), tmp_path, max_quarantine_share=0.25).passed


def test_all_rows_may_be_faulty(tmp_path):
    report = validate_tables(sources(frames={"transactions": lines(2, net_amount=["x", "y"])}), tmp_path)
    assert not report.passed
    assert report.facts.rows == {"transactions": 0}
    assert (report.facts.first_day, report.headline["customers"]) == (None, 0)


def test_sums_that_do_not_add_up_are_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(reading, "_sums", lambda _, columns: dict.fromkeys(columns, 1.0))
    report = validate_tables(sources(), tmp_path)
    assert report.refusals == ("transactions.net_amount: 1.00 was read, but 1.00 kept and 1.00 quarantined do not add up.",)


def test_lines_equal_in_all_but_their_id_are_kept_and_counted(tmp_path):
    raw = lines(4, transaction_id=["t"] * 4, occurred_at=["2025-06-30"] * 4, net_amount=["1", "1", "1", "2"])
    report = validate_tables(sources(frames={"transactions": raw}), tmp_path)
    (finding,) = report.tables["transactions"].unlikely
    assert str(finding) == "duplicate line: equal to an earlier one in all but its id: 2 rows (first: row 2 of sales.csv)"
    assert report.warnings[0].startswith("transactions: duplicate line: ")
    assert report.facts.rows == {"transactions": 4}


@pytest.mark.parametrize("order", [("granted", "withdrawn"), ("withdrawn", "granted")])
def test_two_answers_at_one_instant_are_kept_and_counted(tmp_path, order):
    """A form sent twice within a second: the refusal holds, whichever row comes first, and no row is lost."""
    answers = pl.LazyFrame(
        {
            "customer_id": ["a", "a", "b"],
            "purpose": ["marketing"] * 3,
            "channel_id": ["email"] * 3,
            "changed_at": ["2025-06-10T10:00:00Z"] * 3,
            "status": [*order, "granted"],
            SOURCE: ["consents.csv"] * 3,
            ROW: [1, 2, 3],
        }
    )
    report = validate_tables(sources(frames={"transactions": lines(), "consents": answers}), tmp_path)
    (finding,) = report.tables["consents"].unlikely
    assert str(finding).startswith("status: another answer at the same instant: 1 row (first: row 2 of ")
    assert report.tables["consents"].rules == ()
    tables = TableSet.open(tmp_path / "tables")
    assert consent_states(tables, tables.as_of()).select("customer_id", "consent_email").rows() == [("a", "refused"), ("b", "granted")]


def test_duplicates_that_the_reader_counted_are_not_counted_twice(tmp_path):
    raw = lines(2, transaction_id=["t"] * 2, occurred_at=["2025-06-30"] * 2, net_amount=["1", "1"])
    counts = {"sources": {"sales": {"rows": 2, "duplicates": 1}}}
    assert validate_tables(sources(frames={"transactions": raw}, counts=counts), tmp_path).warnings == ()


def test_warnings_tell_of_the_unlikely_and_of_columns_left_out(tmp_path):
    raw = lines(2, quantity=["0", "1"], colour=["r", "g"])
    report = validate_tables(sources(frames={"transactions": raw}), tmp_path)
    assert report.warnings == (
        "transactions: quantity: zero: 1 row (first: row 1 of sales.csv, 0.0). Kept: the amount counts, the line has no price per unit.",
        "transactions: left out, since no column of the table is so named: colour.",
    )


def test_nothing_that_says_what_customers_did(tmp_path):
    with pytest.raises(
        TableError, match=r"none of transactions, contracts, customer_snapshots, paths is there.*\(tables given: customers\)\. Give"
    ):
        validate_tables(sources(frames={"customers": pl.LazyFrame({"customer_id": ["p"]})}), tmp_path)
    with pytest.raises(TableError, match="tables given: none"):
        validate_tables(sources(frames={}), tmp_path)


def test_missing_columns_and_empty_files_are_all_reported_at_once_with_their_files(tmp_path):
    given = {
        "transactions": lines().rename({"net_amount": "net_amout"}),
        "stores": pl.LazyFrame({"store": ["a"]}),
        "customers": pl.LazyFrame({"customer_id": []}, schema={"customer_id": pl.String}),
    }
    wanted = (
        r"customers: there is no row of data; transactions \(sales\.csv\): column 'net_amount' is missing \(did you mean 'net_amout'\?\); "
        r"stores: column 'store_id' is missing \(did you mean 'store'\?\)\. Give these columns their names in a mapping file"
    )
    with pytest.raises(TableError, match=wanted):
        validate_tables(sources(frames=given), tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_second_reading_replaces_the_first_wholly(tmp_path):
    validate_tables(sources(frames={"transactions": lines(2, net_amount=["x", "1"])}), tmp_path, max_quarantine_share=1.0)
    contracts = pl.LazyFrame({"contract_id": ["k"], "customer_id": ["p"], "status": ["active"], "started_on": ["2024-01-01"]})
    validate_tables(sources(frames={"contracts": contracts}), tmp_path)
    assert sorted(path.name for path in (tmp_path / "tables").iterdir()) == [
        "check.json",
        "contracts.parquet",
        "facts.json",
        "remarks.json",
    ]
    assert list((tmp_path / "quarantine").iterdir()) == []


def test_a_failure_leaves_the_tables_of_before(tmp_path):
    before = validate_tables(sources(), tmp_path).facts
    with pytest.raises(TableError):
        validate_tables(sources(frames={"transactions": lines(net_amount=[[1.0]] * 4)}), tmp_path)
    assert TableSet.open(tmp_path / "tables").facts == before
    assert sorted(path.name for path in tmp_path.iterdir()) == ["history", "quarantine", "tables"]


KILLED = """
import sys, threading, os, signal
from pathlib import Path
from relkit.tables.reading import read_tables
data, out, wait = Path(sys.argv[1]), Path(sys.argv[2]), float(sys.argv[3])
read_tables(data, out)
threading.Timer(wait, lambda: os.kill(os.getpid(), signal.SIGKILL)).start()
while True:
    read_tables(data, out)
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="SIGKILL is of POSIX")
def test_a_killed_reading_leaves_whole_tables_or_none(tmp_path):
    data = tmp_path / "data"
    data.mkdir()
    lines(300).drop(SOURCE, ROW).collect().write_csv(data / "transactions.csv")
    for wait in (0.0, 0.07):
        out = tmp_path / f"out{wait}"
        done = subprocess.run([sys.executable, "-c", KILLED, str(data), str(out), str(wait)], check=False, capture_output=True)
        assert done.returncode < 0
        if (out / "tables").exists():
            tables = TableSet.open(out / "tables")
            content = (out / "tables" / "transactions.parquet").read_bytes()
            assert tables.facts.fingerprints["transactions"] == hashlib.sha256(content).hexdigest()


def test_progress_reports_each_table(tmp_path):
    reported = []
    validate_tables(sources(), tmp_path, progress=lambda what, done=None: reported.append((what, done)))
    assert reported == [("checking transactions", 0.0)]


def test_files_named_after_our_tables_need_no_mapping(tmp_path):
    data = tmp_path / "data"
    data.mkdir()
    lines(3, net_amount=["1.5", "abc", "2.5"]).drop(SOURCE, ROW).collect().write_csv(data / "transactions.csv")
    report = read_tables(data, tmp_path / "out", max_quarantine_share=0.5)
    (finding,) = report.tables["transactions"].rules
    assert str(finding) == "net_amount: not a number: 1 row (first: row 2 of transactions.csv, column net_amount, a text like aaa)"
    faulty = pl.read_parquet(report.paths["quarantine_transactions"])
    assert faulty.select("rule", "source", "row", "as_read").row(0) == (
        "net_amount: not a number",
        "transactions.csv",
        2,
        "net_amount: abc",
    )


FAULTY = {"net_amount": "net_amount: not a number", "occurred_at": "occurred_at: not an instant", "line_kind": "line_kind: none of"}


@settings(max_examples=25, deadline=None)
@given(faults=st.lists(st.sets(st.sampled_from(sorted(FAULTY))), min_size=1, max_size=30))
def test_every_row_is_kept_or_quarantined_and_counted_under_each_fault_planted(faults, tmp_path_factory):
    out = tmp_path_factory.mktemp("out")
    planted = {name: ["?" if name in fault else good for fault in faults] for name, good in
               (("net_amount", "1"), ("occurred_at", "2025-06-30"), ("line_kind", "sale"))}  # fmt: skip
    report = validate_tables(sources(frames={"transactions": lines(len(faults), **planted)}), out, max_quarantine_share=1.0)
    table = report.tables["transactions"]
    assert pl.read_parquet(out / "tables" / "transactions.parquet")["transaction_line_id"].to_list() == [
        str(place) for place, fault in enumerate(faults) if not fault
    ]
    assert table.rows_quarantined == sum(bool(fault) for fault in faults)
    for name, rule in FAULTY.items():
        counted = sum(finding.rows for finding in table.rules if finding.rule.startswith(rule))
        assert counted == sum(name in fault for fault in faults)


def test_cdnow_as_published(real_data, tmp_path):
    """README of the data: 69,659 transactions, 23,570 customers, USD 2,500,315.63, 255 exact duplicates, 1997-01-01 to 1998-06-30."""
    report = read_tables(real_data, tmp_path, mapping=MAPPINGS / "cdnow_master.yaml")
    assert report.passed
    assert report.tables["transactions"].rows_kept == 69_659
    assert (report.headline["customers"], report.headline["net_amount"]) == (23_570, 2_500_315.63)
    assert (report.headline["first_day"], report.headline["last_day"]) == ("1997-01-01", "1998-06-30")
    assert any("255 of 69,659 rows repeat an earlier one exactly; they are kept" in note for note in report.notes)


def test_online_retail_as_published(real_data, tmp_path):
    """README of the data: 541,909 lines, 135,080 without customer, 4,372 customers; 9,747,747.93 GBP is the sum of quantity x price."""
    report = read_tables(real_data, tmp_path, mapping=MAPPINGS / "online_retail.yaml")
    assert report.passed
    figures = report.headline
    assert (figures["transaction_lines"], figures["unidentified_lines"], figures["customers"]) == (541_909, 135_080, 4_372)
    assert figures["net_amount"] == 9_747_747.93
    assert sum(figures["lines_by_kind"].values()) == 541_909
    assert report.tables["transactions"].sums["net_amount"].balanced


def test_completejourney_as_published(real_data, tmp_path):
    """README of the data: 1,469,307 lines, 2,469 households, 8,869 lines of quantity 0, 13,494 above 1,000; 801 households described."""
    report = read_tables(real_data, tmp_path, mapping=MAPPINGS / "completejourney.yaml")
    assert report.passed
    table = report.tables["transactions"]
    assert (table.rows_kept, report.headline["customers"], report.tables["customer_snapshots"].rows_kept) == (1_469_307, 2_469, 801)
    unlikely = {finding.rule: finding.rows for finding in table.unlikely}
    assert (unlikely["quantity: zero"], unlikely["quantity: unlikely, over 1,000"]) == (8_869, 13_494)
