"""Pareto/NBD that follows the calendar: the static model without effects, plain quadrature with them, and a planted truth."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING

import numpy as np
import polars as pl
import pytest
import simulated_purchases as simulated
from scipy import integrate, special

from relkit.errors import NotEnoughEventsError, ParameterError, TableError
from relkit.models.base import FitInfo
from relkit.models.lifetime_value import pareto_nbd
from relkit.models.lifetime_value.diagnostics import frequency_histogram, purchase_tracking
from relkit.models.lifetime_value.discounted_value import dert, discounted_orders
from relkit.models.lifetime_value.exposure import CalendarCovariates, CalendarEvent, day_number, day_numbers
from relkit.models.lifetime_value.pareto_nbd import FittedParetoNbd, ParetoNbd
from relkit.models.lifetime_value.season import season_curve
from relkit.models.lifetime_value.time_varying_likelihood import DatedCounts, population
from relkit.models.lifetime_value.time_varying_pareto_nbd import FittedTimeVaryingParetoNbd, TimeVaryingParetoNbd
from relkit.models.lifetime_value.uncertainty import interval

if TYPE_CHECKING:
    from pathlib import Path

CDNOW_DAY = date(1997, 9, 30)
FIRST, AS_OF, HOLDOUT = date(2022, 1, 3), date(2024, 1, 31), 182
# Few enough purchases for two on one day, which count as one, to be rare.
TRUTH = {"r": 0.9, "alpha": 150.0, "s": 0.8, "beta": 400.0}
SEASON = np.array([-0.1, 0.6])
"""Effects of sine and cosine: about twice as many purchases in January as in July."""


def campaigns() -> tuple[CalendarEvent, ...]:
    """Two weeks each spring and autumn, those of the holdout included."""
    days = [date(year, month, 10) for year in (2022, 2023, 2024) for month in (4, 10)]
    return tuple(CalendarEvent(name="campaign", starts_on=day, ends_on=day + timedelta(days=13)) for day in days)


SETTINGS = TimeVaryingParetoNbd(period_days=1.0, season_harmonics=1, events=campaigns())
EFFECTS = np.append(SEASON, 0.7)


def world(n: int, seed: int, leaving: float = 0.0) -> pl.DataFrame:
    """Return purchases of customers with a season and campaigns that double the rate; `leaving` is the campaign's effect on leaving."""
    z = SETTINGS.calendar.on(day_numbers(FIRST + timedelta(days=1), 1000))
    rates = {"buying": np.exp(z @ EFFECTS), "leaving": np.exp(leaving * z[:, 2])}
    return simulated.followers(n, np.random.default_rng(seed), **TRUTH, **rates, first=FIRST, join_days=600)


@pytest.fixture(scope="module")
def purchases() -> pl.DataFrame:
    return world(5000, 1)


@pytest.fixture(scope="module")
def people(purchases: pl.DataFrame) -> pl.DataFrame:
    return simulated.histories(purchases, AS_OF)


@pytest.fixture(scope="module")
def some(people: pl.DataFrame) -> pl.DataFrame:
    """A fifth of them, for fits that are dear and need not be sharp."""
    return people.head(len(people) // 5)


@pytest.fixture(scope="module")
def fitted(people: pl.DataFrame) -> FittedTimeVaryingParetoNbd:
    return SETTINGS.fit(people, as_of=AS_OF)


@pytest.fixture(scope="module")
def static(people: pl.DataFrame) -> FittedParetoNbd:
    return ParetoNbd(period_days=1.0).fit(people, as_of=AS_OF)


@pytest.fixture(scope="module")
def plain(people: pl.DataFrame) -> FittedTimeVaryingParetoNbd:
    """The model without any covariate."""
    return TimeVaryingParetoNbd(period_days=1.0, season_harmonics=0).fit(people, as_of=AS_OF)


@pytest.fixture(scope="module")
def known() -> FittedTimeVaryingParetoNbd:
    """The truth, with a campaign that also makes customers leave."""
    settings = TimeVaryingParetoNbd(period_days=1.0, season_harmonics=1, events=campaigns(), lifetime_covariates=("campaign",))
    return FittedTimeVaryingParetoNbd(
        settings=settings,
        info=FitInfo(as_of=AS_OF, rows=1, log_likelihood=0.0, converged=True),
        **TRUTH,
        purchase_effects=EFFECTS,
        lifetime_effects=np.array([0.9]),
        covariance=np.eye(8) * 1e-4,
        static_log_likelihood=0.0,
    )


def customers(*rows: tuple[date, int, int, int]) -> pl.DataFrame:
    """Return customers of first day, x, t_x and T."""
    names = ["first_order_on", "repeat_purchases", "last_purchase_age_days", "observed_days"]
    return pl.DataFrame(rows, schema=names, orient="row").with_row_index("customer_id")


class TestPublishedNumbers:
    def test_cdnow_without_covariates(self, purchase_days: pl.DataFrame) -> None:
        """Pareto/NBD of the CDNOW sample: published .553, 10.578, .606, 11.669, LL -9595.0; digits as in test_pareto_nbd."""
        histories = simulated.histories(purchase_days.with_columns(customer_id=pl.col("customer_id").cast(pl.String)), CDNOW_DAY)
        model = TimeVaryingParetoNbd(season_harmonics=0).fit(histories, as_of=CDNOW_DAY)
        assert model.info.log_likelihood == pytest.approx(-9594.9762, abs=5e-5)
        assert model.static_log_likelihood == pytest.approx(model.info.log_likelihood, abs=1e-8)
        estimates = model.summary()["estimate"].to_list()
        assert estimates == pytest.approx([0.553277, 10.577684, 0.606240, 11.668737], abs=5e-6)
        same = ParetoNbd().fit(histories, as_of=CDNOW_DAY)
        assert model.covariance == pytest.approx(same.covariance, rel=1e-7)
        for column in ("p_alive", "expected_orders_90d"):
            assert model.score(histories)[column].to_numpy() == pytest.approx(same.score(histories)[column].to_numpy(), rel=1e-8)

    def test_apparel_without_covariates(self, real_data: Path) -> None:
        """CLVTools 0.12.1, apparelTrans up to 2006-12-31: r 1.4489768, alpha 48.6360845, s .5612598, beta 46.8843633, LL -5848.0978."""
        lines = pl.read_csv(real_data / "clvtools_apparelTrans.csv", schema_overrides={"Id": pl.String}, try_parse_dates=True)
        days = lines.select(customer_id="Id", day="Date").unique().sort("customer_id", "day")
        model = TimeVaryingParetoNbd(season_harmonics=0).fit(simulated.histories(days, date(2006, 12, 31)), as_of=date(2006, 12, 31))
        assert model.info.log_likelihood == pytest.approx(-5848.0978, abs=5e-5)
        assert model.summary()["estimate"].to_list() == pytest.approx([1.4489768, 48.6360845, 0.5612598, 46.8843633], rel=5e-5)


class TestWithoutEffectsItIsTheStaticModel:
    def test_fit(self, plain: FittedTimeVaryingParetoNbd, static: FittedParetoNbd) -> None:
        assert plain.coordinates == pytest.approx(static.coordinates, abs=1e-8)
        assert plain.info.log_likelihood == pytest.approx(static.info.log_likelihood, abs=1e-7)
        assert plain.likelihood_ratio == pytest.approx(0, abs=1e-7)

    def test_what_is_known_of_customers(self, plain: FittedTimeVaryingParetoNbd, static: FittedParetoNbd, people: pl.DataFrame) -> None:
        for found, expected in (
            (plain.probability_alive(people), static.probability_alive(people)),
            (plain.probability_alive_later(people, 200), static.probability_alive_later(people, 200)),
            (plain.expected_purchases(people, 90.5), static.expected_purchases(people, 90.5)),
            (discounted_orders(plain, people, 730, 0.1).to_series(1), discounted_orders(static, people, 730, 0.1).to_series(1)),  # type: ignore[arg-type]
            (dert(plain, people, 0.1).to_series(1), dert(static, people, 0.1).to_series(1)),  # type: ignore[arg-type]
        ):
            assert np.asarray(found) == pytest.approx(np.asarray(expected), rel=1e-7, abs=1e-12)

    def test_what_is_bought_how_often(self, plain: FittedTimeVaryingParetoNbd, static: FittedParetoNbd, people: pl.DataFrame) -> None:
        few, m = people.head(300), np.arange(300) % 5
        assert plain.purchases_probability(few, m, 60.5) == pytest.approx(static.purchases_probability(few, m, 60.5), rel=1e-7)
        x = np.array([0.0, 3.0])
        assert plain.purchases_if_alive(x, x + 90, 40.0) == pytest.approx(static.purchases_if_alive(x, x + 90, 40.0), rel=1e-9)

    def test_new_customers(self, plain: FittedTimeVaryingParetoNbd, static: FittedParetoNbd) -> None:
        days = np.array([0.0, 0.4, 30.0, 365.25, 5000.0])
        assert plain.expected_purchases_new(days) == pytest.approx(static.expected_purchases_new(days), rel=1e-9)
        assert float(plain.expected_purchases_new(7.0)) == pytest.approx(float(static.expected_purchases_new(7.0)))
        for length in (0.0, 200.5, 3000.0):
            expected = static.purchase_probability(np.arange(9), length)
            assert plain.purchase_probability(np.arange(9), length) == pytest.approx(expected, rel=1e-6, abs=1e-12)

    def test_many_purchases_in_a_long_history(self) -> None:
        """Four customers of a CLVTools test (0.12.1, pnbd) whose likelihood was NaN, and one with 250 purchases who fell silent."""
        parameters = (0.5143, 7 * 2.8845, 0.2856, 7 * 14.1087)
        x, t_x, T = (
            np.array([221, 254, 161, 204, 250, 250]),
            np.array([724, 680, 663, 690, 300, 700]),
            np.array([725, 681, 686, 696, 1100, 1100]),
        )
        start = np.full(6, 15000) - T
        counts, _ = DatedCounts.of(start, x, t_x, T)
        none = np.zeros((int(T.max()), 0))
        found = population(counts, np.zeros(0, np.int64), none, none, int(start.min()), 1.0)(np.log(parameters))
        assert found[0] == pytest.approx(pareto_nbd.log_likelihood(*parameters, x, t_x, T).sum(), rel=1e-10)
        assert np.isfinite(found[1]).all()
        assert np.isfinite(found[2]).all()


def multiplied(model: FittedTimeVaryingParetoNbd, first: date, days: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the multipliers of both processes on the days after `first`."""
    z = model.settings.calendar.on(day_numbers(first + timedelta(days=1), days))
    return np.exp(z @ model.purchase_effects), np.exp(z[:, list(model.settings.on_leaving)] @ model.lifetime_effects)


def upto(rates: np.ndarray, t: float) -> float:
    return float(rates[: int(t)].sum() + (t - int(t)) * rates[min(int(t), len(rates) - 1)])


def by_quadrature(model: FittedTimeVaryingParetoNbd, first: date, x: int, t_x: int, T: int) -> tuple[float, float]:
    """Return the likelihood of being alive and of having left, up to the same factors, by scipy day by day."""
    r, alpha, s, beta = np.exp(model.coordinates[:4])
    a, c = multiplied(model, first, T)
    alive = (alpha + a.sum()) ** -(r + x) * (beta + c.sum()) ** -s

    def gone(y: float, day: int) -> float:
        return float(s * c[day] * (alpha + upto(a, y)) ** -(r + x) * (beta + upto(c, y)) ** -(s + 1))

    left = [integrate.quad(gone, day, day + 1, args=(day,), epsabs=0, epsrel=1e-11)[0] for day in range(t_x, T)]
    return float(alive), float(sum(left))


ONE = (date(2022, 3, 1), 3, 60, 260)
SILENT = (date(2022, 9, 20), 6, 30, 400)


class TestFormulas:
    @pytest.mark.parametrize("one", [ONE, SILENT, (date(2023, 5, 5), 0, 0, 40), (date(2023, 5, 5), 1, 40, 40)])
    def test_probability_alive_is_that_of_plain_quadrature(
        self, known: FittedTimeVaryingParetoNbd, one: tuple[date, int, int, int]
    ) -> None:
        alive, left = by_quadrature(known, *one)
        assert known.probability_alive(customers(one))[0] == pytest.approx(alive / (alive + left), rel=1e-9)

    def test_likelihood_is_that_of_plain_quadrature(self, known: FittedTimeVaryingParetoNbd) -> None:
        """The formula at the top of the module, written out for two customers and their days of purchase."""
        r, alpha, s, beta = np.exp(known.coordinates[:4])
        ages = {ONE: [20, 41, 60], SILENT: [1, 5, 9, 14, 20, 30]}
        expected, bought = 0.0, []
        for one, days in ages.items():
            rates, _ = multiplied(known, one[0], one[3])
            expected += special.gammaln(r + one[1]) - special.gammaln(r) + r * np.log(alpha) + s * np.log(beta)
            expected += float(np.log(rates[np.array(days) - 1]).sum() + np.log(sum(by_quadrature(known, *one))))
            bought += [day_number(one[0]) + day for day in days]
        start, x, t_x, T = (np.array(each) for each in zip(*((day_number(d), *rest) for d, *rest in (ONE, SILENT)), strict=True))
        counts, _ = DatedCounts.of(start, x, t_x, T)
        z = known.settings.calendar.on(np.arange(start.min() + 1, (start + T).max() + 1))
        found = population(counts, np.array(bought), z, z[:, 2:], int(start.min()), 1.0)(known.coordinates)[0]
        assert found == pytest.approx(expected, abs=1e-9)

    @pytest.mark.parametrize("at", [[0.6, 0.4, 0.7, 1.3], [2.0, 0.01, 3.0, 0.02]])
    def test_derivatives_are_those_of_the_value(self, people: pl.DataFrame, at: list[float]) -> None:
        """Central differences of the value and of the gradient, with season and campaign on both processes, and x = 250."""
        few = people.head(60)
        start, T = few["first_order_on"].to_physical().to_numpy().astype(np.int64), few["observed_days"].to_numpy().astype(np.int64)
        x, t_x = few["repeat_purchases"].to_numpy().copy(), few["last_purchase_age_days"].to_numpy().astype(np.int64)
        x[np.argmax(t_x)] = 250
        counts, _ = DatedCounts.of(start, x, t_x, T)
        z = SETTINGS.calendar.on(np.arange(start.min() + 1, (start + T).max() + 1))
        function = population(counts, start[x > 0] + t_x[x > 0], z, z, int(start.min()), 300.0)
        point, step = np.concatenate((np.log(at), [0.3, -0.2, 0.5, 0.1, 0.2, -0.4])), 1e-5
        value, gradient, hessian = function(point)
        beside = [(function(point + step * e), function(point - step * e)) for e in np.eye(10)]
        assert np.isfinite(value)
        assert gradient == pytest.approx([(up[0] - down[0]) / (2 * step) for up, down in beside], rel=1e-5, abs=1e-4)
        assert hessian == pytest.approx(np.array([(up[1] - down[1]) / (2 * step) for up, down in beside]), rel=1e-5, abs=1e-4)

    def test_expected_purchases_are_the_integral(self, known: FittedTimeVaryingParetoNbd) -> None:
        first, x, _, T = ONE
        r, alpha, s, beta = np.exp(known.coordinates[:4])
        a, c = multiplied(known, first, T + 121)

        def rate(y: float) -> float:
            return float(a[int(y)] * ((beta + upto(c, T)) / (beta + upto(c, y))) ** s)

        integral = sum(integrate.quad(rate, T + d, T + min(d + 1, 120.5), epsrel=1e-11)[0] for d in range(121))
        alive = known.probability_alive(customers(ONE))[0]
        expected = alive * (r + x) / (alpha + upto(a, T)) * integral
        assert known.expected_purchases(customers(ONE), 120.5)[0] == pytest.approx(expected, rel=1e-9)
        later = alive * ((beta + upto(c, T)) / (beta + upto(c, T + 120.5))) ** s
        assert known.probability_alive_later(customers(ONE), 120.5)[0] == pytest.approx(later, rel=1e-10)

    def test_probabilities_sum_to_one_and_agree_with_the_expectation(self, known: FittedTimeVaryingParetoNbd) -> None:
        m = np.arange(400)
        probability = known.purchase_probability(m, 300.0, starts_on=ONE[0])
        assert probability.sum() == pytest.approx(1, abs=1e-8)
        assert probability @ m == pytest.approx(float(known.expected_purchases_new(300.0, starts_on=ONE[0])), rel=1e-7)
        same = pl.concat([customers(ONE)] * 400).with_columns(customer_id=pl.int_range(400))
        ahead = known.purchases_probability(same, m, 90.0)
        assert ahead.sum() == pytest.approx(1, abs=1e-8)
        assert ahead @ m == pytest.approx(known.expected_purchases(customers(ONE), 90.0)[0], rel=1e-7)

    def test_what_is_ahead_follows_the_season(self, fitted: FittedTimeVaryingParetoNbd) -> None:
        winter, summer = (float(fitted.expected_purchases_new(60.0, starts_on=date(2023, month, 1))) for month in (12, 6))
        assert winter > 2 * summer

    def test_far_ahead_the_season_is_its_mean(self, known: FittedTimeVaryingParetoNbd) -> None:
        """Beyond five years the calendar is not followed day by day; expectations hardly change."""
        near, far = known.expected_purchases_new(np.array([1829.0, 1831.0]), starts_on=ONE[0])
        assert 0 < far - near < 3 * (far / 1831)
        assert np.isfinite(known.expected_purchases_new(1e6, starts_on=ONE[0]))


class TestPlantedTruth:
    def test_effects_are_found(self, fitted: FittedTimeVaryingParetoNbd) -> None:
        summary = fitted.summary()
        truth = np.array([*TRUTH.values(), *EFFECTS])
        assert summary["term"].to_list()[4:] == ["purchase:season_sin_1", "purchase:season_cos_1", "purchase:campaign"]
        assert (np.abs(summary["estimate"].to_numpy() - truth) < 3 * summary["std_error"].to_numpy()).all()
        assert (summary["std_error"].to_numpy()[4:] < 0.05).all()
        assert fitted.likelihood_ratio > 1000

    def test_the_holdout_is_foreseen_where_the_static_model_misses(
        self, fitted: FittedTimeVaryingParetoNbd, static: FittedParetoNbd, people: pl.DataFrame, purchases: pl.DataFrame
    ) -> None:
        """182 days from February on, when little is bought: error of the total, per customer and per week."""
        outcomes = simulated.came_back(purchases, AS_OF, HOLDOUT)
        judged, missed = SETTINGS.judge(fitted, people, outcomes), ParetoNbd().judge(static, people, outcomes)
        total = outcomes["holdout_purchases"].sum()
        assert abs(judged["total_predicted_repeat_purchases"] / total - 1) < 0.03
        assert missed["total_predicted_repeat_purchases"] / total - 1 > 0.2
        assert judged["mae_repeat_purchases"] < 0.95 * missed["mae_repeat_purchases"]
        errors = [weekly_error(model, purchases) for model in (fitted, static)]
        assert errors[0] < 0.35 * errors[1]

    @pytest.mark.slow
    def test_an_effect_on_leaving_is_found(self) -> None:
        settings = TimeVaryingParetoNbd(period_days=1.0, events=campaigns(), lifetime_covariates=("campaign",))
        model = settings.fit(simulated.histories(world(8000, 5, leaving=1.5), AS_OF), as_of=AS_OF)
        found = model.summary().row(-1, named=True)
        assert found["term"] == "lifetime:campaign"
        assert abs(found["estimate"] - 1.5) < 3 * found["std_error"]
        assert found["lower"] > 0.3
        assert (np.abs(model.purchase_effects - EFFECTS) < 3 * model.summary()["std_error"].to_numpy()[4:7]).all()

    def test_diagnostics_follow_the_season(
        self, fitted: FittedTimeVaryingParetoNbd, static: FittedParetoNbd, people: pl.DataFrame, purchases: pl.DataFrame
    ) -> None:
        histogram = frequency_histogram(fitted, people)  # type: ignore[arg-type]
        assert histogram.expected.sum() == pytest.approx(len(people))
        assert histogram.expected == pytest.approx(histogram.actual, rel=0.15)
        fits = [purchase_tracking(model, purchases, until=AS_OF) for model in (fitted, static)]  # type: ignore[arg-type]
        errors = [np.abs(each.actual - each.expected).mean() for each in fits]
        assert errors[0] < 0.4 * errors[1]

    def test_season_curve(self, fitted: FittedTimeVaryingParetoNbd) -> None:
        curve = season_curve(fitted)
        rate = np.exp(SETTINGS.calendar.on(day_numbers(date(2023, 1, 1), 365))[:, :2] @ SEASON)
        inside = (curve.low <= rate / rate.mean()) & (rate / rate.mean() <= curve.high)
        assert curve.purchases.mean() == pytest.approx(1)
        assert inside.mean() > 0.8
        assert (curve.days[0], curve.days[-1]) == (date(2023, 1, 1), date(2023, 12, 31))
        assert curve.events[0].low < np.exp(0.7) < curve.events[0].high

    def test_forecasts_have_intervals(self, fitted: FittedTimeVaryingParetoNbd, people: pl.DataFrame) -> None:
        middle, low, high = interval(fitted, lambda model: model.expected_purchases(people.head(20), 90.0))
        assert (low < middle).all()
        assert (middle < high).all()
        assert fitted.moved(fitted.coordinates).summary().equals(fitted.summary())


def weekly_error(model: FittedTimeVaryingParetoNbd | FittedParetoNbd, purchases: pl.DataFrame) -> float:
    """Return the mean absolute error of a week's repeat purchases in the holdout, over the mean of a week."""
    until = AS_OF + timedelta(days=HOLDOUT)
    tracking = purchase_tracking(model, purchases, until=until)  # type: ignore[arg-type]
    ahead = np.array(tracking.ends) > AS_OF + timedelta(days=6)
    return float(np.abs(tracking.actual - tracking.expected)[ahead].mean() / tracking.actual[ahead].mean())


class TestSettings:
    def test_weekly_steps_hold_the_mean_of_the_week(self) -> None:
        sale = CalendarEvent(name="sale", starts_on=date(2025, 6, 3), ends_on=date(2025, 6, 4))
        weekly = CalendarCovariates(season_harmonics=0, events=(sale,), step_days=7).on(day_numbers(date(2025, 5, 31), 10))
        assert weekly[:, 0] == pytest.approx([0, 0, *[2 / 7] * 7, 0])  # Monday 2 June to Sunday 8 June

    def test_weekly_steps_find_the_season_too(self, some: pl.DataFrame) -> None:
        weekly = TimeVaryingParetoNbd(period_days=1.0, step_days=7).fit(some, as_of=AS_OF)
        errors = weekly.summary()["std_error"].to_numpy()[4:]
        assert (errors < 0.06).all()
        assert (np.abs(weekly.purchase_effects - SEASON) < 3 * errors).all()

    def test_an_event_not_yet_observed_has_no_effect(self, some: pl.DataFrame) -> None:
        later = CalendarEvent(name="later", starts_on=date(2025, 1, 1), ends_on=date(2025, 1, 31))
        always = CalendarEvent(name="always", starts_on=date(2020, 1, 1), ends_on=date(2030, 1, 1))
        settings = TimeVaryingParetoNbd(events=(*campaigns(), later, always), lifetime_covariates=("later",))
        model = settings.fit(some, as_of=AS_OF)
        effects = dict(zip(settings.terms, model.coordinates, strict=True))
        assert [effects[f"purchase:{name}"] for name in ("always", "later")] == [0, 0]
        campaign = model.summary().row(by_predicate=pl.col("term") == "purchase:campaign", named=True)
        assert campaign["std_error"] < 0.1
        assert abs(campaign["estimate"] - 0.7) < 3 * campaign["std_error"]
        assert [note.split(":")[1].split(" ")[0] for note in model.info.notes] == ["always", "later", "later"]
        assert np.isnan(model.covariance[-1]).all()
        assert np.isfinite(model.expected_purchases(some, 90.0)).all()

    def test_a_short_history_is_reported(self, people: pl.DataFrame) -> None:
        late = people.filter(pl.col("first_order_on") > date(2023, 3, 1)).head(200)
        notes = TimeVaryingParetoNbd().fit(late, as_of=AS_OF).info.notes
        assert any("less than a year" in note for note in notes)

    @pytest.mark.parametrize(
        ("settings", "message"),
        [
            ({"period_days": 0}, "period_days is 0; it must be above 0"),
            ({"level": 1.0}, "level is 1; it must lie between 0 and 1"),
            ({"season_harmonics": -1}, "season_harmonics is -1; it must lie between 0 and 12"),
            ({"step_days": 0}, "step_days is 0; it must lie between 1 and 31"),
            ({"lifetime_covariates": ("sale",)}, "unknown lifetime covariate 'sale'"),
        ],
    )
    def test_settings_out_of_range_are_refused(self, settings: dict[str, object], message: str) -> None:
        with pytest.raises(ParameterError, match=message):
            TimeVaryingParetoNbd(**settings)  # type: ignore[arg-type]

    def test_events_must_be_periods_with_a_name(self) -> None:
        with pytest.raises(ParameterError, match="sale ends on 2025-01-01 before it starts on 2025-01-02"):
            CalendarEvent(name="sale", starts_on=date(2025, 1, 2), ends_on=date(2025, 1, 1))
        with pytest.raises(ParameterError, match="give it a name that does not begin with 'season'"):
            CalendarEvent(name="season", starts_on=date(2025, 1, 2), ends_on=date(2025, 1, 2))

    def test_more_parameters_than_customers_who_came_back(self, people: pl.DataFrame) -> None:
        with pytest.raises(NotEnoughEventsError, match=r"customers bought again; 28 parameters need more.*or fewer covariates"):
            TimeVaryingParetoNbd(season_harmonics=12).fit(people.head(12), as_of=AS_OF)

    def test_bad_requests_are_refused(self, fitted: FittedTimeVaryingParetoNbd, people: pl.DataFrame) -> None:
        with pytest.raises(ParameterError, match="horizon_days is -1; it must be 0 or more"):
            fitted.expected_purchases(people, -1)
        with pytest.raises(ParameterError, match="purchases must be 5000 whole numbers from 0"):
            fitted.purchases_probability(people, [1], 90)
        outcomes = simulated.came_back(world(50, 3), AS_OF, HOLDOUT).with_columns(holdout_days=pl.int_range(pl.len()))
        with pytest.raises(TableError, match="holdout_days differs between rows"):
            SETTINGS.judge(fitted, people, outcomes)
