"""Additional columns from one query over the tables, run as of each day, alongside the features of a family."""

from __future__ import annotations

import re
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING

import polars as pl

from relkit.errors import ParameterError, TableError
from relkit.families.inputs import ModelInputs
from relkit.features.known_rows import HAPPENED, known_rows
from relkit.tables.select_only import one_select
from relkit.traces import words_of

if TYPE_CHECKING:
    from relkit.periods import AsOf
    from relkit.tables.table_set import TableSet

KEYS = ("contract_id", "customer_id")


@dataclass(frozen=True, kw_only=True, eq=False)
class OwnInputs(ModelInputs):
    """Inputs of a family, with the columns of a query.

    Attributes:
        query: the query over the tables.
        names: its numeric columns.
    """

    query: str
    names: tuple[str, ...]

    @classmethod
    def beside(cls, usual: ModelInputs, query: str, tables: TableSet, as_of: AsOf) -> OwnInputs:
        """Return the inputs of a family with the columns of a query, whose numeric ones may be covariates."""
        own = own_columns(query, tables, as_of).drop(KEYS, strict=False)
        names = tuple(name for name, kind in own.schema.items() if kind.is_numeric())
        return cls(**{each.name: getattr(usual, each.name) for each in fields(usual)}, query=query, names=names)

    def features(self, tables: TableSet, as_of: AsOf) -> pl.DataFrame:
        """Return the features of the family with the columns of the query; null if it has no row for one."""
        known, own = super().features(tables, as_of), own_columns(self.query, tables, as_of)
        key = next(name for name in KEYS if name in own.columns)
        if key not in known.columns:
            raise TableError(f"the features have no {key} to join the query by.", where="own", remedy="Give customer_id.")
        kept = [name for name in own.columns if name == key or name not in {*known.columns, *KEYS}]
        return known.join(own.select(kept), on=key, how="left", maintain_order="left")

    def chosen(self, setting: str, *frames: pl.DataFrame) -> tuple[str, ...]:
        """Return the suitable values from the family, then the columns of the query."""
        own = self.names if setting == "covariates" else ()
        return tuple(dict.fromkeys((*super().chosen(setting, *frames), *own)))


def own_columns(query: str, tables: TableSet, as_of: AsOf) -> pl.DataFrame:
    """Return the rows of a query over the tables as known on a day; numbers and booleans become floats.

    Raises:
        ParameterError: the query cannot be read, or gives no key.
        TableError: it gives several rows for one key.
    """
    known = {name: known_rows(tables, name, as_of) for name in HAPPENED if tables.has(name)}
    statement = one_select(query, "postgresql", where="own")
    try:
        found = pl.SQLContext(known).execute(statement, eager=True)
    except pl.exceptions.PolarsError as error:
        remedy = f"Tables: {', '.join(known)}."
        words = words_of(error, re.findall(r"\w+", query))
        raise ParameterError(f"the query cannot be run: {words}", where="own", remedy=remedy) from error
    key = next((name for name in KEYS if name in found.columns), "")
    if not key:
        raise ParameterError("the query gives neither contract_id nor customer_id.", where="own", remedy="Select one of them first.")
    if twice := len(found) - found[key].n_unique():
        raise TableError(f"the query gives {twice:,} rows too many: {key} is not unique.", where="own", remedy=f"Add GROUP BY {key}.")
    numbers = pl.selectors.numeric() | pl.selectors.boolean()
    return found.with_columns(numbers.cast(pl.Float64))
