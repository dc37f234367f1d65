"""Fits at once, promotions and killed fits with PostgreSQL behind an MLflow server: `make test-server`."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import modelled_company as company
import pytest
from tracking import postgresql

from relkit.processes import machine
from relkit.tracking import embedded, registry, runs, server_sweep
from relkit.tracking.embedded_sweep import Swept
from relkit.tracking.promotion import Decision
from relkit.tracking.tickets import STOPPED

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.server
DRIVER = Path(__file__).with_name("fits_at_once.py")
MODEL = "survival.kaplan_meier"


class Killed(BaseException):
    """Stands for a kill: nothing that handles errors may run after it."""


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    if lacking := postgresql.lacking():
        pytest.skip(lacking)
    with postgresql.database() as store, postgresql.served(store, tmp_path_factory.mktemp("server")) as uri:
        yield uri


@pytest.fixture
def server(address: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", address)
    monkeypatch.chdir(tmp_path)
    return address


def test_of_six_fits_at_once_five_say_which_champion_they_were_compared_with(server: str, tmp_path: Path) -> None:
    company.write_company(tmp_path / "out" / "default", history_starts_on=company.FIRST)
    done = subprocess.run([sys.executable, DRIVER, tmp_path, MODEL, "6"], capture_output=True, text=True, check=False, timeout=900)
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert [one["version"] for one in told] == list("123456")
    assert [one["champion_before"] for one in told] == [None, *"12345"]
    assert [one["decision"] == "first version" for one in told] == [True] + [False] * 5
    assert registry.champion(MODEL).version == "6"
    again = subprocess.run([sys.executable, DRIVER, tmp_path, "survival.cox", "2"], capture_output=True, text=True, check=True, timeout=900)
    assert [one["champion_before"] for one in json.loads(again.stdout)] == [None, "1"]


def test_a_killed_fit_is_finished_by_the_next_command(server: str, fitted, monkeypatch: pytest.MonkeyPatch) -> None:
    first = registry.log_model(fitted, programme="killed", decide=lambda _: Decision(promoted=True, reason="first version"))
    dead = f"{machine()}-4194304-1"

    def kill(*_, **__):
        raise Killed

    def decide_and_die(_champion) -> Decision:
        return Decision(promoted=True, reason="it is better")

    for step, decide in (("set_registered_model_alias", decide_and_die), ("get_registered_model", kill)):
        with monkeypatch.context() as patch, suppress(Killed):
            for module in (runs, registry):
                patch.setattr(module, "this_process", lambda: dead)
            patch.setattr("mlflow.tracking.MlflowClient.set_terminated", kill)
            patch.setattr(registry, "_carry_out", lambda *_: None)
            patch.setattr(f"mlflow.tracking.MlflowClient.{step}", kill)
            registry.log_model(fitted, programme="killed", decide=decide)
        server_sweep._SEEN.clear()
        assert server_sweep.sweep_server(embedded.current()) == Swept(runs=1, versions=1)
    third, second, _ = registry.versions(first.name)
    assert (second.is_champion, second.reason) == (True, "it is better")
    assert (third.aliases, third.reason) == ((), STOPPED)
    server_sweep._SEEN.clear()
    assert server_sweep.sweep_server(embedded.current()) == Swept()


def test_a_person_s_promotion_is_kept(server: str, fitted) -> None:
    for promoted in (True, False):
        version = registry.log_model(fitted, programme="hand", decide=lambda _, p=promoted: Decision(promoted=p, reason="by the rule"))
    named = registry.promote(version.name, version.version, reason="the shop wants it")
    assert (named.aliases, named.reason) == (("champion",), "the shop wants it")


def test_a_database_without_a_server_is_a_store_too(fitted, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    if lacking := postgresql.lacking():
        pytest.skip(lacking)
    monkeypatch.chdir(tmp_path)
    with postgresql.database() as store:
        monkeypatch.setenv("MLFLOW_TRACKING_URI", store)
        version = registry.log_model(fitted, decide=lambda _: Decision(promoted=True, reason="first version"))
        assert version.is_champion
    shutil.rmtree(tmp_path / "mlruns", ignore_errors=True)
    assert os.environ["MLFLOW_TRACKING_URI"] == store
