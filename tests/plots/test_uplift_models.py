from __future__ import annotations

import numpy as np
import pytest
from plots.judged_uplift import GAIN, MARGIN, PREDICTED

from relkit.metrics.uplift import Ranking, qini
from relkit.plots.uplift_models import plot_uplift_differences, plot_uplift_models

RNG = np.random.default_rng(1)
FIGURES = {
    "good": qini(Ranking.of(PREDICTED), GAIN),
    "worse": qini(Ranking.of(PREDICTED + 3 * RNG.standard_normal(len(GAIN))), GAIN),
    "at random": qini(Ranking.of(RNG.random(len(GAIN))), GAIN),
}


def test_each_model_has_its_interval_for_a_thousand_customers() -> None:
    ax = plot_uplift_models(FIGURES, outcome=MARGIN, language="fr")
    spans = np.array([segment[:, 0] for segment in ax.collections[0].get_segments()])  # type: ignore[attr-defined]
    np.testing.assert_allclose(spans, [[1000 * each.low, 1000 * each.high] for each in FIGURES.values()])
    assert ax.get_xlabel() == "Qini pour 1\u202f000 clients : marge ; intervalles à 95\u00a0%"


def test_differences_are_paired() -> None:
    ax = plot_uplift_differences(FIGURES, "good", outcome=MARGIN)
    spans = np.array([segment[:, 0] for segment in ax.collections[0].get_segments()])  # type: ignore[attr-defined]
    apart = FIGURES["worse"].minus(FIGURES["good"])
    assert spans[0] == pytest.approx([1000 * apart.low, 1000 * apart.high])
    assert [label.get_text() for label in ax.get_yticklabels()] == ["worse", "at random"]
    assert ax.get_title(loc="left") == "Difference from good, on the same customers"
