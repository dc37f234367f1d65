"""Expressions of a mapping file: a small, closed subset of SQL, compiled to polars expressions.

The text is parsed by sqlglot and each node is looked up in a table of what is allowed; nothing is ever
evaluated as code, and a node that is not in the table is refused with the list of those that are.

Allowed: names, numbers, 'texts', true, false, null, date '2025-06-30'; `+ - * / %`, `= <> < <= > >=`, and, or, not,
is null, in (...), between, like, case when, cast(x as integer / number / text / date / timestamp / boolean); coalesce,
concat and ||, substr, upper, lower, trim, replace, length, starts_with, regexp_like, abs, round, nullif.

Columns of text files are texts; if an expression needs a number or a day they are read as one, and the rows
in which that fails are kept in `Value.faults`, so that they can be quarantined instead of lost.

Examples:
    >>> scope = Scope(columns={"Quantity": Value(pl.col("Quantity"), "text"), "Price": Value(pl.col("Price"), "text")})
    >>> value = compile_expression("case when Quantity < 0 then 0 else Quantity * Price end", scope)
    >>> lines = pl.DataFrame({"Quantity": ["2", "-1"], "Price": ["1.5", "9"]})
    >>> lines.with_columns(**scope.made).select(x=value.expr)["x"].to_list()
    [3.0, 0.0]
"""

from __future__ import annotations

import operator
import re
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, cast

import polars as pl
from sqlglot import exp
from sqlglot import parse as parse_sql
from sqlglot.errors import SqlglotError

from relkit.errors import ParameterError, TableError, nearest
from relkit.limits import beyond, limit
from relkit.shapes import names_listed
from relkit.tables import casting
from relkit.tables.casting import Kind, Style

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

ALLOWED = (
    "+ - * / %, = <> < <= > >=, and, or, not, is null, in, between, like, case when, cast, coalesce, concat, ||, substr, "
    "upper, lower, trim, replace, length, starts_with, regexp_like, abs, round, nullif"
)

_PARTS = frozenset(
    [
        "this",
        "expression",
        "expressions",
        "ifs",
        "true",
        "default",
        "to",
        "low",
        "high",
        "start",
        "length",
        "replacement",
        "decimals",
        "safe",
        "coalesce",
        "quoted",
        "is_string",
        "table",
    ]
)
"""Arguments that a node may have; any other is a variant of SQL (escape, symmetric, flags) that is not supported."""

_LARGEST = 2**63 - 1
_MOST_DECIMALS = 15
_DEEPEST = 60
_NUMBERS: frozenset[Kind] = frozenset({"integer", "decimal"})
_TIMES: frozenset[Kind] = frozenset({"date", "instant", "utc"})


@dataclass(frozen=True, eq=False)
class Value:
    """A compiled expression.

    Attributes:
        expr: the polars expression.
        kind: of its values.
        literal: whether it was written out in the text.
        faults: by column, a mask of the rows whose text could not be read as the expression requires.
        name: of the column, if it is one as it stands.
        style: of its source, if it is a column.
        unusable: its type, if no column can be made of it; "" if it can.
    """

    expr: pl.Expr
    kind: Kind
    literal: Any = None
    faults: dict[str, pl.Expr] = field(default_factory=dict)
    name: str | None = None
    style: Style | None = None
    unusable: str = ""


@dataclass(frozen=True, kw_only=True, eq=False)
class Scope:
    """Names available to an expression.

    Attributes:
        columns: the columns, by the name used in expressions (also "source.column" for a joined one).
        style: in which the source writes numbers and days.
        where: file and line, for messages.
        source: the file or source that has the columns, for messages.
        made: numbers read from text columns, by the name under which expressions find them; the frame needs
            `with_columns(**made)` before any expression of the scope is used, so that no text is read twice.
        is_inline: numbers are read where they are used, and `made` stays empty.
    """

    columns: Mapping[str, Value]
    style: Style = field(default_factory=Style)
    where: str = "expression"
    source: str = "the source"
    made: dict[str, pl.Expr] = field(default_factory=dict)
    is_inline: bool = False


def compile_expression(text: str, scope: Scope) -> Value:
    """Return the polars expression for `text`.

    Args:
        text: one SQL expression.
        scope: the columns it may name.

    Raises:
        ParameterError: it is not an expression, or uses something that is not allowed.
        TableError: it names a column that the source does not have.
    """
    if len(text) > limit("expression_characters"):
        raise beyond("expression_characters", where=scope.where)
    try:
        trees = parse_sql(f"({text})", read="duckdb")  # within brackets no word of it can be taken for a command
    except SqlglotError as error:
        raise _not_an_expression(text, scope) from error
    except RecursionError as error:
        raise _too_deep(scope) from error
    if len(trees) != 1 or not text.strip():
        raise _not_an_expression(text, scope)
    tree = cast("exp.Expression", trees[0].this if isinstance(trees[0], exp.Paren) else trees[0])
    if _depth(tree) > _DEEPEST:
        raise _too_deep(scope)
    return _compile(tree, scope)


def _too_deep(scope: Scope) -> ParameterError:
    return ParameterError(f"the expression is nested deeper than {_DEEPEST} levels.", where=scope.where, remedy="Split it.")


def column(name: str, scope: Scope) -> Value:
    """Return the column called `name`, or raise a TableError with the nearest one."""
    if name in scope.columns:
        if scope.columns[name].unusable:
            raise TableError(
                f"column {name!r} of {scope.source} holds {scope.columns[name].unusable}, of which no column can be made.",
                where=scope.where,
                remedy="Take another column, or take a value out of it where the file is made.",
            )
        return replace(scope.columns[name], name=name)
    plain = [known for known in scope.columns if not known.startswith("_")]
    near = nearest(name, plain)
    hint = f"; did you mean {near!r}?" if near else "."
    raise TableError(f"column {name!r} is not in {scope.source}{hint}", where=scope.where, remedy=f"It has: {names_listed(plain)}.")


def as_number(value: Value, scope: Scope) -> Value:
    """Return `value` as a number, with its unreadable texts as faults."""
    if value.kind in _NUMBERS:
        return value
    if value.kind == "null":
        return replace(value, expr=pl.lit(None, dtype=pl.Float64), kind="decimal")
    if value.kind != "text":
        raise ParameterError(f"{casting.spoken(value.kind)} stands where a number is needed.", where=scope.where)
    if value.literal is not None:
        raise ParameterError(f"the text {value.literal!r} stands where a number is needed.", where=scope.where)
    read = casting.number(value.expr, value.kind, value.style or scope.style)
    if value.name is not None and not scope.is_inline:
        scope.made[f"_number.{value.name}"] = read
        read = pl.col(f"_number.{value.name}")
    return Value(read, "decimal", faults=_with_fault(value, read))


def as_time(value: Value, kind: Kind, scope: Scope) -> Value:
    """Return `value` as a day or an instant, with its unreadable texts as faults."""
    if value.kind == kind:
        return value
    if value.kind == "null":
        return replace(value, expr=pl.lit(None, dtype=pl.Date if kind == "date" else pl.Datetime("us")), kind=kind)
    style = value.style or scope.style
    if kind == "date":
        read = casting.day(value.expr, value.kind, style)
    elif kind == "utc":
        read = casting.instant(value.expr, value.kind, replace(style, zone="UTC"))
    else:
        read = casting.clock(value.expr, value.kind, style)
    return replace(value, expr=read, kind=kind, faults=_with_fault(value, read))


def _with_fault(value: Value, read: pl.Expr) -> dict[str, pl.Expr]:
    name = value.expr.meta.root_names()[0] if value.expr.meta.root_names() else ""
    return {**value.faults, name: casting.misread(value.expr, value.kind, read)} if name else value.faults


def _as_text(value: Value) -> Value:
    return replace(value, expr=casting.text(value.expr, value.kind), kind="text") if value.kind != "text" else value


def _as_bool(value: Value, scope: Scope) -> Value:
    if value.kind == "bool":
        return value
    if value.kind == "null":
        return replace(value, expr=pl.lit(None, dtype=pl.Boolean), kind="bool")
    if value.kind == "text" and value.literal is None:
        read = casting.yes_no(value.expr, value.kind)
        return replace(value, expr=read, kind="bool", faults=_with_fault(value, read))
    raise ParameterError(f"{casting.spoken(value.kind)} stands where a condition is needed.", where=scope.where, remedy="Write x = 1.")


def _alike(values: Sequence[Value], scope: Scope) -> list[Value]:
    """Return the values as one kind, or refuse a mixture such as a day and a number."""
    kinds = {v.kind for v in values} - {"null"}
    if len(kinds) == 1:
        only = kinds.pop()
        return [_null_as(v, only) for v in values]
    if not kinds:
        return list(values)
    if kinds <= {"text", "integer", "decimal"}:
        if any(v.kind == "text" and v.literal is not None for v in values):
            return [_as_text(v) for v in values]
        return [replace(n := as_number(v, scope), expr=n.expr.cast(pl.Float64), kind="decimal") for v in values]
    times = kinds & _TIMES
    if times and kinds <= {"text", *_TIMES}:
        best: Kind = "utc" if "utc" in times else "instant" if "instant" in times else "date"
        return [as_time(v, best, scope) for v in values]
    if kinds == {"text", "bool"}:
        return [_as_bool(v, scope) for v in values]
    listed = " and ".join(sorted(casting.spoken(k) for k in kinds))
    raise ParameterError(f"the expression compares or mixes {listed}.", where=scope.where, remedy="Make them alike with cast(x as ...).")


def _null_as(value: Value, kind: Kind) -> Value:
    if value.kind != "null":
        return value
    types: dict[Kind, Any] = {"text": pl.String, "integer": pl.Int64, "decimal": pl.Float64, "bool": pl.Boolean, "date": pl.Date}
    return replace(value, expr=pl.lit(None, dtype=types.get(kind, pl.Datetime("us", "UTC" if kind == "utc" else None))), kind=kind)


def _faults(values: Sequence[Value]) -> dict[str, pl.Expr]:
    """Return the faults of all parts; a column read twice is at fault if either reading fails."""
    merged: dict[str, pl.Expr] = {}
    for value in values:
        for name, flag in value.faults.items():
            merged[name] = merged[name] | flag if name in merged else flag
    return merged


def _compile(node: exp.Expression, scope: Scope) -> Value:
    handler = _HANDLERS.get(type(node))
    known = _PARTS | {"negate"} if isinstance(node, exp.Like) else _PARTS
    if handler is None or any(value for name, value in node.args.items() if name not in known):
        raise ParameterError(
            f"{_node_text(node)} is not allowed in an expression.",
            where=scope.where,
            remedy=f"Allowed are: {ALLOWED}. A name with blanks or signs stands in double quotes.",
        )
    return handler(node, scope)


def _parts(nodes: Sequence[Any], scope: Scope) -> list[Value]:
    return [_compile(node, scope) for node in nodes]


def _literal(node: exp.Expression, scope: Scope) -> Value:
    written = str(node.this)
    if node.is_string:
        return Value(pl.lit(written), "text", literal=written)
    if not written.isdigit():
        return Value(pl.lit(float(written)), "decimal", literal=float(written))
    if len(written) > len(str(_LARGEST)) or int(written) > _LARGEST:
        raise ParameterError(
            f"a number of {len(written)} digits is larger than whole numbers go.",
            where=scope.where,
            remedy="Write it in single quotes if it is an id, with .0 if it is an amount.",
        )
    return Value(pl.lit(int(written), dtype=pl.Int64), "integer", literal=int(written))


def _column(node: exp.Expression, scope: Scope) -> Value:
    parts = [part.name for part in node.parts] if isinstance(node, exp.Column) else [node.name]
    return column(".".join(parts), scope)


def _arithmetic(apply: Callable[[pl.Expr, pl.Expr], pl.Expr]) -> Callable[[exp.Expression, Scope], Value]:
    def handle(node: exp.Expression, scope: Scope) -> Value:
        left, right = (as_number(v, scope) for v in _parts([node.this, node.expression], scope))
        whole = left.kind == right.kind == "integer"
        if isinstance(node, exp.Div | exp.Mod):  # a division by zero has no result; polars would return infinity
            right = replace(right, expr=pl.when(right.expr != 0).then(right.expr))
            whole = whole and isinstance(node, exp.Mod)
        return Value(apply(left.expr, right.expr), "integer" if whole else "decimal", faults=_faults([left, right]))

    return handle


def _comparison(apply: Callable[[pl.Expr, pl.Expr], pl.Expr]) -> Callable[[exp.Expression, Scope], Value]:
    def handle(node: exp.Expression, scope: Scope) -> Value:
        left, right = _alike(_parts([node.this, node.expression], scope), scope)
        return Value(apply(left.expr, right.expr), "bool", faults=_faults([left, right]))

    return handle


def _logic(apply: Callable[[pl.Expr, pl.Expr], pl.Expr]) -> Callable[[exp.Expression, Scope], Value]:
    def handle(node: exp.Expression, scope: Scope) -> Value:
        left, right = (_as_bool(v, scope) for v in _parts([node.this, node.expression], scope))
        return Value(apply(left.expr, right.expr), "bool", faults=_faults([left, right]))

    return handle


def _not(node: exp.Expression, scope: Scope) -> Value:
    inner = _as_bool(_compile(node.this, scope), scope)
    return replace(inner, expr=~inner.expr, literal=None)


def _neg(node: exp.Expression, scope: Scope) -> Value:
    inner = as_number(_compile(node.this, scope), scope)
    return replace(inner, expr=-inner.expr, literal=None if inner.literal is None else -inner.literal)


def _is(node: exp.Expression, scope: Scope) -> Value:
    inner = _compile(node.this, scope)
    if isinstance(node.expression, exp.Null):
        empty = casting.text(inner.expr, "text") if inner.kind == "text" else inner.expr
        return Value(empty.is_null(), "bool", faults=inner.faults)
    if isinstance(node.expression, exp.Boolean):
        flag = _as_bool(inner, scope)
        return replace(flag, expr=flag.expr.eq_missing(pl.lit(node.expression.this)), literal=None)
    raise ParameterError("`is` may only stand before null, true or false.", where=scope.where, remedy="Write x = y.")


def _in(node: exp.Expression, scope: Scope) -> Value:
    listed = node.args.get("expressions")
    if not listed:
        raise ParameterError("`in` needs a list of values.", where=scope.where, remedy="Write x in ('a', 'b').")
    value, *options = _alike(_parts([node.this, *listed], scope), scope)
    matched = value.expr == options[0].expr
    for option in options[1:]:
        matched = matched | (value.expr == option.expr)
    if all(o.literal is not None for o in options):
        matched = value.expr.is_in([_plain(o, value.kind) for o in options])
    return Value(matched, "bool", faults=_faults([value, *options]))


def _plain(value: Value, kind: Kind) -> Any:
    """Return the literal as the Python value of its kind."""
    if kind == "text":
        return str(value.literal)
    if kind in {"integer", "decimal"}:
        return float(value.literal) if kind == "decimal" else value.literal
    return pl.select(value.expr).item()


def _between(node: exp.Expression, scope: Scope) -> Value:
    value, low, high = _alike(_parts([node.this, node.args["low"], node.args["high"]], scope), scope)
    return Value((value.expr >= low.expr) & (value.expr <= high.expr), "bool", faults=_faults([value, low, high]))


def _written(node: exp.Expression | None, what: str, scope: Scope) -> str:
    """Return a text that must be a literal."""
    if not isinstance(node, exp.Literal) or not node.is_string:
        raise ParameterError(f"{what} must be a text written out in single quotes.", where=scope.where)
    return str(node.this)


def _like(node: exp.Expression, scope: Scope) -> Value:
    value = _as_text(_compile(node.this, scope))
    pattern = _written(node.expression, "the pattern of like", scope)
    body = pattern.strip("%")
    if "%" in body or "_" in body:
        regex = "".join({"%": ".*", "_": "."}.get(letter, _escaped(letter)) for letter in pattern)
        matched = value.expr.str.contains(f"(?s)^{regex}$")
    elif not pattern.startswith("%"):
        matched = value.expr.str.starts_with(body) if pattern.endswith("%") else value.expr == body
    else:
        matched = value.expr.str.contains(body, literal=True) if pattern.endswith("%") else value.expr.str.ends_with(body)
    return Value(~matched if node.args.get("negate") else matched, "bool", faults=value.faults)


def _escaped(letter: str) -> str:
    return letter if letter.isalnum() or letter in " \"'<>" else f"\\{letter}" if letter.isascii() else letter


def _regexp_like(node: exp.Expression, scope: Scope) -> Value:
    value = _as_text(_compile(node.this, scope))
    pattern = _written(node.expression, "the pattern of regexp_like", scope)
    try:
        pl.select(pl.lit("").str.contains(pattern))
    except pl.exceptions.PolarsError as error:
        raise ParameterError(
            f"{pattern!r} is not a regular expression.", where=scope.where, remedy="Check brackets and slashes."
        ) from error
    return Value(value.expr.str.contains(pattern), "bool", faults=value.faults)


def _case(node: exp.Expression, scope: Scope) -> Value:
    subject = node.args.get("this")
    branches = node.args["ifs"]
    conditions = [_condition(subject, branch.this, scope) for branch in branches]
    otherwise = node.args.get("default") or exp.Null()
    *results, default = _alike(_parts([*[branch.args["true"] for branch in branches], otherwise], scope), scope)
    chosen: Any = pl
    for condition, result in zip(conditions, results, strict=True):
        chosen = chosen.when(condition.expr).then(result.expr)
    kind = next((v.kind for v in results if v.kind != "null"), default.kind)
    return Value(chosen.otherwise(default.expr), kind, faults=_faults([*conditions, *results, default]))


def _condition(subject: exp.Expression | None, test: exp.Expression, scope: Scope) -> Value:
    if subject is None:
        return _as_bool(_compile(test, scope), scope)
    left, right = _alike(_parts([subject, test], scope), scope)
    return Value(left.expr == right.expr, "bool", faults=_faults([left, right]))


_CASTS: dict[str, Kind] = {
    **dict.fromkeys(("INT", "BIGINT", "SMALLINT", "TINYINT", "INT128"), "integer"),
    **dict.fromkeys(("DOUBLE", "FLOAT", "DECIMAL"), "decimal"),
    **dict.fromkeys(("TEXT", "VARCHAR", "CHAR"), "text"),
    **dict.fromkeys(("TIMESTAMP", "DATETIME", "TIMESTAMPNTZ"), "instant"),
    "DATE": "date",
    "BOOLEAN": "bool",
}


def _cast(node: exp.Expression, scope: Scope) -> Value:
    wanted = node.args["to"]
    kind = _CASTS.get(wanted.this.name) if isinstance(wanted.this, exp.DType) else None
    if kind is None and wanted.sql().lower() in {"number", "numeric"}:
        kind = "decimal"
    if kind is None:
        raise ParameterError(
            f"cast to {wanted.sql().lower()} is not known.",
            where=scope.where,
            remedy="Cast to integer, number, text, date, timestamp or boolean.",
        )
    inner = _compile(node.this, scope)
    if kind == "text":
        return _as_text(inner)
    if kind in _TIMES:
        return replace(as_time(replace(inner, literal=None), kind, scope), literal=inner.literal)
    if kind == "bool":
        return _as_bool(replace(inner, literal=None), scope)
    if kind == "decimal":
        return as_number(replace(inner, literal=None), scope)
    return _cast_whole(inner, scope)


def _cast_whole(inner: Value, scope: Scope) -> Value:
    if inner.kind not in {"text", "integer", "decimal"}:
        raise ParameterError(f"{casting.spoken(inner.kind)} cannot be cast to an integer.", where=scope.where)
    read = casting.integer(inner.expr, inner.kind, inner.style or scope.style)
    return Value(read, "integer", faults=_with_fault(inner, read))


def _coalesce(node: exp.Expression, scope: Scope) -> Value:
    values = _alike(_parts([node.this, *node.expressions], scope), scope)
    kind: Kind = next((v.kind for v in values if v.kind != "null"), "null")
    exprs = [casting.text(v.expr, "text") if v.kind == "text" else v.expr for v in values]
    return Value(pl.coalesce(exprs), kind, faults=_faults(values))


def _concat(node: exp.Expression, scope: Scope) -> Value:
    """Return joined texts; || is null if a part is, concat() ignores nulls."""
    nodes = node.expressions if isinstance(node, exp.Concat) else list(node.flatten())
    values = [_as_text(v) for v in _parts(nodes, scope)]
    joined = pl.concat_str([v.expr for v in values], ignore_nulls=isinstance(node, exp.Concat))
    return Value(joined, "text", faults=_faults(values))


def _whole_literal(node: exp.Expression | None, what: str, scope: Scope) -> int:
    value = _compile(node, scope) if node is not None else None
    if value is None or not isinstance(value.literal, int):
        raise ParameterError(f"{what} must be a whole number written out.", where=scope.where)
    return value.literal


def _substring(node: exp.Expression, scope: Scope) -> Value:
    value = _as_text(_compile(node.this, scope))
    start = _whole_literal(node.args.get("start"), "the start of substr", scope)
    if start < 1:
        raise ParameterError(f"substr starts at {start}; the first character is 1.", where=scope.where)
    given = node.args.get("length")
    length = _whole_literal(given, "the length of substr", scope) if given is not None else None
    if length is not None and length < 0:
        raise ParameterError(f"substr takes {length} characters; it can take none or more.", where=scope.where)
    return Value(value.expr.str.slice(start - 1, length), "text", faults=value.faults)


def _replace(node: exp.Expression, scope: Scope) -> Value:
    value = _as_text(_compile(node.this, scope))
    old = _written(node.expression, "what replace looks for", scope)
    new = _written(node.args.get("replacement"), "what replace puts", scope)
    return Value(value.expr.str.replace_all(old, new, literal=True), "text", faults=value.faults)


def _starts_with(node: exp.Expression, scope: Scope) -> Value:
    value, prefix = (_as_text(v) for v in _parts([node.this, node.expression], scope))
    return Value(value.expr.str.starts_with(prefix.expr), "bool", faults=_faults([value, prefix]))


def _texts(apply: Callable[[pl.Expr], pl.Expr], kind: Kind = "text") -> Callable[[exp.Expression, Scope], Value]:
    def handle(node: exp.Expression, scope: Scope) -> Value:
        if node.args.get("expression") is not None:
            raise ParameterError(f"{node.key}() takes one argument.", where=scope.where)
        value = _as_text(_compile(node.this, scope))
        return Value(apply(value.expr), kind, faults=value.faults)

    return handle


def _abs(node: exp.Expression, scope: Scope) -> Value:
    value = as_number(_compile(node.this, scope), scope)
    return replace(value, expr=value.expr.abs(), literal=None)


def _round(node: exp.Expression, scope: Scope) -> Value:
    value = as_number(_compile(node.this, scope), scope)
    decimals = node.args.get("decimals")
    digits = _whole_literal(decimals, "the decimals of round", scope) if decimals is not None else 0
    if abs(digits) > _MOST_DECIMALS:
        raise ParameterError(f"round has {digits} decimals; they lie between -{_MOST_DECIMALS} and {_MOST_DECIMALS}.", where=scope.where)
    if digits >= 0:
        return replace(value, expr=value.expr.round(digits, mode="half_away_from_zero"), literal=None)
    step = 10**-digits  # round(1234, -2) is 1200, as in SQL
    rounded = (value.expr / step).round(0, mode="half_away_from_zero") * step
    return replace(value, expr=rounded.cast(pl.Int64) if value.kind == "integer" else rounded, literal=None)


def _nullif(node: exp.Expression, scope: Scope) -> Value:
    value, absent = _alike(_parts([node.this, node.expression], scope), scope)
    return Value(pl.when(value.expr.ne_missing(absent.expr)).then(value.expr), value.kind, faults=_faults([value, absent]))


def _node_text(node: exp.Expression) -> str:
    if isinstance(node, exp.Func):
        name = str(node.this) if node.key == "anonymous" else node.sql_name().lower()
        return f"the function {name}()"
    return f"{node.sql()[:60]!r}"


def _not_an_expression(text: str, scope: Scope) -> ParameterError:
    bare = [name for name in scope.columns if re.search(rf'(?<![\w"]){re.escape(name)}(?![\w"])', text)]
    hint = f'A name with blanks or signs, or one that is a word of SQL, stands in double quotes: "{max(bare, key=len)}". ' if bare else ""
    return ParameterError(
        f"{text.strip()[:80]!r} is neither a column of {scope.source} nor an expression.",
        where=scope.where,
        remedy=f"{hint}Columns: {', '.join(n for n in scope.columns if not n.startswith('_'))}.",
    )


def _depth(tree: exp.Expression) -> int:
    deepest, level = 0, [tree]
    while level and deepest <= _DEEPEST:
        deepest += 1
        level = [child for node in level for child in node.iter_expressions()]
    return deepest


_HANDLERS: dict[type[exp.Expression], Callable[[Any, Scope], Value]] = {
    exp.Literal: _literal,
    exp.Column: _column,
    exp.Identifier: _column,
    exp.Paren: lambda node, scope: _compile(node.this, scope),
    exp.Null: lambda _node, _scope: Value(pl.lit(None), "null"),
    exp.Boolean: lambda node, _scope: Value(pl.lit(bool(node.this)), "bool", literal=bool(node.this)),
    exp.Add: _arithmetic(operator.add),
    exp.Sub: _arithmetic(operator.sub),
    exp.Mul: _arithmetic(operator.mul),
    exp.Div: _arithmetic(operator.truediv),
    exp.Mod: _arithmetic(operator.mod),
    exp.EQ: _comparison(operator.eq),
    exp.NEQ: _comparison(operator.ne),
    exp.LT: _comparison(operator.lt),
    exp.LTE: _comparison(operator.le),
    exp.GT: _comparison(operator.gt),
    exp.GTE: _comparison(operator.ge),
    exp.And: _logic(operator.and_),
    exp.Or: _logic(operator.or_),
    exp.Not: _not,
    exp.Neg: _neg,
    exp.Is: _is,
    exp.In: _in,
    exp.Between: _between,
    exp.Like: _like,
    exp.RegexpLike: _regexp_like,
    exp.Case: _case,
    exp.Cast: _cast,
    exp.Coalesce: _coalesce,
    exp.Concat: _concat,
    exp.DPipe: _concat,
    exp.Substring: _substring,
    exp.Upper: _texts(lambda x: x.str.to_uppercase()),
    exp.Lower: _texts(lambda x: x.str.to_lowercase()),
    exp.Trim: _texts(lambda x: x.str.strip_chars()),
    exp.Length: _texts(lambda x: x.str.len_chars().cast(pl.Int64), "integer"),
    exp.Replace: _replace,
    exp.StartsWith: _starts_with,
    exp.Abs: _abs,
    exp.Round: _round,
    exp.Nullif: _nullif,
}
