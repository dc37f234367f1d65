"""BG/BB: repeat purchases at discrete opportunities, each of which a customer takes or not.

At each opportunity a customer who is still alive buys with a probability p of his own; before it he may leave for good, with
a probability theta of his own. p is distributed over customers as a beta(alpha, beta), theta as a beta(gamma, delta).

    Fader, P. S., Hardie, B. G. S. and Shang, J. (2010), Customer-base analysis in a discrete-time noncontractual setting.
    Marketing Science 29 (6), 1086-1108: equation numbers below.

The functions of `bg_bb_formulas` use the paper's notation and count in opportunities. The classes use days: opportunity
j covers the days ((j - 1) period_days, j period_days] after the first purchase, and the one under way on the as-of day is
left out of the fit (see `opportunities`).

Two conventions turn opportunities into days. What the model predicts for an opportunity is spread evenly over its days, so that
part of one counts in proportion. And the model predicts whether an opportunity is taken, not on how many days: in one
that is taken there are 1 + G purchase days, G geometric, whose mean is that of the calibration (`purchases_per_opportunity`). So
every number a class returns counts purchase days, as in the other models, and is comparable with theirs; the number of
opportunities taken is `expected_opportunities`.

Out of scope here: covariates.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, ClassVar, Self

import numpy as np
import polars as pl  # noqa: TC002 the example reads it
from numpy.typing import NDArray
from scipy import special

from relkit.errors import ParameterError
from relkit.models.base import FitInfo, HoldoutMetric, ModelFacts, fingerprint
from relkit.models.lifetime_value.bg_bb_formulas import (
    Parameters,
    alive_ahead,
    discounted_opportunities_if_alive,
    expected_opportunities_new,
    opportunities_alive,
    probability_alive,
    probability_alive_next,
    some_taken_if_alive,
    taken_probability_if_alive,
)
from relkit.models.lifetime_value.bg_bb_likelihood import TERMS, fit_counts, row_index
from relkit.models.lifetime_value.family import HISTORIES, ORDERS
from relkit.models.lifetime_value.judging import HOLDOUT_METRIC, judge_purchases
from relkit.models.lifetime_value.older_customers import as_newcomers
from relkit.models.lifetime_value.opportunities import Opportunities
from relkit.models.lifetime_value.purchases import PURCHASE_HISTORIES, read_columns
from relkit.models.lifetime_value.purchases_ahead import PurchasesAhead, whole_numbers
from relkit.models.summaries import summary_of
from relkit.models.weights import check_weight_column, columns_of, with_weight
from relkit.remarks import Remark, french
from relkit.scalars import check_level, check_scalar
from relkit.texts import Text
from relkit.units import DAYS_PER_YEAR, LEVEL

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import date

    from relkit.contracts import Contract

Floats = NDArray[np.float64]
Counts = NDArray[np.int64]

SHORTEST_PERIOD_DAYS = 1 / 24
"""Shortest opportunity; the work grows with the square of their number."""


# --- settings and fitted model ----------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class BgBb(ModelFacts):
    """Settings of the BG/BB model.

    Attributes:
        period_days: length of an opportunity, in days. It depends on the business: 365.25 for a yearly appeal, the days between two
            markets, sailings or collections. The default, a week, is short enough for most customers to buy at most once in it.
        level: of the intervals in the summary.
        weight_column: column with the number of customers a row stands for; empty if each row is one.

    Examples:
        >>> from datetime import date
        >>> ages = [[], [3.0], [4.0, 11.0, 25.0], [20.0], [], [6.0, 30.0], [], [12.0]]
        >>> first = [date(2025, 5, 26)] * 8
        >>> past = {"repeat_purchases": [len(a) for a in ages], "last_purchase_age_days": [max(a, default=0.0) for a in ages]}
        >>> seen = pl.DataFrame(
        ...     {"customer_id": list("abcdefgh"), **past, "observed_days": [35.0] * 8, "first_order_on": first, "repeat_ages_days": ages}
        ... )
        >>> fitted = BgBb().fit(seen, as_of=date(2025, 6, 30))
        >>> fitted.score(seen, horizon_days=28).columns
        ['customer_id', 'p_alive', 'expected_orders_28d', 'order_probability_28d']
    """

    name: ClassVar[str] = "lifetime_value.bg_bb"
    label = Text("BG/BB", "BG/BB")
    purpose = Text(
        "BG/BB: purchases at occasions (a yearly appeal, a market), and the probability of still being a customer.",
        "BG/BB : les achats faits à des occasions (un appel annuel, un marché) et la probabilité d’être encore client.",
    )
    role, reads = ORDERS, HISTORIES
    competes = True
    figures = ("frequency_histogram", "opportunity_surface", "spreads", "tracking", "purchases_by_frequency", "deciles")
    family: ClassVar[str] = "lifetime_value"
    holdout_metric: ClassVar[HoldoutMetric] = HOLDOUT_METRIC

    period_days: float = 7.0
    level: float = LEVEL
    weight_column: str = ""

    def __post_init__(self) -> None:
        """Check the ranges of the settings, and the column of weights."""
        check_scalar(self.period_days, "period_days", ge=SHORTEST_PERIOD_DAYS, where=self.name)
        check_level(self.level, where=self.name)
        check_weight_column(self.weight_column, PURCHASE_HISTORIES.names, where=self.name)

    @property
    def needs(self) -> Contract:
        """Columns that fit reads."""
        return replace(PURCHASE_HISTORIES, columns=(*PURCHASE_HISTORIES.columns, *columns_of(self.weight_column)))

    def fit(self, features: pl.DataFrame, *, as_of: date) -> FittedBgBb:
        """Return the model fitted by maximum likelihood to the opportunities that are over.

        Args:
            features: one row per customer with the columns of `needs`.
            as_of: last day whose facts are in the features.

        Raises:
            TableError: a column is missing, a value is impossible, or a customer is duplicated.
            NotEnoughEventsError: no opportunity is over, too few customers bought again, or all bought at every opportunity.
            NotConvergedError: no optimum was found.
        """
        frame, weights = with_weight(read_columns(features, self.needs), self.weight_column)
        seen = Opportunities.of(frame, self.period_days, weights)
        best = fit_counts(seen.counts, where=self.name)
        ratio = seen.purchases / seen.taken
        info = FitInfo(
            as_of=as_of,
            rows=len(frame),
            log_likelihood=best.value,
            converged=True,
            fingerprint=fingerprint(frame.drop("customer_id")),
            remarks=(*as_newcomers(features), *_remarks(seen, ratio), *best.remarks(TERMS)),
        )
        terms = dict(zip(TERMS, np.exp(best.at).tolist(), strict=True))
        return FittedBgBb(settings=self, info=info, covariance=best.covariance, purchases_per_opportunity=ratio, **terms)

    def judge(self, fitted: FittedBgBb, features: pl.DataFrame, outcomes: pl.DataFrame) -> dict[str, float]:
        """Return errors of the expected purchase days on the holdout, as `judge_purchases` does.

        The model expects opportunities taken; they are multiplied by the purchase days per opportunity of the calibration, so that
        the metrics are comparable with those of the other models.
        """
        return judge_purchases(fitted, features, outcomes)


@dataclass(frozen=True, kw_only=True, eq=False)
class FittedBgBb(PurchasesAhead):
    """A fitted BG/BB model.

    Attributes:
        settings: what was fitted.
        info: facts about the fit.
        alpha: first parameter of the probabilities of buying at an opportunity.
        beta: second parameter.
        gamma: first parameter of the probabilities of leaving before one.
        delta: second parameter.
        covariance: of the logarithms of the four, shape (4, 4); NaN for one without a standard error.
        purchases_per_opportunity: mean purchase days in an opportunity with at least one, over the calibration; taken as known.
    """

    name: ClassVar[str] = BgBb.name
    format: ClassVar[int] = 1

    settings: BgBb
    info: FitInfo
    alpha: float
    beta: float
    gamma: float
    delta: float
    covariance: Floats
    purchases_per_opportunity: float

    @property
    def needs(self) -> Contract:
        """Columns that score reads."""
        return PURCHASE_HISTORIES

    @property
    def parameters(self) -> Parameters:
        """alpha, beta, gamma, delta."""
        return self.alpha, self.beta, self.gamma, self.delta

    @property
    def coordinates(self) -> Floats:
        """Logarithms of the parameters, shape (4,), the coordinates of `covariance`."""
        return np.log(self.parameters)

    def moved(self, coordinates: Floats) -> Self:
        """Return the same model at other coordinates, for `uncertainty`."""
        return replace(self, **dict(zip(TERMS, np.exp(coordinates).tolist(), strict=True)))

    def summary(self) -> pl.DataFrame:
        """Return term, estimate, std_error, lower, upper.

        Standard errors come from the observed information, by the delta method; the interval is made on the
        logarithm, so that it stays positive.
        """
        estimates = np.array(self.parameters)
        errors = np.sqrt(np.diag(self.covariance))
        return summary_of(TERMS, estimates, errors, self.settings.level, positive=len(TERMS))

    def probability_alive(self, features: pl.DataFrame) -> Floats:
        """Return the probability that each customer is still alive on the as-of day, shape (n,), in the order of the rows.

        At the end of an opportunity it is P(alive at n): one for those who bought in it. An opportunity under way counts in proportion.
        """
        return self.probability_alive_later(features, 0.0)

    def probability_alive_next(self, features: pl.DataFrame) -> Floats:
        """Return P(alive at n + 1), the P(alive) of the paper and of BTYD: at the first opportunity that is not over, shape (n,)."""
        seen = self._read(features)
        return probability_alive_next(*self.parameters, seen.x, seen.t_x, seen.n)

    def probability_alive_later(self, features: pl.DataFrame, days: float) -> Floats:
        """Return the probability that each customer is still alive `days` after the as-of day, shape (n,)."""
        self._check_ahead(days)
        seen = self._read(features)
        return self._alive(seen) * self._survival(seen.n, seen.under_way + days / self.settings.period_days)

    def expected_purchases(self, features: pl.DataFrame, days: float) -> Floats:
        """Return the purchase days expected of each customer in the `days` after the as-of day, shape (n,)."""
        return self.expected_opportunities(features, days) * self.purchases_per_opportunity

    def expected_opportunities(self, features: pl.DataFrame, days: float) -> Floats:
        """Return the number of opportunities each customer is expected to take in the `days` after the as-of day, shape (n,)."""
        self._check_ahead(days)
        seen = self._read(features)
        return self._alive(seen) * self._taken(seen.x, seen.n, seen.under_way, days)

    def discounted_opportunities(self, features: pl.DataFrame, *, annual_discount_rate: float) -> Floats:
        """Return the discounted number of opportunities that each customer will ever take (DERT), shape (n,).

        Convention of the paper: each opportunity is discounted from its end, by 1 / (1 + d) for the first that is not over.
        `discounted_value.dert` spreads it over its days, which makes it d / log(1 + d) times as much for a customer at the end of an
        opportunity.

        Args:
            features: the columns of `needs`, as of any day.
            annual_discount_rate: 0.10 for 10 % a year of 365.25 days; d is the rate of one opportunity.

        Raises:
            ParameterError: a rate that is not above zero.
        """
        if not 0 < annual_discount_rate < np.inf:
            raise ParameterError(
                f"annual_discount_rate is {annual_discount_rate}; it must be above 0 without a horizon.",
                where=self.name,
                remedy="Write 0.10 for 10 % a year.",
            )
        seen = self._read(features)
        d = float(np.expm1(np.log1p(annual_discount_rate) * self.settings.period_days / DAYS_PER_YEAR))
        return self._alive(seen) * discounted_opportunities_if_alive(*self.parameters, seen.x, seen.n, d)

    def purchases_probability(self, features: pl.DataFrame, purchases: Sequence[int] | NDArray[Any], days: float) -> Floats:
        """Return the probability that each customer makes exactly `purchases[i]` purchases in the `days` after the as-of day.

        Args:
            features: the columns of `needs`.
            purchases: purchase days, one number per row, shape (n,).
            days: horizon, in days.
        """
        self._check_ahead(days)
        seen = self._read(features)
        wanted = whole_numbers(purchases, len(seen.x), self.name).astype(np.int64)
        alive = self._alive(seen)
        rows = np.stack((seen.x, seen.n, seen.under_way, wanted), axis=1)
        each, which = np.unique(rows, axis=0, return_inverse=True)
        x, n, under_way, number = each.T
        found = self._purchase_days(x.astype(np.int64), n.astype(np.int64), under_way, number.astype(np.int64), days)
        return np.where(wanted == 0, 1 - alive, 0.0) + alive * found[which.ravel()]

    def _order_probability(self, features: pl.DataFrame, days: float) -> Floats:
        seen = self._read(features)
        both, which = np.unique(seen.x + 1j * (seen.n + seen.under_way), return_inverse=True)
        x, n = both.real.astype(np.int64), np.floor(both.imag).astype(np.int64)
        under_way, found = both.imag - n, np.zeros(len(both))
        for weight, start, end in _windows(under_way, under_way + days / self.settings.period_days):
            found += weight * some_taken_if_alive(*self.parameters, x, n, start, end)
        return self._alive(seen) * found[which]

    def expected_purchases_new(self, days: float | Sequence[float] | Floats) -> Floats:
        """Return the repeat purchase days expected of a new customer within `days` of the first purchase, shape of `days`."""
        ahead = np.asarray(days, dtype=float) / self.settings.period_days
        return np.asarray(expected_opportunities_new(*self.parameters, ahead) * self.purchases_per_opportunity)

    def purchase_probability(self, purchases: Sequence[int] | NDArray[Any], days: float) -> Floats:
        """Return the probability that a new customer makes each number of repeat purchases within `days`."""
        self._check_ahead(days)
        wanted = _whole(purchases, self.name)
        none = np.zeros(wanted.shape, dtype=np.int64)
        return self._purchase_days(none, none, none.astype(np.float64), wanted, days)

    def over_pairs(self, features: pl.DataFrame, value: Callable[[Callable[[float], Floats]], Floats]) -> tuple[Floats, Floats]:
        """Return P(alive) of each customer, and `value` of the purchases ahead of those alive, both (n,).

        Args:
            features: the columns of `needs`, as of any day.
            value: of a function that returns the purchases expected in a number of days. It is called for customers who
                differ in what matters, not for all of them, and returns one number for each.
        """
        seen = self._read(features)
        # Opportunities taken and time observed in one number, as sorting by two columns takes far longer.
        both, which = np.unique(seen.x + 1j * (seen.n + seen.under_way), return_inverse=True)
        x, n = both.real.astype(np.int64), np.floor(both.imag).astype(np.int64)
        under_way = both.imag - n
        stays = self._survival(n, under_way)
        ahead = value(lambda days: self._taken(x, n, under_way, days) * self.purchases_per_opportunity / stays)
        alive = self._alive(seen) * self._survival(seen.n, seen.under_way)
        return alive, ahead[which]

    def _read(self, features: pl.DataFrame) -> Opportunities:
        return Opportunities.of(read_columns(features, self.needs), self.settings.period_days)

    def _alive(self, seen: Opportunities) -> Floats:
        """Return P(alive at n)."""
        return probability_alive(*self.parameters, seen.x, seen.t_x, seen.n)

    def _survival(self, n: Counts, ahead: Floats) -> Floats:
        """Return P(alive at n + ahead | alive at n), linear between opportunities, shape (m,)."""
        each, which = row_index(n)
        whole = np.floor(ahead).astype(np.int64)
        alive = alive_ahead(self.gamma, self.delta, each, int(whole.max(initial=0)) + 1)
        share = ahead - whole
        return (1 - share) * alive[which, whole] + share * alive[which, whole + 1]

    def _taken(self, x: Counts, n: Counts, under_way: Floats, days: float) -> Floats:
        """Return the opportunities expected to be taken in the `days` after the as-of day of customers alive at n, shape (m,)."""
        until = opportunities_alive(self.gamma, self.delta, n, under_way + days / self.settings.period_days)
        return (self.alpha + x) / (self.alpha + self.beta + n) * (until - opportunities_alive(self.gamma, self.delta, n, under_way))

    def _purchase_days(self, x: Counts, n: Counts, under_way: Floats, wanted: Counts, days: float) -> Floats:
        """Return P(`wanted` purchase days in the `days` after the as-of day) of customers alive at n, shape (m,)."""
        found = np.zeros(len(wanted))
        for weight, start, end in _windows(under_way, under_way + days / self.settings.period_days):
            some = np.flatnonzero(weight > 0)
            found[some] += weight[some] * self._purchase_days_between(x[some], n[some], start[some], end[some], wanted[some])
        return found

    def _purchase_days_between(self, x: Counts, n: Counts, start: Counts, end: Counts, wanted: Counts) -> Floats:
        """Return P(`wanted` purchase days at opportunities n + start + 1, ..., n + end) of customers alive at n, shape (m,)."""
        # One row for each number of opportunities that may contain so many purchase days.
        most, least = np.minimum(wanted, end - start), np.minimum(wanted, 1)
        if self.purchases_per_opportunity == 1:
            least = wanted
        times = np.maximum(most - least + 1, 0)
        who = np.repeat(np.arange(len(wanted)), times)
        taken = np.arange(len(who)) - np.repeat(np.cumsum(times) - times, times) + least[who]
        stays = np.where(start == 0, 1.0, (self.delta + n) / (self.gamma + self.delta + n))
        # From `start` on he is a customer alive at n + start whose opportunities in between are unknown.
        beta = np.asarray(self.beta - start, dtype=np.float64)
        chance = taken_probability_if_alive(
            self.alpha, beta[who], self.gamma, self.delta, x[who], (n + start)[who], taken, (end - start)[who]
        )
        chance *= _days_probability(taken, wanted[who], self.purchases_per_opportunity)
        found = stays * np.bincount(who, weights=chance, minlength=len(wanted)).astype(np.float64)
        return found + np.where(wanted == 0, 1 - stays, 0.0)


def _windows(start: Floats, end: Floats) -> list[tuple[Floats, Counts, Counts]]:
    """Return weights and opportunities, after the first and up to the last, of the time from `start` to `end`, shape (m,) each.

    A customer's purchases fall at the same moment of every opportunity, which is spread evenly: whether it comes before
    the start and before the end determines which opportunities count.
    """
    whole = np.floor(end).astype(np.int64)
    part, none = end - whole, np.zeros(len(end), dtype=np.int64)
    return [
        (np.minimum(start, part), none + 1, whole + 1),
        (np.maximum(part - start, 0.0), none, whole + 1),
        (np.maximum(start - part, 0.0), none + 1, whole),
        (1 - np.maximum(start, part), none, whole),
    ]


def _days_probability(taken: Counts, wanted: Counts, ratio: float) -> Floats:
    """Return P(`wanted` purchase days in `taken` opportunities), `ratio` in each on average: 1 plus a geometric number.

    Examples:
        >>> _days_probability(np.array([1, 1, 0]), np.array([1, 2, 0]), 1.25).round(4).tolist()
        [0.8, 0.16, 1.0]
    """
    if ratio == 1:
        return np.asarray(taken == wanted, dtype=np.float64)
    more, some = wanted - taken, taken > 0
    ways = special.gammaln(np.maximum(wanted, 1)) - special.gammaln(np.maximum(taken, 1)) - special.gammaln(np.maximum(more, 0) + 1)
    found = np.exp(ways - taken * np.log(ratio) + more * np.log1p(-1 / ratio))
    return np.where(some, np.where(more >= 0, found, 0.0), (wanted == 0).astype(np.float64))


def _whole(purchases: Sequence[int] | NDArray[Any], where: str) -> Counts:
    given = np.asarray(purchases, dtype=np.float64)
    if not ((given >= 0) & (given == np.floor(given)) & (given < np.inf)).all():
        raise ParameterError("purchases must be whole numbers from 0.", where=where)
    return given.astype(np.int64)


def _remarks(seen: Opportunities, ratio: float) -> tuple[Remark, ...]:
    """Return remarks on what was left out, and on the factor of the expectations."""
    remarks = []
    if new := int(seen.customers[seen.n == 0].sum()):
        remarks.append(
            Remark(
                "observed_too_briefly",
                f"{new:,} customers have been observed for less than one opportunity and say nothing to the fit.",
                f"{french(new)} clients sont suivis depuis trop peu de temps pour une occasion d’acheter ; le modèle n’apprend rien d’eux.",
            )
        )
    if seen.left_out:
        every = seen.purchases + seen.left_out
        remarks.append(
            Remark(
                "open_opportunities",
                f"{seen.left_out:,.0f} of {every:,.0f} repeat purchase days lie in an opportunity that is not over and were left out.",
                f"{french(seen.left_out)} jours de rachat sur {french(every)} tombent dans une période en cours et ont été écartés.",
            )
        )
    if ratio > 1:
        remarks.append(
            Remark(
                "several_days_an_opportunity",
                f"Opportunities with a purchase held {ratio:.3f} purchase days on average; expectations are in purchase days.",
                f"Une période avec achat compte {french(ratio, 3)} jours d’achat en moyenne ; les prévisions sont en jours d’achat.",
            )
        )
    return tuple(remarks)
