"""Lift tests: what an experiment found that a channel causes in some days, and whether it can be compared with a model.

A test counts the conversions that would have been missed without the channel while the others go on, in its days, among all people.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date  # noqa: TC003 storage reads the types of the fields
from typing import TYPE_CHECKING

from relkit.metrics.intervals import normal_reach
from relkit.remarks import Remark
from relkit.units import LEVEL

if TYPE_CHECKING:
    from collections.abc import Sequence

NOT_COMPARED = "lift_test_not_compared"


@dataclass(frozen=True, kw_only=True)
class LiftTest:
    """Result of an experiment on a channel.

    Attributes:
        lift_test_id: name of the test.
        channel_id: channel that was withheld.
        starts_on, ends_on: first and last day.
        incremental_conversions: conversions that the channel caused in these days.
        low, high: their bounds.
        level: of the bounds.

    Examples:
        >>> from datetime import date
        >>> found = {"incremental_conversions": 100.0, "low": 67.1, "high": 132.9, "level": 0.9}
        >>> test = LiftTest(channel_id="search", starts_on=date(2025, 3, 1), ends_on=date(2025, 3, 31), **found)
        >>> round(test.std_error, 3)
        20.002
    """

    channel_id: str
    starts_on: date
    ends_on: date
    incremental_conversions: float
    low: float
    high: float
    level: float = LEVEL
    lift_test_id: str = ""

    @property
    def std_error(self) -> float:
        """Standard error of the conversions, from the width of the interval."""
        return (self.high - self.low) / (2 * normal_reach(self.level))

    @property
    def named(self) -> str:
        """Name in a sentence."""
        return self.lift_test_id or f"{self.channel_id} {self.starts_on}"


def not_comparable(test: LiftTest, channels: Sequence[str], own_visits: Sequence[str], days: tuple[date, date] | None) -> str:
    """Return the key of the reason for which a test cannot be compared with the model; empty if it can.

    Args:
        test: the test.
        channels: that the model knows.
        own_visits: those that are held constant.
        days: first and last day of the data; None if they are not known.
    """
    if not 0 < test.level < 1 or not test.low < test.high:
        return "no_width"
    if not test.low <= test.incremental_conversions <= test.high:
        return "outside_its_bounds"
    if test.channel_id in own_visits:
        return "own_visit"
    if test.channel_id not in channels:
        return "unknown_channel"
    if days is None or test.ends_on < test.starts_on or test.starts_on < days[0] or test.ends_on > days[1]:
        return "other_days"
    return ""


REASONS: dict[str, tuple[str, str]] = {
    "no_width": ("its bounds have no width or are swapped", "ses bornes sont confondues ou inversées"),
    "outside_its_bounds": ("its estimate lies outside its bounds", "son estimation est hors de ses bornes"),
    "own_visit": ("its channel counts as people’s own visits", "son canal compte parmi les visites spontanées"),
    "unknown_channel": ("its channel has no touch in the data", "son canal n’a aucun contact dans les données"),
    "other_days": ("its days are not all in the data", "ses jours ne sont pas tous dans les données"),
    "near_zero": (
        "what the model predicts for its days cannot be told from zero, so that no factor follows",
        "ce que le modèle prédit pour ses jours ne se distingue pas de zéro : aucun coefficient n’en découle",
    ),
}
"""Reasons in English and in French."""


def reason_remarks(left_out: Sequence[tuple[LiftTest, str]]) -> tuple[Remark, ...]:
    """Return one remark for each test that was not compared, with the reason."""
    return tuple(
        Remark(
            NOT_COMPARED,
            f"The lift test {test.named} is not used: {REASONS[reason][0]}.",
            f"Le test d’incrémentalité {test.named} n’est pas utilisé : {REASONS[reason][1]}.",
        )
        for test, reason in left_out
    )
