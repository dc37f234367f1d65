"""Open questions of a drafted mapping: values `?1`, `?2` ... that whoever knows the data replaces by an answer.

A mapping with open questions is refused, and the message names each with its line; nothing is guessed in their place.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from relkit.errors import ParameterError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from relkit.declarations import Declaration

_OPEN = re.compile(r"^\?\d+$")
_HEAD = re.compile(r"^\s*# QUESTION (\d+): (.*)$", re.MULTILINE)
_LISTED = 6


def token(number: int) -> str:
    """Return the value that stands for a question until it is answered.

    Examples:
        >>> token(3)
        '?3'
    """
    return f"?{number}"


def open_questions(value: Any, place: tuple[str | int, ...] = ()) -> Iterator[tuple[tuple[str | int, ...], str]]:
    """Yield the places of the open questions, and the token of each.

    Examples:
        >>> list(open_questions({"company": {"currency": "?1"}, "sources": {"till": {"nulls": ["?"]}}}))
        [(('company', 'currency'), '?1')]
    """
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from open_questions(inner, (*place, key))
    elif isinstance(value, list):
        for i, inner in enumerate(value):
            yield from open_questions(inner, (*place, i))
    elif isinstance(value, str) and _OPEN.match(value):
        yield place, value


def verify_answered(declaration: Declaration) -> None:
    """Refuse a mapping with open questions.

    Raises:
        ParameterError: naming the questions, each with its line.
    """
    waiting = list(open_questions(declaration.value))
    if not waiting:
        return
    asked = dict(_HEAD.findall(declaration.path.read_text(encoding="utf-8")))
    places: dict[str, list[int]] = {}
    names: dict[str, str] = {}
    for place, mark in waiting:
        places.setdefault(mark, []).append(declaration.places.get(place, (0, 0))[0])
        names.setdefault(mark, asked.get(mark[1:], ".".join(map(str, place))))
    lines = [f"{_lines(some)}, {mark}: {names[mark]}" for mark, some in places.items()]
    more = f" And {len(lines) - _LISTED} more." if len(lines) > _LISTED else ""
    many = len(lines) > 1
    raise ParameterError(
        f"{len(lines)} question{'s' * many} of the draft {'are' if many else 'is'} open. {' '.join(lines[:_LISTED])}{more}",
        where=str(declaration.path),
        remedy="Replace each ?n by one of the answers listed above its line, or take the line out if the question allows it.",
    )


def _lines(numbers: list[int]) -> str:
    return f"line{'s' * (len(numbers) > 1)} {' and '.join(map(str, numbers))}"
