"""Rows that add up the others, as spreadsheets end with them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from relkit.tables.drafting.desk import Desk, is_number
from relkit.tables.drafting.lexicon import TOTAL_WORDS
from relkit.tables.drafting.pieces import Answer, Line, Question, literal, quoted, scalar
from relkit.texts import Text

if TYPE_CHECKING:
    from relkit.tables.drafting.profile import Profile

_FEW = 0.02
_LABELS = 4
_CENT = 0.011


def totals_line(desk: Desk) -> tuple[Line, ...]:
    """Return the `where` that leaves rows of totals out: written if such a row adds up the others, asked otherwise."""
    rows = _labelled(desk)
    if rows is None:
        return ()
    column, labels = rows
    name = quoted(column.name)
    condition = f"{name} is null or {name} not in ({', '.join(map(literal, labels))})"
    if _adds_up(desk, column):
        remark = Text("the row of totals, which adds up the others", "la ligne de totaux, somme des autres")
        return (Line(key="where", value=condition, reads=(column.name,), remark=remark),)
    text = Text(
        f"are the rows whose {column.name!r} begins with Total sums, to be left out?",
        f"les lignes dont « {column.name} » commence par Total sont-elles des sommes, à laisser de côté ?",
    )
    return (Line(key="where", value=Question(text, (Answer(scalar(condition)),), may_go=True), reads=(column.name,)),)


def _labelled(desk: Desk) -> tuple[Profile, list[str]] | None:
    """Return the column that labels few rows as totals, and the labels."""
    for column in desk.found.columns:
        if column.kind != "text":
            continue
        texts = desk.found.sample[column.name]
        found = texts.filter(texts.str.contains(TOTAL_WORDS).fill_null(value=False))
        if 0 < len(found) <= max(1, _FEW * column.rows) and found.n_unique() <= _LABELS:
            return column, sorted(found.str.strip_chars().unique().to_list())
    return None


def _adds_up(desk: Desk, label: Profile) -> bool:
    """Return whether in some column of numbers each labelled row has the sum of the rows since the one before."""
    sample = desk.found.sample
    is_total = sample[label.name].str.contains(TOTAL_WORDS).fill_null(value=False)
    for column in desk.found.columns:
        if not is_number(column) or column.numbers is None or sample[column.name].dtype != pl.String:
            continue
        texts = sample[column.name].str.replace_all(r"[ \u{a0}\u{202f}€]", "")
        values = (texts.str.replace(",", ".", literal=True) if column.numbers.decimal == "," else texts).cast(pl.Float64, strict=False)
        frame = pl.DataFrame({"value": values, "total": is_total})
        parts = frame.with_columns(part=pl.col("total").shift(1, fill_value=False).cum_sum())
        sums = parts.group_by("part").agg(
            rest=pl.col("value").filter(~pl.col("total")).sum(),
            total=pl.col("value").filter(pl.col("total")).first(),
            is_one=pl.col("total").any(),
        )
        ends = sums.filter(pl.col("is_one") & pl.col("total").is_not_null() & (pl.col("rest") != 0))
        if len(ends) == int(is_total.sum()) and bool(((ends["rest"] - ends["total"]).abs() < _CENT).all()):
            return True
    return False
