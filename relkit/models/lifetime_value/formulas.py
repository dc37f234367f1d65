"""A purchase model as functions on arrays, and the maximum of its likelihood."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from relkit.errors import NotEnoughEventsError
from relkit.models.lifetime_value.older_customers import two_rates
from relkit.models.maximum import Evaluation, Maximum, maximise, near_maximum

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from relkit.models.lifetime_value.purchases import PurchaseCounts

Floats = NDArray[np.float64]
Each = float | Floats
"""A number for all customers, or one each, shape (n,)."""

# A fit of more customers than this starts from a fit of a sample of about this size.
_SAMPLE = 12_000
# Bounds of log-parameters, with time in units of the mean T: a shape of e^6 is a coefficient of variation of 5 %.
_SHAPE_EDGE, _TIME_EDGE = 6.0, 14.0
# Bound of the logarithm of the factor on the rate of customers older than the data.
_RATE_EDGE = 8.0


def always(x: Floats) -> NDArray[np.bool_]:
    """Return that P(alive) is informative for everybody, shape (n,): a customer may stop at any time, or at the first purchase."""
    return np.ones(np.shape(x), dtype=bool)


def after_a_repeat_purchase(x: Floats) -> NDArray[np.bool_]:
    """Return that P(alive) is informative for customers who came back, shape (n,): nobody stops at the first purchase."""
    return np.asarray(x, dtype=float) > 0


def never(x: Floats) -> NDArray[np.bool_]:
    """Return that P(alive) is informative for nobody, shape (n,): customers never stop."""
    return np.zeros(np.shape(x), dtype=bool)


@dataclass(frozen=True, kw_only=True, eq=False)
class Formulas:
    """A model on arrays; each function takes the terms first, and times in the unit of the terms that are times.

    Attributes:
        terms: names of the parameters, all above zero.
        times: those of them that are lengths of time.
        start: starting point of the search, from the mean of x / T; shape (k,), time in units of the mean T.
        population: value, gradient and Hessian of the log-likelihood in the logarithms of the terms, of counts
            whose days are divided by the second argument.
        probability_alive: of (x, t_x, T), shape (n,).
        purchases_if_alive: expected in (T, T + t] of customers alive at T, of (x, T, t), shape (n,).
        alive_later_if_alive: P(alive at T + t) of customers alive at T, of (x, T, t), shape (n,).
        purchase_probability_if_alive: P(m purchases in (T, T + t]) of customers alive at T, of (x, T, m, t), shape (n,).
        order_probability_if_alive: P(a purchase in (T, T + t]) of customers alive at T, of (x, T, t), shape (n,): one minus the above
            with m = 0, without the loss of digits of a subtraction.
        expected_purchases_new: of a new customer in (0, t], shape of t.
        purchase_probability: P(X(t) = x) of a new customer, of (x, t), shape of x.
        rows: log-likelihood of each customer with first and second derivatives in the terms themselves, of (x, t_x, T): shapes (n,),
            (k, n), (k, k, n). None for a model that takes no covariates.
        purchase_term: the term that covariates of purchases divide by exp(g'z).
        lifetime_term: the term that covariates of the lifetime multiply by exp(sign h'z); empty if nobody leaves.
        lifetime_sign: 1 or -1, so that a positive h means leaving sooner.
        tells_alive: whether P(alive) is informative for customers with x repeat purchases, not 1 by construction; shape (n,).
        block: best number of rows for `rows` at a time.

    If there are `rows`, the terms shifted by covariates may be arrays in every function, one value per customer.
    """

    terms: tuple[str, ...]
    times: tuple[str, ...]
    start: Callable[[float], Sequence[float]]
    population: Callable[[PurchaseCounts, float], Callable[[Floats], Evaluation]]
    probability_alive: Callable[..., Floats]
    purchases_if_alive: Callable[..., Floats]
    alive_later_if_alive: Callable[..., Floats]
    purchase_probability_if_alive: Callable[..., Floats]
    order_probability_if_alive: Callable[..., Floats]
    expected_purchases_new: Callable[..., Floats]
    purchase_probability: Callable[..., Floats]
    rows: Callable[..., tuple[Floats, Floats, Floats]] | None = None
    purchase_term: str = "alpha"
    lifetime_term: str = ""
    lifetime_sign: int = 1
    tells_alive: Callable[[Floats], NDArray[np.bool_]] = always
    block: int = 8192

    def box(self, coefficients: int = 0, edge: float = 0.0) -> tuple[Floats, Floats]:
        """Return the bounds of the logarithms of the terms, and of so many coefficients after them."""
        high = np.array([_TIME_EDGE if term in self.times else _SHAPE_EDGE for term in self.terms] + [edge] * coefficients)
        return -high, high

    def scaled(self, parameters: Sequence[float], factor: float) -> dict[str, float]:
        """Return the parameters by name, those that are times multiplied by `factor`."""
        return {term: float(value) * (factor if term in self.times else 1.0) for term, value in zip(self.terms, parameters, strict=True)}

    def fit_counts(
        self, counts: PurchaseCounts, *, where: str = "purchase model", coefficients: int = 0, older: NDArray[np.bool_] | None = None
    ) -> tuple[Maximum, float]:
        """Return the maximum of the likelihood in the logarithms of the terms, and its unit of time in days.

        Args:
            counts: number of customers that share each triple.
            where: the caller, for the messages.
            coefficients: number of coefficients to be estimated as well.
            older: mask of the rows of customers older than the data, shape (n,), who have a rate of their own: the last coordinate of the
                maximum is the logarithm of its factor. None if all have one rate.

        Raises:
            NotEnoughEventsError: fewer customers came back than there are parameters.
            NotConvergedError: no optimum was found.
        """
        came_back = float(counts.customers[counts.x > 0].sum())
        if came_back < (needed := len(self.terms) + coefficients):
            raise NotEnoughEventsError(
                f"{came_back:.0f} of {counts.customers.sum():.0f} customers bought again; {needed} parameters need more.",
                where=where,
                remedy="Fit a longer period or more customers.",
            )
        unit = float(counts.customers @ counts.T / counts.customers.sum())
        low, high = self.box(int(older is not None), _RATE_EDGE)
        rate = float(counts.customers @ counts.x / counts.customers.sum())
        start, tolerance = np.zeros(len(low)), 1e-8
        start[: len(self.terms)] = np.log(self.start(rate))
        start = np.clip(start, low, high)
        if (step := len(counts.x) // _SAMPLE) > 1:
            few = None if older is None else older[::step]
            start = near_maximum(self._likelihood(counts.every(step), unit, few), start, low=low, high=high)
            # With so many customers the likelihood is a parabola: the last step leaves a millionth of a standard error.
            tolerance = 1e-4
        return maximise(self._likelihood(counts, unit, older), start, low=low, high=high, tolerance=tolerance), unit

    def _likelihood(self, counts: PurchaseCounts, unit: float, older: NDArray[np.bool_] | None) -> Callable[[Floats], Evaluation]:
        if older is None:
            return self.population(counts, unit)
        newcomers, others = (self.population(counts.those(who), unit) if who.any() else self._nobody for who in (~older, older))
        return two_rates(newcomers, others, self.terms.index(self.purchase_term))

    def _nobody(self, logs: Floats) -> Evaluation:
        """Return the log-likelihood of a group without customers, of which a sample may consist."""
        return 0.0, np.zeros(len(logs)), np.zeros((len(logs), len(logs)))


def in_logarithms(natural: Floats, value: float, gradient: Floats, hessian: Floats) -> Evaluation:
    """Return an evaluation in the parameters as one in their logarithms."""
    slope = gradient * natural
    return value, slope, hessian * np.outer(natural, natural) + np.diag(slope)
