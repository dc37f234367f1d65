"""Worth of outcomes in margin."""

from __future__ import annotations

import modelled_company as company
import polars as pl
import pytest

from relkit.features.customer_drivers import customer_drivers
from relkit.features.outcome_worth import outcome_worth


@pytest.fixture(scope="module")
def tables(tmp_path_factory):
    """Return a company with a declared margin of 40 %, and a customer who never ordered."""
    frames = {"transactions": company.transactions(60), "customers": pl.DataFrame({"customer_id": ["new"]})}
    return company.write_company(tmp_path_factory.mktemp("worth") / "default", frames)


def test_worth_by_outcome(tables):
    people = customer_drivers(tables, tables.as_of())
    assert outcome_worth(tables, tables.as_of(), people, "margin") == 1.0
    assert outcome_worth(tables, tables.as_of(), people, "revenue") == pytest.approx(0.4)
    assert outcome_worth(tables, tables.as_of(), people, "visit") is None
    of_orders = outcome_worth(tables, tables.as_of(), people, "orders")
    joined = people.join(of_orders, on="customer_id")
    buyers = joined.drop_nulls("mean_order_value")
    assert (buyers["worth"] / buyers["mean_order_value"]).to_list() == pytest.approx([0.4] * len(buyers))
    spent = (buyers["mean_order_value"] * buyers["orders"]).sum() / buyers["orders"].sum()
    assert joined.filter(pl.col("customer_id") == "new")["worth"].to_list() == pytest.approx([0.4 * spent])


def test_without_a_margin_only_margin_has_a_worth(tmp_path):
    tables = company.write_company(tmp_path / "default", {"transactions": company.transactions(20)}, assumed_margin_rate=None)
    people = customer_drivers(tables, tables.as_of())
    assert outcome_worth(tables, tables.as_of(), people, "revenue") is None
    assert outcome_worth(tables, tables.as_of(), people, "orders") is None
    assert outcome_worth(tables, tables.as_of(), people, "margin") == 1.0
