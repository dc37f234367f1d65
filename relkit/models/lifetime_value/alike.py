"""Customers who buy alike if they are alive: their later purchases depend on x, T and covariates only, and are computed once."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from relkit.models.lifetime_value.formulas import Each, Formulas

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Alike:
    """Customers, and the g groups of them who buy alike if alive.

    Attributes:
        formulas: of the model.
        own: terms of the groups, in days.
        x: repeat purchases of each group, shape (g,).
        T: age of each group, days, shape (g,).
        which: group of each customer, shape (n,).
        alive: P(alive) of each customer, shape (n,).
    """

    formulas: Formulas
    own: tuple[Each, ...]
    x: Floats
    T: Floats
    which: NDArray[np.intp]
    alive: Floats
    _expected: dict[float, Floats] = field(default_factory=dict, init=False, repr=False)

    def some(self, rows: NDArray[np.intp]) -> Alike:
        """Return the customers at some positions."""
        return replace(self, which=self.which[rows], alive=self.alive[rows])

    def expected(self, days: float) -> Floats:
        """Return the purchases expected of each group in so many days if alive, shape (g,)."""
        if days not in self._expected:
            some = days > 0
            self._expected[days] = np.asarray(
                self.formulas.purchases_if_alive(*self.own, self.x, self.T, days) if some else np.zeros(len(self.x))
            )
        return self._expected[days]

    def expected_of_all(self, days: float) -> Floats:
        """Return the purchases expected of each customer, shape (n,)."""
        return np.asarray(self.alive * self.expected(days)[self.which])

    def none_of_all(self, days: float) -> Floats:
        """Return the probability that each customer makes no purchase in so many days, shape (n,)."""
        if days <= 0:
            return np.ones(len(self.which))
        return np.asarray(1 - self.alive * self.formulas.order_probability_if_alive(*self.own, self.x, self.T, days)[self.which])

    def probability_of_all(self, purchases: Floats, days: float) -> Floats:
        """Return the probability that each customer makes exactly `purchases[i]` of them, shape (n,)."""
        nothing = purchases == 0
        if days <= 0:
            return np.asarray(nothing, dtype=np.float64)
        groups, number = self.which, purchases.astype(np.int64)
        key = groups * (int(number.max(initial=0)) + 1) + number
        cells, back = np.unique(key, return_inverse=True)
        g, m = np.divmod(cells, int(number.max(initial=0)) + 1)
        own = tuple(term[g] if isinstance(term, np.ndarray) else term for term in self.own)
        exactly = self.formulas.purchase_probability_if_alive(*own, self.x[g], self.T[g], m.astype(float), days)
        return np.asarray(self.alive * exactly[back] + np.where(nothing, 1 - self.alive, 0.0))
