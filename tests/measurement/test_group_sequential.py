"""Boundaries of group-sequential tests: published ones, Spotify's confidence 4.1.0, and the multivariate normal distribution of scipy."""

from __future__ import annotations

import numpy as np
import pytest
from measured_shop import drawn_units
from scipy import stats

from relkit.errors import ParameterError
from relkit.measurement.designs import Design
from relkit.measurement.group_sequential import boundaries, repeated_interval, spent

FIFTHS = (0.2, 0.4, 0.6, 0.8, 1.0)


@pytest.mark.parametrize(
    ("spending", "bounds"),
    [("obrien_fleming", (4.877, 3.357, 2.680, 2.290, 2.031)), ("pocock", (2.438, 2.427, 2.410, 2.397, 2.386))],
)
def test_published_boundaries_of_five_looks(spending: str, bounds: tuple[float, ...]) -> None:
    """Two-sided, 5 %: Reboussin, DeMets, Kim and Lan (2000), programs of Lan and DeMets, and R ldbounds."""
    assert boundaries(FIFTHS, spending=spending) == pytest.approx(bounds, abs=6e-4)


@pytest.mark.parametrize(
    ("information", "level", "two_sided", "bounds"),
    [
        ((1 / 3, 2 / 3, 1), 0.95, True, (2.77292129, 2.34723439, 2.06186386)),
        (FIFTHS, 0.95, True, (3.09023231, 2.7140784, 2.47273707, 2.27981095, 2.1139679)),
        ((0.1, 0.35, 0.6, 1), 0.99, False, (3.71901649, 3.05144004, 2.77074039, 2.41649627)),
    ],
)
def test_the_power_rule_of_spotify(information: tuple[float, ...], level: float, two_sided: bool, bounds: tuple[float, ...]) -> None:
    """`sequential_bounds` of confidence 4.1.0, whose integration is good to four decimals."""
    assert boundaries(information, level=level, spending="power", two_sided=two_sided) == pytest.approx(bounds, abs=1e-4)


@pytest.mark.parametrize("spending", ["obrien_fleming", "pocock", "power"])
def test_the_probability_of_crossing_is_the_error_rate_at_each_look(spending: str) -> None:
    information = np.array([0.3, 0.45, 1.0])
    bounds = boundaries(tuple(information), level=0.9, spending=spending)
    correlation = np.sqrt(np.minimum.outer(information, information) / np.maximum.outer(information, information))
    for looks in (1, 2, 3):
        upper = bounds[:looks]
        normal = stats.multivariate_normal(np.zeros(looks), correlation[:looks, :looks], seed=1)
        inside = normal.cdf(upper, lower_limit=-upper)
        assert 1 - inside == pytest.approx(2 * spent(information[looks - 1], 0.05, spending), abs=2e-5)


def test_one_look_is_the_fixed_test() -> None:
    for spending in ("obrien_fleming", "pocock", "power"):
        assert boundaries((1.0,), spending=spending)[0] == pytest.approx(1.959964, abs=1e-6)


def test_looks_so_early_that_nothing_is_spent() -> None:
    bounds = boundaries((0.01, 0.5, 1.0))
    assert bounds[0] == np.inf
    assert bounds[1:] == pytest.approx(boundaries((0.5, 1.0)))


def test_many_looks_stay_accurate() -> None:
    """Sixty looks: the boundary at the end rises with their number, and the last of them are smooth."""
    bounds = boundaries(tuple(np.arange(1, 61) / 60))
    assert 2.03 < bounds[-1] < 2.25
    assert (np.diff(bounds[10:]) < 0).all()


def test_the_repeated_interval_excludes_zero_when_the_boundary_is_crossed() -> None:
    effect = Design.of(drawn_units(2000)).effect("margin")
    z = effect.estimate / effect.se
    assert repeated_interval(effect, z - 0.01).low > 0 > repeated_interval(effect, z + 0.01).low
    assert repeated_interval(effect, 2.0).p_value is None


def test_invalid_looks_are_refused() -> None:
    for looks in ((), (0.5, 0.5), (0.5, 1.2), (0.0, 1.0)):
        with pytest.raises(ParameterError, match=r"information: the shares .* do not rise up to 1"):
            boundaries(looks)
    with pytest.raises(ParameterError, match="unknown spending 'obf'"):
        boundaries((1.0,), spending="obf")
    with pytest.raises(ParameterError, match="level: 95 is not between 0 and 1"):
        boundaries((1.0,), level=95)
