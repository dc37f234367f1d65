"""Content of the affinity report on next products: what is recommended to whom, and how far the lists may be trusted.

offers = NextProducts.of(rows, groups=categories, currency="EUR", language="fr")
offers.headlines(), offers.by_product(), offers.by_reason()
trust = ListTrust(judged, day=day, days=90, language="fr")
trust.verdict(), trust.recall(), trust.by_method(), trust.calibration()
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import polars as pl

from relkit.commands import command
from relkit.metrics.recommendation import PairedDifference, paired_difference
from relkit.models.affinity.list_diagnostics import METHODS, list_reliability, mean_of, means_of, recalls
from relkit.plots.style import money, number, percent
from relkit.reports.pictures import Gallery, Picture
from relkit.reports.summary_tables import SMALLEST_GROUP, Headlines, Shown, SummaryTable, day_in_words
from relkit.texts import Text

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date

    from relkit.metrics.reliability import Reliability
    from relkit.metrics.risk_sets import Floats
    from relkit.models.affinity.next_judging import Judged

SHOWN_PRODUCTS, REPLICATES = 12, 500
TEXTS: dict[str, Text] = {
    "no_offers": Text(
        "No customer has a next product yet: run {fit} and {score}.",
        "Aucun client n’a encore de prochain produit : lancez {fit} puis {score}.",
    ),
    "scored": Text(
        "{n} customers have next products. The first is one they have bought before for {repeat} of them ({share}), and new to {explore}.",
        "{n} clients ont des prochains produits. Le premier est déjà connu de {repeat} d’entre eux ({share}), et nouveau pour {explore}.",
    ),
    "favourite": Text(
        "{product} is recommended first most often: to {n} customers ({share}), with a mean probability of {probability} of being in "
        "their next basket.",
        "{product} est le plus souvent recommandé en premier : à {n} clients ({share}), avec une probabilité moyenne de {probability} "
        "d’être dans leur prochain panier.",
    ),
    "margin": Text(
        "The first recommendations should bring {margin} of margin in the customers’ next baskets, with or without an action; an offer "
        "must earn its cost on top of that.",
        "Les premières recommandations devraient apporter {margin} de marge dans les prochains paniers des clients, avec ou sans action "
        "; une offre doit gagner son coût en plus.",
    ),
    "untested": Text(
        "Nothing shows yet how good the lists are: no days were held back that could have tested them.",
        "Rien ne montre encore ce que valent les listes : aucune période n’a pu être mise de côté pour les éprouver.",
    ),
    "judged": Text(
        "On the next basket of {customers} customers after {day}, which the model had not seen, its first {top} products held {recall} "
        "of what was bought; the better of two simple lists ({baseline}) held {other}.",
        "Sur le panier suivant de {customers} clients après le {day}, que le modèle n’avait pas vu, ses {top} premiers produits "
        "contenaient {recall} de ce qui a été acheté ; la meilleure de deux listes simples ({baseline}), {other}.",
    ),
    "beats": Text(
        "The difference of {difference} is more than chance (95% interval {low} to {high}): the model earns its place.",
        "L’écart de {difference} dépasse le hasard (intervalle à 95\u00a0% : {low} à {high}) : le modèle mérite sa place.",
    ),
    "equals": Text(
        "The difference of {difference} is within chance (95% interval {low} to {high}): the simple list does as well.",
        "L’écart de {difference} reste dans les limites du hasard (intervalle à 95\u00a0% : {low} à {high}) : la liste simple "
        "fait aussi bien.",
    ),
    "worse": Text(
        "The difference of {difference} speaks against the model (95% interval {low} to {high}): use the simple list.",
        "L’écart de {difference} est au détriment du modèle (intervalle à 95\u00a0% : {low} à {high}) : préférez la liste simple.",
    ),
    "explore": Text(
        "Of the products that were new to the customer, the lists held {model}; best-sellers alone would have held {plain}.",
        "Des produits nouveaux pour le client, les listes contenaient {model} ; les meilleures ventes seules en auraient contenu {plain}.",
    ),
    "holds": Text(
        "The probabilities may be believed: in every group of recommendations, as many were bought as forecast, give or take chance.",
        "On peut se fier aux probabilités : dans chaque groupe de recommandations, les achats sont aussi nombreux que prévu, au hasard "
        "près.",
    ),
    "fails": Text(
        "The probabilities rank products but are not exact: they are {off} off on average, which chance alone does not explain.",
        "Les probabilités classent les produits mais ne sont pas exactes : l’écart moyen est de {off}, ce que le hasard seul "
        "n’explique pas.",
    ),
    "c_recall": Text(
        "Further right is better. Judged on the next basket, which the model had not seen, all products being ranked.",
        "Plus à droite, mieux c’est. Jugé sur le panier suivant, que le modèle n’avait pas vu, tous les produits étant classés.",
    ),
    "c_calibration": Text(
        "Each point is a tenth of the recommendations, by probability. On the dashed line the forecast came true; a bar that crosses it "
        "is within chance.",
        "Chaque point est un dixième des recommandations, par probabilité. Sur la ligne pointillée, la prévision s’est vérifiée ; une "
        "barre qui la traverse reste dans les limites du hasard.",
    ),
    "by_product": Text("What is recommended first", "Ce qui est recommandé en premier"),
    "by_reason": Text("Why it is recommended first", "Pourquoi c’est recommandé en premier"),
    "by_method": Text("First {top} products against the next basket", "Les {top} premiers produits face au panier suivant"),
    "product": Text("Product", "Produit"),
    "category": Text("Category", "Catégorie"),
    "customers": Text("Customers", "Clients"),
    "probability": Text("Probability, mean", "Probabilité, moyenne"),
    "repeat": Text("Bought before", "Déjà acheté"),
    "value": Text("Expected margin", "Marge attendue"),
    "reason": Text("Reason", "Motif"),
    "share": Text("Share", "Part"),
    "habit": Text("bought often", "souvent acheté"),
    "due_again": Text("time to buy it again", "temps d’en racheter"),
    "bought_together": Text("goes with what was bought", "va avec ce qui a été acheté"),
    "category_reason": Text("similar products were bought", "achats de produits semblables"),
    "popular": Text("bought by many customers", "acheté par beaucoup de clients"),
    "method": Text("Method", "Méthode"),
    "recall": Text("Share found", "Part retrouvée"),
    "low": Text("Low (95%)", "Bas (95\u00a0%)"),
    "high": Text("High (95%)", "Haut (95\u00a0%)"),
    "ndcg": Text("NDCG", "NDCG"),
    "hit": Text("Customers with a hit", "Clients avec au moins un"),
    "recall_repeat": Text("Found, bought before", "Retrouvés, déjà achetés"),
    "recall_explore": Text("Found, new", "Retrouvés, nouveaux"),
    "method_note": Text(
        "NDCG also rewards a high place in the list (1 = perfect). Products bought before are easy to find, new ones are not: read them "
        "apart.",
        "Le NDCG récompense aussi un bon rang (1 = parfait). Les produits déjà achetés se retrouvent aisément, les nouveaux non : à lire "
        "séparément.",
    ),
}


@dataclass(frozen=True, eq=False, kw_only=True)
class NextProducts:
    """Recommendations of a day.

    Attributes:
        first: the first product of each customer: product_id, product (its name), probability, expected_margin (null if unknown),
            is_repeat, reason.
        groups: category of products by id.
        currency: ISO code.
        language: en or fr.
    """

    first: pl.DataFrame
    groups: Mapping[str, str]
    currency: str
    language: str

    @classmethod
    def of(cls, rows: pl.DataFrame | None, *, groups: Mapping[str, str], currency: str, language: str) -> NextProducts:
        """Read the table of next products; None if there is none.

        Args:
            rows: customer_id, rank, product_id, product, probability, expected_margin, is_repeat, reason.
            groups: category of products by id.
            currency: ISO code.
            language: en or fr.
        """
        columns = ("product_id", "product", "probability", "expected_margin", "is_repeat", "reason")
        first = pl.DataFrame(schema=dict.fromkeys(columns, pl.String)) if rows is None else rows.filter(pl.col("rank") == 1).select(columns)
        return cls(first=first, groups=groups, currency=currency, language=language)

    def headlines(self) -> Headlines:
        """Return the main findings, in sentences."""
        n = len(self.first)
        if not n:
            return Headlines((self._say("no_offers", fit=command("fit", "affinity.next_product"), score=command("score")),))
        repeat = int(self.first["is_repeat"].sum())
        lines = []
        if min(repeat, n - repeat) == 0 or min(repeat, n - repeat) >= SMALLEST_GROUP:
            lines.append(self._say("scored", n=n, repeat=repeat, share=self._percent(repeat / n), explore=n - repeat))
        top = self._by_product().row(0, named=True)
        if top["customers"] >= SMALLEST_GROUP:
            share, mean = self._percent(top["customers"] / n), self._percent(top["probability"], 1)
            lines.append(self._say("favourite", product=top["product"], n=top["customers"], share=share, probability=mean))
        if self.first["expected_margin"].count():
            lines.append(self._say("margin", margin=money(float(self.first["expected_margin"].sum()), self.currency, self.language)))
        return Headlines(tuple(lines))

    def by_product(self) -> SummaryTable | Gallery:
        """Return the products recommended first, the most often first."""
        if self.first.is_empty():
            return Gallery(())
        columns = (
            Shown("product", self._say("product")),
            *([Shown("category", self._say("category"))] if self.groups else []),
            Shown("customers", self._say("customers"), "count"),
            Shown("repeat", self._say("repeat"), "share"),
            Shown("probability", self._say("probability"), "share", 1),
            *([Shown("margin", self._say("value"), "money")] if self.first["expected_margin"].count() else []),
        )
        return self._table(self._by_product().head(SHOWN_PRODUCTS), columns, "by_product")

    def by_reason(self) -> SummaryTable | Gallery:
        """Return the reasons of the first recommendations."""
        if self.first.is_empty():
            return Gallery(())
        n = len(self.first)
        counted = self.first.group_by("reason").agg(customers=pl.len().cast(pl.Int64), probability=pl.col("probability").mean())
        words = {key.removesuffix("_reason"): TEXTS[key][self.language] for key in _REASONS}
        rows = counted.sort(["customers", "reason"], descending=[True, False]).with_columns(
            pl.col("reason").replace(words), share=pl.col("customers") / n
        )
        columns = (
            Shown("reason", self._say("reason")),
            Shown("customers", self._say("customers"), "count"),
            Shown("share", self._say("share"), "share"),
            Shown("probability", self._say("probability"), "share", 1),
        )
        return self._table(rows, columns, "by_reason")

    def _by_product(self) -> pl.DataFrame:
        measures = {
            "customers": pl.len().cast(pl.Int64),
            "repeat": pl.col("is_repeat").mean(),
            "probability": pl.col("probability").mean(),
            "margin": pl.when(pl.col("expected_margin").count() > 0).then(pl.col("expected_margin").sum()),
        }
        counted = self.first.group_by("product_id", "product").agg(**measures)
        category = pl.col("product_id").replace_strict(dict(self.groups), default=None, return_dtype=pl.String)
        return counted.sort(["customers", "product_id"], descending=[True, False]).with_columns(category=category)

    def _table(self, rows: pl.DataFrame, columns: tuple[Shown, ...], caption: str) -> SummaryTable:
        return SummaryTable(
            frame=rows, columns=columns, caption=self._say(caption), language=self.language, currency=self.currency, count="customers"
        )

    def _percent(self, share: float, digits: int = 0) -> str:
        return percent(share, self.language, digits)

    def _say(self, key: str, **values: Any) -> str:
        return _written(key, self.language, values)


_REASONS = ("habit", "due_again", "bought_together", "category_reason", "popular")


@dataclass(frozen=True, eq=False)
class ListTrust:
    """Lists of next products against the next basket, beside two simple methods.

    Attributes:
        judged: lists and measures; None if there was no holdout.
        day: last day known to the lists.
        language: en or fr.
    """

    judged: Judged | None
    day: date | None
    language: str

    def verdict(self) -> Headlines:
        """Return whether the lists and their probabilities are reliable, in sentences."""
        if self.judged is None or self.day is None:
            return Headlines((_written("untested", self.language, {}),))
        measures, apart = self.judged.measures, self.difference
        points = {name: number(100 * getattr(apart, field), self.language, 1) for name, field in _POINTS}
        points["difference"] = _in_points(apart.difference, self.language)
        recall = {name: self._percent(mean_of(measures, method)) for name, method in (("recall", "model"), ("other", self.baseline))}
        words = {"day": day_in_words(self.day, self.language), "baseline": self._method(self.baseline).lower()}
        lines = [
            self._say("judged", customers=self.judged.bought.counts.size, top=self._top, **words, **recall),
            self._say("equals" if not apart.is_clear else "beats" if apart.difference > 0 else "worse", **points),
        ]
        if "explore" in recalls(measures):
            new = {
                name: self._percent(mean_of(measures, method, "recall_explore"))
                for name, method in (("model", "model"), ("plain", "global"))
            }
            lines.append(self._say("explore", **new))
        off = _in_points(self.reliability.mean_error, self.language)
        return Headlines((*lines, self._say("holds" if self.reliability.holds else "fails", off=off)))

    def recall(self) -> Gallery:
        """Return the recall of the methods: all products, those bought before, and new ones."""
        from relkit.plots.next_product_recall import plot_recall

        if self.judged is None:
            return Gallery(())
        drawn = plot_recall(self._methods, recalls(self.judged.measures), top=self._top, language=self.language)
        return Gallery((Picture(_Whole(drawn), self._say("c_recall")),))

    def by_method(self) -> SummaryTable | Gallery:
        """Return the same in numbers, with NDCG and the customers with a hit."""
        if self.judged is None:
            return Gallery(())
        value, low, high = self._column("recall")
        others = {name: self._column(name)[0] for name in ("ndcg", "hit", "recall_repeat", "recall_explore")}
        frame = pl.DataFrame({"method": self._methods, "recall": value, "low": low, "high": high, **others})
        columns = (
            Shown("method", self._say("method")),
            *(Shown(name, self._say(name), "share", 1) for name in ("recall", "low", "high")),
            Shown("ndcg", self._say("ndcg"), "number", 3),
            *(Shown(name, self._say(name), "share", 1) for name in ("hit", "recall_repeat", "recall_explore")),
        )
        caption = self._say("by_method", top=self._top)
        return SummaryTable(frame=frame, columns=columns, caption=caption, language=self.language, notes=(self._say("method_note"),))

    def calibration(self) -> Gallery:
        """Return the forecast probabilities of the first products against the share that was bought."""
        from relkit.plots.next_product_recall import plot_list_reliability

        if self.judged is None:
            return Gallery(())
        return Gallery((Picture(plot_list_reliability(self.reliability, language=self.language), self._say("c_calibration")),))

    @cached_property
    def difference(self) -> PairedDifference:
        """Recall of the model less that of the better baseline, over the same customers."""
        assert self.judged is not None
        measures = self.judged.measures
        return paired_difference(measures["model"].recall, measures[self.baseline].recall, replicates=REPLICATES)

    @property
    def baseline(self) -> str:
        """The baseline with the higher recall."""
        assert self.judged is not None
        measures = self.judged.measures
        return max(METHODS[1:], key=lambda name: mean_of(measures, name))

    @cached_property
    def reliability(self) -> Reliability:
        """Probabilities of the first products and their outcomes."""
        assert self.judged is not None
        return list_reliability(self.judged)

    @property
    def _methods(self) -> list[str]:
        """Names of the methods, the model first."""
        return [self._method(name) for name in METHODS]

    def _method(self, name: str) -> str:
        from relkit.plots.next_product_recall import METHOD_NAMES

        return METHOD_NAMES[name][self.language]

    @property
    def _top(self) -> int:
        assert self.judged is not None
        return int(self.judged.lists["model"].shape[1])

    def _column(self, field: str) -> tuple[Floats, Floats, Floats]:
        """Return the means of a measure by method, and their intervals over customers."""
        assert self.judged is not None
        return means_of(self.judged.measures, field)

    def _percent(self, share: float) -> str:
        return percent(share, self.language, 1)

    def _say(self, key: str, **values: Any) -> str:
        return _written(key, self.language, values)


_POINTS = (("difference", "difference"), ("low", "lower"), ("high", "upper"))


@dataclass(frozen=True, eq=False)
class _Whole:
    """A figure with several pairs of axes, as one picture."""

    figure: Any

    def get_figure(self, *, root: bool) -> Any:  # noqa: ARG002  (the signature of matplotlib)
        return self.figure


def _written(key: str, language: str, values: Mapping[str, Any]) -> str:
    words = {name: number(value, language) if isinstance(value, int) else value for name, value in values.items()}
    return TEXTS[key][language].format(**words)


def _in_points(share: float, language: str) -> str:
    """Return a difference of shares in points; in French a plural begins at 2.

    Examples:
        >>> [_in_points(share, "fr") for share in (0.003, -0.074)], _in_points(0.003, "en")
        (['0,3 point', '−7,4 points'], '0.3 points')
    """
    is_singular = language == "fr" and abs(round(100 * share, 1)) < 2
    return f"{number(100 * share, language, 1)} {'point' if is_singular else 'points'}"
