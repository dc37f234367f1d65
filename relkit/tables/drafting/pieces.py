"""Pieces of a draft: lines, questions with their answers, and blocks, before they are written."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any

from relkit.remarks import french
from relkit.tables.drafting.lexicon import several
from relkit.texts import EMPTY, Text

_BARE = re.compile(r"^[A-Za-zÀ-ÿ_][\wÀ-ÿ .°/'()*+\"=<>;$%€-]*$")
_WORDS_OF_YAML = several("true false null yes no on off y n")


@dataclass(frozen=True)
class Answer:
    """One answer to a question.

    Attributes:
        value: as it is written in the mapping.
        remark: the evidence for it.
    """

    value: str
    remark: Text = EMPTY


@dataclass(frozen=True)
class Question:
    """A value that only those who know the data can give.

    Attributes:
        text: the question.
        answers: to choose from.
        may_go: whether the line may be taken out instead.
    """

    text: Text
    answers: tuple[Answer, ...]
    may_go: bool = False


Value = str | Question | dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class Line:
    """One key of a block with its value.

    Attributes:
        key: the name of our column, or of an attribute.
        value: a text, a question, or a rule with a question among its values.
        reads: the columns of the source that it reads.
        remark: written after it.
    """

    key: str
    value: Value
    reads: tuple[str, ...] = ()
    remark: Text = EMPTY


@dataclass(frozen=True, kw_only=True)
class DraftBlock:
    """One source read into one table.

    Attributes:
        table: of ours.
        source: its name.
        head: from key, where, join, one_per: what precedes the columns.
        columns, attributes: its lines.
        returns: a question on which rows are returns.
        reads_more: columns of the source that the head reads.
        remarks: written above it.
    """

    table: str
    source: str
    head: tuple[Line, ...] = ()
    columns: tuple[Line, ...] = ()
    attributes: tuple[Line, ...] = ()
    returns: Question | None = None
    reads_more: tuple[str, ...] = ()
    remarks: tuple[Text, ...] = ()

    @property
    def reads(self) -> frozenset[str]:
        """The columns of the source that the block reads."""
        lines = (*self.head, *self.columns, *self.attributes)
        return frozenset((*self.reads_more, *(name for line in lines for name in line.reads)))


def scalar(text: str) -> str:
    """Return the text as YAML, quoted if it must be.

    Examples:
        >>> scalar("N° client"), scalar("no"), scalar("a: b"), scalar("?3")
        ('N° client', '"no"', '"a: b"', '"?3"')
    """
    plain = _BARE.match(text) and text.lower() not in _WORDS_OF_YAML and not text.endswith((" ", ":")) and " #" not in text
    return text if plain else json.dumps(text, ensure_ascii=False)


def written(rule: Any) -> str:
    """Return a rule without questions as an answer shows it.

    Examples:
        >>> written({"column": "Date", "format": "%d/%m/%Y"})
        '{column: Date, format: "%d/%m/%Y"}'
    """
    if isinstance(rule, dict):
        return "{" + ", ".join(f"{key}: {scalar(str(value))}" for key, value in rule.items()) + "}"
    return scalar(str(rule))


def quoted(name: str) -> str:
    """Return the name of a column as an expression has it.

    Examples:
        >>> quoted("Prix"), quoted("Order Date")
        ('Prix', '"Order Date"')
    """
    return name if re.fullmatch(r"[A-Za-z_]\w*", name) and name.lower() not in _RESERVED else '"' + name.replace('"', '""') + '"'


_RESERVED = several(
    """date time timestamp order group select case when then else end and or not in is null like between from where to default
    value values left right all any user table key column index check current_date year month day interval"""
)


def literal(text: str) -> str:
    """Return a text as an expression has it."""
    return "'" + text.replace("'", "''") + "'"


def percent(share: float) -> Text:
    """Return a share as text, never rounded up to all.

    Examples:
        >>> percent(0.9994).en, percent(0.9994).fr, percent(1.0).en
        ('99.9%', '99,9 %', '100%')
    """
    if share == 1:
        return Text("100%", "100 %")
    shown = 100 * min(share, 0.999)
    return Text(f"{shown:.1f}%", f"{french(shown, 1)} %")
