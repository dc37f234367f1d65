"""Offers on products: those of the day, the product's own before its category's, the cheapest first."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

import polars as pl

from relkit.features.product_offers import product_offers
from relkit.periods import AsOf

if TYPE_CHECKING:
    from conftest import Company

AS_OF = AsOf.parse("2025-06-30")
PRODUCTS = pl.DataFrame(
    {
        "product_id": ["mug", "pot", "tea", "wine"],
        "category_1": ["home", "home", "drinks", "drinks"],
        "category_2": [None, None, "leaves", "red"],
        "category_3": [None] * 4,
    },
    schema_overrides={"category_3": pl.String},
)
OFFERS = {
    "offer_id": ["any", "tea-b", "tea-a", "tea-over", "leaves", "drinks", "home-unknown", "pot-later"],
    "unit_cost": [0.1, 2.0, 2.0, 0.5, 1.0, 3.0, None, 1.0],
    "starts_on": [None, None, None, None, None, date(2025, 6, 30), None, date(2025, 7, 1)],
    "ends_on": [None, None, date(2025, 6, 30), date(2025, 6, 29), None, None, None, None],
    "product_id": [None, "tea", "tea", "tea", None, None, None, "pot"],
    "category": [None, None, None, None, "leaves", "drinks", "home", None],
}


def test_the_offer_of_a_product_on_the_day(company: Company) -> None:
    found = product_offers(company({"offers": OFFERS}), AS_OF, PRODUCTS)
    assert found.rows() == [("tea", "tea-a", 2.0), ("wine", "drinks", 3.0)]


def test_without_offers_no_product_has_one(company: Company) -> None:
    assert product_offers(company({"customers": {"customer_id": ["a"]}}), AS_OF, PRODUCTS).is_empty()
    short = {name: OFFERS[name] for name in ("offer_id", "unit_cost", "product_id")}
    found = product_offers(company({"offers": short}, folder="short"), AS_OF, PRODUCTS)
    assert found.select("product_id", "offer_id").rows() == [("pot", "pot-later"), ("tea", "tea-over")]
