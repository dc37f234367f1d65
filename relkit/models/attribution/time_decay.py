"""Time decay: a touch weighs half as much for each half-life that lies between it and the conversion.

    w = 2^-(t / half_life), shared out within the journey, t the real time elapsed; 1 at the instant of the conversion

Only ratios within a journey matter, so exponents are taken from the latest touch: a journey all of whose touches are a thousand
half-lives old is shared as exactly as one of yesterday.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from relkit.errors import TableError
from relkit.models.attribution.coded_paths import SECONDS
from relkit.models.attribution.credit import FittedCredit
from relkit.models.attribution.touch_rules import TouchRule, fitted_rule, with_touches
from relkit.scalars import check_scalar
from relkit.texts import Text
from relkit.units import SECONDS_PER_DAY

if TYPE_CHECKING:
    from datetime import date

    import polars as pl

    from relkit.models.attribution.coded_paths import CodedPaths, Floats


@dataclass(frozen=True, kw_only=True)
class TimeDecay(TouchRule):
    """Settings of time-decay credit.

    Attributes:
        half_life_days: time (days of 24 hours) after which a touch weighs half as much; 0.25 for six hours.
    """

    name: ClassVar[str] = "attribution.time_decay"
    label = Text("Time decay", "Décroissance temporelle")
    purpose = Text(
        "Which channels are near in time to conversions: a touch weighs half as much for each half-life before it.",
        "Quels canaux sont proches des conversions dans le temps : un contact pèse moitié moins à chaque demi-vie écoulée.",
    )

    half_life_days: float = 7.0

    def __post_init__(self) -> None:
        """Refuse invalid settings."""
        super().__post_init__()
        check_scalar(self.half_life_days, "half_life_days", gt=0, where=self.name, remedy="Write 7 for a week, 0.25 for six hours.")

    def fit(self, features: pl.DataFrame, *, as_of: date) -> FittedTimeDecay:
        """Credit the touches of each journey by the time from each of them to the conversion.

        Args:
            features: paths with `seconds_before`, as `PATHS_CONTRACT` has them.
            as_of: last day whose facts are among them.

        Raises:
            TableError: a column is missing (`seconds_before` too), of another type, or null; a touch is later than its conversion.
            NotEnoughEventsError: there is no journey.

        Examples:
            >>> import polars as pl
            >>> from datetime import date
            >>> paths = pl.DataFrame({"channels": [["social", "search"]], "conversions": [3.0], "seconds_before": [[86_400, 0]]})
            >>> TimeDecay(half_life_days=1).fit(paths, as_of=date(2025, 6, 30)).credit().select("channel", "conversions").rows()
            [('search', 2.0), ('social', 1.0)]
        """
        return FittedTimeDecay(**fitted_rule(self, features, as_of))

    def weights(self, paths: CodedPaths) -> Floats:
        """Return the weight of each touch by the time from it to the conversion; (m,)."""
        elapsed, rows = _elapsed(paths, self.name), with_touches(paths)
        if not len(rows):
            return np.zeros(0)
        starts, lengths = paths.offsets[rows], paths.lengths[rows]
        since_latest = elapsed - np.repeat(np.minimum.reduceat(elapsed, starts), lengths)
        weights = np.exp2(-since_latest / (self.half_life_days * SECONDS_PER_DAY))
        shared: Floats = weights / np.repeat(np.add.reduceat(weights, starts), lengths)
        return shared


@dataclass(frozen=True, kw_only=True, eq=False)
class FittedTimeDecay(FittedCredit):
    """Time-decay credit.

    Attributes:
        settings: the settings that were fitted.
    """

    name: ClassVar[str] = TimeDecay.name
    format: ClassVar[int] = 1

    settings: TimeDecay


def _elapsed(paths: CodedPaths, where: str) -> Any:
    """Return the seconds from each touch to the end of its journey, or refuse paths that lack them."""
    elapsed = paths.seconds_before
    if elapsed is None:
        problem = f"the paths have no {SECONDS}: the time of their touches is not known."
        raise TableError(
            problem, where=where, remedy="Fit it to touchpoints; grouped paths serve the other rules, e.g. attribution.position."
        )
    if wrong := int(np.isnan(elapsed).sum()):
        raise TableError(f"{SECONDS} of {wrong:,} touches is null.", where=where, remedy="Give the time of each touch, or leave it out.")
    if late := int((elapsed < 0).sum()):
        raise TableError(
            f"{SECONDS} of {late:,} touches is negative: they are later than the conversion.", where=where, remedy="Leave them out."
        )
    return elapsed
