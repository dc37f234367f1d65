from __future__ import annotations

import numpy as np
import pytest
from measured_shop import drawn_units

from relkit.errors import ParameterError
from relkit.measurement.designs import Design
from relkit.measurement.effect import EMPTY_ARM, Effect


@pytest.fixture(scope="module")
def design() -> Design:
    return Design.of(drawn_units(2000, households=True))


def test_the_joint_covariance_is_that_of_single_effects(design: Design) -> None:
    found = design.estimates(("margin", "orders"))
    for name in ("margin", "orders"):
        alone, joint = design.effect(name), found.effect(name)
        assert (joint.estimate, joint.se, joint.df) == pytest.approx((alone.estimate, alone.se, alone.df))
    weights = found.weights({"margin": 1.0}), found.weights({"orders": 1.0})
    both = found.effect({"margin": 1.0, "orders": 1.0}, name="both")
    assert both.se**2 == pytest.approx(sum(found.covariance(w, w) for w in weights) + 2 * found.covariance(*weights))
    assert both.measure == "both"


def test_the_joint_test_of_one_measure_is_its_own(design: Design) -> None:
    effect = design.effect("margin")
    chi2, df = design.estimates(("margin",)).joint_test()
    assert (chi2, df) == (pytest.approx((effect.estimate / effect.se) ** 2), 1)


def test_unknown_measures_are_refused(design: Design) -> None:
    with pytest.raises(ParameterError, match="unknown measure 'cost'"):
        design.estimates(("margin",)).weights({"cost": 1.0})


def test_an_effect_on_several_units_scales_all_its_figures(design: Design) -> None:
    effect = design.effect("margin")
    total = effect.times(100)
    assert (total.estimate, total.se, total.low, total.treated) == pytest.approx(
        (100 * effect.estimate, 100 * effect.se, 100 * effect.low, 100 * effect.treated)
    )
    assert (total.df, total.p_value, total.n_treated) == (effect.df, effect.p_value, effect.n_treated)
    variance = total.spread[0] + total.spread[1] - 2 * total.spread[2]
    assert np.sqrt(variance) == pytest.approx(total.se)
    assert Effect.of("y", (1.0, None), (3, 0), spread=None, df=None).times(5).reason == EMPTY_ARM
