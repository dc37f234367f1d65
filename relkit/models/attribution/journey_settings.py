"""Settings that determine the journeys that a model of attribution reads; all models of the family have them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

from relkit.errors import ParameterError
from relkit.models.attribution.family import CHANNEL_CREDIT, PATHS
from relkit.models.base import ModelFacts
from relkit.scalars import check_choice, check_level, check_scalar
from relkit.units import LEVEL

PERIODS = ("", "week", "month", "quarter", "year")
WORTHS = ("revenue", "margin")
TOUCHES_KEPT = ("all", "runs", "first", "last")
_EQUALS = "="


@dataclass(frozen=True, kw_only=True)
class JourneySettings(ModelFacts):
    """Settings of a reading of journeys.

    Attributes:
        lookback_days: touches count from this many days (of 24 hours) before a conversion, both ends included.
        lookback_by_kind: other lookbacks by kind of touch, as "impression=1".
        conversion: conversions counted: "any" sale, "first_order" of a customer, or "where ...", an expression on the lines of sales.
        reuse_touches: let touches serve each conversion in the lookback; otherwise a journey is cut at each conversion.
        worth: what the value of a conversion is: its revenue or its margin, net of returns.
        touches_kept: all touches of a journey; of "runs" of one channel in a row only the last; of each channel only the "first" or the
            "last" touch.
        last_touches: most touches of a journey, the last ones; 0 for all.
        by: attribute of customers by whose values credit is also given; empty for none.
        period: length of the periods by which credit is also given, from the instant at which a journey ended; empty for none.
        level: of the intervals.
    """

    name: ClassVar[str]
    family: ClassVar[str] = "attribution"
    role, reads = CHANNEL_CREDIT, PATHS
    figures: ClassVar[tuple[str, ...]] = ("credit_shares",)

    lookback_days: float = 30.0
    lookback_by_kind: tuple[str, ...] = ()
    conversion: str = "any"
    reuse_touches: bool = False
    worth: Literal["revenue", "margin"] = "revenue"
    touches_kept: Literal["all", "runs", "first", "last"] = "all"
    last_touches: int = 0
    by: str = ""
    period: Literal["", "week", "month", "quarter", "year"] = ""
    level: float = LEVEL

    def __post_init__(self) -> None:
        """Refuse invalid settings."""
        check_scalar(self.lookback_days, "lookback_days", gt=0, where=self.name, remedy="Write 30 for thirty days.")
        check_choice(self.worth, "worth", WORTHS)
        check_choice(self.period, "period", PERIODS)
        check_choice(self.touches_kept, "touches_kept", TOUCHES_KEPT)
        check_scalar(self.last_touches, "last_touches", ge=0, where=self.name, remedy="Write 0 for all touches.")
        check_level(self.level, where=self.name)
        self.lookbacks  # noqa: B018 refuses invalid pairs
        if self.conversion not in ("any", "first_order") and not self.conversion.startswith("where "):
            remedy = "Write any, first_order, or where and an expression, as in where channel_id = 'web'."
            raise ParameterError(f"conversion is {self.conversion!r}.", where=self.name, remedy=remedy)

    @property
    def lookbacks(self) -> dict[str, float]:
        """Lookbacks in days by kind of touch, of those that differ."""
        found = {}
        for pair in self.lookback_by_kind:
            kind, _, days = pair.partition(_EQUALS)
            try:
                found[kind.strip()] = check_scalar(float(days), "lookback_by_kind", ge=0, where=self.name)
            except ValueError as error:
                problem = f"lookback_by_kind has {pair!r}, which is no kind with its days."
                raise ParameterError(problem, where=self.name, remedy='Write "impression=1".') from error
        return found

    @property
    def reads_with(self) -> dict[str, object]:
        """The settings with which journeys are read."""
        names = (
            "lookback_days",
            "lookback_by_kind",
            "conversion",
            "reuse_touches",
            "worth",
            "touches_kept",
            "last_touches",
            "by",
            "period",
        )
        return {name: getattr(self, name) for name in names}
