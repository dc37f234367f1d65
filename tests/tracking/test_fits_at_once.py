"""Whatever the interleaving of fits, the champion is the one that the rule picks, and each was compared with the one it names."""

from __future__ import annotations

import threading
from random import Random

import pytest

from relkit.models.base import HoldoutMetric
from relkit.periods import AsOf, Holdout
from relkit.tracking import embedded, registry, runs, tickets
from relkit.tracking.promotion import Decision, decide
from relkit.tracking.tickets import BEFORE, TICKET

SPLIT = Holdout.before(AsOf.parse("2025-06-30"), days=90)
METRIC = HoldoutMetric(name="brier_score", direction="lower")


@pytest.fixture
def light(workplace, monkeypatch):
    """Write no model: its files do not matter here."""

    def logged(client, experiment, run_id, fitted, _record):
        model = client.create_logged_model(experiment, name="m", source_run_id=run_id)
        return runs.Logged(run_id, str(model.artifact_location), None)

    monkeypatch.setattr(runs, "_written", logged)
    monkeypatch.setattr(registry, "git_commit", lambda: "")
    with runs.connected():  # MLflow is loaded
        pass


def compared(fitted, value: float, interleaved=None):
    """Register a fit of a metric by the rule, with something that happens while it is compared."""

    def judged(champion):
        found = decide(
            METRIC, challenger=value, champion=None if champion is None else champion.metric_value, has_champion=champion is not None
        )
        if interleaved is not None:
            interleaved(champion)
        return found

    return registry.log_model(fitted, metric=METRIC, metrics={METRIC.name: value}, holdout=SPLIT, decide=judged)


def picked(values: list[float]) -> list[tuple[bool, str]]:
    """Return what the rule says of fits that come one after another: whether each is promoted, and the champion before it."""
    found, champion = [], ""
    for number, value in enumerate(values, start=1):
        better = not champion or value <= values[int(champion) - 1]
        found.append((better, champion))
        champion = str(number) if better else champion
    return found


def test_of_six_fits_at_once_five_are_compared_with_a_champion(light, fitted) -> None:
    values = [0.30, 0.20, 0.25, 0.20, 0.15, 0.40]
    Random(7).shuffle(values)
    made, failed = [], []

    def fit(value: float) -> None:
        try:
            made.append(compared(fitted, value))
        except BaseException as error:  # noqa: BLE001  (a thread's error must fail the test)
            failed.append(error)

    threads = [threading.Thread(target=fit, args=(value,)) for value in values]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == []
    stored = sorted(embedded.stored_versions(embedded.current()), key=lambda version: int(version.version))
    in_order = [float(version.tags["relkit.metric_value"]) for version in stored]
    assert sorted(in_order) == sorted(values)
    expected = picked(in_order)
    assert [version.tags[BEFORE] for version in stored] == [before for _, before in expected]
    assert [version.tags["relkit.reason"] == "first version" for version in stored] == [True] + [False] * 5
    assert [("not worse" in version.tags["relkit.reason"]) for version in stored[1:]] == [better for better, _ in expected[1:]]
    last = max(number for number, (better, _) in enumerate(expected, start=1) if better)
    assert registry.champion("survival.cox").version == str(last)
    assert not any(TICKET in version.tags or tickets.INTENDED in version.tags for version in stored)


def test_a_champion_that_a_person_makes_meanwhile_is_the_one_it_is_compared_with(light, fitted) -> None:
    compared(fitted, 0.30)
    compared(fitted, 0.10)
    registry.promote("survival.cox", 1, reason="the shop wants it")
    seen = []

    def promotes(champion) -> None:
        seen.append(champion.version)
        if len(seen) == 1:
            with runs.connected() as client:
                registry._give(client, "survival.cox", "2", "champion")

    third = compared(fitted, 0.20, promotes)
    assert seen == ["1", "2"]
    assert (third.is_champion, third.reason) == (False, "brier_score 0.2 is worse than the champion's 0.1")
    assert registry.champion("survival.cox").version == "2"


def test_a_person_s_promotion_outlasts_a_fit_that_did_not_know_of_it(light, fitted, monkeypatch) -> None:
    """The fit has looked for the last time and moves the alias after the person has."""
    compared(fitted, 0.30)
    compared(fitted, 0.40)
    give, promoted = registry._give, []

    def late(client, name, version, alias) -> None:
        if version == "3" and not promoted:
            person = threading.Thread(target=lambda: promoted.append(registry.promote(name, 2, reason="the shop wants it")))
            person.start()
            while registry.champion(name).version != "2":
                pass
            give(client, name, version, alias)
            person.join()
        else:
            give(client, name, version, alias)

    monkeypatch.setattr(registry, "_give", late)
    compared(fitted, 0.20)
    assert registry.champion("survival.cox").version == "2"
    assert promoted[0].is_champion


def test_a_version_is_not_compared_twice_when_others_took_its_command_for_stopped(light, fitted, monkeypatch) -> None:
    def close(champion) -> None:
        with runs.connected() as client:
            client.delete_model_version_tag("survival.cox", "1", TICKET)

    monkeypatch.setattr(registry, "_champion_number", lambda _name: "7")  # so that it decides again
    version = compared(fitted, 0.3, close)
    assert not version.is_champion


def test_it_tells_for_whom_it_waits(light, fitted) -> None:
    told: list[str] = []

    def waits(_champion):
        def log() -> None:
            registry.log_model(
                fitted,
                decide=lambda _: Decision(promoted=False, reason="worse"),
                progress=lambda what, _done=None: (told.append(what), heard.set()),
            )

        second.append(threading.Thread(target=log))
        second[0].start()
        assert heard.wait(20)
        return Decision(promoted=True, reason="first version")

    heard, second = threading.Event(), []
    registry.log_model(fitted, decide=waits)
    second[0].join()
    assert told == ["survival.cox: version 2 waits for the comparison of version 1"]
