"""Laws common to the four purchase models: later purchases given the past."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import simulated_purchases as simulated
from scipy import integrate, stats

from relkit.errors import ParameterError
from relkit.models import catalogue
from relkit.models.lifetime_value import bg_nbd, mbg_nbd, nbd, pareto_nbd

if TYPE_CHECKING:
    import polars as pl

MODELS: dict[str, tuple[Any, tuple[float, ...]]] = {
    "lifetime_value.nbd": (nbd, (0.385, 12.07)),
    "lifetime_value.bg_nbd": (bg_nbd, (0.243, 4.414, 0.793, 2.426)),
    "lifetime_value.mbg_nbd": (mbg_nbd, (0.525, 6.183, 0.891, 1.614)),
    "lifetime_value.pareto_nbd": (pareto_nbd, (0.553, 10.578, 0.606, 11.669)),
}
"""Each model with parameters near those of the CDNOW sample, in weeks."""

X = np.array([0.0, 1, 4, 30])
T_X = np.array([0.0, 10, 35, 38])
T = np.full(4, 39.0)


@pytest.fixture(params=MODELS)
def model(request: pytest.FixtureRequest) -> tuple[str, Any, tuple[float, ...]]:
    return request.param, *MODELS[request.param]


@pytest.fixture
def people() -> pl.DataFrame:
    return simulated.buyers(400, np.random.default_rng(8), r=0.8, alpha=30.0, a=0.7, b=4.0)


@pytest.fixture
def fitted(model: tuple[str, Any, tuple[float, ...]], people: pl.DataFrame) -> Any:
    return catalogue.make(model[0]).fit(people, as_of=date(2025, 6, 30))


class TestFormulas:
    @pytest.mark.parametrize("t", [0.5, 13.0, 200.0])
    def test_buying_nothing_is_a_longer_history_with_the_same_purchases(self, model: Any, t: float) -> None:
        """P(0 in (T, T+t] | x, t_x, T) = L(x, t_x, T+t) / L(x, t_x, T)."""
        _, module, at = model
        alive = module.probability_alive(*at, X, T_X, T)
        none = alive * module.purchase_probability_if_alive(*at, X, T, np.zeros(4), t) + 1 - alive
        longer = module.log_likelihood(*at, X, T_X, T + t) - module.log_likelihood(*at, X, T_X, T)
        assert none == pytest.approx(np.exp(longer), rel=1e-10)

    @pytest.mark.parametrize("t", [0.5, 13.0, 60.0])
    def test_probabilities_sum_to_one_and_their_mean_is_the_expectation(self, model: Any, t: float) -> None:
        _, module, at = model
        m = np.arange(3000.0)
        for x, age in zip(X, T, strict=True):
            p = module.purchase_probability_if_alive(*at, np.full(3000, x), np.full(3000, age), m, t)
            assert p.sum() == pytest.approx(1, abs=1e-9)
            assert p @ m == pytest.approx(module.purchases_if_alive(*at, np.array([x]), np.array([age]), t)[0], rel=1e-6)

    def test_a_new_customer_certain_to_be_alive_is_like_one_alive(self, model: Any) -> None:
        """At T = 0 and x = 0; not in the MBG/NBD, in which he may have left at the first purchase."""
        name, module, at = model
        m = np.arange(20.0)
        ahead = module.purchase_probability_if_alive(*at, np.zeros(20), np.zeros(20), m, 39.0)
        stayed = at[3] / (at[2] + at[3]) if name.endswith("mbg_nbd") else 1.0
        assert stayed * ahead + (1 - stayed) * (m == 0) == pytest.approx(module.purchase_probability(*at, m, 39.0), rel=1e-9)

    @pytest.mark.parametrize("large", [1e3, 2e4])
    def test_many_purchases_do_no_harm(self, model: Any, large: float) -> None:
        """A customer with so many purchases continues as a Poisson process at nearly his own rate, until he leaves."""
        _, module, at = model
        m = np.arange(0.0, 3 * large)
        x, age = np.full(len(m), large), np.full(len(m), 39.0)
        p = module.purchase_probability_if_alive(*at, x, age, m, 20.0)
        assert np.isfinite(p).all()
        assert p.sum() == pytest.approx(1, abs=1e-6)
        later = module.alive_later_if_alive(*at, x[:1], age[:1], 20.0)
        assert 0 < later[0] <= 1

    @pytest.mark.parametrize("name", ["lifetime_value.nbd", "lifetime_value.pareto_nbd"])
    def test_staying_is_the_product_of_two_steps(self, name: str) -> None:
        """S(t + u | T) = S(t | T) S(u | T + t), if leaving depends on time only."""
        module, at = MODELS[name]
        whole = module.alive_later_if_alive(*at, X, T, 30.0)
        assert whole == pytest.approx(
            module.alive_later_if_alive(*at, X, T, 10.0) * module.alive_later_if_alive(*at, X, T + 10, 20.0), rel=1e-12
        )

    @pytest.mark.parametrize("at", [(0.243, 4.414, 0.793, 2.426), (3.0, 10.0, 0.05, 0.3), (150.0, 80.0, 30.0, 500.0), (0.5, 2.0, 1.0, 0.5)])
    @pytest.mark.parametrize("x", [0.0, 7.0, 300.0])
    def test_bg_nbd_staying_is_the_mean_over_the_probability_of_leaving(self, at: tuple[float, ...], x: float) -> None:
        """Of ((alpha+T) / (alpha+T+p t))^(r+x) over p ~ beta(a, b+x), by scipy's adaptive quadrature on quantiles of p."""
        r, alpha, a, b = at
        leaving = stats.beta(a, b + x)
        stays, _ = integrate.quad(lambda q: (1 + leaving.ppf(q) * 26 / (alpha + 39)) ** -(r + x), 0, 1, epsabs=1e-11, limit=500)
        found = bg_nbd.alive_later_if_alive(*at, np.array([x]), np.array([39.0]), 26.0)
        assert found == pytest.approx(stays, abs=1e-8)

    def test_bg_nbd_by_simulation(self) -> None:
        """400,000 customers who bought twice by week 30, alive at week 39: their purchases in 26 weeks, and the share still alive."""
        rng, n, (r, alpha, a, b) = np.random.default_rng(2), 400_000, MODELS["lifetime_value.bg_nbd"][1]
        rate, leave = rng.gamma(r + 2, 1 / (alpha + 39), n), rng.beta(a, b + 2, n)
        bought, clock, here = np.zeros(n), np.zeros(n), np.arange(n)
        left = np.zeros(n, dtype=bool)
        while len(here):
            clock[here] += rng.exponential(1 / rate[here])
            here = here[clock[here] <= 26.0]
            bought[here] += 1
            gone = rng.random(len(here)) < leave[here]
            left[here[gone]] = True
            here = here[~gone]
        m = np.arange(6.0)
        p = bg_nbd.purchase_probability_if_alive(r, alpha, a, b, np.full(6, 2.0), np.full(6, 39.0), m, 26.0)
        seen = np.array([(bought == each).mean() for each in m])
        assert np.abs(seen - p).max() < 4 * np.sqrt(0.25 / n)
        stays = bg_nbd.alive_later_if_alive(r, alpha, a, b, np.array([2.0]), np.array([39.0]), 26.0)[0]
        assert 1 - left.mean() == pytest.approx(stays, abs=4 * np.sqrt(0.25 / n))

    def test_pareto_nbd_by_simulation(self) -> None:
        rng, n, (r, alpha, s, beta) = np.random.default_rng(3), 400_000, MODELS["lifetime_value.pareto_nbd"][1]
        life = rng.exponential(1 / rng.gamma(s, 1 / (beta + 39), n))
        bought = rng.poisson(rng.gamma(r + 2, 1 / (alpha + 39), n) * np.minimum(life, 26.0))
        m = np.arange(6.0)
        p = pareto_nbd.purchase_probability_if_alive(r, alpha, s, beta, np.full(6, 2.0), np.full(6, 39.0), m, 26.0)
        assert np.abs(np.array([(bought == each).mean() for each in m]) - p).max() < 4 * np.sqrt(0.25 / n)
        stays = pareto_nbd.alive_later_if_alive(r, alpha, s, beta, np.array([2.0]), np.array([39.0]), 26.0)[0]
        assert (life > 26).mean() == pytest.approx(stays, abs=4 * np.sqrt(0.25 / n))


class TestFittedModels:
    def test_sum_and_mean_of_each_customer(self, fitted: Any, people: pl.DataFrame) -> None:
        some = people.sort("repeat_purchases").gather_every(40)
        by_m = np.array([fitted.purchases_probability(some, np.full(len(some), m), 90) for m in range(400)])
        assert by_m.sum(axis=0) == pytest.approx(1, abs=1e-9)
        assert np.arange(400) @ by_m == pytest.approx(fitted.expected_purchases(some, 90), rel=1e-6)

    def test_rows_have_their_own_number(self, fitted: Any, people: pl.DataFrame) -> None:
        m = np.arange(len(people)) % 3
        found = fitted.purchases_probability(people, m, 90)
        for each in range(3):
            alike = fitted.purchases_probability(people, np.full(len(people), each), 90)
            assert found[m == each] == pytest.approx(alike[m == each], rel=1e-12)

    def test_alive_later(self, fitted: Any, people: pl.DataFrame) -> None:
        now, soon, late = (fitted.probability_alive_later(people, days) for days in (0, 30, 300))
        assert now == pytest.approx(fitted.probability_alive(people), rel=1e-9)
        assert (soon <= now + 1e-12).all()
        assert (late <= soon + 1e-12).all()
        assert (late >= 0).all()

    def test_nothing_can_be_bought_in_no_time(self, fitted: Any, people: pl.DataFrame) -> None:
        assert fitted.purchases_probability(people, np.zeros(len(people)), 0) == pytest.approx(1, rel=1e-12)
        assert (fitted.purchases_probability(people, np.ones(len(people)), 0) == 0).all()

    def test_nobody_is_no_error(self, fitted: Any, people: pl.DataFrame) -> None:
        assert fitted.purchases_probability(people.clear(), [], 90).shape == (0,)
        assert fitted.probability_alive_later(people.clear(), 90).shape == (0,)

    @pytest.mark.parametrize("purchases", [[1], [-1] * 400, [0.5] * 400])
    def test_invalid_numbers_are_refused(self, fitted: Any, people: pl.DataFrame, purchases: list[float]) -> None:
        with pytest.raises(ParameterError, match="400 whole numbers from 0"):
            fitted.purchases_probability(people, np.array(purchases), 90)

    def test_an_invalid_horizon_is_refused(self, fitted: Any, people: pl.DataFrame) -> None:
        with pytest.raises(ParameterError, match="horizon_days is -1"):
            fitted.probability_alive_later(people, -1)
