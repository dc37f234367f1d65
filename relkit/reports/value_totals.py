"""Sentences on the totals of the value report: what their bounds rest on, and what the totals leave out.

totals = ValueTotals(value=value, pace=material.acquisition(), new=...)
totals.basis(), totals.left_out()
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from relkit.commands import command
from relkit.plots.style import money, number, percent
from relkit.reports.summary_tables import Headlines
from relkit.texts import Text

if TYPE_CHECKING:
    from relkit.reports.customer_value import ValueReading
    from relkit.scores.customers_to_come import Pace
    from relkit.scores.total_bounds import Total

LARGE_PART = 0.01
"""Share of the total from contracts above which their bounds are explained."""
TEXTS: dict[str, Text] = {
    "past": Text(
        "The bounds of totals come from {n} past days, on which forecasts of {judged} days were compared with what came, and from the "
        "errors usual in other shops, which weigh as much as three more.",
        "Les bornes des totaux viennent de {n} dates passées, où la prévision à {judged} jours a été comparée à ce qui est venu, et des "
        "erreurs habituelles d’autres enseignes, qui pèsent autant que trois dates de plus.",
    ),
    "one": Text(
        "Only one past day could be tried, over {judged} days: the bounds of totals rest mostly on the errors usual in other shops, not "
        "on this model’s own. {command} tries several.",
        "Une seule date passée a pu être mise à l’épreuve, sur {judged} jours : les bornes des totaux reposent surtout sur les erreurs "
        "habituelles d’autres enseignes, non sur celles de ce modèle. {command} en essaie plusieurs.",
    ),
    "usual": Text(
        "This model was tried on no past day: the bounds of totals rest on the errors usual in other shops and leave this model’s own "
        "error out. {command} tries several.",
        "Ce modèle n’a été éprouvé à aucune date passée : les bornes des totaux reposent sur les erreurs habituelles d’autres enseignes et "
        "laissent de côté l’erreur propre à ce modèle. {command} en essaie plusieurs.",
    ),
    "beyond": Text(
        "Nothing was compared further ahead than {judged} days: over the {span} totals are taken to be as far off as there.",
        "Rien n’a été comparé au-delà de {judged} jours : sur les {span}, l’écart des totaux est supposé le même qu’alors.",
    ),
    "in_orders": Text(
        "Past days were compared in orders only: errors in the value of an order come on top.",
        "Les dates passées n’ont été comparées qu’en nombre de commandes : l’erreur sur la valeur d’une commande s’y ajoute.",
    ),
    "contracts": Text(
        "{share} of the total comes from running contracts, whose bounds leave out how far the model of contracts itself may be off.",
        "{share} du total vient de contrats en cours, dont les bornes laissent de côté l’erreur propre du modèle de contrats.",
    ),
    "to_come": Text(
        "The total leaves out customers still to come. At the steady pace of the last 12 months, {a_month} a month, they would add {value} "
        "in the {span}; {low} to {high} (95%).",
        "Le total laisse de côté les clients à venir. Au rythme régulier des 12 derniers mois, soit {a_month} par mois, ils ajouteraient "
        "{value} sur les {span} ; de {low} à {high} (95\u00a0%).",
    ),
    "unsteady_short": Text(
        "The total leaves out customers still to come, whose number is not estimated: there is less than a year of history.",
        "Le total laisse de côté les clients à venir, dont le nombre n’est pas estimé : l’historique compte moins d’un an.",
    ),
    "unsteady_few": Text(
        "The total leaves out customers still to come, whose number is not estimated: too few were won in the last 12 months.",
        "Le total laisse de côté les clients à venir, dont le nombre n’est pas estimé : trop peu sont arrivés en 12 mois.",
    ),
    "unsteady_year": Text(
        "The total leaves out customers still to come, whose number is not estimated: acquisition is not steady ({now} customers won in "
        "the last 12 months, {before} in the 12 before).",
        "Le total laisse de côté les clients à venir, dont le nombre n’est pas estimé : les arrivées ne sont pas régulières ({now} clients "
        "en 12 mois, {before} les 12 mois d’avant).",
    ),
    "unsteady_trend": Text(
        "The total leaves out customers still to come, whose number is not estimated: acquisition is not steady ({first} customers won in "
        "the first half of the last 12 months, {second} in the second).",
        "Le total laisse de côté les clients à venir, dont le nombre n’est pas estimé : les arrivées ne sont pas régulières ({first} "
        "clients dans la première moitié des 12 derniers mois, {second} dans la seconde).",
    ),
    "unvalued": Text(
        "The total leaves out customers still to come: {a_month} a month were won in the last 12 months, steadily; this model does not "
        "forecast what a new customer brings.",
        "Le total laisse de côté les clients à venir : {a_month} par mois sont arrivés en 12 mois, régulièrement ; ce modèle ne prévoit "
        "pas ce que rapporte un nouveau client.",
    ),
}


@dataclass(frozen=True, eq=False, kw_only=True)
class ValueTotals:
    """Totals of the value report.

    Attributes:
        value: the reading of the scored customer file.
        pace: of acquisition; None if there are no purchases to count it from.
        to_come: value that customers still to come would add; None if acquisition is not steady or the model does not forecast it.
    """

    value: ValueReading
    pace: Pace | None
    to_come: Total | None

    def basis(self) -> Headlines:
        """Return the basis of the bounds of totals."""
        spread, value = self.value.bounds.money, self.value
        fit = command("fit", "lifetime_value.auto")
        key = "usual" if not spread.origins else "one" if spread.origins == 1 else "past"
        values = {"n": number(spread.origins, self._language), "judged": number(spread.judged_days, self._language)}
        lines = [self._say(key, command=fit, **values)]
        if spread.origins and value.span_days > spread.judged_days:
            lines.append(self._say("beyond", **values))
        if spread.origins and not spread.in_money:
            lines.append(self._say("in_orders"))
        contracts = float(value.scored["contracts"].sum()) / (float(value.scored["future"].sum()) or 1.0)
        if contracts >= LARGE_PART:
            lines.append(self._say("contracts", share=percent(contracts, self._language)))
        return Headlines(tuple(lines))

    def left_out(self) -> Headlines:
        """Return the sentence on customers still to come, with an estimate if acquisition is steady."""
        pace = self.pace
        if pace is None:
            return Headlines(())
        half = len(pace.counts) // 2
        counts = {"now": sum(pace.counts), "before": pace.year_before, "first": sum(pace.counts[:half]), "second": sum(pace.counts[half:])}
        written = {name: "" if n is None else number(n, self._language) for name, n in counts.items()}
        if not pace.is_steady:
            return Headlines((self._say(f"unsteady_{pace.why_not}", **written),))
        a_month = number(pace.a_month, self._language)
        if self.to_come is None:
            return Headlines((self._say("unvalued", a_month=a_month),))
        amounts = {name: money(getattr(self.to_come, name), self.value.currency, self._language) for name in ("value", "low", "high")}
        return Headlines((self._say("to_come", a_month=a_month, **amounts),))

    @property
    def _language(self) -> str:
        return self.value.language

    def _say(self, key: str, **values: Any) -> str:
        return TEXTS[key][self._language].format(span=self.value.span, **values)
