"""JSON as the standard has it: numbers that are not finite become null, since `Infinity` and `NaN` are no JSON."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from typing import Any


def json_text(value: Any, **options: Any) -> str:
    """Return a value as JSON text.

    Args:
        value: of dictionaries, lists, texts, numbers; others through `default`.
        options: as for `json.dumps`.

    Examples:
        >>> json_text({"net_amount": float("inf"), "rows": 2})
        '{"net_amount": null, "rows": 2}'
    """
    try:
        return json.dumps(value, allow_nan=False, **options)
    except ValueError:
        return json.dumps(_finite(value), allow_nan=False, **options)


def _finite(value: Any) -> Any:
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, Mapping):
        return {key: _finite(held) for key, held in value.items()}
    return [_finite(held) for held in value] if isinstance(value, list | tuple) else value
