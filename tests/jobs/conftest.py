"""A company that has been checked, and one whose models have been fitted as well."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import modelled_company as company
import pytest
from light_mlflow import lighten
from made_once import entered

if TYPE_CHECKING:
    from pathlib import Path

    from made_once import MadeOnce

MODELS = ("lifetime_value.bg_nbd", "lifetime_value.gamma_gamma", "survival.kaplan_meier", "survival.cox")


@pytest.fixture
def plain_fits(monkeypatch: pytest.MonkeyPatch) -> None:
    """Fit without drawing: the plots have tests of their own, and one of the jobs' tests draws them all."""
    for name in ("diagnostic_figures", "lesson_figures"):
        monkeypatch.setattr(f"relkit.families.bindings.{name}", lambda *_, **__: {})


@pytest.fixture
def workplace(workplace: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return an empty working directory, already entered, with a tracking store that takes less time than others."""
    lighten(monkeypatch)
    return workplace


@pytest.fixture(scope="session")
def modelled(made_once: MadeOnce, empty_store: Path) -> Path:
    """Return a working directory with tables in out/default and every model fitted once, plots included; copy it."""

    def make(folder: Path) -> None:
        from relkit.jobs.fit_model import FitModel

        with entered(folder, empty_store):
            company.write_company(folder / "out" / "default", history_starts_on=company.FIRST)
            for model in MODELS:
                FitModel.parse(model=model).run()

    return made_once("modelled", make)


@pytest.fixture
def fitted_workplace(modelled: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a copy of that working directory, already entered."""
    lighten(monkeypatch)
    folder = tmp_path / "place"
    shutil.copytree(modelled, folder)
    monkeypatch.chdir(folder)
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    return folder


@pytest.fixture
def checked(workplace: Path) -> Path:
    """Return an entered working directory with tables and an empty store."""
    company.write_company(workplace / "out" / "default", history_starts_on=company.FIRST)
    return workplace
