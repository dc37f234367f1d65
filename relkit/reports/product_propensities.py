"""Content of the affinity report on propensities: who will take which product, by product.

propensities = ProductPropensities.of(people, scores=records, names=names, language="fr")
propensities.headlines(), propensities.by_product()
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import polars as pl

from relkit.models.affinity.family import PROPENSITY
from relkit.plots.style import number, percent
from relkit.reports.pictures import Gallery
from relkit.reports.summary_tables import SMALLEST_GROUP, Headlines, Shown, SummaryTable
from relkit.texts import Text

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from relkit.score_kinds import Score

TENTH = 0.1
TEXTS: dict[str, Text] = {
    "expected": Text(
        "{product} has the most takers ahead: {takers} of {customers} customers without it should take it within {days} days ({share}).",
        "{product} a le plus de preneurs à venir : {takers} clients sur {customers} qui ne l’ont pas devraient le prendre sous {days} "
        "jours ({share}).",
    ),
    "concentrated": Text(
        "The tenth most inclined to take {product}, {n} customers, holds {part} of these takers: begin with them.",
        "Le dixième le plus enclin à prendre {product}, {n} clients, concentre {part} de ces preneurs : commencez par eux.",
    ),
    "caption": Text("Chances that customers take a product", "Chances que les clients prennent un produit"),
    "product": Text("Product", "Produit"),
    "days": Text("Within, days", "Sous, jours"),
    "customers": Text("Customers without it", "Clients qui ne l’ont pas"),
    "mean": Text("Probability, mean", "Probabilité, moyenne"),
    "takers": Text("Expected takers", "Preneurs attendus"),
    "top": Text("Probability, best tenth", "Probabilité, meilleur dixième"),
    "part": Text("Takers in the best tenth", "Preneurs dans le meilleur dixième"),
    "note": Text(
        "Customers who hold the product are left out. The forecast is of what happens anyway: it does not say whom a contact would win "
        "over.",
        "Les clients qui détiennent le produit sont laissés de côté. La prévision porte sur ce qui arrivera de toute façon : elle ne dit "
        "pas qui un contact ferait changer d’avis.",
    ),
    "none": Text(
        "No model of propensities has been trained for this company.", "Aucun modèle d’appétence n’a été entraîné pour cette entreprise."
    ),
}


@dataclass(frozen=True, eq=False, kw_only=True)
class ProductPropensities:
    """Propensities by product.

    Attributes:
        rows: product, days, customers, mean, takers, top (mean of the best tenth), n_top (its customers), part (of the takers in it).
        language: en or fr.
    """

    rows: pl.DataFrame
    language: str

    @classmethod
    def of(cls, people: pl.DataFrame, *, scores: Iterable[Score], names: Mapping[str, str], language: str) -> ProductPropensities:
        """Read the scores of the customer file.

        Args:
            people: the file, full view.
            scores: records of the scores in it.
            names: of products by id.
            language: en or fr.
        """
        kept = [score for score in scores if PROPENSITY.includes(score) and str(score) in people.columns]
        rows = [_row(people[str(score)], score, names) for score in kept]
        schema = {"product": pl.String, "days": pl.Int64, "customers": pl.Int64, "n_top": pl.Int64}
        shares = dict.fromkeys(("mean", "takers", "top", "part"), pl.Float64)
        table = pl.DataFrame([row for row in rows if row["customers"] >= SMALLEST_GROUP], schema={**schema, **shares})
        return cls(rows=table.sort(["takers", "product"], descending=[True, False]), language=language)

    def headlines(self) -> Headlines:
        """Return the main findings, in sentences."""
        if self.rows.is_empty():
            return Headlines((self._say("none"),))
        row = self.rows.row(0, named=True)
        share = percent(row["mean"], self.language, 1)
        counts = {"takers": round(row["takers"]), "customers": row["customers"], "days": row["days"]}
        lines = [self._say("expected", product=row["product"], share=share, **counts)]
        if row["n_top"] >= SMALLEST_GROUP:
            part = percent(row["part"], self.language)
            lines.append(self._say("concentrated", product=row["product"], n=row["n_top"], part=part))
        return Headlines(tuple(lines))

    def by_product(self) -> SummaryTable | Gallery:
        """Return the propensities of each product."""
        if self.rows.is_empty():
            return Gallery(())
        columns = (
            Shown("product", self._say("product")),
            Shown("days", self._say("days"), "count"),
            Shown("customers", self._say("customers"), "count"),
            Shown("mean", self._say("mean"), "share", 1),
            Shown("takers", self._say("takers"), "number"),
            Shown("top", self._say("top"), "share", 1),
            Shown("part", self._say("part"), "share"),
        )
        notes = (self._say("note"),)
        return SummaryTable(
            frame=self.rows, columns=columns, caption=self._say("caption"), language=self.language, count="customers", notes=notes
        )

    def _say(self, key: str, **values: Any) -> str:
        written = {name: number(value, self.language) if isinstance(value, int) else value for name, value in values.items()}
        return TEXTS[key][self.language].format(**written)


def _row(values: pl.Series, score: Score, names: Mapping[str, str]) -> dict[str, Any]:
    known = values.drop_nulls().sort(descending=True)
    best = known.head(int(len(known) * TENTH))
    whole = float(known.sum())
    return {
        "product": names.get(score.subject_id) or score.subject_id or score.subject,
        "days": score.days,
        "customers": len(known),
        "n_top": len(best),
        "mean": known.mean(),
        "takers": whole,
        "top": best.mean(),
        "part": float(best.sum()) / whole if whole else 0.0,
    }
