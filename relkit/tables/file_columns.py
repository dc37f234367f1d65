"""Columns of foreign files under any name: `*`, `^.*$` and names that are technical columns of ours are names like others here."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import polars as pl
import polars.selectors as cs

if TYPE_CHECKING:
    from collections.abc import Iterable

_TECHNICAL = re.compile(r"_(source|row|bad|fields|stem|line|index|repeated|apart|content|key_\d+|ours\..*|number\..*)", re.DOTALL)


def exactly(name: str) -> pl.Expr:
    """Return the column of this very name; `pl.col` takes `*` and `^...$` for patterns.

    Examples:
        >>> pl.DataFrame({"*": [1], "b": [2]}).select(exactly("*")).columns
        ['*']
    """
    return cs.by_name(name).as_expr() if is_pattern(name) else pl.col(name)


def is_pattern(name: str) -> bool:
    """Return whether polars takes the name for a pattern.

    Examples:
        >>> is_pattern("*"), is_pattern("^.*$"), is_pattern("a*")
        (True, True, False)
    """
    return name == "*" or (name.startswith("^") and name.endswith("$"))


def spared(names: Iterable[str]) -> tuple[str, ...]:
    """Return the names of a file's columns, each that is a technical column of ours with `_` behind it.

    Examples:
        >>> spared(["_row", "_id", "_row_"])
        ('_row__', '_id', '_row_')
    """
    names = list(names)
    found: list[str] = []
    for name in names:
        free = f"{name}_" if _TECHNICAL.fullmatch(name) else name
        while free != name and free in names:
            free += "_"
        found.append(free)
    return tuple(found)


def renamed_note(names: Iterable[str]) -> str:
    """Return the sentence on the columns that go by another name, "" without any.

    Examples:
        >>> renamed_note(["_row", "day"])
        "column '_row' read as '_row_', since '_row' is the number of the row"
        >>> renamed_note(["day"])
        ''
    """
    names = list(names)
    pairs = [(old, new) for old, new in zip(names, spared(names), strict=True) if old != new]
    reason = {"_row": "the number of the row", "_source": "the name of the file"}
    return ", ".join(f"column {old!r} read as {new!r}, since {old!r} is {reason.get(old, 'a technical column')}" for old, new in pairs)
