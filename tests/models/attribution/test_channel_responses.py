"""Concave responses of channels."""

from __future__ import annotations

from datetime import date

import numpy as np
import polars as pl
import pytest
from spent_weeks import drawn, lift, on_curve, weeks

from relkit.errors import ParameterError, TableError
from relkit.models.attribution.channel_responses import ChannelResponses


def row(responses: ChannelResponses, channel: str) -> dict[str, object]:
    return responses.table.row(by_predicate=pl.col("channel") == channel, named=True)


def test_points_on_a_curve_give_the_curve() -> None:
    responses = ChannelResponses.of(on_curve("ad", 3.0, 0.7, [50.0 + 5 * i for i in range(12)]))
    found = responses.responses["ad"]
    assert (np.exp(found.log_scale), found.elasticity) == (pytest.approx(3.0), pytest.approx(0.7))
    assert found.at(100.0) == pytest.approx(3.0 * 100.0**0.7)
    assert found.at(0.0) == 0.0
    assert row(responses, "ad")["elasticity_error"] == pytest.approx(0.0, abs=1e-6)


def test_the_estimate_is_that_of_a_poisson_regression_with_a_log_link() -> None:
    """Compared with the root of the score equations found by scipy (`optimize.root`), another algorithm on the same likelihood."""
    from scipy.optimize import root

    frame = drawn(1)
    logs, value = np.log(frame["spend"].to_numpy()), frame["value"].to_numpy()
    design = np.column_stack([np.ones_like(logs), logs])
    solved = root(lambda beta: design.T @ (value - np.exp(design @ beta)), np.array([np.log(value.mean()), 0.0]), tol=1e-12)
    found = ChannelResponses.of(frame).responses["ad"]
    assert [found.log_scale, found.elasticity] == pytest.approx(solved.x.tolist(), rel=1e-6)


def test_intervals_of_the_elasticity_cover_the_truth() -> None:
    """Of 200 draws, 95 % intervals miss 10 on average; more than 22 have a probability below 1 in 1,000."""
    missed = 0
    for seed in range(200):
        found = row(ChannelResponses.of(drawn(seed)), "ad")
        missed += abs(found["elasticity"] - 0.4) > 1.96 * found["elasticity_error"]  # type: ignore[operator]
    assert 1 <= missed <= 22


def test_weeks_without_spend_tell_nothing_and_weeks_without_value_count() -> None:
    spend = [50.0 + 5 * i for i in range(12)]
    plain = on_curve("ad", 3.0, 0.7, spend)
    paused = pl.concat([plain, weeks("ad", [0.0], [9.0]).with_columns(period=pl.lit(date(2026, 1, 5)))])
    assert ChannelResponses.of(paused).responses["ad"].elasticity == pytest.approx(0.7)
    assert (
        ChannelResponses.of(plain.with_columns(value=pl.when(pl.col("spend") > 60).then("value").otherwise(0.0))).responses["ad"].elasticity
        > 0.7
    )


def test_a_channel_that_does_not_saturate_is_held_at_the_bound_and_marked() -> None:
    found = row(ChannelResponses.of(on_curve("ad", 3.0, 1.0, [50.0 + 5 * i for i in range(12)])), "ad")
    assert (found["elasticity"], found["is_at_bound"], found["basis"]) == (0.95, True, "variation")


def test_spend_that_did_not_vary_is_refused_unless_an_experiment_measured_the_channel() -> None:
    steady = weeks("tv", [100.0] * 12, [50.0] * 12)
    short = weeks("radio", [50.0, 90.0] * 3, [50.0, 90.0] * 3)
    silent = weeks("post", [50.0, 90.0] * 6, [0.0] * 12)
    varied = on_curve("ad", 3.0, 0.7, [50.0 + 5 * i for i in range(12)])
    free = weeks("direct", [0.0] * 12, [50.0] * 12)
    frame = pl.concat([steady, short, silent, varied, free])
    alone = ChannelResponses.of(frame)
    assert list(alone.responses) == ["ad"]
    assert row(alone, "direct")["reason"] == "no_spend"
    assert {name: row(alone, name)["reason"] for name in ("tv", "radio", "post")} == {
        "tv": "no_variation",
        "radio": "few_periods",
        "post": "no_value",
    }
    measured = ChannelResponses.of(frame, lift=lift(tv=(0.5, 0.2), post=(0.5, 0.2)))
    assert row(measured, "tv")["basis"] == "experiment"
    assert (row(measured, "tv")["bend"], row(measured, "post")["reason"]) == ("shared", "no_value")
    assert measured.responses["tv"].elasticity == pytest.approx(0.7)
    assert measured.responses["tv"].at(100.0) == pytest.approx(25.0)  # half of what the model credits


def test_if_nothing_varied_the_bend_of_a_measured_channel_is_assumed() -> None:
    responses = ChannelResponses.of(weeks("tv", [100.0] * 12, [50.0] * 12), lift=lift(tv=(1.0, 0.2)))
    found = row(responses, "tv")
    assert (found["bend"], found["elasticity"], found["elasticity_error"]) == ("assumed", 0.5, 0.25)


def test_the_order_of_rows_changes_nothing() -> None:
    frame = pl.concat([drawn(1), drawn(2).with_columns(channel=pl.lit("tv"))])
    shuffled = frame.sample(fraction=1.0, shuffle=True, seed=3)
    assert ChannelResponses.of(shuffled).table.equals(ChannelResponses.of(frame).table)


def test_invalid_input_is_refused() -> None:
    frame = drawn(1)
    with pytest.raises(TableError, match="spend"):
        ChannelResponses.of(frame.with_columns(spend=-pl.col("spend")))
    with pytest.raises(TableError, match="period"):
        ChannelResponses.of(pl.concat([frame, frame.head(1)]))
    with pytest.raises(ParameterError, match="most_elasticity is 1"):
        ChannelResponses.of(frame, most_elasticity=1.0)
