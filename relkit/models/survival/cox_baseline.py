"""Baseline hazard of a Cox regression: Breslow's (1974) cumulative hazard, and its extension past the last age."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from relkit.errors import NotEnoughEventsError
from relkit.metrics.concordance import concordance
from relkit.metrics.risk_sets import ends_behind_tail, risk_sets, step_at, tail_rate
from relkit.models.survival.partial_likelihood import sums
from relkit.remarks import Remark, french

if TYPE_CHECKING:
    from relkit.metrics.risk_sets import Floats
    from relkit.models.survival.cox_design import Rows
    from relkit.models.survival.partial_likelihood import Order, Sums


@dataclass(frozen=True, eq=False)
class Baseline:
    """The cumulative hazard of a customer at the mean of each covariate.

    Attributes:
        table: days, at_risk, ended, cumulative_hazard, at ages of entry, end or censoring.
        tail: ends per day past the last age.
    """

    table: pl.DataFrame
    tail: float

    @property
    def last(self) -> float:
        """Last observed age, in days."""
        return float(self.table["days"][-1])

    def cumulative(self, ages: Floats) -> Floats:
        """Return the cumulative hazard up to each age."""
        days, hazard = self.table["days"].to_numpy(), self.table["cumulative_hazard"].to_numpy()
        cumulated: Floats = step_at(days, hazard, ages, 0.0) + self.tail * np.maximum(ages - days[-1], 0.0)
        return cumulated

    def ahead(self, ages: Floats, days: Floats) -> tuple[Floats, Floats]:
        """Return the hazard cumulated between each age and each number of days on, and its variance, shape (ages, days).

        The variance is that of Breslow's estimate, the sum of its squared steps over their ends (Andersen et al. 1993,
        VII.2.2), and past the last age that of a rate from as many events.
        """
        start = ages[:, None]
        hazard = self.cumulative(start + days) - self.cumulative(start)
        variance = self._variance(start + days) - self._variance(start)
        beyond = self.tail * np.maximum(start + days - np.maximum(start, self.last), 0.0)
        return hazard, variance + beyond**2 / max(ends_behind_tail(float(self.table["ended"].sum())), 1.0)

    def _variance(self, ages: Floats) -> Floats:
        ended, hazard = self.table["ended"].to_numpy(), self.table["cumulative_hazard"].to_numpy()
        steps = np.diff(hazard, prepend=0.0)
        squares = np.divide(steps**2, ended, out=np.zeros_like(steps), where=ended > 0)
        return step_at(self.table["days"].to_numpy(), np.cumsum(squares), ages, 0.0)


def breslow(order: Order, found: Sums, rows: Rows, eta: Floats) -> Baseline:
    """Return the baseline of rows that are one stratum.

    Args:
        order: of the rows, of one stratum.
        found: sums at the maximum.
        rows: all of them.
        eta: shape (n,), linear predictors of all of them.
    """
    rate = order.weighted_ends / found.at_risk * np.exp(-found.shift)
    sets = risk_sets(rows.duration, rows.event, rows.entry)
    hazard = step_at(order.ages, np.cumsum(rate), sets.days, 0.0)
    table = pl.DataFrame({"days": sets.days, "at_risk": sets.at_risk, "ended": sets.ended, "cumulative_hazard": hazard})
    entry = np.zeros_like(rows.duration) if rows.entry is None else rows.entry
    return Baseline(table, tail_rate(rows.duration, rows.event, entry, np.exp(eta), rows.weight))


def baseline_of_all(rows: Rows, eta: Floats) -> Baseline:
    """Return the baseline of rows taken as one stratum."""
    order = rows.order(stratified=False)
    return breslow(order, sums(order, eta[order.rows]), rows, eta)


def strata_baselines(rows: Rows, eta: Floats, labels: list[str]) -> tuple[pl.DataFrame | None, dict[str, float]]:
    """Return the baselines of the strata in which a spell ended, one below the other, and their hazards past the last age."""
    if rows.stratum is None:
        return None, {}
    tables, tails = [], {}
    for place, label in enumerate(labels):
        mine = rows.stratum == place
        if (rows.event & mine & (rows.duration > 0)).any():
            baseline = baseline_of_all(rows.taken(mine), eta[mine])
            tables.append(baseline.table.select(pl.lit(label).alias("stratum"), pl.all()))
            tails[label] = baseline.tail
    return pl.concat(tables), tails


def concordance_within(rows: Rows, eta: Floats) -> float:
    """Return Harrell's C, over pairs within a stratum."""
    if rows.stratum is None:
        return concordance(rows.duration, rows.event, eta, rows.entry, rows.weight).index
    concordant = pairs = 0.0
    for place in range(int(rows.stratum.max()) + 1):
        mine = rows.stratum == place
        part = rows.taken(mine)
        try:
            found = concordance(part.duration, part.event, eta[mine], part.entry, part.weight)
        except NotEnoughEventsError:  # no pair can be compared
            continue
        concordant, pairs = concordant + found.concordant + found.tied / 2, pairs + found.pairs
    return concordant / pairs if pairs else 0.5


def goes_on(baseline: Baseline) -> Remark:
    """Return the remark on the hazard past the last age."""
    rate = f"the risk of leaving stays that of the last observed stretch, {baseline.tail:.3g} a day at the baseline."
    return Remark(
        "past_last_age_baseline",
        f"Past the last observed age, {baseline.last:,.0f} days, {rate}",
        f"Au-delà de l’âge le plus grand observé, {french(baseline.last)} jours, le rythme de départ est supposé rester celui de la fin "
        "de la période observée.",
    )
