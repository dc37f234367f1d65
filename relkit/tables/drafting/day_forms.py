"""Ways in which the texts of a column can be read as days and instants, each with the share of the texts that it reads."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from relkit.tables.date_orders import CLOCK_MARKS, EPOCHS, ZONE_MARKS, best_order, orders, read_share
from relkit.tables.order_doubts import swapped

if TYPE_CHECKING:
    import polars as pl

_ISO = r"^\d{4}-\d{2}-\d{2}([T ]\d{2}:\d{2}(:\d{2}(\.\d+)?)?)?( ?(Z|UTC|[+-]\d{2}:?\d{2}))?$"
_ISO_CLOCK = r"[T ](0[1-9]|[12]\d|00:0[1-9]|00:[1-5]\d)"
_ISO_ZONE = r"(Z|UTC|[+-]\d{2}:?\d{2})$"
_FIGURES = r"^((19|20)\d{6}|\d{4}(19|20)\d{2})$"
_SEPARATED = r"\d.*[/.\- ].*\d"
_DECIMAL = r"^[+-]?\d+[.,]\d+$"
_SERIALS = (25_000, 60_000)
"""Days that spreadsheets count for 1968 to 2064."""
_SECONDS = (500_000_000, 2_000_000_000)
"""Seconds since 1970 of 1985 to 2033."""
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
        is_sure: whether the texts are of no other use: counted days are numbers like any others.
    """

    format: str | None
    share: float
    has_clock: bool = False
    has_zone: bool = False
    precision: str | None = None
    is_sure: bool = True


def day_forms(texts: pl.Series) -> tuple[DayForm, ...]:
    """Return the forms that read all distinct texts, else the one that reads the most, if that is nine in ten.

    Args:
        texts: distinct, stripped, without nulls.

    Examples:
        >>> import polars as pl
        >>> [form.format for form in day_forms(pl.Series(["31/12/2024", "01/02/2024", "TOTAL"]))]
        ['%d/%m/%Y']
        >>> [form.format for form in day_forms(pl.Series(["03/04/2024", "01/02/2024"]))]
        ['%d/%m/%Y', '%m/%d/%Y']
        >>> misprinted = pl.Series([f"{day}/06/2024" for day in range(12, 31)] + ["31/02/2024"])
        >>> [(form.format, form.share) for form in day_forms(misprinted)]
        [('%d/%m/%Y', 0.95), ('%m/%d/%Y', 0.05)]
        >>> day_forms(pl.Series(["1949", "17850", "2024"])), day_forms(pl.Series(["12.50", "1.75"]))
        ((), ())
    """
    meant = texts.filter(texts.str.contains(r"\d"))
    if not len(meant) or len(meant) < _ENOUGH * len(texts) - 1:
        return ()
    iso = _share(meant, _ISO)
    if iso >= _ENOUGH:
        clock, zone = bool(meant.str.contains(_ISO_CLOCK).any()), bool(meant.str.contains(_ISO_ZONE).all())
        read = meant.str.slice(0, 10).str.to_date("%Y-%m-%d", strict=False).is_not_null().mean()
        return (DayForm(format=None, share=min(iso, float(read or 0)), has_clock=clock, has_zone=zone),)  # type: ignore[arg-type]
    if _share(meant, _DECIMAL) >= _ENOUGH or max(_share(meant, _FIGURES), _share(meant, _SEPARATED)) < _ENOUGH:
        return ()
    known = orders(meant)
    if known:
        return tuple(_form(pattern, 1.0) for pattern in known)
    best = best_order(meant)
    if best is None or best[1] < _ENOUGH:
        return ()
    other = swapped(best[0])
    is_other = other is not None and other.startswith(("%d", "%m"))
    return (_form(*best), *((_form(other, read_share(meant, other)),) if other is not None and is_other else ()))


def counted_forms(low: float, high: float) -> tuple[DayForm, ...]:
    """Return the forms of whole numbers that may count days or seconds, by the least and the largest of them.

    Examples:
        >>> [form.format for form in counted_forms(43_000, 45_600)], [form.format for form in counted_forms(1_704_067_200, 1_735_603_200)]
        (['excel', 'excel_1904'], ['epoch_seconds'])
        >>> counted_forms(1, 600)
        ()
    """
    ranges = {"excel": _SERIALS, "excel_1904": _SERIALS, "epoch_seconds": _SECONDS, "epoch_milliseconds": [1000 * s for s in _SECONDS]}
    known = [name for name, (first, last) in ranges.items() if first <= low and high <= last]
    clocked = {name: name in EPOCHS for name in known}
    return tuple(DayForm(format=n, share=1.0, has_clock=clocked[n], has_zone=clocked[n], is_sure=False) for n in known)


def _share(texts: pl.Series, pattern: str) -> float:
    return float(texts.str.contains(pattern).mean() or 0.0)  # type: ignore[arg-type]


def _form(pattern: str, share: float) -> DayForm:
    has_clock = any(mark in pattern for mark in CLOCK_MARKS)
    precision = None if "%d" in pattern else "month"
    return DayForm(format=pattern, share=share, has_clock=has_clock, has_zone=any(m in pattern for m in ZONE_MARKS), precision=precision)
