"""Syntax trees of source files, parsed once for all tests of the sources."""

from __future__ import annotations

import ast
from functools import cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path


@cache
def parsed(path: Path) -> ast.Module:
    """Return the tree of a file; do not change it."""
    return ast.parse(path.read_text(encoding="utf-8"))


@cache
def nodes(path: Path) -> tuple[Any, ...]:
    """Return all nodes of a file."""
    return tuple(ast.walk(parsed(path)))
