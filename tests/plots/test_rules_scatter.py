from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from relkit.plots.rules_scatter import plot_rules

RULES = pl.DataFrame(
    {
        "support": [0.001, 0.002, 0.05],
        "confidence": [0.4, 0.2, 0.1],
        "lift": [6.0, 2.0, 1.01],
        "is_significant": [True, True, False],
    }
)


def test_each_rule_is_a_point_and_those_within_chance_are_hollow() -> None:
    hollow, sure = plot_rules(RULES).collections[:2]
    assert hollow.get_offsets().tolist() == [[0.05, 0.1]]
    assert len(hollow.get_facecolor()) == 0
    assert sure.get_offsets().tolist() == [[0.002, 0.2], [0.001, 0.4]]
    np.testing.assert_allclose(sure.get_array(), np.log([2.0, 6.0]))


@pytest.mark.parametrize(
    ("language", "ticks"), [("en", {"0.1%", "0.2%", "1%", "5%"}), ("fr", {"0,1\u00a0%", "0,2\u00a0%", "1\u00a0%", "5\u00a0%"})]
)
def test_supports_are_percentages_with_as_many_digits_as_they_need(language: str, ticks: set[str]) -> None:
    ax = plot_rules(RULES, language=language)
    ax.figure.draw_without_rendering()
    assert ticks <= {label.get_text() for label in ax.get_xticklabels()}


def test_no_rules_are_no_error() -> None:
    assert len(plot_rules(RULES.clear()).collections) >= 1
