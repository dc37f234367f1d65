"""`relkit measure ACTION --comparison`: those contacted next to similar customers who were not, where nobody was drawn. No proof."""

from __future__ import annotations

from typing import TYPE_CHECKING

from relkit.errors import GateError, ParameterError
from relkit.jobs.campaign_measuring import COMPARISON
from relkit.remarks import unique

if TYPE_CHECKING:
    from relkit.features.compared_units import ComparedUnits
    from relkit.jobs.campaign_measuring import CampaignToMeasure
    from relkit.measurement.campaign_comparison import CampaignComparison
    from relkit.measurement.measured_campaign import MeasuredCampaign, MeasurementFacts
    from relkit.progress import Progress


def compared(request: CampaignToMeasure, progress: Progress) -> MeasuredCampaign:
    """Return those contacted for an action, compared with eligible customers who were not.

    Raises:
        ParameterError: the action was drawn for, which is measured; or nobody was contacted for it.
        TableError: there are no transactions, or a group is too small.
        GateError: no wave is mature.
    """
    from relkit.features.compared_units import compared_units
    from relkit.measurement.campaign_comparison import CampaignComparison
    from relkit.measurement.campaign_outcomes import Outcomes
    from relkit.measurement.measured_campaign import MeasuredCampaign

    _refuse_drawn(request)
    progress("reading those contacted, and those who could have been", 0.0)
    found = compared_units(request.tables, request.as_of, action_id=request.action, wave_id=request.wave, **request.windows)
    if found.units.is_empty():
        raise GateError(
            f"no contact is mature as of {request.as_of}: {request.days} days after the first one must be known.",
            where=request.action,
            remedy="Compare later, or with shorter windows.",
        )
    comparison = CampaignComparison(
        units=found.units,
        outcomes=Outcomes(found.measures),
        covariates=found.covariates,
        response_days=request.response_window_days,
        post_days=request.post_window_days,
        level=request.level,
    )
    progress("modelling who was contacted, and what they bought", 0.3)
    results = comparison.compared()
    remarks = unique((*found.remarks, *comparison.remarks(results)))
    return MeasuredCampaign(facts=_facts(request, found, comparison), tables=comparison.tables(results), remarks=remarks)


def _refuse_drawn(request: CampaignToMeasure) -> None:
    """Refuse an action that was drawn for: its measurement proves what a comparison only suggests."""
    from relkit.commands import command
    from relkit.features.campaign_draws import actions_drawn

    if request.action in actions_drawn(request.tables, request.as_of):
        raise ParameterError(
            f"{request.action} was drawn for at random.", where="comparison", remedy=f"Measure it: {command('measure', request.action)}"
        )


def _facts(request: CampaignToMeasure, found: ComparedUnits, comparison: CampaignComparison) -> MeasurementFacts:
    from relkit import __version__
    from relkit.measurement.measured_campaign import MeasurementFacts
    from relkit.texts import Text

    days = found.units["started_on"].sort()
    money = comparison.outcomes.money
    return MeasurementFacts(
        action_id=request.action,
        wave_id=request.wave,
        kind=COMPARISON,
        as_of=request.as_of.day,
        first_draw=days[0],
        last_draw=days[-1],
        waves=found.units["wave_id"].n_unique(),
        response_window_days=request.response_window_days,
        post_window_days=request.post_window_days,
        level=request.level,
        method="adjusted",
        what=Text("Margin", "Marge") if money is None else money.label,
        currency=request.tables.facts.currency,
        counts={"treated": found.counts["contacted"], **{name: int(count) for name, count in found.counts.items()}},
        srm_p_value=None,
        mismatch=False,
        balance_p_value=None,
        verdict="not_measurable",
        verdict_why=Text("Nobody was drawn at random.", "Personne n’a été tiré au sort."),
        units_needed=None,
        fingerprint=request.tables.fingerprint(),
        version=__version__,
        settings=request.settings,
    )
