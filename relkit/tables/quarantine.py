"""Good rows to the table, faulty rows to quarantine with the rule each broke.

The rules are the contract's: types, nulls, ranges, allowed values, rules between columns, and keys. The
first kinds are judged by dataframely with a schema made from the contract; keys are judged by sorted
hashes, because a unique key does not stream there. Streaming passes over the staged copy write the
two files, so that memory does not grow with the table; a copy without a faulty row becomes the table if it has its form.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

import polars as pl

from relkit.contracts import INSTANT, Column, Contract, Rule
from relkit.shapes import outline
from relkit.tables.column_readings import Readings, reading_of
from relkit.tables.findings import Finding
from relkit.tables.keys import REPEATED, repeated_rows
from relkit.tables.schemas import BAD, LONG, ROW, SHORT, SOURCE
from relkit.tables.staging import INDEX, Staged, write_table
from relkit.tables.unread_values import explained, shown_text

if TYPE_CHECKING:
    from pathlib import Path

    import dataframely as dy

_OWN = "own|"
"""Beginning of the names that rules of analysts have in a schema."""
_SHORT_REMEDY = "If the exporter leaves out empty fields at the end of a line, declare short_lines: fill for the source."
_LONG_REMEDY = "A delimiter inside a field that is not quoted: have it exported with quotes."
_LINES = {LONG: "line: more fields than columns", SHORT: "line: fewer fields than columns"}
_KEY_REMEDY = "The first is kept; if each is a row of its own, declare another key in the mapping."


@dataclass(frozen=True)
class Judged:
    """A staged table with the rules that its rows are judged by.

    Attributes:
        staged: the typed copy.
        repeated: `_index` and the rule for each row that repeats a key.
        faultless: whether it is known that no row breaks a rule; then the rules are not tried again.
        faulty: `_index` of the rows that break a rule, once that is known; then the rules are not tried again either.
    """

    staged: Staged
    repeated: pl.DataFrame
    faultless: bool = False
    faulty: pl.Series | None = None

    @classmethod
    def of(cls, staged: Staged) -> Judged:
        """Return the staged table with its repeated keys found among rows that are otherwise good."""
        schema = _schema_of_staged(staged, repeated=False)
        return cls(staged, repeated_rows(staged, lambda rows: schema.filter(rows).result.lazy()))

    @cached_property
    def schema(self) -> type[dy.Schema]:
        """The dataframely schema of the staged rows, technical columns among them."""
        return _schema_of_staged(self.staged, repeated=len(self.repeated) > 0)

    def rows(self) -> pl.LazyFrame:
        """Return the staged rows, with the rule that a repeated key breaks."""
        if not len(self.repeated):
            return self.staged.scan()
        return self.staged.scan().join(self.repeated.lazy(), on=INDEX, how="left", maintain_order="left")

    @property
    def faulty_rows(self) -> int:
        """The number of rows that break a rule; 0 before that is known."""
        return 0 if self.faulty is None else len(self.faulty)

    def kept(self) -> pl.LazyFrame:
        """Return the rows that break no rule, with their technical columns."""
        if self.faultless:
            return self.staged.scan()
        if self.faulty is not None:
            return self.staged.scan().filter(~pl.col(INDEX).is_in(self.faulty.implode()))
        return self.schema.filter(self.rows()).result.lazy()

    def write_kept(self, path: Path) -> Judged:
        """Write the table itself, and return what is judged, faultless if no row was left out."""
        rows = rows_of(self.staged.path)
        if self.staged.technical is not None and _count(self.kept()) == rows:
            return replace(self, staged=replace(self.staged, path=self.staged.path.replace(path)), faultless=True)
        write_table(self.kept().select(self.staged.names), path)
        return replace(self, faultless=rows_of(path) == rows)

    def write_quarantine(self, path: Path, readings: Readings | None = None) -> tuple[Judged, tuple[Finding, ...]]:
        """Stream the faulty rows with rule, source, row and as_read in front, and return what is judged, and what the rows break.

        `as_read` has the text of the source for each value that could not be read, as 'column: text'.

        No file is left where there are none.

        Args:
            path: of the file.
            readings: how each column was read, for messages.
        """
        if self.faultless:
            return self, ()
        judged = path.with_suffix(".judged")
        self.schema.filter(self.rows()).failure.sink_parquet(judged)
        broken = _broken(pl.scan_parquet(judged), self.staged, self.schema)
        found = _findings(pl.scan_parquet(judged), broken, self.staged, readings or {})
        if found:
            names = [pl.when(flag).then(pl.lit(name)) for name, flag in broken.items()]
            front = {
                "rule": pl.concat_str(names, separator="; ", ignore_nulls=True),
                "source": pl.col(SOURCE),
                "row": pl.col(ROW),
                "as_read": pl.col(BAD).list.join("; "),
            }
            table = self.staged.contract.name
            own = {f"{table}_{name}" if name in front else name: pl.col(name) for name in self.staged.names}
            rows = pl.scan_parquet(judged).select(**front, **own)
            write_table(rows, path)
        faulty = pl.scan_parquet(judged).select(INDEX).collect()[INDEX]
        judged.unlink()
        return replace(self, faulty=faulty), found


def rows_of(path: Path) -> int:
    """Return the number of rows of a Parquet file."""
    return _count(pl.scan_parquet(path))


def _count(rows: pl.LazyFrame) -> int:
    return int(rows.select(pl.len()).collect(engine="streaming").item())


def schema_of(contract: Contract, names: tuple[str, ...] | None = None, *, more: dict[str, Any] | None = None) -> type[dy.Schema]:
    """Return the dataframely schema of a contract.

    Args:
        contract: the table.
        names: the columns that are there; None takes all of them. A name that the contract does not know holds anything.
        more: further dataframely columns and rules, by name.

    Examples:
        >>> from relkit.tables.schemas import TABLES
        >>> calendar = schema_of(TABLES["calendar"])
        >>> calendar.column_names()
        ['kind', 'starts_on', 'scope', 'ends_on', 'label', 'recorded_at']
    """
    import dataframely as dy

    names = contract.names if names is None else names
    members: dict[str, Any] = {}
    for place, name in enumerate(names):
        # an attribute of a company may be called like a method of dy.Schema, so columns go by an alias
        members[f"column_{place}"] = _dy_column(contract[name], name) if name in contract.names else dy.Any(alias=name)
    for rule in _applicable(contract, names):
        members[_member(rule.name)] = _dy_rule(rule)
    return type(contract.name, (dy.Schema,), members | (more or {}))


def unlikely_rules(contract: Contract, names: tuple[str, ...]) -> list[Rule]:
    """Return the rules that only warn: values outside the likely range, and rules that send no row to quarantine."""
    rules = [rule for rule in contract.rules if not rule.impossible and set(rule.columns) <= set(names)]
    for column in contract.columns:
        if column.name not in names:
            continue
        low, high = column.likely_low, column.likely_high
        if low is not None:
            rules.append(_range(column, f"unlikely, below {low:,g}", pl.col(column.name) < low))
        if high is not None:
            rules.append(_range(column, f"unlikely, over {high:,g}", pl.col(column.name) > high))
    return rules


def first_rows(rows: pl.LazyFrame, rules: list[Rule], contract: Contract, readings: Readings | None = None) -> tuple[Finding, ...]:
    """Return a finding for each rule that some row of `rows` breaks, with the first of them.

    Args:
        rows: staged rows with `_index`, `_source` and `_row`.
        rules: the rules.
        contract: tells which values are personal, and so not shown.
        readings: how each column was read.
    """
    if not rules:
        return ()
    counts = rows.select(
        *(rule.broken.sum().alias(f"n{place}") for place, rule in enumerate(rules)),
        *(pl.col(INDEX).filter(rule.broken).min().alias(f"i{place}") for place, rule in enumerate(rules)),
    ).collect(engine="streaming")
    tally = counts.row(0, named=True)
    hits = [(rule, int(tally[f"n{place}"]), tally[f"i{place}"]) for place, rule in enumerate(rules) if tally[f"n{place}"]]
    shown = _rows_at(rows, [index for _, _, index in hits])
    return tuple(_finding(rule, count, shown[index], contract, readings or {}) for rule, count, index in hits)


def _rows_at(rows: pl.LazyFrame, places: list[int]) -> dict[int, dict[str, Any]]:
    if not places:
        return {}
    found = rows.filter(pl.col(INDEX).is_in(sorted(set(places)))).collect(engine="streaming")
    return {row[INDEX]: row for row in found.iter_rows(named=True)}


def _finding(rule: Rule, count: int, row: dict[str, Any], contract: Contract, readings: Readings) -> Finding:
    read = [reading_of(readings, name, str(row[SOURCE])) for name in rule.columns]
    return Finding(
        rule=rule.name,
        rows=count,
        source=str(row[SOURCE]),
        row=int(row[ROW]),
        value=_value(rule, row, contract),
        column=", ".join(reading.spoken for reading in read if reading is not None and reading.spoken),
        remedy=rule.remedy,
    )


def _value(rule: Rule, row: dict[str, Any], contract: Contract) -> str | None:
    """Return the row's values in the rule's columns, texts as far as they may be shown; None if a column may be personal."""
    texts = dict(entry.split(": ", 1) for entry in row.get(BAD) or ())
    shown = []
    for name in rule.columns:
        value = texts.get(name, row.get(name))
        if value is not None and (name not in contract.names or contract[name].personal_data != "none"):
            return None
        known = contract[name].allowed if name in contract.names else ()
        is_text = isinstance(value, str) and value not in known
        shown.append(shown_text(str(value), is_open=True) if is_text else outline(value, known))
    if len(shown) == 1:
        return shown[0]
    return ", ".join(f"{name} {value}" for name, value in zip(rule.columns, shown, strict=True)) or None


def _range(column: Column, fault: str, broken: pl.Expr) -> Rule:
    return Rule(name=f"{column.name}: {fault}", columns=(column.name,), broken=broken, impossible=False, remedy="Kept.")


def _member(name: str) -> str:
    """Return the name of a rule in a schema: those that analysts declare may be called like a column or a method.

    Examples:
        >>> _member("quantity: zero"), _member("filter")
        ('quantity: zero', 'own|filter')
    """
    return name if ": " in name else f"{_OWN}{name}"


def _dy_rule(rule: Rule) -> Any:
    import dataframely as dy

    def holds(_: Any) -> pl.Expr:
        return ~rule.broken

    return dy.rule()(holds)


def _dy_column(column: Column, alias: str) -> Any:
    import dataframely as dy

    shared: dict[str, Any] = {"nullable": column.nullable, "alias": alias, "description": column.meaning}
    dtype = column.dtype
    if dtype == INSTANT:
        return dy.Datetime(time_zone="UTC", time_unit="us", **shared)
    if dtype == pl.String:
        allowed = {"allowed": lambda value: value.is_in(list(column.allowed))}
        return dy.String(check=allowed if column.allowed else None, **shared)
    if dtype in (pl.Date, pl.Boolean):
        return (dy.Date if dtype == pl.Date else dy.Bool)(**shared)
    bounds: dict[str, Any] = {"min": column.low, "min_exclusive": column.above, "max": column.high}
    if dtype == pl.Float64:
        return dy.Float64(**bounds, **shared)
    return dy.Int32(**shared, **{name: None if bound is None else int(bound) for name, bound in bounds.items()})  # type: ignore[arg-type]


def _applicable(contract: Contract, names: tuple[str, ...]) -> list[Rule]:
    """Return the rules that send rows to quarantine and whose columns are there."""
    rules = [rule for rule in contract.rules if rule.impossible and set(rule.columns) <= set(names)]
    for group in contract.one_of:
        there = [name for name in group if name in names]
        if there:
            broken = pl.all_horizontal(pl.col(name).is_null() for name in there)
            rules.append(Rule(name=f"{' or '.join(group)}: empty", columns=tuple(there), broken=broken))
    return rules


def _schema_of_staged(staged: Staged, *, repeated: bool) -> type[dy.Schema]:
    """Return the contract's schema for the columns that are there, with the technical ones and a rule for each failed cast."""
    import dataframely as dy

    more: dict[str, Any] = {
        "technical_source": dy.String(nullable=True, alias=SOURCE),
        "technical_row": dy.Int64(nullable=True, alias=ROW),
        "technical_index": dy.UInt32(alias=INDEX),
        "technical_bad": dy.List(dy.String(nullable=True), nullable=True, alias=BAD, check={"read": lambda entries: entries.is_null()}),
    }
    if repeated:
        more["technical_repeated"] = dy.String(nullable=True, alias=REPEATED, check={"first": lambda rule: rule.is_null()})
    return schema_of(staged.contract, staged.names, more=more)


def unreadable(contract: Contract, name: str) -> str:
    """Return the rule that a value breaks which could not be read.

    Examples:
        >>> from relkit.tables.schemas import TABLES
        >>> unreadable(TABLES["transactions"], "net_amount")
        'net_amount: not a number'
    """
    if name in _LINES:
        return _LINES[name]
    if name in contract.names and contract[name].dtype == pl.String:
        return f"{name}: not a whole id"
    if name not in contract.names:
        return f"{name}: could not be read"
    kinds = {pl.Float64: "a number", pl.Int32: "a whole number", pl.Date: "a day", pl.Boolean: "true or false"}
    return f"{name}: not {kinds.get(_class(contract[name].dtype), 'an instant')}"


def _class(dtype: pl.DataType | type[pl.DataType]) -> type[pl.DataType]:
    return dtype if isinstance(dtype, type) else type(dtype)


def _broken(judged: pl.LazyFrame, staged: Staged, schema: type[dy.Schema]) -> dict[str, pl.Expr]:
    """Return, by rule in our words, where rows of the file that dataframely wrote break it."""
    contract = staged.contract
    column = pl.col(BAD).list.explode(empty_as_null=False).drop_nulls().str.extract(r"^([^:]+): ", 1)
    unread = {
        name: pl.col(BAD).list.eval(pl.element().str.starts_with(f"{name}: ")).list.any().fill_null(value=False)
        for name in sorted(judged.select(column.unique()).collect().to_series().to_list())
    }
    broken = {unreadable(contract, name): flag for name, flag in unread.items()}
    for flag in judged.collect_schema().names():
        if flag in schema.column_names() or flag.startswith(f"{BAD}|"):
            continue
        if flag.startswith(f"{REPEATED}|"):
            for rule in judged.select(pl.col(REPEATED).drop_nulls().unique().sort()).collect()[REPEATED]:
                broken[rule] = (pl.col(REPEATED) == rule).fill_null(value=False)
            continue
        name, _, kind = flag.rpartition("|")
        # a value that could not be read, or that a short line lacks, is no empty value: it breaks one rule, not two
        excused = pl.lit(value=False)
        if kind == "nullability":
            excused = unread.get(name, excused) | unread.get(SHORT, excused)
        if kind in {"min", "max"} and contract[name].dtype == pl.Float64:
            excused = pl.col(name).is_infinite()
        rule = _spoken(flag, contract)
        broken[rule] = broken.get(rule, pl.lit(value=False)) | (~pl.col(flag) & ~excused)
    return broken


def _spoken(flag: str, contract: Contract) -> str:
    """Return dataframely's `column|rule` in our words; rules of ours carry their own.

    The texts are asserted by the tests, since they reach the user.
    """
    if flag.startswith(_OWN):
        return flag.removeprefix(_OWN)
    name, _, kind = flag.rpartition("|")
    if not name or name not in contract.names:
        return flag
    column = contract[name]
    faults = {
        "nullability": "empty",
        "min": f"below {column.low:g}" if column.low is not None else "",
        "min_exclusive": f"not above {column.above:g}" if column.above is not None else "",
        "max": f"over {column.high:g}" if column.high is not None else "",
        "inf": "infinite",
        "nan": "not a number",
        "check__allowed": f"none of {', '.join(column.allowed)}",
    }
    return f"{name}: {faults.get(kind, kind)}"


def _findings(judged: pl.LazyFrame, broken: dict[str, pl.Expr], staged: Staged, readings: Readings) -> tuple[Finding, ...]:
    """Return the rules broken by the rows of the file that dataframely wrote, the most frequent first."""
    declared = {rule.name: rule for rule in staged.contract.rules}
    rules = [declared[name] if name in declared else _undeclared(name, staged) for name in broken]
    rules = [replace(rule, broken=broken[rule.name]) for rule in rules]
    found = [_explained(finding, judged, staged.contract, readings) for finding in first_rows(judged, rules, staged.contract, readings)]
    return tuple(sorted(found, key=lambda finding: (-finding.rows, finding.rule)))


def _explained(finding: Finding, judged: pl.LazyFrame, contract: Contract, readings: Readings) -> Finding:
    """Return the finding with the reason why its values could not be read, if that is what it is about."""
    name = finding.rule.partition(": ")[0]
    if finding.rule != unreadable(contract, name):
        return finding
    entry = pl.col(BAD).list.explode(empty_as_null=False).drop_nulls()
    own = judged.select(entry.filter(entry.str.starts_with(f"{name}: ")).str.slice(len(name) + 2).alias("text"), maintain_order=True)
    texts = own.unique(maintain_order=True).collect()["text"]
    reading = reading_of(readings, name, finding.source)
    column = contract[name] if name in contract.names else None
    said = explained(column, texts, _text_of(finding, judged, name), reading)
    return replace(finding, value=said.shown, why=said.why, remedy=said.remedy)


def _text_of(finding: Finding, judged: pl.LazyFrame, name: str) -> str:
    """Return the text of the finding's first row."""
    here = judged.filter((pl.col(SOURCE) == finding.source) & (pl.col(ROW) == finding.row)).head(1)
    entries = here.select(pl.col(BAD).list.explode(empty_as_null=False)).collect()[BAD].to_list()
    return next((entry.split(": ", 1)[1] for entry in entries if entry.startswith(f"{name}: ")), "")


def _undeclared(name: str, staged: Staged) -> Rule:
    """Return the rule that follows from a column or the key, with its columns and what to do about it."""
    of, _, fault = name.partition(": ")
    columns = tuple(column for column in of.replace(" or ", ", ").split(", ") if column in staged.names)
    if of == "line":
        return Rule(name=name, columns=(), broken=pl.lit(value=False), remedy=_SHORT_REMEDY if name == _LINES[SHORT] else _LONG_REMEDY)
    remedies = {"none": "Map its values to these.", "exact": _KEY_REMEDY, "key": _KEY_REMEDY}
    return Rule(name=name, columns=columns, broken=pl.lit(value=False), remedy=remedies.get(fault.split(" ", 1)[0], ""))
