"""Two simulated companies that the tests of this folder read, one of each world."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from relkit.tables.simulation import CompanyTruth, SimulationSettings, simulate_company

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(scope="session")
def clean(tmp_path_factory: pytest.TempPathFactory) -> CompanyTruth:
    return _company(tmp_path_factory.mktemp("clean"), SimulationSettings(customers=20_000, seed=11))


@pytest.fixture(scope="session")
def hard(tmp_path_factory: pytest.TempPathFactory) -> CompanyTruth:
    return _company(tmp_path_factory.mktemp("hard"), SimulationSettings(customers=20_000, seed=11, world="hard"))


@pytest.fixture(params=["clean", "hard"])
def company(request: pytest.FixtureRequest) -> CompanyTruth:
    made = request.getfixturevalue(request.param)
    assert isinstance(made, CompanyTruth)
    return made


def _company(folder: Path, settings: SimulationSettings) -> CompanyTruth:
    return simulate_company(settings, folder)
