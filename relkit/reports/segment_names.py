"""Segments of contracts in words: names of columns and of their values.

segment_name("monthly_amount", {}, "fr"), value_names(segments, "fr")
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from relkit.plots.style import number
from relkit.scores.reasons import NAMES
from relkit.texts import Text, in_language

if TYPE_CHECKING:
    from collections.abc import Mapping

    from relkit.features.segments import Segments

_OF_CUSTOMERS = {
    "type": Text("customer type", "type de client"),
    "country": Text("country", "pays"),
    "region": Text("region", "région"),
    "language": Text("language", "langue"),
    "household_size": Text("household size", "taille du foyer"),
    "engagement_score": Text("engagement score", "score d’engagement"),
    "product_id": Text("product", "produit"),
}
COLUMNS: dict[str, Text] = _OF_CUSTOMERS | NAMES
VALUES: dict[str, Text] = {
    "others": Text("others", "autres"),
    "empty": Text("not given", "non renseigné"),
    "person": Text("person", "particulier"),
    "household": Text("household", "foyer"),
    "company": Text("company", "entreprise"),
    "1": Text("yes", "oui"),
    "0": Text("no", "non"),
    "up_to": Text("up to {high}", "jusqu’à {high}"),
    "between": Text("{low} to {high}", "de {low} à {high}"),
    "above": Text("above {low}", "plus de {low}"),
    "_months": Text("months", "mois"),
    "_years": Text("years", "ans"),
    "_days": Text("days", "jours"),
}


def segment_name(column: str, declared: Mapping[str, str], language: str) -> str:
    """Return the name of a column, capitalised: as the mapping declared it, or relkit's own.

    A label that only repeats the name of the column was not declared: it was made from that name, in English in either language.

    Examples:
        >>> segment_name("monthly_amount", {}, "fr"), segment_name("plan_type", {}, "en"), segment_name("x", {"x": "Offer"}, "en")
        ('Montant mensuel', 'Plan type', 'Offer')
        >>> segment_name("household_size", {"household_size": "Household size"}, "fr")
        'Taille du foyer'
    """
    plain = column.replace("_", " ")
    known, label = COLUMNS.get(column, Text(plain, plain))[language], declared.get(column, "")
    called = known if label.lower() in {"", plain} else label
    return called[:1].upper() + called[1:]


def value_names(segments: Segments, language: str) -> tuple[str, ...]:
    """Return the names of the segments, in their order.

    Examples:
        >>> from relkit.features.segments import Segments
        >>> value_names(Segments(column="term_months", kind="number", values=("0", "24"), has_others=True), "en")
        ('0 months', '24 months', 'others')
        >>> value_names(Segments(column="x", kind="quarters", values=("0", "1"), edges=(12.5,)), "fr")
        ('jusqu’à 12,50', 'plus de 12,50')
        >>> value_names(Segments(column="x", kind="quarters", values=("0", "1", "2"), edges=(1.0, 2.0), is_whole=True), "en")
        ('up to 1', '2', 'above 2')
    """
    words = in_language(VALUES, language)
    names = [words["empty"] if value is None else _name(segments, value, language) for value in segments.values]
    return (*names, words["others"]) if segments.has_others else tuple(names)


def _name(segments: Segments, value: str, language: str) -> str:
    words = in_language(VALUES, language)
    if segments.kind == "flag":
        return words[value]
    if segments.kind == "number":
        return " ".join([_plain(float(value), language), *_unit(segments.column, language)])
    if segments.kind == "quarters":
        return _quarter(segments, int(value), language)
    return words.get(value, value) if segments.column == "type" else value


def _quarter(segments: Segments, quarter: int, language: str) -> str:
    """Return the bounds of a quarter in words."""
    words, edges = in_language(VALUES, language), [_plain(edge, language) for edge in segments.edges]
    if quarter == 0:
        return words["up_to"].format(high=edges[0])
    if quarter == len(edges):
        return words["above"].format(low=edges[-1])
    low = _plain(segments.edges[quarter - 1] + segments.is_whole, language)
    return low if low == edges[quarter] else words["between"].format(low=low, high=edges[quarter])


def _unit(column: str, language: str) -> list[str]:
    return [unit for ending, unit in in_language(VALUES, language).items() if ending.startswith("_") and column.endswith(ending)]


def _plain(value: float, language: str) -> str:
    return number(value, language, 0 if value == int(value) or abs(value) >= 100 else 2)
