from __future__ import annotations

import numpy as np
import pytest

from relkit.errors import ParameterError
from relkit.tables.simulation import Disturbances, SimulationSettings
from relkit.tables.simulation.assortment import BASE_SHARES, BUNDLE_SHARE, CATEGORIES, MARGIN_RATES, PRODUCTS_A_CATEGORY, popularity
from relkit.tables.simulation.baskets import (
    MORE_LINES,
    Lines,
    Tastes,
    _without_duplicates,
    draw_lines,
    draw_tastes,
    margins,
    quantities,
)
from relkit.tables.simulation.market import Market, make_market
from relkit.tables.simulation.parameters import TASTE_SPREAD
from relkit.tables.simulation.purchases import Orders

PLANTED = Disturbances()


def _orders(n: int, customers: int, day: int = 3) -> Orders:
    amount = np.round(np.random.default_rng(1).gamma(6, 10, n), 2)
    return Orders(customer=np.sort(np.arange(n) % customers), day=np.full(n, day), amount=amount, action=np.full(n, -1))


def _lines(n: int, customers: int, *, market: Market | None = None, day: int = 3) -> tuple[Orders, Tastes, Lines]:
    orders = _orders(n, customers, day)
    tastes = draw_tastes(np.random.default_rng(2), customers)
    return orders, tastes, draw_lines(np.random.default_rng(3), orders, tastes, market or make_market(SimulationSettings()), PLANTED)


def test_without_a_spread_of_tastes_all_prefer_the_same():
    tastes = draw_tastes(np.random.default_rng(4), 5, 0.0)
    assert np.allclose(tastes.affinity, np.array(BASE_SHARES) / np.sum(BASE_SHARES))
    with pytest.raises(ParameterError, match="taste_spread: -1 is negative"):
        SimulationSettings(taste_spread=-1.0)


def test_lines_of_an_order_add_up_to_it_to_the_cent():
    orders, _, lines = _lines(20_000, 500)
    sums = np.bincount(lines.order, weights=lines.cents)
    assert (sums == np.round(orders.amount * 100)).all()
    assert lines.cents.min() >= 0
    assert (lines.discount == 0).all()
    number = np.bincount(lines.order)
    assert abs(number.mean() - 1 - MORE_LINES) < 4 * np.sqrt(MORE_LINES / len(orders))


def test_lines_that_would_be_equal_differ_by_a_cent():
    order, position = np.array([0, 0, 0, 0, 1]), np.array([5, 5, 5, 7, 5])
    apart = _without_duplicates(order, position, np.array([100, 100, 100, 100, 100]))
    assert apart.sum() == 500
    assert len(set(zip(order.tolist(), position.tolist(), apart.tolist(), strict=True))) == 5


def test_categories_follow_the_tastes_whatever_the_bundles():
    """For one customer of known tastes, shares of 8 categories within 4 standard errors (lines in pairs: twice the variance)."""
    _, tastes, lines = _lines(60_000, 1)
    shares = np.bincount(lines.category, minlength=8) / len(lines)
    p = tastes.affinity[0]
    assert (np.abs(shares - p) < 4 * np.sqrt(2 * p * (1 - p) / len(lines))).all()


def test_a_leading_product_brings_its_bundle_partner():
    _, _, lines = _lines(100_000, 2_000)
    leads = np.flatnonzero((lines.rank[:-1] == 0) & (lines.product[:-1] == 0) & (lines.rank[1:] == 1))
    partner = (lines.category[leads + 1] == lines.category[leads]) & (lines.product[leads + 1] == 1)
    by_chance = 0.25 * popularity()[1]
    n = len(leads)
    assert n > 10_000
    assert abs(partner.mean() - BUNDLE_SHARE) < by_chance + 4 * np.sqrt(0.24 / n)


def test_tastes_are_probabilities_around_the_base_shares():
    """Mean log ratios between categories are those of the base shares; 4 standard errors."""
    n = 50_000
    tastes = draw_tastes(np.random.default_rng(4), n)
    np.testing.assert_allclose(tastes.affinity.sum(axis=1), 1)
    logs = np.log(tastes.affinity[:, 1:] / tastes.affinity[:, :1]).mean(axis=0)
    assert (np.abs(logs - np.log(np.array(BASE_SHARES[1:]) / BASE_SHARES[0])) < 4 * TASTE_SPREAD * np.sqrt(2 / n)).all()


def test_margin_of_a_customer_is_the_mean_rate_under_the_tastes():
    """Sum of margins over sum of amounts, one customer with 60,000 orders: within 0.2 points of the truth."""
    _, tastes, lines = _lines(60_000, 1)
    assert margins(lines).sum() / (lines.cents.sum() / 100) == pytest.approx(tastes.margin_rate[0], abs=0.002)
    assert min(MARGIN_RATES) < tastes.margin_rate[0] < max(MARGIN_RATES)


def test_quantities_are_whole_units():
    _, _, lines = _lines(2_000, 100)
    units = quantities(lines)
    assert units.min() == 1
    assert (units == np.round(units)).all()
    assert lines.position.max() < len(CATEGORIES) * PRODUCTS_A_CATEGORY


def test_a_promotion_takes_lines_from_the_sibling_and_costs_half_its_discount():
    """Same draws with and without the promotion: a quarter of the sibling's lines moves, 20 % comes off, we pay half of it."""
    market = make_market(SimulationSettings(world="hard"))
    start = int(market.promotions[1])
    promoted = int(market.promoted_categories(np.array([start]))[0])
    _, _, without = _lines(50_000, 500)
    _, _, lines = _lines(50_000, 500, market=market, day=start)
    was_sibling = without.category == promoted + 1
    moved = was_sibling & (lines.category == promoted)
    n = int(was_sibling.sum())
    assert abs(moved.sum() / n - PLANTED.cannibalised_share) < 4 * np.sqrt(0.25 * 0.75 / n)
    assert (lines.category[~was_sibling] == without.category[~was_sibling]).all()
    there = lines.category == promoted
    assert (lines.discount[there] == np.round(lines.cents[there] * PLANTED.promotion_discount)).all()
    assert (lines.discount[~there] == 0).all()
    rate = margins(lines)[there].sum() / (lines.cents[there].sum() / 100)
    assert rate == pytest.approx(MARGIN_RATES[promoted] - PLANTED.promotion_discount / 2, abs=1e-4)
