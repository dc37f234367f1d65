from __future__ import annotations

import numpy as np
import polars as pl
import pytest
from scipy import stats

from relkit.errors import ParameterError
from relkit.measurement.designs import Design
from relkit.measurement.effect import EMPTY_ARM, Effect
from relkit.measurement.guardrails import guarded


def complaints(treated: int, control: int, n: int = 2000) -> Effect:
    values = [1.0] * treated + [0.0] * (n - treated) + [1.0] * control + [0.0] * (n - control)
    units = pl.DataFrame({"arm": ["treated"] * n + ["control"] * n, "complained": values})
    return Design.of(units, propensity=None, wave=None, cluster=None).effect("complained")


@pytest.mark.parametrize(("treated", "state"), [(20, "held"), (45, "unclear"), (120, "breached")])
def test_the_three_states(treated: int, state: str) -> None:
    found = guarded(complaints(treated, 20), 0.01)
    assert found.state == state
    assert found.text.en.startswith(state)


def test_the_test_is_the_shifted_one_sided_t_test() -> None:
    rng = np.random.default_rng(3)
    treated, control = rng.normal(1.0, 2, 300), rng.normal(0.9, 1, 200)
    units = pl.DataFrame({"arm": ["treated"] * 300 + ["control"] * 200, "returns": np.r_[treated, control]})
    effect = Design.of(units, propensity=None, wave=None, cluster=None).effect("returns")
    right = stats.ttest_ind(treated - 0.5, control, equal_var=False, alternative="less")
    found = guarded(effect, 0.5)
    assert found.p_value == pytest.approx(right.pvalue)
    assert (found.high < 0.5) == (found.p_value < 0.05)
    interval = stats.ttest_ind(treated, control, equal_var=False, alternative="less").confidence_interval(0.95)
    assert found.high == pytest.approx(interval.high)


def test_lower_may_be_worse() -> None:
    """Satisfaction that falls by 0.03 with a margin of 0.01 is the harm of complaints that rise by as much."""
    up, down = complaints(80, 20), complaints(20, 80)
    harmed, mirrored = guarded(up, 0.01), guarded(down, 0.01, worse="lower")
    assert (harmed.harm, harmed.low, harmed.high, harmed.state) == pytest.approx(
        (mirrored.harm, mirrored.low, mirrored.high, mirrored.state)
    )
    assert guarded(down, 0.01).state == "held"


def test_nothing_happened_to_anybody() -> None:
    """Without a complaint in either arm the bound is the score bound of 0 of 2,000: z2 / (n + z2) = 0.00135 at 95 % on one side."""
    found = guarded(complaints(0, 0), 0.01)
    z2 = 1.6448536**2
    assert found.high == pytest.approx(z2 / (2000 + z2), rel=1e-6)
    assert (found.state, found.p_value) == ("held", None)
    assert guarded(complaints(0, 0, n=50), 0.01).state == "unclear"


def test_without_an_interval_it_is_unclear() -> None:
    empty = Effect.of("y", (1.0, None), (5, 0), spread=None, df=None)
    assert (guarded(empty, 0.1).state, guarded(empty, 0.1).reason) == ("unclear", EMPTY_ARM)
    constant = Effect.of("y", (7.0, 7.0), (5, 5), spread=(0.0, 0.0, 0.0), df=None)
    assert guarded(constant, 0.1).state == "unclear"


def test_invalid_settings_are_refused() -> None:
    with pytest.raises(ParameterError, match=r"margin: -0.1 is not a number from 0"):
        guarded(complaints(1, 1), -0.1)
    with pytest.raises(ParameterError, match="unknown direction 'up'"):
        guarded(complaints(1, 1), 0.1, worse="up")
