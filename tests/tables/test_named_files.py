"""Without a mapping: files that have our names."""

from __future__ import annotations

import sqlite3

import duckdb
import polars as pl
import pytest
import xlsxwriter

from relkit.errors import TableError
from relkit.tables.mapping import read_source_tables

LINES = (
    "transaction_line_id,transaction_id,customer_id,occurred_at,net_amount\n1,1,007,2024-01-03,12.5\n2,1,007,2024-01-03T10:00:00+01:00,x\n"
)


def written(folder, **files):
    for name, content in files.items():
        (folder / name.replace("__", ".")).write_text(content, encoding="utf-8")
    return folder


def test_files_with_our_names_are_read_with_our_columns(tmp_path):
    pl.DataFrame({"customer_id": [7], "birth_year": ["1980"]}).write_parquet(tmp_path / "customers.parquet")
    read = read_source_tables(written(tmp_path, transactions__csv=LINES, notes__csv="a,b\n1,2\n", readme__txt="hello"))
    assert set(read.frames) == {"transactions", "customers"}
    lines = read.frames["transactions"].collect()
    assert [instant.isoformat() for instant in lines["occurred_at"]] == ["2024-01-03T00:00:00+00:00", "2024-01-03T09:00:00+00:00"]
    assert lines["_bad"].to_list() == [None, ["net_amount: x"]]
    assert lines["customer_id"].to_list() == ["007", "007"]
    assert read.frames["customers"].collect().select("customer_id", "birth_year").rows() == [("7", 1980)]
    assert (read.currency, read.business_zone, read.history_starts_on) == ("EUR", "UTC", None)


def test_columns_that_are_not_ours_are_left_out_and_noted(tmp_path):
    text = LINES.replace("net_amount", "net_amount,foo").replace(".5", ".5,a").replace(",x", ",1,b")
    read = read_source_tables(written(tmp_path, transactions__csv=text))
    assert "transactions.csv: foo left out: no column of transactions is so named." in read.notes
    assert "foo" not in read.frames["transactions"].collect_schema()


def test_further_columns_of_snapshots_are_kept_as_attributes(tmp_path):
    frame = pl.DataFrame(
        {
            "customer_id": ["7"],
            "as_of": ["2024-01-31"],
            "age": [41],
            "rate": [0.5],
            "is_vip": [True],
            "day": ["2024-01-01"],
            "town": ["Lyon"],
        }
    ).with_columns(pl.col("day").str.to_date())
    frame.write_parquet(tmp_path / "customer_snapshots.parquet")
    read = read_source_tables(tmp_path)
    types = {a.name: a.dtype for a in read.attributes}
    assert types == {"age": pl.Int64, "rate": pl.Float64, "is_vip": pl.Boolean, "day": pl.Date, "town": pl.String}
    assert any("age, rate, is_vip, day, town kept as attributes that no mapping declares." in note for note in read.notes)
    folder = tmp_path / "text"
    folder.mkdir()
    frame.write_csv(folder / "customer_snapshots.csv")
    types = {a.name: a.dtype for a in read_source_tables(folder).attributes}
    assert types == {"age": pl.Float64, "rate": pl.Float64, "is_vip": pl.String, "day": pl.String, "town": pl.String}


def test_one_file_a_folder_of_parts_a_duckdb_file_and_a_database(tmp_path):
    written(tmp_path, transactions__csv=LINES)
    assert list(read_source_tables(tmp_path / "transactions.csv").frames) == ["transactions"]
    parts = tmp_path / "shop" / "transactions"
    parts.mkdir(parents=True)
    written(parts, a__csv=LINES, b__csv=LINES, notes__md="x")
    assert read_source_tables(tmp_path / "shop").counts["sources"]["transactions"]["files"] == 2
    with duckdb.connect(str(tmp_path / "shop.duckdb")) as connection:
        connection.execute(f"create table transactions as select * from read_csv('{tmp_path}/transactions.csv', all_varchar=true)")
        connection.execute("create table other as select 1 as a")
    assert list(read_source_tables(tmp_path / "shop.duckdb").frames) == ["transactions"]
    with sqlite3.connect(tmp_path / "shop.db") as connection:
        connection.execute("create table transactions (transaction_line_id, transaction_id, occurred_at, net_amount)")
        connection.execute("insert into transactions values (1, 2, '2024-01-01', 3)")
    connection.close()
    assert read_source_tables(f"sqlite:///{tmp_path}/shop.db").frames["transactions"].collect()["net_amount"].to_list() == [3.0]
    with sqlite3.connect(tmp_path / "shop.db") as connection:
        connection.execute("alter table transactions rename to lines")
    connection.close()
    with pytest.raises(TableError, match=r"no table of the database has the name of one of ours\. Draft a mapping: relkit check"):
        read_source_tables(f"sqlite:///{tmp_path}/shop.db")


def test_a_missing_column_names_the_nearest(tmp_path):
    written(tmp_path, transactions__csv=LINES.replace("net_amount", "net_amout"))
    with pytest.raises(
        TableError, match=r"transactions\.csv: column 'net_amount' is missing; the nearest of its columns is 'net_amout'\. It has: tran"
    ):
        read_source_tables(tmp_path)
    written(tmp_path, transactions__csv="transaction_line_id,q\n1,2\n")
    written(tmp_path, transactions__csv="transaction_line_id,amount\n1,2\n")
    expected = r"columns 'transaction_id', 'occurred_at' and 'net_amount' \(the nearest is 'amount'\) are missing\. It has: transaction"
    with pytest.raises(TableError, match=expected):
        read_source_tables(tmp_path)


def test_no_file_has_our_names(tmp_path):
    with pytest.raises(TableError, match=r"there is no file in it\. Check the path of the data"):
        read_source_tables(tmp_path)
    written(tmp_path, ventes__csv=LINES)
    with pytest.raises(
        TableError, match=r"one of our tables \(there is ventes\.csv\)\. Draft a mapping with relkit check .* --draft-mapping mapping\.yaml"
    ):
        read_source_tables(tmp_path)
    written(tmp_path, transactoins__csv=LINES)
    with pytest.raises(TableError, match=r"no file is named after one of our tables \(transactoins\.csv is near transactions\)"):
        read_source_tables(tmp_path)


def test_two_files_of_one_name(tmp_path):
    written(tmp_path, transactions__csv=LINES, transactions__tsv=LINES)
    with pytest.raises(TableError, match=r"transactions\.csv and transactions\.tsv are both named transactions\. Keep one of them"):
        read_source_tables(tmp_path)


def test_a_column_left_out_may_be_one_of_ours_misspelt(tmp_path):
    read = read_source_tables(written(tmp_path, transactions__csv=LINES.replace("customer_id", "custmer_id")))
    assert (
        "transactions.csv: custmer_id left out: no column of transactions is so named; did you mean customer_id by custmer_id?"
        in read.notes
    )


def test_an_sqlite_file_is_a_database_and_in_a_folder_it_is_to_be_given_itself(tmp_path):
    with sqlite3.connect(tmp_path / "shop.db") as connection:
        connection.execute("create table Transactions (transaction_line_id, transaction_id, occurred_at, net_amount)")
        connection.execute("insert into Transactions values (1, 1, '2024-01-03', 12.5)")
    connection.close()
    assert list(read_source_tables(tmp_path / "shop.db").frames) == ["transactions"]
    with pytest.raises(TableError, match=r"shop\.db: it is an SQLite database\. Give it as data instead of its folder\."):
        read_source_tables(tmp_path)


def test_the_sheets_of_a_workbook_may_have_our_names(tmp_path):
    book = xlsxwriter.Workbook(tmp_path / "transactions.xlsx")
    sheets = {"Notes": ["hello"], "transactions": LINES.splitlines(), "customers": ["customer_id", "007"]}
    for name, lines in sheets.items():
        sheet = book.add_worksheet(name)
        for i, line in enumerate(lines):
            sheet.write_row(i, 0, line.split(","))
    book.close()
    assert set(read_source_tables(tmp_path).frames) == {"transactions", "customers"}
    written(tmp_path, customers__csv="customer_id\n007\n008\n")
    read = read_source_tables(tmp_path)
    assert read.counts["sources"] == {
        "customers": {"files": 1, "lines_before": 1, "rows": 2, "blank_lines": 0, "short_lines": 0, "long_lines": 0},
        "transactions": {"files": 1, "lines_before": 1, "rows": 2, "blank_lines": 0, "short_lines": 0, "long_lines": 0},
    }
