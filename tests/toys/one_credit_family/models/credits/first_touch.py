"""A toy model of credit: all of it goes to the channel that came first."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import polars as pl
from relkit.models.credits.family import CREDIT, PATHS

from relkit.cards import FittedCard
from relkit.contracts import Column, Contract, check
from relkit.models.base import FitInfo, HoldoutMetric, ModelFacts, fingerprint
from relkit.texts import Text

if TYPE_CHECKING:
    from datetime import date

NEEDS = Contract(
    name="paths",
    key=(),
    meaning="The channel that came first on each path.",
    columns=(Column(name="channel", dtype=pl.String, required=True, nullable=False, meaning="The first channel."),),
)


@dataclass(frozen=True, kw_only=True)
class FirstTouch(ModelFacts):
    """Settings: there are none."""

    name: ClassVar[str] = "credits.first_touch"
    family: ClassVar[str] = "credits"
    holdout_metric: ClassVar[HoldoutMetric] = HoldoutMetric(name="share_of_known_channels", direction="higher")
    label = Text("First touch", "Premier contact")
    purpose = Text("First touch: all credit to the channel that came first.", "Premier contact : tout le crédit au premier canal.")
    role, reads = CREDIT, PATHS

    @property
    def needs(self) -> Contract:
        return NEEDS

    def fit(self, features: pl.DataFrame, *, as_of: date) -> FittedFirstTouch:
        rows = check(features, NEEDS)
        found = rows.group_by("channel").len().sort("channel").select("channel", credit=pl.col("len") / len(rows))
        info = FitInfo(as_of=as_of, rows=len(rows), log_likelihood=None, converged=True, fingerprint=fingerprint(rows))
        return FittedFirstTouch(settings=self, info=info, shares=found)

    def judge(self, fitted: FittedFirstTouch, features: pl.DataFrame, outcomes: pl.DataFrame) -> dict[str, float]:  # noqa: ARG002
        known = outcomes["channel"].is_in(fitted.shares["channel"].implode())
        return {"share_of_known_channels": float(known.sum() / len(outcomes))}


@dataclass(frozen=True, kw_only=True, eq=False)
class FittedFirstTouch(FittedCard):
    """Credit by channel."""

    name: ClassVar[str] = FirstTouch.name
    format: ClassVar[int] = 1

    settings: FirstTouch
    info: FitInfo
    shares: pl.DataFrame

    @property
    def needs(self) -> Contract:
        return NEEDS

    def summary(self) -> pl.DataFrame:
        nothing = pl.lit(None, pl.Float64)
        return self.shares.select(term="channel", estimate="credit").with_columns(std_error=nothing, lower=nothing, upper=nothing)

    def credit(self) -> pl.DataFrame:
        return self.shares
