"""What the churn report says of calls: whom to call first and what for, from what an offer is worth and the reasons of the risk.

calls = RetentionCalls.of(offers, reasons, offer=RetentionOffer(), currency="EUR", language="fr")
calls.headlines(), calls.curves(), calls.by_tenth(), calls.reasons()
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import polars as pl

from relkit.plots.style import money, number, percent, words
from relkit.reports.pictures import Gallery, Picture
from relkit.reports.summary_tables import SMALLEST_GROUP, Headlines, Shown, SummaryTable
from relkit.scores.retention_offer import by_profit_and_by_risk

if TYPE_CHECKING:
    from relkit.scores.retention_offer import RetentionOffer

TEXTS: dict[str, dict[str, str]] = {
    "en": {
        "assumed": "Assumed: the offer averts {share} of the ends due within {days} days; a contact costs {contact}, the offer {cost} to "
        "whoever takes it, and {takers} of those who would have stayed take it. Measure the first on a control group.",
        "called": "Calling pays for {n} of {all} customers: {profit} are expected of them, at a cost of {cost}.",
        "none": "Calling pays for nobody under these assumptions: the offer costs more than it keeps.",
        "missed": "An order by risk alone would miss {share} of it, even at its own best depth: it calls customers who bring little.",
        "few": "Calling pays for fewer than {n} customers under these assumptions.",
        "no_margin": "The margin of the contracts is not known, so what an offer is worth cannot be said.",
        "no_reasons": "The model behind the risk does not tell reasons.",
        "tenth": "Tenth by expected profit",
        "customers": "Customers",
        "risk": "Probability of ending, mean",
        "stake": "Margin saved by an end averted, mean",
        "value": "Expected value of the offer",
        "cost": "Expected cost",
        "profit": "Expected profit",
        "by_tenth": "Running contracts by what an offer is worth",
        "total": "All",
        "reason": "What raises the risk",
        "all_share": "Share of all contracts",
        "top_share": "Share of the tenth most at risk",
        "ratio": "Risk, times, mean",
        "reasons": "Why contracts are at risk: among the first three reasons of each",
        "reason_note": "These go with the risk; changing one of them need not keep the customer.",
        "c_curve": "Customers called one after the other; each dot is the depth at which the order brings most.",
    },
    "fr": {
        "assumed": "Hypothèses : l’offre évite {share} des fins prévues sous {days} jours ; un contact coûte {contact}, l’offre {cost} "
        "par client qui la prend, et {takers} de ceux qui seraient restés la prennent. La première se mesure sur un groupe témoin.",
        "called": "Appeler est rentable pour {n} clients sur {all} : {profit} sont attendus d’eux, pour un coût de {cost}.",
        "none": "Sous ces hypothèses, appeler n’est rentable pour personne : l’offre coûte plus qu’elle ne conserve.",
        "missed": "Un ordre fondé sur le seul risque en manquerait {share}, même à sa meilleure profondeur : "
        "il appelle des clients qui rapportent peu.",
        "few": "Sous ces hypothèses, appeler est rentable pour moins de {n} clients.",
        "no_margin": "La marge des contrats n’est pas connue : on ne peut dire ce que vaut une offre.",
        "no_reasons": "Le modèle de risque ne donne pas de motifs.",
        "tenth": "Dixième par profit attendu",
        "customers": "Clients",
        "risk": "Probabilité de fin, moyenne",
        "stake": "Marge sauvée par une fin évitée, moyenne",
        "value": "Valeur attendue de l’offre",
        "cost": "Coût attendu",
        "profit": "Profit attendu",
        "by_tenth": "Contrats en cours selon ce que vaut une offre",
        "total": "Ensemble",
        "reason": "Ce qui élève le risque",
        "all_share": "Part de tous les contrats",
        "top_share": "Part du dixième le plus exposé",
        "ratio": "Risque multiplié par, moyenne",
        "reasons": "Pourquoi les contrats sont exposés : parmi les trois premiers motifs de chacun",
        "reason_note": "Ces éléments vont avec le risque ; en changer un ne suffit pas forcément à garder le client.",
        "c_curve": "Clients appelés l’un après l’autre ; chaque point est la profondeur à laquelle l’ordre rapporte le plus.",
    },
}


@dataclass(frozen=True, eq=False, kw_only=True)
class RetentionCalls:
    """What an offer is worth to each customer, and why each is at risk.

    Attributes:
        offers: as `relkit.scores.retention_offer.offer_values` returns them; None where margins are not known.
        why: as `relkit.scores.reasons.churn_reasons` returns them; None where the model does not tell.
        risk: customer_id, probability of ending, of all customers with a score.
        offer: what was assumed.
        currency: ISO code.
        language: en or fr.
    """

    offers: pl.DataFrame | None
    why: pl.DataFrame | None
    risk: pl.DataFrame
    offer: RetentionOffer
    currency: str
    language: str

    def headlines(self) -> Headlines:
        """Return what to know first: whom calling pays for, what risk alone would miss, and what is assumed."""
        if self.offers is None:
            return Headlines((self._say("no_margin"),))
        found = by_profit_and_by_risk(self.offers)
        assumed = self._say(
            "assumed",
            share=percent(self.offer.averted_share, self.language),
            days=number(self.offer.window_days, self.language),
            contact=self._money(self.offer.contact_cost),
            cost=self._money(self.offer.offer_cost),
            takers=percent(self.offer.stayers_take_share, self.language),
        )
        if found.called < SMALLEST_GROUP:
            few = self._say("few", n=number(SMALLEST_GROUP, self.language)) if found.called else self._say("none")
            return Headlines((few, assumed))
        counted = {"n": number(found.called, self.language), "all": number(len(self.offers), self.language)}
        called = self._say("called", **counted, profit=self._money(found.profit), cost=self._money(found.cost))
        return Headlines((called, self._say("missed", share=percent(found.missed_share, self.language)), assumed))

    def curves(self) -> Gallery:
        """Return the cumulated profit of both orders."""
        from relkit.plots.offer_profit import plot_cumulated_profit

        if self.offers is None or self.offers.is_empty():
            return Gallery(())
        ranked = [
            self.offers.sort([by, "customer_id"], descending=[True, False])["expected_profit"].to_numpy()
            for by in ("expected_profit", "churn_probability")
        ]
        drawn = plot_cumulated_profit(ranked[0], ranked[1], currency=self.currency, language=self.language)
        return Gallery((Picture(drawn, self._say("c_curve")),))

    def by_tenth(self) -> SummaryTable | Gallery:
        """Return customers by what an offer to them is worth, the most worthwhile first."""
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
        return self._table(rows, columns, self._say("by_tenth"), count="customers", total=total)

    def reasons(self) -> SummaryTable | Gallery:
        """Return how often each reason is among the first three, for all and for the tenth most at risk."""
        if self.why is None or self.why.is_empty():
            return Gallery((), self._say("no_reasons"))
        top = self.risk.sort(["probability", "customer_id"], descending=[True, False]).head(max(len(self.risk) // 10, 1))
        told = self.why.join(self.risk, on="customer_id", how="semi").join(
            top.select("customer_id", is_top=pl.lit(value=True)), on="customer_id", how="left"
        )
        rows = (
            told.group_by(reason=pl.col(f"reason_{self.language}"))
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
        return words(TEXTS, self.language)[key].format(**values)
