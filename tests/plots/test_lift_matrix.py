from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from relkit.plots.lift_matrix import plot_lift_matrix

PAIRS = pl.DataFrame(
    {
        "product_a": ["a", "a", "a", "b", "b", "c"],
        "product_b": ["b", "c", "d", "c", "d", "d"],
        "count_a": [90, 90, 90, 80, 80, 70],
        "count_b": [80, 70, 60, 70, 60, 60],
        "lift": [1.02, 3.0, 0.5, 0.6, 2.5, 0.9],
        "is_significant": [False, True, True, True, True, False],
    }
)


def cells(ax) -> tuple[list[str], np.ndarray]:
    names = [label.get_text() for label in ax.get_yticklabels()]
    return names, np.ma.filled(ax.images[0].get_array().astype(float), np.nan)


def test_cells_have_the_lift_and_those_within_chance_are_muted() -> None:
    names, drawn = cells(plot_lift_matrix(PAIRS))
    at = {name: i for i, name in enumerate(names)}
    np.testing.assert_allclose(drawn[at["a"], at["c"]], np.log(3) / np.log(4))
    np.testing.assert_allclose(drawn, drawn.T)
    assert np.isnan(drawn[at["a"], at["b"]])
    assert np.isnan(drawn.diagonal()).all()


def test_products_that_go_together_are_neighbours() -> None:
    names, _ = cells(plot_lift_matrix(PAIRS))
    assert abs(names.index("a") - names.index("c")) == 1
    assert abs(names.index("b") - names.index("d")) == 1


@pytest.mark.parametrize(("language", "lift"), [("en", "3.0"), ("fr", "3,0")])
def test_lifts_are_written_and_names_replace_ids(language: str, lift: str) -> None:
    ax = plot_lift_matrix(PAIRS, names={"a": "Green tea"}, language=language)
    assert lift in [text.get_text() for text in ax.texts]
    assert "Green tea" in [label.get_text() for label in ax.get_xticklabels()]


def test_the_most_bought_products_are_drawn() -> None:
    assert sorted(cells(plot_lift_matrix(PAIRS, most=2))[0]) == ["a", "b"]


def test_no_pairs_are_no_error() -> None:
    assert plot_lift_matrix(PAIRS.clear()).get_title(loc="left")
