"""False discoveries: the share of wrong findings among the significant ones, over many worlds whose truth is known.

Pairs are the findings: in both worlds a pair that was not planted is independent, or rarer together than chance. A larger set that
contains a planted pair truly depends on it, so it would be no false discovery.
"""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from relkit.models.affinity.association_rules import Wanted, mine_rules, rules_frame
from relkit.models.affinity.baskets import Baskets, tidied
from relkit.models.affinity.itemsets import frequent_itemsets
from relkit.tables.simulation import Disturbances, SimulationSettings
from relkit.tables.simulation.assortment import CATEGORIES, PRODUCTS_A_CATEGORY
from relkit.tables.simulation.baskets import draw_lines, draw_tastes
from relkit.tables.simulation.market import make_market
from relkit.tables.simulation.purchases import Orders

SEEDS = 100
LEVEL = 0.05
Pairs = set[tuple[str, str]]


def significant(baskets: Baskets, least: int) -> Pairs:
    """Return the pairs of which a rule has a q-value of at most the level."""
    rules = rules_frame(mine_rules(frequent_itemsets(baskets, least, most_items=2), Wanted()), baskets.names)
    found = rules.filter(pl.col("q_value") <= LEVEL).select(pl.col("antecedent").list.first(), pl.col("consequent").list.first())
    return {(min(pair), max(pair)) for pair in found.iter_rows()}


def independent_baskets(rng: np.random.Generator, n: int, planted: int) -> tuple[Baskets, Pairs]:
    """Return baskets of 60 items that occur independently, but for some pairs whose second item follows the first more often."""
    share = rng.uniform(0.02, 0.2, 60)
    there = rng.random((n, 60)) < share
    for pair in range(planted):
        there[:, 2 * pair + 1] |= there[:, 2 * pair] & (rng.random(n) < 0.5)
    names = pl.Series([f"i{item:02d}" for item in range(60)])
    full = there[there.any(axis=1)]
    items = np.nonzero(full)[1].astype(np.int32)
    baskets = Baskets(np.concatenate(([0], np.cumsum(full.sum(axis=1)))), items, names)
    return baskets, {(f"i{2 * pair:02d}", f"i{2 * pair + 1:02d}") for pair in range(planted)}


def company_baskets(seed: int, n: int, spread: float) -> Baskets:
    """Return the baskets of a simulated company whose customers' tastes have a spread; the smallest products are the rarest."""
    rng = np.random.default_rng(seed)
    customers = n // 5
    orders = Orders(np.sort(rng.integers(0, customers, n)), np.full(n, 3), np.full(n, 60.0), np.full(n, -1))
    lines = draw_lines(rng, orders, draw_tastes(rng, customers, spread), make_market(SimulationSettings()), Disturbances())
    names = pl.Series([f"P{c}-{rank:02d}" for c in range(len(CATEGORIES)) for rank in range(PRODUCTS_A_CATEGORY)])
    offsets, items = tidied(np.concatenate(([0], np.cumsum(np.bincount(lines.order)))), lines.position.astype(np.int32))
    return Baskets(offsets, items, names)


BUNDLES = {(f"P{c}-00", f"P{c}-01") for c in range(len(CATEGORIES))}


def false_share(found: Pairs, true: Pairs) -> float:
    return len(found - true) / max(len(found), 1)


@pytest.mark.parametrize("planted", [0, 6])
def test_the_false_discovery_rate_among_independent_items_is_at_most_the_level(planted: int) -> None:
    """The mean share over 100 worlds has a standard error of about 0.01 to 0.02; discrete p-values make the test conservative."""
    rng = np.random.default_rng(2026)
    shares, missed = [], 0
    for _ in range(SEEDS):
        baskets, true = independent_baskets(rng, 2000, planted)
        found = significant(baskets, 5)
        shares.append(false_share(found, true))
        missed += len(true - found)
    assert np.mean(shares) <= LEVEL + 2 * max(np.std(shares), 0.1) / np.sqrt(SEEDS)
    assert missed <= 0.02 * SEEDS * planted


def test_the_level_would_be_exceeded_if_only_the_listed_rules_counted_as_tests() -> None:
    """With a smallest count above what chance gives, hardly any but lucky pairs are listed; the tests not listed must count."""
    rng = np.random.default_rng(7)
    listed_only, all_tests = [], []
    for _ in range(40):
        baskets, _ = independent_baskets(rng, 300, 0)
        mined = mine_rules(frequent_itemsets(baskets, 10, most_items=2), Wanted(min_lift=1.5))
        p = rules_frame(mined, baskets.names)
        listed_only.append(bool((p["p_value"] * len(p) <= LEVEL * p["p_value"].rank("max")).any()))
        all_tests.append(bool((p["q_value"] <= LEVEL).any()))
    assert np.mean(listed_only) > 3 * LEVEL
    assert np.mean(all_tests) <= 3 * LEVEL


def test_the_bundles_of_a_simulated_company_are_found_and_hardly_anything_else() -> None:
    shares, found_bundles = [], 0
    for seed in range(SEEDS):
        found = significant(company_baskets(seed, 6000, 0.0), 3)
        shares.append(false_share(found, BUNDLES))
        found_bundles += len(found & BUNDLES)
    assert np.mean(shares) <= LEVEL
    assert found_bundles >= 0.95 * SEEDS * len(BUNDLES)


def test_with_tastes_products_of_a_category_truly_go_together() -> None:
    found = significant(company_baskets(1, 20_000, 2.0), 10)
    assert found >= BUNDLES
    others = found - BUNDLES
    assert len(others) > 100
    assert np.mean([a[:2] == b[:2] for a, b in others]) > 0.9
