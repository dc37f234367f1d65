"""Remarks on units drawn: who was left out, who was contacted against the draw, and which figures are assumed."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from relkit.remarks import Remark, french

if TYPE_CHECKING:
    from collections.abc import Mapping

    import polars as pl

_OF_COUNTS = {
    "in_both_arms": Remark(
        "units_in_both_arms",
        "{n} customers drawn into several arms of one wave are left out. If there are many, independent draws share a wave id: "
        "give each draw its own.",
        "{n} clients tirés dans plusieurs groupes d'une même vague sont écartés. S'ils sont nombreux, des tirages indépendants "
        "partagent un identifiant de vague : donnez à chacun le sien.",
    ),
    "repeated": Remark(
        "units_repeated",
        "{n} rows repeat a customer of the same arm and wave under another unit, and are left out.",
        "{n} lignes répètent un client du même groupe et de la même vague sous une autre unité, et sont écartées.",
    ),
    "test_accounts": Remark("units_test_accounts", "{n} test accounts are left out.", "{n} comptes de test sont écartés."),
    "certain": Remark(
        "units_certain",
        "{n} customers whose treatment was certain (propensity 1) or excluded (0) have nobody to compare with, and are left out.",
        "{n} clients dont le traitement était certain (probabilité 1) ou exclu (0) n'ont pas de point de comparaison, et sont écartés.",
    ),
    "not_selected": Remark(
        "units_not_selected",
        "{n} customers of both arms would not have been contacted if drawn treated, and are left out.",
        "{n} clients des deux groupes n'auraient pas été contactés s'ils avaient été traités, et sont écartés.",
    ),
    "not_mature": Remark(
        "units_not_mature",
        "{n} customers are not counted yet: the windows of their draw are not over, or returns may still come in.",
        "{n} clients ne sont pas encore comptés : les fenêtres de leur tirage ne sont pas closes, ou des retours peuvent encore arriver.",
    ),
    "control_contacted": Remark(
        "units_control_contacted",
        "{n} controls were contacted by mistake. They stay controls, as drawn; the effect is diluted by them.",
        "{n} témoins ont été contactés par erreur. Ils restent témoins, comme tirés ; l'effet en est dilué.",
    ),
    "treated_not_contacted": Remark(
        "units_treated_not_contacted",
        "{n} customers drawn as treated were not contacted. They stay treated, as drawn; the effect is diluted by them.",
        "{n} clients tirés pour être traités n'ont pas été contactés. Ils restent traités, comme tirés ; l'effet en est dilué.",
    ),
    "contacts_before_draw": Remark(
        "contacts_before_draw",
        "{n} contacts of the wave were sent before the day of its draw: check the dates of assignments and contacts.",
        "{n} contacts de la vague ont été envoyés avant le jour du tirage : vérifiez les dates des tirages et des contacts.",
    ),
    "outcomes_before_contact": Remark(
        "outcomes_before_contact",
        "{n} outcomes took place before their contact was sent: check the clocks of both.",
        "{n} issues ont eu lieu avant l'envoi de leur contact : vérifiez les horloges des deux sources.",
    ),
    "contacts_without_cost": Remark(
        "contacts_without_cost",
        "The cost of {n} contacts is unknown, and counts as 0.",
        "Le coût de {n} contacts est inconnu, et compte pour 0.",
    ),
}
"""Remarks, with {n} for the count that makes them."""


def remarks_of(
    counts: Mapping[str, int], offers: pl.DataFrame, *, redemptions: int, guessed_share: float, settle_days: int
) -> tuple[Remark, ...]:
    """Return the remarks on the units of a campaign.

    Args:
        counts: of units, by reason.
        offers: funder and unit_cost of the offers carried.
        redemptions: number of known redemptions.
        guessed_share: share of revenue whose margin is the company's mean rate.
        settle_days: days waited for returns; 0 for none.
    """
    found = [
        replace(remark, en=remark.en.format(n=f"{counts[code]:,}"), fr=remark.fr.format(n=french(counts[code])))
        for code, remark in _OF_COUNTS.items()
        if counts.get(code)
    ]
    return (*found, *_overlaps(counts), *_margins(guessed_share), *_returns(settle_days), *_offers(offers, redemptions))


def _overlaps(counts: Mapping[str, int]) -> list[Remark]:
    met = {arm: counts.get(f"{arm}_treated_elsewhere", 0) for arm in ("treated", "control")}
    if not any(met.values()):
        return []
    shares = {arm: 100 * n / max(counts[arm], 1) for arm, n in met.items()}
    return [
        Remark(
            "units_treated_elsewhere",
            f"Other draws treated {shares['treated']:.1f}% of the treated and {shares['control']:.1f}% of the controls during the windows: "
            "the effect is that of the action alongside the others.",
            f"D'autres tirages ont traité {french(shares['treated'], 1)} % des traités et {french(shares['control'], 1)} % des témoins "
            "pendant les fenêtres : l'effet est celui de l'action parmi les autres.",
        )
    ]


def _margins(guessed_share: float) -> list[Remark]:
    if not guessed_share:
        return []
    percent = 100 * guessed_share
    return [
        Remark(
            "campaign_margin_assumed",
            f"The margin of {percent:.1f}% of revenue is unknown; it is taken at the mean rate of the company.",
            f"La marge de {french(percent, 1)} % du chiffre d'affaires est inconnue ; elle est prise au taux moyen de l'entreprise.",
        )
    ]


def _returns(settle_days: int) -> list[Remark]:
    if not settle_days:
        return []
    return [
        Remark(
            "campaign_returns_settled",
            f"Sales are net of returns: windows count once {settle_days} days have passed, after which 95% of what comes back is back.",
            f"Les ventes sont nettes des retours : une fenêtre compte {settle_days} jours après sa fin, avec 95 % des retours.",
        )
    ]


def _offers(offers: pl.DataFrame, redemptions: int) -> list[Remark]:
    found = []
    if len(offers) and offers["funder"].is_in(["shared", "supplier"]).any():
        found.append(
            Remark(
                "campaign_offer_funded",
                "A supplier pays for part of the offer or all of it; only the cost to the company (unit_cost) is counted.",
                "Un fournisseur paie l'offre en tout ou en partie ; seul le coût pour l'entreprise (unit_cost) est compté.",
            )
        )
    if len(offers) and (offers["unit_cost"] > 0).any() and not redemptions:
        found.append(
            Remark(
                "campaign_offer_uses_unknown",
                "No redemption of the offer is known, so its cost is not counted.",
                "Aucune utilisation de l'offre n'est connue : son coût n'est pas compté.",
            )
        )
    return found
