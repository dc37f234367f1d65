"""Output of a scoring: the score table, the models behind it, reasons and remarks."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from relkit.jobs.base import Result
from relkit.remarks import FILE, Remark, read_remarks, write_remarks

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from relkit.jobs.scored import Scored
    from relkit.scores.score_table import ScoreTable


@dataclass(frozen=True, eq=False, kw_only=True)
class WrittenScores:
    """The folder of a day's scores.

    Attributes:
        scored: the findings of the scoring, with at least one score.
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
        from relkit.scores.kept_scores import MODELS, SCORES

        scores, left = self.table.frame, self._left_out()
        self.folder.mkdir(parents=True, exist_ok=True)
        paths = {"scores": self.folder / SCORES, "models": self.folder / MODELS}
        models = self.models()
        paths |= self._reasons()
        paths["remarks"] = write_remarks(self.folder / FILE, self._remarks())
        _replace(paths["scores"], scores.write_parquet)
        _replace(paths["models"], lambda path: path.write_text(json.dumps(models, indent=2) + "\n", encoding="utf-8"))
        return self._result(job, paths, (*self.scored.found.sentences, *left, *lacking))

    @cached_property
    def table(self) -> ScoreTable:
        """The applicable scores, checked, without those of customers who refuse profiling."""
        from relkit.scores.score_table import applicable, check_scores

        kept = self._made.with_(self._made.frame.join(self.scored.refusing, on="customer_id", how="anti", maintain_order="left"))
        checked = check_scores(applicable(kept, self.scored.rows.contract_holders()))
        return checked.with_(checked.frame.sort("score", "model", "customer_id"))

    @cached_property
    def _made(self) -> ScoreTable:
        """The scores of all customers."""
        from relkit.scores.score_table import joined

        return joined(self.scored.found.scores)

    def _left_out(self) -> tuple[str, ...]:
        """Return a sentence on the customers left without scores because they refuse profiling: it cannot be reported later."""
        from relkit.tables.findings import counted

        refusing = self._made.frame.join(self.scored.refusing, on="customer_id", how="semi")["customer_id"].n_unique()
        return (f"{counted(refusing, 'customer')} left without scores: profiling refused.",) if refusing else ()

    def _reasons(self) -> dict[str, Path]:
        """Write why contracts are at risk, if the model that scored the risk explains it; remove reasons of an earlier run."""
        from relkit.features.snapshot_covariates import declared_names
        from relkit.models.survival.family import CONTRACTS
        from relkit.scores.reasons import Explains, churn_reasons
        from relkit.scores.scoring import scorable

        path, scored = self.folder / "reasons.parquet", self.scored
        model = scored.by(CONTRACTS)
        fitted = model.fitted if model else None
        if model is None or not isinstance(fitted, Explains):
            path.unlink(missing_ok=True)
            return {}
        kept, _ = scorable(model.rows, model.fitted.needs)
        kept = kept.join(scored.refusing, on="customer_id", how="anti", maintain_order="left")
        reasons = churn_reasons(fitted, kept, as_of=scored.as_of.day, source=model.source, names=declared_names(scored.tables))
        _replace(path, reasons.write_parquet)
        return {"reasons": path}

    def _result(self, job: str, paths: dict[str, Path], sentences: tuple[str, ...]) -> Result:
        import polars as pl

        scored, scores = self.scored, self.table.frame
        by_score = scores.group_by("score").agg(pl.len(), pl.col("value").mean()).sort("score")
        facts = ("margin_rate", "margin_source", "return_share", "offer")
        return Result(
            job=job,
            counts={"customers": scores["customer_id"].n_unique(), "scores": {name: count for name, count, _ in by_score.rows()}},
            metrics={f"mean_{name}": mean for name, _, mean in by_score.rows()},
            paths=paths,
            warnings=scored.found.warnings,
            sentences=sentences,
            details={
                "as_of": str(scored.as_of),
                "models": {name: model.version.version for name, model in scored.models.items()},
                **{name: scored.fact(name) for name in facts},
            },
        )

    def models(self) -> dict[str, dict[str, Any]]:
        """Return, by score, its record and the model behind it; of two models, the first in alphabetical order."""
        from relkit.scores.kept_scores import record_of

        sources = self.table.frame.select("score", "model", "version", "trained_as_of").unique().sort("score", "model")
        records = {str(score): score for score in self.table.kinds}
        bounded = self._with_bounds()
        found: dict[str, dict[str, Any]] = {}
        for name, rows in sources.group_by("score", maintain_order=True):
            score = records[str(name[0])]
            kept = record_of(score) | self._source(rows.row(0, named=True))
            found[str(score)] = kept | bounded.get(str(score), {}) | dict(self.scored.found.facts.get(score, {}))
        return found

    def _source(self, row: Mapping[str, Any]) -> dict[str, Any]:
        """Return the record of the versions behind a score."""
        versions = [self.scored.models[name].version for name in row["model"].split("+")]
        return {
            "model": row["model"],
            "version": row["version"],
            "trained_as_of": str(row["trained_as_of"]),
            "run_id": "+".join(v.run_id for v in versions),
            "metrics": {v.model: {"name": v.metric, "value": v.metric_value, "holdout": v.holdout} for v in versions if v.metric},
        }

    def _with_bounds(self) -> dict[str, dict[str, float]]:
        """Return the level of the intervals, by score that has bounds."""
        import polars as pl

        from relkit.units import LEVEL

        names = self.table.frame.filter(pl.col("lower").is_not_null())["score"].unique()
        return {name: {"interval_level": LEVEL} for name in names}

    def _remarks(self) -> tuple[Remark, ...]:
        """Return the remarks of check, features, fits and this scoring, each once."""
        from relkit.scores.score_remarks import noticed_with
        from relkit.tracking import registry

        tables, features = self.out_dir / "tables", self.out_dir / "features" / str(self.scored.as_of)
        behind: dict[str, list[str]] = {}
        for score, names in self.table.frame.select("score", "model").unique().sort("score").iter_rows():
            for name in str(names).split("+"):
                behind.setdefault(name, []).append(str(score))
        return noticed_with(
            before=(*read_remarks(tables / FILE), *read_remarks(features / FILE)),
            fits={name: registry.kept_remarks(model.version) for name, model in self.scored.models.items()},
            now=self.scored.found.remarks,
            scores=behind,
        )


def _replace(path: Path, write: Any) -> None:
    """Write a file atomically."""
    draft = path.with_name(f".{path.name}.part")
    write(draft)
    draft.replace(path)
