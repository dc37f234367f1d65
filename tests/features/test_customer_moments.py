from __future__ import annotations

from typing import TYPE_CHECKING, Any

import polars as pl
import pytest
from walked_journeys import at

from relkit.errors import TableError
from relkit.features.customer_moments import customer_moments, no_purchases, purchases_of
from relkit.features.losses import LOSSES, long_silence_days, losses
from relkit.features.moments_of_truth import survey_answers
from relkit.features.next_behaviour import contact_outcomes
from relkit.features.visits_before_stores import store_purchases, visits_before_stores
from relkit.periods import AsOf

if TYPE_CHECKING:
    from tests.features.conftest import Company

AS_OF = AsOf.parse("2025-06-30")


def touchpoints(**more: list[Any]) -> dict[str, list[Any]]:
    rows: dict[str, list[Any]] = {
        "touchpoint_id": ["n1", "n2", "n3", "n4"],
        "customer_id": ["a", None, "b", "a"],
        "anonymous_id": [None, "v", None, None],
        "occurred_at": [at(1), at(2), at(3), at(40)],
        "channel_id": ["search", "search", "direct", "search"],
        "kind": ["click", "click", "visit", "click"],
    }
    return rows | more


def transactions() -> dict[str, list[Any]]:
    """Return two lines of one basket in a store, one on the web, a fee, a return, a line of nobody, and one after the cutoff."""
    return {
        "transaction_line_id": ["l1", "l2", "l3", "l4", "l5", "l6", "l7"],
        "transaction_id": ["t1", "t1", "t2", "t3", "t4", "t5", "t6"],
        "customer_id": ["a", "a", "b", "a", "a", None, "a"],
        "occurred_at": [at(2), at(2), at(10), at(11), at(12), at(12), at(41)],
        "net_amount": [10.0, 5.0, 8.0, 2.0, -5.0, 9.0, 9.0],
        "line_kind": ["sale", "sale", "sale", "fee", "return", "sale", "sale"],
        "channel_id": ["counter", "counter", "web", "web", "web", "web", "web"],
        "store_id": [None, None, None, None, None, None, None],
    }


def contacts() -> dict[str, list[Any]]:
    return {
        "contact_id": ["k1", "k2"],
        "customer_id": ["a", "b"],
        "channel_id": ["email", "phone"],
        "sent_at": [at(5), at(6)],
        "direction": [None, "inbound"],
    }


def outcomes() -> dict[str, list[Any]]:
    return {
        "contact_id": ["k1", "k1", "k1", "k1", "k2", "k2"],
        "outcome": ["delivered", "opened", "clicked", "converted", "complained", "reached"],
        "occurred_at": [at(5.1), at(5.5), at(5.2), at(5.6), at(6.5), at(6.5)],
        "is_automated": [False, False, True, False, None, None],
    }


def test_moments_of_three_tables_are_in_order_of_customer_and_time(company: Company) -> None:
    tables = company({"touchpoints": touchpoints(), "transactions": transactions(), "contacts": contacts()})
    found = customer_moments(tables, AS_OF).select("customer_id", "kind", "channel").rows()
    assert found == [
        ("a", "click", "search"),
        ("a", "purchase", "counter"),
        ("a", "contact", "email"),
        ("b", "visit", "direct"),
        ("b", "inbound contact", "phone"),
        ("b", "purchase", "web"),
    ]


def test_the_future_and_what_was_recorded_later_change_nothing(company: Company) -> None:
    """n4 lies after the cutoff; a touch recorded after it is not known either."""
    late = touchpoints(recorded_at=[at(1), at(2), at(35), at(40)])
    known = customer_moments(company({"touchpoints": late}), AS_OF)
    assert known.select("customer_id", "kind").rows() == [("a", "click")]


def test_test_accounts_are_left_out(company: Company) -> None:
    customers = {"customer_id": ["a", "b"], "is_test": [True, False]}
    found = customer_moments(company({"touchpoints": touchpoints(), "customers": customers}), AS_OF)
    assert found["customer_id"].to_list() == ["b"]


def test_a_purchase_is_a_transaction_with_its_amount(company: Company) -> None:
    bought = purchases_of(company({"transactions": transactions()}), AS_OF)
    assert bought.select("customer_id", "transaction_id", "channel", "amount").rows() == [
        ("a", "t1", "counter", 15.0),
        ("b", "t2", "web", 8.0),
    ]
    assert no_purchases().schema == bought.schema


def test_a_company_without_any_of_the_tables_has_no_moments(company: Company) -> None:
    tables = company({"customers": {"customer_id": ["a"]}})
    assert customer_moments(tables, AS_OF).is_empty()
    with pytest.raises(TableError, match="transactions"):
        purchases_of(tables, AS_OF)


def test_store_purchases_are_known_by_their_store_or_their_channel(company: Company) -> None:
    bought = purchases_of(company({"transactions": transactions() | {"store_id": [None, None, "m1", None, None, None, None]}}), AS_OF)
    assert store_purchases(bought)["transaction_id"].to_list() == ["t1", "t2"]


def test_visits_before_stores_count_web_moments_of_store_buyers(company: Company) -> None:
    """The only store buyer, a, clicked on day 1 and bought on day 2: preceded within a day, as she always is at that instant."""
    tables = company({"touchpoints": touchpoints(), "transactions": transactions()})
    found = visits_before_stores(customer_moments(tables, AS_OF), purchases_of(tables, AS_OF), windows_days=(1, 7))
    assert found.select("window_days", "events", "preceded", "base_share").rows() == [(1, 1, 1, 1.0), (7, 1, 1, 1.0)]


def test_losses_of_four_kinds(company: Company) -> None:
    """By hand: the case and the complaint on a contact, an end by the customer's wish and none by a move, and a silence of ten days."""
    contracts = {
        "contract_id": ["x", "y"],
        "customer_id": ["a", "b"],
        "status": ["ended", "ended"],
        "valid_from": [at(0).date()] * 2,
        "started_on": [at(0).date()] * 2,
        "ended_on": [at(9).date()] * 2,
        "end_reason": ["voluntary", "move"],
    }
    cases = {"case_id": ["d1", "d2"], "customer_id": ["b", "b"], "opened_at": [at(4), at(50)]}
    tables = company(
        {"transactions": transactions(), "contacts": contacts(), "outcomes": outcomes(), "cases": cases, "contracts": contracts}
    )
    bought = purchases_of(tables, AS_OF)
    found = losses(tables, AS_OF, bought, silence_days=10)
    rows = [(who, when, str(loss)) for who, when, loss in found.rows()]
    assert rows == [
        ("b", at(4), "complaint"),
        ("b", at(6.5), "complaint"),
        ("a", at(9), "contract_ended"),
        ("a", at(12), "silence"),
        ("b", at(20), "silence"),
    ]
    assert found["loss"].dtype.categories.to_list() == list(LOSSES)  # type: ignore[attr-defined]


def test_a_silence_counts_even_if_the_customer_came_back_and_not_before_it_is_long(company: Company) -> None:
    lines = {
        "transaction_line_id": ["1", "2", "3"],
        "transaction_id": ["1", "2", "3"],
        "customer_id": ["a", "a", "b"],
        "occurred_at": [at(0), at(15), at(25)],
        "net_amount": [1.0, 1.0, 1.0],
        "line_kind": ["sale"] * 3,
    }
    tables = company({"transactions": lines})
    bought = purchases_of(tables, AS_OF)
    assert losses(tables, AS_OF, bought, silence_days=10)["at"].to_list() == [at(10), at(25)]


def test_a_long_silence_is_longer_than_nearly_all_gaps_if_they_could_be_seen() -> None:
    """By hand: of 20 gaps the 19th is of 15 days; purchases that span less than 30 days could not show such gaps."""
    gaps = [1.0] * 18 + [15.0, 29.5]
    days = [0.0, *[sum(gaps[: n + 1]) for n in range(len(gaps))]]
    bought = pl.DataFrame({"customer_id": ["a"] * len(days), "at": [at(day) for day in days]})
    assert long_silence_days(bought) == 30  # the 19.05th of the gaps in order, rounded up to a whole gap and a whole day
    short = pl.DataFrame({"customer_id": ["a", "a", "b"], "at": [at(0), at(15), at(25)]})
    assert long_silence_days(short) is None
    assert long_silence_days(pl.concat([short, short.tail(1).with_columns(at=pl.lit(at(30)))])) == 15


def test_without_purchases_there_is_no_silence(company: Company) -> None:
    assert long_silence_days(no_purchases()) is None
    assert losses(company({"customers": {"customer_id": ["a"]}}), AS_OF, no_purchases()).is_empty()


def test_the_last_outcome_of_a_contact_counts_without_machines_and_without_the_purchase_itself(company: Company) -> None:
    """k1: clicked by a machine, converted is the purchase, so opened; k2: of two outcomes at one instant the further one."""
    found = contact_outcomes(company({"contacts": contacts(), "outcomes": outcomes()}), AS_OF)
    assert found.select("customer_id", "outcome").rows() == [("a", "opened"), ("b", "complained")]


def test_answers_are_brought_to_a_scale_of_ten(company: Company) -> None:
    surveys = {
        "response_id": ["1", "2", "3", "4"],
        "customer_id": ["a", "b", None, "c"],
        "answered_at": [at(3), at(4), at(5), at(60)],
        "mode": ["hot"] * 4,
        "question": ["nps", "csat", "nps", "nps"],
        "score": [7.0, 4.0, 9.0, 9.0],
        "scale_min": [None, 1.0, None, None],
        "scale_max": [None, 5.0, None, None],
    }
    found = survey_answers(company({"surveys": surveys}), AS_OF)
    assert found.select("customer_id", "score", "weight").rows() == [("a", 7.0, 1.0), ("b", 7.5, 1.0)]
