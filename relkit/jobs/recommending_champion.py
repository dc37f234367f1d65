"""The champion that recommends products: the version in use, for commands that need no scores."""

from __future__ import annotations

from typing import TYPE_CHECKING

from relkit.errors import ParameterError

if TYPE_CHECKING:
    from relkit.periods import AsOf
    from relkit.tables.table_set import TableSet
    from relkit.tracking.registry import ModelVersion


def recommending_champion(programme: str, tables: TableSet, as_of: AsOf, *, where: str) -> ModelVersion:
    """Return the version that recommends products.

    Args:
        programme: the programme of the champion.
        tables: the company.
        as_of: the day.
        where: the command that needs it.

    Raises:
        ParameterError: the tables have no purchases, or no such model was fitted; the message names the command that does it.
    """
    from relkit.families.bindings import absence
    from relkit.jobs.champion_scores import Champions
    from relkit.models.affinity.family import NEXT_PRODUCTS

    champions = Champions(programme=programme)
    group = next(group for group in champions.groups() if group.role is NEXT_PRODUCTS)
    if lacking := absence(group.first, tables):
        raise ParameterError(f"{lacking}, so no product can be recommended.", where=where)
    versions, none = champions.of(group, as_of)
    if not versions:
        raise ParameterError(none, where=where)
    return versions[0]
