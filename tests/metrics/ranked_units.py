"""Units with a score and no ties, made by integer arithmetic so that another environment has the same."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, eq=False)
class Units:
    outcome: np.ndarray
    treated: np.ndarray
    score: np.ndarray

    @property
    def is_binary(self) -> bool:
        return set(np.unique(self.outcome)) <= {0.0, 1.0}


def _units(n: int, arms: int, *, spend: bool) -> Units:
    place = np.arange(n)
    score = (place * 619 % n) / n
    treated = (place * 7919 + place**2 // 5) % arms != 0
    chance = (place * 104_729 + place**2 * 31) % 1009 / 1009
    outcome = (chance < 0.15 + 0.5 * score * treated).astype(float)
    if spend:
        outcome *= (place * 37) % 91 - 20.0
    return Units(outcome, treated.astype(float), score)


CASES = {
    "half treated": _units(401, 2, spend=False),
    "two thirds treated": _units(900, 3, spend=False),
    "spend with returns": _units(500, 2, spend=True),
}
