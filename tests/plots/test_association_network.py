from __future__ import annotations

import numpy as np
import polars as pl
import pytest
from matplotlib.patches import Circle

from relkit.plots.association_network import MOST_PAIRS, plot_association_network
from relkit.plots.style import figure_of

PAIRS = pl.DataFrame(
    [
        {"product_a": "milk", "product_b": "bread", "count_a": 900, "count_b": 400, "lift": 1.5},
        {"product_a": "milk", "product_b": "butter", "count_a": 900, "count_b": 100, "lift": 4.0},
        {"product_a": "pens", "product_b": "paper", "count_a": 225, "count_b": 100, "lift": 2.0},
    ]
)


def discs(ax) -> list[Circle]:
    return [patch for patch in ax.patches if isinstance(patch, Circle)]


def test_discs_grow_with_baskets_and_lines_with_lift() -> None:
    ax = plot_association_network(PAIRS)
    radii = [disc.radius for disc in discs(ax)]
    assert radii == sorted(radii, reverse=True)
    assert radii[0] > radii[1] > radii[2] > radii[3] == radii[4]
    widths = ax.collections[0].get_linewidths()
    assert widths[0] < widths[2] < widths[1]


def test_each_line_joins_the_products_of_its_pair() -> None:
    ax = plot_association_network(PAIRS)
    named = dict(zip(["milk", "bread", "pens", "butter", "paper"], [np.array(disc.center) for disc in discs(ax)], strict=True))
    for (a, b), segment in zip(PAIRS.select("product_a", "product_b").iter_rows(), ax.collections[0].get_segments(), strict=True):
        np.testing.assert_allclose(segment, [named[a], named[b]])


def _crowded() -> pl.DataFrame:
    rng = np.random.default_rng(4)
    edges = sorted({(int(a), int(b)) for a, b in zip(rng.integers(0, 6, 60), rng.integers(6, 26, 60), strict=True)})[:MOST_PAIRS]
    rows = [
        {"product_a": f"product number {a}", "product_b": f"article {b}", "count_a": 900 // (a + 1), "count_b": 600 // b, "lift": 1 + a / 2}
        for a, b in edges
    ]
    return pl.DataFrame(rows)


@pytest.mark.parametrize("language", ["en", "fr"])
def test_labels_of_a_crowded_network_stay_on_the_page_and_hardly_overlap(language: str) -> None:
    ax = plot_association_network(_crowded(), language=language)
    figure = figure_of(ax)
    figure.draw_without_rendering()
    boxes = [text.get_window_extent() for text in ax.texts[:-1]]
    page = figure.bbox
    assert all(box.x0 >= page.x0 and box.x1 <= page.x1 and box.y0 >= page.y0 and box.y1 <= page.y1 for box in boxes)
    shared = [
        max(min(a.x1, b.x1) - max(a.x0, b.x0), 0) * max(min(a.y1, b.y1) - max(a.y0, b.y0), 0)
        for i, a in enumerate(boxes)
        for b in boxes[i + 1 :]
    ]
    assert sum(shared) < 0.02 * sum(box.width * box.height for box in boxes)


def test_names_and_groups_are_shown() -> None:
    groups = {"milk": "dairy", "butter": "dairy", "bread": "bakery", "pens": "office", "paper": "office"}
    ax = plot_association_network(PAIRS, names={"milk": "Whole milk"}, groups=groups, language="fr")
    assert {"Whole milk", "bread"} <= {text.get_text() for text in ax.texts}
    colours = [disc.get_facecolor() for disc in discs(ax)]  # milk, bread, pens, butter, paper
    assert colours[0] == colours[3] != colours[1]
    (legend,) = figure_of(ax).legends
    assert [text.get_text() for text in legend.get_texts()] == ["dairy", "bakery", "office", "lift 1,5", "lift 4,0"]
    assert ax.get_title(loc="left") == "Produits achetés ensemble"


def test_the_first_pairs_are_drawn_and_no_pair_is_stated() -> None:
    assert len(plot_association_network(PAIRS, most=1).collections[0].get_segments()) == 1
    assert plot_association_network(PAIRS.clear()).texts[0].get_text() == "Nothing to draw"
