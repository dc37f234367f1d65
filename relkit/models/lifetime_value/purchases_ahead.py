"""What fitted models of purchases do alike with the days ahead, whatever their process: check them, expect, score."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
import polars as pl
from numpy.typing import NDArray

from relkit.cards import FittedCard
from relkit.errors import ParameterError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    Ahead = Callable[[float], "Floats"]
    """Purchases expected of some customers in so many days if they are alive."""

Floats = NDArray[np.float64]

DEFAULT_HORIZON_DAYS = 90


class PurchasesAhead(FittedCard):
    """A fitted model whose `over_pairs` tells who is alive, and what those expect to buy."""

    name: ClassVar[str]

    def over_pairs(self, features: pl.DataFrame, value: Callable[[Ahead], Floats]) -> tuple[Floats, Floats]:
        """Return P(alive) of each customer, and what `value` makes of the purchases ahead of those alive, both (n,)."""
        raise NotImplementedError

    def expected_purchases(self, features: pl.DataFrame, days: float) -> Floats:
        """Return the purchases expected of each customer in the `days` after the as-of day, shape (n,)."""
        return self._alive_and_expected(features, days)[1]

    def score(self, features: pl.DataFrame, *, horizon_days: int | None = None) -> pl.DataFrame:
        """Return customer_id, p_alive and expected_orders_<horizon>d, one row per row of `features`.

        Args:
            features: the columns of `needs`, as of any day.
            horizon_days: how far ahead orders are expected; 90 unless told.
        """
        days = DEFAULT_HORIZON_DAYS if horizon_days is None else horizon_days
        alive, expected = self._alive_and_expected(features, days)
        return pl.DataFrame({"customer_id": features["customer_id"], "p_alive": alive, f"expected_orders_{days}d": expected})

    def _alive_and_expected(self, features: pl.DataFrame, days: float) -> tuple[Floats, Floats]:
        self._check_ahead(days)
        alive, if_alive = self.over_pairs(features, lambda ahead: ahead(days))
        return alive, alive * if_alive

    def _check_ahead(self, days: float) -> None:
        if not 0 <= days < np.inf:
            raise ParameterError(f"horizon_days is {days}; it must be 0 or more.", where=self.name)


def whole_numbers(purchases: Sequence[int] | NDArray[Any], rows: int, where: str) -> Floats:
    """Return numbers of purchases, one a row, shape (rows,).

    Raises:
        ParameterError: there are more or fewer of them, or one is below 0, a fraction or no number.

    Examples:
        >>> whole_numbers([2, 0], 2, "doctest").tolist()
        [2.0, 0.0]
    """
    m = np.asarray(purchases, dtype=np.float64)
    if m.shape != (rows,) or not ((m >= 0) & (m == np.floor(m)) & (m < np.inf)).all():
        raise ParameterError(f"purchases must be {rows} whole numbers from 0, one a row of the features.", where=where)
    return m
