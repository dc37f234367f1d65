"""Purchase regularity: random or rhythmic buying, estimated from the intervals alone, before any model is chosen.

If the intervals of a customer are gamma(k, lambda), the share of the first of two in their sum is beta(k, k), whatever the
lambda of the customer: k = 1 is random buying, a larger k is a rhythm, a smaller one means bursts. So k is estimated without
assumptions on how customers differ or when they leave.

    Wheat, R. D. and Morrison, D. G. (1990), Estimating purchase regularity with two interpurchase times. Journal of
    Marketing Research 27 (1), 87-93.

The share is independent of the sum. Therefore customers may be selected by their sum without bias, and are: days are whole, two
purchases on a day are one, and if intervals are a few days long, rounding alone looks like a rhythm. Only customers whose mean
interval is at least `least_days` are used, and half a day is subtracted from intervals in whole days: random purchases are apart by
1 + a geometric number of days, whose mean and variance less a half are those of random intervals up to a quarter of a squared day.
"""

from __future__ import annotations

from dataclasses import dataclass
from statistics import NormalDist
from typing import TYPE_CHECKING, Literal

import numpy as np
import polars as pl
from numpy.typing import NDArray
from scipy import special

from relkit.errors import NotEnoughEventsError, ParameterError
from relkit.metrics.intervals import normal_reach
from relkit.models.lifetime_value.purchases import PURCHASE_HISTORIES, read_columns
from relkit.models.maximum import maximise
from relkit.scalars import check_level
from relkit.texts import Text, in_language
from relkit.units import LEVEL

if TYPE_CHECKING:
    from relkit.models.maximum import Evaluation

Floats = NDArray[np.float64]
Method = Literal["wheat_morrison", "likelihood"]

# Fewer customers are uninformative: the standard error of k = 1 would be above 1/2.
_FEWEST = 30


@dataclass(frozen=True)
class Regularity:
    """Estimated regularity of purchases.

    Attributes:
        k: shape of the intervals; 1 is random, 2 and more a rhythm; infinite if all intervals of each customer are equal.
        std_error: of k, None if k is infinite.
        lower: bound of the interval of k at `level`.
        upper: the other bound.
        p_value: of k = 1, two-sided.
        customers: number used.
        left_out: customers with two intervals whose mean interval is too short for whole days.
        method: wheat_morrison, from the first two intervals of each, or likelihood, from all of them.
        level: of the interval.
    """

    k: float
    std_error: float | None
    lower: float
    upper: float
    p_value: float
    customers: int
    left_out: int
    method: Method
    level: float

    def sentence(self, language: str = "en") -> str:
        """Return the finding in words; `language` is en or fr."""
        random, rhythm, bursts, estimate = in_language(_SENTENCES, language)
        verdict = random if self.p_value > 1 - self.level else rhythm if self.k > 1 else bursts
        numbers = {name: _written(value, language) for name, value in (("k", self.k), ("low", self.lower), ("high", self.upper))}
        return f"{verdict} {estimate.format(n=self.customers, **numbers)}"


def _written(value: float, language: str) -> str:
    text = f"{value:.2f}" if np.isfinite(value) else "∞"
    return text.replace(".", ",") if language == "fr" else text


_SENTENCES = (
    Text(
        "Customers buy at random moments, as far as these data tell.",
        "Les clients achètent à des moments quelconques, autant que ces données le disent.",
    ),
    Text(
        "Customers buy at a rhythm: a model with regular intervals (mbg_cnbd_k) is worth trying.",
        "Les clients achètent à un rythme régulier : un modèle à intervalles réguliers (mbg_cnbd_k) vaut l’essai.",
    ),
    Text("Purchases come in bursts, less regular than at random.", "Les achats viennent par à-coups, moins régulièrement qu’au hasard."),
    Text(
        "k is {k}, between {low} and {high}, from {n} customers; 1 is random.",
        "k vaut {k}, entre {low} et {high}, d’après {n} clients ; 1 est le hasard.",
    ),
)


def wheat_morrison(share: Floats) -> tuple[float, float, float]:
    """Return k, its standard error and the p-value of k = 1, from the share of the first in the sum of two intervals.

    The variance of a beta(k, k) is 1 / (4 (2k + 1)), so k = (1 - 4V) / (8V) (Wheat and Morrison 1990). V is taken about 1/2, which is
    the mean by symmetry. The standard error is by the delta method from the fourth moment; the test compares V with
    1/12, of which a beta(1, 1) makes the variance 1 / (180 n).

    Args:
        share: between 0 and 1, one per customer, shape (n,).

    Examples:
        >>> k, error, p = wheat_morrison(np.random.default_rng(0).beta(2.0, 2.0, 4000))
        >>> round(k, 2), round(error, 2), p < 1e-9
        (2.04, 0.04, True)
    """
    squares = (share - 0.5) ** 2
    n, V = len(share), float(squares.mean())
    score = (1 / 12 - V) * np.sqrt(180 * n)
    p_value = 2 * NormalDist().cdf(-abs(float(score)))
    if V == 0:
        return float("inf"), float("nan"), p_value
    error = float(squares.std() / np.sqrt(n)) / (8 * V**2)
    return (1 - 4 * V) / (8 * V), error, p_value


def most_likely(x: Floats, log_shares: Floats) -> tuple[float, float, float]:
    """Return k, its standard error and the p-value of k = 1 by maximum likelihood, from all intervals of each customer.

    Given their sum, the shares of x intervals are Dirichlet(k, ..., k): lambda cancels. The test is the likelihood ratio.

    Args:
        x: intervals of each customer, 2 or more, shape (n,).
        log_shares: sum of the logarithms of their shares in the customer's sum, shape (n,).

    Examples:
        >>> shares = np.random.default_rng(0).dirichlet(np.full(5, 2.0), 1000)
        >>> k, error, p = most_likely(np.full(1000, 5.0), np.log(shares).sum(axis=1))
        >>> round(k, 2), round(error, 2), p < 1e-9
        (2.01, 0.04, True)
    """
    numbers, customers = np.unique(x, return_counts=True)
    logs, intervals = float(np.sort(log_shares).sum()), float(numbers @ customers)

    def value(k: float) -> float:
        return float(customers @ special.gammaln(numbers * k) - intervals * special.gammaln(k) + (k - 1) * logs)

    def evaluated(at: Floats) -> Evaluation:
        k = float(np.exp(at[0]))
        first = customers @ (numbers * special.digamma(numbers * k)) - intervals * special.digamma(k) + logs
        second = customers @ (numbers**2 * special.polygamma(1, numbers * k)) - intervals * special.polygamma(1, k)
        return value(k), np.array([first * k]), np.array([[second * k**2 + first * k]])

    best = maximise(evaluated, np.zeros(1), low=np.full(1, -5.0), high=np.full(1, 7.0))
    ratio = max(2 * (best.value - value(1.0)), 0.0)
    p_value = float(special.erfc(np.sqrt(ratio / 2)))
    if best.bounded[0]:
        return float("inf") if best.at[0] > 0 else float(np.exp(best.at[0])), float("nan"), p_value
    k = float(np.exp(best.at[0]))
    return k, k * float(np.sqrt(best.covariance[0, 0])), p_value


def regularity(features: pl.DataFrame, *, method: Method = "wheat_morrison", least_days: float = 14.0, level: float = LEVEL) -> Regularity:
    """Return the regularity of purchases, from customers with two or more intervals.

    Args:
        features: purchase histories, one row per customer.
        method: wheat_morrison or likelihood; the second uses more of the data but is more sensitive to rounding to days.
        least_days: shortest mean interval of the customers used; 0 if times are not rounded to days.
        level: of the interval of k.

    Raises:
        TableError: a column is missing or a value impossible.
        ParameterError: an unknown method, a level outside (0, 1), days below 0.
        NotEnoughEventsError: fewer than 30 customers can be used.
    """
    if method not in ("wheat_morrison", "likelihood"):
        raise ParameterError.unknown("method", method, ("wheat_morrison", "likelihood"), where="regularity")
    check_level(level, where="regularity")
    ages = _ages(features)
    used = _long_enough(ages, 2 if method == "wheat_morrison" else None, least_days)
    if len(used) < _FEWEST:
        raise NotEnoughEventsError(
            f"{len(used)} customers have two intervals that are {least_days:g} days or more on average; {_FEWEST} are needed.",
            where="regularity",
            remedy="Look at a longer period or more customers.",
        )
    k, error, p_value = wheat_morrison(_first_shares(used)) if method == "wheat_morrison" else most_likely(*_log_shares(used))
    known = np.isfinite(error)
    # On the logarithm, so that it stays positive.
    reach = np.exp(normal_reach(level) * error / k) if known and k > 0 else float("nan")
    low, high = (k / reach, k * reach) if np.isfinite(reach) else (k, k)
    std_error = float(error) if known else None
    return Regularity(k, std_error, float(low), float(high), p_value, len(used), len(ages) - len(used), method, level)


@dataclass(frozen=True, eq=False)
class IntervalShares:
    """Distribution of the share of the first of two intervals in their sum; and that expected for intervals of known regularity.

    Attributes:
        edges: of the bins, shape (m + 1,), from 0 to 1.
        actual: share of customers in each, shape (m,), symmetric: which interval came first does not matter.
        expected: share of customers for each k, shape (m,).
        found: the estimate from the same customers.
    """

    edges: Floats
    actual: Floats
    expected: dict[int, Floats]
    found: Regularity


def interval_shares(features: pl.DataFrame, *, k: tuple[int, ...] = (1, 2, 4), bins: int = 21, least_days: float = 14.0) -> IntervalShares:
    """Return the shares of customers' first two intervals in their sum; near 1/2 if customers keep a rhythm.

    Args:
        features: purchase histories, one row per customer.
        k: regularities to compare with.
        bins: of equal width; an odd number keeps equal intervals, frequent in whole days, off the edges.
        least_days: as in `regularity`.
    """
    found = regularity(features, least_days=least_days)
    share = _first_shares(_long_enough(_ages(features), 2, least_days))
    edges = np.linspace(0.0, 1.0, bins + 1)
    actual = np.histogram(np.concatenate((share, 1 - share)), edges)[0] / (2 * len(share))
    return IntervalShares(edges, actual, {each: np.diff(special.betainc(each, each, edges)) for each in k}, found)


def _ages(features: pl.DataFrame) -> pl.Series:
    """Return the ages of repeat purchases of customers with two or more."""
    frame = read_columns(features, PURCHASE_HISTORIES)
    return frame.filter(pl.col("repeat_purchases") > 1)["repeat_ages_days"]


def _long_enough(ages: pl.Series, intervals: int | None, least_days: float) -> pl.Series:
    """Return the ages of customers whose first intervals (all of them if None) have the required mean."""
    if not 0 <= least_days < np.inf:
        raise ParameterError(f"least_days is {least_days}; it must be 0 or more.", where="regularity")
    kept = ages if intervals is None else ages.list.head(intervals)
    return kept.filter(kept.list.last() >= least_days * kept.list.len())


def _first_shares(ages: pl.Series) -> Floats:
    off = _taken_off(ages)
    return np.asarray((ages.list.get(0).to_numpy() - off) / (ages.list.get(1).to_numpy() - 2 * off))


def _taken_off(ages: pl.Series) -> float:
    """Return half a day if all ages are whole days, else 0."""
    every = ages.explode()
    return 0.5 if bool((every == every.floor()).all()) else 0.0


def _log_shares(ages: pl.Series) -> tuple[Floats, Floats]:
    """Return x, and the sum of the logarithms of the shares of the x intervals, of each customer."""
    off = _taken_off(ages)
    rows = pl.DataFrame({"ages": ages}).with_columns(x=pl.col("ages").list.len().cast(pl.Float64))
    rows = rows.with_columns(total=pl.col("ages").list.last() - off * pl.col("x"))
    between = pl.concat_list(pl.lit(0.0), "ages").list.diff(null_behavior="drop")
    logs = rows.select(between.list.eval((pl.element() - off).log()).list.sum() - pl.col("x") * pl.col("total").log()).to_series()
    return rows["x"].to_numpy(), logs.to_numpy()
