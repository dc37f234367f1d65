"""Grammar of a mapping file: its keys, their values, and their positions for messages.

docs/mappings.md is the guide for people. Everything wrong with a file is collected and
raised together, each problem with its line.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import polars as pl
from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, model_validator

from relkit.declarations import Declaration, read_declaration
from relkit.errors import ParameterError, RelkitError, nearest
from relkit.periods import FIRST_DAY, LAST_DAY
from relkit.tables.ended_contracts import EndedWithoutDay
from relkit.tables.id_forms import IdForm
from relkit.tables.open_questions import verify_answered
from relkit.tables.opened_file import Format, ReadOptions
from relkit.tables.schemas import TABLES
from relkit.tables.sentinels import DAYS as SENTINELS

if TYPE_CHECKING:
    from collections.abc import Iterator

Place = tuple[str | int, ...]

ATTRIBUTE_TYPES: dict[str, Any] = {"text": pl.String, "number": pl.Float64, "integer": pl.Int64, "yes_no": pl.Boolean, "date": pl.Date}
"""The polars type of each type of attribute."""
TENURE_UNITS = ("days", "weeks", "months", "years")
"""Units in which a tenure may be given."""
_ROLE_TYPES: dict[str, tuple[str, ...]] = {
    "tenure": ("number", "integer"),
    "ended": ("yes_no",),
    "end_reason": ("text",),
    "monthly_amount": ("number", "integer"),
}
"""The types that an attribute may have in each role that at most one attribute has."""
_OUTCOME_TYPES = ("yes_no", "number", "integer")
"""The types of outcomes: of products taken yes_no, of campaigns any of them."""


_NO_PLACES = ("localtime", "posixrules", "Factory", "posix/", "right/", "SystemV/")
"""Files among the zones that depend on the machine, or are of no place."""


def _zone(name: str) -> str:
    if name.startswith(_NO_PLACES):
        raise ValueError("this is a file of the machine and no IANA time zone, like Europe/Paris")
    try:
        ZoneInfo(name)
        pl.Series([], dtype=pl.Datetime("us")).dt.replace_time_zone(name)
    except (ZoneInfoNotFoundError, ValueError, OSError, pl.exceptions.PolarsError) as error:
        raise ValueError("this is not an IANA time zone, like Europe/Paris") from error
    return name


def _known_at(value: str) -> str:
    if value not in {"as_of", "later"}:
        try:
            date.fromisoformat(value)
        except ValueError as error:
            raise ValueError("write as_of, later, or a day of the calendar like 2024-01-31") from error
    return value


def _listed(value: Any) -> Any:
    return value if isinstance(value, list | tuple) else [value]


def _rule(value: Any) -> Any:
    """Return the long form of a column's rule: a text is a column or an expression, anything else a constant."""
    if isinstance(value, dict | BaseModel):
        return value
    return {"read": value} if isinstance(value, str) else {"constant": value}


def _pairs(value: Any) -> Any:
    """Return join columns as {ours: theirs}."""
    if isinstance(value, dict):
        return value
    names = _listed(value)
    if not all(isinstance(name, str) for name in names):
        raise ValueError("name columns by text, as in on: customer_id")
    return {name: name for name in names}


def _quote(value: Any) -> Any:
    return None if value == "none" else value


def _mark(value: str | None) -> str | None:
    """Refuse a mark that no reader of text can cut at: one byte that is no letter, digit or line end."""
    if value is not None and not (len(value) == 1 and value.isascii() and not value.isalnum() and value not in "\r\n\0"):
        raise ValueError(f'write one character like ; or ", which is no letter, digit or line end, not {value!r}')
    return value


def _places(value: Any) -> Any:
    """Return {name: (first, last)} from {name: "first-last"}; a list of names stays."""
    if not isinstance(value, dict):
        return value
    found = {}
    for name, place in value.items():
        first, _, last = str(place).partition("-")
        if not (first.strip().isdigit() and (last or first).strip().isdigit() and 1 <= int(first) <= int(last or first)):
            raise ValueError(f"the place of {name!r} is {place!r}; write first and last character, counted from 1, like 2-6")
        found[str(name)] = (int(first), int(last or first))
    return found


def _no_number(value: Any) -> Any:
    """Refuse a number, which would be taken for seconds since 1970."""
    if not isinstance(value, str | date):
        raise ValueError("write a day, like 2024-01-31")  # noqa: TRY004  pydantic reports a ValueError with its place
    return value


def _within_calendar(day: date) -> date:
    if not FIRST_DAY <= day <= LAST_DAY:
        raise ValueError(f"{day} is not between {FIRST_DAY} and {LAST_DAY}")
    return day


Zone = Annotated[str, AfterValidator(_zone)]
Day = Annotated[date, BeforeValidator(_no_number), AfterValidator(_within_calendar)]


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)


class Company(_Part):
    """Declarations that apply to all tables."""

    currency: str = Field(default="EUR", pattern=r"^[A-Z]{3}$")
    business_zone: Zone = "UTC"
    tax_basis: Literal["excl", "incl"] = "excl"
    history_starts_on: Day | None = None
    history_starts_with_company: bool = False
    assumed_margin_rate: float | None = Field(default=None, ge=0, le=1)
    contract_bills_in_transactions: bool = False
    sentinels: Annotated[tuple[date, ...], BeforeValidator(_listed)] = SENTINELS
    contract_ended_without_day: EndedWithoutDay = "quarantine"
    contract_ended_statuses: Annotated[tuple[str, ...], BeforeValidator(_listed)] = ()


class SourceDeclaration(_Part):
    """Place and format of a source; omitted properties are detected."""

    files: Annotated[tuple[str, ...], BeforeValidator(_listed)] = ()
    url: str | None = None
    url_from: str | None = None
    format: Format | None = None
    delimiter: Annotated[str | None, AfterValidator(_mark)] = Field(default=None, min_length=1, max_length=1)
    encoding: str | None = None
    decimal: Literal[".", ","] | None = None
    thousands: str = Field(default="", max_length=1)
    header: bool | None = None
    columns: Annotated[tuple[str, ...] | dict[str, tuple[int, int]], BeforeValidator(_places)] = ()
    quote: Annotated[str | None, BeforeValidator(_quote), AfterValidator(_mark)] = Field(default='"', min_length=1, max_length=1)
    skip_lines: int = Field(default=0, ge=0)
    short_lines: Literal["quarantine", "fill"] = "quarantine"
    nulls: Annotated[tuple[str, ...], BeforeValidator(_listed)] = ()
    sheet: str | None = None
    table: str | None = None
    query: str | None = None
    reads: Annotated[tuple[str, ...], BeforeValidator(_listed)] = ()
    zone: Zone | None = None
    history_starts_on: Day | None = None
    required: bool | None = None
    freshness_days: int | None = Field(default=None, ge=0)

    @model_validator(mode="after")
    def _coherent(self) -> SourceDeclaration:
        if self.format == "fixed" and not isinstance(self.columns, dict):
            raise ValueError("a fixed-width file needs columns with their places, like {customer_id: 2-6}")
        if isinstance(self.columns, dict) and self.format not in {None, "fixed"}:
            raise ValueError(f"places of columns belong to format: fixed, not to {self.format}")
        if self.delimiter is not None and self.delimiter == self.quote:
            raise ValueError(f"delimiter and quote are both {self.quote!r}")
        if self.table and self.query:
            raise ValueError("give a table or a query, not both")
        if sum(map(bool, (self.files, self.url, self.url_from))) > 1:
            raise ValueError("give one of files, url and url_from")
        if self.thousands and self.thousands == self.decimal:
            raise ValueError("decimal and thousands are one mark")
        return self

    def options(self) -> ReadOptions:
        """Return the options for the readers."""
        places = self.columns if isinstance(self.columns, dict) else {}
        return ReadOptions(
            format="fixed" if places else self.format,
            delimiter=self.delimiter,
            encoding=self.encoding,
            decimal=self.decimal,
            header=self.header,
            columns=() if isinstance(self.columns, dict) else self.columns,
            places=places,
            quote=self.quote,
            skip_lines=self.skip_lines,
            fill_short=self.short_lines == "fill",
            sheet=self.sheet,
            table=self.table,
            query=self.query,
            reads=tuple(Path(folder) for folder in self.reads),
        )


class ColumnRule(_Part):
    """Rule to read one column of ours."""

    read: str | None = None
    column: str | None = None
    expression: str | None = None
    constant: str | int | float | bool | None = None
    format: str | None = None
    zone: Zone | None = None
    precision: Literal["day", "month", "year"] | None = None
    decimal: Literal[".", ","] | None = None
    thousands: str | None = Field(default=None, max_length=1)
    id_form: IdForm | None = None

    @model_validator(mode="after")
    def _one_origin(self) -> ColumnRule:
        if sum(x is not None for x in (self.read, self.column, self.expression, self.constant)) != 1:
            raise ValueError("give one of column, expression and constant")
        if self.thousands and self.thousands == self.decimal:
            raise ValueError("decimal and thousands are one mark")
        return self


class Label(_Part):
    """A name in two languages."""

    en: str
    fr: str


class Attribute(ColumnRule):
    """An attribute of customers outside the table contracts: its rule and its description."""

    type: Literal["text", "number", "integer", "yes_no", "date"] = "text"
    label: Label | None = None
    meaning: str = ""
    unit: str = ""
    personal_data: Literal["none", "pseudonym", "personal", "sensitive"] = "personal"
    purpose: str = ""
    known_at: Annotated[str, AfterValidator(_known_at)] = "as_of"
    role: Literal["covariate", "tenure", "ended", "end_reason", "monthly_amount", "outcome", "left_out"] = "covariate"
    counts: Literal["", "started", "completed", "nearest"] = ""


class Join(_Part):
    """A second source whose columns are added to each row."""

    source: str
    on: Annotated[dict[str, str], BeforeValidator(_pairs)]
    unmatched: Literal["keep", "drop"] = "keep"
    many: bool = False


class Returns(_Part):
    """Rows that are returns, their kind, and how the file signs their amounts."""

    where: str
    kind: Literal["return", "cancel"] = "return"
    amounts_in_file: Literal["negative", "positive"] = "negative"


class Block(_Part):
    """One source read into one table."""

    source: str = Field(alias="from")
    key: Literal["file and row"] | None = None
    where: str | None = None
    join: Annotated[tuple[Join, ...], BeforeValidator(_listed)] = ()
    columns: dict[str, Annotated[ColumnRule, BeforeValidator(_rule)]] = Field(default_factory=dict)
    attributes: dict[str, Annotated[Attribute, BeforeValidator(_rule)]] = Field(default_factory=dict)
    returns: Annotated[tuple[Returns, ...], BeforeValidator(_listed)] = ()
    one_per: Annotated[tuple[str, ...], BeforeValidator(_listed)] = ()


class Controls(_Part):
    """Comparison of a check with the one before it."""

    max_fall_share: float = Field(default=0.5, ge=0, lt=1)


class OwnRule(_Part):
    """A rule of the analyst's own: an expression that holds for every good row of a table."""

    name: str = Field(pattern=r"^\w[\w -]*$", max_length=60)
    expression: str
    severity: Literal["warn", "quarantine", "stop"] = "warn"
    allowed_share: float = Field(default=0.0, ge=0, le=1)
    reason: Label | None = None


class MappingFile(_Part):
    """All of a mapping file; without `sources` and `tables`, files are named after our tables."""

    company: Company = Field(default_factory=Company)
    sources: dict[str, SourceDeclaration]
    tables: dict[str, Annotated[tuple[Block, ...], BeforeValidator(_listed)]]
    controls: Controls = Field(default_factory=Controls)
    rules: dict[str, Annotated[tuple[OwnRule, ...], BeforeValidator(_listed)]] = Field(default_factory=dict)

    @model_validator(mode="before")
    @classmethod
    def _by_names(cls, value: Any) -> Any:
        by_names = isinstance(value, dict) and value and set(value) <= _BESIDE_TABLES
        return {**value, "sources": {}, "tables": {}} if by_names else value

    @model_validator(mode="after")
    def _some_table(self) -> MappingFile:
        if self.sources and not self.tables:
            raise ValueError("name at least one table, or leave out both sources and tables: files are then named after our tables")
        return self


_MODELS: dict[str, type[_Part]] = {
    "company": Company,
    "join": Join,
    "returns": Returns,
    "label": Label,
    "controls": Controls,
    "reason": Label,
}
_NAMED: dict[str, type[_Part]] = {
    "sources": SourceDeclaration,
    "tables": Block,
    "columns": ColumnRule,
    "attributes": Attribute,
    "rules": OwnRule,
}
_BESIDE_TABLES = {"company", "controls", "rules"}
"""Keys of a mapping whose files are named after our tables."""


@dataclass(frozen=True, eq=False)
class Mapping:
    """A consistent mapping, with the places of its parts.

    Attributes:
        file: its content.
        declaration: its source; None for a mapping that was made from the names of files.
        name: of the file, for messages.
    """

    file: MappingFile
    declaration: Declaration | None
    name: str

    def at(self, *place: str | int) -> str:
        """Return file and line of a place."""
        if self.declaration is None:
            return self.name
        return self.declaration.at(*_real_place(place, self.declaration.value))


def load_mapping(path: Path) -> Mapping:
    """Return the mapping in the YAML file at `path`.

    Raises:
        ParameterError: it is not YAML, is a draft with open questions, or has invalid content; all problems at once, with their lines.
    """
    declaration = read_declaration(path)
    if not isinstance(declaration.value, dict):
        raise ParameterError("a mapping file has the keys company, sources and tables.", where=str(path), remedy="See docs/mappings.md.")
    verify_answered(declaration)
    try:
        file = MappingFile.model_validate(declaration.value)
    except ValidationError as error:
        problems = [(tuple(p["loc"]), _message(p)) for p in error.errors(include_url=False)]
        raise _all_of(problems, declaration) from error
    problems = list(_names_wrong(file))
    if problems:
        raise _all_of(problems, declaration)
    return Mapping(file=file, declaration=declaration, name=str(path))


def _all_of(problems: list[tuple[Place, str]], declaration: Declaration) -> RelkitError:
    places = [(_real_place(place, declaration.value), message) for place, message in problems]
    if len(places) == 1:
        place, message = places[0]
        return ParameterError(message, where=declaration.at(*place), remedy="See docs/mappings.md.")
    lines = [f"line {declaration.places.get(_known(place, declaration), (1, 1))[0]}: {message}" for place, message in places]
    return ParameterError(f"{len(lines)} problems. " + " ".join(lines), where=str(declaration.path), remedy="See docs/mappings.md.")


def _known(place: Place, declaration: Declaration) -> Place:
    while place and place not in declaration.places:
        place = place[:-1]
    return place


def _real_place(place: Place, value: Any) -> Place:
    """Return the part of `place` that exists in the document: positions of lists written as one value are left out."""
    real: list[str | int] = []
    for step in place:
        inside = isinstance(value, dict) and step in value
        if inside or (isinstance(value, list) and isinstance(step, int) and step < len(value)):
            value = value[step]
            real.append(step)
    return tuple(real)


def _message(problem: Any) -> str:
    place: Place = tuple(problem["loc"])
    name = str(place[-1]) if place else "the file"
    if problem["type"] == "extra_forbidden":
        known = [field.alias or key for key, field in _model_around(place).model_fields.items() if key != "read"]
        near = nearest(name, known)
        hint = f"; did you mean {near!r}?" if near else "."
        return f"unknown key {name!r}{hint} Known: {', '.join(known)}."
    if problem["type"] == "missing":
        return f"the key {name!r} is missing."
    what = str(problem["msg"]).removeprefix("Value error, ")
    if problem["type"] == "value_error":
        return f"{name}: {what}."
    return f"{name} is {problem.get('input')!r}: {what[:1].lower()}{what[1:]}."


def _model_around(place: Place) -> type[_Part]:
    """Return the model that has the key at the end of `place`."""
    model: type[_Part] = MappingFile
    inner = [step for step in place[:-1] if not isinstance(step, int)]
    position = 0
    while position < len(inner):
        step = str(inner[position])
        if step in _NAMED:
            model, position = _NAMED[step], position + 1
        model = _MODELS.get(step, model)
        position += 1
    return model


def _names_wrong(file: MappingFile) -> Iterator[tuple[Place, str]]:
    """Yield the names of tables, columns and sources that do not exist."""
    for table, blocks in file.tables.items():
        if table not in TABLES:
            yield ("tables", table), str(ParameterError.unknown("table", table, TABLES))
            continue
        for i, block in enumerate(blocks):
            here: Place = ("tables", table, i)
            yield from _sources_wrong(file, block, here)
            yield from _columns_wrong(table, block, here)
    yield from _rules_wrong(file)
    read = {block.source for blocks in file.tables.values() for block in blocks}
    for name, source in file.sources.items():
        if source.freshness_days is not None and name not in read:
            yield ("sources", name, "freshness_days"), f"freshness_days needs a table that is read from {name}: it has no other date."


def _rules_wrong(file: MappingFile) -> Iterator[tuple[Place, str]]:
    """Yield the rules of tables that are not there, and names given twice."""
    for table, rules in file.rules.items():
        known = tuple(file.tables) or tuple(TABLES)
        if table not in known:
            yield ("rules", table), str(ParameterError.unknown("table", table, known))
        names = [rule.name for rule in rules]
        for i, name in enumerate(names):
            if name in names[:i]:
                yield ("rules", table, i, "name"), f"two rules of {table} are named {name!r}; give each a name of its own."


def _sources_wrong(file: MappingFile, block: Block, here: Place) -> Iterator[tuple[Place, str]]:
    if block.source not in file.sources:
        yield (*here, "from"), str(ParameterError.unknown("source", block.source, file.sources))
    for j, join in enumerate(block.join):
        if join.source not in file.sources:
            yield (*here, "join", j, "source"), str(ParameterError.unknown("source", join.source, file.sources))
        elif file.sources[join.source].required is False:
            yield (*here, "join", j, "source"), f"the source {join.source!r} is declared required: false, but this join needs it."
        if join.many and block.key:
            yield (*here, "join", j, "many"), "a join that multiplies rows cannot go with key: file and row, which would repeat."


def _columns_wrong(table: str, block: Block, here: Place) -> Iterator[tuple[Place, str]]:
    contract = TABLES[table]
    for name in block.columns:
        if name not in contract.names:
            message = str(ParameterError.unknown(f"column of {table}", name, contract.names))
            yield (*here, "columns", name), message + (" Declare it under attributes." if table == "customer_snapshots" else "")
    yield from _attributes_wrong(table, block, here)
    made = {*block.columns, *block.attributes, *((contract.key[0],) if block.key else ())}
    if block.key and len(contract.key) != 1 and table != "customer_snapshots":
        yield (*here, "key"), f"key: file and row needs a table with one key column; {table} has {', '.join(contract.key)}."
    for name in block.one_per:
        if name not in made:
            yield (*here, "one_per"), f"one_per names {name!r}, which is not among the columns."
    meant = {nearest(name, contract.names) for name in block.columns if name not in contract.names}
    lacking = [c.name for c in contract.columns if c.required and c.default is None and c.name not in made | meant]
    if lacking:
        yield (*here, "columns"), f"{table} needs {', '.join(lacking)}."


def _attributes_wrong(table: str, block: Block, here: Place) -> Iterator[tuple[Place, str]]:
    contract = TABLES[table]
    if block.attributes and table != "customer_snapshots":
        yield (*here, "attributes"), "attributes belong to customer_snapshots."
    for name in block.attributes:
        if name in contract.names or not name.isidentifier() or name.startswith("_"):
            yield (*here, "attributes", name), f"{name!r} cannot name an attribute: letters, digits and _ only, and no column of the table."
    yield from _roles_wrong(block, here)
    if block.returns and table != "transactions":
        yield (*here, "returns"), "returns belong to transactions."


def _roles_wrong(block: Block, here: Place) -> Iterator[tuple[Place, str]]:
    """Yield the problems of the attributes that give a customer's tenure, whether the customer has left, and what the customer took."""
    holders: dict[str, str] = {}
    for name, attribute in block.attributes.items():
        if attribute.role == "outcome" and attribute.type not in _OUTCOME_TYPES:
            needed = f"{', '.join(_OUTCOME_TYPES[:-1])} or {_OUTCOME_TYPES[-1]}"
            yield (*here, "attributes", name), f"the role outcome needs the type {needed}; {name} is of type {attribute.type}."
        if attribute.counts and attribute.role != "tenure":
            yield (*here, "attributes", name), f"counts says which units a tenure counts; {name} has the role {attribute.role}."
        if attribute.role not in _ROLE_TYPES:
            continue
        place, types = (*here, "attributes", name), _ROLE_TYPES[attribute.role]
        if attribute.role in holders:
            yield place, f"{holders[attribute.role]} and {name} both have the role {attribute.role}: there is one at most."
        holders[attribute.role] = name
        if attribute.type not in types:
            yield place, f"the role {attribute.role} needs the type {' or '.join(types)}; {name} is of type {attribute.type}."
        if attribute.role == "tenure" and attribute.unit not in TENURE_UNITS:
            yield place, f"{name} has the role tenure; its unit is {attribute.unit!r}, and must be one of {', '.join(TENURE_UNITS)}."
        if attribute.known_at != "as_of":
            late = "known on the day of the snapshot; map what is known only later on the later snapshot"
            yield place, f"{name} has the role {attribute.role}, and must be {late}."
    given = set(holders) - {"monthly_amount"}
    if given and not {"tenure", "ended"} <= given:
        lacking = " and ".join(role for role in ("tenure", "ended") if role not in given)
        yield (*here, "attributes"), f"the role {' and '.join(sorted(given))} needs an attribute with the role {lacking} beside it."
