"""Rows that add up the others, as spreadsheets end with them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from relkit.tables.drafting.desk import Desk, is_number
from relkit.tables.drafting.lexicon import TOTAL_WORDS
from relkit.tables.drafting.pieces import Answer, Line, Question, quoted, scalar
from relkit.texts import Text

if TYPE_CHECKING:
    from relkit.tables.drafting.profile import Profile

_FEW = 0.02
_CENT = 0.011


def totals_line(desk: Desk) -> tuple[Line, ...]:
    """Return the `where` that leaves rows of totals out: written if such a row adds up the others, asked otherwise."""
    rows = _labelled(desk)
    if rows is None:
        return ()
    column, count = rows
    condition = f"{quoted(column.name)} is null or not regexp_like({quoted(column.name)}, '{TOTAL_WORDS}')"
    if _adds_up(desk, column):
        remark = Text("the row of totals, which adds up the others", "la ligne de totaux, somme des autres")
        return (Line(key="where", value=condition, reads=(column.name,), remark=remark),)
    text = Text(
        f"rows whose {column.name!r} begins with Total: {count}. Are they sums, to be left out?",
        f"lignes dont « {column.name} » commence par Total : {count}. Sont-ce des sommes, à laisser de côté ?",
    )
    return (Line(key="where", value=Question(text, (Answer(scalar(condition)),), may_go=True), reads=(column.name,)),)


def _labelled(desk: Desk) -> tuple[Profile, int] | None:
    """Return the column that labels few rows as totals, and their number."""
    for column in desk.found.columns:
        if column.kind != "text":
            continue
        count = int(desk.found.sample[column.name].str.contains(TOTAL_WORDS).sum() or 0)
        if 0 < count <= max(1, _FEW * column.rows):
            return column, count
    return None


def _adds_up(desk: Desk, label: Profile) -> bool:
    """Return whether in some column of numbers the labelled row has the sum of the others."""
    sample = desk.found.sample
    is_total = sample[label.name].str.contains(TOTAL_WORDS).fill_null(value=False)
    for column in desk.found.columns:
        if not is_number(column) or column.numbers is None or sample[column.name].dtype != pl.String:
            continue
        texts = sample[column.name].str.replace_all(r"[ \u{a0}\u{202f}€]", "").str.replace(",", ".", literal=column.numbers.decimal == ",")
        values = texts.cast(pl.Float64, strict=False)
        total, rest = values.filter(is_total).drop_nulls(), values.filter(~is_total).sum()
        if len(total) == 1 and rest and abs(float(total[0]) - float(rest)) < _CENT:
            return True
    return False
