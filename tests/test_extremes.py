"""Values of parameters that no work can be bounded by, refused by every job and every model's settings."""

from __future__ import annotations

from typing import Any

import pytest

from relkit.errors import ParameterError
from relkit.extremes import extremes
from relkit.jobs.declared_offer import declared_offer
from relkit.jobs.fit_model import FitModel
from relkit.jobs.score_customers import ScoreCustomers
from relkit.models import catalogue


@pytest.mark.parametrize(
    ("name", "value", "problem"),
    [
        ("horizon_days", 10**9, "horizon_days is 1,000,000,000; it must lie between -36,525 and 36,525"),
        ("horizon_months", 1_201, "horizon_months is 1,201; it must lie between -1,200 and 1,200"),
        ("top", 10**30, "top is a number of more than 18 digits; it must lie between -2,147,483,647 and 2,147,483,647"),
        ("top", 10**400, "top is a number of more than 18 digits"),
        ("level", float("nan"), "level is nan; it must be a finite number"),
        ("offer", {"budget": float("inf")}, "offer.budget is inf; it must be a finite number"),
        ("weights", [1.0, float("-inf")], "weights is -inf"),
        ("name", "a\x00b", "name has a control character"),
        ("name", "a" * 10_001, "name has 10,001 characters; 10,000 are the most"),
    ],
)
def test_an_extreme_is_named(name: str, value: Any, problem: str) -> None:
    """Inside lists and dictionaries too."""
    assert [found[: len(problem)] for found in extremes(name, value)] == [problem]


@pytest.mark.parametrize("value", [None, True, 0, -1, 1e308, 36_525, "a\nb", [], {}, {"a": [1, "é"]}])
def test_what_is_large_and_can_be_meant_is_not(value: Any) -> None:
    """Money may be large; only counts and spans are bounded."""
    assert list(extremes("amount", value)) == []


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"holdout_days": 10**9}, "fit: holdout_days is 1,000,000,000; it must lie between"),
        ({"holdout_days": "-1"}, "holdout_days is '-1'"),
        ({"holdout_days": "nan"}, "holdout_days is 'nan'"),
        ({"holdout_days": "1e400"}, "holdout_days is '1e400'"),
        ({"out": "a\x00b"}, "out has a control character"),
    ],
)
def test_a_job_refuses_it_before_anything_runs(given: dict[str, Any], message: str) -> None:
    """By the command's name."""
    with pytest.raises(ParameterError, match=message):
        FitModel.parse(model="lifetime_value.bg_nbd", **given)


@pytest.mark.parametrize(("name", "value"), [("annual_discount_rate", "inf"), ("annual_discount_rate", "nan"), ("horizon_months", "9" * 9)])
def test_numbers_without_end_are_no_rates(name: str, value: str) -> None:
    """`nan` passes every comparison, so that a bound alone does not refuse it."""
    with pytest.raises(ParameterError, match=name):
        ScoreCustomers.parse(**{name: value})


def test_settings_of_models_and_offers_are_bounded_too() -> None:
    """They go through one function."""
    with pytest.raises(ParameterError, match="budget is inf"):
        declared_offer({"contact_cost": 1, "offer_cost": 1, "budget": "inf"})
    with pytest.raises(ParameterError, match="level"):
        catalogue.make("survival.kaplan_meier", {"level": "nan"})
