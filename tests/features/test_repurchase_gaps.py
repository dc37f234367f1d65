from __future__ import annotations

from datetime import date, timedelta

import polars as pl

from relkit.features.repurchase_gaps import repurchase_gaps

START = date(2025, 1, 1)


def test_quartiles_by_hand_and_order_by_median() -> None:
    """Tea: customer 0 after 7 and 14 days, customer 1 after 21, customer 2 once; wine: after 3."""
    rows = [
        (0, 0, "tea"),
        (0, 7, "tea"),
        (0, 7, "tea"),
        (0, 21, "tea"),
        (1, 0, "tea"),
        (1, 21, "tea"),
        (2, 5, "tea"),
        (0, 1, "wine"),
        (0, 4, "wine"),
    ]
    visits = pl.DataFrame(
        [{"customer": customer, "day": START + timedelta(days=day), "category": category} for customer, day, category in rows]
    )
    assert repurchase_gaps(visits).rows() == [("wine", 1, 1, 1, 3.0, 3.0, 3.0), ("tea", 3, 2, 3, 10.5, 14.0, 17.5)]


def test_customers_who_never_came_back_give_no_row() -> None:
    visits = pl.DataFrame({"customer": [0, 1], "day": [START, START], "category": ["tea", "tea"]})
    assert repurchase_gaps(visits).is_empty()
