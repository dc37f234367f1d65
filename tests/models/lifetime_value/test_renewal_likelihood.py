"""Likelihood of renewals: exact ratios, derivatives, and invariance to the grouping of contracts."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import special

from relkit.models.lifetime_value.renewal_likelihood import Lives, log_beta_ratio, log_likelihood, log_survival_ratio
from relkit.models.lifetime_value.renewals import RenewalCounts
from relkit.models.lifetime_value.shifted_beta_geometric import FORMULAS

COUNTS = RenewalCounts(at_risk=np.array([90.0, 70.0, 61.0, 20.0]), left=np.array([20.0, 7.0, 2.0, 0.0]))


@pytest.mark.parametrize(("a", "x", "h"), [(0.7, 1.2, 9), (1e-4, 1e7, 3), (3000.0, 8e6, 700), (50.0, 1e-3, 40), (2.0, 9.5, 5000)])
def test_the_ratio_is_the_product_over_renewals(a: float, x: float, h: int) -> None:
    """B(a, x + h) / B(a, x) is the product of (x + j) / (a + x + j), summed here without rounding."""
    product = math.fsum(math.log1p(-a / (a + x + j)) for j in range(h))
    assert float(log_beta_ratio(np.array(a), np.array(x), np.array(float(h)))) == pytest.approx(product, rel=1e-11)


def test_the_ratio_holds_at_a_real_time() -> None:
    t = np.array([0.3, 1.7, 12.9])
    direct = special.betaln(0.7, 1.2 + t**1.3) - special.betaln(0.7, 1.2)
    assert log_survival_ratio(np.array(0.7), 1.2, 1.3, np.zeros(3), t) == pytest.approx(direct, rel=1e-13)


def some_lives(patterns: int) -> tuple[Lives, np.ndarray]:
    """Return the lives of 60 contracts, some first observed late, and a covariate for each pattern."""
    rng = np.random.default_rng(3)
    before = rng.integers(0, 3, 60) * (rng.random(60) < 0.4)
    last = before + rng.integers(1, 9, 60)
    of_row = np.arange(60) % patterns
    return Lives.of_spells(of_row, before, last, rng.random(60) < 0.5, patterns), rng.normal(size=(patterns, 2))


@pytest.mark.parametrize("with_c", [False, True])
@pytest.mark.parametrize("at", [(0.7, 1.2, 1.4), (4.0, 0.3, 0.5), (0.02, 40.0, 1.0)])
@pytest.mark.parametrize("effects", [False, True])
def test_derivatives_are_those_of_the_value(at: tuple[float, float, float], *, with_c: bool, effects: bool) -> None:
    """Central differences of the value and of the gradient."""
    lives, Z = some_lives(7 if effects else 1)
    logs = np.concatenate((np.log(at[: 3 if with_c else 2]), [0.3, -0.6] if effects else []))
    covariates, step = Z if effects else None, 1e-4
    _, gradient, hessian = log_likelihood(logs, lives, with_c=with_c, Z=covariates)
    sides = [[log_likelihood(logs + s * step * e, lives, with_c=with_c, Z=covariates) for s in (1, -1)] for e in np.eye(len(logs))]
    assert gradient == pytest.approx([(up[0] - down[0]) / (2 * step) for up, down in sides], rel=1e-6, abs=1e-6)
    assert hessian == pytest.approx(np.array([(up[1] - down[1]) / (2 * step) for up, down in sides]), rel=1e-5, abs=1e-5)


def test_it_is_the_probability_of_each_length() -> None:
    """Fader and Hardie (2007), eq. 5 and 6: P(T = t) for those who left, S(t) for those who stayed."""
    counts = RenewalCounts(at_risk=np.array([10.0, 6.0, 5.0]), left=np.array([4.0, 1.0, 2.0]))
    survival = np.exp(special.betaln(0.8, 2.1 + np.arange(4.0) ** 1.7) - special.betaln(0.8, 2.1))
    whole = counts.left @ np.log(-np.diff(survival)) + 3 * np.log(survival[-1])
    found = log_likelihood(np.log([0.8, 2.1, 1.7]), Lives.of_counts(counts), with_c=True)
    assert found[0] == pytest.approx(whole, rel=1e-12)


def test_counts_and_spells_agree() -> None:
    """Late entries count from the renewal after they were first observed, whichever way they are added up."""
    last = np.array([1, 2, 3, 3, 4])
    before, ended = np.array([0, 0, 0, 2, 1]), np.array([True, False, True, True, False])
    spells = Lives.of_spells(np.zeros(5, dtype=np.intp), before, last, ended, 1)
    counts = RenewalCounts(at_risk=np.array([3.0, 3.0, 3.0, 1.0]), left=np.array([1.0, 0.0, 2.0, 0.0]))
    logs = np.log([0.9, 2.0, 1.2])
    one, other = (log_likelihood(logs, lives, with_c=True) for lives in (spells, Lives.of_counts(counts)))
    assert one[0] == pytest.approx(other[0], rel=1e-13)
    assert one[2] == pytest.approx(other[2], rel=1e-12)


def test_as_many_patterns_as_contracts_give_what_one_gives() -> None:
    one, _ = some_lives(1)
    own, Z = some_lives(60)
    logs = np.log([0.9, 2.0, 1.2])
    apart = log_likelihood(np.append(logs, [0.0, 0.0]), own, with_c=True, Z=Z)
    assert apart[0] == pytest.approx(log_likelihood(logs, one, with_c=True)[0], rel=1e-12)


def test_standard_errors_are_those_of_repeated_samples() -> None:
    """The spread of the parameters of 200 simulated companies matches the standard errors, within 15 %."""
    rng, n = np.random.default_rng(5), 4000
    fits = []
    for _ in range(200):
        life = rng.geometric(rng.beta(1.5, 6.0, n))
        k = np.arange(1, 13)
        at_risk, left = (life[:, None] >= k).sum(axis=0), (life[:, None] == k).sum(axis=0)
        fits.append(FORMULAS.maximum(Lives.of_counts(RenewalCounts(at_risk=at_risk.astype(float), left=left.astype(float)))))
    spread = np.std([fit.at for fit in fits], axis=0)
    errors = np.mean([np.sqrt(np.diag(fit.covariance)) for fit in fits], axis=0)
    assert spread == pytest.approx(errors, rel=0.15)
    assert np.mean([fit.at for fit in fits], axis=0) == pytest.approx(np.log([1.5, 6.0]), abs=0.02)
