"""Linear credit: each conversion is shared equally among the touches of its journey."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from relkit.models.attribution.credit import FittedCredit
from relkit.models.attribution.touch_rules import TouchRule, fitted_rule, shared_equally
from relkit.texts import Text

if TYPE_CHECKING:
    from datetime import date

    import polars as pl

    from relkit.models.attribution.coded_paths import CodedPaths, Floats


@dataclass(frozen=True, kw_only=True)
class Linear(TouchRule):
    """Settings of linear credit.

    Attributes:
        per_run: count touches of one channel in a row as one. Otherwise a channel that is repeated has a part for each touch.
    """

    name: ClassVar[str] = "attribution.linear"
    label = Text("Linear", "Linéaire")
    purpose = Text(
        "Which channels take part in journeys: each touch has an equal part of the credit.",
        "Quels canaux participent aux parcours : chaque contact reçoit une part égale du crédit.",
    )

    per_run: bool = False

    def fit(self, features: pl.DataFrame, *, as_of: date) -> FittedLinear:
        """Credit all touches of each journey equally.

        Args:
            features: paths, as `PATHS_CONTRACT` has them.
            as_of: last day whose facts are among them.

        Raises:
            TableError: a column is missing, of another type, or null.
            NotEnoughEventsError: there is no journey.

        Examples:
            >>> import polars as pl
            >>> from datetime import date
            >>> paths = pl.DataFrame({"channels": [["search", "search", "social"]], "conversions": [3.0]})
            >>> Linear().fit(paths, as_of=date(2025, 6, 30)).credit().select("channel", "conversions").rows()
            [('search', 2.0), ('social', 1.0)]
            >>> Linear(per_run=True).fit(paths, as_of=date(2025, 6, 30)).credit().select("channel", "conversions").rows()
            [('search', 1.5), ('social', 1.5)]
        """
        return FittedLinear(**fitted_rule(self, features, as_of))

    def weights(self, paths: CodedPaths) -> Floats:
        """Return the weight of each touch, equal within each journey; per run, that of its first touch; (m,)."""
        if not self.per_run:
            return shared_equally(paths)
        opens = np.diff(paths.touches, prepend=-1) != 0
        starts = paths.offsets[:-1][paths.lengths > 0]
        opens[starts] = True
        rows = np.repeat(np.arange(paths.rows), paths.lengths)
        runs = np.bincount(rows, opens, minlength=paths.rows)
        weights: Floats = opens / runs[rows]
        return weights


@dataclass(frozen=True, kw_only=True, eq=False)
class FittedLinear(FittedCredit):
    """Linear credit.

    Attributes:
        settings: the settings that were fitted.
    """

    name: ClassVar[str] = Linear.name
    format: ClassVar[int] = 1

    settings: Linear
