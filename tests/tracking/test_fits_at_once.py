"""Whatever the interleaving of fits, the champion is the one that the rule picks, and each was compared with the one it names."""

from __future__ import annotations

import threading
import time
from random import Random
from typing import TYPE_CHECKING

import pytest

from relkit.models.base import HoldoutMetric
from relkit.periods import AsOf, Holdout
from relkit.tracking import embedded, registry, runs, tickets
from relkit.tracking.promotion import Decision, decide
from relkit.tracking.tickets import BEFORE, TICKET

if TYPE_CHECKING:
    from pathlib import Path

SPLIT = Holdout.before(AsOf.parse("2025-06-30"), days=90)
METRIC = HoldoutMetric(name="brier_score", direction="lower")


@pytest.fixture
def name(light_store: Path, request: pytest.FixtureRequest) -> str:
    """Return the registered name of a model that no other test registers."""
    return registry.registered_name("survival.cox", programme(request.node.name))


def programme(test: str) -> str:
    return test.removeprefix("test_").replace("_", "-")[:40].strip("-")


def compared(name: str, fitted, value: float, interleaved=None):
    """Register a fit of a metric by the rule, with something that happens while it is compared."""

    def judged(champion):
        found = decide(
            METRIC, challenger=value, champion=None if champion is None else champion.metric_value, has_champion=champion is not None
        )
        if interleaved is not None:
            interleaved(champion)
        return found

    return registry.log_model(fitted, metric=METRIC, metrics={METRIC.name: value}, holdout=SPLIT, decide=judged, programme=_of(name))


def _of(name: str) -> str:
    return name.removesuffix(".survival.cox")


def _stored(name: str):
    return [version for version in embedded.stored_versions(embedded.current()) if version.name == name]


def picked(values: list[float]) -> list[tuple[bool, str]]:
    """Return the decisions of the rule on fits one after another: true if promoted, and the champion before it."""
    found, champion = [], ""
    for number, value in enumerate(values, start=1):
        better = not champion or value <= values[int(champion) - 1]
        found.append((better, champion))
        champion = str(number) if better else champion
    return found


def test_of_six_fits_at_once_five_are_compared_with_a_champion(name, fitted) -> None:
    values = [0.30, 0.20, 0.25, 0.20, 0.15, 0.40]
    Random(7).shuffle(values)
    made, failed = [], []

    def fit(value: float) -> None:
        try:
            made.append(compared(name, fitted, value))
        except BaseException as error:  # noqa: BLE001  (a thread's error must fail the test)
            failed.append(error)

    threads = [threading.Thread(target=fit, args=(value,)) for value in values]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == []
    stored = sorted(_stored(name), key=lambda version: int(version.version))
    in_order = [float(version.tags["relkit.metric_value"]) for version in stored]
    assert sorted(in_order) == sorted(values)
    expected = picked(in_order)
    assert [version.tags[BEFORE] for version in stored] == [before for _, before in expected]
    assert [version.tags["relkit.reason"] == "first version" for version in stored] == [True] + [False] * 5
    assert [("not worse" in version.tags["relkit.reason"]) for version in stored[1:]] == [better for better, _ in expected[1:]]
    last = max(number for number, (better, _) in enumerate(expected, start=1) if better)
    assert registry.champion(name).version == str(last)
    assert not any(TICKET in version.tags or tickets.INTENDED in version.tags for version in stored)


def test_a_champion_that_a_person_makes_meanwhile_is_the_one_it_is_compared_with(name, fitted) -> None:
    compared(name, fitted, 0.30)
    compared(name, fitted, 0.10)
    registry.promote(name, 1, reason="the shop wants it")
    seen = []

    def promotes(champion) -> None:
        seen.append(champion.version)
        if len(seen) == 1:
            with runs.connected() as client:
                registry._give(client, name, "2", "champion")

    third = compared(name, fitted, 0.20, promotes)
    assert seen == ["1", "2"]
    assert (third.is_champion, third.reason) == (False, "brier_score 0.2 is worse than the champion's 0.1")
    assert registry.champion(name).version == "2"


def test_a_person_s_promotion_outlasts_a_fit_that_did_not_know_of_it(name, fitted, monkeypatch) -> None:
    """The fit has looked for the last time and moves the alias after the person has."""
    compared(name, fitted, 0.30)
    compared(name, fitted, 0.40)
    give, promoted = registry._give, []

    def late(client, named, version, alias) -> None:
        if version == "3" and not promoted:
            person = threading.Thread(target=lambda: promoted.append(registry.promote(named, 2, reason="the shop wants it")))
            person.start()
            while registry.champion(name).version != "2":
                time.sleep(0.02)
            give(client, named, version, alias)
            person.join()
        else:
            give(client, named, version, alias)

    monkeypatch.setattr(registry, "_give", late)
    compared(name, fitted, 0.20)
    assert registry.champion(name).version == "2"
    assert promoted[0].is_champion


def test_a_version_is_not_compared_twice_when_others_took_its_command_for_stopped(name, fitted, monkeypatch) -> None:
    def close(champion) -> None:
        with runs.connected() as client:
            client.delete_model_version_tag(name, "1", TICKET)

    monkeypatch.setattr(registry, "_champion_number", lambda _name: "7")  # so that it decides again
    version = compared(name, fitted, 0.3, close)
    assert not version.is_champion


def test_a_comparison_that_fails_holds_nobody_up(name, fitted) -> None:
    def stop(_champion) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        compared(name, fitted, 0.3, stop)
    (left,) = registry.versions(name)
    assert (left.reason, left.aliases) == (tickets.STOPPED, ())
    assert compared(name, fitted, 0.4).reason == "first version"


def test_it_tells_for_whom_it_waits(name, fitted) -> None:
    told: list[str] = []

    def waits(_champion):
        def log() -> None:
            registry.log_model(
                fitted,
                programme=_of(name),
                decide=lambda _: Decision(promoted=False, reason="worse"),
                progress=lambda what, _done=None: (told.append(what), heard.set()),
            )

        second.append(threading.Thread(target=log))
        second[0].start()
        assert heard.wait(20)
        return Decision(promoted=True, reason="first version")

    heard, second = threading.Event(), []
    registry.log_model(fitted, programme=_of(name), decide=waits)
    second[0].join()
    assert told == [f"{name}: version 2 waits for the comparison of version 1"]
