"""What a model reads, by its family: the one place that ties models to features.

A new way of reading is one entry of `FAMILIES`, a model that reads what another family does one line of `AS_FAMILY`; the jobs that
fit and score have no branch per model.
"""

from __future__ import annotations

from dataclasses import MISSING, dataclass, field, fields, replace
from importlib import import_module
from typing import TYPE_CHECKING, Any

from relkit.errors import ParameterError

if TYPE_CHECKING:
    from collections.abc import Mapping

    import polars as pl

    from relkit.periods import AsOf, DrawnHoldout, Holdout
    from relkit.remarks import Remark
    from relkit.tables.table_set import TableSet


@dataclass(frozen=True, kw_only=True)
class ModelInputs:
    """Where the features of a family come from; the names are functions of one module of `relkit.features`.

    Attributes:
        table: without it there is nothing to learn.
        module: in `relkit.features`.
        learnt: features to fit on, from tables and an as-of edge.
        outcomes: what happened on a holdout, from tables and the split.
        one_each: keeps one row a customer of what was learnt, for scoring and judging; empty where there is one already.
        choices: by setting that a model requires, what chooses it from the features when nobody gave it.
        declined: by setting that a model requires, what says why a value was not chosen: a function that gives names and reasons.
        remarks: what says what the features rest on and who is left out: module and function; None where nothing does.
        may_be_drawn: whether there may be no later days to judge by, and a part of the rows from which nothing is learnt: the module
            then has `to_learn`, `to_judge` and `drawn_holdout`.
        declared: by setting that some models have, what reads it from the tables when nobody gave it: module and function.
        history: all that was bought up to an edge, for plots over time: module and function; None where there is none.
        unit: what a row is, for people.
    """

    table: str
    module: str
    learnt: str
    outcomes: str
    one_each: str = ""
    choices: Mapping[str, str] = field(default_factory=dict)
    declined: Mapping[str, str] = field(default_factory=dict)
    remarks: tuple[str, str] | None = None
    may_be_drawn: bool = False
    declared: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    history: tuple[str, str] | None = None
    unit: str = "customers"

    def features(self, tables: TableSet, as_of: AsOf) -> pl.DataFrame:
        """Return what a model of the family is fitted to."""
        found: pl.DataFrame = self._get(self.learnt)(tables, as_of)
        return found

    def one_a_customer(self, features: pl.DataFrame) -> pl.DataFrame:
        """Return the rows that are scored and judged."""
        found: pl.DataFrame = self._get(self.one_each)(features) if self.one_each else features
        return found

    def to_learn(self, features: pl.DataFrame, split: Holdout | DrawnHoldout | None = None) -> pl.DataFrame:
        """Return the rows that a model is fitted to; with a split, those that it learns from before it is judged."""
        found: pl.DataFrame = self._get("to_learn")(features, split) if self.may_be_drawn else features
        return found

    def to_judge(self, features: pl.DataFrame, split: Holdout | DrawnHoldout) -> pl.DataFrame:
        """Return the rows by which a model is judged, of the features as of the calibration."""
        found: pl.DataFrame = self._get("to_judge")(features, split) if self.may_be_drawn else self.one_a_customer(features)
        return found

    def drawn_holdout(self, tables: TableSet, as_of: AsOf) -> DrawnHoldout | None:
        """Return the customers to judge by where there are no later days; None where there are."""
        found: DrawnHoldout | None = self._get("drawn_holdout")(tables, as_of) if self.may_be_drawn else None
        return found

    def what_happened(self, tables: TableSet, split: Holdout | DrawnHoldout) -> pl.DataFrame:
        """Return the outcomes of the holdout."""
        found: pl.DataFrame = self._get(self.outcomes)(tables, split)
        return found

    def chosen(self, setting: str, *frames: pl.DataFrame) -> tuple[str, ...]:
        """Return the values for a setting that suit every one of the frames."""
        first, *others = [self._get(self.choices[setting])(frame) for frame in frames]
        return tuple(value for value in first if all(value in other for other in others))

    def not_chosen(self, setting: str, features: pl.DataFrame) -> dict[str, str]:
        """Return the values for a setting that do not suit a frame, with what is wrong with each."""
        found: dict[str, str] = self._get(self.declined[setting])(features) if setting in self.declined else {}
        return found

    def remarks_on(self, tables: TableSet, as_of: AsOf) -> tuple[Remark, ...]:
        """Return what to know of the features."""
        found: tuple[Remark, ...] = self._get(self.remarks[1], self.remarks[0])(tables, as_of) if self.remarks else ()
        return found

    def declared_settings(self, model: str, tables: TableSet, as_of: AsOf) -> dict[str, Any]:
        """Return the settings of a model that the tables declare, as known at an edge."""
        own = {f.name for f in _fields(model)}
        return {name: self._get(where[1], where[0])(tables, as_of) for name, where in self.declared.items() if name in own}

    def past(self, tables: TableSet, as_of: AsOf) -> pl.DataFrame | None:
        """Return what was bought up to an edge, where the family has such a thing."""
        if self.history is None:
            return None
        found: pl.DataFrame = self._get(self.history[1], self.history[0])(tables, as_of)
        return found

    def _get(self, name: str, module: str = "") -> Any:
        return getattr(import_module(f"relkit.features.{module or self.module}"), name)


_CONTRACTS = ModelInputs(
    table="contracts",
    module="spells",
    learnt="contract_spells",
    outcomes="spell_outcomes",
    one_each="main_contracts",
    choices={"covariates": "usable_covariates"},
    unit="contracts",
)
_SNAPSHOTS = ModelInputs(
    table="customer_snapshots",
    module="snapshot_spells",
    learnt="snapshot_spells",
    outcomes="snapshot_outcomes",
    one_each="main_contracts",
    choices={"covariates": "usable_covariates"},
    declined={"covariates": "declined_covariates"},
    remarks=("snapshot_remarks", "remarks"),
    may_be_drawn=True,
)
FAMILIES = {
    "lifetime_value": ModelInputs(
        table="transactions",
        module="purchases",
        learnt="purchase_features",
        outcomes="holdout_purchases",
        history=("purchase_days", "purchase_days"),
    ),
    "purchase_histories": ModelInputs(
        table="transactions",
        module="purchase_histories",
        learnt="purchase_histories",
        outcomes="holdout_purchases",
        declared={"events": ("calendar_events", "declared_events")},
        history=("purchase_days", "purchase_days"),
    ),
    "survival": _CONTRACTS,
    "contract_versions": replace(_CONTRACTS, module="contract_versions", learnt="contract_versions", unit="periods of contracts"),
    "snapshots": _SNAPSHOTS,
    "snapshot_versions": replace(_SNAPSHOTS, module="snapshot_versions", learnt="snapshot_versions", unit="periods of customers"),
}

INSTEAD = {"survival": "snapshots", "contract_versions": "snapshot_versions"}
"""What is read where a family's table is absent, and the snapshots of customers say how long they have been there."""

AS_FAMILY = {
    "lifetime_value.beta_discrete_weibull": "survival",
    "lifetime_value.bg_bb": "purchase_histories",
    "lifetime_value.mbg_cnbd_k": "purchase_histories",
    "lifetime_value.shifted_beta_geometric": "survival",
    "lifetime_value.time_varying_pareto_nbd": "purchase_histories",
    "survival.cox_time_varying": "contract_versions",
}
"""Models that read what another family does: customer value where there is a contract, or where the days one by one tell more."""


def inputs_of(model: str, tables: TableSet | None = None) -> ModelInputs:
    """Return what a model reads; of tables that are given, what it reads of them.

    Examples:
        >>> inputs_of("survival.cox").table, inputs_of("lifetime_value.shifted_beta_geometric").table
        ('contracts', 'contracts')
    """
    return FAMILIES[family_of(model, tables)]


def family_of(model: str, tables: TableSet | None = None) -> str:
    """Return the family by whose features a model reads; of tables that are given, the one that reads them.

    Examples:
        >>> family_of("lifetime_value.shifted_beta_geometric")
        'survival'
    """
    family = AS_FAMILY.get(model, model.partition(".")[0])
    if family not in FAMILIES:
        raise ParameterError.unknown("model family", family, FAMILIES, where=model)
    if tables is None or family not in INSTEAD or tables.has(FAMILIES[family].table):
        return family
    from relkit.features.snapshot_spells import has_snapshot_spells

    return INSTEAD[family] if has_snapshot_spells(tables) else family


def absence(model: str, tables: TableSet) -> str:
    """Return what a model lacks in the tables, as the end of a sentence; nothing where it can learn."""
    inputs = inputs_of(model, tables)
    if tables.has(inputs.table):
        return ""
    said = f"the data have no {inputs.table} table"
    if not tables.has("customer_snapshots") or family_of(model) not in INSTEAD:
        return said
    return f"{said}, and the mapping does not say which attributes of customer_snapshots are the tenure and the end (role)"


def required_settings(model: str) -> tuple[str, ...]:
    """Return the settings of a model that have no default.

    Examples:
        >>> required_settings("survival.cox"), required_settings("lifetime_value.bg_nbd")
        (('covariates',), ())
    """
    return tuple(f.name for f in _fields(model) if f.default is MISSING and f.default_factory is MISSING)


def read_settings(model: str, given: Mapping[str, Any]) -> dict[str, Any]:
    """Return the settings with what came as text split: a list `a,b`, numbers by column `a=4,b=3`; the catalogue converts the rest.

    Raises:
        ParameterError: numbers by column that are none.

    Examples:
        >>> read_settings("survival.cox", {"covariates": "monthly_amount, term_months", "level": "0.9"})
        {'covariates': ['monthly_amount', 'term_months'], 'level': '0.9'}
        >>> read_settings("survival.cox", {"splines": "monthly_amount=4"})
        {'splines': {'monthly_amount': '4'}}
    """
    from relkit.models import catalogue

    return read_texts(catalogue.settings_class(model), given)


def read_texts(settings: type, given: Mapping[str, Any]) -> dict[str, Any]:
    """Return settings with lists and numbers by column that came as text split; `settings` is the dataclass they are for."""
    kinds = {f.name: str(f.type).partition("[")[0] for f in fields(settings)}
    readers = {"tuple": _listed, "list": _listed, "dict": _by_column}
    return {name: readers.get(kinds.get(name, ""), _as_is)(name, value) for name, value in given.items()}


def _as_is(name: str, value: Any) -> Any:  # noqa: ARG001 called as the other readers are
    return value


def _listed(name: str, value: Any) -> Any:  # noqa: ARG001
    return [part.strip() for part in value.split(",")] if isinstance(value, str) else value


def _by_column(name: str, value: Any) -> Any:
    """Return `a=4,b=3`, or a list of such texts, as a dictionary."""
    texts = [value] if isinstance(value, str) else value
    if not isinstance(texts, (list, tuple)):
        return value
    pairs = [part.partition("=") for text in texts for part in str(text).split(",")]
    if wrong := ["".join(pair) for pair in pairs if not (pair[0].strip() and pair[2].strip())]:
        remedy = f"Write --settings.{name} COLUMN=NUMBER, several with commas in between."
        raise ParameterError(f"{name} has {wrong[0]!r}, which names no column with a number.", where="settings", remedy=remedy)
    return {column.strip(): number.strip() for column, _, number in pairs}


def _fields(model: str) -> tuple[Any, ...]:
    from relkit.models import catalogue

    return fields(catalogue.settings_class(model))  # type: ignore[arg-type]
