"""The checks that regressions share, in each of them."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

import pytest

from relkit.errors import ParameterError
from relkit.models import catalogue

SHARED = [name for name in catalogue.names() if name.startswith("survival.") and name != "survival.kaplan_meier"]


@pytest.mark.parametrize("name", SHARED)
def test_every_regression_refuses_the_same(name: str) -> None:
    known = {field.name for field in fields(catalogue.settings_class(name))}  # type: ignore[arg-type]
    wrong: list[tuple[dict[str, Any], str]] = [
        ({"level": 2.0}, "level is 2; it must lie between 0 and 1"),
        ({"covariates": ("age", "age")}, "'age' is given twice"),
        ({"covariates": ("event",)}, "'event' is given twice, or is no covariate"),
        ({"missing": "guess"}, "unknown treatment of what is missing|missing is 'guess'"),
        ({"splines": {"price": 3}}, "unknown covariate 'price'"),
        ({"weight_column": "age"}, "weight_column is 'age', which the model reads already"),
        ({"period_days": 0.0}, "period_days is 0; it must be above 0"),
        ({"reason": "age"}, "'age' is given twice, or is no covariate"),
        ({"reason": "event"}, "'event' is given twice, or is no covariate"),
    ]
    for settings, message in wrong:
        if set(settings) <= known:
            with pytest.raises(ParameterError, match=message):
                catalogue.make(name, {"covariates": ("age",)} | settings)


@pytest.mark.parametrize("name", SHARED)
def test_every_regression_names_what_it_reads(name: str) -> None:
    known = {field.name for field in fields(catalogue.settings_class(name))}  # type: ignore[arg-type]
    weights = {"weight_column": "n"} if "weight_column" in known else {}
    needs = catalogue.make(name, {"covariates": ("age", "plan"), **weights}).needs
    assert {"duration_days", "event", "entry_days", "age", "plan", *weights.values()} <= set(needs.names)
    assert ("end_reason" in needs.names) == ("reason" in known)
