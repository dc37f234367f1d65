"""Content of the affinity report on categories: who buys in several, which products replace one another, when customers come back.

shopping = CategoryShopping.of(visits, names=names, language="fr")
shopping.headlines(), shopping.shared_buyers(), shopping.hierarchy(), shopping.substitutes(), shopping.gaps(), shopping.gap_table()
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import polars as pl

from relkit.errors import ParameterError
from relkit.features.cross_shopping import CrossShopping, cross_shopping
from relkit.features.product_switches import ProductSwitches, busiest_category, product_switches
from relkit.features.repurchase_gaps import repurchase_gaps
from relkit.metrics.clustering import average_linkage
from relkit.metrics.switching import Switching, switching
from relkit.models.affinity.measures import Counts, measures_of
from relkit.models.affinity.replacing_products import replacing_products
from relkit.plots.style import number, percent
from relkit.reports.pictures import Gallery, Picture
from relkit.reports.summary_tables import SMALLEST_GROUP, Headlines, Shown, SummaryTable
from relkit.texts import Text

if TYPE_CHECKING:
    from collections.abc import Mapping

ALPHA = 0.05
"""False discovery rate at which products count as replacing one another."""
SHOWN_PAIRS, SHOWN_GAPS = 10, 15
TEXTS: dict[str, Text] = {
    "no_categories": Text(
        "No product has a category, so nothing can be said of categories: map category_1 of the products.",
        "Aucun produit n’a de catégorie : rien ne peut être dit des catégories. Renseignez category_1 des produits.",
    ),
    "crossed": Text(
        "Buyers of {a} are the readiest to buy {b} as well: {share} of them do, against {all} of all buyers (index {index}); {both} "
        "customers buy both.",
        "Les acheteurs de «\u00a0{a}\u00a0» sont les plus enclins à acheter aussi «\u00a0{b}\u00a0» : {share} d’entre eux le font, "
        "contre {all} de l’ensemble des acheteurs (indice {index}) ; {both} clients achètent les deux.",
    ),
    "apart": Text(
        "The least shared are {a} and {b}: {share} of the buyers of {a} also buy {b}, against {all} of all buyers (index {index}).",
        "Les moins partagées sont «\u00a0{a}\u00a0» et «\u00a0{b}\u00a0» : {share} des acheteurs de la première achètent aussi la "
        "seconde, contre {all} de l’ensemble des acheteurs (indice {index}).",
    ),
    "replaced": Text(
        "In {category}, {a} and {b} replace each other most: {observed} switches between them from one visit to the next, {expected} "
        "expected from their popularity alone.",
        "Dans «\u00a0{category}\u00a0», {a} et {b} se remplacent le plus : {observed} passages de l’un à l’autre d’une visite à la "
        "suivante, {expected} attendus d’après leur seule popularité.",
    ),
    "unreplaced": Text(
        "In {category}, no two of the {products} products compared replace each other more than chance explains ({switches} switches by "
        "{customers} customers).",
        "Dans «\u00a0{category}\u00a0», aucun des {products} produits comparés n’en remplace un autre plus que par hasard ({switches} "
        "passages, {customers} clients).",
    ),
    "no_choice": Text(
        "No category has three products and customers who came back, so no substitutes can be looked for.",
        "Aucune catégorie n’a trois produits et des clients revenus : aucun produit de substitution ne peut être cherché.",
    ),
    "returns": Text(
        "Half of those who buy {category} again do so within {days} days, the shortest of {n} categories.",
        "La moitié de ceux qui rachètent «\u00a0{category}\u00a0» le font en {days} jours au plus, le délai le plus court des {n} "
        "catégories.",
    ),
    "c_crossed": Text(
        "Read along a row: of its buyers, the share who also buy the column. The index compares it with all buyers; customers who buy "
        "much buy in many categories, so compare the cells of a row with one another.",
        "À lire en ligne : parmi les acheteurs de la ligne, la part qui achète aussi la colonne. L’indice la compare à l’ensemble des "
        "acheteurs ; qui achète beaucoup achète dans beaucoup de catégories : comparez les cases d’une même ligne entre elles.",
    ),
    "c_hierarchy": Text(
        "Products joined far to the left replace one another: customers go from one to the other from visit to visit, rather than buy "
        "both at once. Those that join at 0.5 are chosen by popularity alone; beyond it, customers of one do not go over to the other.",
        "Les produits réunis à gauche se remplacent : les clients passent de l’un à l’autre de visite en visite, plutôt que d’acheter "
        "les deux à la fois. Ceux qui se rejoignent à 0,5 sont choisis selon leur seule popularité ; au-delà, les clients de l’un ne "
        "vont pas vers l’autre.",
    ),
    "c_gaps": Text(
        "Days between two purchases of a category by the same customer: median, and the middle half. Only returns are counted: of "
        "customers who have not come back, nothing is known yet.",
        "Jours entre deux achats d’une catégorie par le même client : médiane, et moitié centrale. Seuls les retours sont comptés : de "
        "ceux qui ne sont pas revenus, on ne sait encore rien.",
    ),
    "gaps": Text("When customers buy a category again", "Quand les clients rachètent une catégorie"),
    "days": Text("Days between purchases", "Jours entre deux achats"),
    "category": Text("Category", "Catégorie"),
    "buyers": Text("Buyers", "Acheteurs"),
    "returning": Text("Who bought again", "Ayant racheté"),
    "median": Text("Median, days", "Médiane, jours"),
    "lower": Text("First quarter, days", "Premier quart, jours"),
    "upper": Text("Third quarter, days", "Troisième quart, jours"),
    "substitutes": Text("Products that replace one another: {category}", "Produits qui se remplacent : «\u00a0{category}\u00a0»"),
    "product_a": Text("Product", "Produit"),
    "product_b": Text("and", "et"),
    "observed": Text("Switches", "Passages"),
    "expected": Text("Expected by popularity", "Attendus selon la popularité"),
    "dissimilarity": Text("Dissimilarity", "Dissemblance"),
    "q_value": Text("False discovery rate", "Taux de fausses découvertes"),
    "left_out": Text(
        "{n} products of the category that fewer customers buy are not compared.",
        "{n} produits de la catégorie, achetés par moins de clients, ne sont pas comparés.",
    ),
    "switch_note": Text(
        "A switch: a product bought at one visit and not at the next, at which the other one is bought that was not bought before.",
        "Un passage : un produit acheté à une visite et pas à la suivante, où l’on achète l’autre, qui ne l’était pas.",
    ),
}


@dataclass(frozen=True, eq=False, kw_only=True)
class CategoryShopping:
    """Purchases of identified customers by category.

    Attributes:
        crossed: buyers that categories share.
        switches: within the category shown; None if there is none with a choice.
        compared: those switches against popularity.
        gaps: days between purchases, by category.
        names: of products by id.
        language: en or fr.
    """

    crossed: CrossShopping
    switches: ProductSwitches | None
    compared: Switching | None
    gaps: pl.DataFrame
    names: Mapping[str, str]
    language: str

    @classmethod
    def of(
        cls,
        visits: pl.DataFrame,
        *,
        names: Mapping[str, str],
        language: str,
        category: str | None = None,
        narrower: pl.DataFrame | None = None,
    ) -> CategoryShopping:
        """Count what is shown.

        Args:
            visits: of `relkit.features.customer_visits`.
            names: of products by id.
            language: en or fr.
            category: whose products are compared; by default the one to which customers return most.
            narrower: the same visits by narrower categories, of which the default is taken: products that replace one another are alike.

        Raises:
            ParameterError: no product of this category was bought.
        """
        alike = visits if narrower is None else narrower
        if category is not None:
            alike = _containing(category, visits, alike)
        chosen = busiest_category(alike) if category is None else category
        switches = None if chosen is None else product_switches(alike, chosen)
        compared = None if switches is None else switching(switches.counts)
        gaps = repurchase_gaps(visits)
        return cls(crossed=cross_shopping(visits), switches=switches, compared=compared, gaps=gaps, names=names, language=language)

    def headlines(self) -> Headlines:
        """Return the main findings on categories, in sentences."""
        if not self.crossed.categories:
            return Headlines((self._say("no_categories"),))
        cells = self._significant()
        lines = []
        if len(more := cells.filter(pl.col("lift_lower") > 1)):
            lines.append(self._crossed("crossed", more.row(0, named=True)))
        if len(less := cells.filter(pl.col("lift_upper") < 1)):
            lines.append(self._crossed("apart", less.row(-1, named=True)))
        if len(shown := self._shown_gaps()) > 1:
            lines.append(self._say("returns", category=shown["category"][0], days=round(shown["median"][0]), n=len(shown)))
        return Headlines(tuple(lines))

    def shared_buyers(self) -> Gallery:
        """Return the matrix of shared buyers; cells of few customers are not shown."""
        from relkit.plots.shared_buyers import plot_shared_buyers

        if len(self.crossed.categories) < 2:
            return Gallery(())
        share, buyers = self.crossed.share_of_at_least(SMALLEST_GROUP), self.crossed.buyers.astype(float)
        drawn = plot_shared_buyers(share, self.crossed.index, buyers, categories=self.crossed.categories, language=self.language)
        return Gallery((Picture(drawn, self._say("c_crossed")),))

    def verdict(self) -> Headlines:
        """Return the finding on products that replace one another."""
        if self.switches is None or self.compared is None:
            return Headlines((self._say("no_choice"),))
        pairs = self._replacing()
        if pairs.is_empty():
            counts = {
                "products": len(self.switches.products),
                "switches": int(self.switches.counts.sum()),
                "customers": self.switches.customers,
            }
            return Headlines((self._say("unreplaced", category=self.switches.category, **counts),))
        row = pairs.row(0, named=True)
        expected = number(row["expected"], self.language, 1)
        named = {side: self._name(row[f"product_{side}"]) for side in ("a", "b")}
        return Headlines((self._say("replaced", category=self.switches.category, **named, observed=row["observed"], expected=expected),))

    def hierarchy(self) -> Gallery:
        """Return the tree of the products of a category; nothing if no two replace each other."""
        from relkit.plots.decision_tree import plot_decision_tree

        if self.switches is None or self.compared is None or self._replacing().is_empty():
            return Gallery(())
        names = [self._name(product) for product in self.switches.products]
        tree = average_linkage(self.compared.dissimilarity(ALPHA))
        drawn = plot_decision_tree(tree, names=names, category=self.switches.category, language=self.language)
        return Gallery((Picture(drawn, self._say("c_hierarchy")),))

    def substitutes(self) -> SummaryTable | Gallery:
        """Return the pairs that replace each other most, with switches observed and expected; nothing if there are none."""
        if self.switches is None or (rows := self._replacing()).is_empty():
            return Gallery(())
        columns = (
            Shown("product_a", self._say("product_a")),
            Shown("product_b", self._say("product_b")),
            Shown("observed", self._say("observed"), "count"),
            Shown("expected", self._say("expected"), "number", 1),
            Shown("dissimilarity", self._say("dissimilarity"), "number", 2),
            Shown("q_value", self._say("q_value"), "p_value"),
        )
        named = rows.head(SHOWN_PAIRS).with_columns(pl.col("product_a", "product_b").map_elements(self._name, return_dtype=pl.String))
        left = (self._say("left_out", n=self.switches.left_out),) if self.switches.left_out else ()
        caption = self._say("substitutes", category=self.switches.category)
        return self._table(named, columns, caption, "observed", (self._say("switch_note"), *left))

    def gap_picture(self) -> Gallery:
        """Return the days between purchases by category."""
        from relkit.plots.dots import Dots, plot_dots

        if (rows := self._shown_gaps()).is_empty():
            return Gallery(())
        median, lower, upper = (rows[name].to_numpy() for name in ("median", "lower", "upper"))
        series = [Dots(value=median, lower=lower, upper=upper)]
        drawn = plot_dots(rows["category"].to_list(), series, title=self._say("gaps"), x_label=self._say("days"), language=self.language)
        drawn.set_xlim(left=0)
        return Gallery((Picture(drawn, self._say("c_gaps")),))

    def gap_table(self) -> SummaryTable | Gallery:
        """Return the same in numbers, with buyers and those who bought again."""
        if self.gaps.is_empty():
            return Gallery(())
        columns = (
            Shown("category", self._say("category")),
            Shown("buyers", self._say("buyers"), "count"),
            Shown("returning", self._say("returning"), "count"),
            *(Shown(name, self._say(name), "number") for name in ("lower", "median", "upper")),
        )
        rows = self.gaps.sort("buyers", "category", descending=[True, False]).head(SHOWN_GAPS)
        return self._table(rows, columns, self._say("gaps"), "returning", ())

    def _significant(self) -> pl.DataFrame:
        """Return pairs of categories with enough shared buyers, both directions, with their index, the highest first."""
        cells = self.crossed.pairs().filter(pl.col("both") >= SMALLEST_GROUP)
        both, left, right = (cells[name].to_numpy() for name in ("both", "buyers_a", "buyers_b"))
        counts = Counts(both, left, right, self.crossed.customers)
        cells = cells.hstack(measures_of(counts).select("lift_lower", "lift_upper"))
        return cells.sort(["index", "share", "a"], descending=[True, True, False])

    def _crossed(self, key: str, row: Mapping[str, Any]) -> str:
        shares = {name: percent(row[name], self.language) for name in ("share", "all")}
        return self._say(key, a=row["a"], b=row["b"], **shares, index=round(row["index"]), both=row["both"])

    def _replacing(self) -> pl.DataFrame:
        """Return pairs of products that replace each other more than by chance, the most similar first."""
        assert self.switches is not None
        assert self.compared is not None
        return replacing_products(self.compared, self.switches.products, alpha=ALPHA, least=SMALLEST_GROUP)

    def _shown_gaps(self) -> pl.DataFrame:
        """Return the categories with enough returning customers, those with most buyers, by median."""
        enough = self.gaps.filter(pl.col("returning") >= SMALLEST_GROUP).sort("buyers", descending=True).head(SHOWN_GAPS)
        return enough.sort("median", "category")

    def _table(self, rows: pl.DataFrame, columns: tuple[Shown, ...], caption: str, count: str, notes: tuple[str, ...]) -> SummaryTable:
        return SummaryTable(frame=rows, columns=columns, caption=caption, language=self.language, count=count, notes=notes)

    def _name(self, product: str) -> str:
        return self.names.get(product) or product

    def _say(self, key: str, **values: Any) -> str:
        written = {name: number(value, self.language) if isinstance(value, int) else value for name, value in values.items()}
        return TEXTS[key][self.language].format(**written)


def _containing(category: str, *levels: pl.DataFrame) -> pl.DataFrame:
    """Return the first visits with purchases of a category.

    Raises:
        ParameterError: there are none.
    """
    known: list[str] = []
    for visits in levels:
        names = visits["category"].unique().cast(pl.String).sort().to_list()
        if category in names:
            return visits
        known += [name for name in names if name not in known]
    raise ParameterError.unknown("category", category, known, where="category")
