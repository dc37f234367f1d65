"""Designs of draws, against statsmodels 0.15.0 (OLS and WLS with cov_type="cluster") on the units of `measured_shop`."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest
from measured_shop import case, drawn_units

from relkit.errors import ParameterError, TableError
from relkit.measurement.designs import Design
from relkit.measurement.measures import Measure


def households() -> pl.DataFrame:
    return drawn_units(900, seed=11, households=True)


def shares_of_their_own(units: pl.DataFrame) -> pl.DataFrame:
    return units.with_columns(propensity=pl.col("propensity") + 0.0001 * (pl.int_range(pl.len()) % 900))


def test_one_wave_of_one_share_is_welch() -> None:
    design = Design.of(drawn_units().filter(wave_id="w1"))
    assert (design.method, design.clusters) == ("welch", None)


def test_households_are_clusters() -> None:
    effect = Design.of(households().filter(wave_id="w1")).effect("margin")
    assert (effect.estimate, effect.se) == pytest.approx((2.1375740879797855, 1.2422196108932217), rel=1e-9)
    assert (effect.method, effect.df) == ("clustered", 234)


@pytest.mark.parametrize(
    ("target", "estimate", "se"), [("drawn", 3.1478573844052375, 0.9866944882405807), ("treated", 3.443960741700275, 1.040322454201764)]
)
def test_shares_of_their_own_are_weights(target: str, estimate: float, se: float) -> None:
    effect = Design.of(shares_of_their_own(households())).effect("margin", target=target)
    assert (effect.estimate, effect.se) == pytest.approx((estimate, se), rel=1e-9)
    assert effect.method == "weighted clustered"


def test_case_06_stratified_or_weighted() -> None:
    units, expected = case("06")
    design = Design.of(units, wave=None, cluster=None)
    effect = design.effect("y")
    assert (effect.estimate, effect.se) == pytest.approx((expected["effect"], expected["se_stratified"]), abs=1e-9)
    alone = units.with_columns(propensity=pl.col("propensity") + 1e-7 * pl.int_range(pl.len()))
    weighted = Design.of(alone, wave=None, cluster=None).effect("y")
    assert (weighted.method, weighted.estimate) == ("weighted", pytest.approx(expected["effect"], abs=1e-4))


@pytest.mark.parametrize("covariates", [(), ("pre_margin",)])
@pytest.mark.parametrize("measure", ["margin", Measure("margin", per="orders")])
def test_the_influence_of_units_gives_the_same_estimates_as_the_sums(measure: str | Measure, covariates: tuple[str, ...]) -> None:
    units = drawn_units(3000)
    sums, rows = Design.of(units), Design.of(pl.concat([units, units.with_columns(cluster_id=pl.col("cluster_id"))]))
    one, twice = sums.effect(measure, covariates=covariates), rows.effect(measure, covariates=covariates)
    assert twice.estimate == pytest.approx(one.estimate, rel=1e-9)
    # Each unit occurs twice in its cluster: the information is that of one, but for the corrections of small samples.
    assert twice.se == pytest.approx(one.se, rel=2e-3)


def test_effects_on_the_treated_and_on_all_drawn_differ_only_if_strata_do() -> None:
    units = drawn_units(4000).with_columns(
        margin=pl.when((pl.col("wave_id") == "w2") & (pl.col("arm") == "treated")).then(10.0).otherwise(0.0)
    )
    design = Design.of(units)
    drawn, treated = design.effect("margin"), design.effect("margin", target="treated")
    in_second = (units["wave_id"] == "w2").to_numpy()
    is_treated = (units["arm"] == "treated").to_numpy()
    assert drawn.estimate == pytest.approx(10 * in_second.mean())
    assert treated.estimate == pytest.approx(10 * in_second[is_treated].mean())


def test_the_known_effect_is_within_the_interval_and_covariates_narrow_it() -> None:
    design = Design.of(drawn_units(4000))
    plain, adjusted = design.effect("margin"), design.effect("margin", covariates=("pre_margin",))
    assert plain.low < 3 < plain.high
    assert adjusted.low < 3 < adjusted.high
    assert adjusted.se < 0.5 * plain.se
    assert adjusted.variance_saved == pytest.approx(1 - (adjusted.se / plain.se) ** 2, abs=0.02)


def test_the_order_of_the_units_does_not_matter() -> None:
    units = households()
    one, other = (
        Design.of(rows).effect("margin", covariates=("pre_margin",)) for rows in (units, units.sample(fraction=1.0, shuffle=True, seed=2))
    )
    assert (one.estimate, one.se) == pytest.approx((other.estimate, other.se), rel=1e-10)


def test_units_of_other_arms_are_left_out() -> None:
    units = drawn_units()
    more = pl.concat([units, units[:50].with_columns(arm=pl.lit("other"))])
    assert Design.of(more).sizes == Design.of(units).sizes


def test_designs_that_cannot_be_compared_are_refused() -> None:
    units = drawn_units()
    with pytest.raises(TableError, match=r"units: no column cluster_id. There are: "):
        Design.of(units.drop("cluster_id"))
    with pytest.raises(TableError, match=r"units.arm: no unit is in the arm control. An effect needs units drawn into both arms"):
        Design.of(units.filter(arm="treated"))
    with pytest.raises(TableError, match=r"units.propensity: 1 units have no propensity"):
        Design.of(units.with_columns(propensity=pl.when(pl.int_range(pl.len()) > 0).then("propensity")))
    with pytest.raises(TableError, match=r"400 units have a propensity that is not between 0 and 1"):
        Design.of(units.with_columns(propensity=pl.lit(1.0)))
    with pytest.raises(TableError, match=r"units.unit_id: 800 rows are of units that occur twice. Give one row per unit and wave"):
        Design.of(pl.concat([units, units]), unit="unit_id")
    with pytest.raises(ParameterError, match=r"unknown measure .margins.; did you mean .margin.\?"):
        Design.of(units).estimates(("margin",)).effect("margins")


def test_one_cluster_has_no_interval() -> None:
    effect = Design.of(drawn_units().with_columns(cluster_id=pl.lit(1))).effect("margin")
    assert (effect.se, effect.p_value) == (None, None)
    assert np.isfinite(effect.estimate)
