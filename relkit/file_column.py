"""A column of a delivered file: what it shows, where the value comes from, and its words in English and French."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import polars as pl

from relkit.contracts import Column

Language = Literal["en", "fr"]
YES_NO: dict[Language, tuple[str, str]] = {"en": ("Yes", "No"), "fr": ("Oui", "Non")}
Kind = Literal["table", "score", "delivery"]
PolarsType = pl.DataType | type[pl.DataType]

CHANNELS_FR = {
    "email": "e-mail",
    "phone": "téléphone",
    "post": "courrier",
    "sms": "SMS",
    "mail": "courrier",
    "app": "application",
    "profiling": "profilage",
}
CHANNELS_EN = {"sms": "SMS"}
UNITS_FR = {
    "days": "jours",
    "months": "mois",
    "orders": "commandes",
    "share": "part",
    "probability": "probabilité",
    "contacts": "contacts",
    "date": "date",
    "points": "points",
    "decile": "décile",
}


@dataclass(frozen=True, kw_only=True)
class FileColumn(Column):
    """A column of a delivered file.

    Attributes:
        kind: whether the customer table, a score or the delivery itself gives the value.
        score: name, in the score table, of the score it shows or rests on; empty for facts.
        bound: which of a score's three numbers is shown.
        decimals: digits kept; every file carries the rounded value, so that all formats agree.
        follow: whether a change of value is reported in the difference between two deliveries.
        codes: code, its meaning in English, its meaning in French.
        beside: a score beside which the column stands even where it is empty for everybody.
    """

    kind: Kind = "table"
    score: str = ""
    bound: Literal["value", "lower", "upper"] = "value"
    decimals: int | None = None
    follow: bool = False
    meaning_fr: str = ""
    null_means_fr: str = ""
    codes: tuple[tuple[str, str, str], ...] = ()
    beside: str = ""

    def label(self, language: Language) -> str:
        """Return the header for people."""
        return self.label_fr if language == "fr" else self.label_en

    def unit_in(self, language: Language) -> str:
        """Return the unit in that language; a currency is the same in both."""
        return UNITS_FR.get(self.unit, self.unit) if language == "fr" else self.unit

    def words(self, language: Language) -> dict[str, str]:
        """Return what people read in place of each code."""
        return {code: fr if language == "fr" else en for code, en, fr in self.codes}

    def allowed_in(self, language: Language) -> str:
        """Return what the column may hold, codes with their meaning."""
        if self.codes:
            return "; ".join(f"{code} = {fr if language == 'fr' else en}" for code, en, fr in self.codes)
        if self.dtype == pl.Boolean:
            return ", ".join(YES_NO["fr"]) if language == "fr" else "true, false"
        to = "à" if language == "fr" else "to"
        if self.low is not None and self.high is not None:
            return f"{self.low:g} {to} {self.high:g}"
        return f">= {self.low:g}" if self.low is not None else ""


Both = tuple[str, str]
"""A text in English and in French."""
