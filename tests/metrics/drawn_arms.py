"""Two arms of the public Hillstrom e-mail experiment, in the order of its file."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

import numpy as np
import polars as pl
import pytest

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(frozen=True, eq=False)
class Arms:
    treated: np.ndarray
    visit: np.ndarray
    spend: np.ndarray
    history: np.ndarray
    recency: np.ndarray

    @property
    def untied(self) -> np.ndarray:
        """The amount bought before, its ties broken by the order of the rows."""
        return self.history + 1e-9 * np.arange(len(self.history))


@cache
def arms(folder: Path, action: str) -> Arms:
    """Return the rows of an action (Mens or Womens) and of no e-mail."""
    file = folder / "hillstrom.csv.gz"
    if not file.is_file():
        pytest.skip(f"the Hillstrom data are not at {file}")
    rows = pl.read_csv(file, infer_schema_length=None).filter(pl.col("segment").is_in([f"{action} E-Mail", "No E-Mail"]))
    columns = {name: rows[name].to_numpy().astype(float) for name in ("visit", "spend", "history", "recency")}
    return Arms(treated=(rows["segment"] == f"{action} E-Mail").to_numpy().astype(float), **columns)
