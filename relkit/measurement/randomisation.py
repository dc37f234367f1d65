"""Checks of the draw: the sizes of the arms against the planned shares, and the balance of what was known before it.

A mismatch of the arms (sample-ratio mismatch) means that units are missing, or counted, because of what the action did: no estimate can be
trusted then. The test is Pearson's chi-squared against planned shares, never against equal ones. An arm with a planned share is tested
even if it got nobody; units in an arm planned at 0 are a mismatch without a test.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import polars as pl
from scipy.special import bdtr, bdtrc, chdtrc, gammaln, xlog1py, xlogy

from relkit.errors import ParameterError
from relkit.measurement.arm_sums import MISSING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from relkit.measurement.designs import Design
    from relkit.metrics.risk_sets import Counts, Floats

MISMATCH_ALPHA = 0.001
"""Error rate of the alarm: with thousands of campaigns checked, 0.05 would call for an investigation each week."""


@dataclass(frozen=True)
class RatioCheck:
    """The sizes of the arms against the plan.

    Attributes:
        units: by arm.
        expected: by arm, from the planned shares.
        chi2: of all arms with a planned share; None without a test.
        df: degrees of freedom; None without a test.
        p_value: of sizes at least as far from the plan; 0 if a unit is in an arm planned at 0; None if fewer than two arms were planned.
        is_mismatch: whether the sizes contradict the plan.
        largest_gap: largest difference between the observed and the planned share of an arm, as a share of all units.
    """

    units: Mapping[str, int]
    expected: Mapping[str, float]
    chi2: float | None
    df: int | None
    p_value: float | None
    is_mismatch: bool
    largest_gap: float


def check_ratio(units: Mapping[str, int], planned: Mapping[str, float], *, alpha: float = MISMATCH_ALPHA) -> RatioCheck:
    """Return the check of the sizes of any number of arms.

    Args:
        units: by arm; an arm without units may be left out.
        planned: share of each arm; they are scaled to 1, so that parts such as 9 and 1 do too.
        alpha: p-value below which there is a mismatch.

    Raises:
        ParameterError: no shares, a negative or infinite share, a negative number of units, or an arm that was not planned.

    Examples:
        >>> check = check_ratio({"treated": 9050, "control": 950}, {"treated": 0.9, "control": 0.1})
        >>> round(check.chi2, 4), round(check.p_value, 4), check.is_mismatch
        (2.7778, 0.0956, False)
    """
    _refuse_plan(units, planned)
    sizes = {arm: int(units.get(arm, 0)) for arm in planned}
    n, total = sum(sizes.values()), sum(planned.values())
    expected = {arm: n * share / total for arm, share in planned.items()}
    gap = max(abs(sizes[arm] - expected[arm]) for arm in planned) / n if n else 0.0
    if any(sizes[arm] for arm, share in planned.items() if not share):
        return RatioCheck(sizes, expected, None, None, 0.0, is_mismatch=True, largest_gap=gap)
    tested = [arm for arm, share in planned.items() if share]
    if len(tested) < 2 or not n:
        return RatioCheck(sizes, expected, None, None, None, is_mismatch=False, largest_gap=gap)
    chi2 = math.fsum((sizes[arm] - expected[arm]) ** 2 / expected[arm] for arm in tested)
    p = float(chdtrc(len(tested) - 1, chi2))
    return RatioCheck(sizes, expected, chi2, len(tested) - 1, p, is_mismatch=p < alpha, largest_gap=gap)


def exact_ratio_p_value(treated: int, control: int, share: float) -> float:
    """Return the exact two-sided p-value of two sizes: outcomes no likelier than the observed one (binomial).

    Args:
        treated: units treated.
        control: units in control.
        share: planned share treated, between 0 and 1.

    Raises:
        ParameterError: the share is not between 0 and 1.

    Examples:
        >>> round(exact_ratio_p_value(53, 47, 0.5), 10)
        0.6172994136
    """
    if not 0 < share < 1:
        raise ParameterError(f"{share} is not between 0 and 1.", where="share", remedy="Give the planned share treated.")
    n = treated + control
    counts = np.arange(n + 1)
    logs = _log_binomial(counts, n, share)
    # Outcomes as likely as the observed one belong to it, up to rounding.
    far = counts[logs <= logs[treated] + 1e-7]
    lower, upper = far[far < n * share], far[far >= n * share]
    below = float(bdtr(lower.max(), n, share)) if len(lower) else 0.0
    above = float(bdtrc(upper.min() - 1, n, share)) if len(upper) and upper.min() > 0 else float(len(upper) > 0)
    return min(below + above, 1.0)


@dataclass(frozen=True)
class DrawCheck:
    """Sizes against the probabilities stored at the draw, which may differ between units.

    Attributes:
        n_treated: units treated.
        expected: sum of the probabilities of being treated.
        z: (n_treated - expected) in standard deviations of a draw unit by unit.
        p_value: two-sided.
        is_mismatch: whether the sizes contradict the probabilities.
    """

    n_treated: int
    expected: float
    z: float
    p_value: float
    is_mismatch: bool


def check_draw(design: Design, *, alpha: float = MISMATCH_ALPHA) -> DrawCheck:
    """Return the check of the number treated against the stored probabilities, each unit drawn on its own.

    A draw of fixed numbers within strata varies less, so that the check then errs on the side of no alarm. With one share for all units
    this is the chi-squared test of two arms.

    Examples:
        >>> import polars as pl
        >>> from relkit.measurement.designs import Design
        >>> units = pl.DataFrame({"arm": ["treated"] * 90 + ["control"] * 10, "propensity": 0.9})
        >>> check = check_draw(Design.of(units, wave=None, cluster=None))
        >>> round(check.expected, 6), check.is_mismatch
        (90.0, False)
    """
    n_treated, expected = int(design.treated.sum()), float(design.share.sum())
    z = (n_treated - expected) / math.sqrt(float((design.share * (1 - design.share)).sum()))
    p = float(chdtrc(1, z * z))
    return DrawCheck(n_treated, expected, z, p, p < alpha)


@dataclass(frozen=True, eq=False)
class Balance:
    """Covariates known before the draw, compared between arms.

    Attributes:
        table: covariate, treated, control (means), standardised_difference (in standard deviations), p_value.
        chi2: joint test of no difference in any of them.
        df: its degrees of freedom.
        p_value: of the joint test; None if nothing varies.
    """

    table: pl.DataFrame
    chi2: float
    df: int
    p_value: float | None

    @property
    def largest(self) -> float:
        """Return the largest standardised difference, without sign; 0 without covariates."""
        found = self.table["standardised_difference"].abs().max()
        return float(found) if isinstance(found, float) else 0.0


def balance(design: Design, covariates: tuple[str, ...]) -> Balance:
    """Return the balance of covariates, compared as effects are: within strata or weighted, by cluster.

    The standardised difference is that of the means over the root of the mean of both variances (Austin 2009, Statistics in Medicine 28,
    p. 3085); 0.1 is a usual limit. The joint test is Wald's, on the differences with their covariance.

    Examples:
        >>> from relkit.measurement.designs import Design
        >>> units = pl.DataFrame({"arm": ["treated", "control"] * 4, "age": [30.0, 31, 40, 41, 50, 51, 60, 59]})
        >>> found = balance(Design.of(units, propensity=None, wave=None, cluster=None), ("age",))
        >>> found.df, round(found.largest, 3)
        (1, 0.04)
    """
    filled, names = _filled(design, covariates)
    found, sums = filled.estimates(names), filled.sums(names)
    rows = []
    for name in names:
        effect = found.effect(name)
        spread = [sums.moments(arm=arm) for arm in ("treated", "control")]
        sd = math.sqrt(sum(float(m.covariances()[m.at(name), m.at(name)]) for m in spread) / 2)
        gap = None if effect.estimate is None or not sd else effect.estimate / sd
        rows.append((name, effect.treated, effect.control, gap, effect.p_value))
    schema = {"covariate": pl.String, **dict.fromkeys(("treated", "control", "standardised_difference", "p_value"), pl.Float64)}
    table = pl.DataFrame(rows, schema=schema, orient="row")
    chi2, df = found.joint_test()
    return Balance(table, chi2, df, float(chdtrc(df, chi2)) if df else None)


def _filled(design: Design, covariates: tuple[str, ...]) -> tuple[Design, tuple[str, ...]]:
    """Return the design with missing covariates at their mean, and their names with those of the flags that mark them."""
    missing = [name for name in covariates if design.units[name].null_count()]
    flags = {f"{name}{MISSING}": pl.col(name).is_null() for name in missing}
    filled = design.units.with_columns(pl.col(name).cast(pl.Float64).fill_null(pl.col(name).mean()) for name in missing)
    return replace(design, units=pl.concat([filled, design.units.select(**flags)], how="horizontal")), (*covariates, *flags)


def _log_binomial(counts: Counts, n: int, share: float) -> Floats:
    return np.asarray(gammaln(n + 1) - gammaln(counts + 1) - gammaln(n - counts + 1) + xlogy(counts, share) + xlog1py(n - counts, -share))


def _refuse_plan(units: Mapping[str, int], planned: Mapping[str, float]) -> None:
    unplanned = sorted(set(units) - set(planned))
    if unplanned:
        raise ParameterError(f"no share was planned for {', '.join(unplanned)}.", where="planned", remedy="Give each arm its share.")
    if not planned or any(not 0 <= share < math.inf for share in planned.values()) or not sum(planned.values()):
        raise ParameterError("planned shares must be zero or above and not all zero.", where="planned", remedy="Give 0.9 and 0.1, say.")
    if any(size < 0 for size in units.values()):
        raise ParameterError("a number of units is negative.", where="units", remedy="Count the units of each arm.")
