"""Material of the page on customer journeys: journeys to conversion, and moments of customers beyond it.

journeys = JourneyMaterial.read(lookback_days=30)
journeys.page().headlines()
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, ClassVar

from relkit.commands import DEFAULT_PROGRAMME, stay_at
from relkit.jobs.base import Job
from relkit.workplace import only_programme

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    import polars as pl

    from relkit.features.journeys import Journeys
    from relkit.periods import AsOf
    from relkit.reports.customer_journeys import CustomerJourneys
    from relkit.reports.customer_journeys_funnel import JourneyShapes
    from relkit.reports.customer_journeys_moments import CustomerMoments
    from relkit.tables.table_set import TableSet


@dataclass(eq=False, kw_only=True)
class JourneyMaterial:
    """Parts of the page, made when they are asked for.

    Attributes:
        tables: the validated tables.
        as_of: the day.
        language: en or fr.
        lookback_days: touches count from this many days before a conversion.
        conversion: conversions counted, as models of attribution name them: any, first_order, or where and an expression.
    """

    tables: TableSet
    as_of: AsOf
    language: str
    lookback_days: float
    conversion: str

    @classmethod
    def read(
        cls,
        *,
        programme: str | None = None,
        out: str | Path | None = None,
        as_of: str | None = None,
        language: str = "en",
        lookback_days: float = 30.0,
        conversion: str = "any",
    ) -> JourneyMaterial:
        """Open a company; None means the only programme there is, the default output root, or the last business day in the data.

        Raises:
            ParameterError: there is no programme, there are several and none is named, or the named one does not exist.
            TableError: there are no validated tables.
        """
        from relkit.tables.table_set import TableSet

        job = _Reading.parse(programme=programme or (only_programme() if out is None else DEFAULT_PROGRAMME), out=out, as_of=as_of)
        job.must_be_there()
        stay_at(job.place())  # for the commands that later cells print
        tables = TableSet.open(job.out_dir / "tables")
        edge = tables.as_of(as_of)
        if programme is None:
            print(f"Programme {job.programme}, as of {edge}; from {job.out_dir.resolve()}")  # noqa: T201 a notebook states its inputs
        return cls(tables=tables, as_of=edge, language=language, lookback_days=lookback_days, conversion=conversion)

    @cached_property
    def journeys(self) -> Journeys:
        """The journeys known on the day."""
        from relkit.features.journeys import Wanted, journeys

        return journeys(self.tables, self.as_of, Wanted(lookback_days=float(self.lookback_days), conversion=self.conversion))

    @cached_property
    def steps(self) -> pl.DataFrame:
        """The touches of journeys with their positions."""
        from relkit.features.journey_steps import journey_steps

        return journey_steps(self.journeys.touches, self.journeys.journeys)

    def page(self) -> CustomerJourneys:
        """Return the roles of channels, the time to conversion, the steps and the ends of journeys."""
        from datetime import timedelta

        from relkit.reports.customer_journeys import CustomerJourneys, in_words

        return CustomerJourneys(
            steps=in_words(self.steps, self.language),
            untouched=float(self.journeys.untouched["conversions"].sum()),
            lookback_days=self.lookback_days,
            open_since=self.as_of.cutoff - timedelta(days=self.lookback_days),
            currency=self.tables.facts.currency,
            language=self.language,
            noted=self.journeys.remarks,
        )

    def shapes(self, stages: Sequence[str] = (), by: str = "") -> JourneyShapes:
        """Return the funnel and the groups of journeys.

        Args:
            stages: of the funnel, in order; empty for those found.
            by: column of the stages: step, kind, channel or item; empty for the first that tells touches apart.

        Raises:
            ParameterError: a stage has no touch, or is named twice.
        """
        from relkit.reports.customer_journeys_funnel import JourneyShapes

        return JourneyShapes.of(self.steps, stages=tuple(stages), by=by, language=self.language)

    def moments(self, *, silence_days: int = 0, loss_days: int = 30, answer_days: int = 14, next_days: int = 14) -> CustomerMoments:
        """Return losses, moments of truth, visits before store purchases, and behaviour after contacts.

        Args:
            silence_days: days without a purchase that are a long silence; 0 for those that 19 in 20 gaps do not exceed.
            loss_days: days before a loss that are looked at.
            answer_days: most days between a moment and a survey answer.
            next_days: days after the outcome of a contact that are looked at.
        """
        from relkit.features.customer_moments import customer_moments, no_purchases, purchases_of
        from relkit.features.losses import long_silence_days, losses
        from relkit.features.moments_of_truth import survey_answers
        from relkit.features.next_behaviour import contact_outcomes
        from relkit.reports.customer_journeys_moments import CustomerMoments

        tables, as_of = self.tables, self.as_of
        bought = purchases_of(tables, as_of) if tables.has("transactions") else no_purchases()
        long = silence_days or long_silence_days(bought)
        return CustomerMoments(
            moments=customer_moments(tables, as_of, bought if tables.has("transactions") else None),
            purchases=bought,
            losses=losses(tables, as_of, bought, silence_days=long),
            silence_days=long,
            silence_given=bool(silence_days),
            answers=survey_answers(tables, as_of) if tables.has("surveys") else None,
            outcomes=contact_outcomes(tables, as_of) if tables.has("contacts") and tables.has("outcomes") else None,
            as_of=as_of,
            loss_days=loss_days,
            answer_days=answer_days,
            next_days=next_days,
            currency=tables.facts.currency,
            language=self.language,
        )


class _Reading(Job):
    """The job whose parameters the notebook takes."""

    command: ClassVar[str] = "report"
    reads: ClassVar[str] = "tables"

    as_of: str | None = None
