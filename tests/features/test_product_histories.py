"""Product histories: what counts as a purchase, who has a row, and the first basket after a cutoff."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import polars as pl

from relkit.features.product_histories import next_baskets, product_histories
from relkit.periods import AsOf, Holdout

NOON = datetime(2024, 6, 30, 12, tzinfo=UTC)
EDGE = AsOf.parse("2024-06-30")


def lines(*rows, **more):
    """Return transactions from (basket, customer, days ago, product, quantity, amount, kind)."""
    names = ("transaction_id", "customer_id", "occurred_at", "product_id", "quantity", "net_amount", "line_kind")
    columns = {name: [row[i] for row in rows] for i, name in enumerate(names)}
    columns["occurred_at"] = [NOON - timedelta(days=n) for n in columns["occurred_at"]]
    return {"transactions": columns | {"transaction_line_id": [str(i) for i in range(len(rows))]} | more}


def histories(tables, edge=EDGE):
    found = product_histories(tables, edge)
    return {row["customer_id"]: row["products"] for row in found.to_dicts()}


def test_a_row_has_products_days_and_baskets_in_order_of_time(company):
    tables = company(lines(("t2", "b", 2, "q", 1, 5.0, "sale"), ("t1", "b", 9, "p", 1, 5.0, "sale"), ("t2", "b", 2, "p", 1, 5.0, "sale")))
    row = product_histories(tables, EDGE).row(0, named=True)
    assert (row["customer_id"], row["products"]) == ("b", ["p", "q", "p"])
    assert row["days"] == [date(2024, 6, 21), date(2024, 6, 28), date(2024, 6, 28)]
    assert row["baskets"][0] != row["baskets"][1] == row["baskets"][2]


def test_fees_gift_cards_unknown_products_and_empty_lines_are_no_purchases(company):
    rows = [
        ("1", "a", 9, "p", 1, 5.0, "sale"),
        ("1", "a", 9, "delivery", 1, 4.0, "fee"),
        ("2", "a", 8, "card", 1, 50.0, "gift_card"),
        ("3", "a", 7, None, 1, 5.0, "sale"),
        ("4", "a", 6, "q", 0, 0.0, "sale"),
        ("5", "a", 5, "sample", 1, 0.0, "sale"),
        ("6", "a", 4, "r", None, 0.0, "sale"),
    ]
    assert histories(company(lines(*rows))) == {"a": ["p", "sample", "r"]}


def test_what_cancels_and_returns_took_out_is_not_there(company):
    rows = [
        ("1", "a", 20, "p", 1, 5.0, "sale"),
        ("1", "a", 20, "q", 1, 7.0, "sale"),
        ("1", "a", 20, "q", 1, -7.0, "cancel"),
        ("2", "a", 9, "p", 2, 10.0, "sale"),
        ("3", "a", 3, "p", 1, -5.0, "return"),  # one of the two bought last
        ("4", "b", 9, "p", 1, 5.0, "sale"),
        ("5", "b", 3, "p", 1, -5.0, "return"),
        ("6", "c", 9, "p", 1, 5.0, "sale"),
        ("7", "c", 3, None, 1, -5.0, "return"),  # it is not known what came back
    ]
    tables = company(lines(*rows))
    assert histories(tables) == {"a": ["p", "p"], "b": [], "c": ["p"]}
    assert histories(tables, AsOf.parse("2024-06-25"))["b"] == ["p"]


def test_customers_without_purchases_have_empty_lists_and_test_accounts_no_row(company):
    people = {
        "customer_id": ["a", "later", "prospect", "robot", "unborn"],
        "created_on": [date(2024, 1, 1), date(2024, 1, 1), date(2024, 1, 1), date(2024, 1, 1), date(2024, 6, 30)],
        "is_test": [False, False, False, True, False],
    }
    rows = [("1", "a", 9, "p", 1, 5.0, "sale"), ("2", "later", 1, "p", 1, 5.0, "sale"), ("3", "robot", 9, "p", 1, 5.0, "sale")]
    tables = company(lines(*rows, ("4", None, 9, "p", 1, 5.0, "sale")) | {"customers": people})
    assert histories(tables, AsOf.parse("2024-06-25")) == {"a": ["p"], "later": [], "prospect": []}


def test_a_buyer_not_known_yet_has_no_row(company):
    tables = company(lines(("1", "a", 9, "p", 1, 5.0, "sale"), ("2", "later", 1, "p", 1, 5.0, "sale")))
    assert histories(tables, AsOf.parse("2024-06-25")) == {"a": ["p"]}


def test_the_first_basket_after_the_cutoff_is_the_outcome(company):
    rows = [
        ("1", "a", 40, "p", 1, 5.0, "sale"),
        ("2", "a", 9, "r", 1, 5.0, "sale"),
        ("2", "a", 9, "q", 1, 5.0, "sale"),
        ("3", "a", 2, "p", 1, 5.0, "sale"),
        ("4", "b", 40, "p", 1, 5.0, "sale"),
        ("5", "new", 4, "p", 1, 5.0, "sale"),
    ]
    tables = company(lines(*rows))
    split = Holdout.before(EDGE, days=20)
    found = next_baskets(tables, split)
    assert found.rows() == [("a", ["q", "r"]), ("b", None)]
    assert found["customer_id"].to_list() == product_histories(tables, split.calibration)["customer_id"].to_list()
    assert found.schema["next_products"] == pl.List(pl.String)
