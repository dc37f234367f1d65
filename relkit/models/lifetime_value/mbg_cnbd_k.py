"""MBG/CNBD-k: purchases more regular than at random, and unobserved dropout, of customers without a contract.

The intervals of a customer are Erlang(k, lambda): k = 1 is the random buying of the MBG/NBD, a larger k is a rhythm. Rates differ
between customers as a gamma(r, alpha), and after each purchase, the first included, a customer leaves with his probability p,
which is beta(a, b). A rhythm shows sooner that a customer has left, and when his next purchase is due: P(alive) and his expectation
depend on the time since the last purchase relative to his own intervals.

    Reutterer, T., Platzer, M. and Schroeder, N. (2021), Leveraging purchase regularity for predicting customer behavior the easy
    way. International Journal of Research in Marketing 38 (1), 194-215.
    Platzer, M. and Reutterer, T. (2016), Ticking away the moments: timing regularity helps to better predict customer activity.
    Marketing Science 35 (5), 779-799.

A fit needs x, t_x, T and the sum of the logarithms of the intervals; the last does not affect r, alpha, a, b, but makes likelihoods
of different k comparable, so that k can be chosen by them. Predictions are exact: the stage of an interval that a customer has
reached is averaged over (`erlang_stages`), while the paper scales the expectation of a model with k = 1.

`once_may_leave=False` is the BG/CNBD-k, in which nobody leaves at the first purchase.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
import polars as pl
from numpy.typing import NDArray
from scipy import special

from relkit.contracts import Contract  # noqa: TC001 storage reads the types of the fields
from relkit.errors import NotConvergedError
from relkit.models.base import FitInfo, fingerprint
from relkit.models.lifetime_value.covariate_effects import Regression
from relkit.models.lifetime_value.erlang_likelihood import Population
from relkit.models.lifetime_value.erlang_stages import (
    departures_by_stage,
    purchases_by_stage,
    reached_by_stage,
    stage_table,
    stage_weights,
)
from relkit.models.lifetime_value.family import HISTORIES, ORDERS
from relkit.models.lifetime_value.formulas import after_a_repeat_purchase, always
from relkit.models.lifetime_value.older_customers import OLDER, is_older
from relkit.models.lifetime_value.purchase_model import FittedPurchaseModel, Formulas, PurchaseModel
from relkit.models.lifetime_value.purchases import PURCHASE_HISTORIES, PURCHASES, PurchaseCounts, compressed
from relkit.models.lifetime_value.purchases_ahead import whole_numbers
from relkit.remarks import Remark
from relkit.scalars import check_scalar
from relkit.texts import Text

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import date

    from relkit.models.lifetime_value.formulas import Each
    from relkit.models.lifetime_value.purchases_ahead import Ahead
    from relkit.models.maximum import Maximum

Floats = NDArray[np.float64]

MOST_STAGES = 12
# With fewer customers with two intervals, a rhythm would be inferred from the shape of gamma and beta alone.
_FEWEST = 20


# --- the paper, on arrays ---------------------------------------------------------------------------------------


def log_likelihood(
    k: int,
    r: float,
    alpha: float,
    a: float,
    b: float,
    x: Floats,
    t_x: Floats,
    T: Floats,
    log_intervals: Floats,
    *,
    once_may_leave: bool = True,
) -> Floats:
    """Return the log-likelihood of each customer, shape (n,).

    Args:
        k: stages of an interval; 1 is the MBG/NBD.
        r: shape of the purchase rates.
        alpha: scale of the rates of stages, in units of time: an interval has the mean k / lambda.
        a: first parameter of the drop-out probabilities.
        b: second parameter of the drop-out probabilities.
        x: repeat purchases, shape (n,).
        t_x: time of the last purchase, shape (n,).
        T: time observed, shape (n,).
        log_intervals: sum of the logarithms of the x intervals, 0 if x is 0, shape (n,).
        once_may_leave: a customer may leave at the first purchase.

    Examples:
        >>> customer = np.array([2.0]), np.array([30.0]), np.array([39.0]), np.array([np.log(14.0 * 16.0)])
        >>> float(log_likelihood(2, 0.5, 6.0, 0.9, 1.6, *customer)[0].round(4))
        -8.959
    """
    x, t_x, T = (np.asarray(values, dtype=float) for values in (x, t_x, T))
    first, shape = int(once_may_leave), r + k * x
    timing = (k - 1) * np.asarray(log_intervals) - x * special.gammaln(k)
    shared = special.gammaln(shape) - special.gammaln(r) + r * np.log(alpha) + special.betaln(a, b + x + first) - special.betaln(a, b)
    alive = stage_weights(k, r, alpha, x, t_x, T)[1] - shape * np.log(alpha + T)
    return np.asarray(
        timing + shared + alive + np.logaddexp(0.0, _log_odds_gone(k, r, alpha, a, b, x, t_x, T, once_may_leave=once_may_leave))
    )


def probability_alive(
    k: int, r: float, alpha: float, a: float, b: float, x: Floats, t_x: Floats, T: Floats, *, once_may_leave: bool = True
) -> Floats:
    """Return the probability that each customer has not left by T, shape (n,).

    Examples:
        >>> late = np.array([6.0]), np.array([24.0]), np.array([39.0])
        >>> [float(probability_alive(k, 0.5, 6.0 / k, 0.9, 1.6, *late)[0].round(3)) for k in (1, 3)]
        [0.377, 0.056]
    """
    x, t_x, T = (np.asarray(values, dtype=float) for values in (x, t_x, T))
    return np.asarray(special.expit(-_log_odds_gone(k, r, alpha, a, b, x, t_x, T, once_may_leave=once_may_leave)))


def _log_odds_gone(
    k: int, r: float, alpha: float, a: float, b: float, x: Floats, t_x: Floats, T: Floats, *, once_may_leave: bool
) -> Floats:
    may = (x > 0) | once_may_leave
    odds = np.log(a / np.where(may, b + x - 1 + once_may_leave, 1.0)) + (r + k * x) * np.log((alpha + T) / (alpha + t_x))
    return np.where(may, odds - stage_weights(k, r, alpha, x, t_x, T)[1], -np.inf)


def purchases_if_alive(
    k: int, r: float, alpha: float, a: float, b: float, x: Floats, T: Floats, t: float, *, once_may_leave: bool = True
) -> Floats:
    """Return the purchases expected in (T, T + t] of customers alive at T, by the stage of the interval they are in, shape (n, k).

    Examples:
        >>> purchases_if_alive(2, 0.5, 6.0, 0.9, 1.6, np.array([3.0]), np.array([39.0]), 39.0).round(3).tolist()
        [[2.189, 2.862]]
    """
    return stage_table(k, r, a, b + once_may_leave)(np.asarray(x, dtype=float), t / (alpha + np.asarray(T, dtype=float)))


def alive_later_if_alive(
    k: int, r: float, alpha: float, a: float, b: float, x: Floats, T: Floats, t: float, *, once_may_leave: bool = True
) -> Floats:
    """Return P(alive at T + t) of customers alive at T, by stage, shape (n, k).

    Examples:
        >>> alive_later_if_alive(2, 0.5, 6.0, 0.9, 1.6, np.array([3.0]), np.array([39.0]), 39.0).round(3).tolist()
        [[0.734, 0.664]]
    """
    x, T = np.asarray(x, dtype=float), np.asarray(T, dtype=float)
    return 1 - departures_by_stage(k, r, a, b + x + once_may_leave, x, t / (alpha + T))


def purchase_probability_if_alive(
    k: int, r: float, alpha: float, a: float, b: float, x: Floats, T: Floats, m: Floats, t: float, *, once_may_leave: bool = True
) -> Floats:
    """Return P(m purchases in (T, T + t]) of customers alive at T, by stage, shape (n, k); m of shape (n,).

    Examples:
        >>> every = np.arange(500.0)
        >>> each = purchase_probability_if_alive(2, 0.5, 6.0, 0.9, 1.6, np.full(500, 3.0), np.full(500, 39.0), every, 39.0)
        >>> each.sum(axis=0).round(9).tolist(), (every @ each).round(3).tolist()
        ([1.0, 1.0], [2.189, 2.862])
    """
    x, T, m = (np.asarray(values, dtype=float) for values in (x, T, m))
    rest, tau, some = b + x + once_may_leave, t / (alpha + T), np.maximum(m, 1)
    so_many, more = (reached_by_stage(k, r, x, tau, number) for number in (m, m + 1))
    # They came and he stayed through all but the last, or he left at the last although another would have come.
    stayed = np.where(m > 0, np.exp(special.betaln(a, rest + some - 1) - special.betaln(a, rest)), 1.0)
    left = np.where(m > 0, np.exp(special.betaln(a + 1, rest + some - 1) - special.betaln(a, rest)), 0.0)
    return np.asarray(stayed[:, None] * (so_many - more) + left[:, None] * more)


def order_probability_if_alive(
    k: int, r: float, alpha: float, a: float, b: float, x: Floats, T: Floats, t: float, *, once_may_leave: bool = True
) -> Floats:
    """Return P(a purchase in (T, T + t]) of customers alive at T, by the stage of the interval they are in, shape (n, k).

    Examples:
        >>> order_probability_if_alive(2, 0.5, 6.0, 0.9, 1.6, np.array([3.0]), np.array([39.0]), 39.0).round(3).tolist()
        [[0.93, 0.991]]
    """
    del a, b, once_may_leave
    x, T = np.asarray(x, dtype=float), np.asarray(T, dtype=float)
    return reached_by_stage(k, r, x, t / (alpha + T), np.ones(len(x)))


def expected_purchases_new(k: int, r: float, alpha: float, a: float, b: float, t: Floats, *, once_may_leave: bool = True) -> Floats:
    """Return the repeat purchases expected of a new customer in (0, t], shape of `t`.

    Examples:
        >>> expected_purchases_new(2, 0.5, 6.0, 0.9, 1.6, np.array([52.0])).round(3)
        array([0.805])
    """
    ahead = np.atleast_1d(np.asarray(t, dtype=float))
    tau = ahead.ravel() / alpha
    found = purchases_by_stage(k, r, a, np.full(len(tau), b + once_may_leave), np.zeros(len(tau)), tau)[:, 0]
    return np.asarray((b / (a + b) if once_may_leave else 1.0) * found).reshape(ahead.shape)


def purchase_probability(k: int, r: float, alpha: float, a: float, b: float, x: Floats, t: float, *, once_may_leave: bool = True) -> Floats:
    """Return P(X(t) = x) of a new customer, shape of `x`.

    Examples:
        >>> float(purchase_probability(2, 0.5, 6.0, 0.9, 1.6, np.arange(900), 39.0).sum().round(6))
        1.0
    """
    x = np.asarray(x, dtype=float)
    new = np.zeros_like(x)
    here = b / (a + b) if once_may_leave else 1.0
    made = purchase_probability_if_alive(k, r, alpha, a, b, new, new, x, t, once_may_leave=once_may_leave)[:, 0]
    return np.asarray(here * made + (1 - here) * (x == 0))


def formulas_of(k: int, *, once_may_leave: bool = True) -> Formulas:
    """Return the model with k stages; predictions given alive have a column for each stage of the interval, shape (n, k)."""
    given: dict[str, Any] = {"once_may_leave": once_may_leave}
    return Formulas(
        terms=("r", "alpha", "a", "b"),
        times=("alpha",),
        start=lambda rate: (1.0, 1.0 / (k * rate), 1.0, 4.0),
        population=partial(Population.of, k=k, **given),
        probability_alive=partial(probability_alive, k, **given),
        purchases_if_alive=partial(purchases_if_alive, k, **given),
        alive_later_if_alive=partial(alive_later_if_alive, k, **given),
        purchase_probability_if_alive=partial(purchase_probability_if_alive, k, **given),
        order_probability_if_alive=partial(order_probability_if_alive, k, **given),
        expected_purchases_new=partial(expected_purchases_new, k, **given),
        purchase_probability=partial(purchase_probability, k, **given),
        tells_alive=always if once_may_leave else after_a_repeat_purchase,
    )


# --- settings and fitted model ----------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class MbgCnbdK(PurchaseModel):
    """Settings of the MBG/CNBD-k model.

    Attributes:
        period_days: the unit of time of parameters and log-likelihood, in days; features and horizons stay in days.
        level: of the intervals in the summary.
        k: stages of an interval, 1 to 12; None chooses the most likely, stopping after two in a row that are less so.
        once_may_leave: a customer may leave at the first purchase; False is the BG/CNBD-k.
        weight_column: column with the number of customers a row stands for; empty if each row is one.

    Examples:
        >>> from datetime import date, timedelta
        >>> import polars as pl
        >>> as_of, ages = date(2025, 6, 30), [[], [], [12.0, 30.0], [40.0, 90.0, 120.0, 200.0], [10.0], [45.0, 90.0], [], [60.0]]
        >>> T = [90, 200, 250, 260, 250, 120, 30, 300]
        >>> days = {"last_purchase_age_days": [max(each, default=0.0) for each in ages], "observed_days": T, "repeat_ages_days": ages}
        >>> first = {"customer_id": list("abcdefgh"), "first_order_on": [as_of - timedelta(days=each) for each in T]}
        >>> people = pl.DataFrame({**first, "repeat_purchases": [len(each) for each in ages], **days})
        >>> fitted = MbgCnbdK(k=2).fit(people, as_of=as_of)
        >>> fitted.score(people, horizon_days=30).columns
        ['customer_id', 'p_alive', 'expected_orders_30d', 'order_probability_30d']
    """

    name: ClassVar[str] = "lifetime_value.mbg_cnbd_k"
    label = Text("MBG/CNBD-k", "MBG/CNBD-k")
    purpose = Text(
        "MBG/CNBD-k: orders ahead and the probability of still buying, for customers who buy at a rhythm.",
        "MBG/CNBD-k : les commandes à venir et la probabilité d’acheter encore, pour des clients qui achètent à un rythme régulier.",
    )
    role, reads = ORDERS, HISTORIES
    competes = True
    figures = (
        "frequency_histogram",
        "alive_surface",
        "spreads",
        "rate_ratios",
        "tracking",
        "purchases_by_frequency",
        "deciles",
        "interval_shares",
    )
    formulas: ClassVar[Formulas] = formulas_of(1)
    contract: ClassVar[Contract] = PURCHASE_HISTORIES

    k: int | None = None
    once_may_leave: bool = True

    def __post_init__(self) -> None:
        """Check the number of stages."""
        super().__post_init__()
        if self.k is not None:
            check_scalar(self.k, "k", ge=1, le=MOST_STAGES, where=self.name, remedy="Leave it out to have it chosen.")

    def fit(self, features: pl.DataFrame, *, as_of: date) -> FittedMbgCnbdK:
        """Return the model fitted by maximum likelihood.

        Args:
            features: one row per customer with the columns of `needs`; others are ignored.
            as_of: last day whose facts are in the features.

        Raises:
            TableError: a column is missing, a value is impossible, or a customer is duplicated.
            NotEnoughEventsError: too few customers bought again.
            NotConvergedError: no optimum was found.
        """
        frame, weights, known = self._read_to_learn(features)
        counts, older = PurchaseCounts.of(frame, weights), is_older(frame[OLDER]) if known else None
        tried, why = self._tried(int(counts.customers[counts.x > 1].sum()))
        profile = self._profile(counts, older, _log_intervals(frame, weights), tried)
        k = max(profile, key=lambda each: profile[each][0])
        likely, best, unit = profile[k]
        values = {each: value for each, (value, _, _) in profile.items()}
        names = (*self.formulas.terms, *self.effects_of(known).names)
        found = Regression(best.at[:4], best.at[4:], best.covariance, best.value, best.remarks(names))
        info = FitInfo(
            as_of=as_of,
            rows=len(frame),
            log_likelihood=likely,
            converged=True,
            fingerprint=fingerprint(frame.drop("customer_id").with_columns(_as_text("repeat_ages_days"))),
            remarks=(*why, *_on_profile(values, k), *self._on_older(features, frame, known, found), *found.remarks),
        )
        terms: dict[str, Any] = self.formulas.scaled(np.exp(found.logs).tolist(), unit / self.period_days)
        own: dict[str, Any] = {"k": k, "profile": np.array(list(values.values())), "customers": float(counts.customers.sum())}
        effects: dict[str, Any] = {"covariates": known, "coefficients": found.coefficients}
        return FittedMbgCnbdK(settings=self, info=info, covariance=found.covariance, **effects, **own, **terms)

    def _profile(
        self, counts: PurchaseCounts, older: NDArray[np.bool_] | None, log_intervals: float, tried: tuple[int, ...]
    ) -> dict[int, tuple[float, Maximum, float]]:
        """Return log-likelihood, maximum and its unit of time for each k, until the likelihood falls twice in a row."""
        purchases = float(counts.customers @ counts.x)
        counts, older = _compressed(counts, older)
        given: dict[str, Any] = {"where": self.name, "coefficients": int(older is not None), "older": older}
        found: dict[int, tuple[float, Maximum, float]] = {}
        for k in tried:
            try:
                best, unit = formulas_of(k, once_may_leave=self.once_may_leave).fit_counts(counts, **given)
            except NotConvergedError:
                if not found:
                    raise
                break
            timing = (k - 1) * (log_intervals - purchases * np.log(unit)) - purchases * float(special.gammaln(k))
            found[k] = float(best.value + timing - purchases * np.log(unit / self.period_days)), best, unit
            if len(found) > 2 and found[k][0] < found[k - 1][0] < found[k - 2][0]:
                break
        return found

    def _tried(self, with_two: int) -> tuple[tuple[int, ...], tuple[Remark, ...]]:
        if self.k is not None:
            return (self.k,), ()
        if with_two < _FEWEST:
            return (1,), (_too_few(with_two),)
        return tuple(range(1, MOST_STAGES + 1)), ()


@dataclass(frozen=True, kw_only=True, eq=False)
class FittedMbgCnbdK(FittedPurchaseModel):
    """A fitted MBG/CNBD-k model.

    Attributes:
        settings: what was fitted.
        info: facts about the fit; its notes explain the choice of k.
        k: stages of an interval; 1 is random buying, larger is more regular.
        profile: log-likelihood with k = 1, 2, ... as far as tried, shape (m,); of the one k if it was given.
        r: shape of the purchase rates.
        alpha: scale of the rates of stages, in periods of `settings.period_days`; an interval has the mean k / lambda.
        a: first parameter of the drop-out probabilities.
        b: second parameter of the drop-out probabilities.
        covariance: of the logarithms of r, alpha, a, b, shape (4, 4), for this k; NaN for one without a standard error.
    """

    name: ClassVar[str] = MbgCnbdK.name

    settings: MbgCnbdK
    k: int
    profile: Floats
    r: float
    alpha: float
    a: float
    b: float

    @property
    def formulas(self) -> Formulas:
        """The model on arrays, with its k."""
        return formulas_of(self.k, once_may_leave=self.settings.once_may_leave)

    @property
    def needs(self) -> Contract:
        """Columns that score reads: the summary is sufficient once the model is fitted."""
        return replace(PURCHASES, columns=(*PURCHASES.columns, *(known.declared for known in self.covariates)))

    def over_pairs(self, features: pl.DataFrame, value: Callable[[Ahead], Floats]) -> tuple[Floats, Floats]:
        """Return P(alive) of each customer, and `value` of the purchases ahead of those alive, both (n,).

        Args:
            features: the columns of `needs`, as of any day.
            value: of a function that returns the purchases expected in a number of days. It is called for each x, T and stage that occur,
                and returns one number for each, which is averaged over the stage of a customer.
        """
        expected = self.formulas.purchases_if_alive
        return self._over_stages(features, lambda own, x, T: value(lambda days: expected(*own, x, T, days).ravel()))

    def probability_alive_later(self, features: pl.DataFrame, days: float) -> Floats:
        """Return the probability that each customer is still alive `days` after the as-of day, shape (n,)."""
        self._check_ahead(days)
        alive, stays = self._over_stages(features, lambda own, x, T: self.formulas.alive_later_if_alive(*own, x, T, days))
        return alive * stays

    def _order_probability(self, features: pl.DataFrame, days: float) -> Floats:
        alive, buys = self._over_stages(features, lambda own, x, T: self.formulas.order_probability_if_alive(*own, x, T, days))
        return alive * buys

    def purchases_probability(self, features: pl.DataFrame, purchases: Sequence[int] | NDArray[Any], days: float) -> Floats:
        """Return the probability that each customer makes exactly `purchases[i]` purchases in the `days` after the as-of day.

        Args:
            features: the columns of `needs`.
            purchases: number of purchases, one per row, shape (n,).
            days: horizon, in days.

        Returns:
            Shape (n,); its mean logarithm on a holdout is the log-score of the model.
        """
        self._check_ahead(days)
        frame, exactly = self._read(features), self.formulas.purchase_probability_if_alive
        m, alive = whole_numbers(purchases, len(frame), self.name), self._alive(frame)

        def stays(own: tuple[Each, ...], x: Floats, t_x: Floats, T: Floats, m: Floats) -> Floats:
            return np.asarray((self._stages(own, x, t_x, T) * exactly(*own, x, T, m, days)).sum(axis=1))

        return np.asarray(alive * self._per_group(frame, stays, m) + np.where(m == 0, 1 - alive, 0.0))

    def _over_stages(self, features: pl.DataFrame, value: Callable[..., Floats]) -> tuple[Floats, Floats]:
        """Return P(alive), and the mean over stages of `value(terms, x, T)`, evaluated once for each pair that occurs."""
        frame = self._read(features)

        def averaged(own: tuple[Each, ...], x: Floats, t_x: Floats, T: Floats) -> Floats:
            pairs, pair = np.unique(x + 1j * T, return_inverse=True)
            by_stage = value(own, pairs.real, pairs.imag).reshape(-1, self.k)
            return np.asarray((self._stages(own, x, t_x, T) * by_stage[pair]).sum(axis=1))

        return self._alive(frame), self._per_group(frame, averaged)

    def _stages(self, own: tuple[Each, ...], x: Floats, t_x: Floats, T: Floats) -> Floats:
        """Return the probabilities of the stages of the interval that each customer is in, shape (n, k)."""
        r, alpha = float(own[0]), float(own[1])
        return stage_weights(self.k, r, alpha, x, t_x, T)[0]


def _compressed(counts: PurchaseCounts, older: NDArray[np.bool_] | None) -> tuple[PurchaseCounts, NDArray[np.bool_] | None]:
    """Return each triple of a group once, with the mask of those older than the data."""
    if older is None:
        return counts.compressed(), None
    found, group = compressed(counts, older[:, None].astype(np.float64))
    return found, group[:, 0] > 0


def _log_intervals(frame: pl.DataFrame, weights: Floats | None = None) -> float:
    """Return the weighted sum of the logarithms of all intervals, in days."""
    ages = frame.select(pl.col("repeat_ages_days").filter(pl.col("repeat_purchases") > 0))
    intervals = ages.select(pl.concat_list(pl.lit(0.0), "repeat_ages_days").list.diff(null_behavior="drop").alias("each")).explode("each")
    logs = np.log(intervals["each"].to_numpy())
    if weights is not None:
        logs = logs * np.repeat(weights, frame["repeat_purchases"].to_numpy())
    return float(np.sort(logs).sum())


def _as_text(column: str) -> pl.Expr:
    """Return a list column as text, for the fingerprint."""
    return pl.col(column).cast(pl.List(pl.String)).list.join(" ")


def _on_profile(profile: dict[int, float], k: int) -> tuple[Remark, ...]:
    if len(profile) < 2:
        return ()
    values = ", ".join(f"{value:.1f} with k = {each}" for each, value in profile.items())
    most = " It is the largest that was tried." if k == MOST_STAGES else ""
    rhythm = f"Le rythme d’achat retenu est de régularité k = {k}, celui que les données soutiennent le mieux."
    found = f"k = {k} has the largest log-likelihood: {values}.{most}"
    return (Remark("rhythm_chosen", found, f"{rhythm}{' C’est le plus régulier de ceux essayés.' if most else ''}"),)


def _too_few(with_two: int) -> Remark:
    return Remark(
        "rhythm_not_observed",
        f"k = 1 was taken: {with_two} customers came back twice, and {_FEWEST} must have for a rhythm to show.",
        f"Aucun rythme d’achat n’est supposé : {with_two} clients sont revenus deux fois, et il en faut {_FEWEST} pour voir un rythme.",
    )
