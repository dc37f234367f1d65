"""Inputs of models: functions that build the rows of a reading, choose covariates and read the outcomes of a holdout."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from relkit.models.catalogue import known_settings

if TYPE_CHECKING:
    import polars as pl

    from relkit.models.roles import Reading
    from relkit.periods import AsOf, DrawnHoldout, Holdout
    from relkit.remarks import Remark
    from relkit.tables.table_set import TableSet

FromTables = Callable[["TableSet", "AsOf"], "pl.DataFrame"]


@dataclass(frozen=True, kw_only=True, eq=False)
class Drawn:
    """Functions that split customers when there are no later days to judge on, and exclude rows from learning.

    Attributes:
        to_learn: rows that a model is fitted to; with a split, those it learns from before it is judged.
        to_judge: rows that a model is judged on.
        holdout: customers to judge on if there are no later days; None if there are.
    """

    to_learn: Callable[[pl.DataFrame, Holdout | DrawnHoldout | None], pl.DataFrame]
    to_judge: Callable[[pl.DataFrame, Holdout | DrawnHoldout], pl.DataFrame]
    holdout: Callable[[TableSet, AsOf], DrawnHoldout | None]


@dataclass(frozen=True, kw_only=True, eq=False)
class ModelInputs:
    """Sources of the rows of a reading.

    Attributes:
        reading: the reading of the rows.
        learnt: features to fit on, from tables and a cutoff.
        outcomes: outcomes of a holdout, from tables and the split.
        one_each: keeps one row per customer of the features, for scoring and judging; None if they have one already.
        choices: by required setting, the function that chooses it from the features if it is not given.
        declined: by required setting, the function that gives the reason for each value not chosen.
        remarks: function for the remarks on the basis of the features and on customers left out.
        drawn: functions that split customers; None if holdouts are in time only.
        declared: by optional setting, the function that reads it from the tables if it is not given.
        history: all purchases up to a cutoff, for plots over time.
        scored: rows to score, if they are not those learnt from as of the same day.
        suited: function that returns these inputs for settings of a model; None if they are the same for all settings.
        of_each: true if the rows of a customer follow from that customer's rows in the tables: those of a sample can then be read
            without the others.
        who: rows with the customers who have features, cheaper than these; None if there is nothing cheaper.
        is_there: whether the tables contain the reading, in addition to its table.
        undeclared: the missing declaration if they do not, as the end of a sentence.
    """

    reading: Reading
    learnt: FromTables
    outcomes: Callable[[TableSet, Any], pl.DataFrame]
    one_each: Callable[[pl.DataFrame], pl.DataFrame] | None = None
    choices: Mapping[str, Callable[[pl.DataFrame], tuple[str, ...]]] = field(default_factory=dict)
    declined: Mapping[str, Callable[[pl.DataFrame], dict[str, str]]] = field(default_factory=dict)
    remarks: Callable[[TableSet, AsOf], tuple[Remark, ...]] | None = None
    drawn: Drawn | None = None
    declared: Mapping[str, Callable[[TableSet, AsOf], Any]] = field(default_factory=dict)
    history: FromTables | None = None
    scored: FromTables | None = None
    suited: Callable[[Mapping[str, Any]], ModelInputs] | None = None
    of_each: bool = False
    who: FromTables | None = None
    is_there: Callable[[TableSet], bool] | None = None
    undeclared: str = ""

    @property
    def table(self) -> str:
        """The table without which there is nothing to learn."""
        return self.reading.table

    @property
    def unit(self) -> str:
        """Name of the rows, in the plural."""
        return self.reading.unit

    def can_read(self, tables: TableSet) -> bool:
        """Return whether the tables contain the reading."""
        return tables.has(self.table) and (self.is_there is None or self.is_there(tables))

    def features(self, tables: TableSet, as_of: AsOf) -> pl.DataFrame:
        """Return the features that a model is fitted to."""
        return self.learnt(tables, as_of)

    def customers(self, tables: TableSet, as_of: AsOf) -> pl.Series | None:
        """Return the ids of the customers who have features, in any order and number; None if the rows are not of customers."""
        rows = (self.who or self.learnt)(tables, as_of)
        return rows["customer_id"] if "customer_id" in rows.columns else None

    def for_settings(self, settings: Mapping[str, Any]) -> ModelInputs:
        """Return the inputs for some settings of a model."""
        return self if self.suited is None else self.suited(settings)

    def rows_to_score(self, tables: TableSet, as_of: AsOf) -> pl.DataFrame:
        """Return the rows that a model scores, one per customer."""
        if self.scored is not None:
            return self.scored(tables, as_of)
        return self.one_a_customer(self.features(tables, as_of))

    def one_a_customer(self, features: pl.DataFrame) -> pl.DataFrame:
        """Return the rows to score and judge, one per customer."""
        return features if self.one_each is None else self.one_each(features)

    def to_learn(self, features: pl.DataFrame, split: Holdout | DrawnHoldout | None = None) -> pl.DataFrame:
        """Return the rows that a model is fitted to; with a split, those that it learns from before it is judged."""
        return features if self.drawn is None else self.drawn.to_learn(features, split)

    def to_judge(self, features: pl.DataFrame, split: Holdout | DrawnHoldout) -> pl.DataFrame:
        """Return the rows that a model is judged on, from the features as of the calibration."""
        return self.one_a_customer(features) if self.drawn is None else self.drawn.to_judge(features, split)

    def drawn_holdout(self, tables: TableSet, as_of: AsOf) -> DrawnHoldout | None:
        """Return the customers to judge on if there are no later days; None if there are."""
        return None if self.drawn is None else self.drawn.holdout(tables, as_of)

    def what_happened(self, tables: TableSet, split: Holdout | DrawnHoldout) -> pl.DataFrame:
        """Return the outcomes of the holdout."""
        return self.outcomes(tables, split)

    def chosen(self, setting: str, *frames: pl.DataFrame) -> tuple[str, ...]:
        """Return the values for a setting that suit all of the frames."""
        first, *others = [self.choices[setting](frame) for frame in frames]
        return tuple(value for value in first if all(value in other for other in others))

    def not_chosen(self, setting: str, features: pl.DataFrame) -> dict[str, str]:
        """Return the values for a setting that do not suit a frame, with the reason for each."""
        return self.declined[setting](features) if setting in self.declined else {}

    def remarks_on(self, tables: TableSet, as_of: AsOf) -> tuple[Remark, ...]:
        """Return the remarks on the features."""
        return () if self.remarks is None else self.remarks(tables, as_of)

    def declared_settings(self, model: str, tables: TableSet, as_of: AsOf) -> dict[str, Any]:
        """Return the settings of a model that the tables declare, as known at a cutoff."""
        own = known_settings(model)
        return {name: read(tables, as_of) for name, read in self.declared.items() if name in own}

    def past(self, tables: TableSet, as_of: AsOf) -> pl.DataFrame | None:
        """Return the purchases up to a cutoff, if the reading has any."""
        return None if self.history is None else self.history(tables, as_of)
