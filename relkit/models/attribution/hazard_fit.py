"""Fit of the effects of exposure: penalised Newton steps, with the strength of the penalty learnt from the data.

Effects in neighbouring bins of age differ little, and the effect after the last bin is zero: differences between neighbours, and the
last effect, are normal with mean 0 and one variance for all channels. Earlier touches than the most recent have a variance of their own,
and so have markers. The variances maximise the marginal likelihood (MacKay 1992, Bayesian interpolation): with many conversions the
penalty vanishes, and a channel with few of them borrows its size, not its sign, from the others.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from relkit.models.attribution.hazard_likelihood import HazardData, Sums, hazard_sums

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from relkit.models.attribution.exposure_sweep import ExposureForm, Floats
    from relkit.models.attribution.hazard_likelihood import Combination

STEPS, HALVINGS = 40, 12
TOLERANCE, SETTLED = 1e-5, 0.2
"""Of the Newton decrement, in units of log-likelihood; and of the logarithms of the variances."""
CALENDAR_PRECISION = 1e-3
START, LEAST, MOST = 0.05, 1e-3, 9.0
"""Variances of the differences: the first value tried, and their bounds."""


@dataclass(frozen=True, eq=False)
class FittedHazard:
    """Effects of exposure.

    Attributes:
        parameters: effects, then log factors of the calendar but the first; (q,).
        covariance: posterior, of the same parameters; (q, q).
        sums: log-likelihood and derivatives at the optimum.
        variances: of differences between neighbouring bins: of channels, of their earlier touches, and the same of markers.
        evidence: log marginal likelihood, by Laplace's approximation.
        converged: whether the optimiser reached its tolerance.
    """

    parameters: Floats
    covariance: Floats
    sums: Sums
    variances: tuple[float, ...]
    evidence: float
    converged: bool


@dataclass(frozen=True, eq=False)
class Penalty:
    """Quadratic penalty: one matrix for each variance, and what is always added.

    Attributes:
        parts: matrices; (v, q, q).
        ranks: of the matrices; 0 for one without parameters.
        always: (q, q).
    """

    parts: Floats
    ranks: tuple[int, ...]
    always: Floats

    def at(self, variances: tuple[float, ...]) -> Floats:
        """Return the precision of the prior."""
        precision: Floats = self.always + sum(part / variance for part, variance in zip(self.parts, variances, strict=True))
        return precision


def penalty_of(form: ExposureForm, is_marker: NDArray[np.bool_], parameters: int) -> Penalty:
    """Return the penalty of the most recent touches of channels, of earlier ones, of those of markers, of earlier ones of these.

    Args:
        form: of exposures to c channels.
        is_marker: whether each channel is a marker; (c,).
        parameters: number of parameters, those of the calendar being last.
    """
    parts, always, ranks = np.zeros((4, parameters, parameters)), np.zeros((parameters, parameters)), [0, 0, 0, 0]
    for channel, bins in enumerate(form.bins):
        differences = np.eye(bins) - np.eye(bins, k=1)
        for earlier in range(2):
            own = slice(form.first[channel] + earlier * bins, form.first[channel] + (earlier + 1) * bins)
            part = 2 * int(is_marker[channel]) + earlier
            parts[part, own, own] = differences.T @ differences
            ranks[part] += int(bins)
    calendar = np.arange(form.first[-1], parameters)
    always[calendar, calendar] = CALENDAR_PRECISION
    return Penalty(parts, tuple(ranks), always)


def fit_hazard(
    data: HazardData, penalty: Penalty, combination: Combination, start: FittedHazard | None = None, *, learn: bool = False
) -> FittedHazard:
    """Return the effects at the maximum of the penalised likelihood.

    Args:
        data: of q parameters.
        penalty: on them.
        combination: how effects combine.
        start: a fit to begin from, the variances of which are kept; by default there are no effects, and variances are learnt.
        learn: learn the variances anew from those of the start.
    """
    parameters = np.zeros(data.parameters) if start is None else start.parameters
    variances, converged = (START,) * len(penalty.ranks) if start is None else start.variances, False
    sums = hazard_sums(data, parameters, combination)
    for _ in range(STEPS):
        precision = penalty.at(variances)
        covariance = np.asarray(np.linalg.inv(sums.information + precision), np.float64)
        slope = sums.gradient - precision @ parameters
        step = covariance @ slope
        updated = variances if start and not learn else _variances(parameters + step, covariance, penalty, variances)
        settled = bool(np.allclose(np.log(updated), np.log(variances), atol=SETTLED))
        if converged := bool(slope @ step < TOLERANCE and settled):
            parameters = parameters + step  # so small a step needs no sums of its own
            break
        parameters, sums = _stepped(data, parameters, step, precision, combination, sums)
        variances = variances if settled else updated
    evidence = sums.log_likelihood - 0.5 * parameters @ precision @ parameters
    evidence += 0.5 * (_log_determinant(precision) - _log_determinant(sums.information + precision))
    return FittedHazard(parameters, covariance, sums, variances, float(evidence), converged)


def translated(fitted: FittedHazard, data: HazardData, before: Combination, after: Combination) -> FittedHazard:
    """Return a fit whose effects raise the intensity of a single touch as much when they combine in another way."""
    parameters = fitted.parameters.copy()
    for mask, old, new in ((data.is_marker, before.markers, after.markers), (~data.is_marker, before.channels, after.channels)):
        own = np.flatnonzero(mask)
        if old != new:
            parameters[own] = np.expm1(parameters[own]) if new == "add" else np.log1p(np.maximum(parameters[own], -0.9))
    return replace(fitted, parameters=parameters)


def _stepped(
    data: HazardData, parameters: Floats, step: Floats, precision: Floats, combination: Combination, sums: Sums
) -> tuple[Floats, Sums]:
    """Return the parameters after a step that is halved until the penalised likelihood does not fall, and the sums there."""
    height = sums.log_likelihood - 0.5 * parameters @ precision @ parameters
    for _ in range(HALVINGS):
        tried = parameters + step
        found = hazard_sums(data, tried, combination)
        if found.log_likelihood - 0.5 * tried @ precision @ tried >= height - 1e-9 * abs(height):
            return tried, found
        step = step / 2
    return parameters, sums


def _variances(parameters: Floats, covariance: Floats, penalty: Penalty, variances: tuple[float, ...]) -> tuple[float, ...]:
    """Return the variances that explain the effects: their squares over the number of them that the data determine (MacKay 1992)."""
    found = []
    for part, rank, variance in zip(penalty.parts, penalty.ranks, variances, strict=True):
        determined = max(rank - float(np.sum(part * covariance)) / variance, 0.1)
        found.append(float(np.clip(parameters @ part @ parameters / determined, LEAST, MOST)) if rank else START)
    return tuple(found)


def _log_determinant(matrix: Floats) -> float:
    return float(np.linalg.slogdet(matrix)[1])
