"""Foreign files read as our tables, through a mapping file, or by their names if there is none.

    tables = read_source_tables(Path("data"), Path("pipelines/mappings/online_retail.yaml"))
    tables.frames["transactions"]        # lazy, our columns, and _source, _row, _bad

No row is lost on the way: what a `where` leaves out is counted, and an unreadable value becomes null while its
text is kept in `_bad`, a list of 'column: text' entries that is null if all is well, so that the row can be
quarantined with the reason.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import polars as pl

from relkit.progress import Progress, quiet
from relkit.tables.blocks import LateMarks, ReadBlock, read_block
from relkit.tables.control_totals import TOGETHER
from relkit.tables.data_place import DataPlace
from relkit.tables.mapping_file import ATTRIBUTE_TYPES, Mapping, MappingFile, load_mapping
from relkit.tables.mark_doubts import late_marks
from relkit.tables.named_files import block_by_names, sources_by_names
from relkit.tables.optional_sources import is_there, open_declared, remark_on_absent
from relkit.tables.own_rules import CompiledRule, compile_rules
from relkit.tables.questions import aggregates, answers
from relkit.tables.schemas import BAD, ROW, SOURCE
from relkit.tables.sources import Source, count_rows, measure
from relkit.tables.unmapped_files import unmapped_files
from relkit.tables.unread_files import unread_notes, unread_remarks
from relkit.texts import Text

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date
    from pathlib import Path

    from relkit.remarks import Remark
    from relkit.tables.column_readings import Readings


@dataclass(frozen=True, kw_only=True)
class SourceAttribute:
    """A declared attribute of customer_snapshots.

    Attributes:
        name: of its column.
        dtype: polars type of its column.
        label: for people.
        meaning, unit: for the dictionary.
        personal_data: none, pseudonym, personal or sensitive.
        purpose: for which it may be used, "" where none was stated.
        known_at: "as_of" (usable at once), "later" (an outcome: never an input as of that day), or the day from which it is known.
        role: covariate (what a model may tell customers apart by), left_out (never that), or what it says of how long the customer
            has been there: tenure, ended, end_reason, monthly_amount; or outcome: a product taken after the day of the snapshot.
        counts: of a tenure in whole units: started, completed or nearest; "" if that is not declared.
    """

    name: str
    dtype: Any
    label: Text
    meaning: str = ""
    unit: str = ""
    personal_data: str = "personal"
    purpose: str = ""
    known_at: str = "as_of"
    role: str = "covariate"
    counts: str = ""


@dataclass(frozen=True, kw_only=True, eq=False)
class SourceTables:
    """Our tables as the sources have them, not yet checked.

    Attributes:
        frames: by table; columns of the contract that the sources give, `_source`, `_row`, `_bad`.
        notes: what was detected, left out or folded, one sentence each.
        remarks: those of them that affect how numbers are to be read, on files not read or broken off, on values that can be two things.
        counts: sources (files, lines_before, rows, blank_lines, short_lines, long_lines, duplicates) and tables (rows, left_out, folded).
        currency: ISO code.
        business_zone: IANA zone of the business day.
        tax_basis: excl or incl.
        history_starts_on: first day the sources cover; None if not declared.
        history_starts_with_company: whether nobody was a customer before the first day that the sources cover.
        assumed_margin_rate: margin over net amount where lines carry none.
        contract_bills_in_transactions: whether what contracts bill is among the transactions too.
        contract_ended_without_day: what becomes of contracts that ended without a day: "quarantine" or "last_known_day".
        contract_ended_statuses: the source's words for contracts that have ended; empty for the usual ones.
        attributes: declared attributes of customer_snapshots.
        precisions: "table.column" -> month or year, where a date is known only to that.
        numbered: tables whose key is made of file and row.
        rules: declared by the analyst, by table.
        max_fall_share: share by which a control total may fall.
        freshness_days: days that the newest row of a source may be old, by source.
        origins: source by name of file, by table.
        columns: types of the columns of each source, by source; those of texts are "text".
        columnar: tables whose rows are those of Parquet files in their order, of which some columns can be read again at little cost.
        readings: by table, the origin of each of our columns, for messages.
    """

    frames: dict[str, pl.LazyFrame]
    notes: tuple[str, ...] = ()
    remarks: tuple[Remark, ...] = ()
    counts: dict[str, Any] = field(default_factory=dict)
    currency: str = "EUR"
    business_zone: str = "UTC"
    tax_basis: str = "excl"
    history_starts_on: date | None = None
    history_starts_with_company: bool = False
    assumed_margin_rate: float | None = None
    contract_bills_in_transactions: bool = False
    contract_ended_without_day: str = "quarantine"
    contract_ended_statuses: tuple[str, ...] = ()
    attributes: tuple[SourceAttribute, ...] = ()
    precisions: dict[str, str] = field(default_factory=dict)
    numbered: tuple[str, ...] = ()
    columnar: frozenset[str] = frozenset()
    rules: dict[str, tuple[CompiledRule, ...]] = field(default_factory=dict)
    max_fall_share: float = 0.5
    freshness_days: dict[str, int] = field(default_factory=dict)
    origins: dict[str, dict[str, str]] = field(default_factory=dict)
    columns: dict[str, dict[str, str]] = field(default_factory=dict)
    readings: dict[str, Readings] = field(default_factory=dict)


def read_source_tables(data: Path | str, mapping: Path | None = None, progress: Progress = quiet) -> SourceTables:
    r"""Return the tables that `data` holds.

    Args:
        data: a folder, one file, or a SQL URL.
        mapping: a mapping file; None is DIR/mapping.yaml if there is one, else files named after our tables.
        progress: receives the name of the source being read.

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
    place = DataPlace.of(data)
    path, stated = _stated(place, mapping)
    reading = _by_names(place, stated) if stated is None or not stated.file.tables else _by_mapping(place, stated, path, progress)
    return _tables(reading, _blocks(reading), progress)


def _stated(place: DataPlace, mapping: Path | None) -> tuple[Path | None, Mapping | None]:
    """Return the mapping file given or in the folder of data, and its content; None if there is none."""
    path = mapping if mapping is not None else place.default_mapping()
    return path, None if path is None else load_mapping(path)


@dataclass(frozen=True, kw_only=True)
class SourceFiles:
    """Files from which `read_source_tables` would read, without reading them.

    Attributes:
        files: those read, the mapping among them.
        has_database: whether a database is read, too.
        unread: names of what is found beside them and not read, which the check reports.
        zone_of_ages: zone of the business day, if the mapping states how fresh its sources must be; else empty.
    """

    files: tuple[Path, ...]
    has_database: bool
    unread: tuple[str, ...] = ()
    zone_of_ages: str = ""


def source_files(data: Path | str, mapping: Path | None = None) -> SourceFiles:
    """Return the files that `read_source_tables` reads, and those that it names as unread; arguments as there.

    Raises:
        TableError: a file is missing.
        ParameterError: the mapping says something it may not.
    """
    place = DataPlace.of(data)
    path, stated = _stated(place, mapping)
    if stated is None or not stated.file.tables:
        named = sources_by_names(place)
        declared, unread = named.declared, named.unread
    else:
        used = _used(stated.file)
        declared = {name: source for name, source in stated.file.sources.items() if name in used}
        unread = unmapped_files(place, stated.file, path)[0]
    found = [place.files(source) for source in declared.values() if source.required is not False or is_there(place, source)]
    files = [file for part in found for file in part or ()]
    return SourceFiles(
        files=(*(() if path is None else (path,)), *dict.fromkeys(files)),
        has_database=None in found,
        unread=tuple(each.name for each in unread),
        zone_of_ages="" if stated is None else _zone_of_ages(stated.file),
    )


def _zone_of_ages(file: MappingFile) -> str:
    return "" if all(source.freshness_days is None for source in file.sources.values()) else file.company.business_zone


@dataclass(frozen=True, kw_only=True, eq=False)
class _Reading:
    """A mapping, the sources it opened, what there is to say of them."""

    mapping: Mapping
    sources: dict[str, Source]
    notes: list[str]
    remarks: tuple[Remark, ...] = ()


def _used(file: MappingFile) -> set[str]:
    """Return the names of the sources that are read: those that a table reads, and those that must be there."""
    read = {name for blocks in file.tables.values() for b in blocks for name in (b.source, *(j.source for j in b.join))}
    return read | {name for name, source in file.sources.items() if source.required}


def _by_mapping(place: DataPlace, mapping: Mapping, path: Path | None, progress: Progress) -> _Reading:
    used = _used(mapping.file)
    sources, notes, absent = {}, [], []
    for name, declared in mapping.file.sources.items():
        if name not in used:
            notes.append(f"{name}: no table reads this source; it was left alone.")
            continue
        progress(f"opening {name}")
        source = open_declared(place, name, declared)
        if source is None:
            fed = [table for table, given in mapping.file.tables.items() if name in {block.source for block in given}]
            absent.append(remark_on_absent(name, fed))
            continue
        sources[name] = source
        notes.extend(source.notes)
    unread, passed_over = unmapped_files(place, mapping.file, path)
    notes.extend(unread_notes(unread, passed_over))
    return _Reading(mapping=mapping, sources=sources, notes=notes, remarks=(*absent, *unread_remarks(unread)))


def _by_names(place: DataPlace, stated: Mapping | None) -> _Reading:
    named = sources_by_names(place)
    declared = named.declared
    sources = {name: place.open(name, source) for name, source in declared.items()}
    notes = [*named.notes, *(note for source in sources.values() for note in source.notes)]
    blocks = {name: (block_by_names(name, source, notes),) for name, source in sources.items()}
    given = {} if stated is None else {"company": stated.file.company, "controls": stated.file.controls, "rules": stated.file.rules}
    file = MappingFile(sources=declared, tables=blocks, **given)
    declaration, name = (None, str(place)) if stated is None else (stated.declaration, stated.name)
    mapping = Mapping(file=file, declaration=declaration, name=name)
    return _Reading(mapping=mapping, sources=sources, notes=notes, remarks=unread_remarks(named.unread))


def _tables(reading: _Reading, blocks: Sequence[ReadBlock], progress: Progress) -> SourceTables:
    file = reading.mapping.file
    uncounted: dict[str, list[pl.LazyFrame]] = {}
    for part in blocks:
        uncounted.setdefault(part.table, []).append(part.frame)
    rules = compile_rules(reading.mapping, _joined(uncounted), file.company.business_zone)
    measured = _measured(reading, blocks, progress)
    counts: dict[str, Any] = {"sources": measured.counts, "tables": {}}
    if any(measured.marks.values()):
        blocks = _blocks(reading, measured.marks)
    frames: dict[str, list[pl.LazyFrame]] = {}
    for part in blocks:
        reading.notes.extend(part.notes)
        frames.setdefault(part.table, []).append(_finished(part, counts, reading.notes))
    return SourceTables(
        frames=_joined(frames),
        notes=tuple(reading.notes),
        remarks=(*reading.remarks, *(remark for source in reading.sources.values() for remark in source.remarks), *measured.remarks),
        counts=counts,
        currency=file.company.currency,
        business_zone=file.company.business_zone,
        tax_basis=file.company.tax_basis,
        history_starts_on=_history(reading),
        history_starts_with_company=file.company.history_starts_with_company,
        assumed_margin_rate=file.company.assumed_margin_rate,
        contract_bills_in_transactions=file.company.contract_bills_in_transactions,
        contract_ended_without_day=file.company.contract_ended_without_day,
        contract_ended_statuses=file.company.contract_ended_statuses,
        attributes=tuple(_attributes(file)),
        precisions=_precisions(file),
        numbered=tuple(sorted(table for table, given in file.tables.items() if any(block.key for block in given))),
        columnar=_columnar(reading, blocks),
        rules=rules,
        max_fall_share=file.controls.max_fall_share,
        freshness_days=_ages(reading),
        origins=_origins(reading, blocks),
        columns={name: _types(source) for name, source in reading.sources.items()},
        readings=_readings(blocks),
    )


def _blocks(reading: _Reading, marks: LateMarks | None = None) -> list[ReadBlock]:
    """Return all blocks whose source is there, compiled; `marks` are the decimal marks of columns that differ from their source's."""
    return [
        read_block(reading.mapping, reading.sources, table, i, marks=marks)
        for table, given in reading.mapping.file.tables.items()
        for i, block in enumerate(given)
        if block.source in reading.sources
    ]


def _readings(blocks: Sequence[ReadBlock]) -> dict[str, Readings]:
    found: dict[str, Readings] = {}
    for part in blocks:
        table = found.setdefault(part.table, {})
        for each in part.columns:
            table[each.name] = (*table.get(each.name, ()), each.reading)
    return found


def _joined(frames: dict[str, list[pl.LazyFrame]]) -> dict[str, pl.LazyFrame]:
    """Return the frame of each table from those of its blocks."""
    return {table: parts[0] if len(parts) == 1 else pl.concat(parts, how="diagonal") for table, parts in frames.items()}


def _origins(reading: _Reading, blocks: Sequence[ReadBlock]) -> dict[str, dict[str, str]]:
    """Return the source of each file, by table; of a file that several of its sources read, all of them."""
    found: dict[str, dict[str, str]] = {}
    for part in blocks:
        own, name = found.setdefault(part.table, {}), part.block.source
        for file in reading.sources[name].files:
            known = own[file].split(TOGETHER) if file in own else []
            own[file] = TOGETHER.join(dict.fromkeys([*known, name]))
    return found


def _ages(reading: _Reading) -> dict[str, int]:
    """Return the days that the newest row of a source may be old, of those that are there and declare it."""
    declared = {name: reading.mapping.file.sources[name].freshness_days for name in reading.sources}
    return {name: days for name, days in declared.items() if days is not None}


def _types(source: Source) -> dict[str, str]:
    """Return the type of each column of a source, as the file has it."""
    schema = source.frame.collect_schema()
    return {name: "text" if schema[name] == pl.String else str(schema[name]) for name in source.columns}


def _columnar(reading: _Reading, blocks: Sequence[ReadBlock]) -> frozenset[str]:
    """Return the tables that are read from Parquet files alone, without a join or folded rows."""
    others = {part.table for part in blocks if part.block.join or part.block.one_per or not reading.sources[part.block.source].is_columnar}
    return frozenset(part.table for part in blocks) - others


def _history(reading: _Reading) -> date | None:
    """Return the first day on which every source that says so was there."""
    file = reading.mapping.file
    if file.company.history_starts_on is not None:
        return file.company.history_starts_on
    stated = [given.history_starts_on for name, given in file.sources.items() if name in reading.sources and given.history_starts_on]
    return max(stated) if stated else None


def _attributes(file: MappingFile) -> list[SourceAttribute]:
    found = {}
    for block in file.tables.get("customer_snapshots", ()):
        for name, declared in block.attributes.items():
            plain = name.replace("_", " ").capitalize()
            found[name] = SourceAttribute(
                name=name,
                dtype=ATTRIBUTE_TYPES[declared.type],
                label=Text(declared.label.en, declared.label.fr) if declared.label else Text(plain, plain),
                meaning=declared.meaning,
                unit=declared.unit,
                personal_data=declared.personal_data,
                purpose=declared.purpose,
                known_at=declared.known_at,
                role=declared.role,
                counts=declared.counts,
            )
    return list(found.values())


def _precisions(file: MappingFile) -> dict[str, str]:
    return {
        f"{table}.{name}": rule.precision
        for table, blocks in file.tables.items()
        for block in blocks
        for name, rule in block.columns.items()
        if rule.precision in {"month", "year"}
    }


@dataclass(frozen=True, kw_only=True, eq=False)
class _Measured:
    """Facts of the sources, from one pass over each.

    Attributes:
        counts: files, rows and duplicates, by source.
        marks: decimal marks that later rows of a column show.
        remarks: answers to the questions of the blocks.
    """

    counts: dict[str, dict[str, int]] = field(default_factory=dict)
    marks: LateMarks = field(default_factory=dict)
    remarks: list[Remark] = field(default_factory=list)


def _measured(reading: _Reading, blocks: Sequence[ReadBlock], progress: Progress) -> _Measured:
    """Return the facts of each source; anything remarkable becomes a note."""
    measured = _Measured()
    for position, (name, source) in enumerate(reading.sources.items()):
        progress(f"reading {name}", position / len(reading.sources))
        keyless = any(part.block.key for part in blocks if part.block.source == name)
        questions = list({q.name: q for part in blocks for q in part.questions.get(name, ())}.values())
        asked = aggregates(questions)
        facts = measure(source, count_duplicates=keyless, further=asked)
        found = {key: facts.pop(key) for key in asked}
        measured.counts[name] = {"files": len(source.files), "lines_before": source.lines_before, **facts}
        measured.marks[name] = late_marks(found, source)
        is_read = any(part.block.source == name for part in blocks)
        reading.notes.extend(_notes_on(name, facts, "they go to quarantine" if is_read else "they are joined to no row"))
        reading.notes.extend(f"{name}: column {column} has the decimal {_MARKS[mark]}." for column, mark in measured.marks[name].items())
        for answer in answers(source, questions, found):
            (reading.notes if isinstance(answer, str) else measured.remarks).append(answer)  # type: ignore[arg-type]  # one list each
    return measured


_MARKS = {".": "point", ",": "comma"}


def _notes_on(name: str, facts: dict[str, Any], fate: str) -> list[str]:
    rows, repeats = facts["rows"], facts.get("duplicates", 0)
    notes = [f"{name}: {repeats:,} of {rows:,} rows repeat an earlier one exactly; they are kept."] if repeats else []
    return [*notes, *_lines_apart(name, facts, fate)]


def _lines_apart(name: str, facts: dict[str, int], fate: str) -> list[str]:
    """Return a note on each kind of line that is no good row."""
    counted = {"more": facts["long_lines"], "fewer": facts["short_lines"]}
    found = [f"{name}: lines with {what} fields than there are columns: {lines:,}; {fate}." for what, lines in counted.items() if lines]
    return [*found, f"{name}: blank lines: {facts['blank_lines']:,}; passed over."] if facts["blank_lines"] else found


def _finished(part: ReadBlock, counts: dict[str, Any], notes: list[str]) -> pl.LazyFrame:
    """Return the frame of a block, rows folded if it asks for that, everything left out counted and noted."""
    name, block = part.block.source, part.block
    before = counts["sources"][name]["rows"]
    rows = before if part.keeps_all else count_rows(part.frame)
    left_out = max(before - rows, 0)
    if left_out:
        causes = " or ".join(["where"] * (block.where is not None) + ["join"] * any(j.unmatched == "drop" for j in block.join))
        notes.append(f"{part.table}: {left_out:,} of {before:,} rows of {name} are left out by {causes}.")
    frame, folded = part.frame, 0
    if block.one_per:
        frame = _folded(frame, block.one_per)
        kept = count_rows(frame)
        notes.append(f"{part.table}: {rows:,} rows of {name} give {kept:,}, the first for each {' and '.join(block.one_per)}.")
        rows, folded = kept, rows - kept
    table = counts["tables"].setdefault(part.table, {"rows": 0, "left_out": 0, "folded": 0})
    for fact, value in (("rows", rows), ("left_out", left_out), ("folded", folded)):
        table[fact] += value
    return frame


def _folded(frame: pl.LazyFrame, one_per: Sequence[str]) -> pl.LazyFrame:
    """Return the first row for each value; rows that could not be read stand apart, so that none is lost."""
    apart = pl.when(pl.col(BAD).is_not_null()).then(pl.concat_str(SOURCE, pl.lit(":"), ROW)).alias("_apart")
    unique = frame.with_columns(apart).unique(subset=[*one_per, "_apart"], keep="first", maintain_order=True)
    return unique.drop("_apart")
