"""Verdict on a campaign: continue, stop, retest, or not measurable; from the net money at the end of the post window."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import polars as pl

from relkit.measurement.t_intervals import reach
from relkit.texts import Text

if TYPE_CHECKING:
    from relkit.measurement.campaign_money import CampaignMoney

POWER = 0.8


@dataclass(frozen=True)
class Verdict:
    """What to do next.

    Attributes:
        code: continue, stop, retest or not_measurable.
        why: one sentence.
        units_needed: units to draw to detect an effect that pays its cost, with 80 % power; None if it cannot be said.
    """

    code: str
    why: Text
    units_needed: int | None = None


def verdict_on(money: CampaignMoney, guardrails: pl.DataFrame, *, is_mismatch: bool) -> Verdict:
    """Return the verdict."""
    account = money.account()
    if is_mismatch:
        return Verdict("not_measurable", Text("The draw was not carried out as planned.", "Le tirage n’a pas été appliqué comme prévu."))
    if account is None or account.net.low is None or account.net.high is None:
        reason = Text("No amount is known.", "Aucun montant n’est connu.") if account is None else account.net.reason
        return Verdict("not_measurable", reason)
    harmed = guardrails.filter(pl.col("low") > pl.col("allowed"))
    if len(harmed):
        return Verdict("stop", Text("A guardrail is harmed.", "Un garde-fou est dégradé."))
    if account.net.low > 0:
        return Verdict("continue", Text("The net margin is above zero.", "La marge nette est positive."))
    if account.net.high < 0:
        return Verdict("stop", Text("The net margin is below zero.", "La marge nette est négative."))
    return Verdict("retest", Text("The net margin may be zero.", "La marge nette peut être nulle."), _needed(money))


def _needed(money: CampaignMoney) -> int | None:
    """Return the units at which an effect as large as the cost would be detected."""
    account = money.account()
    if account is None or not account.cost.estimate or account.cost.estimate <= 0 or not account.net.se:
        return None
    steps = reach(money.effects.level) + reach(POWER, alternative="greater")
    ratio = steps * account.net.se / account.cost.estimate
    return math.ceil(sum(money.effects.design.sizes) * ratio**2)
