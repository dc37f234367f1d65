from __future__ import annotations

import numpy as np
import pytest

from relkit.metrics.resamples import LARGEST_RESAMPLE, measured_on

X = np.random.default_rng(0).exponential(1.0, 400)


def test_the_spread_is_that_of_a_mean():
    found = measured_on(400, ["mean"], lambda rows: [[X[rows].mean()]], replicates=500)
    low, high = found.interval()
    assert found.values[0, 0] == X.mean()
    assert (high - low)[0, 0] / 2 == pytest.approx(1.96 * X.std() / 20, rel=0.1)


def test_more_rows_than_a_resample_has_narrow_the_spread():
    many = np.tile(X, 100)
    found = measured_on(len(many), ["mean"], lambda rows: [[many[rows].mean()]], replicates=300)
    assert len(many) > LARGEST_RESAMPLE
    assert found.draws.std() == pytest.approx(X.std() / np.sqrt(len(many)), rel=0.15)


def test_draws_of_an_approximate_measure_are_centred_on_the_exact_one():
    exact = np.array([[7.0]])
    found = measured_on(400, ["mean"], lambda rows: [[X[rows].mean()]], exact=exact, replicates=300)
    assert found.draws.mean() == pytest.approx(7.0, abs=0.02)


def test_nonnegative_measures_are_centred():
    """|mean of a sample of mean 0|: its resamples lie above the value, unless they are shifted."""
    zero = X - X.mean()
    plain, moved = (measured_on(400, ["gap"], lambda rows: [[abs(zero[rows].mean())]], centred=names) for names in ((), ("gap",)))
    assert plain.interval()[0][0, 0] > plain.values[0, 0]
    assert moved.interval()[0][0, 0] <= moved.values[0, 0]
    assert moved.draws.min() >= 0


def test_the_error_of_a_total_keeps_its_side():
    def measures(rows):
        ratio = 1.02 * X[rows].mean() / X.mean()
        return [[ratio, abs(ratio - 1)]]

    found = measured_on(400, ["total_ratio", "total_error"], measures)
    assert found.draws[:, 0, 1] == pytest.approx(found.draws[:, 0, 0] - 1)
    assert found.draws[:, 0, 1].min() < 0
