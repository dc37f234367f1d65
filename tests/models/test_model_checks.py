"""The model checks, applied to kinds of models that are not in the catalogue yet."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import model_checks
import polars as pl
import pytest
import toy_models

from relkit.models import catalogue

if TYPE_CHECKING:
    from pathlib import Path


def test_a_model_that_credits_channels_takes_the_checks_of_every_model_and_of_credit() -> None:
    assert model_checks.checks_of("attribution.linear") == model_checks.OF_EVERY_MODEL + model_checks.OF_CREDIT


def test_a_model_of_one_file_passes_the_checks_of_models_that_score(tmp_path: Path) -> None:
    with toy_models.toy_model(tmp_path):
        checks = model_checks.checks_of("lifetime_value.steady_rate")
        case = model_checks.Case(catalogue.make("lifetime_value.steady_rate"), *model_checks.purchases())
        assert checks == model_checks.OF_EVERY_MODEL + model_checks.OF_SCORERS
        for number, check in enumerate(checks):
            (tmp_path / str(number)).mkdir()
            check(case, tmp_path / str(number))


@pytest.mark.parametrize("column", ["conversions", "value", "share"])
def test_credit_that_does_not_add_up_is_found(column: str, tmp_path: Path) -> None:
    case = model_checks.case_of("attribution.linear")
    less = replace(case.fitted, credits=case.fitted.credits.with_columns(pl.col(column) * 0.9))
    spoilt = model_checks.Case(case.model, case.features, case.outcomes)
    object.__setattr__(spoilt, "fitted", less)
    with pytest.raises(AssertionError):
        model_checks.credit_is_shared_out_among_channels(spoilt, tmp_path)


def test_a_group_without_credit_of_its_own_is_found(tmp_path: Path) -> None:
    case = model_checks.case_of("attribution.linear")
    model_checks.groups_have_credit_of_their_own(case, tmp_path)
    spoilt = model_checks.Case(case.model, case.features, case.outcomes)
    object.__setattr__(spoilt, "fitted", replace(case.fitted, credits=case.fitted.credits.filter(pl.col("segment").ne_missing("new"))))
    with pytest.raises(AssertionError):
        model_checks.groups_have_credit_of_their_own(spoilt, tmp_path)
