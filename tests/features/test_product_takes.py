"""Products that customers hold and take, from contracts and from purchases, as known at each cutoff."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import TYPE_CHECKING

import modelled_company as company
import polars as pl
import pytest
from polars.testing import assert_frame_equal

from relkit.errors import TableError
from relkit.families.bindings import absence, inputs_of, reading_of
from relkit.features.customer_drivers import customer_drivers
from relkit.features.product_takes import contract_takes, contracts_held, items_of, purchases_held, purchases_taken
from relkit.models.affinity.family import CONTRACTS_TAKEN, OUTCOMES_OF_SNAPSHOTS, PRODUCTS_BOUGHT
from relkit.periods import AsOf

if TYPE_CHECKING:
    from pathlib import Path

    from relkit.tables.table_set import TableSet

START, END = AsOf.parse("2025-03-31"), AsOf.parse("2025-06-29")
MODEL = "affinity.propensity"


def contracts(*rows: tuple[str, str, str, str, str | None], recorded: dict[str, str] | None = None) -> pl.DataFrame:
    """Return contracts of (id, customer, product, start, end), one version each at the start, and one at the end if there is one."""
    versions = []
    for contract, customer, product, start, end in rows:
        for valid_from in filter(None, (start, end)):
            ended = date.fromisoformat(end) if end and valid_from == end else None
            at = datetime.fromisoformat((recorded or {}).get(contract, valid_from)).replace(tzinfo=UTC)
            versions.append((contract, date.fromisoformat(valid_from), customer, product, "active", date.fromisoformat(start), ended, at))
    names = ("contract_id", "valid_from", "customer_id", "product_id", "status", "started_on", "ended_on", "recorded_at")
    kinds = {"ended_on": pl.Date, "recorded_at": pl.Datetime("us", "UTC")}
    return pl.DataFrame(versions, schema=list(names), orient="row").cast(kinds)  # type: ignore[arg-type]


def lists(frame: pl.DataFrame, name: str) -> dict[str, list[str]]:
    return dict(frame.select("customer_id", name).iter_rows())


@pytest.fixture
def bank(tmp_path: Path) -> TableSet:
    rows = contracts(
        ("1", "ann", "loan", "2024-01-10", None),
        ("2", "bob", "loan", "2024-01-10", "2025-02-01"),
        ("3", "bob", "loan", "2025-05-01", None),
        ("4", "cid", "card", "2025-04-15", "2025-05-20"),
        ("5", "dan", "card", "2025-07-01", None),
        ("6", "eve", "card", "2025-06-01", None),
        recorded={"6": "2025-08-01"},
    )
    return company.write_company(tmp_path, {"contracts": rows})


def test_contracts_held_and_taken(bank):
    """An ended contract is held no longer; one that started and ended within the horizon was taken; late records are not known."""
    assert lists(contracts_held(bank, START), "held") == {"ann": ["loan"]}
    assert lists(contract_takes(bank, START, END), "taken") == {"bob": ["loan"], "cid": ["card"]}
    assert lists(contracts_held(bank, END), "held") == {"ann": ["loan"], "bob": ["loan"]}


def test_a_contract_signed_for_later_is_held(tmp_path):
    rows = contracts(("1", "ann", "loan", "2025-03-01", None)).with_columns(started_on=pl.lit(date(2025, 5, 1)))
    tables = company.write_company(tmp_path, {"contracts": rows})
    assert lists(contracts_held(tables, START), "held") == {"ann": ["loan"]}
    assert contract_takes(tables, START, END).is_empty()


def test_rows_to_learn_are_those_of_the_horizon_before(bank):
    inputs = inputs_of(MODEL, bank, {"horizon_days": 90})
    learnt = inputs.features(bank, END)
    assert learnt["customer_id"].to_list() == ["ann", "bob"]  # the others were not known then
    assert lists(learnt, "taken") == {"ann": [], "bob": ["loan"]}
    assert lists(inputs.rows_to_score(bank, END), "held") == {"ann": ["loan"], "bob": ["loan"], "cid": []}


def lines(*rows: tuple[str, str, str]) -> pl.DataFrame:
    """Return lines of (customer, product, day)."""
    return pl.DataFrame(
        {
            "transaction_line_id": [f"L{i}" for i in range(len(rows))],
            "transaction_id": [f"T{i}" for i in range(len(rows))],
            "customer_id": [row[0] for row in rows],
            "product_id": [row[1] for row in rows],
            "occurred_at": [datetime.fromisoformat(row[2]).replace(tzinfo=UTC, hour=12) for row in rows],
            "net_amount": [10.0] * len(rows),
            "line_kind": ["sale"] * len(rows),
        }
    ).cast({"occurred_at": pl.Datetime("us", "UTC")})


@pytest.fixture
def shop(tmp_path: Path) -> TableSet:
    bought = lines(
        ("ann", "tea", "2025-01-05"), ("ann", "tea", "2025-05-05"), ("ann", "mug", "2025-05-05"), ("bob", "pot", "2025-02-01"),
        ("bob", "mug", "2025-06-30"),
    )  # fmt: skip
    products = pl.DataFrame(
        {"product_id": ["tea", "mug", "pot"], "valid_from": [date(2020, 1, 1)] * 3, "category_1": ["drinks", "ware", "ware"]}
    )
    return company.write_company(tmp_path, {"transactions": bought, "products": products})


def test_first_purchases_are_taken_and_later_ones_held(shop):
    assert lists(purchases_held(shop, START), "held") == {"ann": ["tea"], "bob": ["pot"]}
    assert lists(purchases_taken(shop, START, END), "taken") == {"ann": ["mug"]}


def test_categories_may_be_named(shop):
    assert lists(purchases_held(shop, START, ("ware", "tea")), "held") == {"ann": ["tea"], "bob": ["ware"]}
    assert lists(purchases_taken(shop, START, END, ("ware",)), "taken") == {"ann": ["ware"]}
    with pytest.raises(TableError, match="unknown product or category 'wares'"):
        items_of(shop, ("wares",))


def test_many_products_give_way_to_their_categories(tmp_path):
    ids = [f"p{i}" for i in range(40)]
    products = pl.DataFrame({"product_id": ids, "valid_from": [date(2020, 1, 1)] * 40, "category_2": [f"c{i % 4}" for i in range(40)]})
    tables = company.write_company(tmp_path, {"transactions": lines(*(("ann", each, "2025-01-05") for each in ids)), "products": products})
    assert set(items_of(tables)["item"]) == {"c0", "c1", "c2", "c3"}


def test_what_comes_later_changes_nothing(tmp_path):
    """Rows planted after the cutoff, of every table that is read, in the rows to learn from and in those to score."""
    frames = {
        "transactions": lines(("ann", "tea", "2025-01-05"), ("bob", "mug", "2025-05-05")),
        "contracts": contracts(("1", "ann", "loan", "2024-01-10", None)),
    }
    later = {
        "transactions": lines(("ann", "mug", "2025-07-05"), ("cid", "mug", "2025-07-06")),
        "contracts": contracts(("2", "bob", "loan", "2025-07-01", None)),
    }
    touch = {"customer_id": ["ann"], "occurred_at": [datetime(2025, 1, 2, tzinfo=UTC)], "kind": ["visit"]}
    frames["touchpoints"] = pl.DataFrame(touch).cast({"occurred_at": pl.Datetime("us", "UTC")})
    later["touchpoints"] = frames["touchpoints"].with_columns(pl.col("occurred_at") + pl.duration(days=200))
    known = company.write_company(tmp_path / "a", frames)
    planted = company.write_company(tmp_path / "b", {name: pl.concat([frame, later[name]]) for name, frame in frames.items()})
    for tables_of in (
        lambda tables: inputs_of(MODEL, tables, {}).features(tables, END),
        lambda tables: inputs_of(MODEL, tables, {}).rows_to_score(tables, END),
    ):
        assert_frame_equal(tables_of(known), tables_of(planted))


def test_visits_contracts_and_dates_are_drivers(tmp_path):
    held = contracts(("1", "ann", "loan", "2024-01-10", None)).with_columns(
        commitment_ends_on=pl.lit(date(2025, 7, 9)), renewal_on=pl.lit(date(2025, 6, 1)), monthly_amount=pl.lit(20.0)
    )
    touch = pl.DataFrame(
        {
            "customer_id": ["ann", "ann", "bob"],
            "occurred_at": [datetime(2025, 6, d, tzinfo=UTC) for d in (1, 20, 28)],
            "kind": ["visit", "click", "impression"],
        }
    )
    tables = company.write_company(tmp_path, {"contracts": held, "touchpoints": touch.cast({"occurred_at": pl.Datetime("us", "UTC")})})
    row = customer_drivers(tables, END).row(0, named=True)
    expected = {"active_contracts": 1, "days_to_commitment": 10, "days_to_renewal": None, "visits_30d": 2, "days_since_last_visit": 9}
    assert {name: row[name] for name in expected} == expected
    assert customer_drivers(tables, END)["customer_id"].to_list() == ["ann"]  # an impression is no visit


def test_the_reading_follows_the_tables(bank, shop, tmp_path):
    assert reading_of(MODEL, bank) == CONTRACTS_TAKEN
    assert reading_of(MODEL, shop) == PRODUCTS_BOUGHT
    snapshot = pl.DataFrame({"customer_id": ["ann"], "as_of": [date(2025, 1, 1)], "took": [True]})
    declared = {"took": {"role": "outcome", "known_at": "later", "personal_data": "none"}}
    both = {"customer_snapshots": snapshot, "contracts": contracts(("1", "ann", "loan", "2024-01-10", None))}
    assert reading_of(MODEL, company.write_company(tmp_path / "c", both, attributes=declared)) == OUTCOMES_OF_SNAPSHOTS
    nothing = company.write_company(tmp_path / "d", {"customer_snapshots": snapshot})
    assert absence(MODEL, nothing) == (
        "the data have no contracts table, and the mapping declares no attribute of customer_snapshots as an outcome (role)"
    )
    unnamed = company.write_company(tmp_path / "e", {"contracts": both["contracts"].drop("product_id")})
    assert absence(MODEL, unnamed) == "its contracts name no product"
