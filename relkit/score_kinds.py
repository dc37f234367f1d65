"""Scores by name and horizon: the record of a score, its possible range, and its column in a wide frame.

    kind = ScoreKind(stem="order_probability", horizon="days", high=1.0)
    str(kind.at(90))                                        order_probability_90d

A family declares the kinds of its roles, a room that derives scores its own kinds. A score always travels with its record,
so that no code has to parse a horizon from the name of a column.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from relkit.units import days_of_months

if TYPE_CHECKING:
    from collections.abc import Iterable

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
        subject: what it is about, as part of the name of a column, such as a product; "" if it has no such part.
        subject_id: the id of that in the tables.

    Examples:
        >>> str(Score("churn_probability", "days", 90)), str(Score("churn_probability", "days", 90, "price"))
        ('churn_probability_90d', 'churn_probability_90d_price')
        >>> str(Score("future_margin", "months", None)), Score("future_margin", "months", 24).days, str(Score("p_alive"))
        ('future_margin_endless', 730, 'p_alive')
        >>> str(Score("propensity", "days", 90, subject="sub_basic", subject_id="SUB-BASIC"))
        'propensity_sub_basic_90d'
    """

    stem: str
    unit: Horizon = ""
    horizon: int | None = None
    reason: str = ""
    subject: str = ""
    subject_id: str = ""

    def __str__(self) -> str:
        """Return the name of its column."""
        stem = "_".join(filter(None, (self.stem, self.subject)))
        if not self.unit:
            return stem
        span = "endless" if self.horizon is None else f"{self.horizon}{_SUFFIX[self.unit]}"
        return "_".join(filter(None, (stem, span, self.reason)))

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
        by_subject: whether it is given for each of several subjects, such as products, and never without one.
    """

    stem: str
    horizon: Horizon = ""
    low: float | None = 0.0
    high: float | None = None
    applies_to: Literal["all", "contract", "no_contract"] = "all"
    by_reason: bool = False
    by_subject: bool = False

    def at(self, horizon: int | None = None, reason: str = "", *, subject: str = "", subject_id: str = "") -> Score:
        """Return the score at a horizon, in the unit of the kind; None if it has none, or is without end."""
        return Score(self.stem, self.horizon, horizon if self.horizon else None, reason, subject, subject_id)

    def includes(self, score: Score) -> bool:
        """Return whether a score is of this kind.

        Examples:
            >>> churn = ScoreKind(stem="churn_probability", horizon="days", by_reason=True)
            >>> churn.includes(churn.at(90, "price")), churn.includes(Score("p_alive"))
            (True, False)
        """
        return score.stem == self.stem


def column_parts(ids: Iterable[str]) -> dict[str, str]:
    """Return each id as part of the name of a column: letters a to z, digits and _ only, no two the same.

    Of ids that would be the same, those that come later in alphabetical order have a number at their end.

    Examples:
        >>> column_parts(["SUB-BASIC", "Crédit auto", "sub basic", "%"])
        {'SUB-BASIC': 'sub_basic', 'Crédit auto': 'credit_auto', 'sub basic': 'sub_basic_2', '%': 'unnamed'}
    """
    given, found, used = list(ids), dict[str, str](), set[str]()
    for each in sorted(set(given)):
        plain = unicodedata.normalize("NFKD", each).encode("ascii", "ignore").decode().lower()
        part = re.sub(r"[^a-z0-9]+", "_", plain).strip("_") or "unnamed"
        number, name = 2, part
        while name in used:
            number, name = number + 1, f"{part}_{number}"
        used.add(name)
        found[each] = name
    return {each: found[each] for each in given}
