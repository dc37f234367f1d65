"""`relkit fit lifetime_value.auto`: fits the candidates of a family, compares them on one holdout, takes one.

The rule by which one is taken stands in `relkit.models.lifetime_value.comparison`. The chosen model is then fitted,
judged and registered as `relkit fit` does with any model, under its own name, with the comparison beside it, and is
marked: `relkit score` uses the marked model of a family unless it is told which models to use.

A candidate that cannot be fitted is named with its reason. Where there is no holdout (the history is too short, or none is
wanted) nothing can be compared: the first candidate that can be fitted is taken, and displaces none that was chosen.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from relkit.errors import FitError, ParameterError, RelkitError
from relkit.jobs.model_inputs import inputs_of, read_texts

if TYPE_CHECKING:
    from collections.abc import Mapping

    import polars as pl

    from relkit.jobs.base import Result
    from relkit.jobs.fit_model import FitModel
    from relkit.models.lifetime_value.comparison import ModelComparison
    from relkit.periods import Holdout
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
    )
}
"""What is compared under each name that ends in auto; the first is taken where nothing can be compared."""


@dataclass(frozen=True, kw_only=True)
class Choice:
    """Settings of a choice among models.

    Attributes:
        candidates: names of models; those of `CANDIDATES` unless told.
        period_days: the candidates' unit of time, where they have one; their own default unless told.
        replicates: resamples of the customers, from which intervals come.
        seed: of the resamples.
    """

    candidates: tuple[str, ...] = ()
    period_days: float | None = None
    replicates: int = 200
    seed: int = 0


def read_choice(model: str, given: Mapping[str, Any]) -> Choice:
    """Return the settings of a choice, checked, with its candidates.

    Raises:
        ParameterError: an unknown setting or candidate, or a value out of range.

    Examples:
        >>> read_choice("lifetime_value.auto", {"candidates": "lifetime_value.bg_nbd, lifetime_value.nbd"}).candidates
        ('lifetime_value.bg_nbd', 'lifetime_value.nbd')
    """
    from dataclasses import replace

    from relkit.models import catalogue

    choice = catalogue.checked(Choice, model, read_texts(Choice, given))
    for name in choice.candidates:
        if name not in CANDIDATES[model]:
            raise ParameterError.unknown("candidate", name, CANDIDATES[model], where=model)
    if choice.replicates < 20:
        raise ParameterError(f"replicates is {choice.replicates}; intervals need 20 at least.", where=model)
    chosen = replace(choice, candidates=choice.candidates or CANDIDATES[model])
    for name in chosen.candidates:
        _settings(name, chosen)
    return chosen


def choose(job: FitModel, tables: TableSet, progress: Progress) -> Result:
    """Compare, take one, and fit it as `job` would have done had it been named."""
    choice, as_of = read_choice(job.model, job.settings), tables.as_of(job.as_of)
    split, none = job.split(tables, as_of)
    trials = _Trials(choice, tables, split)
    if split is not None:
        trials.run(progress)
    compared = trials.compared()
    if compared is None:
        result, reason = _first_that_fits(job, choice, tables, progress, trials.failed, none)
        lines = []
    else:
        result, reason = _fitted(job, compared.chosen, choice, tables, progress, trials.beside(compared)), compared.reason
        lines = _lines(compared)
    failed = [f"{name} could not be judged: {why}" for name, why in trials.failed.items()]
    details = {
        "chosen": result.details["model"],
        "reason": reason,
        "candidates": list(choice.candidates),
        "failed": trials.failed,
        "comparison": [] if compared is None else compared.table.to_dicts(),
        "differences": [] if compared is None else compared.differences.to_dicts(),
    }
    _mark(job, result.details["model"], compared=compared is not None)
    return result.model_copy(
        update={"sentences": (*lines, *failed, reason, *result.sentences), "details": result.details | {"choice": details}}
    )


class _Trials:
    """The candidates fitted up to the day before one holdout, and what happened in it."""

    def __init__(self, choice: Choice, tables: TableSet, split: Holdout | None) -> None:
        self.choice, self.tables, self.split = choice, tables, split
        self.fitted: dict[str, Any] = {}
        self.features: dict[str, pl.DataFrame] = {}
        self.failed: dict[str, str] = {}
        self._read: dict[str, pl.DataFrame] = {}

    def run(self, progress: Progress) -> None:
        """Fit every candidate; one that cannot be fitted has its reason kept."""
        assert self.split is not None
        for i, name in enumerate(self.choice.candidates):
            progress(f"{name}: fitted up to {self.split.calibration}", 0.4 * i / len(self.choice.candidates))
            features = self._features(name)
            try:
                declared = inputs_of(name).declared_settings(name, self.tables, self.split.calibration)
                self.fitted[name] = _settings(name, self.choice, declared).fit(features, as_of=self.split.calibration.day)
            except FitError as error:
                self.failed[name] = str(error)
            else:
                self.features[name] = features

    def _features(self, name: str) -> pl.DataFrame:
        assert self.split is not None
        inputs = inputs_of(name)
        if inputs.learnt not in self._read:
            self._read[inputs.learnt] = inputs.features(self.tables, self.split.calibration)
        return self._read[inputs.learnt]

    def compared(self) -> ModelComparison | None:
        """Return the comparison of those that could be fitted; None where there is none."""
        from relkit.models.lifetime_value.comparison import compare_models

        if not self.fitted:
            return None
        return compare_models(self.fitted, self.features, self._outcomes(), replicates=self.choice.replicates, seed=self.choice.seed)

    def _outcomes(self) -> pl.DataFrame:
        assert self.split is not None
        return inputs_of(next(iter(self.fitted))).what_happened(self.tables, self.split)

    def beside(self, comparison: ModelComparison) -> Any:
        """Return what is kept with the chosen model: the tables of the comparison and its picture."""
        from relkit.jobs.fit_model import Beside

        frames = {"model_comparison": comparison.table, "model_differences": comparison.differences}
        return Beside(figures=self._figures(), frames=frames, params={"chosen_from": ", ".join(comparison.table["model"])})

    def _figures(self) -> dict[str, Any]:
        from relkit.models.lifetime_value.diagnostics import purchase_tracking, purchases_by_frequency
        from relkit.plots.model_comparison import plot_model_comparison

        assert self.split is not None
        outcomes, past = self._outcomes(), inputs_of(next(iter(self.fitted))).past(self.tables, self.split.end)
        calibrations = {name: purchases_by_frequency(fitted, self.features[name], outcomes) for name, fitted in self.fitted.items()}
        trackings = {}
        for name, fitted in self.fitted.items():
            try:
                trackings[name] = purchase_tracking(fitted, past, until=self.split.end.day)  # type: ignore[arg-type]  # families of orders have a past
            except RelkitError:  # a model that says nothing of new customers, or days too few for a week, leaves its line out
                continue
        return {"model_comparison": plot_model_comparison(calibrations, trackings)}


def _settings(name: str, choice: Choice, declared: Mapping[str, Any] | None = None) -> Any:
    from dataclasses import fields

    from relkit.models import catalogue

    known = {field.name for field in fields(catalogue.settings_class(name))}  # type: ignore[arg-type]
    own = {} if choice.period_days is None or "period_days" not in known else {"period_days": choice.period_days}
    return catalogue.make(name, {**(declared or {}), **own})


def _fitted(job: FitModel, name: str, choice: Choice, tables: TableSet, progress: Progress, beside: Any) -> Result:
    """Fit one model to all days and register it, as if it had been named."""
    own = {"period_days": choice.period_days} if choice.period_days is not None else {}
    named = job.model_copy(update={"model": name, "settings": own})
    return named.fit_named(tables, inputs_of(name), progress, beside)


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
        why = none or ("No candidate could be judged on the holdout." if failed else "No holdout was wanted.")
        return result, f"{why} {name} was taken without a comparison: it is the first candidate that could be fitted."
    told = " ".join(f"{name}: {why}" for name, why in errors.items())
    raise FitError(f"none of the candidates could be fitted. {told}", where=job.model, remedy="Fit a longer period or more customers.")


def _lines(comparison: ModelComparison) -> list[str]:
    from relkit.models.lifetime_value.comparison import readable

    return [
        f"Candidates on {comparison.customers:,} customers and the {comparison.days:g} days after the calibration (95 % intervals):",
        *readable(comparison),
    ]


def _mark(job: FitModel, name: str, *, compared: bool) -> None:
    """Have scores made with a model; one that was taken without a comparison does not displace one that was chosen."""
    from relkit.tracking import registry

    family = name.partition(".")[0]
    if compared or not any(other.startswith(f"{family}.") for other in registry.chosen_models(job.programme)):
        registry.choose(name, job.programme)
