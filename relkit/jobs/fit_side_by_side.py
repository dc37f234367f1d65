"""`relkit fit attribution.all`: fits, judges and registers every model of a family, to be shown side by side.

No number tells which of them is right, so none is chosen. Models that read the same journeys read them once. Each takes the given
settings that it has. A model that cannot be fitted to the data (paths without times, say) is named with the reason; the others go on.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from relkit.errors import FitError, ParameterError, TableError
from relkit.jobs.base import Result
from relkit.jobs.choice import Choice, refuse_unknown_settings
from relkit.jobs.given_settings import read_texts
from relkit.jobs.model_fitting import COMMAND, FitRequest, fit_named
from relkit.jobs.shares_side_by_side import shares_side_by_side
from relkit.progress import Progress, quiet

if TYPE_CHECKING:
    from collections.abc import Mapping

MODELS = "models"
"""Setting that names the models to fit, of those of the family."""
REASONS = (FitError, TableError, ParameterError)
"""Errors that concern one model and leave the others."""


def read_members(name: str, given: Mapping[str, Any]) -> Choice:
    """Return the models to fit and the settings given to them.

    Args:
        name: under which all models of a family are fitted.
        given: settings by name; `models` lists the models to fit, by default all.

    Raises:
        ParameterError: an unknown model, a setting that none of them has, or a value out of range.

    Examples:
        >>> read_members("attribution.all", {"lookback_days": "7"}).settings
        {'lookback_days': '7'}
    """
    from relkit.models import catalogue

    known = catalogue.members(name)
    listed = read_texts(Choice, {"candidates": given.get(MODELS, ())})["candidates"]
    wanted = tuple(catalogue.named_in_full(model, name) for model in listed) or known
    for model in wanted:
        if model not in known:
            raise ParameterError.unknown("model", model, known, where=name)
    choice = Choice(candidates=wanted, settings={key: value for key, value in given.items() if key != MODELS})
    refuse_unknown_settings(choice, name, (MODELS,))
    return choice


def fit_side_by_side(request: FitRequest, progress: Progress = quiet) -> Result:
    """Fit, judge and register the models of a family, one after another.

    Raises:
        FitError: none of them could be fitted.
    """
    choice = read_members(request.model, request.settings)
    made: dict[str, Result] = {}
    failed: dict[str, str] = {}
    for i, name in enumerate(choice.candidates):
        try:
            result = _fitted(name, choice, request, _part(progress, i, len(choice.candidates)))
        except REASONS as error:
            failed[name] = str(error)
            continue
        if result.skipped:
            failed[name] = result.skipped
        else:
            made[name] = result
    if not made:
        none = f"none of its models could be fitted. {' '.join(dict.fromkeys(failed.values()))}"
        raise FitError(none, where=request.model, remedy="Fit a longer period or more journeys.")
    return _result(request, choice, made, failed)


def _fitted(name: str, choice: Choice, request: FitRequest, progress: Progress) -> Result:
    """Return the result of one model, fitted as if it had been named."""
    from relkit.families.bindings import absence, inputs_of

    tables = request.tables
    if lacking := absence(name, tables):
        raise FitError(f"{lacking}, from which it learns.", where=name)
    named = replace(request, model=name, settings=choice.of(name))
    return fit_named(named, inputs_of(name, tables, choice.read(name)), progress)


def _part(progress: Progress, position: int, models: int) -> Progress:
    """Return a progress callback for the work on one of several models."""
    return lambda what, done=None: progress(what, (position + (done or 0.0)) / models)


def _result(request: FitRequest, choice: Choice, made: Mapping[str, Result], failed: Mapping[str, str]) -> Result:
    """Return one result for all: the shares side by side, a line for each model, then the remarks, each once."""
    credit = {name: result.details["credit"] for name, result in made.items() if "credit" in result.details}
    first = next(iter(made.values()))
    return Result(
        job=COMMAND,
        metrics={f"{name}.{metric}": value for name, result in made.items() for metric, value in result.metrics.items()},
        counts={"models": len(made), "failed": len(failed), "features": first.counts["features"]},
        paths={name: result.paths["model"] for name, result in made.items() if "model" in result.paths},
        warnings=(*_unfitted(failed), *dict.fromkeys(warning for result in made.values() for warning in result.warnings)),
        sentences=(*shares_side_by_side(credit), *_narrow(choice), *(_line(result) for result in made.values()), *_remarks(made)),
        details={
            "model": request.model,
            "as_of": first.details["as_of"],
            "fits": {name: result.details for name, result in made.items()},
            "failed": dict(failed),
        },
    )


def _line(result: Result) -> str:
    """Return a sentence on one model: its version, its training data and its holdout."""
    found = result.details
    judged = "not judged" if found["metric_value"] is None else f"{found['metric']} {found['metric_value']:.4g} on {found['holdout']}"
    return f"{found['model']} is version {found['version']} and {found['alias']}: fitted to {result.counts['rows']:,} rows, {judged}."


def _remarks(made: Mapping[str, Result]) -> list[str]:
    """Return the remarks, each once; one on a single model names it."""
    behind: dict[str, list[str]] = {}
    for name, result in made.items():
        for text in result.details["remarks"]:
            behind.setdefault(text, []).append(name)
    shared = [text for text, names in behind.items() if len(names) > 1 or len(made) == 1]
    return [*shared, *(f"{names[0]}: {text}" for text, names in behind.items() if text not in shared)]


def _unfitted(failed: Mapping[str, str]) -> list[str]:
    """Return a warning for each model that could not be fitted."""
    return [f"{name} could not be fitted: {why.removeprefix(f'{name}: ')}" for name, why in failed.items()]


def _narrow(choice: Choice) -> list[str]:
    """Return a sentence for each given setting that only some of the models have."""
    without = choice.without()
    sentences = []
    for key in choice.settings:
        having = [name for name in choice.candidates if key not in without.get(name, ())]
        if len(having) < len(choice.candidates):
            sentences.append(f"{key} is a setting of {', '.join(having)} only; the others were fitted without it.")
    return sentences
