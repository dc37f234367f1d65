"""Guardrails of a campaign: the effect on each at the end of the post window, next to the harm that is accepted, as rows for its files.

The test is that of `relkit.measurement.guardrails`, one-sided at half the error rate of the intervals (2.5 % for 95 %, as is usual for
non-inferiority), so that it agrees with the interval that is shown.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import polars as pl

from relkit.errors import ParameterError
from relkit.measurement.guardrails import Guardrail, guarded
from relkit.measurement.measures import Measure
from relkit.measurement.result_tables import GUARDRAILS, label_of, made, reason_of
from relkit.texts import Text

if TYPE_CHECKING:
    from collections.abc import Mapping

    from relkit.measurement.campaign_effects import CampaignEffects
    from relkit.measurement.campaign_outcomes import Outcome
    from relkit.measurement.effect import Effect

ACCEPTED_SHARE = 0.005
"""Harm accepted in a share by default: half a point."""
ACCEPTED_PART = 0.1
"""Harm accepted in an amount or a number by default, as a part of the mean of the control."""
RETURNS, REVENUE = "returns", "revenue"
RETURNED = Text("Share of sales returned", "Part des ventes retournée")
ACCEPTED_RETURNED = 0.01
"""Harm accepted in the share returned by default: a point. Returns alone would rise with sales, which is no harm."""
_GROSS = "_gross"


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

    @property
    def is_share_returned(self) -> bool:
        """True if the guardrail is the share of sales that comes back, and not an amount."""
        return "/" in self.effect.measure

    def row(self) -> dict[str, Any]:
        """Return its row."""
        effect, found = self.effect, self.guardrail
        return {
            "measure": self.outcome.column,
            **label_of(RETURNED if self.is_share_returned else self.outcome.label),
            "kind": "share" if self.is_share_returned else self.outcome.kind,
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
    one_sided = (1 + effects.level) / 2
    found = [(each, _effect(effects, each)) for each in harms]
    return tuple(
        CampaignGuardrail(each, effect, guarded(effect, accepted.get(each.column, _usual(each, effect)), level=one_sided))
        for each, effect in found
        if each.kind == "share" or effect.treated or effect.control
    )


def _effect(effects: CampaignEffects, outcome: Outcome) -> Effect:
    """Return the effect on a guardrail at the end of the post window; of returns, that on the share of sales returned."""
    design, column = effects.design, outcome.column_after or outcome.column
    revenue = effects.outcomes.named(REVENUE)
    if outcome.column != RETURNS or revenue is None:
        return design.effect(column, level=effects.level)
    sold = pl.col(revenue.column_after or revenue.column) + pl.col(column)
    with_sold = replace(design, units=design.units.with_columns(sold.alias(_GROSS)))
    return with_sold.effect(Measure(column, per=_GROSS), level=effects.level)


def guardrails_table(guardrails: tuple[CampaignGuardrail, ...]) -> pl.DataFrame:
    """Return the rows of guardrails."""
    return made(GUARDRAILS, [each.row() for each in guardrails])


def _usual(outcome: Outcome, effect: Effect) -> float:
    """Return the harm that is accepted by default."""
    if outcome.kind == "share":
        return ACCEPTED_SHARE
    return ACCEPTED_RETURNED if "/" in effect.measure else ACCEPTED_PART * max(effect.control or 0.0, 0.0)
