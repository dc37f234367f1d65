"""The derivatives of the likelihood of ends by period, against differences."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from relkit.models.survival.period_likelihood import PeriodLikelihood
from relkit.models.survival.person_periods import Cells, Lives, first_periods, numbered


def problem(link: str, causes: int, *, added_up: bool) -> PeriodLikelihood:
    rng = np.random.default_rng(1)
    n = 300
    x = rng.integers(0, 3, n).astype(float)
    cause = rng.integers(-1, causes, n)
    days = rng.integers(0, 200, n).astype(float)
    entry = np.where(rng.random(n) < 0.3, np.floor(days / 3), 0.0)
    lives = Lives.of(days, cause, entry, period_days=30.0, causes=causes, weight=rng.integers(1, 4, n).astype(float))
    distinct, pattern = numbered(pl.DataFrame({"x": x}), ["x"])
    cells = Cells.of(lives, pattern if added_up else None, first_periods(*lives.seen()))
    columns = np.column_stack([x, x**2]) if not added_up else np.column_stack([distinct["x"], distinct["x"] ** 2])
    free = cells.totals()[1] > 0
    free[0, 1] = False  # as if nobody had ended there
    if added_up:
        cells.added[1][0, 1] = 0.0  # type: ignore[index]
    else:
        keep = ~((np.searchsorted(cells.firsts, cells.lives.period - 1, side="right") - 1 == 1) & (cells.lives.cause == 0))  # type: ignore[union-attr]
        cells.lives.weight[~keep] = 0.0  # type: ignore[union-attr]
    return PeriodLikelihood(cells, columns[cells.row] / 4, link, free)  # type: ignore[arg-type]


@pytest.mark.parametrize("added_up", [True, False])
@pytest.mark.parametrize(("link", "causes"), [("logit", 1), ("logit", 3), ("cloghlog", 1)])
def test_derivatives_are_those_of_differences(link: str, causes: int, *, added_up: bool) -> None:
    found = problem(link, causes, added_up=added_up)
    at = found.start() + np.random.default_rng(2).normal(0, 0.2, len(found.start()))
    _, gradient, hessian = found(at)
    step = 1e-5
    for i in range(len(at)):
        there, back = at.copy(), at.copy()
        there[i], back[i] = at[i] + step, at[i] - step
        (up, g_up, _), (down, g_down, _) = found(there), found(back)
        assert (up - down) / (2 * step) == pytest.approx(gradient[i], rel=1e-6, abs=1e-6)
        np.testing.assert_allclose((g_up - g_down) / (2 * step), hessian[i], rtol=1e-6, atol=1e-5)


def test_the_seen_periods_are_those_counted_one_by_one() -> None:
    lives = Lives.of(np.array([0.0, 45.0, 60.0, 61.0, 75.0]), np.array([0, -1, 0, 0, -1]), np.array([0.0, 0, 0, 0, 50.0]), period_days=30.0)
    stayed, ends = lives.seen()
    np.testing.assert_allclose(stayed, [3.0, 0.5 + 1 + 1 / 3, 0.5])
    assert ends.tolist() == [[1.0, 1.0, 1.0]]


def test_a_start_and_an_end_inside_one_period_count_a_whole_trial() -> None:
    lives = Lives.of(np.array([50.0]), np.array([0]), np.array([40.0]), period_days=30.0)
    stayed, ends = lives.seen()
    assert (stayed.tolist(), ends.tolist()) == ([0.0, 0.0], [[0.0, 1.0]])
