"""Pooled forecast: distributions that agree with their means, seasons that the base model misses, short histories, and CDNOW."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import numpy as np
import polars as pl
import pytest
import simulated_purchases
from polars.testing import assert_frame_equal
from whole_distributions import distribution

from relkit.models.lifetime_value.calendar_weights import WeekWeight
from relkit.models.lifetime_value.discounted_value import discounted_orders
from relkit.models.lifetime_value.exposure import CalendarEvent
from relkit.models.lifetime_value.mbg_nbd import MbgNbd
from relkit.models.lifetime_value.pooled import FittedPooled, Pooled
from relkit.models.lifetime_value.uncertainty import interval

FIRST, TODAY, DAYS = date(2022, 1, 1), date(2024, 9, 30), 1003


def came(days: pl.DataFrame, features: pl.DataFrame, ahead: int, today: date = TODAY) -> Any:
    later = simulated_purchases.came_back(days, today, ahead)
    return features.join(later, on="customer_id", how="left", maintain_order="left")["holdout_purchases"].to_numpy()


def shop(n: int, peak: float, seed: int = 3) -> pl.DataFrame:
    """Return the purchase days of a shop that sells `peak` times as much in each last quarter as in the others."""
    day = [FIRST + timedelta(days=i + 1) for i in range(DAYS + 95)]
    buying = np.array([peak if each.month >= 10 else 1.0 for each in day])
    terms = {"r": 0.8, "alpha": 90.0, "s": 0.6, "beta": 200.0}
    rng = np.random.default_rng(seed)
    return simulated_purchases.followers(n, rng, **terms, buying=buying, leaving=np.ones(len(day)), first=FIRST, join_days=DAYS - 60)


@pytest.fixture(scope="module")
def even() -> tuple[pl.DataFrame, pl.DataFrame, FittedPooled]:
    """Return the days of a shop without a season, its histories and their fit."""
    days = shop(2500, 1.0)
    features = simulated_purchases.histories(days, TODAY)
    return days, features, Pooled().fit(features, as_of=TODAY)


def test_the_mean_of_the_distribution_is_the_expectation(even: Any) -> None:
    _, features, fitted = even
    few = features.filter(pl.col("repeat_purchases") <= 6).head(30)
    for days in (10, 28, 60, 300, 1000):
        chances = distribution(fitted, few, days, most=250)
        assert chances.sum(axis=1) == pytest.approx(1.0, abs=1e-6)
        assert chances @ np.arange(251) == pytest.approx(fitted.expected_purchases(few, days), rel=1e-4)
        assert chances[:, 0] == pytest.approx(1 - fitted.order_probability(few, days), rel=1e-12)
        medians = fitted.median_purchases(few, days)
        assert ((np.cumsum(chances, axis=1) >= 0.5).argmax(axis=1) == medians).all()


def test_expectations_and_probabilities_rise_with_the_horizon(even: Any) -> None:
    _, features, fitted = even
    horizons = (0, 1, 14, 27.9, 28, 28.1, 59, 90, 91, 180, 250, 365, 500, 900)
    expected = np.array([fitted.expected_purchases(features, days) for days in horizons])
    buys = np.array([fitted.order_probability(features, days) for days in horizons])
    assert (np.diff(expected, axis=0) >= -1e-12).all()
    assert (expected[0] == 0).all()
    assert np.abs(np.diff(expected[3:6], axis=0)).max() < 0.05  # no step at a knot
    assert np.diff(buys.mean(axis=1)).min() > 0
    learnt = np.array([fitted.order_probability(features, days) for days in fitted.knots.horizons_days])
    assert (np.diff(learnt[:4], axis=0) >= -1e-12).all()  # the one of two years rests on nine months
    assert (learnt <= fitted.probability_alive(features) + 1e-12).all()


def test_a_discounted_sum_is_that_of_the_expectations(even: Any) -> None:
    _, features, fitted = even
    few = features.head(30)
    plain = discounted_orders(fitted, few, 400, 0.0)["discounted_orders_400d"].to_numpy()
    assert plain == pytest.approx(fitted.expected_purchases(few, 400), rel=1e-9)
    steps = np.linspace(0, 400, 81)
    values = np.array([fitted.expected_purchases(few, day) for day in steps])
    discount = np.exp(-np.log(1.1) / 365.25 * (steps[1:] + steps[:-1]) / 2)
    found = discounted_orders(fitted, few, 400, 0.1)["discounted_orders_400d"].to_numpy()
    assert found == pytest.approx(discount @ np.diff(values, axis=0), rel=2e-3)


def test_the_order_of_rows_changes_no_byte(even: Any) -> None:
    _, features, fitted = even
    again = Pooled().fit(features.sample(fraction=1.0, shuffle=True, seed=1), as_of=TODAY)
    assert again.info == fitted.info
    assert_frame_equal(again.summary(), fitted.summary(), check_exact=True)
    assert_frame_equal(again.score(features), fitted.score(features), check_exact=True)


def test_without_a_season_it_is_level_with_the_true_model(even: Any) -> None:
    """Within three standard errors of the log-score of a model fitted to the same customers; it loses at most 3 % of the total."""
    days, features, fitted = even
    later = came(days, features, 90)
    base = MbgNbd().fit(features, as_of=TODAY)
    gain = np.log(fitted.purchases_probability(features, later, 90) / base.purchases_probability(features, later, 90))
    assert gain.mean() > -3 * gain.std() / np.sqrt(len(gain))
    assert fitted.expected_purchases(features, 90).sum() == pytest.approx(base.expected_purchases(features, 90).sum(), rel=0.1)
    own = fitted.expected_purchases(features, 90)
    moved, low, high = interval(fitted, lambda model: model.expected_purchases(features, 90))
    assert (moved == own).all()
    assert (low <= own).all()
    assert (own <= high).all()


def test_a_frame_that_was_changed_in_place_is_read_again(even: Any) -> None:
    _, features, fitted = even
    some, others = features[:100].clone(), features[100:150]
    before = fitted.expected_purchases(some, 90)
    some.extend(others)
    assert fitted.expected_purchases(some, 90)[:100] == pytest.approx(before)
    assert len(interval(fitted, lambda model: model.expected_purchases(some, 90))[1]) == 150


def test_a_season_of_earlier_years_is_expected_again() -> None:
    days = shop(2500, 2.5)
    features = simulated_purchases.histories(days, TODAY)
    fitted, base = Pooled().fit(features, as_of=TODAY), MbgNbd().fit(features, as_of=TODAY)
    total = came(days, features, 90).sum()
    off, before = (abs(np.log(model.expected_purchases(features, 90).sum() / total)) for model in (fitted, base))
    assert before > 0.4
    assert off < 0.6 * before
    weeks = tuple(WeekWeight(iso_week=week, weight=2.5) for week in range(40, 53))
    weighed = Pooled(week_weights=weeks).fit(features, as_of=TODAY)
    assert abs(np.log(weighed.expected_purchases(features, 90).sum() / total)) < 0.7 * off
    assert weighed.knots.calendar[1] > 1.3


def test_a_short_history_leaves_the_base_model_and_says_so() -> None:
    days, today = shop(2500, 1.0), FIRST + timedelta(days=45)
    features = simulated_purchases.histories(days, today)
    fitted = Pooled().fit(features, as_of=today)
    base = MbgNbd().fit(features, as_of=today)
    assert len(fitted.knots) == 0
    assert "pooled_short_history" in {remark.code for remark in fitted.info.remarks}
    for days_ahead in (30, 400):
        assert fitted.expected_purchases(features, days_ahead) == pytest.approx(base.expected_purchases(features, days_ahead))
        assert fitted.order_probability(features, days_ahead) == pytest.approx(base.order_probability(features, days_ahead))


def test_an_as_of_day_in_an_event_or_after_a_peak_is_remarked(even: Any) -> None:
    days, features, fitted = even
    assert "as_of_in_a_peak" not in {remark.code for remark in fitted.info.remarks}
    sale = CalendarEvent(name="sale", starts_on=TODAY - timedelta(days=3), ends_on=TODAY)
    later = CalendarEvent(name="fair", starts_on=TODAY + timedelta(days=3), ends_on=TODAY + timedelta(days=5))
    during = Pooled(events=(sale, later), horizons_days=(28,)).fit(features, as_of=TODAY)
    assert {"as_of_in_an_event", "event_not_observed"} <= {remark.code for remark in during.info.remarks}
    assert list(during.event_effects) == ["sale"]
    busy = pl.concat([days, days.filter(pl.col("day") == pl.col("day").min().over("customer_id")).with_columns(day=TODAY)])
    crowded = simulated_purchases.histories(busy.unique().sort("customer_id", "day"), TODAY)
    found = Pooled(horizons_days=(28,)).fit(crowded, as_of=TODAY)
    assert next(each.en for each in found.info.remarks if each.code == "as_of_in_a_peak").startswith("The 28 days up to 2024-09-30")


def test_customers_can_be_scored_on_a_later_day(even: Any) -> None:
    """The last 90 days are those before the day of the rows, not of the fit."""
    days, _, fitted = even
    later = TODAY + timedelta(days=60)
    scores = fitted.score(simulated_purchases.histories(days, later))
    assert scores["expected_orders_90d"].is_finite().all()
    idle = fitted.score(simulated_purchases.histories(days.filter(pl.col("day") <= TODAY), later))
    assert idle["expected_orders_90d"].sum() < 0.9 * fitted.expected_purchases(simulated_purchases.histories(days, TODAY), 90).sum()


def test_on_cdnow_it_gives_what_came_a_higher_probability_than_mbg(purchase_days: pl.DataFrame) -> None:
    """As of the end of 1997, by two standard errors: .015 (.005) in the first quarter of 1998, .014 (.005) in the first half."""
    today, days = date(1997, 12, 31), purchase_days.select("customer_id", "day")
    features = simulated_purchases.histories(days, today)
    fitted, base = Pooled().fit(features, as_of=today), MbgNbd().fit(features, as_of=today)
    for ahead in (90, 180):
        seen = came(days, features, ahead, today)
        own, others = (np.log(model.purchases_probability(features, seen, ahead)) for model in (fitted, base))
        assert (own - others).mean() > 2 * (own - others).std() / np.sqrt(len(seen))
