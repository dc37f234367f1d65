"""A ranking of customers for one or several products: its rows with reasons and margins, and the facts that it rests on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import polars as pl

    from relkit.jobs.offerable_products import OfferableProducts
    from relkit.jobs.offered_to import OfferedTo
    from relkit.jobs.scored import ScoredModel
    from relkit.periods import AsOf
    from relkit.tables.table_set import TableSet


@dataclass(frozen=True, eq=False, kw_only=True)
class CustomerRanking:
    """The customers who may be offered something, and the products they are ranked for.

    Attributes:
        tables: the company.
        as_of: the day.
        products: its products.
        ids: of the products of the ranking; with several, each customer is ranked with the likeliest.
        model: the model that recommends.
        offered: the customers.
    """

    tables: TableSet
    as_of: AsOf
    products: OfferableProducts
    ids: tuple[str, ...]
    model: ScoredModel
    offered: OfferedTo

    def rows(self, *, top: int, language: str) -> pl.DataFrame:
        """Return the columns of the files (`relkit.delivery.ranking_files`), the best customer first.

        Args:
            top: most customers.
            language: of the reasons.
        """
        from relkit.scores.next_products import with_words

        worded = with_words(self._valued(top), self.products.products).drop("reason")
        margin = f"expected_margin_{self.tables.facts.currency.lower()}"
        return worded.rename({"expected_margin": margin, f"reason_{language}": "reason"})

    def _valued(self, top: int) -> pl.DataFrame:
        """Return the best customers with their expected margin."""
        from relkit.features.return_shares import return_shares
        from relkit.jobs.next_products_ahead import with_margins
        from relkit.scores.next_products import narrowest_categories
        from relkit.scores.ranked_customers import CustomersFor

        categories = narrowest_categories(self.products.products)
        ranking = CustomersFor(fitted=self.model.fitted, categories=categories, as_of=self.as_of.day)
        rows = ranking.best(self.offered.rows, self.ids, top=top)
        shares = return_shares(self.tables, self.as_of)
        return with_margins(self.tables, self.as_of, rows, self.products.products, None if shares is None else shares.customers)

    def facts(self, rows: pl.DataFrame) -> dict[str, Any]:
        """Return the basis of the ranking, and the customers left out by reason."""
        version = self.model.version
        return {
            "as_of": str(self.as_of),
            "products": list(self.ids),
            "model": version.model,
            "version": version.version,
            "trained_as_of": str(version.as_of),
            "ranked": len(rows),
            "may_be_offered": len(self.offered.rows),
            "left_out": dict(self.offered.left_out),
        }

    def sentence(self, rows: pl.DataFrame) -> str:
        """Return the ranking in a sentence."""
        from relkit.tables.findings import counted

        named = " or ".join(self.products.name_of(each) for each in self.ids)
        who = f"{counted(len(rows), 'customer')} of {len(self.offered.rows):,} who may be offered something"
        return f"Ranked for {named}: {who}, as of {self.as_of}, by {self.model.version.model} version {self.model.version.version}."

    def lately(self, rows: pl.DataFrame, *, top: int) -> str:
        """Return the sentence on customers who may be offered something, but not this so soon; empty if the list is full or all are in."""
        from relkit.tables.findings import counted

        missing = len(self.offered.rows) - len(rows)
        if len(rows) == top or not missing:
            return ""
        return f"Not ranked: {counted(missing, 'customer')} who bought it too lately to be offered it again."
