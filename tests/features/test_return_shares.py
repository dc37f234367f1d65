"""The share of a customer's sales that is expected back, by hand, in worlds whose truth is known, and at the boundaries of the data."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from relkit.features.purchase_days import purchase_days
from relkit.features.return_shares import DEFAULT_WEIGHT, return_shares
from relkit.features.returned_sales import returned_sales
from relkit.jobs.check_tables import CheckTables
from relkit.tables.table_set import TableSet

DAY = "2024-06-30"
NOON = datetime(2024, 6, 30, 12, tzinfo=UTC)
PIPELINES = Path(__file__).resolve().parents[2] / "pipelines" / "mappings"


def sales(customers, ages, amounts, back=None, *, lag=3, prefix=""):
    """Return transaction columns of sales so many days old, and of the share `back` of each that came back `lag` days later."""
    n = len(customers)
    back = np.zeros(n) if back is None else np.asarray(back, dtype=float)
    came = [i for i in range(n) if back[i] > 0 and ages[i] >= lag]
    ids = [f"{prefix}{i}" for i in range(n)] + [f"{prefix}{i}R" for i in came]
    when = [NOON - timedelta(days=int(a)) for a in ages] + [NOON - timedelta(days=int(ages[i]) - lag) for i in came]
    return {
        "transaction_line_id": ids,
        "transaction_id": ids,
        "customer_id": [*customers, *(customers[i] for i in came)],
        "occurred_at": when,
        "product_id": ["p"] * len(ids),
        "net_amount": [*map(float, amounts), *(-float(amounts[i]) * back[i] for i in came)],
        "line_kind": ["sale"] * n + ["return"] * len(came),
        "return_of": [None] * n + [f"{prefix}{i}" for i in came],
    }


def shares(company, rows, **more):
    tables = company({"transactions": rows, **more})
    return return_shares(tables, tables.as_of(DAY))


def one(found, name):
    return found.customers.row(by_predicate=pl.col("customer_id") == name, named=True)


def test_one_customer_by_hand(company):
    """Few returns: the share of all weighs five purchases, returns are taken to come evenly over 30 days.

    All bought 100 each on six days, 60 days ago and before, and one more 100 was bought 9 days ago by a. F is 1 for the old ones and
    (9 + 1) / 30 = 1/3 for the last. b sent one order back.

    exposed: a 600 + 100/3 = 633.33, b 600; returned 100; share of all 100 / 1233.33 = 0.0810811.
    The beta distribution of that mean worth 5 purchases has a = 0.405405, b = 4.594595. b sent back 1 of 6 (n = 600^2 / 60,000 = 6):
        (0.405405 + 1) / (5 + 6) = 0.12776
    a sent back none of n = 633.33^2 / (60,000 + 10,000 / 3) = 6.3333:
        0.405405 / (5 + 6.3333) = 0.03577
    on the grid within 0.002. Of a's last order 100 * 0.03577 * (2/3) / (1 - 0.03577 / 3) = 2.413 is still to come.
    """
    rows = sales(["a"] * 6 + ["b"] * 6 + ["a"], [60, 70, 80, 90, 100, 110] * 2 + [9], [100] * 13, [0] * 11 + [1, 0])
    found = shares(company, rows)
    assert found.share == pytest.approx(100 / 1233.3333, rel=1e-6)
    assert found.prior_weight == DEFAULT_WEIGHT
    a, b = one(found, "a"), one(found, "b")
    assert b["expected_return_share"] == pytest.approx(1.405405 / 11, abs=0.002)
    assert a["expected_return_share"] == pytest.approx(0.405405 / 11.3333, abs=0.002)
    rho = a["expected_return_share"]
    assert a["returns_to_come"] == pytest.approx(100 * rho * (2 / 3) / (1 - rho / 3), rel=1e-9)
    assert (b["returns_to_come"], b["most_to_come"], a["most_to_come"]) == (0, 0, 100)
    assert b["share_error"] == pytest.approx((0.1278 * 0.8722 / 12) ** 0.5, rel=0.1)
    assert len(found.remarks) == 2


def test_nothing_came_back(company):
    assert shares(company, sales(["a", "b"], [20, 30], [5, 5])) is None


def test_a_customer_with_returns_only_and_one_whose_sale_is_not_known(company):
    rows = sales(["a", "b"] * 4, [200, 190, 150, 140, 100, 90, 70, 60], [10] * 8, [1] + [0] * 7)
    rows = {name: [*column, *more] for (name, column), more in zip(rows.items(), _loose_returns(), strict=True)}
    found = shares(company, rows)
    assert found.customers["customer_id"].to_list() == ["a", "b"]
    assert found.share == pytest.approx(10 / 80)


def _loose_returns():
    """Return columns of two returns: of a customer who has no sale, and of one (b) long before the first sale known."""
    when = [NOON - timedelta(days=50), NOON - timedelta(days=400)]
    return ["x", "y"], ["x", "y"], ["ghost", "b"], when, ["p", "p"], [-99.0, -99.0], ["return", "return"], [None, None]


def test_more_came_back_than_was_sold(company):
    """The amounts of a return may be wrong, or of sales before the data: a share is a share all the same."""
    rows = sales(["a"] * 3 + ["b"] * 3, [90, 80, 70] * 2, [10] * 6, [30, 0, 0, 0, 0, 0])
    found = shares(company, rows)
    assert found.share == pytest.approx(30 / 60)
    assert found.customers["expected_return_share"].is_between(0, 1).all()
    assert found.customers["returns_to_come"].to_list() == [0, 0]


def test_everything_of_everybody_came_back(company):
    found = shares(company, sales(["a", "b"] * 20, list(range(100, 140)), [10] * 40, [1] * 40))
    assert found.share == 1
    assert found.customers["expected_return_share"].to_list() == pytest.approx([1, 1], abs=0.02)
    assert found.customers["share_error"].is_finite().all()


def world(rng, customers, orders, own, *, partial=False):
    """Return sales of so many orders each over a year, each coming back by its customer's share; in part where `partial`."""
    who = np.repeat(np.arange(customers), orders)
    ages, amounts = rng.integers(60, 420, len(who)), rng.gamma(4, 10, len(who)).round(2) + 1
    back = (rng.random(len(who)) < own[who]) * (rng.uniform(0.2, 1.0, len(who)).round(2) if partial else 1.0)
    return sales([f"c{i:04d}" for i in who], ages, amounts, back)


def test_shares_that_differ_are_found_with_their_error(company):
    """Own shares are Beta(2, 4): estimates are unbiased, ordered as the truth, and miss it by as much as their error says."""
    rng = np.random.default_rng(5)
    own = rng.beta(2, 4, 900)
    found = shares(company, world(rng, 900, 8, own))
    estimate, error = (found.customers[name].to_numpy() for name in ("expected_return_share", "share_error"))
    assert found.prior_weight == pytest.approx(6, rel=0.25)
    assert np.corrcoef(own, estimate)[0, 1] > 0.7
    assert estimate.mean() == pytest.approx(own.mean(), abs=0.012)
    z = (own - estimate) / error
    assert z.std() == pytest.approx(1.0, abs=0.1)
    fifth = np.argsort(estimate).reshape(5, -1)
    assert own[fifth].mean(axis=1) == pytest.approx(estimate[fifth].mean(axis=1), abs=0.035)


def test_purchases_that_come_back_in_part(company):
    """A purchase comes back by its customer's chance, and then a part of it, 0.6 on average: unbiased, and as sure as it says."""
    rng = np.random.default_rng(15)
    chance = rng.beta(2, 4, 900)
    rows = world(rng, 900, 8, chance, partial=True)
    once = sales(["once"], [90], [40], [0.8], prefix="z")
    found = shares(company, {name: column + once[name] for name, column in rows.items()})
    everybody = found.customers.filter(pl.col("customer_id") != "once")
    estimate, error = (everybody[name].to_numpy() for name in ("expected_return_share", "share_error"))
    assert estimate.mean() == pytest.approx(0.6 * chance.mean(), abs=0.012)
    assert ((0.6 * chance - estimate) / error).std() == pytest.approx(1.0, abs=0.25)
    assert 0.2 < one(found, "once")["expected_return_share"] < 0.4


def test_shares_that_do_not_differ_are_not_read_into_chance(company):
    rng = np.random.default_rng(6)
    found = shares(company, world(rng, 800, 6, np.full(800, 0.2), partial=True))
    assert found.share == pytest.approx(0.2 * 0.6, rel=0.08)
    assert found.customers["expected_return_share"].std() < 0.03


def test_those_who_send_everything_back_are_distinguished_from_the_others(company):
    """One customer in twelve keeps nothing, the others send back a third. After five orders that is known; after one it is not."""
    rng = np.random.default_rng(7)
    own = np.where(np.arange(900) % 12 == 0, 1.0, rng.beta(6, 12, 900))
    rows = world(rng, 900, 6, own)
    once = sales(["once", "five", "five", "five", "five", "five"], [70, 70, 80, 90, 100, 110], [30] * 6, [1] * 6, prefix="z")
    found = shares(company, {name: column + once[name] for name, column in rows.items()})
    assert one(found, "five")["expected_return_share"] > 0.9
    assert 0.36 < one(found, "once")["expected_return_share"] < 0.65
    everything = found.customers.filter(pl.Series([*(own == 1.0).tolist(), False, False]))
    assert everything["expected_return_share"].mean() > 0.9


def test_one_heavy_order_is_one_observation(company):
    """A large returned order informs the variation between customers as much as a small one, and its customer as one order."""
    rng = np.random.default_rng(8)
    own = rng.beta(3, 6, 500)
    rows = world(rng, 500, 6, own)
    heavy = sales(["heavy"] * 6, [80, 90, 100, 110, 120, 130], [100_000, 30, 30, 30, 30, 30], [1, 0, 0, 0, 0, 0], prefix="z")
    plain, found = shares(company, rows), shares(company, {name: column + heavy[name] for name, column in rows.items()})
    assert found.prior_weight == pytest.approx(plain.prior_weight, rel=0.15)
    assert one(found, "heavy")["expected_return_share"] < 0.85


def shares_of_categories(company, categories):
    rng = np.random.default_rng(9)
    n = 600
    who = np.repeat(np.arange(n), 6)
    is_shoes = who % 2 == 0
    rows = sales(
        [f"c{i:04d}" for i in who],
        rng.integers(60, 400, len(who)),
        np.full(len(who), 20.0),
        rng.random(len(who)) < np.where(is_shoes, 0.5, 0.05),
    )
    kind = dict(zip(rows["transaction_line_id"], np.where(is_shoes, "shoe", "book").tolist(), strict=False))
    rows["product_id"] = [kind[name.removesuffix("R")] for name in rows["transaction_line_id"]]
    new = sales(["shoes", "books"], [50, 50], [20, 20], prefix="z") | {"product_id": ["shoe", "book"]}
    rows = {name: column + new[name] for name, column in rows.items()}
    return shares(company, rows, products={"product_id": ["shoe", "book"], "category_1": categories})


def test_purchases_inform_the_prior_if_products_have_categories(company):
    """Two who have sent nothing back of one order: of the one who buys shoes, of which half comes back, more is expected."""
    found = shares_of_categories(company, ["shoes", "books"])
    assert found.by_category
    assert one(found, "shoes")["expected_return_share"] > 0.3
    assert one(found, "books")["expected_return_share"] < 0.1


def test_without_categories_all_have_one_prior(company):
    found = shares_of_categories(company, [None, None])
    assert not found.by_category
    assert one(found, "shoes")["expected_return_share"] == pytest.approx(one(found, "books")["expected_return_share"], rel=1e-9)


def test_what_becomes_known_later_changes_nothing(company):
    rng = np.random.default_rng(10)
    rows = world(rng, 60, 5, np.full(60, 0.3))
    late = sales(["c0000", "c0001"], [90, 90], [50, 50], [1, 1], prefix="l") | {
        "occurred_at": [NOON - timedelta(days=90)] * 2 + [NOON + timedelta(days=2)] * 2
    }
    recorded = [NOON - timedelta(days=n) for n in (90, 90)] + [NOON + timedelta(days=2)] * 2
    joined = {name: column + late[name] for name, column in rows.items()} | {"recorded_at": [None] * len(rows["net_amount"]) + recorded}
    known = {name: column[:-2] for name, column in joined.items()}
    backdated = dict(joined, occurred_at=[*joined["occurred_at"][:-2], NOON - timedelta(days=9), NOON - timedelta(days=9)])
    without, future, unrecorded = (
        shares(company, {name: list(column) for name, column in each.items()}).customers for each in (known, joined, backdated)
    )
    assert future.equals(without)
    assert unrecorded.equals(without)


def test_test_accounts_and_nobody_are_left_out(company):
    rng = np.random.default_rng(11)
    rows = world(rng, 50, 5, np.full(50, 0.3))
    robot = sales(["robot"] * 9, range(60, 69), [500] * 9, [1] * 9, prefix="z")
    nobody = sales([None] * 9, range(60, 69), [500] * 9, [1] * 9, prefix="n")
    more = {name: column + robot[name] + nobody[name] for name, column in rows.items()}
    people = {"customer_id": ["robot"], "is_test": [True]}
    assert shares(company, more, customers=people).customers.equals(shares(company, rows).customers)


def test_recent_sales_do_not_make_the_share_small(company):
    """Half of all comes back after 20 days, and half of the sales are younger than that: the share is a half all the same."""
    rng = np.random.default_rng(12)
    who, ages = np.repeat(np.arange(300), 4), rng.integers(0, 40, 1200)
    found = shares(company, sales([f"c{i:03d}" for i in who], ages, np.full(1200, 10.0), rng.random(1200) < 0.5, lag=20))
    assert found.share == pytest.approx(0.5, abs=0.05)
    young = float((ages < 20).sum()) * 10
    assert found.customers["returns_to_come"].sum() == pytest.approx(young / 2, rel=0.1)


@pytest.mark.slow
def test_online_retail(real_data, tmp_path):
    """Cancels of a later day are returns: 1.8 % of sales by the middle of 2011, and 1.9 % of what these customers then bought came back."""
    CheckTables.parse(data=str(real_data), mapping=str(PIPELINES / "online_retail.yaml"), out=str(tmp_path)).run()
    tables = TableSet.open(tmp_path / "tables")
    middle, end = tables.as_of("2011-06-06"), tables.as_of()
    found = return_shares(tables, middle)
    assert 0.015 < found.share < 0.022
    ids = found.customers["customer_id"].implode()
    later = purchase_days(tables, end, since=middle).filter(pl.col("customer_id").cast(pl.String).is_in(ids))
    back = returned_sales(tables, end).filter(pl.col("day") > middle.day, pl.col("customer_id").is_in(ids))
    bought = later.group_by(pl.col("customer_id").cast(pl.String)).agg(pl.col("value").sum())
    weighed = bought.join(found.customers, on="customer_id")
    expected = float((weighed["value"] * weighed["expected_return_share"]).sum()) + float(found.customers["returns_to_come"].sum())
    # Of the 75,000 that came back, a few large returns are a tenth.
    assert expected == pytest.approx(float(back["amount"].sum()), rel=0.2)


@pytest.mark.slow
def test_a_million_lines_cost_little_more_than_their_purchases(company):
    """Alongside the purchases, which every model reads, shares cost a small multiple; in processor time, not by the clock."""
    rng = np.random.default_rng(13)
    n = 1_000_000
    frame = pl.DataFrame(
        {
            "transaction_line_id": pl.int_range(n, eager=True).cast(pl.String),
            "customer_id": pl.Series(rng.integers(0, 100_000, n)).cast(pl.String),
            "occurred_at": pl.Series([NOON]).repeat_by(n).explode()
            - pl.Series(rng.integers(0, 700, n)).cast(pl.Duration("us")) * 86_400_000_000,
            "net_amount": rng.gamma(4, 10, n),
        }
    )
    back = frame.filter(pl.Series(rng.random(n) < 0.1)).with_columns(
        return_of="transaction_line_id",
        transaction_line_id=pl.format("R{}", "transaction_line_id"),
        net_amount=-pl.col("net_amount"),
        occurred_at=pl.col("occurred_at") + timedelta(days=5),
        line_kind=pl.lit("return"),
    )
    lines = pl.concat([frame.with_columns(line_kind=pl.lit("sale")), back], how="diagonal").with_columns(
        transaction_id="transaction_line_id"
    )
    tables = company({"transactions": {name: lines[name] for name in lines.columns}})
    began = time.process_time()
    purchase_days(tables, tables.as_of(DAY))
    purchases = time.process_time() - began
    found = return_shares(tables, tables.as_of(DAY))
    assert time.process_time() - began < 8 * purchases
    assert found.share == pytest.approx(0.1, abs=0.003)
