"""Removal effects that are read off the journeys, for two conventions in which the chain learnt anew converts as its journeys do.

    effects_by_journey(paths, rows, "fail")        journeys with the channel fail
    effects_by_journey(paths, rows, "detour")      the channel's touches are taken out; journeys with no other touch fail

A chain of any order gives the conversion probability of the journeys that it was learnt from. So when journeys are changed and the chain is
learnt again, the share of conversions lost is that of the journeys that fail: no chain needs to be solved, and the order does not matter.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from relkit.models.attribution.channel_sets import ChannelSets

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from relkit.models.attribution.coded_paths import CodedPaths, Floats

FAIL, DETOUR = "fail", "detour"


def effects_by_journey(paths: CodedPaths, rows: NDArray[np.bool_], convention: str) -> tuple[tuple[Floats, Floats], tuple[Floats, Floats]]:
    """Return the effects on conversions with their covariances, and those on value with theirs; (K,) and (K, K) each.

    Args:
        paths: the journeys.
        rows: which of them; (j,).
        convention: fail or detour.

    Examples:
        >>> import polars as pl
        >>> from relkit.models.attribution.coded_paths import CodedPaths
        >>> paths = CodedPaths.of(pl.DataFrame({"channels": [["a", "b", "a"], ["b"]], "conversions": [1.0, 3.0]}))
        >>> every = np.ones(2, np.bool_)
        >>> [effects_by_journey(paths, every, convention)[0][0].tolist() for convention in ("fail", "detour")]
        [[0.25, 1.0], [0.0, 0.75]]
    """
    from scipy.sparse import csr_array

    sets = ChannelSets.by_group(paths, np.where(rows, 0, -1), 1)[0]
    sizes, amounts = np.diff(sets.offsets), sets.amounts
    of_set = np.repeat(np.arange(len(sizes)), sizes)
    fails = sizes[of_set] == 1 if convention == DETOUR else np.ones(len(of_set), np.bool_)
    places = of_set[fails], sets.members[fails]
    lost = csr_array((np.ones(len(places[0])), places), shape=(len(sizes), len(paths.names)))
    number, value, squares = amounts.conversions, amounts.value, amounts.squares
    return _shares_lost(lost, number, number), _shares_lost(lost, value, squares)


def _shares_lost(lost: Any, amount: Floats, squares: Floats) -> tuple[Floats, Floats]:
    """Return the share of an amount on the journeys that fail without each channel, and the covariances of the shares.

    Args:
        lost: which sets of channels fail without each channel; (u, K).
        amount: of each set; (u,).
        squares: its square, summed over the conversions of the set; (u,).
    """
    total, channels = amount.sum(), lost.shape[1]
    if not abs(total) > 0:
        return np.full(channels, np.nan), np.full((channels, channels), np.nan)
    shares = np.asarray(lost.T @ amount) / total
    both = np.asarray((lost.T @ lost.multiply(squares[:, None]).tocsr()).todense())
    cross = np.outer(np.asarray(lost.T @ squares), shares)
    return shares, (both - cross - cross.T + squares.sum() * np.outer(shares, shares)) / total**2
