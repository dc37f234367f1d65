"""New versions are compared one after another; those of killed fits are finished or left out."""

from __future__ import annotations

import time

import pytest

from relkit.processes import machine, this_process
from relkit.tracking.embedded import StoredVersion
from relkit.tracking.tickets import BEFORE, INTENDED, OVERTAKEN, REASON, STOPPED, TICKET, abandoned, ahead, closing

DEAD = f"{machine()}-4194304-1"


def version(number: int, aliases: tuple[str, ...] = (), *, age: float = 0.0, **tags: str) -> StoredVersion:
    named = {{"ticket": TICKET, "reason": REASON, "intended": INTENDED, "before": BEFORE}[name]: value for name, value in tags.items()}
    return StoredVersion("survival.cox", str(number), f"r{number}", int((time.time() - age) * 1000), named, aliases, "")


def done(changes) -> list[tuple[str, str | None]]:
    return [(change.name, change.value) for change in changes]


END = [(INTENDED, None), (TICKET, None)]


def test_only_lower_numbers_with_a_ticket_are_ahead() -> None:
    own = [version(2, ticket=DEAD), version(9, ticket=DEAD), version(10, ticket=DEAD), version(3)]
    assert [found.version for found in ahead(own, "10")] == ["2", "9"]


@pytest.mark.parametrize(
    ("mark", "age", "left"),
    [(DEAD, 0, True), (this_process(), 9e9, False), ("ffffffff-7-8", 60, False), ("ffffffff-7-8", 3_700, True)],
    ids=["of a dead process", "of a living one", "of another machine", "of another machine, long ago"],
)
def test_a_ticket_is_given_up_when_nobody_can_give_it_back(mark: str, age: float, left: bool) -> None:
    assert bool(abandoned([version(1, ticket=mark, age=min(age, 1e9))])) is left


def test_a_version_without_a_decision_is_not_compared() -> None:
    own = version(4, ticket=DEAD)
    assert done(closing(own, [version(3, ("champion",)), own])) == [(REASON, STOPPED), *END]


@pytest.mark.parametrize("champion", ["3", "4"], ids=["the alias was not moved yet", "the alias was moved"])
def test_a_decision_that_was_written_is_carried_out(champion: str) -> None:
    own = version(4, ("champion",) * (champion == "4"), ticket=DEAD, reason="better", intended="champion", before="3")
    others = [own, version(3, ("champion",) * (champion == "3"))]
    assert done(closing(own, others)) == [("champion", None), *END]


def test_a_decision_against_a_champion_that_is_none_any_more_is_dropped() -> None:
    own = version(4, ticket=DEAD, reason="better", intended="champion", before="3")
    assert done(closing(own, [own, version(5, ("champion",)), version(3)])) == [(REASON, OVERTAKEN), *END]


def test_a_first_champion_is_finished_too_and_a_challenger_whoever_is_champion() -> None:
    first = version(1, ticket=DEAD, reason="first version", intended="champion", before="")
    assert done(closing(first, [first])) == [("champion", None), *END]
    second = version(2, ticket=DEAD, reason="worse", intended="challenger", before="1")
    assert done(closing(second, [second, version(7, ("champion",))])) == [("challenger", None), *END]


def test_a_decision_whose_alias_was_moved_keeps_its_reason() -> None:
    own = version(4, ("champion",), ticket=DEAD, reason="better", before="3")
    assert done(closing(own, [own])) == [(REASON, "better"), *END]
