"""Places of data: folder, file, URL."""

from __future__ import annotations

import sqlite3

import pytest

from relkit.errors import ParameterError, TableError
from relkit.tables.data_place import DataPlace
from relkit.tables.mapping_file import SourceDeclaration


def test_a_folder_a_file_and_a_url(tmp_path):
    path = tmp_path / "till.csv"
    path.write_text("a;b\n1;2\n")
    assert DataPlace.of(tmp_path) == DataPlace(folder=tmp_path)
    assert DataPlace.of(str(path)) == DataPlace(folder=tmp_path, file=path)
    assert DataPlace.of("sqlite:///x.db").url == "sqlite:///x.db"
    assert [str(DataPlace.of(x)) for x in (tmp_path, path, "sqlite:///x.db")] == [str(tmp_path), str(path), "the database"]


def test_a_place_that_is_not_there(tmp_path):
    (tmp_path / "exports").mkdir()
    with pytest.raises(TableError, match=r"export: there is no such folder or file\. Did you mean .*exports\?"):
        DataPlace.of(tmp_path / "export")
    with pytest.raises(TableError, match=r"there is no such folder or file\. Check the path of the data"):
        DataPlace.of(tmp_path / "x" / "y")


def test_only_a_folder_carries_a_mapping(tmp_path):
    path = tmp_path / "till.csv"
    path.write_text("a;b\n1;2\n")
    assert DataPlace.of(tmp_path).default_mapping() is None
    (tmp_path / "mapping.yaml").write_text("")
    assert DataPlace.of(tmp_path).default_mapping() == tmp_path / "mapping.yaml"
    assert DataPlace.of(path).default_mapping() is None


def test_one_file_stands_for_the_pattern_it_fits(tmp_path):
    for name in ("till_1.csv", "till_2.csv", "cards.csv"):
        (tmp_path / name).write_text("a;b\n1;2\n")
    place = DataPlace.of(tmp_path / "till_2.csv")
    assert place.open("till", SourceDeclaration(files=("till_*.csv",))).files == ("till_2.csv",)
    assert place.open("cards", SourceDeclaration(files=("cards.csv",))).files == ("cards.csv",)
    assert place.open("till", SourceDeclaration()).files == ("till_2.csv",)


def test_a_url_may_stand_in_the_environment(tmp_path, monkeypatch):
    with sqlite3.connect(tmp_path / "shop.db") as connection:
        connection.execute("create table sales as select 1 as a")
    connection.close()
    declaration = SourceDeclaration(url_from="SHOP_URL", table="sales")
    with pytest.raises(ParameterError, match=r"source sales: the environment variable SHOP_URL is not set\. Set it to the SQL URL"):
        DataPlace.of(tmp_path).open("sales", declaration)
    monkeypatch.setenv("SHOP_URL", f"sqlite:///{tmp_path}/shop.db")
    assert DataPlace.of(tmp_path).open("sales", declaration).columns == ("a",)
    assert DataPlace.of(f"sqlite:///{tmp_path}/shop.db").open("x", SourceDeclaration(table="sales")).files == ("sales",)


def test_a_source_without_files_needs_one_file_as_data(tmp_path):
    with pytest.raises(ParameterError, match=r"source till: it names neither files nor a url"):
        DataPlace.of(tmp_path).open("till", SourceDeclaration())


def test_the_files_of_a_source_are_known_before_they_are_read(tmp_path):
    for name in ("till_1.csv", "till_2.csv"):
        (tmp_path / name).write_text("a;b\n1;2\n")
    declaration = SourceDeclaration(files=("till_*.csv",))
    assert DataPlace.of(tmp_path).files(declaration) == (tmp_path / "till_1.csv", tmp_path / "till_2.csv")
    assert DataPlace.of(tmp_path / "till_2.csv").files(declaration) == (tmp_path / "till_2.csv",)
    assert DataPlace.of(tmp_path).files(SourceDeclaration(url_from="SHOP_URL")) is None
