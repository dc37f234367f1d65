from __future__ import annotations

from datetime import date

import numpy as np
import polars as pl
import pytest
import simulated_purchases
from scipy import special

from relkit.errors import NotEnoughEventsError, ParameterError
from relkit.models.lifetime_value.regularity import Method, Regularity, interval_shares, most_likely, regularity, wheat_morrison

both = pytest.mark.parametrize("method", ["wheat_morrison", "likelihood"])


def histories(ages: list[list[float]]) -> pl.DataFrame:
    last = [each[-1] if each else 0.0 for each in ages]
    return pl.DataFrame(
        {
            "customer_id": [str(i) for i in range(len(ages))],
            "repeat_purchases": [len(each) for each in ages],
            "last_purchase_age_days": last,
            "observed_days": [1000.0] * len(ages),
            "first_order_on": [date(2025, 1, 1)] * len(ages),
            "repeat_ages_days": pl.Series(ages, dtype=pl.List(pl.Float64)),
        }
    )


def buyers(k: int, n: int, seed: int, *, whole_days: bool = False) -> pl.DataFrame:
    """Return customers who buy at intervals of k stages and leave; in whole days purchases on a day are one, as in real data."""
    seen = simulated_purchases.regular_buyers(n, np.random.default_rng(seed), k=k, r=1.2, alpha=20.0, a=0.6, b=2.5, T=700.0)[0]
    if not whole_days:
        return seen
    hour = np.random.default_rng(seed + 1).random(n)
    days = (np.unique(np.floor(np.array(ages) + start)) for ages, start in zip(seen["repeat_ages_days"].to_list(), hour, strict=True))
    return histories([each[each > 0].tolist() for each in days])


class TestEstimators:
    def test_variance_and_k(self) -> None:
        """Wheat and Morrison (1990): the variance of a beta(k, k) is 1 / (4 (2k + 1)); here of its quantiles, for k = 1 and k = 3."""
        for k in (1.0, 3.0):
            shares = special.betaincinv(k, k, (np.arange(200_000) + 0.5) / 200_000)
            assert wheat_morrison(shares)[0] == pytest.approx(k, abs=2e-4)

    def test_the_likelihood_is_largest_there(self) -> None:
        """Against the Dirichlet density at neighbouring values."""
        shares = np.random.default_rng(2).dirichlet(np.full(4, 1.7), 300)
        k, error, _ = most_likely(np.full(300, 4.0), np.log(shares).sum(axis=1))

        def density(at: float) -> float:
            return float(300 * (special.gammaln(4 * at) - 4 * special.gammaln(at)) + (at - 1) * np.log(shares).sum())

        assert density(k) > max(density(k - 1e-3), density(k + 1e-3))
        curvature = (density(k + 1e-3) - 2 * density(k) + density(k - 1e-3)) / 1e-6
        assert error == pytest.approx(1 / np.sqrt(-curvature), rel=1e-3)

    @pytest.mark.parametrize("k", [1.0, 2.0])
    def test_standard_errors_and_the_level_of_the_test(self, k: float) -> None:
        """600 samples of 400 customers: the spread of the estimates is as stated; random buying is rejected one time in twenty."""
        rng = np.random.default_rng(7)
        shares = rng.beta(k, k, (600, 400))
        by_two = [wheat_morrison(each) for each in shares]
        by_all = [most_likely(np.full(400, 2.0), np.log(each) + np.log1p(-each)) for each in shares]
        for found in (by_two, by_all):
            estimates, errors, p_values = (np.array(part) for part in zip(*found, strict=True))
            assert errors.mean() == pytest.approx(estimates.std(), rel=0.12)
            rejected = (p_values < 0.05).mean()
            assert 0.025 < rejected < 0.085 if k == 1 else rejected > 0.99


class TestCustomers:
    @both
    @pytest.mark.parametrize("k", [1, 3])
    def test_customers_may_differ_and_leave(self, method: Method, k: int) -> None:
        found = regularity(buyers(k, 8000, 3), method=method, least_days=0)
        assert found.std_error is not None
        assert found.k == pytest.approx(k, abs=4 * found.std_error)
        assert (found.p_value < 0.001) is (k == 3)
        assert found.lower < found.k < found.upper

    def test_whole_days_look_no_more_regular(self) -> None:
        """At random and in whole days: without subtracting half a day, k would be 1.04 here, and 1.15 with all customers."""
        found = regularity(buyers(1, 30_000, 5, whole_days=True))
        assert found.std_error is not None
        assert found.std_error < 0.015
        assert found.k == pytest.approx(1, abs=0.03)
        assert found.p_value > 0.01
        assert found.left_out > 1000

    @both
    def test_whole_days_at_a_rhythm(self, method: Method) -> None:
        """Half a day too much is subtracted here, which costs k a twentieth at most."""
        assert regularity(buyers(3, 30_000, 6, whole_days=True), method=method).k == pytest.approx(3, rel=0.05)

    @both
    def test_like_clockwork(self, method: Method) -> None:
        found = regularity(histories([[30.0, 60.0, 90.0]] * 40), method=method)
        assert (found.k, found.std_error) == (np.inf, None)
        assert found.p_value < 1e-6
        assert "k is ∞" in found.sentence()

    def test_too_few(self) -> None:
        with pytest.raises(
            NotEnoughEventsError, match="29 customers have two intervals that are 14 days or more on average; 30 are needed"
        ):
            regularity(histories([[30.0, 60.0]] * 29 + [[1.0, 2.0]] * 50 + [[5.0], []] * 50))

    def test_wrong_settings(self) -> None:
        some = histories([[30.0, 70.0]] * 40)
        with pytest.raises(ParameterError, match="unknown method 'wheat'; did you mean 'wheat_morrison'"):
            regularity(some, method="wheat")  # type: ignore[arg-type]
        with pytest.raises(ParameterError, match="level is 95; it must lie between 0 and 1"):
            regularity(some, level=95)
        with pytest.raises(ParameterError, match="least_days is -1; it must be 0 or more"):
            regularity(some, least_days=-1)


class TestWords:
    @pytest.mark.parametrize(
        ("k", "p", "english", "french"),
        [
            (2.1, 1e-6, "Customers buy at a rhythm", "à un rythme régulier"),
            (0.6, 1e-6, "Purchases come in bursts", "par à-coups"),
            (1.1, 0.4, "at random moments", "à des moments quelconques"),
        ],
    )
    def test_a_sentence(self, k: float, p: float, english: str, french: str) -> None:
        found = Regularity(k, 0.1, k - 0.25, k + 0.25, p, 500, 0, "wheat_morrison", 0.95)
        assert english in found.sentence()
        assert found.sentence().endswith(f"k is {k:.2f}, between {k - 0.25:.2f} and {k + 0.25:.2f}, from 500 customers; 1 is random.")
        assert french in found.sentence("fr")
        assert f"k vaut {k:.2f}".replace(".", ",") in found.sentence("fr")

    def test_an_unknown_language(self) -> None:
        with pytest.raises(ParameterError, match="unknown language 'de'"):
            Regularity(1.0, 0.1, 0.9, 1.1, 0.5, 500, 0, "likelihood", 0.95).sentence("de")


def test_shares_of_intervals() -> None:
    """Symmetric, each column a distribution, and closest for the true k."""
    found = interval_shares(buyers(2, 20_000, 9), k=(1, 2, 4))
    assert found.actual.sum() == pytest.approx(1)
    assert found.actual == pytest.approx(found.actual[::-1])
    assert found.expected[1] == pytest.approx(np.full(21, 1 / 21))
    far = {k: np.abs(found.actual - each).sum() for k, each in found.expected.items()}
    assert far[2] < 0.06 < min(far[1], far[4])
