"""Remarks: sentences that affect how a number is to be read, in English and French.

Tables, features, models and scores make them; jobs write them as `remarks.json` in their output folder (fits: with the
registered version), and the delivery and the reports show them, each once.

    write_remarks(folder / "remarks.json", unique(remarks))
    [remark.text("fr") for remark in read_remarks(folder / "remarks.json")]

A remark contains counts, dates and names of columns; no identifier and no value of a personal column.
"""

from __future__ import annotations

import json
import re
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING

from relkit.errors import ParameterError, StorageError
from relkit.texts import Text

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

FILE = "remarks.json"
UNTRANSLATED = "untranslated"
"""Code of a sentence saved by a model before remarks had French texts."""

_CODE = re.compile(r"[a-z][a-z0-9_]*")
_BEFORE, _AFTER = re.compile(r" (?=[:;?!%»€])"), re.compile(r"(?<=«) ")


@dataclass(frozen=True)
class Remark:
    """A sentence or two on how a number is to be read.

    Attributes:
        code: kind of remark, in snake case.
        en: the text in English, ending with a full stop.
        fr: the text in French, ending with a full stop; no-break spaces are added.
        about: scores or columns concerned; empty for all.

    Raises:
        ParameterError: a code that is not in snake case, a text that is missing or does not end with a full stop.

    Examples:
        >>> remark = Remark("one_snapshot", "There is one snapshot.", "Il n’y a qu’une photographie.", about=("churn_probability_90d",))
        >>> remark.text("fr")
        'Il n’y a qu’une photographie.'
    """

    code: str
    en: str
    fr: str
    about: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Refuse a remark that could not be shown in both languages."""
        if not _CODE.fullmatch(self.code):
            raise ParameterError(f"the code {self.code!r} is not in snake case.", where="remark")
        texts = (self.en,) if self.code == UNTRANSLATED else (self.en, self.fr)
        object.__setattr__(self, "fr", _BEFORE.sub("\u00a0", _AFTER.sub("\u00a0", self.fr)))
        if any(not text.endswith(".") for text in texts) or len(set(texts)) < len(texts):
            raise ParameterError("English and French must differ, and each must end with a full stop.", where=f"remark {self.code}")

    def text(self, language: str) -> str:
        """Return the text in a language; English if there is no French."""
        return Text(self.en, self.fr or self.en)[language]

    def on(self, scores: Iterable[str]) -> Remark:
        """Return the remark, concerning these scores or columns."""
        return replace(self, about=tuple(dict.fromkeys(scores)))


def untranslated(sentence: str) -> Remark:
    """Return the remark for a sentence that was saved in English only.

    Examples:
        >>> untranslated("12 customers were left out").text("fr")
        '12 customers were left out.'
    """
    return Remark(UNTRANSLATED, sentence if sentence.endswith(".") else f"{sentence}.", "")


def french(number: float, digits: int = 0) -> str:
    """Return a number in French notation.

    Examples:
        >>> french(12345.5, 1).replace("\u202f", "_")
        '12_345,5'
    """
    return f"{number:,.{digits}f}".replace(",", "\u202f").replace(".", ",")


def unique(remarks: Iterable[Remark]) -> tuple[Remark, ...]:
    """Return each remark once, in the order of its first appearance; a repeated one concerns all that any of its copies does.

    Examples:
        >>> first, again = Remark("x", "One.", "Un.", ("a",)), Remark("x", "One.", "Un.", ("b",))
        >>> unique([first, again])[0].about
        ('a', 'b')
        >>> unique([first, Remark("x", "One.", "Un.")])[0].about
        ()
    """
    found: dict[tuple[str, str], Remark] = {}
    for remark in remarks:
        key = remark.code, remark.en
        before = found.get(key)
        found[key] = remark if before is None else before.on((*before.about, *remark.about) if before.about and remark.about else ())
    return tuple(found.values())


def write_remarks(path: Path, remarks: Iterable[Remark]) -> Path:
    """Write remarks as JSON, each once, atomically, and return the path.

    Args:
        path: path of the file; its folder is made if missing.
        remarks: the remarks; even if empty, they replace those of an earlier run.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.part")
    draft.write_text(as_json(remarks), encoding="utf-8")
    draft.replace(path)
    return path


def read_remarks(path: Path) -> tuple[Remark, ...]:
    """Return the remarks of a file; empty if there is no file.

    Raises:
        StorageError: the file is damaged.
    """
    if not path.is_file():
        return ()
    try:
        return from_json(path.read_text(encoding="utf-8"))
    except (KeyError, TypeError, ValueError, RecursionError) as error:
        raise StorageError("the remarks cannot be read.", where=str(path), remedy="Run the job that wrote them again.") from error


def as_json(remarks: Iterable[Remark]) -> str:
    """Return remarks as JSON text, each once.

    Examples:
        >>> from_json(as_json([Remark("x", "One.", "Un.", ("a",))]))
        (Remark(code='x', en='One.', fr='Un.', about=('a',)),)
    """
    return json.dumps([asdict(remark) for remark in unique(remarks)], indent=1, ensure_ascii=False) + "\n"


def from_json(text: str) -> tuple[Remark, ...]:
    """Return the remarks of a JSON text."""
    return tuple(Remark(item["code"], item["en"], item["fr"], tuple(item["about"])) for item in json.loads(text))
