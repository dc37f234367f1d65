"""`relkit rank`: the best customers for a product, or for the best of a list of products, as files for a campaign."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Literal

from pydantic import Field

from relkit.errors import ParameterError
from relkit.jobs.base import Job, Result
from relkit.jobs.offerable_products import OfferableProducts
from relkit.jobs.offered_to import OfferedTo
from relkit.progress import Progress, quiet

if TYPE_CHECKING:
    import polars as pl

    from relkit.jobs.customer_ranking import CustomerRanking
    from relkit.jobs.scored import ScoredModel
    from relkit.periods import AsOf
    from relkit.tables.table_set import TableSet


class RankCustomers(Job):
    """Rank the customers likeliest to have a product in their next basket, without those who may not be offered anything."""

    command: ClassVar[str] = "rank"
    reads: ClassVar[str] = "tables"

    product: str | None = Field(default=None, description="The product, by its id or its name.")
    candidates: tuple[str, ...] = Field(
        default=(), description="Several products instead: each customer is ranked with the likeliest of them, e.g. --candidates P1,P2,P3."
    )
    top: int = Field(default=5_000, ge=1, description="Customers in the ranking at most.")
    channel: str | None = Field(default=None, description="Channel of the contact, e.g. email. Default: whoever may be contacted on any.")
    force: bool = Field(default=False, description="Rank customers for a product that is discontinued or out of stock all the same.")
    as_of: str | None = Field(default=None, description="Date (whole business day) or instant. Default: the last in the data.")
    language: Literal["en", "fr"] = Field(default="en", description="Language of the files.")

    def verify(self) -> None:
        """Refuse both a product and candidates, and neither."""
        if bool(self.product) == bool(self.candidates):
            both = "both product and candidates are given" if self.product else "no product is given"
            raise ParameterError(
                f"{both}.", where=self.command, remedy="Give --product ID, or --candidates ID1,ID2 for the best of several."
            )

    def run(self, progress: Progress = quiet) -> Result:
        """Load the champion, leave out whom nothing may be offered, rank the others, write the files."""
        from relkit.jobs.customer_ranking import CustomerRanking
        from relkit.tables.table_set import TableSet

        self.verify()
        tables = TableSet.open(self.out_dir / "tables")
        as_of = tables.as_of(self.as_of)
        progress("reading the products", 0.0)
        products = self._products(tables, as_of)
        ids = products.ids_of([self.product] if self.product else self.candidates)
        if not self.force:
            for each in ids:
                products.must_be_offered(each)
        progress("reading the customers", 0.2)
        model = self._model(tables, as_of)
        offered = OfferedTo.of(tables, as_of, model.rows, channel=self.channel)
        progress("ranking", 0.6)
        ranking = CustomerRanking(tables=tables, as_of=as_of, products=products, ids=ids, model=model, offered=offered)
        return self._result(ranking)

    def _products(self, tables: TableSet, as_of: AsOf) -> OfferableProducts:
        from relkit.features.product_facts import product_facts

        return OfferableProducts(products=product_facts(tables, as_of), where=self.command)

    def _model(self, tables: TableSet, as_of: AsOf) -> ScoredModel:
        """Return the champion that recommends products, with the customers it can score."""
        from relkit.jobs.recommending_champion import recommending_champion
        from relkit.jobs.scored import ModelRows, ScoredModel
        from relkit.scores.scoring import scorable
        from relkit.tracking import registry

        version = recommending_champion(self.programme, tables, as_of, where=self.command)
        fitted = registry.load(version)
        rows, _ = scorable(ModelRows(tables, as_of).of(version.model), fitted.needs)
        return ScoredModel(version=version, fitted=fitted, rows=rows)

    def _result(self, ranking: CustomerRanking) -> Result:
        """Write the files and return the result."""
        from relkit.delivery.ranking_files import file_stem, write_ranking

        rows = ranking.rows(top=self.top, language=self.language)
        facts = ranking.facts(rows) | {"channel": self.channel}
        folder = self.out_dir / "rankings" / str(ranking.as_of)
        currency = ranking.tables.facts.currency
        paths = write_ranking(rows, folder, file_stem(*ranking.ids), currency=currency, language=self.language, facts=facts)
        offered = ranking.offered
        return Result(
            job=self.command,
            counts={"customers": len(rows), "may_be_offered": len(offered.rows), **offered.left_out},
            metrics={"mean_probability": rows["probability"].mean()},
            paths=paths,
            warnings=self._warnings(offered, rows),
            sentences=tuple(filter(None, (ranking.sentence(rows), offered.sentence(self.channel), ranking.lately(rows, top=self.top)))),
            details=facts,
        )

    def _warnings(self, offered: OfferedTo, rows: pl.DataFrame) -> tuple[str, ...]:
        """Return warnings on unknown consent, and on a ranking without anybody."""
        found = [] if offered.knows_consent else ["There is no consents table: who agreed to be contacted is not known."]
        if rows.is_empty():
            found.append("Nobody is left to rank." + (" Leave --channel out for all channels." if self.channel else ""))
        return tuple(found)
