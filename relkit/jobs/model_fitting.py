"""Fitting of one named model: judged on a holdout, fitted again to all days, registered.

`relkit fit MODEL` and the choice among the models of a family both end here; neither depends on the other.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from relkit.jobs.base import Result
from relkit.jobs.build_features import unknown_days
from relkit.jobs.compared_models import behind_another
from relkit.jobs.holdouts import Known, split_of
from relkit.jobs.registering import Beside, Finished, Outcome, registered
from relkit.jobs.trials import Ready, Trial, Tried, complete, judged
from relkit.progress import Progress, quiet
from relkit.remarks import unique

if TYPE_CHECKING:
    from collections.abc import Mapping

    import polars as pl

    from relkit.families.inputs import ModelInputs
    from relkit.models.base import Fitted, Model
    from relkit.periods import AsOf
    from relkit.remarks import Remark
    from relkit.tables.table_set import TableSet

COMMAND = "fit"


@dataclass(frozen=True, kw_only=True, eq=False)
class FitRequest:
    """A request to fit a model to tables.

    Attributes:
        model: name of the model.
        settings: as given, by name.
        known: the information in the tables.
        as_of: the instant up to which it learns.
        holdout_days: length of the holdout; 0 for none, None for the default.
        programme: the programme it is registered under.
        forced: reason to make it champion whatever its metric; empty if it is not forced.
        cross_check: compare with a fit by lifelines.
        figures: draw and keep the diagnostic plots.
    """

    model: str
    settings: Mapping[str, Any]
    known: Known
    as_of: AsOf
    holdout_days: int | None
    programme: str
    forced: str = ""
    cross_check: bool = False
    figures: bool = True

    @property
    def tables(self) -> TableSet:
        """The validated tables."""
        return self.known.tables


def fit_named(
    request: FitRequest,
    inputs: ModelInputs,
    progress: Progress = quiet,
    *,
    beside: Beside | None = None,
    tried: Tried | None = None,
) -> Result:
    """Fit, judge and register a model.

    Args:
        request: the fit requested.
        inputs: the inputs of the model.
        progress: called at each step.
        beside: figures, frames and parameters kept with the version.
        tried: the model of the same request, if it was tried before.

    Raises:
        TableError: there are no customers as of the day, or no row has all required values.
        FitError: the model cannot be fitted to all days.
    """
    name = request.model
    progress(f"{name}: features as of {request.as_of}", 0.1)
    found = made(request, inputs, progress, beside=beside, tried=tried)
    if found.skipped:
        return Result(job=COMMAND, skipped=found.skipped)
    return _finished(found, request, progress, beside or Beside())


@dataclass(frozen=True, eq=False, kw_only=True)
class Made:
    """A model fitted to all days, with its trial; nothing is registered yet.

    Attributes:
        ready: the model and its data.
        trial: its trial on the holdout.
        model: its settings.
        fitted: the model fitted to all days; None if it was skipped.
        features: the rows it was fitted to.
        aside: remarks on rows left out.
        skipped: why it was not fitted; empty if it was.
    """

    ready: Ready
    trial: Trial
    model: Model[Any] | None = None
    fitted: Any = None
    features: pl.DataFrame | None = None
    aside: tuple[Remark, ...] = ()
    skipped: str = ""


def made(
    request: FitRequest,
    inputs: ModelInputs,
    progress: Progress = quiet,
    *,
    beside: Beside | None = None,
    tried: Tried | None = None,
) -> Made:
    """Return a model judged on its holdout and fitted to all days; arguments and errors as in `fit_named`."""
    from relkit.families.bindings import binding
    from relkit.models.base import fit_as_of

    name, as_of = request.model, request.as_of
    split, why = (None, "") if tried is not None else split_of(inputs, request.tables, as_of, request.holdout_days)
    ready = Ready.of(name, request.settings, inputs, request.known, as_of, split, before=None if tried is None else tried.before)
    if ready.lacking:
        setting = next(setting for setting, values in ready.chosen.items() if not values)
        named = f"Name some with --settings.{setting} A,B, or fit a model that needs none."
        return Made(ready=ready, trial=Trial(), skipped=f"{name}: {ready.lacking} {named}")
    progress(f"{name}: judged on a holdout", 0.3)
    trial = judged(ready, why) if tried is None else tried.measured()
    model = ready.model(as_of)
    model = trial.made.settled(model, ready.features) if trial.made else model
    features, aside = complete(model, ready.features, inputs)
    progress(f"{name}: fitted to {len(features):,} {inputs.unit}", 0.5)
    fitted = fit_as_of(model, features, as_of)
    if beside is not None and beside.origins is not None:  # before the lesson, which makes past forecasts if there are none
        fitted = binding(name).with_origins(fitted, beside.origins)
    fitted, trial = _taught(fitted, trial, ready)
    return Made(ready=ready, trial=trial, model=model, fitted=fitted, features=features, aside=aside)


def _finished(found: Made, request: FitRequest, progress: Progress, beside: Beside) -> Result:
    """Register a fitted model, and return the result to report."""
    from relkit.families.bindings import binding

    ready, model, fitted, features = found.ready, found.model, found.fitted, found.features
    tables, as_of, inputs = ready.tables, ready.as_of, ready.inputs
    assert model is not None
    assert features is not None
    checked = cross_checked(model, fitted, features) if request.cross_check else {}
    progress(f"{ready.name}: registered", 0.7)
    of_features, early = inputs.remarks_on(tables, as_of), (*unknown_days(tables, as_of), *found.aside)
    learnt = binding(ready.name).lesson_remarks(fitted)
    done = Finished(
        ready=ready,
        model=model,
        fitted=fitted,
        features=features,
        trial=found.trial,
        programme=request.programme,
        forced=request.forced,
        beside=beside,
        figures=request.figures,
        remarks=unique((*early, *of_features, *found.trial.remarks(), *beside.remarks, *learnt)),
    )
    noted = (*of_features, *learnt)
    result = _result(done, registered(done, progress), (*(remark.en for remark in noted), *_not_chosen(ready, features)))
    behind = None if beside.frames else behind_another(ready.name, request.programme, as_of)
    refused = tuple(f"The check of these tables did not pass: {refusal}" for refusal in tables.refusals())
    warned = {"warnings": refused + tuple(remark.en for remark in early) + result.warnings}
    compared = () if behind is None else (behind.en,)
    reported = {"sentences": (*result.sentences, *compared, *checked.values()), "details": result.details | checked}
    return result.model_copy(update=warned | reported)


def cross_checked(model: Model[Any], fitted: Fitted, features: pl.DataFrame) -> dict[str, str]:
    """Return the comparison of a fit with that of lifelines: a sentence, by its name among the details."""
    from relkit.models.survival.cross_check import cross_check

    return {"cross_check": cross_check(model, fitted, features).sentence}


def _result(done: Finished, outcome: Outcome, remarks: tuple[str, ...]) -> Result:
    from relkit.families.bindings import binding
    from relkit.tracking import registry

    fitted, trial, version, info = done.fitted, done.trial, outcome.version, done.fitted.info
    sentences = [
        f"{done.ready.name} was fitted to {info.rows:,} {done.ready.inputs.unit} as of {info.as_of}.",
        *remarks,
        *info.notes,
        *trial.sentences(version.metric, version.metric_value),
        *(remark.en for remark in (trial.made.decided if trial.made else ())),
        *binding(fitted.name).lesson_sentences(fitted),
        *outcome.sentences(),
    ]
    local = registry.saved_folder(version)
    return Result(
        job=COMMAND,
        parameters={str(term): value for term, value in fitted.summary().select("term", "estimate").iter_rows()},
        log_likelihood=info.log_likelihood,
        metrics=dict(trial.metrics),
        counts={"rows": info.rows, "features": len(done.features)},
        paths={} if local is None else {"model": local},
        warnings=tuple(problem for problem in (trial.problem, outcome.undrawn) if problem),
        sentences=tuple(sentences),
        details=outcome.details()
        | {"as_of": str(info.as_of), "holdout": version.holdout, "summary": fitted.summary().to_dicts()}
        | {"metric": version.metric, "metric_value": version.metric_value, "remarks": [*remarks, *info.notes]}
        | _credit(fitted),
    )


def _credit(fitted: Fitted) -> dict[str, Any]:
    """Return the credit of a model that gives some to channels among the details, one record per channel, and its removal effects."""
    from relkit.models.base import CreditsChannels

    if not isinstance(fitted, CreditsChannels):
        return {}
    removal = getattr(fitted, "removal_terms", None)
    return {"credit": fitted.credit().to_dicts()} | ({} if removal is None else {"effects": removal().to_dicts()})


def _taught(fitted: Fitted, trial: Trial, ready: Ready) -> tuple[Fitted, Trial]:
    """Return the fitted model with the lesson of a holdout in time, and the trial with the metrics of that lesson."""
    from relkit.families.bindings import binding
    from relkit.periods import Holdout

    teach, split, made = binding(ready.name).teach, trial.split, trial.made
    if teach is None or made is None or not isinstance(split, Holdout):
        return fitted, trial
    taught, metrics = teach(fitted, made.fitted, made.judged, lambda days: made.known.what_happened(ready.inputs, split.first(days)))
    return taught, Trial(made=replace(made, metrics={**made.metrics, **metrics}))


def _not_chosen(ready: Ready, features: pl.DataFrame) -> list[str]:
    """Return a sentence on the default values left out because they do not suit the data."""
    declined = {name: ready.inputs.not_chosen(name, features) for name in ready.chosen}
    return [
        f"Not among the {name}: {', '.join(f'{value} ({why})' for value, why in found.items())}."
        for name, found in declined.items()
        if found
    ]
