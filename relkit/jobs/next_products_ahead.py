"""Next products in `relkit score`: those that the model recommends, their expected margin, and the offers that they are worth.

The products are found with the scores, so that the score of a customer is the probability of the first product that may be offered;
their margin follows once the returns are known that it is net of.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from relkit.jobs.scored import Found
from relkit.remarks import Remark, french

if TYPE_CHECKING:
    import polars as pl

    from relkit.jobs.scored import Scored, ScoredModel
    from relkit.periods import AsOf
    from relkit.tables.table_set import TableSet


def products_recommended(scored: Scored, model: ScoredModel, rows: pl.DataFrame) -> Found:
    """Return the products recommended to each customer, and the probability of the first as a score.

    Protected customers are offered nothing and so have neither. Those who refuse profiling are scored, to be counted when the scores
    are written without them; the table of products is without them from the start.

    Args:
        scored: the findings so far.
        model: a model that recommends products.
        rows: one row per customer that it can score.
    """
    from relkit.features.contactability import protected_customers
    from relkit.features.product_facts import product_facts
    from relkit.scores.next_products import NEXT_PRODUCTS, first_probabilities, recommended

    tables, as_of = scored.tables, scored.as_of
    products = product_facts(tables, as_of)
    protected = protected_customers(tables, as_of).join(scored.refusing, on="customer_id", how="anti")
    served = _without(rows, protected)
    found = recommended(model.fitted, served, products, as_of=as_of.day)
    shown = _without(found, scored.refusing)
    made = Found(scores=(first_probabilities(found, as_of=as_of.day, source=model.source),), tables={NEXT_PRODUCTS: shown})
    return made + _left_out(len(rows) - len(served), products)


def _without(rows: pl.DataFrame, customers: pl.DataFrame) -> pl.DataFrame:
    """Return the rows of other customers; a few left out of many are looked up, where a join would index all."""
    import polars as pl

    return rows.filter(~pl.col("customer_id").is_in(customers["customer_id"].implode()))


def next_products_ahead(scored: Scored) -> Found:
    """Return the tables of next products and of cross-sell offers, with margins; nothing if no model recommended products."""
    from relkit.features.product_facts import product_facts
    from relkit.features.product_offers import product_offers
    from relkit.models.affinity.family import NEXT_PRODUCTS as ROLE
    from relkit.scores.next_products import NEXT_PRODUCTS, OFFERS, cross_sell_offers, next_products

    model, rows = scored.by(ROLE), scored.found.tables.get(NEXT_PRODUCTS)
    if model is None or rows is None:
        return Found()
    tables, as_of = scored.tables, scored.as_of
    products = product_facts(tables, as_of)
    valued = with_margins(tables, as_of, rows, products, _return_shares(scored))
    made = {
        NEXT_PRODUCTS: next_products(valued, products, as_of=as_of.day, source=model.source),
        OFFERS: cross_sell_offers(valued, product_offers(tables, as_of, products), as_of=as_of.day),
    }
    return Found(tables=made) + _counted(valued, tables.facts.currency)


def with_margins(
    tables: TableSet, as_of: AsOf, rows: pl.DataFrame, products: pl.DataFrame, return_shares: pl.DataFrame | None
) -> pl.DataFrame:
    """Return recommendations with their expected margin, from the usual quantities of the customers.

    Args:
        tables: the company.
        as_of: cutoff of what is known.
        rows: customer_id, product_id, probability.
        products: as returned by `relkit.features.product_facts.product_facts`.
        return_shares: customer_id, expected_return_share; None if nothing is ever returned.
    """
    from relkit.features.usual_quantities import usual_quantities
    from relkit.scores.next_products import with_expected_margin

    return with_expected_margin(rows, usual_quantities(tables, as_of, rows), products, return_shares)


def _return_shares(scored: Scored) -> pl.DataFrame | None:
    """Return the expected share of returns by customer: that of the scores, or if orders were not scored, the same from the sales."""
    import polars as pl

    from relkit.features.return_shares import return_shares
    from relkit.scores.returns_used import RETURN_SHARE

    score = RETURN_SHARE.at()
    for table in scored.found.scores:
        rows = table.of(score)
        if len(rows):
            return rows.select("customer_id", pl.col("value").alias(str(score)))
    found = return_shares(scored.tables, scored.as_of)
    return None if found is None else found.customers


def _left_out(protected: int, products: pl.DataFrame) -> Found:
    """Return the sentences on customers who are offered nothing, and on products that are not offered, by reason."""
    from relkit.tables.findings import counted

    found = Found()
    if protected:
        found = found.saying(f"{counted(protected, 'customer')} left without next products: protected from any contact.")
    if remark := products_not_offered(products):
        found = found.noting(remark, as_warning=False)
    return found


def products_not_offered(products: pl.DataFrame) -> Remark | None:
    """Return the remark on the products that are not recommended, by reason; None if all are.

    Args:
        products: not_offered_because.

    Examples:
        >>> import polars as pl
        >>> products_not_offered(pl.DataFrame({"not_offered_because": ["discontinued", None, "discontinued"]})).en
        '2 products are not recommended: 2 discontinued.'
    """
    from relkit.features.product_facts import REASONS

    counts = dict(products["not_offered_because"].drop_nulls().value_counts().iter_rows())
    if not counts:
        return None
    total = sum(counts.values())
    english, spoken = (", ".join(f"{counts[code]:,} {text[at]}" for code, text in REASONS.items() if code in counts) for at in ("en", "fr"))
    one = total == 1
    return Remark(
        "products_not_offered",
        f"{total:,} {'product is' if one else 'products are'} not recommended: {english}.",
        f"{french(total)} {'produit n’est pas recommandé' if one else 'produits ne sont pas recommandés'} : {spoken}.",
        about=tuple(f"next_product_{k}" for k in (1, 2, 3)),
    )


def _counted(rows: pl.DataFrame, currency: str) -> Found:
    """Return the sentence on the recommendations made, and a remark on those whose margin is unknown."""
    import polars as pl

    from relkit.tables.findings import counted

    new_ones = rows.filter(pl.col("rank") == 1)["is_new_customer"]  # each customer has one first product, and ids need not be compared
    customers, new = len(new_ones), int(new_ones.sum())
    cold = f"; {new:,} of them have too little history of their own" if new else ""
    found = Found().saying(f"{counted(customers, 'customer')} with next products, {len(rows):,} in all{cold}.")
    unknown = rows["expected_margin"].null_count()
    return found.noting(_without_margin(unknown, len(rows), currency.lower())) if unknown else found


def _without_margin(unknown: int, rows: int, currency: str) -> Remark:
    return Remark(
        "next_products_without_margin",
        f"{unknown:,} of {rows:,} next products have no expected margin: the margin of the product is not known. Map products.unit_margin.",
        f"{french(unknown)} prochains produits sur {french(rows)} n’ont pas de marge attendue : la marge du produit n’est pas connue. "
        "Associez products.unit_margin.",
        about=tuple(f"next_product_margin_{currency}_{k}" for k in (1, 2, 3)),
    )
