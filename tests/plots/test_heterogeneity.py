from __future__ import annotations

import numpy as np
import pytest

from relkit.models.lifetime_value.heterogeneity import Spread
from relkit.plots.heterogeneity import plot_spread

LEVEL, SHARE = np.array([0.1, 0.3, 0.6]), np.array([0.9, 0.5, 0.1])


@pytest.mark.parametrize(
    ("of", "language", "labels"),
    [
        ("leaving_probability", "en", ["half of them: 30.0% or more", "mean 40.0%"]),
        ("purchase_rate", "fr", ["la moitié : 0,30 ou plus", "moyenne 0,40"]),
        ("leaving_rate", "en", ["half of them: 0.30 or more", "mean 0.40"]),
    ],
)
def test_the_curve_shows_the_middle_customer_and_the_mean(of, language, labels):
    ax = plot_spread(Spread(of, LEVEL, SHARE, 0.4), language=language)
    assert ax.lines[0].get_ydata().tolist() == SHARE.tolist()
    assert [text.get_text().replace("\u00a0", " ") for text in ax.get_legend().get_texts()] == labels
