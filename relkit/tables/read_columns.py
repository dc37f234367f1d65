"""One of our columns as a mapping reads it, and what it is: an id, money, or open to be shown."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import polars as pl

from relkit.tables.declared.columns import MONEY
from relkit.tables.mapping_file import Attribute, ColumnRule
from relkit.tables.schemas import TABLES

if TYPE_CHECKING:
    from relkit.tables.casting import Kind, Style
    from relkit.tables.column_readings import ColumnReading
    from relkit.tables.expressions import Value


@dataclass(frozen=True, kw_only=True, eq=False)
class OurColumn:
    """A compiled column.

    Attributes:
        name: of ours.
        expr: its value as read.
        final: what the table keeps of it; None keeps all.
        entry: for `_bad`; None if it cannot be misread.
        value: before conversion.
        wanted: kind that the table wants.
        style: in which it is read.
        origins: pairs of source and column that it is made of.
        numbers: those of them that are texts read as numbers with the marks of their source.
        is_money: whether it is an amount of money.
        is_id: whether it identifies something, or refers to it.
        reading: for messages.
    """

    name: str
    expr: pl.Expr
    final: pl.Expr | None
    entry: pl.Expr | None
    value: Value
    wanted: Kind
    style: Style
    origins: tuple[tuple[str, str], ...]
    numbers: tuple[tuple[str, str], ...]
    is_money: bool
    is_id: bool
    reading: ColumnReading


def is_id(table: str, name: str) -> bool:
    """Return whether a column of ours identifies something or refers to it.

    Examples:
        >>> is_id("transactions", "customer_id"), is_id("transactions", "return_of"), is_id("products", "name")
        (True, True, False)
    """
    contract = TABLES[table]
    if name not in contract.names or contract[name].dtype != pl.String or contract[name].allowed:
        return False
    return name in contract.key or name.endswith("_id") or name == "return_of" or name in dict(contract.references)


def is_money(table: str, name: str, rule: ColumnRule, currency: str) -> bool:
    """Return whether a column of ours, or an attribute, is an amount of money."""
    if isinstance(rule, Attribute):
        return rule.type == "number" and (rule.unit == currency or rule.role == "monthly_amount")
    return TABLES[table][name].unit == MONEY


def is_open(table: str, name: str, rule: ColumnRule) -> bool:
    """Return whether no value of a column says anything about a person."""
    if isinstance(rule, Attribute):
        return rule.personal_data == "none"
    return TABLES[table][name].personal_data == "none"
