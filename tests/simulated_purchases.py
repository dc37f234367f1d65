"""Customers who follow a model exactly, one simulator for each process."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from relkit.features.purchase_histories import with_repeat_ages
from relkit.features.purchases import purchase_summary_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray


def buyers(
    n: int, rng: np.random.Generator, *, r: float, alpha: float, a: float, b: float, days: float = 730.0, at_start: bool = False
) -> pl.DataFrame:
    """Return n customers of the BG/NBD who start at random within `days`; alpha is in days.

    With a drop-out parameter a of 0 nobody leaves; with `at_start` they may also leave after the first purchase (MBG/NBD).
    """
    T = rng.uniform(0, days, n)
    rate = rng.gamma(r, 1 / alpha, n)
    leave = rng.beta(a, b, n) if a > 0 else np.zeros(n)
    x, t_x, clock = np.zeros(n, np.int64), np.zeros(n), np.zeros(n)
    here = np.flatnonzero(rng.random(n) > leave) if at_start else np.arange(n)
    while len(here):
        clock[here] += rng.exponential(1 / rate[here])
        here = here[clock[here] <= T[here]]
        x[here] += 1
        t_x[here] = clock[here]
        here = here[rng.random(len(here)) > leave[here]]
    return frame(x, t_x, T)


def leavers(n: int, rng: np.random.Generator, *, r: float, alpha: float, s: float, beta: float, days: float = 730.0) -> pl.DataFrame:
    """Return n customers of the Pareto/NBD who start at random within `days`; alpha and beta are in days. s = 0: nobody leaves (NBD)."""
    T = rng.uniform(0, days, n)
    alive = np.minimum(T, rng.exponential(1 / rng.gamma(s, 1 / beta, n)) if s > 0 else np.inf)
    x = rng.poisson(rng.gamma(r, 1 / alpha, n) * alive)
    # The last of x moments at random: the largest of x uniform numbers.
    t_x = np.where(x > 0, alive * rng.random(n) ** (1 / np.maximum(x, 1)), 0.0)
    return frame(x, t_x, T)


def frame(x: NDArray[np.int64], t_x: NDArray[np.float64], T: NDArray[np.float64]) -> pl.DataFrame:
    """Return the purchase summary of customers 0 to n - 1."""
    ids = [str(i) for i in range(len(x))]
    return pl.DataFrame({"customer_id": ids, "repeat_purchases": x, "last_purchase_age_days": t_x, "observed_days": T})


def regular_buyers(
    n: int,
    rng: np.random.Generator,
    *,
    k: int,
    r: float,
    alpha: float,
    a: float,
    b: float,
    T: float | NDArray[np.float64],
    ahead: float = 0.0,
) -> tuple[pl.DataFrame, NDArray[np.int64]]:
    """Return the histories of n customers whose intervals are Erlang(k, lambda), and the purchases of each in the `ahead` days after T.

    Every customer may leave after each purchase, including the first; alpha and times are in days and not rounded.
    """
    T = np.broadcast_to(np.asarray(T, dtype=float), n)
    rate, leave, clock = rng.gamma(r, 1 / alpha, n), rng.beta(a, b, n), np.zeros(n)
    who, when = [np.empty(0, np.intp)], [np.empty(0)]
    here = np.flatnonzero(rng.random(n) > leave)
    while len(here):
        clock[here] += rng.gamma(k, 1 / rate[here])
        here = here[clock[here] <= T[here] + ahead]
        who.append(here)
        when.append(clock[here])
        here = here[rng.random(len(here)) > leave[here]]
    customer, age = np.concatenate(who), np.concatenate(when)
    seen = age <= T[customer]
    later = np.bincount(customer[~seen], minlength=n)
    bought = pl.DataFrame({"customer_id": customer[seen], "age": age[seen]}).sort("customer_id", "age")
    ages = bought.group_by("customer_id", maintain_order=True).agg(pl.col("age").alias("repeat_ages_days"))
    everyone = pl.DataFrame({"customer_id": np.arange(n), "observed_days": T, "first_order_on": [date(2025, 1, 1)] * n})
    joined = everyone.join(ages, on="customer_id", how="left", maintain_order="left").with_columns(pl.col("repeat_ages_days").fill_null([]))
    x, last = pl.col("repeat_ages_days").list.len().cast(pl.Int64), pl.col("repeat_ages_days").list.last().fill_null(0.0)
    return joined.with_columns(
        pl.col("customer_id").cast(pl.String), x.alias("repeat_purchases"), last.alias("last_purchase_age_days")
    ), later


def mostly_older(
    n: int, rng: np.random.Generator, *, sample: Callable[..., pl.DataFrame] = buyers, share: float = 0.6, times: float = 2.0, **truth: Any
) -> pl.DataFrame:
    """Return customers of whom a share is older than the data and buys `times` as often as newcomers, flagged by is_left_censored.

    `sample` draws either group; its `alpha`, among `truth`, is that of newcomers.
    """
    older = round(share * n)
    groups = (sample(n - older, rng, **truth), sample(older, rng, **truth | {"alpha": truth["alpha"] / times}))
    flagged = (group.with_columns(is_left_censored=pl.lit(is_older)) for group, is_older in zip(groups, (False, True), strict=True))
    return pl.concat(flagged).with_columns(customer_id=pl.int_range(n).cast(pl.String))


def spenders(n: int, rng: np.random.Generator, *, p: float, q: float | None, v: float) -> pl.DataFrame:
    """Return n customers with one to about ten orders; q None: all have the scale v."""
    x = rng.geometric(0.4, n)
    nu = np.full(n, v) if q is None else rng.gamma(q, 1 / v, n)
    m = rng.gamma(p * x) / nu / x
    return pl.DataFrame({"customer_id": [str(i) for i in range(n)], "repeat_purchases": x, "mean_repeat_value": m})


def contracts(
    n: int, rng: np.random.Generator, *, alpha: float, beta: float, period_days: float, periods: int, c: float = 1.0
) -> pl.DataFrame:
    """Return n contracts that end on renewal days, followed for up to `periods`; c other than 1 is the beta-discrete-Weibull."""
    theta = rng.beta(alpha, beta, n)
    # P(T > t) = (1 - theta)^(t^c), so T is the first whole t with t^c over an exponential moment.
    moment = rng.exponential(size=n) / -np.log1p(-theta)
    life = np.maximum(np.ceil(np.minimum(moment ** (1 / c), 1e6)), 1.0)
    seen = rng.integers(1, periods + 1, n).astype(float)
    duration = np.minimum(life, seen) * period_days
    return pl.DataFrame({"customer_id": [str(i) for i in range(n)], "duration_days": duration, "event": life <= seen})


def followers(
    n: int,
    rng: np.random.Generator,
    *,
    r: float,
    alpha: float,
    s: float,
    beta: float,
    buying: NDArray[np.float64],
    leaving: NDArray[np.float64],
    first: date,
    join_days: int,
) -> pl.DataFrame:
    """Return customer_id, day of n customers whose rates follow the calendar, the first purchase included, in order.

    `buying` and `leaving` are the multipliers of the days after `first`; customers begin within `join_days`; alpha, beta in days.
    """
    began = rng.integers(0, join_days, n)
    bought, left = (np.append(0.0, np.cumsum(rates)) for rates in (buying, leaving))
    life = left[began] + rng.exponential(1 / rng.gamma(s, 1 / beta, n))
    last = np.interp(life, left, np.arange(len(left)))
    room = np.interp(last, np.arange(len(bought)), bought) - bought[began]
    times = rng.poisson(rng.gamma(r, 1 / alpha, n) * room)
    who = np.repeat(np.arange(n), times)
    at = bought[began][who] + rng.uniform(0, 1, len(who)) * room[who]
    days = np.concatenate((began, np.ceil(np.interp(at, bought, np.arange(len(bought)))).astype(np.int64)))
    seen = pl.DataFrame({"customer_id": np.concatenate((np.arange(n), who)), "at": days}).unique().sort("customer_id", "at")
    return seen.select(
        pl.format("{}", "customer_id").alias("customer_id"), (pl.lit(first) + pl.duration(days="at")).cast(pl.Date).alias("day")
    )


def histories(purchases: pl.DataFrame, as_of: date) -> pl.DataFrame:
    """Return the purchase histories of customers (customer_id, day, sorted) as of a day."""
    known = purchases.filter(pl.col("day") <= as_of)
    return with_repeat_ages(purchase_summary_of(known.with_columns(value=pl.lit(0.0)), as_of), known)


def came_back(purchases: pl.DataFrame, as_of: date, days: int) -> pl.DataFrame:
    """Return the outcomes of the `days` after `as_of` of all customers who had bought by then."""
    later = pl.col("day").is_between(as_of, as_of + timedelta(days=days), closed="right")
    known = purchases.filter(pl.col("day") <= as_of + timedelta(days=days)).group_by("customer_id", maintain_order=True)
    seen = known.agg(later.sum().cast(pl.Int64).alias("holdout_purchases"), pl.col("day").min().alias("first"))
    return seen.filter(pl.col("first") <= as_of).select("customer_id", "holdout_purchases", pl.lit(float(days)).alias("holdout_days"))


def takers(
    opportunities: NDArray[np.int64],
    rng: np.random.Generator,
    *,
    alpha: float,
    beta: float,
    gamma: float,
    delta: float,
    period_days: int = 7,
    ratio: float = 1.0,
) -> pl.DataFrame:
    """Return histories of customers with so many opportunities to buy, observed up to the end of the last.

    Each leaves for good before an opportunity, or else may take it; one taken has 1 plus a geometric number of purchase
    days, `ratio` on average. Days that do not fit into the period are dropped: keep it long.
    """
    n, most = len(opportunities), int(opportunities.max(initial=0))
    buys, leaves = rng.beta(alpha, beta, n), rng.beta(gamma, delta, n)
    alive = np.cumprod(rng.random((n, most)) >= leaves[:, None], axis=1).astype(bool)
    taken = alive & (rng.random((n, most)) < buys[:, None]) & (np.arange(most) < opportunities[:, None])
    days = np.where(taken, np.minimum(rng.geometric(1 / ratio, (n, most)), period_days), 0)
    on = rng.permuted(np.broadcast_to(np.arange(period_days), (n, most, period_days)), axis=2) < days[..., None]
    bought = on.reshape(n, most * period_days)
    ages = [(np.flatnonzero(row) + 1.0).tolist() for row in bought]
    T = opportunities * float(period_days)
    seen = frame(bought.sum(axis=1).astype(np.int64), np.array([max(each, default=0.0) for each in ages]), T)
    first = pl.lit(date(2026, 1, 1)) - pl.duration(days=pl.col("observed_days").cast(pl.Int64))
    return seen.with_columns(first.cast(pl.Date).alias("first_order_on"), pl.Series("repeat_ages_days", ages, dtype=pl.List(pl.Float64)))
