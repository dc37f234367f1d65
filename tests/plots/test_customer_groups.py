from __future__ import annotations

import numpy as np
import pytest

from relkit.errors import ParameterError
from relkit.plots.customer_groups import plot_expected_ends, plot_group_grid, plot_value_by_decile, plot_value_with_bounds

PAST, FUTURE = np.array([100.0, 50.0]), np.array([30.0, 5.0])


def test_bars_stand_on_top_of_each_other_with_their_sum_above() -> None:
    ax = plot_value_by_decile(PAST, FUTURE, names=("so far", "expected"), currency="EUR")
    below, above = ax.containers
    assert [bar.get_height() for bar in below] == [100.0, 50.0]
    assert [(bar.get_y(), bar.get_height()) for bar in above] == [(100.0, 30.0), (50.0, 5.0)]
    assert [text.get_text() for text in ax.texts] == ["€130", "€55"]
    assert [text.get_text() for text in ax.get_legend().get_texts()] == ["so far", "expected"]


def test_bounds_are_lines_over_pale_bars() -> None:
    ax = plot_value_with_bounds(FUTURE, FUTURE - 2, FUTURE + 3, title="How sure", currency="EUR")
    assert [bar.get_height() for bar in ax.patches] == [30.0, 5.0]
    assert [line.tolist() for line in ax.collections[0].get_segments()] == [[[0, 28], [0, 33]], [[1, 3], [1, 8]]]
    assert [text.get_text() for text in ax.texts] == ["€30", "€5"]


def test_expected_ends_carry_their_share_and_the_first_stands_out() -> None:
    ax = plot_expected_ends(np.array([6.0, 3.0, 1.0]), days=90, language="fr")
    assert [bar.get_height() for bar in ax.patches] == [6.0, 3.0, 1.0]
    assert [text.get_text().replace("\u00a0", " ") for text in ax.texts] == ["60 %", "30 %", "10 %"]
    assert len({bar.get_facecolor() for bar in ax.patches}) == 2
    assert ax.get_ylabel() == "Fins attendues sous 90 jours"
    assert [t.get_text() for t in plot_expected_ends(np.zeros(2), days=90).texts] == ["–", "–"]


def test_the_grid_shows_counts_and_hides_small_ones() -> None:
    counts = np.array([[1200.0, 40.0], [0.0, 3.0]])
    ax = plot_group_grid(counts, rows=["best", "rest"], columns=["active", "gone"], title="Grid", smallest=10)
    assert [text.get_text() for text in ax.texts] == ["1,200", "40", "0", "< 10"]
    assert ax.images[0].get_array().tolist() == [[1200.0, 40.0], [0.0, 0.0]]
    assert [t.get_text() for t in ax.get_xticklabels()] == ["active", "gone"]
    assert [t.get_text() for t in ax.get_yticklabels()] == ["best", "rest"]


def test_words_are_in_the_language_that_is_asked_for() -> None:
    titles = {plot_value_by_decile(PAST, FUTURE, names=("a", "b"), language=language).get_title(loc="left") for language in ("en", "fr")}
    assert titles == {"What each tenth of the customers is worth", "Ce que vaut chaque dixième des clients"}
    with pytest.raises(ParameterError, match="unknown language 'de'"):
        plot_expected_ends(PAST, days=30, language="de")
