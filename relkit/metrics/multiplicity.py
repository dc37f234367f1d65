"""Multiple testing: p-values that stay valid when the smallest of them is picked out.

Holm (1979): the smallest of m p-values is multiplied by m, the next by m - 1 and so on, none falling below the previous
one. The probability of even one false finding among the m is then at most the level, however the tests are correlated.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from relkit.metrics.risk_sets import Floats


def holm(p_values: ArrayLike) -> Floats:
    """Return the p-values adjusted for their number, shape (m,), in the order given.

    Args:
        p_values: shape (m,), from 0 to 1.

    Examples:
        >>> holm([0.01, 0.04, 0.03]).round(4).tolist()
        [0.03, 0.06, 0.06]
    """
    p = np.asarray(p_values, dtype=np.float64)
    order = np.argsort(p, kind="stable")
    adjusted = np.empty(len(p))
    adjusted[order] = np.minimum(np.maximum.accumulate(p[order] * (len(p) - np.arange(len(p)))), 1.0)
    return adjusted
