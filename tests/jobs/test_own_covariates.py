"""Covariates from a query: as known on the day, joined, fitted, judged and registered."""

from __future__ import annotations

from datetime import date

import modelled_company as company
import polars as pl
import pytest

from relkit.errors import ParameterError, TableError
from relkit.families.own_columns import own_columns
from relkit.jobs.own_covariates import FitWithOwn, data_to_explore

ORDERS = """
SELECT c.contract_id, COUNT(DISTINCT t.transaction_id) AS orders_so_far, MAX(CASE WHEN c.contract_id LIKE '%1' THEN 1 ELSE 0 END) AS drawn
FROM contracts AS c LEFT JOIN transactions AS t ON t.customer_id = c.customer_id GROUP BY c.contract_id
"""


@pytest.fixture
def tables(workplace):
    return company.write_company(workplace / "out" / "explore")


def test_the_query_sees_only_what_was_known_on_the_day(tables) -> None:
    early = date(2024, 1, 1)
    found = own_columns("SELECT customer_id, MAX(occurred_at) AS last FROM transactions GROUP BY customer_id", tables, tables.as_of(early))
    assert found["last"].max().date() <= early
    later = own_columns(ORDERS, tables, tables.as_of())
    then = own_columns(ORDERS, tables, tables.as_of(early))
    assert then["orders_so_far"].sum() < later["orders_so_far"].sum()


def test_a_model_is_fitted_judged_and_registered_with_them(tables) -> None:
    fit = FitWithOwn.parse(model="survival.cox", programme="explore", own=ORDERS, holdout_days=180)
    result = fit.run()
    assert {"orders_so_far", "drawn"} <= set(result.parameters)
    assert result.metrics["brier_score"] > 0
    assert (result.details["registered"], result.details["alias"]) == ("explore.survival.cox", "champion")
    assert fit.fitted(result).summary()["term"].to_list() == list(result.parameters)


def test_own_columns_are_summed_up_without_a_row_of_anybody(tables) -> None:
    summary = FitWithOwn.parse(model="survival.cox", programme="explore", own=ORDERS).covariates()
    assert summary["covariate"].to_list() == ["orders_so_far", "drawn"]
    assert summary.row(1, named=True)["mean"] == pytest.approx(own_columns(ORDERS, tables, tables.as_of())["drawn"].mean())
    assert isinstance(summary, pl.DataFrame)


@pytest.mark.parametrize(
    ("query", "error", "message"),
    [
        ("SELECT contract_id FROM kontracts", ParameterError, "cannot be run.*Tables: transactions, contracts"),
        ("SELECT monthly_amount FROM contracts", ParameterError, "neither contract_id nor customer_id"),
        ("SELECT customer_id, occurred_at FROM transactions", TableError, "rows too many.*GROUP BY customer_id"),
    ],
)
def test_a_query_that_does_not_do_is_refused(tables, query, error, message) -> None:
    with pytest.raises(error, match=message):
        own_columns(query, tables, tables.as_of())


def test_the_demo_s_tables_are_explored_by_default(workplace) -> None:
    with pytest.raises(ParameterError, match=r"no tables to explore.*make demo"):
        data_to_explore()
    (workplace / "out" / "demo" / "company" / "data").mkdir(parents=True)
    assert data_to_explore().as_posix() == "out/demo/company/data"
    assert data_to_explore("mine") == "mine"
