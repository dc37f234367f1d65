from __future__ import annotations

import numpy as np
import pytest

from relkit.errors import ParameterError
from relkit.plots.offer_profit import plot_cumulated_profit

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


def test_a_language_it_does_not_speak_is_refused() -> None:
    with pytest.raises(ParameterError, match="language"):
        plot_cumulated_profit(PROFIT, PROFIT, language="de")
