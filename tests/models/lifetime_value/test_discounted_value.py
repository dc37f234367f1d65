from __future__ import annotations

from datetime import date

import numpy as np
import polars as pl
import pytest
from scipy import integrate

from relkit.errors import ParameterError
from relkit.models import catalogue
from relkit.models.lifetime_value.bg_nbd import BgNbd, FittedBgNbd
from relkit.models.lifetime_value.discounted_value import dert, discounted_orders


@pytest.fixture(scope="module")
def fitted(cdnow: pl.DataFrame) -> FittedBgNbd:
    return BgNbd().fit(cdnow, as_of=date(1997, 9, 30))


@pytest.mark.parametrize(("days", "rate"), [(730, 0.1), (90, 0.1), (3650, 0.25), (36, 5.0)])
def test_it_is_the_sum_of_small_steps(fitted: FittedBgNbd, cdnow: pl.DataFrame, days: int, rate: float) -> None:
    """Orders of each of 1000 steps, discounted from the middle of the step.

    The error is a series in the square of the step; its first term, delta (h^2 / 12) / (alpha + T), up to 2e-6, is taken out by steps
    twice as long, and the second one is of the order of its square.
    """
    some = cdnow.head(40).gather_every(5)
    edges = np.linspace(0, days, 1001)
    x, T = (some[name].cast(pl.Float64).to_numpy() for name in ("repeat_purchases", "observed_days"))
    ahead = np.array([fitted.purchases_if_alive(x, T, t) for t in edges])

    def sums(every: int) -> np.ndarray:
        ends = edges[::every]
        weights = (1 + rate) ** (-(ends[1:] + ends[:-1]) / 2 / 365.25)
        return fitted.probability_alive(some) * (weights @ np.diff(ahead[::every], axis=0))

    steps = (4 * sums(1) - sums(2)) / 3
    assert steps == pytest.approx(sums(1), rel=1e-5)
    found = discounted_orders(fitted, some, days, rate)
    assert found.columns == ["customer_id", f"discounted_orders_{days}d"]
    assert found.to_series(1).to_numpy() == pytest.approx(steps, rel=1e-7)


def test_without_a_rate_they_are_the_expected_orders(fitted: FittedBgNbd, cdnow: pl.DataFrame) -> None:
    plain = discounted_orders(fitted, cdnow, 730, 0.0)["discounted_orders_730d"]
    assert plain.to_list() == fitted.score(cdnow, horizon_days=730)["expected_orders_730d"].to_list()


def test_a_rate_lies_between_discounting_nothing_and_all_at_the_end(fitted: FittedBgNbd, cdnow: pl.DataFrame) -> None:
    expected = fitted.score(cdnow, horizon_days=365)["expected_orders_365d"]
    discounted = discounted_orders(fitted, cdnow, 365, 0.1)["discounted_orders_365d"]
    assert (discounted < expected).all()
    assert (discounted > expected * 1.1 ** (-365 / 365.25)).all()


def test_nothing_ahead_is_worth_nothing(fitted: FittedBgNbd, cdnow: pl.DataFrame) -> None:
    assert discounted_orders(fitted, cdnow, 0, 0.1)["discounted_orders_0d"].to_list() == [0.0] * len(cdnow)


def test_a_negative_horizon(fitted: FittedBgNbd, cdnow: pl.DataFrame) -> None:
    with pytest.raises(ParameterError, match="horizon_days is -5; it must be 0 or more"):
        discounted_orders(fitted, cdnow, -5, 0.1)


def test_a_negative_rate(fitted: FittedBgNbd, cdnow: pl.DataFrame) -> None:
    with pytest.raises(ParameterError, match=r"annual_discount_rate is -0.1; it must be 0 or more. Write 0.10"):
        discounted_orders(fitted, cdnow, 90, -0.1)


@pytest.mark.parametrize("rate", [0.01, 0.1, 2.0])
@pytest.mark.parametrize("name", ["bg_nbd", "mbg_nbd", "nbd", "pareto_nbd"])
def test_orders_without_end(cdnow: pl.DataFrame, name: str, rate: float) -> None:
    """Delta times the integral of e^(-delta t) E(t) by scipy's adaptive quadrature, in log(1 + t)."""
    some, delta = cdnow.sort("repeat_purchases").gather_every(200), np.log1p(rate) / 365.25
    model = catalogue.make(f"lifetime_value.{name}").fit(cdnow, as_of=date(1997, 9, 30))

    x, T = (some[column].cast(pl.Float64).to_numpy() for column in ("repeat_purchases", "observed_days"))
    alive = model.probability_alive(some)

    def worth(w: float) -> np.ndarray:
        return delta * np.exp(w - delta * np.expm1(w)) * alive * model.purchases_if_alive(x, T, float(np.expm1(w)))

    whole, _ = integrate.quad_vec(worth, 0, np.log1p(50 / delta), epsabs=1e-12, epsrel=1e-11)
    assert dert(model, some, rate)["discounted_orders"].to_numpy() == pytest.approx(whole, rel=1e-9)


def test_orders_without_end_where_nobody_leaves(cdnow: pl.DataFrame) -> None:
    """A constant purchase rate forever is worth rate / delta."""
    model = catalogue.make("lifetime_value.nbd").fit(cdnow, as_of=date(1997, 9, 30))
    daily = model.expected_purchases(cdnow, 1.0)
    assert dert(model, cdnow, 0.1)["discounted_orders"].to_numpy() == pytest.approx(daily * 365.25 / np.log(1.1), rel=1e-10)


@pytest.mark.parametrize("rate", [0.0, -0.1, float("inf")])
def test_orders_without_end_need_a_rate(fitted: FittedBgNbd, cdnow: pl.DataFrame, rate: float) -> None:
    with pytest.raises(ParameterError, match=r"annual_discount_rate is .*; it must be above 0 without a horizon. Write 0.10"):
        dert(fitted, cdnow, rate)
