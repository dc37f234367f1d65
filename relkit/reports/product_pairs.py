"""Content of the affinity report on pairs of products: bundles, pairs that avoid each other, larger rules, changes.

pairs = ProductPairs.of(fitted, names=names, groups=categories, language="fr")
pairs.headlines(), pairs.key_figures(), pairs.network(), pairs.bundles(), pairs.matrix(), pairs.larger_rules(), pairs.changes()
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import polars as pl

from relkit.commands import command
from relkit.models.affinity.pair_measures import measured_pairs, possible_pairs
from relkit.plots.style import number, percent
from relkit.reports.pictures import Gallery, Picture
from relkit.reports.remarks import RemarkList
from relkit.reports.summary_tables import SMALLEST_GROUP, Headlines, KeyFigures, Shown, SummaryTable
from relkit.texts import Text

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from relkit.remarks import Remark

SHOWN_PAIRS, SHOWN_APART, SHOWN_RULES, SHOWN_CHANGES = 15, 8, 10, 12
DRIFTED = "lifts_drifted"
"""Code of the remark on changes, left out: the page has a section of its own, with names instead of ids."""
TEXTS: dict[str, Text] = {
    "no_model": Text(
        "No association rules have been learnt yet: run {command}.", "Aucune règle d’association n’a encore été apprise : lancez {command}."
    ),
    "strongest": Text(
        "{a} and {b} are the strongest bundle: {count} baskets contain both, {lift} times as many as if they were bought independently "
        "of each other (95% interval {low} to {high}). That is {extra} baskets more than chance would give.",
        "{a} et {b} forment l’association la plus forte : {count} paniers contiennent les deux, soit {lift} fois plus que si leurs "
        "achats étaient indépendants (intervalle à 95\u00a0% : {low} à {high}). C’est {extra} paniers de plus que le hasard n’en "
        "donnerait.",
    ),
    "none": Text(
        "No pair of products is bought together more often than chance explains, among the {compared} pairs compared.",
        "Aucune paire de produits n’est achetée ensemble plus souvent que par hasard, parmi les {compared} paires comparées.",
    ),
    "together": Text(
        "Of {compared} pairs that occur in enough baskets to be compared, {together} are bought together more often than chance "
        "explains, {apart} less often. Among those named, at most {alpha} should be due to chance (false discovery rate).",
        "Sur {compared} paires présentes dans assez de paniers pour être comparées, {together} sont achetées ensemble plus souvent que "
        "par hasard, {apart} moins souvent. Parmi elles, au plus {alpha} devraient être dues au hasard (taux de fausses découvertes).",
    ),
    "within": Text(
        "Of the {shown} strongest bundles, {same} are of two products of one category: place, price and promote them together.",
        "Sur les {shown} associations les plus fortes, {same} réunissent deux produits d’une même catégorie : à présenter, tarifer et "
        "promouvoir ensemble.",
    ),
    "within_all": Text(
        "All of the {shown} strongest bundles are of two products of one category: place, price and promote them together.",
        "Les {shown} associations les plus fortes réunissent toutes deux produits d’une même catégorie : à présenter, tarifer et "
        "promouvoir ensemble.",
    ),
    "changed": Text(
        "Of {watched} pairs followed, {n} changed in lift from the {days} days before to the last {days} days by more than chance "
        "explains.",
        "Paires suivies dont le lift a changé entre les {days} jours précédents et les {days} derniers plus que le hasard ne l’explique : "
        "{n} sur {watched}.",
    ),
    "unchanged": Text(
        "None of the {watched} pairs followed has changed its lift from the {days} days before to the last {days} days more than chance "
        "explains.",
        "Aucune des {watched} paires suivies n’a vu son lift changer entre les {days} jours précédents et les {days} derniers plus que le "
        "hasard ne l’explique.",
    ),
    "k_baskets": Text(
        "baskets with a known product, {singles} of which with one product only (they count too)",
        "paniers avec un produit connu, dont {singles} d’un seul produit (comptés aussi)",
    ),
    "k_pairs": Text(
        "pairs bought together more often than by chance, of {compared} compared",
        "paires achetées ensemble plus que par hasard, sur {compared}",
    ),
    "k_extra": Text(
        "baskets beyond chance with the {shown} strongest bundles",
        "paniers de plus que par hasard pour les {shown} associations les plus fortes",
    ),
    "c_network": Text(
        "The pairs with the most baskets beyond chance. Larger discs: products in more baskets; thicker and shorter lines: higher lift.",
        "Les paires qui comptent le plus de paniers au-delà du hasard. Plus le disque est grand, plus le produit est acheté ; plus le "
        "trait est épais et court, plus le lift est élevé.",
    ),
    "c_matrix": Text(
        "Lift of each pair of the most bought products, similar ones side by side. Orange: more often together than by chance; purple: "
        "less often, which may be taste, small baskets or substitution.",
        "Lift de chaque paire des produits les plus achetés, les semblables côte à côte. Orange : plus souvent ensemble que par hasard ; "
        "violet : moins souvent, par goût, petits paniers ou substitution.",
    ),
    "c_rules": Text(
        "Each point is a rule “if this, then that”. To the right: more baskets; higher up: more certain; darker: further from chance.",
        "Chaque point est une règle « si ceci, alors cela ». À droite : plus de paniers ; en haut : plus sûre ; foncée : plus loin du "
        "hasard.",
    ),
    "c_changes": Text(
        "Lift of the pairs followed in the period before and in the last one; 1 is chance. Grey: no more change than chance explains.",
        "Lift des paires suivies dans l’avant-dernière période et dans la dernière ; 1 est le hasard. Gris : pas plus de changement que "
        "par hasard.",
    ),
    "bundles": Text("The strongest bundles", "Les associations les plus fortes"),
    "apart": Text("Products that avoid each other", "Produits qui s’évitent"),
    "no_apart": Text(
        "No pair is bought together less often than chance explains.", "Aucune paire n’est achetée ensemble moins souvent que par hasard."
    ),
    "surest": Text("The surest rules", "Les règles les plus sûres"),
    "larger": Text("Rules with two products or more on the left", "Règles avec deux produits ou plus à gauche"),
    "no_larger": Text(
        "No rule with two products on the left adds to what its parts already give.",
        "Aucune règle avec deux produits à gauche n’apporte plus que ses parties.",
    ),
    "changes": Text("The change of the pairs followed", "L’évolution des paires suivies"),
    "changes_note": Text(
        "The interval is that of each pair alone; the verdict allows for {n} pairs being compared at once, so it asks for more.",
        "L’intervalle est celui de chaque paire prise seule ; le verdict tient compte des {n} paires comparées à la fois : il est plus "
        "exigeant.",
    ),
    "no_changes": Text(
        "There are not two full periods of baskets to compare.", "Il n’y a pas deux périodes complètes de paniers à comparer."
    ),
    "none_followed": Text(
        "No pair is followed: none is bought together more often than by chance.",
        "Aucune paire n’est suivie : aucune n’est achetée ensemble plus souvent que par hasard.",
    ),
    "product_a": Text("Product", "Produit"),
    "product_b": Text("with", "avec"),
    "if": Text("If the basket contains", "Si le panier contient"),
    "then": Text("then also", "alors aussi"),
    "count": Text("Baskets with both", "Paniers avec les deux"),
    "rule_count": Text("Baskets", "Paniers"),
    "share_of_a": Text("Share of the first’s baskets", "Part des paniers du premier"),
    "share_of_b": Text("Share of the second’s", "Part de ceux du second"),
    "confidence": Text("Confidence", "Confiance"),
    "lift": Text("Lift", "Lift"),
    "low": Text("Low (95%)", "Bas (95\u00a0%)"),
    "high": Text("High (95%)", "Haut (95\u00a0%)"),
    "extra": Text("Beyond chance", "Au-delà du hasard"),
    "q_value": Text("False discovery rate", "Taux de fausses découvertes"),
    "lift_before": Text("Lift before", "Lift avant"),
    "lift_after": Text("Lift now", "Lift maintenant"),
    "lift_ratio": Text("Ratio", "Rapport"),
    "verdict": Text("Verdict", "Verdict"),
    "up": Text("stronger", "plus forte"),
    "down": Text("weaker", "plus faible"),
    "same": Text("within chance", "hasard"),
    "pair_note": Text(
        "Beyond chance: baskets with both, less those expected if the two were bought independently. Together is not the same as because "
        "of each other: a bundle is worth a test before it gets a discount.",
        "Au-delà du hasard : paniers avec les deux, moins ceux attendus si les achats étaient indépendants. Ensemble ne veut pas dire "
        "l’un à cause de l’autre : une offre groupée se teste avant d’être remisée.",
    ),
    "rule_note": Text(
        "Rules that a shorter one makes superfluous are left out.",
        "Les règles qu’une règle plus courte rend superflues sont laissées de côté.",
    ),
}


@dataclass(frozen=True, eq=False, kw_only=True)
class ProductPairs:
    """Pairs of products and rules, with words for people.

    Attributes:
        pairs: pairs with their measures (`relkit.models.affinity.pair_measures`); None if no rules have been learnt.
        rules: all rules of the fit.
        changed: pairs followed over the last two periods; empty without two.
        baskets: number of baskets.
        singles: those with one product.
        days: length of these periods.
        alpha: false discovery rate at which a pair counts.
        names: of products by id.
        groups: category of products by id.
        remarks: on the basis of the rules.
        language: en or fr.
    """

    pairs: pl.DataFrame | None
    rules: pl.DataFrame
    changed: pl.DataFrame
    baskets: int
    singles: int
    days: int
    alpha: float
    names: Mapping[str, str]
    groups: Mapping[str, str]
    remarks: Sequence[Remark]
    language: str

    @classmethod
    def of(
        cls, fitted: Any, *, names: Mapping[str, str], groups: Mapping[str, str], language: str, remarks: Sequence[Remark] = ()
    ) -> ProductPairs:
        """Read fitted association rules.

        Args:
            fitted: with rules, pairs and changes; None if none were learnt.
            names: of products by id.
            groups: category of products by id.
            language: en or fr.
            remarks: on the tables, shown before those of the fit.
        """
        shared: dict[str, Any] = {"names": names, "groups": groups, "language": language}
        if fitted is None:
            return cls(
                pairs=None, rules=pl.DataFrame(), changed=pl.DataFrame(), baskets=0, singles=0, days=0, alpha=0.0, remarks=(), **shared
            )
        alpha, by = fitted.settings.significance, fitted.settings.by
        return cls(
            pairs=measured_pairs(_largest_group(fitted.pairs, by), tests=possible_pairs(fitted.facts.products), alpha=alpha),
            rules=_largest_group(fitted.rules, by),
            changed=fitted.changes,
            baskets=fitted.facts.baskets,
            singles=fitted.facts.one_item,
            days=fitted.settings.period_days,
            alpha=alpha,
            remarks=(*remarks, *(remark for remark in fitted.info.remarks if remark.code != DRIFTED)),
            **shared,
        )

    @property
    def together(self) -> pl.DataFrame:
        """Pairs bought together more often than by chance, the most baskets beyond it first."""
        return self._significant.filter(pl.col("extra") > 0)

    @property
    def apart(self) -> pl.DataFrame:
        """Pairs bought together less often than by chance, the most baskets missing first."""
        return self._significant.filter(pl.col("extra") < 0).reverse()

    def headlines(self) -> Headlines:
        """Return the main findings, in sentences."""
        if self.pairs is None:
            return Headlines((self._say("no_model", command=command("fit", "affinity.rules")),))
        found = self.together
        if found.is_empty():
            return Headlines((self._say("none", compared=len(self.pairs)),))
        lines = [self._strongest(found.row(0, named=True))]
        counts = {"compared": len(self.pairs), "together": len(found), "apart": len(self.apart)}
        lines.append(self._say("together", **counts, alpha=percent(self.alpha, self.language)))
        top = found.head(SHOWN_PAIRS)
        same = sum(self.groups.get(a, a) == self.groups.get(b, b) for a, b in top.select("product_a", "product_b").iter_rows())
        if self.groups and same:
            lines.append(self._say("within_all" if same == len(top) else "within", shown=len(top), same=same))
        if len(self.changed):
            n = int(self.changed["has_drifted"].sum())
            lines.append(self._say("changed" if n else "unchanged", n=n, watched=len(self.changed), days=self.days))
        return Headlines(tuple(lines))

    def key_figures(self) -> KeyFigures | Gallery:
        """Return a few large numbers."""
        if self.pairs is None:
            return Gallery(())
        top = self.together.head(SHOWN_PAIRS)
        figures = [
            (self._number(self.baskets), self._say("k_baskets", singles=self.singles)),
            (self._number(len(self.together)), self._say("k_pairs", compared=len(self.pairs))),
        ]
        if len(top):
            figures.append((self._number(float(top["extra"].sum())), self._say("k_extra", shown=len(top))))
        return KeyFigures(tuple(figures))

    def basis(self) -> RemarkList:
        """Return the remarks on what was counted and left out."""
        return RemarkList(tuple(self.remarks), self.language)

    def network(self) -> Gallery:
        """Return the network of the strongest pairs."""
        from relkit.plots.association_network import plot_association_network

        if self.pairs is None or self.together.is_empty():
            return Gallery(())
        drawn = plot_association_network(self.together, names=self.names, groups=self.groups, language=self.language)
        return Gallery((Picture(drawn, self._say("c_network")),))

    def matrix(self) -> Gallery:
        """Return the matrix of lifts of the most bought products."""
        from relkit.plots.lift_matrix import plot_lift_matrix

        if self.pairs is None or self.pairs.is_empty():
            return Gallery(())
        return Gallery((Picture(plot_lift_matrix(self.pairs, names=self.names, language=self.language), self._say("c_matrix")),))

    def scatter(self) -> Gallery:
        """Return all rules by support, confidence and lift."""
        from relkit.plots.rules_scatter import plot_rules

        if self.pairs is None or self.rules.is_empty():
            return Gallery(())
        rules = self.rules.with_columns(is_significant=pl.col("q_value") <= self.alpha)
        return Gallery((Picture(plot_rules(rules, language=self.language), self._say("c_rules")),))

    def bundles(self) -> SummaryTable | Gallery:
        """Return the strongest pairs with counts, lift and interval."""
        if self.pairs is None or self.together.is_empty():
            return Gallery(())
        return self._pair_table(self.together.head(SHOWN_PAIRS), "bundles")

    def avoiding(self) -> SummaryTable | Gallery:
        """Return the pairs that are bought together less often than by chance."""
        if self.pairs is None:
            return Gallery(())
        return self._pair_table(self.apart.head(SHOWN_APART), "apart") if len(self.apart) else Gallery((), self._say("no_apart"))

    def surest_rules(self) -> SummaryTable | Gallery:
        """Return the rules of one product and another with the highest confidence."""
        rows = self._rules(pl.col("antecedent").list.len() == 1, by="confidence")
        return Gallery(()) if rows.is_empty() else self._rule_table(rows, "surest")

    def larger_rules(self) -> SummaryTable | Gallery:
        """Return the strongest rules with two products or more on the left that no shorter rule replaces."""
        if self.pairs is None:
            return Gallery(())
        rows = self._rules(pl.col("antecedent").list.len() > 1, by="leverage")
        return Gallery((), self._say("no_larger")) if rows.is_empty() else self._rule_table(rows, "larger")

    def _rules(self, kind: pl.Expr, *, by: str) -> pl.DataFrame:
        """Return the first rules of a kind that are significant, attract and are not redundant."""
        if self.rules.is_empty():
            return self.rules
        good = self.rules.filter(kind, pl.col("q_value") <= self.alpha, pl.col("lift") > 1, ~pl.col("is_redundant"))
        return good.sort(by, descending=True, maintain_order=True).head(SHOWN_RULES)

    def _rule_table(self, rows: pl.DataFrame, caption: str) -> SummaryTable:
        sides = {name: pl.Series([self._named(ids) for ids in rows[side]]) for name, side in (("if", "antecedent"), ("then", "consequent"))}
        columns = (
            *(Shown(name, self._say(name)) for name in sides),
            Shown("count", self._say("rule_count"), "count"),
            Shown("confidence", self._say("confidence"), "share"),
            *self._lifts(),
            Shown("q_value", self._say("q_value"), "p_value"),
        )
        return self._table(rows.with_columns(**sides), columns, caption, "rule_note")

    def changes(self) -> Gallery:
        """Return the lift of the pairs followed in the last two periods; nothing if none changed."""
        from relkit.plots.lift_changes import plot_lift_changes

        if self.pairs is None:
            return Gallery(())
        if self.changed.is_empty():
            follows = not self._rules(pl.col("antecedent").list.len() == 1, by="confidence").is_empty()
            return Gallery((), self._say("no_changes" if follows else "none_followed"))
        if not self.changed["has_drifted"].any():
            return Gallery(())
        rows = self._followed()
        names = [f"{self._name(a)} + {self._name(b)}" for a, b in rows.select("product_a", "product_b").iter_rows()]
        before, after = (rows[f"lift_{when}"].to_numpy() for when in ("before", "after"))
        drawn = plot_lift_changes(names, before, after, changed=rows["has_drifted"].to_list(), language=self.language)
        return Gallery((Picture(drawn, self._say("c_changes")),))

    def changes_table(self) -> SummaryTable | Gallery:
        """Return the same in numbers."""
        if self.pairs is None or self.changed.is_empty():
            return Gallery(())
        rows = self._followed()
        up = pl.when(pl.col("lift_ratio") > 1).then(pl.lit(self._say("up"))).otherwise(pl.lit(self._say("down")))
        rows = rows.with_columns(
            product_a=pl.Series([self._name(each) for each in rows["product_a"]]),
            product_b=pl.Series([self._name(each) for each in rows["product_b"]]),
            verdict=pl.when(pl.col("has_drifted")).then(up).otherwise(pl.lit(self._say("same"))),
        )
        columns = (
            Shown("product_a", self._say("product_a")),
            Shown("product_b", self._say("product_b")),
            Shown("lift_before", self._say("lift_before"), "number", 2),
            Shown("lift_after", self._say("lift_after"), "number", 2),
            Shown("lift_ratio", self._say("lift_ratio"), "number", 2),
            Shown("lift_ratio_lower", self._say("low"), "number", 2),
            Shown("lift_ratio_upper", self._say("high"), "number", 2),
            Shown("verdict", self._say("verdict")),
        )
        notes = (self._say("changes_note", n=len(self.changed)),)
        return SummaryTable(frame=rows, columns=columns, caption=self._say("changes"), language=self.language, notes=notes)

    def _followed(self) -> pl.DataFrame:
        """Return the pairs followed, those that changed first, then the others by their baskets."""
        order = ["has_drifted", "count_after", "product_a", "product_b"]
        return self.changed.sort(order, descending=[True, True, False, False]).head(SHOWN_CHANGES)

    @property
    def _significant(self) -> pl.DataFrame:
        assert self.pairs is not None
        return self.pairs.filter("is_significant", pl.col("count") >= SMALLEST_GROUP)

    def _strongest(self, row: Mapping[str, Any]) -> str:
        lifts = {name: self._number(row[column], 2) for name, column in (("lift", "lift"), ("low", "lift_lower"), ("high", "lift_upper"))}
        extra = round(row["extra"])
        return self._say(
            "strongest", a=self._name(row["product_a"]), b=self._name(row["product_b"]), count=row["count"], **lifts, extra=extra
        )

    def _pair_table(self, rows: pl.DataFrame, caption: str) -> SummaryTable:
        named = rows.with_columns(
            product_a=pl.Series([self._name(each) for each in rows["product_a"]]),
            product_b=pl.Series([self._name(each) for each in rows["product_b"]]),
        )
        columns = (
            Shown("product_a", self._say("product_a")),
            Shown("product_b", self._say("product_b")),
            Shown("count", self._say("count"), "count"),
            Shown("share_of_a", self._say("share_of_a"), "share"),
            Shown("share_of_b", self._say("share_of_b"), "share"),
            *self._lifts(),
            Shown("extra", self._say("extra"), "number"),
            Shown("q_value", self._say("q_value"), "p_value"),
        )
        return self._table(named, columns, caption, "pair_note")

    def _lifts(self) -> tuple[Shown, ...]:
        names = (("lift", "lift"), ("lift_lower", "low"), ("lift_upper", "high"))
        return tuple(Shown(column, self._say(key), "number", 2) for column, key in names)

    def _table(self, rows: pl.DataFrame, columns: tuple[Shown, ...], caption: str, note: str) -> SummaryTable:
        return SummaryTable(
            frame=rows, columns=columns, caption=self._say(caption), language=self.language, count="count", notes=(self._say(note),)
        )

    def _name(self, product: str) -> str:
        return self.names.get(product) or product

    def _named(self, products: Sequence[str]) -> str:
        return " + ".join(self._name(product) for product in products)

    def _number(self, value: float, digits: int = 0) -> str:
        return number(value, self.language, digits)

    def _say(self, key: str, **values: Any) -> str:
        written = {name: self._number(value) if isinstance(value, int) else value for name, value in values.items()}
        return TEXTS[key][self.language].format(**written)


def _largest_group(frame: pl.DataFrame, by: str) -> pl.DataFrame:
    """Return the rows of the group with the most baskets; all rows if they are not split."""
    if not by or frame.is_empty():
        return frame
    largest = frame.sort(["baskets", by], descending=[True, False], nulls_last=True)[by][0]
    return frame.filter(pl.col(by).eq_missing(pl.lit(largest)))
