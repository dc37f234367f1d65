from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from relkit.errors import TableError
from relkit.features.purchases import holdout_purchases, purchase_features, purchase_summary, purchase_summary_of, summarise_purchases
from relkit.periods import AsOf, Holdout
from relkit.tables.table_set import TableFacts, TableSet

NOON = datetime(2024, 1, 1, 12, tzinfo=UTC)
EDGE = AsOf.parse("2024-06-30")


def lines(*rows: tuple[str | None, int, float, str], **more: list[Any]) -> dict[str, list[Any]]:
    """Return transactions from (customer, days after 1 January 2024 at noon, amount, kind)."""
    return {
        "transaction_line_id": [str(i) for i in range(len(rows))],
        "transaction_id": [f"t{i}" for i in range(len(rows))],
        "customer_id": [r[0] for r in rows],
        "occurred_at": [NOON + timedelta(days=r[1]) for r in rows],
        "net_amount": [r[2] for r in rows],
        "line_kind": [r[3] for r in rows],
    } | more


def slow_summary(rows: list[tuple[int, int, float]], end_day: int) -> list[tuple[int, int, float, float, float | None]]:
    """Write the definitions down plainly: a dict of days per customer."""
    seen: dict[int, dict[int, float]] = {}
    for customer, day, value in rows:
        days = seen.setdefault(customer, {})
        days[day] = days.get(day, 0.0) + value
    found = []
    for customer in sorted(seen):
        days = seen[customer]
        first, repeats = min(days), [value for day, value in days.items() if day > min(days)]
        mean = sum(repeats) / len(repeats) if repeats else None
        found.append((customer, len(repeats), float(max(days) - first), float(end_day - first), mean))
    return found


@given(
    st.lists(st.tuples(st.integers(0, 6), st.integers(-40, 40), st.integers(0, 999).map(float)), min_size=1, max_size=60),
    st.sampled_from([0, 1_000, 10_000_000_000]),
)
def test_summary_is_that_of_the_definitions(rows, shift):
    rows = [(c + shift, d, v) for c, d, v in rows]
    frame = pl.DataFrame(rows, schema={"who": pl.Int64, "on": pl.Int32, "paid": pl.Float64}, orient="row").with_columns(
        pl.col("on").cast(pl.Date)
    )
    found = purchase_summary_of(frame, date(1970, 2, 20), customer="who", day="on", value="paid")
    expected = slow_summary(rows, 50)
    assert found.select("who", "repeat_purchases", "last_purchase_age_days", "observed_days").rows() == [e[:4] for e in expected]
    assert found["mean_repeat_value"].to_list() == [e[4] for e in expected]


@pytest.mark.parametrize("dtype", [pl.Int8, pl.UInt32, pl.Int64, pl.String])
def test_ids_keep_their_type(dtype):
    frame = pl.DataFrame({"customer_id": [5, 3, 5], "day": [date(2024, 1, d) for d in (1, 2, 3)], "value": [1, 2, 3]})
    found = purchase_summary_of(frame.with_columns(pl.col("customer_id").cast(dtype)), date(2024, 1, 31))
    assert_frame_equal(found.select("customer_id"), pl.DataFrame({"customer_id": [3, 5]}).cast(dtype))
    assert found["mean_repeat_value"].to_list() == [None, 3.0]


def test_negative_ids_are_ids():
    frame = pl.DataFrame({"customer_id": [-2, 4, -2], "day": [date(2024, 1, d) for d in (1, 2, 3)], "value": [1.0, 2.0, 3.0]})
    found = purchase_summary_of(frame, date(2024, 1, 31))
    assert found.select("customer_id", "repeat_purchases").rows() == [(-2, 1), (4, 0)]


def test_rows_after_the_day_or_without_customer_are_left_out():
    frame = pl.DataFrame({"customer_id": ["a", "a", None], "day": [date(2024, 1, d) for d in (1, 9, 2)], "value": [1.0, 2.0, 3.0]})
    found = purchase_summary_of(frame, date(2024, 1, 8))
    assert found.select("customer_id", "repeat_purchases", "observed_days").rows() == [("a", 0, 7.0)]


def test_nobody_gives_no_rows():
    frame = pl.DataFrame(schema={"customer_id": pl.Int64, "day": pl.Date, "value": pl.Float64})
    found = purchase_summary_of(frame, date(2024, 1, 8))
    assert found.height == 0
    assert found.columns[1:4] == ["repeat_purchases", "last_purchase_age_days", "observed_days"]


def test_value_after_a_huge_first_purchase_keeps_its_digits():
    arrays = summarise_purchases(np.array([0, 0, 0]), np.array([0, 5, 9]), np.array([1e17, 0.1, 0.2]), 10)
    assert arrays.mean_repeat_value[0] == (0.1 + 0.2) / 2


def test_keys_wider_than_64_bits_are_refused():
    with pytest.raises(TableError, match=r"customer codes need 62 bits and days 10: over 64\. Number customers from 0"):
        summarise_purchases(np.array([0, 2**61]), np.array([0, 1000]), np.ones(2), 1000)


class TestCdnow:
    """Fader and Hardie's CDNOW sample; counts of the published summary, 39 weeks to 1997-09-30."""

    def test_calibration_counts(self, cdnow):
        found = purchase_summary(cdnow, cdnow.as_of("1997-09-30"))
        assert (len(found), found["repeat_purchases"].sum(), (found["repeat_purchases"] > 0).sum()) == (2357, 2457, 946)
        assert found.select("repeat_purchases", "last_purchase_age_days", "observed_days").n_unique() == 1016

    def test_every_customer_agrees_with_the_published_summary(self, cdnow, real_data):
        """cdnow_customers_summary.csv of the lifetimes package: frequency, recency and T in weeks."""
        published = pl.read_csv(real_data / "cdnow_customers_summary.csv").sort("ID")
        found = purchase_summary(cdnow, cdnow.as_of("1997-09-30"))
        assert found["repeat_purchases"].to_list() == published["frequency"].to_list()
        for ours, theirs in (("last_purchase_age_days", "recency"), ("observed_days", "T")):
            assert (found[ours] / 7).to_list() == pytest.approx(published[theirs].to_list(), abs=0.005)

    def test_holdout_of_39_weeks(self, cdnow):
        found = holdout_purchases(cdnow, Holdout.before(cdnow.as_of(None), days=273))
        assert (len(found), found["holdout_purchases"].sum()) == (2357, 1882)
        assert found["holdout_days"].unique().to_list() == [273.0]
        assert found["holdout_mean_value"].null_count() == (found["holdout_purchases"] == 0).sum()


def test_only_sales_of_identified_customers_are_purchases(company):
    kinds = [("a", 0, 10.0, "sale"), ("a", 3, 5.0, "fee"), ("a", 4, 5.0, "gift_card"), ("a", 5, -10.0, "return"), (None, 6, 9.0, "sale")]
    found = purchase_summary(company({"transactions": lines(*kinds)}), EDGE)
    assert found.select("customer_id", "repeat_purchases").rows() == [("a", 0)]


def test_a_free_article_is_a_purchase(company):
    found = purchase_summary(company({"transactions": lines(("a", 0, 10.0, "sale"), ("a", 3, 0.0, "sale"))}), EDGE)
    assert found.select("repeat_purchases", "mean_repeat_value").rows() == [(1, 0.0)]


def test_a_later_return_lowers_no_purchase(company):
    rows = lines(("a", 0, 10.0, "sale"), ("a", 3, 8.0, "sale"), ("a", 3, -8.0, "return"), ("a", 5, -8.0, "cancel"))
    found = purchase_summary(company({"transactions": rows}), EDGE)
    assert found.select("repeat_purchases", "mean_repeat_value").rows() == [(1, 8.0)]


def test_a_day_cancelled_as_a_whole_was_no_purchase(company):
    rows = lines(
        ("a", 0, 10.0, "sale"),
        ("a", 3, 8.0, "sale"),
        ("a", 3, -8.0, "cancel"),
        ("a", 5, 6.0, "sale"),
        ("b", 5, 6.0, "sale"),
        ("b", 5, -6.0, "cancel"),
    )
    found = purchase_summary(company({"transactions": rows}), EDGE)
    assert found.select("customer_id", "repeat_purchases", "last_purchase_age_days", "mean_repeat_value").rows() == [("a", 1, 5.0, 6.0)]


def test_a_cancel_takes_from_its_own_product_and_never_below_zero(company):
    rows = lines(
        ("a", 0, 10.0, "sale"),
        ("a", 3, 8.0, "sale"),
        ("a", 3, 20.0, "sale"),
        ("a", 3, -3.0, "cancel"),
        ("a", 3, -99.0, "cancel"),
        ("a", 3, -50.0, "cancel"),
        product_id=["x", "x", "y", "x", "y", "of another day"],
    )
    found = purchase_summary(company({"transactions": rows}), EDGE)
    assert found.select("repeat_purchases", "mean_repeat_value").rows() == [(1, 5.0)]


def test_test_accounts_are_left_out(company):
    tables = company(
        {
            "transactions": lines(("a", 0, 10.0, "sale"), ("robot", 0, 10.0, "sale")),
            "customers": {"customer_id": ["a", "robot"], "is_test": [False, True]},
        }
    )
    assert purchase_summary(tables, EDGE)["customer_id"].to_list() == ["a"]


def test_who_buys_in_the_first_31_days_of_the_history_may_be_old(company):
    rows = lines(("a", 30, 1.0, "sale"), ("b", 31, 1.0, "sale"))
    declared = purchase_summary(company({"transactions": rows}, history_starts_on=date(2024, 1, 1)), EDGE)
    assert declared["is_left_censored"].to_list() == [True, False]
    first_seen = purchase_summary(company({"transactions": rows}, history_starts_on=None), EDGE)
    assert first_seen["is_left_censored"].to_list() == [True, True]


def test_nobody_is_old_if_the_history_starts_with_the_company(company):
    found = purchase_summary(company({"transactions": lines(("a", 0, 1.0, "sale"))}, history_starts_with_company=True), EDGE)
    assert found["is_left_censored"].to_list() == [False]


def test_the_day_of_creation_decides_where_it_is_known(company):
    tables = company(
        {
            "transactions": lines(
                ("new", 2, 1.0, "sale"), ("old", 99, 1.0, "sale"), ("unknown", 2, 1.0, "sale"), ("unlisted", 2, 1.0, "sale")
            ),
            "customers": {"customer_id": ["new", "old", "unknown"], "created_on": [date(2024, 1, 2), date(2023, 5, 1), None]},
        },
        history_starts_on=date(2024, 1, 1),
    )
    assert dict(purchase_summary(tables, EDGE).select("customer_id", "is_left_censored").iter_rows()) == {
        "new": False,
        "old": True,
        "unknown": True,
        "unlisted": True,
    }


def test_a_day_is_the_business_day_and_an_instant_an_instant(company):
    """23:30 in Paris on 30 June is 21:30 UTC; half an hour later is 1 July there and still 30 June in UTC."""
    rows = lines(("a", 0, 1.0, "sale"), ("a", 0, 1.0, "sale"), ("a", 0, 1.0, "sale"))
    rows["occurred_at"] = [
        datetime(2024, 6, 1, 12, tzinfo=UTC),
        datetime(2024, 6, 30, 21, 30, tzinfo=UTC),
        datetime(2024, 6, 30, 22, 0, tzinfo=UTC),
    ]
    tables = company({"transactions": rows}, business_zone="Europe/Paris")

    def seen(as_of: str) -> tuple[Any, ...]:
        return purchase_summary(tables, tables.as_of(as_of)).select("repeat_purchases", "last_order_on").row(0)

    assert seen("2024-06-30") == (1, date(2024, 6, 30))
    assert seen("2024-07-01") == (2, date(2024, 7, 1))
    assert seen("2024-06-30T23:29:59+02:00") == (0, date(2024, 6, 1))
    assert seen("2024-06-30T23:30:00+02:00") == (1, date(2024, 6, 30))
    assert seen("2024-06-30T22:00:00Z") == (2, date(2024, 7, 1))


def test_holdout_counts_purchase_days_after_the_calibration_known_at_its_end(company):
    late = datetime(2025, 1, 1, tzinfo=UTC)
    rows = lines(
        ("a", 0, 10.0, "sale"),
        ("a", 60, 10.0, "sale"),
        ("a", 60, 2.0, "sale"),
        ("a", 70, 30.0, "sale"),
        ("a", 80, 30.0, "sale"),
        ("b", 0, 10.0, "sale"),
        ("new", 60, 10.0, "sale"),
        recorded_at=[None, None, None, None, late, None, None],
    )
    split = Holdout.before(AsOf.parse("2024-03-31"), days=60)
    found = holdout_purchases(company({"transactions": rows}), split)
    assert found.rows() == [("a", 2, 21.0, 60.0), ("b", 0, None, 60.0)]


def test_without_transactions_the_message_names_the_tables_that_exist(company):
    with pytest.raises(TableError, match=r"unknown table 'transactions'.*Known: customers"):
        purchase_summary(company({"customers": {"customer_id": ["a"]}}), EDGE)


def test_households_of_january_may_be_old(real_data, tmp_path):
    """Complete Journey begins on 1 January 2017, and 1,982 of its 2,469 households appear in January, by the clock of the file."""
    raw = pl.concat([pl.read_parquet(path) for path in sorted(real_data.glob("completejourney_transactions_part*.parquet"))])
    transactions = raw.select(
        pl.col("household_id").cast(pl.String).alias("customer_id"),
        pl.col("transaction_timestamp").dt.cast_time_unit("us").dt.replace_time_zone("UTC").alias("occurred_at"),
        pl.col("sales_value").alias("net_amount"),
        pl.lit("sale").alias("line_kind"),
    )
    transactions.write_parquet(tmp_path / "transactions.parquet")
    facts = TableFacts(rows={"transactions": len(transactions)}, fingerprints={}, history_starts_on=date(2017, 1, 1))
    found = purchase_summary(TableSet(folder=tmp_path, facts=facts), AsOf.parse("2018-01-01"))
    assert (len(found), found["is_left_censored"].sum()) == (2469, 1982)


def test_features_hold_what_is_known_of_a_customer(company):
    customers = {"customer_id": ["a", "b"], "country": ["FR", None], "type": [None, "company"], "postcode": ["75001", "1000"]}
    snapshots = {
        "customer_id": ["a", "a"],
        "as_of": [date(2024, 5, 31), date(2024, 7, 31)],
        "income": ["50-74K", "75K+"],
        "repeat_purchases": [9, 9],
        "churned": [True, True],
    }
    sold = lines(("a", 0, 10.0, "sale"), ("c", 3, 5.0, "sale"))
    known = {"transactions": sold, "customers": customers, "customer_snapshots": snapshots}
    tables = company(known, attributes={"churned": {"known_at": "later"}})
    found = purchase_features(tables, EDGE)
    summary = purchase_summary(tables, EDGE)
    assert_frame_equal(found.select(summary.columns), summary)
    assert found.drop(summary.columns[1:]).rows() == [("a", "FR", "person", "50-74K"), ("c", None, "person", None)]
    alone = company({"transactions": sold})
    assert_frame_equal(purchase_features(alone, EDGE), purchase_summary(alone, EDGE))
