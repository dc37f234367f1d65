from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from relkit.measurement.designs import Design
from relkit.measurement.reached import NOT_REACHED, effect_on_reached


def contacted(n: int = 4000, *, reach: float = 0.6, seed: int = 0) -> pl.DataFrame:
    """Return units of whom the eager spend more and are reached more often; reaching adds 5."""
    rng = np.random.default_rng(seed)
    treated, eager = rng.random(n) < 0.5, rng.random(n)
    reached = treated & (rng.random(n) < 2 * reach * eager)
    margin = 20 * eager + 5 * reached + rng.normal(0, 3, n)
    return pl.DataFrame({"arm": np.where(treated, "treated", "control"), "is_reached": reached, "margin": margin, "eager": eager})


def plain(units: pl.DataFrame) -> Design:
    return Design.of(units, propensity=None, wave=None, cluster=None)


def test_the_effect_on_those_reached_and_not_the_difference_between_them() -> None:
    units = contacted()
    found = effect_on_reached(plain(units), "margin")
    assert found.low < 5 < found.high
    assert found.share_control == 0
    naive = units.filter("is_reached")["margin"].mean() - units.filter(~pl.col("is_reached"))["margin"].mean()
    assert naive > found.high


def test_the_standard_error_is_that_of_two_stage_least_squares() -> None:
    """HC-type standard error of the just-identified instrument: residuals of margin on reached, with the draw as instrument."""
    units = contacted(2000)
    t, d, y = ((units["arm"] == "treated").to_numpy(), units["is_reached"].to_numpy().astype(float), units["margin"].to_numpy())
    slope = (y[t].mean() - y[~t].mean()) / (d[t].mean() - d[~t].mean())
    residual = y - slope * d
    variance = sum(residual[arm].var(ddof=1) / arm.sum() for arm in (t, ~t)) / (d[t].mean() - d[~t].mean()) ** 2
    found = effect_on_reached(plain(units), "margin")
    assert (found.estimate, found.se) == pytest.approx((slope, np.sqrt(variance)))


def test_everybody_reached_is_the_effect_on_those_drawn() -> None:
    units = contacted().with_columns(is_reached=pl.col("arm") == "treated")
    found, drawn = effect_on_reached(plain(units), "margin"), plain(units).effect("margin")
    assert (found.estimate, found.se, found.low) == pytest.approx((drawn.estimate, drawn.se, drawn.low))
    assert (found.f_statistic, found.is_weak) == (np.inf, False)
    assert [remark.code for remark in found.remarks] == ["reached_only_by_draw"]


def test_covariates_make_it_more_precise() -> None:
    design = plain(contacted())
    assert effect_on_reached(design, "margin", covariates=("eager",)).se < 0.7 * effect_on_reached(design, "margin").se


def test_few_reached_is_a_weak_instrument_with_a_robust_set() -> None:
    found = effect_on_reached(plain(contacted(300, reach=0.02, seed=3)), "margin")
    assert found.is_weak
    assert "weak_instrument" in {remark.code for remark in found.remarks}
    assert found.robust is not None
    wide = found.robust.is_bounded is False or (found.robust.high - found.robust.low) > (found.high - found.low)
    assert wide


def test_nobody_reached_has_no_effect() -> None:
    units = contacted().with_columns(is_reached=pl.lit(value=False))
    found = effect_on_reached(plain(units), "margin")
    assert (found.estimate, found.reason) == (None, NOT_REACHED)
