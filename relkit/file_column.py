"""Columns of the customer table and of delivered files: contents, sources, and texts in English and French.

A column is declared once, where it is made: in `relkit.features`, with the role of a model, among those derived from scores, or in
`relkit.delivery`. In a declaration `{cur}` is the programme's currency in lower case, `{CUR}` in capitals, `{channel}` makes one column
for each channel, `{h}` one for each horizon, `{reason}` one for each reason and `{product}` one for each product.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

import polars as pl

from relkit.texts import EMPTY, Text

if TYPE_CHECKING:
    from collections.abc import Mapping

MOST_LISTED = 200
"""Most codes that a dictionary lists one by one; a cell of a spreadsheet has an end."""
YES, NO = Text("Yes", "Oui"), Text("No", "Non")
Kind = Literal["table", "score", "delivery"]
PolarsType = pl.DataType | type[pl.DataType]

CHANNELS: Mapping[str, Text] = {
    "email": Text("email", "e-mail"),
    "phone": Text("phone", "téléphone"),
    "post": Text("post", "courrier"),
    "sms": Text("SMS", "SMS"),
    "mail": Text("mail", "courrier"),
    "app": Text("app", "application"),
    "store": Text("store", "magasin"),
}
"""The channels that relkit has words for."""
UNITS: Mapping[str, Text] = {
    "days": Text("days", "jours"),
    "months": Text("months", "mois"),
    "orders": Text("orders", "commandes"),
    "share": Text("share", "part"),
    "probability": Text("probability", "probabilité"),
    "contacts": Text("contacts", "contacts"),
    "date": Text("date", "date"),
    "points": Text("points", "points"),
    "decile": Text("decile", "décile"),
}
"""Units that are words; a currency is the same in both languages."""


def channel_in_words(channel: str) -> Text:
    """Return the name of a channel in words; an unknown one keeps its own name.

    Examples:
        >>> channel_in_words("phone")["fr"], channel_in_words("push_web")["fr"]
        ('téléphone', 'push web')
    """
    plain = channel.replace("_", " ")
    return CHANNELS.get(channel, Text(plain, plain))


@dataclass(frozen=True, kw_only=True)
class FileColumn:
    """A column of the customer table or of a delivered file.

    Attributes:
        name: name of the column.
        dtype: type of its values, in the table and in every file.
        label: its header for people.
        meaning: its contents, in a sentence or two; its codes are explained in `codes`.
        null_means: meaning of an empty cell; an empty text if no cell is ever empty.
        absent_means: why a file with a fixed list of columns has it empty throughout; an empty text if `null_means` covers it.
        unit: unit of its values, "" if they have none.
        group: part of the customer table that it belongs to: key, relation, activity, value, model, contract, satisfaction, contact,
            attribute.
        kind: whether the customer table, a score or the delivery itself gives the value.
        score: name, in the score table, of the score it shows or depends on; empty for facts.
        bound: which of a score's three numbers is shown.
        low, high: bounds (inclusive) of the possible range.
        decimals: digits kept; every file carries the rounded value, so that all formats agree.
        follow: whether a change of value is reported in the difference between two deliveries.
        codes: the text shown in place of each code.
        allowed: its possible values in words, for when there are more than `MOST_LISTED` codes.
        beside: a score next to which the column is shown even if it is empty for all customers.
        personal_data: none, pseudonym, personal or sensitive.
        since: version of relkit that made it first.

    Examples:
        >>> column = FileColumn(name="x", dtype=pl.Int32, null_means=Text("no", "non"), absent_means=Text("none", "aucun"))
        >>> column.empty_means["fr"]
        'non, ou aucun'
    """

    name: str
    dtype: PolarsType
    label: Text = EMPTY
    meaning: Text = EMPTY
    null_means: Text = EMPTY
    absent_means: Text = EMPTY
    unit: str = ""
    group: str = ""
    kind: Kind = "table"
    score: str = ""
    bound: Literal["value", "lower", "upper"] = "value"
    low: float | None = None
    high: float | None = None
    decimals: int | None = None
    follow: bool = False
    codes: Mapping[str, Text] = field(default_factory=dict)
    allowed: Text = EMPTY
    beside: str = ""
    personal_data: str = "none"
    since: str = "0.1.0"

    @property
    def empty_means(self) -> Text:
        """Meaning of an empty cell in a file that may lack the source of the column."""
        if not (self.null_means and self.absent_means):
            return self.null_means or self.absent_means
        return Text("{null}, or {absent}", "{null}, ou {absent}").filled(null=self.null_means, absent=self.absent_means)

    def unit_in(self, language: str) -> str:
        """Return the unit in a language."""
        return UNITS[self.unit][language] if self.unit in UNITS else self.unit

    def words(self, language: str) -> dict[str, str]:
        """Return the text shown in place of each code."""
        return {code: text[language] for code, text in self.codes.items()}

    def allowed_in(self, language: str) -> str:
        """Return the possible values of the column, codes with their meaning."""
        if self.allowed and not 0 < len(self.codes) <= MOST_LISTED:
            return self.allowed[language]
        if self.codes:
            return "; ".join(f"{code} = {words}" for code, words in self.words(language).items())
        if self.dtype == pl.Boolean:
            return f"{YES['fr']}, {NO['fr']}" if language == "fr" else "true, false"
        if self.low is not None and self.high is not None:
            return f"{self.low:g} {Text('to', 'à')[language]} {self.high:g}"
        return f">= {self.low:g}" if self.low is not None else ""
