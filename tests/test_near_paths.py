"""A path that does not exist has the nearest one suggested that a person can mean."""

from __future__ import annotations

from pathlib import Path

import pytest

from relkit.declarations import read_declaration
from relkit.errors import ParameterError, TableError
from relkit.near_paths import nearest_path
from relkit.tables.data_place import DataPlace
from relkit.tables.sources import find_files


def test_hidden_files_are_never_suggested(tmp_path: Path) -> None:
    for name in (".dataa", ".mappinh.yaml", "other"):
        (tmp_path / name).touch()
    assert nearest_path(tmp_path / "data") is None
    for refused in (lambda: DataPlace.of(tmp_path / "data"), lambda: find_files(("x.csv",), tmp_path / "data")):
        with pytest.raises(TableError) as error:
            refused()
        assert "Did you mean" not in str(error.value)
    with pytest.raises(ParameterError) as missing:
        read_declaration(tmp_path / "mapping.yaml")
    assert "Did you mean" not in str(missing.value)


def test_nothing_of_the_system_is_suggested() -> None:
    for name in ("/nowhere", "/vra", "/ettc", "/tmpp", "/.dockerenvv"):
        assert nearest_path(Path(name)) is None
    with pytest.raises(TableError, match=r"/nowhere: there is no such folder or file. Check the path of the data."):
        DataPlace.of("/nowhere")


def test_a_folder_at_the_root_that_holds_data_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The root is the folder that is its own parent."""
    for name in ("data", "usr"):
        (tmp_path / name).mkdir()
    (tmp_path / "date").touch()
    monkeypatch.setattr(Path, "resolve", lambda path: Path("/") if path == tmp_path else path)
    assert nearest_path(tmp_path / "dara") == tmp_path / "data"
    assert nearest_path(tmp_path / "usrr") is None


def test_a_folder_that_does_not_exist_is_looked_for_too(tmp_path: Path) -> None:
    (tmp_path / "exports" / "2025").mkdir(parents=True)
    (tmp_path / "exports" / "2025" / "sales.csv").touch()
    assert nearest_path(tmp_path / "export" / "2025") == tmp_path / "exports" / "2025"
    assert nearest_path(tmp_path / "export" / "2025" / "sale.csv") == tmp_path / "exports" / "2025" / "sales.csv"
    assert nearest_path(tmp_path / "nowhere" / "at" / "all") is None


def test_only_names_of_a_kind_are_suggested(tmp_path: Path) -> None:
    (tmp_path / "mapping.yam").touch()
    assert nearest_path(tmp_path / "mapping.yaml", pattern="*.y*ml") is None
    (tmp_path / "mappings.yml").touch()
    with pytest.raises(ParameterError, match=r"Did you mean .*mappings\.yml\?"):
        read_declaration(tmp_path / "mapping.yaml")
