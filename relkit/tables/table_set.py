"""The validated tables of a company, as written by `relkit check`: a folder of Parquet files and the facts about them.

    out/default/tables/transactions.parquet, contracts.parquet, ..., facts.json

All other packages read tables through a `TableSet` and nothing else.
"""

from __future__ import annotations

import hashlib
from dataclasses import asdict, dataclass, field, replace
from datetime import date
from typing import TYPE_CHECKING

import polars as pl

from relkit.cards import Card, shown
from relkit.commands import command
from relkit.errors import PeriodError, TableError
from relkit.json_file import read_json
from relkit.json_text import json_text
from relkit.periods import AsOf
from relkit.tables.schemas import OPEN_PERSONAL, TABLES

if TYPE_CHECKING:
    from pathlib import Path

FACTS = "facts.json"
CHECK = "check.json"
OF_CUSTOMERS = ("customers", "customer_snapshots", "transactions")
"""Tables each of whose rows belongs to one customer for good, so that rows of some customers can be read without those of the others."""


@dataclass(frozen=True, kw_only=True)
class TableFacts:
    """Facts that apply to all tables of a company.

    Attributes:
        currency: ISO code; money columns of outputs end in its lower case.
        business_zone: IANA zone of the business day.
        tax_basis: "excl" or "incl".
        history_starts_on: first day that the sources cover; customers from before it are left-censored. None: the first day found.
        history_starts_with_company: whether nobody was a customer before that day, so that nobody is left-censored.
        assumed_margin_rate: margin over net amount if no line has its margin; None if not declared.
        contract_bills_in_transactions: whether contract bills are among the transactions too; they are then counted only there.
        first_day, last_day: business days of the first and last fact.
        rows: rows kept, by table.
        fingerprints: sha256 of each table's file.
        attributes: declarations of the further columns of customer_snapshots, by column: label_en, label_fr, meaning, unit,
            personal_data, purpose, known_at, role, counts.
        precisions: "table.column" -> "month" or "year", for days known only to that precision.
        numbered: tables whose key is made of file and row, as the source has none.
        disagreements: rows that state another thing on the fact of an earlier row, by table (`relkit.tables.disagreements`).
    """

    currency: str = "EUR"
    business_zone: str = "UTC"
    tax_basis: str = "excl"
    history_starts_on: date | None = None
    history_starts_with_company: bool = False
    assumed_margin_rate: float | None = None
    contract_bills_in_transactions: bool = False
    first_day: date | None = None
    last_day: date | None = None
    rows: dict[str, int]
    fingerprints: dict[str, str]
    attributes: dict[str, dict[str, str]] = field(default_factory=dict)
    precisions: dict[str, str] = field(default_factory=dict)
    numbered: list[str] = field(default_factory=list)
    disagreements: dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class TableSet:
    """A folder of validated tables.

    Attributes:
        folder: of the Parquet files.
        facts: on all of them.
        only: ids of the customers whose rows are read from the tables of `OF_CUSTOMERS`, in order; None for all.
    """

    folder: Path
    facts: TableFacts
    only: tuple[str, ...] | None = field(default=None, repr=False, kw_only=True)

    @classmethod
    def open(cls, folder: Path) -> TableSet:
        """Return the tables in `folder`, or raise a TableError that explains how to make them."""
        path = folder / FACTS
        if not path.is_file():
            raise TableError(
                "there are no validated tables here.",
                where=str(folder),
                remedy=f"Run {command('check', 'DATA')} first, DATA being your folder of tables.",
            )
        stored = read_json(path, remedy=_again(), error=TableError)
        try:
            for name in ("history_starts_on", "first_day", "last_day"):
                stored[name] = date.fromisoformat(stored[name]) if stored[name] else None
            return cls(folder=folder, facts=TableFacts(**stored))
        except (ValueError, KeyError, TypeError) as error:
            raise TableError("the facts are damaged, or of another version of relkit.", where=str(path), remedy=_again()) from error

    def _repr_html_(self) -> str:
        """Return its notebook display: the tables with their rows, and the facts on all of them."""
        facts = self.facts
        held = {"currency": facts.currency, "business_zone": facts.business_zone, "first_day": facts.first_day, "last_day": facts.last_day}
        rows = [{"table": name, "rows": count, "columns": len(self.columns(name))} for name, count in facts.rows.items()]
        return shown(Card(f"Tables in {self.folder}").warned(self.refusals()).with_facts("Facts", held).with_rows("Tables", rows))

    def has(self, table: str) -> bool:
        """Return whether the company gave this table."""
        return table in self.facts.rows

    def scan(self, table: str) -> pl.LazyFrame:
        """Return the table's rows, or raise a TableError if it is absent."""
        if not self.has(table):
            raise TableError.unknown("table", table, self.facts.rows, where=str(self.folder))
        rows = pl.scan_parquet(self.folder / f"{table}.parquet")
        if self.only is None or table not in OF_CUSTOMERS:
            return rows
        return rows.filter(pl.col("customer_id").is_in(pl.Series(self.only, dtype=pl.String).implode()))

    def of_customers(self, customers: pl.Series) -> TableSet:
        """Return the same tables with the rows of some customers; the facts remain those on all.

        Args:
            customers: their ids, as text.
        """
        return replace(self, only=tuple(customers.sort().to_list()))

    @property
    def whole(self) -> TableSet:
        """The same tables with the rows of all customers."""
        return self if self.only is None else replace(self, only=None)

    def columns(self, table: str) -> tuple[str, ...]:
        """Return the columns the table has; an optional one that no source gave is absent."""
        return tuple(self.scan(table).collect_schema().names())

    @property
    def personal_columns(self) -> frozenset[str]:
        """Columns that describe a person: none of their values is shown in a message."""
        declared = [(name, entry.get("personal_data", "personal")) for name, entry in self.facts.attributes.items()]
        ours = [(column.name, column.personal_data) for table in self.facts.rows if table in TABLES for column in TABLES[table].columns]
        return frozenset(name for name, kind in (*ours, *declared) if kind not in OPEN_PERSONAL)

    def as_of(self, value: str | date | None = None) -> AsOf:
        """Return the cutoff for `value`; None is the last business day in the data."""
        if value is None:
            if self.facts.last_day is None:
                raise TableError("no table holds a date, so there is no last business day.", where=str(self.folder), remedy="Give --as-of.")
            value = self.facts.last_day
        return AsOf.parse(value, zone=self.facts.business_zone)

    def refusals(self) -> tuple[str, ...]:
        """Return the reasons why the check of these tables failed; empty if it passed."""
        path = self.folder / CHECK
        if not path.is_file():
            return ()
        return tuple(read_json(path, "refusals", remedy=_again())["refusals"])

    def nobody(self, as_of: AsOf) -> TableError | PeriodError:
        """Return the error that explains why no customer is known as of `as_of`."""
        first = self.facts.first_day
        if first is not None and as_of.day < first:
            return PeriodError(
                f"nobody is known as of {as_of}: the data start on {first}.", where="as_of", remedy=f"Choose a day from {first} on."
            )
        return TableError(
            f"nobody is known as of {as_of}: no row of {', '.join(sorted(self.facts.rows))} leads to a customer.",
            where=str(self.folder),
            remedy="Check that customer_id is mapped, and look at quarantine/ beside it.",
        )

    def fingerprint(self) -> str:
        """Return one sha256 over the fingerprints of all tables, in order of their names."""
        lines = "".join(f"{name}:{digest}\n" for name, digest in sorted(self.facts.fingerprints.items()))
        return hashlib.sha256(lines.encode()).hexdigest()


def write_facts(folder: Path, facts: TableFacts) -> Path:
    """Write the facts to the folder of the tables and return the file's path."""
    path = folder / FACTS
    plain = {name: value.isoformat() if isinstance(value, date) else value for name, value in asdict(facts).items()}
    path.write_text(json_text(plain, indent=2, sort_keys=True) + "\n", encoding="utf-8")
    return path


def _again() -> str:
    return f"Run {command('check', 'DATA')} again, DATA being your folder of tables."
