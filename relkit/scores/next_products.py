"""Next products of customers: recommendations with the product's name, the reason in words and the expected margin.

    rows = recommended(fitted, histories, products)         one row per customer and rank, products that are not offered left out
    rows = with_expected_margin(rows, quantities, products, shares)
    table = next_products(rows, products, as_of=day, source=version)

The expected margin of a product is its margin in the customer's next basket,

    probability x margin per unit x usual quantity x (1 - expected share of returns),

where the probability is that the product is in the next basket, and the usual quantity that of the customer's own baskets with the
product, or of all buyers' if the customer has none (`relkit.features.usual_quantities`). It is unknown if the margin per unit is. It is
what the product should bring, with or without an action: no part of it is the effect of an offer.

A cross-sell offer of a product costs the company its unit cost if the product is bought with it, so

    value = expected margin - probability x unit cost,

if all who buy the product use the offer: whoever would have bought it anyway uses it too.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

import polars as pl

from relkit.models.affinity.columns import MOST
from relkit.models.affinity.family import NEXT_PRODUCT_PROBABILITY
from relkit.scores.score_table import ScoreTable, to_long
from relkit.texts import LANGUAGES, Text

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import date

    from relkit.scores.score_table import Source

NEW_DAYS = 90
"""Days during which a product that nobody has bought counts as new."""
MOST_NEW = 50
"""Most new products that are judged by their category."""
NEXT_PRODUCTS, OFFERS = "next_products", "cross_sell_offers"
"""Names of the two tables of a day."""

REASONS: Mapping[str, Text] = {
    "habit": Text("because you have bought it before", "parce que vous l’avez déjà acheté"),
    "due_again": Text("because it is time to buy it again", "parce qu’il est temps d’en racheter"),
    "bought_together": Text("because you bought {product}", "parce que vous avez acheté {product}"),
    "category": Text("because you buy similar products", "parce que vous achetez des produits semblables"),
    "popular": Text("because many customers buy it", "parce que beaucoup de clients l’achètent"),
}
"""Reasons for a recommendation, as codes and in words; a reason with a product names it."""
WITHOUT_PRODUCT: Mapping[str, Text] = {
    "bought_together": Text("because it goes with what you bought", "parce que cela va avec vos achats"),
}
"""Words for reasons that usually name a product, if the model gives none."""

TABLE = {
    "customer_id": pl.String,
    "as_of": pl.Date,
    "rank": pl.Int8,
    "product_id": pl.String,
    "product": pl.String,
    "probability": pl.Float64,
    "expected_margin": pl.Float64,
    "margin_source": pl.String,
    "is_repeat": pl.Boolean,
    "reason": pl.String,
    "because": pl.String,
    "reason_en": pl.String,
    "reason_fr": pl.String,
    "is_new_customer": pl.Boolean,
    "is_new_product": pl.Boolean,
    "model": pl.String,
    "version": pl.String,
    "trained_as_of": pl.Date,
}
"""Columns of the table of next products; `because` is the product that the reason names."""
OFFER_TABLE = {
    "customer_id": pl.String,
    "as_of": pl.Date,
    "rank": pl.Int8,
    "product_id": pl.String,
    "probability": pl.Float64,
    "expected_margin": pl.Float64,
    "offer_id": pl.String,
    "expected_cost": pl.Float64,
    "value": pl.Float64,
}
"""Columns of the table of cross-sell offers, rank 1 being the one with the highest value."""


@runtime_checkable
class Recommends(Protocol):
    """A fitted model that recommends products to customers.

    Attributes:
        products: product_id of the products that the model has learnt from.
    """

    products: pl.DataFrame

    def recommend(
        self,
        features: pl.DataFrame,
        *,
        top: int = MOST,
        exclude: Sequence[str] | None = None,
        categories: Mapping[str, str] | None = None,
        candidates: Sequence[str] | None = None,
        as_of: date | None = None,
    ) -> pl.DataFrame:
        """Return customer_id, rank, product_id, probability, is_repeat, because, reason, is_new_customer and is_new_product."""

    def rank_customers(self, features: pl.DataFrame, product_id: str, *, top: int | None = None, as_of: date | None = None) -> pl.DataFrame:
        """Return customer_id, probability, is_repeat, reason and because of the likeliest customers, the likeliest first."""


@runtime_checkable
class KnowsSimilar(Protocol):
    """A fitted model that compares products."""

    def similar_items(self, product_id: str, top: int = 10) -> pl.DataFrame:
        """Return product_id and similarity of the nearest products, the nearest first."""


def narrowest_categories(products: pl.DataFrame) -> dict[str, str]:
    """Return the narrowest known category of each product that has one, by which a model judges products that nobody has bought yet.

    Examples:
        >>> rows = {"product_id": ["tea", "pot"], "category_1": ["drinks", None], "category_2": ["leaves", None], "category_3": [None] * 2}
        >>> narrowest_categories(pl.DataFrame(rows))
        {'tea': 'leaves'}
    """
    narrowest = pl.coalesce("category_3", "category_2", "category_1")
    return dict(products.select("product_id", narrowest.alias("category")).drop_nulls().iter_rows())


def categories_to_judge(known: pl.Series, products: pl.DataFrame, *, as_of: date) -> dict[str, str]:
    """Return the category of each product by which a model may judge new ones: of all that it knows, and of the newest that it does not.

    A product is new in its first `NEW_DAYS` days. Products of unknown age that nobody has bought count as new if they are few: a long list
    of them is a catalogue of what is not sold.

    Args:
        known: ids of the products that the model has learnt from.
        products: product_id, is_offered, known_since, category_1 to category_3.
        as_of: the day.

    Examples:
        >>> from datetime import date
        >>> rows = {"product_id": ["tea", "pot", "old"], "is_offered": [True] * 3, "category_1": ["drinks", "home", "home"]}
        >>> since = [None, date(2025, 6, 1), date(2020, 1, 1)]
        >>> products = pl.DataFrame({**rows, "category_2": [None] * 3, "category_3": [None] * 3, "known_since": since})
        >>> categories_to_judge(pl.Series(["tea"]), products, as_of=date(2025, 6, 30))
        {'tea': 'drinks', 'pot': 'home'}
    """
    since, is_known = pl.col("known_since"), pl.col("product_id").is_in(known.cast(pl.String).implode())
    others = products.filter(~is_known, "is_offered").sort(["known_since", "product_id"], descending=[True, False], nulls_last=True)
    dated = others.filter(since > as_of - timedelta(days=NEW_DAYS), since <= as_of)
    undated = others.filter(since.is_null())
    new = pl.concat([dated, undated if len(undated) <= MOST_NEW else undated.clear()]).head(MOST_NEW)
    return narrowest_categories(pl.concat([products.filter(is_known), new]))


def not_offered(products: pl.DataFrame) -> tuple[str, ...]:
    """Return the ids of the products that may not be recommended, from product_id and is_offered.

    Examples:
        >>> not_offered(pl.DataFrame({"product_id": ["tea", "wine"], "is_offered": [True, False]}))
        ('wine',)
    """
    return tuple(products.filter(~pl.col("is_offered"))["product_id"].cast(pl.String))


def recommended(fitted: Recommends, histories: pl.DataFrame, products: pl.DataFrame, *, as_of: date, top: int = MOST) -> pl.DataFrame:
    """Return the products that a model recommends to each customer, those that are not offered left out before ranking.

    Args:
        fitted: the model.
        histories: one row per customer, as the model reads them.
        products: product_id, is_offered, known_since, category_1 to category_3.
        as_of: day from which the next basket is counted.
        top: most products per customer; a customer may have fewer.

    Returns:
        In order of customer_id and rank: customer_id, rank (from 1), product_id, probability, is_repeat, reason, because,
        is_new_customer, is_new_product.
    """
    categories = categories_to_judge(fitted.products["product_id"], products, as_of=as_of)
    found = fitted.recommend(histories, top=top, exclude=not_offered(products), categories=categories, as_of=as_of)
    typed = found.select(
        pl.col("customer_id").cast(pl.String),
        pl.col("rank").cast(pl.Int8),
        pl.col("product_id").cast(pl.String),
        pl.col("probability").cast(pl.Float64),
        "is_repeat",
        pl.col("reason", "because").cast(pl.String),
        "is_new_customer",
        "is_new_product",
    )
    return typed if typed["customer_id"].is_sorted() else typed.sort("customer_id", "rank", maintain_order=True)


def first_probabilities(rows: pl.DataFrame, *, as_of: date, source: Source) -> ScoreTable:
    """Return the score table with the probability of each customer's first product.

    Args:
        rows: as returned by `recommended`.
        as_of: day of the histories.
        source: the version of the model.
    """
    first = rows.filter(pl.col("rank") == 1).select("customer_id", pl.col("probability").alias(NEXT_PRODUCT_PROBABILITY.stem))
    return to_long(first, {NEXT_PRODUCT_PROBABILITY.at(): NEXT_PRODUCT_PROBABILITY}, as_of=as_of, source=source)


def with_expected_margin(
    rows: pl.DataFrame, quantities: pl.Series, products: pl.DataFrame, return_shares: pl.DataFrame | None = None
) -> pl.DataFrame:
    """Return the recommendations with expected_margin (currency) and margin_source, null if the product's margin is unknown.

    Args:
        rows: customer_id, product_id, probability.
        quantities: usual quantity of each row, in units of the product.
        products: product_id, unit_margin (currency per unit), margin_source.
        return_shares: customer_id, expected_return_share in [0, 1]; a customer without one returns nothing. None: nothing is returned.

    Examples:
        >>> rows = pl.DataFrame({"customer_id": ["a", "a"], "product_id": ["tea", "pot"], "probability": [0.5, 0.25]})
        >>> products = pl.DataFrame({"product_id": ["tea", "pot"], "unit_margin": [2.0, None], "margin_source": ["measured", None]})
        >>> returned = pl.DataFrame({"customer_id": ["a"], "expected_return_share": [0.1]})
        >>> with_expected_margin(rows, pl.Series([3.0, 1.0]), products, returned)["expected_margin"].to_list()
        [2.7, None]
    """
    margins = products.select(pl.col("product_id").cast(pl.String), "unit_margin", "margin_source")
    made = rows.with_columns(quantities.alias("_quantity")).join(margins, on="product_id", how="left", maintain_order="left")
    share: pl.Expr = pl.lit(0.0)
    if return_shares is not None:
        shares = return_shares.select(pl.col("customer_id").cast(pl.String), "expected_return_share")
        made = made.join(shares, on="customer_id", how="left", maintain_order="left")
        share = pl.col("expected_return_share").fill_null(0.0)
    margin = pl.col("probability") * pl.col("unit_margin") * pl.col("_quantity") * (1 - share)
    return made.with_columns(expected_margin=margin).select(*rows.columns, "expected_margin", "margin_source")


def next_products(rows: pl.DataFrame, products: pl.DataFrame, *, as_of: date, source: Source) -> pl.DataFrame:
    """Return the table of next products, `TABLE`.

    Args:
        rows: as returned by `recommended` and `with_expected_margin`.
        products: product_id, name.
        as_of: day of the histories.
        source: the version of the model.
    """
    return _typed(with_words(rows, products), TABLE, as_of=as_of, source=source)


def with_words(rows: pl.DataFrame, products: pl.DataFrame) -> pl.DataFrame:
    """Return the recommendations with product (its name), reason_en and reason_fr.

    Args:
        rows: product_id, reason, because.
        products: product_id, name; a product without a row keeps its id as its name.

    Examples:
        >>> rows = pl.DataFrame({"product_id": ["pot"], "reason": ["bought_together"], "because": ["tea"]})
        >>> with_words(rows, pl.DataFrame({"product_id": ["tea"], "name": ["Green tea"]})).row(0)[-3:]
        ('pot', 'because you bought Green tea', 'parce que vous avez acheté Green tea')
    """
    names = dict(products.select(pl.col("product_id").cast(pl.String), "name").iter_rows())
    reasons = rows.select("reason", "because").unique()
    words = [reason_in_words(reason, names.get(because, because)) for reason, because in reasons.iter_rows()]
    worded = reasons.with_columns(pl.Series(f"reason_{at}", [text[at] for text in words], dtype=pl.String) for at in LANGUAGES)
    own = pl.col("product_id").replace_strict(list(names), list(names.values()), default=None, return_dtype=pl.String)
    named = rows.with_columns(product=pl.coalesce(own, "product_id"))
    return named.join(worded, on=["reason", "because"], how="left", nulls_equal=True, maintain_order="left")


def reason_in_words(reason: str, product: str | None = None) -> Text:
    """Return a reason in words, with the name of the product that it refers to, if any; an unknown code keeps its own name.

    Examples:
        >>> reason_in_words("bought_together", "tea")["fr"], reason_in_words("new_season")["en"]
        ('parce que vous avez acheté tea', 'new season')
    """
    plain = reason.replace("_", " ")
    known = REASONS.get(reason, Text(plain, plain))
    if product is None:
        return WITHOUT_PRODUCT.get(reason, known)
    return Text(*(known[at].replace("{product}", product) for at in LANGUAGES))


def cross_sell_offers(rows: pl.DataFrame, costs: pl.DataFrame, *, as_of: date) -> pl.DataFrame:
    """Return the table of cross-sell offers, `OFFER_TABLE`: what each recommendation is worth net of the cost of its offer.

    Args:
        rows: as returned by `with_expected_margin`, those of a customer next to each other.
        costs: product_id, offer_id, unit_cost (currency) of the products with an offer.
        as_of: day of the histories.

    Returns:
        Customers in the order of `rows`. offer_id and expected_cost are null without an offer, value if the margin is unknown; such
        rows come last.

    Examples:
        >>> from datetime import date
        >>> rows = pl.DataFrame(
        ...     {"customer_id": ["a"] * 2, "product_id": ["tea", "pot"], "probability": [0.5, 0.2], "expected_margin": [2.0, 1.5]}
        ... )
        >>> costs = pl.DataFrame({"product_id": ["tea"], "offer_id": ["O1"], "unit_cost": [2.0]})
        >>> cross_sell_offers(rows, costs, as_of=date(2025, 6, 30)).select("rank", "product_id", "expected_cost", "value").rows()
        [(1, 'pot', None, 1.5), (2, 'tea', 1.0, 1.0)]
    """
    made = rows.join(costs, on="product_id", how="left", maintain_order="left").with_columns(
        expected_cost=pl.col("probability") * pl.col("unit_cost")
    )
    value = pl.col("expected_margin") - pl.col("expected_cost").fill_null(0.0)
    made = made.with_columns(value=value, customer=pl.col("customer_id").rle_id())
    read = [name for name in made.columns if name in OFFER_TABLE or name == "customer"]  # sorting moves every column
    made = made.select(read).sort(["customer", "value", "product_id"], descending=[False, True, False], nulls_last=True)
    place = pl.int_range(pl.len(), dtype=pl.Int64)
    first = pl.when(pl.col("customer").ne_missing(pl.col("customer").shift(1))).then(place).forward_fill()
    return _typed(made.with_columns(rank=place - first + 1), OFFER_TABLE, as_of=as_of)


def _typed(rows: pl.DataFrame, schema: Mapping[str, Any], *, as_of: date, source: Source | None = None) -> pl.DataFrame:
    """Return the columns of a table in their types, with its day and, if given, the version of the model."""
    facts: dict[str, Any] = {"as_of": as_of}
    if source is not None:
        facts |= {"model": source.model, "version": source.version, "trained_as_of": source.trained_as_of}
    return rows.with_columns(pl.lit(value).alias(name) for name, value in facts.items()).select(
        pl.col(name).cast(dtype) for name, dtype in schema.items()
    )
