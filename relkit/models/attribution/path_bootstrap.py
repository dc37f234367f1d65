"""Bootstrap of journeys: removal effects of chains learnt from resampled journeys, the check of the intervals of a chain.

    resampled = resampled_effects(paths, steps, rows, rng=rng, replicates=200)

Each journey is drawn a Poisson number of times; a row of n conversions is n journeys, whose value is the mean of the row. Other than the
delta method, it does not suppose that the next step depends on the last touches only. Journeys without a conversion are drawn by distinct
path, which changes nothing and saves most of the draws.
"""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np

from relkit.models.attribution.removal_effects import solved_chain
from relkit.models.attribution.transition_sums import TransitionSums

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from relkit.models.attribution.coded_paths import CodedPaths, Codes, Floats, Ints
    from relkit.models.attribution.removal_effects import SolvedChain
    from relkit.models.attribution.touch_states import Steps

_MIX, _SEED = np.uint64(0x9E3779B97F4A7C15), np.uint64(0x2545F4914F6CDD1D)


def with_resampled_variance(
    chain: SolvedChain,
    paths: CodedPaths,
    steps: tuple[Steps, Codes],
    sequences: Sequence[Sequence[int]] = (),
    *,
    rng: np.random.Generator,
    replicates: int,
) -> SolvedChain:
    """Return a solved chain with the covariances of its effects over resampled journeys.

    Args:
        chain: solved.
        paths: its journeys, without nulls if the chain has none.
        steps: as `recent_touches` returns them.
        sequences: of the chain.
        rng: source of the draws.
        replicates: number of resamples.
    """
    drawn = [solved_chain(sums, sequences, variances=False) for sums in _resampled(paths, steps, rng=rng, replicates=replicates)]
    parts = [np.array([getattr(each, name) for each in drawn]) for name in ("effects", "value_effects")]
    variance, value_variance = (_covariance(part) for part in parts)
    return replace(chain, variance=variance, value_variance=value_variance)


def _resampled(paths: CodedPaths, steps: tuple[Steps, Codes], *, rng: np.random.Generator, replicates: int) -> Any:
    """Yield the sums of transitions of resampled journeys."""
    converts = np.flatnonzero(paths.conversions > 0)
    kept, nulls = _by_distinct_path(paths)
    each = np.divide(paths.value, paths.conversions, out=np.zeros(paths.rows), where=paths.conversions > 0)
    for _ in range(replicates):
        conversions, without = np.zeros(paths.rows), np.zeros(paths.rows)
        conversions[converts] = rng.poisson(paths.conversions[converts])
        without[kept] = rng.poisson(nulls)
        yield TransitionSums.of_steps(tuple(paths.names), steps, (conversions, without, conversions * each))


def _by_distinct_path(paths: CodedPaths) -> tuple[Ints, Floats]:
    """Return the rows that stand for all with the same path, and the journeys without a conversion of these."""
    rows = np.flatnonzero((paths.nulls > 0) & (paths.lengths > 0))
    hashes = _kernel()(paths.offsets, paths.touches, rows, _SEED, _MIX)
    _, first, which = np.unique(hashes, return_index=True, return_inverse=True)
    return rows[first], np.bincount(which, paths.nulls[rows], len(first)).astype(np.float64)


def _covariance(draws: Floats) -> Floats:
    """Return the covariances over the resamples in which something converted."""
    known = draws[np.isfinite(draws).all(axis=1)]
    if len(known) < 2:
        return np.full((draws.shape[1], draws.shape[1]), np.nan)
    return np.atleast_2d(np.cov(known, rowvar=False))


def hash_rows(offsets: Any, touches: Any, rows: Any, seed: Any, mix: Any) -> NDArray[np.uint64]:
    """Return 64 bits that stand for the touches of each row. Compiled by numba."""
    found = np.empty(len(rows), np.uint64)
    for at in range(len(rows)):
        state = seed
        for touch in touches[offsets[rows[at]] : offsets[rows[at] + 1]]:
            state = (state ^ np.uint64(touch + 1)) * mix
            state ^= state >> np.uint64(29)
        found[at] = state
    return found


@cache
def _kernel() -> Callable[..., Any]:
    import numba

    compiled: Callable[..., Any] = numba.njit(cache=True, nogil=True)(hash_rows)
    return compiled
