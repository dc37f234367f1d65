"""`relkit score`: scores customers with the champion models, and gathers the credit that models give to channels."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, Any, ClassVar

from pydantic import Field

from relkit.errors import ParameterError
from relkit.jobs.base import Job, Result
from relkit.jobs.build_features import unknown_days
from relkit.jobs.calls_to_make import calls_to_make
from relkit.jobs.champion_scores import Champions, calibration, score_group
from relkit.jobs.channels_credited import channels_credited
from relkit.jobs.margin_ahead import margin_ahead
from relkit.jobs.next_products_ahead import next_products_ahead
from relkit.jobs.scored import Found, ModelRows, Scored, ScoringTerms
from relkit.jobs.total_spreads import total_spreads
from relkit.jobs.written_scores import WrittenScores
from relkit.progress import Progress, quiet
from relkit.remarks import FILE
from relkit.units import HORIZON_DAYS, HORIZON_MONTHS

if TYPE_CHECKING:
    from pathlib import Path

    from relkit.periods import AsOf
    from relkit.tables.table_set import TableSet


class ScoreCustomers(Job):
    """Score customers with the champion models, into one long table with model and version in each row."""

    command: ClassVar[str] = "score"
    reads: ClassVar[str] = "tables"
    asks_registry: ClassVar[bool] = True

    as_of: str | None = Field(default=None, description="Date (whole business day) or instant. Default: the last in the data.")
    models: tuple[str, ...] = Field(
        default=(),
        description="Models to score with. Default: one for each score, of those that have a champion, and all that credit channels "
        "(attribution.all).",
    )
    horizon_days: int = Field(default=HORIZON_DAYS, ge=1, description="How far ahead orders and churn are forecast, in days.")
    horizon_months: int = Field(
        default=HORIZON_MONTHS, ge=1, description="How far ahead margin and the life of contracts are counted, in months."
    )
    endless: bool = Field(
        default=False, description="Count both without end as well: future_margin_endless and expected_remaining_months_endless."
    )
    annual_discount_rate: float = Field(default=0.10, ge=0, description="Annual discount rate of later margin: 0.10 for 10 % a year.")
    margin_rate: float | None = Field(
        default=None, ge=0, le=1, description="Margin over net amount. Default: that of the lines, else the declared one."
    )
    offer: dict[str, Any] = Field(
        default_factory=dict,
        description="A retention offer, by name: contact_cost and offer_cost (per customer who takes it), then averted_share, window_days, "
        "stayers_take_share, budget, averts (reasons of ends), e.g. --offer.contact_cost 4. Default: none.",
    )
    hindsight: bool = Field(
        default=True,
        description="Score a past day with the champions of today; without it, with the versions in use then, which know nothing later.",
    )
    intervals: bool = Field(default=True, description="Compute the lower and upper bound of each score (95 %), if its model has some.")

    def inputs(self) -> tuple[Path, ...]:
        """Return the facts of the tables, which contain every table's checksum, and the earlier remarks."""
        from relkit.tables.table_set import FACTS, TableSet

        tables = self.out_dir / "tables"
        noticed = [self.out_dir / "features" / str(TableSet.open(tables).as_of(self.as_of)) / FILE] if (tables / FACTS).is_file() else []
        return (tables / "facts.json", tables / FILE, *noticed)

    def state(self) -> str:
        """Return the champions and those chosen within their family: others give other scores."""
        from relkit.tracking.registry import champion_versions, chosen_models

        champions, chosen = champion_versions(self.programme), chosen_models(self.programme)
        return json.dumps([os.environ.get("MLFLOW_TRACKING_URI", ""), champions, chosen])

    def verify(self) -> None:
        """Refuse an unknown model or one that scores nothing, undiscounted margin without end, and an invalid offer."""
        from relkit.jobs.declared_offer import declared_offer
        from relkit.models.catalogue import names, role_of, side_by_side

        known = (*names(), *side_by_side())
        for name in self.models:
            if name not in known:
                raise ParameterError.unknown("model", name, known, where="score")
            if name in names() and not (role_of(name).scores or role_of(name).credits_channels):
                raise ParameterError(f"{name} gives no scores of customers.", where="score", remedy="Leave it out of models.")
        if self.endless and not self.annual_discount_rate:
            raise ParameterError(
                "annual_discount_rate is 0; it must be above 0 if margin is counted without end.",
                where="score",
                remedy="Write 0.10 for 10 % a year, or leave endless out.",
            )
        if self.offer:
            declared_offer(self.offer)

    def run(self, progress: Progress = quiet) -> Result:
        """Load the champions, build their features, score, write the table."""
        from relkit.tables.table_set import TableSet

        self.verify()
        tables = TableSet.open(self.out_dir / "tables")
        as_of = tables.as_of(self.as_of)
        progress("reading the champions", 0.0)
        scored, lacking = self._scored(tables, as_of, progress)
        made = bool(scored.found.scores or scored.found.tables)
        if not made and lacking:
            raise ParameterError(" ".join(lacking), where="score")
        if not made:
            return Result(job=self.command, skipped=" ".join(scored.found.sentences), details={"as_of": str(as_of)})
        progress("expected margin", 0.8)
        for step in (calibration, margin_ahead, total_spreads, remaining_life_ahead, calls_to_make, next_products_ahead):
            scored = scored.with_(step(scored)) if scored.found.scores else scored
        written = WrittenScores(scored=scored, out_dir=self.out_dir)
        return written.result(self.command, lacking=lacking)

    def _scored(self, tables: TableSet, as_of: AsOf, progress: Progress) -> tuple[Scored, tuple[str, ...]]:
        """Return the scores of the champions, and a sentence for each role without one."""
        terms = ScoringTerms(
            horizon_days=self.horizon_days,
            horizon_months=self.horizon_months,
            endless=self.endless,
            annual_discount_rate=self.annual_discount_rate,
            margin_rate=self.margin_rate,
            offer=self.offer,
            intervals=self.intervals,
        )
        champions = Champions(programme=self.programme, models=self.models, hindsight=self.hindsight)
        found, lacking = Found(), []
        for remark in unknown_days(tables, as_of):
            found = found.noting(remark)
        scored = Scored(tables=tables, as_of=as_of, terms=terms, rows=ModelRows(tables, as_of), found=found)
        groups = champions.groups()
        for i, group in enumerate(groups):
            progress(f"scoring with {group.first}", 0.1 + 0.6 * i / len(groups))
            scored, none = score_group(scored, group, champions)
            lacking += [none] if none else []
        progress("credit of channels", 0.7)
        scored, uncredited = channels_credited(scored, champions)
        return scored, (*lacking, *uncredited)


def remaining_life_ahead(scored: Scored) -> Found:
    """Return the expected remaining life of contracts, if a model of contracts scored."""
    from relkit.models.survival.family import CONTRACTS
    from relkit.scores.remaining_life import remaining_life
    from relkit.scores.scoring import scorable

    model, terms = scored.by(CONTRACTS), scored.terms
    if model is None:
        return Found()
    kept, _ = scorable(model.rows, model.fitted.needs)
    day, source = scored.as_of.day, model.source
    tables = (
        remaining_life(model.fitted, kept, months=months, as_of=day, source=source, intervals=terms.intervals) for months in terms.months
    )
    return Found(scores=tuple(tables))
