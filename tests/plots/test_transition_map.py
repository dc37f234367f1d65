from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from relkit.plots.transition_map import plot_transition_map

TRANSITIONS = pl.DataFrame(
    {
        "state": ["(start)", "(start)", "a", "a", "b", "b", "a > b"],
        "next": ["a", "b", "b", "(conversion)", "(conversion)", "(null)", "(null)"],
        "journeys": [75.0, 25.0, 37.0, 38.0, 40.0, 22.0, 5.0],
        "probability": [0.75, 0.25, 0.5, 0.5, 0.65, 0.35, 1.0],
    }
)


def test_cells_are_the_probabilities_and_a_missing_pair_is_zero() -> None:
    ax = plot_transition_map(TRANSITIONS)
    np.testing.assert_allclose(ax.images[0].get_array(), [[0.75, 0.25, 0, 0], [0, 0.5, 0.5, 0], [0, 0, 0.65, 0.35]])
    assert [label.get_text() for label in ax.get_yticklabels()] == ["start", "a", "b"]
    assert [label.get_text() for label in ax.get_xticklabels()] == ["a", "b", "conversion", "nothing"]


@pytest.mark.parametrize(("language", "written"), [("en", "75%"), ("fr", "75\u00a0%")])
def test_probabilities_are_written_and_states_have_names_for_people(language: str, written: str) -> None:
    ax = plot_transition_map(TRANSITIONS, language=language)
    assert written in [text.get_text() for text in ax.texts]
    assert ax.get_yticklabels()[0].get_text() == {"en": "start", "fr": "début"}[language]


def test_no_transitions_are_no_error() -> None:
    assert plot_transition_map(TRANSITIONS.clear()).get_title(loc="left")
