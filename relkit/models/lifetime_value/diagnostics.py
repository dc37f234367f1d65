"""Diagnostics of the purchase and spend models: observed counts next to those the model expects.

Small frozen records come out, for `relkit.plots.lifetime_value` to draw and for reports to tabulate. Measures that need
no model (calibration by frequency, deciles, concentration) are in `relkit.metrics`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl
from numpy.typing import NDArray
from scipy import special

from relkit.contracts import Column, Contract
from relkit.errors import PeriodError, TableError
from relkit.metrics.intervals import normal_reach
from relkit.metrics.purchases import FrequencyCalibration, calibration_by_frequency
from relkit.models.covariates import Ratios
from relkit.models.lifetime_value.bg_bb_formulas import probability_alive
from relkit.models.lifetime_value.opportunities import Opportunities
from relkit.models.lifetime_value.purchases import CUSTOMER_ID, meet_outcomes, read_columns

if TYPE_CHECKING:
    from relkit.models.lifetime_value.bg_bb import FittedBgBb
    from relkit.models.lifetime_value.gamma_gamma import FittedGammaGamma
    from relkit.models.lifetime_value.purchase_model import FittedPurchaseModel

Floats = NDArray[np.float64]
Counts = NDArray[np.int64]

WEEK = 7
_MOST_GROUPS = 200


@dataclass(frozen=True, eq=False)
class FrequencyHistogram:
    """Customers by number of repeat purchases.

    Attributes:
        frequency: 0, 1, ..., top; the last contains all from `top` on. Shape (k,).
        actual: customers, shape (k,).
        expected: customers that the model expects over the same time observed, shape (k,).
    """

    frequency: Counts
    actual: Counts
    expected: Floats

    @property
    def labels(self) -> tuple[str, ...]:
        """Names of the bins: "0", "1", ..., "10+"."""
        return (*(str(x) for x in self.frequency[:-1]), f"{self.frequency[-1]}+")


def frequency_histogram(fitted: FittedPurchaseModel, features: pl.DataFrame, *, top: int = 10) -> FrequencyHistogram:
    """Return the number of customers by repeat purchases, observed and expected (Fader et al. 2005, fig. 2).

    Args:
        fitted: the model.
        features: the customers it was fitted on.
        top: the last bin contains this number and all above it.
    """
    frame = read_columns(features, fitted.needs)
    actual = np.bincount(np.minimum(frame["repeat_purchases"].to_numpy(), top), minlength=top + 1)
    if known := _covariates(fitted):
        below = _expected_counts(fitted, frame.group_by("observed_days", *known).len(), top)
        return FrequencyHistogram(np.arange(top + 1), actual, np.append(below, len(frame) - below.sum()))
    observed = frame.group_by("observed_days").len().sort("observed_days")
    below = np.zeros(top)
    for days, customers in observed.iter_rows():
        below += customers * fitted.purchase_probability(
            np.arange(top), days, **_starting(fitted, fitted.info.as_of - timedelta(days=days))
        )
    return FrequencyHistogram(np.arange(top + 1), actual, np.append(below, len(frame) - below.sum()))


def _covariates(fitted: FittedPurchaseModel) -> tuple[str, ...]:
    """Return the columns in which the model's customers differ from the start."""
    return tuple(known.name for known in getattr(fitted, "covariates", ()))


def _expected_counts(fitted: FittedPurchaseModel, cells: pl.DataFrame, top: int) -> Floats:
    """Return the expected customers with 0, 1, ... repeat purchases, each over his own time observed; `len` of them in a cell."""
    customers, days = cells["len"].to_numpy(), cells["observed_days"].to_numpy()
    return np.array([customers @ fitted.purchase_probability(np.full(len(cells), x), days, of=cells) for x in range(top)])


@dataclass(frozen=True, eq=False)
class PurchaseTracking:
    """Repeat purchases of a group of customers week by week, observed and expected.

    Attributes:
        ends: last day of each week, shape (k,), ascending.
        actual: repeat purchases in it, shape (k,).
        expected: repeat purchases expected in it, shape (k,).
        calibration: last day known to the model.
        days: length of a step, 7 for weeks.
    """

    ends: tuple[date, ...]
    actual: Counts
    expected: Floats
    calibration: date
    days: int


PURCHASE_DAYS = Contract(
    name="purchase days",
    key=(),
    columns=(CUSTOMER_ID, Column(name="day", dtype=pl.Date, required=True, nullable=False, meaning="A day on which the customer bought.")),
)


def purchase_tracking(
    fitted: FittedPurchaseModel, purchases: pl.DataFrame, *, until: date, days: int = WEEK, features: pl.DataFrame | None = None
) -> PurchaseTracking:
    """Return repeat purchases by week of the customers acquired up to the model's as-of day (Fader et al. 2005, figs 3 and 4).

    Args:
        fitted: the model.
        purchases: customer_id, day: one or more rows per purchase; days from a customer's first on are used.
        until: last day of the purchases, within the calibration or after it.
        days: length of a step.
        features: customer_id and the covariates, required by models that have any; customers not in it are left out.

    Raises:
        TableError: a column is missing.
        PeriodError: no whole step lies between the first purchase and `until`.
    """
    bought = _once_a_day(read_columns(purchases, PURCHASE_DAYS).filter(pl.col("day") <= until))
    first = bought.group_by("customer_id").agg(pl.col("day").min().alias("first"))
    first = _with_covariates(first.filter(pl.col("first") <= fitted.info.as_of), fitted, features)
    start = first["first"].min()
    steps = (until - start).days // days if isinstance(start, date) else 0
    if steps < 1:
        raise PeriodError(
            f"there are no {days} days between the first purchase and {until}.", where="until", remedy="Give a later day, or all purchases."
        )
    assert isinstance(start, date)
    edges = np.arange(steps + 1) * days
    repeats = bought.join(first, on="customer_id").filter(pl.col("day") > pl.col("first"))
    actual = np.histogram((repeats["day"] - start).dt.total_days().to_numpy(), edges + 0.5)[0]
    expected = np.diff(sum(_expected_by(fitted, group, edges, start) for group in _groups(fitted, first)))
    ends = tuple(start + timedelta(days=int(edge)) for edge in edges[1:])
    return PurchaseTracking(ends, actual, expected, fitted.info.as_of, days)


def _once_a_day(purchases: pl.DataFrame) -> pl.DataFrame:
    """Return each customer's days once; rows in order of customer and day, as features have them, need no hashing."""
    customer, day = pl.col("customer_id"), pl.col("day")
    is_later = (customer > customer.shift(1)) | ((customer == customer.shift(1)) & (day > day.shift(1)))
    rows = purchases.select(customer, day)
    return rows if rows.select(is_later.slice(1).all()).item() else rows.unique()


def _with_covariates(first: pl.DataFrame, fitted: FittedPurchaseModel, features: pl.DataFrame | None) -> pl.DataFrame:
    if not (names := _covariates(fitted)):
        return first
    if features is None:
        raise TableError(f"the model reads {', '.join(names)}.", where="purchase_tracking", remedy="Give features that have them.")
    # Days from tables have their ids as an enum; an id that never bought is none of its words.
    ids = pl.col("customer_id").cast(pl.String).cast(first.schema["customer_id"], strict=False)
    return first.join(features.select(ids, *names), on="customer_id")


def _groups(fitted: FittedPurchaseModel, first: pl.DataFrame) -> list[pl.DataFrame]:
    """Return groups of customers alike to the model: by covariates, or if these are too many by the purchases expected of them."""
    if not (names := _covariates(fitted)):
        return [first]
    if first.select(names).n_unique() <= _MOST_GROUPS:
        return first.partition_by(names)
    order = np.argsort(fitted.expected_purchases_new(365.0, of=first), kind="stable")
    return [first[part] for part in np.array_split(order, _MOST_GROUPS)]


def _expected_by(fitted: FittedPurchaseModel, group: pl.DataFrame, edges: Counts, start: date) -> Floats:
    """Return repeat purchases expected from the start up to each edge, of customers who first bought on their days `first`."""
    last = int(edges[-1])
    joined = np.bincount((group["first"] - start).dt.total_days().to_numpy(), minlength=last + 1)[: last + 1]
    ages = np.arange(1.0, len(joined))
    if _starting(fitted, start):
        expected = np.zeros(len(edges))
        for day in np.flatnonzero(joined):
            of_day = np.append(0.0, fitted.expected_purchases_new(ages, **_starting(fitted, start + timedelta(days=int(day)))))
            expected += joined[day] * of_day[np.maximum(edges - day, 0)]
        return expected
    # The middle one stands for the group; without covariates, or with few distinct ones, all in it are alike.
    one = {"of": group[len(group) // 2 : len(group) // 2 + 1]} if _covariates(fitted) else {}
    of_one = np.append(0.0, fitted.expected_purchases_new(ages, **one))
    return np.array([joined[: edge + 1] @ of_one[edge::-1] for edge in edges])


def _starting(fitted: FittedPurchaseModel, day: date) -> dict[str, Any]:
    """Return the further arguments a model needs for new customers: the first day, if it follows the calendar."""
    return {"starts_on": day} if fitted.follows_calendar else {}


def purchases_by_frequency(
    fitted: FittedPurchaseModel, features: pl.DataFrame, outcomes: pl.DataFrame, *, top: int = 7
) -> FrequencyCalibration:
    """Return purchases in the holdout, observed and expected, by repeat purchases before it (Fader et al. 2005, fig. 5).

    Args:
        fitted: the model.
        features: as of the calibration date.
        outcomes: customer_id, holdout_purchases, holdout_days.
        top: the last bin contains this number and all above it.
    """
    both = meet_outcomes(features, outcomes, ("holdout_purchases", "holdout_days"))
    expected = fitted.expected_purchases(both, float(both["holdout_days"][0]))
    return calibration_by_frequency(both["repeat_purchases"].to_numpy(), both["holdout_purchases"].to_numpy(), expected, top=top)


@dataclass(frozen=True, eq=False)
class AliveSurface:
    """P(alive) by number of repeat purchases and days since the last one, for one observation length.

    Attributes:
        repeat_purchases: shape (k,), ascending from 1 (those who never came back cannot have left).
        days_since_last: shape (m,), ascending from 0.
        p_alive: shape (k, m).
        observed_days: time observed of the customers shown.
    """

    repeat_purchases: Counts
    days_since_last: Floats
    p_alive: Floats
    observed_days: float


def alive_surface(fitted: FittedPurchaseModel, features: pl.DataFrame, *, steps: int = 60) -> AliveSurface:
    """Return P(alive) over the range of the given customers: up to the 99th percentile of purchases, at the longest time observed.

    Args:
        fitted: the model; with covariates, the customer shown is a typical one (means and references of the fit).
        features: customers whose range is shown.
        steps: points on the time axis.
    """
    frame = read_columns(features, fitted.needs)
    most = frame["repeat_purchases"].quantile(0.99, "nearest") or 0
    x = np.arange(1, max(int(most), 5) + 1)
    days = float(frame["observed_days"].max() or 0)  # type: ignore[arg-type]
    since = np.linspace(0.0, days, steps + 1)
    grid_x, grid_since = (part.ravel() for part in np.meshgrid(x, since, indexing="ij"))
    typical = {known.name: pl.lit(known.levels[0] if known.levels else known.mean) for known in getattr(fitted, "covariates", ())}
    grid = pl.DataFrame(
        {
            "customer_id": np.arange(grid_x.size),
            "repeat_purchases": grid_x,
            "last_purchase_age_days": np.maximum(days - grid_since, 0.0),
            "observed_days": np.full(grid_x.size, days),
            "first_order_on": np.full(grid_x.size, np.datetime64(fitted.info.as_of - timedelta(days=round(days)), "D")),
        }
    )
    return AliveSurface(x, since, fitted.probability_alive(grid.with_columns(**typical)).reshape(len(x), len(since)), days)


def opportunity_surface(fitted: FittedBgBb, features: pl.DataFrame) -> AliveSurface:
    """Return P(alive) of a discrete-time model, by opportunities taken and days since the last one taken.

    NaN where there were not so many opportunities.

    Args:
        fitted: the model.
        features: customers; the surface is for those observed longest.
    """
    period = fitted.settings.period_days
    seen = Opportunities.of(read_columns(features, fitted.needs), period)
    n = int(seen.n.max(initial=1))
    x = np.arange(1, max(min(int(np.quantile(seen.x, 0.99, method="nearest")), n), min(5, n)) + 1)
    since = np.arange(n + 1)
    each, idle = (part.ravel() for part in np.meshgrid(x, since, indexing="ij"))
    can = each <= n - idle
    p_alive = np.full(each.shape, np.nan)
    p_alive[can] = probability_alive(*fitted.parameters, each[can], (n - idle)[can], np.full(int(can.sum()), n))
    return AliveSurface(x, np.asarray(since * period, dtype=np.float64), p_alive.reshape(len(x), len(since)), n * period)


@dataclass(frozen=True, eq=False)
class SpendDistribution:
    """Customers by mean value of their orders.

    Attributes:
        edges: of the bins, shape (k + 1,), in money.
        actual: share of customers in each, shape (k,).
        expected: share that the model expects for customers with as many orders, shape (k,).
        beyond: share of customers above the last edge.
    """

    edges: Floats
    actual: Floats
    expected: Floats
    beyond: float


def spend_distribution(fitted: FittedGammaGamma, features: pl.DataFrame, *, bins: int = 40) -> SpendDistribution:
    """Return the distribution of mean order values, observed and expected, up to the 99th percentile.

    Args:
        fitted: the model.
        features: customers; those without an order of positive value that is learnt from are left out.
        bins: of equal width.
    """
    x, m = fitted.orders_of(features)
    m, x = m[x > 0], x[x > 0]
    edges = np.linspace(0.0, float(np.quantile(m, 0.99)) * (1 + 1e-9), bins + 1)
    actual = np.histogram(m, edges)[0] / len(m)
    below = sum(n * _share_below(fitted, float(orders), edges) for orders, n in zip(*np.unique(x, return_counts=True), strict=True))
    return SpendDistribution(edges, actual, np.diff(below) / len(m), float((m > edges[-1]).mean()))


def _share_below(fitted: FittedGammaGamma, x: float, value: Floats) -> Floats:
    """Return the probability that the mean of x orders is below `value`: px m / (px m + pv) is beta(px, q) (note 025, eq. 1a)."""
    if fitted.p is None:
        return np.asarray(value >= fitted.mean_order_value, dtype=float)
    if fitted.q is None or fitted.v is None:
        return np.asarray(special.gammainc(fitted.p * x, fitted.p * x * value / fitted.mean_order_value))
    return np.asarray(special.betainc(fitted.p * x, fitted.q, x * value / (x * value + fitted.v)))


def effect_ratios(fitted: FittedPurchaseModel) -> Ratios:
    """Return the factors of the covariates on the rate (or the odds) of purchases and of leaving, in the order of the model.

    A step is 1 for a category or a column of 0 and 1, else a standard deviation of the customers of the fit.
    """
    of_column = {column: known for known in fitted.covariates for column in known.columns}
    known = [of_column[name.partition(".")[2]] for name in fitted.effects.names]
    flag = np.array([bool(each.levels) or each.is_flag for each in known])
    step = np.array([1.0 if is_flag else each.spread for is_flag, each in zip(flag, known, strict=True)])
    k = len(fitted.formulas.terms)
    error = np.sqrt(np.diag(fitted.covariance))[k:]
    reach = normal_reach(fitted.settings.level) * np.nan_to_num(error) * step
    ratio, lower, upper = (np.exp(fitted.coefficients * step + by) for by in (0.0, -reach, reach))
    against = tuple(each.levels[0] if each.levels else "" for each in known)
    return Ratios(fitted.effects.names, step, flag, ratio, lower, upper, fitted.settings.level, against)
