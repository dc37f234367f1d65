"""Leftovers of a killed command in a store on disk, finished by the next one without MLflow."""

from __future__ import annotations

import sqlite3
from contextlib import suppress

import pytest

from relkit.processes import machine
from relkit.tracking import embedded, registry, runs
from relkit.tracking.embedded_sweep import Swept, draft_of, sweep_store
from relkit.tracking.promotion import Decision
from relkit.tracking.tickets import PROCESS, STOPPED

DEAD = f"{machine()}-4194304-1"


class Killed(BaseException):
    """Stands for a kill: nothing that handles errors may run after it."""


@pytest.fixture
def dying(light_store):
    """Return a function that runs something as a process that is gone afterwards."""

    def die(work) -> None:
        with pytest.MonkeyPatch.context() as patch:
            for module in ("relkit.tracking.runs", "relkit.tracking.registry", "relkit.tracking.embedded_sweep"):
                patch.setattr(f"{module}.this_process", lambda: DEAD)
            patch.setattr(registry, "_carry_out", lambda *_: None)
            patch.setattr("mlflow.tracking.MlflowClient.set_terminated", lambda *_, **__: (_ for _ in ()).throw(Killed))
            with suppress(Killed):
                work()

    return die


def kill() -> None:
    raise Killed


def state() -> str:
    """Return the state of the run that began last."""
    with sqlite3.connect(embedded.current().database) as connection:
        return str(connection.execute("SELECT status FROM runs ORDER BY start_time DESC, rowid DESC").fetchone()[0])


def test_a_run_without_a_version_is_marked_as_killed(dying, fitted):

    def run() -> None:
        with runs.connected() as client, runs.logged_run(client, fitted, runs.Record()):
            kill()

    dying(run)
    assert state() == "RUNNING"
    assert sweep_store(embedded.current()) == Swept(runs=1)
    assert state() == "KILLED"
    with sqlite3.connect(embedded.current().database) as connection:
        assert connection.execute("SELECT status FROM logged_models ORDER BY rowid DESC").fetchone() == (3,)
    assert sweep_store(embedded.current()) == Swept()


def test_a_version_that_was_not_compared_is_told_so_and_the_next_is_the_first_champion(dying, fitted):
    dying(lambda: registry.log_model(fitted, programme="alone", decide=lambda _: kill()))
    assert registry.champion("alone.survival.cox") is None
    assert sweep_store(embedded.current()) == Swept(runs=1, versions=1)
    (left,) = registry.versions("alone.survival.cox")
    assert (left.reason, left.aliases, state()) == (STOPPED, (), "FINISHED")
    second = registry.log_model(
        fitted, programme="alone", decide=lambda champion: Decision(promoted=champion is None, reason="first version")
    )
    assert second.is_champion
    assert sweep_store(embedded.current()) == Swept()


@pytest.mark.parametrize("nth", [1, 2], ids=["before the alias", "before the ticket is given back"])
def test_a_decision_that_was_written_is_carried_out(dying, fitted, monkeypatch, nth):
    registry.log_model(fitted, programme=f"p{nth}", decide=lambda _: Decision(promoted=True, reason="first version"))
    step = ["set_registered_model_alias", "delete_model_version_tag"][nth - 1]

    def log() -> None:
        monkeypatch.setattr(f"mlflow.tracking.MlflowClient.{step}", lambda *_, **__: kill())
        registry.log_model(fitted, programme=f"p{nth}", decide=lambda _: Decision(promoted=True, reason="it is better"))

    dying(log)
    monkeypatch.undo()
    assert sweep_store(embedded.current()) == Swept(runs=1, versions=1)
    champion = registry.champion(f"p{nth}.survival.cox")
    assert (champion.version, champion.reason, champion.aliases) == ("2", "it is better", ("champion",))


def test_a_promotion_by_hand_that_was_stopped_is_carried_out(dying, fitted, monkeypatch):
    registry.log_model(fitted, programme="hand", decide=lambda _: Decision(promoted=True, reason="first version"))
    registry.log_model(fitted, programme="hand", decide=lambda _: Decision(promoted=False, reason="worse"))
    with monkeypatch.context() as patch:
        patch.setattr("mlflow.tracking.MlflowClient.set_registered_model_alias", lambda *_, **__: kill())
        dying(lambda: registry.promote("hand.survival.cox", 2, reason="the shop wants it"))
    assert sweep_store(embedded.current()).versions == 1
    champion = registry.champion("hand.survival.cox")
    assert (champion.version, champion.reason, champion.aliases) == ("2", "the shop wants it", ("champion",))


def test_a_living_process_keeps_its_run_its_ticket_and_its_draft(light_store, fitted):
    draft_of(embedded.current().database).touch()
    seen = []

    def decide(_):
        seen.append(sweep_store(embedded.current()))
        return Decision(promoted=True, reason="first version")

    registry.log_model(fitted, programme="lives", decide=decide)
    assert seen == [Swept()]
    assert draft_of(embedded.current().database).exists()
    draft_of(embedded.current().database).unlink()


def test_drafts_of_databases_are_removed_with_their_journals(light_store):
    database = embedded.current().database
    left = [database.with_name(f".{DEAD}.db{more}") for more in ("", "-journal", "-wal")]
    for path in left:
        path.touch()
    assert sweep_store(embedded.current()) == Swept(drafts=3)
    assert [path.name for path in database.parent.iterdir()] == ["mlflow.db"]


def test_runs_of_other_tools_are_not_touched(light_store, fitted):
    with runs.connected() as client:
        client.create_run("1")
        client.create_run("1", tags={PROCESS: "not a mark"})
    assert sweep_store(embedded.current()) == Swept()
    assert state() == "RUNNING"
