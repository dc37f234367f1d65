"""Shapes of values, and the values behind them for the terminal."""

from __future__ import annotations

from datetime import date

from relkit.shapes import seen_values, shape


def test_shapes():
    given = ["x", "é" * 3, "1", "42", " ", "", 1, 1.5, True, None, date(2024, 7, 1)]
    assert [shape(value) for value in given] == [
        "a 1-character text", "a 3-character text", "a text of 1 digit", "a text of 2 digits", "a blank text", "a blank text",
        "a number", "a number", "a yes/no", "nothing", "a date",
    ]  # fmt: skip


def test_values_are_kept_only_while_somebody_asks():
    with seen_values() as seen:
        for i in range(60):
            shape(f"id {i}")
    shape("later")
    assert len(seen) == 50
    assert seen[0] == ("a 4-character text", "'id 0'")
