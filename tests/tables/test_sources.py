"""Several files as one source: names, globs, differences between them, and one pass that reads them all."""

from __future__ import annotations

import gzip
from pathlib import Path

import polars as pl
import pytest

from relkit.errors import TableError
from relkit.tables.opened_file import FIELDS, ReadOptions
from relkit.tables.schemas import ROW, SOURCE
from relkit.tables.sources import STEM, find_files, format_of, measure, open_source, stem

A = "no;client;montant\n1;007;12,5\n2;;3\n"


def folder_with(folder, **files):
    for name, content in files.items():
        path = folder / name.replace("__", ".")
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return folder


def source(folder, *patterns, **options):
    return open_source("till", ReadOptions(**options), folder=folder, files=patterns)


def rows(opened):
    return opened.frame.select(SOURCE, ROW, *opened.columns).collect().rows()


@pytest.mark.parametrize(
    ("name", "form", "plain"),
    [
        ("sales.csv", "csv", "sales"), ("sales.csv.gz", "csv", "sales"), ("Sales.CSV", "csv", "Sales"), ("a.b.txt", "csv", "a.b"),
        ("sales.tsv", "csv", "sales"), ("sales.parquet", "parquet", "sales"), ("sales.xlsx", "xlsx", "sales"),
        ("sales.duckdb", "duckdb", "sales"), ("sales.json", None, "sales.json"), ("sales", None, "sales"),
    ],
)  # fmt: skip
def test_names_tell_formats(name, form, plain):
    assert (format_of(Path(name)), stem(Path(name))) == (form, plain)


def test_files_are_found_by_name_glob_and_absolute_path(tmp_path):
    folder_with(tmp_path, b__csv="", a__csv="", c__txt="")
    assert [p.name for p in find_files(["*.csv", "a.csv", "c.txt"], tmp_path)] == ["a.csv", "b.csv", "c.txt"]
    assert find_files([str(tmp_path / "b.csv")], Path("/")) == (tmp_path / "b.csv",)
    assert len(find_files([str(tmp_path / "*.csv")], Path("/"))) == 2


def test_a_file_that_is_not_there_names_the_nearest(tmp_path):
    folder_with(tmp_path, sales_2024__csv="x")
    with pytest.raises(
        TableError, match=r"sale\.csv: there is no such file; the nearest is 'sales_2024\.csv'\. The folder has 1 file: sales"
    ):
        find_files(["sale.csv"], tmp_path)
    with pytest.raises(TableError, match=r"sales_\*\.txt: no file matches it; the nearest is 'sales_2024\.csv'"):
        find_files(["sales_*.txt"], tmp_path)
    (tmp_path / "empty").mkdir()
    with pytest.raises(TableError, match=r"there is no such file\. The folder is empty"):
        find_files(["sale.csv"], tmp_path / "empty")
    with pytest.raises(TableError, match=r"there is no such folder\. Did you mean .*empty\?"):
        find_files(["sale.csv"], tmp_path / "emty")
    with pytest.raises(TableError, match=r"there is no such folder\. Check --data"):
        find_files(["sale.csv"], tmp_path / "x" / "y")


def test_rows_carry_their_file_and_number_and_blank_lines_are_dropped(tmp_path):
    folder_with(tmp_path, t1__csv=A + "\n;;\n3;1;2\n\n", t2__csv__gz=gzip.compress(A.encode()))
    opened = source(tmp_path, "t*.csv*")
    assert rows(opened) == [
        ("t1.csv", 1, "1", "007", "12,5"),
        ("t1.csv", 2, "2", None, "3"),
        ("t1.csv", 5, "3", "1", "2"),
        ("t2.csv.gz", 1, "1", "007", "12,5"),
        ("t2.csv.gz", 2, "2", None, "3"),
    ]
    assert opened.frame.select(pl.col(STEM).unique().sort()).collect()[STEM].to_list() == ["t1", "t2"]
    assert opened.decimal == ","
    assert opened.files == ("t1.csv", "t2.csv.gz")
    assert opened.notes == ("till: 2 files, t1.csv ... t2.csv.gz: detected semicolon-separated, UTF-8, with a header, decimal comma.",)


def test_columns_are_matched_by_name_and_those_of_later_files_only_are_noted(tmp_path):
    folder_with(tmp_path, t1__csv=A, t2__csv="x;montant;client;no\n9;8;7;6\n")
    opened = source(tmp_path, "t*.csv")
    assert rows(opened)[2] == ("t2.csv", 1, "6", "7", "8")
    assert "t2.csv: left out x, which t1.csv does not have." in opened.notes


def test_a_column_that_a_later_file_lacks_is_a_fault(tmp_path):
    folder_with(tmp_path, t1__csv=A, t2__csv=A.replace("montant", "montants"))
    with pytest.raises(
        TableError, match=r"t2\.csv: column 'montant', which t1\.csv has, is missing; the nearest is 'montants'\. It has: no, "
    ):
        source(tmp_path, "t*.csv")
    folder_with(tmp_path, t2__csv="q;w\n1;2\n")
    with pytest.raises(TableError, match=r"column 'no', which t1\.csv has, is missing\. It has: q, w"):
        source(tmp_path, "t*.csv")


def test_decimal_marks_that_differ_are_a_fault_unless_one_is_given(tmp_path):
    folder_with(tmp_path, t1__csv=A, t2__csv=A.replace(",", "."))
    with pytest.raises(TableError, match=r"till: t1\.csv writes a decimal comma and t2\.csv a decimal point"):
        source(tmp_path, "t*.csv")
    assert source(tmp_path, "t*.csv", decimal=",").decimal == ","


def test_a_file_without_rows_is_passed_over_unless_all_are(tmp_path):
    folder_with(tmp_path, t1__csv="no;client;montant\n", t2__csv=A)
    opened = source(tmp_path, "t*.csv")
    assert opened.files == ("t2.csv",)
    assert opened.notes[0].endswith("decimal comma; t1.csv: no row, passed over.")
    (tmp_path / "t2.csv").unlink()
    folder_with(tmp_path, t3__csv="no;client;montant\n")
    with pytest.raises(TableError, match=r"t1\.csv: it has a header"):
        source(tmp_path, "t*.csv")
    folder_with(tmp_path, t2__csv=A, t3__csv="")
    with pytest.raises(TableError, match=r"t3\.csv: the file is empty"):
        source(tmp_path, "t*.csv")


def test_parquet_keeps_its_types_and_numbers_its_rows(tmp_path):
    frame = pl.DataFrame({"id": [7, 8], "kind": pl.Series(["a", "b"], dtype=pl.Categorical), "amount": [1.5, None]})
    frame.write_parquet(tmp_path / "t1.parquet")
    frame.cast({"id": pl.Int32, "amount": pl.Float32}).write_parquet(tmp_path / "t2.parquet")
    opened = source(tmp_path, "t*.parquet")
    assert opened.notes == ()
    assert rows(opened)[2:] == [("t2.parquet", 1, 7, "a", 1.5), ("t2.parquet", 2, 8, "b", None)]
    assert opened.frame.collect_schema()["id"] == pl.Int64
    assert opened.frame.collect_schema()["kind"] == pl.String


def test_parquet_files_whose_types_cannot_go_together(tmp_path):
    pl.DataFrame({"id": [7]}).write_parquet(tmp_path / "t1.parquet")
    pl.DataFrame({"id": [[1]]}).write_parquet(tmp_path / "t2.parquet")
    with pytest.raises(TableError, match=r"its 2 files give a column different types: .*Read them as two sources"):
        source(tmp_path, "t*.parquet")


@pytest.mark.parametrize(
    ("name", "content", "expected"),
    [
        ("t.parquet", b"PAR1xxxxPAR1", r"t\.parquet: it is not a Parquet file\. The copy may be incomplete"),
        ("t.json", b"{}", r"its name does not say what it is \(\.json\)\. Give its `format`"),
        ("t", b"x", r"its name does not say what it is \(no ending\)"),
        ("t.xlsx", b"x", "it is not an Excel workbook"),
        ("t.duckdb", b"x" * 99, "it is not a DuckDB database"),
    ],
)
def test_files_that_are_not_what_they_say(tmp_path, name, content, expected):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(TableError, match=expected):
        source(tmp_path, name)


def test_lines_are_held_against_the_columns_of_their_own_file(tmp_path):
    folder_with(
        tmp_path, t1__csv="a;b\n1;2\n", t2__csv="a;b;more\n1;2;3\n1;2\n1\n1;2;3;4\n", t3__csv__gz=gzip.compress(b"a;b\n1;2\n") + bytes(64)
    )
    counts = measure(source(tmp_path, "t[12].csv"))
    assert (counts["rows"], counts["short_lines"], counts["long_lines"]) == (5, 2, 1)
    with pytest.raises(TableError, match=r"t3\.csv\.gz: it cannot be read: .*gzip header\. The copy is damaged"):
        source(tmp_path, "t3.csv.gz")


def test_one_pass_counts_rows_duplicates_and_long_lines(tmp_path):
    folder_with(tmp_path, t1__csv=A + "1;007;12,5\n", t2__csv=A + "4;5;6;7\n")
    opened = source(tmp_path, "t*.csv")
    assert measure(opened, count_duplicates=True) == {"rows": 6, "duplicates": 3, "blank_lines": 0, "short_lines": 0, "long_lines": 1}
    assert measure(opened) == {"rows": 6, "blank_lines": 0, "short_lines": 0, "long_lines": 1}
    assert opened.frame.filter(pl.col(FIELDS).is_not_null()).select(SOURCE, ROW, FIELDS).collect().rows() == [("t2.csv", 3, 1)]


def test_a_quote_that_is_not_closed_names_its_file(tmp_path):
    folder_with(tmp_path, t1__csv=A, t2__csv=A + '3;"open;4\n')
    with pytest.raises(TableError, match=r"t2\.csv: line 4 opens a quote that is not closed, in column 2"):
        source(tmp_path, "t*.csv")


def test_a_file_that_vanishes_before_it_is_read(tmp_path):
    folder_with(tmp_path, t1__csv=A)
    opened = source(tmp_path, "t1.csv")
    (tmp_path / "t1.csv").unlink()
    with pytest.raises(TableError, match=r"t1\.csv: it cannot be read: "):
        measure(opened)


def test_a_parquet_file_without_rows(tmp_path):
    pl.DataFrame({"id": []}, schema={"id": pl.Int64}).write_parquet(tmp_path / "t.parquet")
    with pytest.raises(TableError, match=r"t\.parquet: it has no row\. Ask for it again"):
        measure(source(tmp_path, "t.parquet"))
