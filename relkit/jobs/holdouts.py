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
FEWEST_DAYS_LEARNT = 60
"""Days of history without which an older origin is not judged: a model learns nothing of rates from less."""
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


def origins_of(
    inputs: ModelInputs, tables: TableSet, as_of: AsOf, *, days: int, most: int
) -> tuple[tuple[Holdout | DrawnHoldout, ...], str]:
    """Return past origins at which a forecast of `days` is judged, the newest first, or none and the reason.

    The newest lies `days` before `as_of`; those before it follow without overlap as long as as much was known before them as they
    forecast. Further ones, if fewer than wanted are found so, lie half a horizon between them and overlap.

    Args:
        inputs: inputs of the models.
        tables: the validated tables.
        as_of: the end of the newest holdout.
        days: horizon; at most half of the history.
        most: origins wanted.
    """
    from relkit.periods import Holdout

    first = tables.facts.history_starts_on or tables.facts.first_day or as_of.day
    history = (as_of.day - first).days
    newest, why = split_of(inputs, tables, as_of, min(days, history // 2) if history > 1 else days)
    if newest is None or not isinstance(newest, Holdout):
        return (() if newest is None else (newest,)), why
    least = max(newest.days, FEWEST_DAYS_LEARNT)
    steps = [newest.days * i for i in range(1, most)] + [newest.days // 2 * i for i in range(1, 2 * most, 2)]
    before = [steps[i] for i in range(len(steps)) if history - newest.days - steps[i] >= least and steps[i] > 0][: most - 1]
    ends = [as_of.minus(days=step) for step in sorted(before)]
    return (newest, *(Holdout.before(end, days=newest.days, first_day=first) for end in ends)), ""


@dataclass(frozen=True, eq=False)
class Known:
    """The information in the tables, read once per reading function.

    Attributes:
        tables: the validated tables.
        drawn: ids of the customers whose rows are read, as text; None for all. All rows of a customer stay together. Features of the
            others are not made where a reading can do without.
    """

    tables: TableSet
    drawn: pl.Series | None = None
    _read: dict[tuple[Callable[..., Any], object], pl.DataFrame] = field(default_factory=dict, repr=False)

    def features(self, inputs: ModelInputs, edge: AsOf) -> pl.DataFrame:
        """Return the features of a reading as of a cutoff."""
        return self._once((inputs.learnt, edge), lambda: self._of_drawn(inputs.features(self._read_by(inputs), edge)))

    def what_happened(self, inputs: ModelInputs, split: Holdout | DrawnHoldout) -> pl.DataFrame:
        """Return the outcomes of a holdout."""
        return self._once((inputs.outcomes, split), lambda: self._of_drawn(inputs.what_happened(self._read_by(inputs), split)))

    def rows_to_score(self, inputs: ModelInputs, edge: AsOf) -> pl.DataFrame:
        """Return the rows that a model scores as of a cutoff, one per customer."""
        return self._of_drawn(inputs.rows_to_score(self._read_by(inputs), edge))

    def past(self, inputs: ModelInputs, edge: AsOf) -> pl.DataFrame | None:
        """Return the purchases up to a cutoff, if the reading has any."""
        found = inputs.past(self._read_by(inputs), edge)
        return None if found is None else self._of_drawn(found)

    def sampled(self, inputs: ModelInputs, edge: AsOf, most: int, *, seed: int = 0) -> Known:
        """Return the information on a sample of the customers of a reading; all of it if there are no more than `most`.

        Args:
            inputs: the reading that has the customers.
            edge: the cutoff as of which they are counted and drawn.
            most: customers in the sample.
            seed: of the draw (`relkit.features.drawn_customers`).
        """
        from relkit.features.drawn_customers import drawn_customers

        customers = inputs.customers(self._read_by(inputs), edge)
        drawn = None if customers is None else drawn_customers(customers, most, seed=seed)
        return self if drawn is None else Known(self.tables, drawn=drawn)

    def _read_by(self, inputs: ModelInputs) -> TableSet:
        """Return the tables of the customers drawn, or of all if the rows of a customer depend on those of others."""
        return self.tables if self.drawn is None or not inputs.of_each else self.tables.of_customers(self.drawn)

    def _of_drawn(self, frame: pl.DataFrame) -> pl.DataFrame:
        """Return the rows of the customers drawn, in the same order."""
        if self.drawn is None or "customer_id" not in frame.columns:
            return frame
        return frame.filter(frame["customer_id"].cast(str).is_in(self.drawn.implode()))

    def _once(self, key: tuple[Callable[..., Any], object], read: Callable[[], pl.DataFrame]) -> pl.DataFrame:
        if key not in self._read:
            self._read[key] = read()
        return self._read[key]


@dataclass(frozen=True, eq=False)
class HeldOut:
    """The data that a model is judged on, and the data it learns from before.

    Attributes:
        known: the information in the tables.
        split: in time, or of drawn customers if there is only one day.
        before: features to learn from.
        judged: features as of the calibration, one row per customer.
        outcomes: their outcomes in the holdout.
    """

    known: Known
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
            judged = known.rows_to_score(inputs, split.calibration)
        return cls(known, split, inputs.to_learn(features, split), judged, known.what_happened(inputs, split))
