"""Guardrails of a campaign: measures that it may not harm by more than an accepted amount, tested for non-inferiority.

A guardrail holds if harm beyond the accepted amount is ruled out: the upper end of the interval of the effect lies below it. An interval
that crosses the amount proves neither harm nor its absence.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from relkit.errors import ParameterError
from relkit.measurement.campaign_outcomes import columns_of
from relkit.measurement.result_tables import GUARDRAILS, label_of, made, reason_of
from relkit.measurement.t_intervals import p_value

if TYPE_CHECKING:
    from collections.abc import Mapping

    import polars as pl

    from relkit.measurement.campaign_effects import CampaignEffects
    from relkit.measurement.campaign_outcomes import Outcome
    from relkit.measurement.effect import Effect

ACCEPTED_SHARE = 0.005
"""Harm accepted in a share by default: half a point."""
ACCEPTED_PART = 0.1
"""Harm accepted in an amount or a number by default, as a part of the mean of the control."""


def guardrails_table(effects: CampaignEffects, accepted: Mapping[str, float]) -> pl.DataFrame:
    """Return the effect on each guardrail at the end of the post window, next to the harm that is accepted.

    Args:
        effects: effects of the campaign.
        accepted: harm accepted per unit, by the name of a guardrail; the others have the default.

    Raises:
        ParameterError: an unknown guardrail.
    """
    harms = effects.outcomes.harms
    for name in accepted:
        if name not in (known := [each.column for each in harms]):
            raise ParameterError.unknown("guardrail", name, known, where="margins")
    if not harms:
        return made(GUARDRAILS, [])
    found = effects.design.estimates(columns_of(harms))
    ends = [(each, found.effect(each.column_after or each.column, level=effects.level)) for each in harms]
    return made(GUARDRAILS, [_row(outcome, effect, accepted.get(outcome.column)) for outcome, effect in ends])


def _row(outcome: Outcome, effect: Effect, accepted: float | None) -> dict[str, Any]:
    allowed = _usual(outcome, effect) if accepted is None else accepted
    beyond = None
    if allowed is not None and effect.estimate is not None and effect.se and effect.df is not None:
        beyond = p_value((effect.estimate - allowed) / effect.se, effect.df, "less")
    return {
        "measure": outcome.column,
        **label_of(outcome.label),
        "kind": outcome.kind,
        **{"mean_treated": effect.treated, "mean_other": effect.control, "estimate": effect.estimate, "low": effect.low, "high": effect.high},
        **{"allowed": allowed, "p_value": beyond, "holds": _holds(effect, allowed)},
        **{"n_treated": effect.n_treated, "n_other": effect.n_control},
        **reason_of(effect.reason or None),
    }


def _usual(outcome: Outcome, effect: Effect) -> float | None:
    """Return the harm that is accepted by default."""
    if outcome.kind == "share":
        return ACCEPTED_SHARE
    return None if effect.control is None else ACCEPTED_PART * max(effect.control, 0.0)


def _holds(effect: Effect, allowed: float | None) -> bool | None:
    """Return whether harm beyond the accepted amount is ruled out; None if it cannot be known."""
    if allowed is None or effect.estimate is None:
        return None
    if effect.se == 0:  # nothing varied within the arms: nobody, or everybody, in both
        return effect.estimate <= allowed
    return None if effect.high is None else effect.high < allowed
