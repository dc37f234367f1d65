"""The questions that the columns of a block raise about its sources."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import polars as pl

from relkit.tables import casting, date_orders, id_forms, mark_doubts, order_doubts
from relkit.tables.file_columns import exactly
from relkit.tables.number_marks import marks_of
from relkit.tables.questions import Answer, Question
from relkit.tables.sentinels import SentinelsFound, near, stands_for_none, years

if TYPE_CHECKING:
    from collections.abc import Mapping as AnyMapping
    from collections.abc import Sequence
    from datetime import date

    from relkit.tables.mapping_file import Block, Mapping
    from relkit.tables.read_columns import OurColumn
    from relkit.tables.sources import Source

_SAMPLE = 500


def questions_about(mapping: Mapping, sources: dict[str, Source], block: Block, columns: Sequence[OurColumn]) -> dict[str, list[Question]]:
    """Return the questions by source; what the first rows answer is not asked.

    Args:
        mapping: with what is declared.
        sources: of the mapping.
        block: whose columns these are.
        columns: as read.
    """
    found: dict[str, list[Question]] = {}
    for name in (block.source, *(join.source for join in block.join)):
        own = [each for each in columns if any(source == name for source, _ in each.origins)]
        asked = [*_marks(mapping, sources[name], own), *_orders(sources[name], own), *_sentinels(mapping, sources[name], own)]
        found.setdefault(name, []).extend([*asked, *_ids(sources[name], own)])
    return found


def _marks(mapping: Mapping, source: Source, columns: list[OurColumn]) -> list[Question]:
    """Return the questions about marks: of all numbers if the source has not shown its mark, else of money alone."""
    declared = mapping.file.sources[source.name]
    if declared.decimal or declared.thousands:
        return []
    wanted: dict[str, OurColumn] = {}
    for each in columns:
        for name, column in each.numbers:
            if name == source.name and (each.is_money or not source.decimal_known):
                wanted[column] = each if each.is_money or column not in wanted else wanted[column]
    sample = _sample(source, list(wanted))
    asked = {column: each for column, each in wanted.items() if marks_of(sample[column]).decimal is None}
    return [mark_doubts.question(column, each.style, is_money=each.is_money) for column, each in asked.items()]


def _orders(source: Source, columns: list[OurColumn]) -> list[Question]:
    """Return the questions about the order of day and month: of formats whose other order reads the first rows too."""
    asked = []
    for each in columns:
        other = order_doubts.swapped(each.style.format)
        if other is None or each.value.kind != "text" or len(each.origins) != 1 or each.value.name is None:
            continue
        column = each.origins[0][1]
        text = _sample(source, [column])[column].str.strip_chars().drop_nulls().to_frame("text")
        if text.select(date_orders.read(pl.col("text"), other).is_not_null().all()).item():
            asked.append(order_doubts.question(column, str(each.style.format), other))
    return asked


def _sentinels(mapping: Mapping, source: Source, columns: list[OurColumn]) -> list[Question]:
    """Return the questions on how many days stand for none."""
    days = mapping.file.company.sentinels
    asked = []
    for each in columns:
        if each.wanted not in {"date", "utc"} or each.value.literal is not None or len(each.origins) != 1 or not days:
            continue
        column = each.origins[0][1]
        if each.value.name is None and not set(each.value.expr.meta.root_names()) <= set(source.columns):
            continue
        value = exactly(column) if each.value.name is not None else each.value.expr
        candidate = _may_be_sentinel(each, value, days)
        dtype = pl.Date if each.wanted == "date" else pl.Datetime("us", "UTC")
        read = casting.convert(value.filter(candidate), each.value.kind, dtype, each.style)
        count = stands_for_none(read, each.wanted, days, each.style.zone).sum().alias("rows")
        name = f"sentinels of {column} as {each.style.format} for {each.wanted}"
        asked.append(Question(name=name, asked={"candidates": candidate.sum()}, answer=_reported(column, count)))
    return asked


def _may_be_sentinel(each: OurColumn, value: pl.Expr, days: Sequence[date]) -> pl.Expr:
    """Return whether a value may be a sentinel, at a fraction of what it costs to convert it."""
    if each.value.kind in {"date", "instant", "utc"}:
        return near(value, days)
    if each.value.name is not None and each.value.kind == "text" and not each.reading.is_counted:
        return value.str.contains_any(years(days))
    return value.is_not_null()


def _reported(column: str, count: pl.Expr) -> Any:
    def answer(source: Source, found: AnyMapping[str, Any]) -> list[Answer]:
        if not found["candidates"]:
            return []
        rows = int(source.frame.select(count).collect(engine="streaming").item() or 0)
        return [SentinelsFound(place=f"{source.spoken}, column {column}", rows=rows).remark()] if rows else []

    return answer


def _ids(source: Source, columns: list[OurColumn]) -> list[Question]:
    """Return the questions on how many ids were written with invisible characters or in another normal form."""
    asked, texts = [], {name for name, dtype in source.frame.collect_schema().items() if dtype == pl.String}
    for each in columns:
        for name, column in each.origins if each.is_id else ():
            if name == source.name and column in texts:
                changed = id_forms.count_changed(exactly(column))
                asked.append(Question(name=f"ids of {column}", asked={"changed": changed}, answer=_cleaned(column)))
    return asked


def _cleaned(column: str) -> Any:
    def answer(source: Source, found: AnyMapping[str, Any]) -> list[Answer]:
        changed = int(found["changed"] or 0)
        what = "invisible characters or letters in several parts removed from ids (Unicode NFC)"
        return [f"{source.spoken}, column {column}: {what} in rows: {changed:,}."] if changed else []

    return answer


def _sample(source: Source, columns: list[str]) -> pl.DataFrame:
    return source.frame.select(exactly(column) for column in columns).head(_SAMPLE).collect() if columns else pl.DataFrame()
