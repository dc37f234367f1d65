"""A shop whose customers send back two orders in five: money ahead is net of them, from the raw file to the delivered one."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import polars as pl
import pytest
import returning_shop as shop
from light_mlflow import lighten
from made_once import entered
from score_records import SHOWN

from relkit.features.purchases import purchase_summary
from relkit.features.return_shares import return_shares
from relkit.jobs.build_features import BuildFeatures
from relkit.jobs.check_tables import CheckTables
from relkit.jobs.deliver_files import DeliverFiles, remarks_of
from relkit.jobs.fit_model import FitModel
from relkit.jobs.score_customers import ScoreCustomers
from relkit.models import storage
from relkit.reports.customer_value import ValueReading
from relkit.reports.remarks import RemarkList
from relkit.scores.expected_margin import Ahead, purchase_margins
from relkit.tables.table_set import TableSet
from relkit.tracking import registry

if TYPE_CHECKING:
    from pathlib import Path

DAY = str(shop.MIDDLE)
MODELS = ("lifetime_value.bg_nbd", "lifetime_value.gamma_gamma")
YEAR = Ahead(12, 0.0)
RATE = 0.5


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory, empty_store: Path):
    """Return a working directory, entered, where the shop was read, fitted, scored and delivered as of the middle of its two years."""
    folder = tmp_path_factory.mktemp("shop")
    data = shop.write_shop(folder / "data", shop.lines())
    with entered(folder, empty_store) as patch:
        lighten(patch)
        patch.setattr("relkit.families.bindings.diagnostic_figures", lambda *_, **__: {})
        CheckTables.parse(data=str(data)).run()
        BuildFeatures.parse(as_of=DAY).run()
        for name in MODELS:
            FitModel.parse(model=name, as_of=DAY).run()
        yield folder


@pytest.fixture(scope="module")
def scored(place):
    return ScoreCustomers.parse(as_of=DAY, horizon_months=12, annual_discount_rate=0.0).run()


@pytest.fixture(scope="module")
def wide(scored) -> pl.DataFrame:
    return pl.read_parquet(scored.paths["scores"]).pivot("score", index="customer_id", values="value")


@pytest.fixture(scope="module")
def delivered(place, scored) -> pl.DataFrame:
    return pl.read_parquet(DeliverFiles.parse(as_of=DAY, workbook=False).run().paths["customers_scored"])


@pytest.fixture(scope="module")
def fitted(place):
    return [storage.load(registry.saved_folder(registry.champion(name))) for name in MODELS]


def sums_of(folder: Path, fitted, returned: float) -> tuple[float, float]:
    """Return the margin ahead, net and gross, of the same shop with this share of orders returned."""
    data = shop.write_shop(folder / "data", shop.lines(returned))
    CheckTables.parse(data=str(data), out=str(folder / "out")).run()
    tables = TableSet.open(folder / "out" / "tables")
    as_of = tables.as_of(DAY)
    found, rows = return_shares(tables, as_of), purchase_summary(tables, as_of)
    made = [
        purchase_margins(*fitted, rows, margin_rate=RATE, ahead=YEAR, returns=returns, intervals=False)
        for returns in (None if found is None else found.customers, None)
    ]
    return tuple(float(frame["value"].sum()) for frame in made)


def year_after() -> tuple[float, float]:
    """Return the margin of the customers of the middle in the following year, net of returns and gross."""
    lines = shop.lines()
    known = lines.filter(pl.col("day") <= shop.MIDDLE)["who"].unique()
    later = lines.filter(pl.col("day") > shop.MIDDLE, pl.col("who").is_in(known.implode()))
    return RATE * later["amount"].sum(), RATE * later.filter(kind="S")["amount"].sum()


def sent_everything_back(least: int) -> pl.Series:
    """Return the customers with at least so many orders, all returned by the middle."""
    past = (
        shop.lines()
        .filter(pl.col("day") <= shop.MIDDLE)
        .group_by("who")
        .agg(pl.col("kind").value_counts(), n=(pl.col("kind") == "S").sum())
    )
    counted = past.with_columns(
        back=pl.col("kind").list.eval(pl.element().struct.field("count").filter(pl.element().struct.field("kind") == "R")).list.sum()
    )
    return counted.filter(pl.col("n") >= least, pl.col("n") == pl.col("back"))["who"]


def test_money_ahead_is_what_came_net_of_returns_once_the_error_on_sales_is_out(wide, place, fitted):
    """Predicted over actual, net, against predicted over actual sales: within 3 %, 10 % being required."""
    tables = TableSet.open(place / "out" / "default" / "tables")
    rows = purchase_summary(tables, tables.as_of(DAY))
    gross = purchase_margins(*fitted, rows, margin_rate=RATE, ahead=YEAR, intervals=False)["value"].sum()
    net, sales = year_after()
    error_on_sales = gross / sales
    assert wide["future_margin_12m"].sum() / net / error_on_sales == pytest.approx(1.0, abs=0.03)
    assert net / sales == pytest.approx(1 - shop.MOST, abs=0.02)


def test_customers_who_sent_everything_back_stand_in_the_last_decile(delivered):
    """All with three orders or more; of those with one or two, whose share is less certain, none is in the best eight."""
    deciles = dict(zip(delivered["customer_id"], delivered["value_decile"], strict=True))
    often = [deciles[who] for who in sent_everything_back(3)]
    assert len(often) > 80
    assert set(often) == {10}
    assert min(deciles[who] for who in sent_everything_back(1)) >= 9
    ahead = delivered.filter(pl.col("customer_id").is_in(sent_everything_back(5).implode()))
    assert ahead["future_margin_12m_eur"].mean() < 0.1 * delivered["future_margin_12m_eur"].mean()


def test_one_order_that_came_back_is_shrunk(wide):
    once = (
        sent_everything_back(1).to_frame("customer_id").join(sent_everything_back(2).to_frame("customer_id"), on="customer_id", how="anti")
    )
    shares = wide.join(once, on="customer_id")["expected_return_share"]
    assert len(shares) > 5
    assert shares.is_between(0.45, 0.7).all()


def test_sums_go_with_the_share_that_comes_back(fitted, wide, tmp_path):
    """None, a fifth and two fifths of the orders, with the same sales and models, within the sampling error of a share of 7,000 orders."""
    nothing, gross = sums_of(tmp_path / "none", fitted, 0.0)
    assert nothing == gross
    fifth, same = sums_of(tmp_path / "fifth", fitted, 0.2)
    assert same == gross
    assert fifth / gross == pytest.approx(0.8, abs=0.02)
    net, sales = year_after()
    assert wide["future_margin_12m"].sum() / gross == pytest.approx(net / sales, abs=0.02)


def test_a_reader_can_work_out_each_cell(wide, place, fitted):
    tables = TableSet.open(place / "out" / "default" / "tables")
    rows = purchase_summary(tables, tables.as_of(DAY))
    gross = purchase_margins(*fitted, rows, margin_rate=1.0, ahead=YEAR, intervals=False).rename({"value": "gross"})
    both = wide.join(gross, on="customer_id")
    by_hand = RATE * (both["gross"] * (1 - both["expected_return_share"]) - both["returns_to_come"])
    assert (by_hand - both["future_margin_12m"]).abs().max() < 1e-9


def test_returns_of_the_last_week_are_still_to_come(wide):
    """Everything is returned after seven days: the base is the sales of the last seven."""
    lines = shop.lines().filter(kind="S")
    last = lines.filter(pl.col("day").is_between(shop.MIDDLE - shop.WEEK, shop.MIDDLE, closed="right"))
    base = last.group_by(customer_id="who").agg(pl.col("amount").sum())
    both = wide.join(base, on="customer_id", how="left").with_columns(pl.col("amount").fill_null(0.0))
    assert both["returns_to_come"].to_list() == pytest.approx((both["amount"] * both["expected_return_share"]).to_list(), abs=1e-6)
    assert wide["returns_to_come"].sum() == pytest.approx(shop.MOST * base["amount"].sum(), rel=0.15)


def test_bounds_hold_the_share_and_stay_ordered(scored):
    rows = pl.read_parquet(scored.paths["scores"])
    margin, share = rows.filter(score="future_margin_12m"), rows.filter(score="expected_return_share")
    assert margin["lower"].null_count() == 0
    assert ((margin["lower"] <= margin["value"]) & (margin["value"] <= margin["upper"])).all()
    assert (margin["upper"] > margin["lower"]).all()
    assert ((share["lower"] >= 0) & (share["upper"] <= 1) & (share["lower"] < share["upper"])).all()
    assert rows.filter(pl.col("upper").is_infinite()).is_empty()


def test_the_job_and_its_facts_tell_the_share(scored):
    sentences = [sentence for sentence in scored.sentences if "net of expected returns" in sentence]
    assert len(sentences) == 1
    share = scored.details["return_share"]
    assert share == pytest.approx(shop.MOST, abs=0.03)
    assert f"{share:.1%} of coming sales" in sentences[0]
    assert "back within 7 days" in sentences[0]
    facts = json.loads(scored.paths["models"].read_text())["future_margin_12m"]
    assert facts["return_share"] == share
    assert facts["return_share_low"] < share < facts["return_share_high"]


def test_the_dictionary_and_the_report_tell_it_in_both_languages(delivered, place):
    entries = pl.read_csv(next((place / "out" / "default" / "deliveries").rglob("data_dictionary.csv")))
    meaning = entries.row(by_predicate=pl.col("column") == "future_margin_12m_eur", named=True)
    weight = delivered["expected_orders_90d"] * delivered["expected_order_value_eur"]
    share = float((weight * delivered["expected_return_share"]).sum() / weight.sum())
    assert f"Money ahead is net of expected returns: {share:.1%} of coming sales" in meaning["meaning_en"]
    in_french = f"{100 * share:.1f}".replace(".", ",")
    assert f"nets des retours attendus\u00a0: {in_french}\u00a0% des ventes à venir" in meaning["meaning_fr"]
    page = [RemarkList(remarks_of(place / "out" / "default", DAY), language)._repr_html_() for language in ("en", "fr")]
    assert page[0].count(f"net of expected returns: {share:.1%} of coming sales") == 1
    assert page[1].count(f"nets des retours attendus\u00a0: {in_french}\u00a0% des ventes à venir") == 1


def test_without_a_margin_the_report_counts_revenue_net_of_returns(delivered):
    money = [name for name in delivered.columns if "margin" in name and name != "margin_source"]
    reading = ValueReading.of(delivered.drop(money), scores=SHOWN, currency="EUR", language="en")
    assert reading.measure == "revenue"
    kept = 1 - delivered["expected_return_share"]
    by_hand = (delivered["expected_orders_90d"] * delivered["expected_order_value_eur"] * kept - delivered["returns_to_come_eur"]).sum()
    assert reading.scored["future"].sum() == pytest.approx(by_hand, rel=1e-12)


def test_endless_is_net_too(place):
    result = ScoreCustomers.parse(as_of=DAY, horizon_months=12, endless=True, intervals=False).run()
    by = dict(pl.read_parquet(result.paths["scores"]).group_by("score").agg(pl.col("value").sum()).rows())
    assert by["future_margin_12m"] < by["future_margin_endless"] < 8 * by["future_margin_12m"]
    assert "future_margin_endless" in json.loads(result.paths["models"].read_text())


def test_returns_without_a_minus_sign_in_the_file_are_the_same(place, tmp_path):
    data = shop.write_shop(tmp_path / "data", shop.lines(), positive=True)
    CheckTables.parse(data=str(data), out=str(tmp_path / "out")).run()
    tables = TableSet.open(tmp_path / "out" / "tables")
    first = TableSet.open(place / "out" / "default" / "tables")
    assert return_shares(tables, tables.as_of(DAY)).customers.equals(return_shares(first, first.as_of(DAY)).customers)
