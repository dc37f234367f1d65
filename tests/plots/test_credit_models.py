from __future__ import annotations

import polars as pl
import pytest

from relkit.plots.credit_models import plot_credit_models
from relkit.plots.model_marks import model_marks
from relkit.plots.style import figure_of

CREDIT = pl.DataFrame(
    {
        "channel": ["search", "social", "search", "social"],
        "model": ["Linear", "Linear", "Last touch", "Last touch"],
        "share": [0.7, 0.3, 0.4, 0.6],
    }
)


def test_each_model_has_a_mark_at_its_share_on_the_row_of_the_channel() -> None:
    ax = plot_credit_models(CREDIT)
    spans, first, second = ax.collections
    assert first.get_label() == "Linear"
    assert first.get_offsets().tolist() == [[0.7, 0], [0.3, 1]]
    assert second.get_offsets().tolist() == [[0.4, 0], [0.6, 1]]
    assert [segment[:, 0].tolist() for segment in spans.get_segments()] == [[0.4, 0.7], [0.3, 0.6]]
    assert [label.get_text() for label in ax.get_yticklabels()] == ["search", "social"]


@pytest.mark.parametrize(("language", "words"), [("en", "the model decides"), ("fr", "le modèle décide")])
def test_marked_channels_are_shaded_and_the_legend_says_why(language: str, words: str) -> None:
    ax = plot_credit_models(CREDIT, marked=["social"], language=language)
    (band,) = ax.patches
    assert (band.get_y(), band.get_height()) == (0.5, 1.0)
    (legend,) = figure_of(ax).legends
    assert any(words in text.get_text() for text in legend.get_texts())


def test_negative_shares_are_within_the_picture() -> None:
    ax = plot_credit_models(CREDIT.with_columns(share=pl.Series([1.2, -0.2, 0.4, 0.6])))
    assert ax.get_xlim()[0] < -0.2


def test_no_credit_is_no_error() -> None:
    assert plot_credit_models(CREDIT.clear()).get_title(loc="left")


def test_twelve_models_have_twelve_marks() -> None:
    marks = model_marks([f"model {n}" for n in range(12)])
    assert len(set(marks.values())) == 12
    assert sum(mark.colour == marks["model 0"].colour for mark in marks.values()) == 1
