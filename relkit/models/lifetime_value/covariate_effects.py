"""Static covariates of the purchase models: a likelihood whose customers have parameters of their own, and its maximum.

With z the covariates of a customer, purchases slow down or speed up by alpha_i = alpha exp(-g'z): the purchase rate is
multiplied by exp(g'z). The lifetime is also shifted by one parameter, multiplied by exp(-h'z) or exp(h'z) so that a positive
h means leaving sooner (see each model). Everything else is shared.

A model gives the value and the first and second derivatives of each customer's log-likelihood in its own parameters; the chain rule via
log alpha_i = log alpha - g'z gives those in the coefficients, exactly, for Newton's method. Columns are
standardised during the search for the maximum, and the result is transformed back: coefficients refer to the columns as given.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from relkit.models.maximum import Evaluation, Maximum, maximise, near_maximum

if TYPE_CHECKING:
    from collections.abc import Sequence

    from relkit.models.lifetime_value.formulas import Formulas
    from relkit.models.lifetime_value.purchases import PurchaseCounts
    from relkit.remarks import Remark

Floats = NDArray[np.float64]

# A standard deviation of a column may multiply a rate by at most e^8.
_EDGE = 8.0
_SAMPLE = 12_000


@dataclass(frozen=True, eq=False)
class Effects:
    """Assignment of covariate columns to the processes they act on.

    Attributes:
        names: of the coefficients, shape (m,): "purchase.age", "lifetime.age", or "both.age" if shared.
        columns: column of the matrix that each belongs to, shape (m,).
        on_purchases: mask of those that act on the purchase rate, shape (m,).
        on_lifetime: mask of those that act on the lifetime, shape (m,).
    """

    names: tuple[str, ...]
    columns: NDArray[np.intp]
    on_purchases: NDArray[np.bool_]
    on_lifetime: NDArray[np.bool_]

    @classmethod
    def of(cls, columns: Sequence[tuple[str, str]], purchase: Sequence[str], lifetime: Sequence[str], same: Sequence[str]) -> Effects:
        """Return the effects, those on purchases first, then those on the lifetime, then the shared ones.

        Args:
            columns: covariate and name of each column of the matrix.
            purchase: covariates that act on purchases.
            lifetime: covariates that act on the lifetime.
            same: those whose effect is the same on both.

        Examples:
            >>> Effects.of([("age", "age"), ("type", "type=B2B")], ("age", "type"), ("age",), ("age",)).names
            ('purchase.type=B2B', 'both.age')
        """
        wanted = {
            "purchase": [j for j, (covariate, _) in enumerate(columns) if covariate in purchase and covariate not in same],
            "lifetime": [j for j, (covariate, _) in enumerate(columns) if covariate in lifetime and covariate not in same],
            "both": [j for j, (covariate, _) in enumerate(columns) if covariate in same],
        }
        process = [process for process, found in wanted.items() for _ in found]
        place = [j for found in wanted.values() for j in found]
        return cls(
            names=tuple(f"{where}.{columns[j][1]}" for where, j in zip(process, place, strict=True)),
            columns=np.array(place, dtype=np.intp),
            on_purchases=np.array([where != "lifetime" for where in process], dtype=bool),
            on_lifetime=np.array([where != "purchase" for where in process], dtype=bool),
        )

    def predictors(self, Z: Floats, coefficients: Floats) -> tuple[Floats, Floats]:
        """Return g'z and h'z of each row, shape (n,) each."""
        z = Z[:, self.columns]
        return z @ (coefficients * self.on_purchases), z @ (coefficients * self.on_lifetime)


@dataclass(frozen=True, eq=False)
class Customers:
    """Customers with covariates, compressed; time in the unit of the fit.

    Attributes:
        x: repeat purchases, shape (n,).
        t_x: time of the last purchase, shape (n,).
        T: time observed, shape (n,).
        weights: number of customers that each row stands for, shape (n,).
        z: a column for each coefficient, shape (n, m), standardised.
    """

    x: Floats
    t_x: Floats
    T: Floats
    weights: Floats
    z: Floats

    def part(self, rows: slice) -> Customers:
        """Return some of the rows."""
        return Customers(self.x[rows], self.t_x[rows], self.T[rows], self.weights[rows], self.z[rows])


@dataclass(frozen=True, eq=False)
class Likelihood:
    """The penalised log-likelihood of customers with covariates, as the optimiser reads it.

    Attributes:
        formulas: of the model.
        customers: the observations.
        effects: of the columns.
        penalty: of each squared coefficient, shape (m,).
    """

    formulas: Formulas
    customers: Customers
    effects: Effects
    penalty: Floats

    def __call__(self, at: Floats) -> Evaluation:
        """Return value, gradient and Hessian in the logarithms of the terms, then the coefficients."""
        size, block = len(at), self.formulas.block
        coefficients = at[len(self.formulas.terms) :]
        value, gradient, hessian = 0.0, np.zeros(size), np.zeros((size, size))
        for begin in range(0, len(self.customers.x), block):
            part = self._of(self.customers.part(slice(begin, begin + block)), at)
            value, gradient, hessian = value + part[0], gradient + part[1], hessian + part[2]
        own = np.arange(len(self.formulas.terms), size)
        gradient[own] -= 2 * self.penalty * coefficients
        hessian[own, own] -= 2 * self.penalty
        return value - float(self.penalty @ coefficients**2), gradient, hessian

    def _of(self, some: Customers, at: Floats) -> Evaluation:
        formulas, k = self.formulas, len(self.formulas.terms)
        # Derivatives of log alpha, and of the log of the lifetime parameter, in each coefficient.
        moves = {formulas.purchase_term: -some.z * self.effects.on_purchases}
        if formulas.lifetime_term:
            moves[formulas.lifetime_term] = formulas.lifetime_sign * some.z * self.effects.on_lifetime
        logs: list[Floats] = [np.full(len(some.x), value) for value in at[:k]]
        natural: list[float | Floats] = [float(value) for value in np.exp(at[:k])]
        for term, move in moves.items():
            j = formulas.terms.index(term)
            natural[j] = np.exp(logs[j] + move @ at[k:])
        assert formulas.rows is not None
        value, first, second = in_logs(natural, *formulas.rows(*natural, some.x, some.t_x, some.T))
        first, second = first * some.weights, second * some.weights
        gradient, hessian = np.zeros(len(at)), np.zeros((len(at), len(at)))
        gradient[:k], hessian[:k, :k] = first.sum(axis=1), second.sum(axis=2)
        for term, move in moves.items():
            j = formulas.terms.index(term)
            gradient[k:] += move.T @ first[j]
            hessian[:k, k:] += second[j] @ move
            for other, across in moves.items():
                hessian[k:, k:] += move.T @ (second[j, formulas.terms.index(other)][:, None] * across)
        hessian[k:, :k] = hessian[:k, k:].T
        return float(some.weights @ value), gradient, hessian


def in_logs(natural: Sequence[float | Floats], value: Floats, first: Floats, second: Floats) -> tuple[Floats, Floats, Floats]:
    """Return the derivatives of each row in the logarithms of its parameters; shapes (n,), (k, n), (k, k, n)."""
    scale = np.stack([np.broadcast_to(np.asarray(each, dtype=float), value.shape) for each in natural])
    slope = first * scale
    bend = second * scale[:, None] * scale[None]
    own = np.arange(len(scale))
    bend[own, own] += slope
    return value, slope, bend


@dataclass(frozen=True, eq=False)
class Regression:
    """A maximum in the columns as they were given.

    Attributes:
        logs: logarithms of the terms, time in the unit of the fit, shape (k,).
        coefficients: shape (m,).
        covariance: of both, shape (k + m, k + m); NaN for one without a standard error.
        log_likelihood: without the penalty.
        remarks: on parameters without a standard error.
    """

    logs: Floats
    coefficients: Floats
    covariance: Floats
    log_likelihood: float
    remarks: tuple[Remark, ...]


def fit_effects(
    formulas: Formulas, counts: PurchaseCounts, Z: Floats, effects: Effects, *, unit: float, start: Floats, ridge: tuple[float, float]
) -> Regression:
    """Return the maximum of the likelihood with covariates.

    Args:
        formulas: of the model.
        counts: of customers, in days; preferably compressed.
        Z: their covariates, shape (n, columns).
        effects: of the columns.
        unit: of time, in days.
        start: logarithms of the terms without covariates, time in that unit, shape (k,).
        ridge: subtracted from the mean log-likelihood a customer for each squared coefficient on purchases and on the lifetime.

    Raises:
        NotConvergedError: no optimum was found.
    """
    share = counts.customers / counts.customers.sum()
    means = share @ Z
    scales = np.sqrt(share @ (Z - means) ** 2)
    mean, scale = means[effects.columns], scales[effects.columns]
    z = (Z[:, effects.columns] - mean) / scale
    total = float(counts.customers.sum())
    penalty = total * (ridge[0] * effects.on_purchases + ridge[1] * effects.on_lifetime) / scale**2
    customers = Customers(counts.x.astype(float), counts.t_x / unit, counts.T / unit, counts.customers, z)
    best = _maximum(Likelihood(formulas, customers, effects, penalty), start)
    k = len(formulas.terms)
    turn = _turned_back(formulas, effects, mean, scale)
    at = turn @ best.at
    # Parameters without a standard error are held fixed; the others keep theirs.
    untold = np.isnan(np.diag(best.covariance))
    covariance = turn @ np.nan_to_num(best.covariance) @ turn.T
    covariance[untold, :] = covariance[:, untold] = np.nan
    plain = best.value + float(penalty @ best.at[k:] ** 2)
    return Regression(at[:k], at[k:], covariance, plain, best.remarks((*formulas.terms, *effects.names)))


def _maximum(likelihood: Likelihood, start: Floats) -> Maximum:
    width = len(likelihood.effects.names)
    low, high = likelihood.formulas.box(width, _EDGE)
    begin, tolerance = np.clip(np.append(start, np.zeros(width)), low, high), 1e-8
    if (step := len(likelihood.customers.x) // _SAMPLE) > 1:
        few = likelihood.customers.part(slice(None, None, step))
        share = few.weights.sum() / likelihood.customers.weights.sum()
        sample = Likelihood(likelihood.formulas, few, likelihood.effects, likelihood.penalty * share)
        begin, tolerance = near_maximum(sample, begin, low=low, high=high), 1e-4
    return maximise(likelihood, begin, low=low, high=high, tolerance=tolerance)


def _turned_back(formulas: Formulas, effects: Effects, mean: Floats, scale: Floats) -> Floats:
    """Return the matrix from coordinates of standardised columns to those of the columns given."""
    k, m = len(formulas.terms), len(scale)
    turn = np.eye(k + m)
    own = np.arange(k, k + m)
    turn[own, own] = 1 / scale
    # log alpha - g (z - mean) / scale = (log alpha + g mean / scale) - (g / scale) z, and likewise for the lifetime.
    turn[formulas.terms.index(formulas.purchase_term), k:] = effects.on_purchases * mean / scale
    if formulas.lifetime_term:
        turn[formulas.terms.index(formulas.lifetime_term), k:] = -formulas.lifetime_sign * effects.on_lifetime * mean / scale
    return turn
