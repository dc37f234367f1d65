"""Covariates of one's own, tried out before they are worth a column of the tables: one query, read on each day as it was known.

    fit = FitWithOwn.parse(model="survival.cox", programme="explore", own="SELECT contract_id, ... FROM contracts ...")
    result = fit.run()
    fit.fitted(result)

The query sees the validated tables as they were on the day that the model learns up to: once for the fit, once for the holdout, so
that nothing later reaches it. Its rows are joined by contract_id or customer_id.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any

from pydantic import Field

from relkit.errors import ParameterError, TableError
from relkit.jobs.base import Result
from relkit.jobs.fit_model import Beside, FitModel
from relkit.jobs.model_inputs import ModelInputs, absence, inputs_of
from relkit.progress import Progress, quiet

if TYPE_CHECKING:
    from pathlib import Path

    import polars as pl

    from relkit.models.base import Fitted
    from relkit.periods import AsOf
    from relkit.tables.table_set import TableSet

KEYS = ("contract_id", "customer_id")
DEMO = "company"
"""Folder of the simulated company of the demo."""


def data_to_explore(data: str | Path | None = None) -> str | Path:
    """Return the folder of raw tables that is given, else that of the demo's company.

    Raises:
        ParameterError: none is given, and the demo has not been run, or for several programmes.
    """
    from relkit.workplace import only_programme, programmes, workplace

    if data is not None:
        return data
    if not programmes(DEMO):
        remedy = "Set it to the folder of your tables, or run make demo for those of a simulated company."
        raise ParameterError("there are no tables to explore.", where="data", remedy=remedy)
    return workplace() / "out" / only_programme(DEMO) / DEMO / "data"


class FitWithOwn(FitModel):
    """Fit, judge and register a model whose features have further columns, from a query."""

    own: str = Field(description="A query over the tables that gives contract_id or customer_id, and a column for each covariate.")

    def run(self, progress: Progress = quiet) -> Result:
        """Read the tables, add the columns, and go on as `relkit fit`."""
        self.verify()
        tables = self.tables()
        if lacking := absence(self.model, tables):
            return Result(job=self.command, skipped=f"{self.model}: {lacking}, from which it learns.")
        usual = inputs_of(self.model, tables)
        own = own_columns(self.own, tables, tables.as_of(self.as_of)).drop(KEYS, strict=False)
        names = tuple(name for name, kind in own.schema.items() if kind.is_numeric())
        inputs = OwnInputs(**{field.name: getattr(usual, field.name) for field in fields(usual)}, query=self.own, names=names)
        return self.fit_named(tables, inputs, progress, Beside(params={"own_covariates": " ".join(self.own.split())[:500]}))

    def tables(self) -> TableSet:
        """Return the validated tables of the programme."""
        from relkit.tables.table_set import TableSet

        return TableSet.open(self.out_dir / "tables")

    def covariates(self) -> pl.DataFrame:
        """Return what the own columns hold as of the day, in figures: column, known, mean, std, p5, median and p95."""
        import polars as pl

        tables = self.tables()
        found = own_columns(self.own, tables, tables.as_of(self.as_of)).select(pl.selectors.numeric())
        rows = [
            {
                "covariate": column.name,
                "known": len(column) - column.null_count(),
                "mean": column.mean(),
                "std": column.std(),
                **{name: column.quantile(share) for name, share in (("p5", 0.05), ("median", 0.5), ("p95", 0.95))},
            }
            for column in found.cast(pl.Float64)
        ]
        return pl.DataFrame(rows)

    def fitted(self, result: Result) -> Fitted:
        """Return the fitted model that a run has registered.

        Raises:
            ParameterError: the run registered none.
        """
        from relkit.tracking import registry

        name, number = result.details.get("registered"), result.details.get("version")
        if not name:
            raise ParameterError("the run registered no model.", where=self.model, remedy=result.skipped or "Look at its result.")
        return registry.load(next(version for version in registry.versions(name) if version.version == number))


@dataclass(frozen=True, kw_only=True)
class OwnInputs(ModelInputs):
    """What a family reads, and the columns of a query.

    Attributes:
        query: over the tables.
        names: of its columns that are numbers.
    """

    query: str
    names: tuple[str, ...]

    def features(self, tables: TableSet, as_of: AsOf) -> pl.DataFrame:
        """Return the features of the family with the columns of the query; null where it has no row for one."""
        known, own = super().features(tables, as_of), own_columns(self.query, tables, as_of)
        key = next(name for name in KEYS if name in own.columns)
        if key not in known.columns:
            raise TableError(f"the features have no {key} to join the query by.", where="own", remedy="Give customer_id.")
        kept = [name for name in own.columns if name == key or name not in {*known.columns, *KEYS}]
        return known.join(own.select(kept), on=key, how="left", maintain_order="left")

    def chosen(self, setting: str, *frames: pl.DataFrame) -> tuple[str, ...]:
        """Return what suits the frames of the family's own, then the columns of the query."""
        own = self.names if setting == "covariates" else ()
        return tuple(dict.fromkeys((*super().chosen(setting, *frames), *own)))


def own_columns(query: str, tables: TableSet, as_of: AsOf) -> pl.DataFrame:
    """Return the rows of a query over the tables as they were known on a day; numbers and truth values become floats.

    Raises:
        ParameterError: the query cannot be read, or gives no key.
        TableError: it gives several rows for one key.
    """
    import polars as pl

    from relkit.features.known_rows import HAPPENED, known_rows

    known = {name: known_rows(tables, name, as_of) for name in HAPPENED if tables.has(name)}
    try:
        found = pl.SQLContext(known).execute(query, eager=True)
    except pl.exceptions.PolarsError as error:
        remedy = f"Tables: {', '.join(known)}."
        raise ParameterError(f"the query cannot be run: {_first_line(error)}", where="own", remedy=remedy) from error
    key = next((name for name in KEYS if name in found.columns), "")
    if not key:
        raise ParameterError("the query gives neither contract_id nor customer_id.", where="own", remedy="Select one of them first.")
    if twice := len(found) - found[key].n_unique():
        raise TableError(f"the query gives {twice:,} rows too many: {key} is not unique.", where="own", remedy=f"Add GROUP BY {key}.")
    numbers = pl.selectors.numeric() | pl.selectors.boolean()
    return found.with_columns(numbers.cast(pl.Float64))


def _first_line(error: Exception) -> Any:
    return (str(error).splitlines() or [type(error).__name__])[0]
