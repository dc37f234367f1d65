"""Questions about a column of a source, answered by aggregates in the one pass that measures the source.

A value that can be two things is never decided in silence: the question says what to count, and its answer says in both languages what
is doubtful and how to declare either reading.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from relkit.remarks import Remark

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    import polars as pl

    from relkit.tables.sources import Source

Answer = Remark | str
"""A remark, which travels to reports and deliveries, or a note, which the check shows."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Question:
    """One question.

    Attributes:
        name: unlike that of any other question about the source; the same question of two tables is asked once.
        asked: aggregates over the source's frame, by name.
        answer: what to say, from the source and the values of the aggregates.
    """

    name: str
    asked: Mapping[str, pl.Expr] = field(default_factory=dict)
    answer: Callable[[Source, Mapping[str, Any]], list[Answer]]


def aggregates(questions: list[Question]) -> dict[str, pl.Expr]:
    """Return the aggregates of all questions under names of their own."""
    return {f"{question.name}|{name}": expr for question in questions for name, expr in question.asked.items()}


def answers(source: Source, questions: list[Question], found: Mapping[str, Any]) -> list[Answer]:
    """Return the answers, question by question."""
    said: list[Answer] = []
    for question in questions:
        said += question.answer(source, {name: found[f"{question.name}|{name}"] for name in question.asked})
    return said
