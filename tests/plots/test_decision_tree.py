from __future__ import annotations

import numpy as np

from relkit.metrics.clustering import average_linkage
from relkit.plots.decision_tree import plot_decision_tree
from relkit.plots.style import MUTED, PALETTE

APART = np.array([[0.0, 0.2, 0.5, 0.6], [0.2, 0, 0.5, 0.5], [0.5, 0.5, 0, 0.5], [0.6, 0.5, 0.5, 0]])


def test_substitutes_have_a_colour_and_merges_at_chance_are_grey() -> None:
    ax = plot_decision_tree(average_linkage(APART), names=["a", "b", "c", "d"], category="tea")
    joints = ax.lines[:3]
    assert [line.get_color() for line in joints] == [PALETTE[0], MUTED, MUTED]
    assert [round(float(line.get_xdata()[1]), 3) for line in joints] == [0.2, 0.5, 0.533]
    rows = [label.get_text() for label in ax.get_yticklabels()]
    assert abs(rows.index("a") - rows.index("b")) == 1
    assert sorted(joints[0].get_ydata()[[0, -1]]) == sorted([rows.index("a"), rows.index("b")])


def test_it_is_french_for_a_french_page() -> None:
    ax = plot_decision_tree(average_linkage(APART), names=["a", "b", "c", "d"], category="thé", language="fr")
    assert ax.get_title(loc="left") == "Quels produits se remplacent : thé"
    ax.figure.draw_without_rendering()
    assert "0,2" in [label.get_text() for label in ax.get_xticklabels()]
