from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from relkit.plots.credit_shares import plot_credit_shares

CREDIT = pl.DataFrame({"channel": ["a", "b"], "conversions": [30.0, 10.0], "lower": [28.0, 8.0], "upper": [32.0, 12.0]})


@pytest.mark.parametrize(("language", "words"), [("en", "90% intervals"), ("fr", "intervalles à 90\u00a0%")])
def test_dots_and_intervals_are_shares_of_all_credit(language: str, words: str) -> None:
    ax = plot_credit_shares(CREDIT, model="Linear", level=0.9, language=language)
    bars, dots = ax.collections
    np.testing.assert_allclose(dots.get_offsets()[:, 0], [0.75, 0.25])
    np.testing.assert_allclose([segment[:, 0] for segment in bars.get_segments()], [[0.7, 0.8], [0.2, 0.3]])
    assert words in ax.get_xlabel()


def test_without_bounds_there_is_no_word_of_intervals() -> None:
    unbounded = CREDIT.with_columns(lower=pl.lit(None, pl.Float64), upper=pl.lit(None, pl.Float64))
    ax = plot_credit_shares(unbounded, model="Linear", level=0.9)
    assert len(ax.collections) == 1
    assert "interval" not in ax.get_xlabel()


def test_negative_credit_is_within_the_picture_with_a_line_at_zero() -> None:
    signed = CREDIT.with_columns(conversions=pl.Series([30.0, -10.0]), lower=pl.Series([28.0, -14.0]), upper=pl.Series([32.0, -6.0]))
    ax = plot_credit_shares(signed, model="Rate game", level=0.9)
    assert ax.get_xlim()[0] < -0.5
    assert [line.get_xdata()[0] for line in ax.lines] == [0.0]


def test_no_credit_is_no_error() -> None:
    nothing = CREDIT.with_columns(conversions=pl.lit(0.0))
    assert "Linear" in plot_credit_shares(nothing, model="Linear", level=0.9).get_title(loc="left")
