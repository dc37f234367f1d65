"""Names cut to a length for the rows and columns of a plot, so that different names stay different."""

from __future__ import annotations

from textwrap import shorten
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

MARK = "…"


def short_names(names: Sequence[str], letters: int) -> list[str]:
    """Return the names cut to a length: at the end, between words, or in the middle where several would become the same.

    Args:
        names: in any order; equal names stay equal.
        letters: longest name returned, at least 3.

    Examples:
        >>> short_names(["white bread, sliced", "whole milk 1133018", "whole milk 1106523", "tea"], 14)
        ['white bread,…', 'whole m…133018', 'whole m…106523', 'tea']
    """
    cut = {name: _cut(name, letters) for name in dict.fromkeys(names)}
    taken = list(cut.values())
    return [_middle(name, letters) if taken.count(cut[name]) > 1 else cut[name] for name in names]


def _cut(name: str, letters: int) -> str:
    """Return the name up to the last word that fits; a single long word is cut within."""
    whole = shorten(name, letters, placeholder=MARK)
    return whole if whole != MARK else name[: letters - 1] + MARK


def _middle(name: str, letters: int) -> str:
    """Return the beginning and the end of a name that is too long, more of the end if the length is odd."""
    if len(name) <= letters:
        return name
    kept = letters - 1
    return name[: kept - kept // 2].rstrip() + MARK + name[-(kept // 2) :].lstrip()
