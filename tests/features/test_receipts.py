"""Receipts: one row per basket, with the products that were bought and kept."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import polars as pl
import pytest

from relkit.errors import TableError
from relkit.features.coded_lines import buyers
from relkit.features.receipts import later_receipts, receipt_counts, receipt_remarks, receipts
from relkit.periods import AsOf, Holdout

EDGE = AsOf.parse("2024-06-30")
Row = tuple[str | None, str, str | None, float | None, float, str, str]


def at(day: str) -> datetime:
    return datetime.fromisoformat(f"{day}T12:00").replace(tzinfo=UTC)


def lines(*rows: Row, **more: list[Any]) -> dict[str, Any]:
    """Return transactions from (customer, transaction, product, quantity, amount, kind, day)."""
    names = ("customer_id", "transaction_id", "product_id", "quantity", "net_amount", "line_kind", "occurred_at")
    columns: dict[str, list[Any]] = {name: [row[i] for row in rows] for i, name in enumerate(names)}
    columns["occurred_at"] = [at(day) for day in columns["occurred_at"]]
    return {"transactions": {"transaction_line_id": [str(i) for i in range(len(rows))], **columns, **more}}


def sale(customer: str | None, transaction: str, product: str | None, amount: float = 5.0, day: str = "2024-06-01") -> Row:
    return (customer, transaction, product, 1.0, amount, "sale", day)


def found(tables: Any, as_of: AsOf = EDGE) -> list[tuple[Any, ...]]:
    frame = receipts(tables, as_of).select("customer", pl.col("products").cast(pl.List(pl.String)))
    frame = frame.with_columns(buyers(tables)["customer_id"].gather(frame["customer"]).alias("customer"))
    return sorted(frame.rows(), key=str)


def test_a_receipt_has_its_products_once_and_in_order(company):
    rows = [sale("b", "t2", "soap"), sale("a", "t1", "milk"), sale("a", "t1", "bread"), sale("a", "t1", "milk")]
    frame = receipts(company(lines(*rows, channel_id=["web", "store", "store", "store"])), EDGE)
    assert frame.columns == ["customer", "day", "channel_id", "products"]
    assert frame.cast({"products": pl.List(pl.String)}).sort("customer").rows() == [
        (0, date(2024, 6, 1), "store", ["bread", "milk"]),
        (1, date(2024, 6, 1), "web", ["soap"]),
    ]


def test_lines_of_a_basket_may_lie_apart_and_buyers_may_be_unknown(company):
    """A receipt number that two customers share stands for two baskets, and so it does without a customer."""
    rows = [
        sale("a", "t1", "milk"),
        sale("b", "t1", "beer"),
        sale(None, "t1", "soap"),
        sale(None, "t3", "milk"),
        sale("a", "t1", "bread"),
        sale(None, "t1", "towel"),
    ]
    assert found(company(lines(*rows))) == [
        ("a", ["bread", "milk"]),
        ("b", ["beer"]),
        (None, ["milk"]),
        (None, ["soap", "towel"]),
    ]


def test_what_has_neither_quantity_nor_amount_is_not_bought(company):
    rows: list[Row] = [
        ("a", "t1", "cheese", 0.35, 6.2, "sale", "2024-06-01"),
        ("a", "t1", "bread", 0.0, 0.0, "sale", "2024-06-01"),
        ("a", "t2", "fuel", 0.0, 40.0, "sale", "2024-06-02"),
        ("a", "t3", "sample", 1.0, 0.0, "sale", "2024-06-03"),
        ("a", "t4", "nothing", None, 0.0, "sale", "2024-06-04"),
        ("a", "t5", "unweighed", None, 3.0, "sale", "2024-06-05"),
    ]
    assert [products for _, products in found(company(lines(*rows)))] == [["cheese"], ["fuel"], ["sample"], ["unweighed"]]


def test_fees_gift_cards_and_unknown_products_are_counted_apart(company):
    rows: list[Row] = [
        sale("a", "t1", "milk"),
        ("a", "t1", "delivery", 1.0, 3.0, "fee", "2024-06-01"),
        ("a", "t2", "delivery", 1.0, 3.0, "fee", "2024-06-02"),
        ("a", "t3", "card", 1.0, 50.0, "gift_card", "2024-06-03"),
        sale("a", "t4", None),
        sale("a", "t5", "soap", day="2024-06-04"),
        ("a", "t6", "soap", -1.0, -5.0, "return", "2024-06-09"),
    ]
    tables = company(lines(*rows))
    assert found(tables) == [("a", ["milk"])]
    assert vars(receipt_counts(tables, EDGE)) == {"transactions": 5, "receipts": 1, "without_product": 3, "returned": 1}
    remark = receipt_remarks(tables, EDGE)[0]
    assert remark.en.startswith("Of 5 transactions, these are not among the baskets: 3 without a known product (fees, gift cards")
    assert remark.en.endswith("1 returned in full.")
    assert receipt_remarks(company(lines(sale("a", "t1", "milk")), folder="plain"), EDGE) == ()


@pytest.mark.parametrize(
    ("back", "amount", "kept"),
    [
        (("a", "t1", "milk", "cancel", "2024-06-01"), -5.0, ["bread"]),
        (("a", "t1", "milk", "cancel", "2024-06-01"), -2.0, ["bread", "milk"]),
        (("a", "t9", "milk", "cancel", "2024-06-01"), -5.0, ["bread"]),
        (("a", "t9", "milk", "return", "2024-06-20"), -5.0, ["bread"]),
        (("a", "t9", "milk", "return", "2024-06-20"), -4.0, ["bread", "milk"]),
        (("a", "t9", "soap", "return", "2024-06-20"), -5.0, ["bread", "milk"]),
        (("b", "t9", "milk", "return", "2024-06-20"), -5.0, ["bread", "milk"]),
        (("a", "t9", "milk", "return", "2024-07-02"), -5.0, ["bread", "milk"]),
    ],
)
def test_what_was_returned_in_full_is_out(company, back, amount, kept):
    customer, transaction, product, kind, day = back
    rows = [sale("a", "t1", "milk"), sale("a", "t1", "bread"), (customer, transaction, product, -1.0, amount, kind, day)]
    assert found(company(lines(*rows))) == [("a", kept)]


@pytest.mark.parametrize("customer", ["a", None])
def test_a_return_that_names_its_line_is_taken_from_that_basket_alone(company, customer):
    """Two baskets of one day have the product; the return names the line of the second."""
    rows = [
        sale(customer, "t1", "milk"),
        sale(customer, "t1", "bread"),
        sale(customer, "t2", "milk"),
        sale(customer, "t2", "soap"),
        (customer, "t3", None, -1.0, -5.0, "return", "2024-06-20"),
    ]
    tables = company(lines(*rows, return_of=[None, None, None, None, "2"]))
    assert [products for _, products in found(tables)] == [["bread", "milk"], ["soap"]]


def test_a_cancel_of_an_unidentified_buyer_within_the_receipt(company):
    rows = [sale(None, "t1", "milk"), sale(None, "t1", "bread"), (None, "t1", "milk", -1.0, -5.0, "cancel", "2024-06-01")]
    assert found(company(lines(*rows))) == [(None, ["bread"])]


def test_test_accounts_and_the_future_are_left_out(company):
    rows = [sale("a", "t1", "milk"), sale("robot", "t2", "milk"), sale("a", "t3", "milk", day="2024-07-01")]
    people = {"customers": {"customer_id": ["a", "robot"], "is_test": [False, True]}}
    tables = company(lines(*rows) | people)
    assert found(tables) == [("a", ["milk"])]
    assert receipt_counts(tables, EDGE).transactions == 1
    later = later_receipts(tables, Holdout.before(AsOf.parse("2024-07-10"), days=20))
    assert later["day"].to_list() == [date(2024, 7, 1)]


def test_codes_stay_text(company):
    rows = [sale("a", "t1", product) for product in ("NA", "007", "7", "nan", "1e3", "1000")]
    assert found(company(lines(*rows))) == [("a", ["007", "1000", "1e3", "7", "NA", "nan"])]


@pytest.mark.parametrize("rows", [[sale("a", "t1", None)], [("a", "t1", "card", 1.0, 9.0, "gift_card", "2024-06-01")]])
def test_no_receipt_with_a_product(company, rows):
    tables = company(lines(*rows))
    assert receipts(tables, EDGE).is_empty()
    assert receipt_counts(tables, EDGE).without_product == 1


def test_a_file_without_customers_channels_and_quantities(company):
    rows = lines(sale(None, "t1", "milk"), sale(None, "t2", "milk"))["transactions"]
    del rows["quantity"]
    frame = receipts(company({"transactions": rows}), EDGE)
    assert len(frame) == 2
    assert frame.select("customer", "channel_id").null_count().row(0) == (2, 2)


def test_an_absent_table_is_named(company):
    with pytest.raises(TableError, match="unknown table 'transactions'"):
        receipts(company({"stores": {"store_id": ["s"]}}), EDGE)
