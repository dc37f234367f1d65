"""Changes of lift between two periods, with a test of each.

The logarithm of lift has a standard error in each period (`relkit.models.affinity.measures`); baskets of different periods are different
baskets, so that the difference divided by the root of the summed squares is a normal deviate if nothing changed. If a pair met in one
period only, there is no logarithm: given the number of meetings in both periods, the number in the later one is then tested as a binomial
with the share that equal lifts imply.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import polars as pl
from numpy.typing import NDArray

from relkit.metrics.intervals import log_bounds
from relkit.metrics.multiplicity import benjamini_hochberg
from relkit.models.affinity.measures import Counts, log_lift_error
from relkit.models.affinity.set_counts import count_sets
from relkit.units import LEVEL

if TYPE_CHECKING:
    from collections.abc import Sequence

    from relkit.models.affinity.baskets import Baskets

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


def lift_changes(
    before: Baskets, after: Baskets, pairs: Sequence[tuple[int, int]], names: Sequence[tuple[str, str]], *, level: float = LEVEL
) -> pl.DataFrame:
    """Return the lift of pairs of items in two periods, and a test of the difference.

    Args:
        before: baskets of the earlier period.
        after: baskets of the later one, with the same codes.
        pairs: codes of m pairs; below zero if a product is in no basket.
        names: of the same pairs.
        level: of the interval of the ratio.

    Returns:
        product_a, product_b, count_before, count_after, baskets_before, baskets_after, lift_before, lift_after (null if a product was
        not bought), lift_ratio (after over before) with lift_ratio_lower and lift_ratio_upper, z (null if the pair met in one period
        only), p_value (two-sided; null if a product was not bought in both periods), q_value (Benjamini-Hochberg).
    """
    early, late = (counts_of_pairs(baskets, pairs) for baskets in (before, after))
    lifts = [_lift(early), _lift(late)]
    errors = np.hypot(log_lift_error(early), log_lift_error(late))
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = lifts[1] / lifts[0]
        z = np.where((early.both > 0) & (late.both > 0), np.log(ratio) / errors, np.nan)
        low, high = log_bounds(ratio, errors, level)
    p = np.where(np.isfinite(z), _two_sided(z), _binomial(early, late))
    table = pl.DataFrame(
        {
            "product_a": pl.Series([a for a, _ in names], dtype=pl.String),
            "product_b": pl.Series([b for _, b in names], dtype=pl.String),
            "count_before": early.both,
            "count_after": late.both,
            "baskets_before": np.full(len(names), before.n, np.int64),
            "baskets_after": np.full(len(names), after.n, np.int64),
            **dict(zip(("lift_before", "lift_after"), lifts, strict=True)),
            "lift_ratio": ratio,
            "lift_ratio_lower": low,
            "lift_ratio_upper": high,
            "z": z,
            "p_value": p,
            "q_value": _q_values(p),
        }
    )
    return table.with_columns(pl.selectors.float().fill_nan(None))


def counts_of_pairs(baskets: Baskets, pairs: Sequence[tuple[int, int]]) -> Counts:
    """Return the counts of pairs of items in some baskets.

    Examples:
        >>> from relkit.models.affinity.baskets import Baskets
        >>> counts_of_pairs(Baskets.of(pl.Series([["a", "b"], ["a"]])), [(0, 1)]).left.tolist()
        [2]
    """
    sets = [*((a,) for a, _ in pairs), *((b,) for _, b in pairs), *pairs]
    left, right, both = count_sets(baskets, sets).reshape(3, len(pairs))
    return Counts(both, left, right, baskets.n)


def _lift(counts: Counts) -> Floats:
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray(counts.n * counts.both / (counts.left * counts.right), np.float64)


def _two_sided(z: Floats) -> Floats:
    from scipy.special import ndtr

    return np.asarray(2 * ndtr(-np.abs(z)))


def _binomial(early: Counts, late: Counts) -> Floats:
    """Return the two-sided p-value of the meetings in the later period, given those in both; NaN if nothing can be compared."""
    weights = [each.left * (each.right / max(each.n, 1)) for each in (early, late)]
    total = early.both + late.both
    can = (np.minimum(*weights) > 0) & (total > 0)
    found = np.full(len(early), np.nan)
    share = weights[1][can] / (weights[0][can] + weights[1][can])
    found[can] = two_sided_binomial(late.both[can], total[can], share)
    return found


def two_sided_binomial(k: Ints, n: Ints, p: Floats) -> Floats:
    """Return the exact p-value of k successes in n trials of probability p: the total of all results no likelier than k.

    Args:
        k: shape (m,).
        n: shape (m,).
        p: shape (m,), above 0 and below 1.

    Examples:
        >>> two_sided_binomial(np.array([8]), np.array([10]), np.array([0.5])).round(9).tolist()  # 2 * (45 + 10 + 1) / 1024
        [0.109375]
    """
    from scipy.special import bdtr, bdtrc

    is_high = k > n * p
    # Results are counted from the side on which k lies, so that one search serves both.
    own, chance = np.where(is_high, n - k, k), np.where(is_high, 1 - p, p)
    limit = _log_chance(own, n, chance) + 1e-7  # as likely, but for rounding
    low, high = np.ceil(n * chance), n + 1.0  # the first result across the mode that is no likelier lies here
    while (low < high).any():
        middle = np.floor((low + high) / 2)
        is_likelier = (middle <= n) & (_log_chance(middle, n, chance) > limit)
        open_ = low < high
        low, high = np.where(open_ & is_likelier, middle + 1, low), np.where(open_ & ~is_likelier, middle, high)
    found = bdtr(own, n, chance) + np.where(low <= n, bdtrc(low - 1, n, chance), 0.0)
    return np.asarray(np.where(k == n * p, 1.0, np.minimum(found, 1.0)))


def _log_chance(k: Floats | Ints, n: Ints, p: Floats) -> Floats:
    from scipy.special import gammaln

    return np.asarray(gammaln(n + 1) - gammaln(k + 1) - gammaln(n - k + 1) + k * np.log(p) + (n - k) * np.log1p(-p))


def _q_values(p: Floats) -> Floats:
    known = np.isfinite(p)
    q = np.full(len(p), np.nan)
    q[known] = benjamini_hochberg(p[known])
    return q
