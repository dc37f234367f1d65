from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
import pytest
from measured_shop import case
from scipy import stats

from relkit.errors import ParameterError
from relkit.metrics.multiplicity import benjamini_hochberg, bonferroni, dunnett, dunnett_reach, holm

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray


def test_of_four_p_values_as_worked_out_by_hand() -> None:
    """4 x 0.005, 3 x 0.01, 2 x 0.03, and 0.04 which may not fall below it: steps (4) and (5) of Holm (1979), section 3."""
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])


def test_never_above_one_nor_below_what_was_given() -> None:
    p = np.random.default_rng(3).random(50)
    adjusted = holm(p)
    assert ((adjusted >= p) & (adjusted <= 1)).all()
    assert (np.argsort(adjusted[np.argsort(p)], kind="stable") == np.arange(50)).all()


def test_one_alone_and_none() -> None:
    assert holm([0.2]).tolist() == [0.2]
    assert holm([]).tolist() == []


def test_false_findings_are_at_the_nominal_level() -> None:
    rng = np.random.default_rng(4)
    found = np.mean([holm(rng.random(8)).min() < 0.05 for _ in range(4000)])
    assert 0.038 < found < 0.062  # 0.05, and three standard errors


@pytest.mark.parametrize(("adjust", "name"), [(holm, "holm"), (benjamini_hochberg, "benjamini_hochberg")])
def test_case_11_ties_and_a_missing_one(adjust: Callable[[list[float]], NDArray[np.float64]], name: str) -> None:
    given, expected = case("11")
    found = adjust([math.nan if p is None else p for p in given["p"]])
    right = [math.nan if (q := expected[name][metric]) is None else q for metric in given["metric"]]
    assert found == pytest.approx(right, abs=1e-9, nan_ok=True)
    assert (~np.isnan(found)).sum() == expected["tests_counted"]
    assert bonferroni([0.01, math.nan]).tolist() == pytest.approx([0.01, math.nan], nan_ok=True)


@pytest.mark.parametrize(
    ("k", "df", "two_sided", "reach"),
    [
        (2, 5, True, 3.03),
        (3, 10, True, 2.76),
        (5, 20, True, 2.73),
        (9, math.inf, True, 2.69),
        (2, 5, False, 2.44),
        (3, 10, False, 2.34),
        (5, math.inf, False, 2.23),
    ],
)
def test_dunnetts_own_tables(k: int, df: float, two_sided: bool, reach: float) -> None:
    """Dunnett, tables of 1955 (one-sided, 1a) and 1964 (two-sided, II), 95 %, equal arms."""
    assert dunnett_reach(10, [10] * k, df=df, two_sided=two_sided) == pytest.approx(reach, abs=0.006)


def test_dunnett_with_unequal_arms_is_scipys() -> None:
    """SciPy 1.17, stats.dunnett on three samples: its quadrature is random and good to about 1e-4."""
    rng = np.random.default_rng(5)
    arms, control = [rng.normal(0.5, 1, n) for n in (12, 20, 9)], rng.normal(0, 1, 15)
    right = stats.dunnett(*arms, control=control, rng=np.random.default_rng(1))
    found = dunnett(right.statistic, 15, [12, 20, 9], df=12 + 20 + 9 + 15 - 4)
    assert found == pytest.approx(right.pvalue, abs=3e-4)


def test_dunnett_is_between_none_and_bonferroni() -> None:
    z = [2.3, 1.0]
    plain = 2 * stats.norm.sf(z)
    found = dunnett(z, 100, [100, 100])
    assert (plain < found).all()
    assert (found < bonferroni(plain)).all()
    # With a huge control, comparisons share nothing and Dunnett's is Sidak's.
    assert dunnett(z, 1e12, [100, 100]) == pytest.approx(1 - (1 - plain) ** 2, abs=1e-6)


def test_dunnett_refuses_empty_arms() -> None:
    with pytest.raises(ParameterError, match="dunnett: each arm needs units"):
        dunnett_reach(10, [10, 0])
    with pytest.raises(ParameterError, match="level: 95 is not between 0 and 1"):
        dunnett_reach(10, [10], level=95)
