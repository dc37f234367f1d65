from __future__ import annotations

import numpy as np
import pytest
from matplotlib.colors import to_rgba

from relkit.plots.lift_changes import plot_lift_changes
from relkit.plots.style import ACTUAL, MUTED


@pytest.mark.parametrize(
    ("language", "ticks"), [("en", ["0.5", "1", "2", "3", "5", "10", "20"]), ("fr", ["0,5", "1", "2", "3", "5", "10", "20"])]
)
def test_lifts_of_both_periods_on_a_logarithmic_scale(language: str, ticks: list[str]) -> None:
    before, after = np.array([0.5, 2.0, 0.0]), np.array([1.0, 20.0, 3.0])
    ax = plot_lift_changes(["a + b", "a + c", "b + c"], before, after, changed=[True, False, True], language=language)
    ax.figure.draw_without_rendering()
    assert [label.get_text() for label in ax.get_xticklabels()] == ticks
    early, late = ax.collections
    assert early.get_offsets()[:, 0].tolist() == [0.5, 2.0]  # the pair that never met has no dot
    assert late.get_offsets()[:, 0].tolist() == [1.0, 20.0, 3.0]
    assert [tuple(colour) for colour in early.get_facecolor()] == [to_rgba(ACTUAL), to_rgba(MUTED)]
