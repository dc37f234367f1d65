"""Cumulative incidence: the share of spells that has ended for each cause, when an end for one cause rules out the others.

F_k(t) is the sum over ages u <= t of S(u-) d_k(u) / n(u), with d_k the ends for cause k, n the spells at risk and S the
Kaplan-Meier estimate of going on (Aalen and Johansen 1978). The shares of all causes and of those still running add up to 1
at every age, which one minus the Kaplan-Meier of each cause does not. Ends at one age, for one cause or for several, are
treated exactly: no age is moved.

Two variances are offered. "greenwood" takes the ends at one age as multinomial: with a single cause it is Greenwood's of
1 - S (Marubini and Valsecchi 1995, eq. 10.12; Dinse and Larson 1986, eq. 6). "aalen" is that of Aalen (1978) as in Pintilie
(2006, eq. 4.5). Bands are symmetric in log(-log F).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

import numpy as np
import polars as pl

from relkit.errors import ParameterError
from relkit.metrics.intervals import normal_reach
from relkit.metrics.near_ties import reach
from relkit.metrics.risk_sets import RiskSets, product_limit, risk_sets, step_at
from relkit.models.survival.aligned_ages import with_one_age
from relkit.models.survival.nelson_aalen import within
from relkit.models.survival.observed import Observed, codes_of
from relkit.scalars import check_level
from relkit.units import LEVEL

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from relkit.metrics.risk_sets import Counts, Floats

_WHERE = "cumulative_incidence"
Variance = Literal["greenwood", "aalen"]
REASONS = ("voluntary", "involuntary", "move", "other", "unknown")
"""Reasons for the end of contracts, in the order of display; `unknown` if an end has none."""


@dataclass(frozen=True, eq=False)
class CumulativeIncidence:
    """Shares ended for each cause, by age, with their bands.

    Attributes:
        causes: names, in the order of the rows.
        days: shape (k,), ages at which something happens, ascending.
        at_risk: shape (k,), spells at risk at that age, or the sum of their weights.
        ended: shape (c, k), spells that end for each cause at that age, or the sum of their weights.
        survival: shape (k,), share still running just after that age.
        incidence: shape (c, k), share ended for each cause by that age.
        std_error: shape (c, k).
        lower: shape (c, k); 0 before the first end.
        upper: shape (c, k); 0 before the first end.
        level: of the bands.
    """

    causes: tuple[str, ...]
    days: Floats
    at_risk: Counts | Floats
    ended: Floats
    survival: Floats
    incidence: Floats
    std_error: Floats
    lower: Floats
    upper: Floats
    level: float

    @property
    def domain(self) -> tuple[float, float]:
        """First and last age covered by the data, in days."""
        return 0.0, float(self.days[-1])

    def at(self, cause: str, ages: float | list[float] | Floats) -> Floats:
        """Return the share that ended for a cause by `ages` (days), or raise a ParameterError that gives the domain."""
        return self._read(self.incidence, cause, ages)

    def band(self, cause: str, ages: float | list[float] | Floats) -> tuple[Floats, Floats]:
        """Return the lower and upper bound of that share at `ages` (days)."""
        return self._read(self.lower, cause, ages), self._read(self.upper, cause, ages)

    def std_error_at(self, cause: str, ages: float | list[float] | Floats) -> Floats:
        """Return the standard error of that share at `ages` (days)."""
        return self._read(self.std_error, cause, ages)

    def survival_at(self, ages: float | list[float] | Floats) -> Floats:
        """Return the share still running at `ages` (days)."""
        return step_at(self.days, self.survival, within(self.domain, ages), 1.0)

    def at_risk_at(self, ages: float | list[float] | Floats) -> Counts | Floats:
        """Return the number of spells at risk at `ages` (days); 0 past the domain."""
        counts: Counts | Floats = np.append(self.at_risk, 0)[
            np.searchsorted(self.days, np.atleast_1d(ages) - reach(self.days), side="left")
        ]
        return counts

    def row(self, cause: str) -> int:
        """Return the row of a cause, or raise a ParameterError with the nearest name."""
        if cause not in self.causes:
            raise ParameterError.unknown("cause", cause, self.causes, where=_WHERE)
        return self.causes.index(cause)

    def only(self, causes: tuple[str, ...]) -> CumulativeIncidence:
        """Return the curves of some of the causes; the others still count as ends."""
        rows = [self.row(cause) for cause in causes]
        kept = {name: getattr(self, name)[rows] for name in ("ended", "incidence", "std_error", "lower", "upper")}
        return replace(self, causes=causes, **kept)

    def _read(self, values: Floats, cause: str, ages: float | list[float] | Floats) -> Floats:
        return step_at(self.days, values[self.row(cause)], within(self.domain, ages), 0.0)


def cumulative_incidence(
    duration: ArrayLike,
    cause: ArrayLike,
    entry: ArrayLike | None = None,
    weight: ArrayLike | None = None,
    *,
    causes: tuple[str, ...] | None = None,
    variance: Variance = "greenwood",
    level: float = LEVEL,
) -> CumulativeIncidence:
    """Return the share of spells that ended for each cause, by age.

    Args:
        duration: shape (n,), days, age at the end or when last observed.
        cause: shape (n,), text: the cause of its end; None if it is still running.
        entry: shape (n,), days, age when first observed; None means 0 for all.
        weight: shape (n,), above 0, how many spells each stands for; None means one each.
        causes: their order; None for alphabetical.
        variance: see the module.
        level: of the bands.

    Raises:
        ParameterError: a value is missing or out of range, or a cause is not among `causes`.
        NotEnoughEventsError: no spell ended.

    Examples:
        >>> found = cumulative_incidence([1, 2, 2, 4], ["left", "moved", "left", None])
        >>> found.causes, found.at("left", [1, 2]).tolist(), found.survival_at([2]).tolist()
        (('left', 'moved'), [0.25, 0.5], [0.25])
    """
    check_level(level)
    if variance not in ("greenwood", "aalen"):
        raise ParameterError.unknown("variance", variance, ("greenwood", "aalen"), where=_WHERE)
    reasons = np.asarray(cause, dtype=object).ravel()
    ended = np.array([reason is not None for reason in reasons], bool)
    seen = Observed.of(duration, ended, entry, weight, where=_WHERE)
    levels, code = codes_of(reasons[ended], int(ended.sum()), "cause", _WHERE)
    named = tuple(levels) if causes is None else causes
    for name in levels:
        if name not in named:
            raise ParameterError.unknown("cause", str(name), named, where=_WHERE)
    rows = np.zeros(len(ended), np.intp)
    rows[ended] = np.array([named.index(name) for name in levels], np.intp)[code]
    sets = risk_sets(seen.duration, seen.event, seen.entry, seen.weight)
    return _estimate(sets, seen.ended_by(sets.days, rows, len(named)), named, variance, level)


def _estimate(sets: RiskSets, ended: Floats, causes: tuple[str, ...], variance: Variance, level: float) -> CumulativeIncidence:
    n = np.where(sets.at_risk > 0, sets.at_risk, 1).astype(np.float64)
    survival, _ = product_limit(sets)
    before = np.concatenate([[1.0], survival[:-1]])
    incidence = np.cumsum(before * ended / n, axis=1)
    spread = _greenwood if variance == "greenwood" else _aalen
    squares = np.stack([_variance(f, *spread(before, n, sets.ended.astype(np.float64), d)) for f, d in zip(incidence, ended, strict=True)])
    std_error = np.sqrt(squares)
    lower, upper = log_log_bounds(incidence, std_error, level)
    return CumulativeIncidence(causes, sets.days, sets.at_risk, ended, survival, incidence, std_error, lower, upper, level)


def _greenwood(s: Floats, n: Floats, d: Floats, d_k: Floats) -> tuple[Floats, Floats, Floats]:
    """Return the terms of `_variance` with multinomial ends; s is S(u-)."""
    left = np.where(n > d, n - d, 1.0)
    return np.where(n > d, d / (n * left), 0.0), s * d_k / n**2, s**2 * d_k * (n - d_k) / n**3


def _aalen(s: Floats, n: Floats, d: Floats, d_k: Floats) -> tuple[Floats, Floats, Floats]:
    """Return the terms of `_variance` of Aalen (1978); s is S(u-). If a single spell is at risk they are 0."""
    left, other = np.where(n > d, n - d, 1.0), np.where(n > 1, n - 1, 1.0)
    first = np.where((n > d) & (n > 1), d / (other * left), 0.0)
    second = np.where((n > d) & (n > 1), s * d_k * (n - d_k) / (n * left * other), 0.0)
    return first, second, np.where(n > 1, s**2 * d_k * (n - d_k) / (other * n**2), 0.0)


def _variance(f: Floats, a: Floats, b: Floats, c: Floats) -> Floats:
    """Return at each age t the sum over u <= t of (F(t) - F(u))^2 a(u) - 2 (F(t) - F(u)) b(u) + c(u), in O(k).

    The square is expanded, so that running sums suffice; terms with nobody left have a = 0, since F no longer changes.
    """
    sum_a, sum_b, sum_c = np.cumsum(a), np.cumsum(a * f + b), np.cumsum(f**2 * a + 2 * f * b + c)
    return np.maximum(f**2 * sum_a - 2 * f * sum_b + sum_c, 0.0)


def log_log_bounds(f: Floats, std_error: Floats, level: float) -> tuple[Floats, Floats]:
    """Return the bounds of shares that are symmetric in log(-log F); both 0 if F is 0, both 1 if it is 1.

    Examples:
        >>> low, high = log_log_bounds(np.array([0.0, 0.2]), np.array([0.0, 0.04]), 0.95)
        >>> low.round(4).tolist(), high.round(4).tolist()
        ([0.0, 0.1283], [0.0, 0.2832])
    """
    inside = (f > 0) & (f < 1)
    log_f = np.log(np.where(inside, f, 0.5))
    shift = np.exp(normal_reach(level) * np.where(inside, std_error / np.where(inside, f, 1.0), 0.0) / -log_f)
    return np.where(inside, np.exp(log_f * shift), f), np.where(inside, np.exp(log_f / shift), f)


def incidence_by_reason(spells: pl.DataFrame, *, fewest: int = 10, level: float = LEVEL) -> CumulativeIncidence | None:
    """Return the share of contracts that ended for each reason, by age; None if no end has a reason.

    An end without a reason counts as `unknown`: left out, it would make the others look rarer or commoner than they are.

    Args:
        spells: one row per contract: duration_days, event, end_reason, and entry_days if contracts were observed late.
        fewest: a reason with fewer events joins `other`.
        level: of the bands.

    Examples:
        >>> spells = pl.DataFrame({"duration_days": [30.0, 60.0, 90.0], "event": [True, True, False], "end_reason": ["move", None, None]})
        >>> found = incidence_by_reason(spells, fewest=1)
        >>> found.causes, found.at("move", [60]).round(4).tolist()
        (('move', 'unknown'), [0.3333])
    """
    if "end_reason" not in spells.columns or spells.filter("event")["end_reason"].null_count() == int(spells["event"].sum()):
        return None
    entry = pl.col("entry_days") if "entry_days" in spells.columns else pl.lit(0.0)
    spells = with_one_age(spells, "entry_days", "duration_days")
    seen = spells.with_columns(entry_days=entry).filter((pl.col("entry_days") < pl.col("duration_days")) | (pl.col("entry_days") == 0))
    reason = pl.when("event").then(pl.col("end_reason").fill_null("unknown"))
    counted = seen.select(reason=reason)["reason"].drop_nulls().value_counts()
    rare = counted.filter(pl.col("count") < fewest)["reason"].to_list()
    merged = seen.select(reason=pl.when(reason.is_in(rare)).then(pl.lit("other")).otherwise(reason))["reason"]
    order = tuple(name for name in (*REASONS, *sorted({*merged.drop_nulls()} - {*REASONS})) if name in {*merged.drop_nulls()})
    days, first = (seen[name].to_numpy() for name in ("duration_days", "entry_days"))
    return cumulative_incidence(days, merged.to_numpy(), first, causes=order, level=level)
