"""A draft with its questions answered: only the lines that wait for an answer are edited."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

_HEAD = re.compile(r"^\s*# QUESTION (\d+): (.*)$")
_OPEN = re.compile(r'"\?(\d+)"')


def questions(text: str) -> dict[str, tuple[str, list[str]]]:
    """Return by number each question and its answers."""
    found: dict[str, tuple[str, list[str]]] = {}
    number = ""
    for line in text.splitlines():
        stripped = line.strip()
        if match := _HEAD.match(stripped):
            number = match.group(1)
            found[number] = (match.group(2), [])
        elif stripped.startswith("#     ") and number:
            found[number][1].append(re.split(r"\s{3,}", stripped[1:].strip())[0])
        else:
            number = ""
    return found


def answered(text: str, choose: Callable[[str, list[str]], str | None]) -> str:
    """Return the draft with each question replaced by an answer.

    Args:
        text: of the draft.
        choose: given a question and its answers, returns one; None takes the line out.
    """
    asked = questions(text)
    lines = []
    for line in text.splitlines():
        if line.strip().startswith("#") or not (numbers := _OPEN.findall(line)):
            lines.append(line)
            continue
        made: str | None = line
        for number in numbers:
            answer = choose(*asked[number])
            made = None if answer is None or made is None else made.replace(f'"?{number}"', answer)
        if made is not None:
            lines.append(made)
    return "\n".join(lines) + "\n"


def first(_: str, answers: list[str]) -> str:
    """Choose the first answer."""
    return answers[0]
