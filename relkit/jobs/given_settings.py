"""Settings from the command line or a pipeline: lists and numbers by column given as text are split."""

from __future__ import annotations

from dataclasses import fields
from typing import TYPE_CHECKING, Any

from relkit.errors import ParameterError

if TYPE_CHECKING:
    from collections.abc import Mapping


def read_settings(model: str, given: Mapping[str, Any]) -> dict[str, Any]:
    """Return the settings with texts split: a list `a,b`, numbers by column `a=4,b=3`; the catalogue converts the rest.

    Raises:
        ParameterError: invalid numbers by column.

    Examples:
        >>> read_settings("survival.cox", {"covariates": "monthly_amount, term_months", "level": "0.9"})
        {'covariates': ['monthly_amount', 'term_months'], 'level': '0.9'}
        >>> read_settings("survival.cox", {"splines": "monthly_amount=4"})
        {'splines': {'monthly_amount': '4'}}
    """
    from relkit.models import catalogue

    return read_texts(catalogue.settings_class(model), given)


def read_texts(settings: type, given: Mapping[str, Any]) -> dict[str, Any]:
    """Return settings with lists and numbers by column split from text; `settings` is their dataclass."""
    kinds = {f.name: str(f.type).partition("[")[0] for f in fields(settings)}
    readers = {"tuple": _listed, "list": _listed, "dict": _by_column}
    return {name: readers.get(kinds.get(name, ""), _as_is)(name, value) for name, value in given.items()}


def _as_is(name: str, value: Any) -> Any:  # noqa: ARG001 same signature as the other readers
    return value


def _listed(name: str, value: Any) -> Any:  # noqa: ARG001
    return [part.strip() for part in value.split(",")] if isinstance(value, str) else value


def _by_column(name: str, value: Any) -> Any:
    """Return `a=4,b=3`, or a list of such texts, as a dictionary."""
    texts = [value] if isinstance(value, str) else value
    if not isinstance(texts, (list, tuple)):
        return value
    pairs = [part.partition("=") for text in texts for part in str(text).split(",")]
    if wrong := ["".join(pair) for pair in pairs if not (pair[0].strip() and pair[2].strip())]:
        remedy = f"Write --settings.{name} COLUMN=NUMBER, several separated by commas."
        raise ParameterError(f"{name} has {wrong[0]!r}, which names no column with a number.", where="settings", remedy=remedy)
    return {column.strip(): number.strip() for column, _, number in pairs}
