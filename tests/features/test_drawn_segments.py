"""Columns that segment units drawn: as known on the day of the draw, never later."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

import polars as pl
import pytest
from few_drawn import FIXED, drawn, lines

from relkit.errors import ParameterError
from relkit.features.drawn_segments import drawn_segments

if TYPE_CHECKING:
    from collections.abc import Callable

    from relkit.tables.table_set import TableSet

    Company = Callable[..., TableSet]

UNITS = pl.DataFrame({"customer_id": ["a", "b"], "drawn_on": [date(2027, 3, 1)] * 2, "pre_orders": [0.0, 3.0]})
OPEN = {"personal_data": "none", "role": "covariate"}


def shop(company: Company, **attributes: dict[str, str]) -> TableSet:
    snapshots = {
        "customer_id": ["a", "a", "b"],
        "as_of": [date(2027, 2, 1), date(2027, 3, 2), date(2027, 2, 20)],
        "plan": ["small", "large", "small"],
        "mood": ["low", "high", "high"],
    }
    people = {"customer_id": ["a", "b"], "country": ["FR", "BE"]}
    frames = {
        "assignments": drawn(("a", "treated"), ("b", "control")),
        "customers": people,
        "customer_snapshots": snapshots,
        "transactions": lines(("a", 1, 10, "sale", None)),
    }
    return company(frames, **FIXED, attributes={"plan": OPEN, "mood": OPEN, **attributes})


def test_the_last_snapshot_up_to_the_draw_counts(company: Company) -> None:
    found = drawn_segments(shop(company), UNITS, ("country", "plan", "mood", "pre_orders"))
    assert found.rows() == [("FR", "small", "low", 0), ("BE", "small", "high", 3)]


def test_what_is_known_from_a_later_day_on_or_barred_is_no_segment(company: Company) -> None:
    late = shop(company, mood={**OPEN, "known_at": "2027-06-01"})
    assert drawn_segments(late, UNITS, ("mood",))["mood"].to_list() == [None, None]
    barred = shop(company, mood={"personal_data": "sensitive", "purpose": "service"})
    with pytest.raises(ParameterError, match=r"unknown segment 'mood'.*Known: country, plan, pre_orders"):
        drawn_segments(barred, UNITS, ("mood",))
