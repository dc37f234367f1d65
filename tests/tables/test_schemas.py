"""The tables as they are declared: complete, consistent, in two languages."""

from __future__ import annotations

import polars as pl
import pytest

from relkit.contracts import INSTANT
from relkit.tables.declared.columns import MONEY
from relkit.tables.schemas import FACT_TABLES, TABLES

COLUMNS = [(name, column) for name, contract in TABLES.items() for column in contract.columns]


def test_all_tables_are_declared():
    assert set(TABLES) == {
        "customers", "customer_snapshots", "identifiers", "transactions", "products", "stores", "contracts", "contract_parties", "offers",
        "assignments", "contacts", "outcomes", "touchpoints", "paths", "surveys", "consents", "suppressions", "calendar",
        "loyalty_movements", "costs", "lift_tests", "cases",
    }  # fmt: skip
    assert set(FACT_TABLES) <= set(TABLES)


@pytest.mark.parametrize("name", TABLES)
def test_keys_rules_and_references_name_columns_that_exist(name):
    contract = TABLES[name]
    used = {*contract.key, *(c for rule in contract.rules for c in rule.columns), *(c for group in contract.one_of for c in group)}
    assert used <= set(contract.names)
    for rule in contract.rules:
        assert set(rule.broken.meta.root_names()) <= set(rule.columns)
    for column, other in contract.references:
        assert contract[column].dtype == TABLES[other][TABLES[other].key[0]].dtype
    assert len(set(contract.names)) == len(contract.names)
    assert contract.label.en
    assert contract.label.fr
    assert contract.meaning.endswith(".")


@pytest.mark.parametrize(("table", "column"), COLUMNS, ids=[f"{table}.{column.name}" for table, column in COLUMNS])
def test_columns_are_described_and_their_names_say_their_type(table, column):
    assert column.label.en
    assert column.label.fr
    assert column.meaning.endswith(".")
    assert column.personal_data in {"none", "pseudonym", "personal", "sensitive"}
    endings = {
        "_on": pl.Date,
        "_at": INSTANT,
        "_id": pl.String,
        "_months": pl.Int32,
        "_rate": pl.Float64,
        "_amount": pl.Float64,
        "_cost": pl.Float64,
    }
    for ending, dtype in endings.items():
        assert not column.name.endswith(ending) or column.dtype == dtype
    assert column.name not in {"valid_from", "valid_to", "as_of"} or column.dtype == pl.Date
    assert not column.name.startswith(("is_", "has_")) or column.dtype == pl.Boolean
    assert column.unit != MONEY or column.dtype == pl.Float64
    assert column.nullable or column.required or column.default is not None
    assert column.default is None or column.default in column.allowed


@pytest.mark.parametrize(("table", "column"), COLUMNS, ids=[f"{table}.{column.name}" for table, column in COLUMNS])
def test_what_is_likely_is_possible(table, column):
    assert column.low is None or column.likely_low is None or column.low <= column.likely_low
    assert column.high is None or column.likely_high is None or column.likely_high <= column.high


def test_customer_ids_are_pseudonyms_everywhere():
    assert {column.personal_data for _, column in COLUMNS if column.name in {"customer_id", "household_id", "unit_id"}} == {"pseudonym"}


def test_a_line_is_a_sale_unless_it_says_otherwise():
    kind = TABLES["transactions"]["line_kind"]
    assert (kind.default, kind.nullable, kind.required) == ("sale", False, False)
    assert kind.allowed == ("sale", "return", "cancel", "fee", "gift_card")
