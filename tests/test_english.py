"""The glossary of CONTRIBUTING, enforced: openings and phrases that docstrings and comments avoid."""

from __future__ import annotations

import ast
import re
import tokenize
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
OPENINGS = re.compile(r"(What|Whether|How|Who|Whose|Where|When|Why)\b|Returns? (what|how|who|where|why)\b|Refuse settings that cannot be")
"""A docstring opens with a noun phrase or a verb, never with a question."""

PHRASES = {
    r"\bsaid\b": "reported, stated, the message",
    r"\btold\b": "reported, given",
    r"\bunless told\b": "by default",
    r"\bstands? once\b": "is defined once",
    r"\bthat cannot be\b(?! \w+(ed|en|t|de)\b)": "invalid",
    r"\blost to view\b": "censored",
    r"\bwho asks\b": "the caller",
    r"\bbears\b": "has",
    r"\b(None|null|nothing|empty|zero|True|False|0|none) where\b": "if",
}
"""Words that a native engineer would not write here, and their replacements."""


@cache
def sources() -> tuple[Path, ...]:
    mine = Path(__file__).resolve()
    return tuple(sorted(path for room in ("relkit", "tests") for path in (ROOT / room).rglob("*.py") if path != mine))


@cache
def docstrings(path: Path) -> list[tuple[int, str]]:
    """Return line and text of the docstrings of a file, those of attributes included."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    bodies = [node.body for node in ast.walk(tree) if isinstance(getattr(node, "body", None), list)]
    alone = [statement for body in bodies for statement in body if isinstance(statement, ast.Expr)]
    return [(each.lineno, each.value.value) for each in alone if isinstance(each.value, ast.Constant) and isinstance(each.value.value, str)]


def comments(path: Path) -> list[tuple[int, str]]:
    with path.open("rb") as file:
        return [(token.start[0], token.string) for token in tokenize.tokenize(file.readline) if token.type == tokenize.COMMENT]


def openings(text: str) -> list[str]:
    return [text.splitlines()[0]] if OPENINGS.match(text) else []


def phrases(text: str) -> list[str]:
    return [f"{found.group()!r}: write {instead}" for words, instead in PHRASES.items() for found in re.finditer(words, text)]


def test_docstrings_open_with_a_noun_phrase_or_a_verb() -> None:
    # A file is taken apart only if any text in it opens so.
    opened = re.compile(rf"[\"']\\?\s*({OPENINGS.pattern})")
    suspects = [path for path in sources() if opened.search(path.read_text(encoding="utf-8"))]
    found = [f"{path.relative_to(ROOT)}:{at} {first}" for path in suspects for at, text in docstrings(path) for first in openings(text)]
    assert found == []


def test_docstrings_and_comments_keep_to_the_glossary() -> None:
    # A file is taken apart only if a phrase is anywhere in it.
    suspects = [path for path in sources() if phrases(path.read_text(encoding="utf-8"))]
    texts = [(path, at, text) for path in suspects for at, text in (*docstrings(path), *comments(path))]
    assert [f"{path.relative_to(ROOT)}:{at} {wrong}" for path, at, text in texts for wrong in phrases(text)] == []


@pytest.mark.parametrize("text", ["How well a risk ranks.", "What is known.", "Return what a model reads.", "Whether it holds."])
def test_a_question_is_found(text: str) -> None:
    assert openings(text) == [text]


@pytest.mark.parametrize("text", ["Return whether it holds.", "Time-dependent AUC, cumulative/dynamic.", "Whatever is left."])
def test_a_noun_phrase_is_not_taken_for_a_question(text: str) -> None:
    assert openings(text) == []


@pytest.mark.parametrize("text", ["None where there is none.", "settings that cannot be", "as the user is told", "stands once"])
def test_a_phrase_to_avoid_is_found(text: str) -> None:
    assert len(phrases(text)) == 1
