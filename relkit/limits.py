"""Limits on the work that one input may cause, each with its default and the environment variable that changes it.

A file, a mapping or an expression beyond a limit is refused with a message that names the limit, so that
whoever has a good reason can raise it.
"""

from __future__ import annotations

import os
from dataclasses import dataclass

from relkit.errors import ParameterError, RelkitError


@dataclass(frozen=True, kw_only=True)
class Limit:
    """One limit.

    Attributes:
        default: the largest amount allowed if nothing else is set.
        unit: of the amount, in the plural.
        meaning: of what the amount is limited, for messages.
    """

    default: int
    unit: str
    meaning: str


LIMITS: dict[str, Limit] = {
    "field_bytes": Limit(default=1_000_000, unit="bytes", meaning="one field of a text file"),
    "line_bytes": Limit(default=5_000_000, unit="bytes", meaning="one line of a text file"),
    "unpacked_bytes": Limit(default=20_000_000_000, unit="bytes", meaning="a compressed file once unpacked"),
    "yaml_bytes": Limit(default=300_000, unit="bytes", meaning="a YAML file"),
    "yaml_depth": Limit(default=50, unit="levels", meaning="the nesting of a YAML file"),
    "yaml_values": Limit(default=100_000, unit="values", meaning="a YAML file with its aliases expanded"),
    "joined_rows": Limit(default=100_000_000, unit="rows", meaning="what a join with many: true adds"),
    "expression_characters": Limit(default=5_000, unit="characters", meaning="an expression"),
    "model_bytes": Limit(default=2_000_000_000, unit="bytes", meaning="one file of a saved model"),
    "notebook_cell_seconds": Limit(default=7_200, unit="seconds", meaning="one cell of a notebook"),
    "comparing_seconds": Limit(default=3_600, unit="seconds", meaning="the registration of a model by another machine"),
    "query_characters": Limit(default=50_000, unit="characters", meaning="a query of a database"),
    "query_seconds": Limit(default=3_600, unit="seconds", meaning="a query of a database"),
}
"""Every limit, by name."""


def variable(name: str) -> str:
    """Return the environment variable that changes a limit.

    Examples:
        >>> variable("field_bytes")
        'RELKIT_MAX_FIELD_BYTES'
    """
    return f"RELKIT_MAX_{name.upper()}"


def limit(name: str) -> int:
    """Return the limit in force: that of the environment, else its default.

    Raises:
        ParameterError: the variable is not a whole number of at least 1.

    Examples:
        >>> limit("yaml_depth")
        50
    """
    given = os.environ.get(variable(name), "").strip()
    if not given:
        return LIMITS[name].default
    if not (given.isascii() and given.isdigit() and int(given[:18]) >= 1):
        remedy = f"Give a whole number of {LIMITS[name].unit}, or remove it: the default is {LIMITS[name].default:,}."
        raise ParameterError("it is not a whole number of at least 1.", where=variable(name), remedy=remedy)
    return int(given[:18])


def beyond(name: str, *, where: str, error: type[RelkitError] = ParameterError) -> RelkitError:
    """Return the error for an input beyond a limit.

    Args:
        name: of the limit.
        where: the input.
        error: class of the error.

    Examples:
        >>> str(beyond("yaml_depth", where="mapping.yaml"))
        'mapping.yaml: the nesting of a YAML file is limited to 50 levels. If it is meant, set RELKIT_MAX_YAML_DEPTH to a larger number.'
    """
    remedy = f"If it is meant, set {variable(name)} to a larger number."
    return error(f"{LIMITS[name].meaning} is limited to {limit(name):,} {LIMITS[name].unit}.", where=where, remedy=remedy)
