"""Values of parameters that no work can be bounded by: numbers without end, horizons beyond a century, texts that no file can be named.

Jobs, settings of models and offers refuse them where they are parsed, so that no arithmetic of dates and no allocation meets them.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

LARGEST_WHOLE = 2_147_483_647
"""Largest whole number of a parameter: counts, seeds and sizes stay far below it."""
LONGEST: dict[str, float] = {"_days": 36_525, "_weeks": 5_218, "_months": 1_200, "_years": 100}
"""A century, by the end of a parameter's name."""
LONGEST_TEXT = 10_000
"""Characters of a text."""


def extremes(name: str, value: Any) -> Iterator[str]:
    """Yield what is wrong with a value or any part of it, as sentences without a full stop.

    Args:
        name: of the parameter, whose end is its unit.
        value: any; texts, numbers, and lists and dictionaries of them.

    Examples:
        >>> list(extremes("horizon_days", 10**9)), list(extremes("level", float("nan"))), list(extremes("top", 10))
        (['horizon_days is 1,000,000,000; it must lie between -36,525 and 36,525'], ['level is nan; it must be a finite number'], [])
    """
    if isinstance(value, Mapping):
        for key, inner in value.items():
            yield from extremes(f"{name}.{key}", inner)
    elif isinstance(value, list | tuple | set | frozenset):
        for inner in value:
            yield from extremes(name, inner)
    elif isinstance(value, int | float) and not isinstance(value, bool):
        yield from _of_number(name, value)
    elif isinstance(value, str | Path):
        yield from _of_text(name, str(value))


def _of_number(name: str, value: float) -> Iterator[str]:
    if isinstance(value, float) and not math.isfinite(value):
        yield f"{name} is {value}; it must be a finite number"
        return
    most = next((most for end, most in LONGEST.items() if name.endswith(end)), LARGEST_WHOLE if isinstance(value, int) else math.inf)
    if abs(value) > most:
        shown = f"{value:,}" if abs(value) < 10**18 else "a number of more than 18 digits"
        yield f"{name} is {shown}; it must lie between {-most:,} and {most:,}"


def _of_text(name: str, value: str) -> Iterator[str]:
    if len(value) > LONGEST_TEXT:
        yield f"{name} has {len(value):,} characters; {LONGEST_TEXT:,} are the most"
    elif any(letter < " " and letter not in "\t\n\r" for letter in value):
        yield f"{name} has a control character"
