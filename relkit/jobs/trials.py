"""Trials: a model made ready for its data, fitted to what was known before the holdout, and judged on it.

    ready = Ready.of("survival.cox", {}, inputs, known, as_of, split)
    trial = tried(ready)              fitted, not judged yet: a choice among models compares such trials
    trial.measured()                  with the metrics of the holdout

`relkit fit` makes one trial; the choice among the models of a family makes one per candidate, and goes on with that of the chosen model.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from relkit.errors import FitError, TableError
from relkit.jobs.given_settings import read_settings
from relkit.jobs.holdouts import HeldOut, Known
from relkit.remarks import Remark, french

if TYPE_CHECKING:
    from collections.abc import Mapping

    import polars as pl

    from relkit.errors import PeriodError
    from relkit.families.inputs import ModelInputs
    from relkit.models.base import Model
    from relkit.periods import AsOf, DrawnHoldout, Holdout
    from relkit.tables.table_set import TableSet


@dataclass(frozen=True, eq=False, kw_only=True)
class Ready:
    """A model with everything needed to fit and judge it.

    Attributes:
        name: of the model.
        inputs: its inputs.
        known: the information in the tables.
        as_of: the instant up to which it learns.
        features: the rows it learns from.
        held: the rows it is judged on; None if there are none.
        settings: as given.
        chosen: required settings that were not given, chosen to suit the data; empty if nothing suits.
    """

    name: str
    inputs: ModelInputs
    known: Known
    as_of: AsOf
    features: pl.DataFrame
    held: HeldOut | None
    settings: Mapping[str, Any]
    chosen: Mapping[str, tuple[str, ...]]

    @classmethod
    def of(
        cls,
        name: str,
        given: Mapping[str, Any],
        inputs: ModelInputs,
        known: Known,
        as_of: AsOf,
        split: Holdout | DrawnHoldout | None,
        before: pl.DataFrame | None = None,
    ) -> Ready:
        """Read the rows and choose the required settings that were not given, to suit both the fit and the trial.

        Args:
            name: of the model.
            given: its settings.
            inputs: its inputs.
            known: the information in the tables.
            as_of: the instant up to which it learns.
            split: the holdout; None if it is not to be judged, or was tried before.
            before: the rows that an earlier trial learnt from.

        Raises:
            TableError: there is no row to learn from as of the day.
            PeriodError: the day lies before the data.
        """
        from relkit.models.catalogue import required_settings

        features = inputs.to_learn(known.features(inputs, as_of))
        if features.is_empty():
            raise _nothing_to_learn(name, inputs, known.tables, as_of)
        held = HeldOut.of(inputs, known, split) if split else None
        earlier = before if held is None else held.before
        frames = [features] if earlier is None else [features, earlier]
        settings = read_settings(name, given)
        chosen = {setting: inputs.chosen(setting, *frames) for setting in required_settings(name) if setting not in settings}
        return cls(name=name, inputs=inputs, known=known, as_of=as_of, features=features, held=held, settings=settings, chosen=chosen)

    @property
    def tables(self) -> TableSet:
        """The validated tables."""
        return self.known.tables

    @property
    def lacking(self) -> str:
        """The sentence, without the model's name, on a setting that no value suits; empty if all are known."""
        empty = [setting for setting, values in self.chosen.items() if not values]
        if not empty:
            return ""
        return f"the {self.inputs.table} have no {empty[0]} that it could use (complete, and not the same for all)."

    def model(self, edge: AsOf) -> Model[Any]:
        """Return the settings, with the declarations of the tables known at a cutoff."""
        from relkit.models import catalogue

        declared = self.inputs.declared_settings(self.name, self.tables, edge)
        return catalogue.make(self.name, {**declared, **self.settings, **self.chosen})


def _nothing_to_learn(name: str, inputs: ModelInputs, tables: TableSet, as_of: AsOf) -> TableError | PeriodError:
    """Return the error for a model without rows: customers may be known all the same, as payers of fees or too lately."""
    first = tables.facts.first_day
    if first is not None and as_of.day < first:
        return tables.nobody(as_of)
    return TableError(
        f"{inputs.table} as of {as_of} give {name} no row to learn from.",
        where=str(tables.folder),
        remedy="Check that customer_id is mapped and that sales have line_kind sale, and look at quarantine/ beside it; a model that looks "
        "ahead needs customers who were known one horizon before that day.",
    )


@dataclass(frozen=True, eq=False, kw_only=True)
class Tried:
    """A model fitted without its holdout, and the outcomes in the holdout.

    Attributes:
        known: the information that it was tried on.
        split: the holdout.
        fitted: the model as of the calibration date.
        before: the features known by then, including rows that this model cannot read.
        learnt: the rows it was fitted to.
        judged: the rows judged, one per customer.
        outcomes: their outcomes.
        metrics: metrics on the holdout; empty until measured.
        variant: place, among the variants of the model, of the one that the holdout chose; None if there was no choice.
        decided: the remark on that choice.
    """

    known: Known
    split: Holdout | DrawnHoldout
    fitted: Any
    before: pl.DataFrame
    learnt: pl.DataFrame
    judged: pl.DataFrame
    outcomes: pl.DataFrame
    metrics: dict[str, float] = field(default_factory=dict)
    variant: int | None = None
    decided: tuple[Remark, ...] = ()

    @classmethod
    def of(cls, model: Model[Any], held: HeldOut, *, learnt: pl.DataFrame, judged: pl.DataFrame) -> Tried:
        """Fit a model to the rows of a holdout that it can read.

        Raises:
            FitError: there is too little to learn from before the holdout.
        """
        fitted, chosen = _fitted(model, held, learnt, judged)
        made = cls(
            known=held.known, split=held.split, fitted=fitted, before=held.before, learnt=learnt, judged=judged, outcomes=held.outcomes
        )
        return replace(made, variant=chosen[0], decided=(chosen[1],)) if chosen else made

    def settled(self, model: Model[Any], features: pl.DataFrame) -> Model[Any]:
        """Return settings with the choice that they left to the holdout, if they did."""
        from relkit.models.base import Varies

        return model if self.variant is None or not isinstance(model, Varies) else model.variants(features)[self.variant]

    def measured(self) -> Trial:
        """Return the trial with the metrics of the holdout, or with the reason why there are none."""
        try:
            return Trial(made=replace(self, metrics=self.fitted.settings.judge(self.fitted, self.judged, self.outcomes)))
        except FitError as error:
            return not_judged(self.split, error)

    def figures(self, purchases: pl.DataFrame | None, *, currency: str, language: str = "en") -> dict[str, Any]:
        """Return the diagnostic figures, by name; `purchases` are all up to the end of the holdout, None if the family has none."""
        from relkit.families.bindings import diagnostic_figures

        return diagnostic_figures(
            self.fitted,
            self.judged,
            learnt=self.learnt,
            outcomes=self.outcomes,
            purchases=purchases,
            currency=currency,
            language=language,
        )


def _fitted(model: Model[Any], held: HeldOut, learnt: pl.DataFrame, judged: pl.DataFrame) -> tuple[Any, tuple[int, Remark] | None]:
    """Return a model fitted before a holdout, and if it has variants the place of the one that does best there, with the remark on it."""
    from relkit.models.base import Varies, fit_as_of

    day = held.split.calibration
    variants = model.variants(learnt) if isinstance(model, Varies) else ()
    found: dict[int, Any] = {}
    for place, each in enumerate(variants):
        with suppress(FitError):
            found[place] = fit_as_of(each, learnt, day)
    if len(found) < 2:
        return fit_as_of(variants[next(iter(found))] if found else model, learnt, day), None
    best, remark = model.best_of(tuple(found.values()), judged, held.outcomes)  # type: ignore[attr-defined]  # it varies
    place = tuple(found)[best]
    return found[place], (place, remark)


@dataclass(frozen=True, eq=False, kw_only=True)
class Trial:
    """The trial of a model, if it could be judged.

    Attributes:
        problem: why the model could not be judged; empty if it was.
        made: the model tried, and its metrics; None if it was not judged.
    """

    problem: str = ""
    made: Tried | None = None

    @property
    def split(self) -> Holdout | DrawnHoldout | None:
        """The holdout."""
        return self.made.split if self.made else None

    @property
    def metrics(self) -> dict[str, float]:
        """Metrics on the holdout; empty if the model was not judged."""
        return self.made.metrics if self.made else {}

    def remarks(self) -> tuple[Remark, ...]:
        """Return the remark on a model that was not judged, or on what the holdout decided."""
        return self.made.decided if self.made else (_NOT_JUDGED,)

    def sentences(self, metric: str | None, value: float | None) -> list[str]:
        """Return the sentences on the holdout."""
        if self.split is None or metric is None or value is None:
            return [] if self.problem else ["It was not judged: no holdout was wanted."]
        why, where = self.split.why, self.split.spoken
        return [*([why] if why else []), f"{where[:1].upper()}{where[1:]} its {_CALLED.get(metric, metric)} was {value:.6g}."]


_CALLED = {"brier_score": "Brier score on the last day (brier_score)"}
"""Names of metrics that could be mistaken for another one: the integrated Brier score is an average over the days of the holdout."""
_NOT_JUDGED = Remark(
    "not_judged",
    "A model behind these scores was not judged on days that it had not seen: nothing shows how near its forecasts come.",
    "Un modèle derrière ces scores n’a pas été jugé sur des jours qu’il n’avait pas vus : rien ne montre si ses prévisions sont justes.",
)


def tried(ready: Ready) -> Tried:
    """Return a model fitted to what was known before its holdout, not measured yet; later declarations are ignored.

    Raises:
        FitError: there is too little to learn from before the holdout, or no holdout.
        TableError: no row has all the values that the model requires.
    """
    held = ready.held
    if held is None:
        raise FitError("there is no holdout to be tried on.", where=ready.name)
    model = ready.model(held.split.calibration)
    learnt, judged = (complete(model, rows, ready.inputs)[0] for rows in (held.before, held.judged))
    return Tried.of(model, held, learnt=learnt, judged=judged)


def judged(ready: Ready, why: str) -> Trial:
    """Return the measured trial of a model; too little to learn from before the holdout does not raise.

    Args:
        ready: the model.
        why: the reason why there is no holdout, if there is none.
    """
    if ready.held is None:
        return Trial(problem=why)
    try:
        return tried(ready).measured()
    except FitError as error:
        return not_judged(ready.held.split, error)


def not_judged(split: Holdout | DrawnHoldout, error: FitError) -> Trial:
    """Return the trial of a model that could not be judged on a holdout."""
    return Trial(problem=f"It could not be judged {split.spoken}: {error}")


def complete(model: Model[Any], features: pl.DataFrame, inputs: ModelInputs) -> tuple[pl.DataFrame, tuple[Remark, ...]]:
    """Return the rows with known covariates, as scoring does, and a remark on those set aside.

    Raises:
        TableError: there is no such row.
    """
    from relkit.models.covariate_declaration import must_be_known, with_known_numbers

    kept, lacking = with_known_numbers(features, must_be_known(model))
    if not lacking:
        return features, ()
    names, aside = " or ".join(lacking), len(features) - len(kept)
    if kept.is_empty():
        none = f"none of the {len(features):,} {inputs.unit} has {'a ' if len(lacking) == 1 else 'all of '}{names}."
        raise TableError(none, where=str(model.name), remedy=f"Drop {names} from the covariates.")
    remark = Remark(
        "left_out_of_the_fit",
        f"{aside:,} of {len(features):,} {inputs.unit} have no {names}: they were left out of the fit, and will have no score.",
        f"{french(aside)} lignes sur {french(len(features))} n’ont pas de {names.replace(' or ', ' ou ')} : le modèle a appris sans "
        "elles, et elles n’auront pas de score.",
    )
    return kept, (remark,)
