"""Comparisons without a draw, against statsmodels 0.15.0 and worlds whose effect is known."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest
from measured_shop import contacted_customers

from relkit.errors import ParameterError, TableError
from relkit.measurement.comparison import adjusted_comparison

COVARIATES = ("x", "age", "town")


def test_without_folds_it_is_the_estimator_of_statsmodels() -> None:
    """TreatmentEffect.aipw with OLS and Logit: ATE 1.945208793472613, z 24.294; no probability is within 0.02 of 0 or 1.

    Its standard error counts the errors of both regressions too (GMM), which changes it by 0.5 % here.
    """
    found = adjusted_comparison(contacted_customers(3000, seed=4), "margin", ("x", "age"), target="drawn", folds=1)
    assert found.estimate == pytest.approx(1.945208793472613, abs=1e-6)
    assert found.estimate / found.se == pytest.approx(24.294, rel=1e-2)
    assert found.overlap.clipped_share == 0
    assert (found.overlap.lowest, found.overlap.highest) == pytest.approx((0.03544220, 0.95787798), abs=1e-6)


@pytest.mark.parametrize("target", ["drawn", "treated"])
def test_the_effect_is_found_and_the_plain_difference_misses_it(target: str) -> None:
    found = adjusted_comparison(contacted_customers(), "margin", COVARIATES, target=target)
    assert found.low < 2 < found.high
    assert found.unadjusted > found.high + 1
    assert found.balance["before"].abs().max() > 0.5
    assert found.balance["after"].abs().max() < 0.1


def test_a_wrong_line_is_corrected_by_the_probabilities() -> None:
    """The outcome is curved in x, which the linear model misses; the weights are right, and so is the estimate."""
    found = adjusted_comparison(contacted_customers(20_000, bend=1.5), "margin", COVARIATES, target="drawn")
    assert found.low < 2 < found.high


def test_effects_that_differ_are_averaged_over_the_target() -> None:
    units = contacted_customers(20_000).with_columns(margin=pl.col("margin") + pl.col("is_contacted") * pl.col("x"))
    on_all, on_contacted = (adjusted_comparison(units, "margin", COVARIATES, target=target) for target in ("drawn", "treated"))
    x = units["x"].to_numpy()
    assert on_all.low < 2 + x.mean() < on_all.high
    mean = 2 + x[units["is_contacted"].to_numpy()].mean()
    assert on_contacted.low < mean < on_contacted.high
    assert on_contacted.estimate > on_all.high


def test_it_says_loudly_that_nobody_was_drawn() -> None:
    found = adjusted_comparison(contacted_customers(), "margin", COVARIATES)
    assert found.remarks[0].code == "not_drawn"
    assert found.remarks[0].en.startswith("This is no experiment")
    assert "control" not in found.remarks[0].en
    assert "témoin" not in found.remarks[0].fr


def test_strength_of_the_hidden_confounder() -> None:
    found = adjusted_comparison(contacted_customers(), "margin", COVARIATES)
    strength = found.robustness
    assert 0 < strength.of_interval < strength.of_estimate < 1
    assert strength.strongest == "x"
    assert strength.strongest_outcome > strength.strongest_contact > 0
    nothing = contacted_customers().with_columns(margin=pl.col("margin") - 2 * pl.col("is_contacted"))
    assert adjusted_comparison(nothing, "margin", COVARIATES).robustness.of_interval == 0


def test_groups_that_do_not_resemble_each_other_are_reported() -> None:
    rng = np.random.default_rng(3)
    x = rng.normal(size=3000)
    contacted = rng.random(3000) < 1 / (1 + np.exp(-6 * x))
    units = pl.DataFrame({"is_contacted": contacted, "x": x, "margin": x + rng.normal(size=3000)})
    found = adjusted_comparison(units, "margin", ("x",))
    assert {"poor_overlap", "still_unbalanced"} <= {remark.code for remark in found.remarks}
    assert found.overlap.clipped_share > 0.2
    assert found.overlap.effective_others < 0.2 * found.n_others


def test_no_value_of_a_covariate_is_in_a_remark() -> None:
    units = contacted_customers(2000).with_columns(town=pl.when("is_contacted").then(pl.lit("Lyon")).otherwise(pl.lit("Paris")))
    found = adjusted_comparison(units, "margin", ("x", "town"))
    unbalanced = next(remark for remark in found.remarks if remark.code == "still_unbalanced")
    assert "town" in unbalanced.en
    assert "Lyon" not in unbalanced.en + unbalanced.fr


def test_a_covariate_that_decides_everything_gives_an_answer_with_its_warning() -> None:
    units = contacted_customers(400).with_columns(chosen=pl.col("is_contacted"))
    found = adjusted_comparison(units, "margin", ("x", "chosen"))
    assert np.isfinite(found.estimate)
    assert found.overlap.clipped_share == 1
    assert "poor_overlap" in {remark.code for remark in found.remarks}


def test_clusters_of_copies_are_not_twice_as_certain() -> None:
    units = contacted_customers(2000).with_columns(cluster_id=pl.int_range(pl.len()))
    once, copied = (
        adjusted_comparison(rows, "margin", COVARIATES, cluster="cluster_id", folds=1) for rows in (units, pl.concat([units, units]))
    )
    assert (copied.estimate, copied.se) == (pytest.approx(once.estimate), pytest.approx(once.se, rel=1e-3))


def test_the_same_seed_gives_the_same_answer() -> None:
    units = contacted_customers(1000)
    one, same, other = (adjusted_comparison(units, "margin", COVARIATES, seed=seed) for seed in (1, 1, 2))
    assert one.estimate == same.estimate != other.estimate


def test_what_cannot_be_compared_is_refused() -> None:
    units = contacted_customers(200)
    with pytest.raises(ParameterError, match=r"covariates: a comparison without a draw needs covariates. Name the columns"):
        adjusted_comparison(units, "margin", ())
    with pytest.raises(ParameterError, match=r"clip: 0.6 is not between 0 and 0.5"):
        adjusted_comparison(units, "margin", ("x",), clip=0.6)
    with pytest.raises(ParameterError, match="folds: 0 is below 1"):
        adjusted_comparison(units, "margin", ("x",), folds=0)
    with pytest.raises(TableError, match="units: no column contact"):
        adjusted_comparison(units, "margin", ("x",), contacted="contact")
    with pytest.raises(TableError, match="units: no column home"):
        adjusted_comparison(units, "margin", ("x",), cluster="home")
    with pytest.raises(TableError, match=r"units: there are 0 contacted units. A comparison needs at least 10"):
        adjusted_comparison(units.filter(~pl.col("is_contacted")), "margin", ("x",))
    with pytest.raises(TableError, match=r"units.margin: some values are missing or not finite"):
        adjusted_comparison(units.with_columns(margin=pl.lit(None, pl.Float64)), "margin", ("x",))
    with pytest.raises(TableError, match=r"units.is_contacted: some units have no value"):
        adjusted_comparison(units.with_columns(is_contacted=pl.lit(None, pl.Boolean)), "margin", ("x",))


@pytest.mark.slow
@pytest.mark.parametrize("target", ["drawn", "treated"])
def test_its_intervals_cover(target: str) -> None:
    """1,000 worlds of 1,000 customers: 95 % intervals contain the effect in 93 to 97 %."""
    inside = []
    for seed in range(1000):
        found = adjusted_comparison(contacted_customers(1000, seed=seed), "margin", COVARIATES, target=target, seed=seed)
        inside.append(found.low <= 2 <= found.high)
    assert 0.93 <= np.mean(inside) <= 0.97
