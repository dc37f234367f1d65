"""Calibration of the chances of an order: forecast and observed, by tenth of the customers, on days the model had not seen.

    chances = OrderChances(material.order_calibration(), language="fr")
    chances.verdict(), chances.picture(), chances.by_tenth()

The result is out of sample twice over: the model knew nothing of the holdout, and the correction was learnt from
one half of the customers of the holdout and is judged on the other.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import polars as pl

from relkit.plots.style import number, percent
from relkit.reports.pictures import Gallery, Picture
from relkit.reports.summary_tables import Headlines, Shown, SummaryTable, day_in_words
from relkit.texts import Text

if TYPE_CHECKING:
    from datetime import date

    from relkit.models.lifetime_value.order_calibration import OrderCalibration

TEXTS: dict[str, Text] = {
    "none": Text(
        "The chance of an order is the model’s own: no days were held back that could have tested it.",
        "La probabilité de commande est celle du modèle : aucune période n’a pu être mise de côté pour l’éprouver.",
    ),
    "bought": Text(
        "Of {customers} customers, {buyers} ({share}) bought in the {days} days after {day}, which the model had not seen; "
        "{forecast} were expected to.",
        "Sur {customers} clients, {buyers} ({share}) ont acheté dans les {days} jours suivant le {day}, "
        "que le modèle n’avait pas vus ; {forecast} étaient attendus.",
    ),
    "holds": Text(
        "The chances of an order may be believed: in every tenth of the customers, those who bought are as many as forecast, "
        "give or take chance.",
        "On peut se fier aux probabilités de commande : dans chaque dixième des clients, "
        "ceux qui ont acheté sont aussi nombreux que prévu, au hasard près.",
    ),
    "fails": Text(
        "The chances of an order rank customers but are not exact: they are {off} points off on average, "
        "which chance alone does not explain. Compare customers by them; do not add them up.",
        "Les probabilités de commande classent les clients mais ne sont pas exactes : l’écart moyen est de {off} points, "
        "ce que le hasard seul n’explique pas. Servez-vous-en pour comparer les clients, non pour les additionner.",
    ),
    "set": Text(
        "The chances were adjusted to what was observed: the model’s own were {own} points off on average, the adjusted ones are {off}.",
        "Les probabilités ont été calées sur ce qui a été constaté : celles du modèle s’écartaient de {own} points en moyenne, "
        "les probabilités calées de {off}.",
    ),
    "unset": Text(
        "The chances are the model’s own, which needed no correction: they are {off} points off on average.",
        "Les probabilités sont celles du modèle, qui n’ont pas eu besoin d’être corrigées : l’écart moyen est de {off} points.",
    ),
    "season": Text(
        "A season that differs from these days is not corrected for.", "Rien n’est corrigé pour une saison différente de cette période."
    ),
    "caption": Text(
        "Each point is a tenth of the customers, from the least to the most likely to buy. On the dashed line the forecast "
        "came true; a bar that crosses it is within chance.",
        "Chaque point est un dixième des clients, du moins au plus susceptible d’acheter. Sur la ligne pointillée, "
        "la prévision s’est vérifiée ; une barre qui la traverse reste dans les limites du hasard.",
    ),
    "table": Text(
        "Chance of an order within {days} days, forecast and come true", "Probabilité de commande sous {days} jours : prévue et constatée"
    ),
    "tenth": Text("Tenth, 1 = least likely", "Dixième, 1 = le moins probable"),
    "customers": Text("Customers", "Clients"),
    "forecast": Text("Forecast, mean", "Prévue, moyenne"),
    "observed": Text("Bought", "Ont acheté"),
    "low": Text("Low (95%)", "Bas (95\u00a0%)"),
    "high": Text("High (95%)", "Haut (95\u00a0%)"),
    "note": Text(
        "Forecasts for each half of the customers were set right by what was observed in the other half.",
        "Les prévisions de chaque moitié des clients ont été calées sur ce qui a été constaté dans l’autre.",
    ),
}


@dataclass(frozen=True, eq=False)
class OrderChances:
    """Calibration of the probability of an order on a holdout.

    Attributes:
        calibration: kept with the fitted model; None if there was no holdout, or too few bought in it.
        language: en or fr.
    """

    calibration: OrderCalibration | None
    language: str

    def verdict(self) -> Headlines:
        """Return whether the chances are reliable, in sentences."""
        found = self.calibration
        if found is None:
            return Headlines((self._say("none"),))
        forecast = round(float(found.judged.predicted @ found.judged.size))
        values = {
            "customers": number(found.customers, self.language),
            "buyers": number(found.buyers, self.language),
            "share": percent(found.buyers / found.customers, self.language),
            "days": number(found.days, self.language),
            "day": self._day(found.calibrated_from),
            "forecast": number(forecast, self.language),
            "off": number(100 * found.judged.mean_error, self.language, 1),
            "own": number(100 * found.own.mean_error, self.language, 1),
        }
        keys = ("holds" if found.judged.holds else "fails", "bought", "set" if found.changes else "unset", "season")
        return Headlines(tuple(self._say(key, **values) for key in keys))

    def picture(self) -> Gallery:
        """Return the forecast and the share of customers who bought, by tenth."""
        from relkit.plots.order_probability import plot_order_probability

        if self.calibration is None:
            return Gallery(())
        return Gallery((Picture(plot_order_probability(self.calibration, language=self.language), self._say("caption")),))

    def by_tenth(self) -> SummaryTable | Gallery:
        """Return the same in numbers, with the 95 % interval of the share of customers who bought."""
        found = self.calibration
        if found is None:
            return Gallery(())
        low, high = found.judged.bounds()
        frame = pl.DataFrame(
            {
                "tenth": [str(i + 1) for i in range(len(low))],
                "customers": found.judged.size,
                "forecast": found.judged.predicted,
                "observed": found.judged.observed,
                "low": low,
                "high": high,
            }
        )
        kinds = {"tenth": "text", "customers": "count"}
        columns = tuple(Shown(name, self._say(name), kinds.get(name, "share"), 0 if name in kinds else 1) for name in frame.columns)  # type: ignore[arg-type]
        caption = self._say("table", days=number(found.days, self.language))
        notes = (self._say("note"),) if found.changes else ()
        return SummaryTable(frame=frame, columns=columns, caption=caption, language=self.language, count="customers", notes=notes)

    def _day(self, day: date) -> str:
        return day_in_words(day, self.language)

    def _say(self, key: str, **values: str) -> str:
        return TEXTS[key][self.language].format(**values)
