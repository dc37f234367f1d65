"""Remarks on the units drawn that models of uplift learn from: few units, one wave, no controls, windows that have not passed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from relkit.features.drawn_units import actions_of, drawn_units, mature_of
from relkit.remarks import Remark, french

if TYPE_CHECKING:
    from collections.abc import Iterable

    from relkit.features.drawn_units import Wanted
    from relkit.periods import AsOf
    from relkit.tables.table_set import TableSet

FEW = 1_000
"""Units of the smaller arm below which only large effects exceed chance."""


def drawn_unit_remarks(tables: TableSet, as_of: AsOf, *, wanted: Wanted) -> tuple[Remark, ...]:
    """Return the remarks on the rows that models learn from as of a day."""
    rows, names = drawn_units(tables, as_of, wanted), actions_of(tables, as_of, wanted)
    draws = {action: mature_of(tables, as_of, action, wanted) for action in names}
    counted = rows.group_by("action_id").agg(
        treated=pl.col("treated").sum(), control=(~pl.col("treated")).sum(), waves=pl.col("wave_id").n_unique()
    )
    known = {row["action_id"]: row for row in counted.iter_rows(named=True)}
    smaller = {action: min(row["treated"], row["control"]) for action, row in known.items()}
    found = (
        _not_passed(sum(each.counts["not_mature"] for each in draws.values()), wanted.days),
        _without_an_arm([action for action in names if action not in known and len(draws[action].rows)]),
        _not_known_yet([action for action in names if action not in known and draws[action].rows.is_empty()], wanted.days),
        _few({action: units for action, units in sorted(smaller.items()) if units < FEW}),
        _one_wave(sorted(action for action, row in known.items() if row["waves"] == 1)),
        _in_both_arms(sum(each.counts.get("in_both_arms", 0) for each in draws.values())),
    )
    return tuple(remark for remark in found if remark)


def _not_passed(units: int, days: int) -> Remark | None:
    if not units:
        return None
    return Remark(
        "windows_not_passed",
        f"{units:,} units drawn lately were not learnt from: their {days} days have not passed, or their returns may still come.",
        f"{french(units)} unités tirées récemment n’ont pas servi à l’apprentissage : leurs {days} jours ne sont pas écoulés, ou des "
        "retours peuvent encore survenir.",
    )


def _without_an_arm(actions: list[str]) -> Remark | None:
    if not actions:
        return None
    return Remark(
        "no_controls",
        f"{_listed(actions)}: no effect can be learnt without both treated units and controls.",
        f"{_listed(actions, 'et')} : sans unités traitées et témoins à la fois, aucun effet ne peut être appris.",
    )


def _not_known_yet(actions: list[str], days: int) -> Remark | None:
    if not actions:
        return None
    return Remark(
        "no_outcome_yet",
        f"{_listed(actions)}: the {days} days after the first draw have not passed, so nothing can be learnt yet.",
        f"{_listed(actions, 'et')} : les {days} jours qui suivent le premier tirage ne sont pas écoulés, rien ne peut encore être appris.",
    )


def _few(units: dict[str, int]) -> Remark | None:
    if not units:
        return None
    english = _listed([f"{action} ({number:,})" for action, number in units.items()])
    spoken = _listed([f"{action} ({french(number)})" for action, number in units.items()], "et")
    return Remark(
        "few_units",
        f"Fewer than {FEW:,} units in the smaller arm of {english}: only large differences between customers can be told from chance.",
        f"Moins de {french(FEW)} unités dans le plus petit groupe de {spoken} : seules de grandes différences entre clients se distinguent "
        "du hasard.",
    )


def _one_wave(actions: list[str]) -> Remark | None:
    if not actions:
        return None
    return Remark(
        "one_wave",
        f"{_listed(actions)}: learnt from a single wave, so nothing shows whether the effect holds at other times.",
        f"{_listed(actions, 'et')} : une seule vague a servi à l’apprentissage, rien ne montre si l’effet vaut à d’autres moments.",
    )


def _in_both_arms(units: int) -> Remark | None:
    if not units:
        return None
    return Remark(
        "in_both_arms",
        f"{units:,} units were drawn into several arms of one wave: they were left out.",
        f"{french(units)} unités ont été tirées dans plusieurs groupes d’une même vague : elles ont été écartées.",
    )


def _listed(names: Iterable[str], joint: str = "and") -> str:
    """Return names as a list in a sentence.

    Examples:
        >>> _listed(["a", "b", "c"])
        'a, b and c'
    """
    *others, last = names
    return f"{', '.join(others)} {joint} {last}" if others else last
