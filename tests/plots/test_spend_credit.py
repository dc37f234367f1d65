from __future__ import annotations

import numpy as np
import polars as pl

from relkit.plots.spend_credit import plot_spend_credit

MONEY = pl.DataFrame(
    {
        "channel": ["search", "social", "direct"],
        "cost": [300.0, 100.0, None],
        "value": [400.0, 600.0, 500.0],
        "value_lower": [300.0, None, 450.0],
        "value_upper": [500.0, None, 550.0],
    }
)


def test_shares_are_of_the_channels_with_a_known_spend() -> None:
    ax = plot_spend_credit(MONEY)
    _, intervals, paid, value = ax.collections
    np.testing.assert_allclose(paid.get_offsets()[:, 0], [0.75, 0.25])
    np.testing.assert_allclose(value.get_offsets()[:, 0], [0.4, 0.6])
    np.testing.assert_allclose([segment[:, 0] for segment in intervals.get_segments()], [[0.3, 0.5], [0.6, 0.6]])
    assert [label.get_text() for label in ax.get_yticklabels()] == ["search", "social"]


def test_without_any_spend_there_is_nothing_to_draw() -> None:
    assert not plot_spend_credit(MONEY.with_columns(cost=pl.lit(None, pl.Float64)), language="fr").collections
