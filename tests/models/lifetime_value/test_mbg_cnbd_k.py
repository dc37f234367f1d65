from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

import numpy as np
import polars as pl
import pytest
import simulated_purchases
from scipy import integrate, special

from relkit.errors import NotEnoughEventsError, ParameterError, TableError
from relkit.features.purchase_histories import with_repeat_ages
from relkit.models.lifetime_value import bg_nbd, mbg_cnbd_k
from relkit.models.lifetime_value.bg_nbd import BgNbd
from relkit.models.lifetime_value.discounted_value import dert, discounted_orders
from relkit.models.lifetime_value.mbg_cnbd_k import FittedMbgCnbdK, MbgCnbdK
from relkit.models.lifetime_value.mbg_nbd import MbgNbd
from relkit.models.lifetime_value.pareto_nbd import ParetoNbd
from relkit.models.lifetime_value.purchases import PurchaseCounts
from relkit.models.lifetime_value.regularity import regularity
from relkit.models.lifetime_value.uncertainty import interval

if TYPE_CHECKING:
    from pathlib import Path

DAY = date(1997, 9, 30)
GROCERY_ENDS = date(2006, 12, 31)
HOLDOUT = 364.0
TRUTH = {"k": 3, "r": 1.2, "alpha": 12.0, "a": 0.6, "b": 2.5}
"""Parameters of the simulated customers, alpha in days."""
AT = (3, 1.2, 12.0, 0.6, 2.5)


@pytest.fixture(scope="module")
def cdnow_histories(cdnow: pl.DataFrame, purchase_days: pl.DataFrame) -> pl.DataFrame:
    known = purchase_days.filter(pl.col("day") <= DAY).select("customer_id", "day").sort("customer_id", "day")
    first = known.group_by("customer_id").agg(pl.col("day").min().alias("first_order_on"))
    return with_repeat_ages(cdnow.join(first, on="customer_id", maintain_order="left"), known)


@pytest.fixture(scope="module")
def grocery(real_data: Path) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The online grocery of BTYDplus: 52 weeks up to 2006-12-31, and the 52 weeks after it up to the last day, 2007-12-30."""
    log = pl.read_csv(real_data / "grocery_elog.csv", new_columns=["customer_id", "day"], schema_overrides=[pl.String, pl.Date])
    days = log.unique().sort("customer_id", "day")
    known = days.filter(pl.col("day") <= GROCERY_ENDS)
    summary = known.group_by("customer_id", maintain_order=True).agg(
        (pl.len().cast(pl.Int64) - 1).alias("repeat_purchases"),
        (pl.col("day").max() - pl.col("day").min()).dt.total_days().cast(pl.Float64).alias("last_purchase_age_days"),
        (pl.lit(GROCERY_ENDS) - pl.col("day").min()).dt.total_days().cast(pl.Float64).alias("observed_days"),
        pl.col("day").min().alias("first_order_on"),
    )
    later = days.filter(pl.col("day") > GROCERY_ENDS).group_by("customer_id").agg(pl.len().cast(pl.Int64).alias("holdout_purchases"))
    outcomes = summary.select("customer_id").join(later, on="customer_id", how="left").fill_null(0)
    return with_repeat_ages(summary, known), outcomes.with_columns(pl.lit(int(HOLDOUT)).alias("holdout_days"))


@pytest.fixture(scope="module")
def of_grocery(grocery: tuple[pl.DataFrame, pl.DataFrame]) -> FittedMbgCnbdK:
    return MbgCnbdK().fit(grocery[0], as_of=GROCERY_ENDS)


@pytest.fixture(scope="module")
def regular() -> tuple[pl.DataFrame, np.ndarray]:
    """6,000 customers observed for a year or two, and what they bought in the year after."""
    rng = np.random.default_rng(5)
    return simulated_purchases.regular_buyers(6_000, rng, **TRUTH, T=rng.integers(300, 731, 6_000).astype(float), ahead=365.0)


@pytest.fixture(scope="module")
def of_regular(regular: tuple[pl.DataFrame, np.ndarray]) -> FittedMbgCnbdK:
    return MbgCnbdK().fit(regular[0], as_of=DAY)


@pytest.fixture(scope="module")
def truth(of_regular: FittedMbgCnbdK) -> FittedMbgCnbdK:
    return of_regular.moved(np.log([1.2, 12.0 / 7, 0.6, 2.5]))


@pytest.fixture(scope="module")
def many() -> tuple[pl.DataFrame, np.ndarray]:
    return simulated_purchases.regular_buyers(150_000, np.random.default_rng(8), **TRUTH, T=200.0, ahead=90.0)


def letters(features: pl.DataFrame) -> list[np.ndarray]:
    return [features[name].cast(pl.Float64).to_numpy() for name in ("repeat_purchases", "last_purchase_age_days", "observed_days")]


class TestPublishedNumbers:
    def test_cdnow_is_bought_at_random(self, cdnow_histories: pl.DataFrame) -> None:
        """BTYDplus 1.2.0, demo cdnow.R: no regularity is detected, k = 1, and the model is the MBG/NBD: .525, 6.183, .891, 1.614."""
        fitted = MbgCnbdK().fit(cdnow_histories, as_of=DAY)
        assert fitted.k == 1
        assert fitted.parameters == pytest.approx((0.5248432, 6.1830851, 0.8913594, 1.6140023), abs=2e-6)
        assert fitted.info.log_likelihood == pytest.approx(-9582.1357, abs=5e-5)

    def test_groceries_are_bought_at_intervals_of_two_stages(self, of_grocery: FittedMbgCnbdK) -> None:
        """BTYDplus 1.2.0, vignette HowTo: "the estimate for regularity parameter k is 2"."""
        assert of_grocery.k == 2
        assert of_grocery.info.log_likelihood == of_grocery.profile.max()

    def test_their_intervals_alone_agree(self, grocery: tuple[pl.DataFrame, pl.DataFrame]) -> None:
        """Vignette: "the Wheat & Morrison estimator reports a regularity estimate of close to 2" (it draws which interval is the first)."""
        found = regularity(grocery[0])
        assert found.lower < 2 < found.upper
        assert found.k == pytest.approx(2, abs=0.1)
        assert found.p_value < 1e-9

    def test_the_forecast_of_the_vignette(self, of_grocery: FittedMbgCnbdK, grocery: tuple[pl.DataFrame, pl.DataFrame]) -> None:
        """BTYDplus 1.2.0, vignette HowTo: MBG/CNBD-k expects 3,970 purchases of an actual 3,389, sum of errors / actual .644.

        There the expectation of a customer is that of the MBG/NBD with k alpha instead of alpha, times a P(alive) that is
        exact, and scaled to what new customers are expected to do between T and T + 52 weeks. With our parameters, P(alive)
        and expectation of new customers that gives the printed figures, so all three agree.
        """
        features, outcomes = grocery
        x, _, T = letters(features)
        r, alpha, a, b = of_grocery.parameters
        actual = outcomes["holdout_purchases"].to_numpy()
        scaled = bg_nbd.purchases_if_alive(r, 2 * alpha, a, b + 1, x, T / 7, 52.0) * of_grocery.probability_alive(features)
        scaled *= (of_grocery.expected_purchases_new(T + HOLDOUT) - of_grocery.expected_purchases_new(T)).sum() / scaled.sum()
        assert len(features) == 1525
        assert actual.sum() == 3389
        assert scaled.sum() == pytest.approx(3970, abs=0.5)
        assert np.abs(scaled - actual).sum() / 3389 == pytest.approx(0.644, abs=5e-4)

    def test_the_exact_forecast_is_nearer(self, of_grocery: FittedMbgCnbdK, grocery: tuple[pl.DataFrame, pl.DataFrame]) -> None:
        """Vignette: 3,970 and .644 with its approximation (.688 with the Pareto/NBD); 3,815 and .621 with the Pareto/GGG by simulation."""
        judged = MbgCnbdK().judge(of_grocery, *grocery)
        assert judged["total_predicted_repeat_purchases"] == pytest.approx(3811.5, abs=0.1)
        assert judged["mae_repeat_purchases"] * 1525 / 3389 == pytest.approx(0.6299, abs=1e-4)
        for other in (MbgNbd(), ParetoNbd()):
            of_other = other.judge(other.fit(grocery[0], as_of=GROCERY_ENDS), *grocery)
            assert judged["mae_repeat_purchases"] < 0.94 * of_other["mae_repeat_purchases"]


class TestOneStage:
    @pytest.mark.parametrize(("model", "plain"), [(MbgCnbdK(k=1), MbgNbd()), (MbgCnbdK(k=1, once_may_leave=False), BgNbd())])
    def test_it_is_the_model_without_rhythm(self, cdnow_histories: pl.DataFrame, model: MbgCnbdK, plain: MbgNbd | BgNbd) -> None:
        fitted, other = model.fit(cdnow_histories, as_of=DAY), plain.fit(cdnow_histories, as_of=DAY)
        assert fitted.info.log_likelihood == pytest.approx(other.info.log_likelihood, abs=1e-7)
        assert fitted.parameters == pytest.approx(other.parameters, rel=1e-7)
        assert fitted.covariance == pytest.approx(other.covariance, rel=1e-6)
        assert fitted.probability_alive(cdnow_histories) == pytest.approx(other.probability_alive(cdnow_histories), abs=1e-8)
        assert fitted.expected_purchases(cdnow_histories, 273) == pytest.approx(other.expected_purchases(cdnow_histories, 273), rel=1e-6)
        assert fitted.expected_purchases_new([7, 400]) == pytest.approx(other.expected_purchases_new([7, 400]), rel=1e-7)
        assert fitted.purchase_probability(range(30), 273) == pytest.approx(other.purchase_probability(range(30), 273), rel=1e-6)
        assert fitted.probability_alive_later(cdnow_histories, 90) == pytest.approx(
            other.probability_alive_later(cdnow_histories, 90), rel=1e-6
        )
        m = np.arange(len(cdnow_histories)) % 5
        assert fitted.purchases_probability(cdnow_histories, m, 90) == pytest.approx(
            other.purchases_probability(cdnow_histories, m, 90), rel=1e-5
        )

    def test_orders_ahead_are_worth_the_same(self, cdnow_histories: pl.DataFrame) -> None:
        some = cdnow_histories.head(60)
        fitted, other = (model.fit(cdnow_histories, as_of=DAY) for model in (MbgCnbdK(k=1), MbgNbd()))
        for worth in (lambda model: discounted_orders(model, some, 730, 0.1), lambda model: dert(model, some, 0.1)):
            assert worth(fitted).to_series(1).to_numpy() == pytest.approx(worth(other).to_series(1).to_numpy(), rel=1e-6)


class TestFormulas:
    @pytest.mark.parametrize("once_may_leave", [True, False])
    @pytest.mark.parametrize("at", [(0.5, 6.2, 0.9, 1.6), (3.0, 0.7, 5.0, 0.4), (0.02, 40.0, 0.05, 30.0)])
    @pytest.mark.parametrize("k", [1, 2, 7])
    def test_derivatives_are_those_of_the_value(
        self, regular: tuple[pl.DataFrame, np.ndarray], k: int, at: tuple[float, ...], once_may_leave: bool
    ) -> None:
        """Central differences of the value and of the gradient; the value is the likelihood of each customer, added up."""
        some = regular[0].head(500)
        counts = PurchaseCounts.of(some)
        population = mbg_cnbd_k.formulas_of(k, once_may_leave=once_may_leave).population(counts, 7.0)
        logs, step = np.log(at), 1e-5
        value, gradient, hessian = population(logs)
        beside = [(population(logs + step * e), population(logs - step * e)) for e in np.eye(4)]
        assert gradient == pytest.approx([(up[0] - down[0]) / (2 * step) for up, down in beside], rel=1e-5, abs=1e-3)
        assert hessian == pytest.approx(np.array([(up[1] - down[1]) / (2 * step) for up, down in beside]), rel=1e-5, abs=1e-3)
        x, t_x, T = letters(some)
        constant = -(x * special.gammaln(k)).sum()
        each = mbg_cnbd_k.log_likelihood(k, *at, x, t_x / 7, T / 7, np.zeros(len(x)), once_may_leave=once_may_leave)
        assert value + constant == pytest.approx(each.sum(), rel=1e-11)

    def test_the_likelihood_by_integration(self) -> None:
        """Of one customer, with lambda and p integrated out numerically: his intervals, and either nothing after the last or gone at it."""
        k, r, alpha, a, b = 3, 0.8, 1.5, 0.7, 2.2
        intervals, T = np.array([4.0, 6.0, 5.0]), 21.0
        t_x, x = intervals.sum(), 3

        def given(rate: float, p: float) -> float:
            density = np.prod(rate**k * intervals ** (k - 1) * np.exp(-rate * intervals) / special.gamma(k))
            stays = (1 - p) ** (x + 1) * special.gammaincc(k, rate * (T - t_x)) + p * (1 - p) ** x
            mixing = (
                alpha**r
                * rate ** (r - 1)
                * np.exp(-alpha * rate)
                / special.gamma(r)
                * p ** (a - 1)
                * (1 - p) ** (b - 1)
                / special.beta(a, b)
            )
            return float(density * stays * mixing)

        whole = integrate.dblquad(lambda p, rate: given(rate, p), 0, 12, 0, 1, epsabs=1e-14, epsrel=1e-9)[0]
        found = mbg_cnbd_k.log_likelihood(
            k, r, alpha, a, b, np.array([3.0]), np.array([t_x]), np.array([T]), np.array([np.log(intervals).sum()])
        )
        assert found[0] == pytest.approx(np.log(whole), abs=1e-6)

    def test_long_histories_do_not_overflow(self) -> None:
        x, t_x, T = np.array([0.0, 200, 20_000]), np.array([0.0, 38, 39.9]), np.full(3, 40.0)
        for k in (1, 5, 12):
            values = mbg_cnbd_k.log_likelihood(k, 0.25, 4.0, 0.8, 2.5, x, t_x, T, np.zeros(3))
            alive = mbg_cnbd_k.probability_alive(k, 0.25, 4.0, 0.8, 2.5, x, t_x, T)
            assert np.isfinite(values).all()
            assert ((alive >= 0) & (alive <= 1)).all()
            assert np.isfinite(mbg_cnbd_k.purchases_if_alive(k, 0.25, 4.0, 0.8, 2.5, x, T, 52.0)).all()

    @pytest.mark.parametrize("once_may_leave", [True, False])
    @pytest.mark.parametrize("k", [1, 2, 5, 12])
    def test_probabilities_sum_to_one_and_agree_with_the_expectation(self, k: int, once_may_leave: bool) -> None:
        x, at = np.arange(6000), (k, 1.3, 3.0, 0.6, 2.0)
        probability = mbg_cnbd_k.purchase_probability(*at, x, 52.0, once_may_leave=once_may_leave)
        assert (probability >= 0).all()
        assert probability.sum() == pytest.approx(1, abs=1e-12)
        expected = mbg_cnbd_k.expected_purchases_new(*at, np.array([52.0]), once_may_leave=once_may_leave)
        assert probability @ x == pytest.approx(expected[0], rel=1e-9)

    def test_nothing_bought_has_the_likelihood_of_no_purchase(self) -> None:
        none, T = np.zeros(1), np.array([90.0])
        alone = mbg_cnbd_k.log_likelihood(*AT, none, none, T, none)
        assert np.exp(alone) == pytest.approx(mbg_cnbd_k.purchase_probability(*AT, none, 90.0), rel=1e-12)

    @pytest.mark.parametrize("k", [2, 6])
    @pytest.mark.parametrize("tau", [1e-3, 0.4, 30.0, 4000.0])
    def test_expectations_are_their_series(self, k: int, tau: float) -> None:
        """The sum over purchases ahead, 200,000 of them one by one; far fewer are computed."""
        x, n = np.array([4.0]), np.arange(1, 200_001)
        found = mbg_cnbd_k.purchases_if_alive(k, 0.7, 1.0, 0.8, 2.0, x, np.zeros(1), tau)[0]
        stayed = np.exp(special.betaln(0.8, 7.0 + n - 1) - special.betaln(0.8, 7.0))
        by_hand = [(stayed * special.betainc(n * k - j, 0.7 + 4 * k + j, tau / (1 + tau))).sum() for j in range(k)]
        assert found == pytest.approx(by_hand, rel=2e-7)


class TestForecasts:
    """The customers are simulated purchase by purchase, from rates and drop-out probabilities of their own."""

    @pytest.mark.parametrize(
        ("x", "since"), [(0, (200, 201)), *((x, since) for x in (1, 2, 5, 9) for since in ((0, 15), (15, 40), (40, 90), (90, 201)))]
    )
    def test_groups_of_customers_buy_what_is_expected(
        self, truth: FittedMbgCnbdK, many: tuple[pl.DataFrame, np.ndarray], x: int, since: tuple[int, int]
    ) -> None:
        """By number of purchases and time since the last: expectation, nobody buying, and two or more, each within four standard errors."""
        features, later = many
        quiet = pl.col("observed_days") - pl.col("last_purchase_age_days")
        kept = features.select((pl.col("repeat_purchases") == x) & (quiet >= since[0]) & (quiet < since[1])).to_series().to_numpy()
        assert kept.sum() > 200
        group, bought = features.filter(kept), later[kept]
        expected = truth.expected_purchases(group, 90.0)
        assert expected.mean() == pytest.approx(bought.mean(), abs=4 * max(bought.std(), 0.02) / np.sqrt(len(bought)))
        none = truth.purchases_probability(group, np.zeros(len(group)), 90.0).mean()
        two = truth.purchases_probability(group, np.full(len(group), 2), 90.0).mean()
        for found, seen in ((none, (bought == 0).mean()), (two, (bought == 2).mean())):
            assert found == pytest.approx(seen, abs=4 * np.sqrt(max(seen * (1 - seen), 1e-4) / len(bought)))

    def test_what_is_expected_is_the_mean_of_the_probabilities(self, truth: FittedMbgCnbdK, many: tuple[pl.DataFrame, np.ndarray]) -> None:
        some = many[0].head(50)
        each = np.array([truth.purchases_probability(some, np.full(50, m), 90.0) for m in range(120)])
        assert each.sum(axis=0) == pytest.approx(np.ones(50), abs=1e-9)
        assert np.arange(120) @ each == pytest.approx(truth.expected_purchases(some, 90.0), rel=1e-6)

    def test_alive_later_lies_between_alive_now_and_buying_nothing(
        self, truth: FittedMbgCnbdK, many: tuple[pl.DataFrame, np.ndarray]
    ) -> None:
        """Customers who are alive and do not buy stay."""
        some = many[0].head(200)
        now, later = truth.probability_alive(some), truth.probability_alive_later(some, 90.0)
        assert truth.probability_alive_later(some, 0.0) == pytest.approx(now, rel=1e-12)
        assert (later < now).all()
        assert (later > truth.purchases_probability(some, np.zeros(200), 90.0) - (1 - now)).all()

    def test_alive_later_by_simulation(self) -> None:
        """Customers alive at T with a known past are gone later if they left at one of the purchases in between."""
        rng, n = np.random.default_rng(4), 400_000
        k, r, alpha, a, b = AT
        x, t_x, T, t = 2, 70.0, 100.0, 90.0
        weights = mbg_cnbd_k.stage_weights(k, r, alpha, np.array([2.0]), np.array([t_x]), np.array([T]))[0][0]
        # The past by rejection sampling: rates given two intervals and a pause, without stages.
        rate = rng.gamma(r + k * x, 1 / (alpha + t_x), n)
        rate = rate[rng.random(n) < special.gammaincc(k, rate * (T - t_x))]
        leave = rng.beta(a, b + x + 1, len(rate))
        pause = special.gammainccinv(k, rng.random(len(rate)) * special.gammaincc(k, rate * (T - t_x))) / rate
        clock, alive, here = t_x + pause, np.ones(len(rate), dtype=bool), np.arange(len(rate))
        while len(here := here[clock[here] <= T + t]):
            alive[here] = rng.random(len(here)) > leave[here]
            here = here[alive[here]]
            clock[here] += rng.gamma(k, 1 / rate[here])
        found = mbg_cnbd_k.alive_later_if_alive(*AT, np.array([2.0]), np.array([T]), t)[0] @ weights
        assert found == pytest.approx(alive.mean(), abs=4 * np.sqrt(0.25 / len(rate)))

    def test_a_forecast_does_not_depend_on_who_else_is_there(self, truth: FittedMbgCnbdK, many: tuple[pl.DataFrame, np.ndarray]) -> None:
        some = many[0].head(300)
        assert truth.expected_purchases(some, 90.0)[7:8].tolist() == truth.expected_purchases(some[7:8], 90.0).tolist()


class TestRecovery:
    def test_parameters_and_k(self, of_regular: FittedMbgCnbdK) -> None:
        """6,000 customers of known parameters: each estimate within four standard errors, and the k they were made with."""
        assert of_regular.k == 3
        known = np.log([1.2, 12.0 / 7, 0.6, 2.5])
        errors = np.sqrt(np.diag(of_regular.covariance))
        assert (errors < 0.3).all()
        assert (np.abs(of_regular.coordinates - known) < 4 * errors).all()
        (note,) = of_regular.info.notes
        assert note.startswith("k = 3 has the largest log-likelihood: -")

    def test_a_rhythm_makes_forecasts_better(self, regular: tuple[pl.DataFrame, np.ndarray], of_regular: FittedMbgCnbdK) -> None:
        features, later = regular
        random = MbgNbd().fit(features, as_of=DAY)
        error, without = (np.abs(model.expected_purchases(features, 365.0) - later).mean() for model in (of_regular, random))
        assert error < 0.9 * without
        assert of_regular.expected_purchases(features, 365.0).sum() == pytest.approx(later.sum(), rel=0.04)

    def test_forecasts_have_intervals(self, regular: tuple[pl.DataFrame, np.ndarray], of_regular: FittedMbgCnbdK) -> None:
        some = regular[0].head(100)
        value, low, high = interval(of_regular, lambda model: model.expected_purchases(some, 90.0))
        assert (low < value).all()
        assert (value < high).all()
        assert np.median(high / low) < 1.3


class TestInputs:
    def test_too_few_intervals_for_a_rhythm(self, regular: tuple[pl.DataFrame, np.ndarray]) -> None:
        few = regular[0].filter(pl.col("repeat_purchases") < 2)
        some = pl.concat([few.head(400), regular[0].filter(pl.col("repeat_purchases") > 1).head(19)])
        fitted = MbgCnbdK().fit(some, as_of=DAY)
        assert fitted.k == 1
        assert fitted.info.notes[0] == "k = 1 was taken: 19 customers came back twice, and 20 must have for a rhythm to show."

    def test_nobody_came_back(self, regular: tuple[pl.DataFrame, np.ndarray]) -> None:
        with pytest.raises(NotEnoughEventsError, match=r"0 of \d+ customers bought again"):
            MbgCnbdK().fit(regular[0].filter(pl.col("repeat_purchases") == 0), as_of=DAY)

    def test_a_single_customer(self, regular: tuple[pl.DataFrame, np.ndarray]) -> None:
        with pytest.raises(NotEnoughEventsError, match="1 of 1 customers bought again"):
            MbgCnbdK(k=2).fit(regular[0].filter(pl.col("repeat_purchases") > 3).head(1), as_of=DAY)

    def test_purchases_like_clockwork(self) -> None:
        """Every interval the same: the largest k, and a note that it is."""
        rng = np.random.default_rng(3)
        every, T = rng.integers(10, 60, 300).astype(float), 400.0
        ages = [np.arange(each, T, each).tolist() for each in every]
        past = {"repeat_purchases": [len(each) for each in ages], "last_purchase_age_days": [each[-1] for each in ages]}
        same = {"observed_days": [T] * 300, "first_order_on": [DAY] * 300, "repeat_ages_days": ages}
        fitted = MbgCnbdK().fit(pl.DataFrame({"customer_id": list(map(str, range(300))), **past, **same}), as_of=DAY)
        assert fitted.k == 12
        assert "It is the largest that was tried." in fitted.info.notes[0]

    def test_ages_that_are_no_numbers(self, regular: tuple[pl.DataFrame, np.ndarray]) -> None:
        some = regular[0].filter(pl.col("repeat_purchases") == 3).head(30)
        holed = some.with_columns(pl.concat_list(pl.lit(float("nan")), pl.col("repeat_ages_days").list.slice(1)).alias("repeat_ages_days"))
        with pytest.raises(TableError, match="repeat_ages_days"):
            MbgCnbdK().fit(holed, as_of=DAY)

    @pytest.mark.parametrize("k", [0, 13])
    def test_a_k_out_of_range(self, k: int) -> None:
        with pytest.raises(ParameterError, match=f"k is {k}; it must lie between 1 and 12. Leave it out"):
            MbgCnbdK(k=k)
