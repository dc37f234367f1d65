"""Six shops on which forecasts of orders are judged, and the days on which each is asked for a forecast.

The data are read as any company's are: checked through the mapping, purchases and cancellations as the features define them. They are
opened once, as of their last day; the cutoff of each origin decides what a forecast may know.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from relkit.features.purchase_days import coded_days
from relkit.features.purchase_histories import purchase_histories
from relkit.features.purchases import holdout_purchases
from relkit.periods import Holdout
from relkit.tables.table_set import TableSet

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

SHOPS = {
    "CDNOW": "cdnow_master",
    "Online Retail": "online_retail",
    "completejourney": "completejourney",
    "apparel": "clvtools_apparel",
    "essec": "essec_purchases",
    "grocery": "btydplus_grocery",
}
"""Mapping of each shop; apparel is simulated, the others are real."""
HORIZONS = (28, 90, 180)
_FIRST_KNOWN = ((1000, 98), (3000, 365), (10**9, 730))
"""Days that must be known at the first origin, by the length of the history."""


def origins_of(length_days: int, horizon_days: int) -> list[int]:
    """Return the days known at each origin, evenly spread between the first possible one and the last.

    Examples:
        >>> origins_of(545, 90)
        [98, 187, 276, 366, 455]
    """
    first = next(known for below, known in _FIRST_KNOWN if length_days < below)
    last = length_days - horizon_days
    number = 6 if horizon_days <= 28 else 5 if last - first > 100 else 4
    return [round(float(day)) for day in np.linspace(first, last, number)]


def apart(origins: list[int], horizon_days: int) -> int:
    """Return the number of origins whose windows do not overlap.

    Examples:
        >>> apart([98, 130, 161, 193], 90)
        2
    """
    found, free = 0, -1
    for day in origins:
        if day >= free:
            found, free = found + 1, day + horizon_days
    return found


@dataclass(frozen=True, eq=False)
class Shop:
    """The tables of a shop.

    Attributes:
        name: of the shop.
        tables: as checked.
    """

    name: str
    tables: TableSet

    @classmethod
    def opened(cls, name: str, data: Path, mappings: Path, folder: Path) -> Shop:
        """Return a shop, its files checked into a folder unless they are there."""
        from relkit.jobs.check_tables import CheckTables

        out = folder / SHOPS[name]
        if not (out / "tables").exists():
            CheckTables(data=data, mapping=mappings / f"{SHOPS[name]}.yaml", out=out).run()
        return cls(name, TableSet.open(out / "tables"))

    @cached_property
    def days(self) -> pl.DataFrame:
        """Customer (code), day (days from the first purchase of the shop) and value of each purchase."""
        found = coded_days(self.tables, self.tables.as_of(None))
        return found.with_columns((pl.col("day") - found["day"].min()).dt.total_days())

    @property
    def length_days(self) -> int:
        """Days from the first purchase to the last."""
        return int(self.days["day"].max())  # type: ignore[call-overload]  # a number

    @property
    def has_amounts(self) -> bool:
        """True unless all purchases are of no value."""
        return float(self.days["value"].sum()) > 0

    def origin(self, known_days: int, horizon_days: int) -> Origin:
        """Return the origin at which so many days after the first purchase are known."""
        end = self.tables.as_of(None)
        split = Holdout.before(end, days=self.length_days - known_days).first(horizon_days)
        return Origin(self, known_days, split)


@dataclass(frozen=True, eq=False)
class Origin:
    """A day of a shop on which forecasts are asked for.

    Attributes:
        shop: the shop.
        known_days: days known.
        split: what is known, and the days to forecast.
    """

    shop: Shop
    known_days: int
    split: Holdout

    @cached_property
    def rows(self) -> pl.DataFrame:
        """Histories of the customers known, with holdout_purchases and holdout_mean_value, in order of customer_id."""
        known, came = purchase_histories(self.shop.tables, self.split.calibration), holdout_purchases(self.shop.tables, self.split)
        return known.join(came, on="customer_id", how="left", maintain_order="left").sort("customer_id")

    @property
    def came(self) -> Floats:
        """Purchases of each customer in the days forecast, shape (n,)."""
        return self.rows["holdout_purchases"].cast(pl.Float64).to_numpy()
