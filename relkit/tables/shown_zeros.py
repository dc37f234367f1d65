"""Columns of a workbook whose numbers are shown with zeros in front that they do not hold.

A number format such as 0000000 shows 123 as 0000123; other files then say 0000123, and nobody sees why they do not match.
"""

from __future__ import annotations

import re
import zipfile
from typing import TYPE_CHECKING

from relkit.remarks import Remark

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_FORMAT = re.compile(r"<numFmt\b[^>]*>")
_STYLES = re.compile(r"<cellXfs\b.*?</cellXfs>", re.DOTALL)
_STYLE = re.compile(r"<xf\b[^>]*>")
_SHEET = re.compile(r"<sheet\b[^>]*>")
_RELATION = re.compile(r"<Relationship\b[^>]*>")
_CELL = re.compile(r'<c\b[^>]*\br="([A-Z]+)\d+"[^>]*>')
_ZEROS = re.compile(r"0{2,}(;.*)?")
_CHUNK = 1 << 20


def columns_with_shown_zeros(path: Path, sheet: str) -> tuple[int, ...]:
    """Return the places, from 0, of the columns of a sheet with a number format of zeros alone; none if the file has no such format.

    Args:
        path: of the workbook.
        sheet: its name.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            styles = _styles(archive)
            part = _part(archive, sheet) if styles else None
            return tuple(sorted({_place(letters) for letters in _letters(archive, part, styles)})) if part else ()
    except (KeyError, OSError, zipfile.BadZipFile, UnicodeDecodeError):
        return ()  # another reader says what is wrong with the file


def _attribute(tag: str, name: str) -> str:
    found = re.search(rf'\b{name}="([^"]*)"', tag)
    return found[1] if found else ""


def _styles(archive: zipfile.ZipFile) -> frozenset[str]:
    """Return the numbers of the cell styles that show zeros."""
    text = archive.read("xl/styles.xml").decode()
    formats = {_attribute(tag, "numFmtId") for tag in _FORMAT.findall(text) if _ZEROS.fullmatch(_attribute(tag, "formatCode"))}
    styles = _STYLES.search(text)
    if not formats or styles is None:
        return frozenset()
    return frozenset(str(place) for place, tag in enumerate(_STYLE.findall(styles[0])) if _attribute(tag, "numFmtId") in formats)


def _part(archive: zipfile.ZipFile, sheet: str) -> str | None:
    """Return the name of the part of the archive that has the sheet."""
    sheets = _SHEET.findall(archive.read("xl/workbook.xml").decode())
    wanted = next((_attribute(tag, "r:id") for tag in sheets if _attribute(tag, "name") == sheet), "")
    relations = _RELATION.findall(archive.read("xl/_rels/workbook.xml.rels").decode())
    target = next((_attribute(tag, "Target") for tag in relations if _attribute(tag, "Id") == wanted), "")
    return (target.removeprefix("/") if target.startswith("/") else f"xl/{target}") if target else None


def _letters(archive: zipfile.ZipFile, part: str, styles: frozenset[str]) -> Iterator[str]:
    """Yield the letters of the columns of cells in one of the styles, reading the sheet in pieces."""
    rest = ""
    with archive.open(part) as file:
        while chunk := file.read(_CHUNK):
            text = rest + chunk.decode(errors="replace")
            yield from (found[1] for found in _CELL.finditer(text) if _attribute(found[0], "s") in styles)
            rest = text[text.rfind("<") :][:_CHUNK]


def _place(letters: str) -> int:
    """Return the place of a column, from 0.

    Examples:
        >>> _place("A"), _place("AB")
        (0, 27)
    """
    place = 0
    for letter in letters:
        place = place * 26 + ord(letter) - ord("A") + 1
    return place - 1


def shown_zeros(file: str, columns: tuple[str, ...]) -> Remark:
    """Return the remark on columns whose zeros are only shown."""
    listed = ", ".join(columns)
    return Remark(
        "zeros_only_shown",
        f"{file}, column {listed}: its numbers are shown with zeros in front (number format 0000000) that they do not hold: 0000123 is "
        "read as 123. Where another file has the zeros, declare id_form: strip_leading_zeros for its column.",
        f"{file}, colonne {listed} : ses nombres sont affichés avec des zéros en tête (format 0000000) qu’ils ne contiennent pas : 0000123 "
        "est lu 123. Si un autre fichier contient ces zéros, déclarez id_form: strip_leading_zeros pour sa colonne.",
    )
