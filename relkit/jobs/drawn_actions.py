"""Actions that were drawn for: the list that `relkit measure` prints, and why one cannot be measured yet."""

from __future__ import annotations

from typing import TYPE_CHECKING

from relkit.commands import command
from relkit.errors import GateError, ParameterError, TableError
from relkit.jobs.base import Result

if TYPE_CHECKING:
    from datetime import date

    import polars as pl

    from relkit.periods import AsOf
    from relkit.tables.table_set import TableSet

MEASURE = "measure"


def listed(tables: TableSet, as_of: AsOf, *, days: int) -> Result:
    """Return the result that lists the actions with their waves, sizes and maturity.

    Args:
        tables: the company.
        as_of: cutoff of what is known.
        days: days after the draw that a measurement needs.

    Raises:
        TableError: there is no table of assignments.
    """
    from relkit.features.drawn_waves import drawn_waves

    refuse_undrawn(tables)
    waves = drawn_waves(tables, as_of, days=days)
    actions = [part for _, part in waves.group_by("action_id", maintain_order=True)]
    head = f"{len(actions):,} actions were drawn for by {as_of}; a measurement needs {days} days after the draw:"
    examples = [str(part["action_id"][0]) for part in actions if part["is_over"].any()]
    then = (f"Measure one: {command(MEASURE, examples[-1])}",) if examples else ()
    return Result(
        job=MEASURE,
        counts={"actions": len(actions), "waves": len(waves)},
        sentences=(head, *(_line(part) for part in actions), *then) if actions else (f"Nobody was drawn for anything by {as_of}.",),
        details={"as_of": str(as_of), "waves": [_plain(row) for row in waves.iter_rows(named=True)]},
    )


def refuse_undrawn(tables: TableSet) -> None:
    """Refuse a company without a table of assignments."""
    if not tables.has("assignments"):
        raise TableError(
            "there is no table of assignments, so nobody is known to be treated or control.",
            where="assignments",
            remedy="Draw at random and keep the draw (docs/campaigns.md); or compare without proof: "
            f"{command(MEASURE, 'ACTION')} --comparison.",
        )


def refuse_unready(tables: TableSet, as_of: AsOf, *, action: str, wave: str | None, days: int, counts: dict[str, int]) -> None:
    """Refuse a measurement of units that are not mature, or of one arm only.

    Args:
        tables: the company.
        as_of: cutoff of what is known.
        action: the action.
        wave: one of its waves; None for all.
        days: days after the draw that the measurement needs.
        counts: of units: treated, control, not_mature, certain.

    Raises:
        GateError: nobody is mature, or an arm is empty.
    """
    if counts["treated"] and counts["control"]:
        return
    name = action if wave is None else f"{action}, {wave}"
    if counts["treated"] or counts["control"]:
        lacking = "control" if counts["treated"] else "treated"
        raise GateError(f"no unit is {lacking}: nothing can be compared.", where=name, remedy=_without_an_arm(lacking, counts))
    if counts.get("not_mature"):
        raise GateError(_not_yet(tables, as_of, action, wave, days), where=name, remedy="Measure it then, or with shorter windows.")
    raise GateError("no unit is left to compare.", where=name, remedy=_without_an_arm("control", counts))


def _without_an_arm(lacking: str, counts: dict[str, int]) -> str:
    if counts.get("certain"):
        return (
            f"{counts['certain']:,} units were drawn with certainty (propensity 0 or 1): "
            "keep back a share at random next time, 10 % for instance; a comparison without a draw needs --comparison."
        )
    return f"Check that assignments have rows with arm = {lacking}, and that quarantine/ holds none of them."


def _not_yet(tables: TableSet, as_of: AsOf, action: str, wave: str | None, days: int) -> str:
    """Return the sentence on units that are not mature, with the day on which the first are."""
    import polars as pl

    from relkit.features.drawn_waves import drawn_waves

    waves = drawn_waves(tables, as_of, days=days).filter(pl.col("action_id") == action)
    chosen = waves if wave is None else waves.filter(pl.col("wave_id") == wave)
    ends = _first_day(chosen)
    return f"nothing is mature as of {as_of}: the {days} days after the first draw, and what comes back of them, are known on {ends}."


def _first_day(waves: pl.DataFrame) -> date:
    found: date = waves["ends_on"].sort()[0]
    return found


def latest(tables: TableSet, as_of: AsOf, *, days: int) -> str:
    """Return the action whose last measurable wave was drawn most recently.

    Raises:
        TableError: there is no table of assignments.
        ParameterError: none can be measured.
    """
    import polars as pl

    from relkit.features.drawn_waves import drawn_waves

    refuse_undrawn(tables)
    over = drawn_waves(tables, as_of, days=days).filter(pl.col("is_over"), pl.col("treated") > 0, pl.col("control") > 0)
    if over.is_empty():
        remedy = f"{command(MEASURE)} lists the draws and when they can be measured."
        raise ParameterError(f"no campaign can be measured as of {as_of}.", where="campaign", remedy=remedy)
    return str(over.sort("drawn_on", "action_id")["action_id"][-1])


def _line(waves: pl.DataFrame) -> str:
    """Return the line on an action."""
    over = waves.filter(waves["is_over"])
    sizes = f"{waves['treated'].sum():,} treated and {waves['control'].sum():,} control"
    days = f"from {waves['drawn_on'][0]} to {waves['drawn_on'][-1]}" if len(waves) > 1 else f"on {waves['drawn_on'][0]}"
    then = waves.filter(~waves["is_over"])
    ready = f"{len(over):,} can be measured" if len(waves) > 1 else ("can be measured" if len(over) else "cannot be measured yet")
    later = f", the next on {then['ends_on'].sort()[0]}" if len(then) else ""
    count = f"{len(waves):,} waves" if len(waves) > 1 else "1 wave"
    return f"  {waves['action_id'][0]}: {count} {days}, {sizes}; {ready}{later}"


def _plain(row: dict[str, object]) -> dict[str, object]:
    return {name: str(value) if name.endswith("_on") else value for name, value in row.items()}
