"""How many of the first rows, or how much of their weight, stands below a bound: the counting behind concordance."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from relkit.metrics.risk_sets import Floats, Indexes


@dataclass(frozen=True, eq=False)
class Ranks:
    """A wavelet matrix (Claude and Navarro 2012): how many of the first p values are below a bound, in O(log of the largest value).

    Attributes:
        zeros: shape (levels, n + 1), running count of zero bits, from the highest bit down.
        mass: shape (levels, n + 1), running weight of the same; None where every value weighs 1.
    """

    zeros: NDArray[np.int32]
    mass: Floats | None = None

    @classmethod
    def build(cls, values: Indexes, weight: Floats | None = None) -> Ranks:
        """Return the matrix of non-negative integers `values`, shape (n,), with what each weighs, shape (n,).

        Examples:
            >>> ranks = Ranks.build(np.array([3, 1, 2]), np.array([1.0, 10.0, 100.0]))
            >>> ranks.below(np.array([2, 3]), np.array([3, 3])).tolist()
            [10.0, 110.0]
        """
        top = int(values.max(initial=0)) + 1
        levels = top.bit_length()
        zeros = np.zeros((levels, len(values) + 1), np.int32)
        mass = None if weight is None else np.zeros((levels, len(values) + 1))
        current = values.astype(np.uint16 if top < np.iinfo(np.uint16).max else np.uint32)
        for level in range(levels):
            zero = np.bitwise_and(current, 1 << (levels - 1 - level)) == 0
            np.cumsum(zero, out=zeros[level, 1:])
            current = np.concatenate([current[zero], current[~zero]])
            if mass is not None and weight is not None:
                np.cumsum(weight * zero, out=mass[level, 1:])
                weight = np.concatenate([weight[zero], weight[~zero]])
        return cls(zeros, mass)

    def below(self, first: Indexes, bounds: Indexes) -> Indexes | Floats:
        """Return for each query how many of the first `first` values are below `bounds`, or what they weigh."""
        every = np.arange(1 << len(self.zeros))
        bounds = np.minimum(bounds, every[-1])  # the last one is above every value
        found: Indexes | Floats = self._down(first, bounds) - self._down(np.zeros_like(every), every)[bounds]
        return found

    def _down(self, place: Indexes, bounds: Indexes) -> Indexes | Floats:
        """Return what is zero before `place`, followed down the levels by the bits of the bound, wherever that bit is one."""
        passed = np.zeros(place.shape, place.dtype if self.mass is None else np.float64)
        for level, zeros in enumerate(self.zeros):
            one = (bounds & (1 << (len(self.zeros) - 1 - level))) != 0
            before = zeros[place]
            passed += (before if self.mass is None else self.mass[level][place]) * one
            place = np.where(one, zeros[-1] + place - before, before)
        return passed
