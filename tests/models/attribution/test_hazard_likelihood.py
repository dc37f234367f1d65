"""The likelihood against dense arrays: every stretch of constant exposure as a row of a table, without any of the kernels."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import polars as pl
import pytest
from model_checks import timelines_of
from scipy.optimize import minimize

from relkit.models.attribution.baseline_calendar import calendar_of
from relkit.models.attribution.coded_timelines import CodedTimelines
from relkit.models.attribution.exposure_sweep import ExposureForm
from relkit.models.attribution.hazard_backward import backward_credit
from relkit.models.attribution.hazard_credit import group_credit
from relkit.models.attribution.hazard_estimate import Exposed
from relkit.models.attribution.hazard_fit import Penalty, fit_hazard
from relkit.models.attribution.hazard_likelihood import Combination, HazardData, hazard_sums

EDGES = ((2.0, 5.0, 10.0), (5.0, 10.0), (10.0,))
MOST_EARLIER = 1
COMBINATIONS = [Combination(channels, markers) for channels in ("add", "multiply") for markers in ("add", "multiply")]


@pytest.fixture(scope="module")
def people() -> CodedTimelines:
    timelines = CodedTimelines.of(timelines_of(3, people=40, days=60))
    return timelines.where(np.diff(timelines.order_offsets) > 0)


@pytest.fixture(scope="module")
def data(people) -> HazardData:
    form = ExposureForm.of(EDGES, MOST_EARLIER)
    exposed = Exposed(form, np.array([True, False, False]), np.full(len(people.touch_days), 10.0))
    return exposed.data(people, calendar_of(people))


def codes_at(people: CodedTimelines, i: int, day: float) -> list[int]:
    """Return the codes of the touches that count at a day, from the definition."""
    form, found = ExposureForm.of(EDGES, MOST_EARLIER), []
    own = slice(people.touch_offsets[i], people.touch_offsets[i + 1])
    for channel, edges in enumerate(EDGES):
        ages = [day - t for t, c in zip(people.touch_days[own], people.touch_channels[own], strict=True) if c == channel and t <= day]
        counted = sorted(age for age in ages if age <= 10.0)[: MOST_EARLIER + 1]
        for place, age in enumerate(counted):
            at = next(k for k, edge in enumerate(edges) if age <= edge)
            found.append(int(form.first[channel]) + at + (len(edges) if place else 0))
    return found


class Dense:
    """Rows of a person, a stretch of constant exposure and calendar, and its length."""

    def __init__(self, people: CodedTimelines, data: HazardData) -> None:
        calendar, self.people, self.k = calendar_of(people), people, data.at_risk.shape[1]
        self.rows, self.length, self.design, self.orders = [], [], [], []
        self.codes = len(data.is_marker)
        for i in range(people.people):
            own = people.touch_days[people.touch_offsets[i] : people.touch_offsets[i + 1]]
            cuts = np.concatenate([calendar.edges, *(own + after for after in (0.0, 2.0, 5.0, 10.0))])
            begin, end = people.from_day[i], people.until_day[i]
            cuts = np.unique(np.concatenate([[begin, end], cuts[(cuts > begin) & (cuts < end)]]))
            for a, b in pairwise(cuts):
                self._add(i, (a + b) / 2, float(calendar.clock(np.array([b]))[0] - calendar.clock(np.array([a]))[0]), calendar)
            for day in people.order_days[people.order_offsets[i] : people.order_offsets[i + 1]]:
                if begin < day <= end:
                    self._order(i, day, calendar)
        self.rows, self.length, self.design = np.array(self.rows), np.array(self.length), np.array(self.design)

    def _vector(self, i, day, calendar):
        x = np.zeros(self.codes + self.k)
        for code in codes_at(self.people, i, day):
            x[code] += 1
        x[self.codes + calendar.period_of(np.array([day]))[0]] = 1
        return x

    def _add(self, i, day, length, calendar):
        self.rows.append(i)
        self.length.append(length)
        self.design.append(self._vector(i, day, calendar))

    def _order(self, i, day, calendar):
        self.orders.append((i, self._vector(i, day, calendar)))

    def log_likelihood(self, parameters, combination, is_marker):
        effects = parameters[: self.codes]
        calendar = np.concatenate([[0.0], parameters[self.codes :]])

        def intensity(x):
            touch, base = x[..., : self.codes], x[..., self.codes :] @ calendar
            parts = [touch @ (effects * mask) for mask in (is_marker, ~is_marker)]
            forms = (combination.markers, combination.channels)
            return np.exp(base) * np.prod(
                [1 + part if form == "add" else np.exp(part) for part, form in zip(parts, forms, strict=True)], axis=0
            )

        total = np.bincount(self.rows, self.length * intensity(self.design), minlength=self.people.people)
        return sum(np.log(intensity(x)) - np.log(total[i]) for i, x in self.orders)


@pytest.fixture(scope="module")
def dense(people, data) -> Dense:
    return Dense(people, data)


@pytest.mark.parametrize("combination", COMBINATIONS, ids=str)
def test_the_likelihood_is_that_of_the_definition(dense, data, combination):
    parameters = np.random.default_rng(0).uniform(-0.1, 0.3, data.parameters)
    sums = hazard_sums(data, parameters, combination)
    assert sums.log_likelihood == pytest.approx(dense.log_likelihood(parameters, combination, data.is_marker), rel=1e-12)


@pytest.mark.parametrize("combination", COMBINATIONS, ids=str)
def test_the_derivatives_are_those_of_the_likelihood(data, combination):
    parameters = np.random.default_rng(1).uniform(-0.1, 0.3, data.parameters)
    sums = hazard_sums(data, parameters, combination)
    steps = 1e-5 * np.eye(len(parameters))
    slopes = [
        (hazard_sums(data, parameters + d, combination).log_likelihood - hazard_sums(data, parameters - d, combination).log_likelihood)
        / 2e-5
        for d in steps
    ]
    assert sums.gradient == pytest.approx(np.array(slopes), rel=1e-5, abs=1e-5)
    if combination == Combination("multiply", "multiply"):
        curved = [-(hazard_sums(data, parameters + d, combination).gradient - sums.gradient) / 1e-5 for d in steps]
        assert sums.information == pytest.approx(np.array(curved), rel=1e-3, abs=1e-3)


def test_the_fit_is_that_of_a_dense_poisson_regression_with_a_rate_for_each_person(dense, data):
    """A Poisson regression with free rates of people has the same effects as the conditional likelihood (Chamberlain 1980)."""
    q, combination = data.parameters, Combination("multiply", "multiply")
    ridge = Penalty(np.zeros((1, q, q)), (0,), np.eye(q))
    ours = fit_hazard(data, ridge, combination).parameters
    x = np.delete(dense.design, dense.codes, axis=1)
    counted = np.array([np.delete(row, dense.codes) for _, row in dense.orders]).sum(axis=0)
    orders = np.bincount([i for i, _ in dense.orders], minlength=dense.people.people)

    def negative(parameters):
        effects, rates = parameters[:q], parameters[q:]
        expected = dense.length * np.exp(x @ effects + rates[dense.rows])
        by_person = np.bincount(dense.rows, expected, minlength=len(rates))
        value = expected.sum() - counted @ effects - orders @ rates + effects @ effects / 2
        return value, np.concatenate([x.T @ expected - counted + effects, by_person - orders])

    found = minimize(negative, np.zeros(q + dense.people.people), jac=True, method="BFGS", options={"gtol": 1e-8, "maxiter": 5000})
    assert ours == pytest.approx(found.x[:q], abs=1e-6)


def test_merging_people_adds_their_sums(people, data):
    exposed = Exposed(ExposureForm.of(EDGES, MOST_EARLIER), np.array([True, False, False]), np.full(len(people.touch_days), 10.0))
    half, parameters = np.arange(people.people) % 2 == 0, np.full(data.parameters, 0.1)
    parts = [hazard_sums(exposed.data(people, calendar_of(people), kept), parameters, Combination()) for kept in (half, ~half)]
    whole = hazard_sums(data, parameters, Combination())
    assert parts[0].log_likelihood + parts[1].log_likelihood == pytest.approx(whole.log_likelihood)
    assert parts[0].information + parts[1].information == pytest.approx(whole.information)


def test_shapley_shares_are_the_mean_over_all_orders_of_switching_channels_on(people, data):
    from itertools import permutations

    parameters = np.random.default_rng(2).uniform(-0.2, 0.5, data.parameters)
    channel_of, codes = ExposureForm.of(EDGES, MOST_EARLIER).channel_of, len(data.is_marker)
    for combination in COMBINATIONS:
        expected = np.zeros(3)
        for i in range(people.people):
            for day in people.order_days[people.order_offsets[i] : people.order_offsets[i + 1]]:
                found = codes_at(people, i, day)
                effect = np.bincount(channel_of[found], parameters[:codes][found], minlength=3)
                there = [c for c in (1, 2) if c in channel_of[found]]
                worth = lambda on: 1 + effect[on].sum() if combination.channels == "add" else np.exp(effect[on].sum())  # noqa: B023, E731
                for order in permutations(there):
                    for place, c in enumerate(order):
                        gain = worth(list(order[: place + 1])) - worth(list(order[:place]))
                        expected[c] += gain / worth(there) / len(list(permutations(there)))
        ones = np.ones(len(people.order_days))
        credit = group_credit(data, parameters, combination, "shapley", ones, np.zeros(len(ones), np.int64), 1, channel_of)
        assert credit.sums[0, 0] == pytest.approx(expected)


def test_backward_elimination_gives_out_the_same_in_all_and_favours_who_came_later(people, data):
    parameters = np.random.default_rng(4).uniform(0.0, 0.5, data.parameters)
    form, codes, ones = ExposureForm.of(EDGES, MOST_EARLIER), len(data.is_marker), np.ones(len(people.order_days))
    for combination in COMBINATIONS:
        own = (np.full(len(people.touch_days), 10.0), form, np.array([True, False, False]), parameters[:codes])
        found = backward_credit(people, *own, combination.codes(data.is_marker))
        shapley = group_credit(data, parameters, combination, "shapley", ones, np.zeros(len(ones), np.int64), 1, form.channel_of)
        assert found[0] == 0
        assert found.sum() == pytest.approx(shapley.sums[0, 0].sum())


def test_backward_elimination_of_two_touches_that_double_the_rate():
    frame = pl.DataFrame({
        "touch_days": [[1.0, 2.0]], "touch_channels": [["video", "search"]], "order_days": [[3.0]], "from_day": [0.0], "until_day": [9.0],
    })  # fmt: skip
    form, effects = ExposureForm.of([(10.0,), (10.0,)]), np.log([2.0, 1.0, 2.0, 1.0])
    own = (np.full(2, 10.0), form, np.zeros(2, np.bool_), effects, np.zeros(4, np.int8))
    assert backward_credit(CodedTimelines.of(frame), *own).tolist() == pytest.approx([0.5, 0.25])  # search, video
