from __future__ import annotations

import numpy as np
import pytest

from relkit.errors import NotConvergedError
from relkit.models.maximum import Evaluation, Floats, maximise, near_maximum

WIDE = {"low": np.full(2, -50.0), "high": np.full(2, 50.0)}


def rosenbrock(at: Floats) -> Evaluation:
    """Return minus Rosenbrock's banana function, whose maximum, 0, is at (1, 1)."""
    x, y = at
    value = -((1 - x) ** 2 + 100 * (y - x**2) ** 2)
    gradient = np.array([2 * (1 - x) + 400 * x * (y - x**2), -200 * (y - x**2)])
    hessian = -np.array([[2 - 400 * (y - 3 * x**2), -400 * x], [-400 * x, 200.0]])
    return float(value), gradient, hessian


def bowl(centre: tuple[float, float]) -> object:
    def function(at: Floats) -> Evaluation:
        gap = at - centre
        return -float(gap @ gap), -2 * gap, -2 * np.eye(2)

    return function


def test_a_curved_valley_is_followed_to_its_end() -> None:
    """Rosenbrock (1960), from his starting point (-1.2, 1)."""
    best = maximise(rosenbrock, np.array([-1.2, 1.0]), **WIDE)
    assert best.at == pytest.approx([1, 1], abs=1e-6)
    assert best.evaluations < 60
    assert not best.bounded.any()


def test_a_start_where_the_function_bends_upwards() -> None:
    """-x^4 + x^2 - y^2 has a minimum in x at 0: only the gradient leads away from the start; its maxima are at x = +-1/sqrt 2."""

    def humps(at: Floats) -> Evaluation:
        x, y = at
        return -(x**4) + x**2 - y**2, np.array([-4 * x**3 + 2 * x, -2 * y]), np.diag([-12 * x**2 + 2, -2.0])

    assert maximise(humps, np.array([1e-3, 2.0]), **WIDE).at == pytest.approx([np.sqrt(0.5), 0], abs=1e-6)


def test_a_maximum_outside_the_box_is_found_on_its_boundary() -> None:
    best = maximise(bowl((3.0, 0.5)), np.zeros(2), low=np.full(2, -1.0), high=np.full(2, 1.0))  # type: ignore[arg-type]
    assert best.at.tolist() == [1.0, 0.5]
    assert best.bounded.tolist() == [True, False]
    assert best.covariance[1, 1] == pytest.approx(0.5)
    assert np.isnan(best.covariance[0]).all()


def test_a_start_in_the_corner_is_left() -> None:
    best = maximise(bowl((0.3, 0.5)), np.full(2, -1.0), low=np.full(2, -1.0), high=np.full(2, 1.0))  # type: ignore[arg-type]
    assert best.at == pytest.approx([0.3, 0.5])
    assert not best.bounded.any()


def test_a_maximum_in_the_corner() -> None:
    best = maximise(bowl((-9.0, -9.0)), np.zeros(2), low=np.full(2, -1.0), high=np.full(2, 1.0))  # type: ignore[arg-type]
    assert best.at.tolist() == [-1.0, -1.0]
    assert best.bounded.all()


def climb(at: Floats) -> Evaluation:
    """Return a slope without a maximum."""
    return float(at.sum()), np.ones(2), np.zeros((2, 2))


def test_no_maximum_within_the_evaluations_allowed() -> None:
    with pytest.raises(NotConvergedError, match="no optimum after 5 evaluations"):
        maximise(climb, np.zeros(2), low=np.full(2, -1e9), high=np.full(2, 1e9), most=5)


def test_a_sample_without_a_maximum_returns_the_start() -> None:
    start = np.array([1.0, 2.0])
    assert near_maximum(bowl((3.0, 4.0)), start, **WIDE).tolist() == [3.0, 4.0]  # type: ignore[arg-type]
    assert near_maximum(climb, start, low=np.full(2, -1e300), high=np.full(2, 1e300)) is start


def test_unidentified_parameters_have_no_standard_error_but_a_note() -> None:
    """The function is flat along the difference of the first two; the third is identified, and the fourth is on the boundary."""

    def flat(at: Floats) -> Evaluation:
        gap = np.array([at[0] + at[1], at[2] - 1.0])
        hessian = np.zeros((4, 4))
        hessian[:2, :2], hessian[2, 2] = -2.0, -2.0
        return -float(gap @ gap) + float(at[3]), np.array([-2 * gap[0], -2 * gap[0], -2 * gap[1], 1.0]), hessian

    best = maximise(flat, np.zeros(4), low=np.full(4, -5.0), high=np.full(4, 5.0))
    assert np.isnan(np.diag(best.covariance)).tolist() == [True, True, False, True]
    assert best.covariance[2, 2] == pytest.approx(0.5)
    notes = [remark.en for remark in best.remarks(("r", "s", "alpha", "beta"))]
    assert [note.split(" ")[0] for note in notes] == ["r", "s", "beta"]
    assert "so few or so uniform data" in notes[0]
    assert "the edge of its range" in notes[2]
