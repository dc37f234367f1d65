"""The query of a source: one SELECT that reads, and can do nothing else.

The text is parsed in the dialect of its database and every node of it must be of a kind that reads (`_READS`), every function
one that computes (`pure_functions`). The connection is read-only besides: what a parser overlooks, the database refuses.
"""

from __future__ import annotations

import logging
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from relkit.errors import ParameterError
from relkit.limits import beyond, limit
from relkit.tables.pure_functions import FILE_KINDS, FILE_READERS, IMPURE_KINDS, PURE

if TYPE_CHECKING:
    from collections.abc import Iterator

DIALECTS = {
    "postgresql": "postgres",
    "mysql": "mysql",
    "mariadb": "mysql",
    "sqlite": "sqlite",
    "mssql": "tsql",
    "oracle": "oracle",
    "duckdb": "duckdb",
    "snowflake": "snowflake",
    "bigquery": "bigquery",
    "redshift": "redshift",
    "clickhouse": "clickhouse",
    "trino": "trino",
    "databricks": "databricks",
}
"""The dialect of sqlglot for each of SQLAlchemy's; the query of any other is read as standard SQL."""

_READS = frozenset(
    {
        "Add", "Adjacent", "Alias", "Aliases", "All", "Any", "AtTimeZone", "Between", "BitString", "BitwiseAnd", "BitwiseLeftShift",
        "BitwiseNot", "BitwiseOr", "BitwiseRightShift", "BitwiseXor", "Boolean", "Bracket", "ByteString", "CTE", "CharacterSet", "Column",
        "Cube", "DPipe", "DataType", "DataTypeParam", "Distance", "Distinct", "Div", "Dot", "EQ", "Escape", "Except", "Fetch", "Filter",
        "From", "FromTimeZone", "GT", "GTE", "Glob", "Group", "GroupingSets", "Having", "HexString", "ILike", "Identifier", "IgnoreNulls",
        "In", "IndexTableHint", "IntDiv", "Intersect", "Interval", "IntervalSpan", "Introducer", "Is", "JSON", "JSONColumnDef",
        "JSONExtractQuote", "JSONKeyValue", "JSONPath", "JSONPathFilter", "JSONPathKey", "JSONPathPart", "JSONPathRecursive",
        "JSONPathRoot", "JSONPathScript", "JSONPathSelector", "JSONPathSlice", "JSONPathSubscript", "JSONPathUnion", "JSONPathWildcard",
        "JSONSchema", "JSONValue", "Join", "JoinHint", "Kwarg", "LT", "LTE", "Lambda", "Lateral", "Like", "Limit", "LimitOptions",
        "Literal", "Match", "Mod", "Mul", "NEQ", "National", "Neg", "Not", "Null", "NullSafeEQ", "NullSafeNEQ", "Offset",
        "OpenJSONColumnDef", "Order", "Ordered", "Overlaps", "Paren", "Pivot", "PivotAlias", "PivotAny", "PositionalColumn", "PropertyEQ",
        "PseudoType", "Qualify", "RawString", "RespectNulls", "Rollup", "Select", "SimilarTo", "Slice", "Sort", "Star", "Sub", "Subquery",
        "Table", "TableAlias", "TableColumn", "TableSample", "Tuple", "UnicodeString", "Union", "UnpivotColumns", "Values", "Var",
        "Variadic", "Version", "Where", "Window", "WindowSpec", "With", "WithTableHint", "WithinGroup",
    }
)  # fmt: skip
"""Kinds of nodes that read, besides functions."""

_WORDS = {
    "Into": "SELECT INTO, which writes a table",
    "Lock": "FOR UPDATE, which locks rows",
    "Command": "a statement of another kind",
    "Parameter": "a variable",
    "SessionParameter": "a variable",
    "Placeholder": "a placeholder",
}
"""Refused parts in words; the others are named by their SQL keyword."""
_REMEDY = "Write one SELECT; what needs more belongs in a view of the database, named by `table`."
_EXECUTED_COMMENTS = ("/*!", "/*M!")
"""Comments that MySQL and MariaDB execute."""


def one_select(query: str, dialect: str, *, where: str) -> str:
    """Return the query, which is one SELECT that only reads.

    Args:
        query: as in the mapping.
        dialect: SQLAlchemy's name of the database's dialect, or duckdb.
        where: the source, for messages.

    Raises:
        ParameterError: it is another statement, several of them, or has a part or a function that may do more than read.

    Examples:
        >>> one_select("select no, sum(amount) from sales group by no;", "sqlite", where="shop.db")
        'select no, sum(amount) from sales group by no'
        >>> try:
        ...     one_select("drop table sales", "sqlite", where="shop.db")
        ... except ParameterError as error:
        ...     print(error.what)
        its query has DROP.
    """
    if len(query) > limit("query_characters"):
        raise beyond("query_characters", where=where)
    if any(mark in query for mark in _EXECUTED_COMMENTS):
        raise ParameterError("its query has a comment that the database would execute.", where=where, remedy=_REMEDY)
    statements = _parsed(query, DIALECTS.get(dialect, ""), where)
    if len(statements) != 1:
        raise ParameterError(f"its query is {len(statements)} statements.", where=where, remedy=_REMEDY)
    for node in statements[0].walk():
        refused = _refused(node, dialect)
        if refused:
            raise ParameterError(f"its query has {refused}.", where=where, remedy=_REMEDY)
    _verify_root(statements[0], where)
    return query.strip().rstrip(";").rstrip()


def _parsed(query: str, dialect: str, where: str) -> list[Any]:
    import sqlglot
    from sqlglot.errors import SqlglotError

    try:
        with _quiet():
            return [statement for statement in sqlglot.parse(query, dialect=dialect) if statement is not None and not _is_empty(statement)]
    except SqlglotError as error:
        found = (getattr(error, "errors", None) or [{}])[0]
        place = f", line {found['line']}, column {found['col']}" if found.get("line") else ""
        raise ParameterError(f"its query cannot be read as SQL{place}.", where=where, remedy=_REMEDY) from error
    except RecursionError as error:
        raise ParameterError("its query is nested too deeply.", where=where, remedy=_REMEDY) from error


def _is_empty(statement: Any) -> bool:
    return type(statement).__name__ == "Semicolon"  # which holds the comments after the last statement


@contextmanager
def _quiet() -> Iterator[None]:
    """Silence sqlglot's warning about statements that it does not read; they are refused here."""
    logger = logging.getLogger("sqlglot")
    before = logger.disabled
    logger.disabled = True
    try:
        yield
    finally:
        logger.disabled = before


def _verify_root(statement: Any, where: str) -> None:
    from sqlglot import exp

    if not isinstance(statement, exp.Query):
        raise ParameterError("its query is no SELECT.", where=where, remedy=_REMEDY)


def _refused(node: Any, dialect: str) -> str:
    """Return the part of a query that may do more than read, in words; empty if the node only reads."""
    from sqlglot import exp

    kind = type(node).__name__
    if isinstance(node, exp.Anonymous | exp.AnonymousAggFunc):
        return _refused_function(str(node.name), dialect)
    if isinstance(node, exp.Func) and kind not in _READS:
        return f"the function {node.sql_name()}" if kind in IMPURE_KINDS or (kind in FILE_KINDS and dialect != "duckdb") else ""
    if isinstance(node, exp.Star | exp.Column) or kind in _READS:
        return ""
    return _WORDS.get(kind, kind.upper())


def _refused_function(name: str, dialect: str) -> str:
    plain = name.lower()
    if plain in PURE or (dialect == "duckdb" and plain in FILE_READERS):
        return ""
    return f"the function {name}, which is not among those known to only compute"
