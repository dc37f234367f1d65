"""Base class of the fitted naive rules: nobody leaves, and a rule gives the purchases ahead of each customer."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date  # noqa: TC003 storage reads the types of the fields
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from relkit.errors import NotEnoughEventsError
from relkit.models.lifetime_value.purchases import PURCHASE_HISTORIES, read_columns
from relkit.models.lifetime_value.purchases_ahead import PurchasesAhead, whole_numbers

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import polars as pl

    from relkit.contracts import Contract
    from relkit.models.lifetime_value.purchases_ahead import Ahead

Floats = NDArray[np.float64]

_FITTED = 2
"""Numbers that are fitted around a rule."""


def refuse_too_few(x: NDArray[Any], where: str) -> None:
    """Refuse customers of whom too few bought again.

    Args:
        x: repeat purchases, shape (n,).
        where: the model.

    Raises:
        NotEnoughEventsError: fewer came back than numbers are fitted.
    """
    if (came_back := int((x > 0).sum())) < _FITTED:
        raise NotEnoughEventsError(
            f"{came_back} of {len(x)} customers bought again; {_FITTED} parameters need more.",
            where=where,
            remedy="Fit a longer period or more customers.",
        )


@dataclass(frozen=True, kw_only=True, eq=False)
class NaiveRule(PurchasesAhead):
    """A fitted rule; its own class adds the numbers, `rule` and `chances`.

    Attributes:
        starts_on: first day of the history.
    """

    format: ClassVar[int] = 1

    starts_on: date

    @property
    def needs(self) -> Contract:
        """Columns that score reads."""
        return PURCHASE_HISTORIES

    def history_days(self, frame: pl.DataFrame) -> Floats:
        """Return the days of the history up to the day of each row, both ends included, shape (n,)."""
        before = (frame["first_order_on"] - self.starts_on).dt.total_days().to_numpy()
        return np.asarray(np.maximum(before + frame["observed_days"].to_numpy() + 1, 1.0))

    def rule(self, frame: pl.DataFrame, days: float) -> Floats:
        """Return the purchases expected of each customer in the next `days`, shape (n,)."""
        raise NotImplementedError

    def chances(self, frame: pl.DataFrame, purchases: Floats, days: float) -> Floats:
        """Return the probability of each number of purchases in the next `days`, shape (n,)."""
        raise NotImplementedError

    @property
    def nobody_leaves(self) -> bool:
        """True: a rule does not know that customers leave."""
        return True

    def tells_alive(self, features: pl.DataFrame) -> NDArray[np.bool_]:
        """Return a mask without any customer: P(alive) is 1 by construction, shape (n,)."""
        return np.zeros(len(features), dtype=bool)

    def over_pairs(self, features: pl.DataFrame, value: Callable[[Ahead], Floats]) -> tuple[Floats, Floats]:
        """Return 1 and `value` of the purchases ahead of each customer, both (n,)."""
        frame = read_columns(features, self.needs)
        return np.ones(len(frame)), value(lambda days: self.rule(frame, days))

    def purchases_probability(self, features: pl.DataFrame, purchases: Sequence[int] | NDArray[Any], days: float) -> Floats:
        """Return the probability that each customer makes exactly `purchases[i]` purchases in the next `days`, shape (n,)."""
        self._check_ahead(days)
        frame = read_columns(features, self.needs)
        return self.chances(frame, whole_numbers(purchases, len(frame), self.name), days)

    def _order_probability(self, features: pl.DataFrame, days: float) -> Floats:
        frame = read_columns(features, self.needs)
        return 1 - self.chances(frame, np.zeros(len(frame)), days)
