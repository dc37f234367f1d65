"""Position-based credit: fixed parts for the first and the last touch, the rest shared among those between.

    one touch             all of it
    two touches           first : last
    three and more        first, then middle in equal parts, then last; divided by their sum

A journey of two touches has none between; its credit is shared in the ratio of the first and last weight, so that nothing is lost.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from relkit.errors import ParameterError
from relkit.models.attribution.credit import FittedCredit
from relkit.models.attribution.touch_rules import TouchRule, fitted_rule, with_touches
from relkit.scalars import check_scalar
from relkit.texts import Text

if TYPE_CHECKING:
    from datetime import date

    import polars as pl

    from relkit.models.attribution.coded_paths import CodedPaths, Floats, Ints


@dataclass(frozen=True, kw_only=True)
class Position(TouchRule):
    """Settings of position-based credit. Only the ratios of the weights matter.

    Attributes:
        first: weight of the first touch. Two touches share their conversion in the ratio first : last.
        middle: weight of all touches between the first and the last together.
        last: weight of the last touch.
    """

    name: ClassVar[str] = "attribution.position"
    label = Text("Position-based", "Selon la position")
    purpose = Text(
        "Which channels open and close journeys: most of the credit to the first and the last touch, 40/20/40 by default.",
        "Quels canaux ouvrent et concluent les parcours : l’essentiel du crédit au premier et au dernier contact, 40/20/40 par défaut.",
    )

    first: float = 0.4
    middle: float = 0.2
    last: float = 0.4

    def __post_init__(self) -> None:
        """Refuse invalid settings."""
        super().__post_init__()
        for name in ("first", "middle", "last"):
            check_scalar(getattr(self, name), name, ge=0, where=self.name, remedy="Write 0.4 for 40 %.")
        if not self.first + self.last:
            problem = "first and last are both 0, which leaves the conversions of journeys of two touches to nobody."
            raise ParameterError(problem, where=self.name, remedy="Give one of them a weight, or fit attribution.linear.")

    def fit(self, features: pl.DataFrame, *, as_of: date) -> FittedPosition:
        """Credit the touches of each journey by their position.

        Args:
            features: paths, as `PATHS_CONTRACT` has them.
            as_of: last day whose facts are among them.

        Raises:
            TableError: a column is missing, of another type, or null.
            NotEnoughEventsError: there is no journey.

        Examples:
            >>> import polars as pl
            >>> from datetime import date
            >>> paths = pl.DataFrame({"channels": [["a", "b", "c", "d"], ["a", "d"]], "conversions": [10.0, 4.0]})
            >>> Position().fit(paths, as_of=date(2025, 6, 30)).credit().select("channel", "conversions").rows()
            [('a', 6.0), ('d', 6.0), ('b', 1.0), ('c', 1.0)]
        """
        return FittedPosition(**fitted_rule(self, features, as_of))

    def weights(self, paths: CodedPaths) -> Floats:
        """Return the weight of each touch by its position; (m,)."""
        rows = with_touches(paths)
        lengths = paths.lengths
        between = np.where(lengths > 2, self.middle / np.maximum(lengths - 2, 1), 0.0)
        weights = np.repeat(between, lengths)
        weights[paths.offsets[rows]] = self.first
        weights[paths.offsets[rows + 1] - 1] = self.last
        weights /= np.repeat(self._sums(lengths), lengths)
        weights[paths.offsets[rows[lengths[rows] == 1]]] = 1.0
        return weights

    def _sums(self, lengths: Ints) -> Floats:
        """Return the sum of the weights of journeys of two touches and more; (rows,)."""
        sums: Floats = np.where(lengths > 2, self.first + self.middle + self.last, self.first + self.last)
        return sums


@dataclass(frozen=True, kw_only=True, eq=False)
class FittedPosition(FittedCredit):
    """Position-based credit.

    Attributes:
        settings: the settings that were fitted.
    """

    name: ClassVar[str] = Position.name
    format: ClassVar[int] = 1

    settings: Position
