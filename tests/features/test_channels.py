from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import pytest

from relkit.errors import TableError
from relkit.features.channels import channel_profiles, consent_states, contact_features
from relkit.periods import AsOf

EDGE = AsOf.parse("2024-06-30")


def at(month: int, day: int, year: int = 2024) -> datetime:
    return datetime(year, month, day, 9, tzinfo=UTC)


def consents(*rows: tuple[Any, ...], **more: list[Any]) -> dict[str, list[Any]]:
    """Return consents from (customer, purpose, channel, changed_at, status)."""
    names = ("customer_id", "purpose", "channel_id", "changed_at", "status")
    return {name: [row[i] for row in rows] for i, name in enumerate(names)} | more


def state(company, tables: dict[str, dict[str, list[Any]]], customer: str = "a") -> dict[str, str]:
    found = consent_states(company(tables), EDGE)
    row = {str(r["customer_id"]): r for r in found.to_dicts()}[customer]
    return {name.removeprefix("consent_"): value for name, value in row.items() if name.startswith("consent_")}


def test_the_last_change_holds_and_silence_is_unknown(company):
    rows = consents(("a", "marketing", "email", at(1, 1), "refused"), ("a", "marketing", "email", at(2, 1), "granted"))
    assert state(company, {"consents": rows}) == {
        "email": "granted",
        "sms": "unknown",
        "phone": "unknown",
        "post": "unknown",
        "profiling": "unknown",
    }


def test_a_withdrawal_is_a_refusal_and_wins_over_an_agreement_of_the_same_instant(company):
    rows = consents(("a", "marketing", "sms", at(1, 1), "withdrawn"), ("a", "marketing", "sms", at(1, 1), "granted"))
    assert state(company, {"consents": rows})["sms"] == "refused"


def test_a_change_without_channel_holds_for_all_until_one_is_named(company):
    rows = consents(
        ("a", "marketing", None, at(1, 1), "refused"),
        ("a", "marketing", "post", at(2, 1), "granted"),
        ("b", "marketing", "fax", at(2, 1), "granted"),
    )
    found = state(company, {"consents": rows})
    assert {k: v for k, v in found.items() if k != "profiling"} == {
        "email": "refused",
        "sms": "refused",
        "phone": "refused",
        "post": "granted",
        "fax": "refused",
    }


def test_profiling_and_marketing_do_not_mix(company):
    rows = consents(("a", "profiling", None, at(1, 1), "refused"), ("a", "partners", "email", at(1, 1), "granted"))
    assert set(state(company, {"consents": rows}).items()) == {("profiling", "refused")} | {
        (c, "unknown") for c in ("email", "sms", "phone", "post")
    }


@pytest.mark.parametrize(("valid_to", "expected"), [(date(2024, 6, 29), "expired"), (date(2024, 6, 30), "granted"), (None, "granted")])
def test_an_agreement_expires_after_its_last_day(company, valid_to, expected):
    rows = consents(("a", "marketing", "email", at(1, 1), "granted"), valid_to=[valid_to])
    assert state(company, {"consents": rows})["email"] == expected


def test_a_source_may_say_that_consent_has_expired(company):
    assert state(company, {"consents": consents(("a", "marketing", "email", at(1, 1), "expired"))})["email"] == "expired"


def test_of_several_addresses_the_most_restrictive_wins(company):
    rows = consents(
        (None, "marketing", "email", at(1, 1), "refused"),
        (None, "marketing", "email", at(5, 1), "granted"),
        (None, "marketing", "email", at(5, 1), "granted"),
        ("a", "marketing", "email", at(5, 1), "granted"),
        identifier=["old@example.org", "new@example.org", "unknown@example.org", None],
    )
    links = {
        "source": ["shop"] * 3,
        "id_type": ["email"] * 3,
        "id_value": ["old@example.org", "new@example.org", "new@example.org"],
        "valid_from": [None, None, None],
        "valid_to": [None, None, date(2024, 1, 1)],
        "customer_id": ["a", "a", "b"],
    }
    tables = {"consents": rows, "identifiers": links}
    assert state(company, tables)["email"] == "refused"
    assert consent_states(company(tables), EDGE)["customer_id"].to_list() == ["a"]
    assert state(company, {"consents": rows})["email"] == "granted"


def test_pressure_counts_marketing_that_the_company_began(company):
    contacts = {
        "contact_id": list("123456789"),
        "customer_id": ["a"] * 8 + ["b"],
        "channel_id": ["email", "email", "email", "email", "email", "phone", "sms", "Push App", "store"],
        "sent_at": [at(6, 30), at(6, 1), at(5, 31), at(6, 10), at(6, 11), at(6, 12), at(6, 13), at(6, 14), at(1, 1)],
        "class": ["marketing", None, "marketing", "service", "marketing", "marketing", "commitment", "marketing", "marketing"],
        "direction": ["outbound", None, "outbound", "outbound", "inbound", "outbound", "outbound", None, "inbound"],
    }
    found = contact_features(company({"contacts": contacts}), EDGE).to_dicts()
    nothing = {"contacts_30d_sms": 0, "contacts_30d_post": 0, "contacts_30d_store": 0}
    assert found == [
        {"customer_id": "a", "human_contact_share_12m": 1 / 8, "contacts_30d_email": 2, "contacts_30d_phone": 1, "contacts_30d_push_app": 1}
        | nothing,
        {"customer_id": "b", "human_contact_share_12m": 1.0, "contacts_30d_email": 0, "contacts_30d_phone": 0, "contacts_30d_push_app": 0}
        | nothing,
    ]


def test_contacts_older_than_365_days_are_forgotten(company):
    contacts = {
        "contact_id": ["1", "2"],
        "customer_id": ["a", "b"],
        "channel_id": ["email"] * 2,
        "sent_at": [at(7, 1, 2023), at(7, 2, 2023)],
    }
    assert contact_features(company({"contacts": contacts}), EDGE)["customer_id"].to_list() == ["b"]


def test_channel_profile_is_over_purchases(company):
    lines = {
        "transaction_line_id": list("123456"),
        "transaction_id": list("123456"),
        "customer_id": ["a", "a", "b", "b", "c", None],
        "occurred_at": [at(1, 1)] * 6,
        "net_amount": [1.0] * 6,
        "line_kind": ["sale", "sale", "sale", "return", "sale", "sale"],
        "channel_id": ["web", "store", "web", "store", None, "web"],
    }
    assert channel_profiles(company({"transactions": lines}), EDGE).rows() == [("a", "multi"), ("b", "single")]


@pytest.mark.parametrize("made", [contact_features, consent_states, channel_profiles])
def test_an_absent_table_is_named(company, made):
    with pytest.raises(TableError, match=r"unknown table '(contacts|consents|transactions)'.*Known: stores"):
        made(company({"stores": {"store_id": ["s"]}}), EDGE)
