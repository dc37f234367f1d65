from __future__ import annotations

import numpy as np
import pytest

from relkit.plots.shared_buyers import plot_shared_buyers

SHARE = np.array([[1.0, 0.25, np.nan], [0.5, 1.0, 0.1], [np.nan, 0.2, 1.0]])
INDEX = 100 * SHARE / 0.2


@pytest.mark.parametrize(
    ("language", "cell", "size"), [("en", "25%\n125", "4,000\nbuyers"), ("fr", "25\u00a0%\n125", "4\u202f000\nacheteurs")]
)
def test_cells_have_share_and_index_and_the_diagonal_the_buyers(language: str, cell: str, size: str) -> None:
    ax = plot_shared_buyers(SHARE, INDEX, np.array([4000.0, 2000, 9]), categories=["tea", "wine", "games"], language=language)
    texts = [text.get_text() for text in ax.texts]
    assert texts[:3] == [size, cell, "–"]
    assert [label.get_text() for label in ax.get_yticklabels()] == ["tea", "wine", "games"]


def test_no_category_is_no_error() -> None:
    empty = np.zeros((0, 0))
    assert plot_shared_buyers(empty, empty, np.zeros(0), categories=[]).get_title(loc="left") == "Who buys both"
