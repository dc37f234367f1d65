"""Files, folders, sheets and foreign tables that a check was pointed at and did not read: each is named once, with what to do.

A file that has the name of one of our tables and cannot be read is an error; one whose name is near one is a warning, which reports
carry; any other is a note. Hidden files, locks and copies of editors (`.x`, `~$x`, `x~`, `x.bak`, `x.swp`), and what systems leave
(`_SUCCESS`, `desktop.ini`, `Thumbs.db`) are passed over.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from relkit.errors import TableError
from relkit.remarks import Remark
from relkit.texts import Text

if TYPE_CHECKING:
    from collections.abc import Sequence

_PASSED_OVER = re.compile(r"\..*|~\$.*|.*~|.*\.(bak|swp|crc|lock)|_SUCCESS|_COMMITTED.*|_STARTED.*|desktop\.ini|Thumbs\.db", re.IGNORECASE)
_SHOWN = 5
_NEAR, _MORE = Text(", near {name}", ", proche de {name}"), Text("and {n} more", "et {n} autres")

FORMAT = Text("relkit cannot read this format: export it as CSV or Parquet", "relkit ne lit pas ce format : exportez en CSV ou Parquet")
UNFINISHED = Text("an unfinished copy: fetch it again", "une copie inachevée : récupérez-la de nouveau")
DANGLING = Text("a link to a file that does not exist", "un lien vers un fichier qui n’existe pas")
EMPTY_FOLDER = Text("a folder without a file that relkit can read", "un dossier sans fichier lisible par relkit")
FOLDER = Text("a folder: give it as data, or name its files in a mapping", "un dossier : donnez-le comme données, ou nommez ses fichiers")
ARCHIVE = Text(
    "an archive that does not hold one file of data: unpack it", "une archive qui ne contient pas un seul fichier : décompressez-la"
)
DATABASE = Text("an SQLite database: give it as data", "une base SQLite : donnez-la comme données")
OTHER_NAME = Text("rename it, or map it", "renommez-le, ou déclarez-le dans une correspondance")
SECOND = Text("the table is read from another file already", "la table est déjà lue dans un autre fichier")
OTHER_COLUMNS = Text("it lacks columns of the table: map it", "il manque des colonnes de la table : déclarez-le dans une correspondance")
NOT_ALONE = Text("parts of different kinds: name the files in a mapping", "parties de natures différentes : nommez les fichiers")
NO_SOURCE = Text("no source of the mapping reads it", "aucune source de la correspondance ne le lit")


@dataclass(frozen=True, kw_only=True)
class Unread:
    """Something that was not read.

    Attributes:
        name: as in the folder; a sheet with its workbook.
        reason: and what to do.
        near: the table or the source whose name is near, "" if none is.
        is_error: whether it has the very name of a table that nothing else gives.
    """

    name: str
    reason: Text
    near: str = ""
    is_error: bool = False

    def spoken(self, language: str) -> str:
        """Return the name with its reason and the nearest table."""
        near = _NEAR.filled(name=self.near)[language] if self.near else ""
        return f"{self.name}{near} ({self.reason[language]})"


def is_passed_over(name: str) -> bool:
    """Return whether the file is of those that nobody means to be read.

    Examples:
        >>> is_passed_over("~$sales.xlsx"), is_passed_over(".~lock.sales.ods#"), is_passed_over("sales.csv")
        (True, True, False)
    """
    return _PASSED_OVER.fullmatch(name) is not None


def refuse_unread(unread: Sequence[Unread], where: str) -> None:
    """Raise one TableError for all that have the name of a table and cannot be read."""
    errors = [each for each in unread if each.is_error]
    if errors:
        listed = "; ".join(f"{each.name}: {each.reason['en']}" for each in errors[:_SHOWN])
        has = "1 entry has the name of a table" if len(errors) == 1 else f"{len(errors)} entries have the names of tables"
        raise TableError(f"{has} and cannot be read ({listed}).", where=where, remedy="Mend or remove it; a mapping can read other names.")


def unread_remarks(unread: Sequence[Unread]) -> tuple[Remark, ...]:
    """Return the remark on what was not read though its name is near a table or a source; none without any.

    Examples:
        >>> print(unread_remarks([Unread(name="sale.json", reason=FORMAT, near="sales")])[0].en)
        Not read: sale.json, near sales (relkit cannot read this format: export it as CSV or Parquet).
    """
    near = [each for each in unread if each.near]
    if not near:
        return ()
    return (Remark("files_not_read", f"Not read: {_listed(near, 'en')}.", f"Non lu : {_listed(near, 'fr')}."),)


def unread_notes(unread: Sequence[Unread], passed_over: int) -> list[str]:
    """Return the notes on what is near no table, and on how many files were passed over.

    Examples:
        >>> unread_notes([Unread(name="notes.md", reason=FORMAT)], 2)
        ['Not read, and near no table: notes.md.', 'Hidden, temporary and backup files passed over: 2.']
    """
    others = [each.name for each in unread if not each.near]
    more = f" and {len(others) - _SHOWN} more" if len(others) > _SHOWN else ""
    notes = [f"Not read, and near no table: {', '.join(others[:_SHOWN])}{more}."] if others else []
    return [*notes, f"Hidden, temporary and backup files passed over: {passed_over}."] if passed_over else notes


def _listed(unread: Sequence[Unread], language: str) -> str:
    shown = [each.spoken(language) for each in unread[:_SHOWN]]
    return "; ".join([*shown, _MORE.filled(n=len(unread) - _SHOWN)[language]] if len(unread) > _SHOWN else shown)
