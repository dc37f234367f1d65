"""`relkit measure ACTION`: what a campaign added, measured against its control; or a plan of it, or a comparison without a draw."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from pydantic import Field

from relkit.errors import ParameterError
from relkit.jobs.base import Job, Result
from relkit.progress import Progress, quiet

if TYPE_CHECKING:
    from pathlib import Path

    from relkit.jobs.campaign_measuring import CampaignToMeasure
    from relkit.tables.table_set import TableSet


class MeasureCampaign(Job):
    """Measure what an action added, against those drawn as its control; without an action, list the draws that can be measured."""

    command: ClassVar[str] = "measure"
    reads: ClassVar[str] = "tables"

    action: str | None = Field(default=None, description="The action, by its id. Without it, the actions that were drawn for are listed.")
    wave: str | None = Field(default=None, description="One wave of the action. Default: all of them together.")
    response_window_days: int = Field(default=28, ge=1, description="Days after the draw in which a response is expected.")
    post_window_days: int = Field(default=56, ge=0, description="Further days, in which what was only pulled forward is missing again.")
    as_of: str | None = Field(default=None, description="Date (whole business day) or instant. Default: the last in the data.")
    alpha: float = Field(default=0.05, gt=0, lt=0.5, description="Error rate; intervals have the level 1 - alpha.")
    adjusted: bool = Field(default=True, description="Adjust for the time before the draw (CUPED) where there are enough units.")
    segment: tuple[str, ...] = Field(
        default=(), description="Columns by which to segment, e.g. --segment country. Default: all known as of the draw."
    )
    margins: dict[str, float] = Field(
        default_factory=dict, description="Harm accepted in a guardrail, per unit, by name, e.g. --margins.unsubscribed 0.002."
    )
    plan: bool = Field(default=False, description="Instead, state what a wave of a given size could detect, from the company's own past.")
    comparison: bool = Field(default=False, description="Instead, compare contacts without a draw with similar customers: no proof.")

    def inputs(self) -> tuple[Path, ...]:
        """Return the facts of the tables, with every table's checksum."""
        return (self.out_dir / "tables" / "facts.json",)

    def verify(self) -> None:
        """Refuse parameters that contradict each other."""
        if self.plan and self.comparison:
            raise ParameterError("both plan and comparison are given.", where=self.command, remedy="Give one of them.")
        if self.action is None and (self.wave or self.comparison):
            remedy = "Name it: relkit measure ACTION; without any flag, relkit measure lists the actions."
            raise ParameterError("no action is named.", where=self.command, remedy=remedy)

    def run(self, progress: Progress = quiet) -> Result:
        """List, plan, compare, or measure, write the files and the row of the ledger."""
        from relkit.jobs.campaign_measuring import measured_draw
        from relkit.jobs.drawn_actions import listed
        from relkit.jobs.written_measurement import written
        from relkit.tables.table_set import TableSet

        self.verify()
        tables = TableSet.open(self.out_dir / "tables")
        if self.plan:
            from relkit.jobs.campaign_plan import planned

            return planned(self.request(tables), self.out_dir, progress)
        if self.action is None:
            return listed(tables, tables.as_of(self.as_of), days=self.response_window_days + self.post_window_days)
        if self.comparison:
            from relkit.jobs.campaign_comparison import compared

            return written(compared(self.request(tables), progress), self.out_dir)
        return written(measured_draw(self.request(tables), progress), self.out_dir)

    def request(self, tables: TableSet) -> CampaignToMeasure:
        """Return the campaign to measure, on the tables."""
        from relkit.jobs.campaign_measuring import CampaignToMeasure

        return CampaignToMeasure(
            tables=tables,
            as_of=tables.as_of(self.as_of),
            action=self.action or "",
            wave=self.wave,
            response_window_days=self.response_window_days,
            post_window_days=self.post_window_days,
            level=1 - self.alpha,
            adjusts=self.adjusted,
            segments=self.segment,
            margins=self.margins,
        )
