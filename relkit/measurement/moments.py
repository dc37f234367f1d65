"""Number, means and covariances of several columns: the form in which the rows of an arm reach every estimator.

Moments of two sets of rows add up to those of their union (Chan, Golub and LeVeque 1983), so that rows are read once.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from relkit.errors import ParameterError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from relkit.metrics.risk_sets import Floats

CONSTANT = 1e-12
"""Variance relative to the mean square below which a column is constant: what is left of rounding."""


@dataclass(frozen=True, eq=False)
class Moments:
    """Moments of k columns over n rows.

    Attributes:
        names: of the columns.
        n: number of rows.
        mean: shape (k,), in the units of the columns.
        deviations: sums of products of deviations from the means, shape (k, k); covariances are these over n - 1.

    Examples:
        >>> rows = Moments.of_rows(("orders", "revenue"), np.array([[0.0, 0.0], [2.0, 60.0]]))
        >>> rows.mean.tolist(), rows.covariances().tolist()
        ([1.0, 30.0], [[2.0, 60.0], [60.0, 1800.0]])
        >>> (rows + rows).n
        4.0
    """

    names: tuple[str, ...]
    n: float
    mean: Floats
    deviations: Floats

    @classmethod
    def of_rows(cls, names: tuple[str, ...], rows: Floats) -> Moments:
        """Return the moments of an array of rows, shape (n, k)."""
        mean = rows.mean(axis=0)
        return cls(names, float(len(rows)), mean, (rows - mean).T @ (rows - mean))

    def __add__(self, other: Moments) -> Moments:
        """Return the moments of the rows of both."""
        if self.names != other.names:
            raise ParameterError(f"moments of {', '.join(self.names)} and of {', '.join(other.names)} do not add up.", where="moments")
        n = self.n + other.n
        if n == 0:
            return self
        gap = other.mean - self.mean
        between = np.outer(gap, gap) * (self.n * other.n / n)
        return replace(self, n=n, mean=self.mean + gap * (other.n / n), deviations=self.deviations + other.deviations + between)

    def at(self, name: str) -> int:
        """Return the place of a column.

        Raises:
            ParameterError: it is not among them.
        """
        if name not in self.names:
            raise ParameterError.unknown("measure", name, self.names, where="measurement")
        return self.names.index(name)

    def covariances(self) -> Floats:
        """Return the covariances, divided by n - 1, shape (k, k); zero in one row only."""
        return self.deviations / max(self.n - 1.0, 1.0)

    def covariance_along(self, weights: Floats) -> Floats:
        """Return the covariances of m weighted sums of the columns, shape (m, m), from weights of shape (m, k).

        Variances that are nothing but what rounding leaves of a constant are zero.
        """
        spread = self.covariances()
        found = weights @ spread @ weights.T
        terms = np.einsum("mk,kl,ml->m", np.abs(weights), np.abs(spread), np.abs(weights))
        constant = np.diag(found) <= CONSTANT * terms
        return np.asarray(np.where(constant[:, None] | constant[None, :], 0.0, found))

    def variance_along(self, weights: Floats) -> float:
        """Return the variance of a weighted sum of the columns, weights of shape (k,)."""
        return float(self.covariance_along(weights[None, :])[0, 0])


def together(parts: Iterable[Moments]) -> Moments:
    """Return the moments of all parts, at least one."""
    first, *others = parts
    total = first
    for other in others:
        total = total + other
    return total
