"""Ways in which the texts of a column can be read as days and instants, each with the share of the texts that it reads."""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

_ISO = r"^\d{4}-\d{2}-\d{2}([T ]\d{2}:\d{2}(:\d{2}(\.\d+)?)?)?( ?(Z|UTC|[+-]\d{2}:?\d{2}))?$"
_ISO_CLOCK = r"[T ]\d{2}:\d{2}"
_ISO_ZONE = r"(Z|UTC|[+-]\d{2}:?\d{2})$"
_ORDERS = ("%d{0}%m{0}%Y", "%m{0}%d{0}%Y", "%Y{0}%m{0}%d", "%d{0}%m{0}%y", "%m{0}%d{0}%y")
_CLOCKS = {"": "", r" \d{1,2}:\d{2}": " %H:%M", r" \d{1,2}:\d{2}:\d{2}": " %H:%M:%S"}
_FIGURES = {r"^(19|20)\d{6}$": ("%Y%m%d",), r"^\d{4}(19|20)\d{2}$": ("%d%m%Y", "%m%d%Y")}
_MONTHS = {r"^\d{4}-\d{2}$": "%Y-%m", r"^\d{4}/\d{2}$": "%Y/%m", r"^\d{2}/\d{4}$": "%m/%Y"}
_ENOUGH = 0.9


@dataclass(frozen=True, kw_only=True)
class DayForm:
    """One way to read the texts.

    Attributes:
        format: as in a mapping; None is ISO 8601.
        share: of the texts with a figure that it reads, in [0, 1].
        has_clock: whether the texts have a clock time.
        has_zone: whether each states its offset from UTC.
        precision: month, if no day is given.
    """

    format: str | None
    share: float
    has_clock: bool = False
    has_zone: bool = False
    precision: str | None = None


def day_forms(texts: pl.Series) -> tuple[DayForm, ...]:
    """Return the forms that read at least nine in ten of the distinct texts, the best first.

    Args:
        texts: distinct, stripped, without nulls.

    Examples:
        >>> [form.format for form in day_forms(pl.Series(["31/12/2024", "01/02/2024"]))]
        ['%d/%m/%Y']
        >>> [form.format for form in day_forms(pl.Series(["03/04/2024", "01/02/2024"]))]
        ['%d/%m/%Y', '%m/%d/%Y']
    """
    meant = texts.filter(texts.str.contains(r"\d"))
    if not len(meant) or len(meant) < _ENOUGH * len(texts) - 1:
        return ()
    iso = float(meant.str.contains(_ISO).mean() or 0)  # type: ignore[arg-type]
    if iso >= _ENOUGH:
        clock, zone = bool(meant.str.contains(_ISO_CLOCK).any()), bool(meant.str.contains(_ISO_ZONE).all())
        return (DayForm(format=None, share=iso * _possible_iso(meant), has_clock=clock, has_zone=zone),)
    found = [*_separated(meant), *_in_figures(meant), *_of_months(meant)]
    return tuple(sorted((form for form in found if form.share >= _ENOUGH), key=lambda form: -form.share))


def _possible_iso(texts: pl.Series) -> float:
    return float(texts.str.slice(0, 10).str.to_date("%Y-%m-%d", strict=False).is_not_null().mean() or 0)  # type: ignore[arg-type]


def _separated(texts: pl.Series) -> list[DayForm]:
    found = []
    for mark in "/.-":
        for pattern, clock in _CLOCKS.items():
            alike = texts.str.contains(rf"^\d{{1,4}}[{mark}]\d{{1,2}}[{mark}]\d{{1,4}}{pattern}$")
            if float(alike.mean() or 0) < _ENOUGH:  # type: ignore[arg-type]
                continue
            found += [_tried(texts, order.format(mark) + clock, has_clock=bool(clock)) for order in _ORDERS]
    return found


def _in_figures(texts: pl.Series) -> list[DayForm]:
    alike = {pattern: float(texts.str.contains(pattern).mean() or 0) for pattern in _FIGURES}  # type: ignore[arg-type]
    return [_tried(texts, order) for pattern, orders in _FIGURES.items() if alike[pattern] >= _ENOUGH for order in orders]


def _of_months(texts: pl.Series) -> list[DayForm]:
    shares = {form: float(texts.str.contains(pattern).mean() or 0) for pattern, form in _MONTHS.items()}  # type: ignore[arg-type]
    return [DayForm(format=form, share=share, precision="month") for form, share in shares.items()]


def _tried(texts: pl.Series, form: str, *, has_clock: bool = False) -> DayForm:
    """Return the form with its share; a year of two figures is none of four, and years are those of people's lives."""
    width = 4 if "%Y" in form else 2
    year = texts.str.extract({4: r"(?:^|\D|\d{4})(\d{4})(?:$|\D|\d{4}$)", 2: r"\D(\d{2})(?:$| )"}[width])
    fits = pl.Series([True] * len(texts)) if len(texts[0]) == 8 and texts[0].isdigit() else year.is_not_null()
    read = texts.str.to_datetime(form, strict=False) if has_clock else texts.str.to_date(form, strict=False)
    good = read.dt.year().is_between(1900, 2100).fill_null(value=False) & fits
    return DayForm(format=form, share=float(good.mean() or 0), has_clock=has_clock)  # type: ignore[arg-type]
