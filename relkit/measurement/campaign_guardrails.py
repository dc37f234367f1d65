"""Guardrails of a campaign: the effect on each at the end of the post window, next to the harm that is accepted, as rows for its files.

The test is that of `relkit.measurement.guardrails`, one-sided at half the error rate of the intervals (2.5 % for 95 %, as is usual for
non-inferiority), so that it agrees with the interval that is shown.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from relkit.errors import ParameterError
from relkit.measurement.campaign_outcomes import columns_of
from relkit.measurement.guardrails import Guardrail, guarded
from relkit.measurement.result_tables import GUARDRAILS, label_of, made, reason_of

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


@dataclass(frozen=True, eq=False)
class CampaignGuardrail:
    """A guardrail of a campaign.

    Attributes:
        outcome: what must not get worse.
        effect: on it, per unit drawn.
        guardrail: whether harm beyond the accepted amount is ruled out.
    """

    outcome: Outcome
    effect: Effect
    guardrail: Guardrail

    def row(self) -> dict[str, Any]:
        """Return its row."""
        effect, found = self.effect, self.guardrail
        return {
            "measure": self.outcome.column,
            **label_of(self.outcome.label),
            "kind": self.outcome.kind,
            "mean_treated": effect.treated,
            "mean_other": effect.control,
            "estimate": found.harm,
            "low": found.low,
            "high": found.high,
            "allowed": found.margin,
            "p_value": found.p_value,
            "state": found.state,
            "n_treated": effect.n_treated,
            "n_other": effect.n_control,
            **reason_of(found.reason if found.low is None else None),
        }


def guardrails_of(effects: CampaignEffects, accepted: Mapping[str, float]) -> tuple[CampaignGuardrail, ...]:
    """Return the guardrails of a campaign; without an amount that nobody had, such as returns where nothing comes back.

    Args:
        effects: effects of the campaign.
        accepted: harm accepted per unit, by the name of a guardrail; the others have the default.

    Raises:
        ParameterError: an unknown guardrail, or a negative harm.
    """
    harms = effects.outcomes.harms
    for name in accepted:
        if name not in (known := [each.column for each in harms]):
            raise ParameterError.unknown("guardrail", name, known, where="margins")
    if not harms:
        return ()
    found = effects.design.estimates(columns_of(harms))
    ends = [(each, found.effect(each.column_after or each.column, level=effects.level)) for each in harms]
    one_sided = (1 + effects.level) / 2
    return tuple(
        CampaignGuardrail(each, effect, guarded(effect, accepted.get(each.column, _usual(each, effect)), level=one_sided))
        for each, effect in ends
        if each.kind == "share" or effect.treated or effect.control
    )


def guardrails_table(guardrails: tuple[CampaignGuardrail, ...]) -> pl.DataFrame:
    """Return the rows of guardrails."""
    return made(GUARDRAILS, [each.row() for each in guardrails])


def _usual(outcome: Outcome, effect: Effect) -> float:
    """Return the harm that is accepted by default."""
    return ACCEPTED_SHARE if outcome.kind == "share" else ACCEPTED_PART * max(effect.control or 0.0, 0.0)
