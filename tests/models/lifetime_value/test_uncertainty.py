from __future__ import annotations

from datetime import date

import numpy as np
import pytest
import simulated_purchases

from relkit.errors import ParameterError
from relkit.models.lifetime_value.bg_nbd import BgNbd
from relkit.models.lifetime_value.pareto_nbd import ParetoNbd
from relkit.models.lifetime_value.uncertainty import bounds, interval, standard_errors


@pytest.fixture(scope="module", params=[BgNbd, ParetoNbd])
def fitted(request):
    buyers = simulated_purchases.buyers(4000, np.random.default_rng(5), r=0.8, alpha=40.0, a=0.8, b=4.0)
    return request.param().fit(buyers, as_of=date(2025, 6, 30)), buyers.head(200)


def test_the_delta_method_agrees_with_draws_of_the_parameters(fitted):
    model, people = fitted
    rng = np.random.default_rng(6)
    draws = rng.multivariate_normal(model.coordinates, model.covariance, 1500)
    drawn = np.log([model.moved(draw).expected_purchases(people, 90.0) for draw in draws]).std(axis=0)
    errors = standard_errors(model, lambda m: np.log(m.expected_purchases(people, 90.0)))
    sure = drawn < 0.3  # beyond, the logarithm of a forecast is no longer linear in the parameters
    assert sure.sum() > 150
    np.testing.assert_allclose(errors[sure], drawn[sure], rtol=0.15)


def test_the_interval_contains_the_value_and_stays_in_range(fitted):
    model, people = fitted
    alive, low, high = interval(model, lambda m: m.probability_alive(people), scale="logit")
    assert ((low >= 0) & (low <= alive) & (alive <= high) & (high <= 1)).all()
    orders, low, high = interval(model, lambda m: m.expected_purchases(people, 90.0))
    assert ((low > 0) & (low < orders) & (orders < high)).all()
    wider = interval(model, lambda m: m.expected_purchases(people, 90.0), level=0.99)[2]
    assert (wider > high).all()


def test_what_is_certain_has_no_width():
    low, high = bounds(np.array([0.0, 1.0]), np.array([0.2, 0.2]), scale="logit")
    assert low.tolist() == high.tolist() == [0.0, 1.0]


def test_a_level_out_of_range_is_refused():
    with pytest.raises(ParameterError, match="level is 95"):
        bounds(np.ones(1), np.ones(1), level=95)
