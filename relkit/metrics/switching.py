"""Products that replace one another: switches between them against what popularity alone would give.

With n_ij switches from i to j, popularity alone gives e_ij = a_i b_j for i other than j: quasi-independence, the diagonal being impossible
(Goodman 1968, The Analysis of Cross-Classified Data, Journal of the American Statistical Association 63). Both directions together,
n = n_ij + n_ji and e = e_ij + e_ji, give the similarity Q = (n - e) / (n + e), which has the form of Yule's Q (1900, On the Association of
Attributes in Statistics), and the dissimilarity (1 - Q) / 2 = e / (n + e): 0.5 by chance, 0 if customers switch between these two only.
Neither the popularity of products nor the activity of customers affects it, unlike Yule's Q of who ever bought both.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from relkit.metrics.multiplicity import benjamini_hochberg

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from relkit.metrics.risk_sets import Floats

ROUNDS, TOLERANCE = 500, 1e-10


@dataclass(frozen=True, kw_only=True, eq=False)
class Switching:
    """Switches between products, and those expected by popularity.

    Attributes:
        observed: in both directions, symmetric, shape (k, k).
        expected: by quasi-independence, in both directions, shape (k, k).
        q_value: false discovery rate at which a pair differs from chance (Benjamini and Hochberg 1995), shape (k, k); 1 on the diagonal.
    """

    observed: NDArray[np.int64]
    expected: Floats
    q_value: Floats

    def dissimilarity(self, alpha: float = 0.05) -> Floats:
        """Return e / (n + e), and exactly 0.5 for pairs within chance at the false discovery rate `alpha`, shape (k, k)."""
        total = self.observed + self.expected
        apart = np.divide(self.expected, total, out=np.full_like(total, 0.5), where=total > 0)
        apart[self.q_value > alpha] = 0.5
        np.fill_diagonal(apart, 0.0)
        return apart


def switching(counts: NDArray[np.int64]) -> Switching:
    """Compare switches with quasi-independence.

    Args:
        counts: switches from the row to the column, zero on the diagonal, shape (k, k).

    Examples:
        >>> even = np.array([[0, 8, 8], [8, 0, 8], [8, 8, 0]])
        >>> switching(even).dissimilarity().tolist()
        [[0.0, 0.5, 0.5], [0.5, 0.0, 0.5], [0.5, 0.5, 0.0]]
    """
    expected = quasi_independent(counts)
    both, chance = counts + counts.T, expected + expected.T
    return Switching(observed=both, expected=chance, q_value=_q_values(both, chance))


def quasi_independent(counts: NDArray[np.int64]) -> Floats:
    """Return the table with the same margins, zero on the diagonal and independent elsewhere (iterative proportional fitting).

    Examples:
        >>> quasi_independent(np.array([[0, 2, 1], [2, 0, 1], [1, 1, 0]])).round(6).tolist()
        [[0.0, 2.0, 1.0], [2.0, 0.0, 1.0], [1.0, 1.0, 0.0]]
    """
    rows, columns = counts.sum(axis=1).astype(np.float64), counts.sum(axis=0).astype(np.float64)
    table = 1.0 - np.eye(len(counts))
    for _ in range(ROUNDS):
        table *= (rows / np.maximum(table.sum(axis=1), 1e-300))[:, None]
        table *= columns / np.maximum(table.sum(axis=0), 1e-300)
        if np.abs(table.sum(axis=1) - rows).max(initial=0.0) < TOLERANCE * max(float(rows.sum()), 1.0):
            break
    return table


def _q_values(observed: NDArray[np.int64], expected: Floats) -> Floats:
    """Return two-sided exact Poisson p-values of the pairs, adjusted for their number."""
    from scipy.special import gammainc, gammaincc

    k = len(observed)
    upper = np.triu_indices(k, 1)
    n, e = observed[upper].astype(np.float64), np.maximum(expected[upper], 1e-12)
    at_least = np.where(n > 0, gammainc(np.maximum(n, 1), e), 1.0)
    at_most = gammaincc(n + 1, e)
    q_value = np.ones((k, k))
    if k > 1:
        q_value[upper] = benjamini_hochberg(np.minimum(2 * np.minimum(at_least, at_most), 1.0))
    return np.minimum(q_value, q_value.T)
