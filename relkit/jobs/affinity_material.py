"""Material of the affinity report: the models of the family, and what the tables say of products and categories.

affinity = AffinityMaterial(ReportMaterial.read())
affinity.pairs().headlines()
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

from relkit.errors import ParameterError

if TYPE_CHECKING:
    import polars as pl

    from relkit.jobs.report_material import ReportMaterial
    from relkit.models.roles import Role
    from relkit.reports.category_shopping import CategoryShopping
    from relkit.reports.next_products import ListTrust, NextProducts
    from relkit.reports.product_pairs import ProductPairs
    from relkit.reports.product_propensities import ProductPropensities
    from relkit.reports.remarks import RemarkList
    from relkit.reports.summary_tables import SummaryTable

MOST_CATEGORIES = 12
"""Categories that a matrix shows: the finest level with at most so many is taken."""


@dataclass(eq=False)
class AffinityMaterial:
    """Parts of the affinity report, made when they are asked for.

    Attributes:
        material: the output of earlier jobs.
        level: column of products with their categories; empty for the finest with at most `MOST_CATEGORIES` values.
    """

    material: ReportMaterial
    level: str = ""
    _champions: dict[str, Any] = field(init=False, default_factory=dict, repr=False)

    @cached_property
    def products(self) -> pl.DataFrame:
        """The products known on the day."""
        from relkit.features.product_facts import product_facts

        return product_facts(self.material.tables, self.material.as_of)

    @property
    def names(self) -> dict[str, str]:
        """Names of products by id."""
        return dict(self.products.select("product_id", "name").iter_rows())

    @property
    def groups(self) -> dict[str, str]:
        """Categories of products by id; empty if there are none."""
        column = self._level()
        return dict(self.products.select("product_id", column).drop_nulls().iter_rows()) if column else {}

    def pairs(self) -> ProductPairs:
        """Return the pairs of products and the rules."""
        from relkit.families.bindings import inputs_of
        from relkit.models.affinity.family import ASSOCIATIONS
        from relkit.reports.product_pairs import ProductPairs

        fitted, tables = self.champion(ASSOCIATIONS), self.material.tables
        remarks = () if fitted is None else inputs_of(fitted.name, tables).remarks_on(tables, self.material.as_of)
        return ProductPairs.of(fitted, names=self.names, groups=self.groups, language=self.material.language, remarks=remarks)

    def shopping(self, category: str | None = None) -> CategoryShopping:
        """Return the purchases by category.

        `category` is the one whose products are compared, of the level shown or of the narrowest; None for the narrowest one to which
        customers return most.
        """
        import polars as pl

        from relkit.features.customer_visits import customer_visits
        from relkit.features.receipts import receipts
        from relkit.reports.category_shopping import CategoryShopping

        column = self._level()
        categories = pl.col(column) if column else pl.lit(None, pl.String)
        known = self.products.select("product_id", category=categories)
        coded = receipts(self.material.tables, self.material.as_of).rename({"customer": "customer_id"})
        visits = customer_visits(coded, known)
        narrower = self._by_narrowest(visits)
        return CategoryShopping.of(visits, names=self.names, language=self.material.language, category=category, narrower=narrower)

    def offers(self) -> NextProducts:
        """Return the next products of the day."""
        import polars as pl

        from relkit.reports.next_products import NextProducts

        path = self.material.folder / "scores" / str(self.material.as_of) / "next_products.parquet"
        rows = pl.read_parquet(path) if path.is_file() else None
        return NextProducts.of(rows, groups=self.groups, currency=self.material.currency, language=self.material.language)

    def trust(self) -> ListTrust:
        """Return the lists of next products against what customers bought in the holdout."""
        from relkit.errors import NotEnoughEventsError
        from relkit.models.affinity.family import NEXT_PRODUCTS
        from relkit.models.affinity.next_judging import judge_lists
        from relkit.reports.next_products import ListTrust

        fitted = self.champion(NEXT_PRODUCTS)
        trial = None if fitted is None else self.material.trial(fitted.name)
        if trial is None:
            return ListTrust(None, None, self.material.language)
        try:
            judged = judge_lists(trial.fitted, trial.judged, trial.outcomes, seed=trial.fitted.settings.seed)
        except NotEnoughEventsError:
            return ListTrust(None, None, self.material.language)
        return ListTrust(judged, trial.split.calibration.day, self.material.language)

    def propensities(self) -> ProductPropensities:
        """Return the propensities by product."""
        from relkit.reports.product_propensities import ProductPropensities

        return ProductPropensities.of(self.material.people, scores=self.material.scores, names=self.names, language=self.material.language)

    def remarks(self) -> RemarkList:
        """Return the remarks that affect how the scores of the page are to be read."""
        from relkit.models.affinity.family import NEXT_PRODUCT_PROBABILITY, PROPENSITY

        return self.material.remarks(NEXT_PRODUCT_PROBABILITY, PROPENSITY)

    def model_card(self) -> SummaryTable:
        """Return the models of the family behind the page, those without scores too."""
        from relkit.models.affinity.family import ASSOCIATIONS, FAMILY
        from relkit.reports.model_card import model_card

        rules = self.champion(ASSOCIATIONS)
        others = {} if rules is None else {ASSOCIATIONS.name: self.material.registered(rules.name)}
        return model_card({**self.material.models, **others}, FAMILY.name, language=self.material.language)

    def champion(self, role: Role) -> Any | None:
        """Return the fitted model of a role that is in use, the preferred one of several; None if none has been fitted."""
        if role.name not in self._champions:
            self._champions[role.name] = self._found(role)
        return self._champions[role.name]

    def _found(self, role: Role) -> Any | None:
        from relkit.models import catalogue

        for model in catalogue.models_of(role):
            try:
                return self.material.fitted(model)
            except ParameterError:
                continue
        return None

    def _by_narrowest(self, visits: pl.DataFrame) -> pl.DataFrame:
        """Return the visits by the narrowest categories, or by those asked for."""
        import polars as pl

        given = [] if self.level else self._given()
        if not given or given[-1] == self._level():
            return visits
        narrowest = pl.col(given[-1]).cast(pl.Categorical)
        of = self.products.select(pl.col("product_id").cast(visits.schema["product_id"], strict=False), category=narrowest).drop_nulls()
        return visits.drop("category").join(of, on="product_id", how="inner", maintain_order="left")

    def _given(self) -> list[str]:
        """Return the columns of categories that products have, the widest first."""
        from relkit.features.product_facts import CATEGORIES

        return [name for name in CATEGORIES if self.products[name].count()]

    def _level(self) -> str:
        """Return the column of categories; empty if no product has one.

        Raises:
            ParameterError: the level asked for is no column of categories.
        """
        from relkit.features.product_facts import CATEGORIES

        if self.level and self.level not in CATEGORIES:
            raise ParameterError.unknown("level", self.level, CATEGORIES, where="level")
        given = self._given()
        fine = [name for name in given if self.products[name].drop_nulls().n_unique() <= MOST_CATEGORIES]
        return self.level or (fine[-1] if fine else given[0] if given else "")
