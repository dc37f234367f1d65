"""Registration: a fitted model is compared with the champion on the same holdout and becomes a version with an alias."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from relkit.commands import command
from relkit.errors import RelkitError
from relkit.progress import Progress, quiet

if TYPE_CHECKING:
    from collections.abc import Mapping

    import polars as pl

    from relkit.jobs.trials import Ready, Trial, Tried
    from relkit.models.base import Fitted, Model
    from relkit.remarks import Remark
    from relkit.tracking.promotion import Decision
    from relkit.tracking.registry import ModelVersion


@dataclass(frozen=True)
class Beside:
    """Extra material kept with a version, in addition to its own plots and numbers.

    Attributes:
        figures: figures by name.
        frames: small tables by name; none has data on a single customer.
        params: parameters shown with the run.
        origins: the forecasts of all candidates at past origins, of which the model keeps its own; None if there were none.
        remarks: on the choice.
    """

    figures: Mapping[str, Any] = field(default_factory=dict)
    frames: Mapping[str, pl.DataFrame] = field(default_factory=dict)
    params: Mapping[str, Any] = field(default_factory=dict)
    origins: pl.DataFrame | None = None
    remarks: tuple[Remark, ...] = ()


@dataclass(frozen=True)
class Outcome:
    """The registered version, and why it is or is not the champion.

    Attributes:
        version: the version, with its alias.
        decision: the decision on its promotion.
        before: the previous champion.
        value: metric of the previous champion on the same holdout.
        comparison: a sentence on how the previous champion was judged.
        undrawn: why there are no diagnostic plots; empty when there are.
    """

    version: ModelVersion
    decision: Decision
    before: ModelVersion | None
    value: float | None
    comparison: str
    undrawn: str

    def sentences(self) -> list[str]:
        """Return the sentences on the promotion."""
        name, number = self.version.model, self.version.version
        given = [self.comparison] if self.comparison else []
        if self.decision.promoted:
            compared = f" in place of version {self.before.version}" if self.before else ""
            return [*given, f"It is version {number} and champion{compared} ({self.decision.reason})."]
        keep = f"version {self.before.version} stays champion" if self.before else "there is no champion"
        how = f'To promote it all the same: {command("models promote", name, number)} --reason "...".'
        return [*given, f"It is version {number} and challenger ({self.decision.reason}); {keep}. {how}"]

    def details(self) -> dict[str, Any]:
        """Return the same facts, for scripts."""
        return {
            "model": self.version.model,
            "registered": self.version.name,
            "version": self.version.version,
            "run_id": self.version.run_id,
            "alias": "champion" if self.decision.promoted else "challenger",
            "decision": self.decision.reason,
            "champion_before": self.before.version if self.before else None,
            "champion_metric_value": self.value,
        }


@dataclass(frozen=True, eq=False, kw_only=True)
class Finished:
    """A model fitted to all days, and everything registered with it.

    Attributes:
        ready: the model and its data.
        model: its settings.
        fitted: the model fitted to all days.
        features: the rows it was fitted to.
        trial: its trial on the holdout.
        programme: the programme whose data it learnt from.
        forced: reason to make it champion whatever its metric; empty if it is not forced.
        beside: extra material kept with the version.
        figures: draw the diagnostic plots.
        remarks: remarks on the data.
    """

    ready: Ready
    model: Model[Any]
    fitted: Fitted
    features: pl.DataFrame
    trial: Trial
    programme: str
    forced: str
    beside: Beside
    figures: bool
    remarks: tuple[Remark, ...]


def registered(done: Finished, progress: Progress = quiet) -> Outcome:
    """Compare with the champion, register the version and give it its alias.

    Fits of one model that run at the same time are compared one after another, each with the champion that the one before left.
    """
    from relkit.tracking import registry
    from relkit.tracking.promotion import Decision

    compared = Comparisons(done)
    compared.decide(registry.champion(registry.registered_name(done.model.name, done.programme)))  # early: others do not wait for it
    figures, undrawn = _figures(done) if done.figures else ({}, "")
    version = _logged(done, figures, compared, progress)
    before, value, comparison = compared.last
    decision = Decision(promoted=version.is_champion, reason=version.reason)
    return Outcome(version=version, decision=decision, before=before, value=value, comparison=comparison, undrawn=undrawn)


class Comparisons:
    """The comparisons of a fit with champions: with that of its turn, which may be another one than when it was fitted."""

    def __init__(self, done: Finished) -> None:
        self._done = done
        self._made: dict[str, tuple[Decision, float | None, str]] = {}
        self._champion: ModelVersion | None = None

    @property
    def last(self) -> tuple[ModelVersion | None, float | None, str]:
        """The champion of the last decision, its metric, and a sentence on how it was judged."""
        return self._champion, *self._made[_number(self._champion)][1:]

    def decide(self, champion: ModelVersion | None) -> Decision:
        """Return the decision on the fit, given the champion; each champion is judged once."""
        self._champion = champion
        if _number(champion) not in self._made:
            self._made[_number(champion)] = self._judged(champion)
        return self._made[_number(champion)][0]

    def _judged(self, champion: ModelVersion | None) -> tuple[Decision, float | None, str]:
        from relkit.tracking.promotion import decide

        model, trial = self._done.model, self._done.trial
        value, comparison = _champion_value(model, champion, trial.made) if champion and trial.made else (None, "")
        decision = decide(
            model.holdout_metric,
            challenger=trial.metrics.get(model.holdout_metric.name),
            champion=value,
            has_champion=champion is not None,
            forced=self._done.forced,
            behind=_behind(self._done.fitted, champion),
        )
        return decision, value, comparison


def _number(version: ModelVersion | None) -> str:
    return "" if version is None else version.version


def _logged(done: Finished, figures: Mapping[str, Any], compared: Comparisons, progress: Progress) -> ModelVersion:
    from relkit.tracking import registry

    split, beside = done.trial.split, done.beside
    return registry.log_model(
        done.fitted,
        programme=done.programme,
        tables=done.ready.tables.fingerprint(),
        metric=done.model.holdout_metric,
        metrics=done.trial.metrics,
        holdout=split,
        params={"holdout_days": split.days if split else 0} | dict(beside.params),
        figures={**figures, **beside.figures},
        frames={**_credit(done.fitted), **beside.frames},
        remarks=done.remarks,
        unit=done.ready.inputs.unit,
        decide=compared.decide,
        progress=progress,
    )


def _credit(fitted: Fitted) -> dict[str, pl.DataFrame]:
    """Return the whole credit of a model that gives some to channels, to be kept with the run; its summary has only part of it."""
    from relkit.models.base import CreditsChannels

    return {"credit": getattr(fitted, "credits", fitted.credit())} if isinstance(fitted, CreditsChannels) else {}


def _behind(fitted: Fitted, champion: ModelVersion | None) -> str:
    """Return a sentence if a version learnt up to an earlier day than the champion; empty otherwise."""
    if champion is None or fitted.info.as_of >= champion.as_of:
        return ""
    return f"it learnt up to {fitted.info.as_of}, the champion up to {champion.as_of}"


def _champion_value(model: Model[Any], champion: ModelVersion, tried: Tried) -> tuple[float | None, str]:
    """Return the champion's metric on the same holdout, and a sentence on how it was judged.

    A champion that learnt from days of the holdout knows the outcomes: its settings are fitted again up to the
    calibration date, and that fit is judged. If they are the settings tried here, that fit has been made already.
    """
    from relkit.models.covariate_declaration import must_be_known, with_known_numbers
    from relkit.tracking import registry

    named, split = f"The champion, version {champion.version},", tried.split
    try:
        fitted: Any = registry.load(champion)
        if (other := getattr(fitted.settings, "target", "")) != (own := getattr(model, "target", "")):
            return None, f"{named} forecasts {other}, this one {own}: they cannot be compared."
        sentence = f"{named} was judged on the same days."
        if split.was_seen(champion.as_of):
            if fitted.settings == tried.fitted.settings:
                return tried.metrics[model.holdout_metric.name], f"{named} {split.anew} and judged on it."
            before, _ = with_known_numbers(tried.before, must_be_known(fitted.settings))
            fitted = fitted.settings.fit(before, as_of=split.calibration.day)
            sentence = f"{named} {split.anew} and judged on it."
        return model.judge(fitted, tried.judged, tried.outcomes)[model.holdout_metric.name], sentence
    except RelkitError as error:
        return None, f"{named} could not be judged: {error}"


def _figures(done: Finished) -> tuple[dict[str, Any], str]:
    """Return the diagnostic plots, of the judged model if there was a holdout, and the reason if there are none."""
    from relkit.families.bindings import diagnostic_figures, lesson_figures

    ready, made = done.ready, done.trial.made
    try:
        past, currency = ready.inputs.past(ready.tables, ready.as_of), ready.tables.facts.currency
        if made is None:
            drawn = diagnostic_figures(done.fitted, done.features, purchases=past, currency=currency)
        else:
            drawn = made.figures(past, currency=currency)
        return drawn | lesson_figures(done.fitted), ""
    except RelkitError as error:
        return {}, f"The diagnostic plots could not be drawn: {error}"
