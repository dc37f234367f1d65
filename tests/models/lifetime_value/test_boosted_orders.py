"""Trees among the regressors: windows by hand, forecasts by those who have not seen a customer, and a rhythm that nothing else finds."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl
import pytest
import simulated_purchases
from polars.testing import assert_frame_equal

from relkit.errors import StorageError
from relkit.models.lifetime_value.boosted_orders import Halves
from relkit.models.lifetime_value.mbg_nbd import MbgNbd
from relkit.models.lifetime_value.order_days import OrderDays
from relkit.models.lifetime_value.order_windows import WIDTH, order_windows
from relkit.models.lifetime_value.own_past import OwnPast
from relkit.models.lifetime_value.pooled import FittedPooled, Pooled
from relkit.models.storage import load, save
from relkit.models.uplift.responses import constant

if TYPE_CHECKING:
    from pathlib import Path

FIRST, TODAY = date(2023, 1, 1), date(2024, 6, 30)


def test_windows_are_counted_up_to_the_day() -> None:
    own = {"first_order_on": [date(1970, 1, 11), date(1970, 2, 20)], "repeat_ages_days": [[10.0, 30.0, 35.0, 60.0], [20.0]]}
    orders = OrderDays.of(pl.DataFrame(own, schema_overrides={"repeat_ages_days": pl.List(pl.Float64)}))
    past = OwnPast(orders, 50, 0, np.array([True, False]))  # days 10, 20, 40, 45 of the first; 50 of the second
    x, t_x, T, since, older, rate, half, same, twice, *windows, gap = order_windows(past, 10).T.tolist()
    assert (x, t_x, T, since, older) == ([3, 0], [35, 0], [40, 0], [5, 0], [1, 0])
    assert rate == pytest.approx([40 / 51, 10 / 51])
    assert (half, same, twice) == ([0, 1], [1, 1], [2, 1])
    assert windows == [[2, 1], [4, 1], [4, 1], [4, 1]]
    assert gap == pytest.approx([35 / 3, 0])


def test_a_customer_is_forecast_by_the_trees_of_the_other_half() -> None:
    halves = Halves(30, (constant(0.0), constant(1.0)))
    found = halves.of_others(np.zeros((4, WIDTH)), np.array([0, 1, 2, 7]), 60)
    assert found == pytest.approx([2 * np.e, 2, 2 * np.e, 2])


def test_too_few_customers_grow_no_trees() -> None:
    came, places = np.ones(990), np.arange(990)
    assert Halves.grown(np.zeros((990, WIDTH)), came, places, 30) is None
    idle = np.zeros(2000)
    idle[:200:2] = 1.0  # none at odd places
    assert Halves.grown(np.zeros((2000, WIDTH)), idle, np.arange(2000), 30) is None


@pytest.fixture(scope="module")
def rhythmic() -> tuple[pl.DataFrame, pl.DataFrame, FittedPooled]:
    """Return the days of a shop whose customers buy every six weeks, give or take some days; their histories and a fit."""
    rng, n, orders = np.random.default_rng(5), 1500, 18
    gaps = np.maximum(np.rint(rng.normal(42, 4, (n, orders))), 1)
    day = rng.integers(0, 200, n)[:, None] + np.cumsum(gaps, axis=1).astype(int)
    days = pl.DataFrame(
        {"customer_id": np.repeat([f"c{i:05d}" for i in range(n)], orders), "day": [FIRST + timedelta(int(d)) for d in day.ravel()]}
    )
    days = days.sort("customer_id", "day")
    features = simulated_purchases.histories(days, TODAY)
    return days, features, Pooled(horizons_days=(28,)).fit(features, as_of=TODAY)


def test_a_rhythm_that_the_other_regressors_cannot_follow_is_found(rhythmic: Any) -> None:
    """Customers who bought last week do not buy in the next four, those who bought five weeks ago do."""
    days, features, fitted = rhythmic
    later = simulated_purchases.came_back(days, TODAY, 28)
    rows = features.join(later, on="customer_id", how="left", maintain_order="left")
    y, since = rows["holdout_purchases"].to_numpy(), (rows["observed_days"] - rows["last_purchase_age_days"]).to_numpy()
    base = MbgNbd().fit(features, as_of=TODAY)
    gain = np.log(fitted.purchases_probability(features, y, 28) / base.purchases_probability(features, y, 28))
    assert gain.mean() > 10 * gain.std() / np.sqrt(len(gain))
    expected = fitted.expected_purchases(features, 28)
    recent, due = since <= 7, (since > 25) & (since <= 40)
    assert y[due].mean() > 0.95
    assert y[recent].mean() < 0.05
    assert expected[due].mean() > 2 * expected[recent].mean()
    assert fitted.knots.powers[0, -1] > 0.4
    remark = next(each for each in fitted.info.remarks if each.code == "pooled_parts")
    assert remark.en.endswith(", the long run and gradient boosting.")


def test_it_is_saved_without_loss_and_refused_if_damaged(rhythmic: Any, tmp_path: Path) -> None:
    _, features, fitted = rhythmic
    save(fitted, tmp_path / "model")
    loaded: Any = load(tmp_path / "model")
    assert_frame_equal(loaded.score(features), fitted.score(features), check_exact=True)
    boosted = fitted.knots.boosted
    torn = replace(fitted, knots=replace(fitted.knots, boosted=replace(boosted, first_trees=boosted.first_trees[::-1].copy())))
    save(torn, tmp_path / "torn")
    with pytest.raises(StorageError, match="not divided among the horizons"):
        load(tmp_path / "torn")
    fewer = replace(boosted, **{name: np.repeat(getattr(boosted, name), 2) for name in ("powers", "window_days", "bases")})
    fewer = replace(fewer, first_trees=np.append(boosted.first_trees, boosted.first_trees[-1]), powers=np.array([0.5, 0.0]))
    save(replace(fitted, knots=replace(fitted.knots, boosted=fewer)), tmp_path / "more")
    with pytest.raises(StorageError, match="not as many horizons"):
        load(tmp_path / "more")
