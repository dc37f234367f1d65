"""Types of Parquet files and DuckDB: read if one of ours can be made of them, refused by name only where they are asked for."""

from __future__ import annotations

from datetime import date, time
from decimal import Decimal

import duckdb
import polars as pl
import pytest
from checked_files import checked, codes, revenue

from relkit.errors import ParameterError, TableError
from relkit.tables.column_types import readable

ROWS = {"id": ["1"], "who": ["c"], "day": [date(2024, 1, 1)], "amount": [1.5]}
ODD = "[1, 2] AS l, {'a': 1} AS s, INTERVAL 1 DAY AS i, TIME '10:00' AS t, '\\xAA'::BLOB AS b, uuid() AS u"


def parquet(folder, **columns):
    pl.DataFrame({**ROWS, **columns}, strict=False).write_parquet(folder / "t.parquet")


def test_types_that_parquet_has_and_we_have_not_are_read(tmp_path):
    schema = {"amount": pl.Decimal(38, 4), "who": pl.Decimal(38, 0), "day": pl.Datetime("ns"), "kind": pl.Categorical, "at": pl.Time}
    given = {"amount": Decimal("12.5000"), "who": Decimal(12345678901234567890), "day": date(2024, 1, 1), "kind": "x", "at": time(9)}
    parquet(tmp_path, **{name: pl.Series([value], dtype=schema[name]) for name, value in given.items()})
    report = checked(tmp_path, files="t.parquet")
    assert (codes(report), revenue(report)) == ([], 12.5)
    assert pl.read_parquet(tmp_path / "out/tables/transactions.parquet")["customer_id"].item() == "12345678901234567890"


@pytest.mark.parametrize("dtype", [pl.List(pl.String), pl.Duration("us"), pl.Binary, pl.Struct({"a": pl.Int64})])
def test_other_types_are_refused_by_name_only_where_they_are_asked_for(tmp_path, dtype):
    values = {pl.List: [["a"]], pl.Struct: [{"a": 1}], pl.Binary: [b"\xff\xfe"]}.get(dtype if isinstance(dtype, type) else type(dtype), [5])
    parquet(tmp_path, tags=pl.Series(values, dtype=dtype))
    assert codes(checked(tmp_path, files="t.parquet")) == []
    with pytest.raises(TableError, match=r"column 'tags' of t\.parquet holds .*, of which no column can be made"):
        checked(tmp_path, files="t.parquet", who="tags")


def test_a_day_is_no_amount(tmp_path):
    parquet(tmp_path, amount=[date(2024, 1, 1)])
    with pytest.raises(ParameterError, match="net_amount: a day cannot be read as a number"):
        checked(tmp_path, files="t.parquet")


def test_days_beyond_the_calendar_and_infinity_stand_for_none(tmp_path):
    frame, _ = readable(pl.LazyFrame({"d": pl.Series([2**31 - 1, -(2**31), 0], dtype=pl.Int32).cast(pl.Date)}))
    assert frame.collect()["d"].to_list() == [date(9999, 12, 31), date(1, 1, 1), date(1970, 1, 1)]
    duckdb.sql("SELECT '1' AS id, 'c' AS who, 'infinity'::TIMESTAMP AS day, 1.5::DOUBLE AS amount").write_parquet(
        str(tmp_path / "t.parquet")
    )
    assert codes(checked(tmp_path, files="t.parquet")) == ["days_that_stand_for_none"]


def test_an_infinite_amount_is_no_empty_one(tmp_path):
    parquet(tmp_path, amount=[float("inf")])
    assert checked(tmp_path, files="t.parquet").tables["transactions"].rules[0].rule == "net_amount: not a number"


def test_columns_of_duckdb_of_any_type_are_passed_over(tmp_path):
    with duckdb.connect(str(tmp_path / "t.duckdb")) as connection:
        connection.sql(f"CREATE TABLE t AS SELECT 1 AS id, 12345678901234567890123::HUGEINT AS who, DATE '2024-01-01' AS day, 12.5::DECIMAL(9, 2) AS amount, {ODD}")  # fmt: skip  # noqa: E501
    report = checked(tmp_path, files="t.duckdb")
    assert (codes(report), revenue(report)) == ([], 12.5)
    assert pl.read_parquet(tmp_path / "out/tables/transactions.parquet")["customer_id"].item() == "12345678901234567890123"
