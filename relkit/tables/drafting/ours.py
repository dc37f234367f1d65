"""Blocks of sources that have our names already: a table of ours, with its columns."""

from __future__ import annotations

from typing import TYPE_CHECKING

from relkit.tables.drafting.desk import day_line
from relkit.tables.drafting.pieces import DraftBlock, Line
from relkit.tables.schemas import TABLES

if TYPE_CHECKING:
    from relkit.tables.drafting.desk import Desk


def is_ours(desk: Desk) -> bool:
    """Return whether a source is named after one of our tables and has all that it requires; snapshots have columns of their own."""
    contract = TABLES.get(desk.found.name)
    if contract is None or contract.open_ended:
        return False
    given = {column.name for column in desk.found.columns}
    return all(column.name in given for column in contract.columns if column.required and column.default is None)


def ours(desk: Desk) -> list[DraftBlock]:
    """Return the block that reads each column of ours from the one of its name."""
    contract = TABLES[desk.found.name]
    lines = []
    for column in desk.found.columns:
        if column.name in contract.names:
            dated = column.days and contract[column.name].unit in {"day", "UTC instant"}
            plain = Line(key=column.name, value=column.name, reads=(column.name,))
            lines.append(day_line(column.name, column, instant=contract[column.name].unit == "UTC instant") if dated else plain)
    return [DraftBlock(table=contract.name, source=desk.found.name, columns=tuple(lines))]
