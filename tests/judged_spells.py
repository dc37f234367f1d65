"""Spells, risks and forecasts for comparing metrics with scikit-survival: data sets shipped with lifelines, and simulated ones.

The program that stores scikit-survival's values (tests/golden/metrics/scikit_survival.py) and the test that reads them take the
rows from here. Risks are whole numbers, so that ties are ties to the last bit.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable

HORIZONS = 7


@dataclass(frozen=True, eq=False)
class Judged:
    """Spells with a forecast.

    Attributes:
        duration: shape (n,).
        event: shape (n,).
        risk: shape (n,).
    """

    duration: np.ndarray
    event: np.ndarray
    risk: np.ndarray

    @property
    def tested(self) -> Judged:
        """Every other row: the rows judged, if all rows inform the censoring."""
        return Judged(self.duration[1::2], self.event[1::2], self.risk[1::2])

    @property
    def days(self) -> np.ndarray:
        """Horizons, shape (m,): quantiles of the ages at the ends, below the last age."""
        found = np.unique(np.quantile(self.duration[self.event], np.linspace(0.1, 0.9, HORIZONS)))
        return found[found < self.duration.max()]

    @property
    def survival(self) -> np.ndarray:
        """A forecast of outliving each of the horizons, shape (n, m); not a good one."""
        ratio = np.exp(0.5 * (self.risk - self.risk.mean()) / self.risk.std())
        return np.exp(-ratio[:, None] * self.days / self.duration.mean())

    @property
    def risk_by_day(self) -> np.ndarray:
        """A risk that depends on the horizon, with ties, shape (n, m)."""
        return (self.risk[:, None] * np.arange(1, len(self.days) + 1)) % 23.0


def _shipped(loader: str, duration: str, event: str, risk: Callable[[Any], Any]) -> Judged:
    from lifelines import datasets

    frame = getattr(datasets, loader)()
    return Judged(frame[duration].to_numpy(float), frame[event].to_numpy() == 1, risk(frame).to_numpy(float))


def _simulated(n: int, *, months: bool) -> Judged:
    """Return spells on a fine scale, or in whole months with risks in ten classes: nearly all tied."""
    rng = np.random.default_rng(20250630)
    risk = rng.integers(0, 10, n).astype(float) if months else rng.permutation(n).astype(float)
    ends, lost = rng.exponential(14 * np.exp(-risk / risk.max())), rng.exponential(18, n)
    duration, event = np.minimum(ends, lost), ends <= lost
    if months:
        duration = np.ceil(duration)
        event[duration == duration.max()] = True  # no censoring at the last age: scikit-survival refuses it
    return Judged(duration, event, risk)


CASES: dict[str, Callable[[], Judged]] = {
    "gbsg2": lambda: _shipped("load_gbsg2", "time", "cens", lambda f: 30 * f["pnodes"] - f["progrec"]),
    "rossi": lambda: _shipped("load_rossi", "week", "arrest", lambda f: 2 * f["prio"] - f["age"]),
    "lung": lambda: _shipped("load_lung", "time", "status", lambda f: f["age"] - 5 * f["sex"]),
    "kidney_transplant": lambda: _shipped("load_kidney_transplant", "time", "death", lambda f: f["age"] + 3 * f["white_male"]),
    "larynx": lambda: _shipped("load_larynx", "time", "death", lambda f: f["age"] + 20 * f["Stage_IV"]),
    "fine_scale": lambda: _simulated(801, months=False),
    "whole_months": lambda: _simulated(2000, months=True),
}
