from __future__ import annotations

import numpy as np
import pytest

from relkit.tables.simulation.clock import Clock
from relkit.tables.simulation.parameters import PurchaseParameters, SpendParameters
from relkit.tables.simulation.purchases import Buyers, distinct_days, draw_amounts, draw_buyers, draw_order_days, expected_orders

CDNOW = PurchaseParameters(r=0.243, alpha=4.414, a=0.793, b=2.426)


def _repeats(buyers: Buyers, days: int, seed: int = 2) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    n = len(buyers.rate)
    clock = Clock.steady(first=0, days=days + 1)
    customer, day, ends, number = draw_order_days(np.random.default_rng(seed), buyers, np.zeros(n, dtype=np.int64), clock, days)
    return customer, day, ends, number - 1


@pytest.mark.parametrize("weeks", [13, 39, 78])
def test_orders_of_a_new_customer_as_the_paper_expects(weeks: int):
    """E[X(t)] of BG/NBD, Fader, Hardie and Lee 2005, eq. 9, with their CDNOW parameters; tolerance: 4 standard errors."""
    from scipy.special import hyp2f1

    n = 400_000
    buyers = draw_buyers(np.random.default_rng(1), n, CDNOW, SpendParameters())
    *_, repeats = _repeats(buyers, weeks * 7)
    t = weeks - 0.5 / 7  # the first order is at noon
    r, alpha, a, b = CDNOW.r, CDNOW.alpha, CDNOW.a, CDNOW.b
    expected = (a + b - 1) / (a - 1) * (1 - (alpha / (alpha + t)) ** r * hyp2f1(r, b, a + b - 1, t / (alpha + t)))
    assert abs(repeats.mean() - expected) < 4 * repeats.std() / np.sqrt(n)


def test_repeat_orders_without_dropout_are_a_poisson_process():
    """Counts have mean and variance lambda t, instants are uniform given the counts (Kolmogorov-Smirnov at 1 in 1,000)."""
    from scipy.stats import kstest

    n, days = 50_000, 700
    buyers = Buyers(rate=np.full(n, 0.14), dropout=np.full(n, 1e-12), mean_order=np.ones(n))
    customer, day, ends, repeats = _repeats(buyers, days)
    mean = 0.14 / 7 * (days - 0.5)
    assert abs(repeats.mean() - mean) < 4 * np.sqrt(mean / n)
    assert abs(repeats.var() / mean - 1) < 4 * np.sqrt(2 / n)
    assert not ends.any()
    again = np.concatenate([[False], customer[1:] == customer[:-1]])
    instants = day[again] + np.random.default_rng(3).random(int(again.sum()))
    assert kstest(instants[::20] / days, "uniform").pvalue > 0.001


def test_dropout_follows_each_repeat_order_with_its_probability():
    """Given time without end, repeats are geometric with mean 1 / p, and the last one ends the relation."""
    n = 100_000
    buyers = Buyers(rate=np.full(n, 7.0), dropout=np.full(n, 0.25), mean_order=np.ones(n))
    customer, day, ends, repeats = _repeats(buyers, 3000)
    assert abs(repeats.mean() - 4) < 4 * np.sqrt(12 / n)
    assert ends.sum() == n
    assert (np.diff(np.flatnonzero(ends)) >= 2).all()
    assert (ends | (np.append(customer[1:] == customer[:-1], False))).all()
    assert day.max() < 3000


def test_orders_are_grouped_sorted_and_never_share_a_day():
    buyers = draw_buyers(np.random.default_rng(4), 5000, PurchaseParameters(alpha=1.0), SpendParameters())
    customer, day, _, repeats = _repeats(buyers, 500)
    same = customer[1:] == customer[:-1]
    assert (np.diff(customer) >= 0).all()
    assert (day[1:][same] > day[:-1][same]).all()
    assert len(customer) == repeats.sum() + 5000


def test_distinct_days_moves_only_what_collides():
    customer = np.array([0, 0, 0, 1, 1, 2])
    day = np.array([5, 5, 6, -2, -2, 5])
    assert distinct_days(customer, day).tolist() == [5, 6, 7, -2, -1, 5]
    assert distinct_days(customer[:0], day[:0]).tolist() == []


def test_expected_orders_of_one_active_customer():
    """(1 - exp(-lambda p t)) / p against the mean of simulated continuations of an active customer; 4 standard errors."""
    n, days = 200_000, 365
    buyers = Buyers(rate=np.full(n, 0.3), dropout=np.full(n, 0.1), mean_order=np.ones(n))
    *_, repeats = _repeats(buyers, days)
    want = expected_orders(np.array([0.3]), np.array([0.1]), days - 0.5)[0]
    assert abs(repeats.mean() - want) < 4 * repeats.std() / np.sqrt(n)


def test_amounts_are_gamma_gamma():
    """Mean p v / (q - 1); variance of an order over customers from the gamma moments; 4 standard errors, to the cent."""
    spend = SpendParameters(p=6.0, q=9.0, v=27.0)
    n = 400_000
    buyers = draw_buyers(np.random.default_rng(5), n, PurchaseParameters(), spend)
    amounts = draw_amounts(np.random.default_rng(6), buyers.mean_order, spend)
    second = spend.p * (spend.p + 1) * spend.v**2 / ((spend.q - 1) * (spend.q - 2))
    assert abs(amounts.mean() - spend.mean) < 4 * amounts.std() / np.sqrt(n)
    assert amounts.var() == pytest.approx(second - spend.mean**2, rel=0.03)
    assert (np.round(amounts, 2) == amounts).all()
    assert amounts.min() > 0
    assert abs(np.corrcoef(buyers.rate, buyers.mean_order)[0, 1]) < 4 / np.sqrt(n)


def test_the_likelihood_recovers_the_parameters():
    """A plain BG/NBD likelihood (eq. 6 of the paper) over the orders of 60,000 buyers; each within 4 standard errors of the truth.

    The standard errors come from the inverse of a numerical Hessian at the optimum.
    """
    from scipy.optimize import approx_fprime, minimize
    from scipy.special import betaln, gammaln

    truth = PurchaseParameters()
    n, days = 60_000, 1095
    customer, day, _, repeats = _repeats(draw_buyers(np.random.default_rng(7), n, truth, SpendParameters()), days + 1, seed=8)
    last = np.zeros(n)
    np.maximum.at(last, customer, day)
    x, t_x, T = repeats.astype(float), last / 7, days / 7

    def negative(theta: np.ndarray) -> float:
        r, alpha, a, b = np.exp(theta)
        alive = betaln(a, b + x) - (r + x) * np.log(alpha + T)
        gone = betaln(a + 1, b + np.maximum(x, 1) - 1) - (r + x) * np.log(alpha + t_x)
        both = np.logaddexp(alive, np.where(x > 0, gone, -np.inf))
        return float(-np.mean(gammaln(r + x) - gammaln(r) + r * np.log(alpha) - betaln(a, b) + both))

    start = np.log([truth.r, truth.alpha, truth.a, truth.b])
    found = minimize(negative, start + 0.3, method="L-BFGS-B", options={"ftol": 1e-14, "gtol": 1e-9})
    hessian = approx_fprime(found.x, lambda theta: approx_fprime(theta, negative, 1e-5), 1e-4)
    errors = np.sqrt(np.diag(np.linalg.inv((hessian + hessian.T) / 2 * n)))
    assert (np.abs(found.x - start) < 4 * errors).all()
    assert (errors < 0.1).all()
