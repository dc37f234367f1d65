"""Value of rules with several actions, and budgets: by hand, by linear programming, and by the bootstrap."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import linprog

from relkit.errors import ParameterError
from relkit.metrics.uplift import Ranking, aipw_scores, gain_at, gain_curve
from relkit.metrics.uplift_policy import arm_scores, budget_path, pairwise_gains, policy_value


def test_scores_of_two_arms_differ_by_the_score_of_the_action():
    rng = np.random.default_rng(0)
    t, y = rng.integers(0, 2, 50), rng.standard_normal(50)
    assert pairwise_gains(arm_scores(y, t, [0.6, 0.4]))[:, 0] == pytest.approx(aipw_scores(y, t, 0.4))


def test_mean_scores_are_the_means_of_the_arms():
    rng = np.random.default_rng(1)
    arm, y = rng.integers(0, 3, 90), rng.standard_normal(90)
    found = arm_scores(y, arm, np.full((90, 3), 1 / 3))
    assert found.mean(axis=0) == pytest.approx([y[arm == each].mean() for each in range(3)])


def test_value_of_a_rule_in_a_simulated_draw():
    rng = np.random.default_rng(2)
    x, e = rng.standard_normal(40_000), np.array([0.2, 0.3, 0.5])
    arm = rng.choice(3, 40_000, p=e)
    y = 1 + np.choose(arm, [0 * x, x, 0.3 - x]) + rng.standard_normal(40_000)
    rule = np.where(x > 0.15, 1, 2)
    truth = 1 + np.where(rule == 1, x, 0.3 - x).mean()
    found = policy_value(arm_scores(y, arm, e), rule)
    assert found.value.low < truth < found.value.high
    assert found.over_none.estimate == pytest.approx(truth - 1, abs=4 * found.over_none.std_error)
    assert found.best_for_all == 2
    assert found.over_all.estimate == pytest.approx(truth - 1.3, abs=4 * found.over_all.std_error)
    dear = policy_value(arm_scores(y, arm, e), rule, costs=0.25)
    assert dear.value.estimate == pytest.approx(found.value.estimate - 0.25)
    assert dear.over_all.estimate == pytest.approx(found.over_all.estimate)


def test_one_action_of_equal_cost_is_the_gain_curve():
    rng = np.random.default_rng(3)
    score, gain = rng.random(300) + 0.1, rng.standard_normal(300)
    path, curve = budget_path(score[:, None], [2.0], gain[:, None]), gain_curve(Ranking.of(score), gain)
    assert path.spend == pytest.approx(2 * curve.share)
    assert path.gain == pytest.approx(curve.gain)
    found, known = path.at(0.6), gain_at(Ranking.of(score), gain, 0.3)
    assert found.estimate == pytest.approx(known.estimate)
    assert found.std_error == pytest.approx(known.std_error, rel=0.02)


@pytest.mark.parametrize("budget", [0.1, 0.4, 0.9, 1.7])
def test_the_path_is_the_linear_programme(budget):
    """Multiple-choice knapsack relaxed: HiGHS of scipy finds the same predicted reward for the budget."""
    rng = np.random.default_rng(4)
    n, k = 40, 4
    reward, cost = rng.normal(0.4, 1, (n, k)), rng.uniform(0.2, 2, (n, k))
    at_most_one = np.kron(np.eye(n), np.ones(k))
    solved = linprog(
        -reward.ravel(), A_ub=np.vstack([cost.ravel(), at_most_one]), b_ub=np.concatenate(([budget * n], np.ones(n))), bounds=(0, 1)
    )
    path = budget_path(reward, cost, reward)
    assert path.at(budget).estimate == pytest.approx(-solved.fun / n, rel=1e-9)
    chosen = path.allocation(budget)
    rows = np.flatnonzero(chosen)
    assert cost[rows, chosen[rows] - 1].sum() <= budget * n + 1e-9


def test_the_interval_is_that_of_the_bootstrap():
    """300 bootstrap samples of the rows, path and all: a standard error to 4 %."""
    rng = np.random.default_rng(5)
    n = 2000
    effect = rng.normal(0.3, 1, (n, 2))
    cost = np.array([0.5, 1.0]) * rng.uniform(0.5, 1.5, (n, 1))
    gain = effect + 2 * rng.standard_normal((n, 2))
    again = []
    for _ in range(300):
        rows = rng.integers(0, n, n)
        again.append(budget_path(effect[rows], cost[rows], gain[rows]).at(0.2).estimate)
    found = budget_path(effect, cost, gain).at(0.2)
    assert found.std_error == pytest.approx(np.std(again), rel=0.15)


def test_two_paths_are_compared_as_a_pair():
    rng = np.random.default_rng(6)
    effect = rng.standard_normal((3000, 2))
    gain = effect + rng.standard_normal((3000, 2))
    good, bad = (budget_path(each, [1.0, 1.5], gain) for each in (effect, rng.standard_normal((3000, 2))))
    assert good.at(0.3).minus(bad.at(0.3)).low > 0
    assert good.at(0.3).minus(good.at(0.3)).std_error == 0


def test_a_budget_beyond_the_end_buys_no_more():
    path = budget_path([[1.0], [-1.0]], [1.0], [[2.0], [5.0]])
    assert path.at(10).estimate == path.gain[-1] == 1.0
    assert path.allocation(10).tolist() == [1, 0]


def test_nothing_worth_its_price():
    path = budget_path([[-1.0], [0.0]], [1.0], [[2.0], [5.0]])
    assert (path.spend.tolist(), path.at(1.0).estimate, path.at(1.0).std_error) == ([0], 0, 0)


def test_steps_of_equal_return_are_paid_alike():
    path = budget_path([[1.0], [1.0]], [1.0], [[4.0], [0.0]])
    assert path.at(0.5).estimate == 1.0
    mixed = budget_path([[1.0], [1.0]], [1.0], [[0.0], [4.0]])
    assert mixed.at(0.25).estimate == path.at(0.25).estimate == 0.5


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: arm_scores([1.0, 2.0], [0, 1], [0.5, 0.3, 0.2]), "no unit was drawn to arm 2"),
        (lambda: arm_scores([1.0, 2.0], [0, 2], [0.5, 0.5]), "no unit was drawn to arm 1"),
        (lambda: arm_scores([1.0, 2.0, 3.0], [0, 1, 2], [0.5, 0.5]), "arm 2 has no propensity"),
        (lambda: arm_scores([1.0, 2.0], [0, 1], [0.5, 0.4]), "sum to 1"),
        (lambda: arm_scores([1.0, 2.0], [0, 1], [[0.5, 0.5]]), r"propensity has shape \(1, 2\)"),
        (lambda: policy_value([[1.0, 2.0], [1.0, 2.0]], [0, 2]), "known are 0 to 1"),
        (lambda: policy_value([[1.0, 2.0]], [0, 1]), r"scores has shape \(1, 2\) and chosen \(2,\)"),
        (lambda: budget_path([[1.0]], [0.0], [[1.0]]), "costs must be positive"),
        (lambda: budget_path([[np.nan]], [1.0], [[1.0]]), "predicted: it has values that are not finite"),
        (lambda: budget_path([[1.0]], [1.0], [[1.0, 2.0]]), r"gain \(1, 2\); both must be"),
        (lambda: budget_path([[1.0], [1.0]], [1.0], [[1.0], [2.0]]).at(-1), "budget is -1"),
    ],
)
def test_refusals(call, message):
    with pytest.raises(ParameterError, match=message):
        call()
