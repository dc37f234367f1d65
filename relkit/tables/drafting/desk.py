"""Columns of one source by their meanings, and the rules to read days, numbers and ids from them."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, TypeVar

import polars as pl

from relkit.remarks import french
from relkit.tables.drafting.names import meanings
from relkit.tables.drafting.pieces import Answer, Line, Question, literal, percent, quoted, scalar
from relkit.texts import EMPTY, Text

if TYPE_CHECKING:
    from collections.abc import Callable

    from relkit.tables.drafting.found import Found
    from relkit.tables.drafting.profile import Profile

_T = TypeVar("_T")
_NEAR = 0.02
_CENTS_FROM = 100
_FEW_IDS = 12
_FEW_ROWS = 100
_PERSONAL = frozenset({"person", "address", "email", "phone", "birth_day"})


@dataclass(frozen=True, eq=False)
class Desk:
    """A source, its columns sorted by meaning.

    Attributes:
        found: the source.
    """

    found: Found
    _made: dict[str, Any] = field(default_factory=dict, repr=False)

    @cached_property
    def by_meaning(self) -> dict[str, list[Profile]]:
        """Columns by meaning, the best named first; a column counts for its best meanings only."""
        ranked: dict[str, list[tuple[float, int, Profile]]] = {}
        for place, column in enumerate(self.found.columns):
            read = meanings(column.name)
            for meaning in read:
                if meaning.share >= read[0].share - _NEAR:
                    ranked.setdefault(meaning.name, []).append((-meaning.share, place, column))
        return {name: [each[2] for each in sorted(some, key=lambda x: x[:2])] for name, some in ranked.items()}

    def all(self, *names: str, fits: Callable[[Profile], bool] = lambda _: True) -> list[Profile]:
        """Return the columns of these meanings whose values fit."""
        found = [column for name in names for column in self.by_meaning.get(name, ()) if column.present and fits(column)]
        return list(dict.fromkeys(found))

    def one(self, *names: str, fits: Callable[[Profile], bool] = lambda _: True) -> Profile | None:
        """Return the first column of these meanings whose values fit."""
        return next(iter(self.all(*names, fits=fits)), None)

    def has(self, *names: str) -> bool:
        """Return whether there is a column of each of these meanings."""
        return all(self.one(name) is not None for name in names)

    def is_personal(self, column: Profile) -> bool:
        """Return whether a column names or locates a person."""
        return column.looks in {"email", "phone"} or any(column in self.by_meaning.get(name, ()) for name in _PERSONAL)

    def once(self, name: str, make: Callable[[Desk], _T]) -> _T:
        """Return the result of `make` for this source, made once: a question that two tables share is asked once."""
        if name not in self._made:
            self._made[name] = make(self)
        made: _T = self._made[name]
        return made

    def together(self, *names: str) -> float:
        """Return the share of rows of the sample that these columns together tell apart."""
        sample = self.found.sample.select(names)
        return sample.n_unique() / len(sample) if len(sample) else 0.0


def is_day(column: Profile) -> bool:
    """Return whether the values are days or instants."""
    return column.is_day


def is_number(column: Profile) -> bool:
    """Return whether the values are numbers, and no days written in figures."""
    return column.numbers is not None and not column.days


def is_code(column: Profile) -> bool:
    """Return whether the values may be ids."""
    return column.is_code and not column.is_day and not column.is_yes_no


def is_id(column: Profile) -> bool:
    """Return whether the values may identify customers or orders: codes, and not just a few."""
    return is_code(column) and (column.distinct > _FEW_IDS or column.rows <= _FEW_ROWS or column.is_unique)


def broadest_first(columns: list[Profile]) -> list[Profile]:
    """Return categories in the order of their breadth: the one with the fewest values is the broadest."""
    return sorted(columns, key=lambda column: column.distinct)


def id_rule(column: Profile) -> Any:
    """Return the rule of an id; 17850.0 is read as 17850."""
    if column.kind == "text" and column.numbers is not None and column.numbers.has_point:
        return {"column": column.name, "id_form": "whole_number"}
    return column.name


def id_answer(column: Profile) -> Answer:
    """Return the answer that an id is in a column."""
    rule = id_rule(column)
    written = f"{{column: {scalar(column.name)}, id_form: whole_number}}" if isinstance(rule, dict) else scalar(column.name)
    return Answer(written, filled(column))


def id_line(key: str, column: Profile, remark: Text = EMPTY) -> Line:
    """Return the line of an id."""
    return Line(key=key, value=id_rule(column), reads=(column.name,), remark=remark)


def plain_line(key: str, column: Profile | None) -> tuple[Line, ...]:
    """Return the line that reads a column as it is; none without a column."""
    return () if column is None else (Line(key=key, value=column.name, reads=(column.name,)),)


def chosen(key: str, columns: list[Profile], text: Text, *, may_go: bool = False) -> tuple[Line, ...]:
    """Return the line that reads the only column, or asks which of several."""
    if len(columns) < 2:
        return plain_line(key, columns[0] if columns else None)
    answers = tuple(Answer(column.name, filled(column)) for column in columns)
    return (Line(key=key, value=Question(text, answers, may_go=may_go), reads=tuple(c.name for c in columns)),)


def filled(column: Profile) -> Text:
    """Return the share of rows filled and the number of values of a column, for the remark of an answer."""
    return Text(
        f"filled in {percent(column.share).en} of the rows, {column.distinct:,} distinct values",
        f"renseignée dans {percent(column.share).fr} des lignes, {french(column.distinct)} valeurs distinctes",
    )


def day_rule(column: Profile, *, instant: bool) -> Any:
    """Return the rule that reads a column as days or, with `instant`, as instants; the order of day and month is asked if two fit.

    Args:
        column: whose values are days.
        instant: whether our column is an instant.
    """
    rule: dict[str, Any] = {"column": column.name}
    if column.kind in {"text", "integer"}:
        whole = [form for form in column.days if form.share == 1.0]
        best = column.days[0]
        if best.format is not None and len(whole) == 1 and best.is_sure:
            rule["format"] = best.format
        elif best.format is not None:
            rule["format"] = column.order_question
        if best.precision:
            rule["precision"] = best.precision
        elif instant and not best.has_clock:
            rule["precision"] = "day"
    return rule if len(rule) > 1 else column.name


def day_line(key: str, column: Profile, *, instant: bool = False) -> Line:
    """Return the line that reads a column as days or instants."""
    return Line(key=key, value=day_rule(column, instant=instant), reads=(column.name,))


def in_cents(column: Profile) -> bool:
    """Return whether amounts may be in cents: all whole, none written with decimals, and not all below one unit if they were."""
    numbers = column.numbers
    return numbers is not None and numbers.is_whole and not numbers.has_cents and max(abs(numbers.low), abs(numbers.high)) >= _CENTS_FROM


def money_expression(column: Profile) -> str:
    """Return the column as an expression reads it; a currency beside the number is taken off."""
    name = quoted(column.name)
    return f"trim(replace(replace({name}, '€', ''), 'EUR', ''))" if column.numbers is not None and column.numbers.symbol else name


def money_line(key: str, column: Profile) -> Line:
    """Return the line that reads an amount; whole amounts are asked about, as they may be cents."""
    read = money_expression(column) if column.numbers is not None and column.numbers.symbol else column.name
    if column.numbers is not None and not column.numbers.is_sure:
        return Line(key=key, value=_two_readings(column), reads=(column.name,))
    if not in_cents(column):
        return Line(key=key, value=read, reads=(column.name,))
    text = Text(
        f"all amounts of {column.name!r} are whole: are they in units of the currency, or in cents?",
        f"tous les montants de « {column.name} » sont entiers : sont-ils en unités de la devise ou en centimes ?",
    )
    answers = (
        Answer(scalar(read), Text("units", "unités")),
        Answer(f"{quoted(column.name)} / 100", Text("cents", "centimes")),
    )
    return Line(key=key, value=Question(text, answers), reads=(column.name,))


def _two_readings(column: Profile) -> Question:
    """Return the question about amounts of which every mark has three digits after it."""
    mark = column.numbers.decimal if column.numbers is not None else ","
    text = Text(
        f"is 1{mark}234 in {column.name!r} a little more than one, or more than a thousand?",
        f"1{mark}234 dans « {column.name} » vaut-il un peu plus de un, ou plus de mille ?",
    )
    named = f"{{column: {scalar(column.name)}, "
    answers = (
        Answer(f'{named}decimal: "{mark}"}}', Text("a little more than one", "un peu plus de un")),
        Answer(f'{named}thousands: "{mark}"}}', Text("more than a thousand", "plus de mille")),
    )
    return Question(text, answers)


def share_in(values: pl.Series, others: pl.Series) -> float:
    """Return the share of the distinct values of one column that another has too."""
    distinct = values.drop_nulls().cast(pl.String).unique()
    return float(distinct.is_in(others.drop_nulls().cast(pl.String).unique().implode()).mean() or 0.0) if len(distinct) else 0.0  # type: ignore[arg-type]


def constant(text: str) -> dict[str, str]:
    """Return the rule of a constant."""
    return {"constant": text}


def equals(column: Profile, levels: tuple[str, ...]) -> str:
    """Return the condition that a column has one of the values."""
    if len(levels) == 1:
        return f"{quoted(column.name)} = {literal(levels[0])}"
    return f"{quoted(column.name)} in ({', '.join(map(literal, levels))})"
