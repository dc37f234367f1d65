"""Which attributes of customer snapshots a model of churn may tell customers apart by, and why not the others.

The mapping decides first: an attribute whose role is `left_out`, one that is known only later, and personal data whose purpose
does not say `profiling` are never covariates. Of those that are left the model takes what it can use: numbers, truth values and
categories of 2 to 50 levels that are known of all, are not the same for all, of which every level has seen an end, and which do
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

SPELL = ("customer_id", "contract_id", "is_active", "duration_days", "event", "entry_days", "ended_on", "end_reason")
"""Columns of a spell that are no covariate."""
MOST_LEVELS = 50
"""A text with more levels is hardly a category."""
PURPOSE = "profiling"
"""What the purpose of personal data must say for a model to tell customers apart by them."""
_TECHNICAL = ("customer_id", "as_of", "recorded_at")


def with_role(tables: TableSet, role: str) -> str | None:
    """Return the attribute that has a role of which there is one at most; None where none has."""
    given = tables.columns("customer_snapshots") if tables.has("customer_snapshots") else ()
    return next((name for name in given if tables.facts.attributes.get(name, {}).get("role") == role), None)


def covariates_of(tables: TableSet) -> tuple[str, ...]:
    """Return the attributes of customer_snapshots that may be covariates, in the order of the table."""
    return tuple(name for name in _attributes(tables) if not _barred(tables, name))


def barred(tables: TableSet) -> tuple[str, ...]:
    """Return the attributes that would be covariates were they not personal data without the purpose."""
    return tuple(name for name in _attributes(tables) if _barred(tables, name))


def _attributes(tables: TableSet) -> list[str]:
    declared = tables.facts.attributes
    kept = []
    for name in tables.columns("customer_snapshots"):
        said = declared.get(name, {})
        is_open = said.get("role", "covariate") in {"covariate", "monthly_amount"} and said.get("known_at", "as_of") != "later"
        if name not in _TECHNICAL and is_open:
            kept.append(name)
    return kept


def _barred(tables: TableSet, name: str) -> bool:
    said = tables.facts.attributes.get(name, {})
    return said.get("personal_data", "personal") != "none" and PURPOSE not in re.split(r"[,;\s]+", said.get("purpose", "").lower())


def declared_names(tables: TableSet) -> dict[str, Text]:
    """Return, by covariate, what the mapping calls it in English and in French."""
    return {
        name: Text(said["label_en"], said["label_fr"])
        for name, said in tables.facts.attributes.items()
        if said.get("label_en") and said.get("label_fr")
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
    """Return the covariates that a model cannot use, with what keeps it from that."""
    return {name: why for name, why in _looked_at(spells).items() if why}


def _looked_at(spells: pl.DataFrame) -> dict[str, str]:
    """Return each covariate with what is wrong with it; "" where nothing is."""
    ended = spells["event"] if "event" in spells.columns else pl.repeat(value=False, n=len(spells), eager=True)
    found, columns = {}, {}
    for name in (name for name in spells.columns if name not in SPELL):
        found[name] = _wrong(spells[name], ended)
        if not found[name]:
            columns[name] = _columns(spells[name])
    return found | dict.fromkeys(_following(columns), "it follows from those before it")


def _wrong(values: pl.Series, ended: pl.Series) -> str:
    """Return what is wrong with a covariate by itself."""
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
    """Return that nobody has left at some level of a category, whose effect would have no end; which one may be a person's."""
    if values.dtype != pl.String and not values.cast(pl.Float64).is_in([0.0, 1.0]).all():
        return ""
    counted = pl.DataFrame({"level": values, "ended": ended}).drop_nulls("level").group_by("level").agg(pl.col("ended").sum())
    without = counted.filter(pl.col("ended") == 0)
    return "of one of its levels nobody has left" if 0 < len(without) < len(counted) else ""


def _columns(values: pl.Series) -> Floats:
    """Return a covariate as columns, shape (n, columns): one a number, one a level of a category but the most frequent."""
    if values.dtype != pl.String:
        numbers: Floats = values.cast(pl.Float64).to_numpy()[:, None]
        return numbers
    levels = values.drop_nulls().value_counts(sort=True).sort(["count", values.name], descending=[True, False])[values.name].to_list()
    return np.column_stack([(values == level).fill_null(value=False).cast(pl.Float64).to_numpy() for level in levels[1:]])


def _following(columns: dict[str, Floats]) -> list[str]:
    """Return the covariates of which a column follows (R² above `SAME_ABOVE`) from those kept before it."""
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
    """Return the share of the variance of column j that others leave, from the matrix of correlations."""
    if not others:
        return 1.0
    with_j = likeness[others, j]
    return float(1 - with_j @ np.linalg.lstsq(likeness[np.ix_(others, others)], with_j, rcond=None)[0])
