"""Traces and messages of other programs' errors, without secrets and without values of a company's data.

An error of a library may quote what it stumbled over: an id, an e-mail address, the URL of a database. Its trace in a log, and
its line on the terminal, have the shape of each quoted value in its place; the stack itself has only code.
"""

from __future__ import annotations

import traceback
from typing import TYPE_CHECKING

from relkit.errors import RelkitError
from relkit.masking import masked
from relkit.shapes import without_values

if TYPE_CHECKING:
    from collections.abc import Iterable


def words_of(error: BaseException, known: Iterable[str] = ()) -> str:
    """Return the first line of an error's message, without values and secrets; its class if it has no message.

    Args:
        error: any.
        known: words that are names, not values.

    Examples:
        >>> words_of(ValueError("could not convert string to float: 'Zoé'")), words_of(KeyError())
        ('could not convert string to float: a 3-character text', 'KeyError')
    """
    first = next((line for line in str(error).splitlines() if line.strip()), "")
    if not first:
        return type(error).__name__
    return first if isinstance(error, RelkitError) else without_values(masked(first), known)


def trace_of(error: BaseException) -> str:
    """Return the traceback of an error and of those behind it, without values and secrets.

    Examples:
        >>> try:
        ...     int("Dupont")
        ... except ValueError as error:
        ...     print(trace_of(error).splitlines()[-1])
        ValueError: invalid literal for int() with base 10: a 6-character text
    """
    return "\n\n".join(_links(error))


def _links(error: BaseException) -> list[str]:
    """Return the traceback of each error of a chain, the first cause first."""
    chain: list[BaseException] = []
    link: BaseException | None = error
    while link is not None and link not in chain:
        chain.append(link)
        link = link.__cause__ or (None if link.__suppress_context__ else link.__context__)
    return [_one(link) for link in reversed(chain)]


def _one(error: BaseException) -> str:
    kind = type(error)
    name = kind.__name__ if kind.__module__ in {"builtins", "__main__"} else f"{kind.__module__}.{kind.__name__}"
    message = str(error) if isinstance(error, RelkitError) else without_values(masked(str(error)))
    stack = "".join(traceback.format_tb(error.__traceback__))
    return masked(f"Traceback (most recent call last):\n{stack}{name}: {message}")
