"""Measurement of a campaign that was drawn: from the tables of a company to facts, tables and remarks."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from relkit.jobs.drawn_actions import refuse_undrawn, refuse_unready
from relkit.remarks import Remark, unique

if TYPE_CHECKING:
    from collections.abc import Mapping

    import polars as pl

    from relkit.features.campaign_units import CampaignUnits
    from relkit.measurement.campaign_checks import CheckedDraw
    from relkit.measurement.campaign_effects import CampaignEffects
    from relkit.measurement.campaign_segments import SegmentOfUnits
    from relkit.measurement.measured_campaign import MeasuredCampaign, MeasurementFacts
    from relkit.measurement.verdict import Verdict
    from relkit.periods import AsOf
    from relkit.progress import Progress
    from relkit.tables.table_set import TableSet

DRAW, COMPARISON = "draw", "comparison"


@dataclass(frozen=True, kw_only=True)
class CampaignToMeasure:
    """A campaign, and the way in which it is to be measured.

    Attributes:
        tables: the company.
        as_of: cutoff of what is known.
        action: its id.
        wave: one of its waves; None for all.
        response_window_days, post_window_days: lengths of the windows, one after the other.
        level: of the intervals.
        adjusts: whether effects are adjusted for the time before the draw.
        segments: columns to segment by; empty for all that are known as of the draw.
        margins: harm accepted in a guardrail, by its name.
    """

    tables: TableSet
    as_of: AsOf
    action: str
    wave: str | None
    response_window_days: int
    post_window_days: int
    level: float
    adjusts: bool = True
    segments: tuple[str, ...] = ()
    margins: Mapping[str, float] = field(default_factory=dict)

    @property
    def days(self) -> int:
        """Days from the draw to the end of the post window."""
        return self.response_window_days + self.post_window_days

    @property
    def windows(self) -> dict[str, Any]:
        """Lengths of both windows, by the names of the parameters."""
        return {"response_window_days": self.response_window_days, "post_window_days": self.post_window_days}

    @property
    def settings(self) -> dict[str, Any]:
        """Parameters besides action, wave and windows, as they are kept."""
        return {"adjusted": self.adjusts, "segment": list(self.segments), "margins": dict(self.margins)}

    def units(self) -> CampaignUnits:
        """Return the mature units drawn, with the outcomes of each.

        Raises:
            TableError: there are no assignments.
            ParameterError: the action or the wave was not drawn for.
            GateError: nobody is mature, or an arm is empty.
        """
        from relkit.features.campaign_units import campaign_units

        refuse_undrawn(self.tables)
        units = campaign_units(self.tables, self.as_of, action_id=self.action, wave_id=self.wave, **self.windows)
        refuse_unready(self.tables, self.as_of, action=self.action, wave=self.wave, days=self.days, counts=units.counts)
        return units


def measured_draw(request: CampaignToMeasure, progress: Progress) -> MeasuredCampaign:
    """Return a campaign measured against those drawn as its control.

    Raises:
        TableError: there are no assignments, or their propensities are unclear.
        ParameterError: the action, the wave or a segment is unknown.
        GateError: nobody is mature, or an arm is empty.
    """
    from relkit.measurement.campaign_checks import CheckedDraw
    from relkit.measurement.campaign_effects import CampaignEffects
    from relkit.measurement.campaign_outcomes import Outcomes
    from relkit.measurement.designs import Design

    progress("reading the units drawn", 0.0)
    found = request.units()
    design, outcomes = Design.of(found.units), Outcomes(found.measures)
    checked = CheckedDraw.of(design, outcomes)
    effects = CampaignEffects(
        design=design,
        outcomes=outcomes,
        response_days=request.response_window_days,
        post_days=request.post_window_days,
        level=request.level,
        adjusts=request.adjusts,
    )
    progress("estimating effects", 0.5)
    return _measured(request, found, effects, checked)


def _measured(request: CampaignToMeasure, found: CampaignUnits, effects: CampaignEffects, checked: CheckedDraw) -> MeasuredCampaign:
    """Return the figures of a campaign, with the verdict on them."""
    from relkit.measurement.campaign_days import days_table
    from relkit.measurement.campaign_guardrails import guardrails_of, guardrails_table
    from relkit.measurement.campaign_money import CampaignMoney
    from relkit.measurement.campaign_segments import segments_table
    from relkit.measurement.measured_campaign import MeasuredCampaign

    money, guardrails = CampaignMoney(effects=effects), guardrails_of(effects, request.margins)
    verdict = money.verdict(is_mismatch=checked.is_mismatch, guardrails=[each.guardrail for each in guardrails])
    tables = {
        "estimates": effects.table(),
        "money": money.table(),
        "days": days_table(_daily(request, found), effects),
        "segments": segments_table(effects, segments_of(request, effects.design.units)),
        "waves": checked.waves,
        "balance": checked.balance,
        "guardrails": guardrails_table(guardrails),
    }
    facts = _facts(request, found, effects, checked, verdict)
    return MeasuredCampaign(
        facts=facts,
        tables=tables,
        remarks=unique((*found.remarks, *effects.remarks(), *_known_once(found), *_about_contracts(request, found))),
    )


def segments_of(request: CampaignToMeasure, units: pl.DataFrame) -> list[SegmentOfUnits]:
    """Return the columns that divide the units, as known on the day of the draw."""
    from relkit.features.drawn_segments import BEFORE, drawn_segments
    from relkit.features.segments import Segments
    from relkit.features.snapshot_covariates import declared_names
    from relkit.measurement.campaign_segments import SegmentOfUnits
    from relkit.reports.segment_names import segment_name, value_names
    from relkit.texts import LANGUAGES, Text

    columns = drawn_segments(request.tables, units, request.segments)
    declared = declared_names(request.tables)
    found = []
    for name in columns.columns:
        segments = Segments.of(columns, name)
        if len(segments) < 2:
            continue
        label = BEFORE.get(name) or declared.get(name) or Text()
        labels = [segment_name(name, {name: label[lang]} if label else {}, lang) for lang in LANGUAGES]
        groups = [Text(*names) for names in zip(*(value_names(segments, lang) for lang in LANGUAGES), strict=True)]
        found.append(SegmentOfUnits(column=name, label=Text(*labels), place=segments.places(columns), groups=groups))
    return found


def _facts(
    request: CampaignToMeasure, found: CampaignUnits, effects: CampaignEffects, checked: CheckedDraw, verdict: Verdict
) -> MeasurementFacts:
    from relkit import __version__
    from relkit.measurement.campaign_money import CampaignMoney
    from relkit.measurement.measured_campaign import MeasurementFacts

    days = found.units["drawn_on"]
    return MeasurementFacts(
        action_id=request.action,
        wave_id=request.wave,
        kind=DRAW,
        as_of=request.as_of.day,
        first_draw=days.sort()[0],
        last_draw=days.sort()[-1],
        waves=found.units["wave_id"].n_unique(),
        response_window_days=request.response_window_days,
        post_window_days=request.post_window_days,
        level=request.level,
        method=effects.method,
        what=CampaignMoney(effects=effects).what,
        currency=request.tables.facts.currency,
        counts={name: int(count) for name, count in found.counts.items()},
        srm_p_value=checked.p_value,
        mismatch=checked.is_mismatch,
        balance_p_value=checked.balance_p_value,
        verdict=verdict.decision,
        verdict_why=verdict.sentence,
        units_needed=verdict.units_needed,
        fingerprint=request.tables.fingerprint(),
        version=__version__,
        settings=request.settings,
    )


def _daily(request: CampaignToMeasure, found: CampaignUnits) -> pl.DataFrame | None:
    """Return the sums of margin by day since the draw; None if the company has no margin of each day."""
    from relkit.features.campaign_days import campaign_days
    from relkit.features.campaign_outcomes import has_sums

    if not has_sums(request.tables) or "margin" not in found.units.columns:
        return None
    named = {"action_id": request.action, "wave_id": request.wave, **request.windows}
    return campaign_days(request.tables, request.as_of, by_wave=True, **named)


def _known_once(found: CampaignUnits) -> tuple[Remark, ...]:
    """Return the remark on measures that are known at one time only."""
    names = [each.label for each in found.measures if each.column_after is None and not each.is_guardrail]
    if not names:
        return ()
    en, fr = (", ".join(name[lang].lower() for name in names) for lang in ("en", "fr"))
    return (
        Remark(
            "campaign_known_once",
            f"Known once after the draw, so that both windows show the same: {en}.",
            f"Connu une seule fois après le tirage, donc identique pour les deux fenêtres : {fr}.",
        ),
    )


def _about_contracts(request: CampaignToMeasure, found: CampaignUnits) -> tuple[Remark, ...]:
    """Return the remark on the margin of contracts kept, if most customers drawn held one."""
    from relkit.features.campaign_sums import HAS_CONTRACT, PRE
    from relkit.measurement.campaign_outcomes import MOSTLY_HOLDERS

    held = PRE + HAS_CONTRACT
    if held not in found.units.columns or found.units[held].sum() < MOSTLY_HOLDERS * len(found.units):
        return ()
    days = request.response_window_days + request.post_window_days
    return (
        Remark(
            "campaign_of_contracts",
            f"Most customers drawn hold a contract. Margin is counted to day {days}; a contract that is kept goes on bringing it. Before "
            "an action that keeps contracts is stopped, give a longer --post-window-days.",
            f"La plupart des clients tirés ont un contrat. La marge est comptée jusqu’au jour {days} ; un contrat conservé continue d’en "
            "rapporter. Avant d’arrêter une action qui conserve des contrats, allongez --post-window-days.",
        ),
    )
