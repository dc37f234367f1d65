"""Effects by segment, against the regression of statsmodels with HC1 on the public e-mail experiment."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import polars as pl
import pytest
from measured_shop import MENS, NO_MAIL, WOMENS, drawn_units, emails
from scipy import stats

from relkit.errors import TableError
from relkit.measurement.designs import Design
from relkit.measurement.segments import ONE_SEGMENT, TOO_FEW, effects_by_segment, interaction

if TYPE_CHECKING:
    from pathlib import Path


def mailed(data: Path, arm: str) -> Design:
    buyers = pl.when((pl.col("mens") == 1) & (pl.col("womens") == 1)).then(pl.lit("both")).when(pl.col("mens") == 1).then(pl.lit("mens"))
    units = emails(data).with_columns(bought=buyers.otherwise(pl.lit("womens")))
    return Design.of(units, arm="segment", treated=arm, control=NO_MAIL, propensity=None, wave=None, cluster=None)


@pytest.fixture(scope="module")
def womens(real_data: Path) -> Design:
    return mailed(real_data, WOMENS)


@pytest.fixture(scope="module")
def mens(real_data: Path) -> Design:
    return mailed(real_data, MENS)


def test_interactions_of_the_womens_email(womens: Design) -> None:
    """OLS of visit on t, mens and t:mens by statsmodels, cov_type="HC1": -0.05223209 (0.00650749), p 1.0e-15; then with womens."""
    found = interaction(womens, "visit", "mens", 1, 0)
    assert (found.estimate, found.se) == pytest.approx((-0.05223209, 0.00650749), abs=5e-9)
    assert found.p_value == pytest.approx(1.0e-15, rel=0.05)
    other = interaction(womens, "visit", "womens", 1, 0)
    assert (other.estimate, other.se) == pytest.approx((0.06203608, 0.00639128), abs=5e-9)


def test_interactions_of_the_mens_email(mens: Design) -> None:
    """OLS as above: 0.01098594 (0.00675533), p 0.104; womens 0.01340295 (0.00676833), p 0.0477."""
    found, other = interaction(mens, "visit", "mens", 1, 0), interaction(mens, "visit", "womens", 1, 0)
    assert (found.estimate, found.se) == pytest.approx((0.01098594, 0.00675533), abs=5e-9)
    assert (other.estimate, other.se) == pytest.approx((0.01340295, 0.00676833), abs=5e-9)
    assert (found.p_value, other.p_value) == pytest.approx((0.104, 0.0477), abs=5e-4)


@pytest.mark.parametrize(
    ("which", "effects"),
    [
        ("womens", {"both": 0.071103, "mens": 0.011078, "womens": 0.073985}),
        ("mens", {"both": 0.134444, "mens": 0.069155, "womens": 0.070580}),
    ],
)
def test_effects_in_the_segments_of_buyers(which: str, effects: dict[str, float], request: pytest.FixtureRequest) -> None:
    found = effects_by_segment(request.getfixturevalue(which), "visit", ("bought",))[0]
    assert {segment.value: round(segment.effect.estimate, 6) for segment in found.segments} == effects
    assert found.df == 2
    assert found.p_value < 1e-4


def test_two_segments_are_tested_as_their_interaction_is(mens: Design) -> None:
    found, pair = effects_by_segment(mens, "visit", ("mens", "womens")), interaction(mens, "visit", "mens", 1, 0)
    assert found[0].chi2 == pytest.approx((pair.estimate / pair.se) ** 2)
    assert found[0].p_value == pytest.approx(pair.p_value)
    # Benjamini-Hochberg over the two columns: the smaller p-value times two.
    assert [each.q_value for each in found] == pytest.approx([found[0].p_value, min(2 * found[1].p_value, found[0].p_value)])


def test_clusters_across_segments_are_counted_as_one() -> None:
    """Each household has the same units in both segments: segments then never differ by more than the units within a household."""
    one = drawn_units(600, seed=5).with_columns(segment=pl.lit("a"))
    twin = one.with_columns(segment=pl.lit("b"), margin=pl.col("margin") + pl.Series(np.random.default_rng(1).normal(0, 0.1, 600)))
    both = Design.of(pl.concat([one, twin]))
    alone = Design.of(pl.concat([one, twin]), cluster=None)
    assert interaction(both, "margin", "segment", "a", "b").se < 0.05 * interaction(alone, "margin", "segment", "a", "b").se


def test_segments_without_effect_and_units_without_segment() -> None:
    units = drawn_units(400).with_columns(
        segment=pl.when(pl.int_range(pl.len()) < 40).then(None).otherwise(pl.col("segment")),
        rare=pl.when(pl.col("unit_id") == "u7").then(pl.lit("one")).otherwise(pl.lit("rest")),
    )
    design = Design.of(units)
    by_segment, rare = effects_by_segment(design, "margin", ("segment", "rare"))
    assert [segment.value for segment in by_segment.segments] == [None, "high", "low"]
    assert sum(segment.n_treated + segment.n_control for segment in by_segment.segments) == 400
    assert (rare.segments[0].effect, rare.segments[0].reason, rare.segments[0].q_value) == (None, TOO_FEW, None)
    assert (rare.p_value, rare.reason) == (None, ONE_SEGMENT)


def test_a_segment_that_is_no_column_is_refused() -> None:
    with pytest.raises(TableError, match="units: no column town"):
        effects_by_segment(Design.of(drawn_units()), "margin", ("town",))


@pytest.mark.slow
def test_the_test_of_segments_keeps_its_level() -> None:
    """1,000 draws with one effect for all, four segments, households of three: p below 0.05 in 5 % up to three standard errors."""
    rejected = []
    for seed in range(1000):
        rng = np.random.default_rng(seed)
        units = drawn_units(600, seed=seed, households=True).with_columns(segment=pl.Series(rng.integers(0, 4, 600)))
        rejected.append(effects_by_segment(Design.of(units), "margin", ("segment",))[0].p_value < 0.05)
    assert stats.binomtest(sum(rejected), 1000, 0.05).pvalue > 0.0027
