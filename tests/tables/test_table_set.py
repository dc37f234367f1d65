"""A folder of validated tables, and the facts about them."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import polars as pl
import pytest

from relkit.errors import PeriodError, TableError
from relkit.tables.table_set import TableFacts, TableSet, write_facts

FACTS = TableFacts(
    currency="USD",
    business_zone="Europe/Paris",
    history_starts_on=date(2024, 1, 1),
    first_day=date(2024, 1, 2),
    last_day=date(2025, 6, 30),
    rows={"customers": 2, "stores": 0},
    fingerprints={"customers": "aa", "stores": "bb"},
    attributes={"band": {"label_en": "Band"}},
    precisions={"customers.created_on": "month"},
)


@pytest.fixture
def folder(tmp_path):
    pl.DataFrame({"customer_id": ["p", "q"]}).write_parquet(tmp_path / "customers.parquet")
    write_facts(tmp_path, FACTS)
    return tmp_path


def test_facts_come_back_as_they_were_written(folder):
    assert TableSet.open(folder).facts == FACTS


def test_facts_without_days_come_back(tmp_path):
    facts = TableFacts(rows={}, fingerprints={})
    write_facts(tmp_path, facts)
    assert TableSet.open(tmp_path).facts == facts


def test_tables_are_scanned_and_columns_listed(folder):
    tables = TableSet.open(folder)
    assert tables.has("customers")
    assert not tables.has("contracts")
    assert tables.scan("customers").collect().height == 2
    assert tables.columns("customers") == ("customer_id",)


def test_an_absent_table_names_the_nearest(folder):
    with pytest.raises(TableError, match=r"unknown table 'customer'; did you mean 'customers'\? Known: customers, stores"):
        TableSet.open(folder).scan("customer")


def test_a_folder_without_facts_says_what_to_run(tmp_path):
    with pytest.raises(TableError, match=r"there are no validated tables here\. Run relkit check DATA first"):
        TableSet.open(tmp_path)


def test_as_of_is_the_last_day_in_the_zone_of_the_business_unless_given(folder):
    tables = TableSet.open(folder)
    assert tables.as_of().day == date(2025, 6, 30)
    assert tables.as_of().cutoff.isoformat() == "2025-06-30T22:00:00+00:00"
    assert tables.as_of("2025-01-31").day == date(2025, 1, 31)


def test_without_any_day_there_is_no_last_one(tmp_path):
    write_facts(tmp_path, TableFacts(rows={}, fingerprints={}))
    with pytest.raises(TableError, match=r"no table holds a date, so there is no last business day\. Give --as-of"):
        TableSet.open(tmp_path).as_of()


def test_the_fingerprint_follows_each_table_and_not_their_order(folder, tmp_path):
    def of(fingerprints):
        return TableSet(tmp_path, TableFacts(rows={}, fingerprints=fingerprints)).fingerprint()

    assert of({"a": "1", "b": "2"}) == of({"b": "2", "a": "1"})
    assert of({"a": "1", "b": "2"}) != of({"a": "1", "b": "3"})


def test_why_nobody_is_known_is_a_date_before_the_data_or_rows_without_customers(folder):
    tables = TableSet.open(folder)
    before = tables.nobody(tables.as_of("1990-01-01"))
    assert isinstance(before, PeriodError)
    assert str(before) == "as_of: nobody is known as of 1990-01-01: the data start on 2024-01-02. Choose a day from 2024-01-02 on."
    assert "no row of customers, stores leads to a customer. Check that customer_id is mapped" in str(tables.nobody(tables.as_of()))


def test_the_refusals_of_the_check_stay_with_the_tables(folder):
    assert TableSet.open(folder).refusals() == ()
    (folder / "check.json").write_text('{"refusals": ["Too many."]}')
    assert TableSet.open(folder).refusals() == ("Too many.",)


@pytest.mark.parametrize("content", ["garbage", "{}", '{"first_day": "soon"}'])
def test_damaged_facts_say_how_to_make_them_anew(folder, content):
    (folder / "facts.json").write_text(content)
    with pytest.raises(TableError, match=r"facts\.json: the (facts are|file is) damaged.* Run relkit check DATA again"):
        TableSet.open(folder)


def test_columns_of_which_no_value_may_be_shown_are_those_that_schema_or_mapping_call_personal(tmp_path):
    attributes = {"town": {"personal_data": "personal"}, "plan": {"personal_data": "none"}, "undeclared": {}}
    found = TableSet(folder=tmp_path, facts=replace(FACTS, attributes=attributes)).personal_columns
    assert {"country", "postcode", "town", "undeclared"} <= found
    assert not {"customer_id", "plan", "type"} & found
