from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl
import pytest
from walked_journeys import drawn, walked

from relkit.features.assisted_conversions import assisted_conversions
from relkit.features.conversion_lags import journey_lags, lag_classes
from relkit.features.journey_funnel import journey_funnel
from relkit.features.journey_transitions import journey_transitions
from relkit.plots.journey_funnel import plot_journey_funnel
from relkit.plots.journey_graph import plot_journey_graph
from relkit.plots.journey_groups import plot_journey_groups
from relkit.plots.journey_lags import plot_journey_lags
from relkit.plots.journey_roles import plot_journey_roles
from relkit.plots.journey_step_matrix import plot_step_matrix

STEPS = walked(drawn(300))


def texts(ax: Any) -> list[str]:
    return [text.get_text() for text in ax.texts]


def bars(ax: Any) -> list[Any]:
    return list(ax.patches)


def widths(ax: Any) -> list[float]:
    return [bar.get_width() for bar in ax.patches]


def test_roles_are_bars_of_closed_then_assisted_conversions() -> None:
    roles = assisted_conversions(STEPS)
    ax = plot_journey_roles(roles, language="fr")
    assert widths(ax) == [*roles["closed"], *roles["assisted"]]
    assert [label.get_text() for label in ax.get_yticklabels()] == roles["channel"].to_list()
    assert texts(ax)[0] == f"ratio {roles['ratio'][0]:.2f}".replace(".", ",")


def test_a_small_channel_has_no_ratio() -> None:
    ax = plot_journey_roles(assisted_conversions(walked([("ds", 1.0, 1.0)])))
    assert texts(ax) == ["too few", "too few"]


@pytest.mark.parametrize(("measure", "first"), [("days", "under 1"), ("touches", "1")])
def test_lags_are_bars_of_the_shares_of_their_classes(measure: str, first: str) -> None:
    classes = lag_classes(journey_lags(STEPS))
    ax = plot_journey_lags(classes, measure=measure)
    assert [bar.get_height() for bar in bars(ax)] == classes.filter(pl.col("measure") == measure)["share"].to_list()
    assert ax.get_xticklabels()[0].get_text() == first


def test_the_step_matrix_shows_shares_hides_few_and_turns_backward_ones() -> None:
    shares = np.array([[0.7, np.nan], [0.3, 0.2], [0.0, 0.8]])
    ax = plot_step_matrix(shares, rows=["search", "display", "has converted"], first_end=2)
    assert texts(ax)[:6] == ["70%", "–", "30%", "20%", "0%", "80%"]
    assert texts(ax)[6].startswith("–: too few")
    back = plot_step_matrix(shares, rows=["search", "display", "not begun"], first_end=2, backward=True)
    assert texts(back)[:2] == ["–", "70%"]
    assert [label.get_text() for label in back.get_xticklabels()] == ["2", "1"]


def test_the_graph_has_every_channel_and_the_share_of_each_conversion_drawn() -> None:
    moves = journey_transitions(STEPS)
    written = texts(plot_journey_graph(moves, language="fr"))
    assert {"display", "search", "email", "direct", "début", "conversion", "sans conversion"} <= set(written)
    large = moves.filter(pl.col("state") == "converted", pl.col("share") >= 0.15)["share"]
    assert all(f"{100 * share:.0f}\u00a0%" in written for share in large)


def test_the_funnel_is_centred_and_written_with_shares_and_times() -> None:
    funnel = journey_funnel(STEPS, ["display", "search"], by="channel")
    ax = plot_journey_funnel(funnel, stages=["display", "search", "conversion"])
    assert widths(ax) == funnel["journeys"].to_list()
    middles = [bar.get_x() + bar.get_width() / 2 for bar in bars(ax)]
    assert middles == pytest.approx([funnel["journeys"][0] / 2] * 3)
    assert texts(ax)[2] == f"↓ {100 * funnel['share_of_previous'][1]:.0f}% go on, half of them within {funnel['median_days'][1]:.1f} days"


@pytest.mark.parametrize(
    ("days", "note"),
    [(0.25, "6.0 hours"), (0.01, "14 minutes"), (0.0, "go on"), (None, "go on")],
)
def test_short_times_are_in_hours_or_minutes(days: float | None, note: str) -> None:
    rows = {"journeys": [20, 10], "share_of_first": [1.0, 0.5], "share_of_previous": [None, 0.5], "median_days": [None, days]}
    frame = pl.DataFrame(rows, schema_overrides={"median_days": pl.Float64})
    assert note in texts(plot_journey_funnel(frame, stages=["a", "conversion"]))[-1]


def test_groups_are_bars_of_one_hundred_percent() -> None:
    shares = np.array([[0.5, 0.45, 0.05], [0.0, 1.0, 0.0]])
    ax = plot_journey_groups(shares, groups=["x", "y"], channels=["search", "display", "email"])
    assert sum(widths(ax)) == pytest.approx(2.0)
    assert texts(ax) == ["50%", "45%", "100%"]  # 5 % has no room
    assert {bar.get_facecolor() for bar in ax.patches[:2]} != {bar.get_facecolor() for bar in ax.patches[2:4]}


def test_nothing_to_draw_is_no_error() -> None:
    none = walked([])
    assert texts(plot_journey_roles(assisted_conversions(none))) == ["Nothing to draw"]
    assert texts(plot_journey_graph(journey_transitions(none))) == ["Nothing to draw"]
    assert texts(plot_journey_lags(lag_classes(journey_lags(none)))) == ["Nothing to draw"]
    assert texts(plot_step_matrix(np.zeros((0, 0)), rows=[], first_end=0)) == ["Nothing to draw"]
    assert texts(plot_journey_groups(np.zeros((0, 0)), groups=[], channels=[])) == ["Nothing to draw"]
    empty = pl.DataFrame(schema={"journeys": pl.Int64})
    assert texts(plot_journey_funnel(empty, stages=[])) == ["Nothing to draw"]
