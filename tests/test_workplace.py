"""The same folders for a command and for a notebook."""

from __future__ import annotations

from pathlib import Path

import pytest

from relkit import workplace
from relkit.errors import ParameterError
from relkit.jobs.build_features import BuildFeatures
from relkit.tracking import embedded
from relkit.workplace import NOTEBOOK


def test_a_command_means_the_folders_of_its_working_directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    assert BuildFeatures().out_dir == Path("out/default")
    assert embedded.current().database == tmp_path / "mlruns" / "mlflow.db"


def test_a_notebook_means_the_folders_beside_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "notebooks").mkdir()
    (tmp_path / "mlruns").mkdir()
    monkeypatch.chdir(tmp_path / "notebooks")
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    assert BuildFeatures().out_dir.resolve() == tmp_path / "out" / "default"
    assert embedded.current().database == tmp_path / "mlruns" / "mlflow.db"


def test_a_folder_that_is_only_called_notebooks_is_a_working_directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "notebooks").mkdir()
    monkeypatch.chdir(tmp_path / "notebooks")
    assert BuildFeatures().out_dir == Path("out/default")


def test_a_notebook_that_runs_elsewhere_means_the_folders_beside_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "project" / "out" / "shop" / "tables").mkdir(parents=True)
    (tmp_path / "project" / "notebooks").mkdir()
    (tmp_path / "home").mkdir()
    monkeypatch.chdir(tmp_path / "home")
    monkeypatch.setenv(NOTEBOOK, str(tmp_path / "project" / "notebooks" / "mine.ipynb"))
    assert workplace.workplace() == tmp_path / "project"
    assert workplace.programmes() == ("shop",)


def test_a_notebook_far_from_any_takes_the_folders_of_the_checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "checkout" / "mlruns").mkdir(parents=True)
    (tmp_path / "home").mkdir()
    monkeypatch.chdir(tmp_path / "home")
    monkeypatch.setattr(workplace, "CHECKOUT", tmp_path / "checkout")
    assert workplace.workplace() == Path()  # a command means its working directory
    monkeypatch.setenv(NOTEBOOK, str(tmp_path / "home" / "mine.ipynb"))
    assert workplace.workplace() == tmp_path / "checkout"
    (tmp_path / "home" / "out").mkdir()
    assert workplace.workplace() == Path()


@pytest.fixture
def out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path / "out"


def test_the_one_programme_there_is_is_taken(out: Path) -> None:
    (out / "shop" / "tables").mkdir(parents=True)
    (out / "benchmarks").mkdir()
    assert workplace.only_programme() == "shop"


def test_of_several_the_one_that_has_what_is_read_is_taken(out: Path) -> None:
    for folder in ("explore/tables", "shop/tables", "shop/scores"):
        (out / folder).mkdir(parents=True)
    assert workplace.only_programme("scores") == "shop"
    with pytest.raises(ParameterError, match=r'2 programmes are in out: explore, shop.*programme = "explore"'):
        workplace.only_programme("tables")


def test_without_any_the_demo_is_named(out: Path) -> None:
    with pytest.raises(ParameterError, match=r"no programme in out\. Run make demo"):
        workplace.only_programme()


def test_a_command_that_reads_takes_the_one_programme_there_is(out: Path) -> None:
    (out / "shop" / "tables").mkdir(parents=True)
    assert BuildFeatures.parse().programme == "shop"
    assert BuildFeatures.parse(programme="other").programme == "other"
    assert BuildFeatures.parse(data="raw").programme == "default"
    (out / "default").mkdir()
    assert BuildFeatures.parse().programme == "default"


def test_a_command_for_one_of_several_programmes_says_how_to_name_it(out: Path) -> None:
    for name in ("north", "south"):
        (out / name / "tables").mkdir(parents=True)
    with pytest.raises(
        ParameterError, match=r"features: 2 programmes are in out: north, south.*relkit features --as-of 2025-06-30 --programme n"
    ):
        BuildFeatures.parse(as_of="2025-06-30")


def test_an_unknown_programme_is_refused_with_those_there_are(out: Path) -> None:
    (out / "north" / "tables").mkdir(parents=True)
    with pytest.raises(ParameterError, match="unknown programme 'nord'; did you mean 'north'"):
        BuildFeatures.parse(programme="nord").run()
