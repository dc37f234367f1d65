"""Scores by name and horizon: the record of a score, its possible range, and its column in a wide frame.

    kind = ScoreKind(stem="order_probability", horizon="days", high=1.0)
    str(kind.at(90))                                        order_probability_90d

A family declares the kinds of its roles, a room that derives scores its own kinds. A score always travels with its record,
so that no code has to parse a horizon from the name of a column.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from relkit.units import days_of_months

Horizon = Literal["", "days", "months"]
_SUFFIX = {"days": "d", "months": "m"}


@dataclass(frozen=True, order=True)
class Score:
    """The name of a score, as a record.

    Attributes:
        stem: the quantity scored, such as churn_probability.
        unit: unit of the horizon; "" if the score has none.
        horizon: horizon in that unit; None with a unit means without end.
        reason: reason of the ends; "" for all.

    Examples:
        >>> str(Score("churn_probability", "days", 90)), str(Score("churn_probability", "days", 90, "price"))
        ('churn_probability_90d', 'churn_probability_90d_price')
        >>> str(Score("future_margin", "months", None)), Score("future_margin", "months", 24).days, str(Score("p_alive"))
        ('future_margin_endless', 730, 'p_alive')
    """

    stem: str
    unit: Horizon = ""
    horizon: int | None = None
    reason: str = ""

    def __str__(self) -> str:
        """Return the name of its column."""
        if not self.unit:
            return self.stem
        span = "endless" if self.horizon is None else f"{self.horizon}{_SUFFIX[self.unit]}"
        return "_".join(filter(None, (self.stem, span, self.reason)))

    @property
    def days(self) -> int | None:
        """The horizon in days; None if there is none or no end."""
        if self.horizon is None:
            return None
        return days_of_months(self.horizon) if self.unit == "months" else self.horizon


@dataclass(frozen=True, kw_only=True)
class ScoreKind:
    """The possible range of a score and the customers it applies to.

    Attributes:
        stem: the quantity scored, such as churn_probability.
        horizon: unit of its horizon; "" if it has none.
        low: smallest possible value; None if it may be a loss.
        high: largest possible value.
        applies_to: all customers scored, holders of a running contract, or customers without one.
        by_reason: whether it is also given for single reasons of ends.
    """

    stem: str
    horizon: Horizon = ""
    low: float | None = 0.0
    high: float | None = None
    applies_to: Literal["all", "contract", "no_contract"] = "all"
    by_reason: bool = False

    def at(self, horizon: int | None = None, reason: str = "") -> Score:
        """Return the score at a horizon, in the unit of the kind; None if it has none, or is without end."""
        return Score(self.stem, self.horizon, horizon if self.horizon else None, reason)

    def includes(self, score: Score) -> bool:
        """Return whether a score is of this kind.

        Examples:
            >>> churn = ScoreKind(stem="churn_probability", horizon="days", by_reason=True)
            >>> churn.includes(churn.at(90, "price")), churn.includes(Score("p_alive"))
            (True, False)
        """
        return score.stem == self.stem
