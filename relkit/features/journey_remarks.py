"""Remarks on journeys: touches and sales that are in none, and all that makes them hard to read, in both languages."""

from __future__ import annotations

from typing import TYPE_CHECKING

from relkit.remarks import Remark, french

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    Counts = Mapping[str, int]


def remarks_of(counts: Counts) -> tuple[Remark, ...]:
    """Return the remarks that counts of journeys (`relkit.features.journey_counts`) call for.

    Examples:
        >>> from collections import defaultdict
        >>> counts = defaultdict(int, touches=9, in_journeys=7, too_old=2, ties=1)
        >>> for remark in remarks_of(counts):
        ...     print(remark.en)
        Of 9 touches, 2 are in no journey: 2 older than the lookback of their conversion.
        1 touches were at the same instant as another one of the same person: the order of their touchpoint_id decides which came first.
    """
    return tuple(remark for make in _REMARKS if (remark := make(counts)) is not None)


def _listed(counts: Counts, texts: Mapping[str, tuple[str, str]]) -> tuple[str, str]:
    """Return the counts that are not zero with their texts, in both languages."""
    there = [(counts[name], english, spoken) for name, (english, spoken) in texts.items() if counts[name]]
    return ", ".join(f"{n:,} {text}" for n, text, _ in there), ", ".join(f"{french(n)} {text}" for n, _, text in there)


_LEFT_OUT = {
    "too_old": ("older than the lookback of their conversion", "plus anciens que la fenêtre de leur conversion"),
    "after_first_order": ("after the first order of their customer", "après la première commande de leur client"),
    "there_before": ("of customers who were there before the history starts", "de clients présents avant le début de l’historique"),
    "test_touches": ("of test accounts", "de comptes de test"),
}
_NO_CONVERSIONS = {
    "unidentified": ("of buyers who are not identified", "d’acheteurs non identifiés"),
    "returned": ("returned in full", "avec retour complet"),
    "without_amount": ("without an amount above zero", "sans montant positif"),
    "first_order_unknown": (
        "the first known of customers who were there before the history starts",
        "premières connues de clients présents avant le début de l’historique",
    ),
}


def _touches_left_out(counts: Counts) -> Remark | None:
    total = counts["touches"] + counts["test_touches"]
    number = sum(counts[name] for name in _LEFT_OUT)
    if not number:
        return None
    english, spoken = _listed(counts, _LEFT_OUT)
    return Remark(
        "touches_in_no_journey",
        f"Of {total:,} touches, {number:,} are in no journey: {english}.",
        f"Sur {french(total)} contacts, {french(number)} ne figurent dans aucun parcours : {spoken}.",
    )


def _touches_after_last(counts: Counts) -> Remark | None:
    if not counts["null_paths"]:
        return None
    return Remark(
        "journeys_without_conversion",
        f"{counts['null_paths']:,} of {counts['journeys']:,} journeys led to no conversion by now: they hold {counts['in_null_paths']:,} "
        "touches without a later conversion of the same person.",
        f"{french(counts['null_paths'])} parcours sur {french(counts['journeys'])} n’ont pas mené à une conversion à ce jour : ils "
        f"comptent {french(counts['in_null_paths'])} contacts sans conversion ultérieure de la même personne.",
    )


def _no_conversions(counts: Counts) -> Remark | None:
    if not any(counts[name] for name in _NO_CONVERSIONS):
        return None
    english, spoken = _listed(counts, _NO_CONVERSIONS)
    return Remark(
        "sales_that_are_no_conversions",
        f"Transactions that are no conversions: {english}.",
        f"Transactions qui ne sont pas des conversions : {spoken}.",
    )


def _identities(counts: Counts) -> Remark | None:
    if not counts["stitched_visitors"] + counts["ambiguous_visitors"]:
        return None
    return Remark(
        "visitors_linked_to_customers",
        f"{counts['stitched_touches']:,} touches of {counts['stitched_visitors']:,} visitors count for the one customer to whom other "
        f"touches link their anonymous id; {counts['ambiguous_visitors']:,} ids of several customers stay anonymous "
        f"({counts['ambiguous_touches']:,} touches).",
        f"{french(counts['stitched_touches'])} contacts de {french(counts['stitched_visitors'])} visiteurs comptent pour le seul client "
        f"auquel d’autres contacts relient leur identifiant anonyme ; {french(counts['ambiguous_visitors'])} identifiants communs à "
        f"plusieurs clients restent anonymes ({french(counts['ambiguous_touches'])} contacts).",
    )


def _early_converters(counts: Counts) -> Remark | None:
    if not counts["early_converters"]:
        return None
    return Remark(
        "converted_before_first_touch",
        f"{counts['early_converters']:,} of {counts['converters']:,} people who converted did so before their first touch, that of the "
        "conversion itself aside: their later touches did not cause it.",
        f"{french(counts['early_converters'])} personnes sur {french(counts['converters'])} ayant converti l’ont fait avant leur premier "
        "contact, hormis celui de la conversion même : leurs contacts ultérieurs n’en sont pas la cause.",
    )


def _ties(counts: Counts) -> Remark | None:
    if not counts["ties"]:
        return None
    return Remark(
        "touches_at_the_same_instant",
        f"{counts['ties']:,} touches were at the same instant as another one of the same person: the order of their touchpoint_id decides "
        "which came first.",
        f"{french(counts['ties'])} contacts ont eu lieu au même instant qu’un autre de la même personne : l’ordre de leur touchpoint_id "
        "décide lequel vient en premier.",
    )


def _loops(counts: Counts) -> Remark | None:
    if not counts["loops"]:
        return None
    return Remark(
        "channels_repeated_in_a_row",
        f"{counts['loops']:,} touches repeat the channel of the touch before them in their journey.",
        f"{french(counts['loops'])} contacts répètent le canal du contact qui les précède dans leur parcours.",
    )


def _never_before(counts: Counts) -> Remark | None:
    if not counts["channels_never_before"]:
        return None
    return Remark(
        "channels_never_before_a_conversion",
        f"{counts['channels_never_before']:,} of {counts['channels']:,} channels never precede a conversion: no model can credit them.",
        f"{french(counts['channels_never_before'])} canaux sur {french(counts['channels'])} ne précèdent jamais une conversion : aucun "
        "modèle ne peut leur en attribuer.",
    )


def _values(counts: Counts) -> Remark | None:
    if not counts["negative_value"] + counts["unknown_worth"]:
        return None
    return Remark(
        "conversions_of_doubtful_value",
        f"{counts['negative_value']:,} conversions have a negative value, which lowers that of their channels; of "
        f"{counts['unknown_worth']:,} the margin of a line is not known and counts as zero.",
        f"{french(counts['negative_value'])} conversions ont une valeur négative, qui diminue celle de leurs canaux ; pour "
        f"{french(counts['unknown_worth'])}, la marge d’une ligne est inconnue et compte pour zéro.",
    )


_REMARKS: tuple[Callable[[Counts], Remark | None], ...] = (
    _touches_left_out,
    _touches_after_last,
    _no_conversions,
    _identities,
    _early_converters,
    _never_before,
    _values,
    _ties,
    _loops,
)
