"""Next products: exclusions before the ranking, margins by hand, reasons in words, offers net of their cost."""

from __future__ import annotations

from datetime import date

import polars as pl
import pytest
from recommending import ByCount

from relkit.scores.next_products import (
    OFFER_TABLE,
    REASONS,
    TABLE,
    Recommends,
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
