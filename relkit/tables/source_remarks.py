"""Remarks on the files of a source: broken off, ended by a row of totals, not read."""

from __future__ import annotations

from relkit.remarks import Remark, french


def breaks_off(name: str) -> Remark:
    """Return the remark on a file whose last line is too short and has no end.

    Examples:
        >>> breaks_off("till.csv").en
        'till.csv breaks off in the middle of its last line: its end may be missing. Fetch it again.'
    """
    return Remark(
        "file_breaks_off",
        f"{name} breaks off in the middle of its last line: its end may be missing. Fetch it again.",
        f"{name} s’interrompt au milieu de sa dernière ligne : la fin manque peut-être. Récupérez-le de nouveau.",
    )


def ends_in_totals(name: str, row: int) -> Remark:
    """Return the remark on a file in which a row at the end looks like one of totals.

    Examples:
        >>> ends_in_totals("till.csv", 1200).en
        'Row 1,200 of till.csv looks like a row of totals; unless quarantined, it counts twice. Take it out, or write a `where`.'
    """
    return Remark(
        "row_of_totals",
        f"Row {row:,} of {name} looks like a row of totals; unless quarantined, it counts twice. Take it out, or write a `where`.",
        f"La ligne {french(row)} de {name} ressemble à une ligne de total ; sauf en quarantaine, elle compte double. Retirez-la, ou "
        "écartez-la par un `where`.",
    )
