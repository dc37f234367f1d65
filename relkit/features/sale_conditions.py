"""Conditions on the lines of sales, written in the language of mapping files (`relkit.tables.expressions`)."""

from __future__ import annotations

import polars as pl

from relkit.errors import ParameterError
from relkit.tables import casting


def meeting(rows: pl.LazyFrame, text: str) -> pl.LazyFrame:
    """Return the transaction lines that meet the condition an expression describes; all for an empty text.

    Raises:
        ParameterError: it is no condition, or uses something that expressions may not.
        TableError: it names a column that the transactions do not have.

    Examples:
        >>> lines = pl.LazyFrame({"channel_id": ["web", "store", None], "net_amount": [9.0, 5.0, 7.0]})
        >>> meeting(lines, "channel_id = 'web' or net_amount > 6").collect()["net_amount"].to_list()
        [9.0, 7.0]
    """
    if not text:
        return rows
    from relkit.tables.expressions import Scope, Value, compile_expression  # loads a parser, which features without conditions do without

    schema = rows.collect_schema()
    columns = {name: Value(pl.col(name), casting.kind_of(dtype)) for name, dtype in schema.items()}
    scope = Scope(columns=columns, where="conversion", source="transactions")
    found = compile_expression(text, scope)
    if found.kind != "bool":
        remedy = "Write one, as in where channel_id = 'web'."
        raise ParameterError(f"{text!r} is {casting.spoken(found.kind)}, not a condition.", where="conversion", remedy=remedy)
    return rows.with_columns(**scope.made).filter(found.expr.fill_null(value=False)).select(schema.names())
