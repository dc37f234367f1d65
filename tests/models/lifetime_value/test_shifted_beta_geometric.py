"""sBG: the published cohorts, derivatives, quantities derived from the parameters, and every refusal."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

import numpy as np
import polars as pl
import pytest

from relkit.errors import NotEnoughEventsError, ParameterError
from relkit.models.lifetime_value import shifted_beta_geometric as sbg
from relkit.models.lifetime_value.renewals import ON_RENEWAL_DAYS
from relkit.models.lifetime_value.shifted_beta_geometric import FittedShiftedBetaGeometric, ShiftedBetaGeometric

if TYPE_CHECKING:
    from pathlib import Path

DAY = date(2025, 6, 30)
YEAR = 365.25


def cohort(survivors: list[int]) -> pl.DataFrame:
    """Return a cohort's contracts from the numbers of survivors after 0, 1, ... years."""
    left = -np.diff(survivors)
    years = np.repeat(np.arange(1, len(survivors)), left)
    ages = YEAR * np.concatenate([years, np.full(survivors[-1], len(survivors) - 1)])
    ends = np.arange(len(ages)) < len(years)
    return pl.DataFrame({"customer_id": [str(i) for i in range(len(ages))], "duration_days": ages, "event": ends})


@pytest.fixture(scope="module")
def published(real_data: Path) -> pl.DataFrame:
    """Return year, regular, high_end: survivors of 1,000 in each cohort (Fader and Hardie 2007, table 1)."""
    return pl.read_csv(real_data / "sbg_retention.csv")


PAPER = {
    "high_end": {
        "parameters": (0.6681, 3.8061),
        "log_likelihood": -1611.158,
        "survival": (85.1, 74.7, 67.0, 61.0, 56.2, 52.2, 48.9, 46.0, 43.6, 41.4, 39.5, 37.8),
        "derl": (5.414, 5.901, 6.294, 6.620, 6.897, 7.136, 7.345, 7.530),
    },
    "regular": {
        "parameters": (0.7041, 1.1820),
        "log_likelihood": -1680.265,
        "survival": (62.7, 47.4, 38.8, 33.2, 29.2, 26.2, 23.9, 22.0, 20.4, 19.1, 18.0, 17.0),
        "derl": (2.964, 4.103, 4.870, 5.442, 5.894, 6.264, 6.576, 6.842),
    },
}
"""Fader and Hardie (2007), fitted to years 1 to 7; digits beyond their three by an independent scipy maximisation.

DERL at 10 % a year before the n-th renewal, n = 1..8: Fader and Hardie (2010); 7.530 is printed there.
"""


def fit_to(published: pl.DataFrame, name: str) -> FittedShiftedBetaGeometric:
    return ShiftedBetaGeometric(period_days=YEAR).fit(cohort(published[name].to_list()[:8]), as_of=DAY)


@pytest.mark.parametrize("name", PAPER)
class TestPublishedNumbers:
    def test_parameters_and_log_likelihood(self, published: pl.DataFrame, name: str) -> None:
        fitted = fit_to(published, name)
        assert (fitted.alpha, fitted.beta) == pytest.approx(PAPER[name]["parameters"], abs=5e-5)
        assert fitted.info.log_likelihood == pytest.approx(PAPER[name]["log_likelihood"], abs=5e-4)
        assert fitted.info.rows == 1000
        assert fitted.info.remarks == (ON_RENEWAL_DAYS,)

    def test_survival_of_twelve_years(self, published: pl.DataFrame, name: str) -> None:
        survival = fit_to(published, name).survival(YEAR * np.arange(1, 13))
        assert 100 * survival == pytest.approx(PAPER[name]["survival"], abs=0.05)

    def test_discounted_residual_lifetime(self, published: pl.DataFrame, name: str) -> None:
        features = pl.DataFrame({"customer_id": [str(n) for n in range(8)], "duration_days": YEAR * np.arange(8)})
        found = fit_to(published, name).discounted_renewals(features, annual_discount_rate=0.10)
        assert found == pytest.approx(PAPER[name]["derl"], abs=5e-4)


def test_the_values_of_a_contract_are_those_of_the_paper() -> None:
    """Fader and Hardie (2010), table 3: DERL at 10 % before the n-th renewal, n = 1..5, of two populations with mean 0.2.

    The parameters of the second are printed as 0.067 and 0.267.
    """
    n = np.arange(1.0, 6)
    assert sbg.discounted_residual_lifetime(3.80, 15.20, n, 0.10).round(2).tolist() == [3.31, 3.45, 3.59, 3.72, 3.84]
    assert sbg.discounted_residual_lifetime(1 / 15, 4 / 15, n, 0.10).round(2).tolist() == [7.68, 9.46, 9.86, 10.06, 10.19]


class TestWhatFollows:
    @pytest.mark.parametrize(("alpha", "beta"), [(0.6681, 3.8061), (1.0, 2.0), (2.0, 50.0), (0.05, 0.3), (30.0, 900.0)])
    @pytest.mark.parametrize("d", [0.10, 0.008, 1e-4])
    def test_discounted_lifetime_is_the_sum_over_renewals(self, alpha: float, beta: float, d: float) -> None:
        """2010, eq. 4: the sum over t >= n of S(t) / S(n - 1) / (1 + d)^(t - n), term by term."""
        later = np.arange(int(40 / d))
        for n in (1, 8, 40):
            terms = np.exp(sbg.log_survival(alpha, beta, n + later) - sbg.log_survival(alpha, beta, np.array(n - 1.0))) * (1 + d) ** -later
            assert sbg.discounted_residual_lifetime(alpha, beta, np.array([n]), d)[0] == pytest.approx(terms.sum(), rel=1e-9)

    def test_without_discount_it_is_the_residual_lifetime(self) -> None:
        t = np.arange(200_000.0)
        summed = np.exp(sbg.log_survival(4.0, 6.0, t[3:]) - sbg.log_survival(4.0, 6.0, t[2:3])).sum()
        assert sbg.discounted_residual_lifetime(4.0, 6.0, np.array([3]), 0.0)[0] == pytest.approx(summed, rel=1e-9)
        assert np.isinf(sbg.expected_residual_lifetime(1.0, 6.0, np.array([1, 2]))).all()

    def test_retention_is_the_ratio_of_survival(self) -> None:
        t = np.arange(1.0, 9)
        ratio = np.exp(sbg.log_survival(0.7, 1.2, t) - sbg.log_survival(0.7, 1.2, t - 1))
        assert sbg.retention_rate(0.7, 1.2, t) == pytest.approx(ratio, rel=1e-12)

    def test_scores_and_counts_of_a_fitted_model(self) -> None:
        fitted = ShiftedBetaGeometric().fit(monthly(3000), as_of=DAY)
        rows = pl.DataFrame({"customer_id": ["a", "b", "c"], "duration_days": [0.0, 31.0, 400.0], "event": [False, False, True]})
        churn = fitted.score(rows, horizon_days=90)["churn_probability_90d"].to_list()
        S = fitted.survival(np.array([0.0, 31.0, 90.0, 121.0]))
        assert churn[:2] == pytest.approx([1 - S[2], 1 - S[3] / S[1]], rel=1e-12)
        assert churn[2] is None
        months = np.array([1.0, 2.0, 14.0])
        assert fitted.expected_renewals(rows) == pytest.approx(sbg.expected_residual_lifetime(fitted.alpha, fitted.beta, months))
        monthly_rate = 1.1 ** (1 / 12) - 1
        derl = sbg.discounted_residual_lifetime(fitted.alpha, fitted.beta, months, monthly_rate)
        assert fitted.discounted_renewals(rows, annual_discount_rate=0.10) == pytest.approx(derl, rel=1e-9)
        assert fitted.retention_rate(np.array([1])) == pytest.approx([fitted.beta / (fitted.alpha + fitted.beta)])
        with pytest.raises(ParameterError, match=r"annual_discount_rate is -0.1; it must be 0 or more. Write 0.10 for 10 %"):
            fitted.discounted_renewals(rows, annual_discount_rate=-0.1)

    def test_the_parameters_come_back_with_late_entry_and_open_ends(self) -> None:
        """Simulated with alpha 1.5, beta 12: within three standard errors, with left truncation, and censored on the as-of day."""
        fitted = ShiftedBetaGeometric(tolerance_days=0).fit(monthly(60_000), as_of=DAY)
        summary = fitted.summary()
        for term, truth in (("alpha", 1.5), ("beta", 12.0)):
            row = summary.row(by_predicate=pl.col("term") == term, named=True)
            assert abs(row["estimate"] - truth) < 3 * row["std_error"]
            assert row["lower"] < row["estimate"] < row["upper"]
        assert ON_RENEWAL_DAYS not in fitted.info.remarks


def monthly(n: int) -> pl.DataFrame:
    """Return monthly contracts whose ends fall on any day of the month, begun over five years and observed in the last three."""
    rng = np.random.default_rng(8)
    theta = rng.beta(1.5, 12.0, n)
    life = (rng.geometric(theta) - rng.random(n)) * 365.25 / 12
    followed = rng.integers(1, 1826, n).astype(float)
    entry = np.maximum(followed - 1095, 0.0)
    frame = pl.DataFrame(
        {"customer_id": [f"k{i}" for i in range(n)], "duration_days": np.minimum(life, followed), "event": life <= followed}
    )
    started = pl.lit(DAY) - pl.duration(days=pl.Series(followed.astype(int)))
    return frame.with_columns(started_on=started, entry_days=entry).filter((pl.col("entry_days") < pl.col("duration_days")) | (entry == 0))


class TestRefusals:
    def test_a_single_renewal_is_not_enough(self) -> None:
        spells = pl.DataFrame({"duration_days": [30.0, 31.0, 30.0], "event": [True, False, False]})
        with pytest.raises(NotEnoughEventsError, match=r"shifted_beta_geometric: 1 ends at 1 renewals were observed; 2 renewals and an"):
            ShiftedBetaGeometric().fit(spells, as_of=DAY)

    def test_nobody_left(self) -> None:
        spells = pl.DataFrame({"duration_days": [300.0, 310.0], "event": [False, False]})
        with pytest.raises(NotEnoughEventsError, match="none of the 2 spells ended"):
            ShiftedBetaGeometric().fit(spells, as_of=DAY)

    def test_a_population_without_differences_is_reported(self) -> None:
        counts = {"duration_days": YEAR * np.repeat([1.0, 2.0, 2.0], [10, 40, 50]), "event": np.repeat([True, True, False], [10, 40, 50])}
        fitted = ShiftedBetaGeometric(period_days=YEAR).fit(pl.DataFrame(counts), as_of=DAY)
        assert fitted.info.notes[-1].startswith("Retention does not rise with tenure: the model came down to one rate for all")
        assert fitted.summary()["std_error"].to_list()[0] is None

    def test_customers_who_leave_at_once_or_never_are_reported(self) -> None:
        """Half leave at the first renewal, nobody after it: alpha and beta go to 0."""
        spells = pl.DataFrame({"duration_days": YEAR * np.repeat([1.0, 5.0], 20), "event": np.repeat([True, False], 20)})
        fitted = ShiftedBetaGeometric(period_days=YEAR).fit(spells, as_of=DAY)
        assert fitted.retention_rate(np.array([1, 2])) == pytest.approx([0.5, 1.0], abs=1e-3)
        assert fitted.info.notes[-1].startswith("beta went to the edge of its range: the data do not settle this parameter")

    @pytest.mark.parametrize(
        ("settings", "message"),
        [
            ({"period_days": 0.0}, r"period_days is 0; it must be above 0. Write 365.25 for yearly contracts"),
            ({"period_days": float("inf")}, r"period_days is inf; it must be above 0"),
            ({"tolerance_days": -1.0}, r"tolerance_days is -1; it must be 0 or more, and less than half of period_days, 30.4375"),
            ({"period_days": 5.0}, r"tolerance_days is 3; it must be 0 or more, and less than half of period_days, 5"),
            ({"level": 1.0}, "level is 1; it must lie between 0 and 1"),
        ],
    )
    def test_settings_out_of_range(self, settings: dict[str, float], message: str) -> None:
        with pytest.raises(ParameterError, match=message):
            ShiftedBetaGeometric(**settings)
