"""The effect on a measure: an estimate with its interval, or the reason why there is none."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from relkit.measurement.t_intervals import TWO_SIDED, Alternative, bounds, p_value
from relkit.texts import EMPTY, Text
from relkit.units import LEVEL

if TYPE_CHECKING:
    from relkit.remarks import Remark

EMPTY_ARM = Text("One arm has no unit.", "L’un des groupes n’a aucune unité.")
ONE_UNIT = Text(
    "An arm of one unit has no variance: the difference is shown without an interval.",
    "Un groupe d’une seule unité n’a pas de variance : l’écart est donné sans intervalle.",
)
NO_VARIANCE = Text(
    "Within each arm all units have the same value: the difference is shown without a test.",
    "Dans chacun des deux groupes, toutes les unités ont la même valeur : l’écart est donné sans test.",
)
NO_DENOMINATOR = Text("The denominator of the ratio is 0 in an arm.", "Le dénominateur du ratio est nul dans un groupe.")


@dataclass(frozen=True)
class Effect:
    """An effect per unit drawn, treated minus control.

    Attributes:
        measure: column measured, or two as "revenue / orders".
        estimate: in units of the measure; None if an arm is empty.
        se: standard error; None if it is unknown, 0 if nothing varied.
        df: degrees of freedom; infinite if the normal distribution is used, None if there is no test.
        low: lower bound of the interval; minus infinity for the alternative "less".
        high: upper bound; infinity for the alternative "greater".
        p_value: of no effect.
        treated: mean of the treated, as compared.
        control: mean of the control units, as compared.
        n_treated: treated units.
        n_control: control units.
        method: "welch", or a selection of "stratified", "weighted", "adjusted" (by covariates) and "clustered", joined by spaces.
        level: of the interval.
        alternative: of the test.
        reason: why figures are missing; empty if none is.
        variance_saved: share of the variance that the covariates explained; None without covariates.
        spread: variances of the mean of the treated and of that of the control units, and their covariance (0 without clusters).
        remarks: on how the figures are to be read.
    """

    measure: str
    estimate: float | None
    se: float | None
    df: float | None
    low: float | None
    high: float | None
    p_value: float | None
    treated: float | None
    control: float | None
    n_treated: int
    n_control: int
    method: str = "welch"
    level: float = LEVEL
    alternative: Alternative = TWO_SIDED
    reason: Text = EMPTY
    variance_saved: float | None = None
    spread: tuple[float, float, float] | None = None
    remarks: tuple[Remark, ...] = ()

    @classmethod
    def of(
        cls,
        measure: str,
        means: tuple[float | None, float | None],
        sizes: tuple[float, float],
        *,
        spread: tuple[float, float, float] | None,
        df: float | None,
        level: float = LEVEL,
        alternative: Alternative = TWO_SIDED,
        method: str = "welch",
        reason: Text = EMPTY,
        variance_saved: float | None = None,
        remarks: tuple[Remark, ...] = (),
    ) -> Effect:
        """Return the effect with its interval and its p-value; without them if the standard error is 0 or unknown."""
        above, below = means
        estimate = None if above is None or below is None else above - below
        se = None if spread is None else math.sqrt(max(spread[0] + spread[1] - 2 * spread[2], 0.0))
        low = high = p = None
        if estimate is not None and se and df is not None:
            low, high = bounds(estimate, se, level, df, alternative)
            p = p_value(estimate / se, df, alternative)
        known = reason or (EMPTY if p is not None else _reason(estimate, se))
        return cls(
            measure, estimate, se, None if p is None else df, low, high, p, above, below, round(sizes[0]), round(sizes[1]),
            method, level, alternative, known, variance_saved, spread, remarks,
        )  # fmt: skip

    @property
    def is_known(self) -> bool:
        """Return whether there is an estimate with an interval."""
        return self.low is not None

    def times(self, factor: float) -> Effect:
        """Return the effect in other units, or on several units: every figure times a factor above zero."""

        def scaled(figure: float | None) -> float | None:
            return None if figure is None else figure * factor

        spread = self.spread
        if spread is not None:
            spread = spread[0] * factor**2, spread[1] * factor**2, spread[2] * factor**2
        return replace(
            self,
            estimate=scaled(self.estimate),
            se=scaled(self.se),
            low=scaled(self.low),
            high=scaled(self.high),
            treated=scaled(self.treated),
            control=scaled(self.control),
            spread=spread,
        )

    def with_remarks(self, *remarks: Remark) -> Effect:
        """Return the effect with further remarks."""
        return replace(self, remarks=(*self.remarks, *remarks))


def _reason(estimate: float | None, se: float | None) -> Text:
    if estimate is None:
        return EMPTY_ARM
    return ONE_UNIT if se is None else NO_VARIANCE
