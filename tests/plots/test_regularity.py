"""The plot of regularity: the drawn data are the record's, and every word is there in both languages."""

from __future__ import annotations

from datetime import date

import numpy as np
import pytest
import simulated_purchases

from relkit.families.bindings import diagnostic_figures
from relkit.models.lifetime_value.mbg_cnbd_k import MbgCnbdK
from relkit.models.lifetime_value.regularity import IntervalShares, Regularity
from relkit.plots.regularity import plot_interval_shares
from relkit.plots.style import figure_of


@pytest.mark.parametrize(("language", "words"), [("en", ("at random (k = 1)", "2.10")), ("fr", ("au hasard (k = 1)", "2,10"))])
def test_interval_shares(language: str, words: tuple[str, str]) -> None:
    found = Regularity(2.1, 0.1, 1.9, float("inf"), 0.001, 1500, 3, "wheat_morrison", 0.95)
    expected = {1: np.full(4, 0.25), 3: np.array([0.1, 0.4, 0.4, 0.1])}
    ax = plot_interval_shares(IntervalShares(np.linspace(0, 1, 5), np.array([0.2, 0.3, 0.3, 0.2]), expected, found), language=language)
    figure_of(ax).canvas.draw()
    assert [bar.get_height() for bar in ax.containers[0]] == [0.2, 0.3, 0.3, 0.2]
    assert [list(line.get_ydata()) for line in ax.lines] == [list(each) for each in expected.values()]
    legend = ax.get_legend()
    assert legend is not None
    texts = [*(text.get_text() for text in legend.get_texts()), *(text.get_text() for text in ax.texts)]
    assert words[0] in texts
    assert any(words[1] in each and "∞" in each for each in texts)


def test_it_goes_with_a_fit() -> None:
    """Shown next to the plots of every purchase model; left out if hardly anyone bought three times."""
    rng = np.random.default_rng(3)
    seen = simulated_purchases.regular_buyers(400, rng, k=2, r=1.2, alpha=15.0, a=0.6, b=2.5, T=500.0)[0]
    fitted = MbgCnbdK(k=2).fit(seen, as_of=date(2025, 6, 30))
    figures = diagnostic_figures(fitted, seen, language="fr")
    of_every_model = {"frequency_histogram", "alive_surface", "spread_of_purchase_rate", "spread_of_leaving_probability"}
    assert set(figures) == of_every_model | {"interval_shares"}
    assert set(diagnostic_figures(fitted, seen.head(40))) == of_every_model
