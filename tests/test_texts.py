"""Texts in both languages, and the error for another one, which lists them."""

from __future__ import annotations

import ast
from importlib import import_module
from pathlib import Path
from pkgutil import walk_packages
from typing import TYPE_CHECKING

import pytest
from source_trees import nodes

from relkit.errors import ParameterError
from relkit.texts import EMPTY, LANGUAGES, Text, in_language

if TYPE_CHECKING:
    from collections.abc import Iterator

PACKAGE = Path(__file__).resolve().parents[1] / "relkit"


def test_a_text_is_read_in_each_language() -> None:
    text = Text("days", "jours")
    assert [text[language] for language in LANGUAGES] == ["days", "jours"]
    assert not EMPTY
    assert Text("", "x")


def test_an_unknown_language_names_those_there_are() -> None:
    with pytest.raises(ParameterError, match=r"language: unknown language 'xx'\. Known: en, fr"):
        Text("days", "jours")["xx"]
    with pytest.raises(ParameterError, match="unknown language 'french'; did you mean 'fr'"):
        in_language({"title": Text("a", "b")}, "french")


def test_texts_are_filled_in_their_own_language() -> None:
    filled = Text("{n} by {channel}", "{n} par {channel}").filled(n=3, channel=Text("phone", "téléphone"))
    assert filled == Text("3 by phone", "3 par téléphone")


def test_several_texts_keep_their_keys_and_their_order() -> None:
    yes, no = Text("yes", "oui"), Text("no", "non")
    assert in_language({"y": yes, "n": no}, "fr") == {"y": "oui", "n": "non"}
    assert in_language((yes, no), "en") == ("yes", "no")


def texts_of(value: object) -> Iterator[Text]:
    """Yield the texts in a value of a module, at any depth."""
    if isinstance(value, Text):
        yield value
    elif isinstance(value, dict | tuple | list):
        for part in value.values() if isinstance(value, dict) else value:
            yield from texts_of(part)


def test_every_text_that_a_module_holds_is_in_both_languages() -> None:
    modules = [import_module(found.name) for found in walk_packages([str(PACKAGE)], "relkit.")]
    held = [(module.__name__, name, text) for module in modules for name, value in vars(module).items() for text in texts_of(value)]
    assert len(held) > 500
    assert [(module, name, text) for module, name, text in held if bool(text.en) != bool(text.fr)] == []


def test_there_is_one_form_for_texts() -> None:
    """No module has a pair of texts as a dict by language."""

    def by_language(node: ast.AST) -> bool:
        return isinstance(node, ast.Dict) and {getattr(key, "value", None) for key in node.keys} == set(LANGUAGES)

    found = {path.relative_to(PACKAGE).as_posix() for path in PACKAGE.rglob("*.py") for node in nodes(path) if by_language(node)}
    assert found == set()
