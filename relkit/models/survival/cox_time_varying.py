"""Cox's regression on covariates that change while a spell runs, such as a price that rises.

Rows are pieces of spells (counting-process form): from `entry_days` to `duration_days` the covariates of the row applied, and
`event` says whether the spell ended with it (Andersen and Gill 1982). The likelihood is that of `survival.cox` with late
entry, so that strata, weights, penalties and the like are the same. In forecasts, covariates are held as they last
were, or follow a given path (`survival_on_path`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np
import polars as pl

from relkit.contracts import Column, Contract, check
from relkit.errors import TableError
from relkit.models.survival.aligned_ages import with_one_age
from relkit.models.survival.cox import Cox, FittedCox
from relkit.models.survival.family import CONTRACT_VERSIONS
from relkit.models.survival.spells import CUSTOMER, RESERVED, Spells, as_floats, fit_contract
from relkit.texts import Text

if TYPE_CHECKING:
    from datetime import date

    from relkit.metrics.risk_sets import Floats

FROM = Column(
    name="from_days",
    dtype=pl.Float64,
    required=True,
    nullable=False,
    above=0.0,
    unit="days",
    meaning="Days ahead from which the covariates of the row apply.",
)


@dataclass(frozen=True, kw_only=True)
class CoxTimeVarying(Cox):
    """Settings of a Cox regression on pieces of spells: those of `Cox`.

    Examples:
        >>> from datetime import date
        >>> pieces = pl.DataFrame(
        ...     {
        ...         "customer_id": ["a", "a", "b", "c", "c", "d"],
        ...         "entry_days": [0.0, 30.0, 0.0, 0.0, 40.0, 0.0],
        ...         "duration_days": [30.0, 50.0, 60.0, 40.0, 90.0, 80.0],
        ...         "event": [False, True, False, False, True, True],
        ...         "monthly_amount": [10.0, 12.0, 10.0, 10.0, 12.0, 11.0],
        ...     }
        ... )
        >>> CoxTimeVarying(covariates=("monthly_amount",)).fit(pieces, as_of=date(2025, 6, 30)).info.rows
        6
    """

    name: ClassVar[str] = "survival.cox_time_varying"
    label = Text("Cox on changing terms", "Cox à conditions changeantes")
    purpose = Text(
        "Cox regression on changing terms: the probability that a contract ends, with prices as they were.",
        "Régression de Cox à conditions changeantes : la probabilité qu’un contrat prenne fin, avec les prix tels qu’ils étaient.",
    )
    reads = CONTRACT_VERSIONS
    twin = Cox.name

    @property
    def needs(self) -> Contract:
        """Columns that `fit` reads."""
        own = super().needs
        return fit_contract(self.name, (CUSTOMER, *(c for c in own.columns if c.name not in RESERVED)))

    def fit(self, features: pl.DataFrame, *, as_of: date) -> FittedCoxTimeVarying:
        """Return the regression.

        Raises:
            TableError: as for `Cox`; or pieces of a spell overlap, or come after its end.
            FitError: as for `Cox`.
        """
        return FittedCoxTimeVarying(**self._fitted(features, as_of))

    def spells(self, features: pl.DataFrame) -> Spells:
        """Return the pieces of a frame, or raise as `read_spells` does, or a TableError if pieces overlap."""
        features = with_one_age(features, "entry_days", "duration_days")
        if {"entry_days", "duration_days"} <= set(features.columns):
            # A change on the last observed day has been at risk for no time yet; the contract reports what is not a number.
            begins, ends = (pl.col(name).cast(pl.Float64, strict=False) for name in ("entry_days", "duration_days"))
            features = features.filter(((begins != ends) | (begins == 0)).fill_null(value=True))
        spells = super().spells(features)
        _refuse_overlaps(features)
        return spells


@dataclass(frozen=True, eq=False, kw_only=True)
class FittedCoxTimeVarying(FittedCox):
    """A Cox regression on pieces of spells; its scores hold the covariates as they last were."""

    name: ClassVar[str] = "survival.cox_time_varying"

    settings: CoxTimeVarying

    def survival_on_path(self, features: pl.DataFrame, path: pl.DataFrame, days: list[float] | Floats) -> Floats:
        """Return the probability that each running spell still runs after each number of days, shape (n, m).

        Args:
            features: one row per customer, as `score` takes them: the current covariates.
            path: customer_id, from_days (days ahead, above 0) and the covariates from then on, any number of rows per
                customer, none if nothing changes. Strata stay as they are.
            days: shape (m,), ahead.

        Raises:
            TableError: a column is missing, or the path has an unknown customer, or a day twice.
        """
        now, ahead = self._read(features), as_floats(days)
        pieces = self._pieces(now, path)
        owner, start, stop = (pieces[name].to_numpy() for name in ("_owner", "from_days", "_until"))
        age, ratio, total = pieces["duration_days"].to_numpy(), self._ratio(pieces), np.zeros((len(now), len(ahead)))
        for baseline, rows in self._each_stratum(pieces):
            for j, day in enumerate(ahead):
                low, high = np.minimum(start[rows], day), np.minimum(stop[rows], day)
                hazard = baseline.cumulative(age[rows] + high) - baseline.cumulative(age[rows] + low)
                total[:, j] += np.bincount(owner[rows], weights=hazard * ratio[rows], minlength=len(now))
        return np.exp(-total)

    def _pieces(self, now: pl.DataFrame, path: pl.DataFrame) -> pl.DataFrame:
        """Return a row for each stretch of days ahead, with its customer's index, age and stratum, and its covariates."""
        named = tuple(known.declared for known in self.covariates)
        later = check(path, Contract(name=f"{self.name}: path", key=("customer_id", "from_days"), columns=(CUSTOMER, FROM, *named)))
        kept = ["customer_id", "duration_days", *self.settings.strata]
        people = now.select(*kept, pl.int_range(pl.len()).alias("_owner"))
        joined = later.join(people, on="customer_id", how="left", maintain_order="left")
        if (strangers := joined.filter(pl.col("_owner").is_null())).height:
            raise TableError(
                f"customers of {strangers.height:,} rows are not among those given.",
                where=f"{self.name}: path",
                remedy="Give rows of those customers only.",
            )
        first = now.with_columns(_owner=pl.int_range(pl.len()), from_days=pl.lit(0.0))
        pieces = pl.concat([first.select(joined.columns), joined]).sort("_owner", "from_days")
        return pieces.with_columns(_until=pl.col("from_days").shift(-1).over("_owner").fill_null(np.inf))


def _refuse_overlaps(features: pl.DataFrame) -> None:
    """Raise if two pieces of a spell cover the same day, or one comes after the end."""
    ids = [name for name in ("customer_id", "contract_id") if name in features.columns]
    entry = pl.col("entry_days").cast(pl.Float64).fill_null(0.0) if "entry_days" in features.columns else pl.lit(0.0)
    read = pl.col("duration_days").cast(pl.Float64), pl.col("event").cast(pl.Boolean), entry.alias("entry_days")
    rows = features.select(*ids, *read).sort(*ids, "entry_days", "duration_days")
    before = rows.with_columns(until=pl.col("duration_days").shift(1).over(ids), ended=pl.col("event").shift(1, fill_value=False).over(ids))
    wrong = before.filter((pl.col("entry_days") < pl.col("until")) | pl.col("ended"))
    if wrong.height:
        who, age = wrong[ids[-1]][0], wrong["entry_days"][0]
        raise TableError(
            f"{wrong.height:,} pieces begin before the last one is over, or after the end (first: {ids[-1]} {who}, at {age:g} days).",
            where=f"{CoxTimeVarying.name}: entry_days",
            remedy="Give each piece from where the one before it stopped; of several spells of a customer, name each by contract_id.",
        )
