from __future__ import annotations

import polars as pl

from relkit.plots.credit_experiments import plot_credit_experiments

TESTS = pl.DataFrame({"test": ["social, May", "search, June"], "estimate": [120.0, 300.0], "low": [60.0, 250.0], "high": [180.0, 350.0]})
CREDIT = pl.DataFrame({"test": ["social, May", "search, June"], "model": ["Linear", "Linear"], "conversions": [200.0, 260.0]})


def test_a_bar_is_the_interval_of_the_experiment_and_a_mark_the_credit_in_its_days() -> None:
    ax = plot_credit_experiments(TESTS, CREDIT)
    assert [(bar.get_x(), bar.get_width()) for bar in ax.patches] == [(60, 120), (250, 100)]
    estimates, marks = ax.collections
    assert [segment[0, 0] for segment in estimates.get_segments()] == [120, 300]
    assert marks.get_offsets().tolist() == [[200, 0], [260, 1]]


def test_a_test_without_credit_has_its_bar_alone() -> None:
    ax = plot_credit_experiments(TESTS, CREDIT.head(1))
    assert len(ax.patches) == 2
    assert ax.collections[1].get_offsets().tolist() == [[200, 0]]


def test_no_tests_are_no_error() -> None:
    assert plot_credit_experiments(TESTS.clear(), CREDIT).get_title(loc="left")
