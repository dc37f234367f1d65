"""Observed against expected: figures of the BG/NBD paper on CDNOW, and sums of the model's own probabilities."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

import numpy as np
import polars as pl
import pytest
from scipy import integrate

from relkit.errors import PeriodError, TableError
from relkit.models.lifetime_value.bg_nbd import BgNbd, FittedBgNbd
from relkit.models.lifetime_value.diagnostics import (
    alive_surface,
    frequency_histogram,
    purchase_tracking,
    purchases_by_frequency,
    spend_distribution,
)
from relkit.models.lifetime_value.gamma_gamma import GammaGamma, log_likelihood

if TYPE_CHECKING:
    from pathlib import Path

DAY = date(1997, 9, 30)


@pytest.fixture(scope="module")
def fitted(cdnow: pl.DataFrame) -> FittedBgNbd:
    return BgNbd().fit(cdnow, as_of=DAY)


def test_purchases_by_frequency_are_those_published(fitted: FittedBgNbd, cdnow: pl.DataFrame, cdnow_outcomes: pl.DataFrame) -> None:
    """BTYD walkthrough (R package BTYD 2.4.3), bgnbd.PlotFreqVsConditionalExpectedFrequency: customers, actual, expected."""
    found = purchases_by_frequency(fitted, cdnow, cdnow_outcomes)
    assert found.customers.tolist() == [1411, 439, 214, 100, 62, 38, 29, 64]
    assert found.actual.tolist() == pytest.approx([0.237, 0.697, 1.393, 1.560, 2.532, 2.947, 3.862, 6.359], abs=5e-4)
    published = [0.2250893, 0.5231364, 1.044126, 1.520256, 2.163824, 2.653789, 3.503957, 6.157036]
    assert found.predicted.tolist() == pytest.approx(published, rel=2e-4)  # their parameters differ in the fifth digit


def test_histogram_adds_up_the_probabilities_of_everyone(fitted: FittedBgNbd, cdnow: pl.DataFrame) -> None:
    found = frequency_histogram(fitted, cdnow, top=7)
    assert found.actual.tolist() == [1411, 439, 214, 100, 62, 38, 29, 64]
    assert found.labels == ("0", "1", "2", "3", "4", "5", "6", "7+")
    one_by_one = sum(fitted.purchase_probability(np.arange(7), days) for days in cdnow["observed_days"])
    np.testing.assert_allclose(found.expected[:7], one_by_one)
    assert found.expected.sum() == pytest.approx(len(cdnow))


def test_tracking_by_hand(fitted: FittedBgNbd) -> None:
    """Two customers: one buys on days 0, 3 and 9, one on day 5 only; the third comes after the model's last day and is left out."""
    first = date(1997, 9, 20)
    days = [("a", 20), ("a", 23), ("a", 23), ("a", 29), ("b", 25)]
    bought = pl.DataFrame({"customer_id": [c for c, _ in days], "day": [date(1997, 9, d) for _, d in days]})
    late = pl.DataFrame({"customer_id": ["c", "c", "a"], "day": [date(1997, 10, 1), date(1997, 10, 2), date(1997, 10, 15)]})
    found = purchase_tracking(fitted, pl.concat([bought, late]), until=date(1997, 10, 5))
    assert (found.ends, found.days, found.calibration) == ((date(1997, 9, 27), date(1997, 10, 4)), 7, DAY)
    assert found.actual.tolist() == [1, 1]
    assert first == found.ends[0].replace(day=20)
    by_7 = fitted.expected_purchases_new([7.0, 2.0]).sum()
    by_14 = fitted.expected_purchases_new([14.0, 9.0]).sum()
    assert found.expected.tolist() == pytest.approx([by_7, by_14 - by_7])


def test_tracking_of_cdnow(fitted: FittedBgNbd, real_data: Path) -> None:
    """2,457 repeat purchase days to 1997-09-30, 1,882 in the 39 weeks that follow; BG/NBD stays within 5 % at the calibration's end."""
    lines = pl.read_csv(real_data / "cdnow_sample.txt", has_header=False, new_columns=["line"])["line"]
    parts = lines.str.strip_chars().str.replace_all(r"\s+", " ").str.split(" ")
    bought = pl.DataFrame({"customer_id": parts.list.get(1), "day": parts.list.get(2).str.to_date("%Y%m%d", strict=False)}).drop_nulls()
    found = purchase_tracking(fitted, bought, until=date(1998, 7, 1))
    assert found.ends[38::39] == (date(1997, 10, 1), date(1998, 7, 1))
    assert found.actual[:39].sum() == pytest.approx(2457, abs=15)
    assert found.actual.sum() == 2457 + 1882
    assert found.expected[:39].sum() == pytest.approx(2457, rel=0.05)


def test_tracking_with_covariates_joins_days_whose_ids_are_an_enum(cdnow: pl.DataFrame) -> None:
    older = pl.int_range(pl.len()) % 2 == 0
    features = cdnow.with_columns(is_left_censored=older)
    model = BgNbd().fit(features, as_of=DAY)
    ids = features["customer_id"].cast(pl.String)[:50]
    days = pl.DataFrame({"customer_id": ids.cast(pl.Enum(ids.unique().sort())), "day": [date(1997, 1, 5)] * len(ids)})
    found = purchase_tracking(model, days, until=date(1997, 2, 2), features=features)
    assert model.covariates
    assert found.expected.sum() == pytest.approx(
        model.expected_purchases_new(28.0, of=features[:50].select(is_left_censored=pl.col("is_left_censored").cast(pl.Float64))).sum()
    )


def test_tracking_needs_a_whole_step(fitted: FittedBgNbd) -> None:
    bought = pl.DataFrame({"customer_id": ["a"], "day": [date(1997, 9, 29)]})
    with pytest.raises(PeriodError, match=r"until: there are no 7 days between the first purchase and 1997-10-01\. Give a later day"):
        purchase_tracking(fitted, bought, until=date(1997, 10, 1))
    with pytest.raises(PeriodError, match="there are no 7 days"):
        purchase_tracking(fitted, bought.clear(), until=date(1997, 10, 1))
    with pytest.raises(TableError, match="column 'day' is missing"):
        purchase_tracking(fitted, bought.drop("day"), until=date(1997, 10, 1))


def test_surface_is_the_probability_at_each_point(fitted: FittedBgNbd, cdnow: pl.DataFrame) -> None:
    found = alive_surface(fitted, cdnow, steps=4)
    assert found.observed_days == cdnow["observed_days"].max() == 272
    assert found.days_since_last.tolist() == [0, 68, 136, 204, 272]
    assert found.repeat_purchases[0] == 1
    assert found.p_alive.shape == (len(found.repeat_purchases), 5)
    one = pl.DataFrame({"customer_id": ["a"], "repeat_purchases": [3], "last_purchase_age_days": [204.0], "observed_days": [272.0]})
    assert found.p_alive[2, 1] == fitted.probability_alive(one)[0]
    assert (np.diff(found.p_alive, axis=1) < 0).all()


def test_spend_bins_are_the_integral_of_the_density(cdnow: pl.DataFrame) -> None:
    """Integral of the likelihood of one mean value (note 025, eq. 1a) over a bin, averaged over customers."""
    model = GammaGamma().fit(cdnow, as_of=DAY)
    found = spend_distribution(model, cdnow, bins=12)
    buyers = cdnow.filter((pl.col("repeat_purchases") > 0) & (pl.col("mean_repeat_value") > 0))
    m, x = buyers["mean_repeat_value"].to_numpy(), buyers["repeat_purchases"].to_numpy()
    inside = (m > found.edges[3]) & (m <= found.edges[4])
    assert found.actual[3] == pytest.approx(inside.mean(), abs=1e-3)
    assert found.actual.sum() + found.beyond == pytest.approx(1)
    counts = dict(zip(*np.unique(x, return_counts=True), strict=True))
    expected = 0.0
    for orders, n in counts.items():
        letters = float(model.p or 0), float(model.q or 0), float(model.v or 0)
        expected += n * integrate.quad(lambda v, o=orders, k=letters: float(np.exp(log_likelihood(*k, o, v))), *found.edges[3:5])[0]
    assert found.expected[3] == pytest.approx(expected / len(x), rel=1e-6)
    assert 0.97 < found.expected.sum() < 1


def test_spend_without_differences_between_customers() -> None:
    """The expected shares follow a fit that falls back to one mean, or to no spread at all."""
    rng = np.random.default_rng(2)
    x = rng.integers(1, 6, 3000)
    mean = rng.gamma(5.0 * x, 8.0 / x)
    people = pl.DataFrame({"customer_id": [str(i) for i in range(3000)], "repeat_purchases": x, "mean_repeat_value": mean})
    pooled = GammaGamma().fit(people, as_of=DAY)
    assert pooled.q is None
    found = spend_distribution(pooled, people, bins=8)
    np.testing.assert_allclose(found.expected, found.actual, atol=0.03)
    same = people.with_columns(mean_repeat_value=pl.lit(20.0))
    alike = spend_distribution(GammaGamma().fit(same, as_of=DAY), same, bins=2)
    assert alike.actual.tolist() == alike.expected.tolist() == [0, 1]
