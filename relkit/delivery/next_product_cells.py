"""Next products in the delivered file: one group of columns per rank, with ids and codes that stand for names and reasons in words.

A cell has the id of a product, or a reason such as `bought_together=P4`; files that show words have the name and the sentence instead,
as for any code. Products with the same name are distinguished by their ids.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import polars as pl

from relkit.models.affinity.columns import MOST
from relkit.models.affinity.family import NEXT_PRODUCT_PROBABILITY
from relkit.texts import Text

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from relkit.file_column import FileColumn
    from relkit.score_kinds import Score

PRODUCT, REASON = "next_product_", "next_product_reason_"
_ID, _CODE = "product_id", "code"


def offered_to_the_unprotected(
    scores: Mapping[str, pl.DataFrame], records: Mapping[str, Score], customers: pl.DataFrame
) -> dict[str, pl.DataFrame]:
    """Return the scores without next products of customers who are protected in the customer table, whenever they were scored.

    Args:
        scores: by score, one row per customer.
        records: by score, its record.
        customers: the customer table; without is_protected nobody is.
    """
    if "is_protected" not in customers.columns:
        return dict(scores)
    protected = customers.filter(pl.col("is_protected").fill_null(value=False)).select("customer_id")

    def allowed(name: str, rows: pl.DataFrame) -> pl.DataFrame:
        if not NEXT_PRODUCT_PROBABILITY.includes(records[name]):
            return rows
        return rows.join(protected, on="customer_id", how="anti", maintain_order="left")

    made = {name: allowed(name, rows) for name, rows in scores.items()}
    return {name: rows for name, rows in made.items() if len(rows)}


def with_next_products(
    customers: pl.DataFrame, scored: pl.DataFrame, products: pl.DataFrame, declared: Sequence[FileColumn]
) -> tuple[pl.DataFrame, tuple[FileColumn, ...]]:
    """Return the customers with their next products, and the columns with the words for each code.

    Args:
        customers: one row per customer, with the probability of the first product if it was scored.
        scored: customers with that probability: customer_id, as_of, model, version. Products of another model or day, or of any other
            customer, are left out.
        products: the table of `relkit.scores.next_products`.
        declared: columns of the file.
    """
    rows = products.join(scored.unique(), on=["customer_id", "as_of", "model", "version"], how="semi").with_columns(_reason_code())
    if rows.is_empty():
        return customers, tuple(declared)
    names, reasons = product_words(rows), _reason_words(rows)
    numbered = {f"{stem}{k}": words for k in range(1, MOST + 1) for stem, words in ((PRODUCT, names), (REASON, reasons))}
    columns = tuple(replace(c, codes=numbered[c.name]) if c.name in numbered else c for c in declared)
    margin = next(c.name.removesuffix("1") for c in declared if c.name.startswith("next_product_margin_"))
    wide = _wide(rows, {PRODUCT: _ID, "next_product_probability_": "probability", margin: "expected_margin", REASON: _CODE})
    unused = [name for name in wide.columns[1:] if name in customers.columns or wide[name].null_count() == len(wide)]
    wide = wide.drop(unused)
    return customers.join(wide, on="customer_id", how="left", validate="1:1", maintain_order="left"), columns


def _reason_code() -> pl.Expr:
    """Return the code of a reason with the product that it names."""
    named = pl.concat_str("reason", pl.lit("="), "because")
    return pl.when(pl.col("because").is_null()).then("reason").otherwise(named).alias(_CODE)


def _wide(rows: pl.DataFrame, columns: Mapping[str, str]) -> pl.DataFrame:
    """Return one row per customer and, for each rank, a column of each of the given ones by the start of its name."""
    ranks = [
        rows.filter(pl.col("rank") == k).select("customer_id", *(pl.col(name).alias(f"{stem}{k}") for stem, name in columns.items()))
        for k in range(1, MOST + 1)
    ]
    first, *others = ranks
    for rank in others:
        first = first.join(rank, on="customer_id", how="left", maintain_order="left")
    return first


def product_words(rows: pl.DataFrame) -> dict[str, Text]:
    """Return the name of each product by its id, from product_id and product; names that several products share include the id.

    Examples:
        >>> rows = pl.DataFrame({"product_id": ["P1", "P2", "P3"], "product": ["Tea", "Tea", "Pot"]})
        >>> [text.fr for text in product_words(rows).values()]
        ['Tea (P1)', 'Tea (P2)', 'Pot']
    """
    named = rows.select("product_id", "product").unique("product_id").sort("product_id")
    again = pl.col("product").is_duplicated() & (pl.col("product") != pl.col("product_id"))
    shown = pl.when(again).then(pl.format("{} ({})", "product", "product_id")).otherwise("product")
    return {product: Text(name, name) for product, name in named.select("product_id", shown).iter_rows()}


def _reason_words(rows: pl.DataFrame) -> dict[str, Text]:
    """Return each reason in words by its code."""
    found = rows.select(_CODE, "reason_en", "reason_fr").unique(_CODE).sort(_CODE)
    return {code: Text(english, french) for code, english, french in found.iter_rows()}
