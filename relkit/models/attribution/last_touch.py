"""Last touch: the whole conversion is credited to the channel that closed the journey."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from relkit.models.attribution.credit import FittedCredit
from relkit.models.attribution.touch_rules import TouchRule, fitted_rule, touches_at, with_touches
from relkit.texts import Text

if TYPE_CHECKING:
    from datetime import date

    import polars as pl

    from relkit.models.attribution.coded_paths import CodedPaths, Floats


@dataclass(frozen=True, kw_only=True)
class LastTouch(TouchRule):
    """Settings of last-touch credit: those of its journeys."""

    name: ClassVar[str] = "attribution.last_touch"
    label = Text("Last touch", "Dernier contact")
    purpose = Text(
        "Which channels close journeys: all credit to the last touch, as most tools report by default.",
        "Quels canaux concluent les parcours : tout le crédit au dernier contact, comme le font la plupart des outils par défaut.",
    )

    def fit(self, features: pl.DataFrame, *, as_of: date) -> FittedLastTouch:
        """Credit the last touch of each journey.

        Args:
            features: paths, as `PATHS_CONTRACT` has them.
            as_of: last day whose facts are among them.

        Raises:
            TableError: a column is missing, of another type, or null.
            NotEnoughEventsError: there is no journey.

        Examples:
            >>> import polars as pl
            >>> from datetime import date
            >>> paths = pl.DataFrame({"channels": [["social", "search"], ["social"]], "conversions": [3.0, 1.0]})
            >>> LastTouch().fit(paths, as_of=date(2025, 6, 30)).credit().select("channel", "conversions").rows()
            [('search', 3.0), ('social', 1.0)]
        """
        return FittedLastTouch(**fitted_rule(self, features, as_of))

    def weights(self, paths: CodedPaths) -> Floats:
        """Return the weight of each touch: 1 for the last of each journey; (m,)."""
        return touches_at(paths, paths.offsets[with_touches(paths) + 1] - 1)


@dataclass(frozen=True, kw_only=True, eq=False)
class FittedLastTouch(FittedCredit):
    """Last-touch credit.

    Attributes:
        settings: the settings that were fitted.
    """

    name: ClassVar[str] = LastTouch.name
    format: ClassVar[int] = 1

    settings: LastTouch
