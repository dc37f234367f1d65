"""Incremental credit: recovery of effects, totals, honesty about time, remarks on thin data."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import numpy as np
import polars as pl
import pytest
from model_checks import AS_OF, timelines_of

from relkit.errors import NotEnoughEventsError, ParameterError, TableError
from relkit.models.attribution.coded_timelines import CodedTimelines
from relkit.models.attribution.incremental import Incremental
from relkit.models.attribution.lift_tests import LiftTest

QUICK = Incremental(combine="add", own_visits=(), edges_days=(5.0,), lookback_days=10.0, level=0.9)


@pytest.fixture(scope="module")
def timelines() -> pl.DataFrame:
    return timelines_of(1, people=900)


@pytest.fixture(scope="module")
def fitted(timelines):
    return QUICK.fit(timelines, as_of=AS_OF)


def caused(timelines: pl.DataFrame, lift: float = 3.0) -> float:
    """Return the orders that search is expected to have caused: all but 1 / lift of those in the five days after it."""
    near = 0
    for row in timelines.iter_rows(named=True):
        searched = np.array([day for day, name in zip(row["touch_days"], row["touch_channels"], strict=True) if name == "search"])
        orders = np.array(row["order_days"])
        near += int(((orders[:, None] >= searched) & (orders[:, None] <= searched + 5)).any(axis=1).sum())
    return near * (1 - 1 / lift)


def credit_of(fitted, channel: str) -> dict[str, float]:
    return fitted.credit().row(by_predicate=pl.col("channel") == channel, named=True)


def test_the_channel_that_causes_orders_is_credited_with_them_and_the_others_with_nothing(fitted, timelines):
    truth = caused(timelines)
    search = credit_of(fitted, "search")
    assert search["lower"] < truth < search["upper"]
    assert abs(search["conversions"] / truth - 1) < 0.2
    for other in ("email", "direct"):
        row = credit_of(fitted, other)
        assert row["lower"] < 0 < row["upper"]
        assert abs(row["conversions"]) < 0.15 * truth


def test_credit_and_what_would_have_come_anyway_add_up_to_all_conversions(fitted, timelines):
    totals = fitted.totals.row(0, named=True)
    assert totals["conversions"] == timelines["order_days"].list.len().sum()
    assert fitted.credit()["conversions"].sum() + totals["unattributed"] == pytest.approx(totals["conversions"])
    assert fitted.credit()["value"].sum() + totals["unattributed_value"] == pytest.approx(timelines["order_values"].list.sum().sum())


def test_people_who_buy_and_meet_channels_often_are_no_effect():
    rng = np.random.default_rng(5)
    often = rng.random(600) < 0.5
    touches = [np.sort(rng.uniform(0, 120, rng.poisson(12 if many else 1))).tolist() for many in often]
    orders = [np.sort(rng.uniform(0, 120, rng.poisson(8 if many else 0.5))).tolist() for many in often]
    frame = pl.DataFrame(
        {"touch_days": touches, "touch_channels": [["ads"] * len(each) for each in touches], "order_days": orders},
        schema_overrides={"touch_channels": pl.List(pl.String), "touch_days": pl.List(pl.Float64), "order_days": pl.List(pl.Float64)},
    ).with_columns(from_day=0.0, until_day=120.0)
    row = credit_of(QUICK.fit(frame, as_of=AS_OF), "ads")
    exposed = sum(any(0 <= order - touch <= 10 for touch in each) for each, own in zip(touches, orders, strict=True) for order in own)
    assert row["lower"] < 0 < row["upper"]
    assert abs(row["conversions"]) < 0.1 * exposed


def test_own_visits_are_held_constant_and_credited_with_nothing(timelines):
    fitted = replace(QUICK, own_visits=("search",)).fit(timelines, as_of=AS_OF)
    assert credit_of(fitted, "search")["conversions"] == 0
    assert fitted.effects.filter("is_marker")["channel"].unique().to_list() == ["search"]
    assert fitted.effects.filter("is_marker")["effect"].max() > 0.5


def test_what_comes_after_the_end_of_the_time_at_risk_changes_nothing(timelines, fitted):
    later = timelines.with_columns(
        touch_days=pl.concat_list("touch_days", pl.lit([130.0])),
        touch_channels=pl.concat_list("touch_channels", pl.lit(["search"])),
        order_days=pl.concat_list("order_days", pl.lit([131.0])),
        order_values=pl.concat_list("order_values", pl.lit([99.0])),
    )
    again = QUICK.fit(later, as_of=AS_OF)
    assert again.credit().equals(fitted.credit())
    assert again.totals.equals(fitted.totals)


def test_orders_before_the_time_at_risk_are_past_and_not_credited(timelines):
    later = QUICK.fit(timelines.with_columns(from_day=60.0), as_of=AS_OF)
    days = timelines["order_days"].explode().drop_nulls()
    assert later.totals["conversions"][0] == (days >= 60).sum()


def test_segments_and_periods_add_up_to_the_whole(timelines):
    fitted = replace(QUICK, by="segment", period="month").fit(timelines, as_of=AS_OF)
    whole = fitted.credit().sort("channel")["conversions"]
    for names in (("segment",), ("period",), ("segment", "period")):
        rows = fitted.credits.filter(
            *(pl.col(name).is_not_null() if name in names else pl.col(name).is_null() for name in ("segment", "period"))
        )
        parts = rows.group_by("channel").agg(pl.sum("conversions")).sort("channel")["conversions"]
        assert parts.to_list() == pytest.approx(whole.to_list())
    months = fitted.credits["period"].drop_nulls().unique().sort()
    assert months[0] == date(2025, 3, 1)
    assert len(months) == 4


def lift_test(fitted, share: float, width: float, **more) -> LiftTest:
    """Return a test of search over the whole time that found a share of what the model credits."""
    found = share * credit_of(fitted, "search")["conversions"]
    own = {"channel_id": "search", "starts_on": date(2025, 4, 1), "ends_on": AS_OF, "level": 0.9, "lift_test_id": "T1"}
    return LiftTest(**(own | {"incremental_conversions": found, "low": found - width, "high": found + width} | more))


def test_a_precise_lift_test_moves_the_credit_to_what_it_found(timelines, fitted):
    first = replace(QUICK, lift_tests=(lift_test(fitted, 1.0, 1.0),)).fit(timelines, as_of=AS_OF)
    predicted = first.tests["predicted"][0]
    half = lift_test(fitted, 1.0, 1.0, incremental_conversions=predicted / 2, low=predicted / 2 - 1, high=predicted / 2 + 1)
    moved = replace(QUICK, lift_tests=(half,)).fit(timelines, as_of=AS_OF)
    assert credit_of(moved, "search")["conversions"] == pytest.approx(credit_of(fitted, "search")["conversions"] / 2, rel=0.02)
    assert credit_of(moved, "email") == credit_of(fitted, "email") | {"share": credit_of(moved, "email")["share"]}
    assert moved.credit()["conversions"].sum() + moved.totals["unattributed"][0] == pytest.approx(moved.totals["conversions"][0])
    assert moved.uncalibrated.equals(fitted.credits)
    assert moved.factors.filter(pl.col("source") == "test")["channel"].to_list() == ["search"]


def test_a_vague_lift_test_hardly_moves_the_credit(timelines, fitted):
    vague = replace(QUICK, lift_tests=(lift_test(fitted, 0.5, 1e5),)).fit(timelines, as_of=AS_OF)
    assert credit_of(vague, "search")["conversions"] == pytest.approx(credit_of(fitted, "search")["conversions"], rel=1e-3)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"low": 900.0, "high": 100.0}, "bounds have no width or are swapped"),
        ({"low": 100.0, "high": 100.0, "incremental_conversions": 100.0}, "bounds have no width"),
        ({"incremental_conversions": -1e9}, "estimate lies outside its bounds"),
        ({"channel_id": "tv"}, "channel has no touch in the data"),
        ({"channel_id": "direct"}, "channel counts as people’s own visits"),
        ({"starts_on": date(2024, 1, 1)}, "days are not all in the data"),
        ({"ends_on": date(2030, 1, 1)}, "days are not all in the data"),
    ],
)
def test_a_lift_test_that_cannot_be_compared_is_reported_and_changes_nothing(timelines, fitted, changes, reason):
    from relkit.models.attribution.lift_tests import not_comparable, reason_remarks

    test = lift_test(fitted, 1.0, 10.0, **changes)
    key = not_comparable(test, ["direct", "email", "search"], ["direct"], (date(2025, 3, 3), AS_OF))
    (remark,) = reason_remarks([(test, key)])
    assert reason in remark.en
    assert "T1" in remark.fr


def test_data_that_begin_with_a_touch_are_reported(timelines):
    reached = timelines.filter(pl.col("touch_days").list.len() > 0)
    known = reached.with_columns(from_day=pl.col("touch_days").list.min())
    codes = {remark.code for remark in QUICK.fit(known, as_of=AS_OF).info.remarks}
    assert "incremental_baseline_hardly_known" in codes
    assert "incremental_baseline_hardly_known" not in {remark.code for remark in QUICK.fit(reached, as_of=AS_OF).info.remarks}


def test_thin_channels_and_first_orders_are_reported():
    frame = pl.DataFrame(
        {
            "touch_days": [[1.0, 60.0], [5.0], [20.0]],
            "touch_channels": [["a", "late"], ["a"], ["a"]],
            "order_days": [[2.0, 30.0], [40.0], [20.0]],
            "from_day": [0.0] * 3,
            "until_day": [60.5] * 3,
        }
    )
    found = replace(QUICK, conversion="first_order").fit(frame, as_of=AS_OF)
    texts = {remark.code: remark.en for remark in found.info.remarks}
    assert "after a touch of late" in texts["incremental_channels_never_before_a_conversion"]
    assert "touch of a" in texts["incremental_channels_with_few_conversions"]
    assert "1 of 4 conversions" in texts["incremental_touches_part_of_conversions"]
    assert "incremental_first_orders_compare_little" in texts
    alone = frame.with_columns(touch_channels=pl.col("touch_channels").list.eval(pl.lit("a").repeat_by(1).list.first()))
    assert "incremental_one_channel_only" in {remark.code for remark in QUICK.fit(alone, as_of=AS_OF).info.remarks}


@pytest.mark.parametrize(("column", "what"), [("touch", "there is no touch"), ("order", "there is no conversion")])
def test_nothing_to_learn_from_is_refused(timelines, column, what):
    names = [name for name in timelines.columns if name.startswith(column)]
    with pytest.raises(NotEnoughEventsError, match=what):
        QUICK.fit(timelines.with_columns(pl.col(name).list.head(0) for name in names), as_of=AS_OF)


def test_invalid_settings_and_rows_are_refused(timelines):
    with pytest.raises(ParameterError, match="edges must be above 0 and ascend"):
        Incremental(edges_days=(3.0, 1.0))
    with pytest.raises(ParameterError, match="combine"):
        Incremental(combine="never")  # type: ignore[arg-type]
    with pytest.raises(TableError, match="until_day is before from_day in 900 rows"):
        CodedTimelines.of(timelines.with_columns(from_day=500.0))
    with pytest.raises(TableError, match="touch_days and touch_channels differ in length"):
        CodedTimelines.of(timelines.with_columns(touch_channels=pl.col("touch_channels").list.head(1)))
    with pytest.raises(TableError, match="starts_on has 2 different days"):
        CodedTimelines.of(timelines.with_columns(starts_on=pl.when(pl.int_range(pl.len()) > 1).then("starts_on").otherwise(AS_OF)))
