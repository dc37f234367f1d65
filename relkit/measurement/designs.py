"""The draw of an experiment: arms, shares, waves and households of its units, from which the right estimator follows.

    design = Design.of(units)                                  columns arm, propensity, wave_id and cluster_id
    design.effect("margin", covariates=("pre_margin",))
    design.estimates(("margin", "cost"))                       several measures with their covariance

Units are compared within strata of one wave and one share treated. If a stratum has fewer than two units in an arm, all are weighted by
the inverse of the probability of their arm instead, normalised within the arm (Hajek 1971), as stored at the draw. If units of one
household, or one customer in several waves, are among them, standard errors count clusters: the sums of each cluster's influence values,
times G / (G - 1) x (n - 1) / (n - p) for G clusters, n units and p means (CR1: Cameron and Miller 2015).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from relkit.errors import TableError
from relkit.measurement.arm_sums import CONTROL, MISSING, TREATED, ArmSums
from relkit.measurement.differences import Target, arm_values, estimates, unused_covariates, with_flags
from relkit.measurement.estimates import Estimates, Term
from relkit.measurement.measures import Adjustment, Measure, as_measure
from relkit.measurement.moments import Moments
from relkit.measurement.t_intervals import TWO_SIDED, Alternative
from relkit.units import LEVEL

if TYPE_CHECKING:
    from collections.abc import Sequence

    from relkit.measurement.effect import Effect
    from relkit.metrics.risk_sets import Flags, Floats, Indexes

_SAME_SHARE = 9
"""Decimals to which shares are the same."""


@dataclass(frozen=True, eq=False)
class Design:
    """Units drawn, with the design of their draw.

    Attributes:
        units: one row per unit, with all columns.
        treated: whether each unit was drawn to be treated, shape (n,).
        share: probability of being treated, shape (n,); 0.5 for all if it is not known.
        strata: number of the wave and share of each unit, shape (n,).
        clusters: number of the cluster of each unit, shape (n,); None if each unit is its own.

    Examples:
        >>> units = pl.DataFrame({"arm": ["treated", "control"] * 4, "propensity": [0.5] * 8, "margin": [3.0, 1, 5, 2, 4, 3, 4, 2]})
        >>> design = Design.of(units, wave=None, cluster=None)
        >>> design.method, round(design.effect("margin").estimate, 2)
        ('welch', 2.0)
    """

    units: pl.DataFrame
    treated: Flags
    share: Floats
    strata: Indexes
    clusters: Indexes | None

    @classmethod
    def of(
        cls,
        units: pl.DataFrame,
        *,
        arm: str = "arm",
        propensity: str | None = "propensity",
        wave: str | None = "wave_id",
        cluster: str | None = "cluster_id",
        unit: str | None = None,
        treated: str = TREATED,
        control: str = CONTROL,
    ) -> Design:
        """Return the design of the units of two arms; those of other arms are left out.

        Args:
            units: one row per unit drawn.
            arm: column with the arm.
            propensity: column with the probability of being treated; None if it was the same for all.
            wave: column with the wave; None if there is one.
            cluster: column with the household, or the customer; None if each unit is its own.
            unit: column that identifies a unit within a wave, to refuse duplicates; None if rows have no identity.
            treated: name of the treated arm.
            control: name of the other arm.

        Raises:
            TableError: a column is missing, an arm is empty, an arm, wave, cluster or share is missing or invalid, a unit occurs twice.
        """
        _refuse_missing(units, [name for name in (arm, propensity, wave, cluster, unit) if name is not None])
        _refuse_nulls(units, [name for name in (arm, wave, cluster) if name is not None])
        kept = units.filter(pl.col(arm).cast(pl.String).is_in([treated, control]))
        is_treated = (kept[arm].cast(pl.String) == treated).to_numpy()
        _refuse_empty(is_treated, treated, control)
        _refuse_twice(kept, unit, wave)
        share = _shares(kept, propensity)
        strata = _numbers(kept.select(*([wave] if wave else []), pl.Series("_share", share.round(_SAME_SHARE))))
        clusters = None if cluster is None else _numbers(kept.select(cluster))
        if clusters is not None and clusters.max() + 1 == len(kept):
            clusters = None
        return cls(kept, is_treated, share, strata, clusters)

    @property
    def is_weighted(self) -> bool:
        """Return whether units are weighted, as a stratum has fewer than two units in an arm."""
        cells = self.strata * 2 + self.treated
        several = int(self.strata.max()) > 0
        return several and int(np.bincount(cells, minlength=2 * (int(self.strata.max()) + 1)).min()) < 2

    @property
    def method(self) -> str:
        """Return the comparison of the arms: "welch", or a selection of "stratified", "weighted" and "clustered"."""
        words = ["weighted"] * self.is_weighted or ["stratified"] * (int(self.strata.max()) > 0)
        return " ".join([*words, *["clustered"] * (self.clusters is not None)]) or "welch"

    @property
    def sizes(self) -> tuple[int, int]:
        """Return the units treated and in control."""
        return int(self.treated.sum()), int((~self.treated).sum())

    def effect(
        self,
        measure: str | Measure,
        *,
        covariates: Sequence[str] = (),
        target: Target = "drawn",
        level: float = LEVEL,
        alternative: Alternative = TWO_SIDED,
    ) -> Effect:
        """Return the effect on a measure per unit, treated minus control.

        Args:
            measure: a column for its mean, or a Measure for a ratio.
            covariates: columns known before the draw, which make the interval narrower; missing values are allowed.
            target: the units over which strata are averaged: all drawn, or the treated.
            level: of the interval.
            alternative: of the test.
        """
        found = self.estimates((measure,), covariates=covariates, target=target)
        return found.effect(found.names[0], level=level, alternative=alternative)

    def estimates(self, measures: Sequence[str | Measure], *, covariates: Sequence[str] = (), target: Target = "drawn") -> Estimates:
        """Return the means of several measures in both arms with their covariance."""
        wanted = [as_measure(measure) for measure in measures]
        if self.clusters is None and not self.is_weighted:
            return estimates(self.sums(wanted, covariates), wanted, covariates=covariates, strata=("_stratum",), target=target)
        found, influence = self.influence(wanted, covariates=covariates, target=target)
        return replace(found, terms=self._terms(influence))

    def sums(self, measures: Sequence[str | Measure], covariates: Sequence[str] = (), by: Sequence[str] = ()) -> ArmSums:
        """Return the sums of the units by arm and stratum (`_stratum`), and by further columns."""
        rows = self.units.with_columns(_arm=self._arms(), _stratum=pl.Series(self.strata))
        columns = tuple(dict.fromkeys(name for measure in measures for name in as_measure(measure).columns))
        return ArmSums.of(rows, columns, covariates=covariates, arm="_arm", by=("_stratum", *by))

    def influence(
        self, measures: Sequence[str | Measure], *, covariates: Sequence[str] = (), target: Target = "drawn"
    ) -> tuple[Estimates, Floats]:
        """Return the estimates without covariance, and the influence of each unit on the means, shape (n, 2 m).

        An estimate is off by the sum of these values, to first order.
        """
        wanted = [as_measure(measure) for measure in measures]
        sums = self.sums(wanted, covariates)
        named, weights = with_flags(sums.covariates, covariates), self._weights(target)
        rows = _columns(self.units, sums)
        arms = [_weighted(sums.names, rows[chosen], weights[chosen]) for chosen in (self.treated, ~self.treated)]
        everyone, within = sums.moments(), self._within(sums.names, rows)
        moved = [Adjustment.of(measure, named, everyone, within) for measure in wanted]
        means, spans, reasons = arm_values(wanted, moved, arms, empty=(False, False))
        influence = np.zeros((len(rows), 2 * len(wanted)))
        m = len(wanted)
        for place, chosen in enumerate((self.treated, ~self.treated)):
            apart = (rows[chosen] - self._centres(rows, weights, chosen)) * weights[chosen, None]
            influence[chosen, place * m : (place + 1) * m] = apart @ spans[place].T
        method = " ".join([word for word in (self.method, "adjusted" if named else "") if word != "welch" and word]) or "welch"
        saved = {measure.name: a.saved for measure, a in zip(wanted, moved, strict=True)} if named else {}
        names = tuple(measure.name for measure in wanted)
        return Estimates(names, means, (), self.sizes, method, reasons, saved, unused_covariates(covariates, moved)), influence

    def only(self, kept: Flags) -> Design:
        """Return the design of some units, such as those of a segment.

        Raises:
            TableError: an arm is empty.
        """
        _refuse_empty(self.treated[kept], TREATED, CONTROL)
        clusters = None if self.clusters is None else _renumbered(self.clusters[kept])
        if clusters is not None and int(clusters.max()) + 1 == len(clusters):
            clusters = None
        return Design(self.units.filter(pl.Series(kept)), self.treated[kept], self.share[kept], _renumbered(self.strata[kept]), clusters)

    def _arms(self) -> pl.Series:
        return pl.select(pl.when(pl.Series(self.treated)).then(pl.lit(TREATED)).otherwise(pl.lit(CONTROL))).to_series()

    def _weights(self, target: Target) -> Floats:
        """Return the weight of each unit in the mean of its arm, summing to one within each arm, shape (n,)."""
        if self.is_weighted:
            raw = 1 / np.where(self.treated, self.share, 1 - self.share)
            raw = raw * self.share if target == "treated" else raw
        else:
            cells, size = self.strata * 2 + self.treated, 2 * (int(self.strata.max()) + 1)
            stood_for = np.bincount(self.strata, weights=self.treated if target == "treated" else None, minlength=size // 2)
            raw = stood_for[self.strata] / np.bincount(cells, minlength=size)[cells]
        totals = np.where(self.treated, raw[self.treated].sum(), raw[~self.treated].sum())
        return np.asarray(raw / totals)

    def _centres(self, rows: Floats, weights: Floats, chosen: Flags) -> Floats:
        """Return the mean from which each unit of an arm is apart: that of its stratum, or that of the arm if units are weighted."""
        cells = np.zeros(int(chosen.sum()), dtype=np.intp) if self.is_weighted else self.strata[chosen]
        return _means_by(rows[chosen], weights[chosen], cells)[cells]

    def _within(self, names: tuple[str, ...], rows: Floats) -> Moments:
        """Return the moments of the deviations from the means of the strata, from which slopes are taken."""
        # Weighted units are often alone with their share: strata would leave no variation between them.
        cells = np.zeros_like(self.strata) if self.is_weighted else self.strata
        apart = rows - _means_by(rows, np.ones(len(rows)), cells)[cells]
        return Moments(names, max(len(rows) - float(cells.max()), 2.0), rows.mean(axis=0), apart.T @ apart)

    def _terms(self, influence: Floats) -> tuple[Term, ...]:
        """Return the covariance of the means from the influence values."""
        n, parameters = len(influence), 2 * (1 if self.is_weighted else int(self.strata.max()) + 1)
        if self.clusters is not None:
            groups = int(self.clusters.max()) + 1
            if groups < 2 or n <= parameters:
                return ()
            summed = summed_by(influence, self.clusters)
            factor = groups / (groups - 1) * (n - 1) / (n - parameters)
            return (Term(factor * summed.T @ summed, groups - 1),)
        if min(self.sizes) < 2:
            return ()
        parts = [influence * chosen[:, None] for chosen in (self.treated, ~self.treated)]
        return tuple(Term(size / (size - 1) * part.T @ part, size - 1) for size, part in zip(self.sizes, parts, strict=True))


def summed_by(values: Floats, groups: Indexes) -> Floats:
    """Return the sums of rows by group, shape (groups, k).

    Examples:
        >>> summed_by(np.array([[1.0], [2.0], [4.0]]), np.array([0, 1, 0])).tolist()
        [[5.0], [2.0]]
    """
    return np.stack([np.bincount(groups, weights=column) for column in values.T], axis=1)


def _means_by(rows: Floats, weights: Floats, cells: Indexes) -> Floats:
    below = np.bincount(cells, weights=weights)[:, None]
    return summed_by(rows * weights[:, None], cells) / np.where(below > 0, below, 1.0)


def _weighted(names: tuple[str, ...], rows: Floats, weights: Floats) -> Moments:
    """Return the weighted means of an arm, as moments without deviations."""
    return Moments(names, float(len(rows)), np.asarray(weights @ rows), np.zeros((len(names), len(names))))


def _columns(units: pl.DataFrame, sums: ArmSums) -> Floats:
    """Return the columns of the sums as an array, shape (n, k), missing covariates at the middle value."""
    columns = []
    for name, middle in zip(sums.names, sums.centre, strict=True):
        if name.endswith(MISSING) and name not in units.columns:
            columns.append(units[name.removesuffix(MISSING)].is_null().cast(pl.Float64).to_numpy())
        else:
            columns.append(units[name].cast(pl.Float64).fill_null(float(middle)).to_numpy())
    return np.stack(columns, axis=1)


def _numbers(columns: pl.DataFrame) -> Indexes:
    """Return the number of the combination of values in each row, from 0, shape (n,)."""
    keys = columns.select(pl.struct(pl.all()).rank("dense").cast(pl.Int64) - 1).to_series()
    return keys.to_numpy().astype(np.intp)


def _renumbered(numbers: Indexes) -> Indexes:
    return np.unique(numbers, return_inverse=True)[1].astype(np.intp)


def _shares(units: pl.DataFrame, propensity: str | None) -> Floats:
    if propensity is None:
        return np.full(len(units), 0.5)
    share = units[propensity].cast(pl.Float64)
    missing = int((share.is_null() | share.is_nan().fill_null(value=False)).sum())
    if missing:
        remedy = "Store the probability with each assignment, or give propensity=None if all had the same."
        raise TableError(f"{missing:,} units have no propensity.", where=f"units.{propensity}", remedy=remedy)
    outside = int(((share <= 0) | (share >= 1)).sum())
    if outside:
        remedy = "Units that were certain to be treated, or not to be, cannot be compared: leave them out."
        raise TableError(f"{outside:,} units have a propensity that is not between 0 and 1.", where=f"units.{propensity}", remedy=remedy)
    return share.to_numpy()


def _refuse_missing(units: pl.DataFrame, names: Sequence[str]) -> None:
    missing = sorted(set(names) - set(units.columns))
    if missing:
        raise TableError(f"no column {', '.join(missing)}.", where="units", remedy=f"There are: {', '.join(units.columns)}.")


def _refuse_nulls(units: pl.DataFrame, names: Sequence[str]) -> None:
    for name in names:
        missing = units[name].null_count()
        if missing:
            remedy = "Take it from the assignments; a customer without a household is a cluster of its own."
            raise TableError(f"{missing:,} units have no value.", where=f"units.{name}", remedy=remedy)


def _refuse_empty(is_treated: Flags, treated: str, control: str) -> None:
    empty = [name for name, there in ((treated, is_treated.any()), (control, (~is_treated).any())) if not there]
    if empty:
        remedy = "An effect needs units drawn into both arms."
        raise TableError(f"no unit is in the arm {' or '.join(empty)}.", where="units.arm", remedy=remedy)


def _refuse_twice(units: pl.DataFrame, unit: str | None, wave: str | None) -> None:
    if unit is None:
        return
    twice = int(units.select(unit, *([wave] if wave else [])).is_duplicated().sum())
    if twice:
        raise TableError(f"{twice:,} rows are of units that occur twice.", where=f"units.{unit}", remedy="Give one row per unit and wave.")
