"""YAML of a draft: every question numbered, its answers above the line that waits for one of them."""

from __future__ import annotations

import textwrap
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from relkit.tables.drafting.pieces import DraftBlock, Line, Question, scalar
from relkit.tables.open_questions import token
from relkit.texts import Text

if TYPE_CHECKING:
    from collections.abc import Sequence

_WIDTH = 118
_REPLACE = Text("Replace {token} by one of them", "Remplacez {token} par l’une d’elles")
_AGAIN = Text("Question {n} again: replace {token} here too.", "Encore la question {n} : remplacez {token} ici aussi.")
_OR_GO = Text(", or take the line out.", ", ou supprimez la ligne.")


@dataclass(eq=False)
class Sheet:
    """The text of a draft as it grows.

    Attributes:
        language: of the comments.
        lines: written so far.
        asked: the questions so far, in their order.
        remarked: the remarks on blocks so far, each of which is written once.
    """

    language: str = "en"
    lines: list[str] = field(default_factory=list)
    asked: list[Question] = field(default_factory=list)
    remarked: list[Text] = field(default_factory=list)

    def comment(self, text: Text, indent: int = 0) -> None:
        """Write a comment, folded."""
        for part in text[self.language].splitlines() or [""]:
            wide = textwrap.wrap(part, _WIDTH - indent, break_on_hyphens=False, break_long_words=False) or [""]
            self.lines += [f"{' ' * indent}# {line}".rstrip() for line in wide]

    def plain(self, text: str = "", indent: int = 0) -> None:
        """Write a line as it is."""
        self.lines.append(f"{' ' * indent}{text}".rstrip())

    def line(self, line: Line, indent: int) -> None:
        """Write a key with its value, after the questions that it contains."""
        made = self._value(line.value, indent)
        remark = f"    # {line.remark[self.language]}" if line.remark else ""
        self.plain(f"{scalar(line.key)}: {made}{remark}", indent)

    def _value(self, value: Any, indent: int) -> str:
        if isinstance(value, Question):
            return self.question(value, indent)
        if isinstance(value, dict):
            return "{" + ", ".join(f"{scalar(key)}: {self._value(each, indent)}" for key, each in value.items()) + "}"
        if isinstance(value, list | tuple):
            return "[" + ", ".join(scalar(str(each)) for each in value) + "]"
        if isinstance(value, bool | int):
            return str(value).lower()
        return scalar(str(value))

    def question(self, question: Question, indent: int) -> str:
        """Write a question as comments, and return the value that stands for its answer; one that was asked already keeps its number."""
        for number, known in enumerate(self.asked, start=1):
            if known is question:  # equal texts about two sources may have two answers
                self.comment(_AGAIN.filled(n=number, token=f'"{token(number)}"'), indent)
                return f'"{token(number)}"'
        self.asked.append(question)
        number = len(self.asked)
        mark = " " * indent
        self.lines.append(f"{mark}# QUESTION {number}: {' '.join(question.text[self.language].split())}")
        widest = max((len(answer.value) for answer in question.answers), default=0)
        for answer in question.answers:
            remark = f"   {answer.remark[self.language]}" if answer.remark else ""
            self.lines.append(f"{mark}#     {answer.value:<{widest}}{remark}".rstrip())
        quoted = f'"{token(number)}"'
        self.comment(Text(*(_REPLACE.filled(token=quoted)[x] + (_OR_GO[x] if question.may_go else ".") for x in ("en", "fr"))), indent)
        return quoted

    def block(self, block: DraftBlock, indent: int) -> None:
        """Write a block, its first key behind a dash."""
        for remark in block.remarks:
            if remark not in self.remarked:
                self.comment(remark, indent)
                self.remarked.append(remark)
        self.plain(f"- from: {block.source}", indent)
        for line in block.head:
            self.line(line, indent + 2)
        for name, lines in (("columns", block.columns), ("attributes", block.attributes)):
            if lines:
                self.plain(f"{name}:", indent + 2)
                self._lines(lines, indent + 4)
        if block.returns is not None:
            self.plain(f"returns: {self.question(block.returns, indent + 2)}", indent + 2)

    def _lines(self, lines: Sequence[Line], indent: int) -> None:
        for line in lines:
            self.line(line, indent)

    def text(self) -> str:
        """Return all of it."""
        return "\n".join(self.lines) + "\n"
