"""Past margins of contracts: elapsed months times the monthly margin, each version in its time."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from relkit.features.contract_margins import contract_margins, has_contract_margins, past_contract_margins
from relkit.features.customer_table import customer_table
from relkit.periods import AsOf

EDGE = AsOf.parse("2024-06-30")
MONTH = 365.25 / 12


def ago(*days: int | None) -> list[date | None]:
    return [None if n is None else EDGE.day - timedelta(days=n) for n in days]


def contracts(**more) -> dict:
    n = len(next(iter(more.values())))
    plain = {"contract_id": [f"k{i}" for i in range(n)], "customer_id": ["a"] * n, "status": ["active"] * n, "ended_on": [None] * n}
    return {"contracts": plain | more}


def lines(customer: str, margin: float | None) -> dict:
    when = [EDGE.cutoff - timedelta(days=40)]
    ids = {"transaction_line_id": ["1"], "transaction_id": ["1"], "customer_id": [customer], "line_kind": ["sale"]}
    return {"transactions": {**ids, "occurred_at": when, "net_amount": [100.0], "margin_amount": [margin]}}


def test_elapsed_months_times_the_margin_of_a_month(company):
    given = contracts(started_on=ago(300, 100), ended_on=ago(None, 40), monthly_amount=[20.0, 8.0], monthly_margin=[5.0, None])
    found = contract_margins(company(given, assumed_margin_rate=0.25), EDGE)
    assert found.rows() == [
        ("a", "k0", 5.0, round(300 / MONTH * 5, 6), True),
        ("a", "k1", 2.0, round(60 / MONTH * 2, 6), False),
    ]


def test_each_version_counts_in_its_time(company):
    """100 days at 4, then 50 at 6; a correction of the second version, recorded later, replaces it."""
    given = contracts(
        contract_id=["k", "k", "k"],
        valid_from=ago(None, 50, 50),
        started_on=ago(150, 150, 150),
        monthly_margin=[4.0, 60.0, 6.0],
        recorded_at=[EDGE.cutoff - timedelta(days=n) for n in (150, 50, 20)],
    )
    row = contract_margins(company(given), EDGE).row(0, named=True)
    assert (row["monthly_margin"], row["past_margin"]) == (6.0, round((100 * 4 + 50 * 6) / MONTH, 6))


def test_days_before_the_history_do_not_count(company):
    tables = company(contracts(started_on=ago(900), monthly_margin=[3.0]), history_starts_on=EDGE.minus(days=60).day)
    assert contract_margins(tables, EDGE)["past_margin"].to_list() == [round(60 / MONTH * 3, 6)]


def test_an_end_that_is_announced_has_not_happened(company):
    given = contracts(started_on=ago(60, -5), ended_on=ago(-30, None), monthly_margin=[3.0, 3.0])
    found = contract_margins(company(given), EDGE)
    assert found.select("contract_id", "past_margin").rows() == [("k0", round(60 / MONTH * 3, 6))]


def test_half_a_margin_is_no_margin(company):
    given = contracts(customer_id=["a", "a", "b"], started_on=ago(60, 60, 60), monthly_margin=[3.0, None, 1.0])
    found = past_contract_margins(company(given), EDGE)
    assert found.rows() == [("a", None, False), ("b", round(60 / MONTH, 6), True)]


def test_a_negative_margin_stays_negative(company):
    given = contracts(started_on=ago(60), monthly_margin=[-3.0])
    assert past_contract_margins(company(given), EDGE)["contract_margin"].to_list() == [round(-180 / MONTH, 6)]


@pytest.mark.parametrize(
    ("monthly", "line", "expected"),
    [
        (5.0, 40.0, (round(300 / MONTH * 5 + 40, 6), "measured")),
        (None, 40.0, (round(300 / MONTH * 2 + 40, 6), "assumed")),
        (5.0, None, (round(300 / MONTH * 5 + 10, 6), "assumed")),
    ],
)
def test_the_customer_table_adds_both(company, monthly, line, expected):
    given = contracts(started_on=ago(300), monthly_amount=[20.0], monthly_margin=[monthly]) | lines("a", line)
    row = customer_table(company(given, assumed_margin_rate=0.1), EDGE).row(0, named=True)
    assert (row["past_margin_eur"], row["margin_source"]) == expected
    assert row["margin_12m_eur"] == (40.0 if line else 10.0)


def test_contracts_alone_have_a_past_margin_and_who_never_held_one_has_none_yet(company):
    given = contracts(started_on=ago(300), monthly_margin=[5.0]) | {"customers": {"customer_id": ["a", "b"]}}
    table = customer_table(company(given), EDGE)
    assert table.select("customer_id", "past_margin_eur", "margin_source").rows() == [
        ("a", round(300 / MONTH * 5, 6), "measured"),
        ("b", 0.0, None),
    ]


def test_a_contract_of_unknown_margin_makes_the_sum_unknown(company):
    given = contracts(customer_id=["a"], started_on=ago(300)) | lines("a", 40.0)
    row = customer_table(company(given), EDGE).row(0, named=True)
    assert (row["past_margin_eur"], row["margin_12m_eur"], row["margin_source"]) == (None, 40.0, "measured")


def test_bills_that_are_among_the_transactions_are_counted_there_only(company):
    given = contracts(started_on=ago(300), monthly_margin=[5.0]) | lines("a", 40.0)
    tables = company(given, contract_bills_in_transactions=True)
    assert not has_contract_margins(tables)
    assert customer_table(tables, EDGE)["past_margin_eur"].to_list() == [40.0]
    assert has_contract_margins(company(contracts(started_on=ago(300)), folder="alone", contract_bills_in_transactions=True))
