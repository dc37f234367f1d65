"""BdW: the papers' cohorts, sBG as its case c = 1, sums without a closed form, recovery, and every refusal."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

import numpy as np
import polars as pl
import pytest
from scipy import special

from relkit.errors import NotEnoughEventsError, ParameterError
from relkit.models.lifetime_value import beta_discrete_weibull as bdw
from relkit.models.lifetime_value import shifted_beta_geometric as sbg
from relkit.models.lifetime_value.beta_discrete_weibull import BetaDiscreteWeibull, FittedBetaDiscreteWeibull
from relkit.models.lifetime_value.renewal_likelihood import Lives, log_likelihood
from relkit.models.lifetime_value.renewals import RenewalCounts

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


BY_SCIPY = {
    ("regular", 4): ((0.52303, 0.89428, 1.19640), -1401.38305, (63.1, 46.8, 38.1, 32.6, 28.8, 25.9, 23.7, 21.9, 20.4, 19.1, 18.1, 17.1)),
    ("regular", 7): ((0.45561, 0.77933, 1.28345), -1679.60283, (63.1, 46.7, 38.2, 32.8, 29.0, 26.2, 24.1, 22.3, 20.9, 19.7, 18.6, 17.7)),
    ("high_end", 4): ((0.25934, 1.72255, 1.58436), -1222.74932, (86.9, 74.2, 65.5, 59.3, 54.7, 51.0, 48.1, 45.7, 43.6, 41.8, 40.3, 38.9)),
    ("high_end", 7): ((0.21425, 1.42657, 1.72356), -1605.31421, (86.9, 74.0, 65.5, 59.6, 55.2, 51.8, 49.1, 46.8, 44.8, 43.2, 41.7, 40.4)),
}
"""Parameters, log-likelihood and survival in per cent after years 1 to 12, fitted to years 1 to 4 and 1 to 7.

The maximum of the likelihood of Fader et al. (2018) by an independent program: Nelder-Mead of scipy 1.17 on differences of betaln,
the best of three starts, to 1e-10. Their data are those of 2007. Years 1 to 4 of High End are the example of foretell 0.2.0 (R), `BdW`.
"""


@pytest.mark.parametrize(("name", "years"), BY_SCIPY)
class TestCohortsOfThePapers:
    def fit(self, published: pl.DataFrame, name: str, years: int) -> FittedBetaDiscreteWeibull:
        return BetaDiscreteWeibull(period_days=YEAR).fit(cohort(published[name].to_list()[: years + 1]), as_of=DAY)

    def test_parameters_and_log_likelihood(self, published: pl.DataFrame, name: str, years: int) -> None:
        parameters, value, _ = BY_SCIPY[name, years]
        fitted = self.fit(published, name, years)
        assert fitted.parameters == pytest.approx(parameters, abs=1e-5)
        assert fitted.info.log_likelihood == pytest.approx(value, abs=1e-5)

    def test_survival_of_twelve_years(self, published: pl.DataFrame, name: str, years: int) -> None:
        survival = self.fit(published, name, years).survival(YEAR * np.arange(1, 13))
        assert 100 * survival == pytest.approx(BY_SCIPY[name, years][2], abs=0.0501)


@pytest.mark.parametrize(
    ("name", "parameters", "value"), [("high_end", (0.6681, 3.8061), -1611.158), ("regular", (0.7041, 1.1820), -1680.265)]
)
def test_with_c_at_one_it_is_the_shifted_beta_geometric(
    published: pl.DataFrame, name: str, parameters: tuple[float, float], value: float
) -> None:
    """Fader and Hardie (2007): maxima of sBG, years 1 to 7."""
    survivors = published[name].to_numpy()[:8].astype(float)
    lives = Lives.of_counts(RenewalCounts(at_risk=survivors[:-1], left=-np.diff(survivors)))
    assert log_likelihood(np.log([*parameters, 1.0]), lives, with_c=True)[0] == pytest.approx(value, abs=5e-4)


class TestWhatFollows:
    @pytest.mark.parametrize(
        ("gamma", "delta", "c"), [(0.26, 1.72, 1.58), (0.7, 1.2, 1.0), (30.0, 900.0, 1.0), (2.0, 50.0, 2.5), (0.05, 0.3, 0.5)]
    )
    @pytest.mark.parametrize("d", [0.10, 0.008, 1e-3])
    def test_discounted_lifetime_is_the_sum_over_renewals(self, gamma: float, delta: float, c: float, d: float) -> None:
        """survives(t) / survives(n - 1) / (1 + d)^(t - n), added up term by term until nothing is left."""
        later = np.arange(int(40 / d))
        for n in (1, 8, 40):
            alive = bdw.log_survival(gamma, delta, c, np.array(n - 1.0))
            terms = np.exp(bdw.log_survival(gamma, delta, c, n + later) - alive - np.log1p(d) * later)
            assert bdw.discounted_residual_lifetime(gamma, delta, c, np.array([n]), d)[0] == pytest.approx(terms.sum(), rel=1e-9)

    @pytest.mark.parametrize(("alpha", "beta"), [(1.1, 3.0), (3.0, 5.0), (30.0, 900.0)])
    def test_residual_lifetime_with_c_at_one_is_the_closed_form(self, alpha: float, beta: float) -> None:
        n = np.array([1.0, 8.0, 60.0])
        closed = sbg.expected_residual_lifetime(alpha, beta, n)
        assert bdw.expected_residual_lifetime(alpha, beta, 1.0, n) == pytest.approx(closed, rel=1e-9)

    def test_residual_lifetime_is_infinite_where_the_sum_diverges(self) -> None:
        """survives(t) falls like t^(-gamma c)."""
        assert np.isinf(bdw.expected_residual_lifetime(0.5, 2.0, 2.0, np.array([1.0, 9.0]))).all()
        assert np.isfinite(bdw.expected_residual_lifetime(0.51, 2.0, 2.0, np.array([1.0, 9.0]))).all()

    @pytest.mark.parametrize("d", [0.0, 0.008])
    def test_many_first_parameters_cost_little_and_change_nothing(self, d: float) -> None:
        """Against the closed forms of sBG, for contracts whose covariates differ e^7-fold."""
        rng = np.random.default_rng(0)
        alpha, n = np.exp(rng.uniform(-4, 3, 3000)), rng.integers(1, 4, 3000).astype(float)
        closed = sbg.discounted_residual_lifetime(alpha, 3.0, n, d)
        assert bdw.discounted_residual_lifetime(alpha, 3.0, 1.0, n, d) == pytest.approx(closed, rel=2e-9)

    def test_retention_may_fall_and_then_rise(self) -> None:
        rates = bdw.retention_rate(0.26, 1.72, 1.58, np.arange(1.0, 13))
        assert rates[1] < rates[0] < rates[-1]

    def test_the_parameters_come_back(self) -> None:
        """60,000 contracts with gamma 0.8, delta 12, c 1.4, observed for one to sixty months: within three standard errors."""
        rng = np.random.default_rng(4)
        n = 60_000
        life = np.ceil((rng.exponential(size=n) / -np.log1p(-rng.beta(0.8, 12.0, n))) ** (1 / 1.4))
        seen = rng.integers(1, 61, n)
        spells = pl.DataFrame({"duration_days": 30.0 * np.minimum(life, seen), "event": life <= seen})
        summary = BetaDiscreteWeibull(period_days=30.0, tolerance_days=0).fit(spells, as_of=DAY).summary()
        for term, truth in (("gamma", 0.8), ("delta", 12.0), ("c", 1.4)):
            row = summary.row(by_predicate=pl.col("term") == term, named=True)
            assert abs(row["estimate"] - truth) < 3 * row["std_error"]
            assert row["std_error"] < 0.1 * truth

    def test_scores_are_those_of_the_survival(self) -> None:
        fitted = BetaDiscreteWeibull(period_days=YEAR).fit(cohort([1000, 869, 743, 653, 593]), as_of=DAY)
        rows = pl.DataFrame({"customer_id": ["a", "b", "c"], "duration_days": [0.0, 500.0, 900.0], "event": [False, False, True]})
        ahead = fitted.survival_ahead(rows, np.array([0.0, 90.0, 365.25]))

        def survives(days: float) -> float:
            return float(special.beta(fitted.gamma, fitted.delta + (days / YEAR) ** fitted.c))

        assert ahead[0] == pytest.approx([1.0, survives(90) / survives(0), survives(365.25) / survives(0)])
        assert ahead[1] == pytest.approx([1.0, survives(590) / survives(500), survives(865.25) / survives(500)])
        churn = fitted.score(rows, horizon_days=90)["churn_probability_90d"].to_list()
        assert churn[:2] == pytest.approx(1 - ahead[:2, 1])
        assert churn[2] is None
        assert np.isinf(fitted.expected_renewals(rows)).all()
        assert fitted.discounted_renewals(rows, annual_discount_rate=0.10)[0] == pytest.approx(
            bdw.discounted_residual_lifetime(fitted.gamma, fitted.delta, fitted.c, np.array([1.0]), 0.10)[0]
        )
        assert fitted.conditional_survival(np.array([500.0]), 90.0) == pytest.approx(ahead[1, 1])


class TestRefusals:
    def test_two_renewals_are_not_enough(self) -> None:
        spells = pl.DataFrame({"duration_days": [30.0, 61.0, 61.0], "event": [True, True, False]})
        with pytest.raises(NotEnoughEventsError, match=r"beta_discrete_weibull: 2 ends at 2 renewals were observed; 3 renewals and an end"):
            BetaDiscreteWeibull().fit(spells, as_of=DAY)

    def test_everybody_left_at_once(self) -> None:
        spells = pl.DataFrame({"duration_days": [30.0] * 20, "event": [True] * 20})
        with pytest.raises(NotEnoughEventsError, match="20 ends at 1 renewals were observed"):
            BetaDiscreteWeibull().fit(spells, as_of=DAY)

    def test_one_end_is_not_enough(self) -> None:
        spells = pl.DataFrame({"duration_days": [30.0, 200.0, 200.0], "event": [True, False, False]})
        with pytest.raises(NotEnoughEventsError, match="1 contracts ended; 3 parameters need more"):
            BetaDiscreteWeibull().fit(spells, as_of=DAY)

    def test_customers_who_do_not_differ_are_reported(self) -> None:
        """All survive with (1 - 0.05)^(t^1.5): gamma runs to the bound, c is recovered."""
        t = np.arange(16.0)
        survivors = np.round(1e5 * 0.95 ** (t**1.5)).astype(int).tolist()
        fitted = BetaDiscreteWeibull(period_days=YEAR).fit(cohort(survivors), as_of=DAY)
        assert fitted.c == pytest.approx(1.5, abs=0.01)
        assert fitted.info.notes[-1].startswith("Tenure alone tells who leaves: customers do not differ, and gamma has no standard error")

    def test_settings_out_of_range(self) -> None:
        with pytest.raises(ParameterError, match="period_days is 0; it must be above 0"):
            BetaDiscreteWeibull(period_days=0.0)
