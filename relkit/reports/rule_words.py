"""Rules of the check and their remedies in French; in English they are as the quarantine file names them.

Rules are made of a column and a fault. A rule that is not listed here, such as one that an analyst declares, keeps its name.
"""

from __future__ import annotations

import re

_FAULTS: tuple[tuple[str, str], ...] = (
    (r"not a number", "n’est pas un nombre"),
    (r"not a whole number", "n’est pas un nombre entier"),
    (r"not a day", "n’est pas une date"),
    (r"not an instant", "n’est pas un instant"),
    (r"not true or false", "n’est ni oui ni non"),
    (r"could not be read", "illisible"),
    (r"empty", "vide"),
    (r"infinite", "infini"),
    (r"zero", "nul"),
    (r"below (\S+)", r"inférieur à \1"),
    (r"not above (\S+)", r"pas supérieur à \1"),
    (r"over (\S+)", r"supérieur à \1"),
    (r"unlikely, below (\S+)", r"peu probable, inférieur à \1"),
    (r"unlikely, over (\S+)", r"peu probable, supérieur à \1"),
    (r"none of (.+)", r"aucune des valeurs \1"),
    (r"before (\w+)", r"avant \1"),
    (r"not between 1900 and 2100", "hors de 1900 à 2100"),
    (r"negative on a sale", "négatif sur une vente"),
    (r"positive on a return or cancel", "positif sur un retour ou une annulation"),
    (r"given without (\w+)", r"donné sans \1"),
    (r"another answer at the same instant", "une autre réponse au même instant"),
    (r"equal to an earlier one in all but its id", "identique à une autre, à l’identifiant près"),
    (r"more fields than columns", "plus de champs que de colonnes"),
    (r"fewer fields than columns", "moins de champs que de colonnes"),
    (r"exact copy of an earlier row", "copie exacte d’une ligne précédente"),
    (r"key of an earlier row, other content", "clé d’une ligne précédente, contenu différent"),
)
_SUBJECTS = {"line": "ligne", "duplicate line": "ligne en double"}
_REMEDIES: tuple[tuple[str, str], ...] = (
    (r"Kept\.", "Gardé."),
    (r"Check the date format in the mapping\.", "Vérifiez le format de date dans le fichier de correspondance."),
    (r"Check that (\w+) and (\w+) are not swapped in the mapping\.", r"Vérifiez que \1 et \2 ne sont pas inversés dans la correspondance."),
    (r"Check the scale that the mapping declares\.", "Vérifiez l’échelle déclarée dans la correspondance."),
    (
        r"Declare in the mapping how the source marks returns \(kind and sign\), or correct the lines\.",
        "Déclarez dans la correspondance comment la source marque les retours (type et signe), ou corrigez les lignes.",
    ),
    (
        r"Declare in the mapping how it is written: format, decimal mark, marks of absence\.",
        "Déclarez dans la correspondance comment c’est écrit : format, séparateur décimal, marques d’absence.",
    ),
    (
        r"Declare in the mapping how it is written, for example (.+)\.",
        r"Déclarez dans la correspondance comment c’est écrit, par exemple \1.",
    ),
    (
        r"The first is kept; if each is a row of its own, declare another key in the mapping\.",
        "Le premier est gardé ; si chaque ligne compte, déclarez une autre clé dans la correspondance.",
    ),
    (r"Map its values to these\.", "Faites correspondre ses valeurs à celles-ci."),
    (
        r"Kept: the same thing can be bought twice; leave copies out in the source if they are none\.",
        "Gardé : on peut acheter deux fois la même chose ; écartez les copies à la source si c’en sont.",
    ),
    (
        r"Kept: the more restrictive answer holds, whatever the order of the rows\.",
        "Gardé : la réponse la plus restrictive l’emporte, quel que soit l’ordre des lignes.",
    ),
    (r"Kept: the amount counts, the line has no price per unit\.", "Gardé : le montant compte, la ligne n’a pas de prix unitaire."),
    (
        r"Kept: declare such lines as returns in the mapping where they are\.",
        "Gardé : déclarez ces lignes comme retours dans la correspondance si elles en sont.",
    ),
    (r"Kept: the contract counts as running\.", "Gardé : le contrat est réputé en cours."),
)


def rule_words(rule: str, language: str) -> str:
    r"""Return a rule in a language; one that is not known keeps its name.

    Examples:
        >>> rule_words("net_amount: not a number", "fr").replace("\u00a0", " ")
        'net_amount : n’est pas un nombre'
        >>> rule_words("price_paid", "fr"), rule_words("quantity: zero", "en")
        ('price_paid', 'quantity: zero')
    """
    subject, mark, fault = rule.partition(": ")
    if language != "fr" or not mark:
        return rule
    words = _translated(fault, _FAULTS)
    return rule if words is None else f"{_SUBJECTS.get(subject, subject.replace(' or ', ' ou '))}\u00a0: {words}"


def remedy_words(remedy: str, language: str) -> str:
    """Return a remedy in a language; empty if it is not known in French.

    Examples:
        >>> remedy_words("Map its values to these.", "fr"), remedy_words("Ask the till.", "fr"), remedy_words("Ask the till.", "en")
        ('Faites correspondre ses valeurs à celles-ci.', '', 'Ask the till.')
    """
    return remedy if language != "fr" else _translated(remedy, _REMEDIES) or ""


def _translated(text: str, pairs: tuple[tuple[str, str], ...]) -> str | None:
    for pattern, words in pairs:
        if found := re.fullmatch(pattern, text):
            return found.expand(words)
    return None
