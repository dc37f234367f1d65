"""Ages that differ by rounding are one age.

A difference of dates, of instants or of ages is exact to the last bit only by luck: 0.1 + 0.2 is not 0.3, and two customers who
ended on one day seem to have ended one after the other. Ranks, risk sets and pairs then differ from those of the same data in
other units. R's survival package (3.x) has the same remedy, on by default (argument `timefix`, function `aeqSurv`), and its rule is
this one: distinct ages in ascending order are one age if they differ by at most `TOLERANCE` days, or by at most `TOLERANCE`
times the mean of the distinct ages; the age is the lowest of them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

TOLERANCE = float(np.sqrt(np.finfo(np.float64).eps))
"""1.49e-8, in days and relative to the mean age: R's `sqrt(.Machine$double.eps)`."""


def reach(ages: NDArray[np.float64]) -> float:
    """Return the difference up to which ages are one age, in days.

    Args:
        ages: distinct and finite, shape (k,).

    Examples:
        >>> reach(np.array([100.0, 300.0])) == 200 * TOLERANCE
        True
    """
    return TOLERANCE * max(1.0, float(np.abs(ages).mean())) if len(ages) else TOLERANCE


def one_age(*ages: NDArray[np.float64] | None) -> tuple[Any, ...]:
    """Return ages in which those that differ by rounding are equal; infinite and missing ones stay.

    Args:
        ages: arrays of any shape, compared with one another: entries with durations, durations with a horizon; None stays None.

    Returns:
        Arrays of the same shapes; those given if nothing changes. Whole days are recognised and cost next to nothing.

    Examples:
        >>> one_age(np.array([0.1 + 0.2, 0.7]), np.array([0.3]))[0].tolist()
        [0.3, 0.7]
    """
    pooled = np.concatenate([np.ravel(each) for each in ages if each is not None])
    with np.errstate(invalid="ignore"):
        fraction = (pooled != np.floor(pooled)) & np.isfinite(pooled)
    if not fraction.any() and np.abs(pooled, where=np.isfinite(pooled), out=np.zeros(len(pooled))).max(initial=0.0) < 1 / (2 * TOLERANCE):
        return ages
    found = np.sort(pooled[np.isfinite(pooled)])
    distinct = found[np.append(True, found[1:] != found[:-1])] if len(found) else found
    apart = np.diff(distinct) > reach(distinct)
    if apart.all():
        return ages
    cuts = distinct[np.append(True, apart)]
    return tuple(None if each is None else _lowest(each, cuts) for each in ages)


def _lowest(ages: NDArray[np.float64], cuts: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return for each finite age the last cut that it reaches."""
    place = np.searchsorted(cuts, ages, side="right") - 1
    return np.where(np.isfinite(ages), cuts[np.maximum(place, 0)], ages)
