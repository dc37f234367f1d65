"""English words in a text: those of all English texts of a delivery, except the ones that also exist in French."""

from __future__ import annotations

import re

from relkit.delivery import difference, summary, written_files
from relkit.delivery.columns import declared
from relkit.scores.end_reasons import END_REASONS
from relkit.scores.reasons import NAMES, SIDES
from relkit.texts import in_language

COGNATES = {
    *(
        "a",
        "b",
        "budget",
        "cause",
        "champions",
        "contact",
        "contacts",
        "csv",
        "date",
        "e",
        "exclusion",
        "exclusions",
        "h",
        "protection",
        "mail",
        "net",
        "part",
        "plus",
    ),
    *("possible", "profit", "programme", "psi", "question", "rfm", "s", "score", "scores", "segment", "situation", "source", "sources"),
    *("exclusions", "protection", "stable", "t", "table", "version"),
}
"""Words spelt alike in both languages."""


def words_of(text: str) -> set[str]:
    """Return the words of a text in lower case, placeholders left out."""
    return set(re.findall(r"[a-zà-öø-ÿœ]+", re.sub(r"\{[^}]*\}", " ", text).lower()))


def english_words() -> set[str]:
    """Return every word of the English texts that is not French."""
    texts = [text for c in declared() for text in (c.label["en"], c.meaning["en"], c.empty_means["en"], *c.words("en").values(), *c.codes)]
    texts += [
        *in_language(summary.TEXTS, "en").values(),
        *in_language(difference.TEXTS, "en").values(),
        *in_language(written_files.SHEETS, "en"),
        *in_language(written_files.DICTIONARY_HEADERS, "en"),
    ]
    texts += [text["en"] for texts in (NAMES, SIDES, END_REASONS) for text in texts.values()]
    texts += [name.replace("_", " ") for name in (*NAMES, *END_REASONS)]
    return {word for text in texts for word in words_of(text.replace("_", " "))} - COGNATES
