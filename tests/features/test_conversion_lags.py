from __future__ import annotations

import math

import polars as pl
from walked_journeys import drawn, walked

from relkit.features.conversion_lags import MOST_TOUCHES, QUANTILES, conversion_lags, journey_lags, lag_classes


def test_lags_run_from_the_first_and_the_last_touch_to_the_conversion() -> None:
    lags = journey_lags(walked([("dse", 1.0, 1.0), ("s", 0.0, 0.0), ("e", 2.0, 1.0)]))
    assert lags.rows() == [(0, "display", "email", 3, 2.5, 0.5, 1.0), (2, "email", "email", 1, 0.5, 0.5, 2.0)]


def test_quantiles_are_the_smallest_value_that_the_share_of_conversions_reaches() -> None:
    walks = drawn(300)
    found = conversion_lags(journey_lags(walked(walks))).row(0, named=True)
    touches = sorted(len(letters) for letters, n, _ in walks for _ in range(int(n)))
    for share in QUANTILES:
        wanted = touches[max(math.ceil(share * len(touches)), 1) - 1]
        assert found[f"touches_q{round(100 * share)}"] == wanted
        assert found[f"days_q{round(100 * share)}"] == wanted - 0.5
    assert found["channel"] is None
    assert found["same_day"] == sum(n == 1 for n in touches) / len(touches)


def test_channels_follow_the_whole_the_one_that_opens_most_first() -> None:
    found = conversion_lags(journey_lags(walked([("ds", 1.0, 1.0), ("s", 1.0, 1.0), ("se", 1.0, 1.0)])))
    assert found.select("channel", "conversions").rows() == [(None, 3.0), ("search", 2.0), ("display", 1.0)]


def test_classes_hold_every_conversion_once() -> None:
    walks = drawn(300)
    classes = lag_classes(journey_lags(walked(walks)))
    total = sum(n for _, n, _ in walks)
    for measure in ("days", "touches"):
        own = classes.filter(pl.col("measure") == measure)
        assert own["conversions"].sum() == total
        assert abs(float(own["share"].sum()) - 1.0) < 1e-12
    long = classes.filter(pl.col("measure") == "touches").row(-1, named=True)
    assert long["conversions"] == sum(n for letters, n, _ in walks if len(letters) >= MOST_TOUCHES)


def test_a_lag_at_the_edge_of_a_class_is_in_the_next_one() -> None:
    classes = lag_classes(journey_lags(walked([("d", 1.0, 1.0)], last_gap_days=3.0)))
    assert classes.filter(pl.col("conversions") > 0).select("measure", "low").row(0) == ("days", 3.0)


def test_without_conversions_there_are_no_lags() -> None:
    lags = journey_lags(walked([("d", 0.0, 0.0)]))
    assert lags.is_empty()
    assert lag_classes(lags)["share"].sum() == 0
