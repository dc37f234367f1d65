from __future__ import annotations

import polars as pl
import pytest

from relkit.plots.path_flow import CONVERSION, EARLIER, path_flows, plot_path_flow

PATHS = pl.DataFrame({"channels": [["a", "b", "c"], ["b", "c"], ["c"], ["a"]], "conversions": [5.0, 3.0, 2.0, 0.0]})


def test_paths_are_aligned_at_the_conversion_and_nothing_is_lost() -> None:
    flows = path_flows(PATHS, 3)
    assert flows == {(0, "a", "b"): 5, (1, "b", "c"): 8, (2, "c", CONVERSION): 10}


def test_what_came_before_the_columns_shown_is_one_node() -> None:
    flows = path_flows(PATHS, 2)
    assert flows == {(0, EARLIER, "c"): 5, (0, "b", "c"): 3, (1, "c", CONVERSION): 10}


def test_bars_and_bands_have_the_heights_of_the_flows() -> None:
    ax = plot_path_flow(PATHS, steps=3)
    bars = [patch for patch in ax.patches if hasattr(patch, "get_height")]
    assert sorted(bar.get_height() for bar in bars) == [5, 8, 10, 10]
    bands = [patch for patch in ax.patches if not hasattr(patch, "get_height")]
    assert len(bands) == 3
    assert {text.get_text().split("\n")[0] for text in ax.texts} == {"a", "b", "c", "conversion"}


@pytest.mark.parametrize(
    ("language", "words"), [("en", ["2 touches before", "last touch", ""]), ("fr", ["2 contacts avant", "dernier contact", ""])]
)
def test_columns_are_named_by_their_distance_from_the_conversion(language: str, words: list[str]) -> None:
    ax = plot_path_flow(PATHS, steps=2, language=language)
    assert [label.get_text() for label in ax.get_xticklabels()] == words


def test_no_conversions_are_no_error() -> None:
    assert plot_path_flow(PATHS.tail(1)).get_title(loc="left")
