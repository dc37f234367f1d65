"""Toy models in a package folder of their own, added to relkit for the length of a test.

The sources in `tests/toys` are copied to a temporary folder first: a test adds what CONTRIBUTING requires of a new model
(one file) and of a new family (one folder and one binding file), and nothing in relkit is touched.
"""

from __future__ import annotations

import importlib
import shutil
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

TOYS = Path(__file__).parent / "toys"


@contextmanager
def added(toy: str, folder: Path, packages: dict[str, str]) -> Iterator[None]:
    """Copy a folder of `tests/toys`, and let packages of relkit find modules in parts of it.

    Args:
        toy: its name.
        folder: a temporary one.
        packages: by dotted name, the part of the toy's folder that joins it.
    """
    copied = Path(shutil.copytree(TOYS / toy, folder / toy))
    before = set(sys.modules)
    with pytest.MonkeyPatch.context() as patch:
        for name, part in packages.items():
            package = importlib.import_module(name)
            patch.setattr(package, "__path__", [*package.__path__, str(copied / part)])
        importlib.invalidate_caches()
        yield
    for name in set(sys.modules) - before:
        if str(copied) in str(getattr(sys.modules[name], "__file__", "")):
            del sys.modules[name]


@contextmanager
def toy_model(folder: Path) -> Iterator[None]:
    """Add `lifetime_value.steady_rate`: one file."""
    with added("one_model", folder, {"relkit.models.lifetime_value": "."}):
        yield


@contextmanager
def toy_family(folder: Path) -> Iterator[None]:
    """Add `visits.came_back`: one folder and its binding file."""
    with added("one_family", folder, {"relkit.models": "models", "relkit.families": "families"}):
        yield
