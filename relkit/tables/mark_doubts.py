"""Amounts with two readings: every number of a column that has a mark has three digits after it, as 1.299 has.

It is one and 299 thousandths (kilos, dinars) or one thousand two hundred and ninety-nine. A declared `decimal` or `thousands` answers.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from relkit.remarks import Remark, french
from relkit.tables import casting
from relkit.tables.casting import Style
from relkit.tables.file_columns import exactly
from relkit.tables.findings import counted
from relkit.tables.number_marks import OTHER, NumberMarks, counts_of_marks
from relkit.tables.questions import Answer, Question

if TYPE_CHECKING:
    from collections.abc import Mapping

    from relkit.tables.sources import Source

_NAME = "marks of "
_WORDS = {".": ("point", "point"), ",": ("comma", "virgule")}


def question(column: str, style: Style, *, is_money: bool = True) -> Question:
    """Return the question about a column of text that is read as a number.

    Args:
        column: of the source.
        style: in which it is read.
        is_money: whether two readings are a doubt; quantities do have three decimals.
    """

    def answer(source: Source, found: Mapping[str, Any]) -> list[Answer]:
        marks = NumberMarks(**{name: int(value or 0) for name, value in found.items()})
        if marks.contradict:
            return [_contradiction(source, column, marks, style)]
        if marks.decimal is not None or not (marks.pointed or marks.comma_grouped):
            return []
        return [_two_readings(source, column, marks, style)] if is_money else []

    return Question(name=f"{_NAME}{column}", asked=counts_of_marks(exactly(column)), answer=answer)


def late_marks(found: Mapping[str, Any], source: Source) -> dict[str, str]:
    """Return, by column, the decimal mark that only later rows show and that is not the source's.

    Args:
        found: values of the aggregates of all questions about the source, by `question|aggregate`.
        source: which did not show its mark when it was opened.
    """
    if source.decimal_known:
        return {}
    counts: dict[str, dict[str, int]] = {}
    for name, value in found.items():
        asked, _, count = name.partition("|")
        if asked.startswith(_NAME):
            counts.setdefault(asked.removeprefix(_NAME), {})[count] = int(value or 0)
    marks = {column: NumberMarks(**each).decimal for column, each in counts.items()}
    return {column: mark for column, mark in marks.items() if mark is not None and mark != source.decimal}


def _two_readings(source: Source, column: str, marks: NumberMarks, style: Style) -> Remark:
    mark = "." if marks.pointed else ","
    rows = marks.pointed or marks.comma_grouped
    as_decimal, as_thousands = _sums(source, column, mark)
    english, word = _WORDS[mark]
    reads = "decimals" if style.decimal == mark else "neither: such rows are in quarantine"
    lit = "décimales" if style.decimal == mark else "ni l’un ni l’autre : ces lignes sont en quarantaine"
    return Remark(
        "amounts_with_two_readings",
        f"{source.spoken}, column {column}: every number with a {english} has three digits after it ({counted(rows)}), so that 1{mark}234 "
        f"may be a little over 1, or 1234. The column adds up to {as_decimal:,.2f} with decimals and to {as_thousands:,.2f} with "
        f'thousands; read here: {reads}. Declare decimal: "{mark}" or thousands: "{mark}" for the column or its source in the mapping.',
        f"{source.spoken}, colonne {column} : chaque nombre avec {word} a trois chiffres après ({french(rows)} fois), si "
        f"bien que 1{mark}234 peut être un peu plus de 1, ou 1234. La colonne totalise {french(as_decimal, 2)} avec des décimales et "
        f'{french(as_thousands, 2)} avec des milliers ; lu ici : {lit}. Déclarez decimal: "{mark}" ou thousands: "{mark}" pour la '
        "colonne ou sa source dans le fichier de correspondance.",
    )


def _sums(source: Source, column: str, mark: str) -> tuple[float, float]:
    """Return the sums of a column with the mark before decimals and between thousands."""
    value = exactly(column)
    asked = [
        casting.number(value, "text", Style(decimal=mark)).sum().alias("decimals"),
        casting.number(value, "text", Style(decimal=OTHER[mark], thousands=mark)).sum().alias("thousands"),
    ]
    decimals, thousands = source.frame.select(asked).collect(engine="streaming").row(0)
    return float(decimals or 0), float(thousands or 0)


def _contradiction(source: Source, column: str, marks: NumberMarks, style: Style) -> Remark:
    mark = _WORDS[style.decimal]
    lost = marks.commas if style.decimal == "." else marks.points
    return Remark(
        "decimal_marks_contradict",
        f"{source.spoken}, column {column}: {counted(marks.points)} can only have a decimal point and {counted(marks.commas)} only a "
        f"decimal comma. It is read with the decimal {mark[0]}; {counted(lost)} are in quarantine. Ask for the file in one form.",
        f"{source.spoken}, colonne {column} : {french(marks.points)} lignes n’admettent qu’un point décimal et {french(marks.commas)} "
        f"qu’une virgule décimale. La colonne est lue avec {'le point' if style.decimal == '.' else 'la virgule'} ; {french(lost)} lignes "
        "sont en quarantaine. Demandez le fichier sous une seule forme.",
    )
