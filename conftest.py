"""The fixture that every test and every example begins with."""

from __future__ import annotations

import pytest

from relkit.commands import Place, stay_at


@pytest.fixture(autouse=True)
def nowhere() -> None:
    """Print commands for no programme in particular: a page that was read in one test stays at its place for the next."""
    stay_at(Place())


collect_ignore_glob = ["tests/toys/*"]
"""Toys are packages of their own, imported by the tests that add them."""
