"""implicit's cosine recommender, run by the interpreter of an environment of its own.

    python peer_implicit.py BOUGHT.npz LISTS.npy

Fits to customers by products and lists the best for every customer, without those he has, on one thread; writes the lists, and prints
seconds of CPU and peak memory in MB over the input, as JSON. A few customers come before.
"""

from __future__ import annotations

import json
import sys
import warnings
from importlib.metadata import version
from typing import Any

warnings.simplefilter("ignore")

import numpy as np  # noqa: E402
from measuring import measured  # noqa: E402
from scipy.sparse import csr_matrix  # noqa: E402


def lists(bought: Any, top: int, nearest: int) -> Any:
    from implicit.nearest_neighbours import CosineRecommender

    model = CosineRecommender(K=nearest, num_threads=1)
    model.fit(bought, show_progress=False)
    found, _ = model.recommend(np.arange(bought.shape[0]), bought, N=top, filter_already_liked_items=True)
    return found


def main() -> None:
    with np.load(sys.argv[1]) as given:
        offsets, items = given["offsets"], given["items"]
        products, top, nearest = (int(given[name]) for name in ("products", "top", "nearest"))
    bought = csr_matrix((np.ones(len(items), np.float32), items, offsets), shape=(len(offsets) - 1, products))
    lists(bought[:200], top, nearest)
    found, seconds, memory = measured(lambda: lists(bought, top, nearest))
    np.save(sys.argv[2], found)
    print(json.dumps({"version": version("implicit"), "seconds": seconds, "memory": memory}))


if __name__ == "__main__":
    main()
