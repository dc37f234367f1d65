"""Facts of products as of a cutoff: the last known version, the margin per unit, and products that are not offered."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any

import pytest

from relkit.features.product_facts import REASONS, product_facts
from relkit.periods import AsOf

if TYPE_CHECKING:
    import polars as pl

    from conftest import Company

AS_OF = AsOf.parse("2025-06-30")
NOON = datetime(2025, 6, 1, 12, tzinfo=UTC)


def lines(*rows: tuple[str | None, str, float | None, float, float | None]) -> dict[str, list[Any]]:
    """Return transactions of product, kind, quantity, net amount and margin."""
    columns = dict(
        zip(("product_id", "line_kind", "quantity", "net_amount", "margin_amount"), map(list, zip(*rows, strict=True)), strict=True)
    )
    n = len(rows)
    return {
        "transaction_line_id": [f"L{i}" for i in range(n)],
        "transaction_id": [f"T{i}" for i in range(n)],
        "customer_id": ["a"] * n,
        "occurred_at": [NOON] * n,
        **columns,
    }


SALES = lines(
    ("tea", "sale", 2.0, 10.0, None), ("tea", "sale", 1.0, 5.0, None), ("mug", "sale", 1.0, 8.0, 3.0), ("wrap", "fee", 1.0, 2.0, None)
)
PRODUCTS = {
    "product_id": ["tea", "tea", "tea", "mug"],
    "valid_from": [None, date(2025, 1, 1), date(2025, 7, 1), None],
    "name": ["Tea", "Green tea", "Tea to come", " "],
    "category_1": ["drinks", "drinks", "drinks", "home"],
    "unit_margin": [1.0, 1.5, 9.0, None],
    "margin_source": ["measured", "measured", "measured", None],
}


def reasons(facts: pl.DataFrame) -> dict[str, str | None]:
    return dict(facts.select("product_id", "not_offered_because").iter_rows())


def test_a_product_has_the_facts_of_its_last_version_known_at_the_cutoff(company: Company) -> None:
    facts = product_facts(company({"transactions": SALES, "products": PRODUCTS}), AS_OF)
    assert facts["product_id"].to_list() == ["mug", "tea", "wrap"]
    assert facts.select("product_id", "name", "category_1", "unit_margin", "margin_source").rows() == [
        ("mug", "home mug", "home", 3.0, "measured"),  # no name of its own; its line has its margin
        ("tea", "Green tea", "drinks", 1.5, "measured"),
        ("wrap", "wrap", None, None, None),
    ]


def test_a_product_is_known_since_its_first_version_or_sale(company: Company) -> None:
    later = {"product_id": ["tea", "new", "plain"], "valid_from": [date(2025, 6, 15), date(2025, 6, 20), None]}
    facts = product_facts(company({"transactions": SALES, "products": later}), AS_OF)
    assert dict(facts.select("product_id", "known_since").iter_rows()) == {
        "mug": date(2025, 6, 1),
        "new": date(2025, 6, 20),
        "plain": None,
        "tea": date(2025, 6, 1),
        "wrap": None,  # a fee is no sale
    }


def test_a_margin_from_an_assumed_rate_is_assumed_and_one_that_nothing_gives_is_unknown(company: Company) -> None:
    sales = lines(("tea", "sale", 4.0, 10.0, None), ("mug", "sale", 2.0, 8.0, None), ("mug", "sale", None, 4.0, 2.0))
    assumed = product_facts(company({"transactions": sales}, assumed_margin_rate=0.25), AS_OF)
    # mug: (8 * 0.25 + 2) over 2 + 1 units, not all of it measured; tea: 10 * 0.25 over 4
    assert assumed.select("product_id", "unit_margin", "margin_source").rows() == [("mug", 1.333333, "assumed"), ("tea", 0.625, "assumed")]
    unknown = product_facts(company({"transactions": sales}, folder="unknown"), AS_OF)
    assert unknown.filter(product_id="tea").select("unit_margin", "margin_source").row(0) == (None, None)


def test_a_declared_margin_without_a_source_is_assumed(company: Company) -> None:
    facts = product_facts(company({"products": {"product_id": ["x"], "unit_margin": [2.0]}}), AS_OF)
    assert facts.select("unit_margin", "margin_source", "is_offered").row(0) == (2.0, "assumed", True)


def test_discontinued_and_out_of_stock_products_are_not_offered(company: Company) -> None:
    products = {
        "product_id": ["gone", "gone today", "going", "empty", "full", "untold", "both"],
        "in_stock": [True, None, None, False, True, None, False],
        "discontinued_on": [date(2025, 5, 1), date(2025, 6, 30), date(2025, 7, 1), None, None, None, date(2025, 1, 1)],
    }
    assert reasons(product_facts(company({"products": products}), AS_OF)) == {
        "both": "discontinued",
        "empty": "out_of_stock",
        "full": None,
        "going": None,
        "gone": "discontinued",
        "gone today": "discontinued",
        "untold": None,
    }


def test_a_stock_out_or_closure_in_the_calendar_holds_for_its_product_or_category_while_it_lasts(company: Company) -> None:
    days = {"starts_on": [date(2025, 6, 1), date(2025, 6, 30), date(2025, 6, 1), date(2025, 6, 1), date(2025, 6, 29), date(2025, 7, 1)]}
    calendar = {
        "kind": ["stock_out", "Stock-out", "closure", "promotion", "stock_out", "stock_out"],
        **days,
        "scope": ["tea", "cellar", "garden", "mug", "pot", "pan"],
        "ends_on": [date(2025, 6, 30), None, date(2025, 7, 9), date(2025, 7, 9), None, date(2025, 7, 9)],
    }
    products = {
        "product_id": ["tea", "wine", "hose", "mug", "pot", "pan"],
        "category_1": ["drinks", "cellar", "home", "home", "home", "home"],
        "category_2": ["tea leaves", "red", "garden", "cups", "cups", "cups"],
    }
    facts = product_facts(company({"products": products, "calendar": calendar}), AS_OF)
    found = reasons(facts)
    assert {name for name, reason in found.items() if reason == "out_of_stock"} == {"tea", "wine", "hose"}
    assert facts.filter("is_offered")["product_id"].to_list() == ["mug", "pan", "pot"]


def test_a_stock_out_that_was_recorded_later_or_names_no_scope_excludes_nothing(company: Company) -> None:
    calendar = {
        "kind": ["stock_out", "stock_out"],
        "starts_on": [date(2025, 6, 1)] * 2,
        "scope": ["tea", None],
        "ends_on": [date(2025, 7, 9)] * 2,
        "recorded_at": [datetime(2025, 7, 1, 12, tzinfo=UTC), None],
    }
    assert reasons(product_facts(company({"transactions": SALES, "calendar": calendar}), AS_OF))["tea"] is None


def test_contracts_fees_and_gift_cards_are_no_next_product(company: Company) -> None:
    held = {
        "contract_id": ["K1", "K2"],
        "valid_from": [date(2025, 1, 1)] * 2,
        "customer_id": ["a", "a"],
        "product_id": ["line", "mug"],
        "status": ["active"] * 2,
        "started_on": [date(2025, 1, 1)] * 2,
    }
    sales = lines(
        ("mug", "sale", 1.0, 8.0, None),
        ("wrap", "fee", 1.0, 2.0, None),
        ("card", "gift_card", 1.0, 50.0, None),
        (None, "sale", 1.0, 1.0, None),
    )
    assert reasons(product_facts(company({"transactions": sales, "contracts": held}), AS_OF)) == {
        "card": "fee_or_gift_card",
        "line": "subscription",
        "mug": None,  # sold as well as held
        "wrap": "fee_or_gift_card",
    }
    billed = company({"transactions": sales, "contracts": held}, folder="billed", contract_bills_in_transactions=True)
    assert reasons(product_facts(billed, AS_OF))["mug"] == "subscription"


def test_facts_after_the_cutoff_are_unknown(company: Company) -> None:
    tables = company({"transactions": SALES, "products": PRODUCTS})
    early = product_facts(tables, AsOf.parse("2024-12-31"))
    assert early.filter(product_id="tea").select("name", "unit_margin").row(0) == ("Tea", 1.0)
    assert early["product_id"].to_list() == ["mug", "tea"]


@pytest.mark.parametrize("reason", REASONS)
def test_every_reason_has_words_in_both_languages(reason: str) -> None:
    assert REASONS[reason]["en"]
    assert REASONS[reason]["fr"] != REASONS[reason]["en"]
