"""Reading of journeys that a model wants: how far back touches count, the sales that are conversions, their value, the groups."""

from __future__ import annotations

import hashlib
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Self

from relkit.errors import ParameterError
from relkit.units import US_A_DAY

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

ANY, FIRST_ORDER, WHERE = "any", "first_order", "where "
REVENUE, MARGIN = "revenue", "margin"
_EQUALS = "="


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """The journeys that a model reads.

    Attributes:
        lookback_days: touches count from this many days of 24 hours before a conversion, both ends included.
        lookback_by_kind: other lookbacks by kind of touch, as "impression=1".
        conversion: any, first_order, or "where ..." with an expression on the lines of sales.
        reuse_touches: let touches serve each conversion in the lookback; otherwise a journey is cut at each conversion.
        worth: what the value of a conversion is: revenue or margin, net of returns.
        touches_kept: all, runs, first or last (`relkit.features.path_transforms`).
        last_touches: most touches of a journey, the last ones; 0 for all.
        by: attribute of customers that groups journeys; empty for none.
        period: week, month, quarter or year in which a journey ended; empty for none.
    """

    lookback_days: float = 30.0
    lookback_by_kind: tuple[str, ...] = ()
    conversion: str = ANY
    reuse_touches: bool = False
    worth: str = REVENUE
    touches_kept: str = "all"
    last_touches: int = 0
    by: str = ""
    period: str = ""

    @classmethod
    def of(cls, settings: Mapping[str, Any]) -> Self:
        """Return the same as settings of a model name it; those not named have their defaults.

        Examples:
            >>> Wanted.of({"lookback_days": 7, "model": "ignored"}).lookback_days
            7.0
        """
        given = {name: settings[name] for name in cls.__dataclass_fields__ if settings.get(name) is not None}
        exact = {"lookback_days": float, "lookback_by_kind": tuple, "last_touches": int}
        return cls(**{name: exact[name](value) if name in exact else value for name, value in given.items()})

    @property
    def lookback_us(self) -> int:
        """Length of the lookback in microseconds."""
        return round(self.lookback_days * US_A_DAY)

    @property
    def lookbacks_us(self) -> dict[str, int]:
        """Lookbacks in microseconds by kind of touch, of those that differ.

        Raises:
            ParameterError: a pair is no kind with its days.
        """
        found = {}
        for pair in self.lookback_by_kind:
            kind, _, days = pair.partition(_EQUALS)
            try:
                found[kind.strip()] = round(float(days) * US_A_DAY)
            except ValueError as error:
                problem = f"lookback_by_kind has {pair!r}, which is no kind with its days."
                raise ParameterError(problem, where="journeys", remedy='Write "impression=1".') from error
        return found

    @property
    def condition(self) -> str:
        """The expression that lines of sales must meet; empty if all do."""
        return self.conversion.removeprefix(WHERE).strip() if self.conversion.startswith(WHERE) else ""

    @property
    def first_only(self) -> bool:
        """True if only the first order of a customer is a conversion."""
        return self.conversion == FIRST_ORDER

    @property
    def digest(self) -> str:
        """A short text that differs for other journeys."""
        return hashlib.sha256(repr(sorted(asdict(self).items())).encode()).hexdigest()[:12]
