from __future__ import annotations

import numpy as np
import polars as pl

from relkit.features import cross_shopping as module
from relkit.features.cross_shopping import cross_shopping


def bought(**categories: list[int]) -> pl.DataFrame:
    """Return visits from the customers of each category."""
    rows = [{"customer": customer, "category": name} for name, customers in categories.items() for customer in customers]
    return pl.DataFrame(rows, schema_overrides={"customer": pl.UInt32})


def test_shares_and_indices_by_hand() -> None:
    """Ten customers: 5 buy tea, 4 wine, 2 both; garden has the other three and one who buys tea."""
    found = cross_shopping(bought(tea=[0, 1, 2, 3, 4], wine=[3, 4, 5, 6], garden=[7, 8, 9, 0]))
    assert found.categories == ("tea", "garden", "wine")
    assert found.customers == 10
    assert found.both.tolist() == [[5, 1, 2], [1, 4, 0], [2, 0, 4]]
    np.testing.assert_allclose(found.share, [[1, 0.2, 0.4], [0.25, 1, 0], [0.5, 0, 1]])
    np.testing.assert_allclose(found.index[0], [200, 50, 100])


def test_a_customer_counts_once_however_often_they_buy() -> None:
    once, often = bought(tea=[0, 1], wine=[1]), bought(tea=[0, 1, 1, 0], wine=[1, 1])
    assert cross_shopping(once).both.tolist() == cross_shopping(often).both.tolist()


def test_the_most_bought_categories_are_kept_and_the_base_is_all_customers() -> None:
    found = cross_shopping(bought(tea=[0, 1, 2], wine=[0, 1], garden=[5]), most=2)
    assert found.categories == ("tea", "wine")
    assert found.customers == 4


def test_blocks_add_up(monkeypatch) -> None:
    rng = np.random.default_rng(1)
    visits = bought(**{name: rng.choice(300, 90, replace=False).tolist() for name in ("a", "b", "c")})
    whole = cross_shopping(visits)
    monkeypatch.setattr(module, "BLOCK", 7)
    assert cross_shopping(visits).both.tolist() == whole.both.tolist()


def test_no_visits_give_no_categories() -> None:
    found = cross_shopping(pl.DataFrame(schema={"customer": pl.UInt32, "category": pl.String}))
    assert found.categories == ()
    assert found.both.shape == (0, 0)
