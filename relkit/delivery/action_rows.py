"""Scores by action in a delivery: the rows of customers in the file, and the entries of their columns in the data dictionary."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import polars as pl

from relkit.features.columns import CUSTOMER
from relkit.models.uplift.family import UPLIFT
from relkit.scores.action_scores import COLUMNS

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from relkit.file_column import FileColumn
    from relkit.score_kinds import Score

VIEW = "scores_by_action"
"""Name of the view in the data dictionary, and of the file without its ending."""


def action_rows(table: pl.DataFrame | None, records: Iterable[Score], customers: pl.DataFrame) -> pl.DataFrame | None:
    """Return the scores by action of the customers in a file, without those who refuse profiling or are protected from any contact.

    Args:
        table: scores by action; None if there are none.
        records: of the scores in the file; without an effect of an action among them, the table is of other scores and left out.
        customers: the customer table of the file.
    """
    if table is None or not any(UPLIFT.includes(record) for record in records):
        return None
    barred = [pl.col("consent_profiling").eq_missing("refused")] if "consent_profiling" in customers.columns else []
    barred += [pl.col("is_protected").fill_null(value=False)] if "is_protected" in customers.columns else []
    served = customers.filter(~pl.any_horizontal(pl.lit(value=False), *barred)).select("customer_id")
    return table.join(served, on="customer_id", how="semi", maintain_order="left")


def protected_without_effects(
    scores: Mapping[str, pl.DataFrame], records: Mapping[str, Score], customers: pl.DataFrame
) -> dict[str, pl.DataFrame]:
    """Return the scores without effects of actions on customers who are protected: no action may reach them.

    Args:
        scores: by score, one row per customer.
        records: by score, its record.
        customers: the customer table; without is_protected nobody is.
    """
    if "is_protected" not in customers.columns:
        return dict(scores)
    protected = customers.filter(pl.col("is_protected").fill_null(value=False)).select("customer_id")
    made = {
        name: rows.join(protected, on="customer_id", how="anti", maintain_order="left") if UPLIFT.includes(records[name]) else rows
        for name, rows in scores.items()
    }
    return {name: rows for name, rows in made.items() if len(rows)}


def action_columns(currency: str, score: str = "") -> tuple[FileColumn, ...]:
    """Return the columns of the scores by action in a currency; those that rest on the model name one of its scores.

    Examples:
        >>> [column.name for column in action_columns("EUR")][-2:]
        ['value_eur', 'cost_eur']
    """
    words = {"cur": currency.lower(), "CUR": currency.upper()}
    filled = (
        replace(
            each,
            name=each.name.format(**words),
            unit=each.unit.format(**words),
            label=each.label.filled(**words),
            score=score if each.score else "",
        )
        for each in COLUMNS
    )
    return (CUSTOMER, *filled)
