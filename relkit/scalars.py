"""Checks of single values, which return the checked value, so that a check reads as an assignment.

    days = check_scalar(days, "horizon_days", ge=1)
    ties = check_choice(ties, "ties", ("efron", "breslow"))

A message names the setting, shows its value and states what is allowed.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, TypeVar

from relkit.errors import ParameterError

if TYPE_CHECKING:
    from collections.abc import Sequence

N = TypeVar("N", int, float)
S = TypeVar("S", bound=str)


def check_scalar(
    value: N,
    name: str,
    *,
    ge: float | None = None,
    gt: float | None = None,
    le: float | None = None,
    lt: float | None = None,
    where: str = "",
    remedy: str = "",
) -> N:
    """Return a number, or refuse it if it is not finite or out of range.

    Args:
        value: the number.
        name: name of the setting or argument.
        ge: smallest allowed value.
        gt: exclusive lower bound.
        le: largest allowed value.
        lt: exclusive upper bound.
        where: model, file or table that the setting belongs to.
        remedy: what to write instead, one sentence.

    Raises:
        ParameterError: the number is out of range, infinite or not a number.

    Examples:
        >>> check_scalar(0.95, "level", gt=0, lt=1)
        0.95
        >>> check_scalar(0, "trees", ge=1)
        Traceback (most recent call last):
        ...
        relkit.errors.ParameterError: trees is 0; it must be at least 1.
    """
    low = (ge is None or value >= ge) and (gt is None or value > gt)
    high = (le is None or value <= le) and (lt is None or value < lt)
    if math.isfinite(value) and low and high:
        return value
    raise ParameterError(f"{name} is {value:.12g}; it must {_rule(ge, gt, le, lt)}.", where=where, remedy=remedy)


def check_choice(value: S, name: str, choices: Sequence[str], *, kind: str = "") -> S:
    """Return a text, or refuse it if it is none of the choices.

    Args:
        value: the text.
        name: name of the setting or argument.
        choices: the allowed texts.
        kind: noun for the choices, for the message; by default the name.

    Raises:
        ParameterError: the text is none of the choices; the message names the nearest.

    Examples:
        >>> check_choice("efron", "ties", ("efron", "breslow"))
        'efron'
    """
    if value in choices:
        return value
    raise ParameterError.unknown(kind or name, str(value), choices, where=name)


def check_level(level: float, *, where: str = "") -> float:
    """Return a level of intervals, or refuse it if it is not strictly between 0 and 1.

    Examples:
        >>> check_level(95.0)
        Traceback (most recent call last):
        ...
        relkit.errors.ParameterError: level is 95; it must lie between 0 and 1. Write 0.95 for 95 %.
    """
    return check_scalar(level, "level", gt=0, lt=1, where=where, remedy="Write 0.95 for 95 %.")


def _rule(ge: float | None, gt: float | None, le: float | None, lt: float | None) -> str:
    """Return the allowed range, in words that follow `must`."""
    if (ge is None) == (le is None) and (gt is None) == (lt is None) and (ge if gt is None else gt) is not None:
        return f"lie between {ge if gt is None else gt:g} and {le if lt is None else lt:g}"
    low = f"above {gt:g}" if gt is not None else f"at least {ge:g}" if ge else "0 or more" if ge is not None else ""
    high = f"below {lt:g}" if lt is not None else f"at most {le:g}" if le is not None else ""
    return f"be {' and '.join(filter(None, (low, high))) or 'a number'}"
