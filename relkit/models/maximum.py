"""Newton's method in a trust region, for likelihoods of a few parameters whose Hessian is known.

scipy's optimisers would do, but importing them costs every command two seconds, and what is needed here is
fifty lines: a handful of parameters, exact derivatives, a box that keeps parameters finite where the likelihood
is flat (a share of zero, a population without heterogeneity).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from relkit.errors import NotConvergedError
from relkit.remarks import Remark

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

Floats = NDArray[np.float64]
# Standard error of a logarithm beyond which the data are uninformative: the 95 % interval would span 34 powers of ten.
_LOOSE = 20.0

Evaluation = tuple[float, Floats, Floats]
"""Value, gradient (k,) and Hessian (k, k) at one point."""


@dataclass(frozen=True, eq=False)
class Maximum:
    """Maximum of a function in a box.

    Attributes:
        at: the maximiser, shape (k,).
        value: of the function there.
        hessian: of the function there, shape (k, k).
        bounded: which coordinates ended on the boundary of the box, shape (k,).
        evaluations: number of calls of the function.
    """

    at: Floats
    value: float
    hessian: Floats
    bounded: NDArray[np.bool_]
    evaluations: int

    @property
    def covariance(self) -> Floats:
        """Inverse of the information (k, k); rows and columns of coordinates on the boundary, or not identified by the data, are NaN."""
        covariance = np.full(self.hessian.shape, np.nan)
        free = np.flatnonzero(~self.bounded)
        if not len(free):
            return covariance
        curvature, axes = np.linalg.eigh(-self.hessian[np.ix_(free, free)])
        inverse = axes / np.maximum(curvature, 1e-3 / _LOOSE**2) @ axes.T
        settled = np.diag(inverse) < _LOOSE**2
        covariance[np.ix_(free[settled], free[settled])] = inverse[np.ix_(settled, settled)]
        return covariance

    def remarks(self, terms: Sequence[str]) -> tuple[Remark, ...]:
        """Return a remark for each of the named coordinates that has no standard error."""
        unknown = np.isnan(np.diag(self.covariance))
        named = zip(terms, self.bounded, unknown, strict=True)
        return tuple(_at_limit(term) if bounded else _unsettled(term) for term, bounded, missing in named if missing)


def _at_limit(term: str) -> Remark:
    return Remark(
        "parameter_at_limit",
        f"{term} went to the edge of its range: the data do not settle this parameter of the model, and it has no standard error. "
        "Read the scores of this model as orders of magnitude.",
        f"{term}, un paramètre du modèle, est à la limite de ses valeurs possibles : les données ne suffisent pas à le fixer, et sa marge "
        "d’erreur n’est pas connue. Lisez les scores de ce modèle comme des ordres de grandeur.",
    )


def _unsettled(term: str) -> Remark:
    return Remark(
        "parameter_unsettled",
        f"{term} is hardly settled by so few or so uniform data: this parameter of the model has no standard error. "
        "Read the scores of this model as orders of magnitude.",
        f"{term}, un paramètre du modèle, est mal connu : les données sont trop peu nombreuses ou trop semblables, et sa marge d’erreur "
        "n’est pas connue. Lisez les scores de ce modèle comme des ordres de grandeur.",
    )


def maximise(
    function: Callable[[Floats], Evaluation],
    start: Floats,
    *,
    low: Floats,
    high: Floats,
    tolerance: float = 1e-8,
    most: int = 200,
    where: str = "",
) -> Maximum:
    """Return the maximum of `function` in a box.

    Args:
        function: value, gradient and Hessian at a point.
        start: first point, shape (k,), inside the box.
        low: lower bounds of the box, shape (k,).
        high: upper bounds, shape (k,).
        tolerance: a step whose predicted gain is below this is the last; a gain g is at most sqrt(2 g) standard errors.
        most: maximum number of evaluations.
        where: the caller, for the message.

    Raises:
        NotConvergedError: `most` was reached.

    Examples:
        >>> def parabola(z):
        ...     return -float(((z - 3) ** 2).sum()), -2 * (z - 3), -2 * np.eye(len(z))
        >>> maximise(parabola, np.zeros(2), low=np.full(2, -9.0), high=np.full(2, 9.0)).at.tolist()
        [3.0, 3.0]
    """
    at, radius = start, 1.0
    value, gradient, hessian = function(at)
    for evaluations in range(2, most + 1):
        step, free = _free_step(at, gradient, hessian, radius, (low, high))
        target, whole = _inside(at, step, low, high)
        step = target - at
        promise = float(gradient @ step + step @ hessian @ step / 2)
        trial = function(target)
        # A point from which no step can be computed is rejected.
        gain = trial[0] - value if np.isfinite(trial[2]).all() else -np.inf
        # Below the rounding of the sum itself, comparing values is meaningless: trust the prediction.
        if whole and promise <= max(tolerance, 1e-14 * abs(value)):
            if gain >= -1e-10 * abs(value):
                at, (value, gradient, hessian) = target, trial
            return Maximum(at=at, value=float(value), hessian=hessian, bounded=~free, evaluations=evaluations)
        if not gain > 0.25 * promise:
            radius = 0.25 * float(np.linalg.norm(step))
        elif gain > 0.75 * promise and np.linalg.norm(step) > 0.8 * radius:
            radius *= 2
        if gain > 0:
            at, (value, gradient, hessian) = target, trial
    raise NotConvergedError(
        f"no optimum after {most} evaluations (gain still promised: {promise:.2g}).",
        where=where,
        remedy="Look for columns in the wrong unit, or for a population too small or too uniform for this model.",
    )


def near_maximum(function: Callable[[Floats], Evaluation], start: Floats, *, low: Floats, high: Floats) -> Floats:
    """Return the maximum of a sample's function, a starting point for the search on all rows; `start` if there is none."""
    try:
        return maximise(function, start, low=low, high=high).at
    except NotConvergedError:
        return start


def _free_step(
    at: Floats, gradient: Floats, hessian: Floats, radius: float, box: tuple[Floats, Floats]
) -> tuple[Floats, NDArray[np.bool_]]:
    """Return the step, and the coordinates it may move: those on the boundary that it would push out of the box stay."""
    free = np.ones(len(at), dtype=bool)
    while True:
        step = _step(gradient, hessian, radius, free)
        pushed = free & (((at <= box[0]) & (step < 0)) | ((at >= box[1]) & (step > 0)))
        if not pushed.any():
            return step, free
        free &= ~pushed


def _inside(at: Floats, step: Floats, low: Floats, high: Floats) -> tuple[Floats, bool]:
    """Return the end of the step, cut at the first bound it meets, and whether it was taken in full."""
    room = np.full(len(at), np.inf)
    np.divide(np.where(step > 0, high, low) - at, step, out=room, where=step != 0)
    first = int(room.argmin())
    if room[first] >= 1:
        return at + step, True
    target = at + room[first] * step
    # Exactly on the bound, so that the next step finds it there.
    target[first] = (high if step[first] > 0 else low)[first]
    return target, False


def _step(gradient: Floats, hessian: Floats, radius: float, free: NDArray[np.bool_]) -> Floats:
    """Return the best step of the quadratic model within `radius`, over the free coordinates."""
    step = np.zeros_like(gradient)
    if not free.any():
        return step
    curvature, axes = np.linalg.eigh(-hessian[np.ix_(free, free)])
    slope = axes.T @ gradient[free]
    floor = 1e-10 * max(float(np.abs(curvature).max()), float(np.abs(slope).max()), 1e-200)
    shift = max(0.0, floor - float(curvature.min()))
    while np.linalg.norm(slope / (curvature + shift)) > radius:
        shift = max(2 * shift, floor)
    if shift > floor:
        shift = _refine(slope, curvature, radius, shift)
    step[free] = axes @ (slope / (curvature + shift))
    return step


def _refine(slope: Floats, curvature: Floats, radius: float, high: float) -> float:
    """Return the shift whose step has the length of the radius, by bisection below `high`."""
    low = max(high / 2, -float(curvature.min()))
    for _ in range(20):
        middle = (low + high) / 2
        too_long = np.linalg.norm(slope / np.maximum(curvature + middle, 1e-300)) > radius
        low, high = (middle, high) if too_long else (low, middle)
    return high
