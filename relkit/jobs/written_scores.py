"""Output of a scoring: the score table, the models behind it, reasons and remarks."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from relkit.jobs.base import Result
from relkit.json_text import json_text
from relkit.remarks import FILE, Remark, read_remarks, write_remarks
from relkit.replaced_folders import drafted, put_in_place

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    import polars as pl

    from relkit.jobs.scored import Scored
    from relkit.scores.score_table import ScoreTable, Source


@dataclass(frozen=True, eq=False, kw_only=True)
class WrittenScores:
    """The folder of a day's scores.

    Attributes:
        scored: the findings of the scoring, with at least one score or table.
        out_dir: the output root.
    """

    scored: Scored
    out_dir: Path

    @property
    def folder(self) -> Path:
        """Folder of the scores of the day."""
        return self.out_dir / "scores" / str(self.scored.as_of)

    def result(self, job: str, *, lacking: Sequence[str] = ()) -> Result:
        """Write everything, and return the result of the job.

        Args:
            job: the command.
            lacking: a sentence for each role without a champion.
        """
        left = self._left_out()
        with drafted(self.folder.parent) as draft:
            made = draft / self.folder.name
            made.mkdir()
            written = self._reasons(made) | self._tables(made)
            written["remarks"] = write_remarks(made / FILE, self._remarks())
            written = self._scores(made) | written
            put_in_place(draft, self.folder.name)
        paths = {key: self.folder / path.name for key, path in written.items()}
        return self._result(job, paths, (*self.scored.found.sentences, *left, *lacking))

    def _scores(self, folder: Path) -> dict[str, Path]:
        """Write the score table and the models behind it, if any customer was scored."""
        from relkit.scores.kept_scores import MODELS, SCORES

        if not self.scored.found.scores:
            return {}
        paths = {"scores": folder / SCORES, "models": folder / MODELS}
        models = self.models()
        self.table.write(paths["scores"])
        paths["models"].write_text(json_text(models, indent=2) + "\n", encoding="utf-8")
        return paths

    @cached_property
    def table(self) -> ScoreTable:
        """The applicable scores without those of customers who refuse profiling, in order of score, model and customer_id."""
        from relkit.scores.score_table import applicable

        kept = self._made.map(lambda part: part.without(self.scored.refusing))
        return applicable(kept, self.scored.contract_holders()).sorted()

    @cached_property
    def _made(self) -> ScoreTable:
        """The scores of all customers."""
        from relkit.scores.score_table import joined

        return joined(self.scored.found.scores)

    def _left_out(self) -> tuple[str, ...]:
        """Return a sentence on the customers left without scores because they refuse profiling: it cannot be reported later."""
        from relkit.tables.findings import counted

        scored = self._made.map(lambda part: part.only(self.scored.refusing))
        refusing = len(scored.customers())
        return (f"{counted(refusing, 'customer')} left without scores: profiling refused.",) if refusing else ()

    def _reasons(self, folder: Path) -> dict[str, Path]:
        """Write why contracts are at risk, if the model that scored the risk explains it."""
        from relkit.features.snapshot_covariates import declared_names
        from relkit.models.survival.family import CONTRACTS
        from relkit.scores.reasons import Explains, churn_reasons
        from relkit.scores.scoring import scorable

        path, scored = folder / "reasons.parquet", self.scored
        model = scored.by(CONTRACTS)
        fitted = model.fitted if model else None
        if model is None or not isinstance(fitted, Explains):
            return {}
        kept, _ = scorable(model.rows, model.fitted.needs)
        kept = kept.join(scored.refusing, on="customer_id", how="anti", maintain_order="left")
        reasons = churn_reasons(fitted, kept, as_of=scored.as_of.day, source=model.source, names=declared_names(scored.tables))
        reasons.write_parquet(path)
        return {"reasons": path}

    def _tables(self, folder: Path) -> dict[str, Path]:
        """Write the further tables that models gave, with their records."""
        from relkit.scores.action_scores import SCORES_BY_ACTION
        from relkit.scores.channel_credit import CHANNEL_CREDIT
        from relkit.scores.next_products import NEXT_PRODUCTS, OFFERS

        paths: dict[str, Path] = {}
        for name in (NEXT_PRODUCTS, OFFERS, SCORES_BY_ACTION, CHANNEL_CREDIT):
            path = folder / f"{name}.parquet"
            paths |= self._record(name, folder)
            if name in self.scored.found.tables:
                # Tables of millions of rows: the usual compression takes half as long again, for a file a seventh smaller.
                self.scored.found.tables[name].write_parquet(path, compression_level=1, statistics=False)
                paths[name] = path
        return paths

    def _record(self, name: str, folder: Path) -> dict[str, Path]:
        """Write the record of a further table, if it has one."""
        path, record = folder / f"{name}.json", self.scored.found.records.get(name)
        if record is None:
            return {}
        path.write_text(json_text(record, indent=2) + "\n", encoding="utf-8")
        return {f"{name}_record": path}

    def _result(self, job: str, paths: dict[str, Path], sentences: tuple[str, ...]) -> Result:
        scored, values = self.scored, self._values()
        facts = ("margin_rate", "margin_source", "return_share", "offer")
        return Result(
            job=job,
            counts={"customers": len(self.table.customers()), "scores": {name: len(found) for name, found in values.items()}},
            metrics={f"mean_{name}": found.mean() for name, found in values.items()},
            paths=paths,
            warnings=scored.found.warnings,
            sentences=sentences,
            details={
                "as_of": str(scored.as_of),
                "models": {name: model.version.version for name, model in scored.models.items()},
                **{name: scored.fact(name) for name in facts},
            },
        )

    def _values(self) -> dict[str, pl.Series]:
        """Return the values of each score, whatever the model, by name."""
        scores = {part.score: None for part in self.table.parts}
        return {str(score): self.table.of(score)["value"] for score in scores}

    def models(self) -> dict[str, dict[str, Any]]:
        """Return, by score, its record and the model behind it; of two models, the first in alphabetical order."""
        from relkit.scores.kept_scores import record_of

        bounded = self._with_bounds()
        found: dict[str, dict[str, Any]] = {}
        for part in self.table.parts:
            name, facts = str(part.score), self.scored.found.facts.get(part.score, {})
            found.setdefault(name, record_of(part.score) | self._source(part.source) | bounded.get(name, {}) | dict(facts))
        return found

    def _source(self, source: Source) -> dict[str, Any]:
        """Return the record of the versions behind a score."""
        versions = [self.scored.models[name].version for name in source.model.split("+")]
        return {
            "model": source.model,
            "version": source.version,
            "trained_as_of": str(source.trained_as_of),
            "run_id": "+".join(v.run_id for v in versions),
            "metrics": {v.model: {"name": v.metric, "value": v.metric_value, "holdout": v.holdout} for v in versions if v.metric},
        }

    def _with_bounds(self) -> dict[str, dict[str, float]]:
        """Return the level of the intervals, by score that has bounds."""
        from relkit.units import LEVEL

        bounded = (part for part in self.table.parts if part.rows["lower"].null_count() < len(part.rows))
        return {str(part.score): {"interval_level": LEVEL} for part in bounded}

    def _remarks(self) -> tuple[Remark, ...]:
        """Return the remarks of check, features, fits and this scoring, each once."""
        from relkit.scores.score_remarks import noticed_with
        from relkit.tracking import registry

        tables, features = self.out_dir / "tables", self.out_dir / "features" / str(self.scored.as_of)
        behind = self._behind_tables()
        for score, models in (part.key for part in self.table.parts):
            for name in models.split("+"):
                behind.setdefault(name, []).append(score)
        return noticed_with(
            before=(*read_remarks(tables / FILE), *read_remarks(features / FILE)),
            fits={name: registry.kept_remarks(model.version) for name, model in self.scored.models.items()},
            now=self.scored.found.remarks,
            scores=behind,
        )

    def _behind_tables(self) -> dict[str, list[str]]:
        """Return, by model, the further tables that it is behind, as their records state."""
        records = self.scored.found.records.items()
        return {model: [name] for name, record in records for model in record["models"]}
