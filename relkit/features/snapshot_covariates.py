"""Covariates from customer snapshots for models of churn: the attributes that qualify, and why the others do not.

The mapping decides first: an attribute whose role is `left_out`, one that is known only later, and personal data whose purpose
does not include `profiling` are never covariates. Of the rest the model takes what it can use: numbers, truth values and
categories of 2 to 50 levels that are known for all, are not the same for all, have an observed end at every level, and do
not follow from the attributes before them. A category may be empty: that is left to the model.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from relkit.features.spells import SAME_ABOVE
from relkit.texts import Text

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from relkit.tables.table_set import TableSet

    Floats = NDArray[np.float64]

SPELL = ("customer_id", "contract_id", "is_active", "duration_days", "event", "entry_days", "ended_on", "end_reason", "from_middle_days")
"""Columns of a spell that are not covariates."""
MOST_LEVELS = 50
"""Most levels of a category."""
PURPOSE = "profiling"
"""Word that the purpose of personal data must include for a model to use them as covariates."""
_TECHNICAL = ("customer_id", "as_of", "recorded_at")


def with_role(tables: TableSet, role: str) -> str | None:
    """Return the attribute with a role that at most one may have; None if none has it."""
    given = tables.columns("customer_snapshots") if tables.has("customer_snapshots") else ()
    return next((name for name in given if tables.facts.attributes.get(name, {}).get("role") == role), None)


def covariates_of(tables: TableSet) -> tuple[str, ...]:
    """Return the attributes of customer_snapshots that may be covariates, in the order of the table."""
    return tuple(name for name in _attributes(tables) if not _barred(tables, name))


def barred(tables: TableSet) -> tuple[str, ...]:
    """Return the attributes barred as covariates only because they are personal data without the purpose."""
    return tuple(name for name in _attributes(tables) if _barred(tables, name))


def _attributes(tables: TableSet) -> list[str]:
    declared = tables.facts.attributes
    kept = []
    for name in tables.columns("customer_snapshots"):
        entry = declared.get(name, {})
        is_open = entry.get("role", "covariate") in {"covariate", "monthly_amount"} and entry.get("known_at", "as_of") != "later"
        if name not in _TECHNICAL and is_open:
            kept.append(name)
    return kept


def _barred(tables: TableSet, name: str) -> bool:
    entry = tables.facts.attributes.get(name, {})
    return entry.get("personal_data", "personal") != "none" and PURPOSE not in re.split(r"[,;\s]+", entry.get("purpose", "").lower())


def declared_names(tables: TableSet) -> dict[str, Text]:
    """Return, by covariate, its English and French names in the mapping."""
    return {
        name: Text(entry["label_en"], entry["label_fr"])
        for name, entry in tables.facts.attributes.items()
        if entry.get("label_en") and entry.get("label_fr")
    }


def usable_covariates(spells: pl.DataFrame) -> tuple[str, ...]:
    """Return the covariates of a frame of spells that a model can use.

    Examples:
        >>> rows = {"event": [True, False, True, False], "plan": ["S", "L", "L", "S"], "country": ["FR"] * 4, "age": [30, 41, 52, None]}
        >>> usable_covariates(pl.DataFrame(rows)), declined_covariates(pl.DataFrame(rows))
        (('plan',), {'country': 'the same for all', 'age': 'not known of all'})
    """
    return tuple(name for name, why in _looked_at(spells).items() if not why)


def declined_covariates(spells: pl.DataFrame) -> dict[str, str]:
    """Return the covariates that a model cannot use, with the reason."""
    return {name: why for name, why in _looked_at(spells).items() if why}


def _looked_at(spells: pl.DataFrame) -> dict[str, str]:
    """Return each covariate with its fault; "" if it has none."""
    ended = spells["event"] if "event" in spells.columns else pl.repeat(value=False, n=len(spells), eager=True)
    found, columns = {}, {}
    for name in (name for name in spells.columns if name not in SPELL):
        found[name] = _wrong(spells[name], ended)
        if not found[name]:
            columns[name] = _columns(spells[name])
    return found | dict.fromkeys(_following(columns), "it follows from those before it")


def _wrong(values: pl.Series, ended: pl.Series) -> str:
    """Return the fault of a covariate considered alone."""
    if values.dtype == pl.String:
        levels = values.drop_nulls().n_unique()
        if levels > MOST_LEVELS:
            return f"{levels:,} levels, over {MOST_LEVELS}"
    elif not (values.dtype.is_numeric() or values.dtype == pl.Boolean):
        return "a date"
    elif values.null_count():
        return "not known of all"
    if values.drop_nulls().n_unique() < 2:
        return "the same for all"
    return _endless(values, ended)


def _endless(values: pl.Series, ended: pl.Series) -> str:
    """Return the fault that some level of a category has no event, so its effect is unbounded; the level, maybe personal, is not named."""
    if values.dtype != pl.String and not values.cast(pl.Float64).is_in([0.0, 1.0]).all():
        return ""
    counted = pl.DataFrame({"level": values, "ended": ended}).drop_nulls("level").group_by("level").agg(pl.col("ended").sum())
    without = counted.filter(pl.col("ended") == 0)
    return "of one of its levels nobody has left" if 0 < len(without) < len(counted) else ""


def _columns(values: pl.Series) -> Floats:
    """Return a covariate as columns, shape (n, columns): one for a number, one for each level of a category but the most frequent."""
    if values.dtype != pl.String:
        numbers: Floats = values.cast(pl.Float64).to_numpy()[:, None]
        return numbers
    levels = values.drop_nulls().value_counts(sort=True).sort(["count", values.name], descending=[True, False])[values.name].to_list()
    return np.column_stack([(values == level).fill_null(value=False).cast(pl.Float64).to_numpy() for level in levels[1:]])


def _following(columns: dict[str, Floats]) -> list[str]:
    """Return the covariates that follow (R² above `SAME_ABOVE`, in some column) from those kept before them."""
    if not columns:
        return []
    together = np.column_stack(list(columns.values()))
    centred = together - together.mean(axis=0)
    products = centred.T @ centred
    scale = np.sqrt(np.diag(products))
    likeness = products / np.outer(scale, scale)
    kept: list[int] = []
    dropped, start = [], 0
    for name, own in columns.items():
        mine = list(range(start, start + own.shape[1]))
        start += own.shape[1]
        if all(_rest(likeness, kept + mine[:i], j) > 1 - SAME_ABOVE for i, j in enumerate(mine)):
            kept += mine
        else:
            dropped.append(name)
    return dropped


def _rest(likeness: Floats, others: list[int], j: int) -> float:
    """Return the share of the variance of column j that the others leave unexplained, from the matrix of correlations."""
    if not others:
        return 1.0
    with_j = likeness[others, j]
    return float(1 - with_j @ np.linalg.lstsq(likeness[np.ix_(others, others)], with_j, rcond=None)[0])
