from __future__ import annotations

from datetime import date
from typing import Any

import polars as pl
import pytest

from relkit.features.columns import ATTRIBUTES, DECLARED
from relkit.features.customer_table import PARTS, customer_table
from relkit.features.dictionary import dictionary
from relkit.periods import AsOf
from tests.features.test_snapshot_spells import of, one_day

EDGE = AsOf.parse("2024-06-30")
FACTS: dict[str, Any] = {"history_starts_on": date(2022, 1, 1), "assumed_margin_rate": 0.3}


def row(table: pl.DataFrame, customer_id: str) -> dict[str, Any]:
    return table.row(by_predicate=pl.col("customer_id") == customer_id, named=True)


def test_everybody_but_test_accounts_is_there_once(company, everything):
    table = customer_table(company(everything, **FACTS), EDGE)
    assert table["customer_id"].to_list() == ["both", "buyer", "outsider", "prospect", "subscriber"]
    assert table["as_of"].unique().to_list() == [date(2024, 6, 30)]


def test_a_buyer_with_a_contract(company, everything):
    found = row(customer_table(company(everything, **FACTS), EDGE), "both")
    expected = {
        "entity_id": "e",
        "is_prospect": False,
        "is_left_censored": False,
        "days_since_last_order": 20,
        "orders_12m": 1,
        "revenue_12m_eur": 12.0,
        "margin_12m_eur": 5.0,
        "past_revenue_eur": 42.0,
        "past_margin_eur": round(4.0 + 2 * 2.0 + 5.0 + 300 / (365.25 / 12) * 5.0, 6),
        "margin_source": "assumed",
        "repeat_purchases": 1,
        "last_purchase_age_days": 480.0,
        "observed_days": 500.0,
        "mean_repeat_value": 12.0,
        "first_value": 30.0,
        "channel_profile": "multi",
        "human_contact_share_12m": 0.5,
        "active_contracts": 1,
        "contract_age_days": 300,
        "monthly_amount_eur": 25.0,
        "last_nps": 4.0,
        "nps_age_days": 30,
        "has_open_case": True,
        "contacts_30d_email": 1,
        "contacts_30d_phone": 0,
        "consent_email": "granted",
        "consent_post": "unknown",
        "consent_profiling": "refused",
        "income": "high",
        "country": "FR",
        "snapshot_country": "DE",
        "snapshot_age_days": 30,
    }
    assert {name: found[name] for name in expected} == expected


def test_a_prospect_has_no_orders_and_nulls_where_a_thing_does_not_apply(company, everything):
    found = row(customer_table(company(everything, **FACTS), EDGE), "prospect")
    zeros = ("orders_12m", "revenue_12m_eur", "past_margin_eur", "active_contracts", "contacts_30d_sms", "has_open_case")
    nulls = (
        "days_since_last_order",
        "repeat_purchases",
        "mean_repeat_value",
        "first_value",
        "channel_profile",
        "last_nps",
        "is_left_censored",
    )
    assert found["is_prospect"]
    assert [found[name] for name in zeros] == [0, 0.0, 0.0, 0, 0, False]
    assert [found[name] for name in nulls] == [None] * len(nulls)
    assert found["consent_email"] == "unknown"


def test_a_contract_older_than_the_history_makes_its_holder_left_censored(company, everything):
    found = row(customer_table(company(everything, **FACTS), EDGE), "subscriber")
    assert (found["is_left_censored"], found["is_prospect"], found["active_contracts"]) == (True, False, 1)


def test_contracts_to_come_make_no_holder_and_those_of_long_ago_a_former_one(company):
    contracts = {
        "contract_id": ["1", "2"],
        "customer_id": ["former", "to come"],
        "status": ["ended", "signed"],
        "started_on": [date(2010, 1, 1), date(2024, 7, 1)],
        "ended_on": [date(2011, 1, 1), None],
    }
    table = customer_table(company({"contracts": contracts}, history_starts_on=date(2020, 1, 1)), EDGE)
    assert table.select("customer_id", "is_prospect", "is_left_censored", "active_contracts").rows() == [
        ("former", False, True, 0),
        ("to come", True, None, 0),
    ]


def test_who_only_gave_something_back_is_neither_buyer_nor_prospect(company, everything):
    columns = {name: values[5:6] for name, values in everything["transactions"].items()}
    table = customer_table(company({"transactions": columns}, **FACTS), EDGE)
    assert table.select("customer_id", "is_prospect", "first_order_on", "orders_12m", "revenue_12m_eur").rows() == [
        ("buyer", False, None, 0, -9.0)
    ]


def test_margins_that_nobody_knows_are_null_for_all(company, everything):
    del everything["products"]
    everything["transactions"]["margin_amount"] = [None] * 8
    everything["contracts"]["monthly_margin"] = [None] * 5
    table = customer_table(company(everything, history_starts_on=date(2022, 1, 1)), EDGE)
    assert (
        table["past_margin_eur"].null_count() == table["margin_12m_eur"].null_count() == table["margin_source"].null_count() == len(table)
    )


def test_snapshots_alone_say_nothing_of_prospects(company, everything):
    table = customer_table(company({"customer_snapshots": everything["customer_snapshots"]}), EDGE)
    assert table.columns == [
        *("customer_id", "as_of", "is_prospect", "is_left_censored"),
        *("is_contactable", *(f"may_contact_{channel}" for channel in ("email", "sms", "phone", "post"))),
        *("not_contactable_because", "is_protected", "snapshot_age_days", "income", "snapshot_country"),
    ]
    assert table["is_prospect"].to_list() == [None, None]


def test_a_tenure_of_zero_that_ended_is_not_from_before_the_history(company):
    frame = one_day(("gone at once", 0, True), ("gone", 3, True), ("there", 3, False))
    table = customer_table(of(company, frame), AsOf.parse("2024-06-30"))
    assert table.select("is_prospect", "is_left_censored").rows() == [(False, False)] * 3


@pytest.mark.parametrize("needed", sorted({needed for _, needed, _ in PARTS}))
def test_each_table_may_be_absent(company, everything, needed):
    tables = company({name: columns for name, columns in everything.items() if name != needed}, **FACTS)
    table = customer_table(tables, EDGE)
    assert len(dictionary(table.columns, tables)) == table.width


def test_columns_end_in_the_currency(company, everything):
    table = customer_table(company(everything, currency="USD", **FACTS), EDGE)
    assert [name for name in table.columns if name.endswith(("_usd", "_eur"))] == [
        *("revenue_12m_usd", "margin_12m_usd", "past_revenue_usd", "past_margin_usd", "monthly_amount_usd")
    ]


def test_each_part_is_reported(company, everything):
    reported: list[str] = []
    customer_table(company(everything, **FACTS), EDGE, progress=lambda *message: reported.append(message[0]))
    assert reported == [f"computing {name}" for name, _, _ in PARTS]


def test_the_same_tables_give_the_same_bytes(company, everything):
    tables = company(everything, **FACTS)
    assert customer_table(tables, EDGE).serialize() == customer_table(tables, EDGE).serialize()


def test_every_column_is_described_and_every_described_column_is_made(company, everything):
    table = customer_table(company(everything, **FACTS), EDGE)
    varies = {f"{start}_email": f"{start}_{{channel}}" for start in ("contacts_30d", "consent", "may_contact")}
    made = {varies.get(name, name.replace("_eur", "_{cur}")) for name in table.columns}
    assert {described.name for described in DECLARED} <= made
    assert len(dictionary(table.columns, company(everything, **FACTS))) == table.width


def test_every_possible_null_has_a_meaning(company, everything):
    tables = company(everything, **FACTS)
    table = customer_table(tables, EDGE)
    meaning = dict(dictionary(table.columns, tables).select("column", "null_means").iter_rows())
    declared = {described.name.replace("{cur}", "eur") for described in DECLARED}
    silent = [name for name in table.columns if name in declared and table[name].null_count() and not meaning[name]]
    assert silent == []


def test_columns_are_of_the_declared_types(company, everything):
    table = customer_table(company(everything, **FACTS), EDGE)
    declared = {column.name.replace("{cur}", "eur").replace("{channel}", "email"): column.dtype for column in (*DECLARED, *ATTRIBUTES)}
    of_another_type = {name: (dtype, declared[name]) for name, dtype in table.schema.items() if dtype != declared.get(name, dtype)}
    assert of_another_type == {}
