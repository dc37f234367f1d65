"""`relkit demo`: a simulated company, the main pipeline on it, and the estimates next to the truth."""

from __future__ import annotations

import json
import os
import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from pydantic import Field

from relkit.commands import command, program
from relkit.jobs.base import Job, Result
from relkit.progress import Progress, quiet
from relkit.running import RunPipeline
from relkit.workplace import workplace

if TYPE_CHECKING:
    from collections.abc import Iterator

    from relkit.tables.simulation import CompanyTruth, SimulationSettings

PIPELINE = Path("monthly_scoring")
TRUE_MODELS = Path("fit_true_models")
"""The models that the simulation follows: the main pipeline takes those that forecast best, which may be others."""
CAMPAIGN = Path("measure_campaign")
ACTION = "welcome_offer"
"""The campaign that is measured: it works in both worlds."""
FIRST_ORDERS = ("fit attribution.all.settings.conversion=first_order",)
"""The simulated journeys lead to first orders."""
NAMED = (f"measure.action={ACTION}", f"report.parameters.campaign={ACTION}")
TRUE_COLUMNS = {
    ("incremental_orders", "response"): "effect_orders",
    ("incremental_orders", "post"): "effect_orders_after",
    ("incremental_margin", "response"): "effect_margin",
    ("incremental_margin", "post"): "effect_margin_after",
}
"""Column of the true effect on each assignment, by figure and window of the measurement."""
NOTEBOOKS = Path("notebooks")


class RunDemo(Job):
    """Simulate a company with known parameters and run the main pipeline on it."""

    command: ClassVar[str] = "demo"

    programme: str = Field(default="demo", pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]*$", description="Programme id; names the output folder.")
    customers: int = Field(default=20_000, ge=100, description="Customers to simulate, prospects among them.")
    world: Literal["clean", "hard"] = Field(default="clean", description="clean keeps the models' assumptions, hard breaks them.")
    seed: int = Field(default=20_250_630, ge=0, description="Seed of the simulation.")
    language: Literal["en", "fr"] = Field(default="en", description="Language of reports and headers.")
    restart: bool = Field(default=False, description="Run again what finished earlier.")

    @property
    def company(self) -> Path:
        """Folder of the simulated company: its data and, next to them, the truth."""
        return self.out_dir / "company"

    def pipeline(self) -> RunPipeline:
        """Return the main pipeline on the simulated data."""
        common = {"programme": self.programme, "out": self.out_dir, "language": self.language, "restart": self.restart}
        return RunPipeline.parse(pipeline=PIPELINE, data=self.company / "data", settings=FIRST_ORDERS, **common)

    def true_models(self) -> RunPipeline:
        """Return the pipeline that fits the models of the simulation, under a programme of their own: they make no scores."""
        common = {"programme": f"{self.programme}_truth", "out": self.out_dir, "language": self.language, "restart": self.restart}
        return RunPipeline.parse(pipeline=TRUE_MODELS, **common)

    def campaign(self) -> RunPipeline:
        """Return the pipeline that measures a campaign."""
        common = {"programme": self.programme, "out": self.out_dir, "language": self.language, "restart": self.restart}
        return RunPipeline.parse(pipeline=CAMPAIGN, settings=NAMED, **common)

    def verify(self) -> None:
        """Verify the pipelines."""
        self.pipeline().verify()
        self.true_models().verify()
        self.campaign().verify()

    def run(self, progress: Progress = quiet) -> Result:
        """Simulate, run the pipelines, and compare with the truth."""
        truth = self._simulated(progress)
        result = self.pipeline().run(progress)
        if not result.passed:
            return result.model_copy(update={"job": "demo"})
        fitted, measured = self.true_models().run(progress), self.campaign().run(progress)
        for step in (fitted, measured):
            if not step.passed:
                return step.model_copy(update={"job": "demo"})
        lines, rows = _comparison(truth, result, fitted)
        campaign_lines, campaign_rows = _measured_next_to_truth(truth, self.out_dir)
        return result.model_copy(
            update={
                "job": "demo",
                "sentences": (*lines, "", *campaign_lines, "", *result.sentences, *measured.sentences, "", *_next()),
                "details": {
                    **result.details,
                    "steps": [*result.details["steps"], *fitted.details["steps"], *measured.details["steps"]],
                    "comparison": rows,
                    "campaign": campaign_rows,
                },
                "paths": {**result.paths, **_named(measured.paths), "company": self.company, "truth": truth.folder},
            }
        )

    def _simulated(self, progress: Progress) -> CompanyTruth:
        """Simulate the company, or keep an existing one with the same settings."""
        from relkit.tables.simulation import CompanyTruth, SimulationSettings, simulate_company

        settings = SimulationSettings(customers=self.customers, world=self.world, seed=self.seed)
        stamp = self.company / "settings.json"
        wanted = _plain(settings)
        if stamp.is_file() and json.loads(stamp.read_text(encoding="utf-8")) == wanted and not self.restart:
            return CompanyTruth.open(self.company)
        stamp.unlink(missing_ok=True)
        truth = simulate_company(settings, self.company, progress=progress)
        stamp.write_text(json.dumps(wanted) + "\n", encoding="utf-8")
        progress(f"simulated {self.customers:,} customers in {self.company}\n")
        return truth


def _next() -> tuple[str, ...]:
    """Return the things to open next, with commands that run from here as printed."""
    store = os.environ.get("MLFLOW_TRACKING_URI") or f"sqlite:///{workplace().as_posix()}/mlruns/mlflow.db".replace("///./", "///")
    notebooks = next((folder for folder in (NOTEBOOKS, Path(__file__).parents[1] / NOTEBOOKS) if folder.is_dir()), NOTEBOOKS)
    relkit = program("relkit").removesuffix("relkit")
    first = shlex.quote(str(notebooks / "explore_first_steps.ipynb"))
    commands = {
        f"{program('jupyter')} lab {first}": "first steps of your own, and the notebooks",
        f"{relkit}{command('models')}": "the registered model versions",
        f"{relkit}{command('report', 'segment_customer_value', language='fr')}": "a report again, in French",
        f"{program('mlflow')} ui --backend-store-uri {shlex.quote(store)}": "the runs of the models, and their plots",
    }
    width = max(map(len, commands))
    return ("Open next:", "  the reports above, in a browser", *(f"  {typed:<{width}}   {why}" for typed, why in commands.items()))


def _named(paths: dict[str, Path]) -> dict[str, Path]:
    """Return the paths of the campaign under names of their own."""
    return {f"campaign {key}": path for key, path in paths.items()}


def _measured_next_to_truth(truth: CompanyTruth, out_dir: Path) -> tuple[list[str], list[dict[str, Any]]]:
    """Return the table of what the campaign added next to its true effect on the treated, for people and for scripts."""
    import polars as pl

    from relkit.jobs.written_measurement import kept_measurement

    measured = kept_measurement(out_dir, ACTION)
    facts = measured.facts
    drawn = pl.scan_parquet(out_dir / "tables" / "assignments.parquet").filter(pl.col("action_id") == ACTION, pl.col("arm") == "treated")
    effects = drawn.filter(pl.col("drawn_at").dt.date() <= facts.last_draw).join(
        pl.scan_parquet(truth.folder / "assignments.parquet"), on=["unit_id", "wave_id"]
    )
    sums = effects.select(pl.col(*TRUE_COLUMNS.values()).sum()).collect().row(0, named=True)
    rows = []
    for (figure, window), column in TRUE_COLUMNS.items():
        found = measured.money(figure, window)
        days = facts.days[window]
        rows.append(
            {"figure": figure, "days": days, "true": sums[column], "estimate": found["value"], "low": found["low"], "high": found["high"]}
        )
    head = f"{'campaign ' + ACTION:<28}{'after':<24}{'true':>10}{'estimate':>12}{'95 % interval':>24}"
    return ["What a campaign added, next to its true effect:", head, *(_campaign_line(row) for row in rows)], rows


def _campaign_line(row: dict[str, Any]) -> str:
    interval = f"{row['low']:,.0f} to {row['high']:,.0f}"
    after = f"{row['days']} days"
    return f"{row['figure'].replace('_', ' '):<28}{after:<24}{row['true']:>10,.0f}{row['estimate']:>12,.0f}{interval:>24}"


def _plain(settings: SimulationSettings) -> Any:
    from dataclasses import asdict

    from relkit import __version__

    return json.loads(json.dumps({"version": __version__, **asdict(settings)}, default=str))


def _fits(result: Result) -> Iterator[dict[str, Any]]:
    """Yield the details of every fit of the pipeline, those of models fitted side by side one by one."""
    for step in result.details["steps"]:
        if step["result"] and not step["result"]["skipped"]:
            details = step["result"]["details"]
            yield from details.get("fits", {"": details}).values()


def _comparison(truth: CompanyTruth, *results: Result) -> tuple[list[str], list[dict[str, Any]]]:
    """Return the table of estimates next to the truth, for people and for scripts."""
    import polars as pl

    from relkit.tables.simulation import compare_with_truth

    rows = [
        {"model": fit["model"], "term": r["term"], "estimate": r["estimate"], "std_error": r["std_error"]}
        for result in results
        for fit in _fits(result)
        for r in (*fit.get("summary", ()), *fit.get("effects", ()))
    ]
    if not rows:
        return [], []
    found = pl.DataFrame(rows, schema_overrides={"estimate": pl.Float64, "std_error": pl.Float64})
    # The choice may have taken a true model, which is fitted apart as well.
    compared = compare_with_truth(truth, found.unique(["model", "term"], keep="first", maintain_order=True))
    head = f"{'model':<28}{'parameter':<24}{'true':>10}{'estimate':>12}{'95 % interval':>24}"
    lines = ["Estimates next to the true parameters of the simulation:", head]
    for model, term, true, estimate, error, *_ in compared.iter_rows():
        interval = "" if error is None else f"{estimate - 1.96 * error:.4f} to {estimate + 1.96 * error:.4f}"
        lines.append(f"{model:<28}{term:<24}{true:>10.4f}{estimate:>12.4f}{interval:>24}")
    return lines, compared.to_dicts()
