"""One block of a mapping: columns, conditions, joins, returns, and the rows that could not be read."""

# ruff: noqa: E501  (one case a line)

from __future__ import annotations

from datetime import UTC, date, datetime

import polars as pl
import pytest

from relkit.errors import ParameterError, TableError
from relkit.tables.mapping import read_source_tables
from relkit.tables.schemas import BAD, ROW, SOURCE

SALES = "no;shop;kind;day;amount\n1;1;S;2024-07-01;5\n2;02;R;2024-07-02;6\n3;;X;2024-07-03;n/k\n4;1;S;bad;7\n"
SHOPS = "id,name,opened,rate\n1,Lyon,2020-01-01,1.5\n02,Nice,2021-01-01,2.5\n"


def tables(folder, block, *, sources="", company="", **files):
    for name, content in {"sales__csv": SALES, "shops__csv": SHOPS, **files}.items():
        (folder / name.replace("__", ".")).write_text(content, encoding="utf-8")
    lines = [f"company: {{{company}}}", "sources:", f"  sales: {{files: sales.csv{sources}}}", "  shops: {files: shops.csv}", "tables:"]
    (folder / "mapping.yaml").write_text("\n".join(lines) + "\n" + block, encoding="utf-8")
    return read_source_tables(folder)


def transactions(folder, more="", *, columns="", amount="amount", **options):
    block = f"""\
  transactions:
    from: sales
    key: file and row
    columns:
      transaction_id: no
      occurred_at: day
      net_amount: {amount}
{columns}
{more}
"""
    return tables(folder, block, **options)


def column(read, name, table="transactions"):
    return read.frames[table].collect()[name].to_list()


def refused(folder, error, *args, **options):
    with pytest.raises(error) as caught:
        transactions(folder, *args, **options)
    return str(caught.value).replace(str(folder) + "/", "")


def test_a_row_with_a_value_that_cannot_be_read_is_kept_with_its_text(tmp_path):
    frame = transactions(tmp_path).frames["transactions"].collect()
    assert frame.columns == ["transaction_line_id", "transaction_id", "occurred_at", "net_amount", BAD, SOURCE, ROW]
    assert frame["transaction_line_id"].to_list() == ["sales:1", "sales:2", "sales:3", "sales:4"]
    assert frame["net_amount"].to_list() == [5.0, 6.0, None, 7.0]
    assert frame["occurred_at"].to_list()[3] is None
    assert frame.schema[BAD] == pl.List(pl.String)
    assert frame[BAD].to_list() == [None, None, ["net_amount: n/k"], ["occurred_at: bad"]]
    assert frame.select(SOURCE, ROW).rows() == [("sales.csv", 1), ("sales.csv", 2), ("sales.csv", 3), ("sales.csv", 4)]


def test_marks_of_absence_are_nulls_and_no_faults(tmp_path):
    read = transactions(tmp_path, sources=", nulls: [n/k, bad]")
    assert column(read, BAD) == [None] * 4
    assert column(read, "net_amount") == [5.0, 6.0, None, 7.0]


def test_what_an_expression_cannot_read_is_named_by_our_column_with_the_text_of_theirs(tmp_path):
    read = transactions(tmp_path, amount="round(amount * 1.2, 2) + 1", columns="      quantity: case when amount > 5 then 2 else 1 end")
    assert column(read, "net_amount") == [7.0, 8.2, None, 9.4]
    assert column(read, "quantity") == [1.0, 2.0, 1.0, 2.0]  # the case has an answer for what it cannot compare
    assert column(read, BAD)[2] == ["net_amount: n/k"]


def test_a_long_text_is_cut_in_the_entry_of_a_fault(tmp_path):
    read = transactions(tmp_path, sales__csv=f"no;shop;kind;day;amount\n1;1;S;2024-07-01;{'x' * 200}\n")
    assert column(read, BAD) == [["net_amount: " + "x" * 80]]


def test_a_line_with_too_many_fields_is_a_fault(tmp_path):
    read = transactions(tmp_path, sales__csv=SALES + "5;1;S;2024-07-05;8;9;10\n")
    assert column(read, BAD)[4] == ["(long line): fields more than columns: 2"]
    assert "sales: lines with more fields than there are columns: 1; they go to quarantine." in read.notes


def test_where_keeps_rows_whose_condition_cannot_be_read(tmp_path):
    read = transactions(tmp_path, "    where: amount > 5")
    assert column(read, "transaction_id") == ["2", "3", "4"]
    assert column(read, BAD)[1] == ["net_amount: n/k", "amount: n/k"]
    assert read.counts["tables"]["transactions"] == {"rows": 3, "left_out": 1, "folded": 0}
    assert "transactions: 1 of 4 rows of sales are left out by where." in read.notes


def test_constants_of_every_type(tmp_path):
    columns = "      quantity: 3\n      currency: {constant: EUR}\n      recorded_at: {constant: 2024-07-09}"
    frame = transactions(tmp_path, columns=columns, company="business_zone: Europe/Paris").frames["transactions"].collect()
    assert frame.row(0, named=True)["quantity"] == 3.0
    assert frame["currency"].unique().to_list() == ["EUR"]
    assert frame["recorded_at"].unique().to_list() == [datetime(2024, 7, 8, 22, tzinfo=UTC)]
    block = "  customers: {from: shops, columns: {customer_id: id, is_test: {constant: true}, birth_year: {constant: 1980}}}\n"
    customers = tables(tmp_path, block).frames["customers"].collect()
    assert customers.select("is_test", "birth_year").row(0) == (True, 1980)


def test_a_constant_keeps_its_decimal_point_where_the_source_writes_commas(tmp_path):
    read = transactions(tmp_path, columns="      quantity: 1.5", sales__csv=SALES.replace(";5\n", ";5,5\n"))
    assert column(read, "quantity")[0] == 1.5
    assert column(read, "net_amount")[0] == 5.5


def test_two_columns_may_read_one_and_a_name_wins_over_an_expression(tmp_path):
    text = "a - b,a,b,no,day\n10,3,1,1,2024-07-01\n"
    read = transactions(tmp_path, amount="a - b", columns='      quantity: {expression: \'"a" - "b"\'}', sales__csv=text)
    assert column(read, "net_amount") == [10.0]
    assert column(read, "quantity") == [2.0]


def test_returns_give_a_kind_and_the_sign_returns_have_with_us(tmp_path):
    more = "    returns:\n      - {where: kind = 'R', amounts_in_file: positive}\n      - {where: amount > 5, kind: cancel}"
    read = transactions(tmp_path, more, columns="      quantity: 2\n      product_id: shop")
    assert column(read, "line_kind") == ["sale", "return", "sale", "cancel"]
    assert column(read, "net_amount") == [5.0, -6.0, None, 7.0]
    assert column(read, "quantity") == [2.0, -2.0, 2.0, 2.0]


def test_returns_leave_the_kinds_of_other_lines_to_line_kind(tmp_path):
    columns = "      line_kind: case when kind = 'X' then 'fee' else 'sale' end"
    assert column(transactions(tmp_path, "    returns: {where: kind = 'R'}", columns=columns), "line_kind") == [
        "sale",
        "return",
        "fee",
        "sale",
    ]


def test_a_second_source_is_joined_by_ids_as_they_are_written(tmp_path):
    columns = "      store_id: shops.name\n      recorded_at: opened\n      quantity: rate * 2"
    read = transactions(tmp_path, "    join: {source: shops, on: {shop: id}}", columns=columns)
    assert column(read, "store_id") == ["Lyon", "Nice", None, "Lyon"]
    assert column(read, "quantity") == [3.0, 5.0, None, 3.0]
    assert "sales: rows without a match in shops by id: 1; they are kept, with nulls." in read.notes


def test_a_joined_source_is_read_as_it_writes_itself(tmp_path):
    text = SALES.replace(";5\n", ";5,5\n")
    columns = "      quantity: rate * 2\n      discount_amount: rate"
    read = transactions(tmp_path, "    join: {source: shops, on: {shop: id}}", columns=columns, sales__csv=text)
    assert column(read, "net_amount")[:2] == [5.5, 6.0]
    assert column(read, "quantity")[:2] == [3.0, 5.0]
    assert column(read, "discount_amount")[:2] == [1.5, 2.5]


def test_rows_without_a_match_may_be_left_out(tmp_path):
    read = transactions(tmp_path, "    join: {source: shops, on: {shop: id}, unmatched: drop}")
    assert column(read, "transaction_id") == ["1", "2", "4"]
    assert "sales: rows without a match in shops by id: 1; they are left out." in read.notes
    assert "transactions: 1 of 4 rows of sales are left out by join." in read.notes


def test_a_join_that_multiplies_rows_is_refused_unless_it_is_meant(tmp_path):
    twice = SHOPS + "1,Paris,2022-01-01,1\n"
    message = refused(tmp_path, TableError, "    join: {source: shops, on: {shop: id}}", shops__csv=twice)
    assert message == (
        "mapping.yaml, line 14, column 5: id does not distinguish the rows of shops: 1 repeated, one in 2 rows, so that joining it "
        "would multiply the rows of sales. Join on a column that is unique there, or write many: true if that is meant."
    )
    block = """\
  transactions:
    from: sales
    join: {source: shops, on: {shop: id}, many: true}
    columns: {transaction_line_id: "concat(no, '-', name)", transaction_id: no, occurred_at: day, net_amount: amount}
"""
    read = tables(tmp_path, block, shops__csv=twice)
    assert sorted(column(read, "transaction_line_id")) == ["1-Lyon", "1-Paris", "2-Nice", "3-", "4-Lyon", "4-Paris"]
    assert "sales: joining shops gives some rows more than once, as many: true allows." in read.notes
    assert read.counts["tables"]["transactions"]["rows"] == 6


def test_a_join_that_is_meant_is_refused_beyond_the_limit(tmp_path, monkeypatch):
    twice = SHOPS + "1,Paris,2022-01-01,1\n"
    block = """\
  transactions:
    from: sales
    join: {source: shops, on: {shop: id}, many: true}
    columns: {transaction_line_id: "concat(no, '-', name)", transaction_id: no, occurred_at: day, net_amount: amount}
"""
    monkeypatch.setenv("RELKIT_MAX_JOINED_ROWS", "1")
    with pytest.raises(
        TableError, match=r"joining would add 2 rows: what a join with many: true adds is limited to 1 rows.*RELKIT_MAX_JOINED"
    ):
        tables(tmp_path, block, shops__csv=twice)
    monkeypatch.setenv("RELKIT_MAX_JOINED_ROWS", "2")
    assert len(tables(tmp_path, block, shops__csv=twice).frames["transactions"].collect()) == 6


def test_one_per_keeps_the_first_row_and_all_that_could_not_be_read(tmp_path):
    text = "id,born\nx,1980\nx,1981\ny,1990\n,19x0\n,19y0\n"
    block = "  customers: {from: shops, one_per: customer_id, columns: {customer_id: id, birth_year: born}}\n"
    read = tables(tmp_path, block, shops__csv=text)
    assert column(read, "birth_year", "customers") == [1980, 1990, None, None]
    assert column(read, ROW, "customers") == [1, 3, 4, 5]
    assert "customers: 5 rows of shops give 4, the first for each customer_id." in read.notes
    assert read.counts["tables"]["customers"] == {"rows": 4, "left_out": 0, "folded": 1}


def test_numbers_of_parquet_become_ids_and_dates_become_days_of_the_business(tmp_path):
    at = pl.Series(["2024-07-01 23:30:00"]).str.to_datetime()
    pl.DataFrame({"no": [17850.0], "at": at, "day": at.dt.date(), "amount": [1]}).write_parquet(tmp_path / "lines.parquet")
    block = """\
  transactions:
    from: sales
    key: file and row
    columns:
      transaction_id: no
      customer_id: cast(no as integer)
      occurred_at: at
      recorded_at: day
      net_amount: amount
  customers: {from: sales, columns: {customer_id: no, created_on: at}}
"""
    (tmp_path / "mapping.yaml").write_text(
        "company: {business_zone: Asia/Tokyo}\nsources: {sales: {files: lines.parquet, zone: Europe/Paris}}\ntables:\n" + block
    )
    read = read_source_tables(tmp_path)
    row = read.frames["transactions"].collect().row(0, named=True)
    assert (row["transaction_id"], row["customer_id"]) == ("17850", "17850")
    assert row["occurred_at"] == datetime(2024, 7, 1, 21, 30, tzinfo=UTC)
    assert row["recorded_at"] == datetime(2024, 6, 30, 22, tzinfo=UTC)
    assert column(read, "created_on", "customers") == [date(2024, 7, 1)]


@pytest.mark.parametrize(
    ("arguments", "error", "expected"),
    [
        ({"amount": "amout"}, TableError, "mapping.yaml, line 12, column 7: column 'amout' is not in sales.csv; did you mean 'amount'? It has: no, shop"),
        ({"amount": "{column: no * 2}"}, TableError, "line 12, column 7: column 'no * 2' is not in sales.csv"),
        ({"amount": "sum(amount)"}, ParameterError, "line 12, column 7: the function sum() is not allowed in an expression."),
        ({"amount": "{constant: free}"}, ParameterError, "line 12, column 7: the constant 'free' of net_amount is not a number."),
        ({"more": "    where: amount + 1"}, ParameterError, "line 14, column 5: 'amount + 1' is a number, not a condition. Write x = 1."),
        ({"more": "    where: amout > 1"}, TableError, "line 14, column 5: column 'amout' is not in sales.csv"),
        ({"more": "    returns: {where: kid = 'R'}"}, TableError, "line 14, column 15: column 'kid' is not in sales.csv; did you mean 'kind'?"),
        ({"more": "    join: {source: shops, on: {shop: idd}}"}, TableError, "line 14, column 5: column 'idd' is not in shops.csv; did you mean 'id'?"),
        ({"more": "    join: {source: shops, on: shopp}"}, TableError, "line 14, column 5: column 'shopp' is not in sales.csv; did you mean 'shop'?"),
        ({"columns": "      recorded_at: cast(no as integer)"}, ParameterError, "recorded_at: a whole number cannot be read as an instant. Give its `format`"),
    ],
)  # fmt: skip
def test_what_cannot_be_read_so_is_refused_with_its_line(tmp_path, arguments, error, expected):
    assert expected in refused(tmp_path, error, **arguments)
