"""A toy model of a toy family: the share that came back, by how often they had come."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
import polars as pl
from relkit.models.visits.family import VISITORS, VISITS

from relkit.cards import FittedCard
from relkit.contracts import Column, Contract, check
from relkit.models.base import FitInfo, HoldoutMetric, ModelFacts, fingerprint
from relkit.texts import Text

if TYPE_CHECKING:
    from datetime import date

NEEDS = Contract(
    name="visitors",
    key=("customer_id",),
    meaning="How often each customer has come back.",
    columns=(
        Column(name="customer_id", dtype=pl.String, required=True, nullable=False),
        Column(name="repeat_purchases", dtype=pl.Int64, required=True, nullable=False, low=0),
    ),
)


@dataclass(frozen=True, kw_only=True)
class CameBack(ModelFacts):
    """Settings: how many imaginary visitors stand for what is not known yet."""

    name: ClassVar[str] = "visits.came_back"
    family: ClassVar[str] = "visits"
    holdout_metric: ClassVar[HoldoutMetric] = HoldoutMetric(name="brier_of_return", direction="lower")
    label = Text("Came back", "Retours")
    purpose = Text("Came back: the chance of another visit.", "Retours : la chance d’une autre visite.")
    role, reads = VISITS, VISITORS
    figures = ("chance_by_visits",)

    prior: float = 2.0

    @property
    def needs(self) -> Contract:
        return NEEDS

    def fit(self, features: pl.DataFrame, *, as_of: date) -> FittedCameBack:
        rows = check(features, NEEDS)
        info = FitInfo(as_of=as_of, rows=len(rows), log_likelihood=None, converged=True, fingerprint=fingerprint(rows))
        again = (rows["repeat_purchases"] > 0).sum()
        return FittedCameBack(settings=self, info=info, share=float((again + self.prior / 2) / (len(rows) + self.prior)))

    def judge(self, fitted: FittedCameBack, features: pl.DataFrame, outcomes: pl.DataFrame) -> dict[str, float]:
        both = features.join(outcomes, on="customer_id", how="inner")
        forecast = fitted.score(both)["return_chance"].to_numpy()
        return {"brier_of_return": float(np.mean((forecast - (both["holdout_purchases"] > 0).to_numpy()) ** 2))}


@dataclass(frozen=True, kw_only=True, eq=False)
class FittedCameBack(FittedCard):
    """The share that came back."""

    name: ClassVar[str] = CameBack.name
    format: ClassVar[int] = 1

    settings: CameBack
    info: FitInfo
    share: float

    @property
    def needs(self) -> Contract:
        return NEEDS

    def summary(self) -> pl.DataFrame:
        nothing = pl.lit(None, pl.Float64)
        return pl.DataFrame({"term": ["share"], "estimate": [self.share]}).with_columns(std_error=nothing, lower=nothing, upper=nothing)

    def score(self, features: pl.DataFrame, *, horizon_days: int | None = None) -> pl.DataFrame:  # noqa: ARG002 it looks at no days
        rows = check(features, NEEDS)
        visits: Any = rows["repeat_purchases"].to_numpy()
        return pl.DataFrame({"customer_id": features["customer_id"], "return_chance": 1 - (1 - self.share) ** (1.0 + visits)})
