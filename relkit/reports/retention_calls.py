"""Calls in the churn report: whom to call first and why, from the value of an offer and the reasons of the risk.

calls = RetentionCalls.of(offers, reasons, offer=RetentionOffer(), currency="EUR", language="fr")
calls.headlines(), calls.curves(), calls.by_tenth(), calls.reasons()
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import polars as pl

from relkit.commands import command
from relkit.plots.style import money, number, percent
from relkit.reports.pictures import Gallery, Picture
from relkit.reports.summary_tables import SMALLEST_GROUP, Headlines, Shown, SummaryTable, hidden_groups
from relkit.scores.retention_offer import NOT_CALLED, by_profit_and_by_risk, under_budget
from relkit.texts import Text, in_language

if TYPE_CHECKING:
    from relkit.models.survival.profit_of_risk import HeldOutProfit
    from relkit.reports.contactability import Contactability
    from relkit.scores.retention_offer import Rankings, RetentionOffer

_WITH_DEFAULT = ("averted_share", "window_days", "stayers_take_share")
"""Terms of an offer that need not be declared."""
EXAMPLE: dict[str, Any] = {"offer.contact_cost": 4, "offer.offer_cost": 20, "offer.budget": 5000}
"""An offer as it is declared when scoring."""

_CAUSES = {"voluntary": Text("voluntary", "volontaire"), "involuntary": Text("involuntary", "involontaire")}
"""Reasons that relkit names itself; others are the company's words."""

TEXTS: dict[str, Text] = {
    "declared": Text("The declared offer {terms}.", "L’offre déclarée {terms}."),
    "assumed": Text(
        "Assumption: an offer that {terms}. No offer was declared; these are the values of the literature (Verbraken, Verbeke "
        "and Baesens, 2013), not yours.",
        "Hypothèse : une offre qui {terms}. Aucune offre n’a été déclarée ; ces valeurs sont celles de la littérature "
        "(Verbraken, Verbeke et Baesens, 2013), pas les vôtres.",
    ),
    "terms": Text(
        "averts {share} of the ends{causes} due within {days} days, costs {contact} per contact and {cost} per customer who takes "
        "it, and is taken by {takers} of those who would have stayed",
        "évite {share} des fins{causes} prévues sous {days} jours, coûte {contact} par contact et {cost} par client qui la prend, "
        "et est prise par {takers} de ceux qui seraient restés",
    ),
    "causes": Text(" by {causes}", " pour motif {causes}"),
    "undeclared": Text("Not declared, so the usual was assumed: {names}.", "Non déclaré, donc valeur usuelle : {names}."),
    "measure": Text("Measure the share averted on a control group.", "La part évitée se mesure sur un groupe témoin."),
    "declare": Text(
        "Declare your own offer, and the delivered file ranks whom to call: {score}, then {deliver}",
        "Déclarez votre offre, et le fichier livré classe les clients à appeler : {score}, puis {deliver}",
    ),
    "averted_share": Text("the share of the ends averted", "la part des fins évitées"),
    "window_days": Text("the days within which they are due", "les jours sous lesquels elles sont prévues"),
    "stayers_take_share": Text("the share of the others who take it", "la part des autres qui la prennent"),
    "within": Text(
        "Within the budget of {budget}, {n} of the {paying} customers for whom calling pays are called: a profit of {profit} is "
        "expected, after costs of {cost}.",
        "Dans le budget de {budget}, {n} des {paying} clients pour lesquels appeler est rentable sont appelés : un profit de "
        "{profit} est attendu, une fois déduits {cost} de coûts.",
    ),
    "unspent": Text(
        "The budget of {budget} is not spent: calling pays for nobody else.",
        "Le budget de {budget} n’est pas épuisé : appeler n’est rentable pour personne d’autre.",
    ),
    "too_small": Text(
        "The budget of {budget} pays for no call; calling would pay for {paying} of {all} customers.",
        "Le budget de {budget} ne paie aucun appel ; appeler serait rentable pour {paying} clients sur {all}.",
    ),
    "empc": Text(
        "A list in the order of risk, on {days} days that the model had not seen: best is to contact {share} of the customers, "
        "a profit after costs of {profit} for each customer under contract (expected maximum profit, EMPC, an end averted counted at "
        "{clv}); to know beforehand who leaves would bring {perfect}.",
        "Une liste dans l’ordre du risque, sur {days} jours que le modèle n’avait pas vus : le mieux est de contacter {share} des "
        "clients, soit un profit après coûts de {profit} par client sous contrat (profit maximal espéré, EMPC, une fin évitée comptant "
        "pour {clv}) ; savoir d’avance qui part rapporterait {perfect}.",
    ),
    "called": Text(
        "Calling pays for {n} of {all} customers: a profit of {profit} is expected, after costs of {cost}.",
        "Appeler est rentable pour {n} clients sur {all} : un profit de {profit} est attendu, une fois déduits {cost} de coûts.",
    ),
    "none": Text(
        "Calling pays for nobody under these assumptions: the offer costs more than it keeps.",
        "Sous ces hypothèses, appeler n’est rentable pour personne : l’offre coûte plus qu’elle ne conserve.",
    ),
    "missed": Text(
        "An order by risk alone would miss {share} of this profit, even at its own best depth: it calls customers who bring little.",
        "Un ordre fondé sur le seul risque manquerait {share} de ce profit, même à sa meilleure profondeur : "
        "il appelle des clients qui rapportent peu.",
    ),
    "nobody": Text("None of the customers under contract may be phoned.", "Aucun des clients sous contrat ne peut être appelé."),
    "barred": Text("Left out, as they may not be phoned: {reasons}.", "Laissés de côté, car ils ne peuvent être appelés : {reasons}."),
    "barred_paying": Text("Calling would pay for {paying} of them.", "Appeler serait rentable pour {paying} d’entre eux."),
    "no_consent": Text("{n} customers without consent to calls", "{n} clients sans accord pour le téléphone"),
    "protected": Text("{n} protected", "{n} personnes protégées"),
    "unreachable": Text("{n} out of reach by phone", "{n} clients injoignables par téléphone"),
    "under": Text("fewer than {n}", "moins de {n}"),
    "some": Text("some", "quelques"),
    "few": Text(
        "Calling pays for fewer than {n} customers under these assumptions.",
        "Sous ces hypothèses, appeler est rentable pour moins de {n} clients.",
    ),
    "no_margin": Text(
        "The margin of the contracts is not known, so what an offer is worth is unknown: risk alone orders the contracts, "
        "which says nothing of what a call brings.",
        "La marge des contrats n’est pas connue, la valeur d’une offre non plus : seul le risque ordonne les contrats, ce qui "
        "ne dit rien de ce que rapporte un appel.",
    ),
    "no_reasons": Text("The model behind the risk does not tell reasons.", "Le modèle de risque ne donne pas de motifs."),
    "tenth": Text("Tenth by profit after costs", "Dixième selon le profit après coûts"),
    "customers": Text("Customers", "Clients"),
    "risk": Text("Probability of ending, mean", "Probabilité de fin, moyenne"),
    "stake": Text("Margin at stake per end averted, mean", "Marge en jeu par fin évitée, moyenne"),
    "value": Text("Margin saved, expected", "Marge sauvée, attendue"),
    "cost": Text("Costs, expected", "Coûts attendus"),
    "profit": Text("Profit after costs, expected", "Profit attendu après coûts"),
    "by_tenth": Text("Running contracts by what an offer is worth", "Contrats en cours selon ce que vaut une offre"),
    "tenth_note": Text(
        "A row counts all customers of its tenth, those for whom calling does not pay too; the profit above is that of the "
        "customers for whom it pays.",
        "Une ligne compte tous les clients de son dixième, y compris ceux pour lesquels appeler n’est pas rentable ; le "
        "profit plus haut est celui des clients pour lesquels ce l’est.",
    ),
    "total": Text("All", "Ensemble"),
    "reason": Text("What raises the risk", "Ce qui élève le risque"),
    "all_share": Text("Share of contracts with a forecast", "Part des contrats dotés d’une prévision"),
    "top_share": Text("Share of the tenth most at risk", "Part du dixième le plus exposé"),
    "ratio": Text("Risk, times, mean", "Risque multiplié par, moyenne"),
    "reasons": Text(
        "Why contracts are at risk: among the first three reasons of each",
        "Pourquoi les contrats sont exposés : parmi les trois premiers motifs de chacun",
    ),
    "reason_note": Text(
        "These go with the risk; changing one of them need not keep the customer. What cancels each other (an option and "
        "its charge) is judged together.",
        "Ces éléments vont avec le risque ; en changer un ne suffit pas forcément à garder le client. Ceux qui se "
        "compensent (une option et son prix) sont jugés ensemble.",
    ),
    "c_curve": Text(
        "Customers called one after the other; each dot is the depth at which the order brings most.",
        "Clients appelés l’un après l’autre ; chaque point est la profondeur à laquelle l’ordre rapporte le plus.",
    ),
    "c_budget": Text(
        "Money spent on calls, one customer after the other; each dot is where the order brings most within the budget.",
        "Argent dépensé en appels, un client après l’autre ; chaque point est là où l’ordre rapporte le plus dans le budget.",
    ),
}


@dataclass(frozen=True, eq=False, kw_only=True)
class RetentionCalls:
    """Value of an offer to each customer, and the reasons why each is at risk.

    Attributes:
        offers: as `relkit.scores.retention_offer.offer_values` returns them, of the customers who may be phoned; None if
            margins are not known.
        why: as `relkit.scores.reasons.churn_reasons` returns them; None if the model gives none.
        risk: customer_id, probability of ending, of all customers with a score.
        offer: declared or assumed terms of the offer.
        currency: ISO code.
        language: en or fr.
        declared: names of the terms that were declared; empty if no offer was.
        barred: like `offers`, for the customers who may not be phoned, with not_called_because; None if nobody is known to be barred.
        contact: counts of the customers with a risk who may be contacted; None if not known.
        held_out: profit of an order by risk on days the model had not seen; None if it cannot be measured.
    """

    offers: pl.DataFrame | None
    why: pl.DataFrame | None
    risk: pl.DataFrame
    offer: RetentionOffer
    currency: str
    language: str
    declared: tuple[str, ...] = ()
    held_out: HeldOutProfit | None = None
    barred: pl.DataFrame | None = None
    contact: Contactability | None = None

    def headlines(self) -> Headlines:
        """Return the main findings: the assumed or declared offer, the customers for whom calling pays, and what risk alone would miss."""
        if self.offers is None:
            return Headlines((self._say("no_margin"), *(() if self.contact is None else self.contact.sentences())))
        if self.offers.is_empty() and self.barred is not None and len(self.barred):
            return Headlines((self._terms(), self._say("nobody"), *self._left_out()))
        found, paying = by_profit_and_by_risk(self.offers, budget=self.offer.budget), len(under_budget(self.offers))
        sentences = [self._terms(), self._called(found, paying)]
        if self.offer.budget is not None and found.called == paying >= SMALLEST_GROUP:
            sentences.append(self._say("unspent", budget=self._money(self.offer.budget)))
        sentences += self._left_out()
        if found.called >= SMALLEST_GROUP:
            sentences.append(self._say("missed", share=percent(found.missed_share, self.language)))
        sentences += [self._empc(self.held_out)] if self.held_out is not None else []
        sentences += [] if self.declared else [self._say("declare", score=command("score", **EXAMPLE), deliver=command("deliver"))]
        return Headlines(tuple(sentences))

    def _left_out(self) -> list[str]:
        """Return sentences on customers who may not be phoned, by reason, and on those contactable otherwise; small groups masked.

        The reasons why others may not be contacted at all are left out: they are why they may not be phoned, which is counted here.
        """
        reach = () if self.contact is None else self.contact.sentences()
        reach = reach[:1] if self.contact is not None and self.contact.channels is not None else reach
        if self.barred is None or self.barred.is_empty():
            return list(reach)
        counts = [(why, int((self.barred[NOT_CALLED] == why).sum())) for why in ("no_consent", "protected", "unreachable")]
        found = [(why, n) for why, n in counts if n]
        masks = hidden_groups([n for _, n in found], has_total=True)  # others of these sentences give the sum away
        some = self._say("some")
        counted = [some if mask and n >= SMALLEST_GROUP else self._counted(n) for (_, n), mask in zip(found, masks, strict=True)]
        reasons = ", ".join(self._say(why, n=n) for (why, _), n in zip(found, counted, strict=True))
        paying = self._say("barred_paying", paying=self._counted(len(under_budget(self.barred))))
        return [f"{self._say('barred', reasons=reasons)} {paying}", *reach]

    def _counted(self, n: int) -> str:
        """Return a number of customers; numbers from one to nine are not distinguished."""
        return number(n, self.language) if n >= SMALLEST_GROUP or n == 0 else self._say("under", n=number(SMALLEST_GROUP, self.language))

    def _called(self, found: Rankings, paying: int) -> str:
        """Return the number of customers for whom calling pays, within the budget if any; fewer than ten are not counted."""
        if not paying:
            return self._say("none")
        if paying < SMALLEST_GROUP or 0 < found.called < SMALLEST_GROUP:
            return self._say("few", n=number(SMALLEST_GROUP, self.language))
        counted = {
            "n": number(found.called, self.language),
            "paying": number(paying, self.language),
            "all": number(0 if self.offers is None else len(self.offers), self.language),
            "budget": self._money(self.offer.budget or 0.0),
        }
        if not found.called:
            return self._say("too_small", **counted)
        key = "called" if found.called == paying else "within"
        return self._say(key, **counted, profit=self._money(found.profit), cost=self._money(found.cost))

    def _terms(self) -> str:
        """Return the declared or assumed terms of the offer."""
        known = in_language(_CAUSES, self.language)
        averts = ", ".join(known.get(cause, cause) for cause in self.offer.averts)
        causes = self._say("causes", causes=averts) if averts else ""
        terms = self._say(
            "terms",
            share=percent(self.offer.averted_share, self.language),
            causes=causes,
            days=number(self.offer.window_days, self.language),
            contact=self._money(self.offer.contact_cost),
            cost=self._money(self.offer.offer_cost),
            takers=percent(self.offer.stayers_take_share, self.language),
        )
        if not self.declared:
            return f"{self._say('assumed', terms=terms)} {self._say('measure')}"
        usual = [self._say(name) for name in _WITH_DEFAULT if name not in self.declared]
        undeclared = f" {self._say('undeclared', names=', '.join(usual))}" if usual else ""
        return f"{self._say('declared', terms=terms)}{undeclared} {self._say('measure')}"

    def _empc(self, held_out: HeldOutProfit) -> str:
        return self._say(
            "empc",
            days=number(held_out.days, self.language),
            share=percent(held_out.best.fraction, self.language),
            profit=money(held_out.best.profit, self.currency, self.language, 2),
            clv=self._money(held_out.clv),
            perfect=money(held_out.perfect.profit, self.currency, self.language, 2),
        )

    def curves(self) -> Gallery:
        """Return the cumulative profit of both orders: by customers called or, under a budget, by the money spent on calls."""
        from relkit.plots.offer_profit import plot_cumulated_profit, plot_profit_of_spending

        if self.offers is None or self.offers.is_empty():
            return Gallery(())
        options: dict[str, Any] = {"currency": self.currency, "language": self.language}
        if self.offer.budget is not None:
            whole = float(self.offers["cost"].sum())
            orders = [under_budget(self.offers, budget=whole, by=by, only_gains=False) for by in ("expected_profit", "churn_probability")]
            columns = [(order["cost"].to_numpy(), order["expected_profit"].to_numpy()) for order in orders]
            drawn = plot_profit_of_spending(columns[0], columns[1], budget=self.offer.budget, **options)
            return Gallery((Picture(drawn, self._say("c_budget")),))
        ranked = [
            self.offers.sort([by, "customer_id"], descending=[True, False])["expected_profit"].to_numpy()
            for by in ("expected_profit", "churn_probability")
        ]
        return Gallery((Picture(plot_cumulated_profit(ranked[0], ranked[1], **options), self._say("c_curve")),))

    def by_tenth(self) -> SummaryTable | Gallery:
        """Return customers by the value of an offer to them, the most worthwhile first."""
        if self.offers is None or self.offers.is_empty():
            return Gallery(())
        measures = {
            "customers": pl.len().cast(pl.Int64),
            "risk": pl.col("churn_probability").mean(),
            "stake": (pl.col("margin_saved") / pl.col("churn_probability")).filter(pl.col("churn_probability") > 0).mean(),
            **{name: pl.col(source).sum() for name, source in (("value", "value"), ("cost", "cost"), ("profit", "expected_profit"))},
        }
        ranked = self.offers.sort(["expected_profit", "customer_id"], descending=[True, False])
        tenth = (10 * pl.int_range(pl.len(), dtype=pl.Int64) // pl.len() + 1).alias("tenth")
        rows = ranked.group_by(tenth).agg(**measures).sort("tenth").with_columns(pl.col("tenth").cast(pl.String))
        columns = (
            Shown("tenth", self._say("tenth")),
            Shown("customers", self._say("customers"), "count"),
            Shown("risk", self._say("risk"), "share", 1),
            Shown("stake", self._say("stake"), "money"),
            Shown("value", self._say("value"), "money"),
            Shown("cost", self._say("cost"), "money"),
            Shown("profit", self._say("profit"), "money"),
        )
        total = {"tenth": self._say("total"), **ranked.select(**measures).row(0, named=True)}
        return self._table(rows, columns, self._say("by_tenth"), count="customers", total=total, notes=(self._say("tenth_note"),))

    def reasons(self) -> SummaryTable | Gallery:
        """Return the share of contracts with each reason among the first three, for all and for the tenth most at risk."""
        if self.why is None or self.why.is_empty():
            return Gallery((), self._say("no_reasons"))
        top = self.risk.sort(["probability", "customer_id"], descending=[True, False]).head(-(-len(self.risk) // 10))
        explained = self.why.join(self.risk, on="customer_id", how="semi").join(
            top.select("customer_id", is_top=pl.lit(value=True)), on="customer_id", how="left"
        )
        rows = (
            explained.group_by(reason=pl.col(f"reason_{self.language}"))
            .agg(
                customers=pl.len().cast(pl.Int64),
                all_share=pl.len() / len(self.risk),
                top_share=pl.col("is_top").sum() / len(top),
                ratio=pl.col("risk_ratio").mean(),
            )
            .sort("customers", "reason", descending=[True, False])
        )
        columns = (
            Shown("reason", self._say("reason")),
            Shown("customers", self._say("customers"), "count"),
            Shown("all_share", self._say("all_share"), "share"),
            Shown("top_share", self._say("top_share"), "share"),
            Shown("ratio", self._say("ratio"), "number", 2),
        )
        return self._table(rows, columns, self._say("reasons"), count="customers", notes=(self._say("reason_note"),))

    def _table(self, rows: pl.DataFrame, columns: tuple[Shown, ...], caption: str, **more: Any) -> SummaryTable:
        return SummaryTable(frame=rows, columns=columns, caption=caption, language=self.language, currency=self.currency, **more)

    def _money(self, value: float) -> str:
        return money(value, self.currency, self.language)

    def _say(self, key: str, **values: str) -> str:
        return TEXTS[key][self.language].format(**values)
