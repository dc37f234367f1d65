"""Material of the report on a campaign: the measurement that was kept, or one made now if there is none of these tables and windows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from relkit.commands import DEFAULT_PROGRAMME, stay_at
from relkit.errors import ParameterError, StorageError
from relkit.jobs.campaign_measuring import COMPARISON, DRAW
from relkit.jobs.drawn_actions import latest
from relkit.jobs.measure_campaign import MeasureCampaign
from relkit.jobs.written_measurement import folder_of
from relkit.workplace import only_programme

if TYPE_CHECKING:
    from pathlib import Path

    from relkit.measurement.measured_campaign import MeasuredCampaign
    from relkit.reports.campaign_uplift import CampaignUplift
    from relkit.tables.table_set import TableSet


@dataclass(frozen=True, eq=False, kw_only=True)
class CampaignMaterial:
    """A company whose campaigns are shown, on one day and in one language.

    Attributes:
        job: the job that measures, without a campaign.
        tables: the validated tables.
        language: en or fr.
    """

    job: MeasureCampaign
    tables: TableSet
    language: str

    @classmethod
    def read(
        cls, *, programme: str | None = None, out: str | Path | None = None, as_of: str | None = None, language: str = "en"
    ) -> CampaignMaterial:
        """Open a company; None means the only programme there is, the default output root, or the last business day in the data.

        Raises:
            ParameterError: there is no programme, there are several and none is named, or the named one does not exist.
            TableError: there are no validated tables.
        """
        from relkit.tables.table_set import TableSet

        name = programme or (only_programme() if out is None else DEFAULT_PROGRAMME)
        job = MeasureCampaign.parse(programme=name, out=out, as_of=as_of)
        job.must_be_there()
        stay_at(job.place())  # for the commands that later cells print
        if programme is None:
            print(f"Programme {job.programme}; from {job.out_dir.resolve()}")  # noqa: T201 a notebook states its inputs
        return cls(job=job, tables=TableSet.open(job.out_dir / "tables"), language=language)

    def uplift(self, campaign: str | None = None, **asked: Any) -> CampaignUplift:
        """Return the content of the page on a campaign, measured now if it is not yet.

        Args:
            campaign: the action; None for the one drawn last that can be measured.
            asked: wave, response_window_days and post_window_days, as `relkit measure` takes them.

        Raises:
            ParameterError: the action or the wave is unknown, or nothing can be measured.
            TableError: there are no assignments.
            GateError: nobody is mature, or an arm is empty.
        """
        if campaign is None:
            lengths = MeasureCampaign.parse(**{name: days for name, days in asked.items() if name.endswith("_days")})
            days = lengths.response_window_days + lengths.post_window_days
            campaign = latest(self.tables, self.tables.as_of(self.job.as_of), days=days)
        return self._shown(action=campaign, **asked)

    def compared(self, campaign: str | None = None, **asked: Any) -> CampaignUplift:
        """Return the content of the page on contacts without a draw.

        Args:
            campaign: the action; it must be named.
            asked: wave, response_window_days and post_window_days, as `relkit measure` takes them.

        Raises:
            ParameterError: no action is named, or it was drawn for, or nobody was contacted for it.
            TableError: there are no transactions, or a group is too small.
            GateError: no contact is mature.
        """
        from relkit.features.compared_units import actions_contacted

        if campaign is None:
            known = ", ".join(actions_contacted(self.tables, self.tables.as_of(self.job.as_of)))
            raise ParameterError("no campaign is named.", where="campaign", remedy=f"Contacted for: {known or 'nothing'}.")
        return self._shown(action=campaign, comparison=True, **asked)

    def _shown(self, **asked: Any) -> CampaignUplift:
        from relkit.reports.campaign_uplift import CampaignUplift

        given = {name: getattr(self.job, name) for name in ("programme", "out", "as_of")} | asked
        return CampaignUplift(measured=_measured(MeasureCampaign.parse(**given), self.tables), language=self.language)


def _measured(job: MeasureCampaign, tables: TableSet) -> MeasuredCampaign:
    """Return the kept measurement if it is of these tables, this day and these windows; else measure now."""
    from relkit.measurement.measured_campaign import MeasuredCampaign

    folder = folder_of(job.out_dir, job.action or "", job.wave, kind=COMPARISON if job.comparison else DRAW)
    kept = _kept(folder)
    if kept is None or not _is_current(kept, job, tables):
        job.run()
        kept = MeasuredCampaign.read(folder)
    return kept


def _kept(folder: Path) -> MeasuredCampaign | None:
    from relkit.measurement.measured_campaign import MeasuredCampaign

    try:
        return MeasuredCampaign.read(folder)
    except StorageError:
        return None


def _is_current(kept: MeasuredCampaign, job: MeasureCampaign, tables: TableSet) -> bool:
    from relkit import __version__

    facts = kept.facts
    asked = (tables.as_of(job.as_of).day, job.response_window_days, job.post_window_days, tables.fingerprint(), __version__)
    return asked == (facts.as_of, facts.response_window_days, facts.post_window_days, facts.fingerprint, facts.version)
