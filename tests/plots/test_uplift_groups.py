from __future__ import annotations

import numpy as np
import pytest
from plots.judged_uplift import GAIN, MARGIN, PREDICTED, VISITS, curve, texts

from relkit.metrics.uplift import Ranking
from relkit.metrics.uplift_calibration import uplift_calibration
from relkit.plots.uplift_groups import plot_effect_by_group, plot_uplift_calibration

JUDGED = uplift_calibration(Ranking.of(PREDICTED), GAIN, PREDICTED, groups=5)


def test_each_group_has_its_effect_its_interval_and_its_prediction() -> None:
    groups = JUDGED.groups
    ax = plot_effect_by_group(groups, outcome=VISITS)
    (measured,) = ax.containers
    np.testing.assert_allclose(curve(measured.lines[0]), [groups.group, groups.effect])
    bars = np.array([segment[:, 1] for segment in measured.lines[2][0].get_segments()])
    np.testing.assert_allclose(bars, np.stack([groups.low, groups.high], axis=1))
    predicted = next(line for line in ax.lines if line.get_label() == "predicted")
    np.testing.assert_allclose(curve(predicted), [groups.group, groups.predicted])
    assert [label.get_text() for label in ax.get_xticklabels()] == ["1", "2", "3", "4", "5"]


def test_the_fitted_line_has_the_slope_and_passes_through_the_means() -> None:
    ax = plot_uplift_calibration(JUDGED, outcome=MARGIN, language="fr")
    equal, fitted = ax.lines[:2]
    x, y = curve(fitted)
    assert (y[1] - y[0]) / (x[1] - x[0]) == pytest.approx(JUDGED.slope.estimate)  # type: ignore[union-attr]
    assert np.interp(PREDICTED.mean(), x, y) == pytest.approx(GAIN.mean())
    np.testing.assert_allclose(*curve(equal))
    assert texts(ax.get_legend())[1].startswith("pente ")


def test_a_constant_prediction_has_no_line() -> None:
    same = np.ones(len(GAIN))
    ax = plot_uplift_calibration(uplift_calibration(Ranking.of(same), GAIN, same, groups=2), outcome=MARGIN)
    assert [text for text in texts(ax.get_legend()) if text.startswith("slope")] == []
