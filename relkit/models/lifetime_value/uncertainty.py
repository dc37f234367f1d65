"""Standard errors and intervals of each customer's forecast, from the uncertainty of the parameters.

    alive, low, high = interval(fitted, lambda model: model.probability_alive(features), scale="logit")

By the delta method: the forecast is recomputed at two points along each axis of the parameters' covariance, on the
compressed rows that the model itself uses. Memory is a few columns, whatever the number of parameters; nothing of size
draws times customers is ever allocated.

The interval is that of the expected value. The actual outcome of one customer varies around it far more.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, Protocol, Self, TypeVar

import numpy as np
from numpy.typing import NDArray
from scipy import special

from relkit.metrics.intervals import normal_reach
from relkit.scalars import check_level
from relkit.units import LEVEL

if TYPE_CHECKING:
    from collections.abc import Callable

Floats = NDArray[np.float64]

# Step of a coordinate, a logarithm or of similar size: an error of 1e-6 of the slope, and less from rounding.
_STEP = 1e-3


class Movable(Protocol):
    """A fitted model whose parameters can be moved."""

    @property
    def covariance(self) -> Floats:
        """Covariance of the coordinates, shape (k, k); NaN for one without a standard error."""

    @property
    def coordinates(self) -> Floats:
        """The maximum-likelihood coordinates, shape (k,)."""

    def moved(self, coordinates: Floats) -> Self:
        """Return the same model at other coordinates."""


M = TypeVar("M", bound=Movable)


def standard_errors(fitted: M, value: Callable[[M], Floats]) -> Floats:
    """Return the standard error of `value(fitted)` that comes from the parameters, shape of the value.

    A coordinate without a standard error is held fixed.

    Args:
        fitted: a fitted model.
        value: a forecast of a model.

    Examples:
        >>> from dataclasses import dataclass, replace
        >>> @dataclass(frozen=True)
        ... class Mean:
        ...     coordinates: Floats
        ...     covariance: Floats
        ...
        ...     def moved(self, coordinates):
        ...         return replace(self, coordinates=coordinates)
        >>> mean = Mean(np.array([2.0]), np.array([[0.25]]))
        >>> standard_errors(mean, lambda m: 10 * m.coordinates).round(6)
        array([5.])
    """
    at = fitted.coordinates
    free = np.flatnonzero(np.isfinite(np.diag(fitted.covariance)) & np.isfinite(at))
    variances, axes = np.linalg.eigh(fitted.covariance[np.ix_(free, free)])
    total = np.zeros(()) if len(free) else np.zeros(np.shape(value(fitted)))
    for variance, axis in zip(np.maximum(variances, 0.0), axes.T, strict=True):
        step = np.zeros(len(at))
        step[free] = _STEP * axis
        slope = (value(fitted.moved(at + step)) - value(fitted.moved(at - step))) / (2 * _STEP)
        total = total + variance * slope**2
    return np.asarray(np.sqrt(total))


def interval(
    fitted: M, value: Callable[[M], Floats], *, level: float = LEVEL, scale: Literal["log", "logit"] = "log"
) -> tuple[Floats, Floats, Floats]:
    """Return `value(fitted)` and its lower and upper bound, each of the shape of the value.

    Args:
        fitted: a fitted model.
        value: a forecast of a model.
        level: of the interval.
        scale: on which it is symmetric: log for positive values, logit for a probability.

    Raises:
        ParameterError: a level outside (0, 1).
    """
    found = value(fitted)
    return found, *bounds(found, standard_errors(fitted, value), level=level, scale=scale)


def bounds(value: Floats, error: Floats, *, level: float = LEVEL, scale: Literal["log", "logit"] = "log") -> tuple[Floats, Floats]:
    """Return lower and upper bound of values with standard errors; zero, and a probability of one, are left unchanged.

    Examples:
        >>> low, high = bounds(np.array([0.0, 2.0]), np.array([0.1, 0.2]))
        >>> low.round(3).tolist(), high.round(3).tolist()
        ([0.0, 1.644], [0.0, 2.433])
    """
    reach = normal_reach(check_level(level, where="interval")) * error
    slope = value if scale == "log" else value * (1 - value)
    moved = np.divide(reach, slope, out=np.zeros_like(value), where=slope > 0)
    if scale == "log":
        return value * np.exp(-moved), value * np.exp(moved)
    middle = special.logit(value)
    return np.asarray(special.expit(middle - moved)), np.asarray(special.expit(middle + moved))
