"""Fit of the effects of exposure: penalised Newton steps, with the strength of the penalty learnt from the data.

Effects in neighbouring bins of time differ little, and the effect after the last bin is zero: differences between neighbours, and the
last effect, are normal with mean 0 and one variance for all channels; so are the effects of a further touch. Both variances maximise
the marginal likelihood (MacKay 1992, Bayesian interpolation): with many conversions the penalty vanishes, and a channel with few of them
borrows its size, not its sign, from the others.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from relkit.models.attribution.hazard_likelihood import HazardData, Sums, hazard_sums

if TYPE_CHECKING:
    from relkit.models.attribution.exposure_sweep import ExposureForm, Floats
    from relkit.models.attribution.hazard_likelihood import Form

STEPS, ROUNDS, HALVINGS = 25, 8, 12
TOLERANCE = 1e-7
"""Of the Newton decrement, in units of log-likelihood."""
CALENDAR_PRECISION = 1e-3
START, LEAST, MOST = 0.25, 1e-3, 9.0
"""Variances of the differences: the first value tried, and their bounds."""


@dataclass(frozen=True, eq=False)
class FittedHazard:
    """Effects of exposure.

    Attributes:
        parameters: effects, then log factors of the calendar but the first; (q,).
        covariance: posterior, of the same parameters; (q, q).
        sums: log-likelihood and derivatives at the optimum.
        variances: of differences between neighbouring bins, and of the effects of a further touch.
        evidence: log marginal likelihood, by Laplace's approximation.
        converged: whether the optimiser reached its tolerance.
    """

    parameters: Floats
    covariance: Floats
    sums: Sums
    variances: tuple[float, float]
    evidence: float
    converged: bool


@dataclass(frozen=True, eq=False)
class Penalty:
    """Quadratic penalty: one matrix for each variance, and what is always added.

    Attributes:
        parts: matrices; (2, q, q).
        ranks: of the matrices.
        always: (q, q).
    """

    parts: Floats
    ranks: tuple[int, int]
    always: Floats

    def at(self, variances: tuple[float, float]) -> Floats:
        """Return the precision of the prior."""
        precision: Floats = self.always + sum(part / variance for part, variance in zip(self.parts, variances, strict=True))
        return precision


def penalty_of(form: ExposureForm, channels: int, parameters: int) -> Penalty:
    """Return the penalty for effects by channel and bin, then one of a further touch for each channel, then the calendar."""
    bins = form.bins
    differences = np.eye(bins) - np.eye(bins, k=1)
    parts, always = np.zeros((2, parameters, parameters)), np.zeros((parameters, parameters))
    smooth = np.kron(np.eye(channels), differences.T @ differences)
    parts[0, : channels * bins, : channels * bins] = smooth
    repeats = np.arange(channels * bins, channels * (bins + 1))
    parts[1, repeats, repeats] = 1.0
    calendar = np.arange(channels * (bins + 1), parameters)
    always[calendar, calendar] = CALENDAR_PRECISION
    return Penalty(parts, (channels * bins, channels), always)


def fit_hazard(data: HazardData, penalty: Penalty, form: Form, start: Floats | None = None) -> FittedHazard:
    """Return the effects at the maximum of the penalised likelihood.

    Args:
        data: of q parameters.
        penalty: on them.
        form: how effects of several channels combine.
        start: first values; none by default.
    """
    parameters = np.zeros(data.parameters) if start is None else start
    variances, converged = (START, START), False
    for _ in range(ROUNDS):
        parameters, sums, reached = _optimum(data, parameters, penalty.at(variances), form)
        covariance = np.linalg.inv(sums.information + penalty.at(variances))
        updated = _variances(parameters, covariance, penalty)
        converged = reached and bool(np.allclose(np.log(updated), np.log(variances), atol=0.05))
        if converged:
            break
        variances = updated
    sums = hazard_sums(data, parameters, form)
    precision = penalty.at(variances)
    covariance = np.linalg.inv(sums.information + precision)
    evidence = sums.log_likelihood - 0.5 * parameters @ precision @ parameters
    evidence += 0.5 * (_log_determinant(precision) - _log_determinant(sums.information + precision))
    return FittedHazard(parameters, covariance, sums, variances, float(evidence), converged)


def _optimum(data: HazardData, parameters: Floats, precision: Floats, form: Form) -> tuple[Floats, Sums, bool]:
    """Return the optimum for one strength of the penalty, by Newton steps that are halved until they rise."""
    sums = hazard_sums(data, parameters, form)
    height = sums.log_likelihood - 0.5 * parameters @ precision @ parameters
    for _ in range(STEPS):
        slope = sums.gradient - precision @ parameters
        step = np.linalg.solve(sums.information + precision, slope)
        if slope @ step < TOLERANCE:
            return parameters, sums, True
        for _ in range(HALVINGS):
            tried = parameters + step
            found = hazard_sums(data, tried, form)
            higher = found.log_likelihood - 0.5 * tried @ precision @ tried
            if higher >= height - 1e-12 * abs(height):
                break
            step = step / 2
        else:
            return parameters, sums, False
        parameters, sums, height = tried, found, higher
    return parameters, sums, False


def _variances(parameters: Floats, covariance: Floats, penalty: Penalty) -> tuple[float, float]:
    """Return the variances that explain the effects: expected squares over their number."""
    found = [
        float(np.clip((parameters @ part @ parameters + np.sum(part * covariance)) / max(rank, 1), LEAST, MOST))
        for part, rank in zip(penalty.parts, penalty.ranks, strict=True)
    ]
    return found[0], found[1]


def _log_determinant(matrix: Floats) -> float:
    return float(np.linalg.slogdet(matrix)[1])
