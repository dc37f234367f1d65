"""One block of a mapping file compiled into a frame: a source, perhaps joined with others, read into one table.

Expressions are compiled and columns looked up here, so that a misspelt name is reported before anything is read. Each of our
columns that can be misread leaves an entry 'column: text' in `_bad` for the rows in which it was misread.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import polars as pl

from relkit.errors import ParameterError, TableError
from relkit.tables import casting
from relkit.tables.casting import Style
from relkit.tables.expressions import Scope, Value, as_number, column, compile_expression
from relkit.tables.file_columns import exactly
from relkit.tables.mapping_file import ATTRIBUTE_TYPES, Block, ColumnRule, Join, Mapping
from relkit.tables.opened_file import FIELDS
from relkit.tables.schemas import BAD, LONG, ROW, SHORT, SOURCE, TABLES
from relkit.tables.sources import STEM, Source, count_rows

_SIGNED = ("quantity", "net_amount", "discount_amount", "margin_amount")
_LONGEST_ENTRY = 80


@dataclass(frozen=True, kw_only=True, eq=False)
class ReadBlock:
    """A compiled block.

    Attributes:
        table: to which its rows belong.
        block: as the mapping declares it.
        frame: our columns, `_bad`, `_source`, `_row`.
        notes: on what the joins left without a match.
    """

    table: str
    block: Block
    frame: pl.LazyFrame
    notes: tuple[str, ...]

    @property
    def keeps_all(self) -> bool:
        """True if each row of the source gives one row."""
        return self.block.where is None and not any(join.many or join.unmatched == "drop" for join in self.block.join)


def read_block(mapping: Mapping, sources: dict[str, Source], table: str, position: int) -> ReadBlock:
    """Return the frame of the block at `position` among those of `table`.

    Args:
        mapping: the mapping file.
        sources: those it declares, opened.
        table: of ours.
        position: of the block.

    Raises:
        TableError: a column is not in the source, or a join would multiply rows.
        ParameterError: an expression is not supported.
    """
    block = mapping.file.tables[table][position]
    here = ("tables", table, position)
    frame, columns = _with_columns(mapping, sources, block.source)
    notes: list[str] = []
    for i, join in enumerate(block.join):
        frame, columns = _joined(mapping, sources, (frame, columns), block.source, join, mapping.at(*here, "join", i), notes)
    source = sources[block.source]
    scope = Scope(columns=columns, style=_style(mapping, source), where=mapping.at(*here), source=source.spoken)
    outputs, entries = _outputs(mapping, table, block, scope, here)
    keep, unread = _where(block, replace(scope, where=mapping.at(*here, "where")))
    frame = frame.with_columns(**scope.made)
    if keep is not None:
        frame = frame.filter(keep | pl.col(FIELDS).is_not_null())  # of a line at fault, no condition can be read
    made = frame.with_columns(expr.alias(_ours(name)) for name, expr in outputs.items())
    ours = [pl.col(_ours(name)).alias(name) for name in outputs]
    selected = made.select(*ours, _bad([*entries, *unread], len(source.columns)).alias(BAD), pl.col(SOURCE), pl.col(ROW))
    try:
        selected.collect_schema()
    except pl.exceptions.PolarsError as error:
        raise ParameterError(f"an expression cannot be carried out: {str(error).splitlines()[0]}.", where=mapping.at(*here)) from error
    return ReadBlock(table=table, block=block, frame=selected, notes=tuple(notes))


def _style(mapping: Mapping, source: Source) -> Style:
    given = mapping.file.sources[source.name]
    return Style(decimal=source.decimal, thousands=given.thousands, zone=given.zone or "UTC", day_zone=mapping.file.company.business_zone)


def _with_columns(mapping: Mapping, sources: dict[str, Source], name: str) -> tuple[pl.LazyFrame, dict[str, Value]]:
    """Return a source's frame, with its own null marks as nulls, and the values of its columns."""
    source, nulls = sources[name], list(mapping.file.sources[name].nulls)
    schema = source.frame.collect_schema()
    texts = [column for column in source.columns if nulls and schema[column] == pl.String]
    frame = source.frame.with_columns(pl.when(~exactly(n).str.strip_chars().is_in(nulls)).then(exactly(n)).alias(n) for n in texts)
    style = _style(mapping, source)
    return frame, {n: Value(exactly(n), casting.kind_of(schema[n]), style=style) for n in (*source.columns, SOURCE, ROW)}


def _joined(
    mapping: Mapping,
    sources: dict[str, Source],
    left: tuple[pl.LazyFrame, dict[str, Value]],
    name: str,
    join: Join,
    where: str,
    notes: list[str],
) -> tuple[pl.LazyFrame, dict[str, Value]]:
    """Return the frame with the columns of a second source, named `source.column`, and `column` if that name is free."""
    frame, columns = left
    other, theirs = _with_columns(mapping, sources, join.source)
    ours_scope = Scope(columns=columns, where=where, source=sources[name].spoken)
    their_scope = Scope(columns=theirs, where=where, source=sources[join.source].spoken)
    keys = [f"_key_{i}" for i in range(len(join.on))]
    own = [column(ours, ours_scope) for ours in join.on]
    foreign = [column(their, their_scope) for their in join.on.values()]
    named = [exactly(n).alias(f"{join.source}.{n}") for n in sources[join.source].columns]
    frame = frame.with_columns(casting.text(v.expr, v.kind).alias(key) for key, v in zip(keys, own, strict=True))
    right = other.filter(pl.col(FIELDS).is_null()).select(
        *(casting.text(v.expr, v.kind).alias(key) for key, v in zip(keys, foreign, strict=True)), *named
    )
    notes.extend(_join_notes(frame, right, keys, name, join, where))
    how = "left" if join.unmatched == "keep" else "inner"
    frame = frame.join(right, on=keys, how=how, maintain_order="left_right").drop(keys)  # type: ignore[arg-type]
    more = {f"{join.source}.{n}": replace(theirs[n], expr=pl.col(f"{join.source}.{n}")) for n in sources[join.source].columns}
    plain = {n: more[f"{join.source}.{n}"] for n in sources[join.source].columns if n not in columns}
    return frame, {**columns, **plain, **more}


def _join_notes(left: pl.LazyFrame, right: pl.LazyFrame, keys: list[str], name: str, join: Join, where: str) -> list[str]:
    """Return the notes on a join, refusing one that multiplies rows unless it is declared to."""
    key_columns = " and ".join(join.on.values())
    notes = []
    repeated = right.drop_nulls(keys).group_by(keys).len().filter(pl.col("len") > 1).sort(keys).collect(engine="streaming")
    if len(repeated) and not join.many:
        first = ", ".join(str(value) for value in repeated.row(0)[:-1])
        raise TableError(
            f"{key_columns} does not distinguish the rows of {join.source}: {len(repeated):,} repeated, first {first} "
            f"({repeated['len'][0]} rows), so that joining it would multiply the rows of {name}.",
            where=where,
            remedy="Join on a column that is unique there, or write many: true if that is meant.",
        )
    lonely = count_rows(left.join(right.select(keys), on=keys, how="anti"))
    if lonely:
        fate = "kept, with nulls" if join.unmatched == "keep" else "left out"
        notes.append(f"{name}: rows without a match in {join.source} by {key_columns}: {lonely:,}; they are {fate}.")
    if len(repeated):
        notes.append(f"{name}: joining {join.source} gives some rows more than once, as many: true allows.")
    return notes


def _outputs(
    mapping: Mapping, table: str, block: Block, scope: Scope, here: tuple[str | int, ...]
) -> tuple[dict[str, pl.Expr], list[pl.Expr]]:
    """Return our columns, and for each that can be misread the text it then had."""
    contract = TABLES[table]
    outputs: dict[str, pl.Expr] = {}
    entries: list[pl.Expr] = []
    if block.key:
        outputs[contract.key[0]] = pl.concat_str(pl.col(STEM), pl.lit(":"), pl.col(ROW))
    rules: list[tuple[str, str, ColumnRule, Any]] = [("columns", n, r, contract[n].dtype) for n, r in block.columns.items()]
    rules += [("attributes", n, a, ATTRIBUTE_TYPES[a.type]) for n, a in block.attributes.items()]
    for group, name, rule, dtype in rules:
        outputs[name], unread = _read(name, rule, dtype, replace(scope, where=mapping.at(*here, group, name)))
        entries += unread
    for i, each in enumerate(block.returns):
        inside = replace(scope, where=mapping.at(*here, "returns", i, "where"))
        _apply_returns(outputs, _condition(each.where, inside).expr, each.kind, turned=each.amounts_in_file == "positive", position=i)
    return outputs, entries


def _ours(name: str) -> str:
    """Return the name of our column while the source's columns are still in the frame."""
    return f"_ours.{name}"


def _value(rule: ColumnRule, dtype: Any, scope: Scope) -> Value:
    """Return the value that a rule reads, before conversion."""
    if rule.constant is not None:
        written = rule.constant
        if isinstance(written, bool) and dtype == pl.Boolean:
            return Value(pl.lit(written), "bool", literal=written)
        return Value(pl.lit(str(written)), "text", literal=str(written))
    if rule.column is not None:
        return column(rule.column, scope)
    if rule.read is not None and rule.read in scope.columns:
        return column(rule.read, scope)
    return compile_expression(rule.read or rule.expression or "", scope)


def _read(name: str, rule: ColumnRule, dtype: Any, scope: Scope) -> tuple[pl.Expr, list[pl.Expr]]:
    """Return our column, and (if that can fail) the entry for `_bad`: null, or 'column: text'."""
    value = _value(rule, dtype, scope)
    own = value.style or scope.style
    style = replace(own, format=rule.format, zone=rule.zone or own.zone, day_zone=rule.zone or own.day_zone, precision=rule.precision)
    if rule.constant is not None:
        style = replace(style, decimal=".")
    if value.name is not None and value.kind == "text" and dtype == pl.Float64:
        value = as_number(value, scope)
    try:
        read = casting.convert(value.expr, value.kind, dtype, style)
    except ParameterError as error:
        raise ParameterError(f"{name}: {error.what}", where=scope.where, remedy=error.remedy) from error
    wanted = casting.kind_of(dtype() if isinstance(dtype, type) else dtype)
    if rule.constant is not None and pl.select(read).item() is None:
        raise ParameterError(f"the constant {rule.constant!r} of {name} is not {casting.spoken(wanted)}.", where=scope.where)
    can_fail = (value.kind == "text" and wanted != "text" and value.literal is None) or (value.kind == "decimal" and wanted == "integer")
    made = pl.col(_ours(name))
    texts = [pl.when(casting.misread(value.expr, value.kind, made)).then(value.expr.cast(pl.String))] if can_fail else []
    texts += [pl.when(flag & made.is_null()).then(exactly(source).cast(pl.String)) for source, flag in value.faults.items()]
    return read, [pl.concat_str(pl.lit(f"{name}: "), pl.coalesce(texts).str.slice(0, _LONGEST_ENTRY))] if texts else []


def _condition(text: str, scope: Scope) -> Value:
    value = compile_expression(text, scope)
    if value.kind != "bool":
        raise ParameterError(f"{text!r} is {casting.spoken(value.kind)}, not a condition.", where=scope.where, remedy="Write x = 1.")
    return value


def _where(block: Block, scope: Scope) -> tuple[pl.Expr | None, list[pl.Expr]]:
    """Return the filter of the rows kept, including those whose condition could not be read, and the entries that report these."""
    if block.where is None:
        return None, []
    value = _condition(block.where, scope)
    keep = value.expr.fill_null(value=False)
    entries: list[pl.Expr] = []
    for name, flag in value.faults.items():
        unread = flag & value.expr.is_null()
        keep = keep | unread
        entries.append(pl.when(unread).then(pl.concat_str(pl.lit(f"{name}: "), exactly(name).cast(pl.String).str.slice(0, _LONGEST_ENTRY))))
    return keep, entries


def _bad(entries: list[pl.Expr], width: int) -> pl.Expr:
    found = pl.concat_str(pl.col(FIELDS), pl.lit(f" fields, and there are {width} columns"))
    long = pl.when(pl.col(FIELDS) > width).then(pl.concat_str(pl.lit(f"{LONG}: "), found))
    short = pl.when(pl.col(FIELDS) < width).then(pl.concat_str(pl.lit(f"{SHORT}: "), found))
    alike = [long, short, *entries]
    wrong = pl.any_horizontal(entry.is_not_null() for entry in alike)
    return pl.when(wrong).then(pl.concat_list(alike).list.drop_nulls())


def _apply_returns(outputs: dict[str, pl.Expr], condition: pl.Expr, kind: str, *, turned: bool, position: int) -> None:
    """Set the line kind of the rows that meet a condition, and the sign that returns have in our tables."""
    before = outputs.get("line_kind", pl.lit("sale"))
    free = condition if position == 0 else condition & ~before.is_in(["return", "cancel"])
    outputs["line_kind"] = pl.when(free).then(pl.lit(kind)).otherwise(before)
    if turned:
        for name in _SIGNED:
            if name in outputs:
                outputs[name] = pl.when(free).then(-outputs[name]).otherwise(outputs[name])
