"""The published test, CLVTools' apparel, is in `lifetime_value/test_covariate_effects.py`."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING, Any

import model_checks
import numpy as np
import pytest

from relkit.errors import ParameterError
from relkit.models.lifetime_value.bg_nbd import BgNbd
from relkit.models.lifetime_value.nbd import Nbd
from relkit.models.likelihood_ratio import likelihood_ratio_test

if TYPE_CHECKING:
    import polars as pl

DAY = date(2025, 6, 30)


@pytest.fixture(scope="module")
def people() -> pl.DataFrame:
    rng = np.random.default_rng(3)
    return model_checks.purchases()[0].with_columns(size=rng.normal(size=300), other=rng.normal(size=300))


def fitted(people: pl.DataFrame, *purchase: str, lifetime: tuple[str, ...] = (), **more: Any) -> Any:
    return BgNbd(purchase_covariates=purchase, lifetime_covariates=lifetime, **more).fit(people, as_of=DAY)


def test_nothing_but_chance(people: pl.DataFrame) -> None:
    found = likelihood_ratio_test(fitted(people), fitted(people, "size", "other", lifetime=("size",)))
    assert found.degrees_of_freedom == 3
    assert 0 < found.chi2 < 15
    assert 0.002 < found.p_value < 1


def test_it_is_the_chi_squared_tail(people: pl.DataFrame) -> None:
    """With one degree of freedom the 95 % point is 3.841459."""
    small, large = fitted(people), fitted(people, "size")
    assert small.info.log_likelihood is not None
    gained = replace(large, info=replace(large.info, log_likelihood=small.info.log_likelihood + 3.841459 / 2))
    found = likelihood_ratio_test(small, gained)
    assert found.chi2 == pytest.approx(3.841459)
    assert found.p_value == pytest.approx(0.05, abs=1e-7)


def test_an_equal_effect_is_a_case_of_two(people: pl.DataFrame) -> None:
    both = {"lifetime": ("size",)}
    equal, free = fitted(people, "size", same_effect=("size",), **both), fitted(people, "size", **both)
    assert likelihood_ratio_test(equal, free).degrees_of_freedom == 1
    assert likelihood_ratio_test(fitted(people), equal).degrees_of_freedom == 1
    with pytest.raises(ParameterError, match=r"no case of the full one \(purchase.size against purchase.other, both.size"):
        likelihood_ratio_test(fitted(people, "size"), fitted(people, "size", "other", same_effect=("size",), **both))


@pytest.mark.parametrize(
    ("names", "more", "message"),
    [
        (("other", "size"), {"purchase_ridge": 0.1}, "ridge penalty was in force"),
        (("other", "size"), {"period_days": 1.0}, "different period_days"),
        (("other",), {}, r"no case of the full one \(purchase.size against purchase.other\)"),
        ((), {}, r"no case of the full one \(purchase.size against no covariates\)"),
    ],
)
def test_refusals(people: pl.DataFrame, names: tuple[str, ...], more: dict[str, Any], message: str) -> None:
    with pytest.raises(ParameterError, match=message):
        likelihood_ratio_test(fitted(people, "size"), fitted(people, *names, **more))


def test_other_customers(people: pl.DataFrame) -> None:
    with pytest.raises(ParameterError, match="fitted to different customers"):
        likelihood_ratio_test(fitted(people), fitted(people[1:], "size"))


def test_the_baseline_is_no_case_of_a_model_in_which_people_leave(people: pl.DataFrame) -> None:
    with pytest.raises(ParameterError, match=r"nbd is no case of lifetime_value\.bg_nbd\. Compare the two by AIC"):
        likelihood_ratio_test(Nbd().fit(people, as_of=DAY), fitted(people))
