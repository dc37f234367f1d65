"""Covariates of the analyst's own, tried out before they become a column of the tables: one query, run as of each day.

    fit = FitWithOwn.parse(model="survival.cox", programme="explore", own="SELECT contract_id, ... FROM contracts ...")
    result = fit.run()
    fit.fitted(result)

The query reads the validated tables as of the day up to which the model learns: once for the fit, once for the holdout, so that
it never reads later facts. Its rows are joined by contract_id or customer_id.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic import Field

from relkit.errors import ParameterError
from relkit.jobs.base import Result
from relkit.jobs.fit_model import FitModel
from relkit.jobs.model_fitting import fit_named
from relkit.jobs.registering import Beside
from relkit.progress import Progress, quiet

if TYPE_CHECKING:
    from pathlib import Path

    import polars as pl

    from relkit.models.base import Fitted
    from relkit.tables.table_set import TableSet

DEMO = "company"
"""Folder of the simulated company of the demo."""


def data_to_explore(data: str | Path | None = None) -> str | Path:
    """Return the given folder of raw tables, by default that of the demo's company.

    Raises:
        ParameterError: none is given, and the demo has not been run, or was run for several programmes.
    """
    from relkit.workplace import only_programme, programmes, workplace

    if data is not None:
        return data
    if not programmes(DEMO):
        remedy = "Set it to the folder of your tables, or run make demo for those of a simulated company."
        raise ParameterError("there are no tables to explore.", where="data", remedy=remedy)
    return workplace() / "out" / only_programme(DEMO) / DEMO / "data"


class FitWithOwn(FitModel):
    """Fit, judge and register a model with additional feature columns from a query."""

    own: str = Field(description="A query over the tables that gives contract_id or customer_id, and a column for each covariate.")

    def run(self, progress: Progress = quiet) -> Result:
        """Read the tables, add the columns, and go on as `relkit fit` does."""
        from relkit.families.bindings import absence, inputs_of
        from relkit.families.own_columns import OwnInputs

        self.verify()
        tables = self.tables()
        if lacking := absence(self.model, tables):
            return Result(job=self.command, skipped=f"{self.model}: {lacking}, from which it learns.")
        inputs = OwnInputs.beside(inputs_of(self.model, tables), self.own, tables, tables.as_of(self.as_of))
        beside = Beside(params={"own_covariates": " ".join(self.own.split())[:500]})
        return fit_named(self.request(tables), inputs, progress, beside=beside)

    def tables(self) -> TableSet:
        """Return the validated tables of the programme."""
        from relkit.tables.table_set import TableSet

        return TableSet.open(self.out_dir / "tables")

    def values(self) -> pl.DataFrame:
        """Return the own columns that are numbers, as of the day, without keys."""
        import polars as pl

        from relkit.families.own_columns import KEYS, own_columns

        tables = self.tables()
        found = own_columns(self.own, tables, tables.as_of(self.as_of))
        return found.drop(KEYS, strict=False).select(pl.selectors.numeric()).cast(pl.Float64)

    def covariates(self) -> pl.DataFrame:
        """Return a summary of the own columns as of the day: covariate, known, mean, std, p5, median and p95."""
        import polars as pl

        rows = [
            {
                "covariate": column.name,
                "known": len(column) - column.null_count(),
                "mean": column.mean(),
                "std": column.std(),
                **{name: column.quantile(share) for name, share in (("p5", 0.05), ("median", 0.5), ("p95", 0.95))},
            }
            for column in self.values()
        ]
        return pl.DataFrame(rows)

    def fitted(self, result: Result) -> Fitted:
        """Return the fitted model that a run registered.

        Raises:
            ParameterError: the run registered none.
        """
        from relkit.tracking import registry

        name, number = result.details.get("registered"), result.details.get("version")
        if not name:
            raise ParameterError("the run registered no model.", where=self.model, remedy=result.skipped or "Look at its result.")
        return registry.load(next(version for version in registry.versions(name) if version.version == number))
