from __future__ import annotations

import math

import numpy as np
import polars as pl
import pytest
from measured_shop import case
from scipy import stats

from relkit.errors import ParameterError, TableError
from relkit.measurement.arm_sums import ArmSums
from relkit.measurement.differences import difference
from relkit.measurement.limited_spend import limits_of, trimmed_difference


def test_case_08_one_limit_for_all_arms() -> None:
    units, expected = case("08")
    both = limits_of(units, "y", upper=0.95, lower=0.05)
    assert (both.high, both.low) == pytest.approx((expected["upper_limit"], expected["lower_limit"]), abs=1e-9)
    upper = limits_of(units, "y", upper=0.95)
    assert upper.low == -math.inf
    for name, rows in (("raw", units), ("upper_only", upper.applied(units)), ("both_tails", both.applied(units))):
        effect = difference(ArmSums.of(rows, ("y",)), "y")
        assert (effect.estimate, effect.se) == pytest.approx((expected[name]["difference"], expected[name]["se"]), abs=1e-9)


def test_limited_values_stay_in_the_comparison() -> None:
    units, _ = case("08")
    limits = limits_of(units, "y", upper=0.95, lower=0.05)
    assert len(limits.applied(units)) == len(units)
    assert limits.n_limited == 2
    assert limits_of(units, "y", upper=None).n_limited == 0


@pytest.mark.parametrize("alternative", ["two-sided", "greater", "less"])
def test_trimmed_means_are_yuens(alternative: str) -> None:
    """Scipy 1.17, ttest_ind(trim=0.1, equal_var=False)."""
    rng = np.random.default_rng(7)
    treated, control = rng.lognormal(1.1, 1, 83), rng.lognormal(1.0, 1.2, 61)
    right = stats.ttest_ind(treated, control, equal_var=False, trim=0.1, alternative=alternative)
    found = trimmed_difference(treated, control, trimmed=0.1, alternative=alternative)
    assert (found.p_value, found.df, found.estimate / found.se) == pytest.approx((right.pvalue, right.df, right.statistic), rel=1e-9)
    assert (found.n_treated, found.n_control) == (67, 49)


def test_trimming_everything_but_one_leaves_no_interval() -> None:
    found = trimmed_difference([1.0, 2.0, 9.0], [0.0, 1.0, 5.0], trimmed=0.4)
    assert (found.estimate, found.se, found.p_value) == (1.0, None, None)


def test_invalid_shares_and_values_are_refused() -> None:
    units = pl.DataFrame({"y": [1.0, None]})
    with pytest.raises(ParameterError, match=r"limits: the shares \[0.9, 0.1\] are invalid"):
        limits_of(units, "y", upper=0.1, lower=0.9)
    with pytest.raises(ParameterError, match=r"the shares \[95\] are invalid"):
        limits_of(units, "y", upper=95)
    with pytest.raises(TableError, match=r"units.y: some values are missing or not finite"):
        limits_of(units, "y")
    with pytest.raises(ParameterError, match=r"trimmed: 0.5 is not from 0 to below 0.5"):
        trimmed_difference([1.0], [2.0], trimmed=0.5)
    with pytest.raises(TableError, match="there are no units"):
        trimmed_difference([], [2.0])
