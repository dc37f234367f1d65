"""The mappings of public data sets, on the data: counts by table and the facts their publishers state.

Sources of the facts: brucehardie.com/datasets (CDNOW), the UCI repository (Online Retail), the R packages completejourney
and CLVTools, the ESSEC course, IBM's and Tableau's samples.
"""

from __future__ import annotations

from datetime import UTC, date, datetime
from functools import cache
from pathlib import Path

import polars as pl
import pytest

from relkit.tables.mapping import read_source_tables
from relkit.tables.mapping_file import load_mapping
from relkit.tables.schemas import BAD, ROW, SOURCE, TABLES

MAPPINGS = Path(__file__).resolve().parents[2] / "pipelines" / "mappings"
NAMES = sorted(path.stem for path in MAPPINGS.glob("*.yaml"))


@cache
def reading(data, name):
    return read_source_tables(data, MAPPINGS / f"{name}.yaml")


@cache
def rows(data, name, table):
    return reading(data, name).frames[table].collect(engine="streaming")


def counts(data, name):
    return {table: facts["rows"] for table, facts in reading(data, name).counts["tables"].items()}


def cents(frame, column):
    return round(frame[column].sum(), 2)


@pytest.mark.parametrize("name", NAMES)
def test_every_mapping_is_well_formed(name):
    assert load_mapping(MAPPINGS / f"{name}.yaml").file.tables


@pytest.mark.parametrize("name", NAMES)
def test_every_row_is_read_with_the_types_of_its_table(real_data, name):
    read = reading(real_data, name)
    attributes = {a.name: a.dtype for a in read.attributes}
    for table in read.frames:
        frame = rows(real_data, name, table)
        assert len(frame) == counts(real_data, name)[table]
        assert frame[BAD].null_count() == len(frame)
        for column in set(frame.columns) - {BAD, SOURCE, ROW} - set(attributes):
            assert frame.schema[column] == TABLES[table][column].dtype
        assert {name: frame.schema[name] for name in attributes if name in frame.columns} == (
            attributes if table == "customer_snapshots" else {}
        )
        for column in (c for c in TABLES[table].columns if c.required and c.default is None and not c.nullable):
            assert frame[column.name].null_count() == 0


def test_margins_are_declared_as_assumed_wherever_no_line_carries_one(real_data):
    for name in NAMES:
        read = reading(real_data, name)
        if "transactions" in read.frames:
            measured = "margin_amount" in read.frames["transactions"].collect_schema()
            assert (read.assumed_margin_rate is None) == measured


def test_btydplus_grocery(real_data):
    assert counts(real_data, "btydplus_grocery") == {"transactions": 10_483, "customers": 1_525}
    bought = rows(real_data, "btydplus_grocery", "transactions")["occurred_at"].dt.date()
    assert (bought.min(), bought.max()) == (date(2006, 1, 1), date(2007, 12, 30))


def test_cdnow_master(real_data):
    assert counts(real_data, "cdnow_master") == {"transactions": 69_659, "customers": 23_570}
    assert reading(real_data, "cdnow_master").counts["sources"]["purchases"]["duplicates"] == 255
    lines = rows(real_data, "cdnow_master", "transactions")
    assert lines["customer_id"].n_unique() == 23_570
    assert lines["transaction_line_id"].n_unique() == 69_659
    assert lines["quantity"].sum() == 167_881
    assert cents(lines, "net_amount") == 2_500_315.63
    assert (lines["net_amount"] == 0).sum() == 80
    days = lines["occurred_at"].dt.convert_time_zone("America/New_York").dt.date()
    assert (days.min(), days.max()) == (date(1997, 1, 1), date(1998, 6, 30))
    assert lines.row(0, named=True)["customer_id"] == "00001"
    first = lines.group_by("customer_id").agg(pl.col("occurred_at").min())
    began = rows(real_data, "cdnow_master", "customers").join(first, on="customer_id")
    assert (began["created_on"] == began["occurred_at"].dt.convert_time_zone("America/New_York").dt.date()).all()


def test_cdnow_sample(real_data):
    assert counts(real_data, "cdnow_sample") == {"transactions": 6_919, "customers": 2_357}
    lines = rows(real_data, "cdnow_sample", "transactions")
    assert sorted(lines["customer_id"].unique()) == [f"{n:04}" for n in range(1, 2_358)]
    assert lines.row(0, named=True) | {BAD: None} == {
        "transaction_line_id": "cdnow_sample:1",
        "transaction_id": "0001-19970101",
        "customer_id": "0001",
        "occurred_at": datetime(1997, 1, 1, 5, tzinfo=UTC),
        "quantity": 2.0,
        "net_amount": 29.33,
        BAD: None,
        SOURCE: "cdnow_sample.txt",
        ROW: 1,
    }


def test_online_retail(real_data):
    assert counts(real_data, "online_retail") == {"transactions": 541_909, "products": 3_938, "customers": 4_372}
    read = reading(real_data, "online_retail")
    assert read.counts["sources"]["lines"] == {
        "files": 4,
        "lines_before": 4,
        "rows": 541_909,
        "blank_lines": 0,
        "short_lines": 0,
        "long_lines": 0,
        "duplicates": 5_268,
    }
    assert (read.currency, read.business_zone, read.history_starts_on) == ("GBP", "Europe/London", date(2010, 12, 1))
    lines = rows(real_data, "online_retail", "transactions")
    assert lines["customer_id"].null_count() == 135_080
    assert lines["customer_id"].n_unique() == 4_372 + 1
    assert lines["customer_id"].drop_nulls().str.contains(r"^\d{5}$").all()
    assert lines["transaction_id"].n_unique() == 25_900
    assert lines["product_id"].n_unique() == 4_070
    assert (lines["quantity"] < 0).sum() == 10_624
    assert cents(lines, "net_amount") == 9_747_747.93
    assert lines["occurred_at"].min() == datetime(2010, 12, 1, 8, 26, tzinfo=UTC)
    assert lines["occurred_at"].max() == datetime(2011, 12, 9, 12, 50, tzinfo=UTC)


def test_products_of_online_retail_have_no_notes_of_the_warehouse_for_names(real_data):
    """The first lines of these codes say mailout, ? and check."""
    names = dict(rows(real_data, "online_retail", "products").select("product_id", "name").iter_rows())
    assert [names[code] for code in ("23203", "21275", "84968E")] == [
        *("JUMBO BAG DOILEY PATTERNS", "ZINC TOP  2 DOOR WOODEN SHELF", "SET OF 16 VINTAGE BLACK CUTLERY")
    ]
    assert not {"mailout", "?", "check", "damaged", "Damaged", "found"} & set(names.values())


def test_kinds_of_line_of_online_retail(real_data):
    lines = rows(real_data, "online_retail", "transactions")
    kinds = dict(lines["line_kind"].value_counts().iter_rows())
    assert kinds == {"sale": 528_886, "cancel": 8_704, "return": 1_324, "fee": 2_995}
    is_fee = ~lines["product_id"].str.contains(r"^[0-9]{5}") | lines["transaction_id"].str.starts_with("A")
    assert (is_fee == (lines["line_kind"] == "fee")).all()
    assert lines.filter(pl.col("transaction_id").str.starts_with("C")).height == 9_288
    assert (lines.filter(pl.col("line_kind").is_in(["cancel", "return"]))["net_amount"] <= 0).all()


def test_completejourney(real_data):
    assert counts(real_data, "completejourney") == {
        "transactions": 1_469_307,
        "products": 92_331,
        "customer_snapshots": 801,
        "offers": 1_197,
        "contacts": 6_589,
        "outcomes": 2_102,
    }
    read = reading(real_data, "completejourney")
    assert read.counts["sources"]["lines"] == {
        "files": 5,
        "lines_before": 0,
        "rows": 1_469_307,
        "blank_lines": 0,
        "short_lines": 0,
        "long_lines": 0,
        "duplicates": 0,
    }
    assert (read.currency, read.history_starts_on, read.assumed_margin_rate) == ("USD", date(2017, 1, 1), 0.25)
    lines = rows(real_data, "completejourney", "transactions")
    assert lines["customer_id"].n_unique() == 2_469
    assert lines["transaction_id"].n_unique() == 155_848
    assert lines["transaction_line_id"].n_unique() == 1_469_307
    assert cents(lines, "net_amount") == 4_596_039.58
    assert (lines["quantity"] == 0).sum() == 8_869
    assert lines["occurred_at"].min() == datetime(2017, 1, 1, 11, 53, 26, tzinfo=UTC)
    assert lines["occurred_at"].max() == datetime(2018, 1, 1, 4, 1, 20, tzinfo=UTC)


def test_discounts_of_completejourney_have_their_payers(real_data):
    lines = rows(real_data, "completejourney", "transactions")
    parts = pl.concat(pl.read_parquet(path) for path in sorted(real_data.glob("completejourney_transactions_part*.parquet")))
    own, supplier = parts["retail_disc"] + parts["coupon_match_disc"] > 0, parts["coupon_disc"] > 0
    expected = {"shared": (own & supplier).sum(), "supplier": (~own & supplier).sum(), "own": (own & ~supplier).sum()}
    assert dict(lines["discount_funder"].drop_nulls().value_counts().iter_rows()) == expected
    assert expected["shared"] == 15_971
    total = parts.select(pl.sum("retail_disc", "coupon_disc", "coupon_match_disc")).sum_horizontal().item()
    assert lines["discount_amount"].sum() == pytest.approx(total, abs=0.005)


def test_campaigns_of_completejourney_are_contacts_with_outcomes(real_data):
    contacts = rows(real_data, "completejourney", "contacts")
    assert contacts["contact_id"].n_unique() == 6_589
    assert contacts["customer_id"].n_unique() == 1_559
    assert contacts["action_id"].n_unique() == 27
    kinds = contacts.unique("action_id")["wave_id"].value_counts()
    assert dict(kinds.iter_rows()) == {"Type A": 4, "Type B": 17, "Type C": 6}
    first = contacts.filter(pl.col("action_id") == "campaign-1")["sent_at"].unique().to_list()
    assert first == [datetime(2017, 3, 3, 5, tzinfo=UTC)]  # midnight in New York
    outcomes = rows(real_data, "completejourney", "outcomes")
    assert set(outcomes["contact_id"]) <= set(contacts["contact_id"])
    offers = rows(real_data, "completejourney", "offers")
    assert set(outcomes["offer_id"]) <= set(offers["offer_id"])
    assert offers["starts_on"].null_count() == 0
    assert outcomes.unique(["contact_id", "outcome", "occurred_at", "offer_id"]).height == 2_102
    households = outcomes.join(contacts.select("contact_id", "customer_id"), on="contact_id")
    assert households["customer_id"].n_unique() == 410


def test_demographics_of_completejourney_are_declared(real_data):
    read = reading(real_data, "completejourney")
    assert [a.name for a in read.attributes] == [
        "age_band", "income_band", "home_ownership", "marital_status", "household_size", "household_composition", "kids_count",
    ]  # fmt: skip
    assert {(a.personal_data, a.purpose, a.known_at) for a in read.attributes} == {("personal", "profiling", "as_of")}
    assert all(a.label.en and a.label.fr and a.label.en != a.label.fr for a in read.attributes)
    snapshots = rows(real_data, "completejourney", "customer_snapshots")
    assert snapshots["customer_id"].n_unique() == 801
    assert snapshots["as_of"].unique().to_list() == [date(2017, 1, 1)]


def test_essec_purchases(real_data):
    lines = rows(real_data, "essec_purchases", "transactions")
    assert (len(lines), lines["customer_id"].n_unique()) == (51_243, 18_417)
    amounts = lines["net_amount"]
    assert (amounts.min(), amounts.median(), round(amounts.mean(), 2), amounts.max()) == (5.0, 30.0, 62.34, 4500.0)
    days = lines["occurred_at"].dt.convert_time_zone("Europe/Paris").dt.date()
    assert (days.min(), days.max()) == (date(2005, 1, 2), date(2015, 12, 31))


def test_superstore(real_data):
    assert counts(real_data, "superstore") == {"transactions": 9_994, "customers": 793, "products": 1_862}
    lines = rows(real_data, "superstore", "transactions")
    assert (lines["transaction_id"].n_unique(), lines["customer_id"].n_unique()) == (5_009, 793)
    assert (cents(lines, "net_amount"), cents(lines, "margin_amount")) == (2_297_200.86, 286_397.02)
    names = rows(real_data, "superstore", "products")["name"]
    assert names.str.contains("\ufffd").sum() == 0
    assert names.str.contains("[^\\x00-\\x7f]").any()


def test_clvtools_apparel(real_data):
    assert counts(real_data, "clvtools_apparel") == {"transactions": 3_187, "customers": 600, "customer_snapshots": 600}
    snapshots = rows(real_data, "clvtools_apparel", "customer_snapshots")
    assert set(snapshots["gender"]) == {"male", "female"}
    assert set(snapshots["first_channel"]) == {"online", "offline"}
    assert rows(real_data, "clvtools_apparel", "customers")["created_on"].unique().to_list() == [date(2005, 1, 2)]


def test_telco_churn(real_data):
    snapshots = rows(real_data, "telco_churn", "customer_snapshots")
    assert (len(snapshots), snapshots["churned"].sum()) == (7_043, 1_869)
    by_term = dict(snapshots.group_by("contract_term").agg((pl.col("churned").mean() * 100).round(2)).iter_rows())
    assert by_term == {"Month-to-month": 42.71, "One year": 11.27, "Two year": 2.83}
    assert (snapshots["tenure_months"].min(), snapshots["tenure_months"].max()) == (0, 72)
    roles = {a.name: a.role for a in reading(real_data, "telco_churn").attributes if a.role != "covariate"}
    assert roles == {"tenure_months": "tenure", "monthly_charges": "monthly_amount", "churned": "ended"}
    assert snapshots.null_count().sum_horizontal().item() == len(snapshots)  # of `_bad` only


def test_bank_churn(real_data):
    snapshots = rows(real_data, "bank_churn", "customer_snapshots")
    assert (len(snapshots), snapshots["left_bank"].sum()) == (10_000, 2_037)
    assert (round(snapshots["credit_score"].mean(), 2), round(snapshots["balance"].mean(), 2)) == (650.53, 76_485.89)


def test_smcrm_churn(real_data):
    """The manual of the package: 500 customers, right-censored at 730 days; of the first ten, as `str` prints them, the durations."""
    snapshots = rows(real_data, "smcrm_churn", "customer_snapshots").sort(pl.col("customer_id").cast(pl.Int64))
    assert (len(snapshots), (~snapshots["has_left"]).sum()) == (500, 268)
    assert snapshots["duration_days"].head(10).to_list() == [500, 730, 730, 340, 730, 408, 730, 272, 432, 119]
    assert snapshots["has_left"].head(5).to_list() == [True, False, False, True, False]
    assert snapshots.filter(~pl.col("has_left"))["duration_days"].unique().to_list() == [730]
