"""Outcomes of units drawn, as the figures of a campaign read them, and the sums of columns that each window stands for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from relkit.texts import Text

WINDOW_NAMES = ("response", "post", "later")
MONEY_FIRST = ("margin", "revenue")
"""Measures of money in the order in which one is taken as what the campaign is to add."""

MOSTLY_HOLDERS = 0.5
"""Share of units with a contract from which a campaign is taken to be about contracts."""


class Outcome(Protocol):
    """A measure of the units drawn, and the columns that hold it."""

    @property
    def column(self) -> str:
        """Value at the end of the response window."""

    @property
    def column_after(self) -> str | None:
        """Value at the end of the post window; None if it is known once."""

    @property
    def covariate(self) -> str | None:
        """The same before the draw; None if it is not known."""

    @property
    def label(self) -> Text:
        """Name in both languages."""

    @property
    def kind(self) -> str:
        """money, share or count."""

    @property
    def is_guardrail(self) -> bool:
        """True if more of it is harm."""


@dataclass(frozen=True)
class Outcomes:
    """The outcomes of a campaign.

    Attributes:
        every: all of them, in the order in which they are shown.
    """

    every: Sequence[Outcome]

    @property
    def gains(self) -> tuple[Outcome, ...]:
        """Those that the campaign is to raise."""
        return tuple(each for each in self.every if not each.is_guardrail)

    @property
    def harms(self) -> tuple[Outcome, ...]:
        """Those that must not get worse."""
        return tuple(each for each in self.every if each.is_guardrail)

    @property
    def covariates(self) -> tuple[str, ...]:
        """Columns known before the draw."""
        return tuple(dict.fromkeys(each.covariate for each in self.every if each.covariate))

    @property
    def money(self) -> Outcome | None:
        """The amount that the campaign is to add: the margin, else the revenue, else another amount; None if no amount is known."""
        amounts = [each for each in self.gains if each.kind == "money"]
        named = {each.column: each for each in amounts}
        return next((named[name] for name in MONEY_FIRST if name in named), amounts[0] if amounts else None)

    def named(self, column: str) -> Outcome | None:
        """Return the outcome of a column; None if there is none."""
        return next((each for each in self.every if each.column == column), None)


def columns_of(outcomes: Sequence[Outcome]) -> tuple[str, ...]:
    """Return the columns that outcomes read, each once."""
    return tuple(dict.fromkeys(name for each in outcomes for name in (each.column, each.column_after) if name))


def parts_of(outcome: Outcome, window: str) -> Mapping[str, float] | None:
    """Return the weights of columns whose sum is an outcome at the end of a window; None if the window adds nothing to it."""
    after = outcome.column_after
    if window == "response":
        return {outcome.column: 1.0}
    if window == "post":
        return {after or outcome.column: 1.0}
    return {after: 1.0, outcome.column: -1.0} if after else None
