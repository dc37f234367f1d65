"""Guardrails: measures that an action must not make clearly worse, such as unsubscriptions, complaints and returns.

A guardrail holds if the effect is shown to be less than a margin for the worse (non-inferiority): the one-sided bound of the harm lies
below the margin. That nothing was found is no proof: with few units the answer is "unclear". It is breached if the harm is shown to
exceed the margin.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, get_args

import numpy as np

from relkit.errors import ParameterError
from relkit.measurement.t_intervals import p_value, reach
from relkit.metrics.intervals import share_bounds
from relkit.texts import EMPTY, Text
from relkit.units import LEVEL

if TYPE_CHECKING:
    from relkit.measurement.effect import Effect

Worse = Literal["higher", "lower"]
State = Literal["held", "breached", "unclear"]

STATES = {
    "held": Text("held: the harm is shown to stay below the margin", "respecté : il est établi que le préjudice reste sous la marge"),
    "breached": Text("breached: the harm is shown to exceed the margin", "franchi : il est établi que le préjudice dépasse la marge"),
    "unclear": Text("unclear: too few units to tell", "incertain : trop peu d’unités pour trancher"),
}


@dataclass(frozen=True)
class Guardrail:
    """A measure that must not get worse by more than a margin.

    Attributes:
        measure: column.
        harm: effect for the worse, per unit: above 0 if the treated are worse off; None if an arm is empty.
        low: one-sided lower bound of the harm; None if it is unknown.
        high: one-sided upper bound of the harm; None if it is unknown.
        margin: harm that is still tolerated.
        p_value: of a harm at least as large as the margin; None without a test.
        state: "held", "breached" or "unclear".
        reason: why there is no test; empty if there is one.
    """

    measure: str
    harm: float | None
    low: float | None
    high: float | None
    margin: float
    p_value: float | None
    state: State
    reason: Text = EMPTY

    @property
    def text(self) -> Text:
        """Return the state in words."""
        return STATES[self.state]


def guarded(effect: Effect, margin: float, *, worse: Worse = "higher", level: float = LEVEL) -> Guardrail:
    """Return the state of a guardrail.

    Args:
        effect: on the measure, per unit.
        margin: harm that is still tolerated, in units of the measure, zero or above.
        worse: the direction that is worse.
        level: of the one-sided bounds.

    Raises:
        ParameterError: a negative margin, or an unknown direction.

    Examples:
        >>> import polars as pl
        >>> from relkit.measurement.designs import Design
        >>> rows = {"arm": ["treated"] * 500 + ["control"] * 500, "unsubscribed": ([1.0] * 3 + [0.0] * 497) * 2}
        >>> effect = Design.of(pl.DataFrame(rows), propensity=None, wave=None, cluster=None).effect("unsubscribed")
        >>> guarded(effect, 0.01).state, guarded(effect, 0.001).state
        ('held', 'unclear')
    """
    if not margin >= 0 or math.isinf(margin):
        raise ParameterError(f"{margin} is not a number from 0.", where="margin", remedy="Give the harm that is still tolerated.")
    if worse not in get_args(Worse):
        raise ParameterError.unknown("direction", worse, get_args(Worse), where="worse")
    sign = 1.0 if worse == "higher" else -1.0
    if effect.estimate is None:
        return Guardrail(effect.measure, None, None, None, margin, None, "unclear", effect.reason)
    harm = sign * effect.estimate
    if effect.se and effect.df is not None:
        half = reach(level, effect.df, "greater") * effect.se
        p = p_value((harm - margin) / effect.se, effect.df, "less")
        return Guardrail(effect.measure, harm, harm - half, harm + half, margin, p, _state(harm - half, harm + half, margin))
    return _without_variance(effect, harm, margin, level, sign)


def _without_variance(effect: Effect, harm: float, margin: float, level: float, sign: float) -> Guardrail:
    """Return the state if nothing varied: events that nobody had are bounded by the score interval (Newcombe 1998, method 10)."""
    treated, control = effect.treated, effect.control
    if effect.se is None or treated is None or control is None or not {treated, control} <= {0.0, 1.0}:
        return Guardrail(effect.measure, harm, None, None, margin, None, "unclear", effect.reason)
    shares, sizes = np.array([treated, control]), np.array([float(effect.n_treated), float(effect.n_control)])
    lows, highs = share_bounds(shares, sizes, 2 * level - 1)
    below = math.hypot(treated - lows[0], highs[1] - control)
    above = math.hypot(highs[0] - treated, control - lows[1])
    low, high = (harm - below, harm + above) if sign > 0 else (harm - above, harm + below)
    return Guardrail(effect.measure, harm, low, high, margin, None, _state(low, high, margin))


def _state(low: float, high: float, margin: float) -> State:
    if high < margin:
        return "held"
    return "breached" if low > margin else "unclear"
