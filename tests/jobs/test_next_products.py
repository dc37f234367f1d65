"""Next products of a simulated company, from its lines to the delivered cells, the offers and the rankings.

One product is out of stock, one discontinued, one closed by the calendar; some customers are protected, some refuse profiling.
"""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

import polars as pl
import pytest
from light_mlflow import lighten
from made_once import entered

from relkit.cli import run
from relkit.errors import ParameterError
from relkit.features.return_shares import return_shares
from relkit.jobs.build_features import BuildFeatures
from relkit.jobs.check_tables import CheckTables
from relkit.jobs.deliver_files import DeliverFiles
from relkit.jobs.fit_model import FitModel
from relkit.jobs.rank_customers import RankCustomers
from relkit.jobs.score_customers import ScoreCustomers
from relkit.jobs.similar_products import SimilarProducts
from relkit.tables.simulation import SimulationSettings, simulate_company
from relkit.tables.table_set import TableSet

if TYPE_CHECKING:
    from collections.abc import Iterator

    from relkit.jobs.base import Result

MODEL = "affinity.next_product"
CUSTOMERS = 900
OUT_OF_STOCK, DISCONTINUED, CLOSED = "P0-00", "P3-00", "P2-00"
OFFER_COST = 0.4


def shop_data(folder: Path) -> Path:
    """Simulate the company, take three of the best sellers out of the offer, and add an offer on coffee."""
    data = simulate_company(SimulationSettings(customers=CUSTOMERS, world="hard"), folder / "company").data
    products = pl.read_parquet(data / "products.parquet")
    last = pl.col("valid_from") == pl.col("valid_from").max().over("product_id")
    products.with_columns(
        in_stock=pl.col("product_id") != OUT_OF_STOCK,
        discontinued_on=pl.when((pl.col("product_id") == DISCONTINUED) & last).then(date(2025, 6, 1)),
    ).write_parquet(data / "products.parquet")
    calendar = pl.read_parquet(data / "calendar.parquet")
    event = {"kind": "stock_out", "starts_on": date(2025, 6, 20), "scope": CLOSED, "ends_on": date(2025, 7, 20), "label": "no wine"}
    pl.concat([calendar, pl.DataFrame([event])], how="diagonal").write_parquet(data / "calendar.parquet")
    offers = pl.read_parquet(data / "offers.parquet")
    offer = {"offer_id": "O-COFFEE", "name": "Coffee", "funder": "own", "unit_cost": OFFER_COST, "category": "coffee"}
    pl.concat([offers, pl.DataFrame([offer])], how="diagonal").write_parquet(data / "offers.parquet")
    return Path(data)


class Shop:
    """The working directory after the whole run, and the results of its steps."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        data = shop_data(folder)
        CheckTables.parse(data=data).run()
        BuildFeatures.parse().run()
        FitModel.parse(model=MODEL).run()
        self.scored = ScoreCustomers.parse().run()
        self.delivered = DeliverFiles.parse(workbook=False).run()
        self.tables = TableSet.open(folder / "out" / "default" / "tables")
        self.as_of = self.tables.as_of(None)
        self.people = pl.read_parquet(folder / "out" / "default" / "features" / str(self.as_of) / "customers.parquet")
        self.products = pl.read_parquet(self.scored.paths["next_products"])
        self.offers = pl.read_parquet(self.scored.paths["cross_sell_offers"])
        self.file = pl.read_parquet(self.delivered.paths["customers_scored"])

    def only(self, **values: Any) -> set[str]:
        return set(self.people.filter(**values)["customer_id"])

    @property
    def protected(self) -> set[str]:
        return self.only(is_protected=True)

    @property
    def refusing(self) -> set[str]:
        return self.only(consent_profiling="refused")


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory, empty_store: Path) -> Iterator[Shop]:
    folder = tmp_path_factory.mktemp("shop")
    with entered(folder, empty_store) as patch:
        lighten(patch)
        with pytest.MonkeyPatch.context() as plain:  # models that are shared with other tests are fitted with their figures
            plain.setattr("relkit.families.bindings.diagnostic_figures", lambda *_, **__: {})
            made = Shop(folder)
        yield made


def ranked(**parameters: Any) -> Result:
    job = RankCustomers.parse(**parameters)
    job.verify()
    return job.run()


def test_protected_customers_and_those_who_refuse_profiling_are_nowhere_and_counted(shop: Shop) -> None:
    assert len(shop.protected) > 2
    assert len(shop.refusing) > 10
    barred = shop.protected | shop.refusing
    cells = shop.file.filter(pl.any_horizontal(pl.selectors.starts_with("next_product").is_not_null()))
    scores = pl.read_parquet(shop.scored.paths["scores"])
    for frame in (shop.products, shop.offers, cells, scores):
        assert len(frame) > 500
        assert not set(frame["customer_id"]) & barred
    assert f"{len(shop.refusing)} customers left without scores: profiling refused." in shop.scored.sentences
    left = f"{len(shop.protected - shop.refusing)} customers left without next products: protected from any contact."
    assert left in shop.scored.sentences


def test_what_is_not_offered_is_recommended_to_nobody_and_counted(shop: Shop) -> None:
    assert not set(shop.products["product_id"]) & {OUT_OF_STOCK, DISCONTINUED, CLOSED, "SUB-BASIC", "SUB-PLUS", "SUB-FULL"}
    sentence = next(text for text in shop.scored.sentences if "not recommended" in text)
    assert sentence == "6 products are not recommended: 1 discontinued, 2 out of stock, 3 sold by contract."
    manifest = json.loads(Path(shop.delivered.paths["manifest_json"]).read_text())
    remark = next(each for each in manifest["remarks"] if each["code"] == "products_not_offered")
    french = " ".join(remark["fr"].split())
    assert french == "6 produits ne sont pas recommandés : 1 retirés de la vente, 2 en rupture de stock, 3 vendus par contrat."
    assert set(remark["about"]) == {"next_product_1", "next_product_2", "next_product_3"}


def test_every_customer_who_may_has_three_products_in_the_order_of_their_probability(shop: Shop) -> None:
    assert set(shop.products["rank"]) == {1, 2, 3}
    by = shop.products.group_by("customer_id", maintain_order=True).agg("rank", "probability", "product_id")
    assert by["rank"].to_list() == [[1, 2, 3]] * len(by)
    assert by.filter(pl.col("probability") != pl.col("probability").list.sort(descending=True)).is_empty()
    assert by.filter(pl.col("product_id").list.n_unique() < 3).is_empty()
    scores = pl.read_parquet(shop.scored.paths["scores"]).filter(score="next_product_probability")
    first = shop.products.filter(rank=1)
    assert scores.select("customer_id", "value").rows() == first.select("customer_id", "probability").rows()


def by_hand(shop: Shop, customer: str, product: str, probability: float) -> float:
    """Return the expected margin of a product for a customer, from the raw lines."""
    lines = shop.tables.scan("transactions").filter(customer_id=customer, product_id=product, line_kind="sale").collect()
    baskets: dict[str, float] = {}
    for line in lines.iter_rows(named=True):
        day = line["occurred_at"].astimezone(shop.as_of.cutoff.tzinfo)
        if shop.as_of.minus(days=365).cutoff <= day < shop.as_of.cutoff:
            baskets[line["transaction_id"]] = baskets.get(line["transaction_id"], 0.0) + line["quantity"]
    assert baskets
    versions = shop.tables.scan("products").filter(product_id=product).sort("valid_from").collect()
    unit_margin = versions.filter(pl.col("valid_from") <= shop.as_of.day)["unit_margin"][-1]
    shares = return_shares(shop.tables, shop.as_of)
    assert shares is not None
    share = shares.customers.filter(customer_id=customer)["expected_return_share"].item()
    return float(probability * unit_margin * (sum(baskets.values()) / len(baskets)) * (1 - share))


def test_a_customer_followed_by_hand_from_the_lines_to_the_delivered_cell(shop: Shop) -> None:
    """A product bought in several baskets of the last year, of which one has more than one unit."""
    since = shop.as_of.minus(days=365).cutoff
    recent = shop.tables.scan("transactions").filter(pl.col("occurred_at") >= since, line_kind="sale")
    often = recent.group_by("customer_id", "product_id").agg(
        n=pl.col("transaction_id").n_unique(), most=pl.col("quantity").max(), least=pl.col("quantity").min()
    )
    repeats = shop.products.filter("is_repeat").join(often.collect(), on=["customer_id", "product_id"])
    chosen = repeats.filter(pl.col("n") > 1, pl.col("most") > pl.col("least")).sort("customer_id", "rank").head(3)
    assert len(chosen) == 3
    for row in chosen.iter_rows(named=True):
        expected = by_hand(shop, row["customer_id"], row["product_id"], row["probability"])
        assert row["expected_margin"] == pytest.approx(expected, rel=1e-9)
        cells = shop.file.filter(customer_id=row["customer_id"]).row(0, named=True)
        k = row["rank"]
        assert cells[f"next_product_{k}"] == row["product_id"]
        assert cells[f"next_product_probability_{k}"] == round(row["probability"], 4)
        assert cells[f"next_product_margin_eur_{k}"] == pytest.approx(round(expected, 2), abs=0.0051)


def test_a_reason_names_the_product_and_the_delivered_cell_has_its_code(shop: Shop) -> None:
    names = dict(shop.tables.scan("products").select("product_id", "name").collect().iter_rows())
    row = shop.products.filter(reason="bought_together").row(0, named=True)
    assert row["reason_en"] == f"because you bought {names[row['because']]}"
    assert row["reason_fr"] == f"parce que vous avez acheté {names[row['because']]}"
    assert row["product"] == names[row["product_id"]]
    cells = shop.file.filter(customer_id=row["customer_id"]).row(0, named=True)
    assert cells[f"next_product_reason_{row['rank']}"] == f"bought_together={row['because']}"
    french = pl.read_csv(shop.delivered.paths["customers_scored_fr_csv"], separator=";", decimal_comma=True)
    shown = french.filter(pl.col("Client") == row["customer_id"])
    assert shown[f"Motif du prochain produit {row['rank']}"].item() == row["reason_fr"]
    assert shown[f"Prochain produit, {row['rank']}"].item() == row["product"]


def test_an_offer_is_worth_its_margin_less_what_it_costs(shop: Shop) -> None:
    assert (
        shop.offers.select("customer_id", "product_id")
        .sort(pl.all())
        .equals(shop.products.select("customer_id", "product_id").sort(pl.all()))
    )
    coffee = pl.col("product_id").str.starts_with("P0-")
    with_offer = shop.offers.filter(pl.col("offer_id").is_not_null())
    assert set(with_offer["offer_id"]) == {"O-COFFEE"}
    assert len(with_offer) == len(shop.offers.filter(coffee)) > 0
    worth = with_offer["expected_margin"] - OFFER_COST * with_offer["probability"]
    assert with_offer["value"].to_list() == pytest.approx(worth.to_list())
    assert shop.offers.filter(~coffee)["value"].to_list() == shop.offers.filter(~coffee)["expected_margin"].to_list()
    values = shop.offers.group_by("customer_id").agg("value")
    assert values.filter(pl.col("value") != pl.col("value").list.sort(descending=True)).is_empty()


def test_the_best_customers_for_a_product_are_those_who_may_be_offered_it(shop: Shop) -> None:
    result = ranked(product="P0-02", top=100, channel="email")
    rows = pl.read_parquet(result.paths["parquet"])
    assert len(rows) == result.counts["customers"] == 100
    assert set(rows["customer_id"]) <= shop.only(may_contact_email=True, is_protected=False) - shop.refusing
    assert rows["probability"].is_sorted(descending=True)
    left = {name: result.counts[name] for name in ("refused_profiling", "protected", "not_contactable")}
    assert left["refused_profiling"] == len(shop.refusing)
    assert left["protected"] == len(shop.protected - shop.refusing)
    assert result.counts["may_be_offered"] + sum(left.values()) == len(shop.people)
    assert result.counts["may_be_offered"] == len(shop.only(may_contact_email=True, is_protected=False) - shop.refusing)
    assert json.loads(result.paths["json"].read_text())["left_out"] == left
    assert result.sentences[1].startswith(f"Left out: {sum(left.values())} customers (")
    bought = shop.tables.scan("transactions").filter(product_id="P0-02", line_kind="sale").select("customer_id").unique().collect()
    assert rows["is_repeat"].to_list() == rows["customer_id"].is_in(bought["customer_id"].implode()).to_list()


def test_those_who_have_just_bought_the_product_are_counted_when_the_list_is_not_full(shop: Shop) -> None:
    result = ranked(product="P0-02", top=CUSTOMERS)
    missing = result.counts["may_be_offered"] - result.counts["customers"]
    assert missing > 1
    assert result.sentences[-1] == f"Not ranked: {missing} customers who bought it too lately to be offered it again."
    rows = pl.read_parquet(result.paths["parquet"])
    bought = shop.tables.scan("transactions").filter(product_id="P0-02", line_kind="sale").select("customer_id").unique().collect()
    offered = shop.only(is_contactable=True, is_protected=False) - shop.refusing
    assert len(offered - set(rows["customer_id"])) == missing
    assert offered - set(rows["customer_id"]) <= set(bought["customer_id"])
    assert not [text for text in ranked(product="P0-02", top=5).sentences if text.startswith("Not ranked")]


def test_nobody_beyond_the_list_is_likelier_than_its_last(shop: Shop) -> None:
    short, long = (pl.read_parquet(ranked(product="P0-02", top=top).paths["parquet"]) for top in (20, 200))
    assert short.rows() == long.head(20).rows()


def test_the_margin_of_a_ranking_is_that_of_the_next_products(shop: Shop) -> None:
    """The same margin for each unit of probability, up to the digits of the files."""
    product = shop.products["product_id"].value_counts().sort("count", "product_id")["product_id"][-1]
    rows = pl.read_parquet(ranked(product=product, top=CUSTOMERS).paths["parquet"])
    both = rows.join(shop.products, on=["customer_id", "product_id"])
    assert len(both) > 100
    margin, given = both["expected_margin"], both["probability_right"]
    expected = margin / given * both["probability"]
    digits = 0.005 + margin / given * 0.00005
    assert ((both["expected_margin_eur"] - expected).abs() <= digits + 1e-9).all()


def test_of_several_candidates_each_customer_has_the_likeliest(shop: Shop) -> None:
    result = ranked(candidates=("P0-02,P1-00",), top=CUSTOMERS, language="fr")
    rows = pl.read_parquet(result.paths["parquet"])
    assert result.paths["csv"].name == "P0-02+P1-00.csv"
    assert set(rows["product_id"]) == {"P0-02", "P1-00"}
    single = {each: pl.read_parquet(ranked(product=each, top=CUSTOMERS).paths["parquet"]) for each in ("P0-02", "P1-00")}
    best = pl.concat(list(single.values())).group_by("customer_id").agg(pl.col("probability").max())
    assert dict(rows.select("customer_id", "probability").iter_rows()) == dict(best.iter_rows())
    assert rows["reason"].str.starts_with("parce qu").all()


@pytest.mark.parametrize(
    ("product", "reason"), [(DISCONTINUED, "discontinued"), (CLOSED, "out of stock"), ("SUB-PLUS", "sold by contract")]
)
def test_a_product_that_is_not_offered_is_ranked_for_only_by_force(shop: Shop, product: str, reason: str) -> None:
    with pytest.raises(ParameterError, match=f"rank: {product} is not offered: {reason}"):
        ranked(product=product)
    if product != "SUB-PLUS":
        assert ranked(product=product, force=True, top=5).counts["customers"] == 5


def test_an_unknown_product_is_refused_with_the_nearest_ones(shop: Shop) -> None:
    with pytest.raises(ParameterError, match=r"rank: unknown product 'cofee 3'\..*Nearest: P0-02 \(coffee 3\)"):
        ranked(product="cofee 3")


def test_the_command_line(shop: Shop, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["rank", "--product", "coffee 3", "--top", "3", "--json"]) == 0
    printed = json.loads(capsys.readouterr().out)
    assert printed["details"]["products"] == ["P0-02"]
    assert printed["counts"]["customers"] == 3
    assert run(["rank"]) == 2
    assert "no product is given" in capsys.readouterr().err
    assert run(["rank", "--product", "P0-02", "--candidates", "P1-00"]) == 2
    assert "both product and candidates are given" in capsys.readouterr().err
    assert run(["rank", "--product", "P0-02", "--top", "0"]) == 2
    assert run(["rank", "--product", "P0-02", "--channel", "pigeon"]) == 2
    assert "unknown channel 'pigeon'" in capsys.readouterr().err
    assert run(["similar", "coffee 3", "--top", "2"]) == 0
    assert capsys.readouterr().out.startswith("Bought by the same customers as coffee 3")


def test_similar_products_say_what_is_not_offered(shop: Shop) -> None:
    result = SimilarProducts.parse(product="P0-02", top=119).run()
    similar = {row["product_id"]: row for row in result.details["similar"]}
    assert "P0-02" not in similar
    assert similar[OUT_OF_STOCK]["not_offered_because"] == "out of stock"
    values = [row["similarity"] for row in result.details["similar"]]
    assert values == sorted(values, reverse=True)


def test_a_programme_without_a_model_is_told_which_to_fit(checked: Path) -> None:
    lines = pl.read_parquet(checked / "out" / "default" / "tables" / "transactions.parquet")
    lines.with_columns(product_id=pl.lit("P1")).write_parquet(checked / "out" / "default" / "tables" / "transactions.parquet")
    with pytest.raises(ParameterError, match=r"rank: affinity\.next_product has no champion to score with.* Run relkit fit"):
        ranked(product="P1")


def test_tables_of_an_earlier_run_are_removed_if_nothing_is_recommended(fitted_workplace: Path) -> None:
    folder = fitted_workplace / "out" / "default" / "scores" / "2025-06-30"
    folder.mkdir(parents=True)
    for name in ("next_products", "cross_sell_offers"):
        (folder / f"{name}.parquet").write_bytes(b"old")
    result = ScoreCustomers.parse(models=("survival.kaplan_meier",)).run()
    assert "next_products" not in result.paths
    assert sorted(path.name for path in folder.iterdir()) == ["models.json", "remarks.json", "scores.parquet"]
