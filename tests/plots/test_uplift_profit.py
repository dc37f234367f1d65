from __future__ import annotations

import numpy as np
import pytest
from plots.judged_uplift import GAIN, PREDICTED, curve, texts

from relkit.metrics.uplift import Ranking
from relkit.metrics.uplift_bands import resampled_curve
from relkit.metrics.uplift_policy import budget_path
from relkit.metrics.uplift_profit import best_depth, net_gain
from relkit.plots.uplift_profit import plot_budget_paths, plot_uplift_profit

RANKING = Ranking.of(PREDICTED)
NET = net_gain(GAIN, contact_cost=0.8)


def test_the_best_share_is_marked_with_its_honest_value() -> None:
    band = resampled_curve(RANKING, NET, points=51, replicates=100).gain_band()
    best = best_depth(RANKING, NET, replicates=100)
    ax = plot_uplift_profit(band, best, language="fr")
    np.testing.assert_allclose(curve(ax.lines[2]), [band.share, 1000 * band.value])
    (dot,) = ax.containers
    assert [float(each[0]) for each in curve(dot.lines[0])] == pytest.approx([best.share, 1000 * best.value.estimate])
    (words,) = ax.texts
    assert words.get_text().endswith("\u00a0% sollicités")
    assert "plage de variation de la meilleure part" in texts(ax.get_legend())


def test_a_path_for_each_rule_up_to_what_it_can_spend() -> None:
    effect = np.stack([PREDICTED, 1.5 * PREDICTED - 0.3], axis=1)
    both, one = budget_path(effect, [0.5, 1.0], effect), budget_path(effect[:, :1], [0.5], effect[:, :1])
    ax = plot_budget_paths({"two actions": both, "one action": one}, currency="USD")
    for line, path in zip(ax.lines, (both, one), strict=False):
        spent, gained = curve(line)
        assert (spent[-1], gained[-1]) == pytest.approx((1000 * path.spend[-1], 1000 * path.gain[-1]))
    assert texts(ax.get_legend())[0] == "two actions, 95% interval"
    ax.figure.draw_without_rendering()
    assert ax.get_yticklabels()[1].get_text().startswith("$")
