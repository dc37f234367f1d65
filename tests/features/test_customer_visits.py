from __future__ import annotations

from datetime import date

import polars as pl
import pytest

from relkit.features.customer_visits import customer_visits

FIRST, SECOND = date(2025, 1, 1), date(2025, 1, 2)
CATEGORIES = pl.DataFrame({"product_id": ["a", "b", "c"], "category": ["tea", "wine", None]})


@pytest.mark.parametrize("ids", [pl.String, pl.Enum(["x", "y"]), pl.Categorical])
@pytest.mark.parametrize("products", [pl.String, pl.Enum(["a", "b", "c", "unknown"])])
def test_receipts_of_a_day_are_one_visit_and_unknown_products_are_left_out(ids: pl.DataType, products: pl.DataType) -> None:
    receipts = pl.DataFrame(
        {
            "customer_id": ["y", "y", "x", None, "x", "x"],
            "day": [SECOND, SECOND, FIRST, FIRST, SECOND, SECOND],
            "products": [["a"], ["a", "b"], ["b", "c"], ["a"], ["unknown"], []],
        },
        schema_overrides={"customer_id": ids, "products": pl.List(products)},
    )
    found = customer_visits(receipts, CATEGORIES)
    names = {0: "x", 1: "y"} if isinstance(ids, pl.Enum) else None
    rows = sorted((day, product, category) for _, day, product, category in found.iter_rows())
    assert rows == [(FIRST, "b", "wine"), (SECOND, "a", "tea"), (SECOND, "b", "wine")]
    assert found["customer"].n_unique() == 2
    if names:
        assert [names[code] for code in found["customer"]] == ["x", "y", "y"]


def test_no_receipt_gives_no_visit() -> None:
    schema = {"customer_id": pl.String, "day": pl.Date, "products": pl.List(pl.String)}
    assert customer_visits(pl.DataFrame(schema=schema), CATEGORIES).is_empty()


def test_codes_of_customers_are_kept() -> None:
    coded = pl.DataFrame(
        {"customer_id": [7, None], "day": [FIRST, FIRST], "products": [["a"], ["b"]]}, schema_overrides={"customer_id": pl.UInt32}
    )
    assert customer_visits(coded, CATEGORIES).rows() == [(7, FIRST, "a", "tea")]
