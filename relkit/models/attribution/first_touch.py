"""First touch: the whole conversion is credited to the channel that opened the journey."""

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
class FirstTouch(TouchRule):
    """Settings of first-touch credit: those of its journeys. The first touch is the first within the lookback."""

    name: ClassVar[str] = "attribution.first_touch"
    label = Text("First touch", "Premier contact")
    purpose = Text(
        "Which channels open journeys: all credit to the first touch within the lookback.",
        "Quels canaux ouvrent les parcours : tout le crédit au premier contact de la fenêtre.",
    )

    def fit(self, features: pl.DataFrame, *, as_of: date) -> FittedFirstTouch:
        """Credit the first touch of each journey.

        Args:
            features: paths, as `PATHS_CONTRACT` has them.
            as_of: last day whose facts are among them.

        Raises:
            TableError: a column is missing, of another type, or null.
            NotEnoughEventsError: there is no journey.

        Examples:
            >>> import polars as pl
            >>> from datetime import date
            >>> paths = pl.DataFrame({"channels": [["social", "search"], ["search"]], "conversions": [3.0, 1.0]})
            >>> FirstTouch().fit(paths, as_of=date(2025, 6, 30)).credit().select("channel", "conversions").rows()
            [('social', 3.0), ('search', 1.0)]
        """
        return FittedFirstTouch(**fitted_rule(self, features, as_of))

    def weights(self, paths: CodedPaths) -> Floats:
        """Return the weight of each touch: 1 for the first of each journey; (m,)."""
        return touches_at(paths, paths.offsets[with_touches(paths)])


@dataclass(frozen=True, kw_only=True, eq=False)
class FittedFirstTouch(FittedCredit):
    """First-touch credit.

    Attributes:
        settings: the settings that were fitted.
    """

    name: ClassVar[str] = FirstTouch.name
    format: ClassVar[int] = 1

    settings: FirstTouch
