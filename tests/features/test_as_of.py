"""The future is kept out of every feature: rows that happened, or were recorded, after the cutoff change nothing."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from relkit.features.baskets import basket_features, basket_products
from relkit.features.channels import channel_profiles, consent_states, contact_features
from relkit.features.contactability import lost_addresses
from relkit.features.customer_table import PARTS, customer_table
from relkit.features.known_rows import HAPPENED, known_rows
from relkit.features.purchase_histories import purchase_histories
from relkit.features.purchases import holdout_purchases, purchase_summary
from relkit.features.revenue import revenue_features
from relkit.features.satisfaction import last_scores, open_cases
from relkit.features.snapshots import last_snapshots
from relkit.features.spells import contract_spells, spell_outcomes
from relkit.periods import AsOf, Holdout
from relkit.tables.schemas import TABLES

if TYPE_CHECKING:
    from collections.abc import Callable

    from relkit.tables.table_set import TableSet

EDGE = AsOf.parse("2024-06-30")
FACTS: dict[str, Any] = {"history_starts_on": date(2022, 1, 1), "assumed_margin_rate": 0.3}

MADE: dict[str, Callable[[TableSet, AsOf], pl.DataFrame]] = {
    "purchase summary": purchase_summary,
    "purchase histories": purchase_histories,
    "revenue": revenue_features,
    "baskets": basket_features,
    "basket products": lambda tables, as_of: basket_products(tables, as_of).sort("transaction_id", "product_id").collect(),
    "channel profiles": channel_profiles,
    "contacts": contact_features,
    "consents": consent_states,
    "lost addresses": lost_addresses,
    "scores": last_scores,
    "cases": open_cases,
    "snapshots": last_snapshots,
    "spells": contract_spells,
    "customer table": customer_table,
    "purchases of a holdout": lambda tables, as_of: holdout_purchases(tables, Holdout.before(as_of, days=30)),
    "spells of a holdout": lambda tables, as_of: spell_outcomes(tables, Holdout.before(as_of, days=30)),
}


@pytest.mark.parametrize("made", MADE.values(), ids=MADE)
def test_rows_after_the_edge_and_rows_recorded_late_change_nothing(company, everything, planted, made):
    before = made(company(everything, folder="before", **FACTS), EDGE)
    after = made(company(planted, folder="after", **FACTS), EDGE)
    assert len(before) > 0
    assert_frame_equal(before, after, check_exact=True)


@pytest.mark.parametrize("made", MADE.values(), ids=MADE)
def test_a_day_later_the_planted_rows_change_it(company, everything, planted, made):
    """The rows planted above would change the features if they were not excluded."""
    a_day_later = AsOf.parse("2024-07-01")
    before = made(company(everything, folder="before", **FACTS), a_day_later)
    after = made(company(planted, folder="after", **FACTS), a_day_later)
    assert not before.equals(after)


def test_every_table_that_features_read_is_planted(everything):
    assert set(everything) == set(HAPPENED)
    assert {needed for _, needed, _ in PARTS} <= set(everything)
    can_be_late = {name for name in HAPPENED if "recorded_at" in TABLES[name].names}
    assert {name for name, columns in everything.items() if "recorded_at" in columns} == can_be_late


@pytest.mark.parametrize(
    ("as_of", "seen"),
    [
        ("2024-06-29", ["29 June, 23:59"]),
        ("2024-06-30", ["29 June, 23:59", "30 June, 0:00", "30 June, 23:59"]),
        ("2024-06-30T00:00:00+02:00", ["29 June, 23:59", "30 June, 0:00"]),
        ("2024-06-29T23:59:59.999999+02:00", ["29 June, 23:59"]),
        ("2024-06-30T23:59:00", ["29 June, 23:59", "30 June, 0:00", "30 June, 23:59"]),
        ("2024-06-30T22:00:00Z", ["29 June, 23:59", "30 June, 0:00", "30 June, 23:59", "1 July, 0:00"]),
    ],
)
def test_a_date_is_the_whole_business_day_and_an_instant_itself(company, as_of, seen):
    """Midnight in Paris is 22:00 UTC in summer."""
    paris = {
        "29 June, 23:59": datetime(2024, 6, 29, 21, 59, tzinfo=UTC),
        "30 June, 0:00": datetime(2024, 6, 29, 22, tzinfo=UTC),
        "30 June, 23:59": datetime(2024, 6, 30, 21, 59, tzinfo=UTC),
        "1 July, 0:00": datetime(2024, 6, 30, 22, tzinfo=UTC),
    }
    contacts = {"contact_id": [*paris], "customer_id": ["a"] * 4, "channel_id": ["email"] * 4, "sent_at": [*paris.values()]}
    tables = company({"contacts": contacts}, business_zone="Europe/Paris")
    assert known_rows(tables, "contacts", tables.as_of(as_of), "contact_id").collect()["contact_id"].to_list() == seen


def test_the_day_of_a_clock_change_is_whole(company):
    """27 October 2024 has 25 hours in Paris; its last hour is 22:00 to 23:00 UTC."""
    last, next_day = datetime(2024, 10, 27, 22, 59, tzinfo=UTC), datetime(2024, 10, 27, 23, tzinfo=UTC)
    rows = {
        "transaction_line_id": ["1", "2"],
        "transaction_id": ["1", "2"],
        "customer_id": ["a", "b"],
        "occurred_at": [last, next_day],
        "net_amount": [1.0, 1.0],
        "line_kind": ["sale", "sale"],
    }
    tables = company({"transactions": rows}, business_zone="Europe/Paris")
    found = purchase_summary(tables, tables.as_of("2024-10-27"))
    assert found.select("customer_id", "last_order_on").rows() == [("a", date(2024, 10, 27))]


def test_a_day_fact_counts_from_the_start_of_its_day(company):
    rows = {
        "contract_id": ["a", "b"],
        "customer_id": ["a", "b"],
        "status": ["active"] * 2,
        "started_on": [date(2024, 6, 30)] * 2,
        "recorded_at": [None, datetime(2024, 6, 30, 15, tzinfo=UTC)],
    }
    tables = company({"contracts": rows})
    assert contract_spells(tables, tables.as_of("2024-06-30T10:00:00"))["contract_id"].to_list() == ["a"]
    assert contract_spells(tables, tables.as_of("2024-06-30"))["contract_id"].to_list() == ["a", "b"]


def test_an_instant_within_a_day_knows_part_of_it(company, everything):
    """The last sale of 'both' was at noon, 20 days before the end."""
    tables = company(everything, **FACTS)
    noon = datetime(2024, 6, 10, 12, tzinfo=UTC)
    before, after = (purchase_summary(tables, AsOf.parse(noon + timedelta(seconds=s))) for s in (-1, 0))
    assert before.filter(pl.col("customer_id") == "both")["repeat_purchases"].to_list() == [0]
    assert after.filter(pl.col("customer_id") == "both")["repeat_purchases"].to_list() == [1]
