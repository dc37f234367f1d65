"""Money of a campaign: the effect on the treated times their number, less the cost of it.

Costs are bills, not estimates: they move the interval of the margin, and add nothing to its width. Units contacted by mistake cost as
well. An amount per unit is estimated over the treated (each stratum counts by its treated units), so that it adds up to the total.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from relkit.measurement.result_tables import MONEY, label_of, made, reason_of
from relkit.texts import EMPTY, Text

if TYPE_CHECKING:
    import polars as pl

    from relkit.measurement.campaign_effects import CampaignEffects
    from relkit.measurement.campaign_outcomes import Outcome

FIGURES: dict[str, tuple[str, Text]] = {
    "incremental_margin": ("money", Text("{what} added", "{what} : montant ajouté")),
    "incremental_revenue": ("money", Text("Revenue added", "Chiffre d’affaires ajouté")),
    "incremental_orders": ("count", Text("Orders added", "Commandes ajoutées")),
    "cost": ("money", Text("Cost", "Coût")),
    "net_margin": ("money", Text("{what} added, less cost", "{what} : montant ajouté, coût déduit")),
    "net_per_1000": ("money", Text("The same per 1,000 treated", "Le même pour 1 000 traités")),
    "margin_each": ("money", Text("{what} added per treated unit", "{what} : montant ajouté par unité traitée")),
    "without_each": ("money", Text("{what} per treated unit without the campaign", "{what} par unité traitée, sans la campagne")),
    "margin_per_cost": ("ratio", Text("{what} added for each unit of cost", "{what} : montant ajouté par unité de coût")),
    "roi": ("ratio", Text("Return on the cost (net / cost)", "Retour sur le coût (net / coût)")),
    "cost_per_order": ("money", Text("Cost of an additional order", "Coût d’une commande supplémentaire")),
    "later_margin": ("money", Text("{what} added after the response window", "{what} : montant ajouté après la fenêtre de réponse")),
}
"""Kind and name of each figure; `{what}` is the amount that the campaign is to add: the margin, if it is known."""
NO_MONEY = Text("No table tells of money.", "Aucune table ne renseigne de montants.")
NO_COST = Text("No cost is known.", "Aucun coût n’est connu.")
NO_ORDERS = Text(
    "Orders are not shown to have been added, so that their cost has no meaning.",
    "Aucune commande ajoutée n’est démontrée : leur coût n’a pas de sens.",
)
_OTHERS = {"revenue": "incremental_revenue", "orders": "incremental_orders"}


@dataclass(frozen=True, eq=False)
class Amount:
    """A figure with its interval; None if unknown, and the reason."""

    value: float | None
    low: float | None = None
    high: float | None = None
    reason: Text = EMPTY

    def moved(self, by: float) -> Amount:
        """Return the figure with a known amount added."""
        return Amount(*(None if end is None else end + by for end in (self.value, self.low, self.high)), self.reason)

    def times(self, factor: float) -> Amount:
        """Return the figure in other units; the factor is above zero."""
        return Amount(*(None if end is None else end * factor for end in (self.value, self.low, self.high)), self.reason)


@dataclass(frozen=True, eq=False, kw_only=True)
class CampaignMoney:
    """Money of a campaign.

    Attributes:
        effects: effects per unit.
        cost: of contacts, redeemed offers and the action; None if no source states any.
    """

    effects: CampaignEffects
    cost: float | None

    @property
    def treated(self) -> int:
        """Units drawn treated."""
        return self.effects.design.sizes[0]

    @property
    def what(self) -> Text:
        """Name of the amount that the campaign is to add."""
        outcome = self.effects.outcomes.money
        return Text("Margin", "Marge") if outcome is None else outcome.label

    def net(self, window: str = "post") -> Amount:
        """Return what is left of the amount added after the cost."""
        return self.added(window).moved(-(self.cost or 0.0))

    def added(self, window: str = "post") -> Amount:
        """Return the amount added over all treated units."""
        outcome = self.effects.outcomes.money
        return Amount(None, reason=NO_MONEY) if outcome is None else self._total(outcome, window)

    def table(self) -> pl.DataFrame:
        """Return all figures at the end of both windows, and what came between the two."""
        rows = [row for window in ("response", "post") for row in self._window(window)]
        outcome = self.effects.outcomes.money
        later = None if outcome is None else self._total(outcome, "later")
        if later is not None and later.value is not None:
            rows.append(self._row("later_margin", "later", later))
        return made(MONEY, rows)

    def _window(self, window: str) -> list[dict[str, Any]]:
        added, net, cost = self.added(window), self.net(window), Amount(self.cost, reason=EMPTY if self.cost is not None else NO_COST)
        figures = {"incremental_margin": added} | {
            figure: self._total(outcome, window)
            for name, figure in _OTHERS.items()
            if (outcome := self.effects.outcomes.named(name)) is not None
        }
        figures |= {"cost": cost, "net_margin": net, "net_per_1000": net.times(1000 / self.treated)}
        figures |= {"margin_each": added.times(1 / self.treated), "without_each": self._without(window)}
        figures |= {"margin_per_cost": self._per_cost(added), "roi": self._per_cost(net)}
        figures["cost_per_order"] = self._per_order(figures.get("incremental_orders"))
        return [self._row(name, window, amount) for name, amount in figures.items()]

    def _total(self, outcome: Outcome, window: str) -> Amount:
        effect = self.effects.effect(outcome, window, target="treated")
        if effect is None:
            return Amount(None)
        found = effect.times(float(self.treated))
        return Amount(found.estimate, found.low, found.high, found.reason)

    def _without(self, window: str) -> Amount:
        outcome = self.effects.outcomes.money
        effect = None if outcome is None else self.effects.effect(outcome, window, target="treated")
        return Amount(None, reason=NO_MONEY) if effect is None else Amount(effect.control)

    def _per_cost(self, amount: Amount) -> Amount:
        return amount.times(1 / self.cost) if self.cost else Amount(None, reason=NO_COST)

    def _per_order(self, orders: Amount | None) -> Amount:
        """Return the cost of an additional order; without orders that were shown to be added it has no meaning."""
        if not self.cost:
            return Amount(None, reason=NO_COST)
        if orders is None or orders.value is None or orders.value <= 0:
            return Amount(None, reason=NO_ORDERS)
        if orders.low is None or orders.high is None or orders.low <= 0:
            return Amount(None, reason=NO_ORDERS)
        return Amount(self.cost / orders.value, self.cost / orders.high, self.cost / orders.low)

    def _row(self, figure: str, window: str, amount: Amount) -> dict[str, Any]:
        kind, label = FIGURES[figure]
        ends = {"value": amount.value, "low": amount.low, "high": amount.high}
        named = {"figure": figure, **label_of(label.filled(what=self.what)), "kind": kind, "window": window}
        return {**named, **ends, **reason_of(amount.reason or None)}
