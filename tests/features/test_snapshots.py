from __future__ import annotations

from datetime import date

import pytest

from relkit.errors import TableError
from relkit.features.snapshots import last_snapshots, snapshot_attributes
from relkit.periods import AsOf

EDGE = AsOf.parse("2024-06-30")
SNAPSHOTS = {
    "customer_id": ["a", "a", "a", "b"],
    "as_of": [date(2024, 5, 31), date(2024, 4, 30), date(2024, 7, 31), date(2024, 6, 30)],
    "income": ["50-74K", "35-49K", "75K+", None],
    "churned": [False, False, True, True],
    "rating": [1.0, 2.0, 3.0, 4.0],
}


def test_the_last_snapshot_known_gives_the_attributes(company):
    found = last_snapshots(company({"customer_snapshots": SNAPSHOTS}), EDGE)
    assert found.rows() == [("a", 30, "50-74K", False, 1.0), ("b", 0, None, True, 4.0)]


def test_an_outcome_is_no_feature_and_what_is_known_later_is_null_until_then(company):
    declared = {"churned": {"known_at": "later"}, "rating": {"known_at": "2024-07-01"}, "income": {"known_at": "as_of"}}
    tables = company({"customer_snapshots": SNAPSHOTS}, attributes=declared)
    assert snapshot_attributes(tables) == ("income", "rating")
    assert last_snapshots(tables, EDGE)["rating"].to_list() == [None, None]
    assert last_snapshots(tables, AsOf.parse("2024-07-01"))["rating"].to_list() == [1.0, 4.0]


def test_a_snapshot_of_outcomes_alone_does_not_replace_the_state_before(company):
    rows = {"customer_id": ["a", "a", "b"], "as_of": [date(2024, 5, 31), date(2024, 6, 20), date(2024, 6, 1)]}
    rows |= {"income": ["50-74K", None, None], "visited": [None, True, False]}
    tables = company({"customer_snapshots": rows}, attributes={"income": {}, "visited": {"role": "outcome"}})
    assert last_snapshots(tables, EDGE).rows() == [("a", 30, "50-74K", None)]
    undeclared = company({"customer_snapshots": rows}, attributes={"income": {}, "visited": {}})
    assert last_snapshots(undeclared, EDGE)["snapshot_age_days"].to_list() == [10, 29]


def test_an_absent_table_is_named(company):
    with pytest.raises(TableError, match=r"unknown table 'customer_snapshots'.*Known: stores"):
        last_snapshots(company({"stores": {"store_id": ["s"]}}), EDGE)
