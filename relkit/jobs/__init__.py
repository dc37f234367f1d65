"""The jobs by command; a job's module is imported only when it is needed."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class CommandSpec:
    """The job behind a command.

    Attributes:
        module: dotted path of the module that defines the job.
        job: the class.
        summary: one line for `relkit --help`.
        positional: fields given without a flag, in order.
    """

    module: str
    job: str
    summary: str
    positional: tuple[str, ...] = ()


COMMANDS: dict[str, CommandSpec] = {
    "demo": CommandSpec("relkit.demo", "RunDemo", "Simulate a company and run the main pipeline on it."),
    "run": CommandSpec("relkit.running", "RunPipeline", "Run the steps of a pipeline file, resumable.", ("pipeline",)),
    "check": CommandSpec("relkit.jobs.check_tables", "CheckTables", "Read raw tables, validate, quarantine, summarise.", ("data",)),
    "features": CommandSpec("relkit.jobs.build_features", "BuildFeatures", "Build the customer table as of a date."),
    "fit": CommandSpec("relkit.jobs.fit_model", "FitModel", "Fit a model, judge it on a holdout, register it.", ("model",)),
    "score": CommandSpec(
        "relkit.jobs.score_customers", "ScoreCustomers", "Score customers with the champion models, and gather the credit of channels."
    ),
    "measure": CommandSpec(
        "relkit.jobs.measure_campaign", "MeasureCampaign", "Measure what a campaign added against its control.", ("action",)
    ),
    "deliver": CommandSpec("relkit.jobs.deliver_files", "DeliverFiles", "Publish the scored customer file."),
    "rank": CommandSpec("relkit.jobs.rank_customers", "RankCustomers", "Rank the best customers for a product."),
    "similar": CommandSpec("relkit.jobs.similar_products", "SimilarProducts", "List the products most similar to one.", ("product",)),
    "rules": CommandSpec("relkit.jobs.export_rules", "ExportRules", "Write the association rules as files for merchandisers."),
    "budget": CommandSpec("relkit.jobs.plan_budget", "PlanBudget", "Share out a budget among channels: a scenario."),
    "report": CommandSpec("relkit.jobs.write_report", "WriteReport", "Turn a parameterised notebook into an HTML report.", ("notebook",)),
    "clean": CommandSpec("relkit.jobs.clean_kept", "CleanKept", "Remove the features that are kept between commands."),
    "models": CommandSpec("relkit.jobs.manage_models", "ListModels", "List registered model versions."),
    "models promote": CommandSpec("relkit.jobs.manage_models", "PromoteModel", "Make a version the champion.", ("model", "version")),
}
