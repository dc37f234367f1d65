"""Scores by name and horizon: what a score is, what is possible for it, and which column of a wide frame holds it.

    kind = ScoreKind(stem="order_probability", horizon="days", high=1.0)
    str(kind.at(90))                                        order_probability_90d

A family declares the kinds of its roles, a room that derives scores the kinds of its own. Wherever a score goes its record goes
along, so that nobody has to read a horizon back out of the name of a column.
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
        stem: what is scored, such as churn_probability.
        unit: of the horizon; "" where the score has none.
        horizon: how far ahead, in that unit; None with a unit is without end.
        reason: for which reason of ends; "" for all.

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
        """Return the name of the column that holds it."""
        if not self.unit:
            return self.stem
        span = "endless" if self.horizon is None else f"{self.horizon}{_SUFFIX[self.unit]}"
        return "_".join(filter(None, (self.stem, span, self.reason)))

    @property
    def days(self) -> int | None:
        """The horizon in days; None where there is none or no end."""
        if self.horizon is None:
            return None
        return days_of_months(self.horizon) if self.unit == "months" else self.horizon


@dataclass(frozen=True, kw_only=True)
class ScoreKind:
    """What is possible for a score and to whom it applies.

    Attributes:
        stem: what is scored, such as churn_probability.
        horizon: in which unit it looks ahead; "" where it does not.
        low: smallest value that is possible; None where a loss is.
        high: largest value that is possible.
        applies_to: everybody the model scores, holders of a running contract, or those without one.
        by_reason: whether it is given for single reasons of ends as well.
    """

    stem: str
    horizon: Horizon = ""
    low: float | None = 0.0
    high: float | None = None
    applies_to: Literal["all", "contract", "no_contract"] = "all"
    by_reason: bool = False

    def at(self, horizon: int | None = None, reason: str = "") -> Score:
        """Return the score at a horizon, in the unit of the kind; None where it has none, or is without end."""
        return Score(self.stem, self.horizon, horizon if self.horizon else None, reason)

    def includes(self, score: Score) -> bool:
        """Return whether a score is of this kind.

        Examples:
            >>> churn = ScoreKind(stem="churn_probability", horizon="days", by_reason=True)
            >>> churn.includes(churn.at(90, "price")), churn.includes(Score("p_alive"))
            (True, False)
        """
        return score.stem == self.stem
