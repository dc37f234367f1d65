from __future__ import annotations

from datetime import date

import polars as pl
import pytest

from relkit.features.cohorts import Cohorts
from relkit.plots.cohorts import cohort_label, plot_cohort_returns, plot_cohort_value


@pytest.fixture
def cohorts() -> Cohorts:
    starts = [date(2023, 1, 1)] * 3 + [date(2024, 1, 1)] * 2
    columns = {
        "starts_on": starts,
        "customers": [20] * 3 + [30] * 2,
        "age_months": [0, 1, 2, 0, 1],
        "value": [10.0, 14.0, 16.0, 8.0, 9.0],
        "came_back": [0.0, 0.4, 0.2, 0.0, 0.1],
    }
    return Cohorts(frame=pl.DataFrame(columns), length="year", measure="margin", left_out=0)


def test_each_cohort_is_a_line_and_the_cost_a_dashed_one(cohorts):
    ax = plot_cohort_value(cohorts, cost=12.0, currency="EUR")
    first, second, cost = ax.lines
    assert first.get_xydata().tolist() == [[0, 10], [1, 14], [2, 16]]
    assert second.get_xydata().tolist() == [[0, 8], [1, 9]]
    assert set(cost.get_ydata()) == {12.0}
    assert [text.get_text() for text in ax.get_legend().get_texts()] == ["2023", "2024", "cost of winning a customer: €12"]
    assert ax.get_ylabel() == "Margin per customer, cumulated"
    assert len(plot_cohort_value(cohorts).lines) == 2


def test_returns_are_in_a_grid_of_cohort_and_age(cohorts):
    ax = plot_cohort_returns(cohorts, language="fr")
    assert [text.get_text() for text in ax.texts] == ["40", "20", "10"]
    assert [t.get_text() for t in ax.get_yticklabels()] == ["2023", "2024"]
    assert [t.get_text() for t in ax.get_xticklabels()] == ["1", "2"]
    assert "racheté" in ax.get_title(loc="left")


@pytest.mark.parametrize(("length", "expected"), [("month", "2024-04"), ("quarter", "2024 Q2"), ("year", "2024")])
def test_cohorts_are_named_by_their_length(length, expected):
    assert cohort_label(date(2024, 4, 1), length, "en") == expected
