from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from relkit.plots.response_curves import plot_response_curves

SPEND = np.linspace(0.0, 100.0, 5)
CURVES = pl.concat(
    [pl.DataFrame({"channel": name, "spend": SPEND, "value": scale * np.sqrt(SPEND)}) for name, scale in (("search", 3.0), ("social", 1.0))]
)
POINTS = pl.DataFrame(
    {"channel": ["search", "social"], "spend": [25.0, 25.0], "value": [15.0, 5.0], "spend_then": [49.0, 1.0], "value_then": [21.0, 1.0]}
)


@pytest.mark.parametrize(("language", "words"), [("en", ["today", "scenario"]), ("fr", ["aujourd’hui", "scénario"])])
def test_each_channel_has_its_curve_and_both_points(language: str, words: list[str]) -> None:
    figure = plot_response_curves(CURVES, POINTS, language=language)
    search, social = figure.axes
    np.testing.assert_allclose(search.lines[0].get_ydata(), 3 * np.sqrt(SPEND))
    assert [part.get_offsets().tolist() for part in search.collections] == [[[25, 15]], [[49, 21]]]
    assert social.get_title(loc="left") == "social"
    assert [text.get_text() for text in figure.legends[0].get_texts()] == words


def test_an_interval_is_shaded() -> None:
    bounded = CURVES.with_columns(lower=0.8 * pl.col("value"), upper=1.2 * pl.col("value"))
    figure = plot_response_curves(bounded, POINTS)
    assert len(figure.axes[0].collections) == 3
