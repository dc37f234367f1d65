"""Same again: each customer buys in the next days as often as in as many days before. The rule that models have to beat.

Its expectation is the number of purchase days, the first one included, of the last `days` days; over more days than the history has,
that of the whole history in proportion. Around it lies a negative binomial (`relkit.models.lifetime_value.rule_distribution`) whose floor
and size are fitted on the last `fitted_days` days, forecast from the same number of days before them.

    Wübben, M. and von Wangenheim, F. (2008), Instant customer base analysis: managerial heuristics often "get it right". Journal of
    Marketing 72 (3), 82-93.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date  # noqa: TC003 storage reads the types of the fields
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
import polars as pl

from relkit.models.base import FitInfo, HoldoutMetric, ModelFacts, fingerprint
from relkit.models.lifetime_value.family import HISTORIES, ORDERS
from relkit.models.lifetime_value.judging import HOLDOUT_METRIC, judge_purchases
from relkit.models.lifetime_value.naive_rule import NaiveRule, refuse_too_few
from relkit.models.lifetime_value.purchases import PURCHASE_HISTORIES, learnable, read_columns
from relkit.models.lifetime_value.rule_distribution import RuleDistribution
from relkit.models.summaries import summary_of
from relkit.scalars import check_scalar
from relkit.texts import Text
from relkit.units import LEVEL

if TYPE_CHECKING:
    from relkit.contracts import Contract
    from relkit.models.lifetime_value.naive_rule import Floats


@dataclass(frozen=True, kw_only=True)
class SameAgain(ModelFacts):
    """Settings of the rule.

    Attributes:
        fitted_days: days on which its floor and size are fitted; at most a third of the history.

    Examples:
        >>> from datetime import date  # noqa: TC003 storage reads the types of the fields
        >>> ages = [[50.0], [], [10.0, 90.0], [80.0, 95.0]]
        >>> people = pl.DataFrame({"customer_id": list("abcd"), "repeat_ages_days": pl.Series(ages, dtype=pl.List(pl.Float64))})
        >>> people = people.with_columns(
        ...     repeat_purchases=pl.col("repeat_ages_days").list.len().cast(pl.Int64),
        ...     last_purchase_age_days=pl.col("repeat_ages_days").list.last().fill_null(0.0),
        ...     observed_days=pl.lit(100.0),
        ...     first_order_on=date(2025, 3, 22),
        ... )
        >>> SameAgain().fit(people, as_of=date(2025, 6, 30)).expected_purchases(people, 30).tolist()
        [0.0, 0.0, 1.0, 2.0]
    """

    name: ClassVar[str] = "lifetime_value.same_again"
    family: ClassVar[str] = "lifetime_value"
    holdout_metric: ClassVar[HoldoutMetric] = HOLDOUT_METRIC
    label = Text("Same again", "Comme avant")
    purpose = Text(
        "Same again: as many orders as in the same number of days before; the rule that models have to beat.",
        "Comme avant : autant de commandes que pendant le même nombre de jours passés ; la règle que les modèles doivent battre.",
    )
    role, reads = ORDERS, HISTORIES
    competes = True
    is_bar = True
    figures = ("purchases_by_frequency", "deciles")

    fitted_days: float = 90.0

    def __post_init__(self) -> None:
        """Check the range of the setting."""
        check_scalar(self.fitted_days, "fitted_days", gt=0, where=self.name)

    @property
    def needs(self) -> Contract:
        """Columns that fit reads."""
        return PURCHASE_HISTORIES

    def fit(self, features: pl.DataFrame, *, as_of: date) -> FittedSameAgain:
        """Return the rule with the distribution around it.

        Args:
            features: one row per customer with the columns of `needs`.
            as_of: last day whose facts are in the features.

        Raises:
            TableError: a column is missing, or a value impossible.
            NotEnoughEventsError: too few bought again.
        """
        rows = read_columns(features, learnable(self.needs))
        refuse_too_few(rows["repeat_purchases"].to_numpy(), self.name)
        T = rows["observed_days"].to_numpy()
        days = min(self.fitted_days, float(T.max(initial=0.0)) / 3)
        known = rows.filter(pl.col("observed_days") >= days)
        found = RuleDistribution.fitted(purchase_days_within(known, 2 * days, days), purchase_days_within(known, days, 0.0), days)
        read = fingerprint(rows.drop("customer_id"))
        info = FitInfo(as_of=as_of, rows=len(rows), log_likelihood=None, converged=True, fingerprint=read)
        starts_on: Any = rows["first_order_on"].min()
        return FittedSameAgain(settings=self, info=info, floor_rate=found.floor_rate, size=found.size, starts_on=starts_on)

    def judge(self, fitted: Any, features: pl.DataFrame, outcomes: pl.DataFrame) -> dict[str, float]:
        """Return scores of the forecast on the holdout, as `judge_purchases` does."""
        return judge_purchases(fitted, features, outcomes)


def purchase_days_within(rows: pl.DataFrame, since: float, until: float) -> Floats:
    """Return the purchase days of each customer more than `until` and at most `since` days ago, shape (n,), the first one included.

    Days are counted as in a holdout: the last `days` days are those after the day that lies `days` before the as-of day.
    """
    T, ages = rows["observed_days"], rows["repeat_ages_days"]
    numbered = pl.DataFrame({"row": np.arange(len(rows)), "T": T, "age": ages}).explode("age").drop_nulls("age")
    ago = pl.col("T") - pl.col("age")
    counted = numbered.filter((ago >= until) & (ago < since))["row"].to_numpy()
    first = T.to_numpy()
    return np.asarray(np.bincount(counted, minlength=len(rows)) + ((first >= until) & (first < since)).astype(float))


@dataclass(frozen=True, kw_only=True, eq=False)
class FittedSameAgain(NaiveRule):
    """A fitted rule.

    Attributes:
        settings: what was fitted.
        info: facts about the fit.
        floor_rate: mean purchases a day of those of whom the rule expects fewer, for the distribution alone.
        size: of the negative binomial around the rule.
        starts_on: first day of the history.
    """

    name: ClassVar[str] = SameAgain.name

    settings: SameAgain
    floor_rate: float
    size: float

    @property
    def coordinates(self) -> Floats:
        """Logarithms of the floor and of the size."""
        return np.asarray(np.log([self.floor_rate, self.size]))

    def summary(self) -> pl.DataFrame:
        """Return term, estimate, std_error, lower, upper; the rule has no standard errors."""
        return summary_of(("floor_rate", "size"), np.array([self.floor_rate, self.size]), np.full(2, np.nan), LEVEL, positive=2)

    def rule(self, frame: pl.DataFrame, days: float) -> Floats:
        """Return the purchase days of the last `days` days, in proportion if the history is shorter."""
        return np.asarray(purchase_days_within(frame, days, 0.0) * np.maximum(days / self.history_days(frame), 1.0))

    def chances(self, frame: pl.DataFrame, purchases: Floats, days: float) -> Floats:
        """Return the probability of each number of purchases, shape (n,)."""
        if days <= 0:
            return np.where(purchases == 0, 1.0, 0.0)
        around = RuleDistribution(floor_rate=self.floor_rate, size=self.size)
        return around.probability(self.rule(frame, days), purchases, days)
