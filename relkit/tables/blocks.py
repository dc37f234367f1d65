"""One block of a mapping file compiled into a frame: a source, perhaps joined with others, read into one table.

Expressions are compiled and columns looked up here, so that a misspelt name is reported before anything is read. Each of our
columns that can be misread leaves an entry 'column: text' in `_bad` for the rows in which it was misread. What could be read in two
ways is asked: each block has questions about its sources, which are answered in the pass that measures them.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import polars as pl

from relkit.errors import ParameterError, TableError
from relkit.limits import beyond, limit
from relkit.tables import casting, id_forms
from relkit.tables.block_questions import questions_about
from relkit.tables.casting import Kind, Style
from relkit.tables.column_readings import ColumnReading
from relkit.tables.expressions import Scope, Value, as_number, column, compile_expression
from relkit.tables.file_columns import exactly
from relkit.tables.mapping_file import ATTRIBUTE_TYPES, Block, ColumnRule, Join, Mapping
from relkit.tables.number_marks import OTHER, marks_of
from relkit.tables.opened_file import FIELDS
from relkit.tables.read_columns import OurColumn, is_id, is_money, is_open
from relkit.tables.schemas import BAD, LONG, ROW, SHORT, SOURCE, TABLES
from relkit.tables.sentinels import inside, stands_for_none
from relkit.tables.sources import STEM, Source, count_rows
from relkit.traces import words_of

if TYPE_CHECKING:
    from datetime import date

    from relkit.tables.questions import Question

_SIGNED = ("quantity", "net_amount", "discount_amount", "margin_amount")
_LONGEST_ENTRY = 80
_SAMPLE = 500


@dataclass(frozen=True, kw_only=True, eq=False)
class ReadBlock:
    """A compiled block.

    Attributes:
        table: to which its rows belong.
        block: as the mapping declares it.
        frame: our columns, `_bad`, `_source`, `_row`.
        notes: on what the joins left without a match.
        columns: ours, with their origins.
        questions: about its sources, by source.
    """

    table: str
    block: Block
    frame: pl.LazyFrame
    notes: tuple[str, ...]
    columns: tuple[OurColumn, ...] = ()
    questions: dict[str, list[Question]] = field(default_factory=dict)

    @property
    def keeps_all(self) -> bool:
        """True if each row of the source gives one row."""
        return self.block.where is None and not any(join.many or join.unmatched == "drop" for join in self.block.join)


def read_block(mapping: Mapping, sources: dict[str, Source], table: str, position: int, *, marks: LateMarks | None = None) -> ReadBlock:
    """Return the frame of the block at `position` among those of `table`.

    Args:
        mapping: the mapping file.
        sources: those it declares, opened.
        table: of ours.
        position: of the block.
        marks: decimal marks that columns were found to have, by source and column.

    Raises:
        TableError: a column is not in the source, or a join would multiply rows.
        ParameterError: an expression is not supported.
    """
    marks = marks or {}
    compiled = _compiled(mapping, sources, table, position, marks)
    early = _marks_of_sample(mapping, sources, compiled)
    if any(mark != marks.get(name, {}).get(column) for name, found in early.items() for column, mark in found.items()):
        compiled = _compiled(mapping, sources, table, position, {name: {**early.get(name, {}), **marks.get(name, {})} for name in sources})
    questions = questions_about(mapping, sources, compiled.block, compiled.columns)
    return replace(compiled, questions=questions)


LateMarks = dict[str, dict[str, str]]
"""Decimal marks by source and column, where a column has another than its source."""


def _compiled(mapping: Mapping, sources: dict[str, Source], table: str, position: int, marks: LateMarks) -> ReadBlock:
    block = mapping.file.tables[table][position]
    here = ("tables", table, position)
    frame, columns = _with_columns(mapping, sources, block.source, marks)
    notes: list[str] = []
    for i, join in enumerate(block.join):
        where = mapping.at(*here, "join", i)
        frame, columns = _joined(mapping, sources, (frame, columns), block.source, join, where, notes, marks)
    source = sources[block.source]
    scope = Scope(columns=columns, style=_style(mapping, source), where=mapping.at(*here), source=source.spoken)
    ours, outputs = _outputs(mapping, table, block, scope, here, sources)
    keep, unread = _where(block, replace(scope, where=mapping.at(*here, "where")))
    frame = frame.with_columns(**scope.made)
    if keep is not None:
        frame = frame.filter(keep | pl.col(FIELDS).is_not_null())  # of a line at fault, no condition can be read
    made = frame.with_columns(expr.alias(_ours(name)) for name, expr in outputs.items())
    final = {each.name: each.final for each in ours if each.final is not None}
    selected = made.select(
        *(final.get(name, pl.col(_ours(name))).alias(name) for name in outputs),
        _bad([*(each.entry for each in ours if each.entry is not None), *unread]).alias(BAD),
        pl.col(SOURCE),
        pl.col(ROW),
    )
    try:
        selected.collect_schema()
    except pl.exceptions.PolarsError as error:
        raise ParameterError(
            f"an expression cannot be carried out: {words_of(error, columns).rstrip('.')}.", where=mapping.at(*here)
        ) from error
    return ReadBlock(table=table, block=block, frame=selected, notes=tuple(notes), columns=tuple(ours))


def _marks_of_sample(mapping: Mapping, sources: dict[str, Source], compiled: ReadBlock) -> LateMarks:
    """Return the decimal marks that first rows show, for columns read as numbers from sources that did not show theirs when opened."""
    found: LateMarks = {}
    for name in sorted({source for each in compiled.columns for source, _ in each.numbers}):
        if sources[name].decimal_known or mapping.file.sources[name].thousands:
            continue
        names = sorted({column for each in compiled.columns for source, column in each.numbers if source == name})
        sample = sources[name].frame.select(exactly(column) for column in names).head(_SAMPLE).collect()
        marks = {column: marks_of(sample[column]).decimal for column in names}
        found[name] = {column: mark for column, mark in marks.items() if mark is not None}
    return found


def _style(mapping: Mapping, source: Source) -> Style:
    """Return the style of a source: bare days and instants are of its zone, by default that of the business."""
    given, business = mapping.file.sources[source.name], mapping.file.company.business_zone
    decimal = OTHER[source.decimal] if given.thousands == source.decimal else source.decimal
    return Style(decimal=decimal, thousands=given.thousands, zone=given.zone or business, day_zone=business)


def _with_columns(mapping: Mapping, sources: dict[str, Source], name: str, marks: LateMarks) -> tuple[pl.LazyFrame, dict[str, Value]]:
    """Return a source's frame, with its own null marks as nulls, and the values of its columns."""
    source, nulls = sources[name], list(mapping.file.sources[name].nulls)
    schema = source.frame.collect_schema()
    texts = [column for column in source.columns if nulls and schema[column] == pl.String]
    frame = source.frame.with_columns(pl.when(~exactly(n).str.strip_chars().is_in(nulls)).then(exactly(n)).alias(n) for n in texts)
    style, own = _style(mapping, source), marks.get(name, {})
    styles = {n: replace(style, decimal=own[n]) if n in own else style for n in source.columns}
    kinds = {n: casting.kind_of(schema[n]) for n in (*source.columns, SOURCE, ROW)}
    return frame, {n: Value(exactly(n), kind, style=styles.get(n, style), unusable=source.unusable.get(n, "")) for n, kind in kinds.items()}


def _joined(
    mapping: Mapping,
    sources: dict[str, Source],
    left: tuple[pl.LazyFrame, dict[str, Value]],
    name: str,
    join: Join,
    where: str,
    notes: list[str],
    marks: LateMarks,
) -> tuple[pl.LazyFrame, dict[str, Value]]:
    """Return the frame with the columns of a second source, named `source.column`, and `column` if that name is free."""
    frame, columns = left
    other, theirs = _with_columns(mapping, sources, join.source, marks)
    ours_scope = Scope(columns=columns, where=where, source=sources[name].spoken)
    their_scope = Scope(columns=theirs, where=where, source=sources[join.source].spoken)
    keys = [f"_key_{i}" for i in range(len(join.on))]
    own = [column(ours, ours_scope) for ours in join.on]
    foreign = [column(their, their_scope) for their in join.on.values()]
    named = [exactly(n).alias(f"{join.source}.{n}") for n in sources[join.source].columns]
    frame = frame.with_columns(id_forms.normal(casting.text(v.expr, v.kind)).alias(key) for key, v in zip(keys, own, strict=True))
    right = other.filter(pl.col(FIELDS).is_null()).select(
        *(id_forms.normal(casting.text(v.expr, v.kind)).alias(key) for key, v in zip(keys, foreign, strict=True)), *named
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
        raise TableError(
            f"{key_columns} does not distinguish the rows of {join.source}: {len(repeated):,} repeated, one in "
            f"{max(repeated['len'].to_list())} rows, so that joining it would multiply the rows of {name}.",
            where=where,
            remedy="Join on a column that is unique there, or write many: true if that is meant.",
        )
    lonely = count_rows(left.join(right.select(keys), on=keys, how="anti"))
    if lonely:
        fate = "kept, with nulls" if join.unmatched == "keep" else "left out"
        notes.append(f"{name}: rows without a match in {join.source} by {key_columns}: {lonely:,}; they are {fate}.")
    if len(repeated):
        _refuse_growth(left, repeated, keys, where)
        notes.append(f"{name}: joining {join.source} gives some rows more than once, as many: true allows.")
    return notes


def _refuse_growth(left: pl.LazyFrame, repeated: pl.DataFrame, keys: list[str], where: str) -> None:
    """Refuse a join that would multiply rows beyond the limit, counted by key before it is made."""
    counted = left.group_by(keys).agg(pl.len().alias("rows")).join(repeated.lazy(), on=keys)
    added = counted.select((pl.col("rows").cast(pl.Float64) * (pl.col("len") - 1)).sum()).collect(engine="streaming").item()
    if added > limit("joined_rows"):
        raise beyond("joined_rows", where=f"{where}: joining would add {added:,.0f} rows", error=TableError)


def _outputs(
    mapping: Mapping, table: str, block: Block, scope: Scope, here: tuple[str | int, ...], sources: dict[str, Source]
) -> tuple[list[OurColumn], dict[str, pl.Expr]]:
    """Return our columns as they are read, and the expression of each, signs of returns applied."""
    contract = TABLES[table]
    outputs: dict[str, pl.Expr] = {}
    if block.key:
        outputs[contract.key[0]] = pl.concat_str(pl.col(STEM), pl.lit(":"), pl.col(ROW))
    rules: list[tuple[str, str, ColumnRule, Any]] = [("columns", n, r, contract[n].dtype) for n, r in block.columns.items()]
    rules += [("attributes", n, a, ATTRIBUTE_TYPES[a.type]) for n, a in block.attributes.items()]
    extreme = _extreme(sources[block.source], [rule for _, _, rule, _ in rules], scope)
    given = _Given(mapping=mapping, table=table, block=block, sources=sources, extreme=extreme)
    ours = []
    for group, name, rule, dtype in rules:
        each = _read(name, rule, dtype, replace(scope, where=mapping.at(*here, group, name)), given)
        ours.append(each)
        outputs[name] = each.expr
    for i, returns in enumerate(block.returns):
        condition = _condition(returns.where, replace(scope, where=mapping.at(*here, "returns", i, "where")))
        _apply_returns(outputs, condition.expr, returns.kind, turned=returns.amounts_in_file == "positive", position=i)
    return ours, outputs


@dataclass(frozen=True, kw_only=True, eq=False)
class _Given:
    """Facts that the reading of each column needs.

    Attributes:
        extreme: columns of the source, with types, that hold an infinite number or a day of no calendar.
    """

    mapping: Mapping
    table: str
    block: Block
    sources: dict[str, Source]
    extreme: frozenset[str]

    def origins(self, value: Value, scope: Scope) -> tuple[tuple[str, str], ...]:
        """Return the source and the column of each column that a value is made of."""
        roots = [root for name in value.expr.meta.root_names() for root in _roots(name, scope)]
        found = [self._origin(root) for root in dict.fromkeys(roots)]
        return tuple(origin for origin in found if origin is not None)

    def _origin(self, root: str) -> tuple[str, str] | None:
        if root in self.sources[self.block.source].columns:
            return self.block.source, root
        for join in self.block.join:
            if root.startswith(f"{join.source}."):
                return join.source, root.removeprefix(f"{join.source}.")
        return None


def _roots(name: str, scope: Scope) -> list[str]:
    return scope.made[name].meta.root_names() if name in scope.made else [name]


def _extreme(source: Source, rules: list[ColumnRule], scope: Scope) -> frozenset[str]:
    """Return the columns with types that are read as they stand and whose extremes are no values; their ends show it at little cost."""
    names = {rule.column or rule.read for rule in rules} & set(source.columns)
    days = [name for name in names if name and scope.columns[name].kind in {"date", "instant", "utc"}]
    numbers = [name for name in names if name and scope.columns[name].kind == "decimal"]
    asked = [exactly(name).cast(pl.Float64).is_infinite().any().alias(name) for name in numbers]
    asked += [(~casting.within_life(exactly(name).cast(pl.Date), "date")).any().alias(name) for name in days]
    if not asked:
        return frozenset()
    found = source.frame.select(asked).collect(engine="streaming").row(0, named=True)
    return frozenset(name for name, is_extreme in found.items() if is_extreme)


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


def _read(name: str, rule: ColumnRule, dtype: Any, scope: Scope, given: _Given) -> OurColumn:
    """Return our column: its value, what remains of it in the table, and the entry for `_bad`: null, or 'column: text'."""
    value = _value(rule, dtype, scope)
    style = _style_of(rule, value, scope)
    wanted = casting.kind_of(dtype() if isinstance(dtype, type) else dtype)
    reads_number = value.kind == "text" and dtype == pl.Float64
    if value.name is not None and reads_number and style == replace(value.style or scope.style, format=style.format):
        value = as_number(value, scope)
    try:
        read = casting.convert(value.expr, value.kind, dtype, style)
    except ParameterError as error:
        raise ParameterError(f"{name}: {error.what}", where=scope.where, remedy=error.remedy) from error
    read = _as_id(read, name, rule, wanted, scope, given)
    if rule.constant is not None and pl.select(read).item() is None:
        raise ParameterError(f"the constant {rule.constant!r} of {name} is not {casting.spoken(wanted)}.", where=scope.where)
    is_written = value.literal is not None
    made = pl.col(_ours(name))
    possible = None if is_written or wanted not in {"date", "utc"} else casting.within_life(made, wanted)
    sentinels = given.mapping.file.company.sentinels
    texts = []
    if not is_written and _can_fail(value, wanted, rule, given):
        texts.append(pl.when(_misread(value, made, possible, wanted, sentinels, style)).then(value.expr.cast(pl.String)))
    texts += [pl.when(flag & made.is_null()).then(exactly(source).cast(pl.String)) for source, flag in value.faults.items()]
    entry = pl.concat_str(pl.lit(f"{name}: "), pl.coalesce(texts).str.slice(0, _LONGEST_ENTRY)) if texts else None
    final = None if possible is None else _held(made, possible, wanted, inside(sentinels), style)
    origins = given.origins(value, scope)
    return OurColumn(
        name=name,
        expr=read,
        final=final,
        entry=entry,
        value=value,
        wanted=wanted,
        style=style,
        origins=origins,
        numbers=() if rule.decimal or rule.thousands else _numbers(origins, value, scope, reads_number=reads_number),
        is_money=is_money(given.table, name, rule, given.mapping.file.company.currency),
        is_id=wanted == "text" and is_id(given.table, name),
        reading=_reading(name, rule, style, origins, given, is_text=value.name is not None and value.kind == "text"),
    )


def _style_of(rule: ColumnRule, value: Value, scope: Scope) -> Style:
    """Return the style of a column: its source's, with what its rule declares."""
    own = value.style or scope.style
    if rule.constant is not None:
        own = replace(own, decimal=".", thousands="")
    decimal, thousands = rule.decimal or own.decimal, rule.thousands if rule.thousands is not None else own.thousands
    if thousands == decimal:
        decimal = OTHER[decimal]
    zone, day_zone = rule.zone or own.zone, rule.zone or own.day_zone
    return replace(own, decimal=decimal, thousands=thousands, format=rule.format, zone=zone, day_zone=day_zone, precision=rule.precision)


def _as_id(read: pl.Expr, name: str, rule: ColumnRule, wanted: Kind, scope: Scope, given: _Given) -> pl.Expr:
    """Return ids in their one spelling, and in the form that is declared."""
    if rule.id_form is not None and wanted != "text":
        raise ParameterError(f"{name} is {casting.spoken(wanted)}, and id_form is for ids.", where=scope.where, remedy="Take id_form out.")
    if wanted != "text" or not (rule.id_form or is_id(given.table, name)):
        return read
    plain = id_forms.normal(read)
    return id_forms.in_form(plain, rule.id_form) if rule.id_form else plain


def _can_fail(value: Value, wanted: Kind, rule: ColumnRule, given: _Given) -> bool:
    """Return whether a present value may be unreadable; typed columns were looked at before."""
    if wanted == "text":
        return rule.id_form == "whole_number"
    if value.kind == "text" or (value.kind == "decimal" and wanted == "integer"):
        return True
    if value.name is not None and value.name in given.sources[given.block.source].columns and value.kind != "integer":
        return value.name in given.extreme
    return wanted in {"date", "utc"} and value.kind != "null"


def _misread(value: Value, made: pl.Expr, possible: pl.Expr | None, wanted: Kind, sentinels: tuple[date, ...], style: Style) -> pl.Expr:
    """Return whether a value is present and cannot be used: unreadable, or a day of no calendar that does not stand for none."""
    unread = casting.misread(value.expr, value.kind, made)
    if possible is None:
        return unread
    return unread | (~possible & ~stands_for_none(made, wanted, sentinels, style.zone)).fill_null(value=False)


def _held(made: pl.Expr, possible: pl.Expr, wanted: Kind, days: tuple[date, ...], style: Style) -> pl.Expr:
    """Return days or instants without those that are impossible or stand for none."""
    kept = possible & ~stands_for_none(made, wanted, days, style.zone) if days else possible
    return pl.when(kept).then(made)


def _numbers(origins: Origins, value: Value, scope: Scope, *, reads_number: bool) -> Origins:
    """Return the columns of text among the origins that are read as numbers with the marks of their source."""
    made = {root for name in value.expr.meta.root_names() if name in scope.made for root in _roots(name, scope)}
    return tuple(origin for origin in origins if reads_number or {origin[1], ".".join(origin)} & made)


def _reading(name: str, rule: ColumnRule, style: Style, origins: Origins, given: _Given, *, is_text: bool) -> ColumnReading:
    source = given.sources[given.block.source]
    return ColumnReading(
        files=source.files,
        columns=tuple(column for _, column in origins),
        format=rule.format,
        decimal=style.decimal,
        is_open=is_open(given.table, name, rule),
        texts=given.sources[origins[0][0]].frame.select(exactly(origins[0][1])) if is_text and len(origins) == 1 else None,
    )


Origins = tuple[tuple[str, str], ...]
"""Pairs of source and column."""


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


def _bad(entries: list[pl.Expr]) -> pl.Expr:
    number = pl.col(FIELDS).abs()
    long = pl.when(pl.col(FIELDS) > 0).then(pl.concat_str(pl.lit(f"{LONG}: fields more than columns: "), number))
    short = pl.when(pl.col(FIELDS) < 0).then(pl.concat_str(pl.lit(f"{SHORT}: fields fewer than columns: "), number))
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
