"""Shapes of values for messages: what a value looks like, without the value itself, which may describe a person.

Whoever mends a file may need the values: `--show-values` shows them on the terminal, and nowhere else. Until then they
are kept in the memory of the process alone.
"""

from __future__ import annotations

import re
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import date
from math import inf
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_SEEN: ContextVar[list[tuple[str, str]] | None] = ContextVar("seen", default=None)
_LONGEST_NAME = 60
_DELIMITERS = frozenset(",;|\t")
_MOST_SEEN = 50
"""Most values that are kept for the terminal."""
_LONG = 1e7
"""From this size on a number may be a telephone number or an id."""
_LONGEST_FORM = 24
_QUOTED = re.compile(r"""(?<!\w)'(?:[^'\\\n]|\\.)*'(?!\w)|"(?:[^"\\\n]|\\.)*"|`[^`\n]*`|«[^»\n]*»""")
_BARE = re.compile(r"[^\s@:/*\"'<>()\[\]]+@[^\s@:/*\"'<>()\[\]]+\.[^\s@:/*\"'<>()\[\]]+|\+?\d(?:[ .-]?\d){5,}")
"""Values without quotes: an e-mail address, the digits of a telephone number or of an id."""
_TYPES = frozenset({"str", "bool", "date", "datetime", "list", "struct", "null", "int", "float", "object", "utf8", "binary"})
_TYPE = re.compile(r"[iu](8|16|32|64|128)|f(32|64)|(big|small|tiny|huge)?int\d*|varchar|double|timestamp|interval", re.IGNORECASE)


@contextmanager
def seen_values() -> Iterator[list[tuple[str, str]]]:
    """Yield a list that gets each shape made meanwhile, with the value behind it.

    Examples:
        >>> with seen_values() as seen:
        ...     _ = shape("Dupont")
        >>> seen
        [('a 6-character text', "'Dupont'")]
    """
    seen: list[tuple[str, str]] = []
    token = _SEEN.set(seen)
    try:
        yield seen
    finally:
        _SEEN.reset(token)


def without_values(text: str, known: Iterable[str] = ()) -> str:
    """Return the message of another program with the shape of each value it quotes, e-mail address or long number.

    Args:
        text: the message.
        known: words that are names, not values: columns, tables, the words of a query.

    Examples:
        >>> without_values("`str` to `f64` failed in column 'amount' for value 'Zoé'", {"amount"})
        "`str` to `f64` failed in column 'amount' for value a 3-character text"
    """
    names = {name.lower() for name in known}

    def shown(found: re.Match[str]) -> str:
        inner = found[0][1:-1]
        is_name = not inner or inner.lower() in names or inner.lower() in _TYPES or _TYPE.fullmatch(inner) is not None
        return found[0] if is_name else shape(inner)

    return _BARE.sub(lambda found: shape(found[0]), _QUOTED.sub(shown, text))


def shape(value: object) -> str:
    """Return the shape of a value.

    Examples:
        >>> shape("+33612345678"), shape("42"), shape("  "), shape(12.5), shape(None)
        ('a 12-character text', 'a text of 2 digits', 'a blank text', 'a number', 'nothing')
    """
    found = _shape(value)
    seen = _SEEN.get()
    if seen is not None and value is not None and len(seen) < _MOST_SEEN:
        seen.append((found, repr(value)))
    return found


def names_listed(names: Iterable[str]) -> str:
    """Return names of columns in a row; a long one, or one with a delimiter in it, may be a line of data and is shown by its shape.

    Examples:
        >>> names_listed(["customer_id", "day;C007;2024-01-31"])
        'customer_id, a 19-character text'
    """
    return ", ".join(name if len(name) <= _LONGEST_NAME and not _DELIMITERS & set(name) else shape(name) for name in names)


def outline(value: object, known: Iterable[str] = ()) -> str:
    """Return the part that a message may show of a value in a column that is not personal, where a shifted line may put anything.

    Letters and digits of a text are replaced, so that its form remains; of a number too long for a quantity the count of its digits does.

    Args:
        value: of a cell.
        known: texts that may be shown as they are, such as the allowed values.

    Examples:
        >>> outline("12,5 EUR"), outline("31/02/2024"), outline("sale", {"sale"}), outline(12.5), outline(612345678)
        ('a text like 99,9 AAA', 'a text like 99/99/9999', "'sale'", '12.5', 'a number of 9 digits')
    """
    if value is None or isinstance(value, bool):
        return "empty" if value is None else repr(value)
    if isinstance(value, int | float):
        return f"a number of {len(str(int(abs(value))))} digits" if _LONG <= abs(value) < inf else repr(value)
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, str) and value in set(known):
        return repr(value)
    found = shape(value)
    return f"a text like {_form(value)}" if isinstance(value, str) and 0 < len(value.strip()) <= _LONGEST_FORM else found


def _form(text: str) -> str:
    marks = ("9" if mark.isdigit() else "A" if mark.isupper() else "a" if mark.isalpha() else mark for mark in text)
    return "".join(mark if mark.isprintable() else "?" for mark in marks)


def _shape(value: object) -> str:
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
