from __future__ import annotations

from fractions import Fraction
from math import comb, exp, fsum, log

import numpy as np
import pytest
from scipy import stats

from relkit.models.affinity.fisher import fisher_p_values
from relkit.models.affinity.measures import Counts


def exact(k: int, x: int, y: int, n: int) -> float:
    """Return the tail in whole numbers."""
    return float(Fraction(sum(comb(x, j) * comb(n - x, y - j) for j in range(k, min(x, y) + 1)), comb(n, y)))


@pytest.mark.parametrize("n", [1, 2, 5, 9, 40, 300])
def test_tails_are_those_of_whole_numbers(n: int) -> None:
    rng = np.random.default_rng(n)
    left, right = rng.integers(1, n + 1, 60), rng.integers(1, n + 1, 60)
    both = rng.integers(np.maximum(0, left + right - n), np.minimum(left, right) + 1)
    found = fisher_p_values(Counts(both, left, right, n))
    for p, k, x, y in zip(found, both.tolist(), left.tolist(), right.tolist(), strict=True):
        assert p == pytest.approx(exact(k, x, y, n), rel=1e-12, abs=1e-14)


def test_a_small_tail_among_a_million_baskets_keeps_its_digits() -> None:
    """The same sum from logarithms that are added exactly."""
    k, x, y, n = 273, 12_986, 18_198, 1_000_000

    def log_comb(m: int, j: int) -> float:
        return fsum(log(m - i) - log(i + 1) for i in range(j))

    whole = log_comb(n, y)
    tail = fsum(exp(log_comb(x, j) + log_comb(n - x, y - j) - whole) for j in range(k, k + 120))
    found = fisher_p_values(Counts(np.array([k]), np.array([x]), np.array([y]), n))[0]
    assert found == pytest.approx(tail, rel=1e-10)


def test_millions_of_baskets_agree_with_scipy() -> None:
    rng = np.random.default_rng(8)
    n = 4_200_000
    left, right = rng.integers(500, 60_000, 300), rng.integers(500, 60_000, 300)
    mean = left * right / n
    both = np.clip(mean + rng.normal(size=300) * 3 * np.sqrt(mean), 0, np.minimum(left, right)).astype(np.int64)
    expected = stats.hypergeom.sf(both - 1, n, left, right)
    np.testing.assert_allclose(fisher_p_values(Counts(both, left, right, n)), expected, rtol=5e-9)  # scipy loses digits in gammaln


def test_no_tail_beyond_its_ends() -> None:
    counts = Counts(np.array([0, 5, 4]), np.array([3, 5, 4]), np.array([4, 10, 6]), 10)
    assert fisher_p_values(counts).tolist() == [1.0, 1.0, pytest.approx(exact(4, 4, 6, 10))]
    assert len(fisher_p_values(Counts(*[np.empty(0, np.int64)] * 3, 1))) == 0
