"""Zero-truncated NBD: everybody has been a customer since the start of the history, and nobody leaves. A rule without recency.

The number of purchase days n of the whole history of L days, the first one included, is a negative binomial without its zeros; the rates
are then gamma(r + n, alpha + L), so that h days bring (r + n) / (alpha + L) h purchases. Where most customers are older than the data it
is what the first purchase seen tells; it knows nothing of those who joined or left since.

    Ehrenberg, A. S. C. (1959), The pattern of consumer purchases. Applied Statistics 8 (1), 26-41.
    Johnson, N. L., Kemp, A. W. and Kotz, S. (2005), Univariate discrete distributions, third edition, section 5.11.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date  # noqa: TC003 storage reads the types of the fields
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from scipy import optimize, special

from relkit.errors import NotConvergedError
from relkit.models.base import FitInfo, HoldoutMetric, ModelFacts, fingerprint
from relkit.models.lifetime_value.family import HISTORIES, ORDERS
from relkit.models.lifetime_value.judging import HOLDOUT_METRIC, judge_purchases
from relkit.models.lifetime_value.naive_rule import NaiveRule, refuse_too_few
from relkit.models.lifetime_value.nbd import negative_binomial
from relkit.models.lifetime_value.purchases import PURCHASE_HISTORIES, learnable, read_columns
from relkit.models.summaries import summary_of
from relkit.texts import Text
from relkit.units import LEVEL

if TYPE_CHECKING:
    import polars as pl

    from relkit.contracts import Contract
    from relkit.models.lifetime_value.naive_rule import Floats


def log_likelihood(r: float, alpha: float, n: Floats, length: float) -> Floats:
    """Return ln P(n purchases in `length`, given one at least) of each customer, shape (k,).

    Examples:
        >>> np.exp(log_likelihood(1.0, 10.0, np.array([1.0, 2.0]), 10.0)).round(3).tolist()
        [0.5, 0.25]
    """
    share = np.log(length / (alpha + length))
    none = r * np.log(alpha / (alpha + length))
    all_ = special.gammaln(r + n) - special.gammaln(r) - special.gammaln(n + 1) + none + n * share
    return np.asarray(all_ - np.log(-np.expm1(none)))


@dataclass(frozen=True, kw_only=True)
class ZeroTruncatedNbd(ModelFacts):
    """Settings of the zero-truncated NBD; it has none.

    Examples:
        >>> import polars as pl
        >>> ages = [[50.0], [], [10.0, 90.0], [], [5.0], [], []]
        >>> people = pl.DataFrame({"customer_id": list("abcdefg"), "repeat_ages_days": pl.Series(ages, dtype=pl.List(pl.Float64))})
        >>> people = people.with_columns(
        ...     repeat_purchases=pl.col("repeat_ages_days").list.len().cast(pl.Int64),
        ...     last_purchase_age_days=pl.col("repeat_ages_days").list.last().fill_null(0.0),
        ...     observed_days=pl.lit(100.0),
        ...     first_order_on=date(2025, 3, 22),
        ... )
        >>> fitted = ZeroTruncatedNbd().fit(people, as_of=date(2025, 6, 30))
        >>> bool((np.diff(fitted.expected_purchases(people, 30)[[1, 0, 2]]) > 0).all())
        True
    """

    name: ClassVar[str] = "lifetime_value.zero_truncated_nbd"
    family: ClassVar[str] = "lifetime_value"
    holdout_metric: ClassVar[HoldoutMetric] = HOLDOUT_METRIC
    label = Text("Zero-truncated NBD", "NBD tronqué à zéro")
    purpose = Text(
        "Zero-truncated NBD: orders ahead from the number of orders in the history alone; a rule to beat.",
        "NBD tronqué à zéro : les commandes à venir d’après le seul nombre de commandes passées ; une règle à battre.",
    )
    role, reads = ORDERS, HISTORIES
    competes = True
    is_bar = True
    figures = ("purchases_by_frequency", "deciles")

    @property
    def needs(self) -> Contract:
        """Columns that fit reads."""
        return PURCHASE_HISTORIES

    def fit(self, features: pl.DataFrame, *, as_of: date) -> FittedZeroTruncatedNbd:
        """Return the model fitted by maximum likelihood.

        Args:
            features: one row per customer with the columns of `needs`.
            as_of: last day whose facts are in the features.

        Raises:
            TableError: a column is missing, or a value impossible.
            NotEnoughEventsError: too few bought again.
            NotConvergedError: no optimum was found.
        """
        rows = read_columns(features, learnable(self.needs))
        refuse_too_few(rows["repeat_purchases"].to_numpy(), self.name)
        n = 1.0 + rows["repeat_purchases"].to_numpy()
        starts_on: Any = rows["first_order_on"].min()
        length = float((as_of - starts_on).days + 1)
        found = _fitted(n, length, self.name)
        info = FitInfo(
            as_of=as_of,
            rows=len(rows),
            log_likelihood=-float(found.fun),
            converged=True,
            fingerprint=fingerprint(rows.drop("customer_id")),
        )
        r, alpha = np.exp(found.x).tolist()
        return FittedZeroTruncatedNbd(settings=self, info=info, r=r, alpha=alpha * length, starts_on=starts_on)

    def judge(self, fitted: Any, features: pl.DataFrame, outcomes: pl.DataFrame) -> dict[str, float]:
        """Return scores of the forecast on the holdout, as `judge_purchases` does."""
        return judge_purchases(fitted, features, outcomes)


def _fitted(n: Floats, length: float, where: str) -> Any:
    """Return the optimum in the logarithms of r and of alpha in units of the history; r goes to 0 if purchases are logarithmic."""
    values, customers = np.unique(n, return_counts=True)

    def loss(logs: Floats) -> float:
        r, alpha = np.exp(np.clip(logs, -12.0, 12.0))
        return -float(customers @ log_likelihood(r, alpha * length, values, length))

    found = optimize.minimize(loss, np.zeros(2), method="L-BFGS-B", bounds=[(-12.0, 12.0)] * 2)
    if not np.isfinite(found.fun):
        raise NotConvergedError("no optimum was found.", where=where, remedy="Fit more customers.")
    return found


@dataclass(frozen=True, kw_only=True, eq=False)
class FittedZeroTruncatedNbd(NaiveRule):
    """A fitted zero-truncated NBD.

    Attributes:
        settings: what was fitted.
        info: facts about the fit.
        r: shape of the purchase rates.
        alpha: scale of the purchase rates, in days.
        starts_on: first day of the history.
    """

    name: ClassVar[str] = ZeroTruncatedNbd.name

    settings: ZeroTruncatedNbd
    r: float
    alpha: float

    @property
    def coordinates(self) -> Floats:
        """Logarithms of r and alpha."""
        return np.asarray(np.log([self.r, self.alpha]))

    def summary(self) -> pl.DataFrame:
        """Return term, estimate, std_error, lower, upper; the rule has no standard errors."""
        return summary_of(("r", "alpha"), np.array([self.r, self.alpha]), np.full(2, np.nan), LEVEL, positive=2)

    def rule(self, frame: pl.DataFrame, days: float) -> Floats:
        """Return (r + n) / (alpha + L) `days` of each customer."""
        shape, scale = self._rates(frame)
        return np.asarray(shape / scale * days)

    def chances(self, frame: pl.DataFrame, purchases: Floats, days: float) -> Floats:
        """Return the probability of each number of purchases, shape (n,): a negative binomial."""
        if days <= 0:
            return np.where(purchases == 0, 1.0, 0.0)
        return negative_binomial(*self._rates(frame), purchases, days)

    def _rates(self, frame: pl.DataFrame) -> tuple[Floats, Floats]:
        """Return shape and scale (days) of each customer's rate as of the day of the row."""
        return self.r + 1.0 + frame["repeat_purchases"].to_numpy(), self.alpha + self.history_days(frame)
