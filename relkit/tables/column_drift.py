"""Columns of the sources that came, went or changed their type since the previous check."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, kw_only=True)
class ColumnDrift:
    """Changes of the columns of one source.

    Attributes:
        source: as the mapping names it.
        came, went: names of columns.
        changed: type before and now, by column.
    """

    source: str
    came: tuple[str, ...] = ()
    went: tuple[str, ...] = ()
    changed: tuple[tuple[str, str, str], ...] = ()


def column_drift(before: Mapping[str, Mapping[str, str]], now: Mapping[str, Mapping[str, str]]) -> tuple[ColumnDrift, ...]:
    """Return the changes of each source that was read both times.

    Args:
        before: the type of each column at the previous check, by source and column.
        now: the same at this one.

    Examples:
        >>> column_drift({"till": {"id": "text", "sum": "Float64"}}, {"till": {"sum": "Int64", "vat": "Int64"}})
        (ColumnDrift(source='till', came=('vat',), went=('id',), changed=(('sum', 'Float64', 'Int64'),)),)
    """
    found = []
    for source, columns in now.items():
        old = before.get(source)
        if old is None or dict(old) == dict(columns):
            continue
        came = tuple(name for name in columns if name not in old)
        went = tuple(name for name in old if name not in columns)
        changed = tuple((name, old[name], kind) for name, kind in columns.items() if name in old and old[name] != kind)
        found.append(ColumnDrift(source=source, came=came, went=went, changed=changed))
    return tuple(found)
