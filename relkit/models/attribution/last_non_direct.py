"""Last non-direct touch: the last touch within the lookback that is not a direct visit, however far back it is.

A journey of direct visits alone is credited to the last of them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from relkit.errors import ParameterError
from relkit.models.attribution.credit import FittedCredit
from relkit.models.attribution.credit_remarks import LISTED
from relkit.models.attribution.touch_rules import TouchRule, fitted_rule, touches_at, with_touches
from relkit.remarks import Remark
from relkit.texts import Text

if TYPE_CHECKING:
    from datetime import date

    import polars as pl

    from relkit.models.attribution.coded_paths import CodedPaths, Floats


@dataclass(frozen=True, kw_only=True)
class LastNonDirect(TouchRule):
    """Settings of last non-direct credit.

    Attributes:
        direct: channels that are skipped as long as the journey has another one, as visits that nothing is known to have caused.
    """

    name: ClassVar[str] = "attribution.last_non_direct"
    label = Text("Last non-direct touch", "Dernier contact non direct")
    purpose = Text(
        "Which channels brought people back last: the last touch that is not a direct visit.",
        "Quels canaux ont ramené les clients en dernier : le dernier contact qui n’est pas une visite directe.",
    )

    direct: tuple[str, ...] = ("direct",)

    def __post_init__(self) -> None:
        """Refuse invalid settings."""
        super().__post_init__()
        if not self.direct or not all(self.direct):
            raise ParameterError("direct names no channel.", where=self.name, remedy="Name those to skip, or fit attribution.last_touch.")

    def fit(self, features: pl.DataFrame, *, as_of: date) -> FittedLastNonDirect:
        """Credit the last touch of each journey that is not direct.

        Args:
            features: paths, as `PATHS_CONTRACT` has them.
            as_of: last day whose facts are among them.

        Raises:
            TableError: a column is missing, of another type, or null.
            NotEnoughEventsError: there is no journey.

        Examples:
            >>> import polars as pl
            >>> from datetime import date
            >>> paths = pl.DataFrame({"channels": [["social", "direct"], ["direct"]], "conversions": [3.0, 1.0]})
            >>> LastNonDirect().fit(paths, as_of=date(2025, 6, 30)).credit().select("channel", "conversions").rows()
            [('social', 3.0), ('direct', 1.0)]
        """
        return FittedLastNonDirect(**fitted_rule(self, features, as_of))

    def weights(self, paths: CodedPaths) -> Floats:
        """Return the weight of each touch: 1 for the last of each journey that is not direct; (m,)."""
        rows = with_touches(paths)
        if not len(rows):
            return touches_at(paths, rows)
        is_direct = paths.names.is_in(self.direct).to_numpy()[paths.touches]
        other = np.maximum.reduceat(np.where(is_direct, -1, np.arange(len(is_direct))), paths.offsets[rows])
        return touches_at(paths, np.where(other >= 0, other, paths.offsets[rows + 1] - 1))

    def remarks(self, paths: CodedPaths) -> tuple[Remark, ...]:
        """Return the remarks on the fit."""
        names = paths.names.to_list()
        absent = sorted(set(self.direct) - set(names))
        alike = [name for name in names if name not in self.direct and any(each.casefold() in name.casefold() for each in absent)]
        return (*super().remarks(paths), *([_absent(absent, alike)] if absent else []))


@dataclass(frozen=True, kw_only=True, eq=False)
class FittedLastNonDirect(FittedCredit):
    """Last non-direct credit.

    Attributes:
        settings: the settings that were fitted.
    """

    name: ClassVar[str] = LastNonDirect.name
    format: ClassVar[int] = 1

    settings: LastNonDirect


def _absent(names: list[str], alike: list[str]) -> Remark:
    """Return the remark on direct channels that no touch has, with channels of similar names."""
    listed, similar = ", ".join(names), ", ".join(alike[:LISTED])
    meant = f" If {similar} is meant, name it under direct." if alike else ""
    voulu = f" S’il s’agit de {similar}, indiquez-le sous direct." if alike else ""
    return Remark(
        "direct_channel_absent",
        f"No touch is of a channel given as direct ({listed}), so that nothing is skipped for it.{meant}",
        f"Aucun contact ne relève d’un canal déclaré direct ({listed}), qui ne fait donc rien ignorer.{voulu}",
    )
