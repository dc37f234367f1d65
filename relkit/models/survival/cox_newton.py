"""The maximum of Cox's partial likelihood, or of the likelihood less a penalty, by Newton's method.

With coefficients b of standardised columns, N the number of spells (the sum of their weights), lambda the penalty and rho
the share of it that is absolute, the maximum is that of

    log L(b) - N lambda (rho sum |b_j| + (1 - rho) / 2 sum b_j^2)        (Simon et al. 2011, eq. 2)

Each step solves the quadratic model of log L with the penalty as it is: by one system of equations, or, with an absolute
value in it, one coefficient after the other until none moves (coordinate descent), which leaves exact zeros.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple, Protocol

import numpy as np

from relkit.errors import FitError, NotConvergedError
from relkit.models.covariates import covariate_of
from relkit.models.survival.partial_likelihood import Sums, linear_predictor, sums

if TYPE_CHECKING:
    from relkit.metrics.risk_sets import Floats
    from relkit.models.survival.cox_design import Design, Rows

WARM_ROWS = 50_000
"""From this many rows on, Newton starts from the optimum of a tenth of them."""
MAX_STEPS = 60
MAX_SWEEPS = 10_000
DECREMENT = 1e-10
"""Newton stops when a step would gain less than this in log-likelihood: 1e-5 standard errors away."""
STILL = 1e-11
"""A coefficient of a standardised column that moves less than this has converged."""
COLLINEAR = 1e-9
"""A covariate with a smaller share of own information than this is collinear with the others."""
WIDEST = 200.0
"""Log of the hazard ratio between two customers beyond which no maximum is sought."""
SEPARATED = 1e-6
"""Information on a coefficient that shrank below this share of what it was has vanished."""


@dataclass(frozen=True)
class Penalty:
    """N lambda (rho |b| + (1 - rho) / 2 b^2), summed over the coefficients of standardised columns.

    Attributes:
        absolute: N lambda rho.
        square: N lambda (1 - rho).
    """

    absolute: float = 0.0
    square: float = 0.0

    @classmethod
    def of(cls, strength: float, l1_ratio: float, mass: float) -> Penalty:
        """Return the penalty of `mass` spells."""
        return cls(mass * strength * l1_ratio, mass * strength * (1 - l1_ratio))

    def __bool__(self) -> bool:
        """Return whether there is one."""
        return self.absolute > 0 or self.square > 0

    def at(self, beta: Floats) -> float:
        """Return its value."""
        return float(self.absolute * np.abs(beta).sum() + self.square / 2 * (beta @ beta))


class Problem(Protocol):
    """A likelihood of Cox's kind: the partial likelihood, or that of a subdistribution."""

    @property
    def X(self) -> Floats:  # noqa: N802 the letter of a matrix
        """Standardised covariates in order, shape (d, m)."""

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the columns."""

    @property
    def mass(self) -> float:
        """Sum of the weights of all rows."""

    def at(self, beta: Floats) -> Sums:
        """Return log L and the sums over risk sets at coefficients of the standardised columns."""

    def derivatives(self, found: Sums) -> tuple[Floats, Floats]:
        """Return the gradient and the information at what `at` found."""


class Optimum(NamedTuple):
    """Result of Newton's method.

    Attributes:
        beta: shape (d,), on the standardised scale.
        information: shape (d, d), there, of the likelihood alone.
        found: sums there.
        penalty: that was subtracted.
    """

    beta: Floats
    information: Floats
    found: Sums
    penalty: Penalty

    @property
    def inverse(self) -> Floats:
        """Inverse of the information less the penalty's curvature, shape (d, d); rows and columns of exact zeros are 0."""
        free = np.flatnonzero(self.beta) if self.penalty.absolute else np.arange(len(self.beta))
        inverse = np.zeros_like(self.information)
        block = np.ix_(free, free)
        inverse[block] = np.linalg.inv(self.information[block] + self.penalty.square * np.eye(len(free)))
        return inverse


def maximised(design: Design, rows: Rows, strength: float, l1_ratio: float, *, where: str) -> tuple[Optimum, float]:
    """Return the maximum, and the log-likelihood with no effect at all."""
    d, m = design.X.shape
    null = sums(design.order, np.zeros(m)).log_likelihood
    start = np.zeros(d)
    if m >= WARM_ROWS and design.order.ends.sum() >= 500 * d:
        thin = design.thinned(rows, 10)
        try:
            start = maximise(thin, start, Penalty.of(strength, l1_ratio, thin.mass), where=where).beta
        except FitError:  # a rare value may be missing from the sample; all rows decide
            start = np.zeros(d)
    return maximise(design, start, Penalty.of(strength, l1_ratio, design.mass), where=where), null


def maximise(design: Problem, start: Floats, penalty: Penalty, *, where: str) -> Optimum:
    """Return the maximum of the partial likelihood less the penalty, by Newton's method with halved steps.

    Raises:
        FitError: without a penalty, the covariates are collinear, or a coefficient runs to infinity.
        NotConvergedError: no maximum after 60 steps.
    """
    beta, found = start, design.at(start)
    gradient, first = design.derivatives(found)
    if not penalty:
        _refuse_collinear(first, design.names, where)
    # Weights may be fractions: gains are then as small.
    information, little = first, DECREMENT * min(1.0, design.mass / design.X.shape[1])
    for _ in range(MAX_STEPS):
        step = _step(gradient, information, beta, penalty)
        if abs(_gain(gradient, information, beta, step, penalty)) < little:
            if not penalty:
                _refuse_separated(information, first, design.names, where)
            beta = beta + step
            found = design.at(beta)
            if design.X.shape[1] < WARM_ROWS:  # with many rows it has long converged
                _, information = design.derivatives(found)
            return Optimum(beta, information, found, penalty)
        beta, found = _climbed(design, beta, found, step, penalty)
        gradient, information = design.derivatives(found)
    if np.ptp(linear_predictor(design.X, beta)) > WIDEST:
        information = np.zeros_like(first)
    if not penalty:
        _refuse_separated(information, first, design.names, where)
    raise NotConvergedError(
        f"no maximum after {MAX_STEPS} steps of Newton's method.",
        where=where,
        remedy="Look for covariates with extreme values, and cap them.",
    )


def _step(gradient: Floats, information: Floats, beta: Floats, penalty: Penalty) -> Floats:
    """Return the step to the maximum of the quadratic model of log L less the penalty."""
    H = information + penalty.square * np.eye(len(beta))
    slope = gradient - penalty.square * beta
    if penalty.absolute:
        return coordinate_descent(H, slope + H @ beta, beta, penalty.absolute) - beta
    step: Floats = np.linalg.lstsq(H, slope, rcond=None)[0].astype(np.float64)
    return step


def coordinate_descent(H: Floats, c: Floats, start: Floats, absolute: float) -> Floats:
    """Return the b that minimises b'Hb / 2 - c'b + absolute sum |b_j|, one coefficient after the other.

    Args:
        H: shape (d, d), positive semi-definite with a positive diagonal.
        c: shape (d,).
        start: shape (d,).
        absolute: weight of the absolute values.

    Examples:
        >>> coordinate_descent(np.eye(2) * 2.0, np.array([3.0, 0.5]), np.zeros(2), 1.0).tolist()
        [1.0, 0.0]
    """
    b, diagonal = start.copy(), np.maximum(np.diag(H), np.finfo(float).tiny)
    for _ in range(MAX_SWEEPS):
        moved = 0.0
        for j in range(len(b)):
            pull = c[j] - H[j] @ b + diagonal[j] * b[j]
            new = np.sign(pull) * max(abs(pull) - absolute, 0.0) / diagonal[j]
            moved, b[j] = max(moved, abs(new - b[j])), new
        if moved < STILL:
            break
    return b


def _gain(gradient: Floats, information: Floats, beta: Floats, step: Floats, penalty: Penalty) -> float:
    """Return the gain of the quadratic model by a step."""
    return float(gradient @ step - step @ information @ step / 2) + penalty.at(beta) - penalty.at(beta + step)


def _climbed(design: Problem, beta: Floats, found: Sums, step: Floats, penalty: Penalty) -> tuple[Floats, Sums]:
    """Return the next point, with the step halved until the likelihood less the penalty does not fall."""
    before = found.log_likelihood - penalty.at(beta)
    for halving in range(30):
        there = beta + step * 0.5**halving
        sums_there = design.at(there)
        if sums_there.log_likelihood - penalty.at(there) >= before - 1e-12 * abs(before):
            return there, sums_there
    return beta, found


def _following(scaled: Floats) -> list[tuple[int, list[int]]]:
    """Return the columns that are collinear with those before them, each with those; `scaled` has ones on its diagonal."""
    found: list[tuple[int, list[int]]] = []
    kept: list[int] = []
    for j in range(len(scaled)):
        weights = np.linalg.lstsq(scaled[np.ix_(kept, kept)], scaled[kept, j], rcond=None)[0] if kept else np.zeros(0)
        if scaled[j, j] - weights @ scaled[kept, j] < COLLINEAR:
            found.append((j, [k for k, w in zip(kept, weights, strict=True) if abs(w) > 1e-6]))
        else:
            kept.append(j)
    return found


def _refuse_collinear(information: Floats, names: tuple[str, ...], where: str) -> None:
    """Raise for a covariate that is collinear with those before it: it has no information of its own."""
    root = np.sqrt(np.maximum(np.diag(information), np.finfo(float).tiny))
    for j, others in _following(information / np.outer(root, root)):
        raise FitError(
            f"{names[j]} follows from {', '.join(names[k] for k in others) or 'the others'}, so their effects cannot be told apart.",
            where=where,
            remedy=f"Drop {covariate_of(names[j])} from covariates, or one of the others, or give a penalty.",
        )


def _refuse_separated(information: Floats, first: Floats, names: tuple[str, ...], where: str) -> None:
    """Raise if the information on a coefficient has vanished during the search: its maximum lies at infinity."""
    left = _own_information(information) / np.maximum(_own_information(first), np.finfo(float).tiny)
    if left.min() < SEPARATED:
        name = names[int(np.argmin(left))]
        raise FitError(
            f"the coefficient of {name} runs to infinity: given the other covariates, all ends fall on one side of it.",
            where=where,
            remedy=f"Drop {covariate_of(name)} from covariates, or merge its rare values with others, or give a penalty.",
        )


def _own_information(information: Floats) -> Floats:
    """Return the information on each coefficient that is left when the others are not known."""
    try:
        unknown = np.diag(np.linalg.inv(information))
    except np.linalg.LinAlgError:
        return np.zeros(len(information))
    return np.where(unknown > 0, 1 / np.where(unknown > 0, unknown, 1.0), 0.0)
