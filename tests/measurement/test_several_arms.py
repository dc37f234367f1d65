from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import polars as pl
import pytest
from measured_shop import MENS, NO_MAIL, WOMENS, emails

from relkit.measurement.arm_sums import ArmSums
from relkit.measurement.differences import difference
from relkit.measurement.several_arms import effects_of_arms

if TYPE_CHECKING:
    from pathlib import Path


def test_both_emails_against_none(real_data: Path) -> None:
    """Equal arms of 21,300: 2.212 standard errors (Dunnett 1964, table II, two treatments, infinite df: 2.21)."""
    sums = ArmSums.of(emails(real_data), ("spend",), arm="segment")
    found = effects_of_arms(sums, "spend", (MENS, WOMENS), control=NO_MAIL)
    for arm, effect in found.items():
        alone = difference(sums, "spend", treated=arm, control=NO_MAIL)
        assert (effect.estimate, effect.se) == (alone.estimate, alone.se)
        assert (effect.high - effect.estimate) / effect.se == pytest.approx(2.212, abs=1e-3)
        assert alone.p_value < effect.p_value < 2 * alone.p_value


@pytest.mark.slow
def test_the_intervals_hold_together() -> None:
    """800 draws without effect, arms of 30, 60 and 90 against 40: any interval misses zero in 5 %, up to three standard errors."""
    rng, sizes = np.random.default_rng(3), {"a": 30, "b": 60, "c": 90, "control": 40}
    arms = np.repeat(list(sizes), list(sizes.values()))
    missed = []
    for _ in range(800):
        sums = ArmSums.of(pl.DataFrame({"arm": arms, "y": rng.normal(size=len(arms))}), ("y",))
        found = effects_of_arms(sums, "y", ("a", "b", "c"))
        missed.append(any(effect.low > 0 or effect.high < 0 for effect in found.values()))
    assert np.mean(missed) == pytest.approx(0.05, abs=3 * (0.05 * 0.95 / 800) ** 0.5)


def test_an_arm_without_variance_does_not_count() -> None:
    units = pl.DataFrame({"arm": ["a"] * 3 + ["b"] * 3 + ["control"] * 3, "y": [1.0, 2, 4, 7, 7, 7, 0, 0, 0]})
    found = effects_of_arms(ArmSums.of(units, ("y",)), "y", ("a", "b"))
    assert found["b"].p_value is None
    assert found["a"].p_value == difference(ArmSums.of(units, ("y",)), "y", treated="a").p_value
