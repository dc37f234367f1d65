"""Products named on the command line."""

from __future__ import annotations

import polars as pl
import pytest

from relkit.errors import ParameterError
from relkit.jobs.offerable_products import OfferableProducts

FACTS = pl.DataFrame(
    {
        "product_id": ["P0-01", "P0-02", "P1", "P2", "a,b"],
        "name": ["Green tea", "Black tea", "Mug", "Mug", "a,b"],
        "not_offered_because": [None, "discontinued", None, "out_of_stock", None],
    },
    schema_overrides={"not_offered_because": pl.String},
)
PRODUCTS = OfferableProducts(products=FACTS, where="rank")


def test_a_product_is_found_by_its_id_or_by_a_name_of_its_own() -> None:
    assert PRODUCTS.id_of("P0-01") == PRODUCTS.id_of(" green TEA ") == "P0-01"
    assert PRODUCTS.name_of("P0-01") == "Green tea"


def test_several_are_separated_by_commas_or_blanks() -> None:
    assert PRODUCTS.ids_of(["P1,P2, P0-01", "P1"]) == ("P1", "P2", "P0-01")
    assert PRODUCTS.ids_of(["a,b"]) == ("a,b",)


def test_an_unknown_product_is_refused_with_the_nearest_ones() -> None:
    with pytest.raises(ParameterError, match=r"rank: unknown product 'gren tea'\. .* Nearest: P0-01 \(Green tea\)"):
        PRODUCTS.id_of("gren tea")
    with pytest.raises(ParameterError, match=r"unknown product 'zzzz'\..*sold or in products\.$"):
        PRODUCTS.id_of("zzzz")


def test_a_name_that_several_products_have_is_refused() -> None:
    with pytest.raises(ParameterError, match=r"2 products are named 'mug'\. Give an id, such as P1, P2\."):
        PRODUCTS.id_of("mug")


@pytest.mark.parametrize(("product", "reason"), [("P0-02", "discontinued"), ("P2", "out of stock")])
def test_a_product_that_is_not_offered_is_refused_with_the_reason(product: str, reason: str) -> None:
    with pytest.raises(ParameterError, match=rf"rank: {product} is not offered: {reason}\. .*--force"):
        PRODUCTS.must_be_offered(product)
    PRODUCTS.must_be_offered("P1")
