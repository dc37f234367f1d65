"""Journeys of a small company: people, conversions, groups, and what is left out."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from relkit.errors import ParameterError, TableError
from relkit.features.grouped_paths import grouped_paths
from relkit.features.journeys import Wanted, journey_remarks, journeys, later_paths, paths
from relkit.features.timelines import later_timelines, timelines
from relkit.models.attribution.coded_paths import CodedPaths
from relkit.periods import AsOf, Holdout

if TYPE_CHECKING:
    from collections.abc import Callable

    from relkit.tables.table_set import TableSet

    Company = Callable[..., TableSet]

EDGE = AsOf.parse("2024-06-30")
NOON = datetime(2024, 6, 1, 12, tzinfo=UTC)


def at(days: float) -> datetime:
    """Return an instant some days after noon of the first of June."""
    return NOON + timedelta(days=days)


def touches(*rows: tuple[str | None, str | None, str, float], **more: list[Any]) -> dict[str, Any]:
    """Return touchpoints from (customer, anonymous id, channel, days)."""
    columns = {"customer_id": [row[0] for row in rows], "anonymous_id": [row[1] for row in rows], "channel_id": [row[2] for row in rows]}
    ids = [f"t{i:02d}" for i in range(len(rows))]
    return {"touchpoints": {"touchpoint_id": ids, **columns, "occurred_at": [at(row[3]) for row in rows], **more}}


def sales(*rows: tuple[str | None, str, float, float, str], **more: list[Any]) -> dict[str, Any]:
    """Return transactions from (customer, transaction, days, amount, kind)."""
    columns = {
        "transaction_line_id": [f"l{i:02d}" for i in range(len(rows))],
        "transaction_id": [row[1] for row in rows],
        "customer_id": [row[0] for row in rows],
        "occurred_at": [at(row[2]) for row in rows],
        "net_amount": [row[3] for row in rows],
        "line_kind": [row[4] for row in rows],
    }
    return {"transactions": columns | more}


def listed(frame: pl.DataFrame, *more: str) -> list[tuple[Any, ...]]:
    """Return channels, conversions, nulls, value and more of each path, as text where they are lists."""
    channels = pl.col("channels").cast(pl.List(pl.String)).list.join(">")
    return frame.select(channels, "conversions", "nulls", "value", *more).rows()


ANN: list[tuple[str | None, str | None, str, float]] = [("ann", None, "search", 0), ("ann", None, "email", 2), ("ann", None, "social", 5)]


def test_a_journey_ends_in_a_sale_and_the_rest_is_a_null_path(company: Company) -> None:
    tables = company(touches(*ANN) | sales(("ann", "a", 3, 30.0, "sale"), ("ann", "a", 3, 5.0, "sale"), ("bob", "b", 4, 9.0, "sale")))
    found = paths(tables, EDGE)
    assert listed(found) == [("search>email", 1, 0, 35.0), ("social", 0, 1, 0.0), ("", 1, 0, 9.0)]
    assert found["seconds_before"].to_list() == [[3 * 86_400, 86_400], [0], []]
    assert CodedPaths.of(found).names.to_list() == ["email", "search", "social"]
    parts = journeys(tables, EDGE)
    assert parts.touches.select("journey", "person", "channel").rows() == [(0, 0, "search"), (0, 0, "email"), (1, 0, "social")]
    assert parts.people.rows() == [(0, "ann")]
    assert parts.untouched.select("conversions", "value", "ended_on").rows() == [(1.0, 9.0, date(2024, 6, 5))]
    assert parts.journeys.select("is_customer", "ended_at", "touches").rows() == [(True, at(3), 2), (True, at(5), 1)]


def test_the_order_of_rows_makes_no_difference(company: Company) -> None:
    rows = touches(*ANN, (None, "x", "search", 1), (None, "x", "social", 1), ("bob", None, "email", 0.5))
    sold = sales(("ann", "a", 3, 30.0, "sale"), ("bob", "b", 3, 5.0, "sale"), ("ann", "c", 6, 7.0, "sale"))
    turned = {name: {column: values[::-1] for column, values in columns.items()} for name, columns in (rows | sold).items()}
    assert_frame_equal(paths(company(rows | sold), EDGE), paths(company(turned, folder="turned"), EDGE))


def test_lookbacks_differ_by_kind(company: Company) -> None:
    tables = company(touches(*ANN, kind=["impression", "impression", None]) | sales(("ann", "a", 6, 1.0, "sale")))
    wanted = Wanted(lookback_days=6, lookback_by_kind=("impression=4",))
    assert listed(paths(tables, EDGE, wanted)) == [("email>social", 1, 0, 1.0)]
    assert journeys(tables, EDGE, wanted).counts["too_old"] == 1
    assert journeys(tables, EDGE).touches["kind"].to_list() == ["impression", "impression", None]


def test_visitors_are_the_one_customer_that_a_touch_links_them_to(company: Company) -> None:
    rows = touches(
        (None, "x", "search", 0), ("ann", "x", "email", 1),
        (None, "y", "search", 0), ("ann", "y", "email", 2), ("bob", "y", "email", 3),
        (None, "z", "social", 0),
    )  # fmt: skip
    found = journeys(company(rows | sales(("ann", "a", 4, 1.0, "sale"))), EDGE)
    channels = found.touches.group_by("journey", maintain_order=True).agg("channel").join(found.journeys, on="journey")
    people = channels.join(found.people, on="person").select("customer_id", pl.col("channel").cast(pl.List(pl.String)), "is_customer")
    assert people.sort("customer_id", "channel").rows() == [
        (None, ["search"], False),
        (None, ["social"], False),
        ("ann", ["search", "email", "email"], True),
        ("bob", ["email"], True),
    ]
    names = ("stitched_touches", "stitched_visitors", "ambiguous_touches", "ambiguous_visitors")
    assert [found.counts[name] for name in names] == [1, 1, 1, 1]


def test_sales_returned_in_full_are_no_conversions_and_others_lose_value(company: Company) -> None:
    rows = [
        ("ann", "a", 1.0, 30.0, "sale"), ("ann", "b", 1.1, 10.0, "sale"), ("ann", "c", 2.0, 20.0, "sale"), ("ann", "d", 3.0, 8.0, "sale"),
        ("ann", "r", 4.0, -30.0, "return"), ("ann", "s", 5.0, -5.0, "return"), ("ann", "d", 3.0, -8.0, "cancel"),
        ("ann", "f", 6.0, 0.0, "sale"),
    ]  # fmt: skip
    products = ["p", "q", "q", "w", "p", "q", "w", "p"]
    tables = company(touches(*ANN) | sales(*rows, product_id=products, return_of=[None] * 4 + ["l00"] + [None] * 3))
    found = journeys(tables, EDGE)
    assert found.journeys.select("ended_at", "value").rows()[:1] == [(at(1.1), 10.0)]
    assert found.journeys.filter(pl.col("conversions") > 0)["value"].to_list() == [10.0, 15.0]
    assert (found.counts["conversions"], found.counts["returned"], found.counts["without_amount"]) == (2, 2, 1)
    before = journeys(tables, AsOf.parse("2024-06-03T18:00:00+00:00"))
    assert before.counts["conversions"] == 3


def test_a_return_without_product_is_shared_by_the_sales_of_its_day(company: Company) -> None:
    rows = [("ann", "a", 1.0, 30.0, "sale"), ("ann", "b", 1.1, 10.0, "sale"), ("ann", "r", 4.0, -4.0, "return")]
    found = paths(company(touches(*ANN) | sales(*rows)), EDGE)
    assert listed(found) == [("search", 1, 0, 27.0), ("email>social", 0, 1, 0.0), ("", 1, 0, 9.0)]


def test_conversions_may_be_first_orders_or_meet_an_expression(company: Company) -> None:
    tables = company(
        touches(*ANN, ("old", None, "email", 0))
        | sales(
            ("ann", "a", 1, 1.0, "sale"), ("ann", "b", 3, 2.0, "sale"), ("ann", "b", 3, 4.0, "sale"), ("old", "c", 2, 8.0, "sale"),
            channel_id=["store", "web", "store", "web"],
        )
        | {"customers": {"customer_id": ["ann", "old"], "created_on": [date(2024, 5, 1), date(2019, 1, 1)]}}
    )  # fmt: skip
    first = Wanted(conversion="first_order")
    assert listed(paths(tables, EDGE, first)) == [("search", 1, 0, 1.0)]
    found = journeys(tables, EDGE, first)
    assert [found.counts[name] for name in ("after_first_order", "there_before", "first_order_unknown")] == [2, 1, 1]
    assert "1 of customers who were there before the history starts" in " ".join(remark.en for remark in found.remarks)
    web = Wanted(conversion="where channel_id = 'web'")
    assert listed(paths(tables, EDGE, web)) == [("search>email", 1, 0, 2.0), ("social", 0, 1, 0.0), ("email", 1, 0, 8.0)]
    with pytest.raises(TableError, match="column 'chanel_id' is not in transactions; did you mean 'channel_id'"):
        paths(tables, EDGE, Wanted(conversion="where chanel_id = 'web'"))


def test_margin_is_net_of_returns_and_its_lack_is_said(company: Company) -> None:
    rows = [("ann", "a", 3.0, 30.0, "sale"), ("ann", "b", 6.0, 10.0, "sale"), ("ann", "r", 7.0, -15.0, "return")]
    margin = [12.0, None, -6.0]
    tables = company(touches(*ANN) | sales(*rows, margin_amount=margin, return_of=[None, None, "l00"]))
    wanted = Wanted(worth="margin")
    assert listed(paths(tables, EDGE, wanted)) == [("search>email", 1, 0, 6.0), ("social", 1, 0, 0.0)]
    assert any("of 1 the margin of a line is not known" in remark.en for remark in journey_remarks(tables, EDGE, wanted))
    bare = company(touches(*ANN) | sales(*rows), folder="bare")
    with pytest.raises(ParameterError, match="no margin is known, so conversions have none"):
        paths(bare, EDGE, wanted)


def test_groups_are_those_as_of_the_end_of_the_journey(company: Company) -> None:
    snapshots = {
        "customer_id": ["ann", "ann", "ann"],
        "as_of": [date(2024, 5, 31), date(2024, 6, 5), date(2024, 6, 6)],
        "plan": ["S", "M", "L"],
        "recorded_at": [None, at(3.0), at(25.0)],
    }
    attributes = {"plan": {"personal_data": "none", "known_at": "as_of", "role": "covariate"}}
    tables = company(
        touches(*ANN, (None, "v", "social", 40.0 - 30))
        | sales(("ann", "a", 3, 1.0, "sale"), ("ann", "b", 6, 2.0, "sale"), ("bob", "c", 1, 4.0, "sale"))
        | {"customer_snapshots": snapshots}
        | {"customers": {"customer_id": ["ann", "bob"], "country": ["FR", None]}},
        attributes=attributes,
    )
    found = paths(tables, EDGE, Wanted(by="plan", period="week"))
    assert listed(found, "segment", "period") == [
        ("search>email", 1, 0, 1.0, "S", date(2024, 6, 3)),
        ("social", 1, 0, 2.0, "M", date(2024, 6, 3)),
        ("social", 0, 1, 0.0, "unknown", date(2024, 6, 10)),
        ("", 1, 0, 4.0, "unknown", date(2024, 5, 27)),
    ]
    assert paths(tables, EDGE, Wanted(by="country"))["segment"].cast(pl.String).to_list() == ["FR", "FR", "unknown", "unknown"]
    with pytest.raises(ParameterError, match="unknown attribute 'plans'; did you mean 'plan'"):
        paths(tables, EDGE, Wanted(by="plans"))


def test_test_accounts_and_unidentified_buyers_are_left_out_and_counted(company: Company) -> None:
    tables = company(
        touches(*ANN, ("tim", "x", "email", 1), (None, "x", "email", 2))
        | sales(("ann", "a", 3, 1.0, "sale"), ("tim", "b", 6, 2.0, "sale"), (None, "c", 1, 4.0, "sale"))
        | {"customers": {"customer_id": ["ann", "tim"], "is_test": [False, True]}}
    )
    found = journeys(tables, EDGE)
    assert found.people["customer_id"].to_list() == ["ann"]
    assert (found.counts["test_touches"], found.counts["unidentified"], found.counts["conversions"]) == (2, 1, 1)
    assert {remark.code for remark in found.remarks} == {
        "touches_in_no_journey", "journeys_without_conversion", "sales_that_are_no_conversions", "visitors_linked_to_customers",
        "channels_never_before_a_conversion",
    }  # fmt: skip


def test_paths_of_a_holdout_ended_in_its_days(company: Company) -> None:
    tables = company(touches(*ANN) | sales(("ann", "a", 3, 1.0, "sale"), ("ann", "b", 12, 2.0, "sale"), ("bob", "c", 14, 4.0, "sale")))
    split = Holdout.before(AsOf.parse("2024-06-20"), days=10)
    assert listed(later_paths(tables, split)) == [("social", 1, 0, 2.0), ("", 1, 0, 4.0)]


def test_timelines_of_a_holdout_are_at_risk_in_its_days(company: Company) -> None:
    tables = company(
        touches(*ANN) | sales(("ann", "a", 3, 1.0, "sale"), ("ann", "b", 12, 2.0, "sale"), ("bob", "c", 14, 4.0, "sale")),
        history_starts_on=date(2024, 6, 1),
    )
    later = later_timelines(tables, Holdout.before(AsOf.parse("2024-06-20"), days=10))
    assert later.select("from_day", "until_day").rows() == [(10.0, 20.0), (14.5, 20.0)]
    assert later["order_days"].to_list() == [[3.5, 12.5], [14.5]]


def test_timelines_have_everybody_from_the_day_they_could_be_known(company: Company) -> None:
    tables = company(
        touches(*ANN, (None, "v", "social", 10), kind=["click", None, "visit", "click"])
        | sales(("ann", "a", 3, 1.0, "sale"), ("bob", "c", 14, 4.0, "sale"), ("bob", "d", 14, 8.0, "sale"))
        | {"customers": {"customer_id": ["ann", "eve"]}},
        history_starts_on=date(2024, 6, 1),
    )
    found = timelines(tables, EDGE)
    assert found.select("is_customer", "from_day", "until_day").rows() == [
        (True, 0.0, 30.0), (True, 14.5, 30.0), (True, 0.0, 30.0), (False, 10.5, 30.0),
    ]  # fmt: skip
    assert found["touch_days"].to_list() == [[0.5, 2.5, 5.5], [], [], [10.5]]
    assert found["touch_kinds"].cast(pl.List(pl.String)).to_list() == [["click", "", "visit"], [], [], ["click"]]
    assert found["order_days"].to_list() == [[3.5], [14.5, 14.5], [], []]
    assert found["order_values"].to_list() == [[1.0], [6.0, 6.0], [], []]
    first = timelines(tables, EDGE, Wanted(conversion="first_order", by="")).select("until_day").to_series().to_list()
    assert first == [3.5, 14.5, 30.0, 30.0]


def test_the_future_changes_nothing(company: Company) -> None:
    """Touches, links, sales, returns and attributes that happened, or were recorded, after the cutoff."""
    now, late = at(10), at(60)
    known = touches(*ANN, (None, "x", "email", 1), recorded_at=[None] * 4) | sales(
        ("ann", "a", 3, 10.0, "sale"), ("bob", "b", 4, 5.0, "sale"), recorded_at=[None] * 2, return_of=[None] * 2
    )
    more_touches = [("zoe", None, "video", 1.0, late), ("bob", "x", "email", 2.0, late), ("aaa", None, "affiliate", 90.0, None)]
    more_sales = [
        ("ann", "r", 5.0, -10.0, "return", late, "l00"),
        ("ann", "a", 2.0, 7.0, "sale", late, None),
        ("ann", "z", 70.0, 9.0, "sale", None, None),
    ]
    both = {name: {column: list(values) for column, values in columns.items()} for name, columns in known.items()}
    for i, (who, device, channel, day, recorded) in enumerate(more_touches):
        new: tuple[Any, ...] = (f"a{i}", who, device, channel, at(day), recorded)
        for column, value in zip(
            ("touchpoint_id", "customer_id", "anonymous_id", "channel_id", "occurred_at", "recorded_at"), new, strict=True
        ):
            both["touchpoints"][column].append(value)
    names = ("transaction_line_id", "customer_id", "transaction_id", "occurred_at", "net_amount", "line_kind", "recorded_at", "return_of")
    row: tuple[Any, ...]
    for i, row in enumerate(more_sales):
        who, sale, day, amount, kind, recorded, of = row
        for column, value in zip(names, (f"a{i}", who, sale, at(day), amount, kind, recorded, of), strict=True):
            both["transactions"][column].append(value)
    then, later = company(known), company(both, folder="later")
    for wanted in (Wanted(), Wanted(reuse_touches=True), Wanted(conversion="first_order"), Wanted(conversion="where net_amount > 0")):
        assert_frame_equal(paths(later, EDGE, wanted), paths(then, EDGE, wanted))
        assert_frame_equal(timelines(later, EDGE, wanted), timelines(then, EDGE, wanted))
        a, b = journeys(later, EDGE, wanted), journeys(then, EDGE, wanted)
        assert (a.counts, a.people.rows(), a.touches.rows()) == (b.counts, b.people.rows(), b.touches.rows())
    assert now < EDGE.cutoff < late
    afterwards = AsOf.parse("2024-09-30")
    assert not paths(later, afterwards).equals(paths(then, afterwards))


@pytest.mark.parametrize(
    ("kept", "last", "found"),
    [
        ("all", 0, "search>search>email>search"), ("runs", 0, "search>email>search"), ("first", 0, "search>email"),
        ("last", 0, "email>search"), ("all", 3, "search>email>search"), ("last", 1, "search"),
    ],
)  # fmt: skip
def test_a_reading_may_keep_some_touches_of_a_journey(company: Company, kept: str, last: int, found: str) -> None:
    steps = ["search", "search", "email", "search"]
    rows = touches(*(("ann", None, channel, float(day)) for day, channel in enumerate(steps)), ("bob", None, "social", 0))
    tables = company(rows | sales(("ann", "a", 3, 1.0, "sale")) | {"paths": {"path": [">".join(steps)], "conversions": [1.0]}})
    wanted = Wanted(touches_kept=kept, last_touches=last)
    assert listed(paths(tables, EDGE, wanted)) == [(found, 1, 0, 1.0), ("social", 0, 1, 0.0)]
    assert listed(grouped_paths(tables, EDGE, wanted)) == [(found, 1, 0, 0.0)]
