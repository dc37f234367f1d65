"""Kinds of columns and rules shared by the tables of a company."""

from __future__ import annotations

from typing import Any

import polars as pl

from relkit.contracts import INSTANT, Column, Rule
from relkit.texts import Text

LARGEST = 1e12
"""Amount beyond which a number is no amount, quantity or score: sums of a million such would lose cents."""
LIKELY_AMOUNT = 1e7
"""Amount of money beyond which a line is unlikely."""
MONEY = "currency"
"""Unit of the columns of money: their sums are reconciled when a table is read."""


def column(name: str, dtype: Any, english: str, french: str, meaning: str, **more: Any) -> Column:
    """Return a column; the two texts after its name and type are its header in English and in French."""
    return Column(name=name, dtype=dtype, label=Text(english, french), meaning=meaning, **more)


def text(name: str, english: str, french: str, meaning: str, **more: Any) -> Column:
    """Return a column of text."""
    return column(name, pl.String, english, french, meaning, **more)


def choice(name: str, allowed: tuple[str, ...], english: str, french: str, meaning: str, **more: Any) -> Column:
    """Return a column restricted to a few words."""
    return column(name, pl.String, english, french, meaning, allowed=allowed, **more)


def day(name: str, english: str, french: str, meaning: str, **more: Any) -> Column:
    """Return a column of days."""
    return column(name, pl.Date, english, french, meaning, unit="day", **more)


def instant(name: str, english: str, french: str, meaning: str, **more: Any) -> Column:
    """Return a column of instants."""
    return column(name, INSTANT, english, french, meaning, unit="UTC instant", **more)


def money(name: str, english: str, french: str, meaning: str, **more: Any) -> Column:
    """Return a column of money."""
    bounds = {"low": -LARGEST, "high": LARGEST, "likely_low": -LIKELY_AMOUNT, "likely_high": LIKELY_AMOUNT}
    if "low" in more or "above" in more:
        bounds.pop("likely_low")
    if "above" in more:
        bounds.pop("low")
    return column(name, pl.Float64, english, french, meaning, unit=MONEY, **{**bounds, **more})


def number(name: str, english: str, french: str, meaning: str, **more: Any) -> Column:
    """Return a column of numbers."""
    low = {} if "above" in more else {"low": -LARGEST}
    return column(name, pl.Float64, english, french, meaning, **{**low, "high": LARGEST, **more})


def whole(name: str, english: str, french: str, meaning: str, **more: Any) -> Column:
    """Return a column of whole numbers."""
    return column(name, pl.Int32, english, french, meaning, **more)


def flag(name: str, english: str, french: str, meaning: str, **more: Any) -> Column:
    """Return a column of yes and no."""
    return column(name, pl.Boolean, english, french, meaning, **more)


NEEDED: dict[str, Any] = {"required": True, "nullable": False}


def customer(meaning: str = "The customer.", **more: Any) -> Column:
    """Return the column that identifies the customer."""
    return text("customer_id", "Customer", "Client", meaning, personal_data="pseudonym", **more)


def entity() -> Column:
    """Return the column of the group's entity."""
    return text(
        "entity_id", "Entity", "Entité", "Company, brand or subsidiary of the group that holds the relation.", null_means="single entity"
    )


def recorded(null_means: str = "recorded when it happened") -> Column:
    """Return the column with the time at which the source learnt of the row."""
    return instant(
        "recorded_at",
        "Recorded at",
        "Enregistré le",
        "When the source learnt of the row; work as of a date reads only rows recorded by then.",
        null_means=null_means,
    )


def valid_from(what: str) -> Column:
    """Return the first day of a version."""
    return day(
        "valid_from", "Valid from", "Valable à partir du", f"First day on which this version of {what} holds.", null_means="since ever"
    )


def valid_to(what: str) -> Column:
    """Return the last day of a version."""
    return day("valid_to", "Valid to", "Valable jusqu'au", f"Last day on which {what} holds.", null_means="still valid")


def after(early: str, late: str, *, impossible: bool = True) -> Rule:
    """Return the rule that one day or instant does not precede another."""
    return Rule(
        name=f"{late}: before {early}",
        columns=(early, late),
        broken=pl.col(late) < pl.col(early),
        impossible=impossible,
        remedy=f"Check that {early} and {late} are not swapped in the mapping.",
    )


def dated(name: str) -> Rule:
    """Return the rule that a date lies between 1900 and 2100."""
    year = pl.col(name).dt.year()
    return Rule(
        name=f"{name}: not between 1900 and 2100",
        columns=(name,),
        broken=(year < 1900) | (year > 2100),  # one row of the year 2205 would move the last day of all the data
        remedy="Check the date format in the mapping.",
    )
