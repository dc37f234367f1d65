from __future__ import annotations

import numpy as np
import pytest
from plots.judged_uplift import GAIN, MARGIN, PREDICTED, VISITS, curve, texts

from relkit.errors import ParameterError
from relkit.metrics.uplift import Ranking
from relkit.metrics.uplift_bands import CurveDraws, resampled_curve
from relkit.plots.uplift_curves import plot_toc, plot_uplift_gain


@pytest.fixture(scope="module")
def draws() -> CurveDraws:
    return resampled_curve(Ranking.of(PREDICTED), GAIN, points=51, replicates=100)


def test_the_gain_is_drawn_for_a_thousand_customers_with_its_band_and_chance(draws: CurveDraws) -> None:
    band = draws.gain_band()
    ax = plot_uplift_gain({"s learner": band, "t learner": band}, outcome=MARGIN, language="fr")
    chance, first, second, _ = ax.lines
    np.testing.assert_allclose(curve(chance), [[0, 1], [0, 1000 * GAIN.mean()]])
    np.testing.assert_allclose(curve(first), [band.share, 1000 * band.value])
    assert first.get_color() != second.get_color()
    outline = ax.collections[0].get_paths()[0].vertices
    assert outline[:, 1].max() == pytest.approx(1000 * band.high.max())
    assert outline[:, 1].min() == pytest.approx(1000 * min(band.low.min(), 0))
    assert texts(ax.get_legend())[:2] == ["contient toute la vraie courbe dans 95\u00a0% des cas", "clients pris au hasard"]
    assert ax.get_ylabel() == "Pour 1\u202f000 clients de la liste : marge"


def test_the_effect_among_the_top_is_per_customer(draws: CurveDraws) -> None:
    band = draws.toc_band()
    ax = plot_toc(band, outcome=VISITS)
    np.testing.assert_allclose(curve(ax.lines[1]), [band.share, band.value])
    ax.figure.draw_without_rendering()
    assert ax.get_yticklabels()[0].get_text().endswith("%")


def test_a_language_it_does_not_speak_is_refused(draws: CurveDraws) -> None:
    with pytest.raises(ParameterError, match="language"):
        plot_toc(draws.toc_band(), outcome=VISITS, language="de")
