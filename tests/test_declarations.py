"""YAML as analysts write it, and as nobody should: values, places and limits."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import pytest

from relkit.declarations import Declaration, read_declaration
from relkit.errors import ParameterError

if TYPE_CHECKING:
    from pathlib import Path

BOMB = "b0: &b0 [x, x, x, x, x, x, x, x, x]\n" + "".join(f"b{i}: &b{i} [{', '.join([f'*b{i - 1}'] * 9)}]\n" for i in range(1, 10))


def declared(text: str, folder: Path) -> Declaration:
    """Return the declaration in a text."""
    path = folder / "declared.yaml"
    path.write_bytes(text.encode())
    return read_declaration(path)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("t: &t {a: 1, b: 2}\nu: {<<: *t, b: 3}\n", {"t": {"a": 1, "b": 2}, "u": {"a": 1, "b": 3}}),
        ("a: &a {x: 1}\nb: &b {x: 2, y: 2}\nc: {<<: [*a, *b]}\n", {"a": {"x": 1}, "b": {"x": 2, "y": 2}, "c": {"x": 1, "y": 2}}),
        ("c: {<<: {x: 1}, <<: {x: 2, y: 2}, y: 3}\n", {"c": {"x": 1, "y": 3}}),
        ("a: &a {x: 1}\nb: &b {<<: *a, y: 2}\nc: {<<: *b}\n", {"a": {"x": 1}, "b": {"x": 1, "y": 2}, "c": {"x": 1, "y": 2}}),
        ("a: &x [1, 2]\nb: *x\n", {"a": [1, 2], "b": [1, 2]}),
        ("'<<': plain\n", {"<<": "plain"}),
    ],
)
def test_merge_keys_and_aliases_give_what_they_stand_for(text: str, value: Any, tmp_path: Path) -> None:
    """As YAML 1.1 has it: own keys before merged ones, the first of several merges before the others."""
    assert declared(text, tmp_path).value == value


def test_a_merged_key_has_the_place_where_it_is_written(tmp_path: Path) -> None:
    """A message about it points at the line to change."""
    found = declared("t: &t\n  a: 1\nu:\n  <<: *t\n  b: 2\n", tmp_path)
    assert found.places["u", "a"] == (2, 3)
    assert found.places["u", "b"] == (5, 3)


def test_keys_are_text_as_written_and_plain_words_follow_yaml_1_2(tmp_path: Path) -> None:
    """Norway stays a country, a card number keeps its zeros, and a column may be called 2024."""
    text = "5: 1\nno: yes\nnull: ~\n2024: 2024-01-31\n007: 007\na: 0x1F\nb: 0o17\nc: 1e3\nd: '5'\ne: !!str 5\nf: on\n"
    assert declared(text, tmp_path).value == {
        "5": 1,
        "no": "yes",
        "null": None,
        "2024": "2024-01-31",
        "007": "007",
        "a": 31,
        "b": 15,
        "c": 1000.0,
        "d": "5",
        "e": "5",
        "f": "on",
    }


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (BOMB, r"line 6, .*aliases expanded is limited to 100,000 values.*RELKIT_MAX_YAML_VALUES"),
        ("x: " + "[" * 1000 + "]" * 1000, "nesting of a YAML file is limited to 50 levels.*RELKIT_MAX_YAML_DEPTH"),
        ("x: " + "{a: " * 1000 + "}" * 1000, "limited to 50 levels"),
        ("- " * 1000 + "x", "limited to 50 levels"),
        (
            "a: &a [[[[[[[[[[[[[[[[[[[[[[[[[[[[[[x]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]\nb: [[[[[[[[[[[[[[[[[[[[[[*a]]]]]]]]]]]]]]]]]]]]]]",
            "limited to 50 levels",
        ),
        ("x: " + "a" * 300_001, "limited to 300,000 bytes"),
        ("a: &a [*a]", r"line 1, column 8: \*a refers to itself"),
        ("a: &a {<<: *a}", "refers to itself"),
        ("a: *b", r"\*b refers to nothing"),
        ("<<: 3", "merges something that is no dictionary"),
        ("a: 1\nb: 2\na: 3", "line 3, column 1: the key 'a' is there twice, first on line 1"),
        ("? [a]\n: b", "a key is a list or a dictionary"),
        ("a: &a [x]\n*a : b", "a key is a list or a dictionary"),
        ("a: !!python/object/apply:os.system [id]", "the tag !!python/object/apply:os.system is not allowed"),
        ("a: !!binary aGVsbG8=", "the tag !!binary is not allowed"),
        ("--- a\n--- b\n", "more than one document"),
        ("a: \x00", "line 1, column 4: not valid YAML: it has a control character"),
        ("a: b\nc: \x07", "line 2, column 4: .*control character"),
        ("a:\n\tb: c", "line 2, column 1: not valid YAML"),
        ("a: " + "9" * 5000, "the number has 5,000 characters"),
        ("a: 1e999", "the number is too large"),
        ("a: [1, 2", "not valid YAML"),
    ],
)
def test_what_is_no_plain_yaml_is_refused_at_once_with_its_line(text: str, message: str, tmp_path: Path) -> None:
    """A bomb of 400 bytes and a thousand brackets end before they cost anything."""
    started = time.process_time()
    with pytest.raises(ParameterError, match=message):
        declared(text, tmp_path)
    assert time.process_time() - started < 0.5


@pytest.mark.parametrize(("content", "message"), [(b"a: caf\xe9", "byte 6 is not UTF-8"), ("a: b".encode("utf-16"), "byte 0 is not UTF-8")])
def test_another_encoding_is_named(content: bytes, message: str, tmp_path: Path) -> None:
    """Bytes are not guessed at."""
    (tmp_path / "declared.yaml").write_bytes(content)
    with pytest.raises(ParameterError, match=message):
        read_declaration(tmp_path / "declared.yaml")


def test_the_limits_can_be_raised(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The message names the variable; it works."""
    monkeypatch.setenv("RELKIT_MAX_YAML_DEPTH", "70")
    value = declared("- " * 60 + "x", tmp_path).value
    for _ in range(60):
        (value,) = value
    assert value == "x"


def test_a_mark_of_byte_order_and_an_empty_file_are_fine(tmp_path: Path) -> None:
    """As editors leave them."""
    assert declared("\ufeffa: 1", tmp_path).value == {"a": 1}
    assert declared("", tmp_path).value is None
