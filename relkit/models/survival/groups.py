"""Groups that rows belong to, strata and clusters, as numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import polars as pl

if TYPE_CHECKING:
    from collections.abc import Sequence

    from relkit.models.survival.partial_likelihood import Indexes

BETWEEN = " | "
"""Separator of the values of several columns that make a stratum."""


def as_text(features: pl.DataFrame, names: Sequence[str]) -> pl.DataFrame:
    """Return the frame with columns of groups as text, whatever their type."""
    return features.with_columns(pl.col(name).cast(pl.String) for name in names if name in features.columns)


def label_of(columns: Sequence[str]) -> pl.Expr:
    """Return the group that several columns make: their values with " | " in between."""
    return pl.concat_str(columns, separator=BETWEEN).alias("stratum")


def coded(labels: pl.Series) -> tuple[Indexes, list[str]]:
    """Return the index of each label among the distinct ones in alphabetical order, and those."""
    levels = labels.unique().sort()
    code = labels.replace_strict(levels, np.arange(len(levels)), return_dtype=pl.Int64).to_numpy()
    return code.astype(np.intp), levels.to_list()
