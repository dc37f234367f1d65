"""Reasons for the ends of contracts, in words, for plots and for the headers of customer files."""

from __future__ import annotations

from typing import TYPE_CHECKING

from relkit.texts import Text

if TYPE_CHECKING:
    from collections.abc import Mapping

END_REASONS: Mapping[str, Text] = {
    "voluntary": Text("by the customer", "par le client"),
    "involuntary": Text("by the company", "par l’entreprise"),
    "move": Text("move", "déménagement"),
    "other": Text("other reason", "autre motif"),
    "unknown": Text("reason not given", "motif non renseigné"),
}
"""The reasons of the contracts table, in English and French."""


def reason_in_words(reason: str) -> Text:
    """Return a reason in English and French; one defined by the company keeps its own name.

    Examples:
        >>> reason_in_words("move")["fr"], reason_in_words("bad_service")["fr"]
        ('déménagement', 'bad service')
    """
    plain = reason.replace("_", " ")
    return END_REASONS.get(reason, Text(plain, plain))
