from __future__ import annotations

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from measured_shop import drawn_units

from relkit.errors import ParameterError, TableError
from relkit.measurement.arm_sums import ArmSums

MEASURES = ("margin", "orders")


def sums_of(units: pl.DataFrame | pl.LazyFrame) -> ArmSums:
    return ArmSums.of(units, MEASURES, covariates=("pre_margin",), by=("wave_id", "segment"))


def close(one: ArmSums, other: ArmSums) -> None:
    assert one.cells.equals(other.cells)
    for cell in one.cells.iter_rows(named=True):
        first, second = one.moments(**cell), other.moments(**cell)
        assert first.n == second.n
        np.testing.assert_allclose(first.mean, second.mean, rtol=1e-12)
        np.testing.assert_allclose(first.deviations, second.deviations, rtol=1e-9, atol=1e-9)


def test_the_moments_are_those_of_the_rows() -> None:
    units = drawn_units()
    moments = sums_of(units).moments(arm="treated", wave_id="w2")
    rows = units.filter((pl.col("arm") == "treated") & (pl.col("wave_id") == "w2")).select(*MEASURES, "pre_margin").to_numpy()
    assert moments.n == len(rows)
    np.testing.assert_allclose(moments.mean, rows.mean(axis=0), rtol=1e-12)
    np.testing.assert_allclose(moments.covariances(), np.cov(rows.T), rtol=1e-9)


@given(st.integers(2, 398))
@settings(max_examples=15, deadline=None)
def test_sums_of_the_parts_add_up_to_the_whole(at: int) -> None:
    units = drawn_units()
    close(sums_of(units[:at]) + sums_of(units[at:]), sums_of(units))


def test_the_order_of_the_rows_does_not_matter() -> None:
    units = drawn_units()
    close(sums_of(units.sample(fraction=1.0, shuffle=True, seed=5)), sums_of(units))


def test_a_lazy_frame_gives_the_same_sums() -> None:
    units = drawn_units()
    lazy = sums_of(units.lazy())
    assert lazy.names == (*MEASURES, "pre_margin", "pre_margin:missing")  # a lazy frame may have missing values further on
    np.testing.assert_allclose(lazy.moments(arm="control").mean[:3], sums_of(units).moments(arm="control").mean, rtol=1e-12)


def test_a_constant_keeps_no_variance_whatever_its_value() -> None:
    units = pl.DataFrame({"arm": ["treated"] * 3 + ["control"] * 3, "margin": [0.1] * 3 + [1234567.7] * 3})
    sums = ArmSums.of(units, ("margin",))
    assert [sums.moments(arm=arm).deviations[0, 0] for arm in sums.arms] == [0.0, 0.0]


def test_large_values_keep_their_digits() -> None:
    spread = np.random.default_rng(2).normal(size=2000)
    units = pl.DataFrame({"arm": ["treated", "control"] * 1000, "margin": 1e9 + spread})
    variance = ArmSums.of(units, ("margin",)).moments(arm="treated").covariances()[0, 0]
    assert variance == pytest.approx(spread[::2].var(ddof=1), rel=1e-6)


def test_a_missing_covariate_is_flagged_and_a_missing_measure_refused() -> None:
    units = drawn_units().with_columns(pre_margin=pl.when(pl.col("orders") > 2).then(None).otherwise(pl.col("pre_margin")))
    sums = sums_of(units)
    flagged = units.filter(pl.col("arm") == "treated")["pre_margin"].is_null().mean()
    assert sums.moments(arm="treated").mean[sums.names.index("pre_margin:missing")] == pytest.approx(flagged)
    with pytest.raises(TableError, match=r"units.pre_margin: \d+ units have no value. Give each unit drawn a value: 0 if it did nothing"):
        ArmSums.of(units, ("pre_margin",))


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_values_that_are_not_finite_are_refused(value: float) -> None:
    units = pl.DataFrame({"arm": ["treated", "control"], "margin": [value, 1.0]})
    with pytest.raises(TableError, match=r"units.margin: some values are not finite numbers. Remove NaN and infinite values"):
        ArmSums.of(units, ("margin",))


def test_columns_that_cannot_be_summed_are_refused() -> None:
    units = drawn_units()
    with pytest.raises(TableError, match=r"units: no column profit. There are: unit_id"):
        ArmSums.of(units, ("profit",))
    with pytest.raises(TableError, match="segment has no numbers"):
        ArmSums.of(units, ("segment",))
    with pytest.raises(ParameterError, match="margin is named twice"):
        ArmSums.of(units, ("margin",), covariates=("margin",))
    with pytest.raises(TableError, match="there are no units"):
        ArmSums.of(units.clear(), ("margin",))
    with pytest.raises(TableError, match="some units have no arm"):
        ArmSums.of(pl.DataFrame({"arm": ["treated", None], "margin": [1.0, 2.0]}), ("margin",))
    with pytest.raises(ParameterError, match="do not add up"):
        ArmSums.of(units, ("margin",)) + ArmSums.of(units, ("orders",))
