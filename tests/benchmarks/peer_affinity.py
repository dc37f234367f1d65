"""Rules by mlxtend and efficient-apriori, run by the interpreter of an environment of their own.

    python peer_affinity.py "mlxtend efficient-apriori" LINES.npz LEAST MOST_ITEMS

MOST_ITEMS 0 is no limit. Each gets its best form: a sparse pandas table of baskets by items, and tuples. Prints, by peer, the number of
rules, seconds of CPU and peak memory in MB over the input, as JSON.
"""

from __future__ import annotations

import json
import sys
import warnings
from importlib.metadata import version
from itertools import pairwise
from typing import Any

warnings.simplefilter("ignore")

import numpy as np  # noqa: E402
from measuring import measured  # noqa: E402


def mlxtend_rules(table: Any, support: float, most_items: int, confidence: float) -> int:
    from mlxtend.frequent_patterns import association_rules, fpgrowth

    sets = fpgrowth(table, min_support=support, use_colnames=False, max_len=most_items or None)
    return len(association_rules(sets, metric="confidence", min_threshold=confidence))


def sparse_table(basket: Any, item: Any, n: int) -> Any:
    import pandas as pd
    from scipy.sparse import csr_array

    matrix = csr_array((np.ones(len(basket), bool), (basket, item)), shape=(n, int(item.max()) + 1))
    table = pd.DataFrame.sparse.from_spmatrix(matrix)
    table.columns = [str(column) for column in table.columns]
    return table


def apriori_rules(tuples: Any, support: float, most_items: int, confidence: float) -> int:
    from efficient_apriori import apriori

    return len(apriori(tuples, min_support=support, min_confidence=confidence, max_length=most_items or 10)[1])


def main() -> None:
    names, file, least, most_items = sys.argv[1].split(), sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
    with np.load(file) as arrays:
        basket, item = arrays["basket"].astype(np.int64), arrays["item"].astype(np.int64)
    n = int(basket.max()) + 1
    support, confidence = (least - 0.5) / n, 1e-9 if most_items == 2 else 0.8
    found = {}
    for name in names:
        if name == "mlxtend":
            few = sparse_table(basket[basket < 50], item[basket < 50], 50)
            mlxtend_rules(few, 0.1, 2, 0.1)
            table = sparse_table(basket, item, n)
            run = measured(lambda table=table: mlxtend_rules(table, support, most_items, confidence))
        else:
            ends = np.searchsorted(basket, np.arange(n + 1))
            tuples = [tuple(item[a:b].tolist()) for a, b in pairwise(ends)]
            apriori_rules(tuples[:50], 0.1, 2, 0.1)
            run = measured(lambda tuples=tuples: apriori_rules(tuples, support, most_items, confidence))
        found[f"{name} {version(name)}"] = run
    print(json.dumps(found))


if __name__ == "__main__":
    main()
