"""Sources that a folder, a file or a database contains: files with the same columns together, each sheet and table for itself."""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass, field, replace
from fnmatch import fnmatch
from pathlib import Path
from typing import TYPE_CHECKING, Any

import polars as pl

from relkit.errors import RelkitError
from relkit.masking import masked
from relkit.tables.archives import ENDING, unpacked
from relkit.tables.databases import duckdb_tables, is_sqlite, sql_tables
from relkit.tables.drafting.day_forms import day_forms
from relkit.tables.drafting.heads import head_of_rows, head_of_text
from relkit.tables.drafting.names import identifier
from relkit.tables.drafting.profile import Profile, profile
from relkit.tables.encodings import open_text
from relkit.tables.mapping_file import SourceDeclaration
from relkit.tables.sources import format_of, stem
from relkit.tables.unread_files import is_passed_over
from relkit.tables.workbook import sheets

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from relkit.tables.data_place import DataPlace
    from relkit.tables.sources import Source

SAMPLE = 100_000
"""Rows of a source that are profiled; keys are judged by all of them."""
_UNREAD = (".yaml", ".yml", ".md", ".json", ".html", ".pdf", ".docx")
_ROWS_OF_SHEET = 40
_SHORTEST_START = 3


@dataclass(frozen=True, kw_only=True, eq=False)
class Found:
    """One source.

    Attributes:
        name: in the draft.
        keys: of its declaration, as they are written.
        files: their names, for comments.
        rows: number of them.
        columns: profiles, in the order of the file.
        sample: rows of the source.
        frame: all of it.
        notes: on what was detected.
        has_names: whether its columns are named by the file itself.
    """

    name: str
    keys: dict[str, Any]
    files: tuple[str, ...]
    rows: int
    columns: tuple[Profile, ...]
    sample: pl.DataFrame
    frame: pl.LazyFrame
    notes: tuple[str, ...] = ()
    has_names: bool = True

    def __getitem__(self, name: str) -> Profile:
        """Return the profile of a column."""
        return next(each for each in self.columns if each.name == name)


@dataclass(frozen=True)
class Unplaced:
    """Something that the draft does not read, and the reason."""

    name: str
    reason: str


@dataclass(frozen=True, kw_only=True)
class _Part:
    """A file, sheet or table, before those that belong together are joined."""

    name: str
    file: str | None
    keys: dict[str, Any] = field(default_factory=dict)
    has_names: bool = True


def find_sources(place: DataPlace) -> tuple[list[Found], list[Unplaced]]:
    """Return the sources of a place, and what could not be read with the reason.

    Args:
        place: a folder, a file, or a database.

    Raises:
        TableError: a database does not answer.
    """
    parts, unplaced = _parts(place)
    opened: list[tuple[_Part, Source]] = []
    for part in parts:
        try:
            opened.append((part, place.open(part.name, SourceDeclaration.model_validate(_declared([part])))))
        except _FAULTS as error:
            unplaced.append(Unplaced(part.name, _reason(error)))
    found: list[Found] = []
    for group in _grouped(opened):
        try:
            found.append(_found(group, place, {each.name for each in found}))
        except _FAULTS as error:
            unplaced.append(Unplaced(", ".join(part.name for part in group), _reason(error)))
    return found, unplaced


_FAULTS = (RelkitError, pl.exceptions.PolarsError, OSError)
"""Faults of one file, which is then listed as not placed; the others are drafted."""


def _reason(error: Exception) -> str:
    if isinstance(error, RelkitError):
        return " ".join(f"{error.what} {error.remedy}".split())
    return "it cannot be read as a table."  # the library's own words may quote a value


def _parts(place: DataPlace) -> tuple[list[_Part], list[Unplaced]]:
    if place.url is not None:
        return [_Part(name=name, file=None, keys={"table": name}) for name in sql_tables(place.url)], []
    paths = [place.file] if place.file is not None else _files(place.folder)
    parts: list[_Part] = []
    unplaced: list[Unplaced] = []
    for path in paths:
        name = str(path.relative_to(place.folder))
        try:
            parts += _parts_of(path, name)
        except _FAULTS as error:
            unplaced.append(Unplaced(name, _reason(error)))
    return parts, unplaced


def _files(folder: Path) -> list[Path]:
    """Return the files of a folder and of the folders in it, but for hidden ones and texts that are no data."""
    inside = [path for path in sorted(folder.iterdir()) if not is_passed_over(path.name)]
    deeper = [path for each in inside if each.is_dir() for path in sorted(each.iterdir()) if not is_passed_over(path.name)]
    return [path for path in (*inside, *deeper) if path.is_file() and path.suffix.lower() not in _UNREAD[:2]]


def _parts_of(path: Path, name: str) -> list[_Part]:
    form = format_of(path)
    if form is not None and path.suffix.lower() == ENDING:
        return _parts_of_kind(unpacked(path), name, form)
    if form is None and path.suffix.lower() not in _UNREAD and is_sqlite(path):
        url = f"sqlite:///{path}"
        return [_Part(name=f"{name}, table {table}", file=None, keys={"url": url, "table": table}) for table in sql_tables(url)]
    return _parts_of_kind(path, name, form)


def _parts_of_kind(path: Path, name: str, form: str | None) -> list[_Part]:
    """Return the sheets, tables or the one text of a file of a known kind."""
    if form == "duckdb":
        return [_Part(name=f"{name}, table {table}", file=name, keys={"table": table}) for table in duckdb_tables(path)]
    if form == "xlsx":
        return [part for sheet in sheets(path) if (part := _sheet(path, name, sheet))]
    return [_text_part(path, name) if form == "csv" else _Part(name=name, file=name)]


def _text_part(path: Path, name: str) -> _Part:
    text = open_text(path)
    head = head_of_text(text.sample.splitlines(keepends=True))
    keys: dict[str, Any] = {}
    if head is None:
        return _Part(name=name, file=name)
    if head.delimiter == " ":
        keys["format"] = "text"
    elif head.skip:
        keys["delimiter"] = head.delimiter
    if head.skip:
        keys["skip_lines"] = head.skip
    if not head.has_names:
        keys |= {"header": False, "columns": [f"column_{i}" for i in range(1, head.width + 1)]}
    return _Part(name=name, file=name, keys=keys, has_names=head.has_names)


def _sheet(path: Path, name: str, sheet: str) -> _Part | None:
    import fastexcel

    book = fastexcel.read_excel(str(path))
    frame = book.load_sheet(sheet, header_row=None, n_rows=_ROWS_OF_SHEET, dtypes="string", skip_rows=0).to_polars()
    rows = [(i, ["" if cell is None else str(cell) for cell in row]) for i, row in enumerate(frame.rows())]
    filled = [(i, row) for i, row in rows if any(cell.strip() for cell in row)]
    shown = f"{name}, sheet {sheet}"
    head = head_of_rows(filled)
    if head is None:
        return _Part(name=shown, file=name, keys={"sheet": sheet})
    keys: dict[str, Any] = {"sheet": sheet} | ({"skip_lines": head.skip} if head.skip else {})
    if not head.has_names:
        keys |= {"header": False, "columns": [f"column_{i}" for i in range(1, head.width + 1)]}
    return _Part(name=shown, file=name, keys=keys, has_names=head.has_names)


def _grouped(opened: Sequence[tuple[_Part, Source]]) -> Iterator[list[_Part]]:
    """Yield the parts that make up one source: files of the same columns, read in the same way."""
    groups: dict[Any, list[_Part]] = defaultdict(list)
    for part, source in opened:
        alone = part.file is None or "sheet" in part.keys or "table" in part.keys or not part.has_names
        nameless = (part.name,) if alone else (str(Path(part.file or "").parent), "")
        groups[(nameless, source.columns, repr(sorted(part.keys.items(), key=str)), format_of(Path(part.file or "")))].append(part)
    yield from groups.values()


def _declared(parts: Sequence[_Part], pattern: str | None = None) -> dict[str, Any]:
    files = [part.file for part in parts if part.file is not None]
    if not files:
        return dict(parts[0].keys)
    return {"files": pattern or (files[0] if len(files) == 1 else files), **parts[0].keys}


def _pattern(files: Sequence[str], place: DataPlace) -> str | None:
    """Return a glob that matches these files and no others of the folder, None if there is none."""
    if len(files) < 2:
        return None
    start = files[0]
    end = files[0]
    for name in files[1:]:
        while not name.startswith(start):
            start = start[:-1]
        while not name.endswith(end):
            end = end[1:]
    start = re.sub(r"\d+$", "", start)
    glob = f"{start}*{end}"
    others = [str(path.relative_to(place.folder)) for path in _files(place.folder)]
    return glob if len(Path(start).name) >= _SHORTEST_START and {n for n in others if fnmatch(n, glob)} == set(files) else None


def _found(parts: Sequence[_Part], place: DataPlace, taken: set[str]) -> Found:
    files = tuple(part.file or part.name for part in parts)
    keys = _declared(parts, _pattern(files, place))
    name = _name(parts, keys, taken)
    source = place.open(name, SourceDeclaration.model_validate(keys))
    columns = list(source.columns)
    sample = source.frame.select(columns).head(SAMPLE).collect()
    rows, unique = _counted(source.frame, sample)
    profiles = tuple(profile(sample[c], is_unique=c in unique) for c in columns)
    if rows > len(sample):
        profiles = _with_all_days(profiles, source.frame)
    return Found(
        name=name,
        keys={key: masked(value) if key == "url" else value for key, value in keys.items()},
        files=files,
        rows=rows,
        columns=profiles,
        sample=sample,
        frame=source.frame,
        notes=source.notes,
        has_names=parts[0].has_names,
    )


def _counted(frame: pl.LazyFrame, sample: pl.DataFrame) -> tuple[int, set[str]]:
    """Return the number of rows, and the columns that no row repeats; one that the sample repeats need not be counted."""
    held = {c: sample[c].drop_nulls() for c in sample.columns if not sample[c].dtype.is_nested()}
    hopeful = [c for c, values in held.items() if len(values) and values.n_unique() == len(values)]
    if len(sample) < SAMPLE:
        return len(sample), set(hopeful)
    asked = [
        expr for c in hopeful for expr in (pl.col(c).count().alias(f"held {c}"), pl.col(c).drop_nulls().n_unique().alias(f"kinds {c}"))
    ]
    found = frame.select(pl.len().alias("rows"), *asked).collect(engine="streaming").row(0, named=True)
    return int(found["rows"]), {c for c in hopeful if found[f"held {c}"] == found[f"kinds {c}"]}


def _with_all_days(profiles: tuple[Profile, ...], frame: pl.LazyFrame) -> tuple[Profile, ...]:
    """Return the profiles with the columns of days judged by all values, as one day beyond the twelfth decides on the order."""
    dated = [each.name for each in profiles if each.days and each.kind == "text"]
    if not dated:
        return profiles
    every = frame.select(pl.col(dated).unique().drop_nulls().implode()).collect(engine="streaming").row(0, named=True)
    days = {name: day_forms(pl.Series(every[name], dtype=pl.String).str.strip_chars()) for name in dated}
    return tuple(replace(each, days=days[each.name]) if each.name in days else each for each in profiles)


def _name(parts: Sequence[_Part], keys: dict[str, Any], taken: set[str]) -> str:
    """Return a name for the source: of its table, its sheet or its files, without the figures that tell these apart."""
    first = parts[0]
    given = keys.get("table") or keys.get("sheet") or stem(Path(first.file or first.name))
    made = identifier(re.sub(r"[\d_-]+$", "", str(given)) or str(given)) if len(parts) > 1 else identifier(str(given))
    made = re.sub(r"_?part$", "", made) or made
    number = 2
    unused = made
    while unused in taken:
        unused, number = f"{made}_{number}", number + 1
    return unused
