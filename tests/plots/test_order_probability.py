from __future__ import annotations

from datetime import date

import numpy as np
import pytest
from model_checks import case_of

from relkit.families.bindings import lesson_figures
from relkit.models.lifetime_value.order_calibration import OrderCalibration, learnt
from relkit.plots.order_probability import plot_order_probability


@pytest.fixture(scope="module")
def calibration() -> OrderCalibration:
    rng = np.random.default_rng(1)
    own = rng.beta(0.7, 2.0, 3000)
    found = learnt(own, rng.random(3000) < own**0.7, rng.integers(0, 3, 3000), days=90, calibrated_from=date(2025, 3, 31))
    assert found is not None
    assert found.changes
    return found


@pytest.mark.parametrize(
    ("language", "bought", "within"), [("en", "Share who bought", "within 90 days"), ("fr", "Part ayant acheté", "90 jours")]
)
def test_each_tenth_is_a_point_with_its_interval(calibration: OrderCalibration, language: str, bought: str, within: str) -> None:
    ax = plot_order_probability(calibration, language=language)
    points, _, (bars,) = ax.containers[0]
    assert points.get_xydata() == pytest.approx(np.column_stack([calibration.judged.predicted, calibration.judged.observed]))
    assert len(bars.get_segments()) == 10
    assert ax.get_ylabel() == bought
    assert within in ax.get_xlabel()
    assert len(ax.get_legend().get_texts()) == 3


def test_a_model_without_a_calibration_has_no_figure(calibration: OrderCalibration) -> None:
    untaught = case_of("lifetime_value.nbd").fitted
    assert list(lesson_figures(untaught.with_calibration(calibration))) == ["order_probability"]
    assert lesson_figures(untaught) == {}
    assert lesson_figures(case_of("lifetime_value.gamma_gamma").fitted) == {}
