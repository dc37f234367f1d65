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
    from relkit.models.attribution.hazard_likelihood import Combination

STEPS, HALVINGS = 40, 12
TOLERANCE, SETTLED = 1e-6, 0.1
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
    """Return the penalty for effects by channel: by age of the most recent touch, then by age of earlier ones; and for the calendar."""
    differences = np.eye(form.bins) - np.eye(form.bins, k=1)
    smooth, nothing, effects = differences.T @ differences, np.zeros((form.bins, form.bins)), channels * form.kinds
    parts, always = np.zeros((2, parameters, parameters)), np.zeros((parameters, parameters))
    for part, blocks in enumerate(((smooth, nothing), (nothing, smooth))):
        own = np.block([[blocks[0], nothing], [nothing, blocks[1]]])
        parts[part, :effects, :effects] = np.kron(np.eye(channels), own)
    calendar = np.arange(effects, parameters)
    always[calendar, calendar] = CALENDAR_PRECISION
    return Penalty(parts, (channels * form.bins, channels * form.bins), always)


def fit_hazard(data: HazardData, penalty: Penalty, combination: Combination, start: FittedHazard | None = None) -> FittedHazard:
    """Return the effects at the maximum of the penalised likelihood, the penalty being learnt along the way.

    Args:
        data: of q parameters.
        penalty: on them.
        combination: how effects combine.
        start: a fit to begin from; without effects by default.
    """
    parameters = np.zeros(data.parameters) if start is None else start.parameters
    variances, converged = (START, START) if start is None else start.variances, False
    sums = hazard_sums(data, parameters, combination)
    for _ in range(STEPS):
        precision = penalty.at(variances)
        covariance = np.linalg.inv(sums.information + precision)
        slope = sums.gradient - precision @ parameters
        step = covariance @ slope
        updated = _variances(parameters, covariance, penalty)
        settled = bool(np.allclose(np.log(updated), np.log(variances), atol=SETTLED))
        if converged := bool(slope @ step < TOLERANCE and settled):
            break
        parameters, sums = _stepped(data, parameters, step, precision, combination, sums)
        variances = variances if settled else updated
    evidence = sums.log_likelihood - 0.5 * parameters @ precision @ parameters
    evidence += 0.5 * (_log_determinant(precision) - _log_determinant(sums.information + precision))
    return FittedHazard(parameters, covariance, sums, variances, float(evidence), converged)


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


def _variances(parameters: Floats, covariance: Floats, penalty: Penalty) -> tuple[float, float]:
    """Return the variances that explain the effects: expected squares over their number."""
    found = [
        float(np.clip((parameters @ part @ parameters + np.sum(part * covariance)) / max(rank, 1), LEAST, MOST))
        for part, rank in zip(penalty.parts, penalty.ranks, strict=True)
    ]
    return found[0], found[1]


def _log_determinant(matrix: Floats) -> float:
    return float(np.linalg.slogdet(matrix)[1])
