"""Columns that came, went or changed their type."""

from __future__ import annotations

from relkit.tables.column_drift import ColumnDrift, column_drift

COLUMNS = {"till": {"id": "Int64", "sum": "Float64"}, "shop": {"id": "text"}}


def test_the_same_columns_in_another_order_are_no_drift():
    assert column_drift(COLUMNS, {"till": {"sum": "Float64", "id": "Int64"}, "shop": {"id": "text"}}) == ()


def test_columns_that_came_went_or_changed_are_named():
    now = {"till": {"id": "String", "vat": "Float64"}, "shop": {"id": "text"}}
    assert column_drift(COLUMNS, now) == (ColumnDrift(source="till", came=("vat",), went=("sum",), changed=(("id", "Int64", "String"),)),)


def test_a_source_that_was_not_there_on_both_days_has_no_drift():
    assert column_drift(COLUMNS, {"new": {"id": "text"}}) == ()
    assert column_drift({}, COLUMNS) == ()
