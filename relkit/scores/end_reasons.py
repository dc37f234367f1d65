"""Why contracts end, in words, for plots and for the headers of customer files."""

from __future__ import annotations

END_REASONS: dict[str, tuple[str, str]] = {
    "voluntary": ("by the customer", "par le client"),
    "involuntary": ("by the company", "par l’entreprise"),
    "move": ("move", "déménagement"),
    "other": ("other reason", "autre motif"),
    "unknown": ("reason not given", "motif non renseigné"),
}
"""The reasons of the contracts table, in English and French."""


def reason_in_words(reason: str) -> tuple[str, str]:
    """Return a reason in English and French; one that a company gave itself is called by its name.

    Examples:
        >>> reason_in_words("move"), reason_in_words("bad_service")
        (('move', 'déménagement'), ('bad service', 'bad service'))
    """
    return END_REASONS.get(reason, (reason.replace("_", " "),) * 2)
