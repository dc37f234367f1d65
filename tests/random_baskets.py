"""Small random baskets, and counts of their sets by a loop over all combinations."""

from __future__ import annotations

from collections import Counter
from itertools import combinations

import numpy as np


def random_lists(seed: int, *, baskets: int = 60, items: int = 9, share: float = 0.35) -> list[list[str]]:
    """Return baskets in which each item occurs with the same probability, at least one per basket."""
    rng = np.random.default_rng(seed)
    lists = []
    for _ in range(baskets):
        own = np.flatnonzero(rng.random(items) < share).tolist() or [int(rng.integers(items))]
        lists.append([f"i{item}" for item in rng.permutation(own)])
    return lists


def counted(lists: list[list[str]], most: int) -> Counter[tuple[str, ...]]:
    """Return the number of baskets that contain each set of up to `most` items, by enumeration."""
    found: Counter[tuple[str, ...]] = Counter()
    for items in lists:
        for size in range(1, most + 1):
            found.update(combinations(sorted(set(items)), size))
    return found
