"""`relkit fit lifetime_value.auto` and `survival.auto`: fit the candidates of a family, compare them on one holdout, take one.

The rule by which one is taken stands in `relkit.models.comparison`. The chosen model is then fitted,
judged and registered as `relkit fit` does with any model, under its own name, with the comparison beside it, and is
marked: `relkit score` uses the marked model of a family unless it is told which models to use.

A candidate that cannot be fitted is named with its reason. Where there is no holdout (the history is too short, or none is
wanted) nothing can be compared: the first candidate that can be fitted is taken, and displaces none that was chosen.
"""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from importlib import import_module
from typing import TYPE_CHECKING, Any

from relkit.errors import FitError, ParameterError
from relkit.jobs.model_inputs import absence, inputs_of, read_settings, read_texts, required_settings

if TYPE_CHECKING:
    from collections.abc import Mapping

    import polars as pl

    from relkit.jobs.base import Result
    from relkit.jobs.fit_model import FitModel
    from relkit.models.comparison import ModelComparison
    from relkit.periods import AsOf, DrawnHoldout, Holdout
    from relkit.progress import Progress
    from relkit.tables.table_set import TableSet

CANDIDATES = {
    "lifetime_value.auto": (
        "lifetime_value.bg_nbd",
        "lifetime_value.mbg_nbd",
        "lifetime_value.pareto_nbd",
        "lifetime_value.mbg_cnbd_k",
        "lifetime_value.bg_bb",
        "lifetime_value.nbd",
        "lifetime_value.time_varying_pareto_nbd",
    ),
    "survival.auto": (
        "survival.cox",
        "survival.kaplan_meier",
        "survival.weibull_aft",
        "survival.log_normal_aft",
        "survival.log_logistic_aft",
        "survival.piecewise_exponential",
        "survival.discrete_hazard",
        "survival.mixture_cure",
        "survival.boosted_hazard",
        "survival.cox_time_varying",
    ),
}
"""What is compared under each name that ends in auto; the first is taken where nothing can be compared.

Models of competing risks are no candidates: they answer why contracts end, and are judged by other things than when.
"""
TWINS = {"survival.cox_time_varying": "survival.cox"}
"""Candidates that are another one where they learn from the same rows."""
_OF = {"lifetime_value": "orders", "survival": "contracts"}
FRAMES = ("model_comparison", "model_differences", "model_comparison_groups", "model_comparison_course")


@dataclass(frozen=True, kw_only=True)
class Choice:
    """Settings of a choice among models.

    Attributes:
        candidates: names of models; those of `CANDIDATES` unless told.
        replicates: resamples of the customers, from which intervals come.
        seed: of the resamples.
        settings: of the candidates, such as period_days or covariates; each takes those it has and is tried without the others.
    """

    candidates: tuple[str, ...] = ()
    replicates: int = 200
    seed: int = 0
    settings: dict[str, Any] = field(default_factory=dict)

    def of(self, name: str) -> dict[str, Any]:
        """Return the settings that a candidate has."""
        return {key: value for key, value in self.settings.items() if key in _known(name)}

    def without(self) -> dict[str, tuple[str, ...]]:
        """Return, by candidate, the given settings that it does not have, and is tried without."""
        lacking = {name: tuple(key for key in self.settings if key not in _known(name)) for name in self.candidates}
        return {name: keys for name, keys in lacking.items() if keys}


def read_choice(model: str, given: Mapping[str, Any]) -> Choice:
    """Return the settings of a choice, checked, with its candidates and theirs.

    Raises:
        ParameterError: an unknown setting or candidate, or a value out of range.

    Examples:
        >>> read_choice("lifetime_value.auto", {"candidates": "lifetime_value.bg_nbd, lifetime_value.nbd"}).candidates
        ('lifetime_value.bg_nbd', 'lifetime_value.nbd')
        >>> read_choice("survival.auto", {"covariates": "monthly_amount"}).of("survival.cox")
        {'covariates': 'monthly_amount'}
    """
    from dataclasses import replace

    from relkit.models import catalogue

    own = {name: value for name, value in read_texts(Choice, given).items() if name in ("candidates", "replicates", "seed")}
    choice = catalogue.checked(Choice, model, own)
    for name in choice.candidates:
        if name not in CANDIDATES[model]:
            raise ParameterError.unknown("candidate", name, CANDIDATES[model], where=model)
    if choice.replicates < 20:
        raise ParameterError(f"replicates is {choice.replicates}; intervals need 20 at least.", where=model)
    theirs = {name: value for name, value in given.items() if name not in own}
    chosen = replace(choice, candidates=choice.candidates or CANDIDATES[model], settings=theirs)
    known = ["candidates", "replicates", "seed", *sorted({key for name in chosen.candidates for key in _known(name)})]
    for key in theirs:
        if key not in known:
            raise ParameterError.unknown("setting", key, known, where=model)
    for name in chosen.candidates:
        made = read_settings(name, chosen.of(name))
        catalogue.make(name, {setting: ["none"] for setting in required_settings(name)} | made)
    return chosen


def _known(name: str) -> set[str]:
    """Return the settings that a model has; those of its class that it refuses are none."""
    from relkit.models import catalogue

    made = catalogue.settings_class(name)
    refused = made.not_taken() if hasattr(made, "not_taken") else frozenset()
    return {field.name for field in fields(made)} - refused  # type: ignore[arg-type]


def choose(job: FitModel, tables: TableSet, progress: Progress) -> Result:
    """Compare, take one, and fit it as `job` would have done had it been named."""
    choice, as_of = read_choice(job.model, job.settings), tables.as_of(job.as_of)
    split, none = job.split(tables, as_of)
    trials = _Trials(choice, tables, as_of, split)
    trials.run(progress)
    compared = trials.compared(progress)
    then = _second_half(progress)
    if compared is None:
        result, reason = _first_that_fits(job, choice, tables, then, trials.failed, none or trials.problem)
        lines = []
    else:
        result, reason = _fitted(job, compared.chosen, choice, tables, then, _beside(compared)), compared.reason
        lines = _lines(compared, split)
    failed = [f"{name} could not be judged: {why}" for name, why in trials.failed.items()]
    without = [f"{name} does not have {' and '.join(keys)}: it was tried without." for name, keys in choice.without().items()]
    details = {
        "chosen": result.details["model"],
        "reason": reason,
        "candidates": list(choice.candidates),
        "failed": trials.failed,
        "without": {name: list(keys) for name, keys in choice.without().items()},
        "comparison": [] if compared is None else compared.table.to_dicts(),
        "differences": [] if compared is None else compared.differences.to_dicts(),
    }
    _mark(job, result.details["model"], compared=compared is not None)
    return result.model_copy(
        update={"sentences": (*lines, *without, *failed, reason, *result.sentences), "details": result.details | {"choice": details}}
    )


class _Trials:
    """The candidates fitted up to the day before one holdout, and what happened in it."""

    def __init__(self, choice: Choice, tables: TableSet, as_of: AsOf, split: Holdout | DrawnHoldout | None) -> None:
        self.choice, self.tables, self.as_of, self.split = choice, tables, as_of, split
        self.fitted: dict[str, Any] = {}
        self.judged: dict[str, pl.DataFrame] = {}
        self.failed: dict[str, str] = {}
        self.problem = ""
        self._read: dict[tuple[str, AsOf], pl.DataFrame] = {}

    def run(self, progress: Progress) -> None:
        """Fit every candidate; one that cannot be fitted has its reason kept."""
        if self.split is None:
            return
        for i, name in enumerate(self.choice.candidates):
            progress(f"{name}: fitted up to {self.split.calibration}", 0.4 * i / len(self.choice.candidates))
            try:
                self._fit(name, self.split)
            except FitError as error:
                self.failed[name] = str(error)

    def _fit(self, name: str, split: Holdout | DrawnHoldout) -> None:
        from relkit.models import catalogue
        from relkit.models.covariate_declaration import must_be_known, with_known_numbers

        if absent := absence(name, self.tables):
            raise FitError(f"{absent}, from which it learns.", where=name)
        inputs, known = inputs_of(name, self.tables), self._features(name, split.calibration)
        before = inputs.to_learn(known, split)
        if (twin := TWINS.get(name)) and known.equals(self._features(twin, split.calibration)):
            raise FitError(f"nothing changes while a row of the {inputs.table} holds, so it is {twin}.", where=name)
        own = read_settings(name, self.choice.of(name))
        lacking = [setting for setting in required_settings(name) if setting not in own]
        # Those that suit the whole history as well: the chosen model is fitted with the same.
        whole = inputs.to_learn(self._features(name, self.as_of))
        found = {setting: inputs.chosen(setting, whole, before) for setting in lacking}
        if empty := [setting for setting, values in found.items() if not values]:
            raise FitError(f"the {inputs.table} have no {empty[0]} that it could use (complete, and not the same for all).", where=name)
        declared = inputs.declared_settings(name, self.tables, split.calibration)
        model = catalogue.make(name, {**declared, **own, **found})
        names = must_be_known(model)
        self.fitted[name] = model.fit(with_known_numbers(before, names)[0], as_of=split.calibration.day)
        self.judged[name] = with_known_numbers(inputs.to_judge(known, split), names)[0]

    def _features(self, name: str, edge: AsOf) -> pl.DataFrame:
        inputs = inputs_of(name, self.tables)
        if (inputs.learnt, edge) not in self._read:
            self._read[inputs.learnt, edge] = inputs.features(self.tables, edge)
        return self._read[inputs.learnt, edge]

    def compared(self, progress: Progress) -> ModelComparison | None:
        """Return the comparison of those that could be fitted; None where there is none, with the problem kept."""
        if not self.fitted or self.split is None:
            return None
        progress(f"{len(self.fitted)} models compared {self.split.spoken}", 0.4)
        first = next(iter(self.fitted))
        inputs = inputs_of(first, self.tables)
        past = inputs.past(self.tables, self.split.end)
        compare_models = import_module(f"relkit.models.{first.partition('.')[0]}.comparison").compare_models
        happened = inputs.what_happened(self.tables, self.split)
        given = {"replicates": self.choice.replicates, "seed": self.choice.seed} | ({} if past is None else {"past": past})
        try:
            found: ModelComparison = compare_models(self.fitted, self.judged, happened, **given)
        except FitError as error:
            self.problem = f"Nothing could be judged on the {self.split.days} days after {self.split.calibration}: {error}"
            return None
        return found


def _beside(comparison: ModelComparison) -> Any:
    """Return what is kept with the chosen model: the tables of the comparison and its picture."""
    from relkit.jobs.fit_model import Beside
    from relkit.plots.model_comparison import plot_model_comparison

    tables = (comparison.table, comparison.differences, comparison.groups, comparison.course)
    drawn = plot_model_comparison(comparison.groups, comparison.course, of=_OF[comparison.chosen.partition(".")[0]])
    return Beside(
        figures={"model_comparison": drawn},
        frames=dict(zip(FRAMES, tables, strict=True)),
        params={"chosen_from": ", ".join(comparison.table["model"])},
    )


def _second_half(progress: Progress) -> Progress:
    """Return a progress for which what is done so far is half of all."""
    return lambda what, done=None: progress(what, None if done is None else 0.5 + done / 2)


def _fitted(job: FitModel, name: str, choice: Choice, tables: TableSet, progress: Progress, beside: Any) -> Result:
    """Fit one model to all days and register it, as if it had been named."""
    named = job.model_copy(update={"model": name, "settings": choice.of(name)})
    return named.fit_named(tables, inputs_of(name, tables), progress, beside)


def _first_that_fits(
    job: FitModel, choice: Choice, tables: TableSet, progress: Progress, failed: dict[str, str], none: str
) -> tuple[Result, str]:
    """Fit the first candidate that can be, and say that nothing was compared."""
    from relkit.jobs.fit_model import Beside

    errors = dict(failed)
    for name in choice.candidates:
        try:
            result = _fitted(job, name, choice, tables, progress, Beside())
        except FitError as error:
            errors[name] = str(error)
            continue
        if result.skipped:
            errors[name] = result.skipped
            continue
        why = none or ("No candidate could be judged on the holdout." if failed else "No holdout was wanted.")
        return result, f"{why} {name} was taken without a comparison: it is the first candidate that could be fitted."
    told = " ".join(f"{name}: {why}" for name, why in errors.items())
    raise FitError(f"none of the candidates could be fitted. {told}", where=job.model, remedy="Fit a longer period or more customers.")


def _lines(comparison: ModelComparison, split: Holdout | DrawnHoldout | None) -> list[str]:
    from relkit.models.comparison import readable

    where = f"and the {comparison.days:g} days after the calibration" if split is None or not split.why else split.spoken
    return [
        f"Candidates on {comparison.customers:,} customers {where} (95 % intervals):",
        *readable(comparison),
    ]


def _mark(job: FitModel, name: str, *, compared: bool) -> None:
    """Have scores made with a model; one that was taken without a comparison does not displace one that was chosen."""
    from relkit.tracking import registry

    family = name.partition(".")[0]
    if compared or not any(other.startswith(f"{family}.") for other in registry.chosen_models(job.programme)):
        registry.choose(name, job.programme)
