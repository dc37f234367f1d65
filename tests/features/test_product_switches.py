from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from relkit.features import product_switches as module
from relkit.features.product_switches import busiest_category, product_switches
from relkit.metrics.switching import switching

if TYPE_CHECKING:
    import pytest

START = date(2025, 1, 1)


def visits(*customers: tuple[str, ...], category: str = "tea") -> pl.DataFrame:
    """Return the visits of customers, each as the products of successive days, one letter per product."""
    rows = [
        {"customer": number, "day": START + timedelta(days=day), "product_id": product, "category": category}
        for number, days in enumerate(customers)
        for day, products in enumerate(days)
        for product in sorted(products)
    ]
    return pl.DataFrame(rows, schema_overrides={"customer": pl.UInt32})


def test_switches_by_hand() -> None:
    """Customer 0 goes from a to b and back, customer 1 takes both at once and then c, customer 2 comes once."""
    found = product_switches(visits(("a", "b", "a"), ("ab", "c"), ("a",)), "tea")
    assert found.products == ("a", "b", "c")
    assert found.counts.tolist() == [[0, 1, 1], [1, 0, 1], [0, 0, 0]]
    assert found.customers == 2


def test_what_is_bought_again_or_was_in_the_basket_before_is_no_switch() -> None:
    assert product_switches(visits(("ab", "a"), ("a", "ab")), "tea").counts.sum() == 0


def test_other_categories_and_customers_do_not_come_between() -> None:
    both = pl.concat([visits(("a", "b")), visits(("z", "z"), category="wine")]).sort("customer", "day")
    assert product_switches(both, "tea").counts.tolist() == [[0, 1], [0, 0]]
    assert product_switches(visits(("a",), ("b",)), "tea").counts.sum() == 0


def test_products_bought_less_are_left_out_and_counted_but_their_visits_remain() -> None:
    found = product_switches(visits(("a", "z", "b"), ("a",), ("b",)), "tea", most=2)
    assert found.products == ("a", "b")
    assert found.left_out == 1
    assert found.counts.sum() == 0  # from a the customer went to z, not to b


def test_blocks_add_up(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(2)
    rows = visits(*[tuple(rng.choice(list("abcd"), 6)) for _ in range(40)])
    whole = product_switches(rows, "tea").counts
    monkeypatch.setattr(module, "BLOCK", 5)
    assert product_switches(rows, "tea").counts.tolist() == whole.tolist()


def test_the_busiest_category_has_the_most_returns_among_those_with_a_choice() -> None:
    tea, wine = visits(("a", "b", "c")), visits(("x",) * 9, category="wine")
    assert busiest_category(pl.concat([tea, wine])) == "tea"
    assert busiest_category(wine) is None


def _choices(rng: np.random.Generator, customers: int, *, groups: bool) -> pl.DataFrame:
    """Return customers who choose among six products by popularity; with groups, each only among a half of them."""
    share = np.array([6, 3, 2, 6, 3, 2]) / 22
    chosen = []
    for number in range(customers):
        own = share * (np.arange(6) // 3 == number % 2) if groups else share
        chosen.append(tuple(rng.choice(list("abcdef"), rng.integers(2, 12), p=own / own.sum())))
    return visits(*chosen)


def test_a_planted_hierarchy_is_found_and_none_is_found_without() -> None:
    rng = np.random.default_rng(3)
    planted = product_switches(_choices(rng, 400, groups=True), "tea")
    apart = switching(planted.counts).dissimilarity()
    same = np.array([[("abc".find(a) >= 0) == ("abc".find(b) >= 0) for b in planted.products] for a in planted.products])
    off = ~np.eye(6, dtype=bool)
    assert apart[same & off].max() < 0.5 < apart[~same].min()
    free = product_switches(_choices(rng, 400, groups=False), "tea")
    assert (switching(free.counts).q_value > 0.05).all()
