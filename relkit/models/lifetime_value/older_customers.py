"""Customers older than the data: a purchase rate of their own.

Where the history of a company starts later than the company, many of its customers were there before. The age of such a customer is
unknown, and counted from the first purchase in the data it is too low. Nor is the customer like a newcomer: whoever is seen in the first
weeks of a history buys often, as whoever is met in a shop at a given hour goes there often (length-biased sampling).
`relkit.features.purchases` flags them, as is_left_censored.

A model of purchases therefore multiplies their purchase rate by a factor of its own, exp(g): their alpha is alpha exp(-g), and
everything else is shared. It is the flag as a covariate of the purchase rate, and without other covariates the likelihood is the sum
of those of two populations, so that a fit costs what it costs without it.

The parameters are those of newcomers. They are unbiased if the two groups differ in their rate alone. In a population that follows the
Pareto/NBD from its beginning they do not quite: the rates of those who were there before and are first seen on day u are a
gamma(r + 1, alpha + u), with less spread among them, and those who leave soon are rare among them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import numpy as np
import polars as pl
from numpy.typing import NDArray

from relkit.contracts import Column
from relkit.metrics.intervals import normal_reach
from relkit.models.covariates import Covariate
from relkit.remarks import Remark, french

if TYPE_CHECKING:
    from collections.abc import Callable

    from relkit.models.maximum import Evaluation

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]

OLDER = "is_left_censored"
"""Column of the features that flags them."""
OlderCustomers = Literal["own_rate", "as_newcomers"]

FLAG = Column(
    name=OLDER,
    dtype=pl.Float64,
    required=True,
    low=0,
    high=1,
    meaning="Whether the customer may have been there before the data start; null if not.",
)

# Fewer who came back do not tell their rate from that of the others.
_FEWEST = 30
# A larger share is remarked on: the parameters of newcomers then come from a minority.
_MOST = 0.5


def enough_of_both(features: pl.DataFrame) -> bool:
    """Return whether enough customers who came back were there before the data start, and enough were not, to tell their rates apart.

    Examples:
        >>> people = pl.DataFrame({"repeat_purchases": [1] * 60, "is_left_censored": [True, False] * 30})
        >>> enough_of_both(people), enough_of_both(people[1:]), enough_of_both(people.drop("is_left_censored"))
        (True, False, False)
    """
    if features.schema.get(OLDER) != pl.Boolean or not features.schema.get("repeat_purchases", pl.String()).is_numeric():
        return False
    came_back = features.filter(pl.col("repeat_purchases") > 0)[OLDER].fill_null(value=False)
    older = int(came_back.sum())
    return min(older, len(came_back) - older) >= _FEWEST


def flag_covariate(flag: pl.Series, weights: Floats | None) -> Covariate:
    """Return the flag as a covariate; its mean is 0, since the new customers that a model may be asked about are newcomers."""
    share = float(np.average(is_older(flag), weights=weights))
    return Covariate(name=OLDER, is_flag=True, spread=float(np.sqrt(share * (1 - share))), may_be_empty=True)


def is_older(flag: pl.Series) -> Mask:
    """Return a mask of the customers who may have been there before the data start, shape (n,)."""
    return np.asarray(flag.cast(pl.Boolean).fill_null(value=False).to_numpy(), dtype=bool)


def two_rates(
    newcomers: Callable[[Floats], Evaluation], older: Callable[[Floats], Evaluation], scale: int
) -> Callable[[Floats], Evaluation]:
    """Return the log-likelihood of both groups with its derivatives, in the logarithms of the terms, then g.

    Args:
        newcomers: log-likelihood of those who came after the data start, in the logarithms of the terms.
        older: the same of the others, in terms of their own.
        scale: position of the scale of the purchase rates among the terms.

    Examples:
        >>> bowl = lambda logs: (-float(logs @ logs) / 2, -logs, -np.eye(len(logs)))
        >>> value, gradient, hessian = two_rates(bowl, bowl, 1)(np.array([0.0, 2.0, 1.0]))
        >>> value, gradient.tolist(), hessian.tolist()
        (-2.5, [0.0, -3.0, 1.0], [[-2.0, 0.0, 0.0], [0.0, -2.0, 1.0], [0.0, 1.0, -1.0]])
    """

    def evaluated(at: Floats) -> Evaluation:
        logs = at[:-1]
        turn = np.hstack((np.eye(len(logs)), np.zeros((len(logs), 1))))
        turn[scale, -1] = -1.0
        value, slope, bend = newcomers(logs)
        others, own_slope, own_bend = older(turn @ at)
        gradient, hessian = turn.T @ own_slope, turn.T @ own_bend @ turn
        gradient[:-1] += slope
        hessian[:-1, :-1] += bend
        return value + others, gradient, hessian

    return evaluated


def own_rate(older: Mask, coefficient: float, std_error: float, level: float) -> tuple[Remark, ...]:
    """Return the remark on the rate of customers older than the data: how many they are, and how often they buy.

    Args:
        older: mask of them, shape (n,).
        coefficient: g.
        std_error: of g; NaN without one.
        level: of the interval.
    """
    count, among = int(older.sum()), len(older)
    reach = normal_reach(level) * std_error
    ratio, low, high = (float(np.exp(coefficient + by)) for by in (0.0, -reach, reach))
    known = bool(np.isfinite(reach))
    interval = f" ({100 * level:g} % interval {low:.2f} to {high:.2f})" if known else ""
    intervalle = f" (intervalle à {french(100 * level, 0)} % : {french(low, 2)} à {french(high, 2)})" if known else ""
    rest = f" The parameters of newcomers rest on the other {among - count:,}." if count > _MOST * among else ""
    reste = f" Les paramètres des nouveaux clients reposent sur les {french(among - count)} autres." if rest else ""
    return (
        Remark(
            "older_customers",
            f"{count:,} of {among:,} customers may have been there before the data start. They have a purchase rate of their own: "
            f"{ratio:.2f} times that of newcomers{interval}.{rest}",
            f"{french(count)} clients sur {french(among)} étaient peut-être là avant le début des données. Ils ont leur propre rythme "
            f"d’achat : {french(ratio, 2)} fois celui des nouveaux{intervalle}.{reste}",
        ),
    )


def as_newcomers(features: pl.DataFrame) -> tuple[Remark, ...]:
    """Return the remark of a model that treats customers older than the data as newcomers; none if there are none.

    Examples:
        >>> as_newcomers(pl.DataFrame({"is_left_censored": [True, False, None]}))[0].en.partition(":")[0]
        '1 of 3 customers may have been there before the data start; this model treats them as newcomers'
    """
    if features.schema.get(OLDER) != pl.Boolean or not (count := int(features[OLDER].sum())):
        return ()
    return (
        Remark(
            "older_as_newcomers",
            f"{count:,} of {len(features):,} customers may have been there before the data start; this model treats them as newcomers: "
            "they look newer than they are.",
            f"{french(count)} clients sur {french(len(features))} étaient peut-être là avant le début des données ; ce modèle les traite "
            "comme des nouveaux : ils paraissent plus récents qu’ils ne sont.",
        ),
    )
