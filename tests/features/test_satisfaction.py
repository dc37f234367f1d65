from __future__ import annotations

from datetime import UTC, datetime

import pytest

from relkit.errors import TableError
from relkit.features.satisfaction import last_scores, open_cases
from relkit.periods import AsOf

EDGE = AsOf.parse("2024-06-30", zone="Europe/Paris")


def at(month: int, day: int, hour: int = 9) -> datetime:
    return datetime(2024, month, day, hour, tzinfo=UTC)


def test_last_answer_with_its_age_in_business_days(company):
    surveys = {
        "response_id": list("1234567"),
        "customer_id": ["a", "a", "b", "b", "c", None, "d"],
        "answered_at": [at(1, 1), at(6, 28, 22), at(6, 1), at(6, 1), at(6, 1), at(6, 1), at(6, 1)],
        "mode": ["cold"] * 7,
        "question": ["nps", "NPS", "nps", "nps", "csat", "nps", "nps"],
        "score": [10.0, 3.0, 9.0, 4.0, 5.0, 8.0, 5.0],
        "scale_max": [10.0, None, 10.0, 10.0, 5.0, 10.0, 5.0],
    }
    found = last_scores(company({"surveys": surveys}), EDGE)
    assert found.rows() == [("a", 3.0, 1), ("b", 4.0, 29)]


def test_a_case_is_open_until_its_repair_is_known(company):
    cases = {
        "case_id": list("12345"),
        "customer_id": ["a", "a", "b", "c", "d"],
        "opened_at": [at(6, 1)] * 4 + [at(7, 1)],
        "repaired_at": [None, at(7, 2), at(6, 30), at(6, 30, 23), None],
    }
    assert open_cases(company({"cases": cases}), EDGE).rows() == [("a", 2), ("c", 1)]


@pytest.mark.parametrize("made", [last_scores, open_cases])
def test_an_absent_table_is_named(company, made):
    with pytest.raises(TableError, match=r"unknown table '(surveys|cases)'.*Known: stores"):
        made(company({"stores": {"store_id": ["s"]}}), EDGE)
