"""`relkit score`: scores customers with the champion models."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar

from pydantic import Field

from relkit.commands import command
from relkit.errors import ParameterError, TableError
from relkit.jobs.base import Job, Result
from relkit.jobs.build_features import unknown_days
from relkit.progress import Progress, quiet
from relkit.remarks import FILE, Remark, french, read_remarks, write_remarks
from relkit.units import HORIZON_DAYS, HORIZON_MONTHS, LEVEL

if TYPE_CHECKING:
    from pathlib import Path

    import polars as pl

    from relkit.families.inputs import ModelInputs
    from relkit.models.roles import Reading, Role
    from relkit.periods import AsOf
    from relkit.scores.score_table import Source
    from relkit.tables.table_set import TableSet
    from relkit.tracking.registry import ModelVersion


class ScoreCustomers(Job):
    """Score customers with the champion models, into one long table with model and version in every row."""

    command: ClassVar[str] = "score"
    reads: ClassVar[str] = "tables"

    as_of: str | None = Field(default=None, description="Date (whole business day) or instant. Default: the last in the data.")
    models: tuple[str, ...] = Field(
        default=(), description="Models to score with. Default: one for each score, of those that have a champion."
    )
    horizon_days: int = Field(default=HORIZON_DAYS, ge=1, description="How far ahead orders and churn are looked at, in days.")
    horizon_months: int = Field(
        default=HORIZON_MONTHS, ge=1, description="How far ahead margin and the life of contracts are counted, in months."
    )
    endless: bool = Field(
        default=False, description="Count both without end as well: future_margin_endless and expected_remaining_months_endless."
    )
    annual_discount_rate: float = Field(default=0.10, ge=0, description="What a later margin is discounted by: 0.10 for 10 % a year.")
    margin_rate: float | None = Field(
        default=None, ge=0, le=1, description="Margin over net amount. Default: that of the lines, else the declared one."
    )
    offer: dict[str, Any] = Field(
        default_factory=dict,
        description="A retention offer, by name: contact_cost and offer_cost (to who takes it), then averted_share, window_days, "
        "stayers_take_share, budget, averts (reasons of ends), e.g. --offer.contact_cost 4. Default: none.",
    )
    hindsight: bool = Field(
        default=True,
        description="Score a past day with the champions of today; without it, with the versions in use then, which know nothing later.",
    )
    intervals: bool = Field(default=True, description="Compute the lower and upper bound of each score (95 %), where its model has some.")

    def inputs(self) -> tuple[Path, ...]:
        """Return the facts of the tables, which hold every table's checksum, and what was noticed before."""
        from relkit.tables.table_set import FACTS, TableSet

        tables = self.out_dir / "tables"
        noticed = [self.out_dir / "features" / str(TableSet.open(tables).as_of(self.as_of)) / FILE] if (tables / FACTS).is_file() else []
        return (tables / "facts.json", tables / FILE, *noticed)

    def state(self) -> str:
        """Return the champions and which of them were chosen: others give other scores."""
        from relkit.tracking.registry import champion_versions, chosen_models

        champions, chosen = champion_versions(self.programme), chosen_models(self.programme)
        return json.dumps([os.environ.get("MLFLOW_TRACKING_URI", ""), champions, chosen])

    def verify(self) -> None:
        """Refuse an unknown model, margin without end that is not discounted, and an offer that cannot be."""
        from relkit.jobs.declared_offer import declared_offer
        from relkit.models.catalogue import names

        for name in self.models:
            if name not in names():
                raise ParameterError.unknown("model", name, names(), where="score")
        if self.endless and not self.annual_discount_rate:
            raise ParameterError(
                "annual_discount_rate is 0; it must be above 0 where margin is counted without end.",
                where="score",
                remedy="Write 0.10 for 10 % a year, or leave endless out.",
            )
        if self.offer:
            declared_offer(self.offer)

    def run(self, progress: Progress = quiet) -> Result:
        """Load the champions, build their features, score, write the table."""
        from relkit.tables.table_set import TableSet

        self.verify()
        tables = TableSet.open(self.out_dir / "tables")
        as_of = tables.as_of(self.as_of)
        progress("reading the champions", 0.0)
        run = _Scoring(self, tables, as_of)
        for remark in unknown_days(tables, as_of):
            run.notice(remark)
        for i, group in enumerate(self._groups()):
            progress(f"scoring with {group[0]}", 0.1 + 0.6 * i / len(self._groups()))
            run.score_with(group)
        if not run.parts and run.lacking:
            raise ParameterError(" ".join(run.lacking), where="score")
        if not run.parts:
            return Result(job=self.command, skipped=" ".join(run.said), details={"as_of": str(as_of)})
        progress("expected margin", 0.8)
        run.add_margin()
        run.add_remaining_life()
        run.add_offer()
        return run.written()

    def _groups(self) -> tuple[tuple[str, ...], ...]:
        """Return the models that are tried for each role, those that `relkit fit` chose among others of their family first."""
        from relkit.models.catalogue import models_of, roles
        from relkit.tracking.registry import chosen_models

        chosen = () if self.models else chosen_models(self.programme)
        return tuple((name,) for name in self.models) or tuple(
            tuple(sorted(group, key=lambda name: name not in chosen)) for role in roles() if (group := models_of(role))
        )


@dataclass
class _Scoring:
    """One run of the job: what has been scored so far and what there is to say about it."""

    job: ScoreCustomers
    tables: TableSet
    as_of: AsOf
    parts: list[pl.DataFrame] = field(default_factory=list)
    said: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    versions: dict[str, ModelVersion] = field(default_factory=dict)
    fitted: dict[str, Any] = field(default_factory=dict)
    features: dict[Reading, pl.DataFrame] = field(default_factory=dict)
    lacking: list[str] = field(default_factory=list)
    noticed: list[tuple[str, Remark]] = field(default_factory=list)
    margin_facts: dict[str, Any] = field(default_factory=dict)
    return_facts: dict[str, Any] = field(default_factory=dict)
    offer_facts: dict[str, Any] = field(default_factory=dict)

    def notice(self, remark: Remark, model: str = "") -> None:
        """Warn of a remark, and keep it with the model whose scores it is about."""
        self.warnings.append(f"{model}: {remark.en}" if model else remark.en)
        self.noticed.append((model, remark))

    def score_with(self, group: tuple[str, ...]) -> None:
        """Add the scores of the first model of the group that has a champion which can score these data."""
        from relkit.families.bindings import absence, inputs_of

        if lacking := absence(group[0], self.tables):
            self.said.append(f"{group[0]}: {lacking}, so it gives no scores.")
            return
        champions = self._champions(group)
        for i, version in enumerate(champions):
            inputs, rows = inputs_of(version.model, self.tables), self.rows(version.model)
            if rows.is_empty():
                self.said.append(f"{version.model}: there are no {inputs.unit} to score as of {self.as_of}.")
                return
            try:
                self._score(version, rows, inputs)
            except TableError as error:
                if i == len(champions) - 1:
                    raise
                self.warnings.append(f"{error} {champions[i + 1].model} scores instead.")
            else:
                return

    def _champions(self, group: tuple[str, ...]) -> list[ModelVersion]:
        """Return the champions of a group; a model that was asked for by name must have one."""
        from relkit.tracking import registry

        registered = [registry.registered_name(name, self.job.programme) for name in group]
        if not self.job.hindsight:
            return self._champions_then(group, registered)
        found = [version for name in registered if (version := registry.champion(name))]
        if not found:
            kin = ", nor has a model that gives the same scores" if len(group) > 1 else ""
            none = f"{group[0]} has no champion to score with{kin}."
            remedy = f"Run {command('fit', group[0])} first."
            if self.job.models:
                raise ParameterError(none, where="score", remedy=remedy)
            self.lacking.append(f"{none} {remedy}")
        return found

    def _champions_then(self, group: tuple[str, ...], registered: list[str]) -> list[ModelVersion]:
        """Return the versions of a group that were in use on the day, and say where there is none."""
        from relkit.tracking import registry

        found = [version for name in registered if (version := registry.known_by(name, self.as_of.day))]
        if not found:
            fit = command("fit", group[0], as_of=self.as_of)
            self.lacking.append(f"No version of {group[0]} was trained as of {self.as_of} or earlier. To have one: {fit}.")
        return found

    def rows(self, model: str) -> pl.DataFrame:
        """Return the features that a model scores, one row a customer; models that read alike share them."""
        from relkit.families.bindings import inputs_of

        inputs = inputs_of(model, self.tables)
        if inputs.reading not in self.features:
            self.features[inputs.reading] = inputs.one_a_customer(inputs.features(self.tables, self.as_of))
        return self.features[inputs.reading]

    def source_of(self, model: str) -> Source:
        """Return the version that stands behind the scores of a model."""
        return _source(self.versions[model])

    def _score(self, version: ModelVersion, rows: pl.DataFrame, inputs: ModelInputs) -> None:
        from relkit.models.base import KeepsEverybody
        from relkit.models.covariates import covariates_of
        from relkit.models.unseen_categories import unseen_categories
        from relkit.scores.scoring import scorable, score_model
        from relkit.tracking import registry

        name, fitted = version.model, registry.load(version)
        kept, aside = scorable(rows, fitted.needs)
        try:
            scores = score_model(
                fitted,  # type: ignore[arg-type]  # those of the groups score customers
                kept,
                as_of=self.as_of.day,
                source=_source(version),
                horizon_days=self.job.horizon_days,
                intervals=self.job.intervals,
            )
        except TableError as error:
            raise TableError(
                f"the champion, version {version.version}, cannot score these data: {error}",
                where=name,
                remedy=f"Fit it to them and promote that version: {command('fit', name)} --force --reason ...",
            ) from error
        if aside:
            self.notice(_lacking(aside, len(rows), inputs.unit), name)
        for remark in unseen_categories(kept, covariates_of(fitted).values(), who=inputs.unit, unnamed=self.tables.personal_columns):
            self.notice(remark, name)
        if fitted.settings.stepped and inputs.table == "customer_snapshots":
            from relkit.features.snapshot_remarks import on_coarse_tenure

            if coarse := on_coarse_tenure(self.tables, kept["duration_days"], self.job.horizon_days):
                self.notice(coarse, name)
        self.parts.append(scores)
        self.versions[name], self.fitted[name] = version, fitted
        self.said.append(f"{name} version {version.version}, trained as of {version.as_of}, scored {len(kept):,} {inputs.unit}.")
        self._warn_of_age(version)
        if isinstance(fitted, KeepsEverybody) and fitted.nobody_leaves:
            remark = _nobody_leaves(name)
            self.warnings.append(remark.en)
            self.noticed.append((version.model, remark))

    def _warn_of_age(self, version: ModelVersion) -> None:
        if version.as_of > self.as_of.day:
            remark = _knows_the_future(version, self.as_of)
            self.warnings.append(remark.en)
            self.noticed.append((version.model, remark))

    def scored(self, role: Role) -> str:
        """Return the model of a role that scored; empty where none did."""
        from relkit.models.catalogue import models_of

        return next((name for name in models_of(role) if name in self.fitted), "")

    def add_margin(self) -> None:
        """Add the expected margin of purchases and contracts, where the models behind it scored and a margin is known."""
        from relkit.jobs.margin_ahead import MarginAhead
        from relkit.models.lifetime_value.family import ORDER_VALUE, ORDERS
        from relkit.models.survival.family import CONTRACTS

        orders, value, contracts = (self.scored(role) for role in (ORDERS, ORDER_VALUE, CONTRACTS))
        ahead = MarginAhead(self, orders=orders, value=value, contracts=contracts)
        self.parts += ahead.scores()
        self.margin_facts, self.return_facts = ahead.facts, ahead.return_facts
        self.said += ahead.said
        self.warnings += ahead.warnings
        self.noticed += [("", remark) for remark in ahead.remarks]

    def add_remaining_life(self) -> None:
        """Add how long contracts should run yet, where a model of contracts scored."""
        from relkit.models.survival.family import CONTRACTS
        from relkit.scores.remaining_life import remaining_life
        from relkit.scores.scoring import scorable

        name = self.scored(CONTRACTS)
        if not name:
            return
        fitted = self.fitted[name]
        kept, _ = scorable(self.rows(name), fitted.needs)
        for months in [self.job.horizon_months, *([None] if self.job.endless else [])]:
            source, asked = self.source_of(name), self.job.intervals
            self.parts.append(remaining_life(fitted, kept, months=months, as_of=self.as_of.day, source=source, intervals=asked))

    def add_offer(self) -> None:
        """Add what the declared offer is worth and whom to call first, where one was declared."""
        from relkit.jobs.calls_to_make import CallsToMake
        from relkit.models.catalogue import models_of
        from relkit.models.survival.family import CONTRACTS

        calls = CallsToMake(self, models_of(CONTRACTS))
        self.parts += calls.scores()
        self.offer_facts = calls.facts
        self.said += calls.said
        self.warnings += calls.warnings
        self.noticed += [("", remark) for remark in calls.remarks]

    @cached_property
    def refusing(self) -> pl.DataFrame:
        """Customers who refuse profiling: models learn from their past as from anybody's, and no score of theirs is kept."""
        from relkit.features.channels import refusing_profiling

        return refusing_profiling(self.tables, self.as_of)

    def _allowed(self, scores: pl.DataFrame) -> pl.DataFrame:
        """Return the scores without those of customers who refuse profiling, which are counted: nobody can show them later."""
        from relkit.tables.findings import counted

        kept = scores.join(self.refusing, on="customer_id", how="anti", maintain_order="left")
        if left := scores["customer_id"].n_unique() - kept["customer_id"].n_unique():
            self.said.append(f"{counted(left, 'customer')} left without scores: profiling refused.")
        return kept

    def written(self) -> Result:
        """Write the table and the models behind it, and return what was done."""
        import polars as pl

        from relkit.scores.score_table import applicable, check_scores

        holding = [frame["customer_id"] for reading, frame in self.features.items() if reading.table != "transactions"]
        holders = {id_ for ids in holding for id_ in ids}
        scores = check_scores(applicable(self._allowed(pl.concat(self.parts)), holders)).sort("score", "model", "customer_id")
        folder = self.job.out_dir / "scores" / str(self.as_of)
        folder.mkdir(parents=True, exist_ok=True)
        paths = {"scores": folder / "scores.parquet", "models": folder / "models.json"}
        models = self._models(scores)
        paths |= self._reasons(folder)
        paths["remarks"] = write_remarks(folder / FILE, self._remarks(scores))
        _replace(paths["scores"], scores.write_parquet)
        _replace(paths["models"], lambda path: path.write_text(json.dumps(models, indent=2) + "\n", encoding="utf-8"))
        return self._result(scores, paths)

    def _reasons(self, folder: Path) -> dict[str, Path]:
        """Write why contracts are at risk, where the model that scored the risk tells; reasons of an earlier run go."""
        from relkit.features.snapshot_covariates import declared_names
        from relkit.models.survival.family import CONTRACTS
        from relkit.scores.reasons import Explains, churn_reasons
        from relkit.scores.scoring import scorable

        path = folder / "reasons.parquet"
        name = self.scored(CONTRACTS)
        fitted = self.fitted.get(name)
        if not isinstance(fitted, Explains):
            path.unlink(missing_ok=True)
            return {}
        kept, _ = scorable(self.rows(name), fitted.needs)  # type: ignore[attr-defined]
        kept = kept.join(self.refusing, on="customer_id", how="anti", maintain_order="left")
        called = declared_names(self.tables)
        _replace(path, churn_reasons(fitted, kept, as_of=self.as_of.day, source=self.source_of(name), names=called).write_parquet)
        return {"reasons": path}

    def _result(self, scores: pl.DataFrame, paths: dict[str, Path]) -> Result:
        import polars as pl

        by_score = scores.group_by("score").agg(pl.len(), pl.col("value").mean()).sort("score")
        return Result(
            job=self.job.command,
            counts={"customers": scores["customer_id"].n_unique(), "scores": {name: count for name, count, _ in by_score.rows()}},
            metrics={f"mean_{name}": mean for name, _, mean in by_score.rows()},
            paths=paths,
            warnings=tuple(self.warnings),
            sentences=(*self.said, *self.lacking),
            details={
                "as_of": str(self.as_of),
                "models": {name: version.version for name, version in self.versions.items()},
                "margin_rate": self.margin_facts.get("margin_rate"),
                "margin_source": self.margin_facts.get("margin_source"),
                "return_share": self.return_facts.get("return_share"),
                "offer": self.offer_facts.get("offer"),
            },
        )

    def _models(self, scores: pl.DataFrame) -> dict[str, dict[str, Any]]:
        """Return, by score, the model behind it; where two models give one, the first in alphabetical order."""
        found: dict[str, dict[str, Any]] = {}
        for score, model, version, trained in (
            scores.select("score", "model", "version", "trained_as_of").unique().sort("score", "model").rows()
        ):
            versions = [self.versions[name] for name in model.split("+")]
            metrics = {v.model: {"name": v.metric, "value": v.metric_value, "holdout": v.holdout} for v in versions if v.metric}
            found.setdefault(
                score,
                {
                    "model": model,
                    "version": version,
                    "trained_as_of": str(trained),
                    "run_id": "+".join(v.run_id for v in versions),
                    "metrics": metrics,
                },
            )
        for (score,), rows in scores.group_by("score"):
            if rows["lower"].null_count() < len(rows):
                found[str(score)]["interval_level"] = LEVEL
            found[str(score)] |= self._facts_of(str(score))
        return found

    def _remarks(self, scores: pl.DataFrame) -> tuple[Remark, ...]:
        """Return what check, features, fits and this scoring noticed, each once."""
        from relkit.scores.score_remarks import noticed_with
        from relkit.tracking import registry

        folder = self.job.out_dir
        behind: dict[str, list[str]] = {}
        for score, names in scores.select("score", "model").unique().sort("score").iter_rows():
            for name in str(names).split("+"):
                behind.setdefault(name, []).append(str(score))
        return noticed_with(
            before=(*read_remarks(folder / "tables" / FILE), *read_remarks(folder / "features" / str(self.as_of) / FILE)),
            fits={name: registry.kept_remarks(version) for name, version in self.versions.items()},
            now=self.noticed,
            scores=behind,
        )

    def _facts_of(self, score: str) -> dict[str, Any]:
        """Return what is kept of a score besides its model: rates and assumptions."""
        if score.startswith("future_margin_"):
            return self.margin_facts
        if score in ("expected_return_share", "returns_to_come"):
            return self.return_facts
        if score.startswith("contract_residual_value_"):
            return {name: fact for name, fact in self.margin_facts.items() if name in ("annual_discount_rate", "contract_margin_source")}
        if score.startswith("order_probability_"):
            return self._calibration_facts()
        return self.offer_facts if score.startswith("retention_") else {}

    def _calibration_facts(self) -> dict[str, Any]:
        """Return on which days the probability of an order was judged, whether it was changed there, and whether it held."""
        from relkit.models.catalogue import models_of
        from relkit.models.lifetime_value.family import ORDERS

        models = (self.fitted[name] for name in models_of(ORDERS) if name in self.fitted)
        found = next((each.order_calibration for each in models if each.order_calibration is not None), None)
        return {} if found is None else {"judged_on": found.spoken, "calibrated": found.changes, "holds": found.judged.holds}


def _lacking(aside: int, rows: int, unit: str) -> Remark:
    return Remark(
        "lacks_a_value",
        f"{aside:,} of {rows:,} {unit} lack a value that it must know, and have no score.",
        f"Il manque à {french(aside)} lignes sur {french(rows)} une valeur dont le modèle a besoin : elles n’ont pas de score.",
    )


def _nobody_leaves(model: str) -> Remark:
    return Remark(
        "nobody_leaves",
        f"{model}: in this model nobody ever stops buying, so that it cannot tell which customers still buy.",
        f"{model} : dans ce modèle, aucun client ne cesse jamais d’acheter ; il ne peut donc pas dire lesquels achètent encore.",
        about=("p_alive",),
    )


def _knows_the_future(version: ModelVersion, as_of: AsOf) -> Remark:
    named, day = f"{version.model} version {version.version}", version.as_of
    return Remark(
        "knows_the_future",
        f"{named} was trained as of {day}, after {as_of}: it knows what happened then.",
        f"{named} a été entraîné sur les faits connus au {day:%d/%m/%Y}, après le {as_of.day:%d/%m/%Y} : il connaît la suite.",
    )


def _source(version: ModelVersion) -> Source:
    from relkit.scores.score_table import Source

    return Source(model=version.model, version=version.version, trained_as_of=version.as_of)


def _replace(path: Path, write: Any) -> None:
    """Write a file whole or not at all."""
    draft = path.with_name(f".{path.name}.part")
    write(draft)
    draft.replace(path)
