"""Texts in English and French: the one form of all texts that people read.

label = Text("Value of an order", "Valeur d'une commande")
label["fr"]
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, TypeVar, overload

from relkit.errors import ParameterError

Language = Literal["en", "fr"]
LANGUAGES: tuple[Language, ...] = ("en", "fr")
_K = TypeVar("_K")


@dataclass(frozen=True)
class Text:
    """A text in both languages.

    Attributes:
        en: in English.
        fr: in French.

    Examples:
        >>> days = Text("days", "jours")
        >>> days["fr"], days.filled(n=3)["en"]
        ('jours', 'days')
        >>> Text("{n} customers", "{n} clients").filled(n=3)["fr"]
        '3 clients'
        >>> bool(Text())
        False
    """

    en: str = ""
    fr: str = ""

    def __getitem__(self, language: str) -> str:
        """Return the text in a language, or raise a ParameterError that lists the languages."""
        if language not in LANGUAGES:
            raise ParameterError.unknown("language", language, LANGUAGES, where="language")
        return self.fr if language == "fr" else self.en

    def __bool__(self) -> bool:
        """Return whether it is not empty."""
        return bool(self.en or self.fr)

    def filled(self, **words: object) -> Text:
        """Return the text with each `{word}` replaced; a word that is itself a Text is taken in the same language."""
        english, french = ({key: word[at] if isinstance(word, Text) else word for key, word in words.items()} for at in LANGUAGES)
        return Text(self.en.format(**english), self.fr.format(**french))


EMPTY = Text()
"""The empty text."""


@overload
def in_language(texts: Mapping[_K, Text], language: str) -> dict[_K, str]: ...
@overload
def in_language(texts: Sequence[Text], language: str) -> tuple[str, ...]: ...
def in_language(texts: Mapping[_K, Text] | Sequence[Text], language: str) -> dict[_K, str] | tuple[str, ...]:
    """Return several texts in one language: by the same keys, or in the same order.

    Raises:
        ParameterError: an unknown language.

    Examples:
        >>> in_language({"title": Text("Value", "Valeur")}, "fr"), in_language((Text("yes", "oui"), Text("no", "non")), "fr")
        ({'title': 'Valeur'}, ('oui', 'non'))
    """
    if isinstance(texts, Mapping):
        return {key: text[language] for key, text in texts.items()}
    return tuple(text[language] for text in texts)
