from __future__ import annotations

import numpy as np
import pytest

from relkit.plots.next_product_recall import plot_recall

VALUE = np.array([0.3, 0.2])
RECALL = {"all": (VALUE, VALUE - 0.01, VALUE + 0.01), "explore": (VALUE / 2, VALUE / 2 - 0.01, VALUE / 2 + 0.02)}


@pytest.mark.parametrize(
    ("language", "titles"), [("en", ["All products", "New to the customer"]), ("fr", ["Tous les produits", "Nouveaux pour le client"])]
)
def test_each_panel_has_the_methods_with_their_intervals(language: str, titles: list[str]) -> None:
    figure = plot_recall(["model", "best-sellers"], RECALL, top=10, language=language)
    figure.draw_without_rendering()
    assert [ax.get_title(loc="left") or ax.get_title() for ax in figure.axes] == titles
    bars, dots = figure.axes[1].collections
    np.testing.assert_allclose(dots.get_offsets(), [[0.15, 0], [0.1, 1]])
    np.testing.assert_allclose([segment[:, 0] for segment in bars.get_segments()], [[0.14, 0.17], [0.09, 0.12]])
    assert "10" in figure.get_supxlabel()
    extents = [ax.title.get_window_extent() if ax.get_title() else ax._left_title.get_window_extent() for ax in figure.axes]
    assert extents[0].x1 < extents[1].x0
    assert extents[1].x1 <= figure.bbox.x1
