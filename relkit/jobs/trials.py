"""Trials: a model made ready for its data, fitted to what was known before the holdout, and judged on it.

    ready = Ready.of("survival.cox", {}, inputs, known, as_of, split)
    trial = tried(ready)              fitted, not judged yet: a choice among models compares such trials
    trial.measured()                  with the metrics of the holdout

`relkit fit` makes one trial; the choice among the models of a family makes one a candidate, and goes on with that of the model it takes.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from relkit.errors import FitError, TableError
from relkit.jobs.given_settings import read_settings
from relkit.jobs.holdouts import HeldOut, Known
from relkit.remarks import Remark, french

if TYPE_CHECKING:
    from collections.abc import Mapping

    import polars as pl

    from relkit.families.inputs import ModelInputs
    from relkit.models.base import Model
    from relkit.periods import AsOf, DrawnHoldout, Holdout
    from relkit.tables.table_set import TableSet


@dataclass(frozen=True, eq=False, kw_only=True)
class Ready:
    """A model with all that it needs to be fitted and judged.

    Attributes:
        name: of the model.
        inputs: what it reads.
        known: what the tables tell.
        as_of: up to when it learns.
        features: the rows it learns from.
        held: what judges it; None where nothing does.
        settings: as given.
        chosen: settings that it requires and nobody gave, chosen to suit the data; empty where nothing suits.
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
    ) -> Ready:
        """Read the rows and choose the settings that are required and not given: such as suit the fit and the trial.

        Raises:
            TableError: nobody is known as of the day.
        """
        from relkit.models.catalogue import required_settings

        features = inputs.to_learn(known.features(inputs, as_of))
        if features.is_empty():
            raise known.tables.nobody(as_of)
        held = HeldOut.of(inputs, known, split) if split else None
        frames = [features] if held is None else [features, held.before]
        settings = read_settings(name, given)
        chosen = {setting: inputs.chosen(setting, *frames) for setting in required_settings(name) if setting not in settings}
        return cls(name=name, inputs=inputs, known=known, as_of=as_of, features=features, held=held, settings=settings, chosen=chosen)

    @property
    def tables(self) -> TableSet:
        """The validated tables."""
        return self.known.tables

    @property
    def lacking(self) -> str:
        """The sentence, without the model's name, that says which setting no value suits; empty where all are known."""
        empty = [setting for setting, values in self.chosen.items() if not values]
        if not empty:
            return ""
        return f"the {self.inputs.table} have no {empty[0]} that it could use (complete, and not the same for all)."

    def model(self, edge: AsOf) -> Model[Any]:
        """Return the settings, with what the tables declare as known at an edge."""
        from relkit.models import catalogue

        declared = self.inputs.declared_settings(self.name, self.tables, edge)
        return catalogue.make(self.name, {**declared, **self.settings, **self.chosen})


@dataclass(frozen=True, eq=False)
class Trial:
    """What the holdout said of a model fitted up to the day before it.

    Attributes:
        problem: why the model could not be judged; empty when it was.
        split: the holdout.
        fitted: the model as of the calibration date.
        metrics: on the holdout; empty until they are measured.
        before: features that were learnt from, as of the calibration date.
        judged: those of them, one row a customer, that were judged.
        outcomes: what happened.
    """

    problem: str = ""
    split: Holdout | DrawnHoldout | None = None
    fitted: Any = None
    metrics: dict[str, float] = field(default_factory=dict)
    before: pl.DataFrame | None = None
    judged: pl.DataFrame | None = None
    outcomes: pl.DataFrame | None = None

    def measured(self) -> Trial:
        """Return the trial with the metrics of the holdout, or with the reason why there are none."""
        if self.split is None:
            return self
        try:
            return replace(self, metrics=self.fitted.settings.judge(self.fitted, self.judged, self.outcomes))
        except FitError as error:
            return not_judged(self.split, error)

    def remarks(self) -> tuple[Remark, ...]:
        """Return the remark on a model that was not judged; none where it was."""
        return () if self.split else (_NOT_JUDGED,)

    def sentences(self, metric: str | None, value: float | None) -> list[str]:
        """Return what a reader must know of the holdout."""
        if self.split is None or metric is None or value is None:
            return [] if self.problem else ["It was not judged: no holdout was wanted."]
        why, where = self.split.why, self.split.spoken
        return [*([why] if why else []), f"{where[:1].upper()}{where[1:]} its {metric}{_TAKEN.get(metric, '')} was {value:.6g}."]


_TAKEN = {"brier_score": " (of the forecast for the last of them)"}
"""Of metrics that `relkit.models.comparison` gives as well, averaged over the holdout under another name: when they are taken."""
_NOT_JUDGED = Remark(
    "not_judged",
    "A model behind these scores was not judged on days that it had not seen: nothing shows how near its forecasts come.",
    "Un modèle derrière ces scores n’a pas été jugé sur des jours qu’il n’avait pas vus : rien ne montre si ses prévisions sont justes.",
)


def tried(ready: Ready) -> Trial:
    """Return a model fitted to what was known before its holdout, not measured yet; it knows of nothing that was declared later.

    Raises:
        FitError: there is too little to learn from before the holdout, or no holdout.
        TableError: no row has all that the model must know.
    """
    from relkit.models.base import fit_as_of

    held = ready.held
    if held is None:
        raise FitError("there is no holdout to be tried on.", where=ready.name)
    calibration = held.split.calibration
    model = ready.model(calibration)
    fitted = fit_as_of(model, complete(model, held.before, ready.inputs)[0], calibration)
    judged = complete(model, held.judged, ready.inputs)[0]
    return Trial(split=held.split, fitted=fitted, before=held.before, judged=judged, outcomes=held.outcomes)


def judged(ready: Ready, why: str) -> Trial:
    """Return the trial of a model, measured; too little to learn from before the holdout is no reason to fail.

    Args:
        ready: the model.
        why: there is no holdout, where there is none.
    """
    if ready.held is None:
        return Trial(why)
    try:
        return tried(ready).measured()
    except FitError as error:
        return not_judged(ready.held.split, error)


def not_judged(split: Holdout | DrawnHoldout, error: FitError) -> Trial:
    """Return the trial of a model that could not be judged on a holdout."""
    return Trial(f"It could not be judged {split.spoken}: {error}")


def complete(model: Model[Any], features: pl.DataFrame, inputs: ModelInputs) -> tuple[pl.DataFrame, tuple[Remark, ...]]:
    """Return the rows whose covariates are known, as scoring does, and a remark on those set aside.

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
