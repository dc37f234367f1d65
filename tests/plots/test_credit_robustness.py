from __future__ import annotations

import polars as pl
import pytest

from relkit.plots.credit_robustness import plot_credit_robustness
from relkit.plots.style import figure_of

SPANS = pl.DataFrame(
    {
        "channel": ["search", "search", "social", "social"],
        "source": ["data", "models", "data", "models"],
        "low": [0.4, 0.3, 0.2, 0.25],
        "high": [0.5, 0.7, 0.3, 0.26],
    }
)


@pytest.mark.parametrize(("language", "words"), [("en", "choice of the model"), ("fr", "choix du modèle")])
def test_a_bar_for_each_source_from_the_least_to_the_greatest_share(language: str, words: str) -> None:
    ax = plot_credit_robustness(SPANS, language=language)
    ends = [(round(bar.get_x(), 9), round(bar.get_x() + bar.get_width(), 9)) for bar in ax.patches]
    assert ends == [(0.4, 0.5), (0.2, 0.3), (0.3, 0.7), (0.25, 0.26)]
    rows = [round(bar.get_y() + bar.get_height() / 2) for bar in ax.patches]
    assert rows == [0, 1, 0, 1]
    (legend,) = figure_of(ax).legends
    assert words in [text.get_text() for text in legend.get_texts()]


def test_no_spans_are_no_error() -> None:
    assert plot_credit_robustness(SPANS.clear()).get_title(loc="left")
