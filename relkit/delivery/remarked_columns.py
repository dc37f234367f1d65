"""Columns whose meaning ends with the remarks about them, which the data dictionary and the workbook show."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from relkit.texts import LANGUAGES, Text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from relkit.file_column import FileColumn
    from relkit.remarks import Remark


def remarked(column: FileColumn, remarks: Sequence[Remark]) -> FileColumn:
    """Return a column whose meaning ends with the remarks about it, in English and French.

    A remark is about a column if it names the column or the score that the column shows; columns of bounds do not repeat it.
    """
    names = {column.name, column.score} if column.kind == "score" and column.bound == "value" else {column.name}
    found = [remark for remark in remarks if names & set(remark.about)]
    if not found:
        return column
    english, french = (" ".join([column.meaning[at], *(remark.text(at) for remark in found)]) for at in LANGUAGES)
    return replace(column, meaning=Text(english, french))
