"""Factor of an exposure on the intensity of conversions, and its slopes: functions that the kernels of hazards share.

They are compiled with the kernels that call them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from relkit.models.attribution.exposure_sweep import Codes, Floats, Ints

    Signs = NDArray[np.int8]
    Bools = NDArray[np.bool_]
    Stretches = tuple[Ints, Codes, Floats, Codes, Ints]
    Orders = tuple[Ints, Ints, Codes, Ints]

SMALLEST = 0.02
"""Smallest factor on the intensity that an exposure can have if effects add: a rate cannot fall to nothing."""


def factor(codes: Codes, start: int, end: int, effects: Floats, adds: Signs, parts: Floats) -> float:
    """Return the factor on the intensity of the codes start to end.

    Args:
        codes: of all exposures.
        start: of this one.
        end: of this one.
        effects: of each code.
        adds: whether each code multiplies (0), adds to what channels add (1), or to what markers add (2).
        parts: becomes what channels (1) and markers (2) add, with the one they add to.
    """
    log = 0.0
    parts[1], parts[2] = 1.0, 1.0
    for c in range(start, end):
        if adds[codes[c]] == 0:
            log += effects[codes[c]]
        else:
            parts[adds[codes[c]]] += effects[codes[c]]
    return float(np.exp(log) * max(parts[1], SMALLEST) * max(parts[2], SMALLEST))


def listed(active: Ints, slopes: Floats, codes: Codes, start: int, end: int, adds: Signs, parts: Floats) -> int:
    """List the parameters of an exposure with the slopes of the log intensity, after `factor`, and return their number."""
    for c in range(start, end):
        code = codes[c]
        active[c - start] = code
        part = parts[adds[code]]
        slopes[c - start] = 1.0 if adds[code] == 0 else 0.0 if part <= SMALLEST else 1.0 / part
    return end - start
