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
    (r"not an id that can be told", "identifiant dont des chiffres sont perdus"),
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
    (r"another state from the same day", "un autre état au même jour"),
    (r"the other arm of the same wave", "l’autre groupe de la même vague"),
    (r"another end of the same exclusion", "une autre fin de la même exclusion"),
    (r"ended without ended_on", "terminé sans ended_on"),
    (r"ended without ended_on in another row of the contract", "terminé sans ended_on dans une autre ligne du contrat"),
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
        r"Correct them where the file is made, or declare in the mapping how they are written\.",
        "Corrigez à la source, ou déclarez dans la correspondance comment ces valeurs sont écrites.",
    ),
    (
        r"Correct them where the file is made; if they stand for no value, add them to `nulls` of the source\.",
        "Corrigez à la source ; si ces textes signifient « aucune valeur », ajoutez-les à `nulls` de la source.",
    ),
    (
        r"Correct them where the file is made; no usual format reads every value of the column\.",
        "Corrigez à la source ; aucun format usuel ne lit toutes les valeurs de la colonne.",
    ),
    (
        r"format: (\S+|\".+\") reads every value of the column: declare it in the mapping\.",
        r"format: \1 lit toutes les valeurs de la colonne : déclarez-le dans la correspondance.",
    ),
    (
        r"(.+) read every value of the column, so the values do not tell which is meant: ask, and declare it as format\.",
        r"Plusieurs formats lisent toute la colonne (\1) : demandez lequel est le bon et déclarez-le (format).",
    ),
    (
        r"format: (\".+\") reads (\d+)% of these values, and no usual one reads all: they may be of several forms\.",
        r"format: \1 lit \2 % de ces valeurs, et aucun format usuel ne les lit toutes : elles ont peut-être plusieurs formes.",
    ),
    (
        r"They look like the days of a spreadsheet: declare format: excel \(or excel_1904\) if they are\.",
        "On dirait des dates de tableur : si c’est le cas, déclarez format: excel (ou excel_1904).",
    ),
    (
        r"Write an expression that is true or false, such as x = 'oui'\.",
        "Écrivez une expression vraie ou fausse, comme x = 'oui'.",
    ),
    (
        r"Export the ids as text: the last digits are gone\.",
        "Exportez les identifiants en texte : leurs derniers chiffres sont perdus.",
    ),
    (
        r"They have the decimal mark (\S+): declare decimal: \S+ for the column, or ask for one form\.",
        r"Leur séparateur décimal est \1 : déclarez decimal: \1 pour la colonne, ou demandez une seule écriture.",
    ),
    (
        r"Declare thousands: (\S+) for the column if \S+ stands between thousands, decimal: \S+ if before decimals\.",
        r"Déclarez thousands: \1 pour la colonne si \1 sépare les milliers, decimal: \1 s’il précède les décimales.",
    ),
    (
        r"They have marks or signs beside the number: declare thousands, or take signs out with (.+) in an expression\.",
        r"Des signes accompagnent le nombre : déclarez thousands, ou retirez-les par \1 dans une expression.",
    ),
    (
        r"If the exporter leaves out empty fields at the end of a line, declare short_lines: fill for the source\.",
        "Si l’export omet les champs vides en fin de ligne, déclarez short_lines: fill pour la source.",
    ),
    (
        r"A delimiter inside a field that is not quoted: have it exported with quotes\.",
        "Un séparateur dans un champ sans guillemets : demandez un export avec guillemets.",
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
    (
        r"Kept: a contract that one row ends has ended, on the earliest day given; of other states a running one yields\.",
        "Gardé : un contrat qu’une ligne termine est terminé, au premier jour donné ; entre d’autres états, « en cours » cède.",
    ),
    (
        (
            r"Map the day of the end to ended_on, or declare contract_ended_without_day: last_known_day under company in the mapping; "
            r"if the status means something else, declare contract_ended_statuses\."
        ),
        (
            "Associez le jour de fin à ended_on, ou déclarez contract_ended_without_day: last_known_day sous company ; "
            "si le statut veut dire autre chose, déclarez contract_ended_statuses."
        ),
    ),
    (
        r"Kept: the unit is in no comparison, and counted; see how it came to be drawn twice\.",
        "Gardé : l’unité n’entre dans aucune comparaison, et elle est comptée ; cherchez comment elle a été tirée deux fois.",
    ),
    (
        r"Kept: the exclusion that lasts longest holds, whatever the order of the rows\.",
        "Gardé : l’exclusion la plus longue l’emporte, quel que soit l’ordre des lignes.",
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
