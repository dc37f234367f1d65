"""Value of a rule that assigns one of several actions, or none, to each customer, and the best use of a budget.

The value of a rule is the mean outcome if everybody were treated by it, estimated from the units of the draw by AIPW. The budget path is
that of Sverdrup, Wu, Athey and Wager (2024, Qini curves for multi-armed treatment rules): of each customer only the actions on the upper
hull of (cost, predicted reward) are worth their price, each step from one to the next has a return, and a budget buys steps by falling
return. With one action of equal cost it is the curve of `uplift.gain_curve`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from relkit.errors import ParameterError
from relkit.metrics.uplift_figures import UpliftFigure, as_floats, figure_of, mean_figure
from relkit.units import LEVEL

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from relkit.metrics.ranking import Floats


def arm_scores(outcome: ArrayLike, arm: ArrayLike, propensity: ArrayLike, mu: ArrayLike | None = None) -> Floats:
    """Return the AIPW score of each unit for each arm, whose column means are the mean outcomes of the arms, shape (n, k).

    Args:
        outcome: shape (n,).
        arm: number of the arm drawn, from 0 (control) to k - 1, shape (n,).
        propensity: of each arm, shape (k,) or (n, k), positive, of sum 1.
        mu: expected outcome of each arm, shape (k,) or (n, k); by default the arm's mean, weighted by the inverse of the propensity.

    Raises:
        ParameterError: an empty arm, propensities that are not positive or do not sum to 1, shapes that differ.

    Examples:
        >>> arm_scores([1.0, 3.0, 2.0], [0, 1, 1], [0.5, 0.5], mu=[0.0, 0.0]).tolist()
        [[2.0, 0.0], [0.0, 6.0], [0.0, 4.0]]
    """
    y, drawn = as_floats("arm_scores", outcome=outcome, arm=arm)
    e = np.asarray(propensity, dtype=float)
    k = e.shape[-1]
    _check_arms(drawn, e, k)
    weight = (drawn[:, None] == np.arange(k)) / e
    expected = (weight * y[:, None]).sum(axis=0) / weight.sum(axis=0) if mu is None else np.asarray(mu, dtype=float)
    scores: Floats = expected + weight * (y[:, None] - expected)
    return scores


def _check_arms(drawn: Floats, e: Floats, k: int) -> None:
    if e.ndim not in {1, 2} or (e.ndim == 2 and len(e) != len(drawn)):
        raise ParameterError(f"propensity has shape {e.shape}; it must be (k,) or ({len(drawn)}, k).", where="arm_scores")
    if not (e > 0).all() or not np.allclose(e.sum(axis=-1), 1):
        raise ParameterError(
            "propensities must be positive and sum to 1 over the arms.", where="arm_scores", remedy="Include the control as arm 0."
        )
    if missing := sorted(set(range(k)) - set(np.unique(drawn))):
        raise ParameterError(f"no unit was drawn to arm {missing[0]:.0f}.", where="arm_scores", remedy="Leave this arm out.")
    if unknown := sorted(set(np.unique(drawn)) - set(range(k))):
        raise ParameterError(f"arm {unknown[0]:g} has no propensity.", where="arm_scores", remedy=f"Number the arms from 0 to {k - 1}.")


@dataclass(frozen=True, eq=False)
class PolicyValue:
    """Value of a rule, per customer.

    Attributes:
        value: mean outcome under the rule.
        over_none: the same less the mean outcome if nobody is treated.
        over_all: less the mean outcome if everybody gets the arm that is best for all alike.
        best_for_all: the number of that arm.
    """

    value: UpliftFigure
    over_none: UpliftFigure
    over_all: UpliftFigure
    best_for_all: int


def policy_value(
    scores: ArrayLike, chosen: ArrayLike, *, costs: ArrayLike = 0.0, cluster: ArrayLike | None = None, level: float = LEVEL
) -> PolicyValue:
    """Return the value of a rule by the scores of units from which it has not learnt.

    Args:
        scores: of each arm (`arm_scores`), shape (n, k), the control first.
        chosen: number of the arm that the rule chooses, 0 for none, shape (n,).
        costs: of each arm, a number for all but the control, shape (k,) or (n, k); subtracted.
        cluster: household of each row, shape (n,).
        level: of the intervals.

    Raises:
        ParameterError: shapes that differ, or an arm that is unknown.

    Examples:
        >>> found = policy_value([[2.0, 0.0], [0.0, 6.0], [0.0, 4.0]], [0, 1, 1])
        >>> found.value.estimate, round(found.over_none.estimate, 3), round(found.over_all.estimate, 3)
        (4.0, 3.333, 0.667)
    """
    each = np.asarray(scores, dtype=float)
    arm = np.asarray(chosen)
    if each.ndim != 2 or arm.shape != each.shape[:1]:
        raise ParameterError(f"scores has shape {each.shape} and chosen {arm.shape}; they must be (n, k) and (n,).", where="policy_value")
    if arm.min() < 0 or arm.max() >= each.shape[1]:
        raise ParameterError(f"chosen has arms from {arm.min()} to {arm.max()}; known are 0 to {each.shape[1] - 1}.", where="policy_value")
    price = np.asarray(costs, dtype=float)
    net = each - (price * (np.arange(each.shape[1]) > 0) if price.ndim == 0 else price)
    value, none, *arms = (
        mean_figure(column, cluster=cluster, level=level)
        for column in (net[np.arange(len(arm)), arm.astype(np.intp)], *(net[:, place] for place in range(net.shape[1])))
    )
    best = max(range(len(arms)), key=lambda place: arms[place].estimate)
    return PolicyValue(value, value.minus(none), value.minus(arms[best]), best + 1)


@dataclass(frozen=True, eq=False)
class BudgetPath:
    """Gain of the best use of each budget, per customer of the list, from (0, 0).

    Attributes:
        spend: per customer, rising, shape (m + 1,).
        gain: measured, per customer, shape (m + 1,); a straight line within one return.
        step_row: row of each step, by falling return, shape (s,).
        step_arm: action that it leads to, from 1, shape (s,).
        step_cost: what it costs more than the action before, shape (s,).
        step_gain: what it brings more, measured, shape (s,).
        step_end: place in `spend` from which on it is paid in full, shape (s,).
        n: number of rows.
    """

    spend: Floats
    gain: Floats
    step_row: NDArray[np.intp]
    step_arm: NDArray[np.intp]
    step_cost: Floats
    step_gain: Floats
    step_end: NDArray[np.intp]
    n: int

    def at(self, budget: float, *, cluster: ArrayLike | None = None, level: float = LEVEL) -> UpliftFigure:
        """Return the gain that a budget per customer buys, with its interval.

        The interval allows for the price: in another sample the same budget reaches another return. Beyond the end of the path nothing
        more is bought.
        """
        steps = self._bought(budget)
        spent, gained = (np.bincount(self.step_row, weights=each * steps, minlength=self.n) for each in (self.step_cost, self.step_gain))
        estimate = float(gained.mean())
        bound = budget < self.spend[-1]
        price = self._return_at(budget) if bound else 0.0
        influence = gained - estimate - price * (spent - spent.mean())
        return figure_of(estimate, influence, cluster=cluster, level=level)

    def allocation(self, budget: float) -> NDArray[np.intp]:
        """Return the action of each row that a budget per customer pays in full, 0 for none, shape (n,)."""
        full = self._bought(budget) >= 1
        arms = np.zeros(self.n, dtype=np.intp)
        # Steps of a row come in order, so that the last one that is paid remains.
        arms[self.step_row[full]] = self.step_arm[full]
        return arms

    def _bought(self, budget: float) -> Floats:
        """Return the part of each step that a budget pays, shape (s,); steps of equal return are paid alike."""
        if budget < 0:
            raise ParameterError(f"budget is {budget}; it must not be negative.", where="budget_path")
        before = self.spend[self.step_end - 1]
        paid: Floats = np.clip((budget - before) / (self.spend[self.step_end] - before), 0.0, 1.0)
        return paid

    def _return_at(self, budget: float) -> float:
        """Return the measured gain per unit of cost of the steps around the end of a budget."""
        place = int(np.searchsorted(np.cumsum(self.step_cost) / self.n, budget))
        half = int(np.ceil(len(self.step_cost) ** 0.6 / 2))
        around = slice(max(place - half, 0), place + half)
        return float(self.step_gain[around].sum() / self.step_cost[around].sum())


def budget_path(predicted: ArrayLike, cost: ArrayLike, gain: ArrayLike) -> BudgetPath:
    """Return the gain of the best use of each budget, chosen by predictions and measured by scores.

    Args:
        predicted: effect of each action by the model, shape (n, k).
        cost: of each action, shape (k,) or (n, k), positive.
        gain: measured effect of each action over none, shape (n, k): differences of `arm_scores` from their first column.

    Raises:
        ParameterError: shapes that differ, costs that are not positive, values that are not finite.

    Examples:
        >>> path = budget_path([[2.0, 3.0], [1.0, 0.5]], [1.0, 2.0], [[2.0, 3.0], [1.0, 0.5]])
        >>> path.spend.tolist(), path.gain.tolist()
        ([0.0, 0.5, 1.5], [0.0, 1.0, 2.0])
        >>> path.allocation(1.5).tolist(), path.at(0.25).estimate
        ([2, 1], 0.5)
    """
    reward, measured = np.asarray(predicted, dtype=float), np.asarray(gain, dtype=float)
    if reward.ndim != 2 or reward.shape != measured.shape:
        raise ParameterError(f"predicted has shape {reward.shape} and gain {measured.shape}; both must be (n, k).", where="budget_path")
    price = np.broadcast_to(np.asarray(cost, dtype=float), reward.shape)
    for name, values in (("predicted", reward), ("gain", measured), ("cost", price)):
        if not np.isfinite(values).all():
            raise ParameterError("it has values that are not finite numbers.", where=f"budget_path: {name}", remedy="Leave these rows out.")
    if not (price > 0).all():
        raise ParameterError("costs must be positive.", where="budget_path: cost", remedy="Give an action its contact cost at least.")
    return _path(*_steps(reward, price, measured), len(reward))


def _steps(reward: Floats, price: Floats, measured: Floats) -> tuple[NDArray[np.intp], NDArray[np.intp], Floats, Floats, Floats]:
    """Return row, action, return, cost and measured gain of the steps along each row's upper hull, from no action."""
    n = len(reward)
    spent, earned, gained, last, alive = np.zeros(n), np.zeros(n), np.zeros(n), np.full(n, np.inf), np.arange(n)
    found = []
    for _ in range(reward.shape[1]):
        more = price[alive] - spent[alive, None]
        slopes = np.where(more > 0, (reward[alive] - earned[alive, None]) / np.where(more > 0, more, 1.0), -np.inf)
        best = np.argmax(slopes, axis=1)
        rising = slopes[np.arange(len(alive)), best] > 0
        alive, best, slopes = alive[rising], best[rising], slopes[rising]
        # Rounding must not put a step before the one that leads to it.
        last[alive] = np.minimum(slopes[np.arange(len(alive)), best], last[alive])
        cost, gain = price[alive, best] - spent[alive], measured[alive, best] - gained[alive]
        found.append((alive, best + 1, last[alive], cost, gain))
        spent[alive], earned[alive], gained[alive] = price[alive, best], reward[alive, best], measured[alive, best]
    row, arm, slope, cost, gain = (np.concatenate(column) for column in zip(*found, strict=True))
    return row, arm, slope, cost, gain


def _path(row: NDArray[np.intp], arm: NDArray[np.intp], slope: Floats, cost: Floats, gain: Floats, n: int) -> BudgetPath:
    order = np.argsort(-slope, kind="stable")
    ends = np.flatnonzero(np.diff(slope[order], append=-np.inf))
    spend, gained = (np.concatenate(([0.0], np.cumsum(each[order])[ends] / n)) for each in (cost, gain))
    paid_at = np.searchsorted(ends, np.arange(len(order))) + 1
    return BudgetPath(spend, gained, row[order], arm[order], cost[order], gain[order], paid_at, n)


def pairwise_gains(scores: ArrayLike) -> Floats:
    """Return the scores of each action less those of the control, shape (n, k - 1).

    Examples:
        >>> pairwise_gains([[1.0, 3.0, 0.0]]).tolist()
        [[2.0, -1.0]]
    """
    (first,) = as_floats("pairwise_gains", control=np.asarray(scores, dtype=float)[:, 0])
    gains: Floats = np.asarray(scores, dtype=float)[:, 1:] - first[:, None]
    return gains
