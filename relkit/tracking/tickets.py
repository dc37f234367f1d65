"""Tickets: the order in which new versions of a model are compared with the champion, whatever the number of fits at once.

MLflow has no compare-and-swap, but it gives every version of a model its own number, one after another. A fit registers its version
with a ticket, a tag that names the process, and is compared when no lower number has a ticket: then nobody else may move the alias,
and the champion is what all earlier versions left. It writes its decision, looks again, moves the alias and gives the ticket back:

    version 7   ticket                      waits until 5 and 6 have no ticket
                ticket, reason, intended    decided against the champion in champion_before
                reason                      the alias is moved, the ticket is given back

A person who promotes a version takes a ticket on it too, and has the last word: if a version that was decided meanwhile without
knowing of it has moved the alias, it is moved back; of two persons the second one has it. The ticket of a process that has ended is
closed by the next command: a decision that was written is carried out, a version without one is not compared.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from relkit.limits import limit
from relkit.processes import has_ended, machine

if TYPE_CHECKING:
    from collections.abc import Iterable

    from relkit.tracking.embedded import StoredVersion

PREFIX = "relkit."
TICKET = f"{PREFIX}comparing"
"""Tag of a version that is being compared: the mark of the process."""
REASON = f"{PREFIX}reason"
INTENDED = f"{PREFIX}intended"
"""Tag with the alias that was decided on."""
BY_HAND = f"{PREFIX}by_hand"
"""Tag of a version that a person promoted."""
BEFORE = f"{PREFIX}champion_before"
"""Tag with the number of the champion that the version was compared with; empty if there was none."""
PROCESS = f"{PREFIX}process"
"""Tag of a run: the mark of the process that made it."""
CHAMPION, CHALLENGER = "champion", "challenger"
STOPPED = "not compared: the command that fitted it was stopped"
OVERTAKEN = "not promoted: the command was stopped, and another version became champion meanwhile"


@dataclass(frozen=True)
class Change:
    """One change of a version: a tag that is set, or removed if it has no value, or an alias that is moved to it.

    Attributes:
        version: the version.
        name: of the tag or of the alias.
        value: of the tag; None removes it.
        is_alias: whether it is an alias.
    """

    version: StoredVersion
    name: str
    value: str | None = None
    is_alias: bool = False


def is_abandoned(mark: str, since: float) -> bool:
    """Return whether nobody will give back a ticket, or end a run.

    Args:
        mark: of the process.
        since: seconds since 1970 when it was taken; one of another machine, which cannot be asked, is given up after a limit.
    """
    if mark.startswith(machine()):
        return has_ended(mark)
    return time.time() - since > limit("comparing_seconds")


def ahead(versions: Iterable[StoredVersion], number: str) -> list[StoredVersion]:
    """Return the versions of a model that are compared before the one of a number."""
    return [version for version in versions if TICKET in version.tags and int(version.version) < int(number)]


def champion_of(versions: Iterable[StoredVersion]) -> StoredVersion | None:
    """Return the champion among the versions of a model."""
    return next((version for version in versions if CHAMPION in version.aliases), None)


def number_of(version: StoredVersion | None) -> str:
    """Return the number of a version; empty for none."""
    return "" if version is None else version.version


def closing(version: StoredVersion, versions: Iterable[StoredVersion]) -> list[Change]:
    """Return the changes that close the ticket of a process that has ended.

    Args:
        version: the version with the ticket.
        versions: all versions of its model.
    """
    tags, end = version.tags, (Change(version, INTENDED), Change(version, TICKET))
    if REASON not in tags or INTENDED not in tags:
        return [Change(version, REASON, tags.get(REASON, STOPPED)), *end]
    champion = number_of(champion_of(versions))
    if tags[INTENDED] == CHAMPION and champion not in {tags.get(BEFORE, ""), version.version}:
        return [Change(version, REASON, OVERTAKEN), *end]
    return [Change(version, tags[INTENDED], is_alias=True), *end]


def abandoned(versions: Iterable[StoredVersion]) -> list[StoredVersion]:
    """Return the versions whose tickets nobody will give back, lowest number first."""
    left = [v for v in versions if TICKET in v.tags and is_abandoned(v.tags[TICKET], v.creation_timestamp / 1000)]
    return sorted(left, key=lambda version: int(version.version))
