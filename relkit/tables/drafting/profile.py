"""Profile of a column: of which kind its values are, judged by all of the sample."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import time
from functools import cached_property
from typing import TYPE_CHECKING

import polars as pl

from relkit.tables import casting
from relkit.tables.drafting.day_forms import DayForm, counted_forms, day_forms
from relkit.tables.drafting.lexicon import NO, YES
from relkit.tables.drafting.names import notions, plain
from relkit.tables.drafting.pieces import Answer, Question, percent
from relkit.tables.number_marks import marks_of
from relkit.texts import Text

if TYPE_CHECKING:
    from collections.abc import Sequence

_STYLES = {
    (".", ""): r"^[+-]?\d+(\.\d+)?([eE][+-]?\d+)?$|^[+-]?\.\d+$",
    (",", ""): r"^[+-]?(\d+|\d{1,3}([ \u{a0}\u{202f}]\d{3})+)(,\d+)?$",
    (".", ","): r"^[+-]?(\d+|\d{1,3}(,\d{3})+)(\.\d+)?$",
    (",", "."): r"^[+-]?(\d+|\d{1,3}(\.\d{3})+)(,\d+)?$",
}
_CURRENCY = r"^(?:EUR|USD|GBP|CHF|[€$£])? ?(.*?)[ \u{a0}\u{202f}]?(?:EUR|USD|GBP|CHF|[€$£])?$"
_EMAIL = r"^[^@\s]+@[^@\s]+\.[A-Za-z]{2,}$"
_PHONE = r"^\+?\d[\d .()-]{7,16}\d$"
_COUNTRY = r"^[A-Z]{2}$"
_CURRENCIES = ("EUR", "USD", "GBP", "CHF", "CAD", "JPY", "SEK", "DKK", "NOK", "PLN", "XOF", "XPF", "MAD", "TND")
_PATH = r"\S ?(>|→|\|) ?\S"
_ENOUGH = 0.9
_CENTS = r"^[+-]?\d+[.,]\d{2}$"
_FEW = 12


@dataclass(frozen=True, kw_only=True)
class Numbers:
    """Facts of a column of numbers.

    Attributes:
        decimal, thousands: the marks that read the most values.
        is_sure: whether no other marks read as many, differently.
        share: of the values that are numbers.
        is_whole: whether all of them are.
        has_point: whether whole numbers are written with a decimal point and zero, as in 17850.0.
        has_cents: whether most are written with two or more decimals.
        negative: number of values below zero.
        low, middle, high: the least, the median and the largest value.
        symbol: whether a currency is written beside the number.
    """

    decimal: str
    thousands: str
    is_sure: bool
    share: float
    is_whole: bool
    has_point: bool
    has_cents: bool
    negative: int
    low: float
    middle: float
    high: float
    symbol: bool = False


@dataclass(frozen=True, kw_only=True, eq=False)
class Profile:
    """Facts of one column.

    Attributes:
        name: in the file.
        kind: of its values, as `relkit.tables.casting` names kinds; other, if none of ours is read from them.
        rows: of the sample.
        present: of them, those with a value.
        distinct: number of distinct values.
        is_unique: whether no value of all the source repeats.
        numbers: if at least nine in ten values are numbers.
        days: the ways to read them as days, the best first.
        levels: the values, if they are few.
        is_yes_no: whether all of them mean yes or no.
        looks: email, phone, country, currency, path, or "".
    """

    name: str
    kind: str
    rows: int
    present: int
    distinct: int
    is_unique: bool
    numbers: Numbers | None = None
    days: tuple[DayForm, ...] = ()
    levels: tuple[str, ...] = ()
    is_yes_no: bool = False
    looks: str = ""

    @property
    def is_day(self) -> bool:
        """True if its values can be read as days or instants."""
        return bool(self.days) or self.kind in {"date", "instant", "utc"}

    @cached_property
    def order_question(self) -> Question:
        """The question on the order of day and month, one for all lines that read the column."""
        answers = tuple(
            Answer(f'"{form.format}"', Text(f"reads {percent(form.share).en} of the values", f"lit {percent(form.share).fr} des valeurs"))
            for form in self.days
        )
        name = self.name
        if len(answers) == 1:
            return Question(Text(f"is this the form of the days in {name!r}?", f"est-ce bien la forme des dates de « {name} » ?"), answers)
        english = f"in which order are day and month in {name!r}?"
        return Question(Text(english, f"dans quel ordre sont le jour et le mois de « {name} » ?"), answers)

    @property
    def share(self) -> float:
        """Share of rows with a value."""
        return self.present / self.rows if self.rows else 0.0

    @property
    def is_code(self) -> bool:
        """True if the values may identify something: neither fractions nor negative numbers."""
        if self.numbers is not None:
            return self.numbers.is_whole and not self.numbers.has_cents and self.numbers.low >= 0
        return self.kind in {"text", "integer"}


def profile(values: pl.Series, *, is_unique: bool) -> Profile:
    """Return the profile of a column.

    Args:
        values: of the sample.
        is_unique: whether no value repeats in all of the source.

    Examples:
        >>> days = profile(pl.Series("Date", ["31/12/2024", "02/01/2025"]), is_unique=True)
        >>> days.is_day, days.numbers, days.days[0].format
        (True, None, '%d/%m/%Y')
        >>> profile(pl.Series("Montant", ["1 250,00", "-3,50"]), is_unique=True).numbers.negative
        1
    """
    kind = casting.kind_of(values.dtype)
    if kind == "null" or (kind == "text" and values.dtype != pl.String):  # lists, bytes, times of day: nothing of ours is read from them
        held = len(values) - values.null_count()
        return Profile(name=values.name, kind="other", rows=len(values), present=held, distinct=held, is_unique=False)
    if kind != "text":
        return _typed(values, kind, is_unique=is_unique)
    present = values.to_frame("v").select(pl.when(~casting.is_absent(pl.col("v"))).then(pl.col("v").str.strip_chars())).to_series()
    present = present.drop_nulls()
    distinct = present.unique()
    levels = tuple(sorted(distinct.to_list())) if len(distinct) <= _FEW else ()
    numbers = _numbers(present, distinct)
    return Profile(
        name=values.name,
        kind=kind,
        rows=len(values),
        present=len(present),
        distinct=len(distinct),
        is_unique=is_unique,
        numbers=numbers,
        days=(day_forms(distinct) or _counted(values.name, numbers)) if len(distinct) else (),
        levels=levels,
        is_yes_no=_means_yes_no(levels),
        looks=_looks(distinct),
    )


def _typed(values: pl.Series, kind: str, *, is_unique: bool) -> Profile:
    present = values.drop_nulls()
    few = present.n_unique() <= _FEW and kind in {"integer", "decimal", "bool"}
    levels = tuple(sorted(map(str, present.unique().to_list()))) if few else ()
    numbers = _facts(present.cast(pl.Float64), (".", ""), 1.0) if kind in {"integer", "decimal"} and len(present) else None
    days: tuple[DayForm, ...] = ()
    if kind in {"instant", "utc"}:
        has_clock = bool((present.dt.time() != time(0)).any())
        days = (DayForm(format=None, share=1.0, has_clock=has_clock, has_zone=kind == "utc"),)
    days = days or _counted(values.name, numbers)
    return Profile(
        name=values.name,
        kind=kind,
        rows=len(values),
        present=len(present),
        distinct=present.n_unique(),
        days=days,
        is_unique=is_unique,
        numbers=numbers,
        levels=levels,
        is_yes_no=kind == "bool" or _means_yes_no(levels),
    )


def _counted(name: str, numbers: Numbers | None) -> tuple[DayForm, ...]:
    """Return the forms of counted days, if the column is named after a day."""
    named = {"DATE", "BIRTH", "CREATED", "START", "END"} & notions(name)
    return counted_forms(numbers.low, numbers.high) if numbers is not None and numbers.is_whole and named else ()


def _means_yes_no(levels: Sequence[str]) -> bool:
    words = {plain(level).removesuffix(".0") for level in levels}
    return len(words) == 2 and words <= {*YES, *NO} and bool(words & set(YES)) and bool(words & set(NO))


def _share(texts: pl.Series, pattern: str) -> float:
    return float(texts.str.contains(pattern).mean() or 0.0)  # type: ignore[arg-type]


def _looks(distinct: pl.Series) -> str:
    if not len(distinct):
        return ""
    if _share(distinct, _EMAIL) >= _ENOUGH:
        return "email"
    if float(distinct.str.to_uppercase().is_in(list(_CURRENCIES)).mean() or 0) >= _ENOUGH:  # type: ignore[arg-type]
        return "currency"
    if _share(distinct, _COUNTRY) >= _ENOUGH and len(distinct) > 1:
        return "country"
    if _share(distinct, r"^(\+33|0033|0) ?[1-9]") >= _ENOUGH and _share(distinct, _PHONE) >= _ENOUGH:
        return "phone"
    steps = distinct.str.contains(_PATH) & distinct.str.contains(r" > |→| \| ")
    return "path" if float(steps.mean() or 0) >= 0.5 else ""  # type: ignore[arg-type]


def _numbers(present: pl.Series, distinct: pl.Series) -> Numbers | None:
    """Return the facts of texts that are numbers, None if fewer than nine in ten are."""
    if not len(distinct):
        return None
    bare = distinct.str.extract(_CURRENCY, 1)
    symbol = bool((bare != distinct).any())
    shares = {style: _share(bare, pattern) for style, pattern in _STYLES.items()}
    style = max(shares, key=lambda each: shares[each])
    if shares[style] < _ENOUGH:
        return None
    marks = marks_of(bare)
    unsure = marks.decimal is None and bool(marks.pointed or marks.comma_grouped) and len(marks.readings) > 1
    plain_texts = present.str.extract(_CURRENCY, 1)
    if style[1]:
        plain_texts = plain_texts.str.replace_all(style[1], "", literal=True)
    if style[0] == ",":
        plain_texts = plain_texts.str.replace_all(r"[ \u{a0}\u{202f}]", "").str.replace(",", ".", literal=True)
    read = plain_texts.cast(pl.Float64, strict=False).drop_nulls()
    facts = _facts(
        read,
        style,
        shares[style],
        pointed=_share(bare, r"^\d+\.0$") >= _ENOUGH,
        cents=_share(bare, _CENTS) >= 0.5,
        symbol=symbol,
        is_sure=not unsure,
    )
    return facts if len(read) else None


def _facts(
    read: pl.Series,
    style: tuple[str, str],
    share: float,
    *,
    pointed: bool = False,
    cents: bool = False,
    symbol: bool = False,
    is_sure: bool = True,
) -> Numbers:
    finite = read.filter(read.is_finite())
    bounds = [float(x or 0.0) for x in (finite.min(), finite.median(), finite.max())]  # type: ignore[arg-type]
    return Numbers(
        decimal=style[0],
        thousands=style[1],
        is_sure=is_sure,
        share=share,
        is_whole=bool((finite == finite.round(0)).all()),
        has_point=pointed,
        has_cents=cents,
        negative=int((finite < 0).sum()),
        low=bounds[0],
        middle=bounds[1],
        high=bounds[2],
        symbol=symbol,
    )
