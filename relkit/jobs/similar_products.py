"""`relkit similar PRODUCT`: the products that the same customers buy."""

from __future__ import annotations

from typing import ClassVar

from pydantic import Field

from relkit.errors import ParameterError
from relkit.jobs.base import Job, Result
from relkit.jobs.offerable_products import OfferableProducts
from relkit.progress import Progress, quiet


class SimilarProducts(Job):
    """List the products most similar to one: those that the same customers buy, the nearest first."""

    command: ClassVar[str] = "similar"
    reads: ClassVar[str] = "tables"

    product: str = Field(description="The product, by its id or its name.")
    top: int = Field(default=10, ge=1, description="Products in the list at most.")
    as_of: str | None = Field(default=None, description="Day of the names and the stock. Default: the last business day in the data.")

    @property
    def shares(self) -> bool:
        """It only reads."""
        return True

    def run(self, progress: Progress = quiet) -> Result:
        """Load the champion and look up the neighbours of the product."""
        from relkit.features.product_facts import product_facts
        from relkit.jobs.recommending_champion import recommending_champion
        from relkit.scores.next_products import KnowsSimilar
        from relkit.tables.table_set import TableSet
        from relkit.tracking import registry

        tables = TableSet.open(self.out_dir / "tables")
        as_of = tables.as_of(self.as_of)
        progress("reading the products", 0.0)
        products = OfferableProducts(products=product_facts(tables, as_of), where=self.command)
        product_id = products.id_of(self.product)
        version = recommending_champion(self.programme, tables, as_of, where=self.command)
        fitted = registry.load(version)
        if not isinstance(fitted, KnowsSimilar):
            raise ParameterError(f"{version.model} does not compare products.", where=self.command)
        found = fitted.similar_items(product_id, self.top)
        rows = [
            {"product_id": each, "product": products.name_of(each), "similarity": value, "not_offered_because": products.reason_of(each)}
            for each, value in found.select("product_id", "similarity").iter_rows()
        ]
        named = f"{products.name_of(product_id)}, by {version.model} version {version.version}"
        head = f"Bought by the same customers as {named}:" if rows else f"No product is known to be similar to {named}."
        return Result(
            job=self.command,
            counts={"products": len(rows)},
            sentences=(head, *(_line(row) for row in rows)),
            details={"as_of": str(as_of), "product_id": product_id, "similar": rows},
        )


def _line(row: dict[str, str | float | None]) -> str:
    """Return the line on a product."""
    name = f"{row['product']} ({row['product_id']})" if row["product"] != row["product_id"] else row["product"]
    barred = f"; not offered: {row['not_offered_because']}" if row["not_offered_because"] else ""
    return f"  {row['similarity']:.3f}  {name}{barred}"
