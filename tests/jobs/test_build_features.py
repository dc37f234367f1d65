from __future__ import annotations

from datetime import date
from pathlib import Path

import polars as pl
import pytest

from relkit.errors import ParameterError, PeriodError, TableError
from relkit.jobs.build_features import BuildFeatures

SALES = """transaction_line_id,transaction_id,customer_id,occurred_at,net_amount
1,1,a,2024-01-01T10:00:00Z,10
2,2,a,2024-02-01T10:00:00Z,12
3,3,b,2024-02-10T10:00:00Z,5
"""
CONTRACTS = """contract_id,customer_id,status,started_on,ended_on,end_reason
k1,b,active,2023-06-01,,
k2,c,ended,2024-01-01,2024-02-01,voluntary
"""
CUSTOMERS = """customer_id,created_on,is_test
a,2023-01-01,no
prospect,2024-01-01,no
robot,2024-01-01,yes
"""


@pytest.fixture
def data(tmp_path: Path) -> Path:
    folder = tmp_path / "data"
    folder.mkdir()
    for name, text in {"transactions": SALES, "contracts": CONTRACTS, "customers": CUSTOMERS}.items():
        (folder / f"{name}.csv").write_text(text, encoding="utf-8")
    return folder


def test_raw_files_become_features_in_one_command(data, tmp_path):
    result = BuildFeatures(data=data, out=tmp_path / "out").run()
    assert result.details == {"as_of": "2024-02-10"}
    assert {name: path.relative_to(tmp_path).as_posix() for name, path in result.paths.items()} == {
        "remarks": "out/features/2024-02-10/remarks.json",
        **{name: f"out/features/2024-02-10/{name}.parquet" for name in ("customers", "spells", "dictionary")},
    }
    assert all(path.exists() for path in result.paths.values())
    counts = {
        "customers": 4,
        "prospects": 1,
        "buyers": 2,
        "repeat_buyers": 1,
        "repeat_purchases": 1,
        "contract_holders": 1,
        "contracts_ended": 1,
    }
    assert {name: result.counts[name] for name in counts} == counts
    assert "As of 2024-02-10 (UTC): 4 customers, 1 prospect among them." in result.sentences
    assert "Left out: 1 test account." in result.sentences
    assert any("3 rows" in s or "3 lines" in s for s in result.sentences), "the check's own sentences come first"


def test_tables_of_an_earlier_check_are_read_again(data, tmp_path):
    out = tmp_path / "out"
    BuildFeatures(data=data, out=out).run()
    result = BuildFeatures(out=out, as_of="2024-01-31").run()
    customers = pl.read_parquet(result.paths["customers"])
    assert customers.filter(pl.col("customer_id") == "a").select("as_of", "repeat_purchases").row(0) == (date(2024, 1, 31), 0)
    assert BuildFeatures(out=out).inputs() == (out / "tables" / "facts.json",)


def test_the_dictionary_has_a_row_a_column(data, tmp_path):
    result = BuildFeatures(data=data, out=tmp_path / "out").run()
    assert pl.read_parquet(result.paths["dictionary"])["column"].to_list() == pl.read_parquet(result.paths["customers"]).columns


def test_without_contracts_there_are_no_spells_and_older_ones_go(data, tmp_path):
    out = tmp_path / "out"
    BuildFeatures(data=data, out=out).run()
    (data / "contracts.csv").unlink()
    result = BuildFeatures(data=data, out=out).run()
    assert "spells" not in result.paths
    left = sorted(path.name for path in (out / "features" / "2024-02-10").iterdir())
    assert left == ["customers.parquet", "dictionary.parquet", "remarks.json"]
    assert "There is no contracts table, so there are no spells." in result.sentences


def test_without_transactions_nothing_is_reported_on_purchases(data, tmp_path):
    (data / "transactions.csv").unlink()
    result = BuildFeatures(data=data, out=tmp_path / "out", as_of="2024-02-10").run()
    assert "There is no transactions table, so nothing is reported on purchases." in result.sentences
    assert "buyers" not in result.counts


def test_a_date_after_the_data_and_unknown_margins_are_warned_about(data, tmp_path):
    result = BuildFeatures(data=data, out=tmp_path / "out", as_of="2024-03-01").run()
    assert "The data end on 2024-02-10: nothing is known of the 20 days up to 2024-03-01." in result.warnings
    assert any(w.startswith("The margin of 3 customers is not known") for w in result.warnings), "two who bought, one who held a contract"


def test_too_many_faulty_rows_stop_before_any_feature(data, tmp_path):
    (data / "transactions.csv").write_text(SALES.replace("2024-02-01T10:00:00Z", "soon"), encoding="utf-8")
    result = BuildFeatures(data=data, out=tmp_path / "out").run()
    assert (result.job, result.passed) == ("features", False)
    assert not (tmp_path / "out" / "features").exists()


def test_a_mapping_without_data_is_refused():
    with pytest.raises(ParameterError, match="a mapping reads raw data, but no data is given"):
        BuildFeatures(mapping=Path("m.yaml")).verify()


def test_without_tables_the_message_says_how_to_make_them(tmp_path):
    with pytest.raises(TableError, match=r"there are no validated tables here\. Run relkit check DATA --out .* first"):
        BuildFeatures(out=tmp_path).run()


def test_tables_that_did_not_pass_their_check_are_warned_about(data, tmp_path):
    (data / "transactions.csv").write_text(SALES.replace("2024-02-01T10:00:00Z", "soon"), encoding="utf-8")
    out = tmp_path / "out"
    assert not BuildFeatures(data=data, out=out).run().passed
    assert (
        BuildFeatures(out=out).run().warnings[0].startswith("The check of these tables did not pass: transactions: 1 of 3 rows are faulty")
    )


def test_a_day_before_the_data_is_impossible(data, tmp_path):
    for name in ("customers", "contracts"):
        (data / f"{name}.csv").unlink()
    with pytest.raises(PeriodError, match="nobody is known as of 1990-01-01: the data start on 2024-01-01"):
        BuildFeatures(data=data, out=tmp_path / "out", as_of="1990-01-01").run()


def test_raw_data_decide_by_their_files(data, tmp_path):
    job = BuildFeatures(data=data, out=tmp_path)
    assert [path.name for path in job.inputs()] == ["contracts.csv", "customers.csv", "transactions.csv"]
    assert job.state() == ""
    assert BuildFeatures(out=tmp_path).state() == ""


def test_exclusions_with_an_unknown_scope_are_counted(data, tmp_path):
    (data / "suppressions.csv").write_text(
        "customer_id,reason,starts_at,scope\na,staff,2024-01-01T10:00:00Z,newsletter\nb,staff,2024-01-01T10:00:00Z,phone\n",
        encoding="utf-8",
    )
    result = BuildFeatures(data=data, out=tmp_path / "out").run()
    sentence = "The scope of 1 exclusion in force is no channel, class or entity: every channel counts as covered. "
    assert any(warning.startswith(sentence) for warning in result.warnings)
    protected = pl.read_parquet(result.paths["customers"]).filter("is_protected")
    assert protected["customer_id"].to_list() == ["a"]
