from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import numpy as np
import polars as pl
import pytest

from relkit.errors import TableError
from relkit.features.spells import COVARIATES, contract_spells, main_contracts, spell_outcomes, usable_covariates
from relkit.periods import AsOf, Holdout

EDGE = AsOf.parse("2024-06-30")


def contracts(**columns: list[Any]) -> dict[str, list[Any]]:
    n = len(columns["contract_id"])
    plain: dict[str, list[Any]] = {
        "valid_from": [None] * n,
        "customer_id": [f"c{i}" for i in range(n)],
        "status": ["active"] * n,
        "started_on": [date(2024, 1, 1)] * n,
        "ended_on": [None] * n,
        "end_reason": [None] * n,
    }
    return plain | columns


def by_id(frame: pl.DataFrame, contract_id: str) -> dict[str, Any]:
    return frame.row(by_predicate=pl.col("contract_id") == contract_id, named=True)


def test_duration_runs_to_the_end_or_to_the_edge(company):
    spells = contract_spells(
        company({"contracts": contracts(contract_id=["run", "end"], ended_on=[None, date(2024, 3, 1)], end_reason=[None, "voluntary"])}),
        EDGE,
    )
    running, ended = by_id(spells, "run"), by_id(spells, "end")
    assert (running["duration_days"], running["event"], running["is_active"]) == (181.0, False, True)
    assert (ended["duration_days"], ended["event"], ended["is_active"], ended["end_reason"]) == (60.0, True, False, "voluntary")


def test_an_end_on_the_day_of_the_edge_is_an_event_and_one_a_day_later_is_not(company):
    ends = [date(2024, 6, 30), date(2024, 7, 1)]
    spells = contract_spells(
        company({"contracts": contracts(contract_id=["today", "later"], ended_on=ends, end_reason=["move", "move"])}), EDGE
    )
    assert spells["event"].to_list() == [False, True]
    assert by_id(spells, "later") | {"customer_id": ""} == by_id(spells, "today") | {
        "customer_id": "",
        "contract_id": "later",
        "event": False,
        "is_active": True,
        "ended_on": None,
        "end_reason": None,
    }


def test_a_contract_older_than_the_history_enters_at_the_age_it_had_then(company):
    rows = contracts(
        contract_id=["old", "gone", "new"],
        started_on=[date(2019, 12, 1), date(2019, 12, 1), date(2020, 2, 1)],
        ended_on=[None, date(2020, 1, 1), None],
    )
    spells = contract_spells(company({"contracts": rows}, history_starts_on=date(2020, 1, 1)), EDGE)
    assert spells.select("contract_id", "entry_days").rows() == [("new", 0.0), ("old", 31.0)]


def test_without_a_declared_history_every_contract_is_seen_from_its_start(company):
    tables = company({"contracts": contracts(contract_id=["a"], started_on=[date(2001, 1, 1)])}, history_starts_on=None)
    assert contract_spells(tables, EDGE)["entry_days"].to_list() == [0.0]


def test_the_version_valid_at_the_edge_counts(company):
    rows = contracts(
        contract_id=["a", "a", "a"],
        customer_id=["c"] * 3,
        valid_from=[None, date(2024, 4, 1), date(2024, 7, 1)],
        monthly_amount=[10.0, 12.0, 99.0],
        recorded_at=[None, None, None],
    )
    assert contract_spells(company({"contracts": rows}), EDGE)["monthly_amount"].to_list() == [12.0]


def test_of_one_version_the_last_record_known_counts(company):
    rows = contracts(
        contract_id=["a", "a", "a"],
        customer_id=["c"] * 3,
        valid_from=[date(2024, 4, 1)] * 3,
        monthly_amount=[10.0, 12.0, 99.0],
        recorded_at=[datetime(2024, m, 1, tzinfo=UTC) for m in (4, 5, 7)],
    )
    assert contract_spells(company({"contracts": rows}), EDGE)["monthly_amount"].to_list() == [12.0]


def test_contracts_not_begun_and_those_of_test_accounts_are_left_out(company):
    tables = company(
        {
            "contracts": contracts(contract_id=["a", "b", "c"], started_on=[date(2024, 1, 1), date(2024, 7, 1), date(2024, 1, 1)]),
            "customers": {"customer_id": ["c0", "c1", "c2"], "is_test": [None, False, True]},
        }
    )
    assert contract_spells(tables, EDGE)["contract_id"].to_list() == ["a"]


def test_covariates_are_those_that_the_tables_allow(company):
    rows = contracts(
        contract_id=["1", "2", "3", "4"],
        customer_id=["a", "a", "a", "b"],
        started_on=[date(2022, 1, 1), date(2022, 6, 1), date(2024, 1, 1), date(2024, 1, 1)],
        ended_on=[date(2023, 1, 1), None, None, None],
        monthly_amount=[1.0, 2.0, 3.0, None],
        term_months=[12, 12, 12, 12],
        payment_method=["direct_debit", "card", None, "card"],
    )
    spells = contract_spells(company({"contracts": rows, "customers": {"customer_id": ["a"], "birth_year": [1980]}}), EDGE)
    assert [c for c in COVARIATES if c in spells.columns] == [c for c in COVARIATES if c != "monthly_margin"]
    assert spells["pays_by_direct_debit"].to_list() == [1.0, 0.0, None, 0.0]
    assert spells["other_contracts_at_start"].to_list() == [0.0, 1.0, 1.0, 0.0]
    assert spells["age_at_start_years"].to_list() == [42.0, 42.0, 44.0, None]
    assert usable_covariates(spells) == ("other_contracts_at_start",)


def test_a_covariate_that_follows_from_others_is_left_out():
    """A margin of 40 % rounded to the cent adds nothing to the amount."""
    rng = np.random.default_rng(1)
    amount = rng.gamma(2.0, 20.0, 200).round(2)
    frame = pl.DataFrame(
        {"monthly_amount": amount, "monthly_margin": (0.4 * amount).round(2), "term_months": rng.choice([12.0, 24.0], 200)}
    )
    assert usable_covariates(frame) == ("monthly_amount", "term_months")
    assert usable_covariates(frame.with_columns(monthly_margin=rng.gamma(2.0, 8.0, 200))) == (
        "monthly_amount",
        "monthly_margin",
        "term_months",
    )


def test_main_contract_is_the_largest_then_the_oldest():
    frame = pl.DataFrame(
        {
            "customer_id": ["a", "a", "a", "b", "b", "c"],
            "contract_id": ["1", "2", "3", "4", "5", "6"],
            "is_active": [True, True, True, True, True, False],
            "started_on": [date(2024, 1, d) for d in (1, 3, 2, 2, 1, 1)],
            "monthly_amount": [5.0, 9.0, 9.0, None, None, 3.0],
        }
    )
    assert main_contracts(frame)["contract_id"].to_list() == ["3", "5"]
    assert main_contracts(frame.drop("monthly_amount"))["contract_id"].to_list() == ["1", "5"]


def test_outcomes_follow_the_main_contracts_of_the_calibration(company):
    rows = contracts(
        contract_id=["stays", "ends", "gone", "late"],
        ended_on=[None, date(2024, 5, 1), date(2024, 2, 1), date(2024, 3, 1)],
        recorded_at=[None, None, None, datetime(2024, 5, 2, tzinfo=UTC)],
        valid_from=[None, None, None, date(2024, 3, 1)],
    )
    first = {name: values[-1:] for name, values in rows.items()} | {"valid_from": [None], "ended_on": [None], "recorded_at": [None]}
    both = {name: values + first[name] for name, values in rows.items()}
    split = Holdout(calibration=AsOf.parse("2024-03-31"), end=EDGE, days=91)
    outcomes = spell_outcomes(company({"contracts": both}), split)
    assert outcomes.select("contract_id", "duration_days", "event").rows() == [
        ("stays", 181.0, False),
        ("ends", 121.0, True),
        ("late", 90.0, True),
    ]


def test_without_contracts_the_message_names_the_tables_that_exist(company):
    with pytest.raises(TableError, match=r"unknown table 'contracts'.*Known: customers"):
        contract_spells(company({"customers": {"customer_id": ["a"]}}), EDGE)
