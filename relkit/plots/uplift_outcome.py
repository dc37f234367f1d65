"""Axis of an outcome in the plots of uplift: its name, and its values as money, shares or numbers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from relkit.plots.style import money, money_axis, number, number_axis, percent, percent_axis

if TYPE_CHECKING:
    from matplotlib.axis import Axis

    from relkit.texts import Text

PER = 1000
"""Customers that cumulated gains are given for: the gain per customer of a list is often too small to read."""


@dataclass(frozen=True)
class Outcome:
    """Outcome that an action is to change.

    Attributes:
        label: for an axis, e.g. margin.
        kind: money, share (of customers who did it) or count.
        currency: ISO code, if it is money.
    """

    label: Text
    kind: Literal["money", "share", "count"] = "count"
    currency: str = "EUR"

    def customer_axis(self, axis: Axis, language: str) -> None:
        """Write the ticks of an axis of values per customer."""
        if self.kind == "money":
            money_axis(axis, self.currency, language)
        else:
            (percent_axis if self.kind == "share" else number_axis)(axis, language)

    def thousand_axis(self, axis: Axis, language: str) -> None:
        """Write the ticks of an axis of sums over 1,000 customers."""
        if self.kind == "money":
            money_axis(axis, self.currency, language)
        else:
            number_axis(axis, language)

    def per_thousand(self, value: float, language: str) -> str:
        """Return the sum over 1,000 customers of a value per customer, written out.

        Examples:
            >>> from relkit.texts import Text
            >>> Outcome(Text("margin", "marge"), "money").per_thousand(0.25, "en")
            '€250'
        """
        whole = PER * value
        digits = 0 if abs(whole) >= 10 or whole == 0 else 1
        return money(whole, self.currency, language, digits) if self.kind == "money" else number(whole, language, digits)

    def per_customer(self, value: float, language: str) -> str:
        """Return a value per customer, written out.

        Examples:
            >>> from relkit.texts import Text
            >>> Outcome(Text("visits", "visites"), "share").per_customer(0.0765, "en")
            '7.65%'
        """
        if self.kind == "money":
            return money(value, self.currency, language, 2)
        return percent(value, language, 2) if self.kind == "share" else number(value, language, 3)
