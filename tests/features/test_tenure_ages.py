"""Ages placed within whole units, against the rates and the interval likelihood that they stand for."""

from __future__ import annotations

from datetime import date

import numpy as np
import polars as pl
import pytest

from relkit.features.tenure_ages import DAYS, TenureCount, placed, tenure_count
from relkit.models.survival.kaplan_meier import KaplanMeier
from relkit.models.survival.piecewise_exponential import PiecewiseExponential
from relkit.models.survival.weibull_aft import WeibullAft

AS_OF = date(2025, 6, 30)
UNITS = {"started": np.ceil, "completed": np.floor, "nearest": np.round}


def grouped(unit: str, counts: str, *, rate: float, n: int = 20_000) -> pl.DataFrame:
    """Return exponential lifetimes of a rate a unit, followed for up to ten units, of which the file has whole units only."""
    rng = np.random.default_rng(7)
    x = rng.integers(0, 2, n)
    life, followed = rng.exponential(1 / (rate * np.exp(0.5 * x))), rng.uniform(0, 10, n)
    ended = life < followed
    tenure = UNITS[counts](np.minimum(life, followed)) * DAYS[unit]
    counted = TenureCount(unit=unit, counts=counts, is_declared=True)
    low, high = counted.interval(tenure)
    age = placed(tenure, ended, pl.Series([f"c{i}" for i in range(n)]), counted)
    upper = [float(b) if gone else None for b, gone in zip(high, ended, strict=True)]
    columns = {"duration_days": age, "event": ended, "entry_days": 0.0, "x": x.astype(float), "lower": np.where(ended, low, age)}
    return pl.DataFrame(columns).with_columns(upper=pl.Series(upper, dtype=pl.Float64), customer_id=pl.Series(range(n)).cast(pl.String))


@pytest.mark.parametrize(("unit", "counts"), [("months", "started"), ("years", "completed"), ("years", "nearest")])
def test_the_rate_of_grouped_exponential_lives_and_its_90_days_are_recovered(unit, counts):
    """A newcomer's and that of a customer of three units, within three standard errors of the ends that each rests on."""
    rate, days = 0.1, DAYS[unit]
    frame = grouped(unit, counts, rate=rate).filter(pl.col("x") == 0)
    expected = -np.expm1(-rate * 90 / days)
    ends = frame.filter("event")["duration_days"].to_numpy()
    one = pl.DataFrame({"customer_id": ["new", "old"], "duration_days": [0.0, 3 * days]})
    models = (
        (KaplanMeier(), [(0, 90), (3 * days, 3 * days + 90)]),
        (PiecewiseExponential(covariates=(), breaks_days=(2 * days,)), [(0, 2 * days), (2 * days, 10 * days)]),
    )
    for model, stretches in models:
        found = model.fit(frame, as_of=AS_OF).score(one, horizon_days=90)["churn_probability_90d"].to_numpy()
        known = np.array([((ends > low) & (ends <= high)).sum() for low, high in stretches])
        assert np.all(np.abs(found / expected - 1) < 3 / np.sqrt(known)), (model.name, found, expected, known)


@pytest.mark.parametrize("counts", ["started", "completed", "nearest"])
def test_placed_ages_say_what_the_intervals_say(counts):
    """The Weibull of placed ages is that of the exact likelihood of the intervals, to a third of its standard errors."""
    frame = grouped("years", counts, rate=0.15)
    placed_ages = WeibullAft(covariates=("x",)).fit(frame, as_of=AS_OF)
    intervals = WeibullAft(covariates=("x",), lower_column="lower", upper_column="upper").fit(frame, as_of=AS_OF)
    errors = np.sqrt(np.diag(intervals.covariance))
    assert (np.abs(placed_ages.coordinates - intervals.coordinates) / errors).max() < 1 / 3


def test_the_curve_at_the_ends_of_units_is_that_of_the_units():
    """Five of ten customers end in the first unit and two in the second; nobody is still a customer, so that S is .5, then .3."""
    tenure, ended = np.repeat([1.0, 2.0, 3.0], [5, 2, 3]) * DAYS["years"], np.ones(10, dtype=bool)
    counted = TenureCount(unit="years", counts="started", is_declared=True)
    age = placed(tenure, ended, pl.Series([f"c{i}" for i in range(10)]), counted)
    assert [float((age > k * DAYS["years"]).mean()) for k in (1, 2, 3)] == [0.5, 0.3, 0.0]
    assert len(set(age)) == 10
    # Half of those who end in the first year have a constant hazard of log 2 a year: later ends are rarer.
    assert np.median(age[:5]) < 0.5 * DAYS["years"]


def test_the_order_of_the_rows_does_not_matter():
    frame = grouped("months", "completed", rate=0.2, n=500)
    tenure, ended = np.floor(frame["lower"].to_numpy() / DAYS["months"] + 1e-9) * DAYS["months"], frame["event"].to_numpy()
    counted = TenureCount(unit="months", counts="completed", is_declared=True)
    mixed = np.random.default_rng(1).permutation(len(frame))
    again = placed(tenure[mixed], ended[mixed], frame["customer_id"].gather(mixed), counted)
    np.testing.assert_array_equal(again, placed(tenure, ended, frame["customer_id"], counted)[mixed])


def test_what_units_count_is_told_by_tenures_of_zero():
    rounded = np.repeat([0.0, 1.0, 2.0], [50, 100, 100])
    gone = np.arange(250) % 5 == 0
    assert tenure_count(rounded, gone, unit="years").counts == "nearest"  # zero stands for half a year only
    assert tenure_count(rounded, gone, unit="years", declared="completed").counts == "completed"
    assert tenure_count(rounded + 0.5, gone, unit="years").counts == "nearest"  # half a unit was added: middles
    assert tenure_count(rounded + 0.3 * gone, gone, unit="years") is None
    assert tenure_count(rounded, gone, unit="days") is None
