"""Credit of several models as a table of text: one line per model, with the share of each channel."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

MOST_SHOWN = 8
"""Most channels with a column of their own; the others share one."""
OTHERS, MODEL = "others", "model"


def shares_side_by_side(credit: Mapping[str, Sequence[Mapping[str, Any]]]) -> list[str]:
    """Return the lines of the table, under a title; none without credit.

    Args:
        credit: by model, a record per channel with channel and share (of the conversions credited to any channel).

    Examples:
        >>> first, last = [{"channel": "a", "share": 1.0}], [{"channel": "b", "share": 0.75}, {"channel": "a", "share": 0.25}]
        >>> for line in shares_side_by_side({"x.first": first, "x.last": last}):
        ...     print(line)
        Share of the credit by channel:
        model         a       b
        x.first  100.0%
        x.last    25.0%   75.0%
    """
    if not credit:
        return []
    shares = {model: {str(row["channel"]): float(row["share"]) for row in rows} for model, rows in credit.items()}
    names = _by_size(shares)
    shown, rest = names[:MOST_SHOWN], names[MOST_SHOWN:]
    cells = [[MODEL, *shown, *([OTHERS] if rest else [])]]
    for model, own in shares.items():
        others = [sum(own.get(name, 0.0) for name in rest)] if rest else []
        cells.append([model, *(_percent(own.get(name)) for name in shown), *map(_percent, others)])
    return ["Share of the credit by channel:", *_aligned(cells)]


def _by_size(shares: Mapping[str, Mapping[str, float]]) -> list[str]:
    """Return the channels, the one with the most credit over all models first."""
    sums: dict[str, float] = {}
    for own in shares.values():
        for name, share in own.items():
            sums[name] = sums.get(name, 0.0) + share
    return sorted(sums, key=lambda name: (-sums[name], name))


def _percent(share: float | None) -> str:
    return "" if share is None else f"{share:.1%}"


def _aligned(cells: list[list[str]]) -> list[str]:
    """Return rows of cells as lines: the first column to the left, the others to the right."""
    widths = [max(len(row[i]) for row in cells) for i in range(len(cells[0]))]
    lines = []
    for first, *others in cells:
        numbers = "".join(f"{cell:>{max(width, 6) + 2}}" for cell, width in zip(others, widths[1:], strict=True))
        lines.append(f"{first:<{widths[0]}}{numbers}".rstrip())
    return lines
