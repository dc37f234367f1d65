"""Addresses without their secrets, for every message, log, manifest and registry."""

from __future__ import annotations

import re

MASK = "***"
_PASSWORD = re.compile(r"://([^:/?#]*):[^/?#]*@")


def masked(text: str) -> str:
    """Return a text with the secrets of every address in it replaced.

    Examples:
        >>> masked("postgresql://shop:s3cret@db/sales")
        'postgresql://shop:***@db/sales'
    """
    return _PASSWORD.sub(rf"://\1:{MASK}@", text)
