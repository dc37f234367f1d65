from __future__ import annotations

import itertools

import numpy as np
import pytest
from matplotlib.colors import to_rgba

from relkit.plots.dots import Dots, plot_dots
from relkit.plots.style import ACTUAL, MUTED, figure_of

ONE = Dots(value=np.array([3.0, -2.0, np.nan]), lower=np.array([1.0, -5.0, np.nan]), upper=np.array([5.0, 1.0, np.nan]))


def test_each_row_has_its_dot_and_its_interval_from_the_top() -> None:
    ax = plot_dots(["a", "b", "c"], [ONE], title="t", x_label="days", reference=0.0, muted=[False, True, False])
    bars, dots = ax.collections
    assert [segment[:, 0].tolist() for segment in bars.get_segments()] == [[1, 5], [-5, 1]]
    np.testing.assert_array_equal(dots.get_offsets(), [[3, 0], [-2, 1]])
    assert [tuple(colour) for colour in dots.get_facecolor()] == [to_rgba(ACTUAL), to_rgba(MUTED)]
    assert ax.get_ylim()[0] > ax.get_ylim()[1]
    assert figure_of(ax).legends == []


@pytest.mark.parametrize(("language", "tick"), [("en", "10%"), ("fr", "10\u00a0%")])
def test_two_series_are_side_by_side_with_a_legend_below(language: str, tick: str) -> None:
    seen = Dots(value=np.array([0.1, 0.3]), lower=np.array([0.0, 0.2]), upper=np.array([0.2, 0.4]), label="seen")
    ax = plot_dots(
        ["a", "b"], [seen, Dots(value=np.array([0.12, 0.28]), label="other")], title="t", x_label="x", kind="share", language=language
    )
    figure = figure_of(ax)
    figure.draw_without_rendering()
    heights = [collection.get_offsets()[0][1] for collection in ax.collections[1:]]
    assert heights[0] < 0 < heights[1]
    assert tick in [label.get_text() for label in ax.get_xticklabels()]
    (legend,) = figure.legends
    assert [text.get_text() for text in legend.get_texts()] == ["seen", "other"]
    below = ax.xaxis.get_tightbbox().y0
    assert legend.get_window_extent().y1 <= below + 1
    assert legend.get_window_extent().y0 >= 0


def test_the_sides_of_the_reference_are_labelled_and_it_is_in_the_picture() -> None:
    far = Dots(value=np.array([50.0]), lower=np.array([48.0]), upper=np.array([52.0]))
    ax = plot_dots(["a"], [far], title="t", x_label="x", reference=0.0, sides=("worse", "better"))
    low, high = ax.get_xlim()
    assert low < 0
    assert high > 52
    assert [text.get_text() for text in ax.texts] == ["← worse", "better →"]


def test_long_names_are_broken_over_lines() -> None:
    ax = plot_dots(["a name that is far too long for a line"], [Dots(value=np.array([1.0]))], title="t", x_label="x")
    assert "\n" in ax.get_yticklabels()[0].get_text()


def test_names_of_several_lines_do_not_touch() -> None:
    names = [f"set of three wooden tree decorations and number {n} of the wooden stockings" for n in range(12)]
    some = np.arange(12.0)
    ax = plot_dots(names, [Dots(value=some)], title="t", x_label="x")
    figure_of(ax).draw_without_rendering()
    boxes = [label.get_window_extent() for label in ax.get_yticklabels()]
    assert all(upper.y0 >= lower.y1 for upper, lower in itertools.pairwise(boxes))


def test_amounts_have_their_currency() -> None:
    ax = plot_dots(
        ["a"], [Dots(value=np.array([1000.0]))], title="t", x_label="x", kind="money", reference=0.0, currency="EUR", language="fr"
    )
    ax.figure.canvas.draw()
    assert {label.get_text().replace("\u202f", " ").replace("\u00a0", " ") for label in ax.get_xticklabels()} >= {"0 €", "1 000 €"}
