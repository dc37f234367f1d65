"""Next products: exclusions before the ranking, margins by hand, reasons in words, offers net of their cost."""

from __future__ import annotations

from datetime import date, timedelta

import polars as pl
import pytest
from recommending import ByCount

from relkit.scores.next_products import (
    MOST_NEW,
    NEW_DAYS,
    OFFER_TABLE,
    REASONS,
    TABLE,
    Recommends,
    categories_to_judge,
    cross_sell_offers,
    first_probabilities,
    next_products,
    reason_in_words,
    recommended,
    with_expected_margin,
    with_words,
)
from relkit.scores.score_table import Source

DAY = date(2025, 6, 30)
SOURCE = Source(model="a.b", version="2", trained_as_of=DAY)
HISTORIES = pl.DataFrame({"customer_id": ["b", "a"], "products": [["tea", "tea", "pot"], ["mug"]]})
NO_COSTS = pl.DataFrame(schema={"product_id": pl.String, "offer_id": pl.String, "unit_cost": pl.Float64})
PRODUCTS = pl.DataFrame(
    {
        "product_id": ["mug", "pot", "tea"],
        "name": ["Mug", "Pot", "Green tea"],
        "unit_margin": [None, 4.0, 1.5],
        "margin_source": [None, "assumed", "measured"],
        "is_offered": [True, True, True],
        "known_since": [None, None, None],
        **{f"category_{k}": [None, None, None] for k in (1, 2, 3)},
    }
)


def test_a_product_that_is_not_offered_makes_room_for_the_next_one() -> None:
    assert isinstance(ByCount(), Recommends)
    offered = recommended(ByCount(), HISTORIES, PRODUCTS, as_of=DAY, top=2)
    assert offered.select("customer_id", "rank", "product_id").rows() == [
        ("a", 1, "mug"),
        ("a", 2, "tea"),
        ("b", 1, "tea"),
        ("b", 2, "pot"),
    ]
    out_of_stock = PRODUCTS.with_columns(is_offered=pl.col("product_id") != "tea")
    rest = recommended(ByCount(), HISTORIES, out_of_stock, as_of=DAY, top=2)
    assert rest.select("customer_id", "product_id").rows() == [("a", "mug"), ("a", "pot"), ("b", "pot"), ("b", "mug")]
    assert first_probabilities(rest, as_of=DAY, source=SOURCE).frame.select("customer_id", "value").rows() == [("a", 0.11), ("b", 0.11)]


def test_the_expected_margin_by_hand() -> None:
    """Probability, by the margin of a unit, by the usual quantity, less what comes back."""
    rows = pl.DataFrame({"customer_id": ["a", "a", "b"], "product_id": ["pot", "mug", "tea"], "probability": [0.2, 0.5, 0.3]})
    quantities = pl.Series([2.0, 1.0, 4.0])
    returned = pl.DataFrame({"customer_id": ["a"], "expected_return_share": [0.25]})
    found = with_expected_margin(rows, quantities, PRODUCTS, returned)
    assert found["expected_margin"].to_list() == pytest.approx([0.2 * 4.0 * 2.0 * 0.75, None, 0.3 * 1.5 * 4.0])
    assert found["margin_source"].to_list() == ["assumed", None, "measured"]
    assert found.columns == [*rows.columns, "expected_margin", "margin_source"]
    assert with_expected_margin(rows, quantities, PRODUCTS)["expected_margin"][0] == pytest.approx(1.6)


def test_the_table_has_its_columns_and_types_also_without_rows() -> None:
    offered = recommended(ByCount(), HISTORIES, PRODUCTS, as_of=DAY)
    rows = with_expected_margin(offered, pl.repeat(1.0, len(offered), eager=True), PRODUCTS)
    for given in (rows, rows.clear()):
        table = next_products(given, PRODUCTS, as_of=DAY, source=SOURCE)
        assert dict(table.schema) == {name: dtype() if isinstance(dtype, type) else dtype for name, dtype in TABLE.items()}
        assert len(table) == len(given)
        offers = cross_sell_offers(
            given, pl.DataFrame(schema={"product_id": pl.String, "offer_id": pl.String, "unit_cost": pl.Float64}), as_of=DAY
        )
        assert list(offers.columns) == list(OFFER_TABLE)
        assert len(offers) == len(given)


def test_reasons_name_the_product_in_both_languages() -> None:
    rows = pl.DataFrame(
        {"product_id": ["pot", "x1", "tea"], "reason": ["bought_together", "habit", "bought_together"], "because": ["tea", None, "x2"]}
    )
    worded = with_words(rows, PRODUCTS)
    assert worded["product"].to_list() == ["Pot", "x1", "Green tea"]
    assert worded["reason_en"].to_list() == ["because you bought Green tea", "because you have bought it before", "because you bought x2"]
    assert worded["reason_fr"].to_list() == [
        "parce que vous avez acheté Green tea",
        "parce que vous l’avez déjà acheté",
        "parce que vous avez acheté x2",
    ]
    assert reason_in_words("bought_together").en == "because it goes with what you bought"


def catalogue(*since: date | None) -> pl.DataFrame:
    """Return a known product and others of the same category, each known since a day."""
    n = len(since) + 1
    empty = [None] * n
    rows = {"product_id": ["known", *(f"n{i:03d}" for i in range(n - 1))], "is_offered": [True] * n, "known_since": [None, *since]}
    types = {"known_since": pl.Date, "category_2": pl.String, "category_3": pl.String}
    return pl.DataFrame({**rows, "category_1": ["c"] * n, "category_2": empty, "category_3": empty}, schema_overrides=types)


def judged(products: pl.DataFrame) -> list[str]:
    return [name for name in categories_to_judge(pl.Series(["known"]), products, as_of=DAY) if name != "known"]


def test_new_products_are_judged_by_their_category_while_they_are_new() -> None:
    days = [DAY, DAY - timedelta(days=NEW_DAYS - 1), DAY - timedelta(days=NEW_DAYS), DAY + timedelta(days=1), None]
    assert judged(catalogue(*days)) == ["n000", "n001", "n004"]
    assert judged(catalogue(DAY).with_columns(is_offered=pl.lit(value=False))) == []
    assert judged(catalogue(DAY).with_columns(category_1=pl.lit(None, pl.String))) == []


def test_a_long_list_of_what_nobody_buys_is_not_new() -> None:
    assert len(judged(catalogue(*[None] * MOST_NEW))) == MOST_NEW
    assert judged(catalogue(*[None] * (MOST_NEW + 1), DAY)) == [f"n{MOST_NEW + 1:03d}"]
    newest = [DAY - timedelta(days=i) for i in range(MOST_NEW + 5)]
    assert judged(catalogue(*newest)) == [f"n{i:03d}" for i in range(MOST_NEW)]


@pytest.mark.parametrize("reason", REASONS)
def test_a_name_with_braces_is_taken_as_it_is(reason: str) -> None:
    assert "{" not in reason_in_words(reason).en + reason_in_words(reason).fr
    assert ("{x}" in reason_in_words(reason, "{x}").fr) == (reason == "bought_together")


def test_an_offer_costs_what_its_use_costs_and_the_best_net_value_comes_first() -> None:
    rows = pl.DataFrame(
        {
            "customer_id": ["a", "a", "a", "b"],
            "product_id": ["tea", "pot", "mug", "tea"],
            "probability": [0.4, 0.2, 0.1, 0.1],
            "expected_margin": [2.0, 1.5, None, 0.3],
        }
    )
    costs = pl.DataFrame({"product_id": ["tea"], "offer_id": ["O1"], "unit_cost": [2.0]})
    offers = cross_sell_offers(rows, costs, as_of=DAY)
    assert offers.select("customer_id", "rank", "product_id", "offer_id").rows() == [
        ("a", 1, "pot", None),
        ("a", 2, "tea", "O1"),
        ("a", 3, "mug", None),
        ("b", 1, "tea", "O1"),
    ]
    # tea for a: 2.0 - 0.4 * 2.0; tea for b: 0.3 - 0.1 * 2.0
    assert offers["value"].to_list() == pytest.approx([1.5, 1.2, None, 0.1])
    assert offers["expected_cost"].to_list() == pytest.approx([None, 0.8, None, 0.2])
