"""Foreign files read as our tables, as a mapping file says, or by their names when there is none.

    tables = read_source_tables(Path("data"), Path("pipelines/mappings/online_retail.yaml"))
    tables.frames["transactions"]        # lazy, our columns, and _source, _row, _bad

No row is lost on the way: what a `where` leaves out is counted, and a value that cannot be read becomes null while its
text is kept in `_bad`, a list of 'column: text' entries that is null where all is well, so that the row can be
quarantined with the reason.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import polars as pl

from relkit.errors import ParameterError, RelkitError, TableError, nearest
from relkit.progress import Progress, quiet
from relkit.tables import casting
from relkit.tables.casting import Style
from relkit.tables.databases import as_url, duckdb_tables, sql_tables
from relkit.tables.expressions import Scope, Value, as_number, column, compile_expression
from relkit.tables.mapping_file import Attribute, Block, ColumnRule, Company, Join, Mapping, MappingFile, SourceDeclaration, load_mapping
from relkit.tables.opened_file import SURPLUS
from relkit.tables.schemas import BAD, ROW, SOURCE, TABLES
from relkit.tables.sources import STEM, Source, find_files, format_of, measure, open_source, stem

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date
    from pathlib import Path

DEFAULT = "mapping.yaml"

_TYPES: dict[str, Any] = {"text": pl.String, "number": pl.Float64, "integer": pl.Int64, "yes_no": pl.Boolean, "date": pl.Date}
_SIGNED = ("quantity", "net_amount", "discount_amount", "margin_amount")


@dataclass(frozen=True, kw_only=True)
class SourceAttribute:
    """A declared attribute of customer_snapshots.

    Attributes:
        name: of its column.
        dtype: polars type of its column.
        label_en, label_fr: for people.
        meaning, unit: for the dictionary.
        personal_data: none, pseudonym, personal or sensitive.
        purpose: for which it may be used, "" where none was stated.
        known_at: "as_of" (usable at once), "later" (an outcome: never an input as of that day), or the day from which it is known.
    """

    name: str
    dtype: Any
    label_en: str
    label_fr: str
    meaning: str = ""
    unit: str = ""
    personal_data: str = "personal"
    purpose: str = ""
    known_at: str = "as_of"


@dataclass(frozen=True, kw_only=True, eq=False)
class SourceTables:
    """Our tables as the sources have them, not yet checked.

    Attributes:
        frames: by table; columns of the contract that the sources give, `_source`, `_row`, `_bad`.
        notes: what was detected, left out or folded, one sentence each.
        counts: sources (files, rows, duplicates) and tables (rows, left_out, folded).
        currency: ISO code.
        business_zone: IANA zone of the business day.
        tax_basis: excl or incl.
        history_starts_on: first day the sources cover; None where no one said.
        assumed_margin_rate: margin over net amount where lines carry none.
        attributes: declared attributes of customer_snapshots.
        precisions: "table.column" -> month or year, where a date is known only to that.
    """

    frames: dict[str, pl.LazyFrame]
    notes: tuple[str, ...] = ()
    counts: dict[str, Any] = field(default_factory=dict)
    currency: str = "EUR"
    business_zone: str = "UTC"
    tax_basis: str = "excl"
    history_starts_on: date | None = None
    assumed_margin_rate: float | None = None
    attributes: tuple[SourceAttribute, ...] = ()
    precisions: dict[str, str] = field(default_factory=dict)


def read_source_tables(data: Path | str, mapping: Path | None = None, progress: Progress = quiet) -> SourceTables:
    r"""Return the tables that `data` holds.

    Args:
        data: a folder, one file, or a SQL URL.
        mapping: a mapping file; None is DIR/mapping.yaml if there is one, else files named after our tables.
        progress: is told which source is being read.

    Raises:
        TableError: a file is missing or unreadable, or lacks a column.
        ParameterError: the mapping says something it may not.

    Examples:
        >>> from pathlib import Path
        >>> from tempfile import mkdtemp
        >>> folder = Path(mkdtemp())
        >>> _ = (folder / "till.csv").write_text("no;client;le;montant\n1;007;03/01/2024;12,50\n")
        >>> _ = (folder / "mapping.yaml").write_text('''
        ... company: {currency: EUR, business_zone: Europe/Paris}
        ... sources:
        ...   till: {files: till.csv}
        ... tables:
        ...   transactions:
        ...     from: till
        ...     key: file and row
        ...     columns:
        ...       transaction_id: no
        ...       customer_id: client
        ...       occurred_at: {column: le, format: "%d/%m/%Y"}
        ...       net_amount: montant
        ... ''')
        >>> tables = read_source_tables(folder)
        >>> row = tables.frames["transactions"].collect().row(0, named=True)
        >>> row["customer_id"], row["net_amount"], row["occurred_at"].isoformat()
        ('007', 12.5, '2024-01-02T23:00:00+00:00')
        >>> tables.notes
        ('till: till.csv: detected semicolon-separated, UTF-8, with a header, decimal comma.',)
    """
    place = _Place.of(data)
    path = mapping if mapping is not None else place.default_mapping()
    plan = load_mapping(path) if path is not None else None
    if plan is None:
        return _Reading.by_names(place, progress).tables()
    return _Reading.by_mapping(place, plan, progress).tables()


@dataclass(frozen=True, kw_only=True)
class _Place:
    """Where the data are: a folder, one file in it, or a database."""

    folder: Path
    file: Path | None = None
    url: str | None = None

    @classmethod
    def of(cls, data: Path | str) -> _Place:
        from pathlib import Path

        url = as_url(data)
        if url is not None:
            return cls(folder=Path(), url=url)
        path = Path(data)
        if path.is_file():
            return cls(folder=path.parent, file=path)
        if not path.is_dir():
            near = nearest(path.name, (p.name for p in path.parent.iterdir())) if path.parent.is_dir() else None
            raise TableError(
                "there is no such folder or file.",
                where=str(path),
                remedy=f"Did you mean {path.parent / near}?" if near else "Check the path of the data.",
            )
        return cls(folder=path)

    def default_mapping(self) -> Path | None:
        path = self.folder / DEFAULT
        return path if self.url is None and path.is_file() and self.file is None else None

    def open(self, name: str, said: SourceDeclaration) -> Source:
        """Return the source that a mapping declares."""
        url = said.url
        if said.url_from is not None:
            url = os.environ.get(said.url_from)
            if not url:
                raise ParameterError(
                    f"the environment variable {said.url_from} is not set.", where=f"source {name}", remedy="Set it to the SQL URL."
                )
        files: tuple[str, ...] = said.files
        if not files and url is None:
            url = self.url
            if url is None and self.file is None:
                raise ParameterError(
                    "it names neither files nor a url.", where=f"source {name}", remedy="Add files: NAME, or give one file as data."
                )
            files = (self.file.name,) if self.file is not None else ()
        return open_source(name, said.options(), folder=self.folder, files=files, url=url)


@dataclass(frozen=True, kw_only=True, eq=False)
class _Made:
    """A block that was compiled: what it reads, and what is to be counted."""

    table: str
    block: Block
    frame: pl.LazyFrame
    columns: tuple[str, ...]
    keep: pl.Expr | None
    joined: bool


@dataclass(frozen=True, kw_only=True, eq=False)
class _Reading:
    """One reading under way: the mapping, the sources it opened, and what there is to say."""

    mapping: Mapping
    sources: dict[str, Source]
    progress: Progress
    notes: list[str]

    @classmethod
    def by_mapping(cls, place: _Place, mapping: Mapping, progress: Progress) -> _Reading:
        used = {name for blocks in mapping.file.tables.values() for b in blocks for name in (b.source, *(j.source for j in b.join))}
        sources, notes = {}, []
        for name, said in mapping.file.sources.items():
            if name not in used:
                notes.append(f"{name}: no table reads this source; it was left alone.")
                continue
            progress(f"opening {name}")
            sources[name] = place.open(name, said)
            notes.extend(sources[name].notes)
        return cls(mapping=mapping, sources=sources, progress=progress, notes=notes)

    @classmethod
    def by_names(cls, place: _Place, progress: Progress) -> _Reading:
        declared = _declared_by_names(place)
        sources = {name: place.open(name, said) for name, said in declared.items()}
        notes = [note for source in sources.values() for note in source.notes]
        blocks = {name: _block_by_names(name, source, notes) for name, source in sources.items()}
        file = MappingFile(company=Company(), sources=declared, tables={name: (block,) for name, block in blocks.items()})
        name = str(place.file or place.url or place.folder)
        return cls(mapping=Mapping(file=file, declaration=None, name=name), sources=sources, progress=progress, notes=notes)

    def tables(self) -> SourceTables:
        made = [self._compile(table, i, block) for table, blocks in self.mapping.file.tables.items() for i, block in enumerate(blocks)]
        counts: dict[str, Any] = {"sources": self._measure(made), "tables": {}}
        frames: dict[str, list[pl.LazyFrame]] = {}
        for part in made:
            frames.setdefault(part.table, []).append(self._finish(part, counts))
        company = self.mapping.file.company
        return SourceTables(
            frames={table: parts[0] if len(parts) == 1 else pl.concat(parts, how="diagonal") for table, parts in frames.items()},
            notes=tuple(self.notes),
            counts=counts,
            currency=company.currency,
            business_zone=company.business_zone,
            tax_basis=company.tax_basis,
            history_starts_on=self._history(),
            assumed_margin_rate=company.assumed_margin_rate,
            attributes=tuple(self._attributes()),
            precisions=self._precisions(),
        )

    def _history(self) -> date | None:
        """Return the first day on which every source that says so was there."""
        if self.mapping.file.company.history_starts_on is not None:
            return self.mapping.file.company.history_starts_on
        stated = [
            said.history_starts_on for name, said in self.mapping.file.sources.items() if name in self.sources and said.history_starts_on
        ]
        return max(stated) if stated else None

    def _attributes(self) -> list[SourceAttribute]:
        found = {}
        for block in self.mapping.file.tables.get("customer_snapshots", ()):
            for name, said in block.attributes.items():
                plain = name.replace("_", " ").capitalize()
                found[name] = SourceAttribute(
                    name=name,
                    dtype=_TYPES[said.type],
                    label_en=said.label.en if said.label else plain,
                    label_fr=said.label.fr if said.label else plain,
                    meaning=said.meaning,
                    unit=said.unit,
                    personal_data=said.personal_data,
                    purpose=said.purpose,
                    known_at=said.known_at,
                )
        return list(found.values())

    def _precisions(self) -> dict[str, str]:
        return {
            f"{table}.{name}": rule.precision
            for table, blocks in self.mapping.file.tables.items()
            for block in blocks
            for name, rule in block.columns.items()
            if rule.precision in {"month", "year"}
        }

    def _measure(self, made: Sequence[_Made]) -> dict[str, dict[str, int]]:
        """Return rows, duplicates and left-out rows of each source, from one pass over each."""
        found = {}
        for position, (name, source) in enumerate(self.sources.items()):
            self.progress(f"reading {name}", position / len(self.sources))
            keyless = any(m.block.key for m in made if m.block.source == name)
            facts = measure(source, count_duplicates=keyless)
            found[name] = {"files": len(source.files), **facts}
            if facts.get("duplicates"):
                self.notes.append(
                    f"{name}: {facts['duplicates']:,} of {facts['rows']:,} rows repeat an earlier one exactly; they are kept."
                )
            if facts.get("long_lines"):
                self.notes.append(f"{name}: lines with more fields than there are columns: {facts['long_lines']:,}; they go to quarantine.")
        return found

    def _finish(self, part: _Made, counts: dict[str, Any]) -> pl.LazyFrame:
        """Return the frame of a block, rows folded where it says so, everything left out counted and said."""
        name = part.block.source
        table = counts["tables"].setdefault(part.table, {"rows": 0, "left_out": 0, "folded": 0})
        rows = counts["sources"][name]["rows"] if not part.joined and part.keep is None else _collect_int(part.frame.select(pl.len()))
        left_out = counts["sources"][name]["rows"] - rows if not any(j.many for j in part.block.join) else 0
        frame = part.frame
        if left_out:
            said = " or ".join(["where"] * (part.keep is not None) + ["join"] * any(j.unmatched == "drop" for j in part.block.join))
            self.notes.append(f"{part.table}: {left_out:,} of {counts['sources'][name]['rows']:,} rows of {name} are left out by {said}.")
        if part.block.one_per:
            distinct = _collect_int(frame.select(pl.struct(part.block.one_per).n_unique()))
            said = " and ".join(part.block.one_per)
            self.notes.append(f"{part.table}: {rows:,} rows of {name} give {distinct:,}, the first for each {said}.")
            frame = frame.unique(subset=list(part.block.one_per), keep="first", maintain_order=True)
            table["folded"] += rows - distinct
            rows = distinct
        table["rows"] += rows
        table["left_out"] += max(left_out, 0)
        return frame

    def _compile(self, table: str, position: int, block: Block) -> _Made:
        here = ("tables", table, position)
        said = self.mapping.file.sources[block.source]
        source = self.sources[block.source]
        company = self.mapping.file.company
        style = Style(decimal=source.decimal, thousands=said.thousands, zone=said.zone or "UTC", day_zone=company.business_zone)
        frame, columns = _nulled(source.frame, said.nulls), _columns_of(source)
        for i, join in enumerate(block.join):
            frame, columns = self._join(frame, columns, source, join, style, (*here, "join", i))
        scope = Scope(columns=columns, style=style, where=self.mapping.at(*here), source=_spoken(source))
        outputs, entries = self._outputs(table, block, scope, here)
        keep, unread = _where(block, scope, self.mapping.at(*here, "where"))
        frame = frame.with_columns(**scope.made)
        if keep is not None:
            frame = frame.filter(keep)
        made = frame.with_columns(expr.alias(_ours(name)) for name, expr in outputs.items())
        ours = [pl.col(_ours(name)).alias(name) for name in outputs]
        selected = made.select(*ours, _bad([*entries, *unread]).alias(BAD), pl.col(SOURCE), pl.col(ROW))
        try:
            selected.collect_schema()
        except pl.exceptions.PolarsError as error:
            raise ParameterError(
                f"an expression cannot be carried out: {str(error).splitlines()[0]}.", where=self.mapping.at(*here)
            ) from error
        return _Made(table=table, block=block, frame=selected, columns=tuple(outputs), keep=keep, joined=bool(block.join))

    def _outputs(self, table: str, block: Block, scope: Scope, here: tuple[str | int, ...]) -> tuple[dict[str, pl.Expr], list[pl.Expr]]:
        """Return our columns, and for each that can be misread the text it then had."""
        contract = TABLES[table]
        outputs: dict[str, pl.Expr] = {}
        entries: list[pl.Expr] = []
        if block.key:
            outputs[contract.key[0]] = pl.concat_str(pl.col(STEM), pl.lit(":"), pl.col(ROW))
        rules: list[tuple[str, str, ColumnRule, Any]] = [("columns", n, r, contract[n].dtype) for n, r in block.columns.items()]
        rules += [("attributes", n, a, _TYPES[a.type]) for n, a in block.attributes.items()]
        for group, name, rule, dtype in rules:
            where = self.mapping.at(*here, group, name)
            read, unread = _read(name, rule, dtype, replace(scope, where=where))
            outputs[name] = read
            entries += unread
        for i, said in enumerate(block.returns):
            inside = replace(scope, where=self.mapping.at(*here, "returns", i, "where"))
            _apply_returns(outputs, _condition(said.where, inside).expr, said.kind, turned=said.amounts_in_file == "positive", position=i)
        return outputs, entries

    def _join(
        self, frame: pl.LazyFrame, columns: dict[str, Value], source: Source, join: Join, style: Style, here: tuple[str | int, ...]
    ) -> tuple[pl.LazyFrame, dict[str, Value]]:
        """Return the frame with the columns of a second source, refusing a join that multiplies rows unless it says so."""
        other = self.sources[join.source]
        theirs = _columns_of(other)
        ours_scope = Scope(columns=columns, style=style, where=self.mapping.at(*here, "on"), source=_spoken(source))
        their_scope = Scope(columns=theirs, style=style, where=self.mapping.at(*here, "on"), source=_spoken(other))
        keys = [f"_key_{i}" for i in range(len(join.on))]
        pairs = [(column(a, ours_scope), column(b, their_scope)) for a, b in join.on.items()]
        left = frame.with_columns(casting.text(a.expr, a.kind).alias(k) for k, (a, _) in zip(keys, pairs, strict=True))
        named = [pl.col(name).alias(f"{join.source}.{name}") for name in other.columns]
        nulls = self.mapping.file.sources[join.source].nulls
        right = _nulled(other.frame, nulls).select(
            *(casting.text(b.expr, b.kind).alias(k) for k, (_, b) in zip(keys, pairs, strict=True)), *named
        )
        self._verify_join(left, right, keys, source, join, self.mapping.at(*here))
        joined = left.join(right, on=keys, how="left" if join.unmatched == "keep" else "inner", maintain_order="left_right").drop(keys)
        more = {f"{join.source}.{name}": Value(pl.col(f"{join.source}.{name}"), theirs[name].kind) for name in other.columns}
        plain = {name: more[f"{join.source}.{name}"] for name in other.columns if name not in columns}
        return joined, {**columns, **plain, **more}

    def _verify_join(self, left: pl.LazyFrame, right: pl.LazyFrame, keys: list[str], source: Source, join: Join, where: str) -> None:
        said = " and ".join(join.on.values())
        repeated = right.drop_nulls(keys).group_by(keys).len().filter(pl.col("len") > 1).sort(keys).collect(engine="streaming")
        if len(repeated) and not join.many:
            first = ", ".join(str(value) for value in repeated.row(0)[:-1])
            raise TableError(
                f"{said} does not tell the rows of {join.source} apart: {len(repeated):,} repeated, first {first} ({repeated['len'][0]} rows), "
                f"so that joining it would multiply the rows of {source.name}.",
                where=where,
                remedy="Join on a column that is unique there, or write many: true if that is meant.",
            )
        lonely = _collect_int(left.join(right.select(keys), on=keys, how="anti").select(pl.len()))
        if lonely:
            fate = "kept, with nulls" if join.unmatched == "keep" else "left out"
            self.notes.append(f"{source.name}: rows without a match in {join.source} by {said}: {lonely:,}; they are {fate}.")
        if len(repeated):
            self.notes.append(f"{source.name}: joining {join.source} gives some rows more than once, as many: true allows.")


def _collect_int(frame: pl.LazyFrame) -> int:
    return int(frame.collect(engine="streaming").item())


def _nulled(frame: pl.LazyFrame, nulls: Sequence[str]) -> pl.LazyFrame:
    """Return the frame with the source's own marks of absence as nulls, in its text columns."""
    if not nulls:
        return frame
    texts = [name for name, dtype in frame.collect_schema().items() if dtype == pl.String and name not in {SOURCE, SURPLUS, STEM}]
    return frame.with_columns(pl.when(~pl.col(n).str.strip_chars().is_in(list(nulls))).then(pl.col(n)).alias(n) for n in texts)


def _columns_of(source: Source) -> dict[str, Value]:
    schema = source.frame.collect_schema()
    return {name: Value(pl.col(name), casting.kind_of(schema[name])) for name in (*source.columns, SOURCE, ROW)}


def _spoken(source: Source) -> str:
    return source.files[0] if len(source.files) == 1 else f"{source.files[0]} and {len(source.files) - 1} more"


def _ours(name: str) -> str:
    """Return the name of our column while the source's columns still stand beside it."""
    return f"_ours.{name}"


def _value(rule: ColumnRule, dtype: Any, scope: Scope) -> Value:
    """Return what a rule reads, before it is converted."""
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
    style = replace(
        scope.style,
        format=rule.format,
        zone=rule.zone or scope.style.zone,
        day_zone=rule.zone or scope.style.day_zone,
        precision=rule.precision,
    )
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
    texts += [pl.when(flag & made.is_null()).then(pl.col(source).cast(pl.String)) for source, flag in value.faults.items()]
    return read, [pl.concat_str(pl.lit(f"{name}: "), pl.coalesce(texts).str.slice(0, 80))] if texts else []


def _condition(text: str, scope: Scope) -> Value:
    value = compile_expression(text, scope)
    if value.kind != "bool":
        raise ParameterError(f"{text!r} is {casting.spoken(value.kind)}, not a condition.", where=scope.where, remedy="Write x = 1.")
    return value


def _where(block: Block, scope: Scope, where: str) -> tuple[pl.Expr | None, list[pl.Expr]]:
    """Return which rows are kept, those whose condition could not be read among them, and the entries that say so."""
    if block.where is None:
        return None, []
    value = _condition(block.where, replace(scope, where=where))
    keep = value.expr.fill_null(value=False)
    entries: list[pl.Expr] = []
    for name, flag in value.faults.items():
        unread = flag & value.expr.is_null()
        keep = keep | unread
        entries.append(pl.when(unread).then(pl.concat_str(pl.lit(f"{name}: "), pl.col(name).cast(pl.String).str.slice(0, 80))))
    return keep, entries


def _bad(entries: list[pl.Expr]) -> pl.Expr:
    surplus = pl.concat_str(pl.lit("(line): more fields than columns, from "), pl.col(SURPLUS).str.slice(0, 80))
    alike = [surplus, *entries]
    wrong = pl.any_horizontal(entry.is_not_null() for entry in alike)
    return pl.when(wrong).then(pl.concat_list(alike).list.drop_nulls())


def _apply_returns(outputs: dict[str, pl.Expr], condition: pl.Expr, kind: str, *, turned: bool, position: int) -> None:
    """Give the rows of a condition their line kind, and the sign that returns have with us."""
    before = outputs.get("line_kind", pl.lit("sale"))
    free = condition if position == 0 else condition & ~before.is_in(["return", "cancel"])
    outputs["line_kind"] = pl.when(free).then(pl.lit(kind)).otherwise(before)
    if turned:
        for name in _SIGNED:
            if name in outputs:
                outputs[name] = pl.when(free).then(-outputs[name]).otherwise(outputs[name])


def _declared_by_names(place: _Place) -> dict[str, SourceDeclaration]:
    """Return a source for each file (or table of a database) that has the name of a table of ours."""
    if place.url is not None:
        names = [name for name in sql_tables(place.url) if name in TABLES]
        if not names:
            raise TableError(
                "no table of the database has the name of one of ours.", where="the database", remedy="Write a mapping: docs/mappings.md."
            )
        return {name: SourceDeclaration(table=name) for name in names}
    files = [place.file] if place.file is not None else sorted(p for p in place.folder.iterdir() if p.is_file() and format_of(p))
    if len(files) == 1 and format_of(files[0]) == "duckdb":
        return {n: SourceDeclaration(files=(files[0].name,), table=n) for n in duckdb_tables(files[0]) if n in TABLES}
    found: dict[str, SourceDeclaration] = {}
    for path in files:
        name = stem(path)
        if name in found:
            raise TableError(
                f"{found[name].files[0]} and {path.name} are both named {name}.", where=str(place.folder), remedy="Keep one of them."
            )
        if name in TABLES:
            found[name] = SourceDeclaration(files=(path.name,))
    for folder in sorted(p for p in place.folder.iterdir() if place.file is None and p.is_dir() and p.name in TABLES):
        if folder.name not in found and find_files_in(folder):
            found[folder.name] = SourceDeclaration(files=(f"{folder.name}/*",))
    if not found:
        raise _no_table(place, files)
    return found


def find_files_in(folder: Path) -> bool:
    """Return whether the folder has a file that can be read."""
    return any(format_of(p) for p in find_files(("*",), folder)) if any(p.is_file() for p in folder.iterdir()) else False


def _no_table(place: _Place, files: Sequence[Path]) -> RelkitError:
    hints = [f"{p.name} is near {near}" for p in files if (near := nearest(stem(p), TABLES))]
    said = f" ({'; '.join(hints[:3])})" if hints else ""
    return TableError(
        f"no file is named after one of our tables{said}.",
        where=str(place.file or place.folder),
        remedy="Write a mapping (docs/mappings.md) and give it with --mapping, or name files transactions.csv, contracts.parquet, ...",
    )


def _block_by_names(table: str, source: Source, notes: list[str]) -> Block:
    """Return the block that reads a file whose columns have our names; others are left out, and said."""
    contract = TABLES[table]
    known = [name for name in source.columns if name in contract.names]
    lacking = [c.name for c in contract.columns if c.required and c.default is None and c.name not in known]
    if lacking:
        near = nearest(lacking[0], (n for n in source.columns if n not in known))
        hint = f"; the nearest of its columns is {near!r}" if near else ""
        raise TableError(
            f"column {lacking[0]!r} is missing{hint}.",
            where=_spoken(source),
            remedy=f"It has: {', '.join(source.columns)}. A mapping can rename them.",
        )
    others = [name for name in source.columns if name not in known]
    attributes = {}
    if table == "customer_snapshots":
        attributes = {name: _attribute_by_name(name, source) for name in others}
    if others:
        what = "kept as attributes that no mapping declares" if attributes else f"left out: no column of {table} is so named"
        notes.append(f"{_spoken(source)}: {', '.join(others)} {what}.")
    return Block(source=table, columns={name: ColumnRule(column=name) for name in known}, attributes=attributes)


def _attribute_by_name(name: str, source: Source) -> Attribute:
    """Return an attribute whose type is that of the column, or number where all its texts are numbers."""
    kind = casting.kind_of(source.frame.collect_schema()[name])
    if kind == "text":
        value = pl.col(name)
        wrong = casting.misread(value, "text", casting.number(value, "text", Style(decimal=source.decimal)))
        kind = "text" if source.frame.select(wrong.any()).collect(engine="streaming").item() else "decimal"
    types: dict[str, Any] = {"decimal": "number", "integer": "integer", "bool": "yes_no", "date": "date", "instant": "date", "utc": "date"}
    return Attribute(column=name, type=types.get(kind, "text"))
