"""A toy model in one file: everybody buys at a steady rate of their own and nobody leaves."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np
import polars as pl

from relkit.models.base import FitInfo, HoldoutMetric, ModelFacts, fingerprint
from relkit.models.lifetime_value.family import ORDERS, SUMMARIES
from relkit.models.lifetime_value.judging import judge_purchases
from relkit.models.lifetime_value.purchases import PURCHASES, read_purchases
from relkit.models.lifetime_value.purchases_ahead import Floats, PurchasesAhead
from relkit.texts import Text

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import date

    from relkit.contracts import Contract
    from relkit.models.lifetime_value.purchases_ahead import Ahead


@dataclass(frozen=True, kw_only=True)
class SteadyRate(ModelFacts):
    """Settings of a steady rate.

    Attributes:
        prior_days: days by which the history of each customer is lengthened.
    """

    name: ClassVar[str] = "lifetime_value.steady_rate"
    family: ClassVar[str] = "lifetime_value"
    holdout_metric: ClassVar[HoldoutMetric] = HoldoutMetric(name="mae_repeat_purchases", direction="lower")
    label = Text("Steady rate", "Rythme constant")
    purpose = Text("Steady rate: orders ahead at the pace so far.", "Rythme constant : les commandes à venir, au rythme observé.")
    role, reads = ORDERS, SUMMARIES
    figures = ("purchases_by_frequency",)

    prior_days: float = 90.0

    @property
    def needs(self) -> Contract:
        return PURCHASES

    def fit(self, features: pl.DataFrame, *, as_of: date) -> FittedSteadyRate:
        rows = read_purchases(features)
        info = FitInfo(as_of=as_of, rows=len(rows), log_likelihood=None, converged=True, fingerprint=fingerprint(rows))
        rate = rows["repeat_purchases"].sum() / (rows["observed_days"].sum() + self.prior_days)
        return FittedSteadyRate(settings=self, info=info, rate_per_day=float(rate))

    def judge(self, fitted: FittedSteadyRate, features: pl.DataFrame, outcomes: pl.DataFrame) -> dict[str, float]:
        return judge_purchases(fitted, features, outcomes)


@dataclass(frozen=True, kw_only=True, eq=False)
class FittedSteadyRate(PurchasesAhead):
    """A steady rate, fitted."""

    name: ClassVar[str] = SteadyRate.name
    format: ClassVar[int] = 1

    settings: SteadyRate
    rate_per_day: float

    @property
    def needs(self) -> Contract:
        return PURCHASES

    def summary(self) -> pl.DataFrame:
        nothing = pl.lit(None, pl.Float64)
        found = pl.DataFrame({"term": ["rate_per_day"], "estimate": [self.rate_per_day]})
        return found.with_columns(std_error=nothing, lower=nothing, upper=nothing)

    def rates(self, features: pl.DataFrame) -> Floats:
        rows, prior = read_purchases(features), self.settings.prior_days
        own: Floats = (rows["repeat_purchases"] + prior * self.rate_per_day).to_numpy() / (rows["observed_days"] + prior).to_numpy()
        return own

    def over_pairs(self, features: pl.DataFrame, value: Callable[[Ahead], Floats]) -> tuple[Floats, Floats]:
        rates = self.rates(features)
        return np.ones(len(rates)), value(lambda days: rates * days)

    def _order_probability(self, features: pl.DataFrame, days: float) -> Floats:
        return -np.expm1(-self.rates(features) * days)
