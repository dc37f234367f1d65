"""The truth about a simulated company, and the errors of estimates against it."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import polars as pl

from relkit.errors import StorageError, TableError
from relkit.tables.simulation.actions import ACTIONS
from relkit.tables.simulation.assortment import BASE_SHARES, BUNDLE_SHARE, CATEGORIES
from relkit.tables.simulation.journeys import conversion_probability, removal_effects

if TYPE_CHECKING:
    from pathlib import Path

    from relkit.tables.simulation.settings import SimulationSettings

PARAMETERS = "parameters.json"


@dataclass(frozen=True, eq=False)
class CompanyTruth:
    """The truth about a simulated company.

    Attributes:
        data: folder of the tables, as a company would deliver them.
        folder: of the truth, next to the data.
        parameters: true parameters by model, e.g. parameters["lifetime_value.bg_nbd"]["r"], and the settings.
    """

    data: Path
    folder: Path
    parameters: dict[str, dict[str, Any]]

    @classmethod
    def open(cls, folder: Path) -> CompanyTruth:
        """Return the truth about the company in `folder`, as `simulate_company` wrote it."""
        path = folder / "truth" / PARAMETERS
        if not path.is_file():
            raise StorageError("there is no simulated company here.", where=str(folder), remedy="Simulate one with simulate_company.")
        return cls(data=folder / "data", folder=folder / "truth", parameters=json.loads(path.read_text(encoding="utf-8")))

    @property
    def customers(self) -> pl.LazyFrame:
        """One row per customer: see docs/simulation.md for the columns."""
        return pl.scan_parquet(self.folder / "customers.parquet")

    @property
    def contracts(self) -> pl.LazyFrame:
        """One row per contract: see docs/simulation.md for the columns."""
        return pl.scan_parquet(self.folder / "contracts.parquet")

    @property
    def waves(self) -> pl.LazyFrame:
        """One row per wave, with the mean of the true effects on those drawn: see docs/simulation.md for the columns."""
        return pl.scan_parquet(self.folder / "waves.parquet")


def true_parameters(settings: SimulationSettings) -> dict[str, dict[str, Any]]:
    """Return the true parameters by model, with the names that the models' summaries use."""
    contracts = asdict(settings.contracts)
    cox = ("monthly_amount", "term_months", "pays_by_direct_debit")
    baseline = ("shape", "scale_days")
    company = {"customers": settings.customers, "seed": settings.seed, "world": settings.world, "days": settings.days}
    shares = {name: getattr(settings, name) for name in ("prospect_share", "contract_share", "both_share")}
    return {
        "company": {**company, "starts_on": settings.starts_on.isoformat(), "ends_on": settings.ends_on.isoformat(), **shares},
        "lifetime_value.bg_nbd": asdict(settings.purchases),
        "lifetime_value.gamma_gamma": asdict(settings.spend),
        "survival.cox": {name: contracts.pop(name) for name in cox},
        "survival.weibull": {name: contracts.pop(name) for name in baseline},
        "contracts": contracts,
        "actions": {action.id: asdict(action) for action in ACTIONS},
        "attribution": {"conversion_probability": conversion_probability(), "removal_effects": removal_effects()},
        "attribution.markov_removal": {f"removal of {name}": effect for name, effect in removal_effects().items()},
        "affinity": {
            "bundle_share": BUNDLE_SHARE,
            "taste_spread": settings.taste_spread,
            "base_shares": dict(zip(CATEGORIES, BASE_SHARES, strict=True)),
        },
        "disturbances": asdict(settings.disturbances) if settings.hard else {},
    }


def compare_with_truth(truth: CompanyTruth, estimates: pl.DataFrame) -> pl.DataFrame:
    """Return the errors of estimates against the truth, in the order they were given.

    Args:
        truth: of the company that the estimates come from.
        estimates: summaries of fitted models with a column `model` added: model, term, estimate, std_error (null if unknown).
            Terms without a known truth are left out. Rates are per week: fit with period_days = 7.

    Returns:
        model, term, true, estimate, std_error, z (error in standard errors), relative_error (null if the truth is 0).

    Raises:
        TableError: a column is missing.

    Examples:
        >>> import tempfile, pathlib
        >>> from relkit.tables.simulation import SimulationSettings, simulate_company
        >>> company = simulate_company(SimulationSettings(customers=50), pathlib.Path(tempfile.mkdtemp()))
        >>> estimates = pl.DataFrame({"model": ["lifetime_value.bg_nbd"], "term": ["r"], "estimate": [1.26], "std_error": [0.05]})
        >>> compare_with_truth(company, estimates).row(0)[2:6]
        (1.2, 1.26, 0.05, 1.2)
    """
    for name in ("model", "term", "estimate", "std_error"):
        if name not in estimates.columns:
            raise TableError.unknown("column", name, estimates.columns, where="estimates")
    known = pl.DataFrame(
        [
            (model, term, float(value))
            for model, terms in truth.parameters.items()
            for term, value in terms.items()
            if "." in model and isinstance(value, int | float)
        ],
        schema={"model": pl.String, "term": pl.String, "true": pl.Float64},
        orient="row",
    )
    error = pl.col("estimate") - pl.col("true")
    return (
        estimates.join(known, on=["model", "term"], how="inner", maintain_order="left")
        .with_columns(pl.col("std_error").cast(pl.Float64))
        .with_columns(z=(error / pl.col("std_error")).round(2), relative_error=pl.when(pl.col("true") != 0).then(error / pl.col("true")))
        .select("model", "term", "true", "estimate", "std_error", "z", "relative_error")
    )


def write_parameters(folder: Path, parameters: dict[str, dict[str, Any]]) -> Path:
    """Write parameters.json and return its path."""
    path = folder / PARAMETERS
    path.write_text(json.dumps(parameters, indent=2, sort_keys=True) + "\n", encoding="utf-8")
    return path
