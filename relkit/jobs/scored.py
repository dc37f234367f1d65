"""State of a scoring: a frozen value that each step of `relkit score` takes, and to which its findings are added.

    scored = Scored(tables=tables, as_of=as_of, terms=terms, rows=ModelRows(tables, as_of))
    scored = scored.with_(step(scored))                         a step takes Scored and returns Found
    scored.by(role)                                             the model that scored in a role, or None

A step is a function, or a small frozen object, that does not modify its arguments. It returns score tables, facts kept of a score,
sentences, warnings, and the remarks that affect how scores are to be read.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    import polars as pl

    from relkit.models.roles import Reading, Role
    from relkit.periods import AsOf
    from relkit.remarks import Remark
    from relkit.score_kinds import Score
    from relkit.scores.expected_margin import Ahead
    from relkit.scores.score_table import ScoreTable, Source
    from relkit.tables.table_set import TableSet
    from relkit.tracking.registry import ModelVersion


@dataclass(frozen=True, kw_only=True)
class ScoringTerms:
    """The terms on which customers are scored.

    Attributes:
        horizon_days: horizon of orders and churn.
        horizon_months: horizon of margin and of the life of contracts.
        endless: count both without end as well.
        annual_discount_rate: discount of later margin; 0.10 for 10 % a year.
        margin_rate: margin over net amount; None if not given.
        offer: the declared retention offer, by name; empty if there is none.
        intervals: compute bounds.
    """

    horizon_days: int
    horizon_months: int
    endless: bool = False
    annual_discount_rate: float = 0.10
    margin_rate: float | None = None
    offer: Mapping[str, Any] = field(default_factory=dict)
    intervals: bool = True

    @property
    def months(self) -> tuple[int | None, ...]:
        """Horizons of margin and of the life of contracts, in months; None means without end."""
        return (self.horizon_months, None) if self.endless else (self.horizon_months,)

    @property
    def ahead(self) -> tuple[Ahead, ...]:
        """Horizon and discount of margin, one for each horizon."""
        from relkit.scores.expected_margin import Ahead

        return tuple(Ahead(months, self.annual_discount_rate) for months in self.months)


@dataclass(frozen=True, eq=False, kw_only=True)
class Found:
    """The findings of a step; they can be added.

    Attributes:
        scores: score tables.
        facts: by score, the facts kept in models.json alongside its model.
        sentences: report of the work done.
        warnings: points that need attention.
        remarks: those that affect how scores are to be read, each with the model it concerns, or "".
        tables: further tables of the day, by name; a later step may replace one.
        records: by such a table, the models behind it and what it rests on, written as JSON next to it.
    """

    scores: tuple[ScoreTable, ...] = ()
    facts: Mapping[Score, Mapping[str, Any]] = field(default_factory=dict)
    sentences: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    remarks: tuple[tuple[str, Remark], ...] = ()
    tables: Mapping[str, pl.DataFrame] = field(default_factory=dict)
    records: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)

    def __add__(self, other: Found) -> Found:
        """Return the findings of both, these first."""
        return Found(
            scores=self.scores + other.scores,
            facts={**self.facts, **other.facts},
            sentences=self.sentences + other.sentences,
            warnings=self.warnings + other.warnings,
            remarks=self.remarks + other.remarks,
            tables={**self.tables, **other.tables},
            records={**self.records, **other.records},
        )

    def noting(self, remark: Remark, model: str = "", *, as_warning: bool = True) -> Found:
        """Return the findings with a remark, kept with the model whose scores it concerns, and its text as a warning or a sentence."""
        text = f"{model}: {remark.en}" if model and not remark.en.startswith(model) else remark.en
        as_text = Found(warnings=(text,)) if as_warning else Found(sentences=(text,))
        return self + as_text + Found(remarks=((model, remark),))

    def saying(self, *sentences: str) -> Found:
        """Return the findings with further sentences."""
        return self + Found(sentences=sentences)

    def warning(self, *warnings: str) -> Found:
        """Return the findings with further warnings."""
        return self + Found(warnings=warnings)


@dataclass(frozen=True, eq=False)
class ModelRows:
    """The features that models score, one row per customer, read once; models with the same reading share them.

    Attributes:
        tables: the company.
        as_of: the information cutoff.
    """

    tables: TableSet
    as_of: AsOf
    _read: dict[tuple[Reading, str], pl.DataFrame] = field(init=False, default_factory=dict, repr=False)

    def of(self, model: str, settings: Mapping[str, Any] | None = None) -> pl.DataFrame:
        """Return the rows that a model scores, for the settings with which it reads rows, if it has some."""
        from relkit.families.bindings import inputs_of

        inputs = inputs_of(model, self.tables, settings)
        key = (inputs.reading, str(settings or {}))
        if key not in self._read:
            self._read[key] = inputs.rows_to_score(self.tables, self.as_of)
        return self._read[key]

    @cached_property
    def refusing(self) -> pl.DataFrame:
        """Customers who refuse profiling."""
        from relkit.features.channels import refusing_profiling

        return refusing_profiling(self.tables, self.as_of)


@dataclass(frozen=True, eq=False, kw_only=True)
class ScoredModel:
    """A model that scored.

    Attributes:
        version: the registered version.
        fitted: the model itself.
        rows: one row per customer; those without a required value were not scored.
    """

    version: ModelVersion
    fitted: Any
    rows: pl.DataFrame

    @property
    def name(self) -> str:
        """Name of the model."""
        return self.version.model

    @property
    def source(self) -> Source:
        """The version behind the scores, as named in the score table."""
        return source_of(self.version)


@dataclass(frozen=True, eq=False, kw_only=True)
class Scored:
    """The findings so far.

    Attributes:
        tables: the company.
        as_of: the information cutoff.
        terms: the terms of the scoring.
        rows: the features of each model.
        models: the models that scored, by name.
        found: the findings of all steps.
    """

    tables: TableSet
    as_of: AsOf
    terms: ScoringTerms
    rows: ModelRows
    models: Mapping[str, ScoredModel] = field(default_factory=dict)
    found: Found = field(default_factory=Found)

    def with_(self, found: Found) -> Scored:
        """Return the state with the findings of a step."""
        return replace(self, found=self.found + found)

    def with_model(self, model: ScoredModel) -> Scored:
        """Return the state with a model that scored."""
        return replace(self, models={**self.models, model.name: model})

    def having(self, role: Role) -> tuple[ScoredModel, ...]:
        """Return the models that scored in a role, the preferred one first."""
        from relkit.models.catalogue import models_of

        return tuple(self.models[name] for name in models_of(role) if name in self.models)

    def by(self, role: Role) -> ScoredModel | None:
        """Return the model whose scores count in a role; None if none scored."""
        return next(iter(self.having(role)), None)

    def fact(self, name: str) -> Any:
        """Return the fact kept under a name for any score; None if there is none."""
        return next((kept[name] for kept in self.found.facts.values() if name in kept), None)

    def contract_holders(self) -> pl.Series:
        """Return the ids of the customers with a contract that some model scored."""
        import polars as pl

        from relkit.models.catalogue import role_of

        of_contracts = (m for m in self.models.values() if any(kind.applies_to == "contract" for kind in role_of(m.name).scores))
        found = [model.rows["customer_id"].cast(pl.String) for model in of_contracts]
        return pl.concat([pl.Series("customer_id", [], pl.String), *found]).unique()

    @property
    def refusing(self) -> pl.DataFrame:
        """Customers who refuse profiling: models learn from their past like anyone's, but their scores are not kept."""
        return self.rows.refusing


def source_of(version: ModelVersion) -> Source:
    """Return a registered version as named in the score table."""
    from relkit.scores.score_table import Source

    return Source(model=version.model, version=version.version, trained_as_of=version.as_of)


def source_of_all(models: Iterable[ScoredModel]) -> Source | None:
    """Return the source of a score that rests on several models; None if it rests on none."""
    sources = [model.source for model in models]
    if not sources:
        return None
    first, *others = sources
    for other in others:
        first = first.with_(other)
    return first
