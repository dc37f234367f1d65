"""Hazards of lifelines' parametric regressions, from the numbers that a fit leaves.

Each form is a function of linear predictors, one per parameter, and of ages: it returns the hazard cumulated until each age, and
the logarithm of the hazard there. They are the formulas of lifelines 0.30 (`_cumulative_hazard` of each fitter), so that a saved
model forecasts without lifelines.

    generalised gamma       Z = (log t - mu) / sigma, a = 1 / lambda^2: S = Q(a, a exp(lambda Z)), or P if lambda < 0
    spline in accelerated time    log H = gamma0 + gamma1 u + sum gamma_i v_i(u), u = log t - x'b (Crowther, Royston, Clements)
    spline of hazards       log H = x'b + phi1 log t + sum phi_i v_i(log t) (Royston and Parmar 2002)
    piecewise exponential   h = exp(-x'b_j) in the j-th stretch of ages
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import special

from relkit.models.survival.location_scale import log_age

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

Floats = NDArray[np.float64]
Hazards = tuple[Floats, Floats]
"""The cumulative hazard and the logarithm of the hazard, each of shape (n, m)."""

_LEAST, _MOST = 1e-300, 1e25
# Floor of a derivative that a spline may make negative; lifelines has the same.
_FLAT = 1e-20
_LARGEST_EXPONENT = 600.0


class Form(NamedTuple):
    """A parametric regression.

    Attributes:
        parameters: names of its parameters, as lifelines has them.
        explained: which of them have covariates.
        constants: which of them have an intercept to be found; one with covariates has one all the same, from their means.
        hazards: of the linear predictors, each of shape (n, 1), ages of shape (n, m) and knots.
    """

    parameters: tuple[str, ...]
    explained: tuple[bool, ...]
    constants: tuple[bool, ...]
    hazards: Callable[[Sequence[Floats], Floats, Floats], Hazards]


def generalised_gamma(*, all_parameters: bool) -> Form:
    """Return the generalised gamma; covariates move its location, or all of its parameters."""
    return Form(("mu_", "sigma_", "lambda_"), (True, all_parameters, all_parameters), (True,) * 3, _generalised_gamma)


def accelerated_spline(knots: int) -> Form:
    """Return the spline in accelerated time; its location is in gamma0."""
    names = ("beta_", *(f"gamma{i}_" for i in range(knots)))
    return Form(names, (True, *(False,) * knots), (False, *(True,) * knots), _accelerated_spline)


def hazards_spline(knots: int) -> Form:
    """Return the spline of proportional hazards."""
    names = ("beta_", *(f"phi{i}_" for i in range(1, knots + 1)))
    return Form(names, (True, *(False,) * knots), (True,) * (knots + 1), _hazards_spline)


def piecewise(stretches: int) -> Form:
    """Return the piecewise exponential with effects of each stretch."""
    return Form(tuple(f"lambda_{i}_" for i in range(stretches)), (True,) * stretches, (True,) * stretches, _piecewise)


def _generalised_gamma(eta: Sequence[Floats], ages: Floats, _knots: Floats) -> Hazards:
    mu, log_sigma, shape = eta
    log_t, a = log_age(ages), 1 / shape**2
    z = (log_t - mu) / np.exp(np.minimum(log_sigma, 46.0))  # as far as lifelines lets sigma go
    x = np.clip(np.exp(np.minimum(shape * z, _LARGEST_EXPONENT)) * a, _LEAST, _MOST)
    tail = np.where(shape > 0, special.gammaincc(a, x), special.gammainc(a, x))
    log_tail = np.log(np.clip(tail, _LEAST, 1.0))
    log_density = np.log(np.abs(shape)) - log_t - log_sigma - special.gammaln(a) + (shape * z - 2 * np.log(np.abs(shape))) * a - x
    return -log_tail, log_density - log_tail


def _accelerated_spline(eta: Sequence[Floats], ages: Floats, knots: Floats) -> Hazards:
    index, level, slope, *bends = eta
    log_t = log_age(ages)
    return _of_log_hazard(*_spline(log_t - index, slope, bends, knots), level, log_t)


def _hazards_spline(eta: Sequence[Floats], ages: Floats, knots: Floats) -> Hazards:
    index, slope, *bends = eta
    log_t = log_age(ages)
    return _of_log_hazard(*_spline(log_t, slope, bends, knots), index, log_t)


def _of_log_hazard(spline: Floats, derivative: Floats, level: Floats, log_t: Floats) -> Hazards:
    log_cumulated = level + spline
    log_hazard = log_cumulated + np.log(np.maximum(derivative, _FLAT)) - log_t
    return np.exp(np.minimum(log_cumulated, _LARGEST_EXPONENT)), log_hazard


def _spline(u: Floats, slope: Floats, bends: Sequence[Floats], knots: Floats) -> Hazards:
    """Return the natural cubic spline and its derivative: a slope, and one weight for each inner knot."""
    value, derivative = slope * u, slope + np.zeros_like(u)
    low, high = knots[0], knots[-1]
    for weight, knot in zip(bends, knots[1:-1], strict=True):
        share = (high - knot) / (high - low)
        parts = [(1.0, knot), (-share, low), (share - 1, high)]
        value = value + weight * sum(by * np.maximum(u - at, 0.0) ** 3 for by, at in parts)
        derivative = derivative + weight * sum(3 * by * np.maximum(u - at, 0.0) ** 2 for by, at in parts)
    return value, derivative


def _piecewise(eta: Sequence[Floats], ages: Floats, knots: Floats) -> Hazards:
    edges = np.concatenate(([0.0], knots, [np.inf]))
    cumulated, log_hazard = np.zeros_like(ages), np.zeros_like(ages)
    for index, start, stop in zip(eta, edges[:-1], edges[1:], strict=True):
        cumulated = cumulated + (np.clip(ages, start, stop) - start) * np.exp(np.clip(-index, None, _LARGEST_EXPONENT))
        log_hazard = np.where(ages > start, -index, log_hazard)
    return cumulated, np.where(ages > 0, log_hazard, -eta[0])
