"""Plan of a campaign from past units: what a wave of a given size detects, and an A/A check of the intervals on these very data.

plan = PastUnits(values=margin, covariates=before)
plan.table(sizes=(1_000, 10_000))                 detectable effects
plan.false_positives(rng)                         share of draws without any treatment that come out significant
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from relkit.errors import TableError
from relkit.file_column import FileColumn
from relkit.measurement.power import Amount, Plan
from relkit.measurement.result_tables import ResultTable, made
from relkit.measurement.t_intervals import reach
from relkit.texts import Text
from relkit.units import LEVEL

if TYPE_CHECKING:
    from collections.abc import Sequence

    from relkit.metrics.risk_sets import Floats

REDRAWS = 1_000
MOST_UNITS = 50_000
"""Units of the A/A check at most: more would only take longer."""
POWER = 0.8
SHARES = (0.5, 0.8, 0.9)
"""Shares of treated in the table."""
_AT_ONCE = 2_000_000
"""Random numbers drawn at once."""


def _column(name: str, dtype: Any, en: str, fr: str) -> FileColumn:
    return FileColumn(name=name, dtype=dtype, meaning=Text(en, fr))


PLAN = ResultTable(
    "plan",
    Text("a size of wave and a share of treated", "une taille de vague et une part de traités"),
    (
        _column("units", pl.Int64, "units drawn, treated and control together", "unités tirées, traitées et témoins ensemble"),
        _column("treated_share", pl.Float64, "share drawn treated", "part tirée traitée"),
        _column("effect", pl.Float64, "smallest effect per unit detected with 80 % power", "plus petit effet détecté (puissance 80 %)"),
        _column("effect_adjusted", pl.Float64, "the same, adjusted for the time before the draw", "le même, ajusté d’avant le tirage"),
        _column("lift_adjusted", pl.Float64, "the same relative to the mean", "le même rapporté à la moyenne"),
        _column("chance_to_see_cost", pl.Float64, "power for an effect that pays the cost", "puissance pour un effet qui paie le coût"),
    ),
)


@dataclass(frozen=True, eq=False, kw_only=True)
class PastUnits:
    """Past outcomes that a plan is made from.

    Attributes:
        values: amount of each unit in both windows, shape (n,).
        covariates: what was known of it before, shape (n, k); k may be 0.
        cost: cost of treating a unit, in the same currency; None if it is not known.
        level: of the intervals.
    """

    values: Floats
    covariates: Floats
    cost: float | None = None
    level: float = LEVEL

    def __post_init__(self) -> None:
        """Refuse a past from which nothing can be planned."""
        if len(self.values) < 3 or not float(np.var(self.values)) > 0:
            raise TableError("past amounts do not vary.", where="plan", remedy="Plan with longer windows, or once there is more history.")

    @property
    def mean(self) -> float:
        """Mean amount of a unit."""
        return float(self.values.mean())

    @property
    def sd(self) -> float:
        """Standard deviation of the amount."""
        return float(self.values.std(ddof=1))

    @cached_property
    def explained(self) -> float:
        """Share of the variance that is explained by what was known before."""
        return 1.0 - float(np.var(self.adjusted)) / float(np.var(self.values))

    @cached_property
    def adjusted(self) -> Floats:
        """Amounts less their slopes on the covariates, shape (n,)."""
        apart = self.covariates - self.covariates.mean(axis=0)
        varying = apart[:, apart.std(axis=0) > 0]
        slopes = np.linalg.lstsq(varying, self.values - self.values.mean(), rcond=None)[0]
        return np.asarray(self.values - varying @ slopes)

    def amount(self, *, adjusted: bool = True) -> Amount:
        """Return the variation of the amount, as plans take it."""
        return Amount(sd=self.sd, explained=min(max(self.explained, 0.0), 1 - 1e-9) if adjusted else 0.0)

    def table(self, sizes: Sequence[int], shares: Sequence[float] = SHARES) -> pl.DataFrame:
        """Return the effects that waves of some sizes detect, for some shares of treated."""
        return made(PLAN, [self._row(size, share) for size in sizes for share in shares])

    def units_for(self, effect: float, treated_share: float = 0.5) -> int:
        """Return the units that detect an effect with 80 % power, adjusted for the time before."""
        return self._plan(treated_share).units(self.amount(), effect).total

    def false_positives(self, seed: int, *, treated_share: float = 0.5, redraws: int = REDRAWS) -> float:
        """Return the share of draws without any treatment in which the adjusted difference comes out significant.

        Args:
            seed: of the draws.
            treated_share: probability of the arm treated.
            redraws: number of draws.
        """
        rng, y = np.random.default_rng(seed), self.adjusted
        y = y[rng.choice(len(y), MOST_UNITS, replace=False)] if len(y) > MOST_UNITS else y
        squares, n = np.stack([np.ones_like(y), y, y * y]), len(y)
        hits, step = 0, max(_AT_ONCE // n, 1)
        for first in range(0, redraws, step):
            drawn = rng.random((n, min(step, redraws - first))) < treated_share
            inside = squares @ drawn
            hits += int(self._significant(inside, squares.sum(axis=1)[:, None] - inside).sum())
        return hits / redraws

    def _significant(self, one: Floats, other: Floats) -> Floats:
        """Return for each draw if the difference of the arms is significant, from their number, sum and sum of squares."""
        means, variances = [], []
        for n, total, squares in (one, other):
            means.append(total / np.maximum(n, 1))
            variances.append((squares - total**2 / np.maximum(n, 1)) / np.maximum(n - 1, 1) / np.maximum(n, 1))
        error = np.sqrt(np.maximum(variances[0] + variances[1], 0.0))
        known = (error > 0) & (one[0] > 1) & (other[0] > 1)
        return np.asarray(known & (np.abs(means[0] - means[1]) > reach(self.level) * error))

    def _row(self, units: int, share: float) -> dict[str, Any]:
        plan = self._plan(share)
        plain, adjusted = (plan.effect(self.amount(adjusted=is_adjusted), units) for is_adjusted in (False, True))
        return {
            "units": units,
            "treated_share": share,
            "effect": plain,
            "effect_adjusted": adjusted,
            "lift_adjusted": adjusted / self.mean if self.mean > 0 else None,
            "chance_to_see_cost": plan.chance(self.amount(), self.cost, units) if self.cost else None,
        }

    def _plan(self, share: float) -> Plan:
        return Plan(treated_share=share, power=POWER, level=self.level)


def is_as_expected(share: float, *, level: float = LEVEL, redraws: int = REDRAWS) -> bool:
    """Return whether a share of false positives is the error rate, give or take three standard errors.

    Examples:
        >>> is_as_expected(0.052), is_as_expected(0.09)
        (True, False)
    """
    rate = 1 - level
    return abs(share - rate) <= 3 * math.sqrt(rate * (1 - rate) / redraws)
