"""Sources found in a folder, a workbook, a database."""

from __future__ import annotations

import gzip
import sqlite3
import zipfile

import polars as pl

from relkit.tables.data_place import DataPlace
from relkit.tables.drafting.found import find_sources


def found(place):
    sources, unplaced = find_sources(DataPlace.of(place))
    return {each.name: each for each in sources}, [each.name for each in unplaced]


def test_files_with_the_same_columns_are_one_source(tmp_path):
    for month in ("01", "02"):
        (tmp_path / f"ventes_2024-{month}.csv").write_text("a;b\n1;2\n")
    (tmp_path / "ventes_resume.csv").write_text("c;d\n1;2\n")
    sources, unplaced = found(tmp_path)
    assert sources["ventes"].keys == {"files": "ventes_2024-*.csv"}
    assert sources["ventes"].rows == 2
    assert sources["ventes_resume"].keys == {"files": "ventes_resume.csv"}
    assert unplaced == []


def test_files_without_a_pattern_of_their_own_are_listed_by_name(tmp_path):
    (tmp_path / "lyon.csv").write_text("a;b\n1;2\n")
    (tmp_path / "nimes.csv").write_text("a;b\n1;2\n")
    (sources, _) = found(tmp_path)
    assert [each.keys for each in sources.values()] == [{"files": ["lyon.csv", "nimes.csv"]}]


def test_titles_gzip_and_headless_files(tmp_path):
    (tmp_path / "titled.csv").write_text("Export\n\na;b\n1;2\n3;4\n")
    (tmp_path / "bare.txt.gz").write_bytes(gzip.compress(b"760\t25\t2009-11-06\n860\t50\t2012-09-28\n"))
    sources, _ = found(tmp_path)
    assert sources["titled"].keys == {"files": "titled.csv", "delimiter": ";", "skip_lines": 2}
    assert [column.name for column in sources["titled"].columns] == ["a", "b"]
    assert sources["bare"].keys["columns"] == ["column_1", "column_2", "column_3"]
    assert not sources["bare"].has_names


def test_sheets_with_titles(tmp_path):
    import xlsxwriter

    with xlsxwriter.Workbook(str(tmp_path / "book.xlsx")) as book:
        for name, skipped in (("Clients", 2), ("Villes", 0)):
            sheet = book.add_worksheet(name)
            sheet.write(0, 0, "Titre" if skipped else "N°")
            for row, cells in enumerate((("N°", "Nom"), ("1", "x"), ("2", "y"))):
                sheet.write_row(skipped + row, 0, cells)
    sources, _ = found(tmp_path)
    assert sources["clients"].keys == {"files": "book.xlsx", "sheet": "Clients", "skip_lines": 2}
    assert [column.name for column in sources["clients"].columns] == ["N°", "Nom"]
    assert sources["villes"].keys == {"files": "book.xlsx", "sheet": "Villes"}


def test_databases(tmp_path):
    with sqlite3.connect(tmp_path / "shop.db") as shop:
        shop.execute("CREATE TABLE orders (id INTEGER, day TEXT)")
        shop.execute("INSERT INTO orders VALUES (1, '2024-01-01')")
    sources, _ = found(f"sqlite:///{tmp_path / 'shop.db'}")
    assert sources["orders"].keys == {"table": "orders"}
    inside, _ = found(tmp_path)
    assert inside["orders"].keys["table"] == "orders"


def test_what_cannot_be_read_is_named(tmp_path):
    pl.DataFrame({"a": [1]}).write_parquet(tmp_path / "good.parquet")
    (tmp_path / "bad.parquet").write_bytes(b"PAR1")
    (tmp_path / "empty.csv").write_text("")
    (tmp_path / "mapping.yaml").write_text("a: 1\n")
    sources, unplaced = found(tmp_path)
    assert list(sources) == ["good"]
    assert sorted(unplaced) == ["bad.parquet", "empty.csv"]


def test_archives_are_looked_into(tmp_path):
    with zipfile.ZipFile(tmp_path / "ventes.csv.zip", "w") as archive:
        archive.writestr("ventes.csv", "Export\n\na;b\n1;2\n3;4\n")
    sources, unplaced = found(tmp_path)
    assert sources["ventes"].keys == {"files": "ventes.csv.zip", "delimiter": ";", "skip_lines": 2}
    assert unplaced == []
