"""Rows on one fact that disagree: kept, counted, and resolved where they are read.

A consent granted and withdrawn at one instant, an exclusion with and without an end, a contract that one row ends and
another one runs, a unit drawn into both arms: no order of the rows says which one is right, so each contract states which
one holds (`relkit.contracts.Disagreement`), and none is lost to quarantine as a repeated key.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from relkit.contracts import Contract, Rule
from relkit.tables.keys import equal_rows
from relkit.tables.staging import INDEX

if TYPE_CHECKING:
    from collections.abc import Iterable

_RECORDED = "recorded_at"


def disagreeing_rows(rows: pl.LazyFrame, contract: Contract, names: Iterable[str]) -> list[Rule]:
    """Return the doubt about rows that state another thing on the fact of an earlier row; none if the contract knows no such rows.

    Args:
        rows: the rows kept, with `_index`.
        contract: of the table.
        names: columns of the table that are there.
    """
    found = contract.disagreement
    if found is None:
        return []
    later = equal_rows(rows, fact_of(contract, names))
    broken = pl.col(INDEX).is_in(later.implode())
    return [Rule(name=found.rule, columns=(), broken=broken, impossible=False, remedy=found.remedy)]


def fact_of(contract: Contract, names: Iterable[str]) -> list[str]:
    """Return the columns by which rows are on one fact, as known at one time: a row recorded later corrects an earlier one.

    Examples:
        >>> from relkit.tables.schemas import TABLES
        >>> fact_of(TABLES["contracts"], ("contract_id", "status", "ended_on", "recorded_at"))
        ['contract_id', 'recorded_at']
    """
    apart = contract.disagreement.columns if contract.disagreement else ()
    there = set(names)
    return [name for name in (*contract.key, *((_RECORDED,) if _RECORDED in contract.names else ())) if name in there and name not in apart]


def one_per_fact(rows: pl.LazyFrame, contract: Contract, names: Iterable[str]) -> pl.LazyFrame:
    """Return the rows that hold: of several on one fact the one recorded last, then the most restrictive one.

    Args:
        rows: rows of the table that are known.
        contract: of the table; its disagreement has an order.
        names: columns of the table that are there.

    Examples:
        >>> from relkit.tables.schemas import TABLES
        >>> rows = pl.LazyFrame({"contract_id": ["k", "k"], "status": ["ended", "active"], "ended_on": ["2024-05-01", None]})
        >>> days = rows.with_columns(pl.col("ended_on").str.to_date())
        >>> one_per_fact(days, TABLES["contracts"], ("contract_id", "status", "ended_on")).collect()["status"].to_list()
        ['ended']
    """
    found = contract.disagreement
    if found is None or not found.ascending:
        return rows
    there = set(names)
    fact = [name for name in fact_of(contract, there) if name != _RECORDED]
    order = [pl.col(_RECORDED)] if _RECORDED in there else []
    order += [expression for expression in found.ascending if set(expression.meta.root_names()) <= there]
    ranked = rows.sort(*fact, *order, nulls_last=False, maintain_order=True)
    return ranked.unique(fact, keep="last", maintain_order=True)
