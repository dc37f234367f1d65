"""The distributions of covariates that a data scientist tries out."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from relkit.errors import TableError
from relkit.plots.covariate_distributions import MOST_COVARIATES, plot_covariate_distributions


def test_each_column_has_its_axes_and_the_bars_are_shares_of_the_known_rows() -> None:
    values = pl.DataFrame({"flag": [0.0, 1.0, 1.0, None], "amount": [10.0, 20.0, 30.0, 40.0]})
    figure = plot_covariate_distributions(values)
    flag, amount = figure.axes[:2]
    assert (flag.get_title(loc="left"), amount.get_title(loc="left")) == ("flag", "amount")
    heights = [bar.get_height() for bar in flag.patches]
    assert np.allclose(heights, [1 / 3, 2 / 3])
    assert sum(bar.get_height() for bar in amount.patches) == pytest.approx(1)


def test_what_would_be_too_small_to_read_is_left_out() -> None:
    values = pl.DataFrame({f"x{i}": [0.0, 1.0] for i in range(MOST_COVARIATES + 3)})
    drawn = [ax for ax in plot_covariate_distributions(values).axes if ax.patches]
    assert len(drawn) == MOST_COVARIATES


def test_the_words_are_in_the_language() -> None:
    assert plot_covariate_distributions(pl.DataFrame({"x": [0.0, 1.0]}), language="fr").axes[0].get_ylabel() == "Part des lignes"


def test_nothing_to_draw_is_refused() -> None:
    with pytest.raises(TableError, match="there is no number to draw"):
        plot_covariate_distributions(pl.DataFrame({"x": pl.Series([None, None], dtype=pl.Float64)}))
