from __future__ import annotations

import numpy as np

from relkit.metrics.reliability import reliability
from relkit.plots.reliability import plot_reliability


def test_each_group_has_its_share_and_interval() -> None:
    rng = np.random.default_rng(1)
    forecast = rng.uniform(0, 0.5, 4000)
    judged = reliability(forecast, rng.random(4000) < forecast, groups=5)
    ax = plot_reliability(judged, title="t", x_label="forecast", y_label="share")
    (points,) = ax.containers
    np.testing.assert_allclose(points.lines[0].get_xdata(), judged.predicted)
    np.testing.assert_allclose(points.lines[0].get_ydata(), judged.observed)
    low, high = judged.bounds()
    bars = np.array([segment[:, 1] for segment in points.lines[2][0].get_segments()])
    np.testing.assert_allclose(bars, np.stack([low, high], axis=1))
