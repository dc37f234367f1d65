"""Columns of one source whose values are keys of another: the evidence for a key."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from relkit.tables.drafting.desk import is_code, is_id, share_in
from relkit.tables.drafting.pieces import percent
from relkit.texts import EMPTY, Text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from relkit.tables.drafting.desk import Desk
    from relkit.tables.drafting.profile import Profile

MOST = 0.9
"""Share of the values that must be found for a reference."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Reference:
    """Values of a column elsewhere that are found in a key.

    Attributes:
        source: that refers.
        column: of that source.
        share: of its distinct values that the key has.
    """

    source: str
    column: str
    share: float

    @property
    def remark(self) -> Text:
        """The evidence in words."""
        return Text(
            f"has {percent(self.share).en} of the values of {self.column} in {self.source}",
            f"contient {percent(self.share).fr} des valeurs de {self.column} dans {self.source}",
        )


def reference(desk: Desk, key: Profile, desks: Sequence[Desk], meaning: str) -> Reference | None:
    """Return the fullest reference to a key from the columns of a meaning in other sources, None if there is no such column.

    Args:
        desk: the source of the key.
        key: a column that no row repeats.
        desks: all sources.
        meaning: of the columns that may refer, customer_id or product_id.
    """
    found = []
    for other in desks:
        column = None if other is desk else other.one(meaning, fits=is_id if meaning == "customer_id" else is_code)
        if column is not None:
            share = share_in(other.found.sample[column.name], desk.found.sample[key.name])
            found.append(Reference(source=other.found.name, column=column.name, share=share))
    return max(found, key=lambda each: each.share, default=None)


def evidence(desk: Desk, key: Profile, desks: Sequence[Desk], meaning: str) -> Text:
    """Return the remark on a key: its fullest reference."""
    best = reference(desk, key, desks, meaning)
    return best.remark if best is not None else EMPTY
