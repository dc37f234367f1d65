"""`relkit fit lifetime_value.auto` and `survival.auto`: fits the candidates of a family, compares them, takes one.

Models of orders are compared at several past origins, the others on one holdout; with many customers on a sample of them, drawn
by a hash of the id. The selection rule is in `relkit.models.comparison`. The chosen model goes on from its newest trial like any named
model: it is judged, fitted to all customers and days and registered under its own name, with the comparison alongside it, and is
marked: `relkit score` uses the marked model of a family by default.

A candidate that cannot be fitted is named with the reason. Without a holdout (the history is too short, or none is wanted)
nothing can be compared: the first candidate that can be fitted is taken, and displaces no model chosen earlier.

    picked(request)               the chosen model, fitted, with the comparison; nothing is registered
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from relkit.errors import FitError, ParameterError
from relkit.jobs.candidate_trials import SHARE_OF_COMPARISON, Trials
from relkit.jobs.choice import read_choice
from relkit.jobs.holdouts import origins_of, split_of
from relkit.jobs.model_fitting import FitRequest, made
from relkit.jobs.registering import Beside
from relkit.progress import Progress, quiet
from relkit.units import HORIZON_DAYS

if TYPE_CHECKING:
    from relkit.jobs.base import Result
    from relkit.jobs.choice import Choice
    from relkit.models.comparison import ModelComparison
    from relkit.periods import DrawnHoldout, Holdout

FRAMES = ("model_comparison", "model_differences", "model_comparison_groups", "model_comparison_course", "model_origins")


@dataclass(frozen=True, eq=False, kw_only=True)
class Picked:
    """A model that a choice took, fitted to all customers and days.

    Attributes:
        name: of the model.
        fitted: with its calibration and its past forecasts.
        comparison: of the candidates; None if nothing could be compared.
        reason: why it was taken.
    """

    name: str
    fitted: Any
    comparison: ModelComparison | None
    reason: str


def picked(request: FitRequest, progress: Progress = quiet) -> Picked:
    """Return the model that a choice takes, without registering anything.

    Args:
        request: of a name such as lifetime_value.auto, with the settings of the choice.
        progress: called at each step.

    Raises:
        FitError: none of the candidates could be fitted.
    """
    trials, none = _tried(request, progress)
    compared = trials.compared(progress)
    if compared is not None:
        name = compared.chosen
        done = made(trials.named(name), trials.inputs(name), tried=trials.newest(name), beside=_beside(compared, figures=False))
        return Picked(name=name, fitted=done.fitted, comparison=compared, reason=compared.reason)
    errors = dict(trials.failed)
    for name in trials.choice.candidates:
        try:
            done = made(trials.named(name), trials.inputs(name))
        except FitError as error:
            errors[name] = str(error)
            continue
        return Picked(name=name, fitted=done.fitted, comparison=None, reason=_uncompared(name, trials, none))
    raise _none_fits(request, errors)


def choose(request: FitRequest, progress: Progress) -> Result:
    """Compare the candidates of `request.model`, take one, and fit it as if it had been named."""
    trials, none = _tried(request, progress)
    compared = trials.compared(progress)
    then = _second_half(progress)
    if compared is None:
        result, reason = _first_that_fits(trials, then, none)
    else:
        result, reason = trials.fitted(compared.chosen, then, _beside(compared, figures=request.figures)), compared.reason
    _mark(request.programme, result.details["model"], compared=compared is not None)
    lines = [] if compared is None else _lines(compared, trials)
    failed = [f"{name} could not be judged: {why}" for name, why in trials.failed.items()]
    without = [f"{name} does not have {' and '.join(keys)}: it was tried without." for name, keys in trials.choice.without().items()]
    details = result.details | {"choice": _details(trials, compared, result.details["model"], reason)}
    sentences = (*lines, *without, *failed, *trials.left_out, reason, *result.sentences)
    return result.model_copy(update={"sentences": sentences, "details": details})


def _tried(request: FitRequest, progress: Progress) -> tuple[Trials, str]:
    """Return the candidates fitted at every origin, and the reason if there is none."""
    from relkit.families.bindings import inputs_of
    from relkit.models.catalogue import family

    choice, own = read_choice(request.model, request.settings), family(request.model)
    inputs = inputs_of(request.model, request.tables, choice.read(choice.candidates[0]))
    splits: tuple[Holdout | DrawnHoldout, ...]
    if own.compare_origins is None:
        split, none = split_of(inputs, request.tables, request.as_of, request.holdout_days)
        splits = () if split is None else (split,)
    else:
        splits, none = _origins(inputs, request, choice)
    most = choice.judged_customers or own.judged_customers
    known = request.known.sampled(inputs, request.as_of, most, seed=choice.seed) if most and splits else request.known
    trials = Trials(choice=choice, request=request, splits=splits, known=known)
    trials.run(progress)
    return trials, none


def _origins(inputs: Any, request: FitRequest, choice: Choice) -> tuple[tuple[Holdout | DrawnHoldout, ...], str]:
    """Return the origins at the horizon asked for, which holdout_days may also give."""
    days = request.holdout_days
    if days == 0:
        return (), ""
    if days and choice.horizon_days and days != choice.horizon_days:
        raise ParameterError(
            f"holdout_days is {days} and horizon_days {choice.horizon_days}: candidates are judged at one horizon.",
            where=request.model,
            remedy="Give one of them.",
        )
    return origins_of(inputs, request.tables, request.as_of, days=choice.horizon_days or days or HORIZON_DAYS, most=choice.origins)


def _details(trials: Trials, compared: ModelComparison | None, chosen: str, reason: str) -> dict[str, Any]:
    """Return the details of the choice, for scripts."""
    choice = trials.choice
    return {
        "chosen": chosen,
        "reason": reason,
        "candidates": list(choice.candidates),
        "failed": trials.failed,
        "without": {name: list(keys) for name, keys in choice.without().items()},
        "comparison": [] if compared is None else compared.table.to_dicts(),
        "differences": [] if compared is None else compared.differences.to_dicts(),
    }


def _beside(comparison: ModelComparison, *, figures: bool) -> Beside:
    """Return the tables of the comparison, and its plot if figures are drawn, to keep with the chosen model."""
    from relkit.models.catalogue import family
    from relkit.plots.model_comparison import plot_model_comparison

    tables = (comparison.table, comparison.differences, comparison.groups, comparison.course, comparison.origins)
    texts = family(comparison.chosen).texts if figures else None
    drawn = {} if texts is None else {"model_comparison": plot_model_comparison(comparison.groups, comparison.course, texts=texts)}
    return Beside(
        figures=drawn,
        frames={name: table for name, table in zip(FRAMES, tables, strict=True) if table.width},
        params={"chosen_from": ", ".join(comparison.table["model"])},
        origins=comparison.origins if comparison.origins.width else None,
        remarks=comparison.remarks,
    )


def _second_half(progress: Progress) -> Progress:
    """Return a progress callback for the second half of the work."""
    return lambda what, done=None: progress(what, None if done is None else SHARE_OF_COMPARISON + done * (1 - SHARE_OF_COMPARISON))


def _first_that_fits(trials: Trials, progress: Progress, none: str) -> tuple[Result, str]:
    """Fit the first candidate that can be fitted, with a sentence that nothing was compared."""
    errors = dict(trials.failed)
    for name in trials.choice.candidates:
        try:
            result = trials.fitted(name, progress)
        except FitError as error:
            errors[name] = str(error)
            continue
        if result.skipped:
            errors[name] = result.skipped
            continue
        return result, _uncompared(name, trials, none)
    raise _none_fits(trials.request, errors)


def _uncompared(name: str, trials: Trials, none: str) -> str:
    """Return the reason for a model that was taken without a comparison."""
    why = none or trials.problem or ("No candidate could be judged on the holdout." if trials.failed else "No holdout was wanted.")
    return f"{why} {name} was taken without a comparison: it is the first candidate that could be fitted."


def _none_fits(request: FitRequest, errors: dict[str, str]) -> FitError:
    reasons = " ".join(f"{name}: {why}" for name, why in errors.items())
    return FitError(
        f"none of the candidates could be fitted. {reasons}", where=request.model, remedy="Fit a longer period or more customers."
    )


def _lines(comparison: ModelComparison, trials: Trials) -> list[str]:
    from relkit.models.comparison import readable

    return [f"Candidates on {_judged(comparison, trials)}95 % intervals):", *readable(comparison)]


def _judged(comparison: ModelComparison, trials: Trials) -> str:
    """Return the customers and days judged, as part of a sentence with an open bracket."""
    from relkit.periods import Holdout

    splits = [split for split, _ in trials.at]
    drawn = ", drawn from all," if trials.known.drawn is not None else ""
    who = f"{comparison.customers:,} customers{drawn}"
    if not isinstance(splits[0], Holdout):
        return f"{who} {splits[0].spoken} ("
    if len(splits) == 1:
        return f"{who} and the {comparison.days:g} days after the calibration ("
    days = ", ".join(str(split.calibration) for split in splits)
    return f"{who} and the {comparison.days:g} days after {len(splits)} origins ({days}; "


def _mark(programme: str, name: str, *, compared: bool) -> None:
    """Mark a model for scoring; one taken without a comparison does not displace one that was chosen."""
    from relkit.tracking import registry

    family = name.partition(".")[0]
    if compared or not any(other.startswith(f"{family}.") for other in registry.chosen_models(programme)):
        registry.choose(name, programme)
