"""Relative change: the effect over the mean of control, with its interval by three methods.

"log" is the delta method on the logarithm of the ratio of means, whose interval stays above -100 %; "fieller" needs no approximation of the
ratio and reports a set without bounds if the mean of control may be zero; "delta" is symmetric about the estimate, as other tools show it.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, get_args

from relkit.errors import ParameterError
from relkit.measurement.fieller import fieller
from relkit.measurement.t_intervals import bounds, p_value, reach
from relkit.texts import EMPTY, Text

if TYPE_CHECKING:
    from relkit.measurement.effect import Effect

LiftMethod = Literal["log", "fieller", "delta"]

NOT_POSITIVE = Text(
    "The mean of control is not above 0: a relative change would have no meaning.",
    "La moyenne du groupe témoin n’est pas positive : une variation relative n’aurait pas de sens.",
)
TREATED_NOT_POSITIVE = Text(
    "The mean of the treated is not above 0, so that its logarithm does not exist: use Fieller's interval.",
    "La moyenne du groupe traité n’est pas positive et n’a pas de logarithme : utilisez l’intervalle de Fieller.",
)


@dataclass(frozen=True)
class Lift:
    """A relative change.

    Attributes:
        estimate: 0.08 for 8 % more than control; None if the mean of control is not above zero.
        low: lower bound; None if there is none.
        high: upper bound; None if there is none.
        excluded: the stretch that an unbounded set of Fieller leaves out.
        p_value: of no change, two-sided; the interval of the same method agrees with it about 0.
        method: "log", "fieller" or "delta".
        level: of the interval.
        reason: why figures are missing; empty if none is.
    """

    estimate: float | None
    low: float | None
    high: float | None
    excluded: tuple[float, float] | None
    p_value: float | None
    method: LiftMethod
    level: float
    reason: Text = EMPTY


def lift(effect: Effect, *, method: LiftMethod = "log") -> Lift:
    """Return the relative change of an effect, two-sided at the level of the effect.

    Raises:
        ParameterError: an unknown method.

    Examples:
        >>> import polars as pl
        >>> from relkit.measurement.arm_sums import ArmSums
        >>> from relkit.measurement.differences import difference
        >>> units = pl.DataFrame({"arm": ["treated"] * 3 + ["control"] * 3, "margin": [30.0, 50.0, 40.0, 21.0, 22.0, 23.0]})
        >>> found = lift(difference(ArmSums.of(units, ("margin",)), "margin"))
        >>> round(found.estimate, 4), round(found.low, 4), round(found.high, 4)
        (0.8182, 0.0027, 2.297)
    """
    if method not in get_args(LiftMethod):
        raise ParameterError.unknown("method", method, get_args(LiftMethod), where="lift")
    above, below, reason = effect.treated, effect.control, effect.reason
    if above is None or below is None:
        return Lift(None, None, None, None, None, method, effect.level, reason)
    if below <= 0:
        return Lift(None, None, None, None, None, method, effect.level, NOT_POSITIVE)
    ratio = above / below
    if effect.spread is None or effect.df is None:
        return Lift(ratio - 1, None, None, None, None, method, effect.level, reason)
    if method == "fieller":
        found = fieller(above, below, *effect.spread, reach(effect.level, effect.df)).minus(1.0)
        p = p_value((above - below) / effect.se, effect.df) if effect.se else None
        return Lift(found.estimate, found.low, found.high, found.excluded, p, method, effect.level, found.reason)
    if method == "log" and above <= 0:
        return Lift(ratio - 1, None, None, None, None, method, effect.level, TREATED_NOT_POSITIVE)
    return _by_delta(effect, above, below, method)


def _by_delta(effect: Effect, above: float, below: float, method: LiftMethod) -> Lift:
    """Return the interval from the relative errors of both means."""
    assert effect.spread is not None
    var_above, var_below, covariance = effect.spread
    ratio = above / below
    if method == "log":
        error = math.sqrt(var_above / above**2 + var_below / below**2 - 2 * covariance / (above * below))
        df = _relative_df(effect, var_above / above**2, var_below / below**2)
        low, high = (math.exp(bound) for bound in bounds(math.log(ratio), error, effect.level, df))
        return Lift(ratio - 1, low - 1, high - 1, None, p_value(math.log(ratio) / error, df), method, effect.level)
    assert effect.df is not None
    error = math.sqrt(var_above + ratio**2 * var_below - 2 * ratio * covariance) / below
    low, high = bounds(ratio - 1, error, effect.level, effect.df)
    return Lift(ratio - 1, low, high, None, p_value((ratio - 1) / error, effect.df), method, effect.level)


def _relative_df(effect: Effect, treated: float, control: float) -> float:
    """Return Welch's degrees of freedom of the logarithm of a ratio, from the relative variances of both means."""
    assert effect.df is not None
    if effect.method not in {"welch", "adjusted"}:
        return effect.df
    return (treated + control) ** 2 / (treated**2 / (effect.n_treated - 1) + control**2 / (effect.n_control - 1))
