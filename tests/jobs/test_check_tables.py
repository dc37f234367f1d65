"""`relkit check` as people and scripts see it."""

from __future__ import annotations

import json
import sqlite3

import pytest

from relkit.errors import ParameterError, TableError
from relkit.jobs.check_tables import CheckTables

LINES = """transaction_line_id,transaction_id,customer_id,occurred_at,net_amount,line_kind
1,a,p,2025-06-01,10.50,sale
2,a,p,2025-06-01,5.25,sale
3,b,,2025-06-30,-2.00,return
4,c,q,2025-06-30,twelve,sale
"""


@pytest.fixture
def shop(tmp_path):
    data = tmp_path / "shop"
    data.mkdir()
    (data / "transactions.csv").write_text(LINES)
    return data


def check(shop, **more):
    return CheckTables.parse(data=shop, out=shop.parent / "out", **more).run()


def test_the_result_says_what_became_of_each_table(shop):
    result = check(shop, max_quarantine_share=0.5)
    assert result.passed
    assert result.job == "check"
    assert result.sentences[-3:] == (
        "transactions: 3 rows kept, 1 quarantined (25.00%).",
        (
            "  net_amount: not a number: 1 row (first: row 4 of transactions.csv, column net_amount, a text like aaaaaa). "
            "Correct them where the file is made; if they stand for no value, add them to `nulls` of the source."
        ),
        "1 customer, 2 transactions in 3 lines, net amount 13.75 EUR, 1 line without a customer, on 2025-06-01.",
    )
    assert result.counts["tables"]["transactions"] == {
        "rows_read": 4,
        "rows_kept": 3,
        "rows_quarantined": 1,
        "rules": {"net_amount: not a number": 1},
        "unlikely": {},
        "own_rules": {},
    }
    assert all(path.exists() for path in result.paths.values())
    assert set(result.paths) == {"tables", "check", "remarks", "quarantine_transactions", "page", "page_fr"}
    assert any(warning.startswith("No margin is known") for warning in result.warnings)
    assert json.loads(result.model_dump_json())["details"]["headline"]["revenue"] == 13.75


def test_too_many_faulty_rows_do_not_pass_and_say_so(shop):
    result = check(shop)
    assert not result.passed
    assert "more than the 5.00% that max_quarantine_share permits" in result.sentences[-1]
    assert result.sentences[-1] == f"The check does not pass. {result.details['refusals'][0]}"


def test_the_headline_follows_what_there_is(shop):
    (shop / "transactions.csv").unlink()
    (shop / "contracts.csv").write_text("contract_id,customer_id,status,started_on\nk,p,active,2024-01-31\n")
    (shop / "customer_snapshots.csv").write_text("customer_id,as_of,band\np,2024-02-29,A\n")
    result = check(shop)
    assert result.sentences[-1] == "1 customer, 1 contract, 1 customer snapshot, on 2024-01-31."


def test_revenue_is_reported_if_it_is_not_the_net_amount(shop):
    (shop / "transactions.csv").write_text(LINES.replace("twelve,sale", "12.00,fee"))
    assert "net amount 25.75 EUR, of which revenue 13.75" in check(shop).sentences[-1]


def test_without_any_day_no_days_are_reported(shop):
    (shop / "transactions.csv").write_text(LINES.replace("sale", "fee"))
    assert check(shop, max_quarantine_share=1.0).sentences[-1].endswith("1 line without a customer.")


def test_a_fault_of_a_file_is_one_message(shop):
    (shop / "transactions.csv").write_text(LINES.replace("net_amount", "net_amout"))
    with pytest.raises(TableError, match=r"transactions\.csv: column 'net_amount' is missing; the nearest of its columns is 'net_amout'"):
        check(shop)


def test_a_missing_mapping_is_reported_before_anything_is_read(shop):
    job = CheckTables.parse(data=shop, mapping=shop / "nowhere.yaml")
    with pytest.raises(ParameterError, match=r"mapping .*nowhere\.yaml: there is no such file"):
        job.verify()
    with pytest.raises(ParameterError, match="there is no such file"):
        job.run()


def test_an_impossible_share_is_refused():
    with pytest.raises(ParameterError, match=r"check: max_quarantine_share is 2: input should be less than or equal to 1"):
        CheckTables.parse(data="x", max_quarantine_share=2)


def test_inputs_are_the_files_that_are_read_and_nothing_beside_them(shop):
    (shop / "notes.txt").write_text("not read")
    assert CheckTables.parse(data=shop).inputs() == (shop / "transactions.csv",)
    declared = shop.parent / "declared.yaml"
    declared.write_text("sources: {t: {files: trans*.csv}}\ntables: {stores: {from: t, columns: {store_id: line_kind}}}\n")
    assert CheckTables.parse(data=shop, mapping=declared).inputs() == (declared, shop / "transactions.csv")
    (shop / "mapping.yaml").write_text("company: {currency: USD}\n")
    assert CheckTables.parse(data=shop).inputs() == (shop / "mapping.yaml", shop / "transactions.csv")
    assert CheckTables.parse(data=shop).state() == "notes.txt"  # the check names it, so its coming and going matters
    assert CheckTables.parse(data="nowhere").inputs() == ()


def test_a_database_is_read_again_each_time(shop):
    job = CheckTables.parse(data=shop)
    mapping = shop / "mapping.yaml"
    mapping.write_text("sources: {t: {url_from: SHOP, table: t}}\ntables: {stores: {from: t, columns: {store_id: a}}}\n")
    assert job.inputs() == (mapping,)
    assert job.state() != job.state()
    with sqlite3.connect(shop / "shop.db") as connection:
        connection.execute("create table transactions as select 1 as a")
    connection.close()
    from_url = CheckTables.parse(data=f"sqlite:///{shop}/shop.db")
    assert from_url.inputs() == ()
    assert from_url.state() != from_url.state()


def test_a_draft_of_a_mapping_is_written_and_nothing_is_checked(shop, tmp_path):
    path = tmp_path / "draft.yaml"
    result = check(shop, draft_mapping=path)
    assert result.paths == {"draft": path}
    assert result.counts["sources"] == 1
    assert f"#   relkit check {shop} --mapping {path}" in path.read_text()
    assert not (shop.parent / "out").exists()
    with pytest.raises(ParameterError, match="a draft never replaces one"):
        check(shop, draft_mapping=path)
    with pytest.raises(ParameterError, match="a draft is made without a mapping"):
        check(shop, draft_mapping=tmp_path / "other.yaml", mapping=path)


def test_a_gate_fails_where_the_check_alone_warns(shop):
    many = "".join(f"{place},{place},p,2025-06-{1 + place % 30:02},1,sale\n" for place in range(90))
    (shop / "transactions.csv").write_text(LINES.splitlines()[0] + "\n" + many)
    assert check(shop, gate=True).passed
    (shop / "transactions.csv").write_text(LINES.splitlines()[0] + "\n" + "".join(many.splitlines(keepends=True)[:30]))
    warned = check(shop)
    assert warned.passed
    assert warned.warnings[0].startswith("transactions has less than at the check of ")
    assert not check(shop, gate=True).passed


def test_a_step_is_done_again_each_day_if_its_sources_must_be_fresh(shop):
    job = CheckTables.parse(data=shop, out=shop.parent / "out")
    assert job.state() == ""
    (shop / "mapping.yaml").write_text("sources: {t: {files: transactions.csv, freshness_days: 3}}\ntables: {transactions: {from: t}}\n")
    assert job.state() == ""  # the mapping is not complete, and the run says so
    columns = "{transaction_line_id: transaction_line_id, transaction_id: transaction_id, occurred_at: occurred_at, net_amount: net_amount}"
    (shop / "mapping.yaml").write_text(
        f"sources: {{t: {{files: transactions.csv, freshness_days: 3}}}}\ntables: {{transactions: {{from: t, columns: {columns}}}}}\n"
    )
    assert len(job.state()) == len("2025-06-30")
