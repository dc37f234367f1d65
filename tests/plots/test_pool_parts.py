from __future__ import annotations

import numpy as np
import pytest

from relkit.models.lifetime_value.knots import Knots
from relkit.plots.pool_parts import plot_pool_parts, shares

KNOTS = Knots(
    horizons_days=np.array([28.0, 90.0]),
    effective_days=np.array([30.8, 72.0]),
    log_corrections=np.log([1.1, 0.8]),
    calendar=np.ones(2),
    pool_weights=np.array([0.4, 0.2]),
    coefficients=np.array([[0.1, 0.6, 0.3, 0.3, 0.0], [0.0, 0.5, 0.5, -0.1, 0.0]]),
    size_coefficients=np.zeros((2, 2)),
    base_means=np.ones(2),
)


def test_the_regression_is_divided_by_its_powers() -> None:
    assert shares(KNOTS) == pytest.approx(np.array([[0.6, 0.2, 0.1, 0.1, 0.0, 0.0], [0.8, 0.1, 0.1, 0.0, 0.0, 0.0]]))


@pytest.mark.parametrize(("language", "first"), [("en", "28 days\n+10 %"), ("fr", "28 jours\n+10 %")])
def test_each_horizon_is_a_bar_with_its_correction(language: str, first: str) -> None:
    ax = plot_pool_parts(KNOTS, language=language)
    assert next(label.get_text() for label in ax.get_xticklabels()) == first
    assert len(ax.get_legend().get_texts()) == 4  # no season is learnt
    assert sum(bar.get_height() for bars in ax.containers for bar in bars) == pytest.approx(2.0)
