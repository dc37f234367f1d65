from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl
import pytest
import simulated_purchases
from scipy import special

from relkit.errors import NotEnoughEventsError, ParameterError, TableError
from relkit.families.bindings import diagnostic_figures
from relkit.models.lifetime_value import bg_bb_formulas as bg_bb
from relkit.models.lifetime_value.bg_bb import BgBb, FittedBgBb
from relkit.models.lifetime_value.bg_bb_likelihood import Likelihood, fit_counts
from relkit.models.lifetime_value.diagnostics import frequency_histogram, opportunity_surface, purchase_tracking, purchases_by_frequency
from relkit.models.lifetime_value.discounted_value import dert, discounted_orders
from relkit.models.lifetime_value.opportunities import OpportunityCounts
from relkit.models.lifetime_value.uncertainty import interval

if TYPE_CHECKING:
    from pathlib import Path

DAY = date(2025, 6, 30)
DONATIONS = (1.203528, 0.7497260, 0.6567808, 2.783796)
"""alpha, beta, gamma, delta of the BTYD walkthrough (R package BTYD 2.4.3), to the digits it prints."""
ROUND = (1.20, 0.75, 0.66, 2.78)
YEAR = 365.25


@pytest.fixture(scope="module")
def cells(real_data: Path) -> pl.DataFrame:
    """Donors of 1995 by donations up to 2001 (x, t.x, n.cal), their number (custs), and donations up to 2006 (x.star)."""
    return pl.read_csv(real_data / "bgbb_donations_rf_matrix.csv")


@pytest.fixture(scope="module")
def donors(cells: pl.DataFrame) -> pl.DataFrame:
    """Return one row per donor, as a history: a donation falls in the middle of its year."""
    rows = cells.select(pl.all().repeat_by("custs").explode()).with_columns(pl.int_range(pl.len()).cast(pl.String).alias("customer_id"))
    ages = [[YEAR * (year - 0.5) for year in [*range(1, x), t_x] if x] for x, t_x in rows.select("x", "t.x").iter_rows()]
    listed = pl.Series("repeat_ages_days", ages, dtype=pl.List(pl.Float64))
    return rows.select(
        "customer_id",
        pl.col("x").alias("repeat_purchases"),
        listed.list.last().fill_null(0.0).alias("last_purchase_age_days"),
        (pl.col("n.cal") * YEAR).alias("observed_days"),
        pl.lit(date(1995, 7, 1)).alias("first_order_on"),
        listed,
    )


@pytest.fixture(scope="module")
def fitted(donors: pl.DataFrame) -> FittedBgBb:
    return BgBb(period_days=YEAR).fit(donors, as_of=date(2001, 7, 1))


@pytest.fixture(scope="module")
def weekly() -> pl.DataFrame:
    """Return customers of 1 to 40 weeks who buy on 1.5 days, on average, of a week in which they buy at all."""
    rng = np.random.default_rng(5)
    return simulated_purchases.takers(rng.integers(1, 41, 1500), rng, alpha=1.2, beta=2.5, gamma=0.7, delta=6.0, period_days=7, ratio=1.5)


@pytest.fixture(scope="module")
def model(weekly: pl.DataFrame) -> FittedBgBb:
    return BgBb().fit(weekly, as_of=DAY)


@pytest.fixture(scope="module")
def some(weekly: pl.DataFrame) -> pl.DataFrame:
    """Return customers on any day of a week."""
    late = pl.int_range(pl.len()) % 7
    return weekly.head(70).with_columns((pl.col("observed_days") + late).alias("observed_days"))


def counts_of(cells: pl.DataFrame) -> OpportunityCounts:
    return OpportunityCounts.of(*(cells[name].to_numpy() for name in ("x", "t.x", "n.cal")), cells["custs"].to_numpy())


def triples(*rows: tuple[int, int, int]) -> tuple[Any, Any, Any]:
    x, t_x, n = np.array(rows).T
    return x, t_x, n


def ahead(parameters: tuple[float, ...], x: Any, t_x: Any, n: Any, t: float) -> np.ndarray:
    """Return the number of the next t opportunities that will be taken."""
    alive = bg_bb.probability_alive(*parameters, x, t_x, n)
    return alive * bg_bb.opportunities_if_alive(*parameters, x, n, np.full(len(x), t))


class TestPublishedNumbers:
    def test_parameters_of_the_donations(self, cells: pl.DataFrame) -> None:
        """Fader, Hardie and Shang (2010), table 4: 1.204, .750, .657, 2.783, LL -33,225.6; .6567 and 2.7834 of an independent re-fit.

        The BTYD walkthrough prints .6567808 and 2.783796, where its search stopped: also at -33225.5813, a little below the maximum.
        """
        best = fit_counts(counts_of(cells))
        assert np.exp(best.at) == pytest.approx([1.2035, 0.7497, 0.6567, 2.7834], abs=5e-5)
        assert best.value == pytest.approx(-33225.58, abs=5e-3)
        assert not best.bounded.any()
        walkthrough = Likelihood(counts_of(cells))(np.log(DONATIONS))[0]
        assert 0 < best.value - walkthrough < 1e-5
        assert np.exp(best.at) == pytest.approx(DONATIONS, rel=2e-4)

    def test_the_same_from_histories(self, fitted: FittedBgBb, cells: pl.DataFrame) -> None:
        assert fitted.parameters == pytest.approx(np.exp(fit_counts(counts_of(cells)).at), rel=1e-6)
        assert fitted.info.log_likelihood == pytest.approx(-33225.58, abs=5e-3)
        assert fitted.info.rows == 11_104
        assert fitted.purchases_per_opportunity == 1
        assert fitted.info.notes == ()

    def test_expectation_of_a_new_donor(self) -> None:
        """BTYD walkthrough, bgbb.Expectation at n = 10: 3.179805; it printed the parameters to seven digits, which moves the last one."""
        assert bg_bb.expected_opportunities_new(*DONATIONS, np.array([10.0])) == pytest.approx(3.179805, abs=1e-6)

    def test_conditional_expectations(self) -> None:
        """BTYD walkthrough, bgbb.ConditionalExpectedTransactions of the next 10: (0, 0) .1302169 and (4, 5) 3.627858."""
        assert ahead(DONATIONS, *triples((0, 0, 6), (4, 5, 6)), 10) == pytest.approx([0.1302169, 3.627858], abs=5e-7)

    def test_alive_in_2002(self) -> None:
        """Paper, table 6, P(alive at n + 1): (0, 0) .11, (2, 4) .59, (6, 6) .93."""
        found = bg_bb.probability_alive_next(*DONATIONS, *triples((0, 0, 6), (2, 4, 6), (6, 6, 6)))
        assert found.round(2).tolist() == [0.11, 0.59, 0.93]

    def test_four_customers_at_round_parameters(self) -> None:
        """Computed from the formulas with scipy and mpmath: P(alive at 6), P(alive at 7), the next 10, DERT at .10 a year."""
        x, t_x, n = customers = triples((3, 4, 6), (0, 0, 6), (6, 6, 6), (4, 5, 6))
        alive = bg_bb.probability_alive(*ROUND, *customers)
        assert alive == pytest.approx([0.4712945316, 0.1158561746, 1, 0.7479947259], abs=5e-11)
        following = bg_bb.probability_alive_next(*ROUND, *customers)
        assert following == pytest.approx([0.4383438546, 0.1077560607, 0.9300847458, 0.6956984844], abs=5e-11)
        assert ahead(ROUND, x, t_x, n, 10) == pytest.approx([1.840812702, 0.1292910141, 6.69576816, 3.61717725], abs=5e-9)
        found = alive * bg_bb.discounted_opportunities_if_alive(*ROUND, x, n, 0.10)
        assert found == pytest.approx([1.621379186, 0.1138789182, 5.897601159, 3.185992739], abs=5e-10)

    def test_the_next_five_years(self, fitted: FittedBgBb, donors: pl.DataFrame) -> None:
        """Hardie's sheet: the donations expected of all donors in 2002-2006, 12,884.2."""
        assert fitted.expected_purchases(donors, 5 * YEAR).sum() == pytest.approx(12_884.2, abs=0.05)

    def test_donors_by_donations(self, fitted: FittedBgBb, donors: pl.DataFrame) -> None:
        """Hardie's sheet: 3454.9 donors without a donation in the six years, 1253.1 with one in each."""
        histogram = frequency_histogram(fitted, donors, top=6)
        assert histogram.expected[[0, 6]] == pytest.approx([3454.9, 1253.1], abs=0.05)
        assert histogram.expected.sum() == pytest.approx(11_104)

    def test_donations_by_year(self, real_data: Path) -> None:
        """BTYD walkthrough, bgbb.PlotTrackingInc: the model's expectation of each year, next to the observed donations."""
        published = [5535.833, 4717.059, 4147.621, 3724.665, 3395.888, 3131.647, 2913.778, 2730.482, 2573.731, 2437.854, 2318.727]
        expected = 11_104 * np.diff(bg_bb.expected_opportunities_new(*DONATIONS, np.arange(12.0)))
        assert expected == pytest.approx(published, abs=1.5e-3)
        actual = pl.read_csv(real_data / "bgbb_donations_annual.csv")["repeat_transactions"].to_numpy()
        assert actual.tolist() == [5652, 4674, 4019, 3552, 3555, 3163, 3110, 2938, 2703, 2573, 1936]
        assert np.abs(expected.sum() / actual.sum() - 1) < 0.04


def by_beta_functions(a: float, b: float, g: float, d: float, x: int, t_x: int, n: int) -> float:
    """Return the log-likelihood by eq. 5 as printed, with beta functions."""
    s = np.arange(t_x, n)
    alive = special.betaln(a + x, b + n - x) + special.betaln(g, d + n)
    gone = special.betaln(a + x, b + s - x) + special.betaln(g + 1, d + s)
    return float(special.logsumexp(np.append(gone, alive)) - special.betaln(a, b) - special.betaln(g, d))


ANY = [ROUND, (0.01, 0.02, 0.03, 0.04), (300.0, 5.0, 4.0, 80.0), (0.5, 200.0, 30.0, 0.5), (1.0, 1.0, 1.0, 1.0)]
EXTREME = [np.array(logs) for logs in ([-8.0, 10, -8, -8], [10.0, -8, 10, -8], [6.0, 9, -7, 9], [-5.0, 3, -4, 6])]


class TestFormulas:
    @pytest.mark.parametrize("parameters", ANY)
    def test_any_parameters_give_the_paper_s_sum(self, parameters: tuple[float, ...]) -> None:
        cells = [(x, t_x, n) for n in (1, 2, 6, 200) for t_x in {0, 1, n // 2, n - 1, n} for x in {0, 1, t_x // 2, t_x} if x <= t_x]
        cells = [cell for cell in cells if (cell[0] > 0) == (cell[1] > 0)]
        found = bg_bb.log_likelihood(*parameters, *triples(*cells))
        assert found == pytest.approx([by_beta_functions(*parameters, *cell) for cell in cells], rel=1e-11, abs=1e-11)

    @pytest.mark.parametrize("n", [1, 6, 12])
    def test_every_history_has_a_probability_and_they_sum_to_one(self, n: int) -> None:
        cells = [(0, 0, n), *((x, t_x, n) for t_x in range(1, n + 1) for x in range(1, t_x + 1))]
        ways = [special.comb(max(t_x - 1, 0), max(x - 1, 0)) for x, t_x, _ in cells]
        assert np.array(ways) @ np.exp(bg_bb.log_likelihood(*ROUND, *triples(*cells))) == pytest.approx(1, abs=1e-12)

    @pytest.mark.parametrize("logs", [np.log(ROUND), *EXTREME])
    def test_derivatives_are_those_of_the_value(self, logs: np.ndarray) -> None:
        """Central differences of the value and of the gradient; 3,000 triples of up to 200 opportunities."""
        rng = np.random.default_rng(1)
        n = rng.integers(0, 201, 3000)
        t_x = rng.integers(0, n + 1)
        x = np.where(t_x > 0, 1 + rng.binomial(np.maximum(t_x - 1, 0), 0.3), 0)
        likelihood, step = Likelihood(OpportunityCounts.of(x, t_x, n)), 1e-5
        value, gradient, hessian = likelihood(logs)
        beside = [(likelihood(logs + step * e), likelihood(logs - step * e)) for e in np.eye(4)]
        by_value = np.array([(up[0] - down[0]) / (2 * step) for up, down in beside])
        by_slope = np.array([(up[1] - down[1]) / (2 * step) for up, down in beside])
        assert np.abs(gradient - by_value).max() < 1e-7 * np.abs(gradient).max()
        assert np.abs(hessian - by_slope).max() < 1e-7 * np.abs(hessian).max()
        assert value == pytest.approx(bg_bb.log_likelihood(*np.exp(logs), x, t_x, n).sum(), rel=1e-12)

    @pytest.mark.parametrize("logs", EXTREME)
    def test_long_histories_at_extreme_parameters_stay_finite(self, logs: np.ndarray) -> None:
        customers = triples((0, 0, 2000), (2000, 2000, 2000), (1, 1, 2000), (1, 2000, 2000), (200, 200, 200), (0, 0, 200))
        assert np.isfinite(bg_bb.log_likelihood(*np.exp(logs), *customers)).all()
        alive = bg_bb.probability_alive(*np.exp(logs), *customers)
        assert ((alive >= 0) & (alive <= 1)).all()
        assert alive[[1, 3, 4]].tolist() == [1, 1, 1]
        assert np.isfinite(ahead(tuple(np.exp(logs)), *customers, 52)).all()

    @pytest.mark.parametrize("parameters", ANY)
    def test_expectation_is_the_mean_of_the_probabilities(self, parameters: tuple[float, ...]) -> None:
        taken = np.arange(31)
        probability = bg_bb.taken_probability_if_alive(*parameters, np.array(4), np.array(9), taken, np.array(30))
        assert probability.sum() == pytest.approx(1, abs=1e-12)
        one = bg_bb.opportunities_if_alive(*parameters, np.array([4]), np.array([9]), np.array([30.0]))
        assert probability @ taken == pytest.approx(one[0], rel=1e-10)

    def test_likelihood_agrees_with_the_probability_of_none(self) -> None:
        none = np.zeros(1, dtype=np.int64)
        found = bg_bb.taken_probability_if_alive(*ROUND, none, none, none, none + 39)
        assert np.exp(bg_bb.log_likelihood(*ROUND, none, none, none + 39)) == pytest.approx(found, rel=1e-12)

    @pytest.mark.parametrize(("gamma", "delta"), [(0.66, 2.78), (1.0, 5.0), (3.0, 50.0), (0.01, 1e4), (40.0, 1e5)])
    def test_far_ahead_it_is_the_sum(self, gamma: float, delta: float) -> None:
        """The sum of 90,000 opportunities, one by one."""
        alive = np.cumprod(1 - gamma / (gamma + delta + 50 + np.arange(90_000)))
        assert bg_bb.opportunities_alive(gamma, delta, np.array([50]), np.array([9e4])) == pytest.approx(alive.sum(), rel=1e-8)


class TestFit:
    def test_known_parameters_are_found_again(self) -> None:
        """Discrete-time simulation of 20,000 customers with 1 to 60 weeks: within four standard errors."""
        rng, truth = np.random.default_rng(2), np.array([0.8, 2.4, 0.7, 6.0])
        letters = dict(zip(("alpha", "beta", "gamma", "delta"), truth.tolist(), strict=True))
        people = simulated_purchases.takers(rng.integers(1, 61, 20_000), rng, **letters, period_days=3)
        model = BgBb(period_days=3).fit(people, as_of=DAY)
        errors = model.summary()["std_error"].to_numpy()
        assert (np.abs(np.array(model.parameters) - truth) < 4 * errors).all()
        assert (errors < 0.15 * truth).all()

    def test_counts_cost_the_same_whatever_the_number_of_customers(self, cells: pl.DataFrame) -> None:
        once, thousand = counts_of(cells), counts_of(cells.with_columns(pl.col("custs") * 1000))
        assert len(once.x) == len(thousand.x) == 22
        assert fit_counts(thousand).at == pytest.approx(fit_counts(once).at, abs=1e-6)

    def test_purchases_of_the_week_under_way_are_left_out_and_reported(self, weekly: pl.DataFrame) -> None:
        shorter = weekly.with_columns((pl.col("observed_days") - 2.0).alias("observed_days"), within(pl.col("observed_days") - 2.0))
        shorter = shorter.with_columns(
            pl.col("repeat_ages_days").list.len().cast(pl.Int64).alias("repeat_purchases"),
            pl.col("repeat_ages_days").list.last().fill_null(0.0).alias("last_purchase_age_days"),
        )
        model = BgBb().fit(shorter, as_of=DAY)
        bought = int(shorter["repeat_purchases"].sum())
        whole = shorter.select(within((pl.col("observed_days") / 7).floor() * 7).list.len().sum()).item()
        assert f"{bought - whole:,} of {bought:,} repeat purchase days lie in an opportunity that is not over" in " ".join(model.info.notes)
        assert "customers have been observed for less than one opportunity" in model.info.notes[0]

    def test_purchase_days_in_a_week(self, weekly: pl.DataFrame) -> None:
        model = BgBb().fit(weekly, as_of=DAY)
        assert model.purchases_per_opportunity == pytest.approx(1.5, abs=0.05)
        assert f"held {model.purchases_per_opportunity:.3f} purchase days on average" in model.info.notes[-1]

    @pytest.mark.parametrize(
        ("ages", "days", "message"),
        [
            ([[], [], [], [], []], 6.0, "0 of 5 customers have been observed for a whole opportunity.* choose a shorter period_days"),
            ([[], [], [], [], []], 60.0, "0 of 5 customers bought again; 4 parameters need more"),
            ([[5.0]], 60.0, "1 of 1 customers bought again; 4 parameters need more"),
            ([[3.0, 10.0]] * 9, 14.0, "every customer bought at every opportunity.* Choose a shorter period_days"),
        ],
    )
    def test_too_little_to_learn_from(self, ages: list[list[float]], days: float, message: str) -> None:
        with pytest.raises(NotEnoughEventsError, match=f"bg_bb: {message}"):
            BgBb().fit(histories(ages, days), as_of=DAY)

    @pytest.mark.parametrize(
        "ages", [[[3.0, 10.0, 17.0, 24.0]] * 8 + [[]] * 8, [[24.0]] * 9, [[3.0]] * 9, [[3.0, 24.0]] * 5 + [[10.0]] * 4]
    )
    def test_unidentified_parameters_are_reported(self, ages: list[list[float]]) -> None:
        """Nobody leaves, or all do; all alike, or buying always or never: a fit, and a note for each term without a standard error."""
        people = histories(ages, 30.0)
        model = BgBb().fit(people, as_of=DAY)
        untold = model.summary().filter(pl.col("std_error").is_null())["term"].to_list()
        assert untold
        assert [note.split()[0] for note in model.info.notes if "standard error" in note] == untold
        assert model.score(people).select(pl.col("p_alive", "expected_orders_90d").is_finite().all()).row(0) == (True, True)

    @pytest.mark.parametrize("settings", [{"period_days": 0.0}, {"period_days": float("inf")}, {"level": 1.0}])
    def test_settings_out_of_range(self, settings: dict[str, float]) -> None:
        with pytest.raises(ParameterError, match=f"bg_bb: {next(iter(settings))} is"):
            BgBb(**settings)


def within(end: pl.Expr) -> pl.Expr:
    """Return the ages up to `end`."""

    def keep(row: dict[str, Any]) -> list[float]:
        return [age for age in row["repeat_ages_days"] if age <= row["end"]]

    both = pl.struct("repeat_ages_days", end.alias("end"))
    return both.map_elements(keep, return_dtype=pl.List(pl.Float64)).alias("repeat_ages_days")


def histories(ages: list[list[float]], days: float) -> pl.DataFrame:
    """Return customers observed for so many days."""
    return pl.DataFrame(
        {
            "customer_id": [str(i) for i in range(len(ages))],
            "repeat_purchases": [len(each) for each in ages],
            "last_purchase_age_days": [max(each, default=0.0) for each in ages],
            "observed_days": [days] * len(ages),
            "first_order_on": [DAY - timedelta(days=int(days))] * len(ages),
            "repeat_ages_days": pl.Series(ages, dtype=pl.List(pl.Float64)),
        }
    )


class TestDays:
    def test_alive_at_the_end_of_a_week_and_at_the_next(self, model: FittedBgBb, weekly: pl.DataFrame) -> None:
        """Both conventions, by name: at n, one for those who bought in the last week; at n + 1, the paper's, a week later."""
        last = weekly.filter((pl.col("last_purchase_age_days") / 7).ceil() == pl.col("observed_days") / 7)
        assert (model.probability_alive(last) == 1).all()
        assert model.probability_alive_later(weekly, 7) == pytest.approx(model.probability_alive_next(weekly), rel=1e-12)
        assert (model.probability_alive_next(weekly) < model.probability_alive(weekly)).all()

    def test_alive_later_falls(self, model: FittedBgBb, some: pl.DataFrame) -> None:
        later = np.array([model.probability_alive_later(some, days) for days in (0, 1, 6, 30, 400)])
        assert later[0].tolist() == model.probability_alive(some).tolist()
        assert (np.diff(later, axis=0) < 0).all()

    def test_a_horizon_may_be_cut_anywhere(self, model: FittedBgBb, some: pl.DataFrame) -> None:
        """The expectation up to the 50th day does not depend on where the weeks end: a day later, it is less by that day's."""
        tomorrow = some.filter(pl.col("observed_days") % 7 != 6)
        later = tomorrow.with_columns(pl.col("observed_days") + 1)
        first = model.expected_purchases(tomorrow, 1)
        assert first + model.expected_purchases(later, 49) == pytest.approx(model.expected_purchases(tomorrow, 50), rel=1e-10)

    @pytest.mark.parametrize("days", [0.0, 1.0, 3.5, 7.0, 10.0, 26.0])
    def test_probabilities_sum_to_one_and_agree_with_the_expectation(self, model: FittedBgBb, some: pl.DataFrame, days: float) -> None:
        """In purchase days, geometric within a week: 200 are practically impossible."""
        numbers = range(80)
        found = np.array([model.purchases_probability(some, [k] * len(some), days) for k in numbers])
        assert found.sum(axis=0) == pytest.approx(np.ones(len(some)), abs=1e-12)
        assert np.arange(80) @ found == pytest.approx(model.expected_purchases(some, days), rel=1e-9, abs=1e-12)

    def test_a_new_customer_is_one_without_a_history(self, model: FittedBgBb) -> None:
        new = histories([[]], 0.0)
        numbers = np.arange(5)
        assert model.expected_purchases(new, 50)[0] == pytest.approx(model.expected_purchases_new(50), rel=1e-12)
        of_one = [model.purchases_probability(new, [k], 50)[0] for k in numbers]
        assert model.purchase_probability(numbers, 50) == pytest.approx(of_one, rel=1e-12)

    def test_expectations_count_purchase_days(self, model: FittedBgBb, weekly: pl.DataFrame) -> None:
        """The histories of the fit have as many purchase days as the model expects of new customers over the same time."""
        T = weekly["observed_days"].to_numpy()
        expected = model.expected_purchases_new(T).sum()
        assert expected == pytest.approx(weekly["repeat_purchases"].sum(), rel=0.02)
        ratio = model.purchases_per_opportunity
        assert model.expected_purchases(weekly, 70) == pytest.approx(ratio * model.expected_opportunities(weekly, 70))

    def test_the_holdout_is_judged_in_purchase_days(self) -> None:
        """26 weeks observed, 13 ahead, 2 purchase days per week with a purchase: the total is within 5 %."""
        rng = np.random.default_rng(8)
        letters = {"alpha": 1.2, "beta": 2.5, "gamma": 0.7, "delta": 6.0}
        full = simulated_purchases.takers(np.full(4000, 39), rng, **letters, period_days=7, ratio=2.0)
        ages = full["repeat_ages_days"].to_list()
        seen = histories([[age for age in each if age <= 182] for each in ages], 182.0)
        outcomes = seen.select("customer_id", holdout_days=91.0).with_columns(
            holdout_purchases=pl.Series([sum(age > 182 for age in each) for each in ages])
        )
        model = BgBb().fit(seen, as_of=DAY)
        judged = BgBb().judge(model, seen, outcomes)
        assert judged["total_actual_repeat_purchases"] == sum(age > 182 for each in ages for age in each)
        assert judged["total_predicted_repeat_purchases"] == pytest.approx(judged["total_actual_repeat_purchases"], rel=0.05)
        assert (
            judged["mae_repeat_purchases"] < np.abs(outcomes["holdout_purchases"].to_numpy() - outcomes["holdout_purchases"].mean()).mean()
        )
        mixed = outcomes.with_columns(pl.Series("holdout_days", [91.0, 92.0] * 2000))
        with pytest.raises(TableError, match="holdout_days differs between rows"):
            BgBb().judge(model, seen, mixed)

    def test_a_finer_clock_comes_near_the_models_in_continuous_time(self) -> None:
        """BG/NBD customers, observed for a year: days, weeks and fortnights give nearly the same orders ahead."""
        from relkit.models.lifetime_value.bg_nbd import BgNbd

        rng = np.random.default_rng(4)
        seen = simulated_purchases.buyers(4000, rng, r=0.9, alpha=40.0, a=0.8, b=4.0, days=365.0)
        x, t_x = seen["repeat_purchases"].to_numpy(), seen["last_purchase_age_days"].to_numpy()
        ages = [[*np.sort(rng.uniform(0, end, n - 1)), end] if n else [] for n, end in zip(x, t_x, strict=True)]
        first = seen.select((pl.lit(DAY) - pl.duration(days=pl.col("observed_days").floor().cast(pl.Int64))).cast(pl.Date)).to_series()
        people = seen.with_columns(first.alias("first_order_on"), pl.Series("repeat_ages_days", ages, dtype=pl.List(pl.Float64)))
        continuous = BgNbd().fit(people, as_of=DAY).expected_purchases(people, 90).sum()
        for period in (1.0, 7.0, 14.0):
            assert BgBb(period_days=period).fit(people, as_of=DAY).expected_purchases(people, 90).sum() == pytest.approx(
                continuous, rel=0.05
            )

    @pytest.mark.parametrize("wrong", [[1.5], [-1], [1, 2]])
    def test_invalid_numbers_of_purchases(self, model: FittedBgBb, wrong: list[float]) -> None:
        with pytest.raises(ParameterError, match="purchases"):
            model.purchases_probability(histories([[]], 7.0), wrong, 7.0)  # type: ignore[arg-type]

    @pytest.mark.parametrize("days", [-1.0, float("nan"), float("inf")])
    def test_an_invalid_horizon(self, model: FittedBgBb, some: pl.DataFrame, days: float) -> None:
        for call in (model.expected_purchases, model.probability_alive_later):
            with pytest.raises(ParameterError, match="horizon_days is"):
                call(some, days)


class TestAroundIt:
    def test_endless_discounted_orders(self, fitted: FittedBgBb, donors: pl.DataFrame) -> None:
        """DERT by its closed form, from the ends of years, and by quadrature over the days of the years: d / log(1 + d) times as much."""
        some = donors.unique(["repeat_purchases", "last_purchase_age_days"])
        closed = fitted.discounted_opportunities(some, annual_discount_rate=0.10)
        spread = dert(fitted, some, 0.10)["discounted_orders"].to_numpy()
        assert spread == pytest.approx(closed * 0.10 / np.log(1.10), rel=5e-5)
        with pytest.raises(ParameterError, match="annual_discount_rate is 0; it must be above 0"):
            fitted.discounted_opportunities(some, annual_discount_rate=0)

    def test_discounted_orders_are_those_of_each_year(self, fitted: FittedBgBb, donors: pl.DataFrame) -> None:
        """The orders of each year times the mean discount over its days."""
        some = donors.unique(["repeat_purchases", "last_purchase_age_days"])
        until = np.array([fitted.expected_purchases(some, YEAR * year) for year in range(6)])
        spread = 1.10 ** -np.arange(5.0) * (1 - 1 / 1.10) / np.log(1.10)
        found = discounted_orders(fitted, some, 5 * YEAR, 0.10).to_series(1).to_numpy()
        assert found == pytest.approx(spread @ np.diff(until, axis=0), rel=1e-5)

    def test_intervals(self, fitted: FittedBgBb, donors: pl.DataFrame) -> None:
        some = donors.unique(["repeat_purchases", "last_purchase_age_days"])
        alive, low, high = interval(fitted, lambda model: model.probability_alive(some), scale="logit")
        assert ((low <= alive) & (alive <= high)).all()
        assert (low[alive < 1] < alive[alive < 1]).all()

    def test_customers_observed_in_parts_of_a_period(self, fitted: FittedBgBb, donors: pl.DataFrame) -> None:
        """Scores are the same one by one and all together, whatever the time observed."""
        some = donors.head(3).with_columns(pl.Series("observed_days", [6.2 * YEAR, 6.7 * YEAR, 7.0 * YEAR]))
        together = fitted.score(some)
        assert pl.concat([fitted.score(some[i : i + 1]) for i in range(3)]).equals(together)
        assert fitted.expected_purchases(some, 90).tolist() == pytest.approx(together["expected_orders_90d"].to_list(), rel=1e-12)

    def test_the_surface_is_that_of_opportunities(self, fitted: FittedBgBb, donors: pl.DataFrame) -> None:
        surface = opportunity_surface(fitted, donors)
        assert surface.p_alive.shape == (6, 7)
        assert (surface.p_alive[:, 0] == 1).all()
        assert np.isnan(surface.p_alive[5, 1:]).all()
        expected = bg_bb.probability_alive(*fitted.parameters, *triples((2, 4, 6)))
        assert surface.p_alive[1, 2] == pytest.approx(expected[0])

    def test_every_diagnostic_of_purchases_is_drawn(self, weekly: pl.DataFrame) -> None:
        model = BgBb().fit(weekly, as_of=date(2026, 1, 1))
        outcomes = weekly.select("customer_id", holdout_purchases=pl.int_range(pl.len()) % 3, holdout_days=90.0)
        again = weekly.explode("repeat_ages_days").drop_nulls("repeat_ages_days")
        day = pl.col("first_order_on") + pl.duration(days=pl.col("repeat_ages_days").cast(pl.Int64))
        bought = pl.concat([weekly.select("customer_id", day="first_order_on"), again.select("customer_id", day=day)])
        figures = diagnostic_figures(model, weekly, outcomes=outcomes, purchases=bought)
        assert set(figures) == {
            "alive_surface",
            "concentration",
            "cumulative_purchases",
            "decile_calibration",
            "frequency_histogram",
            "purchases_by_frequency",
            "purchases_over_time",
        }
        tracking = purchase_tracking(model, bought, until=date(2026, 1, 1))
        assert tracking.expected.sum() == pytest.approx(tracking.actual.sum(), rel=0.05)
        assert purchases_by_frequency(model, weekly, outcomes).customers.sum() == len(weekly)
