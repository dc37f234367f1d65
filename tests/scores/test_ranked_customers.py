"""Rankings of customers: the likeliest first, ties in the order of ids, and whether they have bought the product before."""

from __future__ import annotations

from datetime import date

import polars as pl
from recommending import ByCount

from relkit.scores.ranked_customers import CustomersFor

HISTORIES = pl.DataFrame(
    {"customer_id": ["d", "c", "b", "a", "e"], "products": [["tea"], ["tea", "tea"], ["pot"], ["mug"], []]},
    schema_overrides={"products": pl.List(pl.String)},
)
RANKING = CustomersFor(fitted=ByCount(), categories={}, as_of=date(2025, 6, 30))


def test_the_best_customers_for_a_product() -> None:
    rows = RANKING.best(HISTORIES, ["tea"], top=4)
    assert rows.select("rank", "customer_id", "is_repeat").rows() == [(1, "c", True), (2, "d", True), (3, "a", False), (4, "b", False)]
    assert rows["product_id"].unique().to_list() == ["tea"]
    assert rows["reason"].to_list() == ["habit", "habit", "popular", "popular"]


def test_the_best_of_some_candidates_for_each_customer() -> None:
    rows = RANKING.best(HISTORIES, ["pot", "mug"], top=10)
    assert len(rows) == 5
    assert rows.select("customer_id", "product_id", "is_repeat").rows()[:3] == [("a", "mug", True), ("b", "pot", True), ("c", "mug", False)]


def test_a_ranking_of_nobody_has_its_columns() -> None:
    rows = RANKING.best(HISTORIES.clear(), ["tea"], top=5)
    assert rows.columns == ["rank", "customer_id", "product_id", "probability", "is_repeat", "reason", "because"]
    assert rows.is_empty()


def test_a_product_that_the_model_has_not_seen_is_ranked_as_a_candidate() -> None:
    assert RANKING.best(HISTORIES, ["new"], top=5).is_empty()
