"""Names of columns, cut into words and read as meanings."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from functools import cache

from relkit.tables.drafting.lexicon import CHANNELS, FILLERS, MEANINGS, NOTIONS, several

_CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_CODES = several("eur usd gbp chf cad utc gmt")
_LIKELY = 0.6
_LESS = 0.015
_SHORTEST = 2


@dataclass(frozen=True)
class Meaning:
    """One reading of a name.

    Attributes:
        name: of the meaning, as in the lexicon.
        share: of the words of the name that it explains, in (0, 1].
    """

    name: str
    share: float


def plain(text: str) -> str:
    """Return the text in lower case, without accents.

    Examples:
        >>> plain("N° Téléphone")
        'n° telephone'
    """
    apart = unicodedata.normalize("NFKD", text.replace("°", "\u00b0"))
    return "".join(c for c in apart if not unicodedata.combining(c)).lower()


@cache
def words(name: str) -> tuple[str, ...]:
    """Return the words of a name; glued ones are cut where the vocabulary allows.

    Examples:
        >>> words("Date d'achat"), words("idClient"), words("montantttc"), words("N° client")
        (('date', 'd', 'achat'), ('id', 'client'), ('montant', 'ttc'), ('n', 'client'))
    """
    apart = _CAMEL.sub(" ", name)
    found = re.findall(r"[a-z]+|\d+", plain(apart))
    return tuple(word for token in found for word in _cut(token))


@cache
def _cut(token: str) -> tuple[str, ...]:
    """Return the fewest known words that make up the token, or the token itself."""
    if token in NOTIONS or token in FILLERS or token.isdigit() or len(token) < 2 * _SHORTEST:
        return (token,)
    best: dict[int, tuple[str, ...]] = {0: ()}
    for end in range(1, len(token) + 1):
        for start in range(end):
            part = token[start:end]
            known = len(part) >= _SHORTEST and (part in NOTIONS)
            if known and start in best and (end not in best or len(best[start]) + 1 < len(best[end])):
                best[end] = (*best[start], part)
    return best.get(len(token), (token,))


@cache
def notions(name: str) -> frozenset[str]:
    """Return all notions of the words of a name.

    Examples:
        >>> sorted(notions("Montant TTC"))
        ['AMOUNT', 'INCL']
    """
    return frozenset(notion for word in words(name) for notion in NOTIONS.get(word, ()))


@cache
def meanings(name: str) -> tuple[Meaning, ...]:
    """Return the likely meanings of a name, the best first.

    Examples:
        >>> [m.name for m in meanings("N° client")][:1], [m.name for m in meanings("InvoiceDate")][:1], meanings("foo")
        (['customer_id'], ['order_day'], ())
    """
    given = [word for word in words(name) if not word.isdigit() and word not in _CODES]
    usual = [word for word in given if word not in FILLERS] or [word for word in given if word in NOTIONS] or given
    best = _read(usual)
    if "total" in given and "total" not in usual:  # an order total is an amount, total orders are none: the values decide
        counted = _read([word for word in given if word == "total" or word not in FILLERS])
        best |= {meaning: share - _LESS for meaning, share in counted.items() if meaning not in best}
    return tuple(sorted((Meaning(meaning, share) for meaning, share in best.items()), key=lambda m: -m.share))


def _read(tokens: list[str]) -> dict[str, float]:
    """Return the share of the words that each meaning explains, for those that explain most of them."""
    senses = [frozenset(NOTIONS.get(word, ())) for word in tokens]
    modifiers = {"INCL", "EXCL"} | ({"TAX"} if any(sense & {"INCL", "EXCL"} for sense in senses) else set())
    senses = [sense for sense in senses if not sense or sense - modifiers] or senses
    return {meaning: share for meaning, sets in MEANINGS.items() if (share := _share(senses, sets)) >= _LIKELY}


def _share(senses: list[frozenset[str]], sets: tuple[str, ...]) -> float:
    """Return the largest share of words that one of the sets of notions explains, if it is there as a whole."""
    best = 0.0
    for wanted in map(frozenset, (text.split() for text in sets)):
        if senses and all(any(notion in sense for sense in senses) for notion in wanted):
            explained = sum(bool(sense & wanted) for sense in senses) / len(senses)
            best = max(best, explained + 0.001 * len(wanted) * (explained >= _LIKELY))
    return min(best, 1.0) if best < 1.0 else best


def tax_basis(name: str) -> str | None:
    """Return incl or excl if the name of an amount states it.

    Examples:
        >>> tax_basis("Montant TTC"), tax_basis("prix_ht"), tax_basis("amount")
        ('incl', 'excl', None)
    """
    found = set(words(name))
    if found & {"ttc", "incl", "including"}:
        return "incl"
    return "excl" if found & {"ht", "excl", "excluding", "hors"} else None


def channel(name: str) -> str | None:
    """Return the channel that the name of a consent states; a newsletter is e-mail.

    Examples:
        >>> channel("Opt-in SMS"), channel("newsletter"), channel("optin")
        ('sms', 'email', None)
    """
    found = notions(name)
    for notion, known in CHANNELS.items():
        if notion in found:
            return known
    return "email" if "newsletter" in words(name) else None


def identifier(name: str) -> str:
    """Return the name as a mapping may use it for an attribute or a source.

    Examples:
        >>> identifier("Segment de clientèle"), identifier("2024")
        ('segment_de_clientele', 'column_2024')
    """
    apart = _CAMEL.sub("_", name)
    made = re.sub(r"[^a-z0-9]+", "_", plain(apart)).strip("_") or "column"
    return made if made[0].isalpha() else f"column_{made}"
