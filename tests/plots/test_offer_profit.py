from __future__ import annotations

import numpy as np
import pytest

from relkit.errors import ParameterError
from relkit.plots.offer_profit import plot_cumulated_profit, plot_profit_of_spending

PROFIT = np.array([5.0, 3.0, 1.0, -2.0, -4.0, -8.0, -9.0])


def test_both_orders_are_drawn_with_their_best_depth() -> None:
    by_risk = np.array([3.0, -4.0, 5.0, 1.0, -9.0, -8.0, -2.0])
    ax = plot_cumulated_profit(PROFIT, by_risk, language="fr")
    _, curve, dot, other, other_dot = ax.lines
    assert np.asarray(curve.get_ydata()).tolist() == [0, 5, 8, 9, 7, 3, -5, -14]
    assert np.asarray(other.get_ydata())[-1] == -14
    assert (dot.get_xdata()[0], dot.get_ydata()[0]) == (3, 9)  # type: ignore[index]
    assert (other_dot.get_xdata()[0], other_dot.get_ydata()[0]) == (4, 5)  # type: ignore[index]
    assert ax.get_legend().get_texts()[1].get_text() == "par risque de fin"  # type: ignore[union-attr]
    assert [t.get_text() for t in ax.texts] == ["9\u00a0€", "5\u00a0€"]


def test_it_is_drawn_up_to_where_the_profit_is_lost() -> None:
    ax = plot_cumulated_profit(PROFIT, PROFIT)
    assert ax.get_xlim() == (0, 7)
    assert ax.get_ylim() == pytest.approx((-9.9, 10.8))
    assert plot_cumulated_profit(-PROFIT[:1], -PROFIT[:1]).get_xlim() == (0, 1)


def test_what_is_spent_is_drawn_with_the_best_of_each_order_within_the_budget() -> None:
    cost, other = np.array([2.0, 3.0, 1.0, 4.0, 4.0, 4.0, 4.0]), np.array([4.0, 4.0, 2.0, 1.0, 3.0, 4.0, 4.0])
    ax = plot_profit_of_spending((cost, PROFIT), (other, PROFIT[[4, 3, 0, 2, 1, 5, 6]]), budget=5.5, language="fr")
    _, curve, dot, _, other_dot, line = ax.lines
    assert np.asarray(curve.get_xdata()).tolist() == [0, 2, 5, 6, 10, 14, 18, 22]
    assert (dot.get_xdata()[0], dot.get_ydata()[0]) == (5, 8)  # type: ignore[index]
    assert (other_dot.get_xdata()[0], other_dot.get_ydata()[0]) == (0, 0)  # type: ignore[index]
    assert list(np.asarray(line.get_xdata())) == [5.5, 5.5]
    assert ax.get_legend().get_texts()[-1].get_text().startswith("budget")  # type: ignore[union-attr]


def test_a_budget_that_lies_past_the_picture_has_no_line() -> None:
    cost = np.full(7, 2.0)
    ax = plot_profit_of_spending((cost, PROFIT), (cost, PROFIT), budget=1e6)
    assert len(ax.lines) == 5
    assert ax.get_xlim() == (0, 14)


def test_a_language_it_does_not_speak_is_refused() -> None:
    with pytest.raises(ParameterError, match="language"):
        plot_cumulated_profit(PROFIT, PROFIT, language="de")
