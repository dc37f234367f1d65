"""Diagnostics of a model of renewals: retention and survival, observed and expected, and the remaining value of a contract.

    retention_curves(fitted, features)      {"": curve}, or a curve for each level of the first cohort among the covariates

Small frozen records come out, for `relkit.plots.retention` to draw. Curves extend beyond the observations, as in figures 2 to 5 of Fader
and Hardie (2007); observed survival is the product of the renewal rates of those who reached each renewal, late entries included.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import polars as pl
from numpy.typing import NDArray

from relkit.models.lifetime_value.uncertainty import interval
from relkit.units import LEVEL

if TYPE_CHECKING:
    from relkit.models.lifetime_value.renewal_model import FittedRenewalModel

Floats = NDArray[np.float64]

MOST_GROUPS = 6
"""Levels of a cohort with a curve of their own, the largest first."""
FARTHEST = 120
"""Most renewals of a curve."""
# Contracts whose covariates all differ are averaged over about this many of them.
_CONTRACTS = 100


@dataclass(frozen=True, eq=False)
class RetentionCurve:
    """Renewals of a group of contracts, observed and expected.

    Attributes:
        at_risk: contracts that reached renewal 1, 2, ..., shape (k,).
        seen_retention: observed share of them renewed, shape (k,); NaN if none reached it.
        seen_survival: observed share of a cohort that survives it, shape (k,).
        retention: expected share renewed, with lower and upper bound, shape (3, m), m >= k.
        survival: expected share that survives, with lower and upper bound, shape (3, m).
        discounted: renewals expected before renewal 1, 2, ..., discounted (DERL), with bounds, shape (3, m).
        annual_discount_rate: of `discounted`.
        period_days: from one renewal to the next.
        level: of the bounds.
    """

    at_risk: Floats
    seen_retention: Floats
    seen_survival: Floats
    retention: Floats
    survival: Floats
    discounted: Floats
    annual_discount_rate: float
    period_days: float
    level: float


def retention_curves(
    fitted: FittedRenewalModel, features: pl.DataFrame, *, annual_discount_rate: float = 0.10, level: float = LEVEL
) -> dict[str, RetentionCurve]:
    """Return the curve of all contracts, named "", or of each level of the first category among the covariates.

    Args:
        fitted: the model.
        features: the contracts it was fitted on.
        annual_discount_rate: of renewals to come.
        level: of the bounds, which are those of the expected share.
    """
    spells, seen = fitted.settings.watched(features, fitted.info.as_of)
    frame = spells.frame.filter(pl.Series(seen.used))
    of_row = {"": np.ones(len(frame), dtype=np.bool_)}
    if category := next((known for known in fitted.effects if known.levels), None):
        levels = category.levels[:MOST_GROUPS]
        text = frame[category.name].fill_null(category.levels[0])
        of_row = {name: (text == name).to_numpy() for name in levels}
    curves = {}
    for name, rows in of_row.items():
        counts = seen.counts_of(rows)
        with np.errstate(invalid="ignore", divide="ignore"):
            renewed = 1 - counts.left / counts.at_risk
        contracts = _averaged(frame.filter(pl.Series(rows)), seen.weights[rows])
        m = min(max(2 * len(renewed), len(renewed) + 6), max(FARTHEST, len(renewed)))
        expected = _Expected(contracts, m, annual_discount_rate)
        curves[name] = RetentionCurve(
            at_risk=counts.at_risk,
            seen_retention=renewed,
            seen_survival=np.asarray(np.cumprod(renewed), dtype=np.float64),
            retention=np.array(interval(fitted, expected.retention, level=level, scale="logit")),
            survival=np.array(interval(fitted, expected.survival, level=level, scale="logit")),
            discounted=np.array(interval(fitted, expected.discounted, level=level)),
            annual_discount_rate=annual_discount_rate,
            period_days=fitted.settings.period_days,
            level=level,
        )
    return curves


@dataclass(frozen=True, eq=False)
class _Expected:
    """Mean over contracts, all starting anew, of the share that survives each of `renewals` renewals."""

    contracts: pl.DataFrame
    renewals: int
    annual_discount_rate: float

    def each(self, fitted: FittedRenewalModel) -> Floats:
        """Return S after 0, 1, ... renewals of each contract."""
        return fitted.survival(fitted.settings.period_days * np.arange(self.renewals + 1.0), self.contracts)

    def survival(self, fitted: FittedRenewalModel) -> Floats:
        return np.asarray(self.each(fitted)[:, 1:].mean(axis=0))

    def retention(self, fitted: FittedRenewalModel) -> Floats:
        left = self.each(fitted).mean(axis=0)
        return np.asarray(left[1:] / left[:-1])

    def discounted(self, fitted: FittedRenewalModel) -> Floats:
        there = self.each(fitted)[:, :-1]
        n, days = self.renewals, fitted.settings.period_days
        ages = self.contracts.select(pl.exclude("duration_days", "event")).with_columns(
            duration_days=pl.lit(days * np.arange(n).astype(float)).implode()
        )
        rows = ages.explode("duration_days").with_columns(customer_id=pl.int_range(pl.len()).cast(pl.String))
        values = fitted.discounted_renewals(rows, annual_discount_rate=self.annual_discount_rate).reshape(-1, n)
        return np.asarray((there * values).sum(axis=0) / there.sum(axis=0))


def _averaged(frame: pl.DataFrame, weights: Floats) -> pl.DataFrame:
    """Return every n-th contract in order of its covariates, so that the sample has their distribution."""
    covariates = [name for name in frame.columns if name not in ("duration_days", "event", "entry_days", "started_on")]
    if covariates and (weights != 1).any():
        ordered = frame.with_columns(_weight=weights).sort(covariates)
        total, few = ordered["_weight"].to_numpy().cumsum(), min(len(frame), _CONTRACTS)
        frame = ordered[np.searchsorted(total, total[-1] * (np.arange(few) + 0.5) / few)].drop("_weight")
    if not covariates:
        return frame.head(1).with_columns(customer_id=pl.lit("1"))
    ordered = frame.sort(covariates)
    return ordered.gather_every(max(1, len(frame) // _CONTRACTS)).with_columns(customer_id=pl.int_range(pl.len()).cast(pl.String))
