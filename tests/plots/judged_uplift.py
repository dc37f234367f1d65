"""Customers with a predicted and a measured effect, for the plots of uplift."""

from __future__ import annotations

import numpy as np

from relkit.plots.uplift_outcome import Outcome
from relkit.texts import Text

MARGIN = Outcome(Text("margin", "marge"), "money")
VISITS = Outcome(Text("visits", "visites"), "share")

_RNG = np.random.default_rng(0)
PREDICTED = _RNG.standard_normal(1500)
GAIN = 0.5 + PREDICTED + 2 * _RNG.standard_normal(1500)


def texts(legend: object) -> list[str]:
    return [each.get_text() for each in legend.get_texts()]  # type: ignore[attr-defined]


def curve(line: object) -> tuple[np.ndarray, np.ndarray]:
    return np.asarray(line.get_xdata()), np.asarray(line.get_ydata())  # type: ignore[attr-defined]
