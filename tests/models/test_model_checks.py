"""The model checks, applied to kinds of models that are not in the catalogue yet."""

from __future__ import annotations

from typing import TYPE_CHECKING

import model_checks
import polars as pl
import pytest
import toy_models

from relkit.models import catalogue

if TYPE_CHECKING:
    from pathlib import Path


def paths() -> pl.DataFrame:
    """Return 300 paths, with a number that no model reads."""
    channels = ["email", "search", "display"]
    return pl.DataFrame({"channel": [channels[i % 7 % 3] for i in range(300)], "cost": [i % 9 / 4 for i in range(300)]})


def test_a_model_that_scores_no_customer_passes_the_checks_of_every_model_and_of_credit(tmp_path: Path) -> None:
    with toy_models.toy_credit_family(tmp_path):
        checks = model_checks.checks_of("credits.first_touch")
        case = model_checks.Case(catalogue.make("credits.first_touch"), paths(), paths())
        assert checks == model_checks.OF_EVERY_MODEL + model_checks.OF_CREDIT
        for number, check in enumerate(checks):
            (tmp_path / str(number)).mkdir()
            check(case, tmp_path / str(number))


def test_a_model_of_one_file_passes_the_checks_of_models_that_score(tmp_path: Path) -> None:
    with toy_models.toy_model(tmp_path):
        checks = model_checks.checks_of("lifetime_value.steady_rate")
        case = model_checks.Case(catalogue.make("lifetime_value.steady_rate"), *model_checks.purchases())
        assert checks == model_checks.OF_EVERY_MODEL + model_checks.OF_SCORERS
        for number, check in enumerate(checks):
            (tmp_path / str(number)).mkdir()
            check(case, tmp_path / str(number))


def test_credit_that_does_not_add_up_is_found(tmp_path: Path) -> None:
    with toy_models.toy_credit_family(tmp_path):
        case = model_checks.Case(catalogue.make("credits.first_touch"), paths(), paths())
        object.__setattr__(case.fitted, "shares", case.fitted.shares.with_columns(pl.col("credit") / 2))
        with pytest.raises(AssertionError):
            model_checks.credit_is_shared_out_among_channels(case, tmp_path)
