"""`relkit fit MODEL`: fits a model, judges it on days it has not seen, registers it."""

from __future__ import annotations

import os
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from pydantic import Field

from relkit.commands import command
from relkit.errors import FitError, ParameterError, RelkitError, TableError
from relkit.jobs.base import Job, Result
from relkit.jobs.build_features import age_understated, unknown_days
from relkit.jobs.choose_model import CANDIDATES, choose, read_choice
from relkit.jobs.model_inputs import ModelInputs, absence, inputs_of, read_settings, required_settings
from relkit.progress import Progress, quiet
from relkit.remarks import Remark, french, unique

if TYPE_CHECKING:
    from collections.abc import Mapping

    import polars as pl

    from relkit.jobs.check_tables import CheckTables
    from relkit.models.base import Fitted, Model
    from relkit.periods import AsOf, DrawnHoldout, Holdout
    from relkit.tables.table_set import TableSet
    from relkit.tracking.promotion import Decision
    from relkit.tracking.registry import ModelVersion

MOST_UNKNOWN = 0.1
"""Share of a holdout that may lie after the last day of the data: a shop is closed on some days, not for weeks."""
LONGEST_HOLDOUT_DAYS = 182
"""Of a holdout nobody chose: half a year, or a third of a shorter history."""


class FitModel(Job):
    """Fit a model, judge it on a holdout, refit it on all days, and register it as a version."""

    command: ClassVar[str] = "fit"
    reads: ClassVar[str] = "tables"

    model: str = Field(
        description="Name of the model, e.g. lifetime_value.bg_nbd; lifetime_value.auto compares the models of orders and takes one, "
        "survival.auto those of contracts."
    )
    as_of: str | None = Field(
        default=None, description="Date (whole business day) or instant to learn up to. Default: the last in the data."
    )
    holdout_days: int | None = Field(
        default=None, ge=0, description="Last days on which the model is judged; 0 for none. Default: a third of the history, at most 182."
    )
    settings: dict[str, Any] = Field(default_factory=dict, description="Settings of the model by name, e.g. --settings.period_days 7.")
    data: str | Path | None = Field(default=None, description="Raw tables to check first. Default: what relkit check left behind.")
    mapping: Path | None = Field(default=None, description="Mapping file of DATA. Default: DATA/mapping.yaml when there is one.")
    figures: bool = Field(default=True, description="Draw the diagnostic plots and keep them with the run.")
    force: bool = Field(default=False, description="Make the new version the champion whatever its metric; give a reason.")
    reason: str = Field(default="", description="Why the promotion is forced; kept with the version.")

    def inputs(self) -> tuple[Path, ...]:
        """Return the facts of the tables (they hold every table's checksum), and raw files when they are given."""
        check = self._check()
        return (self.out_dir / "tables" / "facts.json", *(check.inputs() if check else ()))

    def state(self) -> str:
        """Return the store (a version registered in one is not there in another), and what decides the reading of raw data."""
        check = self._check()
        return os.environ.get("MLFLOW_TRACKING_URI", "") + (check.state() if check else "")

    def verify(self) -> None:
        """Refuse an unknown model or setting, and a promotion that is forced without a reason."""
        from relkit.models import catalogue

        known = (*catalogue.NAMES, *CANDIDATES)
        if self.model not in known:
            raise ParameterError.unknown("model", self.model, known, where="fit")
        if self.force and not self.reason.strip():
            raise ParameterError("force needs a reason; it is kept with the version.", where="fit", remedy='Give --reason "...".')
        if self.model in CANDIDATES:
            read_choice(self.model, self.settings)
        elif self.settings:
            given = read_settings(self.model, self.settings)
            # What is chosen from the features later may well be what the splines are of.
            bent = list(given.get("splines") or ["none"])
            stand_in = {name: bent for name in required_settings(self.model) if name not in given}
            catalogue.make(self.model, stand_in | given)

    def run(self, progress: Progress = quiet) -> Result:
        """Build features, judge, fit, compare with the champion, register."""
        from relkit.tables.table_set import TableSet

        self.verify()
        check = self._check()
        checked = check.run(progress) if check else None
        if checked and not checked.passed:
            return checked.model_copy(update={"job": self.command})
        tables = TableSet.open(self.out_dir / "tables")
        inputs = inputs_of(self.model, tables)
        if lacking := absence(self.model, tables):
            return Result(job=self.command, skipped=f"{self.model}: {lacking}, from which it learns.")
        if self.model in CANDIDATES:
            return choose(self, tables, progress)
        return self.fit_named(tables, inputs, progress, Beside())

    def _check(self) -> CheckTables | None:
        """Return the check of the raw tables, where they are given."""
        from relkit.jobs.check_tables import CheckTables

        if self.data is None:
            return None
        return CheckTables(programme=self.programme, out=self.out, data=self.data, mapping=self.mapping)

    def fit_named(self, tables: TableSet, inputs: ModelInputs, progress: Progress, beside: Beside) -> Result:
        """Fit, judge and register the model of this job; `beside` is kept with its version."""
        as_of = tables.as_of(self.as_of)
        progress(f"{self.model}: features as of {as_of}", 0.1)
        known = inputs.features(tables, as_of)
        features = inputs.to_learn(known)
        if features.is_empty():
            raise tables.nobody(as_of)
        split, why = self.split(tables, as_of)
        held = HeldOut.of(inputs, tables, split) if split else None
        frames = [features] if held is None else [features, held.before]
        settings = read_settings(self.model, self.settings)
        chosen = {name: inputs.chosen(name, *frames) for name in required_settings(self.model) if name not in settings}
        if lacking := [name for name, values in chosen.items() if not values]:
            none = f"{self.model}: the {inputs.table} have no {lacking[0]} that it could use (complete, and not the same for all)."
            return Result(job=self.command, skipped=f"{none} Name some with --settings.{lacking[0]} A,B, or fit a model that needs none.")
        from relkit.models import catalogue

        def made(edge: AsOf) -> Model[Any]:
            return catalogue.make(self.model, {**inputs.declared_settings(self.model, tables, edge), **settings, **chosen})

        model = made(as_of)
        progress(f"{self.model}: judged on a holdout", 0.3)
        # The model that is judged knows of no event that was declared after the calibration.
        trial = Trial(why) if held is None else _tried(made(held.split.calibration), inputs, held)
        features, aside = _complete(model, features, inputs)
        progress(f"{self.model}: fitted to {len(features):,} {inputs.unit}", 0.5)
        fitted, trial = _calibrated(model.fit(features, as_of=as_of.day), trial, inputs, tables)
        progress(f"{self.model}: registered", 0.7)
        of_data = unique((*unknown_days(tables, as_of), *aside, *inputs.remarks_on(tables, as_of), *_censored(features), *trial.remarks()))
        outcome = self._registered(model, fitted, trial, tables, inputs, features, beside, of_data)
        remarks = (*(remark.en for remark in inputs.remarks_on(tables, as_of)), *_not_chosen(inputs, chosen, features))
        result = self._result(fitted, trial, outcome, inputs, features, remarks)
        refused = tuple(f"The check of these tables did not pass: {refusal}" for refusal in tables.refusals())
        early = tuple(remark.en for remark in (*unknown_days(tables, as_of), *aside))
        return result.model_copy(update={"warnings": refused + early + result.warnings})

    def split(self, tables: TableSet, as_of: AsOf) -> tuple[Holdout | DrawnHoldout | None, str]:
        """Return the split, in time wherever there is any, or None and the sentence that says why there is none."""
        from relkit.periods import Holdout

        if self.holdout_days != 0 and (drawn := inputs_of(self.model, tables).drawn_holdout(tables, as_of)):
            return drawn, ""
        first = tables.facts.history_starts_on or tables.facts.first_day or as_of.day
        history = (as_of.day - first).days
        days = min(LONGEST_HOLDOUT_DAYS, history // 3) if self.holdout_days is None else self.holdout_days
        if self.holdout_days == 0:
            return None, ""
        if days < 1:
            return None, f"The history of {history} days is too short for a holdout, so the model was not judged."
        holdout = Holdout.before(as_of, days=days, first_day=first)
        last = tables.facts.last_day
        if last is not None and (as_of.day - last).days > MOST_UNKNOWN * days:
            # On days after the last fact nobody buys or leaves, and the model that forecasts least would look best.
            unknown = f"The holdout of {days} days up to {as_of} reaches past the data, which end on {last}"
            return None, f"{unknown}, so the model was not judged."
        return holdout, ""

    def _registered(
        self,
        model: Model[Any],
        fitted: Fitted,
        trial: Trial,
        tables: TableSet,
        inputs: ModelInputs,
        features: pl.DataFrame,
        beside: Beside,
        remarks: tuple[Remark, ...],
    ) -> Outcome:
        """Compare with the champion, register the version and give it its alias."""
        from relkit.tracking import registry
        from relkit.tracking.promotion import decide

        name = registry.registered_name(self.model, self.programme)
        champion = registry.champion(name)
        value, said = _champion_value(model, champion, trial) if champion else (None, "")
        mine = trial.metrics.get(model.holdout_metric.name)
        forced = self.reason.strip() if self.force else ""
        decision = decide(
            model.holdout_metric,
            challenger=mine,
            champion=value,
            has_champion=champion is not None,
            forced=forced,
            behind=_behind(fitted, champion),
        )
        figures, undrawn = _figures(fitted, trial, tables, inputs, features) if self.figures else ({}, "")
        version = registry.log_model(
            fitted,
            programme=self.programme,
            tables=tables.fingerprint(),
            metric=model.holdout_metric,
            metrics=trial.metrics,
            holdout=trial.split,
            params={"holdout_days": trial.split.days if trial.split else 0} | dict(beside.params),
            figures=figures | dict(beside.figures),
            frames=beside.frames,
            remarks=remarks,
            unit=inputs.unit,
        )
        give = registry.promote if decision.promoted else registry.challenge
        named = give(name, version.version, reason=decision.reason)
        return Outcome(version=named, decision=decision, before=champion, value=value, said=said, undrawn=undrawn)

    def _result(
        self,
        fitted: Fitted,
        trial: Trial,
        outcome: Outcome,
        inputs: ModelInputs,
        features: pl.DataFrame,
        remarks: tuple[str, ...],
    ) -> Result:
        from relkit.tracking import registry

        version, info = outcome.version, fitted.info
        sentences = [
            f"{self.model} was fitted to {info.rows:,} {inputs.unit} as of {info.as_of}.",
            *remarks,
            *info.notes,
            *(remark.en for remark in _censored(features)),
            *trial.sentences(version.metric, version.metric_value),
            *_orders(fitted),
            *outcome.sentences(),
        ]
        local = registry.saved_folder(version)
        return Result(
            job=self.command,
            parameters={str(term): value for term, value in fitted.summary().select("term", "estimate").iter_rows()},
            log_likelihood=info.log_likelihood,
            metrics=dict(trial.metrics),
            counts={"rows": info.rows, "features": len(features)},
            paths={} if local is None else {"model": local},
            warnings=tuple(said for said in (trial.problem, outcome.undrawn) if said),
            sentences=tuple(sentences),
            details=outcome.details() | {"as_of": str(info.as_of), "holdout": version.holdout, "summary": fitted.summary().to_dicts()},
        )


@dataclass(frozen=True)
class Beside:
    """What is kept with a version besides its own plots and numbers.

    Attributes:
        figures: by name.
        frames: small tables by name; nothing in them is of a single customer.
        params: shown with the run.
    """

    figures: Mapping[str, Any] = field(default_factory=dict)
    frames: Mapping[str, pl.DataFrame] = field(default_factory=dict)
    params: Mapping[str, Any] = field(default_factory=dict)


_TAKEN = {"brier_score": " (of the forecast for the last of them)"}
"""Of metrics that `relkit.models.comparison` gives as well, averaged over the holdout under another name: when they are taken."""


@dataclass(frozen=True)
class Trial:
    """What the holdout said of a model fitted up to the day before it.

    Attributes:
        problem: why the model could not be judged; empty when it was.
        split: the holdout.
        fitted: the model as of the calibration date.
        metrics: on the holdout.
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

    def remarks(self) -> tuple[Remark, ...]:
        """Return the remark on a model that was not judged; none where it was."""
        return () if self.split else (_NOT_JUDGED,)

    def sentences(self, metric: str | None, value: float | None) -> list[str]:
        """Return what a reader must know of the holdout."""
        if self.split is None or metric is None or value is None:
            return [] if self.problem else ["It was not judged: no holdout was wanted."]
        why, where = self.split.why, self.split.spoken
        return [*([why] if why else []), f"{where[:1].upper()}{where[1:]} its {metric}{_TAKEN.get(metric, '')} was {value:.6g}."]


@dataclass(frozen=True)
class Outcome:
    """The registered version and why it is or is not the champion.

    Attributes:
        version: with its alias.
        decision: of the promotion.
        before: the champion until now.
        value: its metric on the same holdout.
        said: how it was judged.
        undrawn: why there are no diagnostic plots; empty when there are.
    """

    version: ModelVersion
    decision: Decision
    before: ModelVersion | None
    value: float | None
    said: str
    undrawn: str

    def sentences(self) -> list[str]:
        """Return what a reader must know of the promotion."""
        name, number = self.version.model, self.version.version
        given = [self.said] if self.said else []
        if self.decision.promoted:
            return [*given, f"It is version {number} and champion ({self.decision.reason})."]
        keep = f"version {self.before.version} stays champion" if self.before else "there is no champion"
        how = f'To promote it all the same: {command("models promote", name, number)} --reason "...".'
        return [*given, f"It is version {number} and challenger ({self.decision.reason}); {keep}. {how}"]

    def details(self) -> dict[str, Any]:
        """Return the same for scripts."""
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


@dataclass(frozen=True)
class HeldOut:
    """What judges a model, and what it learns from before.

    Attributes:
        split: in time, or of customers drawn where there is one day only.
        before: features to learn from.
        judged: one row a customer, of the features as of the calibration.
        outcomes: what happened to them.
    """

    split: Holdout | DrawnHoldout
    before: pl.DataFrame
    judged: pl.DataFrame
    outcomes: pl.DataFrame

    @classmethod
    def of(cls, inputs: ModelInputs, tables: TableSet, split: Holdout | DrawnHoldout) -> HeldOut:
        """Read them."""
        known = inputs.features(tables, split.calibration)
        return cls(split, inputs.to_learn(known, split), inputs.to_judge(known, split), inputs.what_happened(tables, split))


def _tried(model: Model[Any], inputs: ModelInputs, held: HeldOut) -> Trial:
    """Return what the holdout says; too little to learn from before it is no reason to fail."""
    split, before, outcomes = held.split, held.before, held.outcomes
    try:
        fitted = model.fit(_complete(model, before, inputs)[0], as_of=split.calibration.day)
        judged = _complete(model, held.judged, inputs)[0]
        metrics = model.judge(fitted, judged, outcomes)
    except FitError as error:
        return Trial(f"It could not be judged {split.spoken}: {error}")
    return Trial(split=split, fitted=fitted, metrics=metrics, before=before, judged=judged, outcomes=outcomes)


def _calibrated(fitted: Any, trial: Trial, inputs: ModelInputs, tables: TableSet) -> tuple[Any, Trial]:
    """Return the fitted model with what the holdout taught of the probability of an order, and the trial with how well that did.

    The model that the holdout did not reach forecasts its first days, as many as scores look ahead.
    """
    from relkit.models.lifetime_value.judging import taught_by
    from relkit.models.lifetime_value.purchases_ahead import DEFAULT_HORIZON_DAYS, PurchasesAhead
    from relkit.periods import Holdout

    if not isinstance(fitted, PurchasesAhead) or not isinstance(trial.split, Holdout) or trial.judged is None:
        return fitted, trial
    found = taught_by(trial.fitted, trial.judged, inputs.what_happened(tables, trial.split.first(DEFAULT_HORIZON_DAYS)))
    if found is None:
        return fitted, trial
    return fitted.with_calibration(found), replace(trial, metrics={**trial.metrics, **found.metrics})


def _not_chosen(inputs: ModelInputs, chosen: Mapping[str, tuple[str, ...]], features: pl.DataFrame) -> list[str]:
    """Return a sentence on the values that nobody gave and that do not suit the data."""
    declined = {name: inputs.not_chosen(name, features) for name in chosen}
    return [
        f"Not among the {name}: {', '.join(f'{value} ({why})' for value, why in found.items())}."
        for name, found in declined.items()
        if found
    ]


def _complete(model: Model[Any], features: pl.DataFrame, inputs: ModelInputs) -> tuple[pl.DataFrame, tuple[Remark, ...]]:
    """Return the rows whose covariates are known, as scoring does, and a remark on those set aside."""
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


def _behind(fitted: Fitted, champion: ModelVersion | None) -> str:
    """Return that a version learnt only up to an earlier day than the champion; nothing where it did not."""
    if champion is None or fitted.info.as_of >= champion.as_of:
        return ""
    return f"it learnt up to {fitted.info.as_of}, the champion up to {champion.as_of}"


def _champion_value(model: Model[Any], champion: ModelVersion, trial: Trial) -> tuple[float | None, str]:
    """Return the champion's metric on the same holdout, and the sentence that says how it was judged.

    A champion that learnt from days of the holdout has seen the answers: its settings are fitted anew up to the
    calibration date, and that is judged.
    """
    from relkit.models.covariate_declaration import must_be_known, with_known_numbers
    from relkit.tracking import registry

    if trial.split is None or trial.before is None:
        return None, ""
    named, calibration = f"The champion, version {champion.version},", trial.split.calibration.day
    try:
        fitted: Any = registry.load(champion)
        said = f"{named} was judged on the same days."
        if trial.split.was_seen(champion.as_of):
            before, _ = with_known_numbers(trial.before, must_be_known(fitted.settings))
            fitted = fitted.settings.fit(before, as_of=calibration)
            said = f"{named} {trial.split.anew} and judged on it."
        return model.judge(fitted, trial.judged, trial.outcomes)[model.holdout_metric.name], said  # type: ignore[arg-type]
    except RelkitError as error:
        return None, f"{named} could not be judged: {error}"


def _figures(fitted: Fitted, trial: Trial, tables: TableSet, inputs: ModelInputs, features: pl.DataFrame) -> tuple[dict[str, Any], str]:
    """Return the diagnostic plots, of the model that was judged where there was a holdout, and why there are none."""
    from relkit.models.covariate_declaration import must_be_known, with_known_numbers
    from relkit.plots.diagnostics import diagnostic_figures, order_figures

    shown: Any
    shown, rows, learnt = (fitted, features, features) if trial.judged is None else (trial.fitted, trial.judged, trial.before)
    if learnt is not None:
        learnt, _ = with_known_numbers(learnt, must_be_known(shown.settings))
    edge = tables.as_of(fitted.info.as_of)
    try:
        past = inputs.past(tables, edge)
        drawn = diagnostic_figures(shown, rows, learnt=learnt, outcomes=trial.outcomes, purchases=past, currency=tables.facts.currency)
        return drawn | order_figures(fitted), ""
    except RelkitError as error:
        return {}, f"The diagnostic plots could not be drawn: {error}"


def _orders(fitted: Any) -> list[str]:
    """Return what the holdout says of the probability of an order."""
    found = getattr(fitted, "order_calibration", None)
    return [found.sentence] if found is not None else []


def _censored(features: pl.DataFrame) -> tuple[Remark, ...]:
    """Return a remark when some customers may have been there before the data start."""
    found = int(features["is_left_censored"].sum()) if "is_left_censored" in features.columns else 0
    return age_understated(found, len(features))


_NOT_JUDGED = Remark(
    "not_judged",
    "A model behind these scores was not judged on days that it had not seen: nothing shows how near its forecasts come.",
    "Un modèle derrière ces scores n’a pas été jugé sur des jours qu’il n’avait pas vus : rien ne montre si ses prévisions sont justes.",
)
