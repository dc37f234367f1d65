"""Holdouts: the split on which a model is judged, and the rows it learns from and is judged on."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

    import polars as pl

    from relkit.families.inputs import ModelInputs
    from relkit.periods import AsOf, DrawnHoldout, Holdout
    from relkit.tables.table_set import TableSet

MOST_UNKNOWN = 0.1
"""Largest share of a holdout that may lie after the last day of the data: a shop closes for days, not for weeks."""
LONGEST_HOLDOUT_DAYS = 182
"""Default length of a holdout: half a year, or a third of a shorter history."""


def split_of(inputs: ModelInputs, tables: TableSet, as_of: AsOf, holdout_days: int | None) -> tuple[Holdout | DrawnHoldout | None, str]:
    """Return the split, in time if possible, or None and a sentence giving the reason.

    Args:
        inputs: inputs of the model.
        tables: the validated tables.
        as_of: the end of the holdout.
        holdout_days: the last days on which the model is judged, 0 for none; None for a third of the history, at most 182.
    """
    from relkit.periods import Holdout

    if holdout_days != 0 and (drawn := inputs.drawn_holdout(tables, as_of)):
        return drawn, ""
    first = tables.facts.history_starts_on or tables.facts.first_day or as_of.day
    history = (as_of.day - first).days
    days = min(LONGEST_HOLDOUT_DAYS, history // 3) if holdout_days is None else holdout_days
    if holdout_days == 0:
        return None, ""
    if tables.facts.last_day is None and tables.facts.history_starts_on is None:
        return None, "No table has a date, so there are no later days to judge the model on."
    if days < 1:
        return None, f"The history of {history} days is too short for a holdout, so the model was not judged."
    holdout = Holdout.before(as_of, days=days, first_day=first)
    last = tables.facts.last_day
    if last is not None and (as_of.day - last).days > MOST_UNKNOWN * days:
        # On days after the last fact nobody buys or leaves, so the model with the lowest forecasts would look best.
        unknown = f"The holdout of {days} days up to {as_of} reaches past the data, which end on {last}"
        return None, f"{unknown}, so the model was not judged."
    return holdout, ""


@dataclass(frozen=True, eq=False)
class Known:
    """The information in the tables, read once per reading function.

    Attributes:
        tables: the validated tables.
    """

    tables: TableSet
    _read: dict[tuple[Callable[..., Any], object], pl.DataFrame] = field(default_factory=dict, repr=False)

    def features(self, inputs: ModelInputs, edge: AsOf) -> pl.DataFrame:
        """Return the features of a reading as of a cutoff."""
        return self._once((inputs.learnt, edge), lambda: inputs.features(self.tables, edge))

    def what_happened(self, inputs: ModelInputs, split: Holdout | DrawnHoldout) -> pl.DataFrame:
        """Return the outcomes of a holdout."""
        return self._once((inputs.outcomes, split), lambda: inputs.what_happened(self.tables, split))

    def _once(self, key: tuple[Callable[..., Any], object], read: Callable[[], pl.DataFrame]) -> pl.DataFrame:
        if key not in self._read:
            self._read[key] = read()
        return self._read[key]


@dataclass(frozen=True, eq=False)
class HeldOut:
    """The data that a model is judged on, and the data it learns from before.

    Attributes:
        split: in time, or of drawn customers if there is only one day.
        before: features to learn from.
        judged: features as of the calibration, one row per customer.
        outcomes: their outcomes in the holdout.
    """

    split: Holdout | DrawnHoldout
    before: pl.DataFrame
    judged: pl.DataFrame
    outcomes: pl.DataFrame

    @classmethod
    def of(cls, inputs: ModelInputs, known: Known, split: Holdout | DrawnHoldout) -> HeldOut:
        """Read the rows of a split."""
        from relkit.periods import Holdout

        features = known.features(inputs, split.calibration)
        judged = inputs.to_judge(features, split)
        if inputs.scored is not None and isinstance(split, Holdout):
            judged = inputs.rows_to_score(known.tables, split.calibration)
        return cls(split, inputs.to_learn(features, split), judged, known.what_happened(inputs, split))
