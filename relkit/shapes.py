"""Shapes of values for messages: what a value looks like, without the value itself, which may describe a person."""

from __future__ import annotations


def shape(value: object) -> str:
    """Return the shape of a value.

    Examples:
        >>> shape("+33612345678"), shape("42"), shape("  "), shape(12.5), shape(None)
        ('a 12-character text', 'a text of 2 digits', 'a blank text', 'a number', 'nothing')
    """
    if isinstance(value, str):
        return _shape_of_text(value)
    if value is None:
        return "nothing"
    if isinstance(value, bool):
        return "a yes/no"
    return "a number" if isinstance(value, int | float) else f"a {type(value).__name__}"


def _shape_of_text(value: str) -> str:
    if not value.strip():
        return "a blank text"
    if value.isdecimal():
        return f"a text of {len(value)} digit{'s' * (len(value) > 1)}"
    return f"a {len(value)}-character text"
