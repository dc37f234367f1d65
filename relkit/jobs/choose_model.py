"""`relkit fit lifetime_value.auto` and `survival.auto`: fits the candidates of a family, compares them on one holdout, takes one.

The selection rule is in `relkit.models.comparison`. The chosen model goes on from its trial like any named model: it is judged,
fitted to all days and registered under its own name, with the comparison alongside it, and is marked: `relkit score` uses the
marked model of a family by default.

A candidate that cannot be fitted is named with the reason. Without a holdout (the history is too short, or none is wanted)
nothing can be compared: the first candidate that can be fitted is taken, and displaces no model chosen earlier.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from relkit.errors import FitError, ParameterError
from relkit.jobs.given_settings import read_settings, read_texts
from relkit.jobs.holdouts import split_of
from relkit.jobs.model_fitting import FitRequest, fit_named
from relkit.jobs.registering import Beside
from relkit.jobs.trials import Ready, Tried, tried

if TYPE_CHECKING:
    from collections.abc import Mapping

    from relkit.jobs.base import Result
    from relkit.models.comparison import ModelComparison
    from relkit.periods import DrawnHoldout, Holdout
    from relkit.progress import Progress

FRAMES = ("model_comparison", "model_differences", "model_comparison_groups", "model_comparison_course")


@dataclass(frozen=True, kw_only=True)
class Choice:
    """Settings of a choice among models.

    Attributes:
        candidates: names of models; by default all that compete in the family.
        replicates: resamples of the customers, for the intervals.
        seed: seed of the resampling.
        settings: settings of the candidates, such as period_days or covariates; each takes those it has and ignores the others.
    """

    candidates: tuple[str, ...] = ()
    replicates: int = 200
    seed: int = 0
    settings: dict[str, Any] = field(default_factory=dict)

    def of(self, name: str) -> dict[str, Any]:
        """Return the given settings that apply to a candidate."""
        from relkit.models.catalogue import known_settings

        return {key: value for key, value in self.settings.items() if key in known_settings(name)}

    def read(self, name: str) -> dict[str, Any]:
        """Return the same with lists and numbers by column split from text."""
        return read_settings(name, self.of(name))

    def without(self) -> dict[str, tuple[str, ...]]:
        """Return, by candidate, the given settings that it does not have and is tried without."""
        from relkit.models.catalogue import known_settings

        lacking = {name: tuple(key for key in self.settings if key not in known_settings(name)) for name in self.candidates}
        return {name: keys for name, keys in lacking.items() if keys}


def read_choice(model: str, given: Mapping[str, Any]) -> Choice:
    """Return the checked settings of a choice, with its candidates and their settings.

    Raises:
        ParameterError: an unknown setting or candidate, or a value out of range.

    Examples:
        >>> read_choice("lifetime_value.auto", {"candidates": "lifetime_value.bg_nbd, lifetime_value.nbd"}).candidates
        ('lifetime_value.bg_nbd', 'lifetime_value.nbd')
        >>> read_choice("survival.auto", {"covariates": "monthly_amount"}).of("survival.cox")
        {'covariates': 'monthly_amount'}
    """
    from relkit.models import catalogue

    own = {name: value for name, value in read_texts(Choice, given).items() if name in ("candidates", "replicates", "seed")}
    choice = catalogue.checked(Choice, model, own)
    competing = catalogue.candidates(model)
    for name in choice.candidates:
        if name not in competing:
            raise ParameterError.unknown("candidate", name, competing, where=model)
    if choice.replicates < 20:
        raise ParameterError(f"replicates is {choice.replicates}; intervals need at least 20.", where=model)
    theirs = {name: value for name, value in given.items() if name not in own}
    chosen = replace(choice, candidates=choice.candidates or competing, settings=theirs)
    refuse_unknown_settings(chosen, model, ("candidates", "replicates", "seed"))
    return chosen


def refuse_unknown_settings(choice: Choice, model: str, own: tuple[str, ...]) -> None:
    """Refuse a setting that no candidate has, and a value out of range.

    Args:
        choice: the candidates with the settings given to them.
        model: the name that stands for the candidates, for the message.
        own: settings of the choice itself.

    Raises:
        ParameterError: naming the setting, with the nearest known one.
    """
    from relkit.models import catalogue

    known = [*own, *sorted({key for name in choice.candidates for key in catalogue.known_settings(name)})]
    for key in choice.settings:
        if key not in known:
            raise ParameterError.unknown("setting", key, known, where=model)
    for name in choice.candidates:
        made = read_settings(name, choice.of(name))
        catalogue.make(name, {setting: ["none"] for setting in catalogue.required_settings(name)} | made)


def choose(request: FitRequest, progress: Progress) -> Result:
    """Compare the candidates of `request.model`, take one, and fit it as if it had been named."""
    from relkit.families.bindings import inputs_of

    choice = read_choice(request.model, request.settings)
    first = inputs_of(request.model, request.tables, choice.read(choice.candidates[0]))
    split, none = split_of(first, request.tables, request.as_of, request.holdout_days)
    trials = _Trials(choice, request, split)
    trials.run(progress)
    compared = trials.compared(progress)
    then = _second_half(progress)
    if compared is None:
        result, reason = _first_that_fits(trials, then, none or trials.problem)
    else:
        result, reason = trials.fitted(compared.chosen, then, _beside(compared, figures=request.figures)), compared.reason
    _mark(request.programme, result.details["model"], compared=compared is not None)
    lines = [] if compared is None or split is None else _lines(compared, split)
    failed = [f"{name} could not be judged: {why}" for name, why in trials.failed.items()]
    without = [f"{name} does not have {' and '.join(keys)}: it was tried without." for name, keys in choice.without().items()]
    details = result.details | {"choice": _details(trials, compared, result.details["model"], reason)}
    return result.model_copy(update={"sentences": (*lines, *without, *failed, reason, *result.sentences), "details": details})


def _details(trials: _Trials, compared: ModelComparison | None, chosen: str, reason: str) -> dict[str, Any]:
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


class _Trials:
    """The trials of the candidates on one holdout."""

    def __init__(self, choice: Choice, request: FitRequest, split: Holdout | DrawnHoldout | None) -> None:
        self.choice, self.request, self.split = choice, request, split
        self.made: dict[str, Tried] = {}
        self.failed: dict[str, str] = {}
        self.problem = ""

    def run(self, progress: Progress) -> None:
        """Try every candidate; keep the reason of each that cannot be fitted."""
        if self.split is None:
            return
        for i, name in enumerate(self.choice.candidates):
            progress(f"{name}: fitted up to {self.split.calibration}", 0.4 * i / len(self.choice.candidates))
            try:
                self.made[name] = self._trial(name, self.split)
            except FitError as error:
                self.failed[name] = str(error)

    def _trial(self, name: str, split: Holdout | DrawnHoldout) -> Tried:
        from relkit.families.bindings import absence, inputs_of

        known = self.request.known
        if absent := absence(name, known.tables):
            raise FitError(f"{absent}, from which it learns.", where=name)
        inputs = inputs_of(name, known.tables, self.choice.read(name))
        self._refuse_a_twin(name, split)
        ready = Ready.of(name, self.choice.of(name), inputs, known, self.request.as_of, split)
        if ready.lacking:
            raise FitError(ready.lacking, where=name)
        return tried(ready)

    def _refuse_a_twin(self, name: str, split: Holdout | DrawnHoldout) -> None:
        """Refuse a model that is identical to another one because both learn from the same rows."""
        from relkit.families.bindings import inputs_of
        from relkit.models.catalogue import settings_class

        twin, known = settings_class(name).twin, self.request.known
        if not twin:
            return
        own, other = (inputs_of(each, known.tables) for each in (name, twin))
        if known.features(own, split.calibration).equals(known.features(other, split.calibration)):
            raise FitError(f"nothing changes while a row of the {own.table} holds, so it is {twin}.", where=name)

    def compared(self, progress: Progress) -> ModelComparison | None:
        """Return the comparison of the models that could be fitted; None if there is none, with the problem kept."""
        from relkit.families.bindings import inputs_of
        from relkit.models.catalogue import family

        compare = family(self.request.model).compare
        if not self.made or self.split is None or compare is None:
            return None
        progress(f"{len(self.made)} models compared {self.split.spoken}", 0.4)
        first, known = next(iter(self.made)), self.request.known
        inputs = inputs_of(first, known.tables, self.choice.read(first))
        try:
            return compare(
                {name: trial.fitted for name, trial in self.made.items()},
                {name: trial.judged for name, trial in self.made.items()},
                known.what_happened(inputs, self.split),
                past=inputs.past(known.tables, self.split.end),
                replicates=self.choice.replicates,
                seed=self.choice.seed,
            )
        except FitError as error:
            self.problem = f"Nothing could be judged on the {self.split.days} days after {self.split.calibration}: {error}"
            return None

    def fitted(self, name: str, progress: Progress, beside: Beside | None = None) -> Result:
        """Fit a candidate to all days and register it, as if it had been named; its trial is reused."""
        from relkit.families.bindings import inputs_of

        named = replace(self.request, model=name, settings=self.choice.of(name))
        return fit_named(named, inputs_of(name, named.tables, self.choice.read(name)), progress, beside=beside, tried=self.made.get(name))


def _beside(comparison: ModelComparison, *, figures: bool) -> Beside:
    """Return the tables of the comparison, and its plot if figures are drawn, to keep with the chosen model."""
    from relkit.models.catalogue import family
    from relkit.plots.model_comparison import plot_model_comparison

    tables = (comparison.table, comparison.differences, comparison.groups, comparison.course)
    texts = family(comparison.chosen).texts if figures else None
    drawn = {} if texts is None else {"model_comparison": plot_model_comparison(comparison.groups, comparison.course, texts=texts)}
    return Beside(
        figures=drawn, frames=dict(zip(FRAMES, tables, strict=True)), params={"chosen_from": ", ".join(comparison.table["model"])}
    )


def _second_half(progress: Progress) -> Progress:
    """Return a progress callback for the second half of the work."""
    return lambda what, done=None: progress(what, None if done is None else 0.5 + done / 2)


def _first_that_fits(trials: _Trials, progress: Progress, none: str) -> tuple[Result, str]:
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
        why = none or ("No candidate could be judged on the holdout." if trials.failed else "No holdout was wanted.")
        return result, f"{why} {name} was taken without a comparison: it is the first candidate that could be fitted."
    reasons = " ".join(f"{name}: {why}" for name, why in errors.items())
    where = trials.request.model
    raise FitError(f"none of the candidates could be fitted. {reasons}", where=where, remedy="Fit a longer period or more customers.")


def _lines(comparison: ModelComparison, split: Holdout | DrawnHoldout) -> list[str]:
    from relkit.models.comparison import readable
    from relkit.periods import Holdout

    where = f"and the {comparison.days:g} days after the calibration" if isinstance(split, Holdout) else split.spoken
    return [
        f"Candidates on {comparison.customers:,} customers {where} (95 % intervals):",
        *readable(comparison),
    ]


def _mark(programme: str, name: str, *, compared: bool) -> None:
    """Mark a model for scoring; one taken without a comparison does not displace one that was chosen."""
    from relkit.tracking import registry

    family = name.partition(".")[0]
    if compared or not any(other.startswith(f"{family}.") for other in registry.chosen_models(programme)):
        registry.choose(name, programme)
