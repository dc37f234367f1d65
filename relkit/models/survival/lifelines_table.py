"""Spells as lifelines reads them: a pandas frame with T, E, entry, and covariates."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from relkit.contracts import Column, check
from relkit.models.survival.aligned_ages import with_one_age
from relkit.models.survival.lifetimes import HALF_A_DAY
from relkit.models.survival.spells import fit_contract

if TYPE_CHECKING:
    from collections.abc import Sequence

    from relkit.metrics.risk_sets import Flags, Floats

DURATION_COL, EVENT_COL, ENTRY_COL, WEIGHTS_COL = "T", "E", "entry", "weight"
"""Names of the columns, for `duration_col`, `event_col`, `entry_col` and `weights_col` of lifelines' fitters."""


def to_lifelines(spells: pl.DataFrame, covariates: Sequence[str] = ()) -> Any:
    """Return spells as a pandas frame that any fitter of lifelines takes.

    T is the age at the end or when last observed, in days, E whether the spell ended, entry the age when first observed. A spell that
    ended on its first day counts as half a day, as lifelines asks for ages above 0; one that was observed for no time is left out.

    Args:
        spells: one row per spell: duration_days, event, entry_days if some were first observed late, and the covariates.
        covariates: columns to hand over as they are; a text for a formula, such as `C(plan)`.

    Raises:
        TableError: a column is missing, or an age impossible.

    Examples:
        >>> spells = pl.DataFrame({"duration_days": [30.0, 60.0], "event": [True, False], "plan": ["S", "L"]})
        >>> to_lifelines(spells, ["plan"]).to_dict("list")
        {'T': [30.0, 60.0], 'E': [True, False], 'entry': [0.0, 0.0], 'plan': ['S', 'L']}

        `CoxPHFitter().fit(to_lifelines(spells, ["plan"]), "T", "E", entry_col="entry", formula="C(plan)")`
    """
    import pandas as pd

    asked = tuple(Column(name=name, dtype=spells.schema.get(name, pl.Float64), required=True) for name in covariates)
    frame = check(with_one_age(spells, "entry_days", "duration_days"), fit_contract("spells for lifelines", asked))
    kept = frame.filter((pl.col("entry_days") < pl.col("duration_days")) | (pl.col("event") & (pl.col("entry_days") == 0)))
    until = kept["duration_days"].clip(lower_bound=HALF_A_DAY).to_list()
    columns = {DURATION_COL: until, EVENT_COL: kept["event"].to_list(), ENTRY_COL: kept["entry_days"].to_list()}
    return pd.DataFrame(columns | {name: kept[name].to_list() for name in covariates})


def table_of(duration: Floats, event: Flags, entry: Floats, weight: Floats, X: Floats) -> Any:
    """Return arrays as a pandas frame with a constant and columns x0, x1, ...

    Args:
        duration: shape (n,), days.
        event: shape (n,).
        entry: shape (n,), days.
        weight: shape (n,).
        X: shape (n, k).
    """
    import pandas as pd

    columns = {DURATION_COL: duration, EVENT_COL: event, ENTRY_COL: entry, WEIGHTS_COL: weight, "intercept": np.ones(len(X))}
    return pd.DataFrame(columns | dict(zip(column_names(X), X.T, strict=True)))


def column_names(X: Floats) -> list[str]:
    """Return the names of the columns of `table_of`."""
    return [f"x{j}" for j in range(X.shape[1])]
